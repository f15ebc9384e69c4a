//! What a workspace holds, however it is kept and from wherever it is watched.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

use cupola_domain::time::Timestamp;
use serde_json::Value;

/// Which job: jobs of different experiments are the same when both agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobKey {
    /// What it does: the dotted name of its type.
    pub task: String,
    /// The hash of its parameters.
    pub id: String,
}

impl fmt::Display for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.task, self.id)
    }
}

/// Which run of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunKey {
    /// The experiment's id.
    pub experiment: String,
    /// When it was started, as its folder is called.
    pub run: String,
}

/// Names with values, sorted by name; small and shared, because there are many jobs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tags(Arc<[(String, Value)]>);

impl Tags {
    /// The value that goes by `name`.
    pub fn find(&self, name: &str) -> Option<&Value> {
        let place = self.0.binary_search_by(|(key, _)| key.as_str().cmp(name));
        place.ok().map(|place| &self.0[place].1)
    }

    /// Sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<BTreeMap<String, Value>> for Tags {
    fn from(tags: BTreeMap<String, Value>) -> Self {
        Self(tags.into_iter().collect())
    }
}

impl FromIterator<(String, Value)> for Tags {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(tags: I) -> Self {
        tags.into_iter().collect::<BTreeMap<_, _>>().into()
    }
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// Known, not asked for.
    Unscheduled,
    /// For its dependencies.
    Waiting,
    /// Nothing is in its way.
    Ready,
    /// Given to a scheduler.
    Scheduled,
    /// Its program runs.
    Running,
    /// It ended well.
    Done,
    /// It did not.
    Error,
    /// Only run when somebody needs it.
    Transient,
    /// Named by an experiment, gone from the disk.
    Phantom,
}

impl JobState {
    /// As Experimaestro writes it, and as it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unscheduled => "unscheduled",
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Done => "done",
            Self::Error => "error",
            Self::Transient => "transient",
            Self::Phantom => "phantom",
        }
    }
}

/// Why a job did not end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Over its time.
    Timeout,
    /// Out of memory.
    Memory,
    /// Its scheduler takes no job that long.
    RejectedTimelimit,
    /// Its scheduler did not take it.
    RejectedOther,
    /// Something it needs did not end well.
    Dependency,
    /// Its program failed.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// It ended without what it should have written.
    MissingOutputs,
    /// Somebody deleted it.
    Deleted,
    /// Its process is gone from this host and left no word.
    Lost,
}

impl Reason {
    /// In small letters; `-` joins words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::RejectedTimelimit => "rejected-timelimit",
            Self::RejectedOther => "rejected",
            Self::Dependency => "dependency",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::MissingOutputs => "missing-outputs",
            Self::Deleted => "deleted",
            Self::Lost => "lost",
        }
    }

    /// Whether its program was never started.
    pub(crate) const fn is_before_begin(self) -> bool {
        matches!(
            self,
            Self::Dependency | Self::RejectedTimelimit | Self::RejectedOther
        )
    }
}

/// How far an experiment's run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunStatus {
    /// Its program runs, or runs elsewhere as far as can be known.
    Running,
    /// Some of its jobs did not end well, or it was broken off.
    Failed,
    /// All is done.
    Done,
    /// It has no jobs.
    Empty,
    /// Its program is gone from this host, with jobs left to do.
    Stopped,
}

impl RunStatus {
    /// As it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Done => "done",
            Self::Empty => "empty",
            Self::Stopped => "stopped",
        }
    }
}

/// One level of nested progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// 0 is the outermost.
    pub level: u32,
    /// What is being done.
    pub desc: String,
    /// From 0 to 1.
    pub progress: f64,
}

/// What computing has cost the air.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Carbon {
    /// Of CO₂.
    pub co2_kg: f64,
    /// Energy taken.
    pub energy_kwh: f64,
    /// Power of processors, GPUs and memory, in watts, where measured.
    pub cpu_power_w: Option<f64>,
    /// The same of GPUs.
    pub gpu_power_w: Option<f64>,
    /// The same of memory.
    pub ram_power_w: Option<f64>,
    /// For how long it was measured.
    pub duration_s: f64,
    /// Whether no more will come.
    pub is_final: bool,
}

/// The process of a job, as its workspace names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// `local`, `slurm`, …
    pub kind: String,
    /// The number of a process, or a scheduler's word for it.
    pub pid: String,
    /// Where it was started, when that is known.
    pub host: Option<String>,
}

/// How a job's process does at this moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessNow {
    /// Which.
    pub process: Process,
    /// None where this host cannot know.
    pub is_running: Option<bool>,
    /// Of one processor.
    pub cpu_percent: Option<f64>,
    /// In memory.
    pub memory_bytes: Option<u64>,
    /// How many.
    pub threads: Option<u32>,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Which.
    pub key: JobKey,
    /// Its folder.
    pub path: PathBuf,
    /// By its own files.
    pub state: JobState,
    /// Why it did not end well.
    pub reason: Option<Reason>,
    /// What its experiment's scheduler says, where that differs.
    pub scheduler: Option<JobState>,
    /// When it was given to its experiment.
    pub submitted_at: Option<Timestamp>,
    /// When its program started.
    pub started_at: Option<Timestamp>,
    /// When that ended.
    pub ended_at: Option<Timestamp>,
    /// What its program ended with.
    pub exit_code: Option<i32>,
    /// How often it was tried again.
    pub retries: u32,
    /// From the outermost level inwards.
    pub progress: Vec<Progress>,
    /// What people call it by.
    pub tags: Tags,
    /// Its process, while it has one.
    pub process: Option<Process>,
    /// What it took.
    pub carbon: Option<Carbon>,
    /// Which runs of experiments name it.
    pub runs: Vec<RunKey>,
    /// What could not be read of it, in plain words.
    pub problem: Option<String>,
}

