//! The second runs of checks.

use cupola_domain::{
    audit::{Finding, Place, Role},
    ids::{AuditId, ExperimentId, RunId, TaskId},
    time::Timestamp,
};

use super::{Claim, claim};
use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO audit_run (audit_id, round, role, auditor, task_id, run_id, worker_id, owner, class,
                                     digest, value, finding, place, at, needs_id)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
                      COALESCE((SELECT task.needs_id FROM task WHERE task.id = $5), 0))";
    SAVE = "UPDATE audit_run SET run_id = $3, worker_id = $4, owner = $5, class = $6, digest = $7,
                                 value = $8, finding = $9, place = $10, at = $11
            WHERE audit_id = $1 AND round = $2";
    LIST = "SELECT * FROM audit_run WHERE audit_id = $1 ORDER BY round";
    LIST_OF_RUN = "SELECT * FROM audit_run WHERE run_id = $1 ORDER BY audit_id";
    FIND_AWAITED = "SELECT * FROM audit_run WHERE task_id = $1 AND place = 'awaited'";
    FIND_ANY_AWAITED = "SELECT audit_id FROM audit_run WHERE auditor IN ($1, $2) AND place = 'awaited' LIMIT 1";
    LIST_COPIES_OF = "SELECT audit_run.audit_id, audit_run.task_id
                      FROM audit_run JOIN audit ON audit.id = audit_run.audit_id
                      JOIN task ON task.id = audit_run.task_id
                      WHERE audit_run.auditor = $1 AND audit_run.needs_id = $2 AND audit_run.place = 'awaited'
                      AND audit.task_id <> audit_run.task_id
                      AND task.state = 'pending' AND task.waiting_for IS NULL ORDER BY audit_run.audit_id LIMIT $3";
    /// Those that nobody can pay, or that a budget keeps, are not ready.
    LIST_KEPT_OF = "SELECT audit_run.audit_id, audit_run.task_id
                    FROM audit_run JOIN audit ON audit.id = audit_run.audit_id
                    JOIN task ON task.id = audit_run.task_id
                    WHERE audit_run.auditor = $1 AND audit_run.needs_id = $2 AND audit_run.place = 'awaited'
                    AND audit.task_id = audit_run.task_id AND task.unpaid_by IS NULL AND task.budget_id IS NULL
                    AND task.state = 'pending' AND task.waiting_for IS NULL ORDER BY audit_run.audit_id LIMIT $3";
    /// Copies lie elsewhere: in an experiment that people see, what names a check is the task itself.
    COUNT_KEPT = "SELECT needs_id, COUNT(*) AS n FROM task
                  WHERE experiment_id = $1 AND audit_id IS NOT NULL AND state = 'pending' GROUP BY needs_id";
    LIST_NEEDS_AWAITED = "SELECT DISTINCT needs_id FROM audit_run WHERE auditor = $1 AND place = 'awaited'";
    LIST_VOUCHED = "SELECT * FROM audit_run WHERE owner = $1 AND audit_id < $2 AND role = 'peer'
                    AND finding = 'valid' ORDER BY audit_id DESC LIMIT $3";
    LIST_ANSWERS = "SELECT * FROM audit_run WHERE role = 'referee' AND place = 'came'
                    ORDER BY audit_id DESC LIMIT $1";
}

/// Nobody's worker: no one has it yet.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A second run of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// What it is of.
    pub audit: AuditId,
    /// Which in order.
    pub round: u32,
    /// As what.
    pub role: Role,
    /// Who was chosen: a worker's id, or the word for the referee.
    pub auditor: String,
    /// The copy of the task.
    pub task: TaskId,
    /// The run that counts; the copy's first one before anybody had it.
    pub run: RunId,
    /// What it says; nobody's before it is there.
    pub claim: Claim,
    /// What was found of it.
    pub finding: Option<Finding>,
    /// Where it is.
    pub place: Place,
    /// Since when.
    pub at: Timestamp,
}

impl Claim {
    /// Before anybody says anything.
    pub fn nobodys() -> Self {
        Self {
            owner: String::new(),
            worker: NOBODY.parse().expect("the nil UUID is one"),
            class: String::new(),
            digest: String::new(),
            value: None,
        }
    }
}

/// Adds a run.
pub fn insert_side(tx: &mut Tx, side: &Side) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &side.audit.to_string(),
            &i64::from(side.round),
            &side.role.as_str(),
            &side.auditor,
            &side.task.to_string(),
            &side.run.to_string(),
            &side.claim.worker.to_string(),
            &side.claim.owner,
            &side.claim.class,
            &side.claim.digest,
            &side.claim.value,
            &side.finding.map(Finding::as_str),
            &side.place.as_str(),
            &side.at.millis(),
        ],
    )
}

