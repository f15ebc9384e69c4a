//! What a version was made with, taken from its run when the version is registered.

use cupola_domain::{
    ids::{ModelId, RunId},
    metric::{json_number, number_json},
    model::{DataUsed, Lineage},
    training::MODEL_TAG,
};
use cupola_store::{Tx, datasets, model_lineage, results, runs, series, tags, training_files};
use serde_json::{Map, Value};

use crate::{
    Hub, HubError, training_models::newest_data, transitions::find_task, work::config_of_run,
};

/// A run has at most so many series whose last values are kept.
const SERIES_MAX: i64 = 1_000;

impl Hub {
    /// What a version was made with, where a run made it.
    pub fn find_lineage(&self, model: ModelId, version: u32) -> Result<Option<Lineage>, HubError> {
        self.read(move |tx| Ok(model_lineage::find(tx, model, version)?))
    }
}

/// Notes what a version is made with.
pub(super) fn note(tx: &mut Tx, run: RunId, model: ModelId, version: u32) -> Result<(), HubError> {
    let Some(run) = runs::find(tx, run)? else {
        return Ok(());
    };
    let task = find_task(tx, run.task)?;
    let lineage = Lineage {
        model,
        version,
        run: run.id,
        experiment: run.experiment,
        config: config_of_run(&run, &task),
        metrics: metrics(tx, run.id)?,
        data: data(tx, run.id)?,
        code_hash: run.code_hash,
    };
    Ok(model_lineage::insert(tx, &lineage)?)
}

/// The numbers that a run gave, and where it gave none of a name, the last point of that series.
fn metrics(tx: &mut Tx, run: RunId) -> Result<Map<String, Value>, HubError> {
    let given = results::list(tx, run)?.into_iter();
    let mut metrics: Map<String, Value> = given
        .filter(|(_, value)| json_number(value).is_some())
        .collect();
    for series in series::list(tx, run, "", SERIES_MAX)? {
        if let Some(last) = series.last {
            metrics
                .entry(series.name)
                .or_insert_with(|| number_json(last.value));
        }
    }
    Ok(metrics)
}

/// The data that its client named, and the samples of the training model that it trains.
fn data(tx: &mut Tx, run: RunId) -> Result<Vec<DataUsed>, HubError> {
    let named = datasets::list(tx, run)?.into_iter();
    let mut data: Vec<_> = named
        .map(|dataset| DataUsed {
            name: dataset.name,
            digest: dataset.digest,
            source: dataset.source,
            samples: None,
        })
        .collect();
    if let Some(key) = tags::find(tx, run, MODEL_TAG)? {
        let samples = newest_data(&training_files::list_of(tx, &key)?);
        data.extend(samples.map(|file| DataUsed {
            digest: format!("{} bytes of {}", file.bytes, file.updated.millis()),
            name: file.name,
            source: file.path,
            samples: file.samples,
        }));
    }
    Ok(data)
}
