//! Training models: what is to be trained, what somebody said of it, and what was found in folders.
//!
//! Which model a run trains is said by its tag [`MODEL_TAG`]. A key that nobody configured counts as
//! well: it is a model called by its key, with nothing planned.

use std::{fmt, str::FromStr};

use crate::{
    cost::Money, counts::State, field::FieldError, ids::ModelId, model, text::storable,
    time::Timestamp,
};

/// The tag by which a run says which model it trains.
pub const MODEL_TAG: &str = "model";

/// Hours that somebody plans; more is a mistake.
const HOURS_MAX: f64 = 1e6;

/// A model that is to be trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingModel {
    /// Its name for programs and files.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// For people.
    pub description: String,
    /// How long it is planned to train.
    pub planned_hours: Option<f64>,
    /// What an hour of it is planned to cost.
    pub hourly: Option<Money>,
    /// Its place in the configuration; the last possible one of a model that is not in it.
    pub position: u32,
    /// What it is in the registry.
    pub model: Option<ModelId>,
}

impl TrainingModel {
    /// One that nobody configured.
    pub fn of_key(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            name: key.to_owned(),
            description: String::new(),
            planned_hours: None,
            hourly: None,
            position: u32::MAX,
            model: None,
        }
    }

    /// Whether the configuration names it.
    pub const fn is_configured(&self) -> bool {
        self.position < u32::MAX
    }

    /// What is wrong with it, each named.
    pub fn check(&self) -> Vec<FieldError> {
        let key = model::check_name(&self.key).map_err(|error| FieldError {
            field: "key".to_owned(),
            ..error
        });
        let wrong = [
            key.err(),
            model::check_text("name", &self.name, model::NAME_BYTES_MAX).err(),
            model::check_text(
                "description",
                &self.description,
                model::DESCRIPTION_BYTES_MAX,
            )
            .err(),
            self.planned_hours.and_then(wrong_hours),
        ];
        wrong.into_iter().flatten().collect()
    }
}

fn wrong_hours(hours: f64) -> Option<FieldError> {
    let fits = (0.0..=HOURS_MAX).contains(&hours);
    let message = || format!("is {hours}; say a number from 0 to {HOURS_MAX}");
    (!fits).then(|| FieldError::new("gpu_hours", message()))
}

/// What somebody says of a training model; what they do not say is none.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Where it is.
    pub status: Option<State>,
    /// How far, from 0 to 100.
    pub progress: Option<f64>,
    /// What it cost.
    pub total_cost: Option<Money>,
    /// When this was said.
    pub at: Timestamp,
    /// Who said so.
    pub author: String,
    /// By which way.
    pub provenance: ClaimProvenance,
}

/// How something came to be said. A claim was never measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimProvenance {
    /// A person or a program of theirs said it.
    Manual,
    /// The configuration says it.
    Configuration,
}

impl Claim {
    /// What is wrong with it, each named.
    pub fn check(&self) -> Vec<FieldError> {
        let progress = self.progress.filter(|it| !(0.0..=100.0).contains(it));
        let progress = progress.map(|it| {
            let message = format!("is {it}; say a number from 0 to 100");
            FieldError::new("progress", message)
        });
        let cost = self.total_cost.filter(|cost| cost.micros() < 0);
        let cost = cost.map(|cost| {
            let message = format!("is {cost}; a cost is not negative");
            FieldError::new("total_cost", message)
        });
        progress.into_iter().chain(cost).collect()
    }

    /// As it can be kept: there is one zero, and no NUL.
    #[must_use]
    pub fn kept(self) -> Self {
        Self {
            progress: self.progress.map(|it| it + 0.0),
            author: storable(&self.author).into_owned(),
            ..self
        }
    }
}

impl ClaimProvenance {
    /// The word in the database and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ClaimProvenance::Manual => "manual",
            ClaimProvenance::Configuration => "configuration",
        }
    }
}

impl fmt::Display for ClaimProvenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ClaimProvenance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "manual" => Ok(Self::Manual),
            "configuration" => Ok(Self::Configuration),
            _ => Err(format!("`{text}` is not how something is said")),
        }
    }
}

/// A file in one of the configured folders, as the scan found it; or a folder that it could not read.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingFile {
    /// Where it is.
    pub path: String,
    /// The last part of that.
    pub name: String,
    /// The key of the model that it belongs to; empty for a folder.
    pub key: String,
    /// What was found.
    pub found: Found,
    /// How many bytes it had.
    pub bytes: u64,
    /// When it was changed last, in nanoseconds since 1970 began, before it was read.
    pub modified_nanos: i64,
    /// Why it could not be read to its end; none when it was.
    pub problem: Option<String>,
    /// Whether that is how it is until the file changes.
    pub is_settled: bool,
    /// When it was looked into.
    pub scanned_at: Timestamp,
}

