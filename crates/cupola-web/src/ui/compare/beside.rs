//! A few runs side by side: a row a field, a column a run.

use cupola_domain::{metric::json_number, objective::Direction};
use cupola_hub::comparison::{ComparedRow, RunBeside, RunsBeside};
use serde_json::Value;

use crate::ui::{
    components::{Badge, Id, Link, Measure},
    format,
    plain::plain,
    present::task_link,
};

/// The runs side by side.
#[derive(Debug, Clone)]
pub struct Beside {
    /// The runs.
    pub columns: Vec<Column>,
    /// Configuration, results.
    pub sections: Vec<Section>,
    /// How many fields are left out because there are too many.
    pub omitted: usize,
}

/// A run's column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The run.
    pub id: Id,
    /// What its client calls it; empty where nobody does.
    pub name: String,
    /// Its task.
    pub task: Link,
    /// Its state.
    pub badge: Badge,
    /// The objective.
    pub value: Measure,
    /// Whether no other is better.
    pub is_best: bool,
    /// The class of its colour.
    pub colour: String,
}

/// Fields of one kind.
#[derive(Debug, Clone)]
pub struct Section {
    /// `Configuration`, `Results`.
    pub title: &'static str,
    /// What is shown.
    pub lines: Vec<FieldLine>,
    /// `2 of 8 differ`.
    pub count: String,
}

/// One field.
#[derive(Debug, Clone)]
pub struct FieldLine {
    /// `layers.0.width`
    pub path: String,
    /// Whether the runs are not all the same in it.
    pub differs: bool,
    /// One for each run.
    pub cells: Vec<FieldCell>,
}

/// What one run has in a row.
#[derive(Debug, Clone)]
pub struct FieldCell {
    /// Short.
    pub text: String,
    /// Exactly; empty where the run has nothing.
    pub exact: String,
    /// Whether it is the objective, and no other is better.
    pub is_best: bool,
}

/// `is_all` shows also the fields that are the same in all runs.
pub(super) fn beside(
    found: &RunsBeside,
    direction: Direction,
    colours: &[String],
    is_all: bool,
) -> Beside {
    let values: Vec<_> = found.runs.iter().map(value).collect();
    let best = best(direction, &values);
    let columns = found.runs.iter().zip(&values).zip(colours);
    let metric = found.runs.first().map_or("", |one| one.experiment.metric());
    let section = |title, rows: &[ComparedRow]| section(title, rows, (metric, direction), is_all);
    Beside {
        columns: columns
            .map(|((one, value), colour)| column(one, *value, best, colour))
            .collect(),
        sections: vec![
            section("Configuration", &found.config),
            section("Results", &found.results),
        ],
        omitted: found.omitted,
    }
}

fn section(
    title: &'static str,
    rows: &[ComparedRow],
    objective: (&str, Direction),
    is_all: bool,
) -> Section {
    let differing = rows.iter().filter(|row| row.differs).count();
    let shown = rows.iter().filter(|row| row.differs || is_all);
    Section {
        title,
        lines: shown.map(|row| line(row, objective)).collect(),
        count: match rows.len() {
            0 => "none yet".to_owned(),
            total => format!("{differing} of {total} differ"),
        },
    }
}

fn value(one: &RunBeside) -> Option<f64> {
    let task = &one.row.task;
    task.value.filter(|_| task.run == one.row.run.id)
}

fn best(direction: Direction, values: &[Option<f64>]) -> Option<f64> {
    let finite = values.iter().flatten().copied();
    finite
        .filter(|value| value.is_finite())
        .reduce(|best, value| {
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

fn column(one: &RunBeside, value: Option<f64>, best: Option<f64>, colour: &str) -> Column {
    let run = &one.row.run;
    Column {
        id: run.id.into(),
        name: plain(&run.name),
        task: task_link(&one.row.task),
        badge: Badge::state(run.state.word(), one.row.task.reason_of(run)),
        value: value.into(),
        is_best: is_best(value, best),
        colour: colour.to_owned(),
    }
}

fn line(row: &ComparedRow, (metric, direction): (&str, Direction)) -> FieldLine {
    let number = |value: &Option<Value>| value.as_ref().and_then(json_number);
    let numbers: Vec<_> = row.values.iter().map(number).collect();
    let best = best(direction, &numbers).filter(|_| !metric.is_empty() && row.path == metric);
    let cells = row
        .values
        .iter()
        .zip(&numbers)
        .map(|(value, number)| FieldCell {
            text: value
                .as_ref()
                .map_or_else(|| format::NOTHING.to_owned(), format::json),
            exact: value.as_ref().map(Value::to_string).unwrap_or_default(),
            is_best: is_best(*number, best),
        });
    FieldLine {
        path: row.path.clone(),
        differs: row.differs,
        cells: cells.collect(),
    }
}
