//! Runs side by side: what they used and what they gave.

use std::collections::HashMap;

use cupola_domain::{experiment::Experiment, field::FieldError, ids::RunId};
use cupola_store::{experiments, runs};
use serde_json::{Map, Value};

use crate::{
    Hub, HubError,
    experiments::{RunRow, run_row},
    work::config_of_run,
};

/// So many runs fit side by side.
pub const COMPARED_MAX: usize = 16;

/// Longer tables help nobody.
const ROWS_MAX: usize = 2_000;

/// Runs side by side.
#[derive(Debug, Clone)]
pub struct RunsBeside {
    /// The runs, in the order asked for.
    pub runs: Vec<RunBeside>,
    /// Every field of their configurations, with seed and time budget.
    pub config: Vec<ComparedRow>,
    /// Every field of their results, without those that are too large for a list.
    pub results: Vec<ComparedRow>,
    /// Rows that were left out because there are too many.
    pub omitted: usize,
}

/// One of the compared runs.
#[derive(Debug, Clone)]
pub struct RunBeside {
    /// The run with its task.
    pub row: RunRow,
    /// What it belongs to.
    pub experiment: Experiment,
}

/// One field, with a value for each run.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedRow {
    /// Where it stands, `layers.0.width` for instance.
    pub path: String,
    /// In the order of the runs; `None` where a run does not have it.
    pub values: Vec<Option<Value>>,
    /// Whether they are not all the same.
    pub differs: bool,
}

impl Hub {
    /// Runs side by side: configurations and results, and in what they differ.
    pub fn compare_runs(&self, ids: &[RunId]) -> Result<RunsBeside, HubError> {
        if !(1..=COMPARED_MAX).contains(&ids.len()) {
            let message = format!("names {} runs; name 1 to {COMPARED_MAX}", ids.len());
            return Err(HubError::Invalid(vec![FieldError::new("runs", message)]));
        }
        let ids = ids.to_vec();
        self.read(move |tx| {
            let mut workers = HashMap::new();
            let (mut compared, mut configs, mut results) = (Vec::new(), Vec::new(), Vec::new());
            for id in ids {
                let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
                let experiment = experiments::find(tx, run.experiment)?
                    .ok_or_else(|| HubError::not_found("run", id))?;
                let row = run_row(tx, &mut workers, run)?;
                configs.push(config_of_run(&row.run, &row.task));
                results.push(cupola_store::results::list(tx, id)?);
                compared.push(RunBeside { row, experiment });
            }
            let mut config = rows(&configs);
            let mut results = rows(&results);
            let omitted =
                config.len().saturating_sub(ROWS_MAX) + results.len().saturating_sub(ROWS_MAX);
            config.truncate(ROWS_MAX);
            results.truncate(ROWS_MAX);
            Ok(RunsBeside {
                runs: compared,
                config,
                results,
                omitted,
            })
        })
    }
}

/// A row for each field that any of `objects` has, in the order in which they come up.
fn rows(objects: &[Map<String, Value>]) -> Vec<ComparedRow> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut rows: Vec<ComparedRow> = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        let mut leaves = Vec::new();
        for (name, value) in object {
            collect(name.clone(), value, &mut leaves);
        }
        for (path, value) in leaves {
            let place = *places.entry(path.clone()).or_insert_with(|| {
                rows.push(ComparedRow {
                    path,
                    values: vec![None; objects.len()],
                    differs: false,
                });
                rows.len() - 1
            });
            rows[place].values[at] = Some(value.clone());
        }
    }
    for row in &mut rows {
        row.differs = row
            .values
            .windows(2)
            .any(|pair| !is_same(pair[0].as_ref(), pair[1].as_ref()));
    }
    rows
}

fn collect<'a>(path: String, value: &'a Value, leaves: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                collect(format!("{path}.{name}"), value, leaves);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, value) in items.iter().enumerate() {
                collect(format!("{path}.{at}"), value, leaves);
            }
        }
        leaf => leaves.push((path, leaf)),
    }
}

/// `1` and `1.0` are the same.
fn is_same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let numbers = a.and_then(Value::as_f64).zip(b.and_then(Value::as_f64));
    a == b || numbers.is_some_and(|(a, b)| a.total_cmp(&b).is_eq())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(objects: &[Value], expected: &[(&str, bool)]) {
        let objects: Vec<_> = objects
            .iter()
            .map(|o| o.as_object().unwrap().clone())
            .collect();
        let found = rows(&objects);
        let found: Vec<_> = found
            .iter()
            .map(|row| (row.path.as_str(), row.differs))
            .collect();
        assert_eq!(found, expected, "{objects:?}");
    }

    #[test]
    fn what_differs_is_marked() {
        check(
            &[json!({"a": 1, "b": "x"}), json!({"a": 1.0, "b": "y"})],
            &[("a", false), ("b", true)],
        );
        check(
            &[json!({"a": 1}), json!({"b": 1})],
            &[("a", true), ("b", true)],
        );
        check(&[json!({"a": 1})], &[("a", false)]);
        check(&[json!({"a": null}), json!({})], &[("a", true)]);
    }

    #[test]
    fn nested_fields_have_rows_of_their_own() {
        check(
            &[
                json!({"opt": {"lr": 1, "name": "x"}, "layers": [{"width": 1}, {"width": 2}]}),
                json!({"opt": {"lr": 2, "name": "x"}, "layers": [{"width": 1}]}),
            ],
            &[
                ("opt.lr", true),
                ("opt.name", false),
                ("layers.0.width", false),
                ("layers.1.width", true),
            ],
        );
        check(
            &[json!({"a": [1, 2], "b": {}}), json!({"a": [1, 3], "b": {}})],
            &[("a", true), ("b", false)],
        );
    }
}
