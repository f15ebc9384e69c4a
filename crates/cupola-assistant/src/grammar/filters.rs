//! Filters inside of questions: `where lr < 0.1`, "have lr above 0.001", and what of a run a bare name is.

use std::ops::Range;

use cupola_search::filter::{Attribute, quoted};

use crate::{
    names::{How, Kind, Names},
    period,
    question::{Question, Word},
    words::{Sense, phrase},
};

/// A filter in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// As it was written, with signs for words that compare.
    pub text: String,
    /// The word that leads to it, and those that it has.
    pub words: Range<usize>,
}

/// Words that lead to a filter.
const LEADS: &[&str] = &["where", "with", "have", "has", "had", "having", "whose"];

/// More of them, before the value of a parameter.
const HAD: &[&str] = &["used", "using", "uses"];

/// Words that compare, the longest first, and their signs.
const RELATIONS: &[(&[&str], &str)] = &[
    (&["is", "greater", "than"], ">"),
    (&["is", "larger", "than"], ">"),
    (&["is", "less", "than"], "<"),
    (&["is", "smaller", "than"], "<"),
    (&["greater", "than"], ">"),
    (&["larger", "than"], ">"),
    (&["bigger", "than"], ">"),
    (&["higher", "than"], ">"),
    (&["more", "than"], ">"),
    (&["less", "than"], "<"),
    (&["smaller", "than"], "<"),
    (&["lower", "than"], "<"),
    (&["is", "above"], ">"),
    (&["is", "over"], ">"),
    (&["is", "below"], "<"),
    (&["is", "under"], "<"),
    (&["at", "least"], ">="),
    (&["at", "most"], "<="),
    (&["equal", "to"], "="),
    (&["above"], ">"),
    (&["over"], ">"),
    (&["below"], "<"),
    (&["under"], "<"),
    (&["equals"], "="),
    (&["is"], "="),
    (&["of"], "="),
];

/// Words that compare what a run took or cost, and what that is.
const PHRASES: &[(&[&str], &str)] = &[
    (&["longer", "than"], "duration >"),
    (&["shorter", "than"], "duration <"),
    (&["took", "more", "than"], "duration >"),
    (&["took", "longer", "than"], "duration >"),
    (&["took", "less", "than"], "duration <"),
    (&["cost", "more", "than"], "cost >"),
    (&["cost", "less", "than"], "cost <"),
    (&["costing", "more", "than"], "cost >"),
    (&["costing", "less", "than"], "cost <"),
];

/// Signs that compare.
const SIGNS: &[char] = &['=', '<', '>', '~'];

/// Words behind a filter that lead to what is searched.
const ENDS: &[&str] = &["of", "in", "on", "from"];

/// The filter of a question, if it has one.
pub(super) fn find(question: &Question, names: &impl Names) -> Option<Found> {
    if let Some(found) = of_phrase(question).or_else(|| of_values(question, names)) {
        return Some(found);
    }
    let words = &question.words;
    // "Has alpha …" asks whether.
    let leads = |at: usize, word: &Word| {
        let said = word.folded.as_str();
        LEADS.contains(&said) && !word.is_quoted && (at > 0 || !said.starts_with("ha"))
    };
    let first = words
        .iter()
        .enumerate()
        .position(|(at, word)| leads(at, word))?;
    let compares = comparison(question, first + 1);
    // "Have failed with lr > 0.1": the word that stands nearest before what is compared.
    let begins = (first..compares.unwrap_or(first + 1))
        .rev()
        .find(|at| leads(*at, &words[*at]))?;
    // "Has alpha cost over 2 weeks" compares nothing.
    let is_has = words[begins].folded.starts_with("ha") && !words[begins].folded.ends_with("ing");
    let is_field = |at: usize| !["a", "an", "the"].contains(&words[at].folded.as_str());
    if let Some(until) = compares
        && is_has
        && (begins + 1..until).filter(|at| is_field(*at)).count() > 1
    {
        return None;
    }
    let ends = end(question, begins);
    let until = words
        .get(ends)
        .map_or(question.text.len(), |word| word.start);
    let text = with_signs(question, begins + 1..ends, until);
    let text = text.trim().trim_end_matches(['?', '.', '!', ',']).trim();
    let text = text.strip_suffix(" and").unwrap_or(text);
    let says = ["in (", "is missing", "is not missing", "like "];
    let is_filter =
        text.contains(SIGNS) || says.iter().any(|said| text.contains(&format!(" {said}")));
    is_filter.then(|| Found {
        text: text.to_owned(),
        words: begins..ends,
    })
}

/// The word before which, or behind whose end, something is compared first.
fn comparison(question: &Question, from: usize) -> Option<usize> {
    let words = &question.words;
    (from..words.len()).find(|at| {
        let before = at.checked_sub(1).map_or(0, |before| words[before].end);
        question.text[before..words[*at].start].contains(SIGNS)
            || relation(&words[*at..]).is_some()
            || between(&words[*at..]).is_some()
    })
}

