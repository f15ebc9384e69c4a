//! `/workspaces/{id}`: its experiments, each with its newest run.

use askama::Template;
use cupola_domain::{counts::Counts, time::Timestamp};
use cupola_workspace::model::{Experiment, ExperimentRun, RunKey};

use super::{
    action::Asked,
    head::Head,
    looked::Looked,
    present::{self, co2, run_badge, run_lasting},
};
use crate::ui::{
    components::{Badge, EmptyState, Lasting, Link, Moment, StackedBar, html_safe},
    format,
    frame::Frame,
    listing::query,
    plain::plain,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/experiments.html")]
pub struct ExperimentsPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/head`.
    pub head: Head,
    /// Part `/workspaces/{id}/experiments`.
    pub list: Experiments,
}

/// A run that is not the newest.
#[derive(Debug, Clone)]
pub struct PastRun {
    /// Its jobs.
    pub link: Link,
    /// How it went.
    pub badge: Badge,
    /// `7 of 9 done`.
    pub jobs: String,
}

/// An experiment with its newest run.
#[derive(Debug, Clone)]
pub struct ExperimentRow {
    /// Its jobs.
    pub name: Link,
    /// Its newest run's status.
    pub badge: Badge,
    /// That run, as its folder is called.
    pub run: String,
    /// Where its jobs depend on what.
    pub graph: String,
    /// The runs before it, the newest first.
    pub past: Vec<PastRun>,
    /// Jobs by state.
    pub bar: StackedBar,
    /// `7 of 9 done, 1 failed`.
    pub jobs: String,
    /// Where its program runs or ran.
    pub host: String,
    /// When that started.
    pub started: Moment,
    /// How long it took, or takes.
    pub duration: Lasting,
    /// What its jobs took.
    pub co2: String,
    /// What could not be read of it.
    pub problem: String,
    /// Where it is deleted; none for who may not.
    pub deletion: Option<String>,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_experiments.html")]
pub struct Experiments {
    /// `workspace:ID`.
    pub key: String,
    /// `/workspaces/{id}/experiments`.
    pub src: String,
    /// `3 experiments`.
    pub count: String,
    /// By name.
    pub rows: Vec<ExperimentRow>,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(Experiments);

impl Experiments {
    pub(super) fn of(looked: &Looked, found: &[Experiment], can_act: bool, now: Timestamp) -> Self {
        let may_act = can_act && looked.may_act();
        let empty = || {
            let text = "What Experimaestro runs in this folder appears here by itself.";
            EmptyState::new("No experiments yet", text)
        };
        let row = |known| row(looked, known, may_act, now);
        Self {
            key: looked.key(),
            src: looked.address("/experiments"),
            count: format::counted(found.len() as u64, "experiment", "experiments"),
            rows: found.iter().map(row).collect(),
            empty: found.is_empty().then(empty),
        }
    }
}

fn row(looked: &Looked, known: &Experiment, may_act: bool, now: Timestamp) -> ExperimentRow {
    let latest = known.runs.first();
    let jobs = looked.address(&format!("/jobs?{}", query(&[("experiment", &known.id)])));
    let run = latest.map(|run| &run.key);
    ExperimentRow {
        name: Link::new(plain(&known.id), jobs),
        badge: run_badge(
            latest.map_or(cupola_workspace::model::RunStatus::Empty, |run| run.status),
        ),
        run: run.map_or_else(|| format::NOTHING.to_owned(), |key| plain(&key.run)),
        graph: run.map_or_else(String::new, |key| graph(looked, key)),
        past: known
            .runs
            .iter()
            .skip(1)
            .map(|run| past(looked, run))
            .collect(),
        bar: bar(latest),
        jobs: latest.map_or_else(String::new, |run| present::counts(&run.counts)),
        host: latest
            .and_then(|run| run.host.as_deref())
            .map_or_else(|| format::NOTHING.to_owned(), plain),
        started: latest.and_then(|run| run.started_at).into(),
        duration: latest.map_or_else(Lasting::none, |run| run_lasting(run, now)),
        co2: co2(latest.and_then(|run| run.carbon)),
        problem: latest
            .and_then(|run| run.problem.as_deref())
            .map(plain)
            .unwrap_or_default(),
        deletion: may_act.then(|| Asked::delete_experiment(&known.id).address(looked)),
    }
}

fn graph(looked: &Looked, key: &RunKey) -> String {
    looked.address(&format!("/graph?{}", present::run_query(key)))
}

fn past(looked: &Looked, run: &ExperimentRun) -> PastRun {
    let jobs = looked.address(&format!("/jobs?{}", present::run_query(&run.key)));
    PastRun {
        link: Link::new(plain(&run.key.run), jobs),
        badge: run_badge(run.status),
        jobs: present::counts(&run.counts),
    }
}

/// What is neither done, failed nor running waits.
fn bar(run: Option<&ExperimentRun>) -> StackedBar {
    let counts = run.map(|run| run.counts).unwrap_or_default();
    let settled = counts.ended() + counts.running;
    let bar = StackedBar::new(&Counts {
        pending: counts.total.saturating_sub(settled),
        running: counts.running,
        completed: counts.done + counts.gone,
        failed: counts.failed,
        cancelled: 0,
    });
    StackedBar {
        label: format!("Jobs: {}", present::counts(&counts)),
        ..bar
    }
}
