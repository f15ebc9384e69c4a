//! Tasks.

use std::time::Duration;

use cupola_domain::{
    counts::{Counts, State},
    ids::{ExperimentId, TaskId},
    objective::Direction,
    provenance::Provenance,
    run::Failure,
    scheduling::due,
    task::{Attempts, Config, Task, TaskState},
    text::storable,
    time::Timestamp,
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO task (id, experiment_id, number, state, config, seed, time_budget_millis,
                                needs_id, priority, failures, losses, failures_max, losses_max,
                                epoch, run_id, created_at, environment, working_folder, tags, metric,
                                waiting_for, urgency, due_at, lane)
              VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, 0, 0, $9, $10, 0, $11, $12, $13, $14,
                      $15, $16, $17, $18, $19, (SELECT lane FROM experiment WHERE id = $2))";
    FIND = "SELECT * FROM task WHERE id = $1";
    FIND_NEEDS = "SELECT needs_id FROM task WHERE id = $1";
    FIND_NEXT_NUMBER = "SELECT COALESCE(MAX(number) + 1, 0) AS n FROM task WHERE experiment_id = $1";
    SAVE_CONFIG = "UPDATE task SET config = $2 WHERE id = $1";
    /// Between states that are not terminal: value and time of ending are NULL before and after, and
    /// their indexes are left alone. Whether a budget keeps a task back is seen anew when it is ready.
    SAVE_LIVE = "UPDATE task SET state = $4, failures = $5, losses = $6, epoch = $7, run_id = $8,
                                 worker_id = $9, budget_id = NULL, unpaid_by = NULL
                 WHERE id = $1 AND state = $2 AND epoch = $3";
    SAVE = "UPDATE task SET state = $4, failure = $5, failure_detail = $6, failures = $7,
                            losses = $8, epoch = $9, run_id = $10, worker_id = $11, value = $12,
                            value_word = $13, finished_at = $14, budget_id = NULL,
                            unpaid_by = NULL
            WHERE id = $1 AND state = $2 AND epoch = $3";
    LIST_COMPLETED = "SELECT task.*, run.provenance AS run_provenance,
                             run.wall_time_millis AS run_wall_time_millis
                      FROM task JOIN run ON run.id = task.run_id
                      WHERE task.experiment_id = $1 AND task.state = 'completed'
                      ORDER BY task.number";
    FIND_LEAST = "SELECT task.id, task.value FROM task JOIN run ON run.id = task.run_id
                  WHERE task.experiment_id = $1 AND task.state = 'completed'
                  AND task.value IS NOT NULL AND run.provenance IN ('measured', 'imported')
                  AND task.is_unproven = FALSE
                  ORDER BY task.value LIMIT 1";
    FIND_GREATEST = "SELECT task.id, task.value FROM task JOIN run ON run.id = task.run_id
                     WHERE task.experiment_id = $1 AND task.state = 'completed'
                     AND task.value IS NOT NULL AND run.provenance IN ('measured', 'imported')
                  AND task.is_unproven = FALSE
                     ORDER BY task.value DESC LIMIT 1";
    FIND_FIRST_OF_VALUE = "SELECT task.id FROM task JOIN run ON run.id = task.run_id
                           WHERE task.experiment_id = $1 AND task.state = 'completed' AND task.value = $2
                           AND run.provenance IN ('measured', 'imported') AND task.is_unproven = FALSE
                           ORDER BY task.number LIMIT 1";
    LIST_LATEST_FINISHED = "SELECT * FROM task WHERE finished_at IS NOT NULL
                            AND state || '' = 'completed'
                            AND experiment_id NOT IN (SELECT id FROM experiment WHERE deleted_at IS NOT NULL)
                            ORDER BY finished_at DESC, id DESC LIMIT $1";
    LIST_RUNNING = "SELECT * FROM task WHERE state = 'running'
                    AND experiment_id NOT IN (SELECT id FROM experiment WHERE deleted_at IS NOT NULL)
                    ORDER BY id LIMIT $1";
    LIST_RUNNING_AFTER = "SELECT id, number FROM task WHERE experiment_id = $1
                          AND state = 'running' AND number > $2 ORDER BY number LIMIT $3";
    CANCEL_PENDING = "UPDATE task SET state = 'cancelled', finished_at = $2, budget_id = NULL,
                                       unpaid_by = NULL
                      WHERE experiment_id = $1 AND state = 'pending'";
    CANCEL_PENDING_RUNS = "UPDATE run SET phase = 'finished', outcome = 'cancelled', phase_at = $2,
                                          finished_at = $2
                           WHERE id IN (SELECT run_id FROM task
                                        WHERE experiment_id = $1 AND state = 'pending')
                           AND phase IN ('pending', 'lost')";
    LIST_NUMBERS = "SELECT number FROM task WHERE experiment_id = $1 ORDER BY number";
    LIST_ANY = "SELECT id, state = 'running' AND worker_id IS NOT NULL AS is_at_work FROM task
                WHERE experiment_id = $1 LIMIT $2";
    DELETE = "DELETE FROM task WHERE id = $1";
    HAS_DELETED = "SELECT COUNT(*) AS n FROM experiment WHERE deleted_at IS NOT NULL";
}

