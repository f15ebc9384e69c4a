//! What is known of the far side, kept as it tells what becomes of it.

use std::{collections::HashMap, sync::Arc};

use cupola_workspace::{
    model::{Experiment, Job, JobKey, Progress, RunKey},
    source::SourceError,
};

/// So many lists of jobs are kept; whoever looks through more runs reads again.
const LISTS_MAX: usize = 8;

#[derive(Default)]
pub(super) struct Mirror {
    experiments: Option<Vec<Experiment>>,
    lists: HashMap<Option<RunKey>, List>,
    /// Counts how often all was forgotten, so that what was asked before is not kept after.
    generation: u64,
    /// Lists that are on their way.
    loading: usize,
    /// What was told meanwhile: it may be newer than the list that comes.
    late: Vec<Late>,
}

/// A list that is on its way.
pub(super) struct Load(u64);

#[derive(Default)]
struct List {
    jobs: Vec<Arc<Job>>,
    places: HashMap<JobKey, usize>,
}

#[derive(Clone)]
enum Late {
    Job(Arc<Job>),
    Gone(JobKey),
    Experiment(Experiment),
    ExperimentGone(String),
}

impl Mirror {
    pub(super) fn experiments(&self) -> Option<Vec<Experiment>> {
        self.experiments.clone()
    }

    pub(super) fn jobs(&self, of: Option<&RunKey>) -> Option<Vec<Arc<Job>>> {
        let list = self.lists.get(&of.cloned())?;
        Some(list.jobs.clone())
    }

    /// A row, in whichever list.
    pub(super) fn job(&self, key: &JobKey) -> Option<Arc<Job>> {
        self.lists.values().find_map(|list| {
            let place = list.places.get(key)?;
            Some(Arc::clone(&list.jobs[*place]))
        })
    }

    /// Whether a list is known that should have that job of `run` and has it not.
    pub(super) fn lacks(&self, key: &JobKey, run: &RunKey) -> bool {
        let lists = [None, Some(run.clone())];
        let mut known = lists.iter().filter_map(|of| self.lists.get(of));
        known.any(|list| !list.places.contains_key(key))
    }

    pub(super) fn begin(&mut self) -> Load {
        self.loading += 1;
        Load(self.generation)
    }

    pub(super) fn end_experiments(
        &mut self,
        load: Load,
        found: Result<Vec<Experiment>, SourceError>,
    ) -> Result<Vec<Experiment>, SourceError> {
        let late = self.end();
        let mut experiments = found?;
        for late in late {
            match late {
                Late::Experiment(experiment) => put_experiment(&mut experiments, experiment),
                Late::ExperimentGone(id) => experiments.retain(|it| it.id != id),
                Late::Job(_) | Late::Gone(_) => {}
            }
        }
        if load.0 == self.generation {
            self.experiments = Some(experiments.clone());
        }
        Ok(experiments)
    }

    pub(super) fn end_jobs(
        &mut self,
        load: Load,
        of: Option<&RunKey>,
        found: Result<Vec<Job>, SourceError>,
    ) -> Result<Vec<Arc<Job>>, SourceError> {
        let late = self.end();
        let mut list = List::from(found?);
        for late in late {
            match late {
                Late::Job(job) => list.put(&job, of),
                Late::Gone(key) => list.remove(&key),
                Late::Experiment(_) | Late::ExperimentGone(_) => {}
            }
        }
        let jobs = list.jobs.clone();
        if load.0 == self.generation {
            if self.lists.len() >= LISTS_MAX {
                self.lists.clear();
            }
            self.lists.insert(of.cloned(), list);
        }
        Ok(jobs)
    }

    /// How a job now is.
    pub(super) fn put_job(&mut self, job: Job) {
        let job = Arc::new(job);
        self.keep_late(|| Late::Job(Arc::clone(&job)));
        for (of, list) in &mut self.lists {
            list.put(&job, of.as_ref());
        }
    }

    pub(super) fn remove_job(&mut self, key: &JobKey) {
        self.keep_late(|| Late::Gone(key.clone()));
        for list in self.lists.values_mut() {
            list.remove(key);
        }
    }

    /// How far a level is; deeper ones are over.
    pub(super) fn put_progress(
        &mut self,
        key: &JobKey,
        level: u32,
        progress: f64,
        desc: Option<&str>,
    ) {
        let Some(known) = self.job(key) else {
            return;
        };
        let mut job = Job::clone(&known);
        let before = job.progress.iter().find(|it| it.level == level);
        let known_desc = before.map(|it| it.desc.clone()).unwrap_or_default();
        job.progress.retain(|it| it.level < level);
        job.progress.push(Progress {
            level,
            desc: desc.map_or(known_desc, str::to_owned),
            progress,
        });
        self.put_job(job);
    }

    pub(super) fn put_experiment(&mut self, experiment: Experiment) {
        self.keep_late(|| Late::Experiment(experiment.clone()));
        if let Some(experiments) = &mut self.experiments {
            put_experiment(experiments, experiment);
        }
    }

    pub(super) fn remove_experiment(&mut self, id: &str) {
        self.keep_late(|| Late::ExperimentGone(id.to_owned()));
        if let Some(experiments) = &mut self.experiments {
            experiments.retain(|it| it.id != id);
        }
    }

    /// Experiments are read again; lists that are on their way are not kept.
    pub(super) fn forget_experiments(&mut self) {
        self.generation += 1;
        self.experiments = None;
    }

    /// Everything is read again.
    pub(super) fn forget(&mut self) {
        self.forget_experiments();
        self.lists.clear();
    }

    fn end(&mut self) -> Vec<Late> {
        self.loading -= 1;
        if self.loading == 0 {
            std::mem::take(&mut self.late)
        } else {
            self.late.clone()
        }
    }

    fn keep_late(&mut self, late: impl FnOnce() -> Late) {
        if self.loading > 0 {
            self.late.push(late());
        }
    }
}

impl From<Vec<Job>> for List {
    fn from(jobs: Vec<Job>) -> Self {
        let places = jobs.iter().enumerate();
        Self {
            places: places.map(|(at, job)| (job.key.clone(), at)).collect(),
            jobs: jobs.into_iter().map(Arc::new).collect(),
        }
    }
}

impl List {
    /// In its place, or at the end where this list is of a run that names it.
    fn put(&mut self, job: &Arc<Job>, of: Option<&RunKey>) {
        let belongs = match of {
            Some(run) => job.runs.contains(run),
            None => !job.runs.is_empty(),
        };
        match self.places.get(&job.key) {
            Some(&place) => self.jobs[place] = Arc::clone(job),
            None if belongs => {
                self.places.insert(job.key.clone(), self.jobs.len());
                self.jobs.push(Arc::clone(job));
            }
            None => {}
        }
    }

    fn remove(&mut self, key: &JobKey) {
        let Some(place) = self.places.remove(key) else {
            return;
        };
        self.jobs.remove(place);
        for at in self.places.values_mut() {
            *at -= usize::from(*at > place);
        }
    }
}

fn put_experiment(experiments: &mut Vec<Experiment>, experiment: Experiment) {
    match experiments.iter_mut().find(|it| it.id == experiment.id) {
        Some(known) => *known = experiment,
        None => experiments.push(experiment),
    }
}
