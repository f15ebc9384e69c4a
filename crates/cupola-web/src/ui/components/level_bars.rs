//! How the objective varies with one parameter: a bar for each of its levels.

use askama::Template;

use crate::ui::components::{Axis, Measure, Scale};

/// One level.
#[derive(Debug, Clone)]
pub struct Level {
    /// The value or the range.
    pub name: String,
    /// The mean of the objective.
    pub mean: Measure,
    /// Its deviation.
    pub std: Measure,
    /// How many runs.
    pub count: u64,
    /// Where the mean is, of 100.
    pub at: String,
    /// Where mean − deviation is, of 100.
    pub from: String,
    /// Where mean + deviation is, of 100.
    pub to: String,
    /// Whether no other level's mean is better.
    pub is_best: bool,
}

/// The levels of a parameter on one axis.
#[derive(Debug, Clone, Template)]
#[template(path = "components/level_bars.html")]
pub struct LevelBars {
    /// The parameter.
    pub parameter: String,
    /// In order.
    pub levels: Vec<Level>,
}

super::html_safe!(LevelBars);

impl LevelBars {
    /// `levels` are `(level, mean, std, count)`; `best` says whether the first mean beats the second.
    pub fn new(
        parameter: impl Into<String>,
        levels: &[(String, f64, f64, u64)],
        is_better: impl Fn(f64, f64) -> bool,
    ) -> Self {
        let ends = levels
            .iter()
            .flat_map(|(_, mean, std, _)| [mean - std, mean + std]);
        let axis = Axis::around(Scale::Linear, ends);
        let place = |value: f64| format!("{:.2}", axis.share(value) * 100.0);
        let is_best = |mean: f64| !levels.iter().any(|(_, other, ..)| is_better(*other, mean));
        let level = |(name, mean, std, count): &(String, f64, f64, u64)| Level {
            name: name.clone(),
            mean: (*mean).into(),
            std: (*std).into(),
            count: *count,
            at: place(*mean),
            from: place(mean - std),
            to: place(mean + std),
            is_best: is_best(*mean),
        };
        Self {
            parameter: parameter.into(),
            levels: levels.iter().map(level).collect(),
        }
    }
}
