//! Which jobs a job needs, and which need it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use cupola_workspace::{
    model::{Job, JobDetails, JobKey},
    source::{Source, SourceError},
};

use super::{Needed, Other, title};
use crate::{
    params::Params,
    ui::{
        components::Link,
        format,
        plain::plain,
        workspaces::{looked::Looked, present::job_badge},
    },
};

/// What needs a job stands in the files of all jobs of its run: of more than these only when asked.
const READ_MAX: usize = 500;

/// Of each direction, so many are shown.
const SHOWN_MAX: usize = 200;

/// Whether what needs a job is asked for, however many files that takes.
pub(in crate::ui::workspaces) fn asks_all(params: &Params) -> bool {
    params.text("dependents") == "all"
}

pub(in crate::ui::workspaces) fn needed(
    looked: &Looked,
    source: &dyn Source,
    found: &JobDetails,
    is_asked: bool,
) -> Result<Needed, SourceError> {
    let key = &found.job.key;
    let run = found.job.runs.last();
    let of_run = match run {
        Some(run) => source.jobs(Some(run))?,
        None => Vec::new(),
    };
    let is_read = is_asked || of_run.len() <= READ_MAX;
    let needing: Option<Vec<JobKey>> = match run {
        Some(run) if is_read => {
            let needed = looked.dependencies(source, run, &of_run)?;
            let needing = needed.iter().filter(|(_, needs)| needs.contains(key));
            Some(needing.map(|(key, _)| key.clone()).collect())
        }
        Some(_) => None,
        None => Some(Vec::new()),
    };
    let all = found.dependencies.iter().chain(needing.iter().flatten());
    let states = states(&of_run, all.collect());
    let left_out = |keys: &[JobKey]| keys.len().saturating_sub(SHOWN_MAX) as u64;
    let left_out = left_out(&found.dependencies) + needing.as_deref().map_or(0, left_out);
    let others = |keys: &[JobKey]| -> Vec<Other> {
        let shown = keys.iter().take(SHOWN_MAX);
        shown.map(|key| other(looked, key, &states)).collect()
    };
    let part = if is_asked {
        "/needed?dependents=all"
    } else {
        "/needed"
    };
    Ok(Needed {
        // How the others are is shown too.
        key: looked.key(),
        src: looked.job_address(key, part),
        needs: others(&found.dependencies),
        needed_by: needing.as_deref().map(others),
        ask: looked.job_address(key, "?dependents=all#needed"),
        left_out: match left_out {
            0 => String::new(),
            number => format!("and {} more", format::count(number)),
        },
    })
}

fn states<'a>(of_run: &'a [Arc<Job>], wanted: BTreeSet<&JobKey>) -> BTreeMap<&'a JobKey, &'a Job> {
    let wanted = of_run.iter().filter(|job| wanted.contains(&job.key));
    wanted.map(|job| (&job.key, &**job)).collect()
}

fn other(looked: &Looked, key: &JobKey, states: &BTreeMap<&JobKey, &Job>) -> Other {
    Other {
        link: Link::new(title(key), looked.job_address(key, "")),
        task: plain(&key.task),
        badge: states.get(key).map(|job| job_badge(job)),
    }
}
