//! What somebody sets by hand: how the next task of an experiment is to be run.

use std::{collections::BTreeMap, time::Duration};

use crate::{field::FieldError, task::Config, text::storable};

/// The longest time budget of one task: 30 days.
pub const TIME_BUDGET_SECS_MAX: f64 = 30.0 * 86_400.0;

/// What rounds to no time at all would be killed before it starts.
pub const TIME_BUDGET_SECS_MIN: f64 = 0.001;

/// Priorities lie between this and its negative.
pub const PRIORITY_MAX: i64 = 1_000_000;

const ENTRIES_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 200;
const VALUE_CHARS_MAX: usize = 20_000;
const PATH_CHARS_MAX: usize = 4_096;

/// Variables that the worker sets itself begin so.
const OWN_PREFIX: &str = "CUPOLA_";

/// How the next task of an experiment is to be run. Tasks copy it, so that changing it changes none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Setup {
    /// The configuration, with the template's defaults filled in.
    pub config: Config,
    /// The random seed; `None` gives each task its own.
    pub seed: Option<i64>,
    /// How long a task may take.
    pub time_budget: Duration,
    /// Variables for the program, over those that the worker lets through.
    pub environment: BTreeMap<String, String>,
    /// Where the program starts; `None` is the run's own folder.
    pub working_folder: Option<String>,
    /// For people: name → value.
    pub tags: BTreeMap<String, String>,
    /// Higher is leased first.
    pub priority: i64,
}

