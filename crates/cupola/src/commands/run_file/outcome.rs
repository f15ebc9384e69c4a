//! How an experiment ended: for people, for programs, and as an exit code.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use cupola_protocol::{families::CountsBody, tasks::ResultBody};
use serde_json::{Value, json};

use super::console::{config_text, time_text, value_text};
use crate::{
    cli::RunFile,
    exit,
    output::{self, clean},
};

/// A task that has ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    /// As the file calls it; may be empty.
    pub name: String,
    /// The metric, when it gave one.
    pub value: Option<f64>,
    pub result: ResultBody,
}

/// How an experiment ended.
#[derive(Debug)]
pub(super) struct Outcome {
    pub experiment: String,
    name: String,
    /// Whether somebody at this terminal stopped it.
    pub was_stopped: bool,
    pub counts: Option<CountsBody>,
    /// What the tasks are judged by; empty when nothing is.
    pub metric: String,
    pub is_less_better: bool,
    pub elapsed: Duration,
    /// The data folder of the hub that did it, if that was this process.
    pub data: Option<PathBuf>,
    keeps_all: bool,
    all: Vec<Ended>,
    best: Option<Ended>,
}

impl Outcome {
    /// Of an experiment that has not begun; `keeps_all` remembers each task.
    pub(super) fn new(experiment: &str, name: &str, keeps_all: bool) -> Self {
        Self {
            experiment: experiment.to_owned(),
            name: name.to_owned(),
            was_stopped: false,
            counts: None,
            metric: String::new(),
            is_less_better: true,
            elapsed: Duration::ZERO,
            data: None,
            keeps_all,
            all: Vec::new(),
            best: None,
        }
    }

    /// One more task has ended.
    pub(super) fn note(&mut self, ended: Ended) {
        if ended.result.success && self.is_better(ended.value) {
            self.best = Some(ended.clone());
        }
        if self.keeps_all {
            self.all.push(ended);
        }
    }

    fn is_better(&self, value: Option<f64>) -> bool {
        let best = self.best.as_ref().and_then(|best| best.value);
        match (value, best) {
            (Some(value), Some(best)) if self.is_less_better => value < best,
            (Some(value), Some(best)) => value > best,
            (value, _) => value.is_some(),
        }
    }

    fn counts(&self) -> CountsBody {
        self.counts.unwrap_or(CountsBody {
            pending: 0,
            running: 0,
            completed: 0,
            failed: 0,
            cancelled: 0,
            total: 0,
        })
    }

    /// `completed`, `failed` or `cancelled`.
    fn status(&self) -> &'static str {
        let counts = self.counts();
        match counts {
            CountsBody { cancelled: 1.., .. } => "cancelled",
            CountsBody { failed: 1.., .. } => "failed",
            _ => "completed",
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        match self.status() {
            "cancelled" => ExitCode::from(exit::INTERRUPTED),
            "failed" => ExitCode::from(exit::FAILURE),
            _ => ExitCode::SUCCESS,
        }
    }

    /// Prints it: a few lines for people, or one JSON object.
    pub(super) fn print(&self, args: &RunFile) -> anyhow::Result<()> {
        if args.json {
            return output::json(&self.to_json());
        }
        output::line("");
        for line in self.lines() {
            output::line(&clean(&line));
        }
        Ok(())
    }

    fn lines(&self) -> Vec<String> {
        let counts = self.counts();
        let mut words = vec![format!(
            "{} of {} tasks completed",
            counts.completed, counts.total
        )];
        for (number, word) in [(counts.failed, "failed"), (counts.cancelled, "cancelled")] {
            if number > 0 {
                words.push(format!("{number} {word}"));
            }
        }
        let mut lines = vec![format!(
            "{} in {}",
            words.join(", "),
            time_text(self.elapsed)
        )];
        if let Some((best, value)) = self
            .best
            .as_ref()
            .and_then(|best| Some((best, best.value?)))
        {
            let (number, value) = (best.result.number, value_text(value));
            let config = match config_text(&best.result.config) {
                config if config.is_empty() => config,
                config => format!(": {config}"),
            };
            lines.push(format!(
                "best {} {value} by task {number}{config}",
                self.metric
            ));
        }
        if let Some(data) = &self.data {
            let data = data.display();
            lines.push(format!("`cupola --data {data}` shows it in a browser"));
        }
        lines
    }

    fn to_json(&self) -> Value {
        let best = self.best.as_ref().map(task_json);
        json!({
            "experiment_id": self.experiment,
            "name": self.name,
            "status": self.status(),
            "tasks": self.counts(),
            "seconds": self.elapsed.as_secs_f64(),
            "metric": (!self.metric.is_empty()).then_some(&self.metric),
            "best": best,
            "results": self.all.iter().map(task_json).collect::<Vec<_>>(),
        })
    }
}

fn task_json(ended: &Ended) -> Value {
    let result = &ended.result;
    json!({
        "number": result.number,
        "name": ended.name,
        "task_id": result.task_id,
        "run_id": result.run_id,
        "status": result.status,
        "reason": result.reason,
        "seed": result.seeds.first(),
        "config": result.config,
        "value": ended.value,
        "results": result.metrics,
        "seconds": result.duration,
    })
}
