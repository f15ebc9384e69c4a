//! Which job, tag or experiment of a workspace is meant, and words for what there is not.

use std::sync::Arc;

use anyhow::{bail, ensure};
use cupola_search::filter::{Field, Filter};
use cupola_workspace::{
    model::{Job, JobKey},
    source::Source,
};

/// A job by its id or what no other id begins with, with its task before a `/` if need be; one that
/// no run names where it is none of those.
pub(super) fn key_of(folder: &dyn Source, named: &str) -> anyhow::Result<JobKey> {
    let jobs = folder.jobs(None)?;
    if let Some(key) = only(jobs.iter().map(|job| &job.key), named)? {
        return Ok(key);
    }
    let orphans = folder.orphans(false).unwrap_or_default();
    let found = only(orphans.iter().map(|orphan| &orphan.job.key), named)?;
    found.ok_or_else(|| anyhow::anyhow!("there is no job {named}"))
}

fn only<'a>(keys: impl Iterator<Item = &'a JobKey>, named: &str) -> anyhow::Result<Option<JobKey>> {
    let (task, id) = match named.rsplit_once('/') {
        Some((task, id)) => (Some(task), id),
        None => (None, named),
    };
    let is_meant =
        |key: &&JobKey| task.is_none_or(|task| key.task == task) && key.id.starts_with(id);
    let mut found: Vec<_> = keys.filter(is_meant).collect();
    if found.iter().any(|key| key.id == id) {
        found.retain(|key| key.id == id);
    }
    match found.as_slice() {
        [] => Ok(None),
        [key] => Ok(Some((*key).clone())),
        many => bail!(
            "{named} begins the ids of {} jobs; name more of it",
            many.len()
        ),
    }
}

/// Refuses experiments that are not there.
pub(super) fn know_experiments(folder: &dyn Source, named: &[String]) -> anyhow::Result<()> {
    let known = folder.experiments()?;
    for name in named {
        let is_known = known.iter().any(|known| known.id == *name);
        ensure!(is_known, "there is no experiment {name}");
    }
    Ok(())
}

/// Tags that a filter names and no job has.
pub(super) fn unknown_tags<'a>(filter: &'a Filter, jobs: &[Arc<Job>]) -> Vec<&'a str> {
    let mut named = Vec::new();
    let mut filters = vec![filter];
    while let Some(filter) = filters.pop() {
        match filter {
            Filter::And(all) | Filter::Or(all) => filters.extend(all),
            Filter::Not(one) => filters.push(one),
            Filter::Compare(comparison) => {
                if let Field::Tag(name) = &comparison.field {
                    named.push(name.as_str());
                }
            }
        }
    }
    named.retain(|name| !jobs.iter().any(|job| job.tags.find(name).is_some()));
    named.sort_unstable();
    named.dedup();
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_may_be_called_like_a_path() {
        let key = JobKey {
            task: "/Users/me/x".to_owned(),
            id: "0b7f".to_owned(),
        };
        for named in ["/Users/me/x/0b", "0b7f"] {
            let found = only([&key].into_iter(), named).unwrap();
            assert_eq!(found, Some(key.clone()), "{named}");
        }
        assert_eq!(only([&key].into_iter(), "x/0b").unwrap(), None);
    }
}
