//! Read commands with `--workdir`: a workspace is looked at as it lies on disk, and no hub is asked.

mod bodies;
mod listed;
mod logs;
mod named;

use std::{path::Path, sync::Arc};

use anyhow::ensure;
use cupola_client::query::ExperimentFilter;
use cupola_protocol::page;
use cupola_search::filter::Filter;
use cupola_web::api::present;
use cupola_workspace::{Here, Watching, filter, model::Job, source::Source};

use crate::{cli::Paging, output, world::wall_clock};

pub(crate) use logs::{LogAsked, logs};

/// Which jobs are asked for.
pub(crate) struct JobsAsked {
    /// In the language of `docs/search.md`.
    pub filter: Option<String>,
    /// Of these experiments, if any is named.
    pub experiments: Vec<String>,
    /// Those that no run names instead.
    pub orphans: bool,
    /// All of them, unless a part is named.
    pub paging: Paging,
    /// As JSON.
    pub json: bool,
}

/// Lists the jobs of a workspace, in the order in which its experiments named them.
pub(crate) fn jobs(workdir: &Path, asked: &JobsAsked) -> anyhow::Result<()> {
    let wanted = asked.filter.as_deref().map(Filter::parse_jobs);
    let wanted = wanted
        .transpose()
        .map_err(|error| anyhow::anyhow!("--filter: {error}"))?
        .flatten();
    let folder = open(workdir)?;
    let now = folder.now();
    named::know_experiments(folder.as_ref(), &asked.experiments)?;
    let known = if asked.orphans {
        let orphans = folder.orphans(false)?.into_iter();
        orphans.map(|orphan| Arc::new(orphan.job)).collect()
    } else {
        folder.jobs(None)?
    };
    let is_named = |job: &Job| {
        let names = &asked.experiments;
        names.is_empty() || job.runs.iter().any(|run| names.contains(&run.experiment))
    };
    let mut found = Vec::new();
    for job in known.iter().filter(|job| is_named(job)) {
        let is_wanted = match &wanted {
            None => true,
            // Parameters lie in a file of their own, which is read only when it matters.
            Some(wanted) if !wanted.mentions_params() => filter::holds(wanted, job, None, now),
            Some(wanted) => {
                let details = folder.job(&job.key)?;
                filter::holds(wanted, job, Some(&details.parameters), now)
            }
        };
        if is_wanted {
            found.push(Arc::clone(job));
        }
    }
    let found = part(found, &asked.paging)?;
    if asked.json {
        let bodies = found
            .iter()
            .map(|job| Ok(present::workspace_job(folder.job(&job.key)?)));
        return output::json(&bodies.collect::<anyhow::Result<Vec<_>>>()?);
    }
    listed::jobs(&found, now).print("No jobs match.");
    if let Some(wanted) = wanted.filter(|_| found.is_empty()) {
        for tag in named::unknown_tags(&wanted, &known) {
            output::line(&output::clean(&format!("No job has a tag `{tag}`.")));
        }
    }
    Ok(())
}

/// Shows one job.
pub(crate) fn job(workdir: &Path, named: &str, json: bool) -> anyhow::Result<()> {
    let folder = open(workdir)?;
    let details = folder.job(&named::key_of(folder.as_ref(), named)?)?;
    let body = present::workspace_job(details);
    if json {
        return output::json(&body);
    }
    output::fields(&bodies::fields(&body));
    Ok(())
}

/// Lists the experiments of a workspace.
pub(crate) fn experiments(
    workdir: &Path,
    asked: &ExperimentFilter,
    json: bool,
) -> anyhow::Result<()> {
    ensure!(
        asked.template.is_none() && asked.families.is_none(),
        "--template and --families need a hub"
    );
    let folder = open(workdir)?;
    let found = listed::chosen(folder.experiments()?, asked)?;
    let paging = Paging {
        page: asked.page,
        per_page: asked.per_page,
    };
    let found = part(found, &paging)?;
    if json {
        return output::json(
            &found
                .iter()
                .map(present::workspace_experiment)
                .collect::<Vec<_>>(),
        );
    }
    listed::experiments(&found, folder.now());
    Ok(())
}

fn open(workdir: &Path) -> anyhow::Result<Arc<dyn Source>> {
    let here = Here::new(Arc::new(wall_clock));
    Ok(cupola_workspace::open(workdir, here, Watching::Auto)?)
}

/// The page that was asked for; all when none was.
fn part<T>(mut all: Vec<T>, paging: &Paging) -> anyhow::Result<Vec<T>> {
    if paging.page.is_none() && paging.per_page.is_none() {
        return Ok(all);
    }
    let page = paging.page.unwrap_or(1);
    ensure!(page > 0, "--page: pages are counted from 1");
    ensure!(
        paging.per_page != Some(0),
        "--per-page: a page has at least one"
    );
    let length = paging.per_page.unwrap_or(page::PER_PAGE) as usize;
    let start = (page as usize - 1).saturating_mul(length).min(all.len());
    all.drain(..start);
    all.truncate(length);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: Option<u32>, per_page: Option<u32>, expected: &[u32]) {
        let all = (0..120).collect::<Vec<u32>>();
        let shown = part(all, &Paging { page, per_page }).unwrap();
        assert_eq!(
            (shown.first(), shown.len()),
            (expected.first(), expected.len())
        );
    }

    #[test]
    fn all_is_listed_unless_a_part_is_named() {
        let all: Vec<u32> = (0..120).collect();
        check(None, None, &all);
        check(Some(1), None, &all[..50]);
        check(Some(3), None, &all[100..]);
        check(None, Some(7), &all[..7]);
        check(Some(2), Some(7), &all[7..14]);
        check(Some(9), Some(50), &[]);
        for (page, per_page) in [(Some(0), None), (None, Some(0))] {
            assert!(part(vec![1], &Paging { page, per_page }).is_err());
        }
    }
}
