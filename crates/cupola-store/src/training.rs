//! Training models as they are configured, and what was said of them.

use cupola_domain::{
    cost::Money,
    ids::ModelId,
    training::{Claim, ClaimProvenance, MODEL_TAG, TrainingModel},
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    SAVE = "INSERT INTO training_model (key, name, description, planned_hours, hourly_micros, position,
                                        model_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (key) DO UPDATE
            SET name = excluded.name, description = excluded.description,
                planned_hours = excluded.planned_hours, hourly_micros = excluded.hourly_micros,
                position = excluded.position, model_id = excluded.model_id";
    FIND = "SELECT * FROM training_model WHERE key = $1";
    LIST = "SELECT * FROM training_model ORDER BY position, key";
    DELETE = "DELETE FROM training_model WHERE key = $1";
    LET_GO = "UPDATE training_model SET model_id = NULL WHERE model_id = $1";
    SAVE_CLAIM = "INSERT INTO training_claim (model_key, provenance, status, progress, cost_micros, author,
                                              at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7)
                  ON CONFLICT (model_key, provenance) DO UPDATE
                  SET status = COALESCE(excluded.status, training_claim.status),
                      progress = COALESCE(excluded.progress, training_claim.progress),
                      cost_micros = COALESCE(excluded.cost_micros, training_claim.cost_micros),
                      author = excluded.author, at = excluded.at";
    FIND_CLAIM = "SELECT * FROM training_claim WHERE model_key = $1 AND provenance = $2";
    LIST_CLAIMS = "SELECT * FROM training_claim ORDER BY model_key, provenance";
    DELETE_CLAIM = "DELETE FROM training_claim WHERE model_key = $1 AND provenance = $2";
    NEXT_KEY = "SELECT value FROM run_tag
                WHERE key = $1 AND SUBSTR(value, 1, 64) > SUBSTR($2, 1, 64)
                ORDER BY SUBSTR(value, 1, 64) LIMIT 1";
    HAS_RUN = "SELECT run_id FROM run_tag
               WHERE key = $1 AND SUBSTR(value, 1, 64) = SUBSTR($2, 1, 64) AND value = $2 LIMIT 1";
}

/// Writes a training model as it is configured now.
pub fn save(tx: &mut Tx, model: &TrainingModel) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &model.key,
            &model.name,
            &model.description,
            &model.planned_hours.map(|hours| hours + 0.0),
            &model.hourly.map(Money::micros),
            &i64::from(model.position),
            &model.model.map(|id| id.to_string()),
        ],
    )
}

/// The configured training model with this key.
pub fn find(tx: &mut Tx, key: &str) -> Result<Option<TrainingModel>, StoreError> {
    tx.query_optional(FIND, &[&key], training_model)
}

/// The configured training models in the configuration's order.
pub fn list(tx: &mut Tx) -> Result<Vec<TrainingModel>, StoreError> {
    tx.query(LIST, &[], training_model)
}

/// Forgets a training model that is not configured any more.
pub fn delete(tx: &mut Tx, key: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&key]).map(drop)
}

/// Notes that a model has gone from the registry.
pub(crate) fn let_go(tx: &mut Tx, model: &str) -> Result<(), StoreError> {
    tx.execute(LET_GO, &[&model]).map(drop)
}

/// Notes what is said of a model; what it leaves out stays as it was said the same way before.
pub fn save_claim(tx: &mut Tx, key: &str, claim: &Claim) -> Result<(), StoreError> {
    let params: [&dyn ToValue; 7] = [
        &key,
        &claim.provenance.as_str(),
        &claim.status.map(|status| status.as_str().to_owned()),
        &claim.progress,
        &claim.total_cost.map(Money::micros),
        &claim.author,
        &claim.at.millis(),
    ];
    tx.execute_one(SAVE_CLAIM, &params)
}

/// What is said of a model in one way.
pub fn find_claim(
    tx: &mut Tx,
    key: &str,
    provenance: ClaimProvenance,
) -> Result<Option<Claim>, StoreError> {
    tx.query_optional(FIND_CLAIM, &[&key, &provenance.as_str()], claim)
}

/// All that is said, each with the key of its model.
pub fn list_claims(tx: &mut Tx) -> Result<Vec<(String, Claim)>, StoreError> {
    tx.query(LIST_CLAIMS, &[], |row| {
        Ok((row.text("model_key")?, claim(row)?))
    })
}

/// Takes back what is said of a model in one way; says whether there was something.
pub fn delete_claim(
    tx: &mut Tx,
    key: &str,
    provenance: ClaimProvenance,
) -> Result<bool, StoreError> {
    let deleted = tx.execute(DELETE_CLAIM, &[&key, &provenance.as_str()])?;
    Ok(deleted > 0)
}

/// The keys that runs are tagged with, at most so many: one look at the index for each of them, however
/// many runs there are. Of keys that begin with the same 64 characters there is one.
pub fn list_tagged_keys(tx: &mut Tx, limit: usize) -> Result<Vec<String>, StoreError> {
    let mut keys: Vec<String> = Vec::new();
    while keys.len() < limit {
        let last = keys.last().map_or("", String::as_str).to_owned();
        let next = tx.query_optional(NEXT_KEY, &[&MODEL_TAG, &last], |row| row.text("value"))?;
        let Some(next) = next else {
            break;
        };
        keys.push(next);
    }
    Ok(keys)
}

/// Whether a run trains the model with this key.
pub fn has_run(tx: &mut Tx, key: &str) -> Result<bool, StoreError> {
    let found = tx.query_optional(HAS_RUN, &[&MODEL_TAG, &key], |row| row.text("run_id"))?;
    Ok(found.is_some())
}

fn training_model(row: &Row<'_>) -> Result<TrainingModel, StoreError> {
    const TABLE: &str = "training_model";
    let model: Option<ModelId> = codec::optional_parsed(row, TABLE, "model_id")?;
    Ok(TrainingModel {
        key: row.text("key")?,
        name: row.text("name")?,
        description: row.text("description")?,
        planned_hours: row.optional_f64("planned_hours")?,
        hourly: row.optional_i64("hourly_micros")?.map(Money::from_micros),
        position: codec::count(row, TABLE, "position")?,
        model,
    })
}

fn claim(row: &Row<'_>) -> Result<Claim, StoreError> {
    const TABLE: &str = "training_claim";
    Ok(Claim {
        status: codec::optional_parsed(row, TABLE, "status")?,
        progress: row.optional_f64("progress")?,
        total_cost: row.optional_i64("cost_micros")?.map(Money::from_micros),
        at: codec::time(row, "at")?,
        author: row.text("author")?,
        provenance: codec::parsed(row, TABLE, "provenance")?,
    })
}