/// What a list of tasks is sorted by. Each has an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Time of creation.
    #[default]
    Created,
    /// Priority.
    Priority,
    /// The objective; tasks without a finite one are left out.
    Value,
    /// Time of ending; tasks that have not ended are left out.
    Finished,
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only those of one experiment.
    pub experiment: Option<ExperimentId>,
    /// Only those in one state.
    pub state: Option<State>,
    /// Only those whose id or configuration contains this; empty for all.
    pub search: String,
    /// By what.
    pub sort: Sort,
    /// Which way.
    pub descending: bool,
    /// How many at most.
    pub limit: i64,
    /// How many to pass over first.
    pub offset: i64,
}

/// Adds a task, pending, with its first run.
pub fn insert(tx: &mut Tx, task: &Task, needs_id: i64) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &task.id.to_string(),
            &task.experiment.to_string(),
            &i64::from(task.number),
            &codec::object_text(&task.config),
            &task.seed,
            &codec::duration_millis(task.time_budget),
            &needs_id,
            &task.priority,
            &i64::from(task.attempts.failures_max),
            &i64::from(task.attempts.losses_max),
            &task.run.to_string(),
            &task.created_at.millis(),
            &codec::texts_text(&task.environment),
            &task.working_folder,
            &codec::texts_text(&task.tags),
            &task.metric,
            &task.waiting_for.map(i64::from),
            &task.urgency,
            &due(task.created_at, task.urgency).millis(),
        ],
    )
}

/// The task called so.
pub fn find(tx: &mut Tx, id: TaskId) -> Result<Option<Task>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], task)
}

/// The number of a task's needs.
pub fn find_needs(tx: &mut Tx, id: TaskId) -> Result<Option<i64>, StoreError> {
    tx.query_optional(FIND_NEEDS, &[&id.to_string()], |row| row.i64("needs_id"))
}

/// The number of an experiment's next task.
pub fn next_number(tx: &mut Tx, experiment: ExperimentId) -> Result<u32, StoreError> {
    tx.query_one(FIND_NEXT_NUMBER, &[&experiment.to_string()], |row| {
        codec::count(row, "task", "n")
    })
}

/// The numbers of all tasks of an experiment, in order.
pub fn list_numbers(tx: &mut Tx, experiment: ExperimentId) -> Result<Vec<u32>, StoreError> {
    tx.query(LIST_NUMBERS, &[&experiment.to_string()], |row| {
        codec::count(row, "task", "number")
    })
}

/// Writes the configuration of a task whose run is logged: what its client has said of it so far.
pub fn save_config(tx: &mut Tx, id: TaskId, config: &Config) -> Result<(), StoreError> {
    let text = codec::object_text(config);
    tx.execute_one(SAVE_CONFIG, &[&id.to_string(), &text])
}

