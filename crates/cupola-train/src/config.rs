//! What a run is asked to do: one flat JSON object.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::layout::Shape;
use crate::schedule::Schedule;

const BUDGET_DEFAULT_SECS: f64 = 60.0;

/// A checked configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Highest learning rate.
    pub lr: f64,
    pub lr_schedule: Schedule,
    pub n_layers: usize,
    pub n_heads: usize,
    pub d_model: usize,
    pub d_ff: usize,
    pub batch_size: usize,
    pub context_length: usize,
    pub weight_decay: f64,
    pub seed: u64,
    /// Wall time from the start of the program; training ends after 90 % of it.
    pub time_budget: Option<Duration>,
    /// Steps after which training ends. The schedule then goes by steps.
    pub max_steps: Option<usize>,
    /// Steps between evaluations; about fifteen evenly over the run if absent.
    pub eval_interval: Option<usize>,
    /// Threads; as many as the machine offers if absent.
    pub threads: Option<usize>,
    /// Whether the trained model is written to a file beside the configuration's.
    pub save_model: bool,
}

/// A field that cannot be used, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub field: String,
    pub value: String,
    pub remedy: String,
}

/// A configuration and the keys that it does not know.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub config: Config,
    pub ignored: Vec<String>,
}

impl Config {
    /// Reads a JSON object. Every wrong field is reported, not only the first; a field that
    /// is absent or `null` takes its default, and an unknown one is ignored.
    pub fn parse(text: &str) -> Result<Parsed, Vec<ConfigError>> {
        let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
            vec![ConfigError {
                field: "the config".to_owned(),
                value: error.to_string(),
                remedy: "give one JSON object, such as {\"lr\": 0.003, \"seed\": 42}".to_owned(),
            }]
        })?;
        let mut fields = Fields::new(&object);
        let config = Self::read(&mut fields);
        if fields.errors.is_empty() {
            let ignored = fields.unknown();
            Ok(Parsed { config, ignored })
        } else {
            Err(fields.errors)
        }
    }

    /// The model's sizes for a vocabulary of `vocab` tokens.
    pub fn shape(&self, vocab: usize) -> Shape {
        Shape {
            vocab,
            context: self.context_length,
            layers: self.n_layers,
            heads: self.n_heads,
            width: self.d_model,
            hidden: self.d_ff,
        }
    }

    fn read(fields: &mut Fields<'_>) -> Self {
        let max_steps = fields.count("max_steps", 1, 1_000_000_000);
        let budget = fields.number("time_budget_seconds", Above(0.0), 1e7);
        let config = Self {
            lr: fields.number("lr", Above(0.0), 10.0).unwrap_or(0.003),
            lr_schedule: fields.schedule("lr_schedule"),
            n_layers: fields.count("n_layers", 1, 64).unwrap_or(4),
            n_heads: fields.count("n_heads", 1, 64).unwrap_or(4),
            d_model: fields.count("d_model", 1, 2048).unwrap_or(64),
            d_ff: fields.count("d_ff", 1, 8192).unwrap_or(256),
            batch_size: fields.count("batch_size", 1, 4096).unwrap_or(32),
            context_length: fields.count("context_length", 1, 2048).unwrap_or(128),
            weight_decay: fields
                .number("weight_decay", AtLeast(0.0), 1.0)
                .unwrap_or(0.01),
            seed: fields.seed("seed", 42),
            // A number of steps is enough of a limit; without it there must be a time.
            time_budget: budget
                .or(max_steps.is_none().then_some(BUDGET_DEFAULT_SECS))
                .map(Duration::from_secs_f64),
            max_steps,
            eval_interval: fields.count("eval_interval", 1, 1_000_000_000),
            threads: fields.count("threads", 1, 1024),
            save_model: fields.choice("save_model"),
        };
        config.check_heads(fields);
        config
    }

    fn check_heads(&self, fields: &mut Fields<'_>) {
        if !self.d_model.is_multiple_of(self.n_heads) {
            let divisors: Vec<String> = (1..=self.d_model.min(16))
                .filter(|n| self.d_model.is_multiple_of(*n))
                .map(|n| n.to_string())
                .collect();
            let remedy = format!(
                "must divide `d_model` = {}; use {}",
                self.d_model,
                divisors.join(", ")
            );
            fields.refuse("n_heads", &self.n_heads.to_string(), remedy);
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::read(&mut Fields::new(&Map::new()))
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {}: {}", self.field, self.value, self.remedy)
    }
}

/// The lower end of a range.
#[derive(Clone, Copy)]
enum Lowest {
    Above(f64),
    AtLeast(f64),
}

use Lowest::{Above, AtLeast};

/// An object's fields, with the names asked for and the errors found.
struct Fields<'a> {
    object: &'a Map<String, Value>,
    known: Vec<&'static str>,
    errors: Vec<ConfigError>,
}

