//! Models that clients logged, what was measured of them, and the runs that took or gave them.

use std::collections::HashMap;

use cupola_domain::{
    artifact::Keeper,
    ids::{ExperimentId, LoggedModelId, RunId},
    model::{LoggedModel, LoggedModelMetric, ModelRole, ModelUse},
};

use crate::{Row, StoreError, ToValue, Tx, artifacts, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO logged_model (id, experiment_id, name, kind, status, run_id, params, tags,
                                        created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    FIND = "SELECT * FROM logged_model WHERE id = $1";
    LIST = "SELECT * FROM logged_model WHERE experiment_id = $1
            ORDER BY created_at DESC, id DESC LIMIT $2";
    LIST_IDS = "SELECT id FROM logged_model WHERE experiment_id = $1";
    SAVE = "UPDATE logged_model SET status = $2, params = $3, tags = $4, updated_at = $5
            WHERE id = $1";
    DELETE = "DELETE FROM logged_model WHERE id = $1";
    SAVE_METRIC = "INSERT INTO logged_model_metric (model_id, key, value, word, at, step, run_id,
                                                    dataset_name, dataset_digest)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                   ON CONFLICT (model_id, key, run_id, dataset_name, dataset_digest)
                   DO UPDATE SET value = excluded.value, word = excluded.word,
                                 at = excluded.at, step = excluded.step";
    LIST_METRICS = "SELECT * FROM logged_model_metric WHERE model_id = $1
                    ORDER BY key, run_id, dataset_name, dataset_digest";
    LIST_METRICS_OF = "SELECT logged_model_metric.* FROM logged_model_metric
                       JOIN logged_model ON logged_model.id = logged_model_metric.model_id
                       WHERE logged_model.experiment_id = $1
                       ORDER BY model_id, key, logged_model_metric.run_id, dataset_name,
                                dataset_digest";
    DELETE_METRICS = "DELETE FROM logged_model_metric WHERE model_id = $1";
    SAVE_USE = "INSERT INTO run_model (run_id, model_id, role, step) VALUES ($1, $2, $3, $4)
                ON CONFLICT (run_id, role, model_id) DO UPDATE SET step = excluded.step";
    LIST_USES = "SELECT model_id, role, step FROM run_model WHERE run_id = $1 ORDER BY model_id";
    DELETE_USES = "DELETE FROM run_model WHERE run_id = $1";
}

/// Adds a model.
pub fn insert(tx: &mut Tx, model: &LoggedModel) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &model.id.to_string(),
            &model.experiment.to_string(),
            &model.name,
            &model.kind,
            &model.status.as_str(),
            &model.run.map(|run| run.to_string()),
            &codec::texts_text(&model.params),
            &codec::texts_text(&model.tags),
            &model.created_at.millis(),
            &model.updated_at.millis(),
        ],
    )
}

/// The model with this id.
pub fn find(tx: &mut Tx, id: LoggedModelId) -> Result<Option<LoggedModel>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], model)
}

/// The models of an experiment, the newest first, at most so many.
pub fn list(
    tx: &mut Tx,
    experiment: ExperimentId,
    limit: i64,
) -> Result<Vec<LoggedModel>, StoreError> {
    tx.query(LIST, &[&experiment.to_string(), &limit], model)
}

/// Writes what may change of a model.
pub fn save(tx: &mut Tx, model: &LoggedModel) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &model.id.to_string(),
            &model.status.as_str(),
            &codec::texts_text(&model.params),
            &codec::texts_text(&model.tags),
            &model.updated_at.millis(),
        ],
    )
}

/// Removes a model with its files and metrics; says whether there was one.
pub fn delete(tx: &mut Tx, id: LoggedModelId) -> Result<bool, StoreError> {
    artifacts::delete_all(tx, Keeper::LoggedModel(id))?;
    let id = id.to_string();
    tx.execute(DELETE_METRICS, &[&id])?;
    Ok(tx.execute(DELETE, &[&id])? > 0)
}