/// Writes what `task` is now over what it was: the fence stands in the statement.
pub fn save(tx: &mut Tx, task: &Task, was: State, epoch: i64) -> Result<(), StoreError> {
    let is = task.state.word();
    let worker = task.worker.map(|worker| worker.to_string());
    let (id, run) = (task.id.to_string(), task.run.to_string());
    let (failures, losses) = (
        i64::from(task.attempts.failures),
        i64::from(task.attempts.losses),
    );
    if !was.is_terminal() && !is.is_terminal() {
        return tx.execute_one(
            SAVE_LIVE,
            &[
                &id,
                &was.as_str(),
                &epoch,
                &is.as_str(),
                &failures,
                &losses,
                &task.epoch,
                &run,
                &worker,
            ],
        );
    }
    let failure = match &task.state {
        TaskState::Failed(failure) => Some(failure),
        _ => None,
    };
    let (value, word) = codec::value_parts(task.value);
    tx.execute_one(
        SAVE,
        &[
            &id,
            &was.as_str(),
            &epoch,
            &is.as_str(),
            &failure.map(Failure::kind),
            &failure.map(Failure::detail),
            &failures,
            &losses,
            &task.epoch,
            &run,
            &worker,
            &value,
            &word,
            &task.finished_at.map(Timestamp::millis),
        ],
    )
}

/// A completed task with what its run says of the value.
#[derive(Debug, Clone, PartialEq)]
pub struct Completed {
    /// The task.
    pub task: Task,
    /// Where its value comes from.
    pub provenance: Provenance,
    /// How long its program took.
    pub wall_time: Option<Duration>,
    /// Whether it is somebody else's and nobody checked it: it is not called best.
    pub is_unproven: bool,
}

/// All completed tasks of an experiment by number: what its summary is made of.
pub fn list_completed(tx: &mut Tx, experiment: ExperimentId) -> Result<Vec<Completed>, StoreError> {
    tx.query(LIST_COMPLETED, &[&experiment.to_string()], |row| {
        let wall_time = row.optional_i64("run_wall_time_millis")?;
        Ok(Completed {
            task: task(row)?,
            provenance: codec::parsed(row, "task", "run_provenance")?,
            wall_time: wall_time.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))),
            is_unproven: row.bool("is_unproven")?,
        })
    })
}

/// The task with the best measured value of an experiment so far, and that value.
pub fn find_best(
    tx: &mut Tx,
    experiment: ExperimentId,
    direction: Direction,
) -> Result<Option<(TaskId, f64)>, StoreError> {
    let sql = match direction {
        Direction::Minimize => FIND_LEAST,
        Direction::Maximize => FIND_GREATEST,
    };
    tx.query_optional(sql, &[&experiment.to_string()], |row| {
        Ok((codec::parsed(row, "task", "id")?, row.f64("value")?))
    })
}

/// Of the tasks of an experiment that completed with this value and count, the one made first: [`find_best`] gives
/// any of those that are equal.
pub fn find_first_of_value(
    tx: &mut Tx,
    experiment: ExperimentId,
    value: f64,
) -> Result<Option<TaskId>, StoreError> {
    tx.query_optional(
        FIND_FIRST_OF_VALUE,
        &[&experiment.to_string(), &value],
        |row| codec::parsed(row, "task", "id"),
    )
}

/// The tasks that completed last. Their state is compared as an expression, so that the index by
/// time is walked from its end instead of sorting all that ever completed.
pub fn list_latest_finished(tx: &mut Tx, limit: i64) -> Result<Vec<Task>, StoreError> {
    tx.query(LIST_LATEST_FINISHED, &[&limit], task)
}

/// The tasks that a worker has now.
pub fn list_running(tx: &mut Tx, limit: i64) -> Result<Vec<Task>, StoreError> {
    tx.query(LIST_RUNNING, &[&limit], task)
}

/// Up to `limit` running tasks of an experiment with numbers above `number`, each with its number.
pub fn list_running_after(
    tx: &mut Tx,
    experiment: ExperimentId,
    number: i64,
    limit: i64,
) -> Result<Vec<(TaskId, i64)>, StoreError> {
    tx.query(
        LIST_RUNNING_AFTER,
        &[&experiment.to_string(), &number, &limit],
        |row| Ok((codec::parsed(row, "task", "id")?, row.i64("number")?)),
    )
}

