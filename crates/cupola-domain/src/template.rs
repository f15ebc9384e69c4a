//! A template: a program that can be run, described by its manifest.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::{objective::Objective, repeats::Repeats, resources::Needs, schema::Schema};

/// One file of a template's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFile {
    /// Relative to the template's folder, with `/` between its parts.
    pub path: String,
    /// Exactly as on disk.
    pub bytes: Vec<u8>,
}

/// A program that can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its name for programs: lower case, digits and dashes.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// The command, one argument an item, with placeholders in braces; see [`PLACEHOLDERS`].
    pub command: Vec<String>,
    /// What it can be configured with.
    pub schema: Schema,
    /// Which of its results come out again when a task is run again; none where that is not said.
    pub repeats: Option<Repeats>,
    /// What its runs are judged by. Without one a run has completed when its program ended well.
    pub objective: Option<Objective>,
    /// What it needs of a worker, whatever the brief says.
    pub needs: Needs,
    /// The search space that a new brief starts from: parameter → expression or object.
    pub space: Map<String, Value>,
    /// Where it was found.
    pub source: Source,
    /// The files that travel to the worker.
    pub files: Vec<CodeFile>,
    /// The hash over command and files: which code a run used.
    pub code_hash: String,
}

/// Where a template is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// This program.
    BuiltIn,
    /// A folder with a manifest.
    Folder(PathBuf),
    /// A command that somebody gave with an experiment.
    Command,
}

/// What may stand in braces in a command, and what the worker puts there.
pub const PLACEHOLDERS: [(&str, &str); 5] = [
    (
        "config",
        "the file with the run's configuration as one JSON object",
    ),
    ("code", "the folder with the template's files"),
    ("run", "the run's own folder, where it may write"),
    ("python", "the worker's Python"),
    ("cupola", "the worker's own program"),
];

/// Feeds `hash` with what a template's code hash covers; the hash itself is SHA-256 in hexadecimal.
///
/// That is, for each argument of the command, `arg`, a zero byte, the argument's length in bytes as
/// eight bytes with the lowest first, and the argument; then, for each file in the byte order of the
/// paths, `file`, a zero byte, the path's length and the path in the same form, and the content's
/// length and the content. The hub names code by it; a worker checks it before it runs anything.
pub fn feed_code_hash(command: &[String], files: &[CodeFile], mut hash: impl FnMut(&[u8])) {
    let part = |bytes: &[u8], hash: &mut dyn FnMut(&[u8])| {
        hash(&(bytes.len() as u64).to_le_bytes());
        hash(bytes);
    };
    for argument in command {
        hash(b"arg\0");
        part(argument.as_bytes(), &mut hash);
    }
    let mut sorted: Vec<&CodeFile> = files.iter().collect();
    sorted.sort_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    for file in sorted {
        hash(b"file\0");
        part(file.path.as_bytes(), &mut hash);
        part(&file.bytes, &mut hash);
    }
}

/// Whether `name` may name a template: it becomes part of URLs and folders.
pub fn is_template_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('-')
}

/// The names in braces in `argument` that are no placeholder.
pub fn unknown_placeholders(argument: &str) -> Vec<String> {
    placeholders(argument)
        .filter(|name| PLACEHOLDERS.iter().all(|(known, _)| known != name))
        .map(str::to_owned)
        .collect()
}

/// `argument` with each placeholder replaced by what `value_of` gives for it; others stay.
pub fn fill(argument: &str, value_of: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = argument.to_owned();
    for (name, _) in PLACEHOLDERS {
        let hole = format!("{{{name}}}");
        if filled.contains(&hole)
            && let Some(value) = value_of(name)
        {
            filled = filled.replace(&hole, &value);
        }
    }
    filled
}

/// The identifiers between braces; what is not an identifier is ordinary text (a JSON argument, say).
fn placeholders(argument: &str) -> impl Iterator<Item = &str> {
    argument
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_the_rest_stays() {
        let value_of = |name: &str| (name == "config").then(|| "/x.json".to_owned());
        assert_eq!(
            fill("--config={config} {other} {\"a\":1}", value_of),
            "--config=/x.json {other} {\"a\":1}"
        );
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        assert_eq!(
            unknown_placeholders("{config} {confg} {\"a\":1}"),
            ["confg"]
        );
    }

    #[test]
    fn names_are_fit_for_folders_and_urls() {
        assert!(is_template_name("char-lm"));
        for refused in ["", "../x", "A", "-x", "a b"] {
            assert!(!is_template_name(refused), "{refused}");
        }
    }
}
