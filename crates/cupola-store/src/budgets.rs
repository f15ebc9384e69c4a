//! Budgets of money, and the tasks that they keep from being leased.

use std::collections::BTreeSet;

use cupola_domain::{
    cost::{Budget, Day, Kind, Money, Period, Scope, Wanted},
    ids::{BudgetId, ExperimentId, RunId, TaskId},
    scheduling::Lane,
    text::storable,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO budget (id, name, scope, subject, limit_micros, period, is_hard, author,
                                  created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    SAVE = "UPDATE budget SET name = $2, scope = $3, subject = $4, limit_micros = $5, period = $6,
                              is_hard = $7, updated_at = $8
            WHERE id = $1";
    SAVE_TOLD = "UPDATE budget SET told_level = $2, told_day = $3 WHERE id = $1 AND updated_at = $4";
    FIND = "SELECT * FROM budget WHERE id = $1";
    LIST = "SELECT * FROM budget ORDER BY created_at, id LIMIT $1";
    DELETE = "DELETE FROM budget WHERE id = $1";
    /// Only the first of those that are ready are looked at, so that nobody waits for long.
    WITHHOLD_OF_EXPERIMENT = "UPDATE task SET budget_id = $1 WHERE id IN
        (SELECT id FROM (SELECT id, experiment_id FROM task
                         WHERE needs_id = $2 AND lane = $5 AND state = 'pending' AND waiting_for IS NULL
                         AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL ORDER BY due_at, id LIMIT $4) AS ready
         WHERE experiment_id = $3) RETURNING experiment_id";
    WITHHOLD_OF_MODEL = "UPDATE task SET budget_id = $1 WHERE id IN
        (SELECT id FROM (SELECT id, run_id FROM task
                         WHERE needs_id = $2 AND lane = $5 AND state = 'pending' AND waiting_for IS NULL
                         AND budget_id IS NULL AND unpaid_by IS NULL AND audit_id IS NULL ORDER BY due_at, id LIMIT $4) AS ready
         WHERE EXISTS (SELECT 1 FROM run_tag WHERE run_tag.run_id = ready.run_id
                       AND run_tag.key = 'model' AND run_tag.value = $3))
        RETURNING experiment_id";
    WITHHOLD_ONE = "UPDATE task SET budget_id = $2 WHERE id = $1 AND state = 'pending'";
    FIND_WITHHOLDING = "SELECT MIN(budget_id) AS id FROM task WHERE budget_id > $1";
    RELEASE = "UPDATE task SET budget_id = NULL WHERE id IN
               (SELECT id FROM task WHERE budget_id = $1 ORDER BY id LIMIT $2)
               RETURNING experiment_id";
    RELEASE_OF_RUN = "UPDATE task SET budget_id = NULL
                      WHERE id = (SELECT task_id FROM run WHERE id = $1) AND run_id = $1
                      AND budget_id IS NOT NULL RETURNING id, experiment_id";
    /// Among those that the budget keeps: their index is walked, not that of the experiment.
    IS_WITHHOLDING = "SELECT id FROM task WHERE budget_id = $1 AND experiment_id || '' = $2
                      AND state || '' = 'pending' LIMIT 1";
}

/// There are never more.
pub const BUDGETS_MAX: i64 = 1_000;

/// Adds a budget.
pub fn insert(tx: &mut Tx, budget: &Budget) -> Result<(), StoreError> {
    let wanted = &budget.wanted;
    tx.execute_one(
        INSERT,
        &[
            &budget.id.to_string(),
            &wanted.name,
            &wanted.scope.kind.as_str(),
            &wanted.scope.subject,
            &wanted.limit.micros(),
            &wanted.period.as_str(),
            &wanted.is_hard,
            &&*storable(&budget.author),
            &budget.created_at.millis(),
            &budget.updated_at.millis(),
        ],
    )
}

/// Writes what was edited of a budget.
pub fn save(tx: &mut Tx, budget: &Budget) -> Result<(), StoreError> {
    let wanted = &budget.wanted;
    tx.execute_one(
        SAVE,
        &[
            &budget.id.to_string(),
            &wanted.name,
            &wanted.scope.kind.as_str(),
            &wanted.scope.subject,
            &wanted.limit.micros(),
            &wanted.period.as_str(),
            &wanted.is_hard,
            &budget.updated_at.millis(),
        ],
    )
}

/// Notes what was told. A budget that was edited or deleted meanwhile needs no note.
pub fn save_told(tx: &mut Tx, budget: &Budget, told: (u8, Option<Day>)) -> Result<(), StoreError> {
    let (level, day) = (i64::from(told.0), told.1.map(Day::number));
    let (id, at) = (budget.id.to_string(), budget.updated_at.millis());
    tx.execute(SAVE_TOLD, &[&id, &level, &day, &at]).map(drop)
}

/// The budget.
pub fn find(tx: &mut Tx, id: BudgetId) -> Result<Option<Budget>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], budget)
}

