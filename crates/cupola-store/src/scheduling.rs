//! The lines that tasks wait in, and how much of each owner is at work.

use cupola_domain::{
    ids::{ExperimentId, TaskId},
    scheduling::{Head, Lane, Loads, made},
    time::Timestamp,
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    /// From line to line through the index, however many tasks wait in each: three looks for every line.
    LIST_HEADS = "WITH RECURSIVE ready(lane) AS (
            SELECT MIN(lane) FROM task
            WHERE needs_id = $1 AND state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL
            AND unpaid_by IS NULL AND audit_id IS NULL
            UNION ALL
            SELECT (SELECT MIN(task.lane) FROM task
                    WHERE needs_id = $1 AND task.lane > ready.lane AND state = 'pending'
                    AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL)
            FROM ready WHERE ready.lane IS NOT NULL)
        SELECT head.lane, head.urgent, task.id, task.due_at, task.urgency
        FROM (SELECT ready.lane AS lane,
                     (SELECT task.id FROM task
                      WHERE needs_id = $1 AND task.lane = ready.lane AND state = 'pending'
                      AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL
                      ORDER BY due_at, id LIMIT 1) AS first,
                     (SELECT MAX(urgency) FROM task
                      WHERE needs_id = $1 AND task.lane = ready.lane AND state = 'pending'
                      AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL) AS urgent
              FROM ready WHERE ready.lane IS NOT NULL) AS head
        JOIN task ON task.id = head.first";
    FIND_HEAD = "SELECT lane, id, due_at, urgency FROM task
                 WHERE needs_id = $1 AND lane = $2 AND state = 'pending' AND waiting_for IS NULL
                 AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL
                 ORDER BY due_at, id LIMIT 1";
    FIND_URGENT = "SELECT MAX(urgency) AS urgent FROM task
                   WHERE needs_id = $1 AND lane = $2 AND state = 'pending' AND waiting_for IS NULL
                   AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL";
    /// What a person tries again waits from then on.
    SAVE_DUE = "UPDATE task SET due_at = $2 WHERE id = $1";
    ADD_RUNNING = "INSERT INTO owner_load (owner, running)
                   SELECT author, CAST($2 AS BIGINT) FROM experiment WHERE id = $1
                   ON CONFLICT (owner) DO UPDATE SET running = owner_load.running + excluded.running";
    LIST_LOADS = "SELECT owner, running FROM owner_load WHERE running > 0";
    DELETE_LOADS = "DELETE FROM owner_load";
    COUNT_LOADS = "INSERT INTO owner_load (owner, running)
                   SELECT author, COUNT(*) FROM task
                   JOIN experiment ON experiment.id = task.experiment_id
                   WHERE task.state = 'running' AND task.worker_id IS NOT NULL GROUP BY author";
}

/// The first of every line in which tasks with these needs wait.
pub fn list_heads(tx: &mut Tx, needs: i64) -> Result<Vec<Head>, StoreError> {
    tx.query(LIST_HEADS, &[&needs], |row| head(row, row.i64("urgent")?))
}

/// The first of one line.
pub fn find_head(tx: &mut Tx, needs: i64, lane: &Lane) -> Result<Option<Head>, StoreError> {
    let lane = lane.to_string();
    let params: [&dyn ToValue; 2] = [&needs, &lane];
    let urgent = tx.query_one(FIND_URGENT, &params, |row| row.optional_i64("urgent"))?;
    let Some(urgent) = urgent else {
        return Ok(None);
    };
    tx.query_optional(FIND_HEAD, &params, |row| head(row, urgent))
}

/// Notes from when on a task waits.
pub fn save_due(tx: &mut Tx, id: TaskId, due: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_DUE, &[&id.to_string(), &due.millis()])
}

/// Counts a task of an experiment in or out of what its owner has at work.
pub fn add_running(tx: &mut Tx, of: ExperimentId, added: i64) -> Result<(), StoreError> {
    tx.execute(ADD_RUNNING, &[&of.to_string(), &added])
        .map(drop)
}

/// How many tasks owners have at work; those are left out who have none.
pub fn list_loads(tx: &mut Tx) -> Result<Loads, StoreError> {
    let found = tx.query(LIST_LOADS, &[], |row| {
        Ok((
            row.text("owner")?,
            codec::count(row, "owner_load", "running")?,
        ))
    })?;
    Ok(found.into_iter().collect())
}

/// Counts anew what owners have at work.
pub fn count_loads(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(DELETE_LOADS, &[])?;
    tx.execute(COUNT_LOADS, &[]).map(drop)
}

fn head(row: &Row<'_>, urgency: i64) -> Result<Head, StoreError> {
    let due = codec::time(row, "due_at")?;
    Ok(Head {
        lane: Lane::parse(&row.text("lane")?),
        task: codec::parsed(row, "task", "id")?,
        due,
        made: made(due, row.i64("urgency")?),
        urgency,
    })
}
