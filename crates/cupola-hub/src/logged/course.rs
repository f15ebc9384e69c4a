//! How the runs of clients go, as their clients say: each word is one transaction.

use cupola_domain::{
    counts::State,
    event::Event,
    ids::RunId,
    run::{Failure, Outcome, Run, RunInput},
    task::TaskInput,
    time::Timestamp,
};
use cupola_store::{Tx, events, runs};

use super::{KnownRun, RUN_NAME_TAG, check_there, find, known::known, said::save_tags};
use crate::{Hub, HubError, transitions::Pair};

/// What a client says of a run's course.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// Where it is now.
    pub state: Option<State>,
    /// When it ended; now when the client does not say.
    pub ended_at: Option<Timestamp>,
    /// What it is called.
    pub name: Option<String>,
}

impl Hub {
    /// Takes what a client says of a run's course: all of it or nothing. What is so already is no
    /// mistake, also of a worker's run.
    pub fn update_logged_run(&self, id: RunId, course: Course) -> Result<KnownRun, HubError> {
        let now = self.now();
        self.write(move |tx| {
            course.apply(tx, id, now)?;
            let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            known(tx, run)
        })
    }

    /// The client says how its run ended, now unless it says when.
    pub fn close_logged_run(
        &self,
        run: RunId,
        outcome: Outcome,
        at: Option<Timestamp>,
    ) -> Result<Run, HubError> {
        let at = at.unwrap_or_else(|| self.now());
        self.write(move |tx| close(tx, run, outcome, at))
    }

    /// The client goes on with a run that has ended.
    pub fn reopen_logged_run(&self, run: RunId) -> Result<Run, HubError> {
        let now = self.now();
        self.write(move |tx| reopen(tx, run, now))
    }
}

impl Course {
    fn apply(self, tx: &mut Tx, id: RunId, now: Timestamp) -> Result<(), HubError> {
        let target = check_there(tx, id)?;
        if let Some(name) = self.name {
            save_tags(tx, id, vec![(RUN_NAME_TAG.to_owned(), name)])?;
            events::record(tx, Event::RunChanged(id, target.task));
        }
        let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
        let was = run.state.word();
        let is_ended_anew = self.ended_at.is_some() && self.ended_at != run.finished_at;
        let ended = match self.state {
            Some(State::Pending | State::Running) if was.is_terminal() => {
                return reopen(tx, id, now).map(drop);
            }
            Some(State::Pending | State::Running) => None,
            Some(state) => (state != was || is_ended_anew).then_some(state),
            // How a worker's run ended is nobody else's word.
            None => (was.is_terminal() && is_ended_anew && run.is_logged()).then_some(was),
        };
        match ended {
            Some(state) => close(tx, id, outcome(state), self.ended_at.unwrap_or(now)).map(drop),
            None => Ok(()),
        }
    }
}

fn outcome(state: State) -> Outcome {
    match state {
        State::Failed => Outcome::Failed(Failure::Reported(String::new())),
        State::Cancelled => Outcome::Cancelled,
        _ => Outcome::Completed,
    }
}

/// Ends a logged run, if need be once more.
pub(crate) fn close(
    tx: &mut Tx,
    run: RunId,
    outcome: Outcome,
    at: Timestamp,
) -> Result<Run, HubError> {
    let mut pair = find(tx, run)?;
    if pair.run.state.word().is_terminal() {
        pair.reopen(tx, at)?;
    }
    pair.close(tx, outcome, at)?;
    Ok(pair.run)
}

fn reopen(tx: &mut Tx, run: RunId, now: Timestamp) -> Result<Run, HubError> {
    let mut pair = find(tx, run)?;
    if pair.run.state.word().is_terminal() {
        pair.reopen(tx, now)?;
    }
    Ok(pair.run)
}

impl Pair {
    fn reopen(&mut self, tx: &mut Tx, now: Timestamp) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.step_run(tx, RunInput::Reopen, now)?;
        self.step_task(tx, TaskInput::Reopen, epoch, now)
    }

    fn close(&mut self, tx: &mut Tx, outcome: Outcome, at: Timestamp) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.run.wall_time = self.run.started_at.map(|started| at.since(started));
        self.step_run(tx, RunInput::Close(outcome.clone()), at)?;
        let input = match outcome {
            Outcome::Completed => TaskInput::Complete,
            Outcome::Failed(failure) => TaskInput::Fail(failure),
            Outcome::Cancelled => TaskInput::Cancel,
        };
        self.step_task(tx, input, epoch, at)
    }
}
