//! Drafts of briefs: what one would be, what it lacks, and what it says that no brief has.

use std::sync::Arc;

use cupola_domain::{
    credits::{Asked, Credits},
    objective::Objective,
    schema::FieldKind,
    template::Template,
    text::excerpt,
};
use cupola_hub::HubError;
use cupola_search::space::Space;
use serde_json::{Map, Value};

use super::{
    Answer, Desk, Outcome,
    changes::{or_said, text},
    quoted,
    unread::unread,
};
use crate::{
    facts, links,
    numbers::{self, amount, plural},
    spaces, suggest,
    tools::Mode,
    wish::{NUM_TASKS, TIME_BUDGET_SECS, Time, Wish},
};

/// Parameters of a draft that are told.
const SEARCHED_MAX: usize = 12;

impl Desk<'_> {
    pub(super) fn drafted(&self, wish: &Wish) -> Result<Answer, HubError> {
        if let Some(answer) = self.obstacle(wish) {
            return Ok(answer);
        }
        if wish.goal.is_empty() {
            let text = "What is to be found out? Say it in a sentence, such as: draft a brief for the smallest loss with char-lm, 50 tasks of 5 minutes.";
            return Ok(unread(asking(text), wish).link("a new brief", links::NEW_BRIEF));
        }
        if wish.template.is_none() {
            return Ok(self.asking_for_template(wish));
        }
        let arguments = match self.arguments(wish) {
            Ok(arguments) => arguments,
            Err(answer) => return Ok(*answer),
        };
        let checked = match self.call("check_brief", &arguments, Mode::AsAsked) {
            Ok(checked) => checked,
            Err(refused) => return or_said(refused),
        };
        let mut answer = Answer::saying(summary(wish));
        if checked["valid"] != Value::Bool(true) {
            answer = Answer::refused("The draft cannot be submitted as it is.");
            for error in checked["errors"].as_array().into_iter().flatten() {
                let (field, message) = (text(&error["field"]), text(&error["message"]));
                answer = answer.more(format!("{}: {}", excerpt(field), of_whole_names(message)));
            }
            answer = answer.more(format!("All of it: {}", summary(wish)));
            answer.suggestions = self.mends(wish, &checked["errors"]);
            return Ok(unread(answer, wish).link("a new brief", links::NEW_BRIEF));
        }
        answer = unread(answer, wish);
        answer = self.judged(answer, wish);
        answer = self.searched(answer, wish, arguments.get("space"));
        if let (Some(least), Some(most)) = (
            checked["planned_cost"]["least"].as_f64(),
            checked["planned_cost"]["most"].as_f64(),
        ) {
            let currency = checked["planned_cost"]["currency"]
                .as_str()
                .unwrap_or_default();
            answer = answer
                .more(planned(least, most, currency))
                .number("planned cost, least", least, currency, links::NEW_BRIEF)
                .number("planned cost, most", most, currency, links::NEW_BRIEF);
        }
        answer = paid_for(answer, wish, text(&checked["credits_per_task"]));
        answer = self.owed(answer, wish);
        Ok(answer
            .more("Say `submit it`, or what should be other.")
            .link("a new brief", links::NEW_BRIEF))
    }

    pub(super) fn submission(&self, wish: &Wish) -> Result<Answer, HubError> {
        match self.arguments(wish) {
            Ok(arguments) => self.proposed("submit_brief", arguments, &summary(wish)),
            Err(answer) => Ok(*answer),
        }
    }

    fn asking_for_template(&self, wish: &Wish) -> Answer {
        let templates = self.hub.list_templates();
        let templates = templates
            .iter()
            .filter(|template| template.objective.is_some());
        let names: Vec<String> = templates.map(|template| template.name.clone()).collect();
        let listed: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        let text = format!(
            "With which template? Say `use NAME`: {}.",
            listed.join(", ")
        );
        let mut answer = unread(asking(text), wish).link("templates", "/templates");
        let fitting = names.iter().filter(|name| self.is_valid(wish, name));
        let uses = fitting.map(|name| format!("use {name}"));
        answer.suggestions = uses.take(suggest::SUGGESTIONS_MAX).collect();
        answer
    }

    /// Whether a draft could be handed in with this template.
    pub(super) fn is_valid(&self, wish: &Wish, template: &str) -> bool {
        let wish = Wish {
            template: Some(template.to_owned()),
            ..wish.clone()
        };
        let arguments = self.arguments(&wish).ok();
        let checked = arguments
            .and_then(|arguments| self.call("check_brief", &arguments, Mode::AsAsked).ok());
        checked.is_some_and(|checked| checked["valid"] == Value::Bool(true))
    }

    pub(super) fn objective(&self, wish: &Wish) -> Option<Objective> {
        self.template_of(wish)?.objective.clone()
    }

    /// What is searched, a line each: what was said, and the rest as the template has it.
    fn searched(&self, mut answer: Answer, wish: &Wish, space: Option<&Value>) -> Answer {
        let mut searched = self.own_space(wish);
        let said = space.and_then(Value::as_object);
        if said.is_none() && !searched.is_empty() {
            answer = answer.more("It searches what its template does:");
        }
        let own = searched.clone();
        for (name, expression) in said.into_iter().flatten() {
            searched.insert(name.clone(), expression.clone());
        }
        let read = Space::parse_json(&Value::Object(searched.clone())).ok();
        for (name, expression) in searched.iter().take(SEARCHED_MAX) {
            let written = written(read.as_ref(), name, expression);
            let note = if wish.dropped.contains(name) {
                ", not searched"
            } else {
                ""
            };
            answer = answer.more(format!("{} {}{note}", excerpt(name), excerpt(&written)));
        }
        let strange = |name: &&String| {
            !own.contains_key(*name) && !wish.space.iter().any(|(known, _)| known == *name)
        };
        for name in wish.dropped.iter().filter(strange) {
            answer = answer.more(format!("Its template does not search {}.", quoted(name)));
        }
        answer
    }

    /// What would be owed for a budget that is more than whoever asks has. Where nobody may owe anything, such a
    /// draft cannot be submitted.
    fn owed(&self, answer: Answer, wish: &Wish) -> Answer {
        let Some(budget) = wish.credits.as_ref().and_then(|text| text.parse().ok()) else {
            return answer;
        };
        let Asked(budget) = budget;
        let owner = self.caller.owner.as_str();
        let Ok(statement) = facts::statement(self.hub, self.caller, owner) else {
            return answer;
        };
        let available = statement.balance.available();
        if available >= budget {
            return answer;
        }
        let owed = Credits::from_micros(budget.micros().saturating_sub(available.micros()));
        answer.more(format!(
            "Its budget is {budget} credits, and {} has {available}: {owed} would be owed then. This hub lets people owe (`enforce` in `[economy]` of cupola.toml).",
            quoted(owner)
        ))
    }

    /// What to say next where a draft cannot be submitted: without the parameters that are wrong, if that does.
    fn mends(&self, wish: &Wish, errors: &Value) -> Vec<String> {
        let errors = errors.as_array().into_iter().flatten();
        let fields: Vec<&str> = errors.map(|error| text(&error["field"])).collect();
        let is_wrong = |name: &&String| fields.contains(&format!("space.{name}").as_str());
        let names = wish.space.iter().map(|(name, _)| name);
        let wrong: Vec<String> = names.filter(is_wrong).cloned().collect();
        let later = Wish {
            dropped: wrong.clone(),
            ..Wish::default()
        };
        let template = wish.template.as_deref().unwrap_or_default();
        if !wrong.is_empty() && self.is_valid(&wish.changed_by(&later), template) {
            vec![format!("drop {}", wrong.join(" and "))]
        } else {
            suggest::examples()
        }
    }

    /// What the template of a draft searches by itself.
    fn own_space(&self, wish: &Wish) -> Map<String, Value> {
        self.template_of(wish)
            .map_or_else(Map::new, |template| template.space.clone())
    }

    pub(super) fn template_of(&self, wish: &Wish) -> Option<Arc<Template>> {
        let mut templates = self.hub.list_templates().into_iter();
        templates.find(|template| Some(&template.name) == wish.template.as_ref())
    }

    /// The call that a draft is; what is said where it cannot be one.
    pub(super) fn arguments(&self, wish: &Wish) -> Result<Map<String, Value>, Box<Answer>> {
        if let Some(answer) = self.other_end(wish).or_else(|| without_time(wish)) {
            return Err(refused_draft(answer, wish));
        }
        let mut arguments = arguments(wish);
        let template = self.template_of(wish);
        let field = |name: &String| template.as_ref()?.schema.field(name);
        let said = wish.space.iter().map(|(name, expression)| {
            let kind = field(name).map(|field| &field.kind);
            let written = match kind {
                Some(FieldKind::Integer { .. }) => in_whole_numbers(expression),
                _ => expression.clone(),
            };
            (name.clone(), Value::from(written))
        });
        let mut space: Map<String, Value> = said.collect();
        self.drop_from(&mut space, wish)?;
        if !space.is_empty() {
            arguments.insert("space".to_owned(), space.into());
        }
        Ok(arguments)
    }

    /// What the template would search and is not to be has its usual value.
    fn drop_from(&self, space: &mut Map<String, Value>, wish: &Wish) -> Result<(), Box<Answer>> {
        let template = self.template_of(wish);
        let Some(template) = template.filter(|_| !wish.dropped.is_empty()) else {
            return Ok(());
        };
        let refused = |text: String| Err(refused_draft(Answer::refused(text), wish));
        if space.is_empty()
            && template
                .space
                .keys()
                .all(|name| wish.dropped.contains(name))
        {
            let text =
                "Nothing would be left to search; say what is, such as: lr from 1e-4 to 1e-2 log.";
            return refused(text.to_owned());
        }
        let dropped = wish.dropped.iter();
        for name in dropped.filter(|name| template.space.contains_key(*name)) {
            let field = template.schema.field(name);
            let Some(usual) = field.and_then(|field| field.default.as_ref()) else {
                return refused(format!(
                    "{} needs a value, since {} has none for it where nothing is said; say one, such as: {name} = VALUE.",
                    quoted(name),
                    quoted(&template.name)
                ));
            };
            space.insert(name.clone(), format!("fixed({usual})").into());
        }
        Ok(())
    }
}

