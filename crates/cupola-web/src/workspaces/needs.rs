//! Which jobs need which, kept for a while: it stands in a file of each job of a run.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use cupola_workspace::{
    model::{Job, JobKey, JobState, RunKey},
    source::{Source, SourceError},
};

/// Which jobs each job needs, of those that need any.
pub(crate) type Needs = BTreeMap<JobKey, Vec<JobKey>>;

/// Of jobs that have not begun it is believed for so long: those that have need what they need.
const BELIEVED: Duration = Duration::from_secs(10);

/// Of a run that goes on, it is read for a tenth of the time at most.
const REST: u32 = 9;

/// Runs that are kept.
const RUNS_MAX: usize = 8;

/// Runs that nobody looked at for so long are not.
const LIFE: Duration = Duration::from_mins(10);

/// What was read of the runs that were looked at last.
#[derive(Debug, Default)]
pub(crate) struct KeptNeeds(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    run: RunKey,
    looked_at: Instant,
    /// Held while it is read: whoever asks meanwhile waits for it.
    read: Arc<Mutex<Option<Read>>>,
}

#[derive(Debug)]
struct Read {
    /// How many jobs there were, and how many of them had begun.
    jobs: (usize, usize),
    at: Instant,
    took: Duration,
    needs: Arc<Needs>,
}

impl KeptNeeds {
    /// Of a run that has these jobs.
    pub(crate) fn read(
        &self,
        source: &dyn Source,
        run: &RunKey,
        jobs: &[Arc<Job>],
    ) -> Result<Arc<Needs>, SourceError> {
        let jobs = (jobs.len(), jobs.iter().filter(|job| has_begun(job)).count());
        let kept = self.find(run);
        let mut read = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = Instant::now();
        if let Some(read) = &*read
            && read.is_good(jobs)
        {
            return Ok(Arc::clone(&read.needs));
        }
        match (source.dependencies(run), &*read) {
            (Ok(needs), _) => {
                let needs = Arc::new(needs);
                *read = Some(Read {
                    jobs,
                    at: Instant::now(),
                    took: begun.elapsed(),
                    needs: Arc::clone(&needs),
                });
                Ok(needs)
            }
            // What is known of a place that is away stays readable.
            (Err(SourceError::Away(_)), Some(read)) => Ok(Arc::clone(&read.needs)),
            (Err(error), _) => Err(error),
        }
    }

    fn find(&self, run: &RunKey) -> Arc<Mutex<Option<Read>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let looked_at = Instant::now();
        all.retain(|kept| kept.looked_at.elapsed() < LIFE);
        if let Some(kept) = all.iter_mut().find(|kept| kept.run == *run) {
            kept.looked_at = looked_at;
            return Arc::clone(&kept.read);
        }
        if all.len() == RUNS_MAX {
            all.remove(0);
        }
        let read = Arc::default();
        all.push(Kept {
            run: run.clone(),
            looked_at,
            read: Arc::clone(&read),
        });
        read
    }
}

impl Read {
    /// While there are as many jobs, of which as many have begun.
    fn is_good(&self, jobs: (usize, usize)) -> bool {
        let age = self.at.elapsed();
        let (all, begun) = jobs;
        age < self.took * REST || self.jobs == jobs && (all == begun || age < BELIEVED)
    }
}

fn has_begun(job: &Job) -> bool {
    matches!(
        job.state,
        JobState::Running | JobState::Done | JobState::Error | JobState::Phantom
    )
}
