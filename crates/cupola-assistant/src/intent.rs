//! What is asked for. Each variant carries all that an answer needs.

use cupola_domain::counts::State;

use crate::{
    fact::Fact,
    names::{Kind, Thing},
    period::Period,
    wish::Wish,
};

/// What a question asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// The one in some place, and those after it.
    Best {
        /// Among these; `None` is all runs, which have no objective in common.
        of: Option<Thing>,
        /// By this.
        by: By,
        /// The place of the first that is wanted, from 1.
        rank: u32,
        /// How many.
        count: u32,
    },
    /// These held against each other.
    Compare {
        /// Two or more.
        these: Vec<Thing>,
    },
    /// The first places of one experiment held against each other.
    CompareBest {
        /// Among these.
        of: Thing,
        /// How many.
        count: u32,
    },
    /// Whether one is better than another.
    IsBetter {
        /// This one.
        a: Thing,
        /// That one.
        b: Thing,
    },
    /// Why something has no result.
    WhyFailed {
        /// A run, an experiment's runs, or a worker's.
        of: Thing,
    },
    /// Why something does not run.
    WhyWaiting {
        /// A run or an experiment.
        of: Thing,
    },
    /// What is under way.
    Running {
        /// In an experiment or on a worker; `None` is everywhere.
        of: Option<Thing>,
    },
    /// What something cost.
    Cost {
        /// This; `None` is everything.
        of: Option<Thing>,
        /// In this time; `None` is ever.
        within: Option<Period>,
        /// In what it is told.
        what: Spent,
        /// Whether whoever asks means their own.
        is_own: bool,
    },
    /// What somebody has, or what something earned.
    Credits {
        /// Of a person, a worker or an experiment; `None` is everybody.
        of: Option<Thing>,
        /// Whether whoever asks means their own.
        is_own: bool,
    },
    /// Results that were run again.
    Checks {
        /// Of a person, a worker's owner, or a run; `None` is all.
        of: Option<Thing>,
    },
    /// Who may not work here.
    Bans {
        /// Whether this person may; `None` is everybody.
        of: Option<Thing>,
    },
    /// Which parameter makes the difference.
    WhatMatters {
        /// In this experiment.
        of: Thing,
        /// Only of these parameters; none for all.
        parameters: Vec<Thing>,
    },
    /// What is other than before.
    WhatChanged {
        /// Of this; `None` is everything.
        of: Option<Thing>,
        /// In this time; `None` where nothing is said.
        within: Option<Period>,
    },
    /// What a program wrote.
    ShowLog {
        /// A run, or an experiment whose newest run is meant.
        of: Thing,
    },
    /// Points over steps.
    ShowCurve {
        /// A run or an experiment.
        of: Thing,
        /// Which metrics; none for the objective.
        metrics: Vec<Thing>,
    },
    /// Runs, and how many.
    ListRuns(RunsWanted),
    /// All of a kind, the newest first.
    List {
        /// Which.
        kind: Kind,
    },
    /// The machines.
    Workers,
    /// What something is and how it stands.
    Describe {
        /// This.
        what: Thing,
    },
    /// How everything stands.
    Overview,
    /// A brief to be drafted.
    Draft(Wish),
    /// A report.
    Report {
        /// On this.
        on: Thing,
        /// Experiments that it is held against.
        with: Vec<Thing>,
    },
    /// A change.
    Act {
        /// Which.
        action: Action,
        /// Of this.
        on: Thing,
        /// How many runs, where some are started.
        runs: u32,
    },
    /// What a change would do, and how it is asked for.
    WouldAct {
        /// Which.
        action: Action,
        /// Of this; `None` where nothing is named.
        on: Option<Thing>,
    },
    /// Hand in what was drafted.
    Submit(Wish),
    /// What one look at the hub answers.
    Fact(Fact),
    /// What can be asked.
    Help,
}

/// What was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// Money.
    Money,
    /// Energy.
    Energy,
    /// CO₂.
    Carbon,
}

/// By what one is before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The objective.
    Objective {
        /// From the other end.
        is_worst: bool,
    },
    /// A metric's last value.
    Metric {
        /// Its name.
        name: String,
        /// The largest first.
        is_highest: bool,
    },
    /// What it cost.
    Cost {
        /// The largest first.
        is_highest: bool,
    },
    /// How long it took.
    Duration {
        /// The largest first.
        is_highest: bool,
    },
}

/// Which runs are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunsWanted {
    /// Of these experiments, or on these workers, or these alone.
    pub of: Vec<Thing>,
    /// In this state.
    pub state: Option<State>,
    /// The opposite of it.
    pub opposite: Option<Opposite>,
    /// Only those whose worker was lost.
    pub is_lost: bool,
    /// Only those that have not ended.
    pub is_left: bool,
    /// Only those of experiments that whoever asks made.
    pub is_own: bool,
    /// Only so many, the newest.
    pub newest: Option<u32>,
    /// In this time.
    pub within: Option<Period>,
    /// What of them was in that time.
    pub dated: Dated,
    /// What was written after `where`: a filter, as runs are searched with.
    pub filter: String,
}

/// What a word such as "not" makes of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opposite {
    /// Any state but that.
    Others,
    /// Its program was never started.
    Unstarted,
}

impl RunsWanted {
    /// Whether any state but one is wanted.
    pub fn is_not(&self) -> bool {
        self.opposite == Some(Opposite::Others)
    }

