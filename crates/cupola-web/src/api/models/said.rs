//! What callers say of models, read into what the hub takes.

use std::str::FromStr;

use cupola_domain::{
    field::FieldError,
    model::{DeploymentStatus, Stage},
};
use cupola_hub::{
    Hub, HubError,
    models::{NewDeployment, NewEvaluation, Promotion, VersionName},
};
use cupola_protocol::models as body;

use crate::error::ApiError;

/// How a version is named in an address: its number, or what stands for it.
pub(crate) fn version_of(text: &str) -> VersionName {
    match text.parse() {
        Ok(number) => VersionName::Number(number),
        Err(_) => VersionName::Alias(text.to_owned()),
    }
}

/// The model's name and the version's number, of what stands in an address.
pub(super) fn number(hub: &Hub, name: &str, version: &str) -> Result<(String, u32), HubError> {
    let name = hub.model_name(name)?;
    let known = hub.find_model_version(&name, version_of(version))?;
    Ok((name, known.version.number))
}

pub(super) fn stage(text: &str) -> Result<Stage, ApiError> {
    word("stage", text, Stage::ALL)
}

pub(super) fn promotion(wanted: body::PromotionBody) -> Result<Promotion, ApiError> {
    let stage = wanted.stage.as_deref().map(stage).transpose()?;
    Ok(Promotion {
        model: wanted.model,
        files: wanted.files,
        description: wanted.description,
        stage,
        aliases: wanted.aliases,
    })
}

pub(super) fn evaluation(new: body::NewEvaluation) -> Result<NewEvaluation, ApiError> {
    let run = new.run_id.filter(|run| !run.is_empty());
    let run = run.map(|run| {
        let unknown = |_| HubError::not_found("run", &run);
        run.parse().map_err(unknown)
    });
    Ok(NewEvaluation {
        version: new.version,
        metric: new.metric,
        score: new.score,
        run: run.transpose()?,
        source: new.source,
        note: new.note,
        at: new.at.map(|at| at.0),
    })
}

pub(super) fn deployment(new: body::NewDeployment) -> Result<NewDeployment, ApiError> {
    Ok(NewDeployment {
        version: new.version,
        status: word("status", &new.status, DeploymentStatus::ALL)?,
        place: new.place,
        note: new.note,
    })
}

/// One of the words of a kind.
fn word<T: FromStr + Copy + std::fmt::Display>(
    field: &str,
    text: &str,
    all: &[T],
) -> Result<T, ApiError> {
    text.parse().map_err(|_| {
        let all: Vec<_> = all.iter().map(|one| format!("`{one}`")).collect();
        let message = format!("is `{text}`; say one of {}", all.join(", "));
        vec![FieldError::new(field, message)].into()
    })
}
