//! The lines that tasks wait in, and how much of each owner is at work.

use cupola_domain::{
    ids::{ExperimentId, RunId, TaskId},
    poison::Death,
    run::Lease,
    scheduling::{Class, Head, Kinds, Lane, Loads, Placement, made},
    time::Timestamp,
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    /// From line to line through the index, however many tasks wait in each.
    LIST_HEADS = "WITH RECURSIVE ready(lane) AS (
            SELECT MIN(lane) FROM task
            WHERE needs_id = $1 AND state = 'pending' AND waiting_for IS NULL AND budget_id IS NULL
            AND unpaid_by IS NULL AND audit_id IS NULL
            UNION ALL
            SELECT (SELECT MIN(task.lane) FROM task
                    WHERE needs_id = $1 AND task.lane > ready.lane AND state = 'pending'
                    AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL)
            FROM ready WHERE ready.lane IS NOT NULL)
        SELECT task.id, task.lane, task.due_at, task.urgency, experiment.placement,
               experiment.device_class, experiment.running, experiment.completed
        FROM (SELECT (SELECT task.id FROM task
                      WHERE needs_id = $1 AND task.lane = ready.lane AND state = 'pending'
                      AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL
                      ORDER BY due_at, id LIMIT 1) AS first
              FROM ready WHERE ready.lane IS NOT NULL) AS head
        JOIN task ON task.id = head.first
        JOIN experiment ON experiment.id = task.experiment_id";
    FIND_HEAD = "SELECT task.id, task.lane, task.due_at, task.urgency, experiment.placement,
               experiment.device_class, experiment.running, experiment.completed
        FROM task JOIN experiment ON experiment.id = task.experiment_id
        WHERE task.id = (SELECT task.id FROM task
                         WHERE needs_id = $1 AND task.lane = $2 AND state = 'pending'
                         AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL
                         AND audit_id IS NULL ORDER BY due_at, id LIMIT 1)";
    FIND_DUE = "SELECT due_at, urgency FROM task WHERE id = $1";
    FIND_NEEDS_OF_RUN = "SELECT needs_id FROM task WHERE id = (SELECT task_id FROM run WHERE id = $1)";
    /// Only of attempts since the task was made or tried again by a person.
    LIST_DEATHS = "SELECT run.worker_id, run.loss, run.phase_at, worker.name AS worker_name,
                          CASE WHEN token.owner = '' THEN token.name ELSE token.owner END AS owner
                   FROM run JOIN worker ON worker.id = run.worker_id
                   JOIN token ON token.id = worker.token_id
                   WHERE run.task_id = $1 AND run.created_at >= $2 AND run.started_at IS NOT NULL
                   AND run.loss IS NOT NULL ORDER BY run.attempt";
    COUNT_OWNERS = "SELECT COUNT(DISTINCT CASE WHEN token.owner = '' THEN token.name ELSE token.owner END) AS n
                    FROM worker JOIN token ON token.id = worker.token_id
                    WHERE worker.removed_at IS NULL AND worker.left_at IS NULL AND worker.last_seen_at > $1";
    SAVE_CUT_OFF = "UPDATE run SET loss = 'cut_off' WHERE id = $1 AND worker_id = $2 AND epoch = $3
                    AND loss = 'silent'";
    /// What a person tries again waits from then on.
    SAVE_DUE = "UPDATE task SET due_at = $2 WHERE id = $1";
    ADD_RUNNING = "INSERT INTO owner_load (owner, needs_id, running)
                   SELECT experiment.owner, task.needs_id, CAST($2 AS BIGINT) FROM task
                   JOIN experiment ON experiment.id = task.experiment_id WHERE task.id = $1
                   ON CONFLICT (owner, needs_id) DO UPDATE SET running = owner_load.running + excluded.running";
    LIST_LOADS = "SELECT owner, needs_id, running FROM owner_load WHERE running > 0";
    FIND_LOAD = "SELECT COALESCE(CAST(SUM(running) AS BIGINT), 0) AS running FROM owner_load WHERE owner = $1";
    DELETE_LOADS = "DELETE FROM owner_load";
    COUNT_LOADS = "INSERT INTO owner_load (owner, needs_id, running)
                   SELECT experiment.owner, task.needs_id, COUNT(*) FROM task
                   JOIN experiment ON experiment.id = task.experiment_id
                   WHERE task.state = 'running' AND task.worker_id IS NOT NULL
                   GROUP BY experiment.owner, task.needs_id";
    FIND_OWNER = "SELECT owner FROM experiment WHERE id = $1";
}

/// What goes first of every line in which tasks with these needs wait.
pub fn list_heads(tx: &mut Tx, needs: i64) -> Result<Vec<Head>, StoreError> {
    tx.query(LIST_HEADS, &[&needs], head)
}