    /// Whether runs are wanted whose program was never started.
    pub fn is_unstarted(&self) -> bool {
        self.opposite == Some(Opposite::Unstarted)
    }
}

/// Which time of runs is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dated {
    /// Their end where their state is one, else their making.
    #[default]
    ByState,
    /// Their start, whatever became of them.
    Started,
}

/// So many runs are started at once at most.
pub const START_RUNS_MAX: u32 = 1_000;

/// What can be done to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Stop it for good.
    Cancel,
    /// Try again what has no result.
    Retry,
    /// Begin it.
    Start,
}

impl Action {
    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Start => "start",
        }
    }
}

impl Intent {
    /// The same question about something else of the same kind.
    #[must_use]
    pub fn about(mut self, other: &Thing) -> Option<Self> {
        if let Self::Fact(fact) = self {
            return fact.about(other).map(Self::Fact);
        }
        let is_alike = self
            .subject()
            .is_some_and(|subject| subject.kind() == other.kind());
        let subject = match &mut self {
            Self::CompareBest { of, .. }
            | Self::WhyFailed { of }
            | Self::WhyWaiting { of }
            | Self::WhatMatters { of, .. }
            | Self::ShowLog { of }
            | Self::ShowCurve { of, .. } => of,
            Self::Best { of, .. }
            | Self::Running { of }
            | Self::Cost { of, .. }
            | Self::Credits { of, .. }
            | Self::Checks { of }
            | Self::Bans { of }
            | Self::WhatChanged { of, .. } => {
                *of = Some(other.clone());
                return Some(self);
            }
            Self::ListRuns(wanted) => {
                wanted.of = vec![other.clone()];
                return Some(self);
            }
            Self::Describe { what } => what,
            Self::Report { on, with } if with.is_empty() => on,
            _ => return None,
        };
        subject.clone_from(other);
        is_alike.then_some(self)
    }

    /// The same question about another time.
    #[must_use]
    pub fn within(mut self, period: Period) -> Option<Self> {
        match &mut self {
            Self::Cost { within, .. } | Self::WhatChanged { within, .. } => *within = Some(period),
            Self::ListRuns(wanted) => wanted.within = Some(period),
            Self::Fact(fact) => return fact.clone().within(period).map(Self::Fact),
            _ => return None,
        }
        Some(self)
    }

    /// Whether a filter that was written is a part of it.
    pub const fn is_filtered(&self) -> bool {
        matches!(
            self,
            Self::ListRuns(_) | Self::Draft(_) | Self::Submit(_) | Self::Act { .. }
        ) || self.is_elsewhere()
    }

    /// Whether a time that was said is a part of it, or makes no difference to it.
    pub fn is_dated(&self, words: &str) -> bool {
        let is_carried = matches!(
            self,
            Self::Cost { .. }
                | Self::WhatChanged { .. }
                | Self::ListRuns(_)
                | Self::Draft(_)
                | Self::Submit(_)
                | Self::Act { .. }
                | Self::Help
                | Self::Fact(
                    Fact::Problems { .. }
                        | Fact::Deeds { .. }
                        | Fact::Made { .. }
                        | Fact::Briefs { .. }
                        | Fact::Spenders { .. }
                        | Fact::Estimate { .. }
                        | Fact::Nothing
                        | Fact::NoDraft { .. }
                )
        );
        let is_of_now = matches!(
            self,
            Self::Running { .. }
                | Self::Overview
                | Self::Workers
                | Self::Describe { .. }
                | Self::Fact(Fact::Timing { .. } | Fact::Presence { .. } | Fact::Busy { .. })
        );
        is_carried || (is_of_now && words == "today") || self.is_elsewhere()
    }

    /// Whether it only says what would be done, or where.
    const fn is_elsewhere(&self) -> bool {
        matches!(
            self,
            Self::WouldAct { .. } | Self::Fact(Fact::Elsewhere { .. })
        )
    }

    /// The draft that it is about, if it is about one.
    pub fn draft(&self) -> Option<&Wish> {
        match self {
            Self::Draft(wish) | Self::Submit(wish) => Some(wish),
            Self::Fact(Fact::Estimate { wish, .. }) => Some(wish),
            _ => None,
        }
    }

    /// What the question is about, to which a later "it" leads.
    pub fn subject(&self) -> Option<&Thing> {
        match self {
            Self::CompareBest { of, .. }
            | Self::WhyFailed { of }
            | Self::WhyWaiting { of }
            | Self::WhatMatters { of, .. }
            | Self::ShowLog { of }
            | Self::ShowCurve { of, .. } => Some(of),
            Self::Best { of, .. }
            | Self::Running { of }
            | Self::Cost { of, .. }
            | Self::Credits { of, .. }
            | Self::Checks { of }
            | Self::Bans { of }
            | Self::WouldAct { on: of, .. }
            | Self::WhatChanged { of, .. } => of.as_ref(),
            Self::Compare { these } => these.first(),
            Self::IsBetter { a, .. } => Some(a),
            Self::ListRuns(wanted) => wanted.of.first(),
            Self::Describe { what } => Some(what),
            Self::Fact(fact) => fact.subject(),
            Self::Report { on, .. } | Self::Act { on, .. } => Some(on),
            Self::List { .. }
            | Self::Workers
            | Self::Overview
            | Self::Draft(_)
            | Self::Submit(_)
            | Self::Help => None,
        }
    }
}
