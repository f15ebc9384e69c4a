//! The page and its parts.

use askama::Template;

use super::{Beside, GroupLine, ImportanceLine, Table, VerdictCard};
use crate::ui::{
    components::{Link, Opt, Parallel, Scatter, html_safe},
    frame::Frame,
    reports::ReportOffer,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "compare/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// A button that writes a report on the experiments, where nothing else is compared.
    pub report: ReportOffer,
    /// All that depends on the runs and on what is asked of them.
    pub view: View,
}

/// Part `/compare/view`.
#[derive(Debug, Clone, Template)]
#[template(path = "compare/_view.html")]
pub struct View {
    /// What changes it.
    pub key: String,
    /// Where this very view is.
    pub src: String,
    /// `8 runs of 2 experiments`; what is left out.
    pub about: Vec<String>,
    /// What the runs belong to.
    pub experiments: Vec<Link>,
    /// What can be chosen; none while there are no runs.
    pub controls: Option<Controls>,
    /// What stands there while there are no runs.
    pub empty: Option<Empty>,
    /// Curves over each other; none when no run has any.
    pub chart: Option<Chart>,
    /// Two groups held against each other.
    pub verdict: VerdictCard,
    /// What the groups come to.
    pub groups: Vec<GroupLine>,
    /// How much each parameter explains.
    pub importance: Vec<ImportanceLine>,
    /// On what that stands.
    pub importance_note: String,
    /// All parameters at once; none with fewer than two columns.
    pub parallel: Option<Parallel>,
    /// Any two columns.
    pub scatter: Option<Scatter>,
    /// Configurations and results, a row a run.
    pub table: Option<Table>,
    /// The same, a column a run; none with many runs.
    pub beside: Option<Beside>,
}

/// What can be chosen.
#[derive(Debug, Clone)]
pub struct Controls {
    /// Settings that the form passes on.
    pub hidden: Vec<(&'static str, String)>,
    /// What runs are judged by.
    pub metrics: Vec<Opt>,
    /// Which way is better.
    pub better: Vec<Opt>,
    /// What puts them into groups.
    pub by: Vec<Opt>,
    /// And within those.
    pub and_by: Vec<Opt>,
    /// The first group of the verdict; empty with fewer than two.
    pub a: Vec<Opt>,
    /// The second.
    pub b: Vec<Opt>,
    /// The series that is drawn.
    pub curves: Vec<Opt>,
    /// From left to right.
    pub axes: Vec<Opt>,
    /// Whether the values' axis is logarithmic.
    pub is_log: bool,
    /// How much curves are smoothed.
    pub smoothing: Vec<Opt>,
    /// The scatter's axes.
    pub x: Vec<Opt>,
    /// From below to above.
    pub y: Vec<Opt>,
    /// What stands side by side in parallel coordinates.
    pub parallel: Vec<Opt>,
}

impl Controls {
    /// Whether runs are put into groups.
    fn is_grouped(&self) -> bool {
        let mut by = self.by.iter();
        by.any(|option| option.is_selected && !option.value.is_empty())
    }
}

/// Curves over each other.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Where the curves are, as JSON.
    pub src: String,
    /// What changes them: `metrics:RUN` of those that run.
    pub key: String,
    /// The series.
    pub series: String,
    /// Whether values are drawn on a logarithmic axis.
    pub is_log: bool,
    /// How much they are smoothed, from 0 to 0.999.
    pub smoothing: String,
    /// `groups`, `runs` or `many`.
    pub kind: &'static str,
    /// What is drawn in which colour.
    pub legend: Vec<LegendEntry>,
}

/// What is drawn in one colour.
#[derive(Debug, Clone)]
pub struct LegendEntry {
    /// Its place among the groups or runs.
    pub place: usize,
    /// The group or the run.
    pub label: String,
    /// The class of its colour.
    pub colour: String,
    /// Whether it is drawn.
    pub is_shown: bool,
}

/// What to do when there are no runs.
#[derive(Debug, Clone)]
pub struct Empty {
    /// What is missing.
    pub title: String,
    /// What to do about it.
    pub text: String,
    /// The latest experiments.
    pub experiments: Vec<Opt>,
}

html_safe!(View);
