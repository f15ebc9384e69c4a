//! The metric that runs are judged by.

use std::{fmt, str::FromStr};

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Lower is better.
    Minimize,
    /// Higher is better.
    Maximize,
}

impl Direction {
    /// Whether `a` beats `b`. A value that is not finite never beats anything.
    pub fn is_better(self, a: f64, b: f64) -> bool {
        match self {
            _ if !a.is_finite() => false,
            _ if !b.is_finite() => true,
            Direction::Minimize => a < b,
            Direction::Maximize => a > b,
        }
    }

    /// The word in manifests and bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::Minimize => "minimize",
            Direction::Maximize => "maximize",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Direction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "minimize" => Ok(Direction::Minimize),
            "maximize" => Ok(Direction::Maximize),
            _ => Err(format!(
                "`{text}` is not a direction; say `minimize` or `maximize`"
            )),
        }
    }
}

/// The objective of a template: a key of its results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objective {
    /// The key.
    pub metric: String,
    /// Which way is better.
    pub direction: Direction,
    /// For axes and tables; empty when the metric has none.
    pub unit: String,
}
