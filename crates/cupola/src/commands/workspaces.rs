//! Read commands with `--workdir`: a workspace is looked at as it lies on disk, and no hub is asked.

mod bodies;
mod logs;

use std::{path::Path, sync::Arc};

use anyhow::{bail, ensure};
use cupola_client::query::ExperimentFilter;
use cupola_protocol::{page, time::Time};
use cupola_search::filter::Filter;
use cupola_web::api::present;
use cupola_workspace::{
    Here, Watching, filter,
    model::{Experiment, Job, JobKey},
    source::Source,
};

use crate::{
    cli::Paging,
    output::{self, Table},
    world::wall_clock,
};

pub(crate) use logs::{LogAsked, logs};

/// Which jobs are asked for.
pub(crate) struct JobsAsked {
    /// In the language of `docs/search.md`.
    pub filter: Option<String>,
    /// Of these experiments, if any is named.
    pub experiments: Vec<String>,
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
    let is_named = |job: &Job| {
        let names = &asked.experiments;
        names.is_empty() || job.runs.iter().any(|run| names.contains(&run.experiment))
    };
    let mut found = Vec::new();
    for job in folder.jobs(None)?.into_iter().filter(|job| is_named(job)) {
        let is_wanted = match &wanted {
            None => true,
            // Parameters lie in a file of their own, which is read only when it matters.
            Some(wanted) if !wanted.mentions_params() => filter::holds(wanted, &job, None, now),
            Some(wanted) => {
                let details = folder.job(&job.key)?;
                filter::holds(wanted, &job, Some(&details.parameters), now)
            }
        };
        if is_wanted {
            found.push(job);
        }
    }
    let found = part(found, &asked.paging)?;
    if asked.json {
        let bodies = found
            .iter()
            .map(|job| Ok(present::workspace_job(folder.job(&job.key)?)));
        return output::json(&bodies.collect::<anyhow::Result<Vec<_>>>()?);
    }
    table(&found).print("No jobs match.");
    Ok(())
}

/// Shows one job.
pub(crate) fn job(workdir: &Path, named: &str, json: bool) -> anyhow::Result<()> {
    let folder = open(workdir)?;
    let details = folder.job(&key_of(folder.as_ref(), named)?)?;
    let body = present::workspace_job(details);
    if json {
        return output::json(&body);
    }
    output::fields(&bodies::fields(&body));
    Ok(())
}

/// Lists the experiments of a workspace, by name.
pub(crate) fn experiments(
    workdir: &Path,
    asked: &ExperimentFilter,
    json: bool,
) -> anyhow::Result<()> {
    let is_plain = asked.status.is_none() && asked.template.is_none();
    ensure!(
        is_plain && asked.families.is_none() && asked.sort.is_none(),
        "of the filters only --search works without a hub"
    );
    let folder = open(workdir)?;
    let mut found = folder.experiments()?;
    let search = asked.search.as_deref();
    found.retain(|known| search.is_none_or(|text| known.id.contains(text)));
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
    let headings = [
        "experiment",
        "run",
        "runs",
        "host",
        "status",
        "done",
        "failed",
        "started",
    ];
    let mut table = Table::new(&headings);
    for known in &found {
        table.row(row(known));
    }
    table.print("No experiments yet.");
    let runs = found.iter().filter_map(|known| known.runs.first());
    for (run, problem) in runs.filter_map(|run| Some((run, run.problem.as_ref()?))) {
        let name = format!("{}/{}", run.key.experiment, run.key.run);
        output::line(&output::clean(&format!("{name}: {problem}")));
    }
    Ok(())
}

fn row(experiment: &Experiment) -> [String; 8] {
    let latest = experiment.runs.first();
    let of = |show: &dyn Fn(&cupola_workspace::model::ExperimentRun) -> String| {
        latest.map_or_else(|| "–".to_owned(), show)
    };
    [
        experiment.id.clone(),
        of(&|run| run.key.run.clone()),
        experiment.runs.len().to_string(),
        of(&|run| output::or_dash(run.host.as_deref())),
        of(&|run| run.status.as_str().to_owned()),
        of(&|run| bodies::done(&run.counts)),
        of(&|run| run.counts.failed.to_string()),
        of(&|run| bodies::time(run.started_at)),
    ]
}

fn table(jobs: &[Arc<Job>]) -> Table {
    let mut table = Table::new(&[
        "job",
        "task",
        "experiment",
        "state",
        "tags",
        "submitted",
        "started",
    ]);
    for job in jobs {
        let tags = job
            .tags
            .iter()
            .map(|(name, value)| format!("{name}={}", bodies::plain(value)));
        table.row([
            job.key.id.chars().take(12).collect(),
            job.key.task.clone(),
            present::workspace_job_experiments(job).join(", "),
            bodies::state(job),
            tags.collect::<Vec<_>>().join(", "),
            bodies::time(job.submitted_at),
            bodies::time(job.started_at),
        ]);
    }
    table
}

fn open(workdir: &Path) -> anyhow::Result<Arc<dyn Source>> {
    let here = Here::new(Arc::new(wall_clock));
    Ok(cupola_workspace::open(workdir, here, Watching::Auto)?)
}

/// A job by `task/id`, by its id, or by what no other id begins with.
fn key_of(folder: &dyn Source, named: &str) -> anyhow::Result<JobKey> {
    if let Some((task, id)) = named.split_once('/') {
        return Ok(JobKey {
            task: task.to_owned(),
            id: id.to_owned(),
        });
    }
    let jobs = folder.jobs(None)?;
    let mut found: Vec<_> = jobs
        .iter()
        .filter(|job| job.key.id.starts_with(named))
        .collect();
    if found.iter().any(|job| job.key.id == named) {
        found.retain(|job| job.key.id == named);
    }
    match found.as_slice() {
        [] => bail!("there is no job {named}"),
        [job] => Ok(job.key.clone()),
        many => bail!(
            "{named} begins the ids of {} jobs; name more of it",
            many.len()
        ),
    }
}

/// The page that was asked for; all when none was.
fn part<T>(mut all: Vec<T>, paging: &Paging) -> anyhow::Result<Vec<T>> {
    if paging.page.is_none() && paging.per_page.is_none() {
        return Ok(all);
    }
    let page = paging.page.unwrap_or(1);
    ensure!(page > 0, "--page: pages are counted from 1");
    let length = paging.per_page.unwrap_or(page::PER_PAGE) as usize;
    let start = (page as usize - 1).saturating_mul(length).min(all.len());
    all.drain(..start);
    all.truncate(length);
    Ok(all)
}

/// Times of bodies.
fn wire(time: Option<cupola_domain::time::Timestamp>) -> Option<Time> {
    time.map(Time)
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
        let zero = Paging {
            page: Some(0),
            per_page: None,
        };
        assert!(part(vec![1], &zero).is_err());
    }
}
