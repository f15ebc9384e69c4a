//! Runs.

use std::time::Duration;

use cupola_domain::{
    ids::{ExperimentId, RunId, TaskId, WorkerId},
    log::{Level, LevelCounts},
    progress::Progress,
    run::{Failure, LOGGED_CODE, Lease, Loss, Outcome, Run, RunState},
    stopping::Stopping,
    time::Timestamp,
};

use crate::{
    Row, StoreError, Tx, artifacts, codec, params, results, statement::statements, tags, unlabelled,
};

statements! {
    INSERT = "INSERT INTO run (id, task_id, experiment_id, attempt, phase, epoch, phase_at,
                               code_hash, provenance, created_at, name)
              VALUES ($1, $2, $3, $4, 'pending', 0, $5, $6, 'measured', $5, $7)";
    FIND = "SELECT * FROM run WHERE id = $1";
    /// A second run of a check lies in a bin and is deleted by nobody.
    FIND_TARGET = "SELECT run.experiment_id, run.task_id, run.code_hash, run.phase,
                          CASE WHEN experiment.is_check = TRUE THEN NULL ELSE experiment.deleted_at END AS deleted_at
                   FROM run JOIN experiment ON experiment.id = run.experiment_id
                   WHERE run.id = $1";
    SAVE = "UPDATE run SET phase = $4, outcome = $5, failure = $6, failure_detail = $7,
                           worker_id = $8, epoch = $9, phase_at = $10, provenance = $11,
                           wall_time_millis = $12, leased_at = $13, started_at = $14,
                           finished_at = $15, stop_step = $16, stop_next_at = $17, loss = $18
            WHERE id = $1 AND phase = $2 AND epoch = $3";
    SAVE_NAME = "UPDATE run SET name = $2 WHERE id = $1";
    SAVE_ENVIRONMENT = "UPDATE run SET environment = $3 WHERE id = $1 AND epoch = $2";
    SAVE_PROGRESS = "UPDATE run SET progress = $3 WHERE id = $1 AND epoch = $2";
    SAVE_STOPPING = "UPDATE run SET stop_step = $3, stop_next_at = $4
                     WHERE id = $1 AND epoch = $2";
    LIST_OF_TASK = "SELECT * FROM run WHERE task_id = $1 ORDER BY attempt DESC LIMIT 1000";
    LIST_OF_EXPERIMENT = "SELECT * FROM run WHERE experiment_id = $1
                          ORDER BY id DESC LIMIT $2 OFFSET $3";
    COUNT_OF_EXPERIMENT = "SELECT COUNT(*) AS n FROM run WHERE experiment_id = $1";
    LIST_OF_WORKER = "SELECT * FROM run WHERE worker_id = $1 ORDER BY id DESC LIMIT $2";
    /// An empty worker stands for a client that logs.
    LIST_LEASED = "SELECT * FROM run WHERE worker_id IS NOT NULL AND outcome IS NULL
                   AND worker_id <> '' AND phase IN ('leased', 'running', 'cancelling') ORDER BY id";
    LIST_ENDED = "SELECT event.seq, run.id, run.outcome, run.failure, run.failure_detail,
                         task.number, experiment.name
                  FROM event JOIN run ON run.id = event.subject
                  JOIN task ON task.id = run.task_id
                  JOIN experiment ON experiment.id = run.experiment_id
                  WHERE event.seq > $1 AND event.kind = 'ended'
                  AND run.outcome IS NOT NULL AND experiment.deleted_at IS NULL
                  ORDER BY event.seq";
    FIND_INTAKE = "SELECT report_next, log_bytes, log_lines, log_from_info, log_from_warn,
                          log_from_error, log_open, log_omitted, log_chunks
                   FROM run WHERE id = $1";
    SAVE_INTAKE = "UPDATE run SET report_next = $3, log_bytes = $4, log_lines = $5,
                                  log_omitted = $6, log_chunks = $7, log_from_info = $8,
                                  log_from_warn = $9, log_from_error = $10, log_open = $11
                   WHERE id = $1 AND report_next = $2";
    LIST_OF_TASK_IDS = "SELECT id FROM run WHERE task_id = $1";
    DELETE_LOG = "DELETE FROM log_chunk WHERE run_id = $1";
    DELETE = "DELETE FROM run WHERE id = $1";
}

/// What stands for a worker while a client logs a run.
const CLIENT: &str = "";

/// What of a run's reports has been taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intake {
    /// The number of the next report.
    pub report_next: i64,
    /// Bytes of log.
    pub log_bytes: i64,
    /// Lines of log, by level.
    pub log_levels: LevelCounts,
    /// The streams whose last line has not ended, each with the line's number.
    pub log_open: Vec<(i64, String)>,
    /// Bytes that the worker left out.
    pub log_omitted: i64,
    /// Chunks of log.
    pub log_chunks: i64,
}

