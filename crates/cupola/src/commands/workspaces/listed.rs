//! Jobs and experiments of a workspace in tables, with the times of this machine's people.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use cupola_client::query::ExperimentFilter;
use cupola_domain::{date, time::Timestamp};
use cupola_web::api::present;
use cupola_workspace::model::{Experiment, ExperimentRun, Job, JobState, RunStatus};

use super::bodies;
use crate::{
    output::{self, Table},
    world::offset_secs,
};

const STATUSES: [RunStatus; 5] = [
    RunStatus::Running,
    RunStatus::Failed,
    RunStatus::Done,
    RunStatus::Empty,
    RunStatus::Stopped,
];

/// Jobs, of which those that run have lasted until `now`.
pub(super) fn jobs(jobs: &[Arc<Job>], now: Timestamp) -> Table {
    let mut table = Table::new(&[
        "job",
        "task",
        "experiment",
        "state",
        "progress",
        "tags",
        "submitted",
        "started",
        "lasted",
    ]);
    for job in jobs {
        let tags = job
            .tags
            .iter()
            .map(|(name, value)| format!("{name}={}", bodies::plain(value)));
        let progress = job
            .progress
            .first()
            .filter(|_| job.state == JobState::Running);
        table.row([
            job.key.id.chars().take(12).collect(),
            job.key.task.clone(),
            present::workspace_job_experiments(job).join(", "),
            bodies::state(job),
            progress.map_or_else(String::new, |level| {
                format!("{:.0} %", level.progress * 100.0)
            }),
            tags.collect::<Vec<_>>().join(", "),
            moment(job.submitted_at),
            moment(job.started_at),
            lasted(job.started_at, job.ended_at, now),
        ]);
    }
    table
}

/// Experiments by their latest runs, and below them what could not be read of those.
pub(super) fn experiments(experiments: &[Experiment], now: Timestamp) {
    let mut table = Table::new(&[
        "experiment",
        "run",
        "runs",
        "host",
        "status",
        "done",
        "failed",
        "started",
        "lasted",
    ]);
    for known in experiments {
        table.row(row(known, now));
    }
    table.print("No experiments yet.");
    let runs = experiments.iter().filter_map(|known| known.runs.first());
    for (run, problem) in runs.filter_map(|run| Some((run, run.problem.as_ref()?))) {
        let name = format!("{}/{}", run.key.experiment, run.key.run);
        output::line(&output::clean(&format!("{name}: {problem}")));
    }
}

fn row(experiment: &Experiment, now: Timestamp) -> [String; 9] {
    let latest = experiment.runs.first();
    let of = |show: &dyn Fn(&ExperimentRun) -> String| latest.map_or_else(|| "–".to_owned(), show);
    [
        experiment.id.clone(),
        of(&|run| run.key.run.clone()),
        experiment.runs.len().to_string(),
        of(&|run| output::or_dash(run.host.as_deref())),
        of(&|run| run.status.as_str().to_owned()),
        of(&|run| bodies::done(&run.counts)),
        of(&|run| run.counts.failed.to_string()),
        of(&|run| moment(run.started_at)),
        of(&|run| lasted(run.started_at, run.ended_at, now)),
    ]
}

/// Those that are asked for, the latest first unless asked for otherwise.
pub(super) fn chosen(
    mut found: Vec<Experiment>,
    asked: &ExperimentFilter,
) -> anyhow::Result<Vec<Experiment>> {
    if let Some(search) = &asked.search {
        found.retain(|known| known.id.contains(search));
    }
    if let Some(word) = &asked.status {
        let words = STATUSES.map(RunStatus::as_str);
        if !words.contains(&word.as_str()) {
            bail!(
                "`--status`: is `{word}`; choose one of `{}`",
                words.join("`, `")
            );
        }
        let is_so = |run: &ExperimentRun| run.status.as_str() == word;
        found.retain(|known| known.runs.first().is_some_and(is_so));
    }
    let sort = asked.sort.as_deref().unwrap_or("-created");
    let latest = |known: &Experiment| known.runs.first().and_then(|run| run.started_at);
    // What goes on is the newest.
    let ended = |known: &Experiment| {
        let ended = known
            .runs
            .first()
            .map(|run| run.ended_at.map_or(i64::MAX, Timestamp::millis));
        ended.unwrap_or(i64::MIN)
    };
    match sort.trim_start_matches('-') {
        "created" => found.sort_by_key(latest),
        "updated" => found.sort_by_key(ended),
        "name" => found.sort_by(|a, b| a.id.cmp(&b.id)),
        other => bail!("`--sort`: is `{other}`; choose `created`, `updated` or `name`"),
    }
    if sort.starts_with('-') {
        found.reverse();
    }
    Ok(found)
}

/// `2026-11-21 16:38:08`
pub(super) fn moment(at: Option<Timestamp>) -> String {
    let here = at.map(|at| {
        at.millis()
            .saturating_add(i64::from(offset_secs(at)) * 1000)
    });
    let text = here.and_then(date::text);
    text.and_then(|text| Some(text.get(..19)?.replace('T', " ")))
        .unwrap_or_else(|| "–".to_owned())
}

fn lasted(started: Option<Timestamp>, ended: Option<Timestamp>, now: Timestamp) -> String {
    let span = started.map(|started| ended.unwrap_or(now).since(started));
    span.map_or_else(|| "–".to_owned(), span_text)
}

/// `42s`, `3m 5s`, `2h 1m`, `4d 3h`
fn span_text(span: Duration) -> String {
    let (seconds, minutes, hours) = (span.as_secs(), span.as_secs() / 60, span.as_secs() / 3600);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m {}s", seconds % 60),
        3600..86_400 => format!("{hours}h {}m", minutes % 60),
        _ => format!("{}d {}h", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_two_words() {
        for (seconds, expected) in [
            (0, "0s"),
            (185, "3m 5s"),
            (7260, "2h 1m"),
            (356_400, "4d 3h"),
        ] {
            assert_eq!(span_text(Duration::from_secs(seconds)), expected);
        }
    }
}
