//! The data folder of a hub, by the folders that it keeps of its runs: no hub and no database is asked,
//! and one that runs is not disturbed. A run that is under way is known to have begun; how far it is, its
//! hub knows.

mod curves;
mod follow;
mod read;

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, mpsc::Receiver},
};

use cupola_domain::time::Timestamp;

use crate::{
    Here,
    listeners::Listeners,
    log,
    model::{Experiment, Job, JobDetails, JobKey, RunKey, Series},
    source::{Action, Change, LogAsked, LogOf, LogPart, Place, Source, SourceError},
    xpm::file,
};
use follow::Follower;

/// The file by which the folder of all runs is known.
const MARK: &str = "folder.json";

/// The word by which that file is, which is no longer than this.
const FORMAT: &str = "cupola runs";
const MARK_BYTES_MAX: u64 = 64 << 10;

/// The folders of a hub's runs.
pub(crate) struct Own {
    shared: Arc<Shared>,
    follower: OnceLock<Follower>,
}

struct Shared {
    /// As it was named, for people.
    title: PathBuf,
    root: PathBuf,
    here: Here,
    state: RwLock<State>,
    listeners: Mutex<Listeners>,
}

/// All that was read.
#[derive(Default)]
struct State {
    experiments: Vec<Of>,
    /// By the ids of runs.
    runs: HashMap<String, Known>,
    /// The latest run of each task.
    tasks: HashMap<String, JobKey>,
}

/// An experiment with its runs, the oldest first.
struct Of {
    experiment: Experiment,
    jobs: Vec<Arc<Job>>,
}

/// A run.
#[derive(Clone)]
struct Known {
    job: Arc<Job>,
    task: String,
    attempt: i64,
    stamp: read::Stamp,
}

/// The folder of all runs of a hub whose data folder, or this itself, is `root`.
pub(crate) fn find(root: &Path) -> Option<PathBuf> {
    let mut places = [root.join("runs"), root.to_owned()].into_iter();
    places.find(|place| {
        let mark = file::json(&place.join(MARK), MARK_BYTES_MAX);
        mark.is_ok_and(|mark| mark["format"] == FORMAT)
    })
}

impl Own {
    /// Reads the runs in `runs`, which belong to what people call `title`.
    pub(crate) fn open(title: &Path, runs: &Path, here: Here) -> Result<Self, SourceError> {
        let root = runs.canonicalize().map_err(|error| {
            SourceError::Unknown(format!("{}: {}", runs.display(), file::words(&error)))
        })?;
        let state = read::all(&root, &State::default())?;
        Ok(Self {
            shared: Arc::new(Shared {
                title: title.to_owned(),
                root,
                here,
                state: RwLock::new(state),
                listeners: Mutex::default(),
            }),
            follower: OnceLock::new(),
        })
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.shared.state()
    }

    fn run(&self, key: &JobKey) -> Result<Arc<Job>, SourceError> {
        let state = self.state();
        let known = state.runs.get(&key.id).map(|known| &known.job);
        let known = known.filter(|job| job.key == *key);
        known
            .cloned()
            .ok_or_else(|| SourceError::Unknown(format!("there is no job {key}")))
    }
}

impl Source for Own {
    fn place(&self) -> Place {
        Place {
            title: self.shared.title.display().to_string(),
            is_remote: false,
            can_act: false,
            is_hub: true,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        let listeners = &self.shared.listeners;
        let receiver = listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add();
        self.follower
            .get_or_init(|| Follower::start(Arc::clone(&self.shared)));
        receiver
    }

    fn now(&self) -> Timestamp {
        (self.shared.here.now)()
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        let state = self.state();
        let experiments = state.experiments.iter().map(|of| of.experiment.clone());
        Ok(experiments.collect())
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        let state = self.state();
        let Some(asked) = of else {
            let jobs = state.experiments.iter().flat_map(|of| &of.jobs);
            return Ok(jobs.cloned().collect());
        };
        let is_asked = |of: &&Of| of.experiment.runs.iter().any(|run| run.key == *asked);
        let found = state.experiments.iter().find(is_asked);
        let found = found.map(|of| of.jobs.clone());
        found.ok_or_else(|| {
            let RunKey { experiment, run } = asked;
            SourceError::Unknown(format!("there is no run {experiment}/{run}"))
        })
    }

    fn dependencies(&self, of: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        let jobs = self.jobs(Some(of))?;
        let needed = jobs.iter().map(|job| {
            let needed = read::needed(&job.path).unwrap_or_default();
            (job.key.clone(), self.state().latest(&needed))
        });
        Ok(needed.filter(|(_, needed)| !needed.is_empty()).collect())
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        let job = self.run(key)?;
        let mut details = read::details(&job);
        let needed = read::needed(&job.path).unwrap_or_default();
        details.dependencies = self.state().latest(&needed);
        Ok(details)
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        let LogOf::Job(key) = &asked.of else {
            return Err(SourceError::Unknown("there is no such log".to_owned()));
        };
        let job = self.run(key)?;
        let path = read::log_path(&job.path, &asked.stream);
        let unknown = || SourceError::Unknown(format!("there is no stream {}", asked.stream));
        log::part(&path.ok_or_else(unknown)?, asked.offset, asked.bytes)
    }

    fn series(&self, of: &JobKey, width: usize) -> Result<Vec<Series>, SourceError> {
        curves::series(&self.run(of)?.path, width)
    }

    fn act(&self, _action: &Action) -> Result<String, SourceError> {
        Err(SourceError::Unsupported(
            "a hub's runs are changed by their hub".to_owned(),
        ))
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        let shown = path.display();
        let real = path
            .canonicalize()
            .map_err(|error| SourceError::Unknown(format!("{shown}: {}", file::words(&error))))?;
        if real.starts_with(&self.shared.root) {
            Ok(real)
        } else {
            Err(SourceError::Refused(format!("{shown} is no run's")))
        }
    }

    fn refresh(&self) {
        self.shared.refresh();
    }
}

impl Shared {
    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what changed and tells who listens.
    fn refresh(&self) {
        // What cannot be read now is looked at again at the next change.
        let Ok(fresh) = read::all(&self.root, &self.state()) else {
            return;
        };
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        let listeners = self.listeners.lock();
        listeners
            .unwrap_or_else(PoisonError::into_inner)
            .tell(&[Change::All]);
    }
}

impl State {
    /// The latest runs of tasks.
    fn latest(&self, tasks: &[String]) -> Vec<JobKey> {
        let found = tasks.iter().filter_map(|task| self.tasks.get(task));
        found.cloned().collect()
    }
}

#[cfg(test)]
mod tests;
