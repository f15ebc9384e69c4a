//! What runs earn, and the same added up by worker, person and day.

use cupola_domain::{
    cost::Day,
    credits::Credits,
    ids::{AuditId, ExperimentId, RunId, WorkerId},
    ledger::{Earning, Stage},
    time::Timestamp,
};

use super::read;
use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO ledger_earning (run_id, worker_id, payer, earner, amount_micros, stage, stage_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT * FROM ledger_earning WHERE run_id = $1";
    SAVE_MOVED = "UPDATE ledger_earning SET stage = $3, stage_at = $4 WHERE run_id = $1 AND stage = $2";
    LIST_LOST = "SELECT ledger_earning.run_id FROM ledger_earning
                 JOIN run ON run.id = ledger_earning.run_id
                 WHERE stage = 'reserved' AND run.experiment_id = $1 AND run.phase = 'lost'";
    LIST_OPEN = "SELECT * FROM ledger_earning
                 WHERE run_id > $1 AND (stage = 'reserved' OR stage = 'posted') ORDER BY run_id LIMIT $2";
    FIND_EARNER = "SELECT MIN(earner) AS earner FROM ledger_earning WHERE stage = 'posted' AND earner > $1";
    /// The latest are passed over: so many have to follow one before it is given.
    LIST_DUE = "SELECT * FROM ledger_earning
                WHERE stage = 'posted' AND earner = $1 AND stage_at <= $2 AND audit_id IS NULL
                AND (stage_at, run_id) <= (SELECT last.stage_at, last.run_id FROM ledger_earning AS last
                                           WHERE last.stage = 'posted' AND last.earner = $1
                                           ORDER BY last.stage_at DESC, last.run_id DESC
                                           LIMIT 1 OFFSET $3)
                ORDER BY stage_at, run_id LIMIT $4";
    LIST_POSTED = "SELECT * FROM ledger_earning WHERE stage = 'posted' AND earner = $1
                   ORDER BY stage_at, run_id LIMIT $2";
    COUNT_POSTED_SINCE = "SELECT COUNT(*) AS n FROM (SELECT run_id FROM ledger_earning
                          WHERE stage = 'posted' AND earner = $1 AND stage_at > $2 LIMIT $3) AS later";
    SAVE_HELD = "UPDATE ledger_earning SET audit_id = $2 WHERE run_id = $1";
    ADD = "INSERT INTO ledger_earned (worker_id, earner, day, runs, amount_micros)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (worker_id, earner, day) DO UPDATE SET
               runs = ledger_earned.runs + excluded.runs,
               amount_micros = ledger_earned.amount_micros + excluded.amount_micros";
    LIST_EARNED = "SELECT earner, CAST(SUM(runs) AS BIGINT) AS runs,
                          CAST(SUM(amount_micros) AS BIGINT) AS amount
                   FROM ledger_earned WHERE day >= $1 GROUP BY earner
                   ORDER BY amount DESC, earner LIMIT $2";
    TOTAL_OF_WORKER = "SELECT CAST(COALESCE(SUM(runs), 0) AS BIGINT) AS runs,
                              CAST(COALESCE(SUM(amount_micros), 0) AS BIGINT) AS amount,
                              '' AS earner
                       FROM ledger_earned WHERE worker_id = $1 AND day >= $2";
}

/// An earning as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The run that earns it.
    pub run: RunId,
    /// Who had the run.
    pub worker: WorkerId,
    /// What it is.
    pub earning: Earning,
    /// Since when it is where it is.
    pub since: Timestamp,
}

/// What somebody earned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Earned {
    /// Who; empty where all of a worker is meant.
    pub earner: String,
    /// By how many runs.
    pub runs: u64,
    /// How much.
    pub amount: Credits,
}

/// A run begins to earn.
pub fn insert_earning(tx: &mut Tx, kept: &Kept) -> Result<(), StoreError> {
    let Earning {
        payer,
        earner,
        amount,
        stage,
    } = &kept.earning;
    tx.execute_one(
        INSERT,
        &[
            &kept.run.to_string(),
            &kept.worker.to_string(),
            &payer.to_string(),
            earner,
            &amount.micros(),
            &stage.as_str(),
            &kept.since.millis(),
        ],
    )
}

/// What a run earns; none of one that was never leased.
pub fn find_earning(tx: &mut Tx, run: RunId) -> Result<Option<Kept>, StoreError> {
    tx.query_optional(FIND, &[&run.to_string()], kept)
}

