//! What a workspace holds, known by heart: small rows by number, read once and kept up to date by
//! what is noticed on disk.

mod compose;
pub(crate) mod keys;
mod load;
mod update;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use cupola_domain::time::Timestamp;
use keys::Keys;

use crate::{
    here::{self, Here},
    model::{
        Carbon, Counts, Experiment, ExperimentRun, Job, JobKey, JobState, RunKey, RunStatus,
        Service, ServiceState, Warning,
    },
    source::SourceError,
    watch::Place,
    xpm::{self, Layout, file::Stamp, job::Followed, run::RunFiles, value::carbon_sum},
};

pub(crate) use update::apply;

/// All of it.
#[derive(Debug)]
pub(crate) struct Index {
    layout: Layout,
    here: Here,
    keys: Keys,
    slots: Vec<Slot>,
    experiments: BTreeMap<String, BTreeMap<String, Run>>,
    /// Jobs whose own folder is watched, because they are under way.
    open: BTreeSet<u32>,
    /// How far the events of jobs under way were read.
    followed: Mutex<HashMap<u32, Followed>>,
    /// Jobs that could not be read whole, which are tried again, and what was tried last.
    torn: BTreeMap<u32, Option<Stamp>>,
    /// Why experiments could not be listed.
    problem: Option<String>,
    /// Experiments whose runs could not be listed, with why.
    closed: BTreeMap<String, String>,
    /// How folders of tasks looked before it was seen which jobs are in them.
    listed: BTreeMap<String, Look>,
}

/// What changes with a folder when something comes or goes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    inode: u64,
    changed_at: Timestamp,
    nanos: i64,
}

/// One job.
#[derive(Debug, Clone, Default)]
struct Slot {
    job: Option<Arc<Job>>,
    is_there: bool,
    /// From the oldest to the newest.
    runs: Vec<Arc<RunKey>>,
}

/// One run.
#[derive(Debug)]
struct Run {
    key: Arc<RunKey>,
    files: RunFiles,
    /// Its program is at work, as far as can be known here.
    is_active: bool,
}

impl Index {
    /// Numbered as first named.
    pub(crate) fn jobs(&self, of: Option<&RunKey>) -> Option<Vec<Arc<Job>>> {
        match of {
            Some(key) => {
                let named = self.run(key)?.files.named.iter();
                let shown = named.filter_map(|(slot, named)| {
                    let job = self.slots[*slot as usize].job.as_ref()?;
                    Some(compose::as_named(job, named))
                });
                Some(shown.collect())
            }
            None => Some(
                self.slots
                    .iter()
                    .filter(|slot| !slot.runs.is_empty())
                    .filter_map(|slot| slot.job.clone())
                    .collect(),
            ),
        }
    }

    pub(crate) fn job(&self, key: &JobKey) -> Option<Arc<Job>> {
        let slot = self.keys.find(&key.task, &key.id)?;
        let slot = &self.slots[slot as usize];
        slot.job.clone().filter(|_| !slot.runs.is_empty())
    }

    pub(crate) fn experiments(&self) -> Vec<Experiment> {
        let experiments = self.experiments.iter();
        experiments
            .map(|(id, runs)| Experiment {
                id: id.clone(),
                path: self.layout.experiments().join(id),
                runs: runs
                    .values()
                    .rev()
                    .enumerate()
                    .map(|(at, run)| self.shown(run, at == 0))
                    .collect(),
            })
            .collect()
    }

    pub(crate) fn services(&self, of: Option<&RunKey>) -> Vec<Service> {
        let runs = self
            .runs()
            .filter(|run| of.is_none_or(|key| *run.key == *key));
        let kept = runs.flat_map(|run| run.files.services.values().map(move |kept| (run, kept)));
        kept.map(|(run, kept)| {
            let mut service = kept.clone();
            // It goes with its program, if nobody said otherwise.
            if service.state == ServiceState::Unknown && !run.is_active {
                service.state = ServiceState::Stopped;
            }
            service
        })
        .collect()
    }

    pub(crate) fn files(&self, of: &RunKey) -> Option<&RunFiles> {
        Some(&self.run(of)?.files)
    }

