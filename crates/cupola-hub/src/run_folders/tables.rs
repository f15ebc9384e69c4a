//! Which rows of the store a run's folder has.

use cupola_store::{
    Tx,
    dump::{self, Cell, Table},
};
use serde_json::{Map, Value};

use crate::{
    HubError,
    archive::{is_secret, json},
};

/// Rows of a run that stand in its `run.json`, and the column that has the run's id.
pub(super) const OF_RUN: [(&str, &str); 9] = [
    ("run", "id"),
    ("result", "run_id"),
    ("artifact", "run_id"),
    ("run_param", "run_id"),
    ("run_tag", "run_id"),
    ("run_dataset", "run_id"),
    ("run_model", "run_id"),
    ("series_of_run", "run_id"),
    ("run_cost", "run_id"),
];

/// What there may be much of: in `details.jsonl`, in this order.
pub(super) const LARGE: [(&str, &str); 3] = [
    ("large_result", "run_id"),
    ("log_chunk", "run_id"),
    ("series", "owner"),
];

/// What belongs to a series, by its number.
pub(super) const OF_SERIES: [&str; 5] = [
    "series_block",
    "series_span",
    "series_superseded",
    "series_arrival",
    "series_restart",
];

/// The five counts of an experiment follow from its tasks.
pub(super) const COUNTS: [&str; 5] = ["pending", "running", "completed", "failed", "cancelled"];

/// More rows than a run has of anything that stands in its `run.json`.
const ROWS_MAX: i64 = 1_000_000;

/// Rows by table, each as an object of columns.
pub(super) type Rows = Map<String, Value>;

/// What the tables of the store are.
pub(super) struct Tables(Vec<Table>);

impl Tables {
    pub(super) fn of(tx: &mut Tx) -> Result<Self, HubError> {
        Ok(Self(dump::tables(tx)?))
    }

    pub(super) fn table(&self, name: &str) -> Result<&Table, HubError> {
        let unknown = || HubError::Internal(anyhow::anyhow!("there is no table `{name}`"));
        self.0
            .iter()
            .find(|table| table.name == name)
            .ok_or_else(unknown)
    }

    /// The rows that have `value` in a column, all of them.
    pub(super) fn with(
        &self,
        tx: &mut Tx,
        (name, column): (&str, &str),
        value: &Cell,
    ) -> Result<Vec<Vec<Cell>>, HubError> {
        let table = self.table(name)?;
        Ok(dump::rows_with(tx, table, (column, value), None, ROWS_MAX)?)
    }

    /// The row called so, by its columns and without secrets.
    pub(super) fn find(
        &self,
        tx: &mut Tx,
        (name, column): (&str, &str),
        value: &str,
    ) -> Result<Option<Map<String, Value>>, HubError> {
        let found = self.with(tx, (name, column), &Cell::Text(value.to_owned()))?;
        let table = self.table(name)?;
        Ok(found.first().map(|row| object(table, row)))
    }

    /// Adds to `rows` those that have `value` in a column.
    pub(super) fn take(
        &self,
        tx: &mut Tx,
        of: (&str, &str),
        value: &Cell,
        rows: &mut Rows,
    ) -> Result<(), HubError> {
        let found = self.with(tx, of, value)?;
        if found.is_empty() {
            return Ok(());
        }
        let table = self.table(of.0)?;
        let found = found.iter().map(|row| Value::from(object(table, row)));
        rows.insert(of.0.to_owned(), found.collect());
        Ok(())
    }
}

/// A row by its columns, without secrets.
pub(super) fn object(table: &Table, row: &[Cell]) -> Map<String, Value> {
    json::object(table, row, |column| is_secret(&table.name, column))
}

/// A text in a row; nothing where it is none.
pub(super) fn text<'r>(row: &'r Map<String, Value>, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the folders of runs do not have: the registry, money, credits, alerts, reports, who may come in,
    /// and what is made anew from the rest.
    const NOT_HERE: [&str; 48] = [
        "alert",
        "alert_change",
        "alert_delivery",
        "alert_message",
        "alert_rule",
        "alert_rule_target",
        "alert_secret",
        "alert_target",
        "audit",
        "audit_run",
        "budget",
        "class_calibration",
        "code_repeats",
        "cost_total",
        "enrolled_token",
        "enrolment",
        "language_spent",
        "ledger_account",
        "ledger_earned",
        "ledger_earning",
        "ledger_giver",
        "ledger_transfer",
        "logged_model",
        "logged_model_metric",
        "model",
        "model_alias",
        "model_deployment",
        "model_evaluation",
        "model_file",
        "model_lineage",
        "model_tag",
        "model_version",
        "model_version_tag",
        "owner_standing",
        "owner_trust",
        "report",
        "report_schedule",
        "run_unlabelled",
        "session",
        "training_claim",
        "training_file",
        "training_model",
        "worker_place",
        "worker_telemetry",
        // In other files, or beside the run's own rows.
        "brief",
        "code",
        "needs",
        "experiment",
    ];
    const BESIDE: [&str; 4] = ["task", "task_dependency", "token", "worker"];

    #[test]
    fn it_was_thought_of_every_table() {
        let folder = tempfile::tempdir().unwrap();
        let location = cupola_store::Location::Sqlite(folder.path().join("cupola.db"));
        let options = cupola_store::Options::new(|| 0);
        let store = cupola_store::Store::open(&location, options).unwrap();
        let tables = store
            .read(|tx| Ok::<_, HubError>(dump::tables(tx)?))
            .unwrap();
        let known = || {
            let of_run = OF_RUN.iter().chain(&LARGE).map(|(name, _)| *name);
            of_run.chain(OF_SERIES).chain(NOT_HERE).chain(BESIDE)
        };
        for table in &tables {
            assert_eq!(
                known().filter(|name| table.name == *name).count(),
                1,
                "{}",
                table.name
            );
        }
        assert_eq!(known().count(), tables.len());
        store.close();
    }
}
