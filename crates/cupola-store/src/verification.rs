//! Checks of results: what is checked, by whom, and what was found.

mod copies;
mod owners;
mod sides;

use cupola_domain::{
    audit::{Finding, Stage, Why},
    counts::State,
    ids::{AuditId, ExperimentId, RunId, TaskId, WorkerId},
    objective::Direction,
    text::storable,
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

pub use copies::{
    Calibration, find_calibration, find_hidden, find_repeats, has_had, list_unproven,
    save_calibration, save_checked, save_hidden, save_repeats, save_unproven,
};
pub use owners::{
    Rest, Standing, Trust, find_rest, find_standing, list_banned, list_held_of, list_results_of,
    list_standings, list_trust, list_trust_of, list_unfinished_bans, save_rest, save_standing,
    save_trust,
};
pub use sides::{
    Side, count_kept, find_awaited, insert_side, is_any_awaited, list_answers, list_copies_of,
    list_kept_of, list_needs_awaited, list_sides, list_sides_of_run, list_vouched, save_side,
};

statements! {
    INSERT = "INSERT INTO audit (id, run_id, task_id, experiment_id, experiment_name, task_number, template,
                                 code_hash, metric, direction, owner, worker_id, class, digest, value, why,
                                 asked_by, stage, round, is_for_referee, failures, finding, note, tolerance,
                                 opened_at, settled_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                      $20, $21, $22, $23, $24, $25, $26)";
    SAVE = "UPDATE audit SET class = $2, digest = $3, value = $4, stage = $5, round = $6,
                             is_for_referee = $7, failures = $8, finding = $9, note = $10, tolerance = $11,
                             settled_at = $12
            WHERE id = $1 AND stage <> 'settled'";
    SAVE_ASKED = "UPDATE audit SET asked_by = $2 WHERE id = $1";
    FIND = "SELECT * FROM audit WHERE id = $1";
    /// Nobody has it, or whoever was chosen does not run it. The referee is waited for.
    LIST_STILL = "SELECT audit.id, audit_run.auditor, audit_run.at, task.state FROM audit
                  LEFT JOIN audit_run ON audit_run.audit_id = audit.id AND audit_run.place = 'awaited'
                  LEFT JOIN task ON task.id = audit_run.task_id
                  WHERE audit.stage <> 'settled' AND audit.id > $1
                  AND (task.state IS NULL OR (task.state <> 'running'
                       AND (task.state <> 'pending' OR audit_run.role <> 'referee')))
                  ORDER BY audit.id LIMIT $2";
    IS_OPEN = "SELECT id FROM audit WHERE stage <> 'settled' LIMIT 1";
    /// The latest first; an empty text stands for all. Trials of newcomers that are not over are left out for most.
    LIST = "SELECT * FROM audit WHERE id < $1 AND (why <> 'spot' OR stage = 'settled' OR $6 = TRUE)
            AND ($2 = '' OR stage = $2) AND ($3 = '' OR finding = $3) AND ($4 = '' OR owner = $4) ORDER BY id DESC LIMIT $5";
    LIST_OF_OWNER = "SELECT * FROM audit WHERE owner = $4 AND id < $1 AND ($2 = '' OR stage = $2)
                     AND (why <> 'spot' OR stage = 'settled' OR $6 = TRUE)
                     AND ($3 = '' OR finding = $3) ORDER BY id DESC LIMIT $5";
    LIST_OF_WORKER = "SELECT * FROM audit WHERE worker_id = $1 ORDER BY id DESC LIMIT $2";
    COUNT_OPEN = "SELECT stage, COUNT(*) AS n FROM audit WHERE stage <> 'settled'
                  AND (why <> 'spot' OR $1 = TRUE) GROUP BY stage";
    LIST_OF_RUN = "SELECT * FROM audit WHERE run_id = $1 ORDER BY id";
    LIST_OPEN_OF_OWNER = "SELECT * FROM audit WHERE owner = $1 AND stage <> 'settled' ORDER BY id";
    LIST_CLAIMS = "SELECT id, value FROM audit
                   WHERE experiment_id = $1 AND stage <> 'settled' AND why = 'best' AND value IS NOT NULL";
}

/// Statements of this folder, by module.
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 4] = [
    ("verification", ALL),
    ("verification::copies", copies::ALL),
    ("verification::owners", owners::ALL),
    ("verification::sides", sides::ALL),
];

