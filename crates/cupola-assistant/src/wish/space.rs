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
pub(super) const SETS: &[&str] = &["set", "fix", "keep", "hold"];

/// Words that do so where a parameter is named, and belong to goals elsewhere.
pub(super) const CHANGES: &[&str] = &[
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

/// Words that say how much of a parameter, and are no value of it.
const RESERVED_VALUES: &[&str] = &[
    "high", "low", "higher", "lower", "bigger", "smaller", "larger", "large", "small", "again",
    "too", "up", "down", "twice", "thrice", "doubled", "halved", "matters", "matter",
];

/// What is searched of a parameter.
pub(super) struct Searched {
    pub name: String,
    pub expression: String,
    /// How many words say it.
    pub length: usize,
    /// Whether the greater end of its range was said first.
    pub is_turned: bool,
}

/// What a parameter's values are, and how many words say that.
struct Values {
    expression: String,
    length: usize,
    is_turned: bool,
}

/// What stands behind the word in some place.
type Behind<'a> = &'a dyn Fn(usize) -> bool;

impl Values {
    fn plain(expression: String, length: usize) -> Self {
        Self {
            expression,
            length,
            is_turned: false,
        }
    }

    fn of(self, name: &Word, before: usize) -> Searched {
        Searched {
            name: name.text.clone(),
            expression: self.expression,
            length: before + self.length,
            is_turned: self.is_turned,
        }
    }
}

/// A parameter and its expression. `has_sign` says whether a `=` stands behind the word in some place, `has_dash`
/// whether a dash does; `may_be_word`, whether a word alone may be the value of the first.
pub(super) fn searched(
    words: &[Word],
    sure: impl Fn(&Word) -> Sure,
    (has_sign, has_dash): (Behind<'_>, Behind<'_>),
    may_be_word: bool,
) -> Option<Searched> {
    let first = words.first()?.folded.as_str();
    if SETS.contains(&first) || CHANGES.contains(&first) {
        return set(words, sure, has_dash);
    }
    let name = words.first().filter(|word| is_parameter(word))?;
    let sure = if has_sign(0) { Sure::Known } else { sure(name) };
    let joint = words.get(1)?.folded.as_str();
    let is_joint = !has_sign(0) && TO_VALUES.contains(&joint);
    let from = if is_joint { 2 } else { 1 };
    let rest = words.get(from..)?;
    // In a goal "resnet 18-50" is a name.
    let is_dashed = |place: usize| sure != Sure::No && has_dash(from + place);
    let found = between(rest, joint == "between", &is_dashed)
        .filter(|_| sure != Sure::No || dashed(&rest[0].folded).is_none())
        .or_else(|| {
            one_of(rest, is_joint || sure == Sure::Known).filter(|_| is_joint || sure != Sure::No)
        })
        .or_else(|| one(rest, sure, has_sign(0)))
        .or_else(|| word_alone(rest).filter(|_| may_be_word && !is_joint))?;
    Some(found.of(name, from))
}

/// `set n_layers to 4`, `fix lr at 0.01`.
fn set(words: &[Word], sure: impl Fn(&Word) -> Sure, has_dash: Behind<'_>) -> Option<Searched> {
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
    let first = from + usize::from(is_range);
    let found = between(&words[first..], is(from, &["between"]), &|place| {
        has_dash(first + place)
    })
    .map(|found| (first, found))
    .or_else(|| one_of(rest, is_joint).map(|found| (from, found)))
    .or_else(|| one(rest, Sure::Known, is_joint).map(|found| (from, found)));
    let (from, found) = found?;
    Some(found.of(name, from))
}

/// One value: a number, or a word where there is no doubt that it is one.
fn one(words: &[Word], sure: Sure, is_text: bool) -> Option<Values> {
    let value = words.first()?;
    let is_plain = value.number().is_some()
        || (sure == Sure::Known && is_spelt(words))
        || ["true", "false"].contains(&value.folded.as_str());
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
    Some(Values::plain(format!("fixed({})", written(value)), 1))
}

/// A word that nothing stands behind: `lr_schedule linear`. Whether it is an option, the template says.
fn word_alone(words: &[Word]) -> Option<Values> {
    let value = words.first().filter(|word| !word.after_comma)?;
    let ends = words.get(1).is_none_or(|next| {
        next.after_comma || ["and", "with", "please", "instead"].contains(&next.folded.as_str())
    });
    let is_word = value.folded.starts_with(|c: char| c.is_alphabetic())
        && is_value(value)
        && is_strange(value)
        && !RESERVED_VALUES.contains(&value.folded.as_str());
    let is_text = value.is_quoted || is_word;
    (is_text && ends).then(|| Values::plain(format!("fixed({})", written(value)), 1))
}

/// A number in letters, which "one of" is not.
fn is_spelt(words: &[Word]) -> bool {
    let next = words.get(1).map_or("", |word| word.folded.as_str());
    let word = words.first().filter(|word| !word.is_quoted);
    word.is_some_and(|word| count(&word.folded).is_some()) && next != "of"
}

/// Whether a number counts something: `20 tasks`, `5 minutes`.
pub(super) fn is_counted(words: &[Word]) -> bool {
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
    let next = words.get(1).filter(|word| !word.after_comma);
    let next = next.map_or("", |word| word.folded.as_str());
    period::duration(words).is_some()
        || ((words[0].number().is_some() || is_spelt(words)) && COUNTED.contains(&next))
}

/// Two positive numbers that a hyphen joins: `0.01-0.1`, and `1e-4-1e-2`.
pub(super) fn dashed(text: &str) -> Option<(&str, &str)> {
    let is_positive = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && part
                .parse::<f64>()
                .is_ok_and(|number| number.is_finite() && number >= 0.0)
    };
    let mut cuts = text.match_indices('-');
    cuts.find_map(|(at, _)| {
        let (low, high) = (&text[..at], &text[at + 1..]);
        (is_positive(low) && is_positive(high)).then_some((low, high))
    })
}

