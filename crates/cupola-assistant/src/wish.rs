//! A brief in people's words: what is to be found out, how many tasks, how long each, on which machines, over
//! which values, and what else a brief may say.

mod asides;
mod bounds;
mod changes;
mod counts;
mod read;
mod scaled;
mod space;
mod taken;

use std::time::Duration;

use cupola_domain::resources::Hardware;
use cupola_search::sampler::Sampler;

pub use self::read::{ENDS, Vocabulary, is_filler, read};

/// What a brief has where nothing is said.
pub const NUM_TASKS: u32 = 20;

/// How long each of its tasks may take where nothing is said.
pub const TIME_BUDGET_SECS: u64 = 600;

/// What a brief should be, as far as it was said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wish {
    /// What is to be found out, in the author's words.
    pub goal: String,
    /// Its name in a line.
    pub title: Option<String>,
    /// What may not happen, in the author's words.
    pub constraints: Option<String>,
    /// What its tasks run.
    pub template: Option<String>,
    /// How many tasks.
    pub num_tasks: Option<u32>,
    /// How long each may take, or all of them together.
    pub time: Option<Time>,
    /// The class of machine.
    pub hardware: Option<Hardware>,
    /// Whether its tasks keep to machines that compute the same bits.
    pub is_same_class: Option<bool>,
    /// How many credits it may cost.
    pub credits: Option<String>,
    /// How urgent its tasks are beside others of its owner.
    pub priority: Option<i64>,
    /// How its configurations are chosen.
    pub sampler: Option<Sampler>,
    /// Which of the sampler's sequences.
    pub study_seed: Option<u32>,
    /// What is searched: a parameter and its expression, as spaces are written.
    pub space: Vec<(String, String)>,
    /// Parameters that are not searched, although they were, or the template would.
    pub dropped: Vec<String>,
    /// Parameters that the last sentence has searched again, as the template does.
    pub restored: Vec<String>,
    /// What the last sentence about it asked for that no brief has.
    pub beyond: Vec<Beyond>,
    /// Words of that sentence that are no part of any brief.
    pub unread: Vec<String>,
    /// What that sentence takes out.
    pub cleared: Vec<Part>,
    /// What it makes more or less of, until that is done.
    pub scaled: Vec<Scaled>,
    /// From where it moved, where that sentence names another template.
    pub moved: Option<Moved>,
}

/// Another template than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The template before.
    pub from: String,
    /// Whether the same sentence said what is to be found out.
    pub has_goal: bool,
}

/// A part of a brief, as it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// See [`Wish::title`].
    Title,
    /// See [`Wish::constraints`].
    Constraints,
    /// See [`Wish::num_tasks`].
    Tasks,
    /// See [`Wish::time`].
    Time,
    /// See [`Wish::credits`].
    Credits,
    /// See [`Wish::priority`].
    Priority,
    /// See [`Wish::sampler`].
    Sampler,
    /// See [`Wish::study_seed`].
    StudySeed,
}

/// More or less of a part than there was.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaled {
    /// Of which.
    pub part: Part,
    /// How much.
    pub by: By,
    /// As it was written.
    pub words: String,
}

/// How much more or less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum By {
    /// So many times as much.
    Times(f64),
    /// So much more; time in seconds.
    Plus(f64),
}

/// How long tasks may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Each of them.
    Each(Duration),
    /// All of them together, if they ran one after the other.
    InAll(Duration),
}

/// What was asked for that no brief has, in the words that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// Which.
    pub what: Missing,
    /// As it was written.
    pub words: String,
}

