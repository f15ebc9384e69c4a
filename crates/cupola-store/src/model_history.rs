//! How registered models did, and where they are deployed: rows are added, never changed.

use cupola_domain::{
    ids::ModelId,
    model::{Deployment, Evaluation},
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    INSERT_EVALUATION = "INSERT INTO model_evaluation (id, model_id, number, metric, score, origin, source,
                                                       run_id, note, author, at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    LIST_EVALUATIONS = "SELECT * FROM model_evaluation WHERE model_id = $1
                        ORDER BY at DESC, id DESC LIMIT $2";
    LATEST_EVALUATIONS = "SELECT e.* FROM model AS m JOIN model_evaluation AS e
                          ON e.id = (SELECT id FROM model_evaluation WHERE model_id = m.id
                                     ORDER BY at DESC, id DESC LIMIT 1)";
    FIND_FROM = "SELECT * FROM model_evaluation WHERE model_id = $1 AND origin = 'file' AND source = $2
                 ORDER BY at DESC, id DESC LIMIT 1";
    DELETE_EVALUATIONS = "DELETE FROM model_evaluation WHERE model_id = $1";
    INSERT_DEPLOYMENT = "INSERT INTO model_deployment (id, model_id, number, status, place, note, author, at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    LIST_DEPLOYMENTS = "SELECT * FROM model_deployment WHERE model_id = $1
                        ORDER BY at DESC, id DESC LIMIT $2";
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

/// The evaluations of a model, the latest first, at most so many.
pub fn list_evaluations(
    tx: &mut Tx,
    model: ModelId,
    limit: i64,
) -> Result<Vec<Evaluation>, StoreError> {
    tx.query(LIST_EVALUATIONS, &[&model.to_string(), &limit], evaluation)
}

/// The latest evaluation of each model that has one.
pub fn list_latest_evaluations(tx: &mut Tx) -> Result<Vec<Evaluation>, StoreError> {
    tx.query(LATEST_EVALUATIONS, &[], evaluation)
}

/// The latest evaluation of a model that this file said.
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

/// What was said of where a model is deployed, the latest first, at most so many.
pub fn list_deployments(
    tx: &mut Tx,
    model: ModelId,
    limit: i64,
) -> Result<Vec<Deployment>, StoreError> {
    tx.query(LIST_DEPLOYMENTS, &[&model.to_string(), &limit], deployment)
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