/// `1e-4 to 1e-2`, `1e-4..1e-2`, `0.01-0.1`, evenly by its logarithm if that is said; the lesser end first,
/// however it was said. "And" stands for "to" behind "between" alone.
fn between(words: &[Word], is_between: bool, has_dash: Behind<'_>) -> Option<Values> {
    let first = words.first().filter(|word| !word.is_quoted)?;
    let dotted = first
        .folded
        .split_once("...")
        .or(first.folded.split_once('…'))
        .or(first.folded.split_once(".."));
    let joined = dotted.or(dashed(&first.folded));
    let (low, high, mut length) = if let Some((low, high)) = joined {
        let high = high.trim_start_matches('=');
        (low.to_owned(), high.to_owned(), 1)
    } else {
        let joint = words.get(1)?.folded.as_str();
        let is_up_to = joint == "up" && words.get(2).is_some_and(|word| word.folded == "to");
        let is_to = ["to", "until", "till", "through", "thru"].contains(&joint)
            || is_up_to
            || (is_between && joint == "and");
        let at = match () {
            () if has_dash(0) => 1,
            () if is_up_to => 3,
            () => 2,
        };
        let last = words.get(at).filter(|_| is_to || at == 1)?;
        (in_digits(first), in_digits(last), at + 1)
    };
    let (from, until) = (low.parse::<f64>().ok()?, high.parse::<f64>().ok()?);
    // "4 to 8 tasks" are no values of anything.
    if !(from.is_finite() && until.is_finite()) || is_counted(&words[length - 1..]) {
        return None;
    }
    let is_turned = from > until;
    let (low, high) = if is_turned { (high, low) } else { (low, high) };
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
    #[expect(clippy::float_cmp, reason = "the same text twice is the same number")]
    let expression = if from == until {
        format!("fixed({low})")
    } else {
        format!("{kind}({low}, {high})")
    };
    Some(Values {
        expression,
        length,
        is_turned,
    })
}

/// A number in digits, however it was written.
fn in_digits(word: &Word) -> String {
    let spelt = count(&word.folded).filter(|_| !word.is_quoted);
    spelt.map_or_else(|| word.folded.clone(), |number| number.to_string())
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
fn one_of(words: &[Word], may_be_words: bool) -> Option<Values> {
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
    (values.len() > 1).then(|| Values::plain(format!("choice({})", values.join(", ")), length))
}

/// A value as expressions have it.
fn written(word: &Word) -> String {
    if word.number().is_none() && !word.is_quoted && count(&word.folded).is_some() {
        return in_digits(word);
    }
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
pub(super) fn is_parameter(word: &Word) -> bool {
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