/// What has to be known of a run before something is logged to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// What it belongs to.
    pub experiment: ExperimentId,
    /// What it attempts.
    pub task: TaskId,
    /// Whether a client or an import writes it, and no worker.
    pub is_logged: bool,
    /// Whether a worker has it.
    pub is_leased: bool,
    /// Whether it or its experiment is deleted.
    pub is_deleted: bool,
}

/// A run that came to its end, as it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The number of the change.
    pub seq: i64,
    /// The run.
    pub run: RunId,
    /// The number of its task.
    pub number: i64,
    /// The name of what the task belongs to.
    pub experiment: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// Adds a run, pending.
pub fn insert(tx: &mut Tx, run: &Run) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &run.id.to_string(),
            &run.task.to_string(),
            &run.experiment.to_string(),
            &i64::from(run.attempt),
            &run.created_at.millis(),
            &run.code_hash,
            &run.name,
        ],
    )
}

/// The run called so.
pub fn find(tx: &mut Tx, id: RunId) -> Result<Option<Run>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], run)
}

/// What has to be known of a run before something is logged to it.
pub fn find_target(tx: &mut Tx, id: RunId) -> Result<Option<Target>, StoreError> {
    tx.query_optional(FIND_TARGET, &[&id.to_string()], |row| {
        let is_logged = row.text("code_hash")? == LOGGED_CODE;
        let has_worker = !matches!(row.text("phase")?.as_str(), "pending" | "finished");
        Ok(Target {
            experiment: codec::parsed(row, "run", "experiment_id")?,
            task: codec::parsed(row, "run", "task_id")?,
            is_logged,
            is_leased: has_worker && !is_logged,
            is_deleted: row.optional_i64("deleted_at")?.is_some(),
        })
    })
}

/// Writes what `run` is now over what it was: the fence stands in the statement.
pub fn save(tx: &mut Tx, run: &Run, was: &RunState) -> Result<(), StoreError> {
    let parts = Parts::of(&run.state, run.leased_at.unwrap_or(run.created_at));
    let held = parts.lease.map(|lease| lease.worker).or(run.worker);
    let held = match run.state {
        RunState::Logging { .. } => Some(CLIENT.to_owned()),
        _ => held.map(|worker| worker.to_string()),
    };
    tx.execute_one(
        SAVE,
        &[
            &run.id.to_string(),
            &Parts::of(was, run.created_at).phase,
            &fence(was, run),
            &parts.phase,
            &parts.outcome.map(|outcome| outcome.state().as_str()),
            &parts.failure().map(Failure::kind),
            &parts.failure().map(Failure::detail),
            &held,
            &run.epoch,
            &parts.at.millis(),
            &run.provenance.as_str(),
            &run.wall_time.map(codec::duration_millis),
            &run.leased_at.map(Timestamp::millis),
            &run.started_at.map(Timestamp::millis),
            &run.finished_at.map(Timestamp::millis),
            &run.stopping.map(|stopping| stopping.step.as_str()),
            &next_at(run.stopping),
            &run.loss.map(Loss::as_str),
        ],
    )
}

/// Renames a run that a client logs.
pub fn save_name(tx: &mut Tx, id: RunId, name: &str) -> Result<(), StoreError> {
    tx.execute_one(SAVE_NAME, &[&id.to_string(), &name])
}

/// Notes what the worker with the lease of this epoch said of the program's surroundings.
pub fn save_environment(
    tx: &mut Tx,
    id: RunId,
    epoch: i64,
    environment: &str,
) -> Result<(), StoreError> {
    tx.execute_one(SAVE_ENVIRONMENT, &[&id.to_string(), &epoch, &environment])
}

/// Notes how far the program under the lease of this epoch says it is.
pub fn save_progress(
    tx: &mut Tx,
    id: RunId,
    epoch: i64,
    progress: &Progress,
) -> Result<(), StoreError> {
    let text = codec::progress_text(progress);
    tx.execute_one(SAVE_PROGRESS, &[&id.to_string(), &epoch, &text])
}

/// Notes how far stopping the program under the lease of this epoch has gone.
pub fn save_stopping(
    tx: &mut Tx,
    id: RunId,
    epoch: i64,
    stopping: Stopping,
) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE_STOPPING,
        &[
            &id.to_string(),
            &epoch,
            &stopping.step.as_str(),
            &next_at(Some(stopping)),
        ],
    )
}

/// The attempts at a task, the latest first.
pub fn list_of_task(tx: &mut Tx, task: TaskId) -> Result<Vec<Run>, StoreError> {
    tx.query(LIST_OF_TASK, &[&task.to_string()], run)
}

