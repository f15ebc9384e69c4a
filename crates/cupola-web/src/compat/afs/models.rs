//! Models: where each is, what it costs, what it is in the registry.

use axum::extract::State;
use cupola_domain::{cost::Money, model::DeploymentStatus};
use cupola_hub::{
    Hub,
    training::{Basis, ModelInTraining, Said, Training},
};
use cupola_protocol::{
    afs::{
        Bases, CostBases, CostBreakdown, ModelCost, ModelStatus, ModelsStatus, Moment,
        OneModelStatus, Percent, RegisteredModel, Registry, TotalBases,
    },
    paths::afs,
};

use super::{Answer, Error, Key, line};
use crate::{
    auth::Viewer,
    state::{Web, hub_call},
};

const MIB: f64 = 1_048_576.0;

pub(super) async fn index(State(web): State<Web>, _: Viewer) -> Answer {
    let training = hub_call(&web, Hub::training).await?;
    line(&ModelsStatus {
        models: training.models.iter().map(status).collect(),
        timestamp: web.hub.now().into(),
    })
}

pub(super) async fn show(State(web): State<Web>, _: Viewer, Key(key): Key) -> Answer {
    let training = hub_call(&web, Hub::training).await?;
    let model = training.find(&key).ok_or_else(Error::unknown_model)?;
    line(&OneModelStatus {
        model: status(model),
        timestamp: web.hub.now().into(),
    })
}

pub(super) async fn costs(State(web): State<Web>, _: Viewer) -> Answer {
    let training = hub_call(&web, Hub::training).await?;
    line(&breakdown(&training, web.hub.now().into()))
}

pub(super) async fn registry(State(web): State<Web>, _: Viewer) -> Answer {
    let training = hub_call(&web, Hub::training).await?;
    line(&Registry {
        models: training.models.iter().map(registered).collect(),
        timestamp: web.hub.now().into(),
        total_models: training.models.len(),
    })
}

/// A model as these programs show it.
pub(super) fn status(one: &ModelInTraining) -> ModelStatus {
    let hourly = hourly(one);
    ModelStatus {
        basis: Bases {
            cost_per_hour: basis(hourly),
            gpu_hours: basis(one.hours),
            progress: one.progress.basis.as_str().to_owned(),
            status: one.status.basis.as_str().to_owned(),
            total_cost: basis(one.cost),
        },
        cost_per_hour: hourly.value.map(Money::units),
        description: one.model.description.clone(),
        evaluation_date: one.evaluation.map(|it| it.at.into()),
        evaluation_score: one.evaluation.map(|it| it.score),
        file_size_mb: file_size(one),
        gpu_hours: one.hours.value.map(rounded),
        key: one.model.key.clone(),
        last_updated: one.data.as_ref().map(|data| data.updated.into()),
        name: one.model.name.clone(),
        progress: one.progress.value.map(Percent),
        status: one.status.value.to_string(),
        total_cost: one.cost.value.map(Money::units),
        training_samples: samples(one),
    }
}

/// What an hour costs: of the machine where one trains it, else as it is planned.
fn hourly(one: &ModelInTraining) -> Said<Option<Money>> {
    if one.running.is_empty() {
        return Said::new(one.model.hourly, Basis::Planned);
    }
    Said::new(one.hourly_now, Basis::Measured)
}

/// Where a value comes from; none where there is no value.
fn basis<T>(said: Said<Option<T>>) -> Option<String> {
    let Said { value, basis } = said;
    value.map(|_| basis.as_str().to_owned())
}

/// Where no file was found there are none; where one could not be read to its end nobody knows.
fn samples(one: &ModelInTraining) -> Option<u64> {
    match &one.data {
        Some(data) => data.samples,
        None => Some(0),
    }
}

fn file_size(one: &ModelInTraining) -> f64 {
    let bytes = one.data.as_ref().map_or(0, |data| data.bytes);
    #[expect(clippy::cast_precision_loss, reason = "to be shown")]
    let size = bytes as f64 / MIB;
    rounded(size)
}

/// To six digits after the point.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn breakdown(training: &Training, timestamp: Moment) -> CostBreakdown {
    let models = &training.models;
    let known: Vec<_> = models
        .iter()
        .filter_map(|one| Some((one.cost.value?, one.cost.basis)))
        .collect();
    let sum = known
        .iter()
        .fold(Money::default(), |sum, (money, _)| sum + *money);
    let weakest = known.iter().map(|(_, basis)| *basis).max();
    CostBreakdown {
        basis: TotalBases {
            hourly_rate: Basis::Measured.as_str().to_owned(),
            total_cost: weakest.map(|basis| basis.as_str().to_owned()),
        },
        breakdown: models
            .iter()
            .map(|one| (one.model.key.clone(), cost(one)))
            .collect(),
        hourly_rate: training.session.hourly_now.map(Money::units),
        planned_hourly_rate: training.session.planned_hourly.units(),
        timestamp,
        total_cost: sum.units(),
    }
}

fn cost(one: &ModelInTraining) -> ModelCost {
    let hourly = hourly(one);
    ModelCost {
        basis: CostBases {
            cost_per_hour: basis(hourly),
            gpu_hours: basis(one.hours),
            total_cost: basis(one.cost),
        },
        cost_per_hour: hourly.value.map(Money::units),
        gpu_hours: one.hours.value.map(rounded),
        model_name: one.model.name.clone(),
        total_cost: one.cost.value.map(Money::units),
    }
}

fn registered(one: &ModelInTraining) -> RegisteredModel {
    RegisteredModel {
        deployment_status: deployment(one),
        download_url: afs::DOWNLOAD.replace("{key}", &escaped(&one.model.key)),
        evaluation_score: one.evaluation.map(|it| it.score),
        file_size_mb: file_size(one),
        key: one.model.key.clone(),
        last_updated: one.data.as_ref().map(|data| data.updated.into()),
        name: one.model.name.clone(),
        status: one.status.value.to_string(),
        training_samples: samples(one),
        version: version(one),
    }
}

/// One that is not in the registry waits for it.
fn deployment(one: &ModelInTraining) -> String {
    let registered = one.registered.as_ref();
    let status = registered.map_or(DeploymentStatus::Pending, |it| it.deployment);
    status.to_string()
}

/// The version of the registry that is in use; before the first, what the file of the samples is called.
fn version(one: &ModelInTraining) -> Option<String> {
    let registered = one.registered.as_ref().filter(|it| it.version > 0);
    let of_file = || one.data.as_ref()?.version.clone();
    registered.map(|it| it.version.to_string()).or_else(of_file)
}

/// A key in an address: whatever has a meaning there is written out.
fn escaped(key: &str) -> String {
    use std::fmt::Write as _;
    key.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    })
}
