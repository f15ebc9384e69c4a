//! A place in the file: a value with its path and line, and typed readings of it that remember
//! what was wrong.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::{Map, Value};

use super::{
    FileError,
    yaml::{Entry, Node, Tree},
};

/// What was wrong so far.
pub(super) type Faults = RefCell<Vec<FileError>>;

/// After so many mistakes no more are looked for.
const FAULTS_MAX: usize = 100;

/// So many names are listed at most.
const NAMES_SHOWN_MAX: usize = 20;

/// Longer names are nobody's slip.
const TYPED_BYTES_MAX: usize = 200;

/// How much of a wrong value an error shows.
const SHOWN_CHARS_MAX: usize = 60;

/// A value somewhere in the file.
#[derive(Clone)]
pub(super) struct Place<'a> {
    /// The keys that lead here, joined by dots; empty for the file as a whole.
    pub path: String,
    pub line: usize,
    node: &'a Node,
    faults: &'a Faults,
}

impl<'a> Place<'a> {
    /// The file as a whole.
    pub(super) const fn root(node: &'a Node, faults: &'a Faults) -> Self {
        Self {
            path: String::new(),
            line: node.line,
            node,
            faults,
        }
    }

    /// Notes what is wrong here.
    pub(super) fn refuse(&self, message: impl Into<String>) {
        if !self.has_enough_faults() {
            let error = FileError::new(self.line, self.path.clone(), message);
            self.faults.borrow_mut().push(error);
        }
    }

    /// Whether so much is wrong that nobody reads more of it.
    pub(super) fn has_enough_faults(&self) -> bool {
        self.faults.borrow().len() >= FAULTS_MAX
    }

    /// Notes that the value is of the wrong kind.
    fn wrong<T>(&self, remedy: &str) -> Option<T> {
        if !self.has_enough_faults() {
            self.refuse(format!("is {}; {remedy}", self.shown()));
        }
        None
    }

    /// The start of the value as it would stand in JSON.
    pub(super) fn shown(&self) -> String {
        cut(&self.node.to_json().to_string())
    }

    /// Whether nothing stands here but the key.
    pub(super) const fn is_null(&self) -> bool {
        matches!(self.node.tree, Tree::Scalar(Value::Null))
    }

    pub(super) const fn is_map(&self) -> bool {
        matches!(self.node.tree, Tree::Map(_))
    }

    pub(super) const fn is_list(&self) -> bool {
        matches!(self.node.tree, Tree::List(_))
    }

    fn entry(&self, entry: &'a Entry) -> Place<'a> {
        let path = match self.path.as_str() {
            "" => entry.name.clone(),
            path => format!("{path}.{}", entry.name),
        };
        Place {
            path,
            line: entry.line,
            node: &entry.node,
            faults: self.faults,
        }
    }

    /// What stands under `name`, if something does.
    pub(super) fn find(&self, name: &str) -> Option<Place<'a>> {
        let Tree::Map(entries) = &self.node.tree else {
            return None;
        };
        let entry = entries.iter().find(|entry| entry.name == name)?;
        Some(self.entry(entry)).filter(|place| !place.is_null())
    }

    /// The entries of a mapping by name, or what is wrong.
    pub(super) fn entries(&self, remedy: &str) -> Option<Vec<(&'a str, Place<'a>)>> {
        match &self.node.tree {
            Tree::Map(entries) => {
                let named = |entry: &'a Entry| (entry.name.as_str(), self.entry(entry));
                Some(entries.iter().map(named).collect())
            }
            _ => self.wrong(remedy),
        }
    }