/// Removes the models of an experiment.
pub(crate) fn delete_of_experiment(tx: &mut Tx, experiment: &str) -> Result<(), StoreError> {
    let ids = tx.query(LIST_IDS, &[&experiment], |row| {
        codec::parsed(row, "logged_model", "id")
    })?;
    ids.into_iter().try_for_each(|id| delete(tx, id).map(drop))
}

/// Notes what was measured of models; the latest of a run on a dataset counts.
pub fn save_metrics(tx: &mut Tx, metrics: &[LoggedModelMetric]) -> Result<(), StoreError> {
    for metric in metrics {
        let (value, word) = codec::value_parts(Some(metric.value));
        tx.execute_one(
            SAVE_METRIC,
            &[
                &metric.model.to_string(),
                &metric.key,
                &value,
                &word,
                &metric.at.millis(),
                &metric.step,
                &metric.run.to_string(),
                &metric.dataset_name,
                &metric.dataset_digest,
            ],
        )?;
    }
    Ok(())
}

/// What was measured of a model.
pub fn list_metrics(tx: &mut Tx, id: LoggedModelId) -> Result<Vec<LoggedModelMetric>, StoreError> {
    tx.query(LIST_METRICS, &[&id.to_string()], metric)
}

/// What was measured of the models of an experiment.
pub fn list_metrics_of(
    tx: &mut Tx,
    experiment: ExperimentId,
) -> Result<HashMap<LoggedModelId, Vec<LoggedModelMetric>>, StoreError> {
    let mut metrics: HashMap<_, Vec<_>> = HashMap::new();
    for found in tx.query(LIST_METRICS_OF, &[&experiment.to_string()], metric)? {
        metrics.entry(found.model).or_default().push(found);
    }
    Ok(metrics)
}

/// Notes that a run took or gave models.
pub fn save_uses(tx: &mut Tx, run: RunId, uses: &[ModelUse]) -> Result<(), StoreError> {
    let run = run.to_string();
    let row = |used: &ModelUse| (used.model.to_string(), used.role.as_str(), used.step);
    let rows: Vec<_> = uses.iter().map(row).collect();
    let rows = rows
        .iter()
        .map(|(model, role, step)| [&run as &dyn ToValue, model, role, step]);
    tx.execute_many(SAVE_USE, rows).map(drop)
}

/// The models that a run took and gave.
pub fn list_uses(tx: &mut Tx, run: RunId) -> Result<Vec<ModelUse>, StoreError> {
    tx.query(LIST_USES, &[&run.to_string()], |row| {
        Ok(ModelUse {
            model: codec::parsed(row, "run_model", "model_id")?,
            role: codec::parsed::<ModelRole>(row, "run_model", "role")?,
            step: row.i64("step")?,
        })
    })
}

/// Forgets which models a run took and gave.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_USES, &[&run]).map(drop)
}

fn model(row: &Row<'_>) -> Result<LoggedModel, StoreError> {
    const TABLE: &str = "logged_model";
    Ok(LoggedModel {
        id: codec::parsed(row, TABLE, "id")?,
        experiment: codec::parsed(row, TABLE, "experiment_id")?,
        name: row.text("name")?,
        kind: row.text("kind")?,
        status: codec::parsed(row, TABLE, "status")?,
        run: codec::optional_parsed(row, TABLE, "run_id")?,
        params: codec::texts(row, TABLE, "params")?,
        tags: codec::texts(row, TABLE, "tags")?,
        created_at: codec::time(row, "created_at")?,
        updated_at: codec::time(row, "updated_at")?,
    })
}

fn metric(row: &Row<'_>) -> Result<LoggedModelMetric, StoreError> {
    const TABLE: &str = "logged_model_metric";
    let (value, word) = (row.optional_f64("value")?, row.optional_text("word")?);
    let value = codec::value_from_parts(value, word.as_deref());
    Ok(LoggedModelMetric {
        model: codec::parsed(row, TABLE, "model_id")?,
        key: row.text("key")?,
        value: value.ok_or_else(|| codec::inconsistent(TABLE, "value", row))?,
        at: codec::time(row, "at")?,
        step: row.i64("step")?,
        run: codec::parsed(row, TABLE, "run_id")?,
        dataset_name: row.text("dataset_name")?,
        dataset_digest: row.text("dataset_digest")?,
    })
}
