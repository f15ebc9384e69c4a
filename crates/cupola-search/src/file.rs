//! Experiment files: a YAML text into the tasks that it stands for.
//!
//! `parse` reads and checks a file as a whole and names everything that is wrong with it, each with
//! its line; `ExperimentFile::tasks` then counts the tasks out. Files that are named in it are not
//! read here, and templates are not known here: whoever submits the file does that.

mod order;
mod place;
mod plan;
mod program;
mod read;
mod scalar;
mod service;
mod setup;
mod units;
mod values;
mod yaml;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use cupola_domain::{objective::Objective, resources::Needs, scheduling::Placement, setup::Setup};

pub use plan::FileTask;
pub use program::Program;
pub use read::{FILE_KEYS, NEEDS_KEYS, OBJECTIVE_KEYS, TASK_KEYS};
pub use service::{SERVICE_KEYS, Service};
pub use setup::setup_bytes;
pub use values::Values;

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// From 1; 0 when it is about the file as a whole.
    pub line: usize,
    /// The keys that lead to the value, joined by dots; empty when no value is at fault.
    pub field: String,
    /// Names the value and the remedy.
    pub message: String,
}

impl FileError {
    /// A mistake in `field`, which stands on `line`.
    pub fn new(line: usize, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            line,
            field: field.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "{}: ", self.line)?;
        }
        match self.field.as_str() {
            "" => f.write_str(&self.message),
            field => write!(f, "`{field}`: {}", self.message),
        }
    }
}

/// A file that was read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentFile {
    /// The experiment's name.
    pub name: String,
    /// In its author's words.
    pub description: String,
    /// For people: name → value.
    pub tags: BTreeMap<String, String>,
    /// How many tasks may run at a time.
    pub max_parallel: Option<u32>,
    /// Whether its tasks keep to one device class.
    pub placement: Placement,
    /// What is to be done, in the order of the file; a file without `tasks` has one step.
    pub steps: Vec<Step>,
    /// What may be started beside it.
    pub services: Vec<Service>,
    /// Path → line.
    lines: HashMap<String, usize>,
}

/// Tasks that run the same program: one, or one for each configuration and seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The key under `tasks`; empty in a file without them.
    pub name: String,
    /// What its tasks run.
    pub program: Program,
    /// What its tasks are judged by, when the file says so.
    pub objective: Option<Objective>,
    /// What all of its tasks have in common; the working folder is as the file has it.
    pub setup: Setup,
    /// Which configurations there are.
    pub values: Values,
    /// Each configuration runs once with each; empty for a seed of its own.
    pub seeds: Vec<i64>,
    /// How often each configuration runs with each seed.
    pub repeats: u32,
    /// What a worker must have.
    pub needs: Needs,
    /// The class of machine that it names, where that is none of the built-in ones.
    pub hardware: Option<String>,
    /// The steps all of whose tasks must complete first.
    pub depends_on: Vec<usize>,
    /// The number of its first task.
    first: u32,
    /// Where it stands.
    line: usize,
}

/// Reads a file, or says all that is wrong with it, in the order of the lines.
pub fn parse(text: &str) -> Result<ExperimentFile, Vec<FileError>> {
    let root = yaml::parse(text).map_err(|error| vec![error])?;
    let faults = place::Faults::default();
    let file = read::file(&place::Place::root(&root, &faults));
    let mut faults = faults.into_inner();
    match file {
        Some(file) if faults.is_empty() => Ok(file),
        _ => {
            faults.sort_by_key(|error| error.line);
            Err(faults)
        }
    }
}

/// Reads a YAML text of another kind, within the same bounds.
pub fn read_yaml(text: &str) -> Result<serde_json::Value, FileError> {
    yaml::parse(text).map(|root| root.to_json())
}

impl ExperimentFile {
    /// A mistake that somebody else found in `step`, at the line where the file says so: `field` is
    /// `template`, `config.lr`, `environment.HOME`.
    pub fn locate(&self, step: usize, field: &str, message: &str) -> FileError {
        let step = self.steps.get(step);
        let name = step.map_or("", |step| step.name.as_str());
        let sections: &[&str] = match field.strip_prefix("config.") {
            Some(_) => &["grid", "search", "config"],
            None => &[""],
        };
        let bare = field.strip_prefix("config.").unwrap_or(field);
        let path = |prefix: &str, section: &str| {
            let parts = [prefix, section, bare]
                .into_iter()
                .filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join(".")
        };
        let own = format!("tasks.{name}");
        let prefixes = if name.is_empty() {
            vec![""]
        } else {
            vec![own.as_str(), ""]
        };
        let places = prefixes
            .iter()
            .flat_map(|prefix| sections.iter().map(|section| path(prefix, section)));
        let nearest = places
            .filter_map(|path| {
                let (line, missing) = self.line_of(&path)?;
                Some((missing, line, path))
            })
            .min_by_key(|(missing, ..)| *missing);
        match nearest {
            Some((0, line, path)) => FileError::new(line, path, message),
            Some((_, line, _)) => FileError::new(line, field, message),
            None => FileError::new(step.map_or(0, |step| step.line), field, message),
        }
    }

    /// The line of the longest part of a path that stands in the file; 0 when none does.
    pub fn line(&self, path: &str) -> usize {
        self.line_of(path).map_or(0, |(line, _)| line)
    }

    /// The line of the longest part of `path` that stands in the file, and how many keys of it do
    /// not.
    fn line_of(&self, path: &str) -> Option<(usize, usize)> {
        let mut part = path;
        for missing in 0.. {
            if let Some(line) = self.lines.get(part) {
                return Some((*line, missing));
            }
            part = part.rsplit_once('.')?.0;
        }
        None
    }
}

#[cfg(test)]
mod tests;
