//! A brief in people's words: a goal, how many tasks, how long each, on which machines, over which values.

use std::{ops::Range, time::Duration};

use cupola_domain::resources::Hardware;

use crate::{
    period,
    question::{Question, Word},
    words::count,
};

/// What a brief should be, as far as it was said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wish {
    /// What is to be found out, in the author's words.
    pub goal: String,
    /// What its tasks run.
    pub template: Option<String>,
    /// How many tasks.
    pub num_tasks: Option<u32>,
    /// How long each may take.
    pub time_budget: Option<Duration>,
    /// The class of machine.
    pub hardware: Option<Hardware>,
    /// How many credits it may cost.
    pub credits: Option<String>,
    /// What is searched: a parameter and its expression, as spaces are written.
    pub space: Vec<(String, String)>,
    /// Parameters that are not searched, although they were, or the template would.
    pub dropped: Vec<String>,
    /// Words of the last sentence about it that are no part of any brief.
    pub unread: Vec<String>,
}

impl Wish {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.goal.is_empty() && !self.has_parts()
    }

    /// Whether anything was said beside a goal.
    pub fn has_parts(&self) -> bool {
        let (goal, unread) = (self.goal.clone(), self.unread.clone());
        *self
            != Self {
                goal,
                unread,
                ..Self::default()
            }
    }

    /// What is said later in place of what was said before.
    #[must_use]
    pub fn changed_by(&self, later: &Self) -> Self {
        let mut space = self.space.clone();
        for (name, expression) in &later.space {
            match space.iter_mut().find(|(known, _)| known == name) {
                Some((_, kept)) => kept.clone_from(expression),
                None => space.push((name.clone(), expression.clone())),
            }
        }
        let is_searched = |name: &&String| later.space.iter().all(|(known, _)| known != *name);
        let dropped = self.dropped.iter().filter(is_searched);
        Self {
            dropped: dropped.cloned().collect(),
            goal: if later.goal.is_empty() {
                self.goal.clone()
            } else {
                later.goal.clone()
            },
            template: later.template.clone().or_else(|| self.template.clone()),
            num_tasks: later.num_tasks.or(self.num_tasks),
            time_budget: later.time_budget.or(self.time_budget),
            hardware: later.hardware.or(self.hardware),
            credits: later.credits.clone().or_else(|| self.credits.clone()),
            space,
            unread: later.unread.clone(),
        }
    }
}

/// Words that take a parameter out of what is searched.
const DROPS: &[&str] = &["drop", "remove", "delete", "without", "forget"];

/// The draft without the parameters that are named behind a word that takes them out; none where there is no
/// such word, or where something else is named behind it.
pub fn without(kept: &Wish, words: &[Word], is_parameter: impl Fn(&str) -> bool) -> Option<Wish> {
    let said = |word: &Word| word.folded.as_str().to_owned();
    let at = words
        .iter()
        .position(|word| DROPS.contains(&word.folded.as_str()))?;
    let between = [
        "and",
        "the",
        "or",
        "parameter",
        "parameters",
        "from",
        "it",
        "space",
        "search",
    ];
    let mut later = kept.clone();
    let mut count = 0;
    for word in words[at + 1..]
        .iter()
        .filter(|word| !between.contains(&said(word).as_str()))
    {
        let is_kept = |name: &str| crate::question::fold(name) == word.folded;
        let name = kept
            .space
            .iter()
            .find(|(name, _)| is_kept(name))
            .map(|(name, _)| name.clone());
        let name = name.or_else(|| is_parameter(&word.text).then(|| word.text.clone()))?;
        later.space.retain(|(known, _)| *known != name);
        if !later.dropped.contains(&name) {
            later.dropped.push(name);
        }
        count += 1;
    }
    (count > 0).then_some(later)
}

/// Words between a draft's parts that belong to no goal.
const JOINTS: &[&str] = &[
    "with", "using", "use", "on", "of", "and", "for", "in", "over", "at", "each", "per", "task",
    "a", "the", "run", "that", "to", "most", "up", "budget", "from", "make", "it", "template",
    "about", "brief",
];

/// Words between parts that say nothing of a brief.
const FILLERS: &[&str] = &[
    "instead",
    "please",
    "then",
    "too",
    "also",
    "now",
    "only",
    "just",
    "but",
    "rather",
    "or",
    "no",
    "more",
    "than",
    "max",
    "maximum",
    "is",
    "be",
    "should",
    "other",
    "same",
    "different",
    "random",
    "an",
    "every",
    "all",
    "long",
    "one",
    "my",
    "me",
    "i",
    "want",
    "would",
    "like",
    "have",
    "by",
    "machine",
    "machines",
    "hardware",
    "worker",
    "workers",
    "node",
    "nodes",
];

/// Words that lead to a goal.
const LEADS: &[&str] = &["for", "to", "on", "that", "about"];

