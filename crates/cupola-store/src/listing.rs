//! Runs one after the other, for whoever reads all of them.

use cupola_domain::ids::{ExperimentId, RunId};

use crate::{StoreError, Tx, codec, statement::statements};

statements! {
    LIST = "SELECT run.id FROM run JOIN experiment ON experiment.id = run.experiment_id
            WHERE experiment.deleted_at IS NULL AND run.id > $1 ORDER BY run.id LIMIT $2";
    LIST_OF_EXPERIMENT = "SELECT id FROM run WHERE experiment_id = $1 AND id > $2
                          ORDER BY id LIMIT $3";
    FIND_IMPORT = "SELECT id FROM experiment WHERE name = $1 AND template = $2
                   AND origin = 'workspace' AND deleted_at IS NULL ORDER BY id LIMIT 1";
    FIND_NAMED = "SELECT id FROM run WHERE experiment_id = $1 AND name = $2 AND deleted_at IS NULL
                  ORDER BY id LIMIT 1";
}

/// The experiment of this name into which is imported what `template` says.
pub fn find_import(
    tx: &mut Tx,
    name: &str,
    template: &str,
) -> Result<Option<ExperimentId>, StoreError> {
    tx.query_optional(FIND_IMPORT, &[&name, &template], |row| {
        codec::parsed(row, "experiment", "id")
    })
}

/// The first run of an experiment that is called so.
pub fn find_named(
    tx: &mut Tx,
    experiment: ExperimentId,
    name: &str,
) -> Result<Option<RunId>, StoreError> {
    tx.query_optional(FIND_NAMED, &[&experiment.to_string(), &name], |row| {
        codec::parsed(row, "run", "id")
    })
}

/// Up to `limit` runs behind `after` in the order of their ids, which is that of their making; all of
/// them, or those of one experiment. What belongs to a deleted experiment is not there.
pub fn list(
    tx: &mut Tx,
    experiment: Option<ExperimentId>,
    after: Option<RunId>,
    limit: i64,
) -> Result<Vec<RunId>, StoreError> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let id = |row: &crate::Row<'_>| codec::parsed(row, "run", "id");
    match experiment {
        None => tx.query(LIST, &[&after, &limit], id),
        Some(experiment) => {
            let experiment = experiment.to_string();
            tx.query(LIST_OF_EXPERIMENT, &[&experiment, &after, &limit], id)
        }
    }
}
