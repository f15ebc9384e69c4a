//! What the results of a family say.

use askama::Template;

use crate::ui::components::{ConfigTable, Id, LevelBars, Measure, html_safe};

/// The best of all.
#[derive(Debug, Clone)]
pub struct Winner {
    /// The task.
    pub task: Id,
    /// The run that gave it.
    pub run: Option<Id>,
    /// The objective.
    pub value: Measure,
    /// `[48]`.
    pub seeds: String,
    /// The configuration, whole.
    pub config: ConfigTable,
}

/// One of the best.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// From 1.
    pub rank: u32,
    /// The task.
    pub task: Id,
    /// The objective.
    pub value: Measure,
    /// `[48]`.
    pub seeds: String,
    /// What the search chose, on one line: `lr 0.001 · width 64`.
    pub config: String,
}

/// How the objective varies with one parameter.
#[derive(Debug, Clone)]
pub struct Factor {
    /// The parameter.
    pub parameter: String,
    /// max(mean) − min(mean) over its levels.
    pub spread: Measure,
    /// The share of the variance that its levels explain, in per cent.
    pub share: String,
    /// The same from 0 to 1, for the bar.
    pub share_fraction: f64,
    /// Its levels.
    pub levels: LevelBars,
}

/// Runs of equal configuration and seed.
#[derive(Debug, Clone)]
pub struct Repro {
    /// The seed.
    pub seed: i64,
    /// How many runs.
    pub count: u64,
    /// What they gave, on one line.
    pub values: String,
    /// max − min.
    pub spread: Measure,
    /// Whether that is below the tolerance.
    pub is_reproducible: bool,
}

/// A value far from the others.
#[derive(Debug, Clone)]
pub struct Anomaly {
    /// The task.
    pub task: Id,
    /// Its value.
    pub value: Measure,
    /// How many deviations from the mean: `+2.4 σ`.
    pub z: String,
}

/// The verdict.
#[derive(Debug, Clone, Template)]
#[template(path = "families/_results.html")]
pub struct Results {
    /// `experiment:ID`.
    pub key: String,
    /// `/families/{id}/results`.
    pub src: String,
    /// The objective's name.
    pub metric: String,
    /// `lower is better`.
    pub direction: &'static str,
    /// The best; none while no value counts.
    pub winner: Option<Winner>,
    /// The best five.
    pub top: Vec<Ranked>,
    /// Largest spread first.
    pub factors: Vec<Factor>,
    /// Groups with more than one run.
    pub repros: Vec<Repro>,
    /// More than two deviations from the mean.
    pub anomalies: Vec<Anomaly>,
}

html_safe!(Results);