/// A list in a message that has no room for all of it ends behind a name, not inside of one.
fn of_whole_names(message: &str) -> String {
    let shown = excerpt(message);
    let cut = shown.strip_suffix('…');
    match cut.and_then(|cut| cut.rsplit_once(", ")) {
        Some((whole, _)) => format!("{whole}, …"),
        None => shown,
    }
}

/// A budget that does not pay for every task is told before it stops them.
fn paid_for(answer: Answer, wish: &Wish, each: &str) -> Answer {
    let budget = wish.credits.as_ref().and_then(|text| text.parse().ok());
    let Some((Asked(budget), Asked(each))) = budget.zip(each.parse().ok()) else {
        return answer;
    };
    let tasks = u64::from(wish.num_tasks.unwrap_or(NUM_TASKS));
    let paid = u64::try_from(
        budget
            .micros()
            .checked_div(each.micros())
            .unwrap_or(i64::MAX),
    );
    match paid {
        Ok(paid) if paid < tasks => answer.more(format!(
            "{budget} credits pay for {paid} of {} at {each} each.",
            plural(tasks, "task")
        )),
        _ => answer,
    }
}

/// What stands in the way of a draft, with what else is to be told of it.
fn refused_draft(answer: Answer, wish: &Wish) -> Box<Answer> {
    let mut answer = unread(answer, wish).link("a new brief", links::NEW_BRIEF);
    if answer.suggestions.is_empty() {
        answer.suggestions = suggest::examples();
    }
    Box::new(answer)
}

