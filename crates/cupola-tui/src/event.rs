//! What happens, and what is to be done about it.

use std::{path::PathBuf, sync::Arc};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    model::{
        Experiment, ExperimentAction, Job, JobDetails, JobKey, Orphan, RunKey, Series, Service,
        Sheet, Warning,
    },
    source::{Action, Change, LogAsked, LogPart, SourceError},
};
use ratatui::crossterm::event::{KeyEvent, MouseEvent};

use crate::model::{How, Row};

/// Something that happened.
#[derive(Debug)]
pub(crate) enum Event {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resized(u16, u16),
    /// The time is now this; twice a second.
    Tick(Timestamp),
    /// The place is not as it was.
    Changed(Change),
    /// What was asked for.
    Answered(Answer),
    /// Something to say in the last line but one.
    Said(String),
    /// Something that went wrong, to be said likewise.
    Failed(String),
}

/// What is read from a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ask {
    Experiments,
    /// Read and arranged.
    Jobs(RunKey, Arc<How>),
    Details(JobKey),
    Services(Option<RunKey>),
    Actions(RunKey),
    Orphans,
    Warnings,
    Log(LogAsked),
    Series(JobKey),
    Sheets,
}

impl Ask {
    /// What came of it where nothing could be read.
    pub(crate) fn failed(self, error: SourceError) -> Answer {
        match self {
            Self::Experiments => Answer::Experiments(Err(error)),
            Self::Jobs(run, _) => Answer::Jobs(run, Err(error)),
            Self::Details(key) => Answer::Details(key, Err(error)),
            Self::Services(run) => Answer::Services(run, Err(error)),
            Self::Actions(run) => Answer::Actions(run, Err(error)),
            Self::Orphans => Answer::Orphans(Err(error)),
            Self::Warnings => Answer::Warnings(Err(error)),
            Self::Log(asked) => Answer::Log(asked, Err(error)),
            Self::Series(key) => Answer::Series(key, Err(error)),
            Self::Sheets => Answer::Sheets(Err(error)),
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Answer {
    Experiments(Result<Vec<Experiment>, SourceError>),
    Jobs(RunKey, Result<Arranged, SourceError>),
    /// Jobs that were known, in another order.
    Arranged(RunKey, Arranged),
    Details(JobKey, Result<Box<JobDetails>, SourceError>),
    Services(Option<RunKey>, Result<Vec<Service>, SourceError>),
    Actions(RunKey, Result<Vec<ExperimentAction>, SourceError>),
    Orphans(Result<Vec<Orphan>, SourceError>),
    Warnings(Result<Vec<Warning>, SourceError>),
    Log(LogAsked, Result<LogPart, SourceError>),
    Series(JobKey, Result<Vec<Series>, SourceError>),
    Sheets(Result<Vec<Sheet>, SourceError>),
}

/// Jobs with the rows that show them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arranged {
    /// As they were asked to be.
    pub(crate) how: Arc<How>,
    pub(crate) jobs: Arc<Vec<Arc<Job>>>,
    pub(crate) rows: Vec<Row>,
    /// How many jobs pass the filter.
    pub(crate) shown: usize,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Read something; the answer comes as an event.
    Load(Ask),
    /// Show jobs that are known in another order.
    Arrange(RunKey, Arc<Vec<Arc<Job>>>, Arc<How>),
    /// Change something; what came of it is said.
    Act(Vec<Action>),
    /// Kill whatever of a run runs then.
    KillRunning(RunKey),
    /// Put a text onto a clipboard.
    Copy(String),
    /// Write a text to a new file of this name, in the folder that this program runs in.
    Save(PathBuf, Vec<u8>),
    /// Have the place read anew.
    Refresh,
    Quit,
}
