//! Facts that tools and answers share, each read from the hub once.

use std::sync::Arc;

use cupola_domain::{
    access::Role,
    counts::State,
    experiment::Experiment,
    ids::{ExperimentId, RunId, TaskId},
    objective::Objective,
    run::{Failure, Outcome, RunState},
};
use cupola_hub::{
    Hub, HubError,
    comparison::{Column, Compared, Question, RUNS_MAX, Selection},
    ledger::{Statement, StatementQuery},
    logs::{From as LogFrom, Line, LogQuery},
    run_search::{
        Columns, RunFound, RunSearch, RunsFound,
        filter::{self, Filter},
    },
    runs::RunDetail,
};
use serde_json::{Map, Value};

use crate::{numbers::plural, tools::Caller};

/// Lines of a log's end that explain a failure.
pub const TAIL_LINES: usize = 15;

/// Of each line so many bytes.
const TAIL_LINE_BYTES: usize = 400;

/// Kinds of failures that are machines' and not the tasks'.
const LOSSES: &str = "(lost, handed_back, not_prepared, withdrawn)";

/// Runs that failed by themselves.
pub const FAILED: &str =
    "state = failed and not failure in (lost, handed_back, not_prepared, withdrawn)";

/// Lost runs of which is looked whether they were the last attempt.
const LOSSES_MAX: u32 = 200;

/// How the runs of an experiment stand by its objective.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The experiment.
    pub experiment: Experiment,
    /// The title and the goal of its brief, where it has one.
    pub brief: Option<(String, String)>,
    /// What its runs are judged by; none where nothing is.
    pub objective: Option<Objective>,
    /// Those whose value counts, the best first.
    pub ranked: Vec<Placed>,
    /// Values that are NaN or infinite.
    pub not_finite: usize,
    /// Values that nobody measured.
    pub not_measured: usize,
    /// Runs that were not looked at, since there are too many.
    pub not_read: u64,
    /// The mean, of those that count.
    pub mean: Option<f64>,
    /// Their standard deviation.
    pub std: Option<f64>,
    /// The one in the middle.
    pub median: Option<f64>,
}

/// A run in its place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The number of its task.
    pub number: u32,
    /// Its task.
    pub task: TaskId,
    /// The run, where it is known already.
    pub run: Option<RunId>,
    /// Its objective.
    pub value: f64,
    /// What it was told.
    pub config: Arc<Map<String, Value>>,
    /// Its seed, where anybody said one.
    pub seed: Option<String>,
}

/// Why a run has no result.
#[derive(Debug, Clone)]
pub struct FailureFacts {
    /// The run.
    pub detail: RunDetail,
    /// The reason in words; empty where there is none.
    pub reason: String,
    /// The reason in one word, of one that failed.
    pub kind: Option<&'static str>,
    /// The end of its log.
    pub tail: Vec<Line>,
    /// How many runs of its experiment failed for the same reason, itself included; the first hundred.
    pub alike: usize,
}

/// What somebody has. What others have is for operators, as everywhere.
pub fn statement(hub: &Hub, caller: &Caller, person: &str) -> Result<Statement, HubError> {
    if person != caller.owner && !caller.role.includes(Role::Operator) {
        let message = "what others have is shown to operators; ask for your own credits";
        return Err(HubError::Forbidden(message.to_owned()));
    }
    hub.statement(&StatementQuery {
        person: Some(person.to_owned()),
        limit: 1,
        ..StatementQuery::default()
    })
}

/// How an experiment's runs stand.
pub fn standing(hub: &Hub, id: ExperimentId) -> Result<Standing, HubError> {
    let experiment = hub.experiment_detail(id)?.experiment;
    if experiment.origin.brief().is_some() {
        return of_family(hub, id);
    }
    let selection = Selection {
        experiments: vec![id],
        ..Selection::default()
    };
    Ok(of_compared(
        experiment,
        hub.comparison(&selection, &Question::default())?,
    ))
}

/// That so many runs were not looked at.
pub fn not_read(count: u64) -> String {
    let runs = plural(count, "run");
    format!("Looked at are the first {RUNS_MAX} runs; {runs} behind them are left out.")
}

