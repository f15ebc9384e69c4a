//! `cupola bench`: figures of this program on this machine, each beside a baseline of the same run.
//!
//! Machines are shared and noisy, so a figure is the median of several runs, and what counts is its
//! ratio to a ceiling that was measured moments before. `docs/benchmarks.md` keeps results.

mod alerts;
mod assistant;
mod backlog;
mod charts;
mod chromium;
mod client;
mod dispatch;
mod events;
mod fixture;
mod fleet;
mod folder;
mod ingest;
mod interface;
mod live;
mod logs;
mod pages;
mod protocol;
mod routes;
mod search;
mod server;
mod size;
mod streams;
mod tabs;
mod telemetry;
mod training;
mod workspace;

use serde::Serialize;

use crate::{
    cli::Bench,
    output::{self, Table},
};

/// One measured figure.
#[derive(Debug, Serialize)]
struct Figure {
    /// What was measured, with its unit.
    what: String,
    /// Of each run, in order of size.
    runs: Vec<f64>,
    /// What it is held against, measured in the same run.
    baseline: Option<(&'static str, f64)>,
    /// What was asked for.
    target: &'static str,
}

/// Plain requests, as whoever is no client of ours makes them.
fn http() -> reqwest::Client {
    let made = cupola_client::http_builder(None).build();
    made.expect("nothing is asked of it that could be missing")
}

impl Figure {
    fn new(what: impl Into<String>, mut runs: Vec<f64>, target: &'static str) -> Self {
        runs.sort_by(f64::total_cmp);
        Self {
            what: what.into(),
            runs,
            baseline: None,
            target,
        }
    }

    fn beside(mut self, name: &'static str, mut runs: Vec<f64>) -> Self {
        runs.sort_by(f64::total_cmp);
        self.baseline = Some((name, median(&runs)));
        self
    }
}

/// Of values in order.
fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures what was asked for and prints it.
pub(crate) async fn run(bench: Bench) -> anyhow::Result<()> {
    let wanted = |name: &str| bench.only.is_empty() || bench.only.iter().any(|only| only == name);
    let mut figures = Vec::new();
    if wanted("protocol") {
        figures.extend(protocol::measure(bench.runs).await?);
    }
    if wanted("interface") {
        let jobs = bench.tasks.unwrap_or(interface::JOBS);
        figures.extend(interface::measure(jobs, bench.runs));
    }
    if wanted("backlog") {
        figures.extend(backlog::measure(bench.tasks.unwrap_or(1_000_000)).await?);
    }
    // So large that it runs only when it is named.
    if bench.only.iter().any(|only| only == "fleet") {
        figures.extend(fleet::measure(bench.workers.unwrap_or(fleet::WORKERS)).await?);
    }
    if wanted("dispatch") {
        figures.extend(dispatch::measure(bench.runs).await?);
    }
    if wanted("pages") {
        figures.extend(pages::measure(bench.tasks.unwrap_or(100_000), bench.runs).await?);
    }
    if wanted("logs") {
        figures.extend(logs::measure(bench.runs).await?);
    }
    if wanted("streams") {
        figures.extend(streams::measure(bench.runs).await?);
    }
    if wanted("live") {
        figures.extend(live::measure(bench.runs).await?);
    }
    if wanted("charts") {
        figures.extend(charts::measure(bench.runs).await?);
    }
    if wanted("ingest") {
        figures.extend(ingest::measure(bench.runs, bench.mlflow.as_deref()).await?);
    }
    if wanted("routes") {
        let models = bench.tasks.unwrap_or(1_000);
        figures.extend(routes::measure(models, bench.runs).await?);
    }
    if wanted("size") {
        figures.extend(size::measure().await?);
    }
    if wanted("search") {
        let count = bench.tasks.unwrap_or(100_000);
        figures.extend(search::measure(count, bench.runs, bench.mlflow.as_deref()).await?);
    }
    if wanted("training") {
        figures.extend(training::measure(bench.tasks.unwrap_or(1_000), bench.runs).await?);
    }
    figures.extend(others(&bench, wanted).await?);
    show(&figures, bench.json)
}

/// What is not of runs and their tasks.
async fn others(bench: &Bench, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    if wanted("events") {
        figures.extend(events::measure(bench.file.as_deref(), bench.runs)?);
    }
    if wanted("telemetry") {
        figures.extend(telemetry::measure(bench.tasks.unwrap_or(1_000), bench.runs).await?);
    }
    if wanted("folder") {
        let mib = bench.mib.unwrap_or(folder::MIB);
        figures.extend(folder::measure(mib, bench.runs)?);
    }
    if wanted("alerts") {
        figures.extend(alerts::measure(bench.runs).await?);
    }
    if wanted("assistant") {
        let count = bench.tasks.unwrap_or(assistant::RUNS);
        figures.extend(assistant::measure(count, bench.runs).await?);
    }
    if wanted("workspace") {
        let kept = bench.file.as_deref();
        figures.extend(workspace::measure(bench.tasks, kept, bench.runs)?);
    }
    Ok(figures)
}

fn show(figures: &[Figure], is_json: bool) -> anyhow::Result<()> {
    anyhow::ensure!(
        !figures.is_empty(),
        "there is no such figure; choose among protocol, backlog, fleet, dispatch, pages, logs, streams, live, charts, ingest, routes, size, search, training, events, telemetry, folder, alerts, interface, workspace and assistant"
    );
    if is_json {
        return output::json(&figures);
    }
    print(figures);
    Ok(())
}

fn print(figures: &[Figure]) {
    let mut table = Table::new(&["figure", "median", "min – max", "beside", "ratio", "target"]);
    for figure in figures {
        let middle = median(&figure.runs);
        let (least, most) = (figure.runs.first(), figure.runs.last());
        let range = least
            .zip(most)
            .map(|(a, b)| format!("{} – {}", short(*a), short(*b)));
        let (beside, ratio) = figure.baseline.map_or_else(
            || ("–".to_owned(), "–".to_owned()),
            |(name, value)| {
                (
                    format!("{} {name}", short(value)),
                    format!("{:.2}", middle / value),
                )
            },
        );
        table.row([
            figure.what.clone(),
            short(middle),
            range.unwrap_or_default(),
            beside,
            ratio,
            figure.target.to_owned(),
        ]);
    }
    table.print("");
}

fn short(value: f64) -> String {
    match value.abs() {
        1000.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
