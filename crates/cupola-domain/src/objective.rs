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

/// Parts of metrics' names that say that more is better.
const MORE: [&str; 21] = [
    "acc",
    "accuracy",
    "auc",
    "auroc",
    "bleu",
    "dice",
    "f1",
    "iou",
    "map",
    "mrr",
    "ndcg",
    "precision",
    "psnr",
    "r2",
    "recall",
    "return",
    "reward",
    "rouge",
    "score",
    "ssim",
    "success",
];

/// And that less is.
const LESS: [&str; 19] = [
    "bpb",
    "bpc",
    "cer",
    "cost",
    "duration",
    "err",
    "error",
    "fid",
    "latency",
    "loss",
    "mae",
    "mape",
    "mse",
    "nll",
    "perplexity",
    "ppl",
    "regret",
    "rmse",
    "wer",
];

impl Direction {
    /// Which way is better by what the field calls a metric; none where the name does not say.
    pub fn of_name(metric: &str) -> Option<Self> {
        let name = metric.to_lowercase();
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        words.find_map(|word| {
            if MORE.contains(&word) {
                Some(Direction::Maximize)
            } else {
                LESS.contains(&word).then_some(Direction::Minimize)
            }
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_say_which_way_is_better() {
        let check = |name, expected| assert_eq!(Direction::of_name(name), expected, "{name}");
        check("val/acc", Some(Direction::Maximize));
        check("eval_accuracy", Some(Direction::Maximize));
        check("F1", Some(Direction::Maximize));
        check("validation_loss", Some(Direction::Minimize));
        check("val_bpb", Some(Direction::Minimize));
        check("temperature", None);
        check("macaroni", None);
    }
}
