//! Models that clients log with their runs, or by themselves.

use cupola_domain::{
    event::Event,
    field::FieldError,
    ids::{ExperimentId, LoggedModelId, RunId},
    model::{LoggedModel, LoggedModelMetric, ModelUse, NAME_BYTES_MAX, Readiness, check_text},
    text::storable,
};
use cupola_store::{Tx, events, experiments, logged_models, runs};

use crate::{
    Hub, HubError,
    logged::check_open,
    models::{checked_tags, kept, one},
};

/// So many models are listed at most.
const LISTED_MAX: usize = 50_000;

/// A model that a client begins to log.
#[derive(Debug, Clone)]
pub struct NewLoggedModel {
    /// What it belongs to.
    pub experiment: ExperimentId,
    /// What the client calls it.
    pub name: String,
    /// What kind of model the client says that it is.
    pub kind: String,
    /// The run that made it.
    pub run: Option<RunId>,
    /// How it was made; the last word counts.
    pub params: Vec<(String, String)>,
    /// For people; the last word counts.
    pub tags: Vec<(String, String)>,
}

/// A logged model with what was measured of it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownLoggedModel {
    /// The model.
    pub model: LoggedModel,
    /// By key.
    pub metrics: Vec<LoggedModelMetric>,
}

impl Hub {
    /// A client begins to log a model: its files follow.
    pub fn open_logged_model(&self, new: NewLoggedModel) -> Result<KnownLoggedModel, HubError> {
        check_text("name", &new.name, NAME_BYTES_MAX).map_err(one)?;
        check_text("model_type", &new.kind, NAME_BYTES_MAX).map_err(one)?;
        let now = self.now();
        let model = LoggedModel {
            id: self.next_id(),
            experiment: new.experiment,
            name: storable(&new.name).into_owned(),
            kind: storable(&new.kind).into_owned(),
            status: Readiness::Pending,
            run: new.run,
            params: checked_tags(new.params)?,
            tags: checked_tags(new.tags)?,
            created_at: now,
            updated_at: now,
        };
        self.write(move |tx| {
            let experiment = experiments::find(tx, model.experiment)?;
            experiment.ok_or_else(|| HubError::not_found("experiment", model.experiment))?;
            if let Some(run) = model.run {
                check_open(tx, run)?;
            }
            logged_models::insert(tx, &model)?;
            record(tx, &model)?;
            Ok(KnownLoggedModel {
                model,
                metrics: Vec::new(),
            })
        })
    }

    /// A logged model.
    pub fn find_logged_model(&self, id: LoggedModelId) -> Result<KnownLoggedModel, HubError> {
        self.read(move |tx| known(tx, id))
    }

    /// The models of experiments, the newest of each first. Refused where they are too many to be listed
    /// whole.
    pub fn list_logged_models(
        &self,
        experiments: Vec<ExperimentId>,
    ) -> Result<Vec<KnownLoggedModel>, HubError> {
        self.read(move |tx| {
            let mut found = Vec::new();
            for experiment in experiments {
                let mut metrics = logged_models::list_metrics_of(tx, experiment)?;
                let left = i64::try_from(LISTED_MAX + 1 - found.len()).unwrap_or(0);
                let models = logged_models::list(tx, experiment, left)?.into_iter();
                found.extend(models.map(|model| KnownLoggedModel {
                    metrics: metrics.remove(&model.id).unwrap_or_default(),
                    model,
                }));
                if found.len() > LISTED_MAX {
                    let message = format!("have more than {LISTED_MAX} models; ask of fewer");
                    return Err(one(FieldError::new("experiment_ids", message)));
                }
            }
            Ok(found)
        })
    }

    /// The client says whether all files of a model came.
    pub fn close_logged_model(
        &self,
        id: LoggedModelId,
        status: Readiness,
    ) -> Result<KnownLoggedModel, HubError> {
        self.change_logged_model(id, move |model| {
            model.status = status;
            Ok(())
        })
    }

    /// Says how a model was made: what was said before stays.
    pub fn log_to_model(
        &self,
        id: LoggedModelId,
        params: Vec<(String, String)>,
    ) -> Result<KnownLoggedModel, HubError> {
        let params = checked_tags(params)?;
        self.change_logged_model(id, move |model| {
            for (key, value) in params {
                model.params.entry(key).or_insert(value);
            }
            Ok(())
        })
    }

    /// Gives a model tags; those that it has get the new values.
    pub fn tag_logged_model(
        &self,
        id: LoggedModelId,
        tags: Vec<(String, String)>,
    ) -> Result<KnownLoggedModel, HubError> {
        let tags = checked_tags(tags)?;
        self.change_logged_model(id, move |model| {
            model.tags.extend(tags);
            Ok(())
        })
    }

    /// Takes a tag from a model.
    pub fn untag_logged_model(
        &self,
        id: LoggedModelId,
        key: &str,
    ) -> Result<KnownLoggedModel, HubError> {
        let (key, _) = kept((key.to_owned(), String::new()));
        self.change_logged_model(id, move |model| match model.tags.remove(&key) {
            Some(_) => Ok(()),
            None => Err(HubError::not_found("tag", &key)),
        })
    }

    /// Removes a logged model with its files. Versions that were registered of it keep theirs.
    pub fn delete_logged_model(&self, id: LoggedModelId) -> Result<(), HubError> {
        self.write(move |tx| {
            let model = find(tx, id)?;
            logged_models::delete(tx, id)?;
            record(tx, &model)
        })
    }

    /// The models that a run took in and gave.
    pub fn list_model_uses(&self, run: RunId) -> Result<Vec<ModelUse>, HubError> {
        self.read(move |tx| Ok(logged_models::list_uses(tx, run)?))
    }

    fn change_logged_model(
        &self,
        id: LoggedModelId,
        change: impl FnOnce(&mut LoggedModel) -> Result<(), HubError> + Send + 'static,
    ) -> Result<KnownLoggedModel, HubError> {
        let now = self.now();
        self.write(move |tx| {
            let mut model = find(tx, id)?;
            change(&mut model)?;
            model.updated_at = now;
            logged_models::save(tx, &model)?;
            record(tx, &model)?;
            known(tx, id)
        })
    }
}

/// A model is shown with its run.
fn record(tx: &mut Tx, model: &LoggedModel) -> Result<(), HubError> {
    if let Some(run) = model.run
        && let Some(run) = runs::find(tx, run)?
    {
        events::record(tx, Event::RunChanged(run.id, run.task));
    }
    Ok(())
}

fn find(tx: &mut Tx, id: LoggedModelId) -> Result<LoggedModel, HubError> {
    logged_models::find(tx, id)?.ok_or_else(|| HubError::not_found("logged model", id))
}

fn known(tx: &mut Tx, id: LoggedModelId) -> Result<KnownLoggedModel, HubError> {
    Ok(KnownLoggedModel {
        model: find(tx, id)?,
        metrics: logged_models::list_metrics(tx, id)?,
    })
}
