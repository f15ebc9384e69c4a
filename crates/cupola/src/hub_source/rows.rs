//! What a hub says, as a workspace would have it.

use std::{collections::HashMap, path::PathBuf};

use cupola_domain::date;
use cupola_protocol::{
    briefs::BriefBody,
    costs::{CostTotalBody, CostsBody},
    experiments::ExperimentBody,
    runs::{FoundRunBody, RunBody, RunDetail, SeriesBody},
    workers::WorkerBody,
};
use cupola_workspace::model::{
    Counts, Experiment, ExperimentRun, Job, JobDetails, JobKey, JobState, LogFile, Progress,
    Reason, RunKey, RunStatus, Series, Sheet, Tags,
};
use serde_json::{Value, json};

/// What experiments are called.
pub(super) fn names(bodies: &[ExperimentBody]) -> Vec<String> {
    let known = bodies.iter();
    let known = known.map(|body| (body.name.as_str(), body.experiment_id.as_str()));
    told_apart(&known.collect::<Vec<_>>())
}

/// By name, and by id too, as much of it as tells them from all others, whatever those are called.
fn told_apart(known: &[(&str, &str)]) -> Vec<String> {
    let mut longer = vec![0; known.len()];
    loop {
        let each = known.iter().zip(&longer);
        let names: Vec<_> = each.map(|(known, times)| told(*known, *times)).collect();
        let mut count: HashMap<&str, usize> = HashMap::new();
        for name in &names {
            *count.entry(name).or_default() += 1;
        }
        if count.len() == names.len() {
            return names;
        }
        for (name, times) in names.iter().zip(&mut longer) {
            *times += usize::from(count[name.as_str()] > 1);
        }
    }
}

/// The end of its id behind the name, then the whole id, as often as it takes.
fn told((name, id): (&str, &str), longer: usize) -> String {
    match longer {
        0 => name.to_owned(),
        1 => format!("{name} {}", &id[id.len().saturating_sub(7)..]),
        times => format!("{name}{}", format!(" {id}").repeat(times - 1)),
    }
}

/// What the one run of an experiment is called.
pub(super) fn run_of(body: &ExperimentBody) -> String {
    stamp(body.created_at.0.millis())
}

pub(super) fn experiment(body: &ExperimentBody, name: &str, url: &str) -> Experiment {
    let tasks = &body.tasks;
    let status = match body.status.as_str() {
        _ if tasks.total == 0 => RunStatus::Empty,
        "completed" => RunStatus::Done,
        "failed" => RunStatus::Failed,
        "cancelled" => RunStatus::Stopped,
        _ => RunStatus::Running,
    };
    let path = PathBuf::from(format!("{url}/experiments/{}", body.experiment_id));
    let run = ExperimentRun {
        key: RunKey {
            experiment: name.to_owned(),
            run: run_of(body),
        },
        path: path.clone(),
        status,
        host: None,
        started_at: Some(body.created_at.0),
        ended_at: (status != RunStatus::Running).then_some(body.updated_at.0),
        counts: Counts {
            total: tasks.total,
            done: tasks.completed,
            failed: tasks.failed + tasks.cancelled,
            running: tasks.running,
            gone: 0,
        },
        tags: body
            .tags
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect(),
        carbon: None,
        problem: None,
    };
    Experiment {
        id: name.to_owned(),
        path,
        runs: vec![run],
    }
}

pub(super) fn job(body: &FoundRunBody, run: &RunKey, template: &str) -> Job {
    let task = if template.is_empty() {
        &body.experiment_name
    } else {
        template
    };
    let key = JobKey {
        task: task.to_owned(),
        id: body.run.run_id.clone(),
    };
    let params = body
        .params
        .iter()
        .map(|(name, value)| (name.clone(), typed(value)));
    let tags = body
        .tags
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let tags = params.chain(tags).collect();
    of_run(&body.run, key, tags, vec![run.clone()])
}

pub(super) fn details(detail: &RunDetail, key: &JobKey, url: &str) -> JobDetails {
    let tags = detail
        .tags
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    let mut job = of_run(&detail.run, key.clone(), tags.collect(), Vec::new());
    job.path = PathBuf::from(format!("{url}/runs/{}", key.id));
    let mut parameters = detail.config.clone();
    if !detail.results.is_empty() {
        parameters.insert("results".to_owned(), json!(detail.results));
    }
    let log = |name: &str| LogFile {
        name: name.to_owned(),
        path: job.path.join("log"),
        bytes: detail.log_bytes,
    };
    JobDetails {
        parameters: parameters.into(),
        dependencies: Vec::new(),
        process: None,
        logs: vec![log("stdout"), log("stderr")],
        job,
    }
}

