//! How registered models did, and where they are deployed: rows are added, never changed.
//!
//! The latest is what was measured last. Of what a file said, only what it said last counts: a later word
//! corrects it, whatever time it names.

use cupola_domain::{
    ids::ModelId,
    model::{Deployment, Evaluation, SCORE},
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    INSERT_EVALUATION = "INSERT INTO model_evaluation (id, model_id, number, metric, score, origin, source,
                                                       run_id, note, author, at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    LIST_EVALUATIONS = "SELECT * FROM model_evaluation WHERE model_id = $1
                        ORDER BY at DESC, id DESC LIMIT $2 OFFSET $3";
    COUNT_EVALUATIONS = "SELECT COUNT(*) AS n FROM model_evaluation WHERE model_id = $1";
    LATEST_EVALUATION = "SELECT * FROM model_evaluation AS one WHERE model_id = $1 AND metric = $2
                         AND NOT (one.origin = 'file' AND EXISTS (
                             SELECT 1 FROM model_evaluation AS later
                             WHERE later.model_id = one.model_id AND later.origin = 'file'
                             AND later.source = one.source AND later.metric = one.metric
                             AND later.id > one.id))
                         ORDER BY at DESC, id DESC LIMIT 1";
    LATEST_EVALUATIONS = "SELECT e.* FROM model AS m JOIN model_evaluation AS e
                          ON e.id = (SELECT one.id FROM model_evaluation AS one WHERE one.model_id = m.id
                                     AND one.metric = $1 AND NOT (one.origin = 'file' AND EXISTS (
                                         SELECT 1 FROM model_evaluation AS later
                                         WHERE later.model_id = one.model_id AND later.origin = 'file'
                                         AND later.source = one.source AND later.metric = one.metric
                                         AND later.id > one.id))
                                     ORDER BY one.at DESC, one.id DESC LIMIT 1)";
    FIND_FROM = "SELECT * FROM model_evaluation WHERE model_id = $1 AND origin = 'file' AND source = $2
                 ORDER BY id DESC LIMIT 1";
    DELETE_EVALUATIONS = "DELETE FROM model_evaluation WHERE model_id = $1";
    INSERT_DEPLOYMENT = "INSERT INTO model_deployment (id, model_id, number, status, place, note, author, at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    LIST_DEPLOYMENTS = "SELECT * FROM model_deployment WHERE model_id = $1
                        ORDER BY at DESC, id DESC LIMIT $2 OFFSET $3";
    COUNT_DEPLOYMENTS = "SELECT COUNT(*) AS n FROM model_deployment WHERE model_id = $1";
    LATEST_DEPLOYMENTS = "SELECT d.* FROM model AS m JOIN model_deployment AS d
                          ON d.id = (SELECT id FROM model_deployment WHERE model_id = m.id
                                     ORDER BY at DESC, id DESC LIMIT 1)";
    DELETE_DEPLOYMENTS = "DELETE FROM model_deployment WHERE model_id = $1";
}

/// Adds an evaluation.
pub fn insert_evaluation(tx: &mut Tx, evaluation: &Evaluation) -> Result<(), StoreError> {
    let params: [&dyn ToValue; 11] = [
        &evaluation.id.to_string(),
        &evaluation.model.to_string(),
        &evaluation.version.map(i64::from),
        &evaluation.metric,
        // There is one zero.
        &(evaluation.score + 0.0),
        &evaluation.origin.as_str(),
        &evaluation.source,
        &evaluation.run.map(|run| run.to_string()),
        &evaluation.note,
        &evaluation.author,
        &evaluation.at.millis(),
    ];
    tx.execute_one(INSERT_EVALUATION, &params)
}

/// The evaluations of a model by the time of measurement, the last first, at most so many after the first
/// `offset`; and how many there are.
pub fn list_evaluations(
    tx: &mut Tx,
    model: ModelId,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Evaluation>, u64), StoreError> {
    let id = model.to_string();
    let total = tx.query_one(COUNT_EVALUATIONS, &[&id], |row| {
        codec::count(row, "model_evaluation", "n")
    })?;
    let found = tx.query(LIST_EVALUATIONS, &[&id, &limit, &offset], evaluation)?;
    Ok((found, total))
}

