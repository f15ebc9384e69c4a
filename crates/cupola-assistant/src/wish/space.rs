//! What is searched: `lr from 1e-4 to 1e-2 log`, `layers 2 to 6`, `dropout in 0.1, 0.2 or 0.5`, `lr = 0.01`.

use super::read::{FILLERS, JOINTS};
use crate::{
    period,
    question::Word,
    words::{count, phrase},
};

/// Values of one parameter that are read.
const VALUES_MAX: usize = 50;

/// Words that lead from a parameter to its values.
const TO_VALUES: &[&str] = &[
    "from", "between", "in", "over", "among", "of", "is", "range",
];

/// Words that give one value.
const SETS: &[&str] = &["set", "fix", "keep", "hold"];

/// Words that do so where a parameter is named, and belong to goals elsewhere.
const CHANGES: &[&str] = &[
    "change", "raise", "lower", "increase", "decrease", "reduce", "put",
];

/// What a brief has under these names is no parameter.
const RESERVED: &[&str] = &[
    "priority",
    "title",
    "sampler",
    "goal",
    "aim",
    "task",
    "tasks",
    "num_tasks",
    "template",
    "hardware",
    "credits",
    "budget",
    "study",
    "study_seed",
    "seed",
    "seeds",
    "constraint",
    "constraints",
    "total",
    "either",
    "log",
    "uniform",
    "linear",
    "above",
    "below",
    "within",
    "step",
    "steps",
];

/// How surely a word is a parameter that stands before a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sure {
    /// It is the name of one, or a sign says so.
    Known,
    /// It could be, where it stands.
    Perhaps,
    /// It is more likely a word of a goal.
    No,
}

/// A parameter, its expression, and how many words say it. `has_sign` says whether a `=` stands behind the word
/// in some place.
pub(super) fn searched(
    words: &[Word],
    sure: impl Fn(&Word) -> Sure,
    has_sign: impl Fn(usize) -> bool,
) -> Option<(String, String, usize)> {
    let first = words.first()?.folded.as_str();
    if SETS.contains(&first) || CHANGES.contains(&first) {
        return set(words, sure);
    }
    let name = words.first().filter(|word| is_parameter(word))?;
    let sure = if has_sign(0) { Sure::Known } else { sure(name) };
    let joint = words.get(1)?.folded.as_str();
    let is_joint = !has_sign(0) && TO_VALUES.contains(&joint);
    let from = if is_joint { 2 } else { 1 };
    let rest = words.get(from..)?;
    let found = between(rest, joint == "between")
        .or_else(|| {
            one_of(rest, is_joint || sure == Sure::Known).filter(|_| is_joint || sure != Sure::No)
        })
        .or_else(|| one(rest, sure, has_sign(0)))?;
    Some((name.text.clone(), found.0, from + found.1))
}

/// `set n_layers to 4`, `fix lr at 0.01`.
fn set(words: &[Word], sure: impl Fn(&Word) -> Sure) -> Option<(String, String, usize)> {
    let is = |at: usize, known: &[&str]| {
        words
            .get(at)
            .is_some_and(|word| known.contains(&word.folded.as_str()))
    };
    let at = 1 + usize::from(is(1, &["the"]));
    let name = words.get(at).filter(|word| is_parameter(word))?;
    if is(0, CHANGES) && sure(name) != Sure::Known {
        return None;
    }
    let is_joint = is(at + 1, &["to", "at", "as"]);
    let from = at + 1 + usize::from(is_joint);
    let rest = words.get(from..)?;
    let is_range = is(from, &["from", "between"]);
    let found = between(
        &words[from + usize::from(is_range)..],
        is(from, &["between"]),
    )
    .or_else(|| one_of(rest, is_joint))
    .or_else(|| one(rest, Sure::Known, is_joint))?;
    Some((
        name.text.clone(),
        found.0,
        from + usize::from(is_range) + found.1,
    ))
}

/// One value: a number, or a word where there is no doubt that it is one.
fn one(words: &[Word], sure: Sure, is_text: bool) -> Option<(String, usize)> {
    let value = words.first()?;
    let is_plain = value.number().is_some() || ["true", "false"].contains(&value.folded.as_str());
    let is_value = (is_plain && sure != Sure::No)
        || (is_text && sure == Sure::Known && is_value(value))
        || (is_text && sure == Sure::Known && value.is_quoted);
    let next = words.get(1).map_or("", |word| word.folded.as_str());
    // "0.1 to 0.05" is no range, and not its first number either; "5 minutes" is a time.
    let goes_on = ["to", "until", "or"].contains(&next)
        && words.get(2).is_some_and(|word| word.number().is_some());
    if !is_value || goes_on || is_counted(words) {
        return None;
    }
    Some((format!("fixed({})", written(value)), 1))
}