/// What is asked back or refused where tasks take whole seconds, one at least.
fn without_time(wish: &Wish) -> Option<Answer> {
    let all = match wish.time? {
        Time::InAll(all) => all,
        Time::Each(time) if time.as_secs() == 0 || time.subsec_nanos() > 0 => {
            let said = time.as_secs_f64();
            return Some(asking(format!(
                "Tasks take whole seconds, one at least, and not {said} s. Say it, such as: 5 s each."
            )));
        }
        Time::Each(_) => return None,
    };
    let said = numbers::duration(all);
    let Some(tasks) = wish.num_tasks else {
        return Some(asking(format!(
            "How many tasks share the {said}? Say it, such as: 20 tasks."
        )));
    };
    let is_enough = all.as_secs() >= u64::from(tasks);
    (!is_enough && tasks > 0).then(|| {
        Answer::refused(format!(
            "{said} in total are less than a second for each of {}; say more time or fewer tasks.",
            plural(tasks.into(), "task")
        ))
    })
}

/// The values of a field that takes whole numbers: `2.0` is 2 there. What has a fraction is left as it is, for the
/// template to refuse.
fn in_whole_numbers(expression: &str) -> String {
    let as_written = || expression.to_owned();
    let Some((kind, values)) = expression.split_once('(') else {
        return as_written();
    };
    let Some(values) = values.strip_suffix(')') else {
        return as_written();
    };
    let whole = |value: &str| {
        let number = value.trim();
        let cut = number.trim_end_matches('0').strip_suffix('.');
        let digits = cut.unwrap_or(number);
        digits.parse::<i64>().ok().map(|whole| whole.to_string())
    };
    let values: Option<Vec<String>> = values.split(',').map(whole).collect();
    let kind = if kind == "uniform" { "integer" } else { kind };
    values.map_or_else(as_written, |values| {
        format!("{kind}({})", values.join(", "))
    })
}

