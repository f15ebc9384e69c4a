//! Moves of a run and its task together: both tables stepped, both rows written behind their
//! fences, the counts moved, the events recorded.

mod attempts;
mod lines;

use std::time::Duration;

use cupola_domain::{
    counts::State,
    event::Event,
    ids::{RunId, TaskId, WorkerId},
    labels,
    provenance::Provenance,
    run::{Failure, Lease, Loss, Outcome, Run, RunInput, RunState},
    scheduling::due,
    stopping::{StopStep, Stopping},
    task::{Task, TaskInput, TaskState},
    time::Timestamp,
};
use cupola_store::{Tx, events, experiments, params, runs, scheduling, tags, tasks, verification};

use crate::{
    HubError,
    costs::booking::{self as costs, Terms},
    dependencies,
    ledger::{
        booking as earnings,
        paying::{Offer, Paying},
    },
};

pub(crate) use attempts::{first_run, next_run};

/// A run with its task, as read in this transaction.
pub(crate) struct Pair {
    pub(crate) run: Run,
    pub(crate) task: Task,
}

impl Pair {
    pub(crate) fn find(tx: &mut Tx, id: RunId) -> Result<Self, HubError> {
        let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
        let task = find_task(tx, run.task)?;
        Ok(Self { run, task })
    }

    /// The task's current run.
    pub(crate) fn of_task(tx: &mut Tx, task: Task) -> Result<Self, HubError> {
        let run = runs::find(tx, task.run)?.ok_or_else(|| HubError::not_found("run", task.run))?;
        Ok(Self { run, task })
    }

    /// Moves the run and writes it.
    pub(crate) fn step_run(
        &mut self,
        tx: &mut Tx,
        input: RunInput,
        now: Timestamp,
    ) -> Result<(), HubError> {
        let was = self.run.state.clone();
        let is_reported = matches!(input, RunInput::Finish(..));
        let is_stopped_at_work = is_reported
            && matches!(was, RunState::Cancelling { .. })
            && self.run.started_at.is_some();
        let next = was.clone().step(input, now)?;
        if next == was {
            return Ok(());
        }
        if next.word().is_terminal() && !is_reported && !was.word().is_terminal() {
            // Nobody knows how the program came to its end.
            self.run.stopping = None;
        }
        if let Some(lease) = next.lease() {
            self.run.worker = Some(lease.worker);
            self.run.epoch = lease.epoch;
        }
        match next.word() {
            word if word.is_terminal() => {
                self.run.finished_at = ended_at(&next).or(Some(now));
                if is_reported {
                    self.run.started_at = self.run.started_at.or(self.run.leased_at);
                }
            }
            State::Running if was.lease().is_none() && next.lease().is_some() => {
                self.run.leased_at = Some(now);
            }
            _ => {}
        }
        match next {
            RunState::Running { started_at, .. } => {
                self.run.started_at.get_or_insert(started_at);
            }
            RunState::Logging { since } => {
                self.run.started_at.get_or_insert(since);
                self.run.finished_at = None;
                self.run.wall_time = None;
            }
            _ => {}
        }
        self.run.state = next;
        runs::save(tx, &self.run, &was)?;
        if self.run.state.word().is_terminal() && was.lease().is_some() {
            costs::settle(tx, self.run.id, let_go_at(&was, is_reported, now))?;
            earnings::settle(tx, &self.run, is_stopped_at_work, now)?;
        }
        events::record(tx, self.change(&was));
        Ok(())
    }

    /// What is told of the run's move. A run that nobody had is cancelled without being news.
    fn change(&self, was: &RunState) -> Event {
        let (run, task) = (self.run.id, self.run.task);
        let is_news = match self.run.state.word() {
            State::Cancelled => *was != RunState::Pending,
            word => word.is_terminal(),
        };
        if is_news {
            Event::RunEnded(run, task)
        } else {
            Event::RunChanged(run, task)
        }
    }

    /// Moves the task and writes it; `epoch` and `run` may have been changed before. What needs it
    /// follows when it ends.
    pub(crate) fn step_task(
        &mut self,
        tx: &mut Tx,
        input: TaskInput,
        epoch: i64,
        now: Timestamp,
    ) -> Result<(), HubError> {
        self.step_task_alone(tx, input, epoch, now)?;
        dependencies::follow(tx, &self.task, now)
    }