/// The run of a place.
pub fn run_of(hub: &Hub, placed: &Placed) -> Result<RunId, HubError> {
    match placed.run {
        Some(run) => Ok(run),
        None => Ok(hub.task_detail(placed.task)?.task.run),
    }
}

/// Experiments held against each other by their objective: the first against the second.
pub fn compared(hub: &Hub, ids: &[ExperimentId]) -> Result<Compared, HubError> {
    let selection = Selection {
        experiments: ids.to_vec(),
        ..Selection::default()
    };
    let name = |at: usize| -> Result<String, HubError> {
        match ids.get(at) {
            Some(id) => Ok(format!(
                "experiment {}",
                hub.known_experiment(*id)?.experiment.name
            )),
            None => Ok(String::new()),
        }
    };
    let question = Question {
        by: vec![Column::Experiment],
        a: name(0)?,
        b: name(1)?,
        ..Question::default()
    };
    hub.comparison(&selection, &question)
}

impl Standing {
    /// Its runs with the worst first; of equal ones the earlier.
    pub fn from_worst(&self) -> Vec<&Placed> {
        let mut placed: Vec<&Placed> = self.ranked.iter().collect();
        placed.reverse();
        let is_equal = |a: &&Placed, b: &&Placed| a.value.total_cmp(&b.value).is_eq();
        for equal in placed.chunk_by_mut(is_equal) {
            equal.reverse();
        }
        placed
    }
}

/// Why a run has no result.
pub fn failure(hub: &Hub, id: RunId) -> Result<FailureFacts, HubError> {
    let detail = hub.run_detail(id)?;
    let failure = match &detail.run.state {
        RunState::Finished {
            outcome: Outcome::Failed(failure),
            ..
        } => Some(failure),
        _ => None,
    };
    let alike = match failure {
        Some(failure) => count_alike(hub, detail.experiment.id, failure)?,
        None => 0,
    };
    Ok(FailureFacts {
        reason: detail.task.reason_of(&detail.run),
        kind: failure.map(Failure::kind),
        tail: tail(hub, id)?,
        alike,
        detail,
    })
}

/// The end of a run's log.
pub fn tail(hub: &Hub, id: RunId) -> Result<Vec<Line>, HubError> {
    let query = LogQuery {
        from: LogFrom::Last,
        limit: TAIL_LINES,
        line_bytes: TAIL_LINE_BYTES,
        ..LogQuery::default()
    };
    Ok(hub.run_log(id, query)?.lines)
}

/// Runs that failed, and what was only lost.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    /// The latest first.
    pub runs: Vec<RunFound>,
    /// How many there are, as far as they were counted.
    pub count: u64,
    /// Whether all were counted.
    pub is_all: bool,
    /// Attempts that machines lost and whose tasks were tried again.
    pub lost: u64,
}

/// The runs that failed and for which `also` holds (empty for all), the latest first. What a machine lost or gave
/// back is tried again: that is no failure, unless no attempt was left.
pub fn failures(
    hub: &Hub,
    experiments: &[ExperimentId],
    also: &str,
    limit: u32,
) -> Result<Failures, HubError> {
    let also = if also.is_empty() {
        String::new()
    } else {
        format!(" and {also}")
    };
    let failed = found(hub, experiments, &format!("state = failed{also}"), limit)?;
    let lost = format!("state = failed and failure in {LOSSES}{also}");
    let lost = found(hub, experiments, &lost, LOSSES_MAX)?;
    let is_all = (failed.total.is_some() || !failed.has_more) && !lost.has_more;
    let mut again = Vec::new();
    for run in &lost.runs {
        if !is_final(hub, run)? {
            again.push(run.run.id);
        }
    }
    let count = failed.total.unwrap_or(failed.runs.len() as u64);
    let mut runs = failed.runs;
    runs.retain(|found| !again.contains(&found.run.id));
    let lost = again.len() as u64;
    Ok(Failures {
        runs,
        count: count.saturating_sub(lost),
        is_all,
        lost,
    })
}

/// Whether a lost run was the last attempt at its task.
fn is_final(hub: &Hub, found: &RunFound) -> Result<bool, HubError> {
    let task = hub.task_detail(found.run.task)?.task;
    Ok(task.run == found.run.id && task.state.word() == State::Failed)
}

