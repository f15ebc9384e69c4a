//! What a lease costs when few tasks wait and when very many do. The disk is left out: it costs
//! the same either way.

use std::time::Instant;

use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
};

const FEW: u32 = 1_000;
const LEASES: usize = 400;

/// So many experiments keep to one device class; each is a line of its own.
const LINES: u32 = 1_000;

/// Among whom the tasks are divided.
const OWNERS: u32 = 100;
const ROUNDS: usize = 5;

pub(super) async fn measure(many: u32) -> anyhow::Result<Vec<Figure>> {
    tokio::task::spawn_blocking(move || {
        let folders = (
            Folder::new("few")?,
            Folder::new("many")?,
            Folder::new("owners")?,
            Folder::new("lines")?,
        );
        let few = prepared(&folders.0, 1, FEW + 2_500)?;
        let large = prepared(&folders.1, 1, many)?;
        let shared = prepared(&folders.2, OWNERS, many / 10)?;
        let lines = BenchHub::open(&folders.3, Durability::Off)?;
        for _ in 0..LINES {
            lines.submit_same("owner", 4)?;
        }
        let mut costs = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            costs.0.push(micros_per_lease(&few, round)?);
            costs.1.push(micros_per_lease(&large, round)?);
            costs.2.push(micros_per_lease(&shared, round)?);
            costs.3.push(micros_per_lease(&lines, round)?);
        }
        let what = format!("lease with {many} tasks pending, µs");
        let beside = "µs with 1,000 pending";
        let shared = format!(
            "lease with {} tasks of {OWNERS} owners pending, µs",
            many / 10
        );
        let lines = format!("lease with {LINES} experiments of one device class each, µs");
        Ok(vec![
            Figure::new(what, costs.1, "ratio ≤ 1.5").beside(beside, costs.0.clone()),
            Figure::new(shared, costs.2, "≤ 3,000 µs").beside(beside, costs.0.clone()),
            Figure::new(lines, costs.3, "≤ 10,000 µs").beside(beside, costs.0),
        ])
    })
    .await?
}

fn prepared(folder: &Folder, owners: u32, tasks: u32) -> anyhow::Result<BenchHub> {
    let hub = BenchHub::open(folder, Durability::Off)?;
    for owner in 0..owners {
        hub.submit_of(&format!("owner-{owner}"), tasks / owners)?;
    }
    Ok(hub)
}

fn micros_per_lease(hub: &BenchHub, round: usize) -> anyhow::Result<f64> {
    // A new worker each time: what it was given before is not given again.
    let mut spent = 0.0;
    let worker = hub.join(&format!("backlog-{round}"))?;
    for _ in 0..LEASES {
        let started = Instant::now();
        let order = hub.lease(worker)?;
        spent += started.elapsed().as_secs_f64();
        let order = order.ok_or_else(|| anyhow::anyhow!("the tasks ran out"))?;
        hub.finish(&order, 1.0)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let leases = LEASES as f64;
    Ok(spent * 1e6 / leases)
}
