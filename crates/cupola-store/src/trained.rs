//! Runs by the training model that they train, which is what their tag `model` says.

use cupola_domain::{ids::ExperimentId, run::Run, text::storable};

use crate::{Row, StoreError, Tx, codec, runs, statement::statements};

statements! {
    /// Those that are lost wait for another worker.
    LIST_ACTIVE = "SELECT run.*, experiment.name AS experiment_name, task.number AS task_number,
                          run_tag.value AS model
                   FROM run JOIN task ON task.id = run.task_id
                   JOIN experiment ON experiment.id = run.experiment_id
                   LEFT JOIN run_tag ON run_tag.run_id = run.id AND run_tag.key = 'model'
                   WHERE run.worker_id IS NOT NULL AND run.outcome IS NULL
                   AND run.phase <> 'lost' AND experiment.deleted_at IS NULL
                   ORDER BY run.id DESC";
    FIND_NEWEST = "SELECT run.* FROM run_tag JOIN run ON run.id = run_tag.run_id
                   JOIN experiment ON experiment.id = run.experiment_id
                   WHERE run_tag.key = 'model' AND SUBSTR(run_tag.value, 1, 64) = SUBSTR($1, 1, 64)
                   AND run_tag.value = $1
                   AND run.deleted_at IS NULL AND experiment.deleted_at IS NULL
                   ORDER BY run_tag.run_id DESC LIMIT 1";
    LIST_KEYS_OF = "SELECT DISTINCT value FROM run_tag WHERE key = 'model' AND run_id IN
                        (SELECT id FROM run WHERE experiment_id = $1 ORDER BY id DESC LIMIT $2)";
}

/// A run that a worker or a client has now.
#[derive(Debug, Clone, PartialEq)]
pub struct Active {
    /// The run.
    pub run: Run,
    /// The number of its task.
    pub number: u32,
    /// The name of what it belongs to.
    pub experiment: String,
    /// The key of the model that it trains; none where nobody said.
    pub model: Option<String>,
}

/// The runs that somebody has now, the latest first.
pub fn list_active(tx: &mut Tx) -> Result<Vec<Active>, StoreError> {
    tx.query(LIST_ACTIVE, &[], active)
}

/// The latest run that trains the model with this key.
pub fn find_newest(tx: &mut Tx, key: &str) -> Result<Option<Run>, StoreError> {
    tx.query_optional(FIND_NEWEST, &[&&*storable(key)], runs::run)
}

/// The keys of the models that the latest `limit` runs of an experiment train, be it deleted or not.
pub fn list_keys_of(
    tx: &mut Tx,
    experiment: ExperimentId,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    tx.query(LIST_KEYS_OF, &[&experiment.to_string(), &limit], |row| {
        row.text("value")
    })
}

fn active(row: &Row<'_>) -> Result<Active, StoreError> {
    Ok(Active {
        run: runs::run(row)?,
        number: codec::count(row, "task", "task_number")?,
        experiment: row.text("experiment_name")?,
        model: row.optional_text("model")?,
    })
}
