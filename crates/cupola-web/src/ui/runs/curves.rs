//! The curves of a run or a worker: a card for each series, drawn by a script; without it, a table.

mod present;

use askama::Template;

pub(crate) use present::{Asked, Listed, Shown};

use crate::ui::components::{Along, Measure, html_safe};

/// A page of curves.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_curves.html")]
pub struct Curves {
    /// What they are.
    pub title: &'static str,
    /// From left to right, unless somebody says otherwise. By time there are no steps to choose.
    pub along: Along,
    /// What names are searched by, for instance.
    pub example: &'static str,
    /// What is said where there are none.
    pub nothing: &'static str,
    /// `run:ID`: what is said changes when it starts and ends.
    pub key: String,
    /// `metrics:RUN`: more points.
    pub points_key: String,
    /// `/runs/{id}/curves?…`.
    pub src: String,
    /// The run's page.
    pub page: String,
    /// `/runs/{id}/curves`.
    pub route: String,
    /// `/runs/{id}/charts`: what is drawn.
    pub charts: String,
    /// `/runs/{id}/points`: all points as a file.
    pub points: String,
    /// Whose curves are pinned together: the template's name.
    pub template: String,
    /// How many series there are.
    pub names: u64,
    /// What names are searched by.
    pub pattern: String,
    /// What is wrong with that; empty when nothing is.
    pub error: String,
    /// `24 of 1,000 curves`.
    pub count: String,
    /// What was not taken of too many names; empty when all was.
    pub refused: String,
    /// The series of this page.
    pub cards: Vec<CurveCard>,
    /// Where the pages before and after are, and which one this is; empty with only one.
    pub pages: Option<CurvePages>,
    /// Whether the run has a price, so that its cost can go from left to right.
    pub has_cost: bool,
}

/// One curve.
#[derive(Debug, Clone)]
pub struct CurveCard {
    /// Made of its name.
    pub id: String,
    /// The series.
    pub name: String,
    /// Whether it comes before the others because somebody wants it to.
    pub is_pinned: bool,
    /// Its last value.
    pub last: Measure,
    /// The step of that.
    pub step: String,
    /// Its least value.
    pub min: Measure,
    /// Its largest value.
    pub max: Measure,
    /// How many points it has.
    pub points: String,
    /// All its points as a file.
    pub csv: String,
}

/// The way to other pages of curves.
#[derive(Debug, Clone)]
pub struct CurvePages {
    /// The page before.
    pub previous: Option<String>,
    /// `25–48 of 1,000`.
    pub text: String,
    /// The page after.
    pub next: Option<String>,
}

html_safe!(Curves);

impl Curves {
    fn has_steps(&self) -> bool {
        self.along == Along::Step
    }
}