/// The latest score of a model. Other metrics are no score.
pub fn find_latest_evaluation(
    tx: &mut Tx,
    model: ModelId,
) -> Result<Option<Evaluation>, StoreError> {
    tx.query_optional(LATEST_EVALUATION, &[&model.to_string(), &SCORE], evaluation)
}

/// The latest score of each model that has one.
pub fn list_latest_evaluations(tx: &mut Tx) -> Result<Vec<Evaluation>, StoreError> {
    tx.query(LATEST_EVALUATIONS, &[&SCORE], evaluation)
}

/// What this file said last of a model.
pub fn find_evaluation_from(
    tx: &mut Tx,
    model: ModelId,
    path: &str,
) -> Result<Option<Evaluation>, StoreError> {
    tx.query_optional(FIND_FROM, &[&model.to_string(), &path], evaluation)
}

/// Notes where a model is deployed.
pub fn insert_deployment(tx: &mut Tx, deployment: &Deployment) -> Result<(), StoreError> {
    let params: [&dyn ToValue; 8] = [
        &deployment.id.to_string(),
        &deployment.model.to_string(),
        &deployment.version.map(i64::from),
        &deployment.status.as_str(),
        &deployment.place,
        &deployment.note,
        &deployment.author,
        &deployment.at.millis(),
    ];
    tx.execute_one(INSERT_DEPLOYMENT, &params)
}

/// What was said of where a model is deployed, the latest first, at most so many after the first
/// `offset`; and how often something was said.
pub fn list_deployments(
    tx: &mut Tx,
    model: ModelId,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Deployment>, u64), StoreError> {
    let id = model.to_string();
    let total = tx.query_one(COUNT_DEPLOYMENTS, &[&id], |row| {
        codec::count(row, "model_deployment", "n")
    })?;
    let found = tx.query(LIST_DEPLOYMENTS, &[&id, &limit, &offset], deployment)?;
    Ok((found, total))
}

/// The latest of each model of which something was said.
pub fn list_latest_deployments(tx: &mut Tx) -> Result<Vec<Deployment>, StoreError> {
    tx.query(LATEST_DEPLOYMENTS, &[], deployment)
}

/// Removes all of a model that goes.
pub(crate) fn delete_all(tx: &mut Tx, model: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_EVALUATIONS, &[&model])?;
    tx.execute(DELETE_DEPLOYMENTS, &[&model]).map(drop)
}

fn evaluation(row: &Row<'_>) -> Result<Evaluation, StoreError> {
    const TABLE: &str = "model_evaluation";
    Ok(Evaluation {
        id: codec::parsed(row, TABLE, "id")?,
        model: codec::parsed(row, TABLE, "model_id")?,
        version: version(row, TABLE)?,
        metric: row.text("metric")?,
        score: row.f64("score")?,
        origin: codec::parsed(row, TABLE, "origin")?,
        source: row.text("source")?,
        run: codec::optional_parsed(row, TABLE, "run_id")?,
        note: row.text("note")?,
        author: row.text("author")?,
        at: codec::time(row, "at")?,
    })
}

fn deployment(row: &Row<'_>) -> Result<Deployment, StoreError> {
    const TABLE: &str = "model_deployment";
    Ok(Deployment {
        id: codec::parsed(row, TABLE, "id")?,
        model: codec::parsed(row, TABLE, "model_id")?,
        version: version(row, TABLE)?,
        status: codec::parsed(row, TABLE, "status")?,
        place: row.text("place")?,
        note: row.text("note")?,
        author: row.text("author")?,
        at: codec::time(row, "at")?,
    })
}

fn version(row: &Row<'_>, table: &'static str) -> Result<Option<u32>, StoreError> {
    let number = row.optional_i64("number")?.map(u32::try_from);
    let number = number.transpose();
    number.map_err(|_| codec::inconsistent(table, "number", row))
}
