//! What questions speak of, and how a word leads to it.

use std::fmt;

use cupola_domain::ids::{ExperimentId, RunId, WorkerId};

/// So many are offered where a word could mean several.
pub const CHOICES_MAX: usize = 6;

/// A kind of thing with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An experiment or a family; the brief of a family leads to the family.
    Experiment,
    /// A run, or the run that counts of a task.
    Run,
    /// A machine's agent.
    Worker,
    /// What can be run.
    Template,
    /// A name in the registry.
    Model,
    /// A parameter of configurations.
    Parameter,
    /// What runs measure.
    Metric,
    /// Somebody who has machines, credits or a token.
    Person,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Experiment,
        Self::Run,
        Self::Worker,
        Self::Template,
        Self::Model,
        Self::Parameter,
        Self::Metric,
        Self::Person,
    ];

    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Experiment => "experiment",
            Self::Run => "run",
            Self::Worker => "worker",
            Self::Template => "template",
            Self::Model => "model",
            Self::Parameter => "parameter",
            Self::Metric => "metric",
            Self::Person => "person",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What leads to a thing without a doubt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// An experiment or a family.
    Experiment(ExperimentId),
    /// A run.
    Run(RunId),
    /// The run that counts of an experiment's task, by its number.
    Numbered(ExperimentId, u32),
    /// A run by its part in an experiment, or among all.
    Picked(Option<ExperimentId>, Pick),
    /// A worker.
    Worker(WorkerId),
    /// A template, by its name.
    Template(String),
    /// A model, by its name.
    Model(String),
    /// A parameter, by its name.
    Parameter(String),
    /// A metric, by its name.
    Metric(String),
    /// Somebody, by their name.
    Person(String),
}

impl Key {
    /// What kind of thing it leads to.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Experiment(_) => Kind::Experiment,
            Self::Run(_) | Self::Numbered(..) | Self::Picked(..) => Kind::Run,
            Self::Worker(_) => Kind::Worker,
            Self::Template(_) => Kind::Template,
            Self::Model(_) => Kind::Model,
            Self::Parameter(_) => Kind::Parameter,
            Self::Metric(_) => Kind::Metric,
            Self::Person(_) => Kind::Person,
        }
    }
}

/// Which of several runs is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pick {
    /// The one in this place by the objective.
    Best(u32),
    /// The one in this place from the other end.
    Worst(u32),
    /// The one that was made first.
    First,
    /// The one that was made last.
    Newest,
    /// The first that failed.
    FirstFailed,
    /// The last that failed.
    LastFailed,
    /// The newest that is under way.
    Running,
}

impl Pick {
    /// Whether it can be told without an experiment.
    pub const fn is_of_all(self) -> bool {
        matches!(self, Self::Newest | Self::LastFailed | Self::Running)
    }

    /// The words in answers.
    pub fn words(self) -> String {
        match self {
            Self::Best(1) => "best run".to_owned(),
            Self::Best(place) => format!("best run in place {place}"),
            Self::Worst(1) => "worst run".to_owned(),
            Self::Worst(place) => format!("worst run in place {place}"),
            Self::First => "first run".to_owned(),
            Self::Newest => "newest run".to_owned(),
            Self::FirstFailed => "first run that failed".to_owned(),
            Self::LastFailed => "last run that failed".to_owned(),
            Self::Running => "newest run that is running".to_owned(),
        }
    }
}

/// Something that can be spoken of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// What leads to it.
    pub key: Key,
    /// What people call it.
    pub name: String,
}

impl Thing {
    /// A thing and its name.
    pub fn new(key: Key, name: impl Into<String>) -> Self {
        let name = name.into();
        Self { key, name }
    }

    /// What kind of thing it is.
    pub const fn kind(&self) -> Kind {
        self.key.kind()
    }
}

/// How closely a word meets a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// It is the name, letter for letter.
    Exact,
    /// It is the name but for capitals and blanks.
    Folded,
    /// It is an id, or four or more digits that one begins or ends with.
    Id,
    /// The name begins with it.
    Prefix,
    /// It is one of the parts that the name is put together from.
    Part,
    /// It is a slip of the hand away.
    Near,
    /// It has some likeness: good enough to be offered, never to be taken.
    Far,
}

impl How {
    /// The ways in which a word is taken for a name, the surest first.
    pub const TAKEN: [Self; 6] = [
        Self::Exact,
        Self::Folded,
        Self::Id,
        Self::Prefix,
        Self::Part,
        Self::Near,
    ];

    /// Whether it could also have been meant otherwise, so that an answer says how it was read.
    pub const fn is_guess(self) -> bool {
        matches!(self, Self::Prefix | Self::Part | Self::Near | Self::Far)
    }
}

/// An index of everything that can be spoken of.
pub trait Names {
    /// Up to [`CHOICES_MAX`] things of these kinds that `text` meets in this way. A look costs no more
    /// where there are more names, but for the logarithm.
    fn find(&self, how: How, text: &str, kinds: &[Kind]) -> Vec<Thing>;

    /// The newest things of a kind, to be offered where one is missing.
    fn recent(&self, kind: Kind) -> Vec<Thing>;

    /// What a word means: the surest way in which it means anything decides.
    fn meaning(&self, text: &str, kinds: &[Kind]) -> Meaning {
        for how in How::TAKEN {
            let mut found = self.find(how, text, kinds);
            match found.len() {
                0 => {}
                1 => return Meaning::One(found.remove(0), how),
                _ => return Meaning::Several(found),
            }
        }
        Meaning::None
    }
}

/// What a word means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// This.
    One(Thing, How),
    /// Any of these.
    Several(Vec<Thing>),
    /// Nothing that there is.
    None,
}
