//! From runs to what pages show of them.

use std::time::Duration;

use cupola_domain::{
    access::{Principal, Role},
    metric::{Point, json_number},
    run::{Run, RunState},
    time::Timestamp,
};
use cupola_hub::{runs::RunDetail, work::config_of};
use serde_json::Value;

use super::{Curve, Header, Log, Outcome, Show};
use crate::ui::{
    components::{Badge, CodeBlock, ConfigTable, Link, Opt, Progress},
    format,
    frame::{Frame, Section},
    listing::escaped,
    paths,
    plain::plain,
    present::{family_link, keys, lasting, may, run_badge, running_for, task_link, worker_link},
    tasks::{Attempts, present::attempt},
};

/// Points that a curve is first drawn with, about, for each of its columns.
const CURVE_COLUMNS: u32 = 2_000;

/// Below this share an estimate of the end says more about the start than about the end.
const SHARE_TO_ESTIMATE_FROM: f64 = 0.02;

/// A run as it is read for its page, with the time of reading.
pub(super) struct Seen {
    pub(super) detail: RunDetail,
    pub(super) now: Timestamp,
}

/// Which series is drawn, and where it ends.
pub(super) struct Drawn {
    pub(super) name: String,
    pub(super) last: Option<Point>,
}

fn is_over(run: &Run) -> bool {
    run.state.word().is_terminal()
}

impl Seen {
    fn key(&self) -> String {
        let RunDetail {
            run, experiment, ..
        } = &self.detail;
        keys(format!("run:{}", run.id), run.state.word(), experiment)
    }

    /// The series that is asked for; else the objective's, else the first.
    pub(super) fn series(&self, asked: &str) -> &str {
        let names = &self.detail.series;
        let has = |wanted: &str| names.iter().find(|name| *name == wanted);
        let objective = self.detail.experiment.metric();
        let found = has(asked).or_else(|| has(objective)).or(names.first());
        found.map_or("", String::as_str)
    }

    pub(super) fn show(&self, who: &Principal, seq: i64, drawn: &Drawn, log: Log) -> Show {
        let RunDetail {
            run,
            task,
            experiment,
            ..
        } = &self.detail;
        let (family, of) = (family_link(experiment), task_link(task));
        let environment = run.environment.as_ref().map(|text| {
            let value = serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()));
            CodeBlock::json("environment.json", &value)
        });
        Show {
            frame: Frame::new(
                format!("Run {}", run.id.short()),
                Section::Tasks,
                Some(who.into()),
            )
            .with_curves()
            .under("Tasks", paths::TASKS)
            .under(family.text, family.href)
            .under(of.text, of.href)
            .at(seq),
            header: self.header(who),
            curve: self.curve(drawn),
            log,
            outcome: self.outcome(),
            config: CodeBlock::json("config.json", &Value::Object(config_of(task))),
            environment,
            attempts: self.attempts(),
        }
    }

    pub(super) fn header(&self, who: &Principal) -> Header {
        let RunDetail {
            run,
            task,
            experiment,
            workers,
            ..
        } = &self.detail;
        let running = running_for(run, self.now);
        let said = run.progress.as_ref();
        let fraction = said.and_then(|said| said.fraction());
        let progress = || Progress::new(fraction, "Progress of the run");
        let is_stopped = is_over(run) || matches!(run.state, RunState::Cancelling { .. });
        Header {
            key: self.key(),
            src: paths::run(run.id, "/header"),
            id: run.id.into(),
            badge: run_badge(run),
            progress: running.map(|_| progress()),
            message: said
                .map(|said| plain(said.levels.message()))
                .unwrap_or_default(),
            ends: running.zip(fraction).map(ends).unwrap_or_default(),
            duration: lasting(run, self.now),
            time_budget: format::duration(task.time_budget),
            task: task_link(task),
            family: family_link(experiment),
            attempt: run.attempt,
            worker: worker_link(workers, run.worker),
            code_hash: match run.leased_at {
                Some(_) => run.code_hash.clone(),
                None => String::new(),
            },
            started: run.started_at.into(),
            finished: run.finished_at.into(),
            metric: experiment.metric().to_owned(),
            value: self.value().into(),
            cancellation: (!is_stopped && may(who, Role::Researcher))
                .then(|| Link::new("Cancel", paths::run(run.id, "/cancellation"))),
        }
    }

    /// The objective, as the task keeps it or as the program has said it so far.
    fn value(&self) -> Option<f64> {
        let RunDetail {
            run,
            task,
            experiment,
            results,
            ..
        } = &self.detail;
        let said = || results.get(experiment.metric()).and_then(json_number);
        let kept = task.value.filter(|_| task.run == run.id);
        kept.or_else(said)
    }

    pub(super) fn curve(&self, drawn: &Drawn) -> Curve {
        let RunDetail {
            run,
            experiment,
            series,
            ..
        } = &self.detail;
        let name = &drawn.name;
        let mut names: Vec<&String> = series.iter().collect();
        names.sort_by_key(|name| *name != experiment.metric());
        let choices = names.iter().map(|one| Opt::new(*one, *one, name));
        let escaped = escaped(name);
        let points = format!("/series?name={escaped}&width={CURVE_COLUMNS}");
        Curve {
            key: self.key(),
            points_key: format!("metrics:{}", run.id),
            src: match name.as_str() {
                "" => paths::run(run.id, "/curve"),
                _ => paths::run(run.id, &format!("/curve?series={escaped}")),
            },
            page: paths::run(run.id, ""),
            series: name.clone(),
            points_src: paths::run(run.id, &points),
            choices: choices.collect(),
            last: drawn.last.map(|point| point.value).into(),
            is_complete: is_over(run),
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        let RunDetail { run, results, .. } = &self.detail;
        let provenance = || Badge::provenance(run.provenance);
        Outcome {
            key: self.key(),
            src: paths::run(run.id, "/outcome"),
            results: ConfigTable::new("Results", results),
            provenance: (!results.is_empty()).then(provenance),
        }
    }

    pub(super) fn attempts(&self) -> Attempts {
        let RunDetail {
            run,
            task,
            experiment,
            attempts,
            workers,
            ..
        } = &self.detail;
        Attempts {
            key: keys(format!("task:{}", run.task), task.state.word(), experiment),
            src: paths::run(run.id, "/attempts"),
            rows: attempts
                .iter()
                .map(|one| attempt(one, workers, one.id == run.id, self.now))
                .collect(),
        }
    }
}

/// `in about 40 s`, from how far it is after how long.
fn ends((so_far, fraction): (Duration, f64)) -> String {
    if !(SHARE_TO_ESTIMATE_FROM..1.0).contains(&fraction) {
        return String::new();
    }
    let left = so_far.as_secs_f64() * (1.0 - fraction) / fraction;
    let left = Duration::from_secs(Duration::from_secs_f64(left).as_secs() + 1);
    format!("in about {}", format::duration(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_estimated_from_progress_and_time() {
        for (secs, fraction, expected) in [
            (10, 0.5, "in about 11 s"),
            (60, 0.25, "in about 3 min 1 s"),
            (10, 0.01, ""),
            (10, 1.0, ""),
        ] {
            assert_eq!(ends((Duration::from_secs(secs), fraction)), expected);
        }
    }
}
