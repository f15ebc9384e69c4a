//! What runs have that can stand in a column, on an axis or in a group's name.

use std::{cmp::Ordering, fmt, str::FromStr};

use cupola_domain::{cost::Money, labels, metric::json_number};
use serde_json::Value;

use super::ComparedRun;

/// Something that a run has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// `params.lr`: what it was told to do.
    Param(String),
    /// `metrics.loss`, `metrics.loss.min`, `metrics.loss.max`: a value of a series.
    Metric(String, Of),
    /// `results.accuracy`: what it gave.
    Result(String),
    /// `tags.team`: what is said about it.
    Tag(String),
    /// `objective`: what its experiment judges it by.
    Objective,
    /// `duration`: how long its program ran, in seconds.
    Duration,
    /// `cost`: what it cost, in the hub's currency.
    Cost,
    /// `seed`
    Seed,
    /// `state`
    State,
    /// `experiment`
    Experiment,
}

/// Which value of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Of {
    /// The last.
    Last,
    /// The least.
    Min,
    /// The largest.
    Max,
}

/// What one run has.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A number, maybe one that is not finite.
    Number(f64),
    /// Anything else.
    Text(String),
    /// Nothing.
    Nothing,
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Column::Param(name) => write!(f, "params.{name}"),
            Column::Metric(name, Of::Last) => write!(f, "metrics.{name}"),
            Column::Metric(name, Of::Min) => write!(f, "metrics.{name}.min"),
            Column::Metric(name, Of::Max) => write!(f, "metrics.{name}.max"),
            Column::Result(name) => write!(f, "results.{name}"),
            Column::Tag(name) => write!(f, "tags.{name}"),
            Column::Objective => f.write_str("objective"),
            Column::Duration => f.write_str("duration"),
            Column::Cost => f.write_str("cost"),
            Column::Seed => f.write_str("seed"),
            Column::State => f.write_str("state"),
            Column::Experiment => f.write_str("experiment"),
        }
    }
}

impl FromStr for Column {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let column = match text.split_once('.') {
            Some((_, "")) => None,
            Some(("params", name)) => Some(Column::Param(name.to_owned())),
            Some(("metrics", name)) => Some(metric(name)),
            Some(("results", name)) => Some(Column::Result(name.to_owned())),
            Some(("tags", name)) => Some(Column::Tag(name.to_owned())),
            Some(_) => None,
            None => match text {
                "objective" => Some(Column::Objective),
                "duration" => Some(Column::Duration),
                "cost" => Some(Column::Cost),
                "seed" => Some(Column::Seed),
                "state" => Some(Column::State),
                "experiment" => Some(Column::Experiment),
                _ => None,
            },
        };
        column.ok_or_else(|| {
            let text = labels::cut(text, 100);
            format!(
                "is `{text}`; choose `params.NAME`, `metrics.NAME`, `results.NAME`, `tags.NAME`, \
                 `objective`, `duration`, `cost`, `seed`, `state` or `experiment`"
            )
        })
    }
}

fn metric(name: &str) -> Column {
    let (name, of) = match name.rsplit_once('.') {
        Some((name, "min")) if !name.is_empty() => (name, Of::Min),
        Some((name, "max")) if !name.is_empty() => (name, Of::Max),
        _ => (name, Of::Last),
    };
    Column::Metric(name.to_owned(), of)
}

impl Column {
    /// What a run has here.
    pub fn cell(&self, one: &ComparedRun) -> Cell {
        match self {
            Column::Param(name) => Cell::of_text(one.params.get(name)),
            Column::Metric(name, of) => Cell::of_number(one.metric(name, *of)),
            Column::Result(name) => one.results.get(name).map_or(Cell::Nothing, Cell::of_json),
            Column::Tag(name) => Cell::of_text(one.tags.get(name)),
            Column::Objective => Cell::of_number(one.value),
            Column::Duration => Cell::of_number(one.duration_secs()),
            Column::Cost => Cell::of_number(one.cost.map(Money::units)),
            Column::Seed => Cell::of_text(one.seed.as_ref()),
            Column::State => Cell::Text(one.run.state.word().as_str().to_owned()),
            Column::Experiment => Cell::Text(one.experiment.clone()),
        }
    }

    /// The name alone: `lr` of `params.lr`.
    pub fn name(&self) -> String {
        let text = self.to_string();
        match text.split_once('.') {
            Some((_, name)) => name.to_owned(),
            None => text,
        }
    }
}

impl Cell {
    fn of_number(number: Option<f64>) -> Self {
        number.map_or(Cell::Nothing, Cell::Number)
    }

    /// A text that says a number is one.
    fn of_text(text: Option<&String>) -> Self {
        match text {
            None => Cell::Nothing,
            Some(text) => {
                labels::number(text).map_or_else(|| Cell::Text(text.clone()), Cell::Number)
            }
        }
    }

    fn of_json(value: &Value) -> Self {
        match (json_number(value), value) {
            (Some(number), _) => Cell::Number(number),
            (None, Value::Null) => Cell::Nothing,
            (None, Value::String(text)) => Cell::Text(text.clone()),
            (None, other) => Cell::Text(other.to_string()),
        }
    }

    /// The number, if it is a finite one.
    pub fn finite(&self) -> Option<f64> {
        match self {
            Cell::Number(number) => Some(*number).filter(|number| number.is_finite()),
            Cell::Text(_) | Cell::Nothing => None,
        }
    }

    /// What it says; empty for nothing.
    pub fn text(&self) -> String {
        match self {
            Cell::Number(number) => format!("{number}"),
            Cell::Text(text) => text.clone(),
            Cell::Nothing => String::new(),
        }
    }

    /// Numbers before texts before nothing.
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Cell::Number(a), Cell::Number(b)) => a.total_cmp(b),
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Cell::Number(_) => 0,
            Cell::Text(_) => 1,
            Cell::Nothing => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_as_they_are_written() {
        for text in [
            "params.layers.0.width",
            "metrics.val/loss",
            "metrics.loss.min",
            "metrics.loss.max",
            "metrics.min",
            "results.a.b",
            "tags.a<b>",
            "objective",
            "duration",
            "cost",
            "seed",
            "state",
            "experiment",
        ] {
            let column: Column = text.parse().unwrap();
            assert_eq!(column.to_string(), text);
        }
        for text in ["", "params.", "loss", "params", "other.x"] {
            assert!(text.parse::<Column>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_come_before_texts_before_nothing() {
        let mut cells = [
            Cell::Nothing,
            Cell::Text("b".to_owned()),
            Cell::Number(2.0),
            Cell::Text("a".to_owned()),
            Cell::Number(-1.0),
        ];
        cells.sort_by(Cell::order);
        let texts: Vec<String> = cells.iter().map(Cell::text).collect();
        assert_eq!(texts, ["-1", "2", "a", "b", ""]);
    }
}