/// All budgets, the oldest first.
pub fn list(tx: &mut Tx) -> Result<Vec<Budget>, StoreError> {
    tx.query(LIST, &[&BUDGETS_MAX], budget)
}

/// Removes a budget; says whether it was there.
pub fn delete(tx: &mut Tx, id: BudgetId) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE, &[&id.to_string()])? > 0)
}

/// Keeps one task from being leased, which is in no line.
pub fn withhold_one(tx: &mut Tx, budget: BudgetId, task: TaskId) -> Result<(), StoreError> {
    let (budget, id) = (budget.to_string(), task.to_string());
    tx.execute(WITHHOLD_ONE, &[&id, &budget]).map(drop)
}

/// Keeps tasks of an experiment from being leased: those among the first `looked_at` with these needs in a
/// line. Says of which experiments any are.
pub fn withhold_experiment(
    tx: &mut Tx,
    id: BudgetId,
    (needs, lane): (i64, &Lane),
    experiment: ExperimentId,
    looked_at: i64,
) -> Result<BTreeSet<ExperimentId>, StoreError> {
    let (experiment, lane) = (experiment.to_string(), lane.to_string());
    let params = [
        &id.to_string() as &dyn crate::ToValue,
        &needs,
        &experiment,
        &looked_at,
        &lane,
    ];
    Ok(tx
        .query(WITHHOLD_OF_EXPERIMENT, &params, experiment_of)?
        .into_iter()
        .collect())
}

/// The same of tasks whose runs train a model.
pub fn withhold_model(
    tx: &mut Tx,
    id: BudgetId,
    (needs, lane): (i64, &Lane),
    model: &str,
    looked_at: i64,
) -> Result<BTreeSet<ExperimentId>, StoreError> {
    let lane = lane.to_string();
    let params = [
        &id.to_string() as &dyn crate::ToValue,
        &needs,
        &model,
        &looked_at,
        &lane,
    ];
    Ok(tx
        .query(WITHHOLD_OF_MODEL, &params, experiment_of)?
        .into_iter()
        .collect())
}

/// The budgets that keep tasks from being leased.
pub fn list_withholding(tx: &mut Tx) -> Result<Vec<BudgetId>, StoreError> {
    let mut found: Vec<BudgetId> = Vec::new();
    loop {
        let after = found.last().map(BudgetId::to_string).unwrap_or_default();
        let next = tx.query_one(FIND_WITHHOLDING, &[&after], |row| {
            codec::optional_parsed(row, "task", "id")
        })?;
        match next {
            Some(next) => found.push(next),
            None => return Ok(found),
        }
    }
}

/// Whether a budget keeps pending tasks of an experiment from being leased.
pub fn is_withholding(
    tx: &mut Tx,
    id: BudgetId,
    experiment: ExperimentId,
) -> Result<bool, StoreError> {
    let params: [&dyn crate::ToValue; 2] = [&id.to_string(), &experiment.to_string()];
    let found = tx.query_optional(IS_WITHHOLDING, &params, |row| row.text("id"))?;
    Ok(found.is_some())
}

/// Lets up to `limit` tasks go that a budget kept; says how many, and of which experiments they are.
pub fn release(
    tx: &mut Tx,
    id: BudgetId,
    limit: i64,
) -> Result<(usize, BTreeSet<ExperimentId>), StoreError> {
    let released = tx.query(RELEASE, &[&id.to_string(), &limit], experiment_of)?;
    Ok((released.len(), released.into_iter().collect()))
}

/// Lets the task go whose current run this is; none where nothing kept it.
pub fn release_run(tx: &mut Tx, run: RunId) -> Result<Option<(TaskId, ExperimentId)>, StoreError> {
    tx.query_optional(RELEASE_OF_RUN, &[&run.to_string()], |row| {
        Ok((codec::parsed(row, "task", "id")?, experiment_of(row)?))
    })
}

fn experiment_of(row: &Row<'_>) -> Result<ExperimentId, StoreError> {
    codec::parsed(row, "task", "experiment_id")
}

fn budget(row: &Row<'_>) -> Result<Budget, StoreError> {
    let day = row.optional_i64("told_day")?.map(Day::from_number);
    Ok(Budget {
        id: codec::parsed(row, "budget", "id")?,
        wanted: Wanted {
            name: row.text("name")?,
            scope: Scope {
                kind: codec::parsed::<Kind>(row, "budget", "scope")?,
                subject: row.text("subject")?,
            },
            limit: Money::from_micros(row.i64("limit_micros")?),
            period: codec::parsed::<Period>(row, "budget", "period")?,
            is_hard: row.bool("is_hard")?,
        },
        author: row.text("author")?,
        created_at: codec::time(row, "created_at")?,
        updated_at: codec::time(row, "updated_at")?,
        told: (codec::count(row, "budget", "told_level")?, day),
    })
}
