//! Jobs that a filter lets through.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use cupola_domain::time::Timestamp;
use cupola_search::filter::Filter;
use cupola_workspace::{
    filter,
    model::{Job, JobKey},
    source::Source,
};
use serde_json::Value;

/// Parameters lie in a file of each job: in longer lists they are not searched.
const SEARCHED_MAX: usize = 2_000;

/// Jobs whose parameters are kept.
const KEPT_MAX: usize = 2 * SEARCHED_MAX;

/// Parameters of jobs that were searched: what was started has what it has until it is started anew.
#[derive(Debug, Default)]
pub(crate) struct KeptParameters(Mutex<HashMap<JobKey, (Timestamp, Arc<Value>)>>);

/// Those of `jobs` that are wanted, or what is wrong with the filter in words.
pub(crate) fn matching(
    source: &dyn Source,
    kept: &KeptParameters,
    jobs: Vec<Arc<Job>>,
    filter: &str,
    now: Timestamp,
) -> Result<Vec<Arc<Job>>, String> {
    let wanted = match Filter::parse_jobs(filter) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => return Ok(jobs),
        Err(error) => return Err(error.to_string()),
    };
    if !wanted.mentions_params() {
        let holds = |job: &Arc<Job>| filter::holds(&wanted, job, None, now);
        return Ok(jobs.into_iter().filter(holds).collect());
    }
    if source.place().is_remote || jobs.len() > SEARCHED_MAX {
        return Err(format!(
            "parameters are searched in at most {SEARCHED_MAX} jobs of this machine; choose an \
             experiment, or use tags"
        ));
    }
    let holds = |job: &Arc<Job>| {
        let parameters = kept.find(source, job);
        filter::holds(&wanted, job, parameters.as_deref(), now)
    };
    Ok(jobs.into_iter().filter(holds).collect())
}

impl KeptParameters {
    /// None of one that has just gone.
    fn find(&self, source: &dyn Source, job: &Job) -> Option<Arc<Value>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get(&job.key).filter(|_| job.started_at.is_some());
        if let Some((started_at, known)) = known
            && Some(*started_at) == job.started_at
        {
            return Some(Arc::clone(known));
        }
        let found = source.job(&job.key).ok()?;
        let parameters = Arc::new(found.parameters);
        // What could not be read whole may be by the next time.
        if let (Some(started_at), None) = (job.started_at, &found.job.problem) {
            if kept.len() >= KEPT_MAX {
                kept.clear();
            }
            let parameters = Arc::clone(&parameters);
            kept.insert(job.key.clone(), (started_at, parameters));
        }
        Some(parameters)
    }
}
