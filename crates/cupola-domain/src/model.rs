//! Models: what runs logged, and the registry of versions that are in use.

mod history;

use std::{collections::BTreeMap, fmt, str::FromStr};

use crate::{
    field::FieldError,
    ids::{ExperimentId, LoggedModelId, ModelId, RunId},
    time::Timestamp,
};

pub use history::{DataUsed, Deployment, Evaluation, Lineage, SCORE};

/// Bytes of a model's name.
pub const NAME_BYTES_MAX: usize = 256;

/// Bytes of a tag's key.
pub const TAG_KEY_BYTES_MAX: usize = 250;

/// Bytes of a tag's value.
pub const TAG_VALUE_BYTES_MAX: usize = 100_000;

/// Bytes of a description.
pub const DESCRIPTION_BYTES_MAX: usize = 100_000;

/// Bytes of the address that a version comes from.
pub const SOURCE_BYTES_MAX: usize = 1_024;

/// Characters of an alias.
pub const ALIAS_CHARS_MAX: usize = 255;

/// What is wrong with some aliases.
const LIKE_A_NUMBER: &str = "is reserved: it reads like a version's number";

/// A name under which versions are registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Stays when it is renamed.
    pub id: ModelId,
    /// No two models share one.
    pub name: String,
    /// For people.
    pub description: String,
    /// Who registered it.
    pub author: String,
    /// The number of the newest version ever made; deleted ones count, so that no number comes again.
    pub newest: u32,
    /// For people: key → value.
    pub tags: BTreeMap<String, String>,
    /// Alias → the number of the version that it stands for.
    pub aliases: BTreeMap<String, u32>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it or one of its versions changed last.
    pub updated_at: Timestamp,
}

/// One version of a registered model. Its files never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelVersion {
    /// The model.
    pub model: ModelId,
    /// From 1.
    pub number: u32,
    /// Whether it is in use.
    pub stage: Stage,
    /// Whether its files are there.
    pub status: Readiness,
    /// For people.
    pub description: String,
    /// Where it came from, as whoever registered it said.
    pub source: String,
    /// The run that made it.
    pub run: Option<RunId>,
    /// An address of that run for people.
    pub run_link: String,
    /// The logged model that was registered.
    pub logged: Option<LoggedModelId>,
    /// Who registered it.
    pub author: String,
    /// For people: key → value.
    pub tags: BTreeMap<String, String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When anything of it changed last.
    pub updated_at: Timestamp,
}

/// A model that a client logged. It may be registered later, or never.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModel {
    /// Its name for programs.
    pub id: LoggedModelId,
    /// What it belongs to.
    pub experiment: ExperimentId,
    /// What the client calls it; many may share one.
    pub name: String,
    /// What kind of model the client says that it is; empty when it does not.
    pub kind: String,
    /// Whether its files are there.
    pub status: Readiness,
    /// The run that made it, where there was one.
    pub run: Option<RunId>,
    /// How it was made: key → value.
    pub params: BTreeMap<String, String>,
    /// For people: key → value.
    pub tags: BTreeMap<String, String>,
    /// When the client began to log it.
    pub created_at: Timestamp,
    /// When anything of it changed last.
    pub updated_at: Timestamp,
}

/// What a run measured of a logged model.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedModelMetric {
    /// The model.
    pub model: LoggedModelId,
    /// What was measured.
    pub key: String,
    /// The latest value.
    pub value: f64,
    /// When.
    pub at: Timestamp,
    /// At which step.
    pub step: i64,
    /// The run that measured.
    pub run: RunId,
    /// On which data; empty when nobody said.
    pub dataset_name: String,
    /// Which of them exactly.
    pub dataset_digest: String,
}

/// A model that a run took in or gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelUse {
    /// The model.
    pub model: LoggedModelId,
    /// Took in or gave.
    pub role: ModelRole,
    /// At which step it was given; 0 where it was taken in.
    pub step: i64,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word in the database and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                let mut all = Self::ALL.iter().copied();
                all.find(|one| one.as_str().eq_ignore_ascii_case(text)).ok_or(())
            }
        }
    };
}

words! {
    /// Whether a version is in use.
    Stage {
        /// Nobody has said.
        None = "none";
        /// On trial.
        Staging = "staging";
        /// In use.
        Production = "production";
        /// Not any more.
        Archived = "archived";
    }
}

words! {
    /// Whether the files of a model are there.
    Readiness {
        /// They are on their way.
        Pending = "pending";
        /// All of them.
        Ready = "ready";
        /// They did not come.
        Failed = "failed";
    }
}

words! {
    /// How a run used a model.
    ModelRole {
        /// It took the model in.
        Input = "input";
        /// It made the model.
        Output = "output";
    }
}

words! {
    /// How it stands with using a model.
    DeploymentStatus {
        /// Not yet.
        Pending = "pending";
        /// It can be used.
        Ready = "ready";
        /// It is used.
        Active = "active";
        /// It could not be brought there.
        Failed = "failed";
        /// It is used no more.
        Retired = "retired";
    }
}

