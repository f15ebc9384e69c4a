//! Tools about what results say: summaries, comparisons, what mattered, failures, reports.

use std::str::FromStr as _;

use cupola_domain::ids::{ExperimentId, RunId};
use cupola_hub::comparison::{Compared, Importance, Verdict};
use serde_json::{Value, json};

use super::{
    Desk, Refused,
    answer::{Found, all_given, given as given_value, said, time},
    arguments::arguments,
    experiments::OfExperiment,
    runs::{OfRun, number},
};
use crate::{facts, judged, links, report};

/// How many of the best are given.
const TOP: usize = 10;

/// Rows in which runs differ.
const DIFFERENCES_MAX: usize = 100;

arguments! {
    /// What is held against each other.
    Compare {
        /// Two or more experiments, or two or more runs, by ids or names: the first against the second.
        ids: Vec<String>,
    }
}

arguments! {
    /// What is reported on.
    WriteReport {
        /// The experiment, or the family of a brief.
        id: String,
        /// Experiments that it is held against.
        with: Option<Vec<String>>,
    }
}

pub(super) fn summary(desk: &Desk<'_>, given: &OfExperiment) -> Result<Found, Refused> {
    let standing = facts::standing(desk.hub, desk.experiment(&given.id)?)?;
    let top = standing
        .ranked
        .iter()
        .take(TOP)
        .enumerate()
        .map(|(at, placed)| {
            let run = facts::run_of(desk.hub, placed)?;
            Ok(json!({
                "rank": at + 1,
                "task_number": placed.number,
                "run_id": run.to_string(),
                "value": number(placed.value),
                "configuration": all_given(&placed.config),
                "link": links::run(run),
            }))
        });
    let top: Vec<Value> = top.collect::<Result<_, Refused>>()?;
    let counts = super::experiments::counts(&standing.experiment.counts);
    let objective = standing.objective.as_ref().map(|objective| {
        json!({"metric": objective.metric, "direction": objective.direction.as_str(), "unit": objective.unit})
    });
    let total = standing.ranked.len().min(TOP) as u64;
    Ok(Found::default()
        .with("experiment_id", standing.experiment.id.to_string())
        .with("name", said(&standing.experiment.name))
        .with("tasks", counts)
        .with_some("objective", objective)
        .with("counted", standing.ranked.len())
        .with("not_finite", standing.not_finite)
        .with("not_measured", standing.not_measured)
        .with("mean", some_number(standing.mean))
        .with("std_population", some_number(standing.std))
        .with("median", some_number(standing.median))
        .with("link", links::experiment(&standing.experiment))
        .rows("top", top, 0, Some(total)))
}

pub(super) fn compare(desk: &Desk<'_>, given: &Compare) -> Result<Found, Refused> {
    if given.ids.len() < 2 {
        let message = "names one; name two or more";
        return Err(Refused::Arguments(vec![
            cupola_domain::field::FieldError::new("ids", message),
        ]));
    }
    if let Some(ids) = desk.runs_named(&given.ids)? {
        return compare_runs(desk, &ids);
    }
    let ids = given.ids.iter().map(|called| desk.experiment(called));
    let ids: Vec<ExperimentId> = ids.collect::<Result<_, _>>()?;
    let compared = facts::compared(desk.hub, &ids)?;
    Ok(of_compared(&compared).with("link", links::comparison(&ids)))
}

pub(super) fn importance(desk: &Desk<'_>, given: &OfExperiment) -> Result<Found, Refused> {
    let id = desk.experiment(&given.id)?;
    let (metric, importance) = desk.hub.importance(id)?;
    let rows: Vec<Value> = importance.parameters.iter().map(importance_row).collect();
    let together = importance.together.map(|together| {
        json!({"share": together.share, "share_by_chance": together.share_by_chance, "count": together.count})
    });
    let total = rows.len() as u64;
    Ok(Found::default()
        .with("metric", said(&metric))
        .with("counted", importance.count)
        .with_some("together", together)
        .with("link", links::comparison(&[id]))
        .rows("parameters", rows, 0, Some(total)))
}

pub(super) fn failure(desk: &Desk<'_>, given: &OfRun) -> Result<Found, Refused> {
    let facts = facts::failure(desk.hub, desk.run(&given.id)?)?;
    let run = &facts.detail.run;
    let environment = run
        .environment
        .as_deref()
        .and_then(|text| Value::from_str(text).ok());
    let tail: Vec<Value> = facts
        .tail
        .iter()
        .map(|line| json!({"number": line.number, "level": line.level.as_str(), "text": said(&line.text)}))
        .collect();
    let worker = run
        .worker
        .and_then(|id| facts.detail.workers.get(&id))
        .map(|name| said(name));
    let total = tail.len() as u64;
    Ok(Found::default()
        .with("run_id", run.id.to_string())
        .with("status", run.state.word().as_str())
        .with("reason", said(&facts.reason))
        .with_some("kind", facts.kind)
        .with("attempts", facts.detail.attempts.len())
        .with("alike_in_experiment", facts.alike)
        .with_some("worker", worker)
        .with_some("environment", environment.as_ref().map(given_value))
        .with_some("finished_at", run.finished_at.map(time))
        .with("link", links::run(run.id))
        .rows("log_tail", tail, 0, Some(total)))
}

