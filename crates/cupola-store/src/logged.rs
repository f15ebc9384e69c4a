//! Experiments as clients know them: those that a client deleted are still there, to be restored.

use cupola_domain::{
    experiment::Experiment,
    ids::{ExperimentId, RunId, TaskId},
    text::storable,
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, experiments::experiment, statement::statements};

statements! {
    FIND = "SELECT experiment.*, needs.body AS needs_body
            FROM experiment JOIN needs ON needs.id = experiment.needs_id
            WHERE experiment.id = $1 AND (deleted_at IS NULL OR is_restorable = TRUE)";
    FIND_BY_NAME = "SELECT experiment.*, needs.body AS needs_body
                    FROM experiment JOIN needs ON needs.id = experiment.needs_id
                    WHERE experiment.name = $1 AND origin = 'mlflow' AND bin_of IS NULL
                    AND (deleted_at IS NULL OR is_restorable = TRUE)";
    LIST = "SELECT experiment.*, needs.body AS needs_body
            FROM experiment JOIN needs ON needs.id = experiment.needs_id
            WHERE bin_of IS NULL AND (deleted_at IS NULL OR is_restorable = TRUE)
            ORDER BY experiment.id DESC";
    FIND_BIN = "SELECT id FROM experiment WHERE bin_of = $1 AND is_check = FALSE";
    SAVE_BIN = "UPDATE experiment SET bin_of = $2, deleted_at = $3, is_restorable = TRUE WHERE id = $1";
    SAVE_NAME = "UPDATE experiment SET name = $2, updated_at = $3 WHERE id = $1";
    SAVE_TAGS = "UPDATE experiment SET tags = $2, updated_at = $3 WHERE id = $1";
    SAVE_REMOVED = "UPDATE experiment SET deleted_at = $2, updated_at = $2, is_restorable = TRUE
                    WHERE id = $1 AND deleted_at IS NULL";
    SAVE_RESTORED = "UPDATE experiment SET deleted_at = NULL, updated_at = $2, is_restorable = FALSE
                     WHERE id = $1 AND is_restorable = TRUE AND bin_of IS NULL";
    SAVE_GIVEN_UP = "UPDATE experiment SET is_restorable = FALSE
                     WHERE is_restorable = TRUE
                     AND (bin_of IS NULL AND deleted_at < $1
                          OR bin_of NOT IN (SELECT id FROM experiment
                                            WHERE deleted_at IS NULL OR is_restorable = TRUE))";
    MOVE_TASK = "UPDATE task SET experiment_id = $2, number = $3 WHERE id = $1";
    MOVE_RUN = "UPDATE run SET experiment_id = $2, deleted_at = $3 WHERE id = $1";
}

/// An experiment as clients know it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// It.
    pub experiment: Experiment,
    /// When a client deleted it.
    pub deleted_at: Option<Timestamp>,
    /// Whose deleted runs it keeps; none for what clients see.
    pub bin_of: Option<ExperimentId>,
}

/// The experiment, even when a client deleted it.
pub fn find(tx: &mut Tx, id: ExperimentId) -> Result<Option<Known>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], known)
}

/// The experiment that clients know by this name, even when one of them deleted it.
pub fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<Known>, StoreError> {
    tx.query_optional(FIND_BY_NAME, &[&&*storable(name)], known)
}

/// All that clients know, the latest first.
pub fn list(tx: &mut Tx) -> Result<Vec<Known>, StoreError> {
    tx.query(LIST, &[], known)
}

/// Where the deleted runs of an experiment lie.
pub fn find_bin(tx: &mut Tx, of: ExperimentId) -> Result<Option<ExperimentId>, StoreError> {
    tx.query_optional(FIND_BIN, &[&of.to_string()], |row| {
        codec::parsed(row, "experiment", "id")
    })
}

/// Makes an experiment the one where the deleted runs of another lie.
pub fn save_bin(
    tx: &mut Tx,
    bin: ExperimentId,
    of: ExperimentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute_one(SAVE_BIN, &[&bin.to_string(), &of.to_string(), &at.millis()])
}

/// Renames an experiment.
pub fn save_name(
    tx: &mut Tx,
    id: ExperimentId,
    name: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE_NAME,
        &[&id.to_string(), &&*storable(name), &at.millis()],
    )
}

/// Writes the tags of an experiment.
pub fn save_tags(tx: &mut Tx, experiment: &Experiment, at: Timestamp) -> Result<(), StoreError> {
    let tags = codec::texts_text(&experiment.setup.tags);
    tx.execute_one(
        SAVE_TAGS,
        &[&experiment.id.to_string(), &tags, &at.millis()],
    )
}

/// Hides an experiment until it is restored.
pub fn save_removed(tx: &mut Tx, id: ExperimentId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_REMOVED, &[&id.to_string(), &at.millis()])
}

/// Shows an experiment again.
pub fn save_restored(tx: &mut Tx, id: ExperimentId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_RESTORED, &[&id.to_string(), &at.millis()])
}

/// What a client deleted before `before` is not restored any more, nor are the deleted runs of what is
/// gone; says how many experiments that are.
pub fn save_given_up(tx: &mut Tx, before: Timestamp) -> Result<usize, StoreError> {
    tx.execute(SAVE_GIVEN_UP, &[&before.millis()])
}

/// Puts a task with its run elsewhere; `deleted_at` says whether that is a bin.
pub fn save_place(
    tx: &mut Tx,
    (task, run): (TaskId, RunId),
    (experiment, number): (ExperimentId, u32),
    deleted_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let experiment = experiment.to_string();
    tx.execute_one(
        MOVE_TASK,
        &[&task.to_string(), &experiment, &i64::from(number)],
    )?;
    tx.execute_one(
        MOVE_RUN,
        &[
            &run.to_string(),
            &experiment,
            &deleted_at.map(Timestamp::millis),
        ],
    )
}

fn known(row: &Row<'_>) -> Result<Known, StoreError> {
    // The second runs of checks lie in a bin, too, and nobody deleted them: their programs log like others.
    let deleted_at = if row.bool("is_check")? {
        None
    } else {
        codec::optional_time(row, "deleted_at")?
    };
    Ok(Known {
        experiment: experiment(row)?,
        deleted_at,
        bin_of: codec::optional_parsed(row, "experiment", "bin_of")?,
    })
}