/// What is read of a job only when somebody looks at it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDetails {
    /// As in lists.
    pub job: Job,
    /// Nested as its configuration is.
    pub parameters: Value,
    /// Which jobs it needs.
    pub dependencies: Vec<JobKey>,
    /// How its process does.
    pub process: Option<ProcessNow>,
    /// Its streams, with what they hold: `stdout`, `stderr`.
    pub logs: Vec<LogFile>,
}

/// A stream that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// `stdout`, `stderr`.
    pub name: String,
    /// Where.
    pub path: PathBuf,
    /// So far.
    pub bytes: u64,
}

/// Where a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    /// Its program is at work, and wrote nothing of it down.
    Unknown,
    /// It does not run.
    Stopped,
    /// It was asked to run.
    Starting,
    /// It runs.
    Running,
    /// It was asked to stop.
    Stopping,
    /// It went wrong.
    Error,
}

impl ServiceState {
    /// As it is shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Error => "error",
        }
    }
}

/// Something that an experiment offers beside its jobs: `TensorBoard`, for instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Of which run.
    pub run: RunKey,
    /// Its name in that.
    pub id: String,
    /// In a few words.
    pub description: String,
    /// Where it is.
    pub state: ServiceState,
    /// Where it answers.
    pub url: Option<String>,
    /// What is wrong.
    pub error: Option<String>,
    /// What made it, and from what: a class and its state.
    pub class: String,
    /// As its maker kept it.
    pub kept: Value,
    /// How its files get here, where it runs here and they lie elsewhere.
    pub synced: Option<Synced>,
}

/// How far what is needed here was fetched from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Synced {
    /// When it was last fetched whole; none while that is done for the first time.
    pub last: Option<Timestamp>,
    /// When it is fetched again; none while that is being done.
    pub next: Option<Timestamp>,
    /// Why the last time did not work.
    pub problem: Option<String>,
}

/// Something that can be done with an experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExperimentAction {
    /// Its name.
    pub id: String,
    /// In a few words.
    pub description: String,
    /// What does it.
    pub class: String,
}

/// How many jobs of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// In all.
    pub total: u64,
    /// Ended well.
    pub done: u64,
    /// Did not.
    pub failed: u64,
    /// At this moment.
    pub running: u64,
    /// Ended well, and were deleted since.
    pub gone: u64,
}

impl Counts {
    /// How many are over.
    pub const fn ended(&self) -> u64 {
        self.done + self.failed + self.gone
    }
}

/// One run of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentRun {
    /// Which.
    pub key: RunKey,
    /// Its folder.
    pub path: PathBuf,
    /// How far it is: by its jobs, not by what its program said of itself.
    pub status: RunStatus,
    /// Where its program runs or ran.
    pub host: Option<String>,
    /// When that started.
    pub started_at: Option<Timestamp>,
    /// When that ended; when it last wrote something, where it was broken off.
    pub ended_at: Option<Timestamp>,
    /// Of its jobs.
    pub counts: Counts,
    /// What people call it by.
    pub tags: Vec<String>,
    /// What its jobs took.
    pub carbon: Option<Carbon>,
    /// What could not be read of it.
    pub problem: Option<String>,
}

/// An experiment with its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Its name.
    pub id: String,
    /// Its folder.
    pub path: PathBuf,
    /// The newest first; the first is what is shown unless another is asked for.
    pub runs: Vec<ExperimentRun>,
}

/// A job folder that nothing names any more, or one that runs outside of its experiment's last run.
#[derive(Debug, Clone, PartialEq)]
pub struct Orphan {
    /// Which.
    pub job: Job,
    /// It runs, though the latest run of its experiment does not name it.
    pub is_stray: bool,
    /// Of all its files, once counted.
    pub bytes: Option<u64>,
}

/// Something that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Of which run.
    pub run: RunKey,
    /// Which.
    pub key: String,
    /// In a few words.
    pub description: String,
    /// What can be done about it: key and label.
    pub actions: Vec<(String, String)>,
}

/// What a job measured of one metric.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The metric.
    pub name: String,
    /// Step and value, in the order of steps.
    pub points: Vec<(f64, f64)>,
    /// Whether points were left out.
    pub is_reduced: bool,
}

/// A table of words: whatever a place has to show beside experiments and jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// `Workers`.
    pub title: String,
    /// What stands above each column.
    pub columns: Vec<String>,
    /// As many words each as there are columns.
    pub rows: Vec<Vec<String>>,
}