pub(super) fn report(desk: &Desk<'_>, given: &WriteReport) -> Result<Found, Refused> {
    let text = report::markdown(&report::write(desk.hub, &subjects(desk, given)?)?, "");
    Ok(Found::default()
        .with("format", "markdown")
        .with("report", json!({"data": text})))
}

pub(super) fn keep_report(desk: &Desk<'_>, given: &WriteReport) -> Result<Found, Refused> {
    let ids = subjects(desk, given)?;
    if desk.is_dry {
        let report = report::write(desk.hub, &ids)?;
        return Ok(Found::default()
            .with("would", "keep a report on this")
            .with("title", said(&report.title)));
    }
    let kept = report::keep(desk.hub, ids, (&desk.caller.name, &desk.caller.owner))?;
    Ok(Found::default()
        .with("done", "kept a report")
        .with("report_id", kept.id.to_string())
        .with("title", said(&kept.title))
        .with("link", links::report(kept.id)))
}

fn subjects(desk: &Desk<'_>, given: &WriteReport) -> Result<Vec<ExperimentId>, Refused> {
    let mut called = vec![given.id.clone()];
    called.extend(given.with.iter().flatten().cloned());
    report::subjects(desk.hub, desk.index, &called)
}

impl Desk<'_> {
    /// Runs, if the first of the names is that of one.
    fn runs_named(&self, called: &[String]) -> Result<Option<Vec<RunId>>, Refused> {
        let is_run = match called.first().map(|first| first.parse::<RunId>()) {
            // An id says nothing of what it is of.
            Some(Ok(id)) => self.hub.run_detail(id).is_ok(),
            _ => called
                .first()
                .is_some_and(|first| self.experiment(first).is_err()),
        };
        if !is_run {
            return Ok(None);
        }
        called
            .iter()
            .map(|called| self.run(called))
            .collect::<Result<_, _>>()
            .map(Some)
    }
}

fn compare_runs(desk: &Desk<'_>, ids: &[RunId]) -> Result<Found, Refused> {
    let beside = desk.hub.compare_runs(ids)?;
    let runs: Vec<Value> = beside
        .runs
        .iter()
        .map(|one| {
            json!({
                "run_id": one.row.run.id.to_string(),
                "experiment": said(&one.experiment.name),
                "task_number": one.row.task.number,
                "status": one.row.run.state.word().as_str(),
                "objective": one.row.task.value.filter(|_| one.row.task.run == one.row.run.id).map(number),
            })
        })
        .collect();
    let rows = beside
        .config
        .iter()
        .chain(&beside.results)
        .filter(|row| row.differs);
    let rows: Vec<Value> = rows
        .take(DIFFERENCES_MAX)
        .map(|row| {
            let values: Vec<Value> = row
                .values
                .iter()
                .map(|value| value.clone().unwrap_or_default())
                .collect();
            json!({"path": said(&row.path), "values": given_value(&Value::from(values))})
        })
        .collect();
    let total = rows.len() as u64;
    Ok(Found::default()
        .with("runs", runs)
        .with("link", links::comparison_of_runs(ids))
        .rows("differences", rows, 0, Some(total)))
}

fn of_compared(compared: &Compared) -> Found {
    let groups = compared
        .grouping
        .groups
        .iter()
        .zip(&compared.finding.groups);
    let groups: Vec<Value> = groups
        .map(|(group, mean)| {
            json!({
                "name": said(&group.label),
                "count": mean.count,
                "seeds": group.seeds,
                "mean": some_number(mean.mean),
                "mean_95": mean.mean_95.map(|(low, high)| json!([number(low), number(high)])),
            })
        })
        .collect();
    let apart = judged::apart(compared);
    let pair = compared.finding.pair.as_ref().map(|pair| {
        let comparison = &pair.comparison;
        let name = |at: usize| said(&compared.grouping.groups[at].label);
        let (verdict, more_seeds) = match comparison.verdict {
            Verdict::ABetter => ("a is better", None),
            Verdict::BBetter => ("b is better", None),
            Verdict::Undecided { more_seeds } => ("noise could have done it", more_seeds),
        };
        if let Some(reason) = &apart {
            return json!({"a": name(pair.a), "b": name(pair.b), "verdict": null, "reason": said(reason)});
        }
        json!({
            "a": name(pair.a),
            "b": name(pair.b),
            "difference": some_number(comparison.difference),
            "interval_95": comparison.interval_95.map(|(low, high)| json!([number(low), number(high)])),
            "p_value": some_number(comparison.p_value),
            "verdict": verdict,
            "more_seeds_needed": more_seeds,
        })
    });
    let total = groups.len() as u64;
    Found::default()
        .with("metric", said(&compared.metric_name()))
        .with("direction", compared.direction.as_str())
        .with("direction_known", compared.is_direction_known())
        .with("counted", compared.finding.counted)
        .with("not_finite", compared.finding.not_finite)
        .with("not_measured", compared.finding.not_measured)
        .with_some("pair", pair)
        .rows("groups", groups, 0, Some(total))
}

fn importance_row(one: &Importance) -> Value {
    json!({
        "parameter": said(&one.parameter),
        "levels": one.levels,
        "count": one.count,
        "share": one.alone.map(|effect| effect.share),
        "share_by_chance": one.alone.map(|effect| effect.share_by_chance),
        "p_value": one.alone.map(|effect| effect.p_value),
        "beside_others": one.beside_others,
    })
}

fn some_number(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}