/// A check of one result.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Its name.
    pub id: AuditId,
    /// The run whose result it is.
    pub run: RunId,
    /// What that attempted; of a spot check the task whose answer was known.
    pub task: TaskId,
    /// What the task belongs to.
    pub experiment: ExperimentId,
    /// How that was called then.
    pub experiment_name: String,
    /// The task's number in it.
    pub task_number: u32,
    /// What was run.
    pub template: String,
    /// And which code of it.
    pub code_hash: String,
    /// What it is judged by.
    pub metric: String,
    /// Which way.
    pub direction: Direction,
    /// Whose result it is, and what it says.
    pub claim: Claim,
    /// Why it is checked.
    pub why: Why,
    /// Who asked for it; empty where the hub decided.
    pub asked_by: String,
    /// How far it is.
    pub stage: Stage,
    /// Counts those who were chosen.
    pub round: u32,
    /// Whether only the referee is asked from now on.
    pub is_for_referee: bool,
    /// How often the referee's own run failed.
    pub failures: u32,
    /// What it found, once it is settled.
    pub finding: Option<Finding>,
    /// What was found, in words.
    pub note: String,
    /// How far two classes could lie apart when it was judged.
    pub tolerance: Option<f64>,
    /// When it began.
    pub opened_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
}

/// What one run says.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Whose worker it was.
    pub owner: String,
    /// Which.
    pub worker: WorkerId,
    /// The class of its machine.
    pub class: String,
    /// Over all that has to be equal inside a class.
    pub digest: String,
    /// The objective; none where it is not finite.
    pub value: Option<f64>,
}

/// Opens a check.
pub fn insert(tx: &mut Tx, audit: &Audit) -> Result<(), StoreError> {
    let Audit { claim, .. } = audit;
    tx.execute_one(
        INSERT,
        &[
            &audit.id.to_string(),
            &audit.run.to_string(),
            &audit.task.to_string(),
            &audit.experiment.to_string(),
            &audit.experiment_name,
            &i64::from(audit.task_number),
            &audit.template,
            &audit.code_hash,
            &audit.metric,
            &audit.direction.as_str(),
            &claim.owner,
            &claim.worker.to_string(),
            &claim.class,
            &claim.digest,
            &claim.value,
            &audit.why.as_str(),
            &audit.asked_by,
            &audit.stage.as_str(),
            &i64::from(audit.round),
            &audit.is_for_referee,
            &i64::from(audit.failures),
            &audit.finding.map(Finding::as_str),
            &audit.note,
            &audit.tolerance,
            &audit.opened_at.millis(),
            &audit.settled_at.map(Timestamp::millis),
        ],
    )
}

/// Writes how far a check is. What is settled stays so.
pub fn save(tx: &mut Tx, audit: &Audit) -> Result<(), StoreError> {
    let Audit { claim, .. } = audit;
    tx.execute_one(
        SAVE,
        &[
            &audit.id.to_string(),
            &claim.class,
            &claim.digest,
            &claim.value,
            &audit.stage.as_str(),
            &i64::from(audit.round),
            &audit.is_for_referee,
            &i64::from(audit.failures),
            &audit.finding.map(Finding::as_str),
            &audit.note,
            &audit.tolerance,
            &audit.settled_at.map(Timestamp::millis),
        ],
    )
}

/// Notes who asked for a check.
pub fn save_asked(tx: &mut Tx, id: AuditId, author: &str) -> Result<(), StoreError> {
    tx.execute_one(SAVE_ASKED, &[&id.to_string(), &author])
}

/// The check called so.
pub fn find(tx: &mut Tx, id: AuditId) -> Result<Option<Audit>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], audit)
}

/// A check that nobody is at work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// Which.
    pub audit: AuditId,
    /// Whether its copy waits for whoever was chosen.
    pub is_pending: bool,
    /// Who was; empty where nobody is.
    pub auditor: String,
    /// And when.
    pub at: Timestamp,
}

/// What is not settled and nobody is at work on, by name, those after one.
pub fn list_still(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Still>, StoreError> {
    tx.query(LIST_STILL, &[&after, &limit], |row| {
        let state: Option<State> = codec::optional_parsed(row, "task", "state")?;
        Ok(Still {
            audit: codec::parsed(row, "audit", "id")?,
            is_pending: state == Some(State::Pending),
            auditor: row.optional_text("auditor")?.unwrap_or_default(),
            at: codec::optional_time(row, "at")?.unwrap_or(Timestamp::from_millis(0)),
        })
    })
}

/// Whether anything is not settled.
pub fn is_open(tx: &mut Tx) -> Result<bool, StoreError> {
    let found = tx.query_optional(IS_OPEN, &[], |row| row.text("id"))?;
    Ok(found.is_some())
}

/// Which checks are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those that are so far.
    pub stage: Option<Stage>,
    /// Only those that found that.
    pub finding: Option<Finding>,
    /// Only those of results of this owner; empty for all.
    pub owner: String,
    /// Only those before this one.
    pub before: Option<AuditId>,
    /// Also trials of newcomers that are not over.
    pub with_trials: bool,
    /// How many at most.
    pub limit: i64,
}