/// One page of the runs of an experiment, the latest first.
pub fn list_of_experiment(
    tx: &mut Tx,
    experiment: ExperimentId,
    limit: i64,
    offset: i64,
) -> Result<Vec<Run>, StoreError> {
    tx.query(
        LIST_OF_EXPERIMENT,
        &[&experiment.to_string(), &limit, &offset],
        run,
    )
}

/// How many runs an experiment has.
pub fn count_of_experiment(tx: &mut Tx, experiment: ExperimentId) -> Result<u64, StoreError> {
    tx.query_one(COUNT_OF_EXPERIMENT, &[&experiment.to_string()], |row| {
        codec::count(row, "run", "n")
    })
}

/// What a worker had last, the latest first.
pub fn list_of_worker(tx: &mut Tx, worker: WorkerId, limit: i64) -> Result<Vec<Run>, StoreError> {
    tx.query(LIST_OF_WORKER, &[&worker.to_string(), &limit], run)
}

/// All runs under a lease: what a hub that starts must wait for.
pub fn list_leased(tx: &mut Tx) -> Result<Vec<Run>, StoreError> {
    tx.query(LIST_LEASED, &[], run)
}

/// The runs that ended after change `seq`, in the order in which they did.
pub fn list_ended(tx: &mut Tx, seq: i64) -> Result<Vec<Ended>, StoreError> {
    tx.query(LIST_ENDED, &[&seq], |row| {
        Ok(Ended {
            seq: row.i64("seq")?,
            run: codec::parsed(row, "run", "id")?,
            number: row.i64("number")?,
            experiment: row.text("name")?,
            outcome: outcome(row)?,
        })
    })
}

/// What of a run's reports has been taken.
pub fn find_intake(tx: &mut Tx, id: RunId) -> Result<Option<Intake>, StoreError> {
    tx.query_optional(FIND_INTAKE, &[&id.to_string()], |row| {
        Ok(Intake {
            report_next: row.i64("report_next")?,
            log_bytes: row.i64("log_bytes")?,
            log_levels: LevelCounts::from_least([
                row.i64("log_lines")?,
                row.i64("log_from_info")?,
                row.i64("log_from_warn")?,
                row.i64("log_from_error")?,
            ]),
            log_open: open_lines(&row.text("log_open")?),
            log_omitted: row.i64("log_omitted")?,
            log_chunks: row.i64("log_chunks")?,
        })
    })
}

/// Counts a report as taken; refused when another one with this number was.
pub fn save_intake(tx: &mut Tx, id: RunId, was: &Intake, now: &Intake) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE_INTAKE,
        &[
            &id.to_string(),
            &was.report_next,
            &now.report_next,
            &now.log_bytes,
            &now.log_levels.total(),
            &now.log_omitted,
            &now.log_chunks,
            &now.log_levels.at_least(Level::Info),
            &now.log_levels.at_least(Level::Warn),
            &now.log_levels.at_least(Level::Error),
            &open_text(&now.log_open),
        ],
    )
}

/// Removes the runs of a task for good, with all they left.
pub(crate) fn delete_of_task(tx: &mut Tx, task: &str) -> Result<(), StoreError> {
    for id in tx.query(LIST_OF_TASK_IDS, &[&task], |row| row.text("id"))? {
        artifacts::delete_of_run(tx, &id)?;
        crate::logged_models::delete_of_run(tx, &id)?;
        results::delete_of_run(tx, &id)?;
        crate::datasets::delete_of_run(tx, &id)?;
        crate::series::delete_of_run(tx, &id)?;
        params::delete_of_run(tx, &id)?;
        tags::delete_of_run(tx, &id)?;
        unlabelled::delete_of_run(tx, &id)?;
        for sql in [DELETE_LOG, DELETE] {
            tx.execute(sql, &[&id])?;
        }
    }
    Ok(())
}

/// `12 stdout`, one line a stream.
fn open_text(open: &[(i64, String)]) -> String {
    let lines: Vec<_> = open
        .iter()
        .map(|(line, stream)| format!("{line} {stream}"))
        .collect();
    lines.join("\n")
}

fn open_lines(text: &str) -> Vec<(i64, String)> {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(line, stream)| Some((line.parse().ok()?, stream.to_owned())))
        .collect()
}

/// The columns that a state becomes.
struct Parts<'a> {
    phase: &'static str,
    at: Timestamp,
    lease: Option<Lease>,
    outcome: Option<&'a Outcome>,
}