/// Values of one parameter that are read.
const VALUES_MAX: usize = 50;

/// Reads a wish. `begins` is the first word after those that ask for a draft; `is_template` knows the
/// names of templates, and gives each as it is written.
pub fn read(
    question: &Question,
    begins: usize,
    is_template: impl Fn(&Word) -> Option<String>,
) -> Wish {
    let words = &question.words;
    let mut wish = Wish::default();
    let mut goal_ends = None;
    let mut at = begins;
    while at < words.len() {
        let Some(length) = part(&mut wish, words, at, &is_template) else {
            let word = &words[at];
            let said = |known: &[&str]| known.contains(&word.folded.as_str());
            if goal_ends.is_some() && !said(JOINTS) && !said(FILLERS) {
                wish.unread.push(word.text.clone());
            }
            at += 1;
            continue;
        };
        goal_ends.get_or_insert(at);
        at += length;
    }
    wish.goal = goal(question, begins..goal_ends.unwrap_or(words.len()));
    wish
}

/// Takes the part of a wish that begins here, and says how many words it has.
fn part(
    wish: &mut Wish,
    words: &[Word],
    at: usize,
    is_template: &impl Fn(&Word) -> Option<String>,
) -> Option<usize> {
    let here = &words[at..];
    if let Some((name, expression, length)) = range_of(here) {
        wish.space.retain(|(known, _)| *known != name);
        wish.space.push((name, expression));
        return Some(length);
    }
    if let Some((seconds, length)) = period::duration(here) {
        wish.time_budget = Duration::try_from_secs_f64(seconds).ok();
        return Some(length);
    }
    let folded = here[0].folded.as_str();
    let next = here.get(1).map_or("", |word| word.folded.as_str());
    if let Some(number) = count(folded) {
        match next {
            "tasks" | "task" | "runs" | "trials" | "configurations" | "configs" | "experiments"
            | "samples" => {
                wish.num_tasks = Some(number);
                return Some(2);
            }
            _ => {}
        }
    }
    if matches!(next, "credits" | "credit") && here[0].number().is_some() {
        wish.credits = Some(folded.to_owned());
        return Some(2);
    }
    if let Some(hardware) = hardware(folded, next) {
        wish.hardware = Some(hardware);
        return Some(1);
    }
    wish.template = Some(is_template(&here[0])?);
    Some(1)
}

fn hardware(word: &str, next: &str) -> Option<Hardware> {
    let is_of_machines = matches!(
        next,
        "machine" | "machines" | "hardware" | "worker" | "workers" | "node" | "nodes"
    );
    match word {
        "gpu" | "gpus" => Some(Hardware::Large),
        word if is_of_machines => Hardware::ALL.into_iter().find(|one| one.as_str() == word),
        _ => None,
    }
}

/// `lr from 1e-4 to 1e-2 log`, `layers 2 to 6`, `dropout in 0.1, 0.2 or 0.5`.
fn range_of(words: &[Word]) -> Option<(String, String, usize)> {
    let name = words.first().filter(|word| is_parameter(word))?;
    let joint = words.get(1)?.folded.as_str();
    let is_joint = [
        "from", "between", "in", "over", "among", "of", "is", "range",
    ]
    .contains(&joint);
    let from = if is_joint { 2 } else { 1 };
    let rest = words.get(from..)?;
    let found = between(rest).or_else(|| if is_joint { one_of(rest) } else { None })?;
    Some((name.text.clone(), found.0, from + found.1))
}

