//! `/experiments/{id}/comparison`: runs side by side.

use askama::Template;
use cupola_domain::{
    experiment::Experiment,
    field::FieldError,
    ids::{ExperimentId, RunId},
    metric::json_number,
};
use cupola_hub::{
    Hub, HubError,
    comparison::{ComparedRow, RunBeside, RunsBeside},
};
use serde_json::Value;

use crate::ui::{
    answer::Fields,
    components::{Badge, Id, Link, Measure, html_safe},
    format,
    frame::Frame,
    listing::query,
    paths,
    present::{better, task_link},
};

/// Runs that are compared unless others are asked for.
const LATEST: u32 = 8;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/comparison.html")]
pub struct Comparison {
    /// Around it.
    pub frame: Frame,
    /// Part `/experiments/{id}/comparison/table`.
    pub table: Compared,
    /// Back to the experiment.
    pub back: String,
}

/// A run's column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The run.
    pub id: Id,
    /// Its task.
    pub task: Link,
    /// Its state.
    pub badge: Badge,
    /// The objective.
    pub value: Measure,
    /// Whether no other is better.
    pub is_best: bool,
}

/// What one run has in a row.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Short.
    pub text: String,
    /// Exactly; empty where the run has nothing.
    pub exact: String,
    /// Whether it is the objective, and no other is better.
    pub is_best: bool,
}

/// One field.
#[derive(Debug, Clone)]
pub struct Line {
    /// `layers.0.width`
    pub path: String,
    /// Whether the runs are not all the same in it.
    pub differs: bool,
    /// One for each run.
    pub cells: Vec<Cell>,
}

/// Fields of one kind.
#[derive(Debug, Clone)]
pub struct Section {
    /// `Configuration`, `Results`.
    pub title: &'static str,
    /// What is shown.
    pub lines: Vec<Line>,
    /// `2 of 8 differ`.
    pub count: String,
}

/// The runs side by side.
#[derive(Debug, Clone, Template)]
#[template(path = "experiments/_compared.html")]
pub struct Compared {
    /// What changes it.
    pub key: String,
    /// Its own route.
    pub src: String,
    /// What runs are judged by: `val_bpb, lower is better`; empty without one.
    pub objective: String,
    /// The runs.
    pub columns: Vec<Column>,
    /// Configuration, results.
    pub sections: Vec<Section>,
    /// Whether only fields that differ are shown.
    pub is_narrow: bool,
    /// The same page with all fields, or only with those that differ.
    pub turned: String,
    /// How many fields are left out because there are too many.
    pub omitted: usize,
}

html_safe!(Compared);

/// What the address asks for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    id: ExperimentId,
    runs: Vec<RunId>,
    is_narrow: bool,
}

impl Asked {
    /// Reads `runs`, with commas or several times, and `only`.
    pub(super) fn read(id: ExperimentId, fields: &Fields) -> Result<Self, Vec<FieldError>> {
        let texts = fields.all("runs").flat_map(|text| text.split(','));
        let texts = texts.map(str::trim).filter(|text| !text.is_empty());
        let runs: Result<Vec<RunId>, _> = texts
            .map(|text| {
                let message = || format!("`{text}` is no run");
                text.parse()
                    .map_err(|_| vec![FieldError::new("runs", message())])
            })
            .collect();
        let mut runs = runs?;
        let mut seen = std::collections::HashSet::new();
        runs.retain(|run| seen.insert(*run));
        Ok(Self {
            id,
            runs,
            is_narrow: fields.text("only") == "differences",
        })
    }

    /// The experiment with the runs side by side; none while there are no runs.
    pub(super) fn find(&self, hub: &Hub) -> Result<(Experiment, Option<RunsBeside>), HubError> {
        let experiment = hub.experiment_detail(self.id)?.experiment;
        let mut runs = self.runs.clone();
        if runs.is_empty() {
            let (latest, _) = hub.experiment_runs(self.id, LATEST, 0)?;
            runs = latest.iter().map(|row| row.run.id).collect();
        }
        if runs.is_empty() {
            return Ok((experiment, None));
        }
        let comparison = hub.compare_runs(&runs)?;
        Ok((experiment, Some(comparison)))
    }