pub(super) fn series(body: SeriesBody) -> Series {
    Series {
        name: body.name,
        points: body
            .points
            .iter()
            .map(|(step, _, value)| (float(*step), value.0))
            .collect(),
        is_reduced: body.reduced,
    }
}

pub(super) fn workers(workers: &[WorkerBody]) -> Sheet {
    let row = |worker: &WorkerBody| {
        vec![
            worker.name.clone(),
            worker.status.clone(),
            format!("{}/{}", worker.running, worker.slots),
            worker.version.clone(),
            minute(worker.last_heartbeat.0.millis()),
        ]
    };
    sheet(
        "Workers",
        &["Name", "State", "Runs", "Version", "Heard of (UTC)"],
        workers.iter().map(row).collect(),
    )
}

pub(super) fn briefs(briefs: &[BriefBody]) -> Sheet {
    let row = |brief: &BriefBody| {
        let tasks = &brief.family.tasks;
        let ended = tasks.completed + tasks.failed + tasks.cancelled;
        vec![
            brief.title.clone(),
            brief.template.clone(),
            brief.family.status.clone(),
            format!("{ended}/{}", tasks.total),
            brief
                .budget_credits
                .clone()
                .unwrap_or_else(|| "no limit".to_owned()),
            minute(brief.created_at.0.millis()),
        ]
    };
    sheet(
        "Briefs",
        &[
            "Title",
            "Template",
            "State",
            "Tasks",
            "Credits",
            "Made (UTC)",
        ],
        briefs.iter().map(row).collect(),
    )
}

/// All together, then experiment by experiment, the dearest first.
pub(super) fn costs(costs: &CostsBody) -> Sheet {
    let row = |name: &str, total: &CostTotalBody, running: u64| {
        let known = |value: Option<f64>, digits: usize| match value {
            Some(value) => format!("{value:.digits$}"),
            None => "–".to_owned(),
        };
        vec![
            name.to_owned(),
            total.runs.to_string(),
            running.to_string(),
            format!("{:.2}", total.hours),
            known(total.cost, 2),
            known(total.energy_wh, 1),
            known(total.carbon_g, 1),
        ]
    };
    let running = costs.subjects.iter().map(|it| it.running).sum::<u64>();
    let others = costs.others.as_ref();
    let running = running + others.map_or(0, |it| it.running);
    let mut rows = vec![row("all together", &costs.total, running)];
    rows.extend(costs.subjects.iter().map(|it| {
        let name = it.name.as_deref().unwrap_or("(deleted)");
        row(name, &it.total, it.running)
    }));
    rows.extend(others.map(|it| row(&format!("{} others", it.count), &it.total, it.running)));
    let cost = format!("Cost ({})", costs.currency);
    let columns = [
        "Experiment",
        "Ended",
        "Running",
        "Hours",
        &cost,
        "Wh",
        "CO₂ (g)",
    ];
    sheet("Costs", &columns, rows)
}

fn of_run(run: &RunBody, key: JobKey, tags: Tags, runs: Vec<RunKey>) -> Job {
    let (state, reason) = state(&run.status, &run.reason);
    Job {
        key,
        path: PathBuf::from(format!("/runs/{}", run.run_id)),
        state,
        reason,
        scheduler: None,
        submitted_at: Some(run.created_at.0),
        started_at: run.started_at.map(|at| at.0),
        ended_at: run.finished_at.map(|at| at.0),
        exit_code: None,
        retries: run.attempt.saturating_sub(1),
        progress: progress(run),
        tags,
        process: None,
        carbon: None,
        runs,
        problem: None,
    }
}

/// The five words and what stands behind them. A sentence may be the program's own, so that it means
/// something only as a whole.
fn state(status: &str, reason: &str) -> (JobState, Option<Reason>) {
    let is_dependency = || {
        let number = reason.strip_prefix("task ");
        let number = number.and_then(|it| it.strip_suffix(" did not complete"));
        number.is_some_and(|it| it.parse::<u32>().is_ok())
    };
    let why = match reason {
        "over its time budget" => Reason::Timeout,
        _ if reason == "worker lost" || reason.starts_with("worker lost: ") => Reason::Lost,
        _ if is_dependency() => Reason::Dependency,
        _ => Reason::Failed,
    };
    match status {
        "completed" => (JobState::Done, None),
        "running" => (JobState::Running, None),
        "cancelled" => (JobState::Error, Some(Reason::Cancelled)),
        "failed" => (JobState::Error, Some(why)),
        _ => (JobState::Ready, None),
    }
}

