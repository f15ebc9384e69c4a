//! What is only bounded or compared where a brief has one number or a range: "around 10 tasks", "lr < 0.5".

use super::{
    Missing, Time,
    read::{Reader, gap},
    space::{CHANGES, SETS, Searched, Sure, is_counted, is_parameter},
};
use crate::{period, question::Word, words::count};

/// What stands before a number and leaves open which one is meant.
const BOUNDS: &[&str] = &[
    "at most",
    "at least",
    "up to",
    "fewer than",
    "less than",
    "more than",
    "no more than",
    "not more than",
    "no less than",
    "not less than",
    "no fewer than",
    "around",
    "about",
    "roughly",
    "approximately",
    "nearly",
    "almost",
    "max",
    "maximum",
    "min",
    "minimum",
    "under",
    "max of",
    "maximum of",
    "minimum of",
];

/// The same, said behind it.
const BOUNDS_BEHIND: &[&str] = &[
    "at most", "at least", "or more", "or less", "or fewer", "or so", "too many", "too few", "max",
    "maximum", "min", "minimum",
];

/// Words between a parameter and a number that compare.
const COMPARES: &[&str] = &[
    "above",
    "below",
    "under",
    "less",
    "more",
    "fewer",
    "greater",
    "larger",
    "smaller",
    "bigger",
    "higher",
    "lower",
    "around",
    "about",
    "roughly",
    "approximately",
    "near",
    "over",
    "between",
    "from",
    "max",
    "maximum",
    "min",
    "minimum",
    "not",
    "up",
    "until",
    "by",
];

/// Words behind a value that make it an amount or an end of a range.
const MORE: &[&str] = &[
    "so", "more", "less", "fewer", "higher", "lower", "larger", "smaller", "bigger", "greater",
    "max", "maximum", "min", "minimum", "upwards", "times",
];

/// Signs that belong to no value.
const SIGNS: &[char] = &[
    '<', '>', '≤', '≥', '≠', '!', '~', '≈', '^', '*', '×', '±', '|',
];

impl<'a> Reader<'a> {
    /// How many words of a table's longest phrase stand here.
    fn phrase_at(&self, at: usize, phrases: &[&str]) -> Option<usize> {
        let stands = |phrase: &&&str| {
            let mut said = phrase.split(' ').enumerate();
            said.all(|(place, word)| {
                self.said(at + place) == word && (place == 0 || !self.follows_comma(at + place))
            })
        };
        let lengths = phrases
            .iter()
            .filter(stands)
            .map(|phrase| phrase.split(' ').count());
        lengths.max()
    }

    /// How many words say a number of tasks, or how long each takes.
    fn one_number(&self, at: usize) -> Option<usize> {
        let is_first = count(self.said(at)).is_some()
            || self.said(at).starts_with(|c: char| c.is_ascii_digit())
            || ["a", "an", "half"].contains(&self.said(at));
        let mut probe = self.clone();
        probe.is_probe = true;
        probe.wish.time = None;
        let length = is_first.then(|| probe.tasks(at).or_else(|| probe.time(at)))??;
        let is_whole = matches!(probe.wish.time, Some(Time::InAll(_)));
        let is_other = probe.wish.beyond.len() > self.wish.beyond.len();
        (!is_whole && !is_other).then_some(length)
    }

    /// "Around 10 tasks", "10 tasks at most": which number of them, it does not say.
    pub(super) fn bounded(&mut self, at: usize) -> Option<usize> {
        if let Some(lead) = self.phrase_at(at, BOUNDS)
            && !self.follows_comma(at + lead)
            && let Some(length) = self.one_number(at + lead)
        {
            return Some(self.beyond(Missing::Bound, at..at + lead + length));
        }
        let length = self.one_number(at)?;
        let behind = self.past(at + length, &["each"]);
        let bound = self.phrase_at(behind, BOUNDS_BEHIND)?;
        let ends = behind + bound;
        let goes_on = count(self.said(ends)).is_some()
            || self
                .words()
                .get(ends)
                .is_some_and(|word| word.number().is_some())
            || self.said(ends) == "than";
        let is_free = !self.follows_comma(behind) && (!goes_on || self.follows_comma(ends));
        is_free.then(|| self.beyond(Missing::Bound, at..ends))
    }

