//! Jobs that a filter lets through.

use std::sync::Arc;

use cupola_domain::time::Timestamp;
use cupola_search::filter::Filter;
use cupola_workspace::{filter, model::Job, source::Source};

/// Parameters lie in a file of each job: in longer lists they are not searched.
const SEARCHED_MAX: usize = 2_000;

/// Those of `jobs` that are wanted, or what is wrong with the filter in words.
pub(crate) fn matching(
    source: &dyn Source,
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
    let mut found = Vec::new();
    for job in jobs {
        // One that has just gone has none.
        let details = source.job(&job.key).ok();
        let parameters = details.as_ref().map(|details| &details.parameters);
        if filter::holds(&wanted, &job, parameters, now) {
            found.push(job);
        }
    }
    Ok(found)
}
