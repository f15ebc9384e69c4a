//! The runs that a task is attempted by, before anybody has them.

use cupola_domain::{
    ids::RunId,
    provenance::Provenance,
    run::{Run, RunState},
    task::Task,
    time::Timestamp,
};

/// The first attempt at a task.
pub(crate) fn first_run(task: &Task, code_hash: &str, now: Timestamp) -> Run {
    Run {
        id: task.run,
        name: String::new(),
        task: task.id,
        experiment: task.experiment,
        attempt: 1,
        state: RunState::Pending,
        worker: None,
        loss: None,
        epoch: 0,
        code_hash: code_hash.to_owned(),
        environment: None,
        progress: None,
        stopping: None,
        provenance: Provenance::Measured,
        wall_time: None,
        created_at: now,
        leased_at: None,
        started_at: None,
        finished_at: None,
    }
}

/// The next attempt at what `of` attempted.
pub(crate) fn next_run(task: &Task, of: &Run, id: RunId, now: Timestamp) -> Run {
    Run {
        id,
        attempt: of.attempt + 1,
        ..first_run(task, &of.code_hash, now)
    }
}
