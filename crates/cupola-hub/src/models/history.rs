//! How models did and where they are deployed.
//!
//! Clients that know nothing of either read the latest as tags that begin with `cupola.`.

use cupola_domain::{
    field::FieldError,
    ids::{ModelId, RunId},
    metric::json_number,
    model::{Deployment, DeploymentStatus, Evaluation, EvaluationOrigin, Model, SCORE},
    text::storable,
    time::Timestamp,
};
use cupola_store::{
    StoreError, Tx, experiments, model_history, model_versions, models, results, runs, series,
};

use super::{find, one, registry::find_called, touch, versions};
use crate::{Hub, HubError};

/// How a model did, as somebody says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewEvaluation {
    /// Which version, where that matters.
    pub version: Option<u32>,
    /// What was measured; `overall_score`, or the objective of the run, where empty.
    pub metric: String,
    /// The score; what the run gave, where none.
    pub score: Option<f64>,
    /// The run that it is of. What it gave is measured; a score that is said beside it is not.
    pub run: Option<RunId>,
    /// What the evaluation is called.
    pub source: String,
    /// For people.
    pub note: String,
    /// When it was measured; now, where none.
    pub at: Option<Timestamp>,
}

/// Where a model is deployed, as somebody says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeployment {
    /// Which version, where that matters.
    pub version: Option<u32>,
    /// How it is.
    pub status: DeploymentStatus,
    /// Where, in words or as an address.
    pub place: String,
    /// For people.
    pub note: String,
}

/// Some of a history, and how long it is.
type Page<T> = Result<(Vec<T>, u64), StoreError>;

impl Hub {
    /// Adds to what is known of how a model did.
    pub fn evaluate_model(
        &self,
        name: &str,
        new: NewEvaluation,
        author: &str,
    ) -> Result<Evaluation, HubError> {
        let (name, author, now, id) = (
            name.to_owned(),
            author.to_owned(),
            self.now(),
            self.next_id(),
        );
        self.write(move |tx| {
            let mut model = find(tx, &name)?;
            check_version(tx, &model, new.version)?;
            let (metric, score) = measured(tx, &new)?;
            let evaluation = Evaluation {
                id,
                model: model.id,
                version: new.version,
                metric,
                score,
                origin: match (new.run, new.score) {
                    (Some(_), None) => EvaluationOrigin::Run,
                    _ => EvaluationOrigin::Manual,
                },
                source: storable(&new.source).into_owned(),
                run: new.run,
                note: storable(&new.note).into_owned(),
                author,
                at: new.at.unwrap_or(now),
            };
            let wrong = evaluation.check();
            if !wrong.is_empty() {
                return Err(HubError::Invalid(wrong));
            }
            insert_evaluation(tx, &evaluation)?;
            touch(tx, &mut model, now)?;
            Ok(evaluation)
        })
    }

    /// Says where a model is deployed.
    pub fn deploy_model(
        &self,
        name: &str,
        new: NewDeployment,
        author: &str,
    ) -> Result<Deployment, HubError> {
        let (name, author, now, id) = (
            name.to_owned(),
            author.to_owned(),
            self.now(),
            self.next_id(),
        );
        self.write(move |tx| {
            let mut model = find(tx, &name)?;
            check_version(tx, &model, new.version)?;
            let deployment = Deployment {
                id,
                model: model.id,
                version: new.version,
                status: new.status,
                place: storable(&new.place).into_owned(),
                note: storable(&new.note).into_owned(),
                author,
                at: now,
            };
            let wrong = deployment.check();
            if !wrong.is_empty() {
                return Err(HubError::Invalid(wrong));
            }
            model_history::insert_deployment(tx, &deployment)?;
            let facts = [("deployment_status", Some(deployment.status.to_string()))];
            tag_facts(tx, model.id, deployment.version, &facts)?;
            touch(tx, &mut model, now)?;
            Ok(deployment)
        })
    }