    /// The same for one task only.
    pub(crate) fn step_task_alone(
        &mut self,
        tx: &mut Tx,
        input: TaskInput,
        epoch: i64,
        now: Timestamp,
    ) -> Result<(), HubError> {
        let was = self.task.state.word();
        let (next, attempts) = self.task.state.clone().step(input, self.task.attempts)?;
        self.task.state = next;
        self.task.attempts = attempts;
        let is = self.task.state.word();
        self.task.finished_at = is.is_terminal().then_some(now);
        tasks::save(tx, &self.task, was, epoch)?;
        experiments::save_move(tx, self.task.experiment, Some(was), Some(is))?;
        self.count_at_work(tx, was)?;
        events::record(tx, Event::TaskChanged(self.task.id, self.task.experiment));
        Ok(())
    }

    /// Whether the run is the one that counts for its task.
    fn is_current(&self) -> bool {
        self.task.run == self.run.id
    }

    /// Gives the run to a worker: the task's epoch goes up, so that whatever was reported under an
    /// earlier lease is refused from now on. What it will earn is held from now on.
    pub(crate) fn lease(
        &mut self,
        tx: &mut Tx,
        (worker, terms): (WorkerId, Terms),
        (paying, offer): (&Paying, Offer),
        now: Timestamp,
    ) -> Result<Lease, HubError> {
        let was = self.task.epoch;
        let lease = Lease {
            worker,
            epoch: was + 1,
        };
        self.step_run(tx, RunInput::Lease(lease), now)?;
        costs::begin(tx, &self.run, (worker, terms), now)?;
        paying.reserve(tx, offer, (self.run.id, worker), now)?;
        self.task.epoch = lease.epoch;
        self.task.worker = Some(worker);
        self.step_task(tx, TaskInput::Start, was, now)?;
        Ok(lease)
    }

