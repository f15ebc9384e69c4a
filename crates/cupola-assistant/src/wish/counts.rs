//! What a brief counts: its tasks, and the credits that it may cost.

use std::ops::Range;

use cupola_domain::brief::TASKS_MAX;

use super::{Missing, read::Reader};
use crate::{period, words::count};

/// What tasks are called where they are counted.
pub(super) const TASKS: &[&str] = &[
    "tasks",
    "task",
    "runs",
    "trials",
    "configurations",
    "configs",
    "experiments",
    "samples",
];

/// What budgets of money are counted in: a brief has one of credits.
const MONEY: &[&str] = &[
    "eur", "euro", "euros", "usd", "dollar", "dollars", "gbp", "pounds", "chf", "francs",
];

impl Reader<'_> {
    /// A number that may be written `1,000`, and how many words it has.
    fn number(&self, at: usize) -> Option<(String, usize)> {
        if let Some(found) = self.dozens(at) {
            return Some(found);
        }
        let mut digits = self.words().get(at)?.folded.clone();
        let mut length = 1;
        let is_group = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        while digits.len() <= 3 * length && is_group(&digits) {
            let (last, next) = (
                &self.words()[at + length - 1],
                self.words().get(at + length),
            );
            let Some(next) = next.filter(|next| next.folded.len() == 3 && is_group(&next.folded))
            else {
                break;
            };
            if &self.question.text[last.end..next.start] != "," {
                break;
            }
            digits.push_str(&next.folded);
            length += 1;
        }
        Some((digits, length))
    }

    /// `a dozen`, `half a dozen`, `two dozen`, and `twenty-five`.
    fn dozens(&self, at: usize) -> Option<(String, usize)> {
        let (said, next) = (self.said(at), self.said(at + 1));
        let (number, length) = match (said, next) {
            ("half", "a") if self.said(at + 2) == "dozen" => (6, 3),
            ("a", "dozen") => (12, 2),
            (_, "dozen") => (count(said)?.checked_mul(12)?, 2),
            ("dozen", _) => (12, 1),
            _ => (in_letters(said)?, 1),
        };
        Some((number.to_string(), length))
    }

    /// `20 tasks`, `tasks: 20`.
    pub(super) fn tasks(&mut self, at: usize) -> Option<usize> {
        if ["tasks", "num_tasks"].contains(&self.said(at)) {
            let from = self.past(at + 1, &["to", "is", "of"]);
            let (number, length) = self.number(from)?;
            let is_other = period::duration(&self.words()[from..]).is_some()
                || TASKS.contains(&self.said(from + length));
            if is_other {
                return None;
            }
            return self.take_tasks(&number, at..from + length);
        }
        let (number, length) = self.number(at)?;
        let noun = self.past(at + length, &["different"]);
        if !TASKS.contains(&self.said(noun)) || self.follows_comma(noun) {
            return None;
        }
        self.take_tasks(&number, at..noun + 1)
    }

    /// A number of tasks that there can be; another one is told, and never taken for none.
    fn take_tasks(&mut self, number: &str, within: Range<usize>) -> Option<usize> {
        let length = within.len();
        let known = count(number).filter(|tasks| (1..=TASKS_MAX).contains(tasks));
        if known.is_some() {
            self.wish.num_tasks = known;
            return Some(length);
        }
        let is_number = number.starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c))
            && number.parse::<f64>().is_ok();
        (is_number || count(number).is_some()).then(|| self.beyond(Missing::Tasks, within))
    }

    /// `50 credits`, `budget 50`.
    pub(super) fn credits(&mut self, at: usize) -> Option<usize> {
        let is_amount = |number: &str| {
            number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
                && number.parse::<f64>().is_ok_and(f64::is_finite)
        };
        if self.said(at) == "budget" {
            let from = self.past(at + 1, &["to", "is", "of", "at", "most"]);
            let (number, length) = self.number(from)?;
            let next = from + length;
            let is_counted = ["credits", "credit"].contains(&self.said(next));
            let is_other = period::duration(&self.words()[from..]).is_some()
                || (TASKS.contains(&self.said(next)) && !self.follows_comma(next))
                || MONEY.contains(&self.said(next));
            if is_counted || is_other || !is_amount(&number) {
                return None;
            }
            self.wish.credits = Some(number);
            return Some(next - at);
        }
        let (number, length) = self.number(at)?;
        let is_counted = ["credits", "credit"].contains(&self.said(at + length))
            && !self.follows_comma(at + length);
        if !(is_amount(&number) && is_counted) {
            return None;
        }
        let ends = at + length + 1;
        let next = self.past(ends, &["for"]);
        if ["each", "per", "apiece", "every"].contains(&self.said(next)) {
            return Some(self.beyond(Missing::CreditsEach, at..next + 1));
        }
        self.wish.credits = Some(number);
        Some(ends - at)
    }
}

/// The number from 13 to 99 that a word spells.
fn in_letters(word: &str) -> Option<u32> {
    const TEENS: [&str; 7] = [
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = [
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
    ];
    let place = |table: &[&str], word: &str| {
        let at = table.iter().position(|known| *known == word)?;
        u32::try_from(at).ok()
    };
    if let Some(at) = place(&TEENS, word) {
        return Some(at + 13);
    }
    let (tens, ones) = word.split_once('-').unwrap_or((word, "zero"));
    let tens = (place(&TENS, tens)? + 2) * 10;
    let ones = count(ones).filter(|ones| *ones < 10)?;
    Some(tens + ones)
}
