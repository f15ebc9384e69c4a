//! Charts: how long the hub takes for what a browser asks of long curves, of many, and of runs with as
//! many names as a run may have.

use anyhow::Context as _;
use cupola_domain::{ids::RunId, metric::Point};
use cupola_hub::work::{Order, Report};
use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
    server::Server,
};

/// Points of one report.
const REPORT_POINTS: usize = 100_000;

/// Runs of one picture.
const OVERLAID: usize = 20;

/// The runs that were filled.
struct Filled {
    million: RunId,
    ten_million: RunId,
    overlaid: Vec<RunId>,
    wide: RunId,
}

pub(super) async fn measure(runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("charts")?;
    let filled = tokio::task::block_in_place(|| fill(&folder))?;
    let server = Server::start(&folder).await?;
    let mut figures = Vec::new();
    for (what, path, target) in [
        (
            "1,000 columns of 1,000,000 points",
            chart(filled.million, ""),
            "≤ 5",
        ),
        (
            "1,000 columns of 10,000,000 points",
            chart(filled.ten_million, ""),
            "≤ 10",
        ),
        (
            "1,000 columns of 10,000,000 points by time",
            chart(filled.ten_million, "&axis=time"),
            "≤ 10",
        ),
        (
            "900 points in the middle of 10,000,000",
            chart(filled.ten_million, "&from=5000000&to=5000899"),
            "≤ 10",
        ),
        (
            "20 runs of 100,000 points over each other",
            overlay(&filled.overlaid),
            "≤ 50",
        ),
        (
            "24 of 100,000 names by an expression",
            format!(
                "/api/v1/runs/{}/charts?match=99[0-9]/grad&width=400",
                filled.wide
            ),
            "≤ 100",
        ),
        (
            "the page of a run with 100,000 names",
            format!("/runs/{}", filled.wide),
            "≤ 100",
        ),
    ] {
        let mut p99s = Vec::new();
        for _ in 0..runs {
            p99s.push(server.p99_millis(&path).await?);
        }
        figures.push(Figure::new(format!("{what}, p99 ms"), p99s, target));
    }
    Ok(figures)
}

fn chart(run: RunId, more: &str) -> String {
    format!("/api/v1/runs/{run}/charts?name=loss&width=1000{more}")
}

/// Runs over each other, as the page that compares them asks for it.
fn overlay(runs: &[RunId]) -> String {
    let ids: Vec<String> = runs.iter().map(ToString::to_string).collect();
    format!(
        "/api/v1/compare/curves?runs={}&series=loss&width=1000",
        ids.join(",")
    )
}

fn fill(folder: &Folder) -> anyhow::Result<Filled> {
    let hub = BenchHub::open(folder, Durability::Off)?;
    hub.submit(u32::try_from(OVERLAID + 3)?)?;
    let worker = hub.join("charts")?;
    let long = |points: usize| -> anyhow::Result<RunId> {
        let order = hub.lease(worker)?.context("there is a task")?;
        for (seq, first) in (0..).zip((0..points).step_by(REPORT_POINTS)) {
            let loss = (first..points.min(first + REPORT_POINTS))
                .map(point)
                .collect();
            report(&hub, &order, seq, vec![("loss".to_owned(), loss)])?;
        }
        hub.finish(&order, 1.0)?;
        Ok(order.run.id)
    };
    let (million, ten_million) = (long(1_000_000)?, long(10_000_000)?);
    let overlaid = (0..OVERLAID)
        .map(|_| long(100_000))
        .collect::<anyhow::Result<_>>()?;
    let order = hub.lease(worker)?.context("there is a task")?;
    for seq in 0..100 {
        let named = |n: i64| {
            (
                format!("layers/{}/gradient", 1_000 * seq + n),
                vec![point(1), point(2)],
            )
        };
        report(&hub, &order, seq, (0..1_000).map(named).collect())?;
    }
    hub.finish(&order, 1.0)?;
    while cupola_hub::loops::series::tick(&hub.hub)? > 0 {}
    hub.hub.close();
    Ok(Filled {
        million,
        ten_million,
        overlaid,
        wide: order.run.id,
    })
}

fn report(
    hub: &BenchHub,
    order: &Order,
    seq: i64,
    metrics: Vec<(String, Vec<Point>)>,
) -> anyhow::Result<()> {
    let report = Report {
        seq,
        metrics,
        ..Report::default()
    };
    hub.hub
        .take_report(hub.token, order.run.id, order.lease, report)?;
    Ok(())
}

/// A curve that falls, with noise of its own at each step.
#[expect(clippy::cast_precision_loss, reason = "steps are small")]
fn point(step: usize) -> Point {
    let at = step as f64;
    let noise = ((step.wrapping_mul(2_654_435_761) >> 7) % 1_000) as f64 / 1_000.0;
    Point {
        step: i64::try_from(step).unwrap_or(i64::MAX),
        time_millis: 1_795_000_000_000 + i64::try_from(step).unwrap_or(0) * 37,
        value: 0.5 + 3.0 * (-at / 200_000.0).exp() + 0.1 * noise,
    }
}
