//! What would be changed: drafts, orders. Nothing is changed here; an answer carries the call that would.

use cupola_domain::{access::Role, text::excerpt};
use cupola_hub::HubError;
use cupola_search::space::Space;
use serde_json::{Map, Value};

use super::{Answer, Change, Desk, Outcome, quoted};
use crate::{
    links,
    names::{Key, Thing},
    numbers::{self, amount},
    report,
    tools::{self, Mode, Refused},
    wish::Wish,
};

/// What a brief has where nothing is said.
pub(super) const NUM_TASKS: u32 = 20;
/// Words that were left out of a draft and are told.
const UNREAD_MAX: usize = 12;
/// Parameters of a draft that are told.
const SEARCHED_MAX: usize = 12;

const TIME_BUDGET_SECS: u64 = 600;

impl Desk<'_> {
    pub(super) fn drafted(&self, wish: &Wish) -> Result<Answer, HubError> {
        if wish.goal.is_empty() {
            let text = "What is to be found out? Say it in a sentence, such as: draft a brief for the smallest loss with char-lm, 50 tasks of 5 minutes.";
            return Ok(asking(text).link("a new brief", links::NEW_BRIEF));
        }
        if wish.template.is_none() {
            let names: Vec<String> = self
                .hub
                .list_templates()
                .iter()
                .filter(|template| template.objective.is_some())
                .map(|template| template.name.clone())
                .collect();
            let listed: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            let text = format!(
                "With which template? Say `use NAME`: {}.",
                listed.join(", ")
            );
            return Ok(asking(text).link("templates", "/templates"));
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
            answer = Answer::saying("The draft cannot be submitted as it is.");
            for error in checked["errors"].as_array().into_iter().flatten() {
                let (field, message) = (text(&error["field"]), text(&error["message"]));
                answer = answer.more(format!("{}: {}", excerpt(field), excerpt(message)));
            }
            return Ok(answer.link("a new brief", links::NEW_BRIEF));
        }
        if !wish.unread.is_empty() {
            let words = wish.unread.iter().take(UNREAD_MAX);
            let words: Vec<String> = words.map(|word| quoted(word)).collect();
            answer = answer.more(format!(
                "Left out, since I do not read it in a draft: {}. The form of a new brief has all that a brief may say.",
                words.join(", ")
            ));
        }
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

    /// What is searched, a line each: what was said, or what the template has.
    fn searched(&self, mut answer: Answer, wish: &Wish, space: Option<&Value>) -> Answer {
        let own = self.own_space(wish);
        let space = space.and_then(Value::as_object);
        if space.is_none() && !own.is_empty() {
            answer = answer.more("It searches what its template does:");
        }
        let searched = space.unwrap_or(&own);
        let read = Space::parse_json(&Value::Object(searched.clone())).ok();
        for (name, expression) in searched.iter().take(SEARCHED_MAX) {
            let written = written(read.as_ref(), name, expression);
            answer = answer.more(format!("{} = {}", excerpt(name), excerpt(&written)));
        }
        let strange = |name: &&String| {
            !own.contains_key(*name) && !wish.space.iter().any(|(known, _)| known == *name)
        };
        for name in wish.dropped.iter().filter(strange) {
            answer = answer.more(format!("Its template does not search {}.", quoted(name)));
        }
        answer
    }

    /// What the template of a draft searches by itself.
    fn own_space(&self, wish: &Wish) -> Map<String, Value> {
        let templates = self.hub.list_templates();
        let mut templates = templates.iter();
        let template = templates.find(|template| Some(&template.name) == wish.template.as_ref());
        template.map_or_else(Map::new, |template| template.space.clone())
    }

    /// The call that a draft is; what is said where nothing would be left to search.
    pub(super) fn arguments(&self, wish: &Wish) -> Result<Map<String, Value>, Box<Answer>> {
        let mut arguments = arguments(wish);
        let said = wish
            .space
            .iter()
            .map(|(name, expression)| (name.clone(), Value::from(expression.as_str())));
        let mut space: Map<String, Value> = said.collect();
        if space.is_empty() && !wish.dropped.is_empty() {
            space = self.own_space(wish);
        }
        space.retain(|name, _| !wish.dropped.contains(name));
        if space.is_empty() && !wish.dropped.is_empty() {
            let text =
                "Nothing would be left to search; say what is, such as: lr from 1e-4 to 1e-2 log.";
            return Err(Box::new(
                Answer::refused(text).link("a new brief", links::NEW_BRIEF),
            ));
        }
        if !space.is_empty() {
            arguments.insert("space".to_owned(), space.into());
        }
        Ok(arguments)
    }

    pub(super) fn reported(&self, on: &Thing, with: &[Thing]) -> Result<Answer, HubError> {
        let (id, note) = match &on.key {
            Key::Experiment(id) => (*id, ""),
            _ => (
                self.hub.run_detail(self.run_of(on)?)?.experiment.id,
                " Reports are written on experiments; this is that of the run.",
            ),
        };
        let mut ids = vec![id];
        ids.extend(with.iter().filter_map(|thing| match &thing.key {
            Key::Experiment(id) => Some(*id),
            _ => None,
        }));
        let report = report::write(self.hub, &ids)?;
        let text = format!("The report on {} is below.{note}", quoted(&report.title));
        let mut answer = Answer::saying(text);
        for about in &report.about {
            answer = answer.link(about.text.clone(), about.href.clone());
        }
        answer.report = Some(report);
        if self.caller.role.includes(Role::Researcher) {
            let mut arguments = one("id", id.to_string());
            if ids.len() > 1 {
                let with = ids.iter().skip(1).map(|id| Value::from(id.to_string()));
                arguments.insert("with".to_owned(), with.collect());
            }
            answer = answer.more("It is not kept; keeping it is proposed.");
            answer.change = Some(Change {
                tool: "keep_report",
                arguments,
            });
        }
        Ok(answer)
    }

    /// A change, as its dry run says it would be.
    pub(super) fn proposed(
        &self,
        tool: &'static str,
        arguments: Map<String, Value>,
        what: &str,
    ) -> Result<Answer, HubError> {
        let would = match self.call(tool, &arguments, Mode::DryRun) {
            Ok(found) => text(&found["would"]).to_owned(),
            Err(refused) => return or_said(refused),
        };
        let mut answer = Answer::saying(format!(
            "{what} This would {would}; nothing is done before you confirm it."
        ));
        answer.change = Some(Change { tool, arguments });
        Ok(answer)
    }

    pub(super) fn call(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
        mode: Mode,
    ) -> Result<Value, Refused> {
        tools::call(self.hub, self.index, self.caller, (tool, arguments), mode)
    }
}

