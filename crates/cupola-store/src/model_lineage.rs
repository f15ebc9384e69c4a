//! What versions of registered models were made with.

use cupola_domain::{
    ids::ModelId,
    model::{DataUsed, Lineage},
};
use serde_json::{Value, json};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO model_lineage (model_id, number, run_id, experiment_id, code_hash, config, metrics,
                                         data)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND = "SELECT * FROM model_lineage WHERE model_id = $1 AND number = $2";
    LIST = "SELECT * FROM model_lineage WHERE model_id = $1 ORDER BY number DESC";
    DELETE = "DELETE FROM model_lineage WHERE model_id = $1 AND number = $2";
}

/// Notes what a version was made with.
pub fn insert(tx: &mut Tx, lineage: &Lineage) -> Result<(), StoreError> {
    let params: [&dyn ToValue; 8] = [
        &lineage.model.to_string(),
        &i64::from(lineage.version),
        &lineage.run.to_string(),
        &lineage.experiment.to_string(),
        &lineage.code_hash,
        &codec::object_text(&lineage.config),
        &codec::object_text(&lineage.metrics),
        &data_text(&lineage.data),
    ];
    tx.execute_one(INSERT, &params)
}

/// What a version was made with, where a run made it.
pub fn find(tx: &mut Tx, model: ModelId, version: u32) -> Result<Option<Lineage>, StoreError> {
    tx.query_optional(FIND, &[&model.to_string(), &i64::from(version)], lineage)
}

/// What the versions of a model were made with, the newest first.
pub fn list(tx: &mut Tx, model: ModelId) -> Result<Vec<Lineage>, StoreError> {
    tx.query(LIST, &[&model.to_string()], lineage)
}

/// Removes what is noted of a version that goes.
pub(crate) fn delete(tx: &mut Tx, model: &str, version: i64) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&model, &version]).map(drop)
}

fn lineage(row: &Row<'_>) -> Result<Lineage, StoreError> {
    const TABLE: &str = "model_lineage";
    let data = row.text("data")?;
    Ok(Lineage {
        model: codec::parsed(row, TABLE, "model_id")?,
        version: codec::count(row, TABLE, "number")?,
        run: codec::parsed(row, TABLE, "run_id")?,
        experiment: codec::parsed(row, TABLE, "experiment_id")?,
        code_hash: row.text("code_hash")?,
        config: codec::object(row, TABLE, "config")?,
        metrics: codec::object(row, TABLE, "metrics")?,
        data: data_from_text(&data).ok_or_else(|| codec::inconsistent(TABLE, "data", row))?,
    })
}

fn data_text(data: &[DataUsed]) -> String {
    let one = |used: &DataUsed| json!([used.name, used.digest, used.source, used.samples]);
    Value::Array(data.iter().map(one).collect()).to_string()
}

fn data_from_text(text: &str) -> Option<Vec<DataUsed>> {
    let all: Vec<Value> = serde_json::from_str(text).ok()?;
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let one = |used: &Value| {
        Some(DataUsed {
            name: word(&used[0])?,
            digest: word(&used[1])?,
            source: word(&used[2])?,
            samples: used[3].as_u64(),
        })
    };
    all.iter().map(one).collect()
}