/// What is searched of one parameter, in words; as spaces are written where they cannot be read.
fn written(space: Option<&Space>, name: &str, value: &Value) -> String {
    let found = space.and_then(|space| Some(spaces::in_words(space.find(name)?)));
    let other = || {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    found.unwrap_or_else(other)
}

/// What is planned; one amount where both ends are the same.
pub(super) fn planned(least: f64, most: f64, currency: &str) -> String {
    match (amount(least), amount(most)) {
        (low, high) if low == high => format!("It would cost about {low} {currency}."),
        (low, high) => format!("It would cost about {low} to {high} {currency}."),
    }
}

fn summary(wish: &Wish) -> String {
    let tasks = wish.num_tasks.unwrap_or(NUM_TASKS);
    let time = numbers::duration(std::time::Duration::from_secs(seconds(wish)));
    let hardware = wish.hardware.map_or("small", |hardware| hardware.as_str());
    let template = wish.template.as_deref().unwrap_or_default();
    let said = if wish.num_tasks.is_none() || wish.time.is_none() {
        " (what you did not say is as usual)"
    } else {
        ""
    };
    let title = wish.title.as_ref();
    let title = title.map_or(String::new(), |title| format!(" called {}", quoted(title)));
    let share = match wish.time {
        Some(Time::InAll(_)) => {
            // What the tasks come to: each takes whole seconds.
            let all = seconds(wish).saturating_mul(tasks.into());
            let all = std::time::Duration::from_secs(all);
            format!(" ({} in total)", numbers::duration(all))
        }
        _ => String::new(),
    };
    format!(
        "A brief{title} for “{}”: {} of {time} each{share} with {} on {hardware} machines{}{said}.",
        excerpt(&wish.goal),
        plural(tasks.into(), "task"),
        quoted(template),
        besides(wish)
    )
}

/// What else was said of it.
fn besides(wish: &Wish) -> String {
    let mut said = Vec::new();
    if wish.is_same_class == Some(true) {
        said.push("of one device class".to_owned());
    }
    let credits = wish.credits.as_ref();
    said.extend(credits.map(|credits| format!("at most {} credits", excerpt(credits))));
    said.extend(wish.priority.map(|priority| format!("priority {priority}")));
    said.extend(
        wish.sampler
            .map(|sampler| format!("sampler {}", quoted(sampler.as_str()))),
    );
    said.extend(wish.study_seed.map(|seed| format!("study seed {seed}")));
    let constraints = wish.constraints.as_ref();
    said.extend(constraints.map(|text| {
        format!(
            "constraints “{}” (words for people: what is searched they do not limit)",
            excerpt(text)
        )
    }));
    said.insert(0, String::new());
    said.join(", ")
}

fn arguments(wish: &Wish) -> Map<String, Value> {
    let mut arguments = Map::new();
    let mut say = |name: &str, value: Value| arguments.insert(name.to_owned(), value);
    say("goal", wish.goal.as_str().into());
    say(
        "template",
        wish.template.as_deref().unwrap_or_default().into(),
    );
    say("num_tasks", wish.num_tasks.unwrap_or(NUM_TASKS).into());
    say("time_budget_secs", seconds(wish).into());
    if let Some(hardware) = wish.hardware {
        say("hardware", hardware.as_str().into());
    }
    if let Some(is_same) = wish.is_same_class {
        say("device_class", if is_same { "same" } else { "any" }.into());
    }
    if let Some(priority) = wish.priority {
        say("priority", priority.into());
    }
    if let Some(sampler) = wish.sampler {
        say("sampler", sampler.as_str().into());
    }
    if let Some(seed) = wish.study_seed {
        say("study_seed", seed.into());
    }
    for (name, text) in [
        ("budget_credits", &wish.credits),
        ("title", &wish.title),
        ("constraints", &wish.constraints),
    ] {
        if let Some(text) = text {
            say(name, text.as_str().into());
        }
    }
    arguments
}

/// Whole seconds for each task, one at least.
pub(super) fn seconds(wish: &Wish) -> u64 {
    match wish.time {
        None => TIME_BUDGET_SECS,
        Some(Time::Each(time)) => time.as_secs().max(1),
        Some(Time::InAll(all)) => {
            let tasks = u64::from(wish.num_tasks.unwrap_or(NUM_TASKS)).max(1);
            (all.as_secs() / tasks).max(1)
        }
    }
}

/// What has to be said before there is an answer.
pub(super) fn asking(text: impl Into<String>) -> Answer {
    Answer {
        outcome: Outcome::AskedBack,
        ..Answer::saying(text)
    }
}
