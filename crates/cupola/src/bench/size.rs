//! Bytes that a point takes on the disk, once its run has ended.

use std::path::Path;

use cupola_domain::{experiment::Origin, metric::Point, provenance::Provenance, run::Outcome};
use cupola_hub::{
    logged::{LoggedBatch, NewLogged},
    loops,
};
use cupola_search::rng::Rng;
use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
};

const POINTS: u32 = 1_000_000;
const BATCH: u32 = 1_000;

pub(super) async fn measure() -> anyhow::Result<Vec<Figure>> {
    tokio::task::spawn_blocking(|| {
        let mut figures = Vec::new();
        for (what, is_noisy) in [("a smooth curve", false), ("a curve with noise", true)] {
            let bytes = bytes_a_point(is_noisy)?;
            let what = format!("bytes a point on disk of {what} of {POINTS} points");
            let target = if is_noisy { "" } else { "≤ 5" };
            figures.push(Figure::new(what, vec![bytes], target));
        }
        Ok(figures)
    })
    .await?
}

fn bytes_a_point(is_noisy: bool) -> anyhow::Result<f64> {
    let folder = Folder::new("size")?;
    let database = folder.path().join("cupola.db");
    let before = {
        let hub = BenchHub::open(&folder, Durability::Off)?;
        hub.hub.close();
        bytes_of(&database)?
    };
    let hub = BenchHub::open(&folder, Durability::Off)?;
    fill(&hub, is_noisy)?;
    while loops::series::tick(&hub.hub)? > 0 {}
    hub.hub.close();
    drop(hub);
    let grown = bytes_of(&database)? - before;
    Ok(grown / f64::from(POINTS))
}

fn fill(hub: &BenchHub, is_noisy: bool) -> anyhow::Result<()> {
    let hub = &hub.hub;
    let experiment =
        hub.create_logged_experiment("size", Origin::Mlflow, "mlflow", Vec::new(), "bench")?;
    let run = hub.open_logged_run(NewLogged {
        experiment: experiment.id,
        name: String::new(),
        started_at: None,
        params: Vec::new(),
        tags: Vec::new(),
        provenance: Provenance::Imported,
    })?;
    for first in (0..POINTS).step_by(BATCH as usize) {
        let points = (first..first + BATCH).map(|step| point(step, is_noisy));
        let batch = LoggedBatch {
            points: vec![("loss".to_owned(), points.collect())],
            ..LoggedBatch::default()
        };
        hub.log_to_run(run.id, batch)?;
    }
    hub.close_logged_run(run.id, Outcome::Completed, None)?;
    Ok(())
}

/// A loss that falls, with one to three milliseconds between its steps.
#[expect(
    clippy::cast_possible_truncation,
    reason = "programs measure in single precision"
)]
fn point(step: u32, is_noisy: bool) -> Point {
    let chance = Rng::at(1, u64::from(step)).unit();
    let smooth = 0.5 + 4.0 / (1.0 + f64::from(step) / 20_000.0);
    let noise = if is_noisy { 0.1 * (chance - 0.5) } else { 0.0 };
    Point {
        step: i64::from(step),
        time_millis: 1_795_000_000_000 + i64::from(step) * 2 + i64::from(step % 7 / 3),
        value: f64::from((smooth + noise) as f32),
    }
}

#[expect(clippy::cast_precision_loss, reason = "megabytes")]
fn bytes_of(database: &Path) -> anyhow::Result<f64> {
    let log = database.with_extension("db-wal");
    let log = std::fs::metadata(log).map_or(0, |found| found.len());
    Ok((std::fs::metadata(database)?.len() + log) as f64)
}
