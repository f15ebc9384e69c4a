//! What a client logs to a run at once: one transaction.

use std::collections::{BTreeMap, BTreeSet};

use cupola_domain::{
    dataset::Dataset,
    event::Event,
    field::FieldError,
    ids::{LoggedModelId, RunId},
    metric::Point,
    model::{LoggedModelMetric, ModelRole, ModelUse},
    text::storable,
    training::MODEL_TAG,
};
use cupola_store::{Tx, datasets, events, logged_models, runs::Target, series};

use super::{
    check_open, check_there,
    said::{save_params, save_said, save_tags},
};
use crate::{Hub, HubError};

/// What a client logs at once.
#[derive(Debug, Clone, Default)]
pub struct LoggedBatch {
    /// Points, by series, in order of arrival.
    pub points: Vec<(String, Vec<Point>)>,
    /// Parts of the configuration. Each is said once; the same again is no mistake.
    pub params: Vec<(String, String)>,
    /// For people; the last word counts.
    pub tags: Vec<(String, String)>,
    /// Data that the run used.
    pub datasets: Vec<Dataset>,
    /// Models that it took in or gave.
    pub uses: Vec<ModelUse>,
    /// What it measured of models. Of models that are not there nothing is noted.
    pub measured: Vec<LoggedModelMetric>,
    /// Whether the run's own program says so. It gives no models but those that its run made, and what
    /// it measures of others is not noted with them.
    pub is_of_program: bool,
}

impl Hub {
    /// Takes what a client logs: all of it or nothing.
    ///
    /// A client may go on after it closed its run. A worker's run takes it while it is leased, and
    /// tags and data also later.
    pub fn log_to_run(&self, run: RunId, batch: LoggedBatch) -> Result<(), HubError> {
        let is_of_model = batch.tags.iter().any(|(key, _)| key == MODEL_TAG);
        self.write(move |tx| match log(tx, run, batch)?.first() {
            None => Ok(()),
            Some(name) => {
                let message = format!("has too many: run `{run}` may have no series `{name}` more");
                Err(HubError::Invalid(vec![FieldError::new("metrics", message)]))
            }
        })?;
        if is_of_model {
            // A budget may have kept it back for another model.
            self.bus.announce_work();
        }
        Ok(())
    }
}

impl LoggedBatch {
    /// Whether it says what only a run that goes on has to say.
    fn is_of_course(&self) -> bool {
        !(self.points.is_empty() && self.params.is_empty() && self.uses.is_empty())
    }

    /// Whether the page of the run shows something else with it, its curves aside.
    fn is_told(&self) -> bool {
        !(self.params.is_empty()
            && self.tags.is_empty()
            && self.datasets.is_empty()
            && self.uses.is_empty())
    }
}

/// The same within a transaction. Says which series the run had no room for.
pub(crate) fn log(tx: &mut Tx, run: RunId, batch: LoggedBatch) -> Result<Vec<String>, HubError> {
    let target = if batch.is_of_course() {
        check_open(tx, run)?
    } else {
        check_there(tx, run)?
    };
    if batch.is_told() {
        events::record(tx, Event::RunChanged(run, target.task));
    }
    let refused = save_points(tx, run, &target, batch.points)?;
    if target.is_logged {
        save_params(tx, target.task, run, batch.params)?;
    } else {
        save_said(tx, run, batch.params)?;
    }
    save_tags(tx, run, batch.tags)?;
    for dataset in &batch.datasets {
        datasets::save(tx, run, dataset)?;
    }
    save_uses(tx, run, &batch.uses, batch.is_of_program)?;
    save_measured(tx, run, batch.measured, batch.is_of_program)?;
    Ok(refused)
}

fn save_points(
    tx: &mut Tx,
    run: RunId,
    target: &Target,
    points: Vec<(String, Vec<Point>)>,
) -> Result<Vec<String>, HubError> {
    let mut refused = Vec::new();
    if points.is_empty() {
        return Ok(refused);
    }
    for (name, points) in by_series(points) {
        if !series::append(tx, run, &name, &points)? {
            refused.push(name);
        }
    }
    events::record(tx, Event::MetricsAppended(run, target.experiment));
    Ok(refused)
}

/// The points of each series together: a client may name one several times.
fn by_series(points: Vec<(String, Vec<Point>)>) -> Vec<(String, Vec<Point>)> {
    let mut series: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for (name, points) in points {
        series
            .entry(storable(&name).into_owned())
            .or_default()
            .extend(points);
    }
    series.into_iter().collect()
}

fn save_uses(
    tx: &mut Tx,
    run: RunId,
    uses: &[ModelUse],
    is_of_program: bool,
) -> Result<(), HubError> {
    for used in uses {
        let model = logged_models::find(tx, used.model)?;
        let model = model.ok_or_else(|| HubError::not_found("logged model", used.model))?;
        if is_of_program && used.role == ModelRole::Output && model.run != Some(run) {
            let message = format!("run `{run}` did not make model `{}`", model.id);
            return Err(HubError::Forbidden(message));
        }
    }
    Ok(logged_models::save_uses(tx, run, uses)?)
}

fn save_measured(
    tx: &mut Tx,
    run: RunId,
    mut measured: Vec<LoggedModelMetric>,
    is_of_program: bool,
) -> Result<(), HubError> {
    let ids: BTreeSet<LoggedModelId> = measured.iter().map(|metric| metric.model).collect();
    let mut meant = BTreeSet::new();
    for id in ids {
        let model = logged_models::find(tx, id)?;
        let is_meant = model.is_some_and(|model| !is_of_program || model.run == Some(run));
        meant.extend(is_meant.then_some(id));
    }
    measured.retain(|metric| meant.contains(&metric.model));
    for metric in &mut measured {
        for text in [
            &mut metric.key,
            &mut metric.dataset_name,
            &mut metric.dataset_digest,
        ] {
            *text = storable(text).into_owned();
        }
    }
    Ok(logged_models::save_metrics(tx, &measured)?)
}
