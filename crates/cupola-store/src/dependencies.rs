//! Which tasks need which others to have completed.

use cupola_domain::{counts::State, ids::TaskId};

use crate::{StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO task_dependency (task_id, needs_task_id) VALUES ($1, $2)";
    /// Who waits for an earlier one goes on waiting for that.
    RELEASE = "UPDATE task SET waiting_for =
                   (SELECT MIN(needed.number) FROM task_dependency
                    JOIN task AS needed ON needed.id = task_dependency.needs_task_id
                    WHERE task_dependency.task_id = task.id AND needed.state <> 'completed')
               WHERE id IN (SELECT task_id FROM task_dependency WHERE needs_task_id = $1)
               AND waiting_for = $2
               RETURNING id";
    /// What has begun goes on.
    HOLD_BACK = "UPDATE task SET waiting_for = $2
                 WHERE id IN (SELECT task_id FROM task_dependency WHERE needs_task_id = $1)
                 AND state = 'pending' AND (waiting_for IS NULL OR waiting_for > $2)
                 RETURNING id";
    LIST_DEPENDENTS = "SELECT task_id FROM task_dependency WHERE needs_task_id = $1 ORDER BY task_id";
    FIND_HINDRANCE = "SELECT task.id, task.number, task.state FROM task_dependency
                      JOIN task ON task.id = task_dependency.needs_task_id
                      WHERE task_dependency.task_id = $1 AND task.state IN ('failed', 'cancelled')
                      ORDER BY task.number LIMIT 1";
    DELETE = "DELETE FROM task_dependency WHERE task_id = $1 OR needs_task_id = $1";
}

/// A task that ended without completing, while another needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hindrance {
    /// The task.
    pub task: TaskId,
    /// Its number.
    pub number: u32,
    /// How it ended.
    pub state: State,
}

/// From now on `task` needs `needed`; the first that it waits for is written with the task itself.
pub fn insert(tx: &mut Tx, task: TaskId, needed: TaskId) -> Result<(), StoreError> {
    tx.execute_one(INSERT, &[&task.to_string(), &needed.to_string()])
}

/// `needed`, which has this number, had completed and waits again: what needs it and has not begun waits, too.
pub fn hold_back(tx: &mut Tx, needed: TaskId, number: u32) -> Result<Vec<TaskId>, StoreError> {
    let params: [&dyn ToValue; 2] = [&needed.to_string(), &i64::from(number)];
    tx.query(HOLD_BACK, &params, |row| codec::parsed(row, "task", "id"))
}

/// `needed`, which has this number, has completed, and what waited for it waits for the next, if there
/// is one. Says which tasks those are.
pub fn release(tx: &mut Tx, needed: TaskId, number: u32) -> Result<Vec<TaskId>, StoreError> {
    let params: [&dyn ToValue; 2] = [&needed.to_string(), &i64::from(number)];
    tx.query(RELEASE, &params, |row| codec::parsed(row, "task", "id"))
}

/// The tasks that need `needed`.
pub fn list_dependents(tx: &mut Tx, needed: TaskId) -> Result<Vec<TaskId>, StoreError> {
    tx.query(LIST_DEPENDENTS, &[&needed.to_string()], |row| {
        codec::parsed(row, "task_dependency", "task_id")
    })
}

/// The first, by number, that `task` needs and that has failed or was cancelled.
pub fn find_hindrance(tx: &mut Tx, task: TaskId) -> Result<Option<Hindrance>, StoreError> {
    tx.query_optional(FIND_HINDRANCE, &[&task.to_string()], |row| {
        Ok(Hindrance {
            task: codec::parsed(row, "task", "id")?,
            number: codec::count(row, "task", "number")?,
            state: codec::parsed(row, "task", "state")?,
        })
    })
}

/// Forgets what a task needs and what needs it: it goes for good.
pub(crate) fn delete_of_task(tx: &mut Tx, task: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&task]).map(drop)
}
