//! The registry on the wire.

use cupola_domain::{
    artifact::Artifact,
    model::{Deployment, Evaluation, Lineage},
    training::{Found, TrainingFile},
};
use cupola_hub::models::{self as hub, KnownVersion, RegisteredModel};
use cupola_protocol::models::{
    DataFileBody, DataUsedBody, DeploymentBody, EvaluationBody, LineageBody, ModelBody,
    ModelDetail, ModelVersionBody, TrainingBody,
};

/// A model with the latest of everything.
pub fn model(found: &RegisteredModel) -> ModelBody {
    let model = &found.known.model;
    let in_use = found.in_use().map(|known| &known.version);
    let training = found.training.as_ref();
    ModelBody {
        model_id: model.id.to_string(),
        name: model.name.clone(),
        description: model.description.clone(),
        training: training.map(|training| TrainingBody {
            key: training.key.clone(),
            name: training.name.clone(),
        }),
        newest_version: found.newest().map(|known| known.version.number),
        version: in_use.map(|version| version.number),
        stage: in_use.map(|version| version.stage.to_string()),
        deployment_status: found.deployment_status().to_string(),
        evaluation: found.evaluation.as_ref().map(evaluation),
        is_ready: found.is_ready(),
        size_bytes: found.size(),
        data: found.data.as_ref().map(|data| DataFileBody {
            key: training.map_or(&model.name, |it| &it.key).clone(),
            name: data.name.clone(),
            kind: "samples".to_owned(),
            path: data.path.clone(),
            version: data.version.clone(),
            samples: data.samples,
            size_bytes: data.bytes,
            updated_at: data.updated.into(),
            problem: data.problem.clone(),
        }),
        tags: model.tags.clone(),
        aliases: model.aliases.clone(),
        author: model.author.clone(),
        created_at: model.created_at.into(),
        updated_at: model.updated_at.into(),
    }
}

/// A model with all that is known of it.
pub fn model_detail(found: &hub::ModelDetail) -> ModelDetail {
    let versions = found.versions.iter();
    ModelDetail {
        model: model(&found.summary),
        versions: versions
            .map(|one| version(&one.known, &one.files, one.lineage.as_ref()))
            .collect(),
        evaluations: found.evaluations.iter().map(evaluation).collect(),
        deployments: found.deployments.iter().map(deployment).collect(),
        data: found.data.iter().map(data_file).collect(),
    }
}

/// A version with its files and what it was made with.
pub fn version(
    known: &KnownVersion,
    files: &[Artifact],
    lineage: Option<&Lineage>,
) -> ModelVersionBody {
    let version = &known.version;
    ModelVersionBody {
        name: known.name.clone(),
        version: version.number,
        stage: version.stage.to_string(),
        description: version.description.clone(),
        source: version.source.clone(),
        run_id: version.run.map(|run| run.to_string()),
        aliases: known.aliases.clone(),
        author: version.author.clone(),
        created_at: version.created_at.into(),
        updated_at: version.updated_at.into(),
        files: files.iter().map(Into::into).collect(),
        lineage: lineage.map(self::lineage),
    }
}

fn lineage(lineage: &Lineage) -> LineageBody {
    let data = lineage.data.iter();
    LineageBody {
        run_id: lineage.run.to_string(),
        experiment_id: lineage.experiment.to_string(),
        code_hash: lineage.code_hash.clone(),
        config: lineage.config.clone(),
        metrics: lineage.metrics.clone(),
        data: data
            .map(|used| DataUsedBody {
                name: used.name.clone(),
                digest: used.digest.clone(),
                source: used.source.clone(),
                samples: used.samples,
            })
            .collect(),
    }
}

/// How a model did once.
pub fn evaluation(evaluation: &Evaluation) -> EvaluationBody {
    EvaluationBody {
        evaluation_id: evaluation.id.to_string(),
        version: evaluation.version,
        metric: evaluation.metric.clone(),
        score: evaluation.score,
        origin: evaluation.origin.to_string(),
        source: evaluation.source.clone(),
        run_id: evaluation.run.map(|run| run.to_string()),
        note: evaluation.note.clone(),
        author: evaluation.author.clone(),
        at: evaluation.at.into(),
    }
}

/// What was said once of where a model is deployed.
pub fn deployment(deployment: &Deployment) -> DeploymentBody {
    DeploymentBody {
        deployment_id: deployment.id.to_string(),
        version: deployment.version,
        status: deployment.status.to_string(),
        place: deployment.place.clone(),
        note: deployment.note.clone(),
        author: deployment.author.clone(),
        at: deployment.at.into(),
    }
}

/// What was found of a file or a folder.
pub fn data_file(file: &TrainingFile) -> DataFileBody {
    let (kind, samples, version) = match &file.found {
        Found::Samples {
            samples, version, ..
        } => ("samples", *samples, version.clone()),
        Found::Score { .. } => ("score", None, None),
        Found::Nothing => ("folder", None, None),
    };
    DataFileBody {
        key: file.key.clone(),
        name: file.name.clone(),
        kind: kind.to_owned(),
        path: file.path.clone(),
        version,
        samples,
        size_bytes: file.bytes,
        updated_at: file.modified().into(),
        problem: file.trouble(),
    }
}
