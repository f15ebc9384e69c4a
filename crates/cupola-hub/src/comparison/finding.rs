//! What the numbers say: which of two groups is better, and what made the difference.

use std::collections::BTreeMap;

use cupola_domain::objective::Direction;
use cupola_search::{
    Config,
    compare::{Comparison, compare},
    factors::{Importances, importance},
    stats::Moments,
    summary::Observation,
};
use serde_json::Value;

use super::{Cell, Column, ComparedRun, Grouping, Question, load::SEED};

/// What the numbers say.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The place of the best run among those whose value counts.
    pub best: Option<usize>,
    /// Runs whose value counts.
    pub counted: usize,
    /// Runs whose value is NaN or infinite.
    pub not_finite: usize,
    /// Runs whose value nobody measured.
    pub not_measured: usize,
    /// Each group's count, mean and 95 % interval of the mean.
    pub groups: Vec<GroupMean>,
    /// Two groups held against each other; `None` with fewer than two groups.
    pub pair: Option<Pair>,
    /// How much of the metric's variance each parameter explains.
    pub importance: Importances,
}

/// What a group comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupMean {
    /// Values that count.
    pub count: usize,
    /// Their mean.
    pub mean: Option<f64>,
    /// The 95 % interval of it; `None` below two values.
    pub mean_95: Option<(f64, f64)>,
}

/// Two groups held against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The place of the first group.
    pub a: usize,
    /// The place of the second.
    pub b: usize,
    /// What the test says.
    pub comparison: Comparison,
}

impl Finding {
    pub(super) fn of(
        runs: &[ComparedRun],
        grouping: &Grouping,
        metric: Option<&Column>,
        direction: Direction,
        question: &Question,
    ) -> Self {
        let Some(metric) = metric else {
            return Self::of_nothing(grouping);
        };
        let is_number = |one: &&ComparedRun| matches!(metric.cell(one), Cell::Number(_));
        let measured = |one: &&ComparedRun| one.run.provenance.counts();
        let numbers: Vec<&ComparedRun> = runs.iter().filter(is_number).collect();
        let measured: Vec<&ComparedRun> = numbers.iter().copied().filter(measured).collect();
        let values: Vec<Option<f64>> = runs.iter().map(|one| one.counted(metric)).collect();
        let counted = values.iter().flatten().count();
        let groups = grouping.groups.iter();
        Self {
            best: best(&values, direction),
            counted,
            not_finite: measured.len() - counted,
            not_measured: numbers.len() - measured.len(),
            groups: groups.map(|g| GroupMean::of(&g.members, &values)).collect(),
            pair: pair(runs, grouping, metric, direction, question),
            importance: importance(&observations(runs, &values), None),
        }
    }

    fn of_nothing(grouping: &Grouping) -> Self {
        let nothing = GroupMean {
            count: 0,
            mean: None,
            mean_95: None,
        };
        Self {
            best: None,
            counted: 0,
            not_finite: 0,
            not_measured: 0,
            groups: vec![nothing; grouping.groups.len()],
            pair: None,
            importance: importance(&[], None),
        }
    }
}

impl GroupMean {
    fn of(members: &[usize], values: &[Option<f64>]) -> Self {
        let moments: Moments = members.iter().filter_map(|at| values[*at]).collect();
        Self {
            count: moments.count(),
            mean: moments.mean(),
            mean_95: moments.mean_95(),
        }
    }
}

fn best(values: &[Option<f64>], direction: Direction) -> Option<usize> {
    let counted = values
        .iter()
        .enumerate()
        .filter_map(|(at, v)| Some((at, (*v)?)));
    counted
        .reduce(|best, one| {
            if direction.is_better(one.1, best.1) {
                one
            } else {
                best
            }
        })
        .map(|(at, _)| at)
}

/// The two groups that are asked for, or the first two.
fn pair(
    runs: &[ComparedRun],
    grouping: &Grouping,
    metric: &Column,
    direction: Direction,
    question: &Question,
) -> Option<Pair> {
    let named = |label: &str| {
        grouping
            .groups
            .iter()
            .position(|group| group.label == label)
    };
    let a = named(&question.a);
    let b = named(&question.b).filter(|b| Some(*b) != a);
    let rest = |taken: Option<usize>| (0..grouping.groups.len()).find(|at| Some(*at) != taken);
    let a = a.or_else(|| rest(b))?;
    let b = b.or_else(|| rest(Some(a)))?;
    // What is not finite is counted as such; what nobody measured is not there.
    let values = |group: usize| -> Vec<f64> {
        let members = grouping.groups[group].members.iter().map(|at| &runs[*at]);
        let measured = members.filter(|one| one.run.provenance.counts());
        measured
            .filter_map(|one| match metric.cell(one) {
                Cell::Number(number) => Some(number),
                Cell::Text(_) | Cell::Nothing => None,
            })
            .collect()
    };
    Some(Pair {
        a,
        b,
        comparison: compare(&values(a), &values(b), direction),
    })
}

/// Runs as the search looks at them: their parameters as values, but for the seed, which is noise.
fn observations(runs: &[ComparedRun], values: &[Option<f64>]) -> Vec<Observation> {
    let counted = runs.iter().zip(values).filter(|(_, value)| value.is_some());
    counted
        .map(|(one, value)| Observation {
            task: one.run.task,
            number: one.number,
            config: config(&one.params).into(),
            seed: 0,
            value: *value,
            provenance: one.run.provenance,
            wall_time_secs: None,
        })
        .collect()
}

fn config(params: &BTreeMap<String, String>) -> Config {
    let value = |text: &String| match cupola_domain::labels::number(text) {
        Some(number) => Value::from(number),
        None => Value::from(text.as_str()),
    };
    let told = params.iter().filter(|(key, _)| *key != SEED);
    told.map(|(key, text)| (key.clone(), value(text))).collect()
}