    fn address(&self, part: &str, is_narrow: bool) -> String {
        let runs: Vec<_> = self.runs.iter().map(RunId::to_string).collect();
        let only = if is_narrow { "differences" } else { "" };
        let query = query(&[("runs", &runs.join(",")), ("only", only)]);
        let separator = if query.is_empty() { "" } else { "?" };
        format!("{}{separator}{query}", paths::experiment(self.id, part))
    }

    pub(super) fn table(
        &self,
        experiment: &Experiment,
        comparison: Option<&RunsBeside>,
    ) -> Compared {
        let objective = experiment.objective.as_ref();
        let key = format!("experiment:{}", experiment.id);
        let runs = comparison.map_or(&[][..], |found| &found.runs);
        let values: Vec<_> = runs.iter().map(value).collect();
        let best = best(experiment, &values);
        let keys = runs.iter().map(|one| format!("run:{}", one.row.run.id));
        let columns = runs.iter().zip(&values);
        let section = |title, rows: &[ComparedRow]| self.section(title, rows, experiment);
        Compared {
            key: std::iter::once(key)
                .chain(keys)
                .collect::<Vec<_>>()
                .join(","),
            src: self.address("/comparison/table", self.is_narrow),
            objective: objective
                .map(|o| format!("{}, {}", o.metric, better(objective)))
                .unwrap_or_default(),
            columns: columns
                .map(|(one, value)| column(one, *value, best))
                .collect(),
            sections: comparison.map_or_else(Vec::new, |found| {
                vec![
                    section("Configuration", &found.config),
                    section("Results", &found.results),
                ]
            }),
            is_narrow: self.is_narrow,
            turned: self.address("/comparison", !self.is_narrow),
            omitted: comparison.map_or(0, |found| found.omitted),
        }
    }

    fn section(
        &self,
        title: &'static str,
        rows: &[ComparedRow],
        experiment: &Experiment,
    ) -> Section {
        let differing = rows.iter().filter(|row| row.differs).count();
        let shown = rows.iter().filter(|row| row.differs || !self.is_narrow);
        Section {
            title,
            lines: shown.map(|row| line(row, experiment)).collect(),
            count: match rows.len() {
                0 => "none yet".to_owned(),
                total => format!("{differing} of {total} differ"),
            },
        }
    }
}

fn value(one: &RunBeside) -> Option<f64> {
    let task = &one.row.task;
    task.value.filter(|_| task.run == one.row.run.id)
}

/// The best of some values, as the objective has it.
fn best(experiment: &Experiment, values: &[Option<f64>]) -> Option<f64> {
    let direction = experiment.objective.as_ref()?.direction;
    let finite = values
        .iter()
        .flatten()
        .copied()
        .filter(|value| value.is_finite());
    finite.reduce(|best, value| {
        if direction.is_better(value, best) {
            value
        } else {
            best
        }
    })
}

fn is_best(value: Option<f64>, best: Option<f64>) -> bool {
    let both = value.zip(best);
    both.is_some_and(|(value, best)| value.total_cmp(&best).is_eq())
}

fn column(one: &RunBeside, value: Option<f64>, best: Option<f64>) -> Column {
    let run = &one.row.run;
    Column {
        id: run.id.into(),
        task: task_link(&one.row.task),
        badge: Badge::state(run.state.word(), one.row.task.reason_of(run)),
        value: value.into(),
        is_best: is_best(value, best),
    }
}

fn line(row: &ComparedRow, experiment: &Experiment) -> Line {
    let is_objective = row.path == experiment.metric();
    let number = |value: &Option<Value>| value.as_ref().and_then(json_number);
    let numbers: Vec<_> = row.values.iter().map(number).collect();
    let best = best(experiment, &numbers).filter(|_| is_objective);
    let cells = row.values.iter().zip(&numbers).map(|(value, number)| Cell {
        text: value
            .as_ref()
            .map_or_else(|| format::NOTHING.to_owned(), format::json),
        exact: value.as_ref().map(Value::to_string).unwrap_or_default(),
        is_best: is_best(*number, best),
    });
    Line {
        path: row.path.clone(),
        differs: row.differs,
        cells: cells.collect(),
    }
}
