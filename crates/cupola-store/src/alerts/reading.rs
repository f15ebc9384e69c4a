//! What rules look at: the changes since they last looked, what runs, and the newest values of series.

use cupola_domain::{
    ids::{RunId, TaskId},
    metric::parse_non_finite,
    run::Outcome,
    time::Timestamp,
};

use crate::{Row, StoreError, ToValue, Tx, codec, runs, statement::statements};

/// The row of [`find_seq`]; there is one reader.
const RULES: &str = "rules";

/// So many owners of series are asked for at once.
const OWNERS_PER_STATEMENT: usize = 200;

statements! {
    FIND_SEQ = "SELECT seq FROM alert_reading WHERE name = $1";
    SAVE_SEQ = "INSERT INTO alert_reading (name, seq) VALUES ($1, $2)
                ON CONFLICT (name) DO UPDATE SET seq = excluded.seq";
    LIST_CHANGED = "SELECT seq, at, kind, subject FROM event
                    WHERE seq > $1 AND (kind = 'ended' OR kind = 'metrics' OR kind = 'telemetry')
                    ORDER BY seq LIMIT $2";
    LIST_RUNNING = "SELECT run.id FROM run JOIN experiment ON experiment.id = run.experiment_id
                    WHERE run.outcome IS NULL AND run.phase = 'running'
                    AND experiment.deleted_at IS NULL";
    FIND_NAMED = "SELECT run.id, run.task_id, run.outcome, run.failure, run.failure_detail,
                         task.number, experiment.name
                  FROM run JOIN task ON task.id = run.task_id
                  JOIN experiment ON experiment.id = run.experiment_id
                  WHERE run.id = $1 AND experiment.deleted_at IS NULL";
}

/// A change that rules look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: ChangedKind,
    /// Whose, as a text.
    pub subject: String,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangedKind {
    /// A run came to its end.
    Ended,
    /// A run has more points.
    Metrics,
    /// A worker measured its machine.
    Telemetry,
}

/// What a run is called, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The run.
    pub run: RunId,
    /// Its task.
    pub task: TaskId,
    /// The number of that.
    pub number: i64,
    /// The name of its experiment.
    pub experiment: String,
    /// None while it runs.
    pub outcome: Option<Outcome>,
}

/// The newest value of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Latest {
    /// The id of the run or worker that has it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// The value.
    pub value: f64,
}

/// Up to which change the rules have looked; none in a store that is new or was copied.
pub fn find_seq(tx: &mut Tx) -> Result<Option<i64>, StoreError> {
    tx.query_optional(FIND_SEQ, &[&RULES], |row| row.i64("seq"))
}

/// The rules have looked up to this change.
pub fn save_seq(tx: &mut Tx, seq: i64) -> Result<(), StoreError> {
    tx.execute_one(SAVE_SEQ, &[&RULES, &seq])
}

/// The changes after `seq` that rules look at, oldest first, at most `limit`.
pub fn list_changed(tx: &mut Tx, seq: i64, limit: i64) -> Result<Vec<Changed>, StoreError> {
    tx.query(LIST_CHANGED, &[&seq, &limit], |row| {
        let kind = match row.text("kind")?.as_str() {
            "ended" => ChangedKind::Ended,
            "metrics" => ChangedKind::Metrics,
            _ => ChangedKind::Telemetry,
        };
        Ok(Changed {
            seq: row.i64("seq")?,
            at: codec::time(row, "at")?,
            kind,
            subject: row.text("subject")?,
        })
    })
}

/// The runs whose programs run now.
pub fn list_running(tx: &mut Tx) -> Result<Vec<RunId>, StoreError> {
    tx.query(LIST_RUNNING, &[], |row| codec::parsed(row, "run", "id"))
}

/// What a run is called; none of a deleted experiment.
pub fn find_named(tx: &mut Tx, run: RunId) -> Result<Option<Named>, StoreError> {
    tx.query_optional(FIND_NAMED, &[&run.to_string()], |row| {
        let outcome = row.optional_text("outcome")?;
        Ok(Named {
            run: codec::parsed(row, "run", "id")?,
            task: codec::parsed(row, "run", "task_id")?,
            number: row.i64("number")?,
            experiment: row.text("name")?,
            outcome: match outcome {
                Some(_) => Some(runs::outcome(row)?),
                None => None,
            },
        })
    })
}

/// The newest values of the named series of the owners. Each owner and name costs one look at an index.
pub fn list_latest(
    tx: &mut Tx,
    owners: &[String],
    names: &[String],
) -> Result<Vec<Latest>, StoreError> {
    let mut found = Vec::new();
    if names.is_empty() {
        return Ok(found);
    }
    for some in owners.chunks(OWNERS_PER_STATEMENT) {
        let sql = latest_sql(some.len(), names.len());
        let params = some.iter().chain(names).map(|text| text as &dyn ToValue);
        let params: Vec<&dyn ToValue> = params.collect();
        let rows = tx.query_dynamic(&sql, &params, latest)?;
        found.extend(rows.into_iter().flatten());
    }
    Ok(found)
}

fn latest_sql(owners: usize, names: usize) -> String {
    let holes = |from: usize, count: usize| {
        let holes: Vec<_> = (from..from + count)
            .map(|hole| format!("${hole}"))
            .collect();
        holes.join(", ")
    };
    let (of, by) = (holes(1, owners), holes(owners + 1, names));
    format!(
        "SELECT owner, name, last_value, last_word FROM series
         WHERE owner IN ({of}) AND name IN ({by})"
    )
}

fn latest(row: &Row<'_>) -> Result<Option<Latest>, StoreError> {
    let word = row.optional_text("last_word")?;
    let value = match word.as_deref().and_then(parse_non_finite) {
        Some(value) => Some(value),
        None => row.optional_f64("last_value")?,
    };
    let (owner, name) = (row.text("owner")?, row.text("name")?);
    Ok(value.map(|value| Latest { owner, name, value }))
}
