//! The registry as people see it: each model with what became of it.

use std::collections::HashMap;

use cupola_domain::{
    artifact::{Artifact, Keeper},
    ids::ModelId,
    model::{Deployment, DeploymentStatus, Evaluation, Lineage, Model, ModelVersion, Stage},
    training::{DataFile, TrainingFile, TrainingModel},
};
use cupola_store::{
    Tx, artifacts, model_history, model_lineage, model_versions, models, training, training_files,
};

use super::{KnownModel, KnownVersion, LISTED_MAX, by_model};
use crate::{
    Hub, HubError,
    training_models::{files_by_key, newest_data},
};

/// A model's page shows at most so many evaluations and deployments.
const HISTORY_MAX: i64 = 1_000;

/// A model with what is said of it in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredModel {
    /// The model with the newest version of each stage.
    pub known: KnownModel,
    /// How many files the version in use keeps.
    pub files: u64,
    /// How many bytes those have.
    pub bytes: u64,
    /// Its last score.
    pub evaluation: Option<Evaluation>,
    /// What was said last of where it is deployed.
    pub deployment: Option<Deployment>,
    /// What it is in training.
    pub training: Option<TrainingModel>,
    /// What it is trained with.
    pub data: Option<DataFile>,
}

/// A model with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelDetail {
    /// What a list says.
    pub summary: RegisteredModel,
    /// Its versions, the newest first.
    pub versions: Vec<VersionDetail>,
    /// How it did, the last measured first, up to a thousand.
    pub evaluations: Vec<Evaluation>,
    /// How often in all.
    pub evaluated: u64,
    /// Where it was deployed, the latest first, up to a thousand.
    pub deployments: Vec<Deployment>,
    /// How often in all.
    pub deployed: u64,
    /// What folders hold of it.
    pub data: Vec<TrainingFile>,
}

/// A version with its files and what it was made with.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionDetail {
    /// The version.
    pub known: KnownVersion,
    /// By name.
    pub files: Vec<Artifact>,
    /// Where a run made it.
    pub lineage: Option<Lineage>,
}

impl RegisteredModel {
    /// Its newest version.
    pub fn newest(&self) -> Option<&KnownVersion> {
        let latest = self.known.latest.iter();
        latest.max_by_key(|known| known.version.number)
    }

    /// The version that is in use: in production, else the newest. It is the one that is downloaded.
    pub fn in_use(&self) -> Option<&KnownVersion> {
        let mut latest = self.known.latest.iter();
        let production = latest.find(|known| known.version.stage == Stage::Production);
        production.or_else(|| self.newest())
    }

    /// What is shown as its version: the one in use; before the first, what the file of its samples says.
    pub fn version(&self) -> Option<String> {
        let in_use = self.in_use();
        let in_use = in_use.map(|known| format!("v{}", known.version.number));
        in_use.or_else(|| self.data.as_ref()?.version.clone())
    }

    /// Whether there is something to be downloaded.
    pub fn is_ready(&self) -> bool {
        self.files > 0
            || self
                .data
                .as_ref()
                .is_some_and(|data| data.samples.is_some())
    }

    /// How it stands with using it: as somebody said, else whether it can be downloaded.
    pub fn deployment_status(&self) -> DeploymentStatus {
        match &self.deployment {
            Some(deployment) => deployment.status,
            None if self.is_ready() => DeploymentStatus::Ready,
            None => DeploymentStatus::Pending,
        }
    }

    /// The bytes of what would be downloaded.
    pub fn size(&self) -> Option<u64> {
        match self.files {
            0 => self.data.as_ref().map(|data| data.bytes),
            _ => Some(self.bytes),
        }
    }
}

impl Hub {
    /// All models of the registry, by name.
    pub fn registry(&self) -> Result<Vec<RegisteredModel>, HubError> {
        self.read(list_registered)
    }

    /// The name of a model that is called by its name or by its id.
    pub fn model_name(&self, called: &str) -> Result<String, HubError> {
        let called = called.to_owned();
        self.read(move |tx| Ok(find_called(tx, &called)?.name))
    }

    /// A model, called by its name or by its id, with all that is known of it.
    pub fn model_detail(&self, called: &str) -> Result<ModelDetail, HubError> {
        let called = called.to_owned();
        self.read(move |tx| detail(tx, &called))
    }
}

