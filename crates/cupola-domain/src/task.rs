//! A task: one configuration, seed and time budget inside an experiment.
//!
//! ```text
//! Pending --start--> Running --complete--> Completed
//!    ^  \               |  \---fail------> Failed     (no attempts left)
//!    |   \              |---fail, lose---> Pending    (attempts left)
//!    |    +--- cancel --+----------------> Cancelled
//!    |    +--- strand -------------------> Failed     (a task that it needs did not complete)
//!    +------------------ retry ----------- Failed, Cancelled
//!                       ^-- reopen ------- Completed, Failed, Cancelled  (its client goes on)
//! Pending <--revoke-- Completed            (its result was found wrong after it was accepted)
//! ```

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value};

use crate::{
    counts::State,
    ids::{ExperimentId, RunId, TaskId, WorkerId},
    run::{Failure, Run},
    time::Timestamp,
};

/// A configuration: field → JSON value, in the schema's order.
pub type Config = Map<String, Value>;

/// How often a task may be tried. The machine's faults and the task's own are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Runs that failed by the program's own fault.
    pub failures: u32,
    /// Runs whose worker was lost.
    pub losses: u32,
    /// After this many failures the task has failed.
    pub failures_max: u32,
    /// After this many losses too: it may be what kills its workers.
    pub losses_max: u32,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            failures: 0,
            losses: 0,
            failures_max: 1,
            losses_max: 5,
        }
    }
}

impl Attempts {
    /// As many allowed, none counted.
    fn anew(self) -> Self {
        Self {
            failures: 0,
            losses: 0,
            ..self
        }
    }

    /// The count after one more ending of this kind, and whether another try is allowed.
    fn after(mut self, failure: &Failure) -> (Self, bool) {
        if failure.is_infrastructure() {
            self.losses += 1;
        } else {
            self.failures += 1;
        }
        (
            self,
            self.failures < self.failures_max && self.losses < self.losses_max,
        )
    }
}

/// Where a task is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskState {
    /// Its current run waits for a worker.
    Pending,
    /// A worker has its current run.
    Running,
    /// A run ended with a result.
    Completed,
    /// The last run ended without one and no attempt is left.
    Failed(Failure),
    /// Stopped on request.
    Cancelled,
}

/// What may happen to a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskInput {
    /// Its current run was leased, or resumed.
    Start,
    /// Its current run was lost; it may be leased again.
    Lose,
    /// Its current run completed.
    Complete,
    /// Its current run failed.
    Fail(Failure),
    /// Its current run was cancelled.
    Cancel,
    /// The task with this number, which it needs, did not complete.
    Strand(u32),
    /// A person wants another attempt.
    Retry,
    /// The client that logs its run goes on after the end.
    Reopen,
    /// The result that completed it was found wrong.
    Revoke,
}

/// A move that is not in the table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a task that is {} cannot take `{input:?}`", .from.word())]
pub struct TaskRefused {
    /// Where the task is.
    pub from: TaskState,
    /// What was tried.
    pub input: TaskInput,
}

impl TaskState {
    /// Every legal move, in one table; `attempts` decides whether a failure is final.
    pub fn step(
        self,
        input: TaskInput,
        attempts: Attempts,
    ) -> Result<(TaskState, Attempts), TaskRefused> {
        use {TaskInput as In, TaskState as St};
        match (self, input) {
            (St::Pending | St::Running, In::Start) => Ok((St::Running, attempts)),
            (St::Pending | St::Running, In::Lose) => Ok((St::Pending, attempts)),
            // A lost run whose worker came back with the result completes its task from Pending.
            (St::Pending | St::Running, In::Complete) => Ok((St::Completed, attempts)),
            // Nothing was tried, so nothing is counted.
            (St::Pending, In::Strand(number)) => {
                Ok((St::Failed(Failure::Dependency(number)), attempts))
            }
            // Whatever attempts are left: another would only be lost as well.
            (St::Pending | St::Running, In::Fail(failure @ Failure::Poison(_))) => {
                let (attempts, _) = attempts.after(&Failure::Lost);
                Ok((St::Failed(failure), attempts))
            }
            (St::Pending | St::Running, In::Fail(failure)) => match attempts.after(&failure) {
                (attempts, true) => Ok((St::Pending, attempts)),
                (attempts, false) => Ok((St::Failed(failure), attempts)),
            },
            (St::Pending | St::Running, In::Cancel) => Ok((St::Cancelled, attempts)),
            (St::Failed(_) | St::Cancelled, In::Retry) => Ok((St::Pending, attempts.anew())),
            (St::Completed | St::Failed(_) | St::Cancelled, In::Reopen) => {
                Ok((St::Running, attempts.anew()))
            }
            // Neither the task nor a loss is to blame, so nothing is counted.
            (St::Completed, In::Revoke) => Ok((St::Pending, attempts)),
            (from, input) => Err(TaskRefused { from, input }),
        }
    }

