//! Where what is watched comes from: a folder here, the same folder by SSH, a hub.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Weak, mpsc::Receiver},
    time::Duration,
};

use cupola_domain::time::Timestamp;

use crate::model::{
    Experiment, ExperimentAction, Job, JobDetails, JobKey, Orphan, RunKey, Series, Service, Sheet,
    Warning,
};

/// What went wrong, in words for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceError {
    /// There is no such thing.
    Unknown(String),
    /// Whoever asks may not do that.
    Refused(String),
    /// Its place does not answer; it may later.
    Away(String),
    /// This place has no such thing to offer.
    Unsupported(String),
}

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Unknown(text)
        | Self::Refused(text)
        | Self::Away(text)
        | Self::Unsupported(text)) = self;
        f.write_str(text)
    }
}

impl std::error::Error for SourceError {}

/// What a source says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `/scratch/me/xp`, `cluster:/scratch/me/xp`, `http://127.0.0.1:7171`.
    pub title: String,
    /// Whether it is a hub: an experiment has one run there and goes with all that belongs to it.
    pub is_hub: bool,
    /// Whether reading costs a journey, so that logs are fetched now and then.
    pub is_remote: bool,
    /// Whether it can be changed from here.
    pub can_act: bool,
}

/// Something is not as it was; whoever shows it reads again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Which experiments there are, or how one of them is.
    Experiment(String),
    /// How a job is.
    Job(JobKey),
    /// A stream of it grew.
    Log(JobKey),
    /// Services, of all or one run.
    Services,
    /// What should be looked at.
    Warnings,
    /// Its far side said something to people, which stands in the workspace's log, in [`SAID`].
    Said,
    /// Much at once: read everything.
    All,
    /// The place went away, or came back: in words for the status bar.
    Connection(Connection),
}

/// How a source stands to its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// It answers.
    Live,
    /// It is tried again.
    Away {
        /// Why it is away.
        why: String,
        /// After that long.
        next: Duration,
    },
}

/// The stream of a workspace's log that has what its far side said to people.
pub const SAID: &str = "ssh";

/// A part of a log: bytes from an offset, or its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogAsked {
    /// Whose.
    pub of: LogOf,
    /// `stdout` or `stderr`; of a workspace that is far away also [`SAID`].
    pub stream: String,
    /// None: the last `bytes` of it, beginning with a line.
    pub offset: Option<u64>,
    /// At most so many.
    pub bytes: u64,
}

/// Whose log it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogOf {
    /// A job's.
    Job(JobKey),
    /// A service's.
    Service(RunKey, String),
    /// The workspace's own.
    Workspace,
}

/// What was read of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    /// Where it begins; other than asked when the file shrank.
    pub offset: u64,
    /// As they are; the reader strips what a terminal would obey.
    pub bytes: Vec<u8>,
    /// Of the whole file now.
    pub size: u64,
}

/// What somebody asks to be changed. Nothing else changes a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ends a job's process: asked first, killed after a while.
    Kill(JobKey),
    /// Removes a job's folder; a running one is refused.
    Delete(JobKey),
    /// Removes a run, or the whole experiment; its jobs too where said.
    DeleteExperiment {
        /// Its name.
        experiment: String,
        /// One run only.
        run: Option<String>,
        /// Jobs that nothing else names.
        with_jobs: bool,
    },
    /// Starts a service.
    StartService(RunKey, String),
    /// Stops it.
    StopService(RunKey, String),
    /// Does something that a warning offers.
    Warning {
        /// Of which run.
        run: RunKey,
        /// Which warning.
        key: String,
        /// What of it.
        action: String,
    },
    /// Ends those of these jobs that run though no newest run names them.
    KillStray(Vec<JobKey>),
    /// Removes those of these jobs' folders that no run names; one that changed a moment ago stays, as it
    /// may be about to be named.
    DeleteOrphans(Vec<JobKey>),
    /// Does something that an experiment offers.
    Execute(RunKey, String),
    /// A hub: starts or retries.
    Start(JobKey),
}

/// A service that was started from here, while it runs: nobody holds one that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Where it answers, on this machine alone.
    pub address: SocketAddr,
    /// With which path one begins: `/`, `/lab?token=…`.
    pub begin: String,
}

/// A place that is watched. Calls block: whoever shows something makes them on another thread. A place
/// that has no such thing leaves out what is answered with nothing here.
pub trait Source: Send + Sync {
    /// What it is.
    fn place(&self) -> Place;
    /// From now on; each caller has its own. Changes that nobody takes are summed up.
    fn changes(&self) -> Receiver<Change>;
    /// Now, by the clock that its times were taken with.
    fn now(&self) -> Timestamp;
    /// All experiments with their runs.
    fn experiments(&self) -> Result<Vec<Experiment>, SourceError>;
    /// The jobs of a run, or all that experiments name; shared, because there are many.
    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError>;
    /// Which jobs each job of a run needs, of those that need any.
    fn dependencies(&self, _of: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        Ok(BTreeMap::new())
    }
    /// All of one job.
    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError>;
    /// Services of a run, or all.
    fn services(&self, _of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        Ok(Vec::new())
    }
    /// How a service is reached that was started from here and runs. What files say of one is never
    /// told by this: whoever can write them could point it anywhere.
    fn serving(&self, _of: &RunKey, _id: &str) -> Option<Weak<Serving>> {
        None
    }
    /// What can be done with a run.
    fn actions(&self, _of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
        Ok(Vec::new())
    }
    /// What nothing names, and what runs astray.
    fn orphans(&self, _with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
        Ok(Vec::new())
    }
    /// What should be looked at.
    fn warnings(&self) -> Result<Vec<Warning>, SourceError> {
        Ok(Vec::new())
    }
    /// A part of a log.
    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError>;
    /// What a job measured, each metric reduced to about `width` points.
    fn series(&self, _of: &JobKey, _width: usize) -> Result<Vec<Series>, SourceError> {
        Err(SourceError::Unsupported(
            "no metrics are read here".to_owned(),
        ))
    }
    /// What else there is to see: a hub's workers, briefs and accounts.
    fn sheets(&self) -> Result<Vec<Sheet>, SourceError> {
        Ok(Vec::new())
    }
    /// Changes something, when asked to; says in words what was done.
    fn act(&self, action: &Action) -> Result<String, SourceError>;
    /// A file or folder of a job here, fetched first where the place is elsewhere.
    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError>;
    /// A folder of a job here with its event files at least, fetched first where the place is
    /// elsewhere: what lies beside them may be far larger.
    fn fetched_events(&self, folder: &Path) -> Result<PathBuf, SourceError> {
        self.fetched(folder)
    }
    /// Reads anew, whatever was noticed.
    fn refresh(&self);
}