    /// How a model did, called by its name or by its id, the last measured first; and how often in all.
    pub fn list_evaluations(
        &self,
        called: &str,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Evaluation>, u64), HubError> {
        self.list_history(called, limit, offset, model_history::list_evaluations)
    }

    /// Where a model was deployed, called by its name or by its id, the latest first; and how often in all.
    pub fn list_deployments(
        &self,
        called: &str,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Deployment>, u64), HubError> {
        self.list_history(called, limit, offset, model_history::list_deployments)
    }

    fn list_history<T: Send + 'static>(
        &self,
        called: &str,
        limit: u32,
        offset: u64,
        list: fn(&mut Tx, ModelId, i64, i64) -> Page<T>,
    ) -> Result<(Vec<T>, u64), HubError> {
        let called = called.to_owned();
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        self.read(move |tx| {
            let model = find_called(tx, &called)?;
            Ok(list(tx, model.id, i64::from(limit), offset)?)
        })
    }
}

/// Adds an evaluation, and tells the latest to clients that read tags.
pub(crate) fn insert_evaluation(tx: &mut Tx, evaluation: &Evaluation) -> Result<(), HubError> {
    model_history::insert_evaluation(tx, evaluation)?;
    let Some(latest) = model_history::find_latest_evaluation(tx, evaluation.model)? else {
        return Ok(());
    };
    let facts = [
        ("evaluation_metric", Some(latest.metric)),
        ("evaluation_score", Some(latest.score.to_string())),
    ];
    tag_facts(tx, latest.model, latest.version, &facts)
}

/// Tells what is known of a model, and of a version where one is named, to clients that read tags. What
/// is not known any more is taken away.
pub(crate) fn tag_facts(
    tx: &mut Tx,
    model: ModelId,
    version: Option<u32>,
    facts: &[(&str, Option<String>)],
) -> Result<(), HubError> {
    for (name, value) in facts {
        let key = format!("cupola.{name}");
        let Some(value) = value else {
            models::delete_tag(tx, model, &key)?;
            continue;
        };
        models::save_tag(tx, model, &key, value)?;
        if let Some(number) = version {
            model_versions::save_tag(tx, model, number, &key, value)?;
        }
    }
    Ok(())
}

fn check_version(tx: &mut Tx, model: &Model, version: Option<u32>) -> Result<(), HubError> {
    version.map_or(Ok(()), |number| versions::find(tx, model, number).map(drop))
}

/// What was measured, and the value: said, or read from the run.
fn measured(tx: &mut Tx, new: &NewEvaluation) -> Result<(String, f64), HubError> {
    let said = storable(new.metric.trim()).into_owned();
    let Some(id) = new.run else {
        let metric = if said.is_empty() {
            SCORE.to_owned()
        } else {
            said
        };
        let missing = || {
            one(FieldError::new(
                "score",
                "is missing; say it, or name a run",
            ))
        };
        return Ok((metric, new.score.ok_or_else(missing)?));
    };
    let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
    let metric = if said.is_empty() {
        let experiment = experiments::find(tx, run.experiment)?;
        experiment
            .map(|experiment| experiment.metric().to_owned())
            .unwrap_or_default()
    } else {
        said
    };
    let score = match new.score {
        Some(score) => Some(score),
        None => given(tx, id, &metric)?,
    };
    let missing = || {
        let message = format!("run `{id}` gave no number called `{metric}`");
        one(FieldError::new("metric", message))
    };
    Ok((metric.clone(), score.ok_or_else(missing)?))
}

/// The number that a run gave by this name, or the last point of that series.
fn given(tx: &mut Tx, run: RunId, metric: &str) -> Result<Option<f64>, HubError> {
    let given = results::list(tx, run)?.get(metric).and_then(json_number);
    if given.is_some() {
        return Ok(given);
    }
    let series = series::find(tx, run, metric)?;
    Ok(series.and_then(|series| series.last).map(|last| last.value))
}