fn progress(run: &RunBody) -> Vec<Progress> {
    let of_levels = (0..).zip(&run.progress_levels).filter_map(|(level, body)| {
        let total = body.total.filter(|total| *total > 0.0)?;
        Some(Progress {
            level,
            desc: body.message.clone(),
            progress: body.current / total,
        })
    });
    let levels: Vec<_> = of_levels.collect();
    if !levels.is_empty() {
        return levels;
    }
    let outer = run.progress.map(|progress| Progress {
        level: 0,
        desc: run.progress_message.clone(),
        progress,
    });
    outer.into_iter().collect()
}

/// A parameter as text is a number where it reads as one.
fn typed(text: &str) -> Value {
    let number = text.parse::<serde_json::Number>();
    number.map_or_else(|_| Value::from(text), Value::from)
}

/// `20261121_132045`
fn stamp(millis: i64) -> String {
    let text = date::text(millis).unwrap_or_default();
    let digits = text.get(..19).unwrap_or_default().replace(['-', ':'], "");
    digits.replace('T', "_")
}

/// `2026-11-21 13:20`
fn minute(millis: i64) -> String {
    let text = date::text(millis).unwrap_or_default();
    text.get(..16).unwrap_or_default().replace('T', " ")
}

fn sheet(title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Sheet {
    Sheet {
        title: title.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        rows,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a terminal has far fewer columns than 2^53"
)]
const fn float(step: i64) -> f64 {
    step as f64
}

#[cfg(test)]
mod tests {
    use cupola_domain::run::Failure;

    use super::*;

    fn check(status: &str, reason: &str, expected: (JobState, Option<Reason>)) {
        assert_eq!(state(status, reason), expected, "{status} {reason}");
    }

    #[test]
    fn the_five_words_are_states_of_jobs() {
        check("pending", "", (JobState::Ready, None));
        check("running", "", (JobState::Running, None));
        check("completed", "", (JobState::Done, None));
        check("cancelled", "", (JobState::Error, Some(Reason::Cancelled)));
    }

    #[test]
    fn why_a_run_failed_is_told_by_the_hub_and_not_by_its_program() {
        let check = |failure: Failure, expected: Reason| {
            check(
                "failed",
                &failure.reason(),
                (JobState::Error, Some(expected)),
            );
        };
        check(Failure::TimedOut, Reason::Timeout);
        check(Failure::Lost, Reason::Lost);
        check(Failure::Dependency(3), Reason::Dependency);
        check(Failure::ExitCode(1), Reason::Failed);
        for words in [
            "RuntimeError: shapes differ",
            "RuntimeError: CUDA out of memory",
            "task x did not complete",
        ] {
            check(Failure::Reported(words.to_owned()), Reason::Failed);
        }
        check(
            Failure::BadOutput("connection lost".to_owned()),
            Reason::Failed,
        );
    }

    #[test]
    fn no_two_experiments_are_called_the_same() {
        let check = |known: &[(&str, &str)], expected: &[&str]| {
            assert_eq!(told_apart(known), expected);
        };
        check(&[("a", "0001"), ("b", "0002")], &["a", "b"]);
        check(
            &[("a", "x-1234567"), ("a", "x-7654321")],
            &["a 1234567", "a 7654321"],
        );
        // Somebody calls his as another one would be.
        check(
            &[
                ("a", "x-1234567"),
                ("a", "x-7654321"),
                ("a 1234567", "y-0000001"),
            ],
            &["a x-1234567", "a 7654321", "a 1234567 0000001"],
        );
    }

    #[test]
    fn parameters_that_read_as_numbers_are_numbers() {
        assert_eq!(typed("0.01"), json!(0.01));
        assert_eq!(typed("adam"), json!("adam"));
        assert_eq!(typed("1e-3"), json!(1e-3));
    }

    #[test]
    fn times_are_written_as_folders_are() {
        assert_eq!(stamp(1_795_213_800_123), "20261120_223000");
        assert_eq!(minute(1_795_213_800_123), "2026-11-20 22:30");
    }
}