    /// The worker is gone, however late that is noticed: its run is lost, and costs, until it was heard of
    /// last. The task waits again, unless it was being cancelled, has already lost too many workers, or may
    /// be what they die of.
    pub(crate) fn expire(
        &mut self,
        tx: &mut Tx,
        (loss, last_seen): (Loss, Timestamp),
        now: Timestamp,
    ) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        let began = self.run.started_at.max(self.run.leased_at);
        let silent_since = last_seen.max(began.unwrap_or(last_seen)).min(now);
        self.note_loss(loss);
        self.step_run(tx, RunInput::Expire, silent_since)?;
        if self.run.state.word() == State::Cancelled {
            return self.step_task(tx, TaskInput::Cancel, epoch, now);
        }
        if experiments::is_stopped(tx, self.task.experiment)? {
            return self.cancel(tx, now);
        }
        if let Some(failure) = self.poison(tx, now)? {
            self.step_run(tx, RunInput::Supersede, now)?;
            return self.step_task(tx, TaskInput::Fail(failure), epoch, now);
        }
        if self.task.attempts.losses + 1 >= self.task.attempts.losses_max {
            self.step_run(tx, RunInput::Supersede, now)?;
            return self.step_task(tx, TaskInput::Fail(Failure::Lost), epoch, now);
        }
        self.step_task(tx, TaskInput::Lose, epoch, now)
    }

    /// The worker gives the run up of its own accord: the task waits again, and no loss is counted.
    pub(crate) fn hand_back(
        &mut self,
        tx: &mut Tx,
        loss: Loss,
        spare: RunId,
        now: Timestamp,
    ) -> Result<(), HubError> {
        self.note_loss(loss);
        self.give_up(tx, RunInput::HandBack, spare, now)
    }

    fn give_up(
        &mut self,
        tx: &mut Tx,
        input: RunInput,
        spare: RunId,
        now: Timestamp,
    ) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.step_run(tx, input, now)?;
        let is_wanted = self.run.state.word() != State::Cancelled
            && !experiments::is_stopped(tx, self.task.experiment)?;
        if !is_wanted {
            return self.step_task(tx, TaskInput::Cancel, epoch, now);
        }
        self.replace_run(tx, next_run(&self.task, &self.run, spare, now))?;
        self.step_task(tx, TaskInput::Lose, epoch, now)
    }

    /// It is taken from its worker, whose owner was banned: the task waits again, and no loss is counted.
    pub(crate) fn withdraw(
        &mut self,
        tx: &mut Tx,
        spare: RunId,
        now: Timestamp,
    ) -> Result<(), HubError> {
        self.give_up(tx, RunInput::Withdraw, spare, now)
    }

    /// The result was found wrong: the run has failed, and the task waits again, if it is this run's that
    /// counts. Says whether it was.
    pub(crate) fn reject(
        &mut self,
        tx: &mut Tx,
        (found, spare): (String, RunId),
        now: Timestamp,
    ) -> Result<bool, HubError> {
        let epoch = self.task.epoch;
        self.step_run(tx, RunInput::Reject(found), now)?;
        // Also in the bin: what is restored must not say it again.
        let is_wanted = experiments::is_wanted(tx, self.task.experiment)?;
        if !is_wanted || !self.is_current() || self.task.state != TaskState::Completed {
            return Ok(false);
        }
        self.replace_run(tx, next_run(&self.task, &self.run, spare, now))?;
        self.task.worker = None;
        self.task.value = None;
        self.step_task(tx, TaskInput::Revoke, epoch, now)?;
        verification::save_unproven(tx, self.task.id, false)?;
        dependencies::hold_back(tx, &self.task)?;
        let is_in_bin = experiments::find(tx, self.task.experiment)?.is_none();
        if is_in_bin || experiments::is_stopped(tx, self.task.experiment)? {
            self.cancel(tx, now)?;
        }
        Ok(true)
    }

    /// The worker is back while nobody else has the task.
    pub(crate) fn resume(
        &mut self,
        tx: &mut Tx,
        lease: Lease,
        now: Timestamp,
    ) -> Result<(), HubError> {
        if !self.is_current() {
            return Err(stale(lease.epoch));
        }
        self.check_class(tx, lease)?;
        self.run.loss = None;
        self.step_run(tx, RunInput::Start(lease), now)?;
        let epoch = self.task.epoch;
        if self.task.state.word() == State::Pending {
            self.step_task(tx, TaskInput::Start, epoch, now)?;
        }
        Ok(())
    }

    /// The worker says how it ended.
    pub(crate) fn finish(
        &mut self,
        tx: &mut Tx,
        lease: Lease,
        ending: Ending,
        now: Timestamp,
    ) -> Result<(), HubError> {
        if !self.is_current() {
            return Err(stale(lease.epoch));
        }
        self.check_class(tx, lease)?;
        let epoch = self.task.epoch;
        self.run.loss = None;
        self.run.provenance = ending.provenance;
        self.run.wall_time = Some(ending.wall_time);
        self.run.stopping = ending.stop.map(|step| Stopping {
            step,
            next_at: None,
        });
        self.step_run(tx, RunInput::Finish(lease, ending.outcome.clone()), now)?;
        if self.run.state.word() == State::Cancelled {
            return self.step_task(tx, TaskInput::Cancel, epoch, now);
        }
        match ending.outcome {
            Outcome::Completed => {
                self.task.value = ending.value;
                self.step_task(tx, TaskInput::Complete, epoch, now)
            }
            Outcome::Cancelled => self.step_task(tx, TaskInput::Cancel, epoch, now),
            Outcome::Failed(failure) => {
                // What is not believed is not counted: the task waits for somebody who is.
                let is_last = self.task.attempts.losses + 1 >= self.task.attempts.losses_max;
                let input = if ending.is_doubted && (is_last || !failure.is_infrastructure()) {
                    TaskInput::Lose
                } else {
                    TaskInput::Fail(failure)
                };
                let (next, _) = self
                    .task
                    .state
                    .clone()
                    .step(input.clone(), self.task.attempts)?;
                if next == TaskState::Pending && experiments::is_stopped(tx, self.task.experiment)?
                {
                    // Nobody wants another attempt.
                    return self.step_task(tx, TaskInput::Cancel, epoch, now);
                }
                if next == TaskState::Pending {
                    self.replace_run(tx, next_run(&self.task, &self.run, ending.spare, now))?;
                }
                self.step_task(tx, input, epoch, now)
            }
        }
    }

    /// Somebody asks to stop it: at once when nobody has it, otherwise when its worker confirms.
    pub(crate) fn cancel(&mut self, tx: &mut Tx, now: Timestamp) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.step_run(tx, RunInput::Cancel, now)?;
        if self.run.state.word() == State::Cancelled {
            self.step_task(tx, TaskInput::Cancel, epoch, now)?;
        }
        Ok(())
    }

    /// A person wants another attempt at a task that ended without a result.
    pub(crate) fn retry(
        &mut self,
        tx: &mut Tx,
        spare: RunId,
        now: Timestamp,
    ) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.replace_run(tx, next_run(&self.task, &self.run, spare, now))?;
        self.task.worker = None;
        scheduling::save_due(tx, self.task.id, due(now, self.task.urgency))?;
        self.step_task(tx, TaskInput::Retry, epoch, now)
    }

    /// Gives a lost run up, so that its task may be leased again.
    pub(crate) fn supersede(
        &mut self,
        tx: &mut Tx,
        spare: RunId,
        now: Timestamp,
    ) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.step_run(tx, RunInput::Supersede, now)?;
        self.replace_run(tx, next_run(&self.task, &self.run, spare, now))?;
        self.step_task(tx, TaskInput::Fail(Failure::Lost), epoch, now)
    }

    /// Puts a new pending run in the place of one that has ended.
    fn replace_run(&mut self, tx: &mut Tx, run: Run) -> Result<(), HubError> {
        insert_run(tx, &self.task, &run)?;
        events::record(tx, Event::RunChanged(run.id, run.task));
        self.task.run = run.id;
        self.run = run;
        Ok(())
    }
}

