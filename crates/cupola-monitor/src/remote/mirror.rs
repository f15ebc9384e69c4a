//! What is known of the far side, kept as it tells what becomes of it.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use cupola_workspace::{
    model::{Experiment, Job, JobKey, JobState, Progress, RunKey},
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

    /// Jobs that will still become something else.
    pub(super) fn under_way(&self) -> BTreeSet<JobKey> {
        let jobs = self.lists.values().flat_map(|list| &list.jobs);
        let is_under_way =
            |job: &&Arc<Job>| matches!(job.state, JobState::Running | JobState::Scheduled);
        jobs.filter(is_under_way)
            .map(|job| job.key.clone())
            .collect()
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
        let mut gone = HashSet::new();
        for late in late {
            match late {
                Late::Job(job) => {
                    gone.remove(&job.key);
                    list.put(&job, of);
                }
                Late::Gone(key) => drop(gone.insert(key)),
                Late::Experiment(_) | Late::ExperimentGone(_) => {}
            }
        }
        list.remove(&gone);
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

    /// All of them at once: each alone would move whole lists.
    pub(super) fn remove_jobs(&mut self, gone: &HashSet<JobKey>) {
        for key in gone {
            self.keep_late(|| Late::Gone(key.clone()));
        }
        for list in self.lists.values_mut() {
            list.remove(gone);
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
        let jobs: Vec<_> = jobs.into_iter().map(Arc::new).collect();
        Self {
            places: places(&jobs),
            jobs,
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

    fn remove(&mut self, gone: &HashSet<JobKey>) {
        if gone.iter().any(|key| self.places.contains_key(key)) {
            self.jobs.retain(|job| !gone.contains(&job.key));
            self.places = places(&self.jobs);
        }
    }
}

fn places(jobs: &[Arc<Job>]) -> HashMap<JobKey, usize> {
    let places = jobs.iter().enumerate();
    places.map(|(at, job)| (job.key.clone(), at)).collect()
}

fn put_experiment(experiments: &mut Vec<Experiment>, experiment: Experiment) {
    match experiments.iter_mut().find(|it| it.id == experiment.id) {
        Some(known) => *known = experiment,
        None => experiments.push(experiment),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::wire::theirs::JobBody;

    fn job(number: usize) -> Job {
        let body = json!({"task_id": "t", "job_id": number.to_string()});
        let body: JobBody = serde_json::from_value(body).unwrap();
        body.to_job(&TimeZone::UTC)
    }

    fn key(number: usize) -> JobKey {
        job(number).key
    }

    fn with(count: usize) -> Mirror {
        let mut mirror = Mirror::default();
        let load = mirror.begin();
        let jobs = (0..count).map(job).collect();
        mirror.end_jobs(load, None, Ok(jobs)).unwrap();
        mirror
    }

    #[test]
    fn what_is_left_is_found_where_it_now_is() {
        let mut mirror = with(10);
        mirror.remove_jobs(&HashSet::from([key(0), key(4), key(9), key(99)]));
        let left = mirror.jobs(None).unwrap();
        let left: Vec<_> = left.iter().map(|job| job.key.id.as_str()).collect();
        assert_eq!(left, ["1", "2", "3", "5", "6", "7", "8"]);
        assert_eq!(mirror.job(&key(8)).unwrap().key, key(8));
        assert!(mirror.job(&key(4)).is_none());
    }

    #[test]
    fn what_went_while_a_list_was_read_is_not_in_it() {
        let mut mirror = Mirror::default();
        let load = mirror.begin();
        mirror.remove_jobs(&HashSet::from([key(1), key(2)]));
        mirror.put_job(job(2));
        let jobs = (0..3).map(job).collect();
        let jobs = mirror.end_jobs(load, None, Ok(jobs)).unwrap();
        let left: Vec<_> = jobs.iter().map(|job| job.key.id.as_str()).collect();
        assert_eq!(left, ["0", "2"], "it came back");
    }

    #[test]
    fn those_under_way_are_known_until_they_end() {
        let mut mirror = with(4);
        let put = |mirror: &mut Mirror, number, state| {
            mirror.put_job(Job {
                state,
                ..job(number)
            });
        };
        put(&mut mirror, 1, JobState::Running);
        put(&mut mirror, 2, JobState::Scheduled);
        put(&mut mirror, 3, JobState::Done);
        assert_eq!(mirror.under_way(), BTreeSet::from([key(1), key(2)]));
        put(&mut mirror, 1, JobState::Done);
        assert_eq!(mirror.under_way(), BTreeSet::from([key(2)]));
    }

    #[test]
    fn many_that_go_hold_nobody_up() {
        let mut mirror = with(20_000);
        let gone = (0..10_000).map(key).collect();
        let began = Instant::now();
        mirror.remove_jobs(&gone);
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(mirror.jobs(None).unwrap().len(), 10_000);
    }
}