/// "Longer than 5 minutes", "cost more than 0.1".
fn of_phrase(question: &Question) -> Option<Found> {
    let words = &question.words;
    let says = |at: usize, said: &[&str]| {
        let here = words[at..].iter().take(said.len());
        here.map(|word| word.folded.as_str())
            .eq(said.iter().copied())
    };
    (0..words.len()).find_map(|at| {
        let (said, field) = PHRASES.iter().find(|(said, _)| says(at, said))?;
        let behind = words.get(at + said.len()..)?;
        let (value, length) = if field.starts_with("duration") {
            period::duration(behind)?
        } else {
            (behind.first()?.number()?, 1)
        };
        let ends = at + said.len() + length;
        // "… and …" may be another condition, which would be lost.
        let joint = words.get(ends).map_or("", |word| word.folded.as_str());
        (!["and", "or"].contains(&joint)).then(|| Found {
            text: format!("{field} {value}"),
            words: at..ends,
        })
    })
}

/// "Had depth 2", "with lr 0.1 and depth 4": what a parameter or a metric is, without a sign.
fn of_values(question: &Question, names: &impl Names) -> Option<Found> {
    let words = &question.words;
    let leads = |at: &usize| {
        let word = &words[*at];
        let said = word.folded.as_str();
        let is_lead = LEADS.contains(&said) || HAD.contains(&said);
        is_lead && !word.is_quoted && (*at > 0 || said == "with")
    };
    let is_name = |word: &Word| {
        let kinds = &[Kind::Parameter, Kind::Metric];
        word.folded == "seed" || !names.find(How::Folded, &word.text, kinds).is_empty()
    };
    let value_at = |at: usize| {
        let (name, value) = (words.get(at)?, words.get(at + 1)?);
        let between = &question.text[name.end..value.start];
        let is_bare = between.trim_matches(['"', '`', ' ', '\'']).is_empty();
        let is_value = is_bare && value.number().is_some() && is_name(name);
        is_value.then(|| any_of(&quoted_if_needed(&name.text), &words[at + 1..]))
    };
    let places = (0..words.len()).filter(leads).take(LOOKED_UP_MAX);
    places.into_iter().find_map(|lead| {
        let (mut at, mut all) = (lead + 1, Vec::new());
        while let Some((one, length)) = value_at(at) {
            all.push(one);
            at += 1 + length;
            let goes_on = words.get(at).is_some_and(|word| word.folded == "and");
            at += usize::from(goes_on && value_at(at + 1).is_some());
        }
        (!all.is_empty()).then(|| Found {
            text: all.join(" and "),
            words: lead..at,
        })
    })
}

/// "2", "2 or 4", "2, 4 and 6", "2 to 4": a condition on a name, and how many words say its values.
fn any_of(name: &str, words: &[Word]) -> (String, usize) {
    let said = |at: usize| words.get(at).map_or("", |word| word.folded.as_str());
    let number = |at: usize| words.get(at).filter(|word| word.number().is_some());
    let (first, is_range) = (
        &words[0].text,
        ["to", "until", "through"].contains(&said(1)),
    );
    if let (Some(last), true) = (number(2), is_range) {
        let is_falling = words[0].number() > last.number();
        let (low, high) = if is_falling {
            (&last.text, first)
        } else {
            (first, &last.text)
        };
        return (format!("{name} >= {low} and {name} <= {high}"), 3);
    }
    // "…, 2 days ago", "…, 5 runs": a number of something else.
    let counts = |at: usize| {
        let of = words.get(at + 1).map(|word| word.folded.as_str());
        let senses = of
            .and_then(|of| phrase(&[of]))
            .map_or(&[][..], |(_, senses)| senses);
        period::duration(&words[at..]).is_some()
            || senses.iter().any(|sense| matches!(sense, Sense::Kind(_)))
    };
    let (mut values, mut at) = (vec![first.as_str()], 1);
    loop {
        let next = at + usize::from(["or", "and"].contains(&said(at)));
        let value = number(next).filter(|word| next > at || word.after_comma);
        match value.filter(|_| !counts(next)) {
            Some(value) => values.push(&value.text),
            None => break,
        }
        at = next + 1;
    }
    match values.as_slice() {
        [one] => (format!("{name} = {one}"), at),
        several => (format!("{name} in ({})", several.join(", ")), at),
    }
}