/// What no brief has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A day or an hour at which it should be done.
    Date,
    /// More than one run of a configuration, or a seed of one's own.
    Repeats,
    /// Whether results are checked.
    Checks,
    /// A way to choose configurations that there is not.
    Sampler,
    /// A priority in words.
    Priority,
    /// Credits for each task.
    CreditsEach,
    /// A number of tasks that there cannot be.
    Tasks,
    /// Several numbers where one is.
    Several,
    /// A bound of a number, where one is: "around 10 tasks".
    Bound,
    /// More or less of something, without saying how much; of what, where it says that.
    Degree(Option<Part>),
    /// So many times a priority of 0.
    TimesNothing,
    /// So many times something that has no fraction. It is rounded.
    Rounded,
    /// More or less of a parameter, without a value.
    Value,
    /// What is not to be, where a brief says what is.
    Not,
    /// A range whose greater end was said first. It is put in order.
    Turned,
}

impl Wish {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.goal.is_empty() && !self.has_parts()
    }

    /// Whether anything was said beside a goal.
    pub fn has_parts(&self) -> bool {
        let mut parts = self.clone();
        parts.goal.clear();
        parts.beyond.clear();
        parts.unread.clear();
        parts != Self::default()
    }

    /// What was not read was told then, and is none of what is wanted.
    pub fn forget_unread(&mut self) {
        self.beyond.clear();
        self.unread.clear();
        self.cleared.clear();
        self.scaled.clear();
        self.restored.clear();
        self.moved = None;
    }

    /// What is said later in place of what was said before.
    #[must_use]
    pub fn changed_by(&self, later: &Self) -> Self {
        let mut space = self.space.clone();
        let taken_out = |name: &String| {
            let same = |known: &&String| known.eq_ignore_ascii_case(name);
            let exact = space.iter().any(|(known, _)| known == name);
            let mut known = space.iter().map(|(known, _)| known).filter(same);
            let written = if exact { None } else { known.next() };
            written.unwrap_or(name).clone()
        };
        let taken_out: Vec<String> = later.dropped.iter().map(taken_out).collect();
        for (name, expression) in &later.space {
            match space.iter_mut().find(|(known, _)| known == name) {
                Some((_, kept)) => kept.clone_from(expression),
                None => space.push((name.clone(), expression.clone())),
            }
        }
        space.retain(|(name, _)| !taken_out.contains(name));
        let is_restored = |name: &str| {
            let mut restored = later.restored.iter();
            restored.any(|one| one.eq_ignore_ascii_case(name))
        };
        space.retain(|(name, _)| !is_restored(name));
        let mut dropped = self.dropped.clone();
        dropped.retain(|name| !is_restored(name));
        dropped.retain(|name| later.space.iter().all(|(known, _)| known != name));
        for name in taken_out {
            if !dropped.contains(&name) {
                dropped.push(name);
            }
        }
        let is_moved = later.template.is_some() && later.template != self.template;
        let moved = self.template.as_ref().filter(|_| is_moved);
        let moved = moved.map(|from| Moved {
            from: from.clone(),
            has_goal: !later.goal.is_empty(),
        });
        let text = |new: &Option<String>, old: &Option<String>| new.clone().or_else(|| old.clone());
        let mut changed = Self {
            dropped,
            goal: if later.goal.is_empty() {
                self.goal.clone()
            } else {
                later.goal.clone()
            },
            title: text(&later.title, &self.title),
            constraints: text(&later.constraints, &self.constraints),
            template: text(&later.template, &self.template),
            num_tasks: later.num_tasks.or(self.num_tasks),
            time: later.time.or(self.time),
            hardware: later.hardware.or(self.hardware),
            is_same_class: later.is_same_class.or(self.is_same_class),
            credits: text(&later.credits, &self.credits),
            priority: later.priority.or(self.priority),
            sampler: later.sampler.or(self.sampler),
            study_seed: later.study_seed.or(self.study_seed),
            space,
            beyond: later.beyond.clone(),
            unread: later.unread.clone(),
            cleared: later.cleared.clone(),
            scaled: Vec::new(),
            restored: Vec::new(),
            moved,
        };
        for part in &later.cleared {
            changed.clear(*part);
        }
        for scaled in &later.scaled {
            changed.scale(scaled);
        }
        changed
    }
}

#[cfg(test)]
mod tests;