/// Above the name of every check.
const LAST: &str = "g";

/// The latest checks first.
pub fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Audit>, StoreError> {
    let before = filter.before.map(|id| id.to_string());
    let before = before.unwrap_or_else(|| LAST.to_owned());
    let stage = filter.stage.map_or("", Stage::as_str);
    let finding = filter.finding.map_or("", Finding::as_str);
    let owner = storable(&filter.owner);
    let sql = if owner.is_empty() {
        LIST
    } else {
        LIST_OF_OWNER
    };
    tx.query(
        sql,
        &[
            &before,
            &stage,
            &finding,
            &&*owner,
            &filter.limit,
            &filter.with_trials,
        ],
        audit,
    )
}

/// The latest checks of what a worker gave.
pub fn list_of_worker(tx: &mut Tx, worker: WorkerId, limit: i64) -> Result<Vec<Audit>, StoreError> {
    tx.query(LIST_OF_WORKER, &[&worker.to_string(), &limit], audit)
}

/// How many wait for somebody to be chosen, and how many for a result.
pub fn count_open(tx: &mut Tx, with_trials: bool) -> Result<(u64, u64), StoreError> {
    let rows = tx.query(COUNT_OPEN, &[&with_trials], |row| {
        let stage: Stage = codec::parsed(row, "audit", "stage")?;
        Ok((stage, codec::count(row, "audit", "n")?))
    })?;
    let of = |wanted| {
        rows.iter()
            .find(|(stage, _)| *stage == wanted)
            .map_or(0, |(_, n)| *n)
    };
    Ok((of(Stage::Open), of(Stage::AtWork)))
}

/// The checks of a run's result, in order.
pub fn list_of_run(tx: &mut Tx, run: RunId) -> Result<Vec<Audit>, StoreError> {
    tx.query(LIST_OF_RUN, &[&run.to_string()], audit)
}

/// What is not settled of an owner's results.
pub fn list_open_of_owner(tx: &mut Tx, owner: &str) -> Result<Vec<Audit>, StoreError> {
    tx.query(LIST_OPEN_OF_OWNER, &[&owner], audit)
}

/// The values that would be the best of an experiment and are being checked.
pub fn list_claims(
    tx: &mut Tx,
    experiment: ExperimentId,
) -> Result<Vec<(AuditId, f64)>, StoreError> {
    tx.query(LIST_CLAIMS, &[&experiment.to_string()], |row| {
        Ok((codec::parsed(row, "audit", "id")?, row.f64("value")?))
    })
}

pub(crate) fn audit(row: &Row<'_>) -> Result<Audit, StoreError> {
    const TABLE: &str = "audit";
    Ok(Audit {
        id: codec::parsed(row, TABLE, "id")?,
        run: codec::parsed(row, TABLE, "run_id")?,
        task: codec::parsed(row, TABLE, "task_id")?,
        experiment: codec::parsed(row, TABLE, "experiment_id")?,
        experiment_name: row.text("experiment_name")?,
        task_number: codec::count(row, TABLE, "task_number")?,
        template: row.text("template")?,
        code_hash: row.text("code_hash")?,
        metric: row.text("metric")?,
        direction: codec::parsed(row, TABLE, "direction")?,
        claim: claim(row, TABLE)?,
        why: codec::parsed(row, TABLE, "why")?,
        asked_by: row.text("asked_by")?,
        stage: codec::parsed(row, TABLE, "stage")?,
        round: codec::count(row, TABLE, "round")?,
        is_for_referee: row.bool("is_for_referee")?,
        failures: codec::count(row, TABLE, "failures")?,
        finding: codec::optional_parsed(row, TABLE, "finding")?,
        note: row.text("note")?,
        tolerance: row.optional_f64("tolerance")?,
        opened_at: codec::time(row, "opened_at")?,
        settled_at: codec::optional_time(row, "settled_at")?,
    })
}

fn claim(row: &Row<'_>, table: &'static str) -> Result<Claim, StoreError> {
    Ok(Claim {
        owner: row.text("owner")?,
        worker: codec::parsed(row, table, "worker_id")?,
        class: row.text("class")?,
        digest: row.text("digest")?,
        value: row.optional_f64("value")?,
    })
}
