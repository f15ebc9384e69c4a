//! What a draft is without: something taken out, and something that is not to be.

use super::{
    Missing, Part,
    read::{JOINTS, Reader, is_filler},
    space::is_strange,
};

/// Words that take something out.
const DROPS: &[&str] = &[
    "drop", "remove", "delete", "without", "forget", "clear", "omit", "exclude",
];

/// Words that say what is not to be.
const NOTS: &[&str] = &["not", "no", "never", "avoid", "except", "dont"];

/// Words behind those with which they say something else: "not more than".
const OTHER_NOTS: &[&str] = &[
    "more", "less", "fewer", "longer", "later", "over", "above", "below", "only", "yet", "too",
    "so", "much", "many", "before", "until", "than",
];

/// Words between what is taken out.
const BETWEEN: &[&str] = &[
    "and",
    "the",
    "or",
    "a",
    "an",
    "any",
    "its",
    "my",
    "parameter",
    "parameters",
];

/// What classes of machines are called by.
const MACHINES: &[&str] = &[
    "machine", "machines", "worker", "workers", "node", "nodes", "hardware",
];

impl Reader<'_> {
    /// Whether words that change a draft do so here. Before there is one they belong to what is to be found out
    /// until that is told: "to reduce the time per step".
    pub(super) fn may_change(&self, at: usize) -> bool {
        const LEADS: &[&str] = &["to", "for", "on", "that", "about", "whether", "if", "how"];
        self.has_goal_told()
            || self.follows_comma(at)
            || !(self.is_in_goal(at) || (!self.is_change() && LEADS.contains(&self.before(at))))
    }

    /// Whether what is said aside in a goal ends here: "whether lr, not dropout, matters" goes on.
    fn ends_aside(&self, at: usize) -> bool {
        let next = self.past(at, JOINTS);
        next >= self.words().len() || self.is_part(next)
    }

    /// `drop lr and the title`, `remove 5 tasks`.
    pub(super) fn taken_out(&mut self, at: usize) -> Option<usize> {
        if !DROPS.contains(&self.said(at)) {
            return None;
        }
        if !(self.is_change() || self.may_change(at)) {
            return self.not_taken_out(at);
        }
        if let Some(length) = self.counted(at + 1, -1.0, at) {
            return Some(1 + length);
        }
        let before = self.wish.clone();
        let mut ends = at;
        let mut next = self.past(at + 1, BETWEEN);
        while ends == at || !self.begins_other(next) {
            let is_free = !DROPS.contains(&self.said(next))
                && self.names_sampler(next).is_none()
                && !self.is_part(next);
            let Some(length) = self.left_out(next, at, is_free) else {
                break;
            };
            // "Drop the budget to 50 credits" takes nothing out.
            let is_turned = ["to", "at", "by"].contains(&self.said(next + length))
                && self
                    .words()
                    .get(next + length + 1)
                    .is_some_and(|word| word.number().is_some());
            if is_turned {
                self.wish = before;
                return None;
            }
            ends = next + length;
            next = self.past(ends, BETWEEN);
        }
        if ends == at {
            return self.not_taken_out(at);
        }
        let trailing = ["from", "the", "it", "search", "space"];
        let after = self.past(ends, &trailing);
        if !self.is_change() && self.is_in_goal(at) && !self.ends_aside(after) {
            self.wish = before;
            return None;
        }
        Some(after - at)
    }

    /// Whether something is said here that is more than the name of what is taken out: "drop lr, layers 4".
    fn begins_other(&self, at: usize) -> bool {
        let has_title = ["title", "name"].contains(&self.said(at))
            && at + 1 < self.words().len()
            && !self.follows_comma(at + 1)
            && !BETWEEN.contains(&self.said(at + 1))
            && self.said(at + 1) != "from";
        // Of many of these words in a row each would be looked at as often as there are words before it.
        has_title || DROPS.contains(&self.said(at)) || self.is_part(at)
    }

    /// `without small machines`, `drop grid`: what every brief has is not taken out.
    fn not_taken_out(&mut self, at: usize) -> Option<usize> {
        if self.is_probe {
            return None;
        }
        let leads = ["on", "with", "using", "the", "a", "an", "any", "my"];
        let from = self.past(at + 1, &leads);
        if DROPS.contains(&self.said(from)) {
            return None;
        }
        let sampler = self.names_sampler(from).filter(|_| self.may_change(at));
        let length = self.length_of_part(from).or(sampler)?;
        let ends = self.past(from + length, MACHINES);
        Some(self.beyond(Missing::Not, at..ends))
    }

    /// How many words the part has that begins here, if one does that a brief has.
    fn length_of_part(&self, at: usize) -> Option<usize> {
        self.words().get(at)?;
        let mut probe = self.clone();
        probe.is_probe = true;
        let length = probe.part(at)?;
        (probe.wish.beyond.len() == self.wish.beyond.len()).then_some(length)
    }

    /// One thing that is taken out: a part of the brief that may be left out, or a parameter.
    fn left_out(&mut self, at: usize, lead: usize, may_be_strange: bool) -> Option<usize> {
        let word = self.words().get(at)?;
        let part = part_named(self.said(at), self.said(at + 1));
        if let Some((part, length)) = part.filter(|_| !word.is_quoted) {
            self.wish.cleared.push(part);
            return Some(length);
        }
        let known = (self.known.parameter)(word);
        let is_free = may_be_strange
            && !word.is_quoted
            && !self.is_in_goal(lead)
            && is_strange(word)
            && !is_filler(word)
            && (self.known.is_free)(word);
        let name = known.or_else(|| is_free.then(|| word.text.clone()))?;
        self.wish.space.retain(|(searched, _)| *searched != name);
        self.wish.dropped.push(name);
        Some(1)
    }

    /// `not on small machines`, `no budget`, `not lr`: never read as if the word were not there.
    pub(super) fn negated(&mut self, at: usize) -> Option<usize> {
        let said = self.said(at);
        let first = at + 1 + usize::from(said == "do" && self.said(at + 1) == "not");
        let is_not = NOTS.contains(&said) || first > at + 1;
        // What is probed for is a part of its own: else each word of "no no no …" would be read twice as often.
        if !is_not || self.follows_comma(first) || self.is_probe {
            return None;
        }
        if OTHER_NOTS.contains(&self.said(first)) {
            // "Not more than 40 credits" are a budget of 40.
            let ends = self.past(first + 1, &["than"]);
            let is_bound = ends > first + 1 && self.is_part(ends);
            return is_bound.then_some(ends - at);
        }
        let leads: &[&str] = if said == "no" {
            &["a", "an", "any"]
        } else {
            &[
                "on",
                "with",
                "using",
                "use",
                "by",
                "in",
                "the",
                "a",
                "an",
                "any",
                "at",
                "run",
                "search",
                "searching",
                "vary",
            ]
        };
        let from = self.past(first, leads);
        let searches = ["search", "searching", "vary", "the", "a", "any"];
        let is_plain = (first..from).all(|place| searches.contains(&self.said(place)));
        let is_free = !self.is_part(from) && self.names_sampler(from).is_none();
        let is_told = self.is_change() || self.may_change(at);
        let before = self.wish.clone();
        if is_plain
            && is_told
            && let Some(length) = self.left_out(from, at, is_free && self.is_change())
        {
            let ends = from + length;
            if self.is_change() || !self.is_in_goal(at) || self.ends_aside(ends) {
                return Some(ends - at);
            }
            self.wish = before;
            return None;
        }
        let word = self.words().get(from)?;
        if let Some(length) = self.length_of_part(from) {
            let ends = self.past(from + length, MACHINES);
            return Some(self.beyond(Missing::Not, at..ends));
        }
        let is_led = from > first && (!self.is_in_goal(at) || word.is_name_like());
        let ends = self.past(from + 1, MACHINES);
        is_led.then(|| self.beyond(Missing::Not, at..ends))
    }
}

/// A part that may be left out, as it is called, and how many words that takes.
fn part_named(said: &str, next: &str) -> Option<(Part, usize)> {
    Some(match said {
        "title" | "name" => (Part::Title, 1),
        "constraint" | "constraints" => (Part::Constraints, 1),
        "priority" => (Part::Priority, 1),
        "credit" if next == "limit" => (Part::Credits, 2),
        "budget" | "credits" | "limit" => (Part::Credits, 1),
        "sampler" => (Part::Sampler, 1),
        "study" if next == "seed" => (Part::StudySeed, 2),
        "study_seed" => (Part::StudySeed, 1),
        _ => return None,
    })
}
