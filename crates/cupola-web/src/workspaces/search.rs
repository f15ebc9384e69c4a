//! Jobs that a filter lets through.

use std::sync::Arc;

use cupola_domain::time::Timestamp;
use cupola_search::filter::{Field, Filter};
use cupola_workspace::{
    filter,
    model::Job,
    source::{Source, SourceError},
};

/// Parameters lie in a file of each job: in longer lists they are not searched.
const SEARCHED_MAX: usize = 2_000;

/// Those of `jobs` that are wanted, or what is wrong with the filter in words.
pub(crate) fn matching(
    source: &dyn Source,
    jobs: Vec<Arc<Job>>,
    filter: &str,
    now: Timestamp,
) -> Result<Result<Vec<Arc<Job>>, String>, SourceError> {
    let wanted = match Filter::parse_jobs(filter) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => return Ok(Ok(jobs)),
        Err(error) => return Ok(Err(error.to_string())),
    };
    if !names_parameters(&wanted) {
        let holds = |job: &Arc<Job>| filter::holds(&wanted, job, None, now);
        return Ok(Ok(jobs.into_iter().filter(holds).collect()));
    }
    if source.place().is_remote || jobs.len() > SEARCHED_MAX {
        return Ok(Err(format!(
            "parameters are searched in at most {SEARCHED_MAX} jobs of this machine; choose an \
             experiment, or use tags"
        )));
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
    Ok(Ok(found))
}

fn names_parameters(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(names_parameters),
        Filter::Not(part) => names_parameters(part),
        Filter::Compare(comparison) => matches!(comparison.field, Field::Param(_)),
    }
}