impl Setup {
    /// The same as it can be kept, or everything that is wrong with it. The configuration is checked
    /// by whoever knows its schema, and the time budget by [`time_budget`].
    pub fn check(self) -> Result<Setup, Vec<FieldError>> {
        let mut errors = environment_errors(&self.environment);
        errors.extend(tag_errors(&self.tags));
        let folder = self.working_folder.map(|folder| folder.trim().to_owned());
        let folder = folder.filter(|folder| !folder.is_empty());
        if let Some(folder) = &folder
            && let Some(message) = folder_error(folder)
        {
            errors.push(FieldError::new("working_folder", message));
        }
        if self.priority.unsigned_abs() > PRIORITY_MAX.unsigned_abs() {
            let message = format!(
                "is {}; choose a number from -{PRIORITY_MAX} to {PRIORITY_MAX}",
                self.priority
            );
            errors.push(FieldError::new("priority", message));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let kept = |(name, value): (String, String)| {
            (
                storable(name.trim()).into_owned(),
                storable(&value).into_owned(),
            )
        };
        Ok(Setup {
            working_folder: folder,
            tags: self.tags.into_iter().map(kept).collect(),
            ..self
        })
    }
}

/// A time budget from a number of seconds.
pub fn time_budget(secs: f64) -> Result<Duration, FieldError> {
    if (TIME_BUDGET_SECS_MIN..=TIME_BUDGET_SECS_MAX).contains(&secs) {
        return Ok(Duration::from_secs_f64(secs));
    }
    let message =
        format!("is {secs}; choose a number of seconds above 0 and up to {TIME_BUDGET_SECS_MAX}");
    Err(FieldError::new("time_budget_secs", message))
}

fn environment_errors(environment: &BTreeMap<String, String>) -> Vec<FieldError> {
    let mut errors = too_many("environment", environment);
    for (name, value) in environment {
        let message = if !is_variable(name) {
            "is not the name of a variable; use letters, digits and `_`, no digit first".to_owned()
        } else if name.starts_with(OWN_PREFIX) {
            format!("begins with `{OWN_PREFIX}`, which the worker sets itself; choose another name")
        } else if value.contains('\0') {
            "has a NUL in its value; take it out".to_owned()
        } else if value.chars().count() > VALUE_CHARS_MAX {
            format!("has a value of more than {VALUE_CHARS_MAX} characters; make it shorter")
        } else {
            continue;
        };
        errors.push(FieldError::new(format!("environment.{name}"), message));
    }
    errors
}

fn tag_errors(tags: &BTreeMap<String, String>) -> Vec<FieldError> {
    let mut errors = too_many("tags", tags);
    for (name, value) in tags {
        let message = if name.trim().is_empty() {
            "is a tag without a name; give it one".to_owned()
        } else if name.chars().count() > NAME_CHARS_MAX {
            format!("has a name of more than {NAME_CHARS_MAX} characters; make it shorter")
        } else if value.chars().count() > VALUE_CHARS_MAX {
            format!("has a value of more than {VALUE_CHARS_MAX} characters; make it shorter")
        } else {
            continue;
        };
        errors.push(FieldError::new(format!("tags.{name}"), message));
    }
    errors
}

fn too_many(field: &str, entries: &BTreeMap<String, String>) -> Vec<FieldError> {
    let message = format!("has {} entries; at most {ENTRIES_MAX} fit", entries.len());
    let is_wrong = entries.len() > ENTRIES_MAX;
    is_wrong
        .then(|| FieldError::new(field, message))
        .into_iter()
        .collect()
}

fn folder_error(folder: &str) -> Option<String> {
    if folder.contains('\0') {
        Some("has a NUL; take it out".to_owned())
    } else if folder.chars().count() > PATH_CHARS_MAX {
        Some(format!(
            "has more than {PATH_CHARS_MAX} characters; choose a shorter path"
        ))
    } else if !folder.starts_with('/') {
        Some(format!(
            "`{folder}` is not an absolute path; say where it is on the worker, `/data/run` for instance"
        ))
    } else {
        None
    }
}

fn is_variable(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.chars().all(fits)
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(given: &[(&str, &str)]) -> BTreeMap<String, String> {
        given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn check(change: impl FnOnce(&mut Setup), wrong: &[&str]) {
        let mut setup = Setup::default();
        change(&mut setup);
        let fields: Vec<_> = match setup.check() {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        };
        assert_eq!(fields, wrong);
    }

    #[test]
    fn variables_have_the_names_that_programs_can_read() {
        check(|s| s.environment = pairs(&[("_A1", "x\ny=z")]), &[]);
        check(
            |s| s.environment = pairs(&[("1A", ""), ("A-B", ""), ("A=B", ""), ("", "")]),
            &[
                "environment.",
                "environment.1A",
                "environment.A-B",
                "environment.A=B",
            ],
        );
        check(
            |s| s.environment = pairs(&[("A", "x\0")]),
            &["environment.A"],
        );
    }

    #[test]
    fn what_the_worker_sets_is_not_overridden() {
        check(
            |s| s.environment = pairs(&[("CUPOLA_RUN_ID", "x"), ("MY_CUPOLA_X", "y")]),
            &["environment.CUPOLA_RUN_ID"],
        );
    }

    #[test]
    fn a_working_folder_is_absolute() {
        check(|s| s.working_folder = Some("/data".into()), &[]);
        check(|s| s.working_folder = Some("  ".into()), &[]);
        for folder in ["data", "./x", "~/x", "/a\0b"] {
            check(
                |s| s.working_folder = Some(folder.into()),
                &["working_folder"],
            );
        }
    }

    #[test]
    fn tags_and_priorities_have_bounds() {
        check(|s| s.tags = pairs(&[(" ", "x")]), &["tags. "]);
        check(
            |s| s.tags = pairs(&[("a", &"x".repeat(20_001))]),
            &["tags.a"],
        );
        check(|s| s.priority = 1_000_001, &["priority"]);
        check(|s| s.priority = i64::MIN, &["priority"]);
        let many: Vec<String> = (0..201).map(|at| format!("t{at}")).collect();
        let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
        check(|s| s.tags = pairs(&many), &["tags"]);
    }

    #[test]
    fn a_time_budget_is_a_positive_number_of_seconds() {
        for secs in [0.001, 1.0, TIME_BUDGET_SECS_MAX] {
            assert!(time_budget(secs).is_ok(), "{secs}");
        }
        for secs in [0.0, -1.0, 1e-9, f64::NAN, f64::INFINITY, 1e9] {
            assert!(time_budget(secs).is_err(), "{secs}");
        }
    }
}
