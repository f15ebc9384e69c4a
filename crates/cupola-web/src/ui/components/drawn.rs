//! Charts whose numbers stand in the page, and charts of series that a script asks for.

use std::fmt::Write as _;

use askama::Template;

/// What a chart has from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Along {
    /// Steps of programs.
    Step,
    /// Milliseconds since 1970.
    Time,
}

impl Along {
    /// As scripts call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Along::Step => "step",
            Along::Time => "time",
        }
    }
}

/// A chart whose numbers stand in the page.
#[derive(Debug, Clone, Template)]
#[template(path = "components/drawn.html")]
pub struct Drawn {
    /// Its id in the page.
    pub id: &'static str,
    /// What it shows.
    pub name: String,
    /// From left to right.
    pub along: Along,
    /// What stands at the axis from bottom to top: a unit.
    pub unit: &'static str,
    /// Its ends, where they do not depend on the values: `0,100`.
    pub ends: &'static str,
    /// The places, with commas between.
    pub places: String,
    /// The curves.
    pub curves: Vec<DrawnCurve>,
}

/// A curve of it.
#[derive(Debug, Clone)]
pub struct DrawnCurve {
    /// What it is called.
    pub label: String,
    /// A value for each place, with commas between; nothing where there is none.
    pub values: String,
    /// The largest of each place, where a value stands for several; may be empty.
    pub most: String,
}

/// A chart of series of runs, which a script asks the hub for.
#[derive(Debug, Clone, Template)]
#[template(path = "components/run_curves.html")]
pub struct RunCurves {
    /// Its id in the page.
    pub id: &'static str,
    /// What it shows.
    pub name: String,
    /// From left to right.
    pub along: Along,
    /// What stands at the axis from left to right.
    pub across_label: &'static str,
    /// What stands at the axis from bottom to top.
    pub unit: &'static str,
    /// The curves.
    pub curves: Vec<RunCurve>,
}

/// A curve of it.
#[derive(Debug, Clone)]
pub struct RunCurve {
    /// Where the points of the run are: `/runs/{id}/charts`.
    pub charts: String,
    /// The run's page.
    pub href: String,
    /// The series.
    pub series: String,
    /// What it is called.
    pub label: String,
    /// Which of the colours of curves, from 0.
    pub colour: usize,
    /// Whether its line has gaps, to tell it from another of the same colour.
    pub is_dashed: bool,
    /// The last value, in words.
    pub last: String,
    /// Another one when there is more to ask for.
    pub stamp: String,
}

super::html_safe!(Drawn, RunCurves);

/// Numbers with commas between, short enough for a picture; nothing for what is not there.
pub fn listed(values: impl IntoIterator<Item = Option<f64>>) -> String {
    let mut text = String::new();
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        if let Some(value) = value.filter(|value| value.is_finite()) {
            let rounded: f64 = format!("{value:.4e}").parse().unwrap_or(value);
            let _ = write!(text, "{rounded}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_gaps_stay_gaps() {
        let check = |values: &[Option<f64>], expected| {
            assert_eq!(listed(values.iter().copied()), expected);
        };
        check(&[], "");
        check(
            &[Some(82.333_333), None, Some(0.0), Some(-1.5)],
            "82.333,,0,-1.5",
        );
        check(&[Some(f64::NAN), Some(1e9)], ",1000000000");
    }
}
