//! Tasks that an account cannot pay for: they leave the index of what is ready until it can.

use std::{collections::BTreeSet, time::Duration};

use cupola_domain::{
    ids::{ExperimentId, TaskId},
    ledger::Account,
    resources::Needs,
    scheduling::Lane,
    task::Task,
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    /// Only the first of those that are ready are looked at, so that nobody waits for long; what takes
    /// less time may still be paid for, and what a lost run still holds something for is asked by itself.
    WITHHOLD = "UPDATE task SET unpaid_by = $1 WHERE id IN
        (SELECT id FROM (SELECT id, run_id, experiment_id, time_budget_millis FROM task
                         WHERE needs_id = $2 AND lane = $7 AND state = 'pending' AND waiting_for IS NULL
                         AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL
                         ORDER BY due_at, id LIMIT $5) AS ready
         WHERE experiment_id = $3 AND time_budget_millis >= $4
         AND (id = $6 OR NOT EXISTS (SELECT 1 FROM ledger_earning AS held
                                     WHERE held.run_id = ready.run_id AND held.stage = 'reserved')))
        RETURNING experiment_id";
    WITHHOLD_ONE = "UPDATE task SET unpaid_by = $2 WHERE id = $1 AND state = 'pending'";
    FIND_WITHHOLDING = "SELECT MIN(unpaid_by) AS account FROM task WHERE unpaid_by > $1";
    FIND_NEEDS = "SELECT MIN(needs_id) AS needs FROM task WHERE unpaid_by = $1 AND needs_id > $2";
    FIND_FIRST = "SELECT needs_id, experiment_id, time_budget_millis, body
                  FROM task JOIN needs ON needs.id = task.needs_id
                  WHERE unpaid_by = $1 AND needs_id = $2 ORDER BY time_budget_millis, task.id LIMIT 1";
    FIND_NEEDS_OF = "SELECT MIN(needs_id) AS needs FROM task
                     WHERE unpaid_by = $1 AND needs_id > $2 AND experiment_id || '' = $3";
    FIND_FIRST_OF = "SELECT needs_id, experiment_id, time_budget_millis, body
                     FROM task JOIN needs ON needs.id = task.needs_id
                     WHERE unpaid_by = $1 AND needs_id = $2 AND experiment_id || '' = $3
                     ORDER BY time_budget_millis, task.id LIMIT 1";
    IS_READY = "SELECT id FROM task WHERE experiment_id = $1 AND needs_id = $2 AND state = 'pending'
                AND waiting_for IS NULL AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL LIMIT 1";
    RELEASE = "UPDATE task SET unpaid_by = NULL WHERE id IN
               (SELECT id FROM task WHERE unpaid_by = $1 AND needs_id = $2
                ORDER BY time_budget_millis, id LIMIT $3)
               RETURNING experiment_id";
    IS_WITHHOLDING = "SELECT id FROM task WHERE unpaid_by = $1 AND experiment_id || '' = $2
                      AND state || '' = 'pending' LIMIT 1";
}

/// The shortest of the tasks with the same needs that wait for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct First {
    /// How long it may take.
    pub time_budget: Duration,
    /// What it needs.
    pub needs: Needs,
    /// And the number that tasks know that by.
    pub needs_id: i64,
    /// Whose it is.
    pub experiment: ExperimentId,
}

/// Keeps a task from being leased, with those of its experiment that take as long or longer: those among
/// the first `looked_at` with its needs in its line that nothing is held for. Says of which experiments any are.
pub fn withhold(
    tx: &mut Tx,
    account: &Account,
    task: &Task,
    (needs, lane): (i64, &Lane),
    looked_at: i64,
) -> Result<BTreeSet<ExperimentId>, StoreError> {
    let (account, experiment) = (account.to_string(), task.experiment.to_string());
    let (id, from) = (
        task.id.to_string(),
        codec::duration_millis(task.time_budget),
    );
    let lane = lane.to_string();
    let params: [&dyn ToValue; 7] = [&account, &needs, &experiment, &from, &looked_at, &id, &lane];
    let withheld = tx.query(WITHHOLD, &params, experiment_of)?;
    Ok(withheld.into_iter().collect())
}

