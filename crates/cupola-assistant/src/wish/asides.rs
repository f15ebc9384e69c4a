//! What else a brief may say: its title, priority, sampler. And what none may: a date, repeats, checks.

use cupola_domain::date;
use cupola_search::sampler::Sampler;

use super::{Missing, Part, read::Reader};
use crate::words::count;

/// Words of a title at most, where it stands without quotes.
const TITLE_WORDS_MAX: usize = 12;

/// Words that lead to a value.
const IS: &[&str] = &["is", "to", "of", "at", "be", "as", "should"];

/// Ways to choose configurations that people know from elsewhere.
const OTHER_SAMPLERS: &[&str] = &[
    "tpe",
    "bayesian",
    "bayes",
    "hyperband",
    "asha",
    "cma-es",
    "cmaes",
    "evolutionary",
    "genetic",
    "optuna",
    "hyperopt",
    "pbt",
    "halton",
];

const SAMPLING: &[&str] = &[
    "search",
    "sampler",
    "sampling",
    "optimisation",
    "optimization",
    "sequence",
];

/// Words for a day or an hour.
const DAYS: &[&str] = &[
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "today",
    "tonight",
    "tomorrow",
    "overnight",
    "morning",
    "noon",
    "afternoon",
    "evening",
    "midnight",
    "night",
    "weekend",
    "eod",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Reader<'_> {
    /// Takes what stands beside goal, tasks and space.
    pub(super) fn aside(&mut self, at: usize) -> Option<usize> {
        if self.words()[at].is_quoted {
            return None;
        }
        self.title(at)
            .or_else(|| self.constraints(at))
            .or_else(|| self.priority(at))
            .or_else(|| self.sampler(at))
            .or_else(|| self.seeds(at))
            .or_else(|| self.class(at))
            .or_else(|| self.checks(at))
            .or_else(|| self.date(at))
    }

    /// `called tiny sweep`, `titled "x"`, `name it x`.
    fn title(&mut self, at: usize) -> Option<usize> {
        let said = self.said(at);
        let is_led = match said {
            "called" | "named" => self.before(at) != "so" && self.before(at) != "is",
            "titled" | "entitled" => true,
            "title" | "name" | "rename" => !self.is_in_goal(at) || self.follows_comma(at),
            "call" => ["it", "this"].contains(&self.said(at + 1)),
            _ => false,
        };
        let from = self.past(at + 1, &["it", "this", "is", "to", "as", "brief", "draft"]);
        let first = self.words().get(from)?;
        if self.is_probe || !is_led {
            return None;
        }
        if first.is_quoted {
            self.wish.title = Some(first.text.clone());
            return Some(from + 1 - at);
        }
        let most = self.words().len().min(from + TITLE_WORDS_MAX);
        let is_first = !self.has_goal(at);
        let ends = (from + 1..most).find(|next| self.ends_title(*next, is_first));
        let ends = ends.unwrap_or(most);
        self.wish.title = Some(self.text(from..ends).to_owned());
        Some(ends - at)
    }

    /// Whether a title has ended before this word; where it stands first, a goal may follow.
    fn ends_title(&self, at: usize, is_first: bool) -> bool {
        let said = self.said(at);
        let leads = ["with", "using", "on", "and", "over", "for", "of", "in"];
        let begins = is_first && ["for", "to", "that"].contains(&said);
        self.follows_comma(at)
            || begins
            || ["instead", "please"].contains(&said)
            || self.is_part(at)
            || (leads.contains(&said) && (self.is_part(at + 1) || self.is_part(at + 2)))
    }

    /// `constraints "no more than 8 GiB"`.
    fn constraints(&mut self, at: usize) -> Option<usize> {
        if !["constraint", "constraints"].contains(&self.said(at)) {
            return None;
        }
        let from = self.past(at + 1, &["is", "are", "that"]);
        if ["none", "nothing"].contains(&self.said(from)) {
            self.wish.cleared.push(Part::Constraints);
            return Some(from + 1 - at);
        }
        let text = self.words().get(from).filter(|word| word.is_quoted)?;
        self.wish.constraints = Some(text.text.clone());
        Some(from + 1 - at)
    }

    /// `priority 5`; "high priority" is none that a brief has.
    fn priority(&mut self, at: usize) -> Option<usize> {
        const DEGREES: &[&str] = &[
            "high", "low", "higher", "lower", "highest", "lowest", "top", "urgent",
        ];
        if DEGREES.contains(&self.said(at)) && self.said(at + 1) == "priority" {
            return Some(self.beyond(Missing::Priority, at..at + 2));
        }
        if self.said(at) == "urgent" && !self.is_in_goal(at) {
            return Some(self.beyond(Missing::Priority, at..at + 1));
        }
        if self.said(at) != "priority" {
            return None;
        }
        let from = self.past(at + 1, IS);
        let word = self.words().get(from)?;
        let spelt = count(&word.folded).map(i64::from);
        if let Some(priority) = word.text.parse().ok().or(spelt) {
            self.wish.priority = Some(priority);
            return Some(from + 1 - at);
        }
        let is_degree = DEGREES.contains(&self.said(from)) || word.number().is_some();
        if is_degree {
            return Some(self.beyond(Missing::Priority, at..from + 1));
        }
        None
    }

    /// `with grid`, `random search`, `sampler quasi_random`.
    fn sampler(&mut self, at: usize) -> Option<usize> {
        if ["sampler", "sampling"].contains(&self.said(at)) {
            let from = self.past(at + 1, IS);
            let length = self.take_sampler(from)?;
            return Some(from + length - at);
        }
        let mut lead = at;
        while ["a", "an", "the"].contains(&self.before(lead)) {
            lead -= 1;
        }
        let is_led = ["with", "using", "use", "by", "via", "try"].contains(&self.before(lead))
            || self.follows_comma(at)
            || (self.is_change() && self.words().len() == 1);
        let length = self.names_sampler(at)?;
        let has_noun = SAMPLING.contains(&self.said(at + length));
        let is_other = ["seed", "seeds"].contains(&self.said(at + length));
        if is_other || !(is_led || (has_noun && !self.is_in_goal(at))) {
            return None;
        }
        let length = self.take_sampler(at)?;
        let ends = self.past(at + length, SAMPLING);
        Some(ends - at)
    }

    /// How many words name a sampler here.
    pub(super) fn names_sampler(&self, at: usize) -> Option<usize> {
        let said = self.said(at);
        match said {
            "quasi" if self.said(at + 1) == "random" => Some(2),
            "random" | "grid" | "quasi" | "quasi-random" | "quasi_random" | "quasirandom"
            | "sobol" => Some(1),
            _ => OTHER_SAMPLERS.contains(&said).then_some(1),
        }
    }

    fn take_sampler(&mut self, at: usize) -> Option<usize> {
        let length = self.names_sampler(at)?;
        self.wish.sampler = Some(match self.said(at) {
            "random" => Sampler::Random,
            "grid" => Sampler::Grid,
            said if OTHER_SAMPLERS.contains(&said) => {
                return Some(self.beyond(Missing::Sampler, at..at + length));
            }
            _ => Sampler::QuasiRandom,
        });
        Some(length)
    }

    /// `study seed 7`. Seeds of tasks, and more than one run of each, no brief has.
    fn seeds(&mut self, at: usize) -> Option<usize> {
        let said = self.said(at);
        let study = match said {
            "study" if self.said(at + 1) == "seed" => Some(at + 2),
            "study_seed" => Some(at + 1),
            _ => None,
        };
        if let Some(from) = study {
            let from = self.past(from, IS);
            self.wish.study_seed = Some(count(self.said(from))?);
            return Some(from + 1 - at);
        }
        let repeats = [
            "seed",
            "seeds",
            "repeat",
            "repeats",
            "repetition",
            "repetitions",
            "replicate",
            "replicates",
            "replicas",
            "times",
        ];
        let noun = self.past(at + 1, &["random", "different"]);
        if count(said).is_some() && repeats.contains(&self.said(noun)) {
            let ends = self.past(
                noun + 1,
                &["each", "per", "task", "configuration", "of", "them"],
            );
            return Some(self.beyond(Missing::Repeats, at..ends));
        }
        let is_free = !self.is_in_goal(at) || self.follows_comma(at);
        if ["twice", "thrice", "repeated", "repeat"].contains(&said) && is_free {
            let mut ends = self.past(at + 1, &["each", "every", "task", "it", "them", "all"]);
            if count(self.said(ends)).is_some() {
                ends = self.past(ends + 1, &["times", "each"]);
            }
            return Some(self.beyond(Missing::Repeats, at..ends));
        }
        if ["seed", "seeds"].contains(&said) {
            let mut ends = self.past(at + 1, IS);
            ends = self.past(ends, &["in", "from"]);
            let first = ends;
            while count(self.said(ends)).is_some() || ["or", "and", "to"].contains(&self.said(ends))
            {
                ends += 1;
            }
            if ends > first {
                return Some(self.beyond(Missing::Repeats, at..ends));
            }
        }
        None
    }

    /// `on the same device class`: all tasks on machines that compute the same bits.
    fn class(&mut self, at: usize) -> Option<usize> {
        let is_same = match self.said(at) {
            "same" | "one" => true,
            "any" => false,
            _ => return None,
        };
        let from = self.past(at + 1, &["device"]);
        let is_class = match self.said(from) {
            "class" => from > at + 1,
            "bits" => is_same,
            _ => false,
        };
        if !is_class {
            return None;
        }
        self.wish.is_same_class = Some(is_same);
        Some(self.past(from + 1, &["of", "machine", "machines"]) - at)
    }

    /// "Verified": whether results are checked, no brief says.
    fn checks(&mut self, at: usize) -> Option<usize> {
        let said = self.said(at);
        let is_plain = ["verify", "check", "verification", "checks"].contains(&said);
        let is_deed = ["verified", "checked", "double-checked", "audited"].contains(&said);
        let is_free = !self.is_in_goal(at) || self.follows_comma(at);
        let is_led = ["with", "and", "be"].contains(&self.before(at));
        if !((is_plain && is_free) || (is_deed && (is_free || is_led))) {
            return None;
        }
        let ends = self.past(
            at + 1,
            &["results", "result", "each", "all", "it", "them", "runs"],
        );
        Some(self.beyond(Missing::Checks, at..ends))
    }

    /// `by Friday`, `until 18:00`, "tonight": no brief has a day at which it should be done.
    fn date(&mut self, at: usize) -> Option<usize> {
        let said = self.said(at);
        let leads = ["by", "before", "until", "till", "due", "deadline", "not"];
        let from = if leads.contains(&said) {
            let skipped = [
                "is", "on", "the", "end", "of", "next", "this", "later", "than", "at",
            ];
            self.past(at + 1, &skipped)
        } else {
            at
        };
        let mut ends = from;
        while self.is_of_day(ends) {
            ends += 1;
        }
        let is_alone = ["tonight", "tomorrow", "overnight", "deadline"].contains(&said);
        let is_date = (from > at && ends > from) || (is_alone && !self.is_in_goal(at));
        if !is_date {
            return None;
        }
        let ends = ends.max(at + 1);
        Some(self.beyond(Missing::Date, at..ends))
    }

    /// Whether a word is of a day or an hour.
    fn is_of_day(&self, at: usize) -> bool {
        let said = self.said(at);
        let is_hour = said
            .split_once(':')
            .is_some_and(|(hour, _)| count(hour).is_some());
        let is_half = said.len() > 2
            && (said.ends_with("am") || said.ends_with("pm"))
            && count(&said[..said.len() - 2]).is_some();
        let is_of_month = count(said).is_some_and(|number| number < 32)
            && (DAYS.contains(&self.said(at + 1)) || DAYS.contains(&self.before(at)));
        DAYS.contains(&said)
            || ["may", "week", "month"].contains(&said) && self.before(at) != "for"
            || is_hour
            || is_half
            || is_of_month
            || date::millis(said).is_some()
    }
}
