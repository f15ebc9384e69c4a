//! Data that runs used, as their clients say.

use std::collections::BTreeMap;

use cupola_domain::{
    dataset::Dataset,
    ids::{ExperimentId, RunId},
    text::storable,
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    SAVE = "INSERT INTO run_dataset (run_id, name, digest, source_type, source, schema, profile, tags)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (run_id, name, digest) DO UPDATE SET tags = excluded.tags";
    FIND_TAGS = "SELECT run_id, tags FROM run_dataset WHERE run_id = $1 AND name = $2 AND digest = $3";
    LIST = "SELECT * FROM run_dataset WHERE run_id = $1 ORDER BY name, digest";
    LIST_OF_EXPERIMENT = "SELECT run_dataset.* FROM run_dataset JOIN run ON run.id = run_dataset.run_id
                          WHERE run.experiment_id = $1 ORDER BY run_dataset.run_id";
    DELETE_OF_RUN = "DELETE FROM run_dataset WHERE run_id = $1";
}

/// Notes that a run used some data. Noted again, it has the tags of both times.
pub fn save(tx: &mut Tx, run: RunId, dataset: &Dataset) -> Result<(), StoreError> {
    let run = run.to_string();
    let (name, digest) = (storable(&dataset.name), storable(&dataset.digest));
    let known = tx.query_optional(FIND_TAGS, &[&run, &&*name, &&*digest], |row| {
        codec::texts(row, "run_dataset", "tags")
    })?;
    let mut tags: BTreeMap<String, String> = known.unwrap_or_default();
    for (name, value) in &dataset.tags {
        tags.insert(storable(name).into_owned(), storable(value).into_owned());
    }
    let kept = |text: &Option<String>| text.as_deref().map(|text| storable(text).into_owned());
    let (schema, profile) = (kept(&dataset.schema), kept(&dataset.profile));
    let values: [&dyn ToValue; 8] = [
        &run,
        &&*name,
        &&*digest,
        &&*storable(&dataset.source_type),
        &&*storable(&dataset.source),
        &schema,
        &profile,
        &codec::texts_text(&tags),
    ];
    tx.execute_one(SAVE, &values)
}

/// The data that a run used, by name.
pub fn list(tx: &mut Tx, run: RunId) -> Result<Vec<Dataset>, StoreError> {
    tx.query(LIST, &[&run.to_string()], dataset)
}

/// The data that the runs of an experiment used, each with its run.
pub fn list_of_experiment(
    tx: &mut Tx,
    experiment: ExperimentId,
) -> Result<Vec<(RunId, Dataset)>, StoreError> {
    tx.query(LIST_OF_EXPERIMENT, &[&experiment.to_string()], |row| {
        Ok((codec::parsed(row, "run_dataset", "run_id")?, dataset(row)?))
    })
}

/// Removes what is noted of a run's data.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_OF_RUN, &[&run]).map(drop)
}

fn dataset(row: &Row<'_>) -> Result<Dataset, StoreError> {
    Ok(Dataset {
        name: row.text("name")?,
        digest: row.text("digest")?,
        source_type: row.text("source_type")?,
        source: row.text("source")?,
        schema: row.optional_text("schema")?,
        profile: row.optional_text("profile")?,
        tags: codec::texts(row, "run_dataset", "tags")?,
    })
}
