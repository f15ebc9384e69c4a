//! What is run for the second time, and what says how its results compare.

use cupola_domain::{
    ids::{AuditId, ExperimentId, TaskId},
    objective::Direction,
    repeats::{Repeats, Steps},
    time::Timestamp,
};
use serde_json::{Value, json};

use crate::{StoreError, Tx, codec, statement::statements};

statements! {
    SAVE_REPEATS = "INSERT INTO code_repeats (code_hash, body) VALUES ($1, $2)
                    ON CONFLICT (code_hash) DO UPDATE SET body = excluded.body";
    DELETE_REPEATS = "DELETE FROM code_repeats WHERE code_hash = $1";
    FIND_REPEATS = "SELECT body FROM code_repeats WHERE code_hash = $1";
    FIND_HIDDEN = "SELECT id FROM experiment WHERE bin_of = $1 AND is_check = TRUE";
    SAVE_HIDDEN = "UPDATE experiment SET bin_of = $2, deleted_at = $3, is_restorable = TRUE, is_check = TRUE
                   WHERE id = $1";
    SAVE_CHECKED = "UPDATE task SET audit_id = $2 WHERE id = $1";
    SAVE_UNPROVEN = "UPDATE task SET is_unproven = $2 WHERE id = $1";
    /// The best of those that nobody checked. A few more than one are looked at: of the first, a check may
    /// have been impossible.
    LIST_UNPROVEN_LEAST = "SELECT id, value FROM task WHERE experiment_id = $1 AND state = 'completed'
                           AND value IS NOT NULL AND is_unproven = TRUE ORDER BY value LIMIT $2";
    LIST_UNPROVEN_GREATEST = "SELECT id, value FROM task WHERE experiment_id = $1 AND state = 'completed'
                              AND value IS NOT NULL AND is_unproven = TRUE ORDER BY value DESC LIMIT $2";
    HAS_HAD = "SELECT run.id AS found FROM run JOIN ledger_earning ON ledger_earning.run_id = run.id
               WHERE run.task_id = $1 AND ledger_earning.earner = $2
               UNION SELECT audit.id FROM audit WHERE audit.task_id = $1 AND audit.owner = $2
               UNION SELECT audit.id FROM audit JOIN audit_run ON audit_run.audit_id = audit.id
               WHERE audit.task_id = $1 AND audit_run.owner = $2 LIMIT 1";
    FIND_CALIBRATION = "SELECT differences, deviation FROM class_calibration
                        WHERE template = $1 AND low = $2 AND high = $3";
    SAVE_CALIBRATION = "INSERT INTO class_calibration (template, low, high, differences, deviation)
                        VALUES ($1, $2, $3, $4, $5)
                        ON CONFLICT (template, low, high) DO UPDATE SET
                            differences = excluded.differences, deviation = excluded.deviation";
}

/// What was measured of two classes: the differences of which there are too few yet, and the deviation.
pub type Calibration = (Vec<f64>, Option<f64>);

/// Notes which results of some code come out again, or that none is said to.
pub fn save_repeats(tx: &mut Tx, hash: &str, repeats: Option<&Repeats>) -> Result<(), StoreError> {
    let Some(repeats) = repeats else {
        return tx.execute(DELETE_REPEATS, &[&hash]).map(drop);
    };
    let steps = repeats.steps.as_ref();
    let steps = steps.map(|steps| json!({"field": steps.field, "result": steps.result}));
    let body = json!({"exact": repeats.exact, "tolerance": repeats.tolerance, "steps": steps});
    tx.execute(SAVE_REPEATS, &[&hash, &body.to_string()])
        .map(drop)
}

/// Which results of some code come out again.
pub fn find_repeats(tx: &mut Tx, hash: &str) -> Result<Option<Repeats>, StoreError> {
    let body = tx.query_optional(FIND_REPEATS, &[&hash], |row| row.text("body"))?;
    let Some(body) = body else {
        return Ok(None);
    };
    let read = repeats_of(&body);
    read.map(Some).ok_or_else(|| StoreError::Inconsistent {
        table: "code_repeats",
        column: "body",
        row: hash.to_owned(),
    })
}