/// A name as filters write it.
fn quoted_if_needed(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_plain {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// The word at which it ends: one that leads to what is searched, behind the last comparison.
fn end(question: &Question, begins: usize) -> usize {
    let words = &question.words;
    let last = (begins..words.len())
        .rev()
        .find(|at| relation(&words[*at..]).is_some() || between(&words[*at..]).is_some());
    let sign = question.text.rfind(SIGNS);
    let compares = |from: usize| {
        last.is_some_and(|last| last >= from)
            || sign.is_some_and(|sign| words.get(from).is_some_and(|word| word.start <= sign))
    };
    let is_end = |at: &usize| {
        let word = &words[*at];
        let is_list = question.text[word.end..].trim_start().starts_with('(');
        !word.is_quoted && ENDS.contains(&word.folded.as_str()) && !is_list && !compares(*at)
    };
    (begins + 2..words.len())
        .find(is_end)
        .unwrap_or(words.len())
}

/// What stands between words and before a place, with signs for the words that compare.
fn with_signs(question: &Question, within: Range<usize>, until: usize) -> String {
    let words = &question.words;
    let Some(first) = words.get(within.start).filter(|_| !within.is_empty()) else {
        return String::new();
    };
    // A sign may stand before the first word, as a mark of a name does.
    let mut from = within
        .start
        .checked_sub(1)
        .map_or(first.start, |before| words[before].end);
    let (mut text, mut at) = (String::new(), within.start);
    while at < within.end {
        if let Some((low, high)) = between(&words[at..within.end])
            && at > within.start
        {
            let name = &words[at - 1].text;
            text.push_str(&question.text[from..words[at].start]);
            let both = format!(">= {low} and {name} <= {high}");
            text.push_str(&both);
            from = words[at + 3].end;
            at += 4;
            continue;
        }
        match relation(&words[at..within.end]) {
            Some((sign, length)) if at > within.start => {
                text.push_str(&question.text[from..words[at].start]);
                text.push_str(sign);
                from = words[at + length - 1].end;
                at += length;
            }
            _ => at += 1,
        }
    }
    text.push_str(&question.text[from..until]);
    text
}

/// `between 1 and 2`.
fn between(words: &[Word]) -> Option<(f64, f64)> {
    let [first, low, and, high, ..] = words else {
        return None;
    };
    let is_between = first.folded == "between" && and.folded == "and";
    low.number().zip(high.number()).filter(|_| is_between)
}

fn relation(words: &[Word]) -> Option<(&'static str, usize)> {
    let found = RELATIONS.iter().find(|(said, _)| {
        words.len() > said.len()
            && said
                .iter()
                .zip(words)
                .all(|(said, word)| word.folded == *said && !word.is_quoted)
            && words[said.len()].number().is_some()
    });
    found.map(|(said, sign)| (*sign, said.len()))
}

/// So many names of a filter are looked up.
const LOOKED_UP_MAX: usize = 50;

/// The filter with every bare name as what it is of a run: a parameter or a metric.
pub(super) fn typed(filter: &str, names: &impl Names) -> String {
    let mut typed = String::with_capacity(filter.len() + 16);
    let mut rest = filter;
    let mut looked_up = 0;
    while let Some(c) = rest.chars().next() {
        if matches!(c, '"' | '`' | '\'') {
            let length = rest[1..].find(c).map_or(rest.len(), |end| end + 2);
            typed.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '/');
        if !(c.is_alphabetic() || c == '_') {
            let length =
                rest.find(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '`' | '\''));
            // `1e-4` is no name.
            let length = if c.is_ascii_digit() {
                rest.find(|c: char| !is_inside(c)).or(Some(rest.len()))
            } else {
                length
            };
            let length = length.unwrap_or(rest.len());
            typed.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let length = rest.find(|c: char| !is_inside(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(length);
        looked_up += 1;
        if looked_up <= LOOKED_UP_MAX {
            typed.push_str(&field(word, behind, names));
        } else {
            typed.push_str(word);
        }
        rest = behind;
    }
    typed
}

/// A word of a filter: as a field where a comparison follows.
fn field(word: &str, behind: &str, names: &impl Names) -> String {
    let behind = behind.trim_start();
    let compares = behind.starts_with(SIGNS)
        || behind.starts_with("!=")
        || behind.starts_with("!~")
        || ["in (", "is ", "like ", "ilike ", "not in", "not like"]
            .iter()
            .any(|said| behind.starts_with(said));
    let is_typed = ["params.", "metrics.", "tags."]
        .iter()
        .any(|kind| word.starts_with(kind));
    if !compares || is_typed || word.parse::<Attribute>().is_ok() {
        return word.to_owned();
    }
    for (kind, prefix) in [(Kind::Parameter, "params"), (Kind::Metric, "metrics")] {
        let mut found = names.find(How::Exact, word, &[kind]);
        if found.is_empty() {
            found = names.find(How::Folded, word, &[kind]);
        }
        if let Some(thing) = found.first() {
            return format!("{prefix}.{}", quoted_if_needed(&thing.name));
        }
    }
    word.to_owned()
}