/// What goes first of one line.
pub fn find_head(tx: &mut Tx, needs: i64, lane: &Lane) -> Result<Option<Head>, StoreError> {
    let lane = lane.to_string();
    let params: [&dyn ToValue; 2] = [&needs, &lane];
    tx.query_optional(FIND_HEAD, &params, head)
}

/// Whose the tasks of an experiment are.
pub fn find_owner(tx: &mut Tx, id: ExperimentId) -> Result<Option<String>, StoreError> {
    tx.query_optional(FIND_OWNER, &[&id.to_string()], |row| row.text("owner"))
}

/// Notes from when on a task waits.
pub fn save_due(tx: &mut Tx, id: TaskId, due: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_DUE, &[&id.to_string(), &due.millis()])
}

/// Since when a task waits: since it was made, or tried again by a person.
pub fn find_made(tx: &mut Tx, id: TaskId) -> Result<Option<Timestamp>, StoreError> {
    tx.query_optional(FIND_DUE, &[&id.to_string()], |row| {
        Ok(made(codec::time(row, "due_at")?, row.i64("urgency")?))
    })
}

/// The number of what a run's task needs.
pub fn find_needs_of_run(tx: &mut Tx, run: RunId) -> Result<Option<i64>, StoreError> {
    tx.query_optional(FIND_NEEDS_OF_RUN, &[&run.to_string()], |row| {
        row.i64("needs_id")
    })
}

/// The workers that were lost while they ran a task since then, the first before the others.
pub fn list_deaths(tx: &mut Tx, task: TaskId, since: Timestamp) -> Result<Vec<Death>, StoreError> {
    tx.query(LIST_DEATHS, &[&task.to_string(), &since.millis()], |row| {
        Ok(Death {
            worker: codec::parsed(row, "run", "worker_id")?,
            name: row.text("worker_name")?,
            owner: row.text("owner")?,
            loss: codec::parsed(row, "run", "loss")?,
            at: codec::time(row, "phase_at")?,
        })
    })
}

/// How many owners the workers have that were heard of since then and have not left.
pub fn count_owners(tx: &mut Tx, since: Timestamp) -> Result<u64, StoreError> {
    tx.query_one(COUNT_OWNERS, &[&since.millis()], |row| {
        codec::count(row, "worker", "n")
    })
}

/// A worker that had fallen silent is back as it was, and its run is another's: it was cut off. Says
/// whether that is news.
pub fn save_cut_off(tx: &mut Tx, run: RunId, lease: Lease) -> Result<bool, StoreError> {
    let params: [&dyn ToValue; 3] = [&run.to_string(), &lease.worker.to_string(), &lease.epoch];
    Ok(tx.execute(SAVE_CUT_OFF, &params)? > 0)
}

/// Counts a task in or out of what its owner has at work.
pub fn add_running(tx: &mut Tx, task: TaskId, added: i64) -> Result<(), StoreError> {
    tx.execute(ADD_RUNNING, &[&task.to_string(), &added])
        .map(drop)
}

/// How many tasks owners have at work, and with which needs; those are left out who have none.
pub fn list_loads(tx: &mut Tx) -> Result<(Loads, Kinds), StoreError> {
    let found = tx.query(LIST_LOADS, &[], |row| {
        let running: u64 = codec::count(row, "owner_load", "running")?;
        Ok((row.text("owner")?, row.i64("needs_id")?, running))
    })?;
    let (mut loads, mut kinds) = (Loads::new(), Kinds::new());
    for (owner, needs, running) in found {
        *loads.entry(owner.clone()).or_default() += running;
        kinds.insert((owner, needs));
    }
    Ok((loads, kinds))
}

/// How many tasks an owner has at work.
pub fn find_load(tx: &mut Tx, owner: &str) -> Result<u64, StoreError> {
    tx.query_one(FIND_LOAD, &[&owner], |row| {
        codec::count(row, "owner_load", "running")
    })
}

/// Counts anew what owners have at work.
pub fn count_loads(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(DELETE_LOADS, &[])?;
    tx.execute(COUNT_LOADS, &[]).map(drop)
}

fn head(row: &Row<'_>) -> Result<Head, StoreError> {
    let lane = Lane::parse(&row.text("lane")?);
    let is_begun = row.i64("running")? + row.i64("completed")? > 0;
    let class = match codec::parsed(row, "experiment", "placement")? {
        Placement::OneClass if lane.experiment.is_some() => {
            Class::One(row.optional_text("device_class")?.filter(|_| is_begun))
        }
        _ => Class::Any,
    };
    Ok(Head {
        lane,
        class,
        task: codec::parsed(row, "task", "id")?,
        due: codec::time(row, "due_at")?,
        urgency: row.i64("urgency")?,
    })
}