    /// One of the five words.
    pub const fn word(&self) -> State {
        match self {
            TaskState::Pending => State::Pending,
            TaskState::Running => State::Running,
            TaskState::Completed => State::Completed,
            TaskState::Failed(_) => State::Failed,
            TaskState::Cancelled => State::Cancelled,
        }
    }

    /// What the word leaves out; empty when it says all.
    pub fn reason(&self) -> String {
        match self {
            TaskState::Failed(failure) => failure.reason(),
            _ => String::new(),
        }
    }
}

/// A task as the hub keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Its name.
    pub id: TaskId,
    /// What it belongs to.
    pub experiment: ExperimentId,
    /// Its place in the experiment, from 0.
    pub number: u32,
    /// Where it is.
    pub state: TaskState,
    /// The sampled fields.
    pub config: Config,
    /// The random seed given to the program.
    pub seed: i64,
    /// How long the program may take.
    pub time_budget: Duration,
    /// Variables for the program.
    pub environment: BTreeMap<String, String>,
    /// Where the program starts; `None` is the run's own folder.
    pub working_folder: Option<String>,
    /// For people: name → value.
    pub tags: BTreeMap<String, String>,
    /// The result key that completes it; empty when ending well does.
    pub metric: String,
    /// Higher goes first within the experiment.
    pub priority: i64,
    /// Higher is leased first: its priority, except in a family, whose priorities only number its tasks.
    pub urgency: i64,
    /// The number of the first task that it needs and that has not completed. It is leased when none
    /// is left.
    pub waiting_for: Option<u32>,
    /// Whether a worker came across it while a budget that is spent kept it from being leased.
    pub is_withheld: bool,
    /// How often it was and may be tried.
    pub attempts: Attempts,
    /// The fencing number of the last lease; 0 before the first.
    pub epoch: i64,
    /// The run that counts.
    pub run: RunId,
    /// Who has or had that run.
    pub worker: Option<WorkerId>,
    /// The objective of the run that completed it.
    pub value: Option<f64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Task {
    /// What its state's word leaves out; empty when it says all.
    pub fn reason(&self) -> String {
        self.waiting().unwrap_or_else(|| self.state.reason())
    }

    /// What the word of one of its runs leaves out.
    pub fn reason_of(&self, run: &Run) -> String {
        let waiting = self.waiting().filter(|_| run.id == self.run);
        waiting.unwrap_or_else(|| run.reason())
    }

    /// Who has it, or brought it to its end; nobody while it waits, whoever had it before.
    pub fn shown_worker(&self) -> Option<WorkerId> {
        self.worker.filter(|_| self.state != TaskState::Pending)
    }

    fn waiting(&self) -> Option<String> {
        match self.waiting_for {
            _ if self.state != TaskState::Pending => None,
            Some(number) => Some(format!("waiting for task {number}")),
            None => self.is_withheld.then(|| "a budget is spent".to_owned()),
        }
    }
}

/// Grace after the budget before a program is killed: time for its last evaluation.
pub const HARD_DEADLINE_GRACE: Duration = Duration::from_secs(15);

/// The program should stop by itself at this share of its budget.
pub const SOFT_DEADLINE_SHARE: f64 = 0.9;

