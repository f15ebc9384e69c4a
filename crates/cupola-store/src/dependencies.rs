//! Which tasks need which others to have completed.

use cupola_domain::ids::TaskId;

use crate::{StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO task_dependency (task_id, needs_task_id) VALUES ($1, $2)";
    RELEASE = "UPDATE task SET waiting_for =
                   (SELECT MIN(needed.number) FROM task_dependency
                    JOIN task AS needed ON needed.id = task_dependency.needs_task_id
                    WHERE task_dependency.task_id = task.id AND needed.state <> 'completed')
               WHERE id IN (SELECT task_id FROM task_dependency WHERE needs_task_id = $1)";
    LIST_DEPENDENTS = "SELECT task_id FROM task_dependency WHERE needs_task_id = $1 ORDER BY task_id";
    LIST_UNMET = "SELECT task.id FROM task_dependency
                  JOIN task ON task.id = task_dependency.needs_task_id
                  WHERE task_dependency.task_id = $1 AND task.state <> 'completed'
                  ORDER BY task.number";
    DELETE = "DELETE FROM task_dependency WHERE task_id = $1 OR needs_task_id = $1";
}

/// From now on `task` needs `needed`; the first that it waits for is written with the task itself.
pub fn insert(tx: &mut Tx, task: TaskId, needed: TaskId) -> Result<(), StoreError> {
    tx.execute_one(INSERT, &[&task.to_string(), &needed.to_string()])
}

/// `needed` has completed, and whatever needs it waits for the next, if there is one.
pub fn release(tx: &mut Tx, needed: TaskId) -> Result<(), StoreError> {
    tx.execute(RELEASE, &[&needed.to_string()]).map(drop)
}

/// The tasks that need `needed`.
pub fn list_dependents(tx: &mut Tx, needed: TaskId) -> Result<Vec<TaskId>, StoreError> {
    tx.query(LIST_DEPENDENTS, &[&needed.to_string()], |row| {
        codec::parsed(row, "task_dependency", "task_id")
    })
}

/// The tasks that `task` needs and that have not completed, by number.
pub fn list_unmet(tx: &mut Tx, task: TaskId) -> Result<Vec<TaskId>, StoreError> {
    tx.query(LIST_UNMET, &[&task.to_string()], |row| {
        codec::parsed(row, "task", "id")
    })
}

/// Forgets what a task needs and what needs it: it goes for good.
pub(crate) fn delete_of_task(tx: &mut Tx, task: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&task]).map(drop)
}
