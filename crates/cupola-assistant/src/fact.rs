//! Questions that one look at the hub answers: when, how much on average, what is wrong, what else can do it.

use crate::{names::Thing, period::Period, wish::Wish};

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// What is not as it should be.
    Problems {
        /// In this time; `None` is lately.
        within: Option<Period>,
    },
    /// What somebody made and ran.
    Deeds {
        /// Who; `None` is whoever asks.
        of: Option<Thing>,
        /// In this time; `None` is lately.
        within: Option<Period>,
    },
    /// The results that came in last.
    Latest {
        /// Of this experiment; `None` is of all.
        of: Option<Thing>,
    },
    /// When something was, and how long it takes.
    Timing {
        /// Of a run or an experiment.
        of: Thing,
        /// Which time.
        what: Timing,
    },
    /// What the runs of an experiment come to.
    Mean {
        /// The experiment.
        of: Thing,
        /// By this metric; `None` is its objective.
        metric: Option<Thing>,
        /// Of what.
        what: Averaged,
    },
    /// What a run measured, or was told.
    Value {
        /// The run.
        of: Thing,
        /// The metric, or the parameter.
        metric: Thing,
    },
    /// Where chance began.
    Seeds {
        /// Of a run or an experiment.
        of: Thing,
    },
    /// What a run was told, or the next one of an experiment would be.
    Config {
        /// A run or an experiment.
        of: Thing,
    },
    /// The best of everything, for each objective by itself.
    BestOfAll {
        /// How many experiments of each objective.
        count: u32,
    },
    /// Why something was stopped.
    WhyCancelled {
        /// A run or an experiment.
        of: Thing,
    },
    /// What costs the most, or the least.
    Spenders {
        /// Experiments, or people.
        is_people: bool,
        /// The most first.
        is_highest: bool,
        /// Only today.
        is_today: bool,
    },
    /// Experiments by how they stand.
    Standing {
        /// In this state; of what failed or was cancelled, any task.
        state: cupola_domain::counts::State,
        /// In any other.
        is_not: bool,
        /// Only those that briefs made.
        is_briefs: bool,
    },
    /// Experiments of which no run was ever started.
    NeverRan,
    /// The workers that are heard of, or are not.
    Presence {
        /// Those that are.
        is_online: bool,
    },
    /// The workers that work for something, or do not.
    Busy {
        /// Those that do.
        is_busy: bool,
    },
    /// The experiments that were made in a time.
    Made {
        /// In this one.
        within: Period,
    },
    /// What is open of what wants attention.
    Alerts,
    /// Who made something.
    Maker {
        /// A run, an experiment or a worker.
        of: Thing,
    },
    /// Which worker takes the longest, or the shortest, for a run.
    Speed {
        /// The one that takes the longest.
        is_slowest: bool,
    },
    /// Briefs, the newest first.
    Briefs {
        /// Only of whoever asks.
        is_own: bool,
        /// That were made in this time; `None` is ever.
        within: Option<Period>,
    },
    /// What whoever asks has of a kind.
    Own {
        /// Experiments or workers.
        kind: crate::names::Kind,
    },
    /// What only a page or a command can do.
    Elsewhere {
        /// What is to be done.
        what: Deed,
        /// To this.
        on: Option<Thing>,
    },
    /// Another of what there was.
    Again {
        /// An experiment.
        of: Thing,
    },
    /// Nothing: somebody declined, or gave thanks.
    Nothing,
    /// A draft is thrown away, or one is spoken of where there is none.
    NoDraft {
        /// Whether there was one.
        was_there: bool,
    },
    /// What a draft would take.
    Estimate {
        /// The draft.
        wish: Box<Wish>,
        /// How long, rather than how much it costs.
        is_time: bool,
    },
}

/// Which time is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// When it was made.
    Made,
    /// When its program, or the first of them, was started.
    Started,
    /// When it ended.
    Ended,
    /// How long it took, or takes so far.
    Took,
    /// How long it will go on.
    Left,
}