/// Until when the worker had it: one that fell silent had it no longer, unless it says so itself.
fn let_go_at(was: &RunState, is_reported: bool, now: Timestamp) -> Timestamp {
    match was {
        RunState::Lost { lost_at, .. } if !is_reported => *lost_at,
        _ => now,
    }
}

fn ended_at(state: &RunState) -> Option<Timestamp> {
    match state {
        RunState::Finished { finished_at, .. } => Some(*finished_at),
        _ => None,
    }
}

/// What a worker says of an ending.
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    /// The objective.
    pub(crate) value: Option<f64>,
    pub(crate) provenance: Provenance,
    pub(crate) wall_time: Duration,
    /// How far stopping the program went.
    pub(crate) stop: Option<StopStep>,
    /// The name of the next run, should the task be tried again.
    pub(crate) spare: RunId,
    /// Whether nobody believes that it fails by its own fault.
    pub(crate) is_doubted: bool,
}

/// Adds a run of a task, with what it is found by.
pub(crate) fn insert_run(tx: &mut Tx, task: &Task, run: &Run) -> Result<(), HubError> {
    runs::insert(tx, run)?;
    save_labels(tx, run.id, task)
}

/// A run's parameters are its task's configuration, its tags the task's.
pub(crate) fn save_labels(tx: &mut Tx, run: RunId, task: &Task) -> Result<(), HubError> {
    // Two keys of a configuration may say the same: `{"a.b": 1, "a": {"b": 2}}`. The first counts.
    params::save(tx, run, &labels::params_of(&task.config))?;
    let found_by = task.tags.iter();
    let found_by = found_by.filter(|(key, value)| labels::check_tag(key, value).is_ok());
    let found_by: Vec<_> = found_by.map(|(k, v)| (k.clone(), v.clone())).collect();
    Ok(tags::save(tx, run, &found_by)?)
}

pub(crate) fn find_task(tx: &mut Tx, id: TaskId) -> Result<Task, HubError> {
    tasks::find(tx, id)?.ok_or_else(|| HubError::not_found("task", id))
}

fn stale(epoch: i64) -> HubError {
    HubError::StaleLease(format!("the lease with epoch {epoch} is not current"))
}
