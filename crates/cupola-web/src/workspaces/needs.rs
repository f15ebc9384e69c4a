//! Which jobs need which, kept for a while: it stands in a file of each job of a run.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use cupola_workspace::{
    model::{JobKey, RunKey},
    source::{Source, SourceError},
};

/// Which jobs each job needs, of those that need any.
pub(crate) type Needs = BTreeMap<JobKey, Vec<JobKey>>;

/// So long it is believed: a job that has begun needs what it needs.
const LIFE: Duration = Duration::from_secs(10);

/// Runs that are kept.
const RUNS_MAX: usize = 8;

/// What was read last.
#[derive(Debug, Default)]
pub(crate) struct KeptNeeds(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    run: RunKey,
    jobs: usize,
    at: Instant,
    needs: Arc<Needs>,
}

impl KeptNeeds {
    /// Of a run that has so many jobs.
    pub(crate) fn read(
        &self,
        source: &dyn Source,
        run: &RunKey,
        jobs: usize,
    ) -> Result<Arc<Needs>, SourceError> {
        let is_same = |kept: &Kept| kept.run == *run && kept.jobs == jobs;
        {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|kept| kept.at.elapsed() < LIFE);
            if let Some(kept) = all.iter().find(|kept| is_same(kept)) {
                return Ok(Arc::clone(&kept.needs));
            }
        }
        let needs = Arc::new(source.dependencies(run)?);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == RUNS_MAX {
            all.remove(0);
        }
        all.push(Kept {
            run: run.clone(),
            jobs,
            at: Instant::now(),
            needs: Arc::clone(&needs),
        });
        Ok(needs)
    }
}
