//! How far something is.

use askama::Template;
use cupola_domain::counts::{Counts, State};

use crate::ui::{components::Tone, format};

/// The progress of one run.
#[derive(Debug, Clone, Template)]
#[template(path = "components/progress.html")]
pub struct Progress {
    /// From 0 to 1; none while the program does not say.
    pub fraction: Option<f64>,
    /// In per cent, or empty.
    pub text: String,
    /// What is progressing, for screen readers.
    pub label: String,
}

impl Progress {
    /// `fraction` as the program says it.
    pub fn new(fraction: Option<f64>, label: impl Into<String>) -> Self {
        let fraction = fraction
            .filter(|fraction| fraction.is_finite())
            .map(|fraction| fraction.clamp(0.0, 1.0));
        Self {
            fraction,
            text: fraction.map(format::percent).unwrap_or_default(),
            label: label.into(),
        }
    }
}

/// One state's share of a [`StackedBar`].
#[derive(Debug, Clone)]
pub struct Segment {
    /// Where it begins, of 100.
    pub x: f64,
    /// How wide it is, of 100.
    pub width: f64,
    /// The state's colour.
    pub tone: Tone,
    /// `3 running`.
    pub text: String,
}

/// How many tasks are in which state.
#[derive(Debug, Clone, Template)]
#[template(path = "components/stacked_bar.html")]
pub struct StackedBar {
    /// The states that have any, in the order of a life from its end.
    pub segments: Vec<Segment>,
    /// `10 completed, 0 failed / 10 total`.
    pub text: String,
    /// Every state that has any, in words.
    pub label: String,
    /// Whether words stand below the bar for each colour.
    pub has_legend: bool,
}

super::html_safe!(Progress, StackedBar);

impl StackedBar {
    /// The bar alone, as it stands in tables.
    #[expect(clippy::cast_precision_loss, reason = "shares of a bar")]
    pub fn new(counts: &Counts) -> Self {
        const ORDER: [State; 5] = [
            State::Completed,
            State::Failed,
            State::Cancelled,
            State::Running,
            State::Pending,
        ];
        let total = counts.total();
        let mut segments = Vec::new();
        let mut x = 0.0;
        for state in ORDER {
            let number = counts.of(state);
            if number > 0 {
                let width = number as f64 * 100.0 / total as f64;
                segments.push(Segment {
                    x,
                    width,
                    tone: state.into(),
                    text: format!("{} {state}", format::count(number)),
                });
                x += width;
            }
        }
        Self {
            label: label(&segments, total),
            segments,
            text: format!(
                "{} completed, {} failed / {} total",
                format::count(counts.completed),
                format::count(counts.failed),
                format::count(total)
            ),
            has_legend: false,
        }
    }

    /// With words for each colour.
    #[must_use]
    pub fn with_legend(mut self) -> Self {
        self.has_legend = true;
        self
    }
}

fn label(segments: &[Segment], total: u64) -> String {
    let parts: Vec<_> = segments
        .iter()
        .map(|segment| segment.text.as_str())
        .collect();
    if parts.is_empty() {
        "no tasks".to_owned()
    } else {
        format!(
            "{} of {}",
            parts.join(", "),
            format::counted(total, "task", "tasks")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segments_of_a_bar_fill_it() {
        let bar = StackedBar::new(&Counts {
            pending: 1,
            running: 2,
            completed: 3,
            failed: 1,
            cancelled: 0,
        });
        let width: f64 = bar.segments.iter().map(|segment| segment.width).sum();
        assert!((width - 100.0).abs() < 1e-9);
        assert_eq!(
            bar.label,
            "3 completed, 1 failed, 2 running, 1 pending of 7 tasks"
        );
    }

    #[test]
    fn a_bar_of_nothing_says_so() {
        assert_eq!(StackedBar::new(&Counts::default()).label, "no tasks");
    }

    #[test]
    fn progress_stays_between_nothing_and_all() {
        for (given, shown) in [
            (-1.0, Some(0.0)),
            (0.5, Some(0.5)),
            (7.0, Some(1.0)),
            (f64::NAN, None),
        ] {
            assert_eq!(Progress::new(Some(given), "run").fraction, shown);
        }
    }
}
