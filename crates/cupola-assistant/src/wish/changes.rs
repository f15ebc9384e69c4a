//! What changes a draft by what it was: more or less of something.

use std::ops::Range;

use super::{By, Missing, Part, Scaled, counts::TASKS, read::Reader, space::dashed};
use crate::{period, question::Word, words::count};

/// Words between how much and of what.
const OF_WHAT: &[&str] = &[
    "the", "its", "my", "as", "many", "much", "number", "amount", "count", "of",
];

const RAISES: &[&str] = &["raise", "increase"];
const LOWERS: &[&str] = &["lower", "reduce", "decrease", "shorten", "cut"];
const MORE: &[&str] = &["more", "additional", "extra", "further", "longer"];
const LESS: &[&str] = &["fewer", "less", "shorter"];

impl Reader<'_> {
    /// Takes what changes a draft by what it was, and says how many words it has.
    pub(super) fn change(&mut self, at: usize) -> Option<usize> {
        if self.words()[at].is_quoted {
            return None;
        }
        self.several(at)
            .or_else(|| self.bounded(at))
            .or_else(|| self.restored(at))
            .or_else(|| self.taken_away(at))
            .or_else(|| self.taken_out(at))
            .or_else(|| self.negated(at))
            .or_else(|| self.multiplied(at))
            .or_else(|| self.added(at))
            .or_else(|| self.turned(at))
            .or_else(|| self.compared(at))
    }

    /// "4 to 8 tasks": a brief has one number of them.
    fn several(&mut self, at: usize) -> Option<usize> {
        let is_dashed = dashed(self.said(at)).is_some();
        let last = if is_dashed {
            at
        } else {
            self.words()[at].number()?;
            let is_gap = self.dash_behind(at);
            let joint = self.said(at + 1);
            let is_between = self.before(at) == "between" && joint == "and";
            let is_joint = ["to", "or", "until"].contains(&joint) || is_between;
            let last = at + if is_gap { 1 } else { 2 };
            let number = self.words().get(last).filter(|_| is_gap || is_joint)?;
            if number.number().is_none() || number.after_comma {
                return None;
            }
            last
        };
        let is_counted = !self.follows_comma(last + 1)
            && (TASKS.contains(&self.said(last + 1))
                || ["credits", "credit"].contains(&self.said(last + 1)));
        let ends = if is_counted {
            last + 2
        } else if is_dashed {
            // "5-10 minutes": the unit behind is one of times.
            let unit = self
                .words()
                .get(last + 1)
                .filter(|unit| !unit.after_comma)?;
            let one = Word {
                text: "1".to_owned(),
                folded: "1".to_owned(),
                ..unit.clone()
            };
            last + period::duration(&[one, unit.clone()]).map(|(_, length)| length)?
        } else {
            last + period::duration(&self.words()[last..]).map(|(_, length)| length)?
        };
        Some(self.beyond(Missing::Several, at..ends))
    }

    /// `double the tasks`, `half as many tasks`, `twice as long`, `3 times the budget`.
    fn multiplied(&mut self, at: usize) -> Option<usize> {
        if let Some((part, length)) = self.measured(at)
            && let Some(factor) = self.times_behind(at + length)
        {
            return Some(self.scale(part, By::Times(factor), at..at + length + 1));
        }
        let (factor, mut from) = match self.said(at) {
            "double" | "twice" => (2.0, at + 1),
            "triple" | "treble" | "thrice" => (3.0, at + 1),
            "quadruple" => (4.0, at + 1),
            "half" | "halve" => (0.5, at + 1),
            "third" => (1.0 / 3.0, at + 1),
            said => {
                let is_times = ["times", "x"].contains(&self.said(at + 1));
                (f64::from(count(said).filter(|_| is_times)?), at + 2)
            }
        };
        if !self.may_change(at) {
            return None;
        }
        let begins = from;
        from = self.past(from, OF_WHAT);
        if let Some((part, length)) = self.measured(from) {
            let within = at..from + length;
            return Some(self.scale(part, By::Times(factor), within));
        }
        let is_verb = ["double", "halve", "triple", "quadruple"].contains(&self.said(at));
        let is_parameter = self
            .words()
            .get(from)
            .is_some_and(|word| (self.known.parameter)(word).is_some());
        let is_it = ["it", "that", "them", ""].contains(&self.said(from)) && from == begins;
        if is_parameter {
            return Some(self.beyond(Missing::Value, at..from + 1));
        }
        let ends = (from + 1).min(self.words().len());
        (is_verb && is_it).then(|| self.beyond(Missing::Degree(None), at..ends))
    }

    /// "Budget doubled": how many times as much.
    fn times_behind(&self, at: usize) -> Option<f64> {
        let is_last = at + 1 >= self.words().len() || self.follows_comma(at + 1);
        match self.said(at) {
            "doubled" if is_last => Some(2.0),
            "tripled" if is_last => Some(3.0),
            "halved" if is_last => Some(0.5),
            _ => None,
        }
    }

    /// `10 more tasks`, `5 fewer tasks`, `5 minutes more`, `add 10 tasks`.
    fn added(&mut self, at: usize) -> Option<usize> {
        if ["add", "another", "plus"].contains(&self.said(at)) {
            return Some(1 + self.counted(at + 1, 1.0, at)?);
        }
        if self.said(at) == "minus" {
            return Some(1 + self.counted(at + 1, -1.0, at)?);
        }
        // "Whether 20 more tasks help" is a goal.
        if !(self.is_change() || self.may_change(at)) {
            return None;
        }
        if let Some(length) = self.added_behind(at) {
            return Some(length);
        }
        let sign_at = |place: usize| match self.said(place) {
            said if MORE.contains(&said) => Some(1.0),
            said if LESS.contains(&said) => Some(-1.0),
            _ => None,
        };
        let free = |place: usize| !self.follows_comma(place);
        if let Some((share, length)) = self.share(at) {
            let sign = sign_at(at + length).filter(|_| free(at + length))?;
            let from = self.past(at + length + 1, OF_WHAT);
            let (part, measured) = self.measured(from)?;
            return Some(self.scale(part, By::Times(1.0 + sign * share), at..from + measured));
        }
        if let Some((seconds, length)) = period::duration(&self.words()[at..]) {
            let sign = sign_at(at + length).filter(|_| free(at + length))?;
            let is_bound = self.said(at + length + 1) == "than";
            return (!is_bound)
                .then(|| self.scale(Part::Time, By::Plus(sign * seconds), at..at + length + 1));
        }
        let number = f64::from(count(self.said(at))?);
        if let (Some(sign), true) = (sign_at(at + 1), free(at + 1)) {
            if TASKS.contains(&self.said(at + 2)) {
                return Some(self.scale(Part::Tasks, By::Plus(sign * number), at..at + 3));
            }
            if ["credits", "credit"].contains(&self.said(at + 2)) {
                return Some(self.scale(Part::Credits, By::Plus(sign * number), at..at + 3));
            }
            let unit = self.words().get(at + 2)?.clone();
            let (seconds, _) = period::duration(&[self.words()[at].clone(), unit])?;
            return Some(self.scale(Part::Time, By::Plus(sign * seconds), at..at + 3));
        }
        None
    }

    /// `10 tasks more`, `20 credits less`, `priority 2 higher`.
    fn added_behind(&mut self, at: usize) -> Option<usize> {
        let named = match self.said(at) {
            "priority" => Some(Part::Priority),
            "budget" | "credits" => Some(Part::Credits),
            "tasks" => Some(Part::Tasks),
            _ => None,
        };
        let place = at + usize::from(named.is_some());
        let number = count(self.said(place)).map(f64::from);
        let number = number.or_else(|| self.words().get(place)?.number())?;
        let counted = match self.said(place + 1) {
            said if TASKS.contains(&said) => Some(Part::Tasks),
            "credits" | "credit" => Some(Part::Credits),
            _ => None,
        };
        let part = counted.or(named)?;
        let behind = place + 1 + usize::from(counted.is_some());
        // "+5 tasks", and "priority +2".
        if self.question.text[self.words()[place].start..].starts_with('+') {
            return Some(self.scale(part, By::Plus(number), at..behind));
        }
        let is_last = behind + 1 >= self.words().len() || self.follows_comma(behind + 1);
        let sign = match self.said(behind) {
            said if MORE.contains(&said) => 1.0,
            said if LESS.contains(&said) => -1.0,
            "higher" | "up" if is_last => 1.0,
            "lower" | "down" | "away" if is_last => -1.0,
            _ => return None,
        };
        let is_bound = self.said(behind + 1) == "than" || self.follows_comma(behind);
        let is_next = named.is_some() && counted.is_none() && self.measured(behind + 1).is_some();
        (!is_bound && !is_next).then(|| self.scale(part, By::Plus(sign * number), at..behind + 1))
    }

    /// `50%`, `50 %`, `50 percent`: which share, and how many words say it.
    fn share(&self, at: usize) -> Option<(f64, usize)> {
        let word = self.words().get(at)?;
        let next = self.words().get(at + 1);
        let is_behind = next
            .is_some_and(|next| self.question.text[word.end..next.start].contains('%'))
            || (next.is_none() && self.question.text[word.end..].trim_start().starts_with('%'));
        let (number, length) = match word.folded.strip_suffix('%') {
            Some(number) => (number, 1),
            None if is_behind => (word.folded.as_str(), 1),
            None if ["percent", "%"].contains(&self.said(at + 1)) => (word.folded.as_str(), 2),
            None => return None,
        };
        let share = number.parse::<f64>().ok()? / 100.0;
        (share.is_finite() && share > 0.0).then_some((share, length))
    }

    /// `10 tasks`, `5 minutes`, `50 credits` behind a word that adds them or takes them away.
    pub(super) fn counted(&mut self, at: usize, sign: f64, lead: usize) -> Option<usize> {
        let at_more = self.past(at + 1, &["more", "additional", "extra", "further"]);
        let number = count(self.said(at)).map(f64::from);
        if let Some(number) = number {
            let said = self.said(at_more);
            let part = match said {
                said if TASKS.contains(&said) => Some(Part::Tasks),
                "credits" | "credit" => Some(Part::Credits),
                _ => None,
            };
            if let Some(part) = part {
                self.scale(part, By::Plus(sign * number), lead..at_more + 1);
                return Some(at_more + 1 - at);
            }
        }
        let (seconds, length) = period::duration(self.words().get(at..)?)?;
        self.scale(Part::Time, By::Plus(sign * seconds), lead..at + length);
        Some(length)
    }

    /// `increase the priority by 2`, `lower the time`; a value behind "to" is read as everywhere.
    fn turned(&mut self, at: usize) -> Option<usize> {
        let said = self.said(at);
        let is_raised = RAISES.contains(&said);
        let sign = if is_raised { 1.0 } else { -1.0 };
        let is_set = ["set", "change", "make"].contains(&said);
        if !(is_raised || LOWERS.contains(&said) || is_set) || !self.may_change(at) {
            return None;
        }
        let from = self.past(at + 1, OF_WHAT);
        let named = self.measured(from);
        let is_parameter = self
            .words()
            .get(from)
            .is_some_and(|word| (self.known.parameter)(word).is_some());
        let length = match named {
            Some((_, length)) => length,
            None if is_parameter => 1,
            None => return None,
        };
        let next = from + length;
        if self.said(next) == "by" {
            let within = at..next + 2;
            let number = self.words().get(next + 1)?;
            let share = self.share(next + 1).zip(named.filter(|_| !is_set));
            if let Some(((share, length), (part, _))) = share {
                let within = at..next + 1 + length;
                return Some(self.scale(part, By::Times(1.0 + sign * share), within));
            }
            let Some((part, _)) = named.filter(|_| !is_set) else {
                return Some(self.beyond(Missing::Value, within));
            };
            if let Some((seconds, length)) = period::duration(&self.words()[next + 1..]) {
                let within = at..next + 1 + length;
                return Some(self.scale(Part::Time, By::Plus(sign * seconds), within));
            }
            return Some(match number.number() {
                Some(number) if part != Part::Time => {
                    self.scale(part, By::Plus(sign * number), within)
                }
                _ => self.beyond(Missing::Degree(Some(part)), within),
            });
        }
        let has_value = ["to", "at", "as", "is", "from", "between", "in"]
            .contains(&self.said(next))
            || self.words().get(next).is_some_and(|word| {
                !word.after_comma && (word.number().is_some() || count(&word.folded).is_some())
            });
        if has_value {
            // "The number of" is no word of its own before what is counted.
            let is_read = named.is_some() && from > at + 1;
            return is_read.then_some(from - at);
        }
        match named {
            _ if is_set => None,
            Some((part, _)) => Some(self.beyond(Missing::Degree(Some(part)), at..next)),
            None => Some(self.beyond(Missing::Value, at..next)),
        }
    }

    /// `fewer tasks`, `more time`, `longer`, `higher priority`: how many, it does not say.
    fn compared(&mut self, begins: usize) -> Option<usize> {
        // "A few more tasks", "a bit longer".
        let some = ["few", "bit", "little", "some", "several", "couple"];
        let is_some = some.contains(&self.said(begins)) && !self.follows_comma(begins + 1);
        let at = begins + usize::from(is_some);
        let said = self.said(at);
        let is_bound =
            ["no", "not", "any"].contains(&self.before(begins)) || self.said(at + 1) == "than";
        if !self.may_change(begins) || is_bound {
            return None;
        }
        let alone = ["longer", "shorter"].contains(&said) && self.is_change();
        let degree = match said {
            "more" | "fewer" | "less" | "longer" | "shorter" => self.measured(at + 1),
            "higher" | "lower" if self.said(at + 1) == "priority" => Some((Part::Priority, 1)),
            _ => None,
        };
        let (part, length) = match degree {
            Some(found) => found,
            None if alone => (Part::Time, 0),
            None => return None,
        };
        Some(self.beyond(Missing::Degree(Some(part)), begins..at + 1 + length))
    }

    /// What has an amount, and how many words name it.
    fn measured(&self, at: usize) -> Option<(Part, usize)> {
        let said = self.said(at);
        Some(match said {
            _ if TASKS.contains(&said) && said.ends_with('s') => (Part::Tasks, 1),
            "time" => {
                let ends = self.past(at + 1, &["budget", "limit", "each", "per", "task"]);
                (Part::Time, ends - at)
            }
            "long" | "duration" => (Part::Time, 1),
            "budget" | "credits" => (Part::Credits, 1),
            "priority" => (Part::Priority, 1),
            _ => return None,
        })
    }

    fn scale(&mut self, part: Part, by: By, within: Range<usize>) -> usize {
        let length = within.len();
        let words = self.text(within).to_owned();
        if let By::Plus(more) = by
            && more > 0.0
            && !self.is_change()
            && self.wish.begin(part, more)
        {
            return length;
        }
        self.wish.scaled.push(Scaled { part, by, words });
        length
    }
}
