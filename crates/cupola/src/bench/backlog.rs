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
const ROUNDS: usize = 5;

pub(super) async fn measure(many: u32) -> anyhow::Result<Vec<Figure>> {
    tokio::task::spawn_blocking(move || {
        let (small, large) = (Folder::new("few")?, Folder::new("many")?);
        let (few, large) = (prepared(&small, FEW + 2_500)?, prepared(&large, many)?);
        let mut costs = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            costs.0.push(micros_per_lease(&few, round)?);
            costs.1.push(micros_per_lease(&large, round)?);
        }
        let what = format!("lease with {many} tasks pending, µs");
        Ok(vec![
            Figure::new(what, costs.1, "ratio ≤ 1.5").beside("µs with 1,000 pending", costs.0),
        ])
    })
    .await?
}

fn prepared(folder: &Folder, tasks: u32) -> anyhow::Result<BenchHub> {
    let hub = BenchHub::open(folder, Durability::Off)?;
    hub.submit(tasks)?;
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