/// Writes where an earning is, over where it was.
pub fn save_moved(
    tx: &mut Tx,
    run: RunId,
    (was, is): (Stage, Stage),
    at: Timestamp,
) -> Result<(), StoreError> {
    let run = run.to_string();
    let (was, is) = (was.as_str(), is.as_str());
    tx.execute_one(SAVE_MOVED, &[&run, &was, &is, &at.millis()])
}

/// Lost runs of an experiment that something is still held for.
pub fn list_lost(tx: &mut Tx, experiment: ExperimentId) -> Result<Vec<RunId>, StoreError> {
    tx.query(LIST_LOST, &[&experiment.to_string()], |row| {
        codec::parsed(row, "ledger_earning", "run_id")
    })
}

/// What is reserved or posted, by run, those after one.
pub fn list_open(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Kept>, StoreError> {
    tx.query(LIST_OPEN, &[&after, &limit], kept)
}

/// All who have something in escrow.
pub fn list_earners(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let after = found.last().cloned().unwrap_or_default();
        let next = tx.query_one(FIND_EARNER, &[&after], |row| row.optional_text("earner"))?;
        match next {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

/// What of somebody's is in escrow since then or longer and has so many behind it.
pub fn list_due(
    tx: &mut Tx,
    earner: &str,
    until: Timestamp,
    behind: i64,
    limit: i64,
) -> Result<Vec<Kept>, StoreError> {
    tx.query(LIST_DUE, &[&earner, &until.millis(), &behind, &limit], kept)
}

/// What somebody has in escrow, the oldest first, whatever it waits for.
pub fn list_posted(tx: &mut Tx, earner: &str, limit: i64) -> Result<Vec<Kept>, StoreError> {
    tx.query(LIST_POSTED, &[&earner, &limit], kept)
}

/// How many earnings somebody has in escrow that came later; no more than `limit` are counted.
pub fn count_posted_since(
    tx: &mut Tx,
    earner: &str,
    since: Timestamp,
    limit: i64,
) -> Result<i64, StoreError> {
    tx.query_one(
        COUNT_POSTED_SINCE,
        &[&earner, &since.millis(), &limit],
        |row| row.i64("n"),
    )
}

/// Keeps an earning in escrow until a check is settled, or lets it go. A run that earns nothing is passed over.
pub fn save_held(tx: &mut Tx, run: RunId, by: Option<AuditId>) -> Result<(), StoreError> {
    let by = by.map(|audit| audit.to_string());
    tx.execute(SAVE_HELD, &[&run.to_string(), &by]).map(drop)
}

/// Adds what a worker's run earned, or takes it off again.
pub fn add_earned(
    tx: &mut Tx,
    (worker, earner): (WorkerId, &str),
    day: Day,
    runs: i64,
    micros: i64,
) -> Result<(), StoreError> {
    let worker = worker.to_string();
    tx.execute_one(ADD, &[&worker, &earner, &day.number(), &runs, &micros])
}

/// What everybody earned since a day, or ever, the most first.
pub fn list_earned(tx: &mut Tx, since: Option<Day>, limit: i64) -> Result<Vec<Earned>, StoreError> {
    let since = since.map_or(i64::MIN, Day::number);
    tx.query(LIST_EARNED, &[&since, &limit], earned)
}

/// What a worker earned since a day, or ever, for whomever it belonged to.
pub fn total_of_worker(
    tx: &mut Tx,
    worker: WorkerId,
    since: Option<Day>,
) -> Result<Earned, StoreError> {
    let since = since.map_or(i64::MIN, Day::number);
    tx.query_one(TOTAL_OF_WORKER, &[&worker.to_string(), &since], earned)
}

fn earned(row: &Row<'_>) -> Result<Earned, StoreError> {
    Ok(Earned {
        earner: row.text("earner")?,
        runs: codec::count(row, "ledger_earned", "runs")?,
        amount: Credits::from_micros(row.i64("amount")?),
    })
}

fn kept(row: &Row<'_>) -> Result<Kept, StoreError> {
    const TABLE: &str = "ledger_earning";
    Ok(Kept {
        run: codec::parsed(row, TABLE, "run_id")?,
        worker: codec::parsed(row, TABLE, "worker_id")?,
        earning: Earning {
            payer: read(row, TABLE, "payer")?,
            earner: row.text("earner")?,
            amount: Credits::from_micros(row.i64("amount_micros")?),
            stage: read(row, TABLE, "stage")?,
        },
        since: codec::time(row, "stage_at")?,
    })
}