    /// The items of a list, or what is wrong.
    pub(super) fn items(&self, remedy: &str) -> Option<Vec<Place<'a>>> {
        let Tree::List(items) = &self.node.tree else {
            return self.wrong(remedy);
        };
        let place = |(at, node): (usize, &'a Node)| Place {
            path: format!("{}.{at}", self.path),
            line: node.line,
            node,
            faults: self.faults,
        };
        Some(items.iter().enumerate().map(place).collect())
    }

    /// Refuses the keys that are not in `known`, each with the one that was probably meant.
    pub(super) fn only(&self, known: &[&str]) {
        for (name, place) in self.entries("give a mapping of keys").unwrap_or_default() {
            if known.contains(&name) {
                continue;
            }
            if place.has_enough_faults() {
                return;
            }
            match closest(name, known.iter().copied()) {
                Some(meant) => place.refuse(format!("is not a key here; `{meant}` is")),
                None => place.refuse(format!(
                    "is not a key here; there are {}",
                    quoted(known.iter().copied())
                )),
            }
        }
    }

    pub(super) fn json(&self) -> Value {
        self.node.to_json()
    }

    /// A mapping of any values.
    pub(super) fn config(&self) -> Option<Map<String, Value>> {
        match self.json() {
            Value::Object(config) => Some(config),
            _ => self.wrong("give a mapping of parameters to values"),
        }
    }

    /// A text that is not empty.
    pub(super) fn text(&self, remedy: &str) -> Option<String> {
        match &self.node.tree {
            Tree::Scalar(Value::String(text)) if !text.trim().is_empty() => Some(text.clone()),
            _ => self.wrong(remedy),
        }
    }

    /// A text; numbers and truth values are taken as they would be written.
    pub(super) fn word(&self, remedy: &str) -> Option<String> {
        match &self.node.tree {
            Tree::Scalar(Value::String(text)) => Some(text.clone()),
            Tree::Scalar(Value::Null) => Some(String::new()),
            Tree::Scalar(value) => Some(value.to_string()),
            _ => self.wrong(remedy),
        }
    }

    pub(super) fn whole(&self, min: i64, max: i64) -> Option<i64> {
        match &self.node.tree {
            Tree::Scalar(Value::Number(number)) => {
                number.as_i64().filter(|n| (min..=max).contains(n))
            }
            _ => None,
        }
        .or_else(|| self.wrong(&format!("give a whole number from {min} to {max}")))
    }

    pub(super) fn number(&self) -> Option<f64> {
        match &self.node.tree {
            Tree::Scalar(Value::Number(number)) => number.as_f64().filter(|x| *x >= 0.0),
            _ => None,
        }
        .or_else(|| self.wrong("give a number that is not below 0"))
    }

    pub(super) fn truth(&self) -> Option<bool> {
        match &self.node.tree {
            Tree::Scalar(Value::Bool(truth)) => Some(*truth),
            _ => self.wrong("give `true` or `false`"),
        }
    }

    pub(super) fn texts(&self, remedy: &str) -> Option<Vec<String>> {
        let items = self.items(remedy)?;
        let words: Vec<_> = items.iter().map(|item| item.word(remedy)).collect();
        words.into_iter().collect()
    }

    /// A mapping of names to texts.
    pub(super) fn words(&self, remedy: &str) -> Option<BTreeMap<String, String>> {
        let entries = self.entries(remedy)?;
        let read =
            |(name, place): &(&str, Place<'_>)| Some(((*name).to_owned(), place.word(remedy)?));
        let words: Vec<_> = entries.iter().map(read).collect();
        words.into_iter().collect()
    }
}

/// The start of a text, quoted.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}…`", &text[..end]),
    }
}

/// `` `a`, `b` ``, the first ones of many.
pub(super) fn quoted<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let shown: Vec<_> = names.by_ref().take(NAMES_SHOWN_MAX).map(cut).collect();
    let shown = shown.join(", ");
    match names.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The name that `typed` most probably stands for, if one is near enough.
pub(super) fn closest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = 1 + typed.chars().count() / 4;
    names
        .filter(|_| typed.len() <= TYPED_BYTES_MAX)
        .map(|name| (edits(typed, name), name))
        .filter(|(edits, _)| *edits <= allowed)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// How many characters must be put in, taken out, changed or swapped with their neighbour.
fn edits(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut least = (row[j] + usize::from(a != b))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(typed: &str, expected: Option<&str>) {
        let names = ["template", "command", "time_budget", "tags", "grid"];
        assert_eq!(closest(typed, names.into_iter()), expected, "{typed}");
    }

    #[test]
    fn a_slip_is_understood_and_a_stranger_is_not() {
        check("tempalte", Some("template"));
        check("comand", Some("command"));
        check("time-budget", Some("time_budget"));
        check("gird", Some("grid"));
        check("learning_rate", None);
        check("x", None);
    }

    #[test]
    fn of_many_names_the_first_are_listed() {
        let names: Vec<_> = (0..30).map(|n| n.to_string()).collect();
        let shown = |count: usize| quoted(names[..count].iter().map(String::as_str));
        assert_eq!(shown(2), "`0`, `1`");
        assert!(shown(20).ends_with("`18`, `19`"), "{}", shown(20));
        assert!(shown(30).ends_with("`19` and 10 more"), "{}", shown(30));
    }
}