/// What a file in a folder holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Samples, one a line.
    Samples {
        /// How many; none where it was not read to its end.
        samples: Option<u64>,
        /// Lines that are no JSON object, and the first of them.
        broken: Option<(u64, u64)>,
        /// The version that its name says.
        version: Option<String>,
    },
    /// A score.
    Score {
        /// The score, from 0 to 1, and when it was measured; none where the file gives none.
        score: Option<(f64, Timestamp)>,
    },
    /// A folder that could not be read; and what is called as a file of a model and is none, or leads out of
    /// its folder.
    Nothing,
}

impl TrainingFile {
    /// When it was changed last.
    pub fn modified(&self) -> Timestamp {
        Timestamp::from_millis(self.modified_nanos.div_euclid(1_000_000))
    }

    /// What is wrong with it, in words; none when nothing is.
    pub fn trouble(&self) -> Option<String> {
        let broken = match self.found {
            Found::Samples { broken, .. } => broken,
            _ => None,
        };
        let broken = broken.map(|(lines, first)| match lines {
            1 => format!("line {first} is no JSON object"),
            lines => format!("{lines} lines are no JSON object, line {first} is the first"),
        });
        self.problem.clone().or(broken)
    }

    /// It as samples of a model, where it holds some.
    pub fn data(&self) -> Option<DataFile> {
        let Found::Samples {
            samples, version, ..
        } = &self.found
        else {
            return None;
        };
        Some(DataFile {
            path: self.path.clone(),
            name: self.name.clone(),
            samples: *samples,
            bytes: self.bytes,
            updated: self.modified(),
            version: version.clone(),
            problem: self.trouble(),
        })
    }
}

/// The samples that a model is trained with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// Where they are.
    pub path: String,
    /// The last part of that.
    pub name: String,
    /// How many; none where they could not be counted.
    pub samples: Option<u64>,
    /// How many bytes they take.
    pub bytes: u64,
    /// When they were changed last.
    pub updated: Timestamp,
    /// The version that the file's name says.
    pub version: Option<String>,
    /// What is wrong with the file, in words.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(progress: f64, micros: i64) -> Claim {
        Claim {
            status: None,
            progress: Some(progress),
            total_cost: Some(Money::from_micros(micros)),
            at: Timestamp::from_millis(0),
            author: "ada".to_owned(),
            provenance: ClaimProvenance::Manual,
        }
    }

    #[test]
    fn a_claim_is_within_bounds() {
        let check = |claim: Claim, expected: &[&str]| {
            let wrong: Vec<_> = claim.check().iter().map(ToString::to_string).collect();
            assert_eq!(wrong, expected);
        };
        check(claim(0.0, 0), &[]);
        check(claim(100.0, 1), &[]);
        check(
            claim(100.5, 0),
            &["`progress`: is 100.5; say a number from 0 to 100"],
        );
        check(
            claim(f64::NAN, -1),
            &[
                "`progress`: is NaN; say a number from 0 to 100",
                "`total_cost`: is -0.0000; a cost is not negative",
            ],
        );
    }

    #[test]
    fn a_training_model_has_a_key_and_sane_hours() {
        let check = |key: &str, hours: f64, expected: &[&str]| {
            let model = TrainingModel {
                planned_hours: Some(hours),
                ..TrainingModel::of_key(key)
            };
            let wrong: Vec<_> = model.check().iter().map(ToString::to_string).collect();
            assert_eq!(wrong, expected, "{key} {hours}");
        };
        check("majora", 4.0, &[]);
        check("", 0.0, &["`key`: is empty"]);
        check(
            "din",
            -1.0,
            &["`gpu_hours`: is -1; say a number from 0 to 1000000"],
        );
        check(
            "din",
            f64::INFINITY,
            &["`gpu_hours`: is inf; say a number from 0 to 1000000"],
        );
    }

    #[test]
    fn a_file_says_what_is_wrong_with_it() {
        let check = |broken, problem: Option<&str>, expected: Option<&str>| {
            let file = TrainingFile {
                path: "/f/models/a_merged.jsonl".to_owned(),
                name: "a_merged.jsonl".to_owned(),
                key: "a".to_owned(),
                found: Found::Samples {
                    samples: Some(9),
                    broken,
                    version: None,
                },
                bytes: 1,
                modified_nanos: 1_999_999,
                problem: problem.map(str::to_owned),
                is_settled: true,
                scanned_at: Timestamp::from_millis(0),
            };
            assert_eq!(file.trouble().as_deref(), expected);
            assert_eq!(file.modified(), Timestamp::from_millis(1));
        };
        check(None, None, None);
        check(Some((1, 7)), None, Some("line 7 is no JSON object"));
        check(
            Some((2, 7)),
            None,
            Some("2 lines are no JSON object, line 7 is the first"),
        );
        check(Some((2, 7)), Some("went away"), Some("went away"));
    }
}