/// The latest runs of an experiment that failed.
pub fn failed(hub: &Hub, id: ExperimentId, limit: u32) -> Result<Vec<RunFound>, HubError> {
    Ok(failures(hub, &[id], "", limit)?.runs)
}

fn count_alike(hub: &Hub, id: ExperimentId, failure: &Failure) -> Result<usize, HubError> {
    let filter = format!("state = failed and failure = \"{}\"", failure.kind());
    Ok(found(hub, &[id], &filter, 100)?.runs.len())
}

fn found(
    hub: &Hub,
    experiments: &[ExperimentId],
    filter: &str,
    limit: u32,
) -> Result<RunsFound, HubError> {
    let wrong = |error: filter::FilterError| {
        HubError::Conflict(format!("the filter cannot be read: {error}"))
    };
    hub.search_runs(RunSearch {
        experiments: experiments.to_vec(),
        filter: Filter::parse(filter).map_err(wrong)?,
        columns: Columns::These(Vec::new()),
        limit,
        ..RunSearch::default()
    })
}

fn of_family(hub: &Hub, id: ExperimentId) -> Result<Standing, HubError> {
    let detail = hub.family_detail(id)?;
    let analysis = &detail.analysis;
    let mut ranked: Vec<Placed> = analysis
        .observations
        .iter()
        .filter_map(|one| {
            Some(Placed {
                number: one.number,
                task: one.task,
                run: None,
                value: one.counted()?,
                config: Arc::clone(&one.config),
                seed: Some(one.seed.to_string()),
            })
        })
        .collect();
    let objective = detail.family.objective.clone();
    sort(&mut ranked, objective.as_ref());
    let summary = &analysis.summary;
    Ok(Standing {
        ranked,
        objective,
        brief: detail
            .brief
            .map(|brief| (brief.wanted.title, brief.wanted.goal)),
        experiment: detail.family,
        not_finite: summary.excluded_not_finite,
        not_measured: summary.excluded_not_measured,
        not_read: 0,
        mean: summary.mean,
        std: summary.std_population,
        median: summary.median,
    })
}

fn of_compared(experiment: Experiment, compared: Compared) -> Standing {
    let column = compared
        .metric
        .as_ref()
        .filter(|column| **column == Column::Objective);
    let mut ranked: Vec<Placed> = compared
        .runs
        .iter()
        .filter_map(|one| {
            Some(Placed {
                number: one.number,
                task: one.run.task,
                run: Some(one.run.id),
                value: one.counted(column?)?,
                config: one
                    .params
                    .iter()
                    .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
                    .collect::<Map<_, _>>()
                    .into(),
                seed: one.seed.clone(),
            })
        })
        .collect();
    let objective = experiment.objective.clone();
    sort(&mut ranked, objective.as_ref());
    let values: Vec<f64> = ranked.iter().map(|placed| placed.value).collect();
    let (mean, std) = moments(&values);
    Standing {
        median: median(&values),
        ranked,
        objective,
        brief: None,
        experiment,
        not_finite: compared.finding.not_finite,
        not_measured: compared.finding.not_measured,
        not_read: compared.total.saturating_sub(compared.runs.len() as u64),
        mean,
        std,
    }
}

/// The best first; of equal ones the earlier.
fn sort(ranked: &mut [Placed], objective: Option<&Objective>) {
    let Some(objective) = objective else { return };
    ranked.sort_by(|a, b| {
        let order = match objective.direction {
            cupola_domain::objective::Direction::Minimize => a.value.total_cmp(&b.value),
            cupola_domain::objective::Direction::Maximize => b.value.total_cmp(&a.value),
        };
        order.then(a.number.cmp(&b.number))
    });
}

#[expect(clippy::cast_precision_loss, reason = "no experiment has so many runs")]
fn moments(values: &[f64]) -> (Option<f64>, Option<f64>) {
    if values.is_empty() {
        return (None, None);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / count;
    (Some(mean), Some(variance.sqrt()))
}

/// Of values in order, whichever way.
fn median(values: &[f64]) -> Option<f64> {
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}