    /// What is still to be looked at: runs that are over ask nobody any more.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let closed = self.closed.iter().map(|(experiment, why)| Warning {
            run: RunKey {
                experiment: experiment.clone(),
                run: String::new(),
            },
            key: "unreadable".to_owned(),
            description: why.clone(),
            actions: Vec::new(),
        });
        let runs = self.runs().filter(|run| !run.files.is_over());
        let told = runs.flat_map(|run| run.files.warnings.values().cloned());
        closed.chain(told).collect()
    }

    pub(crate) fn is_active(&self, key: &RunKey) -> bool {
        self.run(key).is_some_and(|run| run.is_active)
    }

    pub(crate) fn run_keys(&self, experiment: &str) -> Vec<RunKey> {
        let runs = self.experiments.get(experiment);
        runs.into_iter()
            .flat_map(BTreeMap::values)
            .map(|run| (*run.key).clone())
            .collect()
    }

    pub(crate) fn experiment_names(&self) -> Vec<String> {
        self.experiments.keys().cloned().collect()
    }

    /// Jobs that run, though no newest run of an experiment names them.
    pub(crate) fn stray(&self) -> impl Iterator<Item = &Arc<Job>> {
        let is_latest = |key: &RunKey| {
            let runs = self.experiments.get(&key.experiment);
            runs.and_then(BTreeMap::last_key_value)
                .is_some_and(|(run, _)| *run == key.run)
        };
        let open = self.open.iter().map(|slot| &self.slots[*slot as usize]);
        open.filter(move |slot| !slot.runs.iter().any(|key| is_latest(key)))
            .filter_map(|slot| slot.job.as_ref())
            .filter(|job| job.state == JobState::Running)
    }

    pub(crate) fn is_named(&self, task: &str, id: &str) -> bool {
        let slot = self.keys.find(task, id);
        slot.is_some_and(|slot| !self.slots[slot as usize].runs.is_empty())
    }

    /// What could not be read of what names jobs, if anything: then nobody knows which are named by
    /// any run but `except`.
    pub(crate) fn unread(&self, except: &[RunKey]) -> Option<String> {
        let mut runs = self.runs().filter(|run| !except.contains(&run.key));
        let of_run = || {
            runs.find_map(|run| {
                let why = run.files.problem.as_ref()?;
                Some(format!("{}/{}: {why}", run.key.experiment, run.key.run))
            })
        };
        let closed = self.closed.values().next().cloned();
        self.problem.clone().or(closed).or_else(of_run)
    }

    /// Refuses what needs to know that.
    pub(crate) fn refuse_unread(&self, except: &[RunKey]) -> Result<(), SourceError> {
        match self.unread(except) {
            Some(why) => Err(SourceError::Refused(format!(
                "it is not known which jobs are named: {why}"
            ))),
            None => Ok(()),
        }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whatever should be looked at for changes.
    pub(crate) fn places(&self) -> BTreeSet<Place> {
        let mut places = BTreeSet::from([
            Place::Root,
            Place::Events,
            Place::LiveJobs,
            Place::LiveRuns,
            Place::Experiments,
            Place::Tasks,
        ]);
        for (id, runs) in &self.experiments {
            places.insert(Place::Experiment(id.clone()));
            places.extend(runs.values().map(|run| Place::Run((*run.key).clone())));
        }
        places.extend(self.keys.tasks().map(|task| Place::Task(task.to_owned())));
        places.extend(self.open.iter().map(|slot| Place::Job(*slot)));
        places
    }

    /// Where a place is.
    pub(crate) fn path(&self, place: &Place) -> Option<std::path::PathBuf> {
        Some(match place {
            Place::Root => self.layout.root.clone(),
            Place::Events => self.layout.root.join(".events"),
            Place::LiveJobs => self.layout.live_jobs(),
            Place::LiveRuns => self.layout.live_runs(),
            Place::Experiments => self.layout.experiments(),
            Place::Experiment(id) => self.layout.experiments().join(id),
            Place::Run(key) => self.run(key)?.files.folder.clone(),
            Place::Tasks => self.layout.jobs(),
            Place::Task(task) => xpm::is_name(task).then(|| self.layout.jobs().join(task))?,
            Place::Job(slot) => self.layout.job(&self.keys.key(*slot))?,
        })
    }

    /// What the files of a job begin with.
    pub(crate) fn script(&self, slot: u32) -> &str {
        xpm::script(self.keys.task(slot))
    }

    fn run(&self, key: &RunKey) -> Option<&Run> {
        self.experiments.get(&key.experiment)?.get(&key.run)
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.experiments.values().flat_map(BTreeMap::values)
    }

    fn shown(&self, run: &Run, is_latest: bool) -> ExperimentRun {
        let (counts, carbon) = self.sums(run, is_latest);
        let files = &run.files;
        ExperimentRun {
            key: (*run.key).clone(),
            path: files.folder.clone(),
            status: status(run, counts),
            host: files.host.clone(),
            started_at: files.started_at,
            // Of what was broken off nobody wrote down the end.
            ended_at: files
                .ended_at
                .or(files.written_at.filter(|_| !run.is_active)),
            counts,
            tags: files.tags.clone(),
            carbon: files.carbon.filter(|_| files.is_over()).or(carbon),
            problem: files.problem.clone(),
        }
    }

    /// A job may have been run again since an earlier run, which then tells its own end of it.
    fn sums(&self, run: &Run, is_latest: bool) -> (Counts, Option<Carbon>) {
        let mut counts = Counts::default();
        let mut carbon = None;
        for (slot, named) in &run.files.named {
            let job = self.slots[*slot as usize].job.as_ref();
            let then = named
                .state
                .filter(|state| !is_latest && matches!(state, JobState::Done | JobState::Error));
            counts.total += 1;
            match then.or(job.map(|job| job.state)) {
                Some(JobState::Done) => counts.done += 1,
                // What was cleaned up had not failed by that.
                Some(JobState::Phantom) if named.state == Some(JobState::Done) => counts.gone += 1,
                Some(JobState::Error | JobState::Phantom) => counts.failed += 1,
                Some(JobState::Running) => counts.running += 1,
                _ => {}
            }
            carbon = carbon_sum(carbon, job.and_then(|job| job.carbon));
        }
        (counts, carbon)
    }
}

/// By the jobs, then by whether anybody is at work on the rest.
fn status(run: &Run, counts: Counts) -> RunStatus {
    let is_broken_off = run.files.word.as_deref() == Some("failed");
    let is_all_done = counts.done + counts.gone == counts.total;
    match (run.is_active, run.files.is_over()) {
        (true, _) => RunStatus::Running,
        (false, _) if counts.total == 0 && !is_broken_off => RunStatus::Empty,
        (false, _) if is_all_done && !is_broken_off => RunStatus::Done,
        (false, true) => RunStatus::Failed,
        (false, false) => RunStatus::Stopped,
    }
}

/// Whether a run's program is at work: on another host it is believed, here its lock is looked at,
/// and so where no host is told.
fn is_active(files: &RunFiles, here: &Here) -> bool {
    if files.is_over() {
        return false;
    }
    if files.host.as_deref().is_some_and(|host| host != here.host) {
        return true;
    }
    let lock = files.folder.parent().map(|folder| folder.join("lock"));
    lock.is_none_or(|lock| here::is_locked(&lock) != Some(false))
}