/// One page of the tasks that `filter` lets through.
///
/// The page's ids come from an index alone, so that a late page costs little more than the first.
pub fn list(tx: &mut Tx, filter: &Filter) -> Result<Vec<Task>, StoreError> {
    let (column, way) = (
        sort_column(filter),
        if filter.descending { "DESC" } else { "ASC" },
    );
    let (condition, params) = condition(tx, filter)?;
    let n = params.len();
    let sql = format!(
        "SELECT task.* FROM task JOIN (SELECT id AS page_id FROM task WHERE {condition} \
         ORDER BY {column} {way}, id {way} LIMIT ${} OFFSET ${}) AS page ON task.id = page.page_id \
         ORDER BY {column} {way}, id {way}",
        n + 1,
        n + 2,
    );
    let mut all: Vec<&dyn ToValue> = params.iter().map(|p| p as &dyn ToValue).collect();
    all.push(&filter.limit);
    all.push(&filter.offset);
    tx.query_dynamic(&sql, &all, task)
}

/// How many tasks `filter` lets through, by counting them: where no kept count helps. What is sorted
/// by has a value in each of them.
pub fn count(tx: &mut Tx, filter: &Filter) -> Result<u64, StoreError> {
    let (condition, params) = condition(tx, filter)?;
    let all: Vec<&dyn ToValue> = params.iter().map(|p| p as &dyn ToValue).collect();
    let sql = format!("SELECT COUNT(*) AS n FROM task WHERE {condition}");
    let found = tx.query_dynamic(&sql, &all, |row| codec::count(row, "task", "n"))?;
    Ok(found.into_iter().next().unwrap_or(0))
}

/// How many tasks `filter` lets through in each state, whatever its own state is, by counting them.
pub fn count_states(tx: &mut Tx, filter: &Filter) -> Result<Counts, StoreError> {
    let any = Filter {
        state: None,
        sort: Sort::Created,
        ..filter.clone()
    };
    let (condition, params) = condition(tx, &any)?;
    let all: Vec<&dyn ToValue> = params.iter().map(|p| p as &dyn ToValue).collect();
    let sql = format!("SELECT state, COUNT(*) AS n FROM task WHERE {condition} GROUP BY state");
    let found = tx.query_dynamic(&sql, &all, |row| {
        let state: State = codec::parsed(row, "task", "state")?;
        Ok((state, codec::count(row, "task", "n")?))
    })?;
    let mut counts = Counts::default();
    for (state, number) in found {
        *counts.of_mut(state) = number;
    }
    Ok(counts)
}

/// Cancels every pending task of an experiment and its run; says how many.
///
/// The same move as `Cancel` in the tables of tasks and runs, for many rows in two statements.
pub fn cancel_pending(
    tx: &mut Tx,
    experiment: ExperimentId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    tx.execute(
        CANCEL_PENDING_RUNS,
        &[&experiment.to_string(), &now.millis()],
    )?;
    tx.execute(CANCEL_PENDING, &[&experiment.to_string(), &now.millis()])
}

/// Removes up to `limit` tasks of an experiment with their runs for good; says how many.
pub fn delete_some(tx: &mut Tx, experiment: ExperimentId, limit: i64) -> Result<usize, StoreError> {
    let ids = tx.query(LIST_ANY, &[&experiment.to_string(), &limit], |row| {
        let id: TaskId = codec::parsed(row, "task", "id")?;
        Ok((id, row.bool("is_at_work")?))
    })?;
    for (task, is_at_work) in &ids {
        if *is_at_work {
            crate::scheduling::add_running(tx, *task, -1)?;
        }
        let id = task.to_string();
        crate::runs::delete_of_task(tx, &id)?;
        crate::dependencies::delete_of_task(tx, &id)?;
        tx.execute_one(DELETE, &[&id])?;
    }
    Ok(ids.len())
}

/// Within one experiment numbers are in the order of creation and have an index together with it.
fn sort_column(filter: &Filter) -> &'static str {
    match filter.sort {
        Sort::Created if filter.experiment.is_some() => "number",
        Sort::Created => "id",
        Sort::Priority => "priority",
        Sort::Value => "value",
        Sort::Finished => "finished_at",
    }
}