pub(super) fn find_called(tx: &mut Tx, called: &str) -> Result<Model, HubError> {
    if let Ok(id) = called.parse::<ModelId>()
        && let Some(model) = models::find_by_id(tx, id)?
    {
        return Ok(model);
    }
    super::find(tx, called)
}

/// All models by name, each with the latest of everything: as many queries as there are kinds of things.
pub(crate) fn list_registered(tx: &mut Tx) -> Result<Vec<RegisteredModel>, HubError> {
    let mut versions = by_model(model_versions::list(tx, None, LISTED_MAX)?);
    let mut sizes = model_versions::sizes_in_use(tx)?;
    let evaluations = model_history::list_latest_evaluations(tx)?.into_iter();
    let mut evaluations: HashMap<_, _> = evaluations.map(|it| (it.model, it)).collect();
    let deployments = model_history::list_latest_deployments(tx)?.into_iter();
    let mut deployments: HashMap<_, _> = deployments.map(|it| (it.model, it)).collect();
    let training = training::list(tx)?.into_iter();
    let mut training: HashMap<_, _> = training
        .filter_map(|it| it.model.map(|model| (model, it)))
        .collect();
    let files = files_by_key(training_files::list(tx)?);
    let mut registered = Vec::new();
    for model in models::list(tx, LISTED_MAX)? {
        let id = model.id;
        let own = versions.remove(&id.to_string()).unwrap_or_default();
        let (count, bytes) = sizes.remove(&id).unwrap_or_default();
        let training = training.remove(&id);
        let key = training.as_ref().map_or(&model.name, |it| &it.key);
        registered.push(RegisteredModel {
            data: files.get(key).and_then(|files| newest_data(files)),
            known: KnownModel::new(model, own),
            files: count,
            bytes,
            evaluation: evaluations.remove(&id),
            deployment: deployments.remove(&id),
            training,
        });
    }
    Ok(registered)
}

fn detail(tx: &mut Tx, called: &str) -> Result<ModelDetail, HubError> {
    let model = find_called(tx, called)?;
    let own = model_versions::list(tx, Some(model.id), LISTED_MAX)?;
    let (evaluations, evaluated) = model_history::list_evaluations(tx, model.id, HISTORY_MAX, 0)?;
    let (deployments, deployed) = model_history::list_deployments(tx, model.id, HISTORY_MAX, 0)?;
    let mut training = training::list(tx)?.into_iter();
    let training = training.find(|it| it.model == Some(model.id));
    let key = training.as_ref().map_or(&model.name, |it| &it.key);
    let data = training_files::list_of(tx, key)?;
    let versions = with_files(tx, &model, &own)?;
    let mut summary = RegisteredModel {
        files: 0,
        bytes: 0,
        evaluation: model_history::find_latest_evaluation(tx, model.id)?,
        deployment: deployments.first().cloned(),
        data: newest_data(&data),
        training,
        known: KnownModel::new(model, own),
    };
    let in_use = summary.in_use().map(|known| known.version.number);
    let in_use = versions
        .iter()
        .find(|one| Some(one.known.version.number) == in_use);
    let files = in_use.map_or(&[][..], |one| &one.files);
    summary.files = files.len() as u64;
    summary.bytes = files.iter().map(|file| file.size).sum();
    Ok(ModelDetail {
        summary,
        versions,
        evaluations,
        evaluated,
        deployments,
        deployed,
        data,
    })
}

fn with_files(
    tx: &mut Tx,
    model: &Model,
    versions: &[ModelVersion],
) -> Result<Vec<VersionDetail>, HubError> {
    let lineages = model_lineage::list(tx, model.id)?.into_iter();
    let mut lineages: HashMap<_, _> = lineages.map(|it| (it.version, it)).collect();
    let mut found = Vec::with_capacity(versions.len());
    for version in versions {
        let keeper = Keeper::ModelVersion(model.id, version.number);
        found.push(VersionDetail {
            known: KnownVersion::new(model, version.clone()),
            files: artifacts::list(tx, keeper)?,
            lineage: lineages.remove(&version.number),
        });
    }
    Ok(found)
}
