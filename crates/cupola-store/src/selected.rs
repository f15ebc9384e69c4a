//! Many runs at once: what a comparison puts side by side.
//!
//! Each statement takes `CHUNK` runs; the last of them stands again where there are fewer.

use std::collections::BTreeMap;

use cupola_domain::{
    cost::Money,
    ids::{ExperimentId, RunId},
    run::Run,
};
use serde_json::Value;

use crate::{
    Row, StoreError, ToValue, Tx, codec, runs,
    series::{self, Series},
    statement::statements,
};

/// So many runs are asked for at once.
const CHUNK: usize = 64;

/// So many names are asked for at once.
const NAMES: usize = 8;

/// Longer results are no cells of a table.
const CELL_CHARS_MAX: i64 = 200;

/// A statement about the runs `$1` to `$64`.
macro_rules! of_runs {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                  $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34,
                  $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50,
                  $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64) ",
            $after
        )
    };
}

statements! {
    LIST = of_runs!(
        "SELECT run.id, run.name, run.task_id, run.experiment_id, run.attempt, run.phase, run.outcome,
                run.failure, run.failure_detail, run.worker_id, run.epoch, run.phase_at,
                run.code_hash, CAST(NULL AS TEXT) AS environment, run.progress, run.stop_step,
                run.stop_next_at, run.loss, run.provenance, run.wall_time_millis, run.created_at,
                run.leased_at, run.started_at, run.finished_at, task.number AS task_number,
                CASE WHEN run.code_hash <> '' THEN task.seed END AS task_seed, task.run_id AS task_run, task.value AS task_value,
                task.value_word AS task_value_word
         FROM run JOIN task ON task.id = run.task_id
         JOIN experiment ON experiment.id = run.experiment_id
         WHERE experiment.deleted_at IS NULL AND run.id", "");
    LIST_PARAMS = of_runs!("SELECT run_id, key, value FROM run_param WHERE run_id",
                           "ORDER BY run_id, key");
    LIST_TAGS = of_runs!("SELECT run_id, key, value FROM run_tag WHERE run_id",
                         "ORDER BY run_id, key");
    LIST_SERIES = of_runs!("SELECT * FROM series WHERE owner",
                           "AND name IN ($65, $66, $67, $68, $69, $70, $71, $72)");
    LIST_RESULTS = of_runs!("SELECT run_id, name, value FROM result WHERE run_id",
                            "AND name IN ($65, $66, $67, $68, $69, $70, $71, $72)
                             AND value <> '' AND LENGTH(value) <= $73");
    LIST_COSTS = of_runs!("SELECT run_id, money_micros FROM run_cost WHERE run_id",
                          "AND money_micros IS NOT NULL");
    LIST_CURRENT = "SELECT run_id FROM task WHERE experiment_id = $1 ORDER BY number LIMIT $2";
    COUNT_CURRENT = "SELECT COUNT(*) AS n FROM task WHERE experiment_id = $1";
}

/// A run with what its task says.
#[derive(Debug, Clone, PartialEq)]
pub struct Selected {
    /// The run, without its surroundings.
    pub run: Run,
    /// The number of its task.
    pub number: u32,
    /// The seed of its task, if somebody gave it one.
    pub seed: Option<i64>,
    /// The objective, if this is the run that completed the task.
    pub value: Option<f64>,
}

/// Texts of a run by key.
pub type Labels = BTreeMap<String, String>;

/// Those of these runs that there are, in no order. What belongs to a deleted experiment is not there.
pub fn list(tx: &mut Tx, ids: &[RunId]) -> Result<Vec<Selected>, StoreError> {
    in_chunks(tx, LIST, ids, &[], selected)
}

/// The run that counts of each of an experiment's first `limit` tasks, and how many tasks it has.
pub fn list_current(
    tx: &mut Tx,
    experiment: ExperimentId,
    limit: i64,
) -> Result<(Vec<RunId>, u64), StoreError> {
    let experiment = experiment.to_string();
    let total = tx.query_one(COUNT_CURRENT, &[&experiment], |row| {
        codec::count(row, "task", "n")
    })?;
    let ids = tx.query(LIST_CURRENT, &[&experiment, &limit], |row| {
        codec::parsed(row, "task", "run_id")
    })?;
    Ok((ids, total))
}

/// The parameters of runs.
pub fn params(tx: &mut Tx, ids: &[RunId]) -> Result<BTreeMap<RunId, Labels>, StoreError> {
    labels(tx, LIST_PARAMS, ids)
}

/// The tags of runs.
pub fn tags(tx: &mut Tx, ids: &[RunId]) -> Result<BTreeMap<RunId, Labels>, StoreError> {
    labels(tx, LIST_TAGS, ids)
}

/// The series of runs that have one of these names, in no order.
pub fn series(tx: &mut Tx, ids: &[RunId], names: &[String]) -> Result<Vec<Series>, StoreError> {
    let mut found = Vec::new();
    for names in names.chunks(NAMES) {
        found.extend(in_chunks(
            tx,
            LIST_SERIES,
            ids,
            &padded(names),
            series::series,
        )?);
    }
    Ok(found)
}

/// The results of runs that have one of these names and fit into a cell of a table, in no order.
pub fn results(
    tx: &mut Tx,
    ids: &[RunId],
    names: &[String],
) -> Result<Vec<(RunId, String, Value)>, StoreError> {
    let mut found = Vec::new();
    for names in names.chunks(NAMES) {
        let mut rest = padded(names);
        rest.push(&CELL_CHARS_MAX);
        found.extend(in_chunks(tx, LIST_RESULTS, ids, &rest, result)?);
    }
    Ok(found)
}

/// What runs cost, or as far as it was counted.
pub fn costs(tx: &mut Tx, ids: &[RunId]) -> Result<BTreeMap<RunId, Money>, StoreError> {
    let rows = in_chunks(tx, LIST_COSTS, ids, &[], |row| {
        let money = Money::from_micros(row.i64("money_micros")?);
        Ok((codec::parsed(row, "run_cost", "run_id")?, money))
    })?;
    Ok(rows.into_iter().collect())
}

fn labels(
    tx: &mut Tx,
    sql: &'static str,
    ids: &[RunId],
) -> Result<BTreeMap<RunId, Labels>, StoreError> {
    let rows = in_chunks(tx, sql, ids, &[], |row| {
        let id: RunId = codec::parsed(row, "run", "run_id")?;
        Ok((id, row.text("key")?, row.text("value")?))
    })?;
    let mut labels: BTreeMap<RunId, Labels> = BTreeMap::new();
    for (id, key, value) in rows {
        labels.entry(id).or_default().insert(key, value);
    }
    Ok(labels)
}

/// Asks `sql` for [`CHUNK`] runs after the other; `rest` are the parameters behind the runs.
fn in_chunks<T>(
    tx: &mut Tx,
    sql: &'static str,
    ids: &[RunId],
    rest: &[&dyn ToValue],
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let texts: Vec<String> = chunk.iter().map(RunId::to_string).collect();
        let mut params = filled(&texts, CHUNK);
        params.extend(rest);
        found.extend(tx.query(sql, &params, &read)?);
    }
    Ok(found)
}

fn padded(names: &[String]) -> Vec<&dyn ToValue> {
    filled(names, NAMES)
}

/// So many parameters; the last text stands again where there are fewer.
fn filled(texts: &[String], count: usize) -> Vec<&dyn ToValue> {
    let last = texts.iter().next_back();
    let repeated = texts.iter().chain(last.into_iter().cycle());
    repeated
        .take(if last.is_some() { count } else { 0 })
        .map(|text| text as &dyn ToValue)
        .collect()
}

fn selected(row: &Row<'_>) -> Result<Selected, StoreError> {
    let run = runs::run(row)?;
    let word = row.optional_text("task_value_word")?;
    let value = codec::value_from_parts(row.optional_f64("task_value")?, word.as_deref());
    let counts = codec::parsed::<RunId>(row, "task", "task_run")? == run.id;
    Ok(Selected {
        number: codec::count(row, "task", "task_number")?,
        seed: row.optional_i64("task_seed")?,
        value: value.filter(|_| counts),
        run,
    })
}

fn result(row: &Row<'_>) -> Result<(RunId, String, Value), StoreError> {
    let value = serde_json::from_str(&row.text("value")?)
        .map_err(|_| codec::inconsistent("result", "value", row))?;
    Ok((
        codec::parsed(row, "result", "run_id")?,
        row.text("name")?,
        value,
    ))
}