impl<'a> Parts<'a> {
    fn of(state: &'a RunState, changed_at: Timestamp) -> Self {
        let (phase, at, outcome) = match state {
            RunState::Pending => ("pending", changed_at, None),
            RunState::Leased { .. } => ("leased", changed_at, None),
            RunState::Running { started_at, .. } => ("running", *started_at, None),
            RunState::Cancelling { asked_at, .. } => ("cancelling", *asked_at, None),
            RunState::Lost { lost_at, .. } => ("lost", *lost_at, None),
            RunState::Logging { since } => ("running", *since, None),
            RunState::Finished {
                outcome,
                finished_at,
            } => ("finished", *finished_at, Some(outcome)),
        };
        Self {
            phase,
            at,
            lease: state.lease(),
            outcome,
        }
    }

    fn failure(&self) -> Option<&'a Failure> {
        match self.outcome {
            Some(Outcome::Failed(failure)) => Some(failure),
            _ => None,
        }
    }
}

fn next_at(stopping: Option<Stopping>) -> Option<i64> {
    Some(stopping?.next_at?.millis())
}

/// The epoch under which a run is written: that of its lease, also when that is over; 0 before the first.
fn fence(state: &RunState, run: &Run) -> i64 {
    match state {
        RunState::Finished { .. } => run.epoch,
        state => state.lease().map_or(0, |lease| lease.epoch),
    }
}

pub(crate) fn run(row: &Row<'_>) -> Result<Run, StoreError> {
    let wall_time = row.optional_i64("wall_time_millis")?;
    Ok(Run {
        id: codec::parsed(row, "run", "id")?,
        name: row.text("name")?,
        task: codec::parsed(row, "run", "task_id")?,
        experiment: codec::parsed(row, "run", "experiment_id")?,
        attempt: codec::count(row, "run", "attempt")?,
        state: state(row)?,
        worker: worker(row)?,
        loss: codec::optional_parsed(row, "run", "loss")?,
        epoch: row.i64("epoch")?,
        code_hash: row.text("code_hash")?,
        environment: row.optional_text("environment")?,
        progress: progress(row)?,
        stopping: stopping(row)?,
        provenance: codec::parsed(row, "run", "provenance")?,
        wall_time: wall_time.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))),
        created_at: codec::time(row, "created_at")?,
        leased_at: codec::optional_time(row, "leased_at")?,
        started_at: codec::optional_time(row, "started_at")?,
        finished_at: codec::optional_time(row, "finished_at")?,
    })
}

fn worker(row: &Row<'_>) -> Result<Option<WorkerId>, StoreError> {
    match row.optional_text("worker_id")?.as_deref() {
        None | Some(CLIENT) => Ok(None),
        Some(text) => text
            .parse()
            .map(Some)
            .map_err(|_| codec::inconsistent("run", "worker_id", row)),
    }
}

fn progress(row: &Row<'_>) -> Result<Option<Progress>, StoreError> {
    row.optional_text("progress")?
        .map(|text| {
            codec::progress_from_text(&text)
                .ok_or_else(|| codec::inconsistent("run", "progress", row))
        })
        .transpose()
}

fn stopping(row: &Row<'_>) -> Result<Option<Stopping>, StoreError> {
    let step = codec::optional_parsed(row, "run", "stop_step")?;
    let next_at = codec::optional_time(row, "stop_next_at")?;
    Ok(step.map(|step| Stopping { step, next_at }))
}

fn state(row: &Row<'_>) -> Result<RunState, StoreError> {
    let at = codec::time(row, "phase_at")?;
    let lease = || {
        let worker = codec::parsed(row, "run", "worker_id")?;
        Ok::<_, StoreError>(Lease {
            worker,
            epoch: row.i64("epoch")?,
        })
    };
    Ok(match row.text("phase")?.as_str() {
        "pending" => RunState::Pending,
        "leased" => RunState::Leased { lease: lease()? },
        "running" if row.text("worker_id")? == CLIENT => RunState::Logging { since: at },
        "running" => RunState::Running {
            lease: lease()?,
            started_at: at,
        },
        "cancelling" => RunState::Cancelling {
            lease: lease()?,
            asked_at: at,
        },
        "lost" => RunState::Lost {
            lease: lease()?,
            lost_at: at,
        },
        "finished" => RunState::Finished {
            outcome: outcome(row)?,
            finished_at: at,
        },
        _ => return Err(codec::inconsistent("run", "phase", row)),
    })
}

pub(crate) fn outcome(row: &Row<'_>) -> Result<Outcome, StoreError> {
    Ok(match row.text("outcome")?.as_str() {
        "completed" => Outcome::Completed,
        "cancelled" => Outcome::Cancelled,
        _ => {
            let detail = row.optional_text("failure_detail")?.unwrap_or_default();
            let failure = Failure::from_parts(&row.text("failure")?, &detail);
            Outcome::Failed(failure.ok_or_else(|| codec::inconsistent("run", "failure", row))?)
        }
    })
}