words! {
    /// How a score came to be known.
    EvaluationOrigin {
        /// A file in a folder says it.
        File = "file";
        /// Somebody said it.
        Manual = "manual";
        /// A run measured it.
        Run = "run";
    }
}

impl Stage {
    /// Whether a version in this stage may take the place of all others in it.
    pub const fn is_active(self) -> bool {
        matches!(self, Stage::Staging | Stage::Production)
    }
}

/// Whether a model may be called so.
pub fn check_name(name: &str) -> Result<(), FieldError> {
    let refuse = |message: String| Err(FieldError::new("name", message));
    if name.trim().is_empty() {
        return refuse("is empty".to_owned());
    }
    if name.len() > NAME_BYTES_MAX {
        let bytes = name.len();
        return refuse(format!("has {bytes} bytes; at most {NAME_BYTES_MAX} fit"));
    }
    if name.contains(['/', ':', '\\']) || matches!(name, "." | "..") {
        return refuse("has a `/`, a `:` or a `\\`, or is `.` or `..`".to_owned());
    }
    if name.chars().any(char::is_control) {
        return refuse("has control characters".to_owned());
    }
    Ok(())
}

/// Whether a version may have this alias where one is called by its number or by an alias.
pub fn check_alias(alias: &str) -> Result<(), FieldError> {
    check_client_alias(alias)?;
    if alias.bytes().all(|b| b.is_ascii_digit()) {
        return Err(FieldError::new("alias", LIKE_A_NUMBER));
    }
    Ok(())
}

/// Whether a version may have this alias by the word of a client who tells aliases from numbers.
pub fn check_client_alias(alias: &str) -> Result<(), FieldError> {
    let refuse = |message: &str| Err(FieldError::new("alias", message));
    if alias.is_empty() || alias.chars().count() > ALIAS_CHARS_MAX {
        return refuse("must have 1 to 255 characters");
    }
    if !alias
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    {
        return refuse("may have letters, digits, `_` and `-` alone");
    }
    if alias.eq_ignore_ascii_case("latest") {
        return refuse("is reserved: `latest` is the newest version");
    }
    let number = alias.strip_prefix(['v', 'V']);
    if number.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())) {
        return refuse(LIKE_A_NUMBER);
    }
    Ok(())
}

/// Whether a model or a version may have this tag.
pub fn check_tag(key: &str, value: &str) -> Result<(), FieldError> {
    if key.is_empty() || key.len() > TAG_KEY_BYTES_MAX {
        let message = format!(
            "must have 1 to {TAG_KEY_BYTES_MAX} bytes, not {}",
            key.len()
        );
        return Err(FieldError::new("key", message));
    }
    check_text("value", value, TAG_VALUE_BYTES_MAX)
}

/// Whether a text fits.
pub fn check_text(field: &str, text: &str, bytes_max: usize) -> Result<(), FieldError> {
    if text.len() > bytes_max {
        let message = format!("has {} bytes; at most {bytes_max} fit", text.len());
        return Err(FieldError::new(field, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: Result<(), FieldError>, expected: &str) {
        let found = found.err().map(|error| error.to_string());
        assert_eq!(found.unwrap_or_default(), expected);
    }

    #[test]
    fn a_name_leads_nowhere() {
        check(check_name("Wine quality, v2.1 (é)"), "");
        check(check_name(" "), "`name`: is empty");
        for name in ["a/b", "a:b", "a\\b", ".", ".."] {
            check(
                check_name(name),
                "`name`: has a `/`, a `:` or a `\\`, or is `.` or `..`",
            );
        }
        check(check_name("a\0"), "`name`: has control characters");
        check(
            check_name(&"x".repeat(257)),
            "`name`: has 257 bytes; at most 256 fit",
        );
    }

    #[test]
    fn an_alias_is_no_number_and_not_the_newest() {
        for alias in ["champion", "prod-eu_1", "v", "v1a", "véritable"] {
            check(check_alias(alias), "");
        }
        for (alias, expected) in [
            ("", "`alias`: must have 1 to 255 characters"),
            (
                "a b",
                "`alias`: may have letters, digits, `_` and `-` alone",
            ),
            (
                "Latest",
                "`alias`: is reserved: `latest` is the newest version",
            ),
            (
                "V12",
                "`alias`: is reserved: it reads like a version's number",
            ),
        ] {
            check(check_alias(alias), expected);
            check(check_client_alias(alias), expected);
        }
        // Digits alone are a number here, and an alias to clients that never call a version by both.
        for alias in ["12", "007", "99999999999"] {
            check(
                check_alias(alias),
                "`alias`: is reserved: it reads like a version's number",
            );
            check(check_client_alias(alias), "");
        }
    }

    #[test]
    fn words_read_back_in_any_case() {
        for stage in Stage::ALL {
            assert_eq!(stage.as_str().to_uppercase().parse(), Ok(*stage));
        }
        assert_eq!("gone".parse::<Readiness>(), Err(()));
    }
}