/// The filter as SQL with parameters. Tasks of deleted experiments are left out; that costs a look
/// at each row, so it is said only while there are such experiments.
fn condition(tx: &mut Tx, filter: &Filter) -> Result<(String, Vec<String>), StoreError> {
    let mut parts = Vec::new();
    let mut params = Vec::new();
    if let Some(experiment) = filter.experiment {
        params.push(experiment.to_string());
        parts.push(format!("experiment_id = ${}", params.len()));
    } else if tx.query_one(HAS_DELETED, &[], |row| row.i64("n"))? > 0 {
        parts.push(
            "experiment_id NOT IN (SELECT id FROM experiment WHERE deleted_at IS NOT NULL)"
                .to_owned(),
        );
    }
    // Only what completed has a value. Saying so in these words is what lets the index of an
    // experiment's values be used; elsewhere saying nothing lets the index of all values be used.
    match (filter.sort, filter.state, filter.experiment) {
        (Sort::Value, None | Some(State::Completed), Some(_)) => {
            parts.push("state = 'completed'".to_owned());
        }
        (_, None, _) | (Sort::Value, Some(State::Completed), None) => {}
        (_, Some(state), _) => {
            params.push(state.as_str().to_owned());
            parts.push(format!("state = ${}", params.len()));
        }
    }
    if !filter.search.is_empty() {
        params.push(crate::briefs::contains_pattern(&storable(&filter.search)));
        let n = params.len();
        parts.push(format!(
            "(id LIKE ${n} ESCAPE '\\' OR LOWER(config) LIKE ${n} ESCAPE '\\')"
        ));
    }
    if matches!(filter.sort, Sort::Value | Sort::Finished) {
        parts.push(format!("{} IS NOT NULL", sort_column(filter)));
    }
    if parts.is_empty() {
        parts.push("1 = 1".to_owned());
    }
    Ok((parts.join(" AND "), params))
}

fn task(row: &Row<'_>) -> Result<Task, StoreError> {
    let inconsistent = |column| codec::inconsistent("task", column, row);
    let state = match codec::parsed(row, "task", "state")? {
        State::Pending => TaskState::Pending,
        State::Running => TaskState::Running,
        State::Completed => TaskState::Completed,
        State::Cancelled => TaskState::Cancelled,
        State::Failed => {
            let kind = row.text("failure")?;
            let detail = row.optional_text("failure_detail")?.unwrap_or_default();
            let failure = Failure::from_parts(&kind, &detail);
            TaskState::Failed(failure.ok_or_else(|| inconsistent("failure"))?)
        }
    };
    let word = row.optional_text("value_word")?;
    Ok(Task {
        id: codec::parsed(row, "task", "id")?,
        experiment: codec::parsed(row, "task", "experiment_id")?,
        number: codec::count(row, "task", "number")?,
        state,
        config: codec::object(row, "task", "config")?,
        seed: row.i64("seed")?,
        time_budget: codec::millis(row, "task", "time_budget_millis")?,
        environment: codec::texts(row, "task", "environment")?,
        working_folder: row.optional_text("working_folder")?,
        tags: codec::texts(row, "task", "tags")?,
        metric: row.text("metric")?,
        priority: row.i64("priority")?,
        urgency: row.i64("urgency")?,
        is_withheld: row.optional_text("budget_id")?.is_some()
            || row.optional_text("unpaid_by")?.is_some(),
        waiting_for: match row.optional_i64("waiting_for")? {
            Some(number) => Some(u32::try_from(number).map_err(|_| inconsistent("waiting_for"))?),
            None => None,
        },
        attempts: Attempts {
            failures: codec::count(row, "task", "failures")?,
            losses: codec::count(row, "task", "losses")?,
            failures_max: codec::count(row, "task", "failures_max")?,
            losses_max: codec::count(row, "task", "losses_max")?,
        },
        epoch: row.i64("epoch")?,
        run: codec::parsed(row, "task", "run_id")?,
        worker: codec::optional_parsed(row, "task", "worker_id")?,
        value: codec::value_from_parts(row.optional_f64("value")?, word.as_deref()),
        created_at: codec::time(row, "created_at")?,
        finished_at: codec::optional_time(row, "finished_at")?,
    })
}
