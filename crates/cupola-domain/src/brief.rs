//! A brief: what is wanted.

use std::{ops::RangeInclusive, str::FromStr, time::Duration};

use serde_json::{Map, Value};

use crate::{
    credits::{Asked, Credits},
    field::FieldError,
    ids::BriefId,
    resources::Profiles,
    scheduling::Placement,
    setup::{self, PRIORITY_MAX},
    text::storable,
    time::Timestamp,
};

/// A family larger than this is refused: ask again when it is done.
pub const TASKS_MAX: u32 = 1_000_000;

const TITLE_CHARS_MAX: usize = 200;
const TEXT_CHARS_MAX: usize = 20_000;

/// A brief as the hub keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// Its name for programs.
    pub id: BriefId,
    /// What was asked for.
    pub wanted: Wanted,
    /// Who asked.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
}

/// What a brief asks for. Once made it is well-formed and nobody checks it again, except the
/// search space, which only the search knows how to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// One line.
    pub title: String,
    /// The research goal in the author's words.
    pub goal: String,
    /// What may not happen, in the author's words.
    pub constraints: String,
    /// What its tasks run.
    pub template: String,
    /// How much may be spent; `None` is no limit.
    pub budget: Option<Credits>,
    /// The class of machine, by its name.
    pub hardware: String,
    /// Whether its tasks keep to one device class.
    pub placement: Placement,
    /// How many tasks.
    pub num_tasks: u32,
    /// How long each may take.
    pub time_budget: Duration,
    /// The sampler's name.
    pub sampler: String,
    /// Which of the sampler's sequences.
    pub study_seed: i64,
    /// How urgent its tasks are beside others of its owner.
    pub priority: i64,
    /// Parameter → expression or object.
    pub space: Map<String, Value>,
}

/// A brief as a form or a body gives it: texts, each of which may be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// See [`Wanted::title`].
    pub title: String,
    /// See [`Wanted::goal`].
    pub goal: String,
    /// See [`Wanted::constraints`].
    pub constraints: String,
    /// See [`Wanted::template`].
    pub template: String,
    /// Empty for no limit.
    pub budget_credits: String,
    /// See [`Wanted::hardware`].
    pub hardware: String,
    /// See [`Wanted::placement`]; empty for any.
    pub device_class: String,
    /// See [`Wanted::num_tasks`].
    pub num_tasks: String,
    /// Seconds.
    pub time_budget: String,
    /// See [`Wanted::sampler`].
    pub sampler: String,
    /// See [`Wanted::study_seed`].
    pub study_seed: String,
    /// See [`Wanted::priority`]; empty for none in particular.
    pub priority: String,
    /// See [`Wanted::space`].
    pub space: Map<String, Value>,
}

impl Draft {
    /// Reads every field and names each that is wrong. The template, the sampler and the space are
    /// checked by whoever knows them.
    pub fn check(&self, profiles: &Profiles) -> Result<Wanted, Vec<FieldError>> {
        let mut errors = Vec::new();
        let goal = storable(self.goal.trim()).into_owned();
        let title = match self.title.trim() {
            "" => first_line(&goal),
            title => storable(title).into_owned(),
        };
        if goal.is_empty() {
            errors.push(FieldError::new(
                "goal",
                "is empty; say in a sentence what you want to find out",
            ));
        }
        limit(&mut errors, "title", &title, TITLE_CHARS_MAX);
        limit(&mut errors, "goal", &goal, TEXT_CHARS_MAX);
        limit(
            &mut errors,
            "constraints",
            &self.constraints,
            TEXT_CHARS_MAX,
        );
        let budget = match self.budget_credits.trim() {
            "" => None,
            text => {
                read::<Asked>(&mut errors, "budget_credits", text).map(|Asked(credits)| credits)
            }
        };
        if budget == Some(Credits::default()) {
            let message = "is 0, which pays for no task; leave it empty for no limit";
            errors.push(FieldError::new("budget_credits", message));
        }
        let hardware = profiles.find(self.hardware.trim());
        let hardware =
            hardware.map_err(|message| errors.push(FieldError::new("hardware", message)));
        let placement = read(&mut errors, "device_class", &self.device_class);
        let num_tasks = whole(
            &mut errors,
            "num_tasks",
            &self.num_tasks,
            1,
            i64::from(TASKS_MAX),
        );
        let time_budget = seconds(&mut errors, "time_budget", &self.time_budget);
        let study_seed = optional(&mut errors, "study_seed", &self.study_seed, 0..=i64::MAX);
        let range = -PRIORITY_MAX..=PRIORITY_MAX;
        let priority = optional(&mut errors, "priority", &self.priority, range).unwrap_or(0);
        match (hardware, placement, num_tasks, time_budget, study_seed) {
            (
                Ok(hardware),
                Some(placement),
                Some(num_tasks),
                Some(time_budget),
                Some(study_seed),
            ) if errors.is_empty() => Ok(Wanted {
                title,
                goal,
                constraints: storable(self.constraints.trim()).into_owned(),
                template: self.template.trim().to_owned(),
                budget,
                hardware: hardware.name.clone(),
                placement,
                num_tasks: u32::try_from(num_tasks).unwrap_or(TASKS_MAX),
                time_budget,
                sampler: self.sampler.trim().to_owned(),
                study_seed,
                priority,
                space: self.space.clone(),
            }),
            _ => Err(errors),
        }
    }
}