fn repeats_of(body: &str) -> Option<Repeats> {
    let body: Value = serde_json::from_str(body).ok()?;
    let exact = body["exact"].as_array()?.iter();
    let exact: Option<Vec<_>> = exact.map(|key| key.as_str().map(str::to_owned)).collect();
    let steps = match &body["steps"] {
        Value::Null => None,
        steps => Some(Steps {
            field: steps["field"].as_str()?.to_owned(),
            result: steps["result"].as_str()?.to_owned(),
        }),
    };
    Some(Repeats {
        exact: exact?,
        tolerance: body["tolerance"].as_f64()?,
        steps,
    })
}

/// Where the second runs of an experiment's tasks lie.
pub fn find_hidden(tx: &mut Tx, of: ExperimentId) -> Result<Option<ExperimentId>, StoreError> {
    tx.query_optional(FIND_HIDDEN, &[&of.to_string()], |row| {
        codec::parsed(row, "experiment", "id")
    })
}

/// Makes an experiment the place of the second runs of another's tasks. It goes with that one.
pub fn save_hidden(
    tx: &mut Tx,
    id: ExperimentId,
    of: ExperimentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE_HIDDEN,
        &[&id.to_string(), &of.to_string(), &at.millis()],
    )
}

/// Keeps a task for whom a check names; none for everybody.
pub fn save_checked(tx: &mut Tx, task: TaskId, by: Option<AuditId>) -> Result<(), StoreError> {
    let by = by.map(|by| by.to_string());
    tx.execute_one(SAVE_CHECKED, &[&task.to_string(), &by])
}

/// Says whether a task's result may be called best.
pub fn save_unproven(tx: &mut Tx, task: TaskId, is_unproven: bool) -> Result<(), StoreError> {
    tx.execute_one(SAVE_UNPROVEN, &[&task.to_string(), &is_unproven])
}

/// The best of an experiment's results that nobody checked.
pub fn list_unproven(
    tx: &mut Tx,
    experiment: ExperimentId,
    direction: Direction,
    limit: i64,
) -> Result<Vec<(TaskId, f64)>, StoreError> {
    let sql = match direction {
        Direction::Minimize => LIST_UNPROVEN_LEAST,
        Direction::Maximize => LIST_UNPROVEN_GREATEST,
    };
    tx.query(sql, &[&experiment.to_string(), &limit], |row| {
        Ok((codec::parsed(row, "task", "id")?, row.f64("value")?))
    })
}

/// Whether somebody's worker ever had a task, itself or a copy of it.
pub fn has_had(tx: &mut Tx, task: TaskId, owner: &str) -> Result<bool, StoreError> {
    let found = tx.query_optional(HAS_HAD, &[&task.to_string(), &owner], |row| {
        row.text("found")
    })?;
    Ok(found.is_some())
}

/// What was measured of two classes for a template; the first is not after the second.
pub fn find_calibration(
    tx: &mut Tx,
    (template, low, high): (&str, &str, &str),
) -> Result<Calibration, StoreError> {
    let found = tx.query_optional(FIND_CALIBRATION, &[&template, &low, &high], |row| {
        let differences = serde_json::from_str(&row.text("differences")?);
        let differences = differences
            .map_err(|_| codec::inconsistent("class_calibration", "differences", row))?;
        Ok((differences, row.optional_f64("deviation")?))
    })?;
    Ok(found.unwrap_or_default())
}

/// Writes what was measured of two classes.
pub fn save_calibration(
    tx: &mut Tx,
    (template, low, high): (&str, &str, &str),
    (differences, deviation): (&[f64], Option<f64>),
) -> Result<(), StoreError> {
    let differences = json!(differences).to_string();
    tx.execute_one(
        SAVE_CALIBRATION,
        &[&template, &low, &high, &differences, &deviation],
    )
}