/// Of what a mean is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Averaged {
    /// A metric.
    Values,
    /// How long runs took.
    Duration,
    /// What runs cost.
    Cost,
}

/// What the assistant does not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Take it away.
    Delete,
    /// Call it otherwise.
    Rename,
    /// Give a worker nothing new.
    Pause,
    /// Let it work again.
    Resume,
    /// Write a file of it.
    Export,
    /// Shut an owner out.
    Ban,
    /// Let one in again.
    LiftBan,
    /// Change what may be spent.
    Budget,
    /// Change what is configured.
    Edit,
    /// Make one.
    Make,
    /// Make another of the same.
    Clone,
    /// Make it a version of a model.
    Promote,
    /// Give somebody credits.
    Pay,
    /// Let somebody or a machine in.
    Invite,
    /// Be told when something happens.
    Alert,
    /// See which reports are kept.
    ListReports,
    /// Take a report away.
    DeleteReport,
    /// Have reports made by themselves.
    ScheduleReport,
}

impl Deed {
    /// The word in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete anything",
            Self::Rename => "rename anything",
            Self::Pause => "pause a worker",
            Self::Resume => "let a worker go on",
            Self::Export => "write files",
            Self::Ban => "ban anybody",
            Self::LiftBan => "lift a ban",
            Self::Budget => "change a budget",
            Self::Edit => "edit anything",
            Self::Make => "make experiments",
            Self::Clone => "clone an experiment",
            Self::Promote => "make versions of models",
            Self::Pay => "give credits",
            Self::Invite => "let anybody in",
            Self::Alert => "make rules of alerts",
            Self::ListReports => "list the reports that are kept",
            Self::DeleteReport => "delete a report",
            Self::ScheduleReport => "make schedules of reports",
        }
    }
}

impl Fact {
    /// What it is about, to which a later "it" leads.
    pub fn subject(&self) -> Option<&Thing> {
        match self {
            Self::Timing { of, .. }
            | Self::Mean { of, .. }
            | Self::Value { of, .. }
            | Self::Seeds { of }
            | Self::Config { of }
            | Self::Maker { of }
            | Self::Again { of }
            | Self::WhyCancelled { of } => Some(of),
            Self::Deeds { of, .. } | Self::Latest { of } | Self::Elsewhere { on: of, .. } => {
                of.as_ref()
            }
            Self::Problems { .. }
            | Self::BestOfAll { .. }
            | Self::Speed { .. }
            | Self::Spenders { .. }
            | Self::Presence { .. }
            | Self::Busy { .. }
            | Self::Made { .. }
            | Self::Standing { .. }
            | Self::NeverRan
            | Self::Alerts
            | Self::Briefs { .. }
            | Self::Own { .. }
            | Self::Nothing
            | Self::NoDraft { .. }
            | Self::Estimate { .. } => None,
        }
    }

    /// The same about something else of the same kind.
    #[must_use]
    pub fn about(mut self, other: &Thing) -> Option<Self> {
        let subject = match &mut self {
            Self::Timing { of, .. }
            | Self::Mean { of, .. }
            | Self::Value { of, .. }
            | Self::Seeds { of }
            | Self::Config { of }
            | Self::Maker { of }
            | Self::WhyCancelled { of } => of,
            Self::Latest { of } | Self::Deeds { of, .. } => {
                *of = Some(other.clone());
                return Some(self);
            }
            _ => return None,
        };
        let is_alike = subject.kind() == other.kind();
        subject.clone_from(other);
        is_alike.then_some(self)
    }

    /// The same in another time.
    #[must_use]
    pub fn within(mut self, period: Period) -> Option<Self> {
        match &mut self {
            Self::Problems { within } | Self::Deeds { within, .. } => *within = Some(period),
            _ => return None,
        }
        Some(self)
    }
}