/// `1e-4 to 1e-2`, evenly by its logarithm if that is said.
fn between(words: &[Word]) -> Option<(String, usize)> {
    let first = words.first()?;
    let (low, high, mut length) = if let Some((low, high)) = first.folded.split_once("..") {
        let high = high.trim_start_matches('=');
        (low.to_owned(), high.to_owned(), 1)
    } else {
        let is_to = ["to", "and", "until"].contains(&words.get(1)?.folded.as_str());
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

/// `0.1, 0.2 or 0.5`: two values at least, with a comma or "or" between.
fn one_of(words: &[Word]) -> Option<(String, usize)> {
    let mut values = vec![words.first().filter(|word| is_value(word))?.text.clone()];
    let mut length = 1;
    while values.len() < VALUES_MAX {
        let skipped = words.get(length).is_some_and(|word| word.folded == "or");
        let at = length + usize::from(skipped);
        match words.get(at) {
            Some(word) if (word.after_comma || skipped) && is_value(word) => {
                values.push(word.text.clone());
            }
            _ => break,
        }
        // "…, 64, 100 tasks": the last is the beginning of something else.
        let next = words.get(at + 1);
        if !skipped
            && next.is_some_and(|word| {
                ["tasks", "runs", "trials", "credits"].contains(&word.folded.as_str())
            })
        {
            values.pop();
            break;
        }
        length = at + 1;
    }
    (values.len() > 1).then(|| (format!("choice({})", values.join(", ")), length))
}

fn is_value(word: &Word) -> bool {
    word.text
        .chars()
        .all(|c| c.is_alphanumeric() || "_-.".contains(c))
}

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
}

/// What stands between the words that ask for a draft and its first part, as it was written.
fn goal(question: &Question, within: Range<usize>) -> String {
    let words = &question.words;
    let Range {
        start: mut from,
        end: mut until,
    } = within;
    while until > from && JOINTS.contains(&words[until - 1].folded.as_str()) {
        until -= 1;
    }
    let is = |at: usize, known: &[&str]| at < until && known.contains(&words[at].folded.as_str());
    from += usize::from(is(from, &["brief"]));
    from += usize::from(is(from, LEADS));
    let goal = question.between(from, until).trim();
    goal.trim_end_matches([',', ';', ':', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let question = Question::read(text).unwrap();
        let wish = read(&question, 0, |word| {
            (word.folded == "char-lm").then(|| "char-lm".to_owned())
        });
        let mut said = vec![wish.goal];
        said.extend(wish.template);
        said.extend(wish.num_tasks.map(|number| format!("{number} tasks")));
        said.extend(
            wish.time_budget
                .map(|time| format!("{} s", time.as_secs_f64())),
        );
        said.extend(wish.hardware.map(|hardware| hardware.to_string()));
        said.extend(wish.credits.map(|credits| format!("{credits} credits")));
        said.extend(
            wish.space
                .iter()
                .map(|(name, expression)| format!("{name}={expression}")),
        );
        said.extend(wish.unread.iter().map(|word| format!("not {word}")));
        assert_eq!(said.join("; "), expected, "{text}");
    }

    #[test]
    fn the_parts_of_a_wish_are_read() {
        check("", "");
        check("for the smallest loss", "the smallest loss");
        check(
            "for the smallest loss with char-lm",
            "the smallest loss; char-lm",
        );
        check(
            "to find a good rate with char-lm, 200 tasks of 5 minutes each",
            "find a good rate; char-lm; 200 tasks; 300 s",
        );
        check(
            "200 runs of 90s on small machines",
            "; 200 tasks; 90 s; small",
        );
        check(
            "a wide net on gpu for at most 50 credits",
            "a wide net; large; 50 credits",
        );
        check(
            "lr from 1e-4 to 1e-2 on a log scale",
            "; lr=log_uniform(1e-4, 1e-2)",
        );
        check(
            "lr between 0.1 and 0.5, layers 2 to 6",
            "; lr=uniform(0.1, 0.5); layers=integer(2, 6)",
        );
        check("lr 1e-4..1e-2 log", "; lr=log_uniform(1e-4, 1e-2)");
        check("d in {64, 128, 256}", "; d=choice(64, 128, 256)");
        check(
            "schedule in cosine, linear or step, 100 tasks",
            "; 100 tasks; schedule=choice(cosine, linear, step)",
        );
        check(
            "batch in 32, 64, 100 tasks",
            "; 100 tasks; batch=choice(32, 64)",
        );
        check(
            "brief for depth against width: layers 2 to 6",
            "depth against width; layers=integer(2, 6)",
        );
    }

    #[test]
    fn what_is_not_read_is_kept_to_be_told() {
        check(
            "for the smallest loss with char-lm, 5 tasks of 60 s each, priority 3",
            "the smallest loss; char-lm; 5 tasks; 60 s; not priority; not 3",
        );
        check(
            "for the smallest loss with char-lm, lr 0.01, n_layers 1 or 2, titled squeeze",
            "the smallest loss; char-lm; not lr; not 0.01; not n_layers; not 1; not 2; not titled; not squeeze",
        );
        check("with 40 tasks instead", "; 40 tasks");
        check("at most 40 credits, 30 s each", "; 30 s; 40 credits");
    }

    #[test]
    fn what_is_no_range_is_none() {
        check("lr from 5 to 2", "lr from 5 to 2");
        check("lr from NaN to inf", "lr from NaN to inf");
        check("99999999999 tasks", "99999999999 tasks");
    }

    #[test]
    fn what_is_said_later_counts() {
        let said = |text: &str| read(&Question::read(text).unwrap(), 0, |_| None);
        let before = said("for speed 10 tasks lr 0.1 to 0.2 layers 2 to 4");
        let after = before.changed_by(&said("20 tasks lr 0.1 to 0.3"));
        assert_eq!((after.goal.as_str(), after.num_tasks), ("speed", Some(20)));
        assert_eq!(after.space[0].1, "uniform(0.1, 0.3)");
        assert_eq!(after.space[1].1, "integer(2, 4)");
    }
}