/// When the worker kills a program, counted from its start.
pub fn hard_deadline(time_budget: Duration) -> Duration {
    time_budget + HARD_DEADLINE_GRACE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn input(verb: &str) -> TaskInput {
        match verb {
            "start" => TaskInput::Start,
            "lose" => TaskInput::Lose,
            "complete" => TaskInput::Complete,
            "fail" => TaskInput::Fail(Failure::ExitCode(1)),
            "lost" => TaskInput::Fail(Failure::Lost),
            "poison" => TaskInput::Fail(Failure::Poison("w".into())),
            "cancel" => TaskInput::Cancel,
            "strand" => TaskInput::Strand(3),
            "retry" => TaskInput::Retry,
            "reopen" => TaskInput::Reopen,
            "revoke" => TaskInput::Revoke,
            other => panic!("no input is called {other}"),
        }
    }

    /// Plays `script` from `pending` with two failures and two losses allowed.
    fn check(script: &str, expected: &str) {
        let attempts = Attempts {
            failures_max: 2,
            losses_max: 2,
            ..Attempts::default()
        };
        let mut now = (TaskState::Pending, attempts);
        let mut seen = vec![State::Pending.as_str()];
        for verb in script.split("; ") {
            match now.0.clone().step(input(verb), now.1) {
                Ok(next) => {
                    seen.push(next.0.word().as_str());
                    now = next;
                }
                Err(_) => seen.push("!"),
            }
        }
        assert_eq!(seen.join(" "), expected, "{script}");
    }

    #[test]
    fn a_task_completes() {
        check("start; complete", "pending running completed");
    }

    #[test]
    fn a_failure_is_final_when_no_attempt_is_left() {
        check(
            "start; fail; start; fail",
            "pending running pending running failed",
        );
    }

    #[test]
    fn losses_and_failures_are_counted_apart() {
        check(
            "start; fail; start; lost; start; lost",
            "pending running pending running pending running failed",
        );
    }

    #[test]
    fn a_late_result_completes_a_task_that_waits_again() {
        check("start; lose; complete", "pending running pending completed");
    }

    #[test]
    fn a_stranded_task_has_failed_whatever_attempts_are_left() {
        check(
            "strand; start; retry; start; complete",
            "pending failed ! pending running completed",
        );
        check("start; strand", "pending running !");
    }

    #[test]
    fn poison_is_final_until_a_person_tries_again() {
        check(
            "start; poison; start; retry; start; complete",
            "pending running failed ! pending running completed",
        );
    }

    #[test]
    fn a_retry_starts_the_count_anew() {
        check(
            "start; fail; start; fail; retry; start; fail; start; complete",
            "pending running pending running failed pending running pending running completed",
        );
    }

    #[test]
    fn what_ended_is_reopened_with_the_count_anew() {
        check(
            "reopen; start; reopen; complete; reopen; fail; start; fail; reopen; cancel; reopen",
            "pending ! running ! completed running pending running failed running cancelled running",
        );
    }

    #[test]
    fn a_wrong_result_is_revoked_and_the_task_runs_again() {
        check(
            "start; fail; start; complete; revoke; start; fail",
            "pending running pending running completed pending running failed",
        );
        check(
            "revoke; start; revoke; cancel; revoke",
            "pending ! running ! cancelled !",
        );
    }

    #[test]
    fn what_has_completed_stays_completed() {
        check(
            "start; complete; cancel; retry; fail; start",
            "pending running completed ! ! ! !",
        );
    }

    proptest! {
        #[test]
        fn a_task_never_has_more_endings_than_its_attempts_allow(
            verbs in prop::collection::vec(prop::sample::select(vec!["start", "fail", "lost", "lose"]), 0..60)
        ) {
            let attempts = Attempts { failures_max: 3, losses_max: 3, ..Attempts::default() };
            let mut now = (TaskState::Pending, attempts);
            for verb in verbs {
                now = now.0.clone().step(input(verb), now.1).unwrap_or(now);
            }
            prop_assert!(now.1.failures <= 3 && now.1.losses <= 3);
            let exhausted = now.1.failures == 3 || now.1.losses == 3;
            prop_assert_eq!(exhausted, now.0.word().is_terminal());
        }
    }
}