/// What a person can mend is said; the rest is an error.
pub(super) fn or_said(refused: Refused) -> Result<Answer, HubError> {
    match refused {
        Refused::Hub(error @ (HubError::Internal(_) | HubError::Unavailable(_))) => Err(error),
        refused => Ok(refused.into()),
    }
}

/// What is searched of one parameter, as spaces are written.
fn written(space: Option<&Space>, name: &str, value: &Value) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    let found = space.and_then(|space| Some(space.find(name)?.expression()));
    found.unwrap_or_else(|| value.to_string())
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
    let said = if wish.num_tasks.is_none() || wish.time_budget.is_none() {
        " (what you did not say is as usual)"
    } else {
        ""
    };
    format!(
        "A brief for “{}”: {tasks} tasks of {time} each with {} on {hardware} machines{said}.",
        excerpt(&wish.goal),
        quoted(template)
    )
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
    if let Some(credits) = &wish.credits {
        say("budget_credits", credits.as_str().into());
    }
    arguments
}

/// Whole seconds, one at least.
pub(super) fn seconds(wish: &Wish) -> u64 {
    wish.time_budget
        .map_or(TIME_BUDGET_SECS, |time| time.as_secs().max(1))
}

pub(super) fn one(name: &str, value: String) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}

/// A text, or what is marked as one.
pub(super) fn text(value: &Value) -> &str {
    value["data"]
        .as_str()
        .or(value.as_str())
        .unwrap_or_default()
}

/// What has to be said before there is an answer.
fn asking(text: impl Into<String>) -> Answer {
    Answer {
        outcome: Outcome::AskedBack,
        ..Answer::saying(text)
    }
}