impl<'a> Fields<'a> {
    fn new(object: &'a Map<String, Value>) -> Self {
        Self {
            object,
            known: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn find(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn count(&mut self, name: &'static str, min: usize, max: usize) -> Option<usize> {
        let value = self.find(name)?;
        let number = whole(value).and_then(|n| usize::try_from(n).ok());
        let good = number.filter(|n| (min..=max).contains(n));
        if good.is_none() {
            let remedy = format!("give a whole number from {min} to {max}");
            self.refuse(name, &value.to_string(), remedy);
        }
        good
    }

    fn number(&mut self, name: &'static str, lowest: Lowest, max: f64) -> Option<f64> {
        let value = self.find(name)?;
        let good = value.as_f64().filter(|n| lowest.admits(*n) && *n <= max);
        if good.is_none() {
            let remedy = format!("give a number {lowest} and at most {max}");
            self.refuse(name, &value.to_string(), remedy);
        }
        good
    }

    /// No, unless it is said.
    fn choice(&mut self, name: &'static str) -> bool {
        let Some(value) = self.find(name) else {
            return false;
        };
        value.as_bool().unwrap_or_else(|| {
            self.refuse(name, &value.to_string(), "say true or false".to_owned());
            false
        })
    }

    fn seed(&mut self, name: &'static str, default: u64) -> u64 {
        let Some(value) = self.find(name) else {
            return default;
        };
        whole(value).unwrap_or_else(|| {
            let remedy = "give a whole number from 0 to 2^64 - 1".to_owned();
            self.refuse(name, &value.to_string(), remedy);
            default
        })
    }

    fn schedule(&mut self, name: &'static str) -> Schedule {
        let Some(value) = self.find(name) else {
            return Schedule::default();
        };
        serde_json::from_value(value.clone()).unwrap_or_else(|_| {
            let remedy = format!("use one of {}", Schedule::NAMES.join(", "));
            self.refuse(name, &value.to_string(), remedy);
            Schedule::default()
        })
    }

    fn refuse(&mut self, field: &str, value: &str, remedy: String) {
        self.errors.push(ConfigError {
            field: field.to_owned(),
            value: value.to_owned(),
            remedy,
        });
    }

    fn unknown(&self) -> Vec<String> {
        let keys = self.object.keys();
        keys.filter(|key| !self.known.contains(&key.as_str()))
            .cloned()
            .collect()
    }
}

impl Lowest {
    fn admits(self, number: f64) -> bool {
        match self {
            Above(low) => number > low,
            AtLeast(low) => number >= low,
        }
    }
}

impl fmt::Display for Lowest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Above(low) => write!(f, "above {low}"),
            AtLeast(low) => write!(f, "from {low}"),
        }
    }
}

/// A whole number, also when it is written as `128.0`, as some programs do.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked just before"
)]
fn whole(value: &Value) -> Option<u64> {
    let written_as_float = || {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
    };
    value.as_u64().or_else(written_as_float)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_refused(text: &str, wanted: &[&str]) {
        let errors = Config::parse(text).unwrap_err();
        let have: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(have, wanted);
    }

    #[test]
    fn an_empty_object_is_the_default() {
        let parsed = Config::parse("{}").unwrap();
        assert_eq!(parsed.config, Config::default());
        assert_eq!(parsed.config.time_budget, Some(Duration::from_mins(1)));
    }

    #[test]
    fn every_field_is_read() {
        let text = r#"{"lr": 0.001248, "lr_schedule": "step_decay", "n_layers": 2, "n_heads": 2,
            "d_model": 128, "d_ff": 512, "batch_size": 64.0, "context_length": 256, "seed": 48,
            "time_budget_seconds": 10, "max_steps": 7, "weight_decay": 0, "eval_interval": 3,
            "threads": 1, "save_model": true}"#;
        let wanted = Config {
            lr: 0.001_248,
            lr_schedule: Schedule::StepDecay,
            n_layers: 2,
            n_heads: 2,
            d_model: 128,
            d_ff: 512,
            batch_size: 64,
            context_length: 256,
            weight_decay: 0.0,
            seed: 48,
            time_budget: Some(Duration::from_secs(10)),
            max_steps: Some(7),
            eval_interval: Some(3),
            threads: Some(1),
            save_model: true,
        };
        let ignored = Vec::new();
        assert_eq!(
            Config::parse(text),
            Ok(Parsed {
                config: wanted,
                ignored
            })
        );
    }

    #[test]
    fn steps_alone_need_no_time() {
        let config = Config::parse(r#"{"max_steps": 3}"#).unwrap().config;
        assert_eq!((config.max_steps, config.time_budget), (Some(3), None));
    }

    #[test]
    fn unknown_fields_are_named() {
        let parsed = Config::parse(r#"{"dropout": 0.1, "lr": null, "gpu": true}"#).unwrap();
        assert_eq!(parsed.ignored, ["dropout", "gpu"]);
    }

    #[test]
    fn every_wrong_field_is_named_with_its_value_and_a_remedy() {
        check_refused(
            r#"{"lr": -1, "n_layers": "four", "lr_schedule": "exp", "seed": -3}"#,
            &[
                "`lr` is -1: give a number above 0 and at most 10",
                "`lr_schedule` is \"exp\": use one of cosine, linear, step_decay",
                "`n_layers` is \"four\": give a whole number from 1 to 64",
                "`seed` is -3: give a whole number from 0 to 2^64 - 1",
            ],
        );
    }

    #[test]
    fn heads_must_divide_the_width() {
        check_refused(
            r#"{"n_heads": 3, "d_model": 64}"#,
            &["`n_heads` is 3: must divide `d_model` = 64; use 1, 2, 4, 8, 16"],
        );
    }

    #[test]
    fn a_budget_of_nothing_is_refused() {
        check_refused(
            r#"{"time_budget_seconds": 0}"#,
            &["`time_budget_seconds` is 0: give a number above 0 and at most 10000000"],
        );
    }

    #[test]
    fn anything_but_an_object_is_refused() {
        assert_eq!(Config::parse("[1]").unwrap_err()[0].field, "the config");
        assert_eq!(Config::parse("{").unwrap_err()[0].field, "the config");
    }
}