fn first_line(goal: &str) -> String {
    goal.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(80)
        .collect()
}

fn limit(errors: &mut Vec<FieldError>, field: &str, text: &str, chars_max: usize) {
    let chars = text.chars().count();
    if chars > chars_max {
        let message = format!("has {chars} characters; at most {chars_max} fit");
        errors.push(FieldError::new(field, message));
    }
}

fn read<T: FromStr<Err = String>>(
    errors: &mut Vec<FieldError>,
    field: &str,
    text: &str,
) -> Option<T> {
    text.trim()
        .parse()
        .map_err(|message| errors.push(FieldError::new(field, message)))
        .ok()
}

fn whole(errors: &mut Vec<FieldError>, field: &str, text: &str, min: i64, max: i64) -> Option<i64> {
    match text.trim().parse::<i64>() {
        Ok(number) if (min..=max).contains(&number) => Some(number),
        Ok(number) => {
            let message = format!("is {number}; choose a number from {min} to {max}");
            errors.push(FieldError::new(field, message));
            None
        }
        Err(_) => {
            let message = format!(
                "`{}` is not a whole number; choose one from {min} to {max}",
                text.trim()
            );
            errors.push(FieldError::new(field, message));
            None
        }
    }
}

/// A whole number; 0 where nothing is said.
fn optional(
    errors: &mut Vec<FieldError>,
    field: &str,
    text: &str,
    range: RangeInclusive<i64>,
) -> Option<i64> {
    match text.trim() {
        "" => Some(0),
        text => whole(errors, field, text, *range.start(), *range.end()),
    }
}

fn seconds(errors: &mut Vec<FieldError>, field: &str, text: &str) -> Option<Duration> {
    let text = text.trim();
    let read = match text.parse::<f64>() {
        Ok(secs) => setup::time_budget(secs).map_err(|error| error.message),
        Err(_) => Err(format!("`{text}` is not a number of seconds")),
    };
    read.map_err(|message| errors.push(FieldError::new(field, message)))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            goal: "Find the best small model\nunder 10 s".to_owned(),
            hardware: "small".to_owned(),
            num_tasks: "10".to_owned(),
            time_budget: "10".to_owned(),
            ..Draft::default()
        }
    }

    fn check(change: impl FnOnce(&mut Draft), wrong: &[&str]) {
        let mut changed = draft();
        change(&mut changed);
        let fields: Vec<_> = match changed.check(&Profiles::default()) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        };
        assert_eq!(fields, wrong);
    }

    #[test]
    fn a_title_is_taken_from_the_goal() {
        assert_eq!(
            draft().check(&Profiles::default()).unwrap().title,
            "Find the best small model"
        );
    }

    #[test]
    fn each_wrong_field_is_named() {
        check(|_| (), &[]);
        check(|d| d.goal = "  ".into(), &["goal"]);
        check(|d| d.num_tasks = "0".into(), &["num_tasks"]);
        check(|d| d.num_tasks = "ten".into(), &["num_tasks"]);
        check(|d| d.priority = "high".into(), &["priority"]);
        check(|d| d.priority = "1000001".into(), &["priority"]);
        check(|d| d.time_budget = "NaN".into(), &["time_budget"]);
        check(|d| d.time_budget = "-1".into(), &["time_budget"]);
        check(|d| d.time_budget = "0.0005".into(), &["time_budget"]);
        check(|d| d.time_budget = "0.001".into(), &[]);
        check(|d| d.budget_credits = "many".into(), &["budget_credits"]);
        check(|d| d.budget_credits = "0".into(), &["budget_credits"]);
        check(|d| d.device_class = "same".into(), &[]);
        check(|d| d.device_class = "mine".into(), &["device_class"]);
        check(|d| d.hardware = "huge".into(), &["hardware"]);
        check(|d| d.budget_credits = "1000000000".into(), &[]);
        check(
            |d| d.budget_credits = "1000000000.000001".into(),
            &["budget_credits"],
        );
        check(|d| d.title = "x".repeat(201), &["title"]);
        check(
            |d| *d = Draft::default(),
            &["goal", "hardware", "num_tasks", "time_budget"],
        );
    }
}
