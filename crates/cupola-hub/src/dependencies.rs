//! Tasks that need others: they wait until all of those have completed, and fail with them.

use cupola_domain::{
    counts::State,
    event::Event,
    ids::{RunId, TaskId},
    run::{Failure, RunInput},
    task::{Task, TaskInput, TaskState},
    time::Timestamp,
};
use cupola_store::{Tx, dependencies, events};

use crate::{
    HubError,
    transitions::{Pair, find_task},
};

/// Lets what needs `task` follow its end, if it has ended. In a list, not in depth: a chain may be long.
pub(crate) fn follow(tx: &mut Tx, task: &Task, now: Timestamp) -> Result<(), HubError> {
    match task.state.word() {
        State::Pending | State::Running => Ok(()),
        State::Completed => release(tx, task),
        State::Failed | State::Cancelled => strand(tx, task, now),
    }
}

/// Whether any task needs `task`.
pub(crate) fn is_needed(tx: &mut Tx, task: TaskId) -> Result<bool, HubError> {
    Ok(!dependencies::list_dependents(tx, task)?.is_empty())
}

/// Refuses a task that needs one which has failed or was cancelled: it would wait for ever.
pub(crate) fn check_retry(tx: &mut Tx, task: &Task) -> Result<(), HubError> {
    match dependencies::find_hindrance(tx, task.id)? {
        None => Ok(()),
        Some(needed) => Err(HubError::Conflict(format!(
            "task `{}` needs task {} (`{}`), which is {}; retry that one",
            task.id, needed.number, needed.task, needed.state
        ))),
    }
}

/// How many tasks a retry of `task` makes pending again besides it.
pub(crate) fn count_stranded(tx: &mut Tx, task: TaskId) -> Result<usize, HubError> {
    let mut found: Vec<TaskId> = Vec::new();
    let mut next = vec![task];
    while let Some(ended) = next.pop() {
        for dependent in stranded(tx, ended)? {
            if !found.contains(&dependent.id) {
                found.push(dependent.id);
                next.push(dependent.id);
            }
        }
    }
    Ok(found.len())
}

/// Makes what failed because of `task` pending again, unless something else that it needs has failed
/// too. `spares` names the new runs.
pub(crate) fn revive(
    tx: &mut Tx,
    task: TaskId,
    mut spares: Vec<RunId>,
    now: Timestamp,
) -> Result<(), HubError> {
    let mut next = vec![task];
    while let Some(retried) = next.pop() {
        for dependent in stranded(tx, retried)? {
            if dependencies::find_hindrance(tx, dependent.id)?.is_some() {
                continue;
            }
            let spare = spares.pop().ok_or_else(|| {
                HubError::Conflict("what needs the task has changed just now; try again".to_owned())
            })?;
            let id = dependent.id;
            Pair::of_task(tx, dependent)?.retry(tx, spare, now)?;
            next.push(id);
        }
    }
    Ok(())
}

/// Lets what needs `task` and has not begun wait again: its result was found wrong.
pub(crate) fn hold_back(tx: &mut Tx, task: &Task) -> Result<(), HubError> {
    for dependent in dependencies::hold_back(tx, task.id, task.number)? {
        events::record(tx, Event::TaskChanged(dependent, task.experiment));
    }
    Ok(())
}

fn release(tx: &mut Tx, task: &Task) -> Result<(), HubError> {
    for dependent in dependencies::release(tx, task.id, task.number)? {
        events::record(tx, Event::TaskChanged(dependent, task.experiment));
    }
    Ok(())
}

fn strand(tx: &mut Tx, task: &Task, now: Timestamp) -> Result<(), HubError> {
    let mut ended = vec![(task.id, task.number)];
    while let Some((id, number)) = ended.pop() {
        for dependent in dependencies::list_dependents(tx, id)? {
            let dependent = find_task(tx, dependent)?;
            if dependent.state != TaskState::Pending {
                continue;
            }
            let mut pair = Pair::of_task(tx, dependent)?;
            let epoch = pair.task.epoch;
            pair.step_run(tx, RunInput::Strand(number), now)?;
            pair.step_task_alone(tx, TaskInput::Strand(number), epoch, now)?;
            ended.push((pair.task.id, pair.task.number));
        }
    }
    Ok(())
}

/// The tasks that need `task` and have failed because of something that they need.
fn stranded(tx: &mut Tx, task: TaskId) -> Result<Vec<Task>, HubError> {
    let mut found = Vec::new();
    for dependent in dependencies::list_dependents(tx, task)? {
        let dependent = find_task(tx, dependent)?;
        if matches!(dependent.state, TaskState::Failed(Failure::Dependency(_))) {
            found.push(dependent);
        }
    }
    Ok(found)
}