/// Keeps one task from being leased, which is in no line.
pub fn withhold_one(tx: &mut Tx, account: &Account, task: TaskId) -> Result<(), StoreError> {
    let (account, id) = (account.to_string(), task.to_string());
    tx.execute(WITHHOLD_ONE, &[&id, &account]).map(drop)
}

/// The accounts that tasks wait for.
pub fn list_withholding(tx: &mut Tx) -> Result<Vec<Account>, StoreError> {
    let mut found: Vec<Account> = Vec::new();
    loop {
        let after = found.last().map(Account::to_string).unwrap_or_default();
        let next = tx.query_one(FIND_WITHHOLDING, &[&after], |row| {
            codec::optional_parsed(row, "task", "account")
        })?;
        match next {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

/// Of the tasks that wait for an account the shortest with each of their needs.
pub fn list_firsts(tx: &mut Tx, account: &Account) -> Result<Vec<First>, StoreError> {
    let account = account.to_string();
    let mut found: Vec<First> = Vec::new();
    loop {
        let after = found.last().map_or(i64::MIN, |first| first.needs_id);
        let next = tx.query_one(FIND_NEEDS, &[&account, &after], |row| {
            row.optional_i64("needs")
        })?;
        let Some(next) = next else {
            return Ok(found);
        };
        found.push(tx.query_one(FIND_FIRST, &[&account, &next], first)?);
    }
}

/// The same of those of one experiment.
pub fn list_firsts_of(
    tx: &mut Tx,
    account: &Account,
    experiment: ExperimentId,
) -> Result<Vec<First>, StoreError> {
    let (account, experiment) = (account.to_string(), experiment.to_string());
    let mut found: Vec<First> = Vec::new();
    loop {
        let after = found.last().map_or(i64::MIN, |first| first.needs_id);
        let params: [&dyn ToValue; 3] = [&account, &after, &experiment];
        let next = tx.query_one(FIND_NEEDS_OF, &params, |row| row.optional_i64("needs"))?;
        let Some(next) = next else {
            return Ok(found);
        };
        let params: [&dyn ToValue; 3] = [&account, &next, &experiment];
        found.push(tx.query_one(FIND_FIRST_OF, &params, first)?);
    }
}

/// Whether a task of an experiment with these needs is there to be taken.
pub fn is_ready(tx: &mut Tx, experiment: ExperimentId, needs_id: i64) -> Result<bool, StoreError> {
    let params: [&dyn ToValue; 2] = [&experiment.to_string(), &needs_id];
    let found = tx.query_optional(IS_READY, &params, |row| row.text("id"))?;
    Ok(found.is_some())
}

/// Lets up to `limit` tasks with these needs go that waited for an account; says how many, and of which
/// experiments.
pub fn release(
    tx: &mut Tx,
    account: &Account,
    needs_id: i64,
    limit: i64,
) -> Result<(usize, BTreeSet<ExperimentId>), StoreError> {
    let params: [&dyn ToValue; 3] = [&account.to_string(), &needs_id, &limit];
    let released = tx.query(RELEASE, &params, experiment_of)?;
    Ok((released.len(), released.into_iter().collect()))
}

/// Whether pending tasks of an experiment wait for an account.
pub fn is_withholding(
    tx: &mut Tx,
    account: &Account,
    experiment: ExperimentId,
) -> Result<bool, StoreError> {
    let params: [&dyn ToValue; 2] = [&account.to_string(), &experiment.to_string()];
    let found = tx.query_optional(IS_WITHHOLDING, &params, |row| row.text("id"))?;
    Ok(found.is_some())
}

fn first(row: &Row<'_>) -> Result<First, StoreError> {
    let body = row.text("body")?;
    let needs = codec::needs_from_text(&body).ok_or(StoreError::Inconsistent {
        table: "needs",
        column: "body",
        row: body,
    })?;
    Ok(First {
        time_budget: codec::millis(row, "task", "time_budget_millis")?,
        needs,
        needs_id: row.i64("needs_id")?,
        experiment: codec::parsed(row, "task", "experiment_id")?,
    })
}

fn experiment_of(row: &Row<'_>) -> Result<ExperimentId, StoreError> {
    codec::parsed(row, "task", "experiment_id")
}