    fn gap(&self, at: usize) -> &'a str {
        gap(self.question, at)
    }

    fn has_number(&self, at: usize) -> bool {
        let word = self.words().get(at);
        word.is_some_and(|word| word.number().is_some())
    }

    /// `0,01`: two numbers as they stand, and more likely one.
    fn is_decimal_comma(&self, at: usize) -> bool {
        let (one, next) = (self.words().get(at), self.words().get(at + 1));
        one.zip(next).is_some_and(|(one, next)| {
            one.text == "0"
                && &self.question.text[one.end..next.start] == ","
                && next.text.bytes().all(|byte| byte.is_ascii_digit())
        })
    }

    /// Where what is said of a parameter ends: something else begins there.
    fn ends_clause(&self, from: usize) -> usize {
        let words = self.words();
        let is_end = |at: &usize| {
            let leads = [
                "with", "using", "use", "on", "for", "in", "please", "instead",
            ];
            let next = words.get(at + 1).map(|next| (self.known.parameter)(next));
            words[*at].after_comma
                || leads.contains(&self.said(*at))
                || is_counted(&words[*at..])
                || (self.said(*at) == "and" && next.flatten().is_some())
        };
        let mut places = from + 1..words.len();
        places.find(is_end).unwrap_or(words.len())
    }

    /// `lr >= 0.01 and <= 0.5`, `0.01 < lr < 0.5`: a range that its two ends say. Whole numbers that are
    /// themselves left out would be another range.
    pub(super) fn range_of_ends(&self, at: usize) -> Option<Searched> {
        let (low, high, name, ends, signs) = if self.has_number(at) {
            let signs = [self.gap(at), self.gap(at + 1)];
            (at, at + 2, at + 1, at + 3, signs)
        } else {
            let second = self.past(at + 2, &["and"]);
            let signs = [self.gap(at), self.gap(second - 1)];
            (at + 1, second, at, second + 1, signs)
        };
        let name = self.words().get(name).filter(|word| is_parameter(word))?;
        if !(self.has_number(low) && self.has_number(high)) {
            return None;
        }
        let signs = signs.map(|sign| sign.trim_start_matches([',', ' ']));
        let is = |sign: &str, known: [&str; 3]| known.contains(&sign);
        let (above, below) = ([">", ">=", "≥"], ["<", "<=", "≤"]);
        let is_led = low == at;
        let is_rising = if is_led {
            is(signs[0], below) && is(signs[1], below)
        } else {
            is(signs[0], above) && is(signs[1], below)
        };
        let is_falling = if is_led {
            is(signs[0], above) && is(signs[1], above)
        } else {
            is(signs[0], below) && is(signs[1], above)
        };
        let (low, high) = if is_falling { (high, low) } else { (low, high) };
        let (low, high) = (&self.words()[low], &self.words()[high]);
        let is_less = low.number()? < high.number()?;
        let is_whole = [low, high].map(|word| word.text.parse::<i64>().is_ok()) == [true; 2];
        let is_strict = signs.iter().any(|sign| [">", "<"].contains(sign));
        if !(is_rising || is_falling) || !is_less || (is_whole && is_strict) {
            return None;
        }
        let kind = if is_whole { "integer" } else { "uniform" };
        Some(Searched {
            name: name.text.clone(),
            expression: format!("{kind}({}, {})", low.text, high.text),
            length: ends - at,
            is_turned: false,
        })
    }

    /// What compares, also behind "set".
    pub(super) fn compared_value(
        &mut self,
        at: usize,
        sure: &dyn Fn(&Word) -> Sure,
    ) -> Option<usize> {
        let name = if SETS.contains(&self.said(at)) || CHANGES.contains(&self.said(at)) {
            self.past(at + 1, &["the"])
        } else {
            at
        };
        let sure = sure(self.words().get(name)?);
        Some(name - at + self.without_value(name, sure)?)
    }

    /// `lr < 0.5`, `max lr 0.5`, `lr above 0.1`, `lr 0.1 higher`: no value, and no range.
    fn without_value(&mut self, at: usize, sure: Sure) -> Option<usize> {
        let is_edge = ["max", "min", "maximum", "minimum"].contains(&self.said(at));
        if is_edge {
            let name = self.words().get(at + 1)?;
            (self.known.parameter)(name)?;
            let ends = self.ends_clause(at + 1);
            return self
                .has_number(at + 2)
                .then(|| self.beyond(Missing::Value, at..ends));
        }
        if self.has_number(at) {
            let is_known = (self.known.parameter)(self.words().get(at + 1)?).is_some();
            let is_compared = is_known && self.gap(at).contains(['<', '>', '≤', '≥']);
            let ends = self.ends_clause(at + 1);
            return is_compared.then(|| self.beyond(Missing::Value, at..ends));
        }
        if sure == Sure::No || !is_parameter(&self.words()[at]) {
            return None;
        }
        if self.is_decimal_comma(at + 1) && !self.has_number(at + 3) {
            return Some(self.beyond(Missing::Value, at..at + 3));
        }
        let ends = self.ends_clause(at);
        let is_joined = !self.follows_comma(at + 1);
        let has_sign = |place: usize| {
            let gap = self.gap(place);
            gap.contains(SIGNS) && !gap.contains("->") && !gap.contains("=>")
        };
        let has_sign =
            has_sign(at) || (self.has_number(at + 1) && (at + 1..ends - 1).any(has_sign));
        let first = self.said(at + 1);
        let number = (at + 2..(at + 5).min(ends)).find(|place| self.has_number(*place));
        let is_bound = first == "at" && ["most", "least", "about"].contains(&self.said(at + 2));
        // "From 0.1 to 0.2" and "over 0.1, 0.2" are values.
        let may_lead = ["over", "from", "between"].contains(&first);
        let has_more = number.is_some_and(|place| {
            ["to", "until", "through", "up", "or", "and"].contains(&self.said(place + 1))
                || self.follows_comma(place + 1) && self.has_number(place + 1)
                || !self.gap(place).is_empty()
        });
        let is_compared =
            number.is_some() && (is_bound || COMPARES.contains(&first)) && !(may_lead && has_more);
        let is_amount = self.has_number(at + 1) && {
            let behind = self.past(at + 2, &["or", "and"]);
            let is_bound =
                self.said(behind) == "at" && ["most", "least"].contains(&self.said(behind + 1));
            !self.follows_comma(at + 2)
                && behind < ends
                && (MORE.contains(&self.said(behind)) || is_bound)
        };
        (is_joined
            && (has_sign || is_compared || is_amount)
            && !is_counted(&self.words()[at + 1..]))
        .then(|| self.beyond(Missing::Value, at..ends))
    }

    /// `lr 10%`, `lr 1e-3/1e-2`, `lr high`: what is said of a parameter of a draft that there is and is no value.
    pub(super) fn strange_value(&mut self, at: usize) -> Option<usize> {
        let degrees = [
            "high", "low", "higher", "lower", "bigger", "smaller", "larger", "large", "small",
        ];
        let value = self.words().get(at + 1).filter(|word| !word.after_comma)?;
        let is_value = value
            .folded
            .starts_with(|c: char| c.is_ascii_digit() || "-.+".contains(c))
            || degrees.contains(&value.folded.as_str());
        let is_told = self.is_change() && !self.is_in_goal(at) && !self.is_probe;
        let is_counted = is_counted(&self.words()[at + 1..]);
        let is_machine =
            ["machine", "machines", "workers", "priority"].contains(&self.said(at + 2));
        let ends = self.ends_clause(at);
        (is_told && is_value && !is_counted && !is_machine)
            .then(|| self.beyond(Missing::Value, at..ends))
    }

    /// `search lr`, "vary lr again": as its template does.
    pub(super) fn restored(&mut self, at: usize) -> Option<usize> {
        let is_led = ["search", "vary", "tune"].contains(&self.said(at));
        if !is_led || !self.is_change() || self.is_in_goal(at) || self.is_probe {
            return None;
        }
        let from = self.past(at + 1, &["over", "the", "again"]);
        let name = (self.known.parameter)(self.words().get(from)?)?;
        let ends = self.past(from + 1, &["again", "too", "as", "well", "please"]);
        let is_last = ends >= self.words().len() || self.follows_comma(ends);
        is_last.then(|| {
            self.wish.restored.push(name);
            ends - at
        })
    }

    /// `take away 5 tasks`, `cut 5 tasks`, `increase by 5 tasks`, `priority 2 higher`, `20 credits more`.
    pub(super) fn taken_away(&mut self, at: usize) -> Option<usize> {
        let lead = match (self.said(at), self.said(at + 1)) {
            ("take", "away" | "off" | "out") => Some((2, -1.0)),
            ("subtract" | "deduct", _) => Some((1, -1.0)),
            ("cut" | "reduce" | "decrease" | "lower" | "shorten", "by") => Some((2, -1.0)),
            ("cut" | "reduce" | "decrease", _) => Some((1, -1.0)),
            ("increase" | "raise" | "extend", "by") => Some((2, 1.0)),
            _ => None,
        };
        let (length, sign) = lead.filter(|_| self.may_change(at))?;
        if count(self.said(at + length)).is_none()
            && period::duration(self.words().get(at + length..)?).is_none()
        {
            return None;
        }
        Some(length + self.counted(at + length, sign, at)?)
    }
}