/// Writes what became of a run.
pub fn save_side(tx: &mut Tx, side: &Side) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &side.audit.to_string(),
            &i64::from(side.round),
            &side.run.to_string(),
            &side.claim.worker.to_string(),
            &side.claim.owner,
            &side.claim.class,
            &side.claim.digest,
            &side.claim.value,
            &side.finding.map(Finding::as_str),
            &side.place.as_str(),
            &side.at.millis(),
        ],
    )
}

/// The runs of a check by round.
pub fn list_sides(tx: &mut Tx, audit: AuditId) -> Result<Vec<Side>, StoreError> {
    tx.query(LIST, &[&audit.to_string()], side)
}

/// The checks that a run is a second run of.
pub fn list_sides_of_run(tx: &mut Tx, run: RunId) -> Result<Vec<Side>, StoreError> {
    tx.query(LIST_OF_RUN, &[&run.to_string()], side)
}

/// What waits for the result of this copy of a task.
pub fn find_awaited(tx: &mut Tx, task: TaskId) -> Result<Option<Side>, StoreError> {
    tx.query_optional(FIND_AWAITED, &[&task.to_string()], side)
}

/// Whether anything waits for one of these two auditors.
pub fn is_any_awaited(tx: &mut Tx, (a, b): (&str, &str)) -> Result<bool, StoreError> {
    let found = tx.query_optional(FIND_ANY_AWAITED, &[&a, &b], |_| Ok(()))?;
    Ok(found.is_some())
}

/// The copies of tasks with these needs that wait to be taken by whoever was chosen, the oldest checks first.
pub fn list_copies_of(
    tx: &mut Tx,
    (auditor, needs): (&str, i64),
    limit: i64,
) -> Result<Vec<(AuditId, TaskId)>, StoreError> {
    tx.query(LIST_COPIES_OF, &[&auditor, &needs, &limit], awaited)
}

/// The same of tasks that wait themselves, and no copy of them, where they can be paid.
pub fn list_kept_of(
    tx: &mut Tx,
    (auditor, needs): (&str, i64),
    limit: i64,
) -> Result<Vec<(AuditId, TaskId)>, StoreError> {
    tx.query(LIST_KEPT_OF, &[&auditor, &needs, &limit], awaited)
}

/// How many tasks of an experiment wait themselves for whom a check names, by what they need.
pub fn count_kept(tx: &mut Tx, experiment: ExperimentId) -> Result<Vec<(i64, u64)>, StoreError> {
    tx.query(COUNT_KEPT, &[&experiment.to_string()], |row| {
        Ok((row.i64("needs_id")?, codec::count(row, "task", "n")?))
    })
}

/// What the tasks need whose copies wait for whoever was chosen.
pub fn list_needs_awaited(tx: &mut Tx, auditor: &str) -> Result<Vec<i64>, StoreError> {
    tx.query(LIST_NEEDS_AWAITED, &[&auditor], |row| row.i64("needs_id"))
}

/// What somebody found right as a peer, the latest first, those before a check.
pub fn list_vouched(
    tx: &mut Tx,
    (owner, before): (&str, &str),
    limit: i64,
) -> Result<Vec<Side>, StoreError> {
    tx.query(LIST_VOUCHED, &[&owner, &before, &limit], side)
}

/// The referee's latest answers.
pub fn list_answers(tx: &mut Tx, limit: i64) -> Result<Vec<Side>, StoreError> {
    tx.query(LIST_ANSWERS, &[&limit], side)
}

fn awaited(row: &Row<'_>) -> Result<(AuditId, TaskId), StoreError> {
    Ok((
        codec::parsed(row, "audit_run", "audit_id")?,
        codec::parsed(row, "audit_run", "task_id")?,
    ))
}

fn side(row: &Row<'_>) -> Result<Side, StoreError> {
    const TABLE: &str = "audit_run";
    Ok(Side {
        audit: codec::parsed(row, TABLE, "audit_id")?,
        round: codec::count(row, TABLE, "round")?,
        role: codec::parsed(row, TABLE, "role")?,
        auditor: row.text("auditor")?,
        task: codec::parsed(row, TABLE, "task_id")?,
        run: codec::parsed(row, TABLE, "run_id")?,
        claim: claim(row, TABLE)?,
        finding: codec::optional_parsed(row, TABLE, "finding")?,
        place: codec::parsed(row, TABLE, "place")?,
        at: codec::time(row, "at")?,
    })
}
