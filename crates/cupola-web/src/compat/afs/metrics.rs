//! What was measured: how busy machines were, how runs learn, how fast they are.

use axum::extract::State;
use cupola_domain::{resources::GIB, time::Timestamp};
use cupola_hub::{
    Hub,
    training::{HoursOfMachines, HoursOfSpeed, Load},
};
use cupola_protocol::afs::{
    GpuUtilization, GpuUtilizationPoint, LossPoint, Throughput, ThroughputPoint, TrainingLoss,
};

use super::{Answer, line, models::rounded};
use crate::{
    auth::Viewer,
    state::{Web, hub_call},
};

/// A curve has at most so many points of each loss.
const LOSSES: u32 = 100;

pub(super) async fn gpu_utilization(State(web): State<Web>, _: Viewer) -> Answer {
    let found = hub_call(&web, |hub| Ok(hub.hours_of_machines())).await?;
    line(&of_machines(&found))
}

pub(super) async fn training_loss(State(web): State<Web>, _: Viewer) -> Answer {
    let steps = hub_call(&web, |hub| hub.training_losses(LOSSES)).await?;
    let point = |(step, at): (i64, cupola_hub::training::LossAt)| LossPoint {
        loss: at.training,
        step,
        validation_loss: at.validation,
    };
    line(&TrainingLoss {
        metrics: steps.into_iter().map(point).collect(),
    })
}

pub(super) async fn throughput(State(web): State<Web>, _: Viewer) -> Answer {
    line(&of_speed(&hub_call(&web, Hub::hours_of_speed).await?))
}

fn of_machines(found: &HoursOfMachines) -> GpuUtilization {
    GpuUtilization {
        basis: if found.is_gpu { "gpu" } else { "cpu" }.to_owned(),
        current_memory: found.now.memory_bytes.map(gib),
        current_temperature: found.now.celsius.map(rounded),
        current_utilization: found.now.percent.map(rounded),
        metrics: found.hours.iter().map(of_hour).collect(),
    }
}

fn of_hour((from, load): &(Timestamp, Load)) -> GpuUtilizationPoint {
    GpuUtilizationPoint {
        memory_used_gb: load.memory_bytes.map(gib),
        temperature_c: load.celsius.map(rounded),
        timestamp: (*from).into(),
        utilization_percent: load.percent.map(rounded),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a power of two")]
fn gib(bytes: f64) -> f64 {
    rounded(bytes / GIB as f64)
}

fn of_speed(found: &HoursOfSpeed) -> Throughput {
    Throughput {
        current_sps: found.now.samples.map(rounded),
        current_tps: found.now.tokens.map(rounded),
        metrics: found
            .hours
            .iter()
            .map(|(from, rates)| ThroughputPoint {
                samples_per_second: rates.samples.map(rounded),
                timestamp: (*from).into(),
                tokens_per_second: rates.tokens.map(rounded),
            })
            .collect(),
    }
}
