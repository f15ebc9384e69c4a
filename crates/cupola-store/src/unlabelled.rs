//! Runs of before there were parameters and tags to search by.

use cupola_domain::ids::{RunId, TaskId};

use crate::{StoreError, Tx, codec, statement::statements};

statements! {
    LIST = "SELECT run.id, run.task_id FROM run_unlabelled
            JOIN run ON run.id = run_unlabelled.run_id
            ORDER BY run_unlabelled.run_id LIMIT $1";
    DELETE = "DELETE FROM run_unlabelled WHERE run_id = $1";
}

/// Up to `limit` of them, each with its task.
pub fn list(tx: &mut Tx, limit: i64) -> Result<Vec<(RunId, TaskId)>, StoreError> {
    tx.query(LIST, &[&limit], |row| {
        let task = codec::parsed(row, "run", "task_id")?;
        Ok((codec::parsed(row, "run", "id")?, task))
    })
}

/// The run has its parameters and tags now.
pub fn delete(tx: &mut Tx, run: RunId) -> Result<(), StoreError> {
    delete_of_run(tx, &run.to_string())
}

/// The run goes for good.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&run]).map(drop)
}