/// Whether a number counts something: `20 tasks`, `5 minutes`.
fn is_counted(words: &[Word]) -> bool {
    const COUNTED: &[&str] = &[
        "task",
        "tasks",
        "run",
        "runs",
        "trial",
        "trials",
        "credit",
        "credits",
        "seed",
        "seeds",
        "times",
        "repeats",
        "configurations",
        "configs",
        "experiments",
        "samples",
    ];
    let next = words.get(1).map_or("", |word| word.folded.as_str());
    period::duration(words).is_some() || (words[0].number().is_some() && COUNTED.contains(&next))
}

/// `1e-4 to 1e-2`, evenly by its logarithm if that is said. "And" stands for "to" behind "between" alone.
fn between(words: &[Word], is_between: bool) -> Option<(String, usize)> {
    let first = words.first()?;
    let (low, high, mut length) = if let Some((low, high)) = first.folded.split_once("..") {
        let high = high.trim_start_matches('=');
        (low.to_owned(), high.to_owned(), 1)
    } else {
        let joint = words.get(1)?.folded.as_str();
        let is_to = ["to", "until"].contains(&joint) || (is_between && joint == "and");
        let last = words.get(2).filter(|_| is_to)?;
        (first.folded.clone(), last.folded.clone(), 3)
    };
    let (from, until) = (low.parse::<f64>().ok()?, high.parse::<f64>().ok()?);
    if !(from.is_finite() && until.is_finite() && from < until) {
        return None;
    }
    let is_log = log_words(&words[length..]);
    length += is_log;
    let is_whole = low
        .bytes()
        .chain(high.bytes())
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let kind = match (is_log > 0, is_whole) {
        (true, _) => "log_uniform",
        (false, true) => "integer",
        (false, false) => "uniform",
    };
    Some((format!("{kind}({low}, {high})"), length))
}

/// How many words say that a range is even by its logarithm.
fn log_words(words: &[Word]) -> usize {
    let said: Vec<_> = words
        .iter()
        .take(4)
        .map(|word| word.folded.as_str())
        .collect();
    let is_log = |word: &str| {
        [
            "log",
            "logarithmic",
            "logarithmically",
            "log-uniform",
            "log-scale",
        ]
        .contains(&word)
    };
    match said.as_slice() {
        [word, "scale", ..] if is_log(word) => 2,
        [word, ..] if is_log(word) => 1,
        ["on", "a", word, "scale"] if is_log(word) => 4,
        ["on" | "in", word, "scale", ..] if is_log(word) => 3,
        _ => 0,
    }
}

/// `0.1, 0.2 or 0.5`: two values at least, with a comma, "or" or "and" between; words only where `may_be_words`.
fn one_of(words: &[Word], may_be_words: bool) -> Option<(String, usize)> {
    let is_one = |word: &Word| {
        word.number().is_some() || (may_be_words && (word.is_quoted || is_value(word)))
    };
    let first = words.first().filter(|word| is_one(word))?;
    let mut values = vec![written(first)];
    let mut length = 1;
    while values.len() < VALUES_MAX {
        let joint = words.get(length).map_or("", |word| word.folded.as_str());
        let at = length + usize::from(["or", "and"].contains(&joint));
        let Some(word) = words.get(at) else { break };
        let is_joined = word.after_comma || at > length;
        // "…, 64, 100 tasks" and "…, linear, lr 0.1": the last is the beginning of something else.
        let next = words.get(at + 1);
        let begins = word.number().is_none()
            && next.is_some_and(|next| {
                !next.after_comma
                    && (next.number().is_some() || TO_VALUES.contains(&next.folded.as_str()))
            });
        // "0.01, verified": one is a value, the other is none.
        let is_other = joint != "or" && word.number().is_some() != first.number().is_some();
        let is_and_word = joint == "and" && word.number().is_none();
        let is_stray = !is_one(word) || is_other || is_and_word || is_counted(&words[at..]);
        if !is_joined || begins || is_stray {
            break;
        }
        values.push(written(word));
        length = at + 1;
    }
    (values.len() > 1).then(|| (format!("choice({})", values.join(", ")), length))
}

/// A value as expressions have it.
fn written(word: &Word) -> String {
    if word.number().is_some() || (!word.is_quoted && is_value(word)) {
        return word.text.clone();
    }
    serde_json::Value::from(word.text.as_str()).to_string()
}

fn is_value(word: &Word) -> bool {
    let said = word.folded.as_str();
    !JOINTS.contains(&said)
        && !FILLERS.contains(&said)
        && word
            .text
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

/// Whether a word can be the name of a parameter.
fn is_parameter(word: &Word) -> bool {
    let begins = word
        .folded
        .starts_with(|c: char| c.is_alphabetic() || c == '_');
    begins
        && word
            .text
            .chars()
            .all(|c| c.is_alphanumeric() || "_.".contains(c))
        && !JOINTS.contains(&word.folded.as_str())
        && !RESERVED.contains(&word.folded.as_str())
}

/// Whether a word says nothing else: it may be the name of a parameter that nobody used yet.
pub(super) fn is_strange(word: &Word) -> bool {
    let said = word.folded.as_str();
    count(said).is_none() && !FILLERS.contains(&said) && phrase(&[said]).is_none()
}
