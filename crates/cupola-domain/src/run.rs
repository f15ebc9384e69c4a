//! A run: one attempt at a task by one worker under a lease.
//!
//! ```text
//! Pending --lease--> Leased --start--> Running --finish--> Finished
//!                      |                  |                   ^
//!                      +------ expire ----+--> Lost --finish--+   (its worker came back in time)
//!                      |                  |     +- supersede -+   (leased again: a new run)
//!                      +------ cancel ----+--> Cancelling ----+   (finish or expire)
//! ```
//!
//! What completed may still be *rejected*, when a check finds its result wrong. It has failed then.
//!
//! A pending run is *stranded*, that is finished, when a task that its own needs did not complete.
//!
//! What a client logs has no worker and no lease: `Pending --log--> Logging --close--> Finished`, and
//! back by `reopen`.
//!
//! A *lost* run waits: while nobody else has leased the task, the old worker may still resume or
//! finish it, because its epoch is still the current one.

mod loss;

use std::time::Duration;

use crate::{
    counts::State,
    ids::{ExperimentId, RunId, TaskId, WorkerId},
    progress::Progress,
    provenance::Provenance,
    stopping::Stopping,
    time::Timestamp,
};

pub use loss::Loss;

/// The right of one worker to report on a task. Epochs of a task only grow and are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Who holds it.
    pub worker: WorkerId,
    /// The fencing number: whatever a worker reports is refused unless this is current.
    pub epoch: i64,
}

/// Why a program did not end well. Never a bare "failed".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The command could not be started; the operating system's reason.
    SpawnFailed(String),
    /// It ended by itself with a code other than zero.
    ExitCode(i32),
    /// A signal ended it.
    Signal(i32),
    /// It was still there after the hard deadline and was killed.
    TimedOut,
    /// It ended with code zero, but its last line is not the result; the line.
    BadOutput(String),
    /// It said itself that it failed; its words.
    Reported(String),
    /// Its worker was not heard of again.
    Lost,
    /// Its worker stopped in order and gave it back.
    HandedBack,
    /// The worker could not prepare it: the code did not arrive or did not match its hash.
    NotPrepared(String),
    /// It never started, because the task with this number, which it needs, did not complete.
    Dependency(u32),
    /// It had completed; a check found its result wrong. What was found.
    Rejected(String),
    /// It was taken from its worker, whose owner was banned.
    Withdrawn,
    /// Workers were lost with it again and again, and no other is given it; which, and when.
    Poison(String),
}

impl Failure {
    /// The word in the database and on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Failure::SpawnFailed(_) => "spawn_failed",
            Failure::ExitCode(_) => "exit_code",
            Failure::Signal(_) => "signal",
            Failure::TimedOut => "timed_out",
            Failure::BadOutput(_) => "bad_output",
            Failure::Reported(_) => "reported",
            Failure::Lost => "lost",
            Failure::HandedBack => "handed_back",
            Failure::NotPrepared(_) => "not_prepared",
            Failure::Dependency(_) => "dependency",
            Failure::Rejected(_) => "rejected",
            Failure::Withdrawn => "withdrawn",
            Failure::Poison(_) => "poison",
        }
    }

    /// What goes with the word; empty where the word says all.
    pub fn detail(&self) -> String {
        match self {
            Failure::SpawnFailed(text)
            | Failure::BadOutput(text)
            | Failure::Reported(text)
            | Failure::NotPrepared(text)
            | Failure::Rejected(text)
            | Failure::Poison(text) => text.clone(),
            Failure::ExitCode(number) | Failure::Signal(number) => number.to_string(),
            Failure::Dependency(number) => number.to_string(),
            Failure::TimedOut | Failure::Lost | Failure::HandedBack | Failure::Withdrawn => {
                String::new()
            }
        }
    }

    /// Reads what [`Failure::kind`] and [`Failure::detail`] write.
    pub fn from_parts(kind: &str, detail: &str) -> Option<Self> {
        Some(match kind {
            "spawn_failed" => Failure::SpawnFailed(detail.to_owned()),
            "exit_code" => Failure::ExitCode(detail.parse().ok()?),
            "signal" => Failure::Signal(detail.parse().ok()?),
            "timed_out" => Failure::TimedOut,
            "bad_output" => Failure::BadOutput(detail.to_owned()),
            "reported" => Failure::Reported(detail.to_owned()),
            "lost" => Failure::Lost,
            "handed_back" => Failure::HandedBack,
            "not_prepared" => Failure::NotPrepared(detail.to_owned()),
            "dependency" => Failure::Dependency(detail.parse().ok()?),
            "rejected" => Failure::Rejected(detail.to_owned()),
            "withdrawn" => Failure::Withdrawn,
            "poison" => Failure::Poison(detail.to_owned()),
            _ => return None,
        })
    }

    /// In plain words, for a page; fits after "failed: ".
    pub fn reason(&self) -> String {
        match self {
            Failure::SpawnFailed(text) => format!("could not be started: {text}"),
            Failure::ExitCode(code) => format!("exit code {code}"),
            Failure::Signal(signal) => format!("ended by signal {signal}"),
            Failure::TimedOut => "over its time budget".to_owned(),
            Failure::BadOutput(line) if line.is_empty() => "printed no result line".to_owned(),
            Failure::BadOutput(line) => format!("last line is not a result: `{line}`"),
            Failure::Reported(message) if message.is_empty() => "its program said so".to_owned(),
            Failure::Reported(message) => message.clone(),
            Failure::Lost => "worker lost".to_owned(),
            Failure::HandedBack => "given back by its worker".to_owned(),
            Failure::NotPrepared(text) => format!("could not be prepared: {text}"),
            Failure::Dependency(number) => format!("task {number} did not complete"),
            Failure::Rejected(found) => format!("rejected by a check: {found}"),
            Failure::Withdrawn => "taken back: its worker's owner was banned".to_owned(),
            Failure::Poison(evidence) => format!("poison: lost with {evidence}"),
        }
    }

    /// Whether the fault lies with the machine or the network rather than with the task.
    pub const fn is_infrastructure(&self) -> bool {
        matches!(
            self,
            Failure::Lost | Failure::HandedBack | Failure::NotPrepared(_) | Failure::Withdrawn
        )
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With a result.
    Completed,
    /// Without one.
    Failed(Failure),
    /// Stopped on request.
    Cancelled,
}

impl Outcome {
    /// The state that the ending leads to.
    pub const fn state(&self) -> State {
        match self {
            Outcome::Completed => State::Completed,
            Outcome::Failed(_) => State::Failed,
            Outcome::Cancelled => State::Cancelled,
        }
    }
}

/// Where a run is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// Nobody has it.
    Pending,
    /// A worker took it and prepares it.
    Leased {
        /// The worker's right.
        lease: Lease,
    },
    /// The program runs.
    Running {
        /// The worker's right.
        lease: Lease,
        /// When the program started.
        started_at: Timestamp,
    },
    /// Somebody asked to stop it; the worker has not yet confirmed.
    Cancelling {
        /// The worker's right.
        lease: Lease,
        /// When it was asked.
        asked_at: Timestamp,
    },
    /// The lease ran out. The task may be leased again; until then the worker may come back.
    Lost {
        /// The right that ran out.
        lease: Lease,
        /// Since when its worker is silent.
        lost_at: Timestamp,
    },
    /// A client or an import writes it; nobody has a lease on it.
    Logging {
        /// Since when.
        since: Timestamp,
    },
    /// Nothing more happens.
    Finished {
        /// How it ended.
        outcome: Outcome,
        /// When.
        finished_at: Timestamp,
    },
}

/// What may happen to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunInput {
    /// A worker takes it.
    Lease(Lease),
    /// The worker started the program, or still has it after a silence.
    Start(Lease),
    /// The worker was silent for longer than its lease, since the time that is given.
    Expire,
    /// The worker stops in order and gives it back.
    HandBack,
    /// It is taken from its worker, whose owner was banned.
    Withdraw,
    /// It had completed; a check found its result wrong, for this reason.
    Reject(String),
    /// Another run of the same task takes this one's place.
    Supersede,
    /// Somebody asks to stop it.
    Cancel,
    /// The task with this number, which its own needs, did not complete.
    Strand(u32),
    /// The worker says how it ended.
    Finish(Lease, Outcome),
    /// A client begins to write it.
    Log,
    /// Its client says how it ended.
    Close(Outcome),
    /// Its client goes on with it after its end. Only for what [`Run::is_logged`].
    Reopen,
}

/// A move that is not in the table, or a report under a lease that is not current.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunRefused {
    /// The table has no such move.
    #[error("a run that is {} cannot take `{input:?}`", .from.describe())]
    Invalid {
        /// Where the run is.
        from: Box<RunState>,
        /// What was tried.
        input: Box<RunInput>,
    },
    /// Another worker, or this worker in a later attempt, holds the task now.
    #[error("the lease with epoch {given} is not current")]
    StaleLease {
        /// The epoch of the refused report.
        given: i64,
    },
}

impl RunState {
    /// Every legal move, in one table. Anything else is refused.
    pub fn step(self, input: RunInput, now: Timestamp) -> Result<RunState, RunRefused> {
        use {RunInput as In, RunState as St};
        if let (In::Start(given) | In::Finish(given, _), Some(held)) = (&input, self.lease())
            && *given != held
        {
            return Err(RunRefused::StaleLease { given: given.epoch });
        }
        match (self, input) {
            (St::Pending, In::Lease(lease)) => Ok(St::Leased { lease }),

            (St::Leased { lease } | St::Lost { lease, .. }, In::Start(_)) => Ok(St::Running {
                lease,
                started_at: now,
            }),
            (st @ (St::Running { .. } | St::Cancelling { .. }), In::Start(_)) => Ok(st),

            (St::Leased { lease } | St::Running { lease, .. }, In::Expire) => Ok(St::Lost {
                lease,
                lost_at: now,
            }),
            (St::Cancelling { .. }, In::Expire | In::HandBack | In::Withdraw) => {
                Ok(finished(Outcome::Cancelled, now))
            }
            (St::Leased { .. } | St::Running { .. }, In::Withdraw) => {
                Ok(failed(Failure::Withdrawn, now))
            }
            (St::Leased { .. } | St::Running { .. }, In::HandBack) => {
                Ok(failed(Failure::HandedBack, now))
            }
            // It ended when it ended; only what is said of it changes.
            (
                St::Finished {
                    outcome: Outcome::Completed,
                    finished_at,
                },
                In::Reject(found),
            ) => Ok(failed(Failure::Rejected(found), finished_at)),

            // It ended when it was lost, not when somebody else came.
            (St::Lost { lost_at, .. }, In::Supersede) => Ok(failed(Failure::Lost, lost_at)),

            (St::Pending | St::Lost { .. }, In::Cancel) => Ok(finished(Outcome::Cancelled, now)),
            (St::Leased { lease } | St::Running { lease, .. }, In::Cancel) => Ok(St::Cancelling {
                lease,
                asked_at: now,
            }),
            (st @ St::Cancelling { .. }, In::Cancel) => Ok(st),

            (St::Pending, In::Strand(number)) => Ok(failed(Failure::Dependency(number), now)),

            (St::Leased { .. } | St::Running { .. } | St::Lost { .. }, In::Finish(_, outcome)) => {
                Ok(finished(outcome, now))
            }
            // Whoever asked first wins: a result that arrives after the request is not the outcome.
            (St::Cancelling { .. }, In::Finish(..)) => Ok(finished(Outcome::Cancelled, now)),

            (St::Pending, In::Log) | (St::Finished { .. }, In::Reopen) => {
                Ok(St::Logging { since: now })
            }
            (St::Logging { .. }, In::Close(outcome)) => Ok(finished(outcome, now)),
            (St::Logging { .. }, In::Cancel) => Ok(finished(Outcome::Cancelled, now)),

            (from, input) => Err(RunRefused::Invalid {
                from: Box::new(from),
                input: Box::new(input),
            }),
        }
    }

    /// The lease under which the worker may report, while there is one.
    pub const fn lease(&self) -> Option<Lease> {
        match self {
            RunState::Leased { lease }
            | RunState::Running { lease, .. }
            | RunState::Cancelling { lease, .. }
            | RunState::Lost { lease, .. } => Some(*lease),
            RunState::Pending | RunState::Logging { .. } | RunState::Finished { .. } => None,
        }
    }

    /// One of the five words.
    pub const fn word(&self) -> State {
        match self {
            RunState::Pending | RunState::Lost { .. } => State::Pending,
            RunState::Leased { .. }
            | RunState::Running { .. }
            | RunState::Cancelling { .. }
            | RunState::Logging { .. } => State::Running,
            RunState::Finished { outcome, .. } => outcome.state(),
        }
    }

    /// What the word leaves out; empty when it says all.
    pub fn reason(&self) -> String {
        match self {
            RunState::Leased { .. } => "preparing".to_owned(),
            RunState::Cancelling { .. } => "cancelling".to_owned(),
            RunState::Lost { .. } => "worker lost, to be leased again".to_owned(),
            RunState::Finished {
                outcome: Outcome::Failed(failure),
                ..
            } => failure.reason(),
            RunState::Logging { .. } => "logged by a client".to_owned(),
            RunState::Pending | RunState::Running { .. } | RunState::Finished { .. } => {
                String::new()
            }
        }
    }

    fn describe(&self) -> String {
        let (word, reason) = (self.word(), self.reason());
        if reason.is_empty() {
            word.to_string()
        } else {
            format!("{word} ({reason})")
        }
    }
}

fn failed(failure: Failure, at: Timestamp) -> RunState {
    finished(Outcome::Failed(failure), at)
}

fn finished(outcome: Outcome, now: Timestamp) -> RunState {
    RunState::Finished {
        outcome,
        finished_at: now,
    }
}

/// The code of what was logged by a client or an import: there is none, so it cannot be run from here.
pub const LOGGED_CODE: &str = "";

/// A run as the hub keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// What the client that logs it calls it; empty for what workers run.
    pub name: String,
    /// What it attempts.
    pub task: TaskId,
    /// What the task belongs to.
    pub experiment: ExperimentId,
    /// 1 for the task's first run.
    pub attempt: u32,
    /// Where it is.
    pub state: RunState,
    /// Who had it last.
    pub worker: Option<WorkerId>,
    /// Why they have it no more, where they did not end it.
    pub loss: Option<Loss>,
    /// The epoch of its lease, kept after its end; 0 before.
    pub epoch: i64,
    /// The hash of the code it runs, fixed when it was leased; [`LOGGED_CODE`] for what a client logs.
    pub code_hash: String,
    /// What the worker said of the program's surroundings when it started, as JSON text.
    pub environment: Option<String>,
    /// How far it says it is.
    pub progress: Option<Progress>,
    /// How far stopping its program went; none when nobody stopped it.
    pub stopping: Option<Stopping>,
    /// Where its results come from.
    pub provenance: Provenance,
    /// From its program's start to its end, as the worker measured.
    pub wall_time: Option<Duration>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a worker took it.
    pub leased_at: Option<Timestamp>,
    /// When its program started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Run {
    /// Whether a client or an import writes it, and no worker.
    pub fn is_logged(&self) -> bool {
        self.code_hash == LOGGED_CODE
    }

    /// Why its worker has it no more, where that did not end it: a loss, or that it could not prepare it.
    pub fn cause(&self) -> Option<&'static str> {
        match &self.state {
            RunState::Finished {
                outcome: Outcome::Failed(failure @ Failure::NotPrepared(_)),
                ..
            } => Some(failure.kind()),
            _ => self.loss.map(Loss::as_str),
        }
    }

    /// What the word leaves out, with how far stopping went; empty when it says all.
    pub fn reason(&self) -> String {
        let mut reason = self.state.reason();
        if let Some(loss) = self.loss {
            reason = format!("{reason}: {}", loss.words());
        }
        let Some(Stopping { step, .. }) = self.stopping else {
            return reason;
        };
        match &self.state {
            RunState::Cancelling { .. } => format!("{reason}: {}", step.phase()),
            RunState::Running { .. } => format!("stopping: {}", step.phase()),
            RunState::Finished {
                outcome: Outcome::Cancelled,
                ..
            } => step.ending().to_owned(),
            RunState::Finished {
                outcome: Outcome::Failed(Failure::TimedOut),
                ..
            } => format!("{reason}: {}", step.ending()),
            _ => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lease(epoch: i64) -> Lease {
        Lease {
            worker: uuid::Uuid::nil().into(),
            epoch,
        }
    }

    /// Plays `script` (words separated by `;`) and shows the states passed; `!` is a refusal.
    fn check(script: &str, expected: &str) {
        let mut state = RunState::Pending;
        let mut seen = vec![name(&state)];
        for (at, word) in script.split(';').enumerate() {
            let now = Timestamp::from_millis(i64::try_from(at).unwrap());
            let (verb, epoch) = word.trim().split_once(' ').unwrap_or((word.trim(), "1"));
            match state
                .clone()
                .step(input(verb, lease(epoch.parse().unwrap())), now)
            {
                Ok(next) => {
                    state = next;
                    seen.push(name(&state));
                }
                Err(_) => seen.push("!"),
            }
        }
        assert_eq!(seen.join(" "), expected, "{script}");
    }

    fn input(verb: &str, lease: Lease) -> RunInput {
        match verb {
            "lease" => RunInput::Lease(lease),
            "start" => RunInput::Start(lease),
            "expire" => RunInput::Expire,
            "supersede" => RunInput::Supersede,
            "hand-back" => RunInput::HandBack,
            "withdraw" => RunInput::Withdraw,
            "reject" => RunInput::Reject("another value".to_owned()),
            "cancel" => RunInput::Cancel,
            "strand" => RunInput::Strand(3),
            "log" => RunInput::Log,
            "close" => RunInput::Close(Outcome::Completed),
            "reopen" => RunInput::Reopen,
            "complete" => RunInput::Finish(lease, Outcome::Completed),
            "fail" => RunInput::Finish(lease, Outcome::Failed(Failure::ExitCode(3))),
            other => panic!("no input is called {other}"),
        }
    }

    fn name(state: &RunState) -> &'static str {
        match state {
            RunState::Pending => "pending",
            RunState::Leased { .. } => "leased",
            RunState::Running { .. } => "running",
            RunState::Cancelling { .. } => "cancelling",
            RunState::Lost { .. } => "lost",
            RunState::Logging { .. } => "logging",
            RunState::Finished { outcome, .. } => outcome.state().as_str(),
        }
    }

    #[test]
    fn what_a_client_logs_is_closed_and_may_be_reopened() {
        check(
            "log; close; close; reopen; close",
            "pending logging completed ! logging completed",
        );
    }

    #[test]
    fn no_worker_has_what_a_client_logs() {
        check(
            "log; lease; start; complete; fail; expire; hand-back; supersede; strand; log; reopen",
            "pending logging ! ! ! ! ! ! ! ! ! !",
        );
    }

    #[test]
    fn what_a_client_logs_is_cancelled_at_once() {
        check("log; cancel; cancel", "pending logging cancelled !");
    }

    #[test]
    fn what_a_worker_has_is_not_for_clients_to_close() {
        check(
            "close; lease; log; start; close; reopen",
            "pending ! leased ! running ! !",
        );
    }

    #[test]
    fn only_a_run_that_nobody_has_is_stranded() {
        check("strand; lease", "pending failed !");
        check("lease; strand; start; strand", "pending leased ! running !");
    }

    #[test]
    fn a_run_completes() {
        check("lease; start; complete", "pending leased running completed");
    }

    #[test]
    fn a_run_that_never_started_may_fail() {
        check("lease; fail", "pending leased failed");
    }

    #[test]
    fn a_second_result_is_refused() {
        check(
            "lease; start; complete; fail",
            "pending leased running completed !",
        );
    }

    #[test]
    fn a_result_under_another_epoch_is_refused() {
        check("lease 2; start 2; complete 1", "pending leased running !");
    }

    #[test]
    fn a_lost_worker_may_come_back() {
        check(
            "lease; start; expire; start; complete",
            "pending leased running lost running completed",
        );
    }

    #[test]
    fn a_late_result_counts_while_nobody_else_has_the_task() {
        check(
            "lease; start; expire; complete",
            "pending leased running lost completed",
        );
    }

    #[test]
    fn a_late_result_is_refused_once_the_task_was_leased_again() {
        check(
            "lease; expire; supersede; complete",
            "pending leased lost failed !",
        );
    }

    #[test]
    fn what_is_given_back_has_ended() {
        check(
            "lease; start; hand-back; complete",
            "pending leased running failed !",
        );
        check(
            "lease; cancel; hand-back",
            "pending leased cancelling cancelled",
        );
    }

    #[test]
    fn what_nobody_has_is_cancelled_at_once() {
        check("cancel", "pending cancelled");
        check("lease; expire; cancel", "pending leased lost cancelled");
    }

    #[test]
    fn what_a_worker_has_is_cancelled_when_it_says_so_or_falls_silent() {
        check(
            "lease; start; cancel; complete",
            "pending leased running cancelling cancelled",
        );
        check(
            "lease; cancel; expire",
            "pending leased cancelling cancelled",
        );
    }

    #[test]
    fn what_is_taken_from_a_worker_has_failed() {
        check("lease; withdraw", "pending leased failed");
        check("lease; start; withdraw", "pending leased running failed");
        check(
            "lease; cancel; withdraw",
            "pending leased cancelling cancelled",
        );
        check(
            "withdraw; lease; expire; withdraw",
            "pending ! leased lost !",
        );
    }

    #[test]
    fn only_what_completed_is_rejected_and_once() {
        check(
            "lease; complete; reject; reject",
            "pending leased completed failed !",
        );
        check("lease; fail; reject", "pending leased failed !");
        check("lease; reject", "pending leased !");
    }

    #[test]
    fn nothing_leaves_a_terminal_state() {
        check(
            "cancel; lease; start; expire; supersede; cancel",
            "pending cancelled ! ! ! ! !",
        );
    }

    #[test]
    fn failures_survive_the_trip_through_their_parts() {
        for failure in [
            Failure::SpawnFailed("no such file".into()),
            Failure::ExitCode(-3),
            Failure::Signal(9),
            Failure::TimedOut,
            Failure::BadOutput("oops".into()),
            Failure::Lost,
            Failure::HandedBack,
            Failure::NotPrepared("hash".into()),
            Failure::Rejected("another value".into()),
            Failure::Withdrawn,
            Failure::Poison("`w` of ada".into()),
        ] {
            assert_eq!(
                Failure::from_parts(failure.kind(), &failure.detail()),
                Some(failure)
            );
        }
    }

    fn any_input() -> impl Strategy<Value = RunInput> {
        let verbs = [
            "hand-back",
            "withdraw",
            "lease",
            "start",
            "expire",
            "supersede",
            "cancel",
            "complete",
            "fail",
            "log",
            "close",
        ];
        (prop::sample::select(verbs.to_vec()), 1..4i64)
            .prop_map(|(verb, epoch)| input(verb, lease(epoch)))
    }

    proptest! {
        #[test]
        fn whatever_happens_a_run_ends_at_most_once_and_only_under_its_own_lease(
            inputs in prop::collection::vec(any_input(), 0..40)
        ) {
            let mut state = RunState::Pending;
            let mut endings = 0;
            for (at, input) in inputs.into_iter().enumerate() {
                let now = Timestamp::from_millis(i64::try_from(at).unwrap());
                let before = state.clone();
                let Ok(next) = state.clone().step(input.clone(), now) else { continue };
                if let RunInput::Start(given) | RunInput::Finish(given, _) = &input {
                    prop_assert_eq!(before.lease(), Some(*given));
                }
                if let (Some(held), Some(kept)) = (before.lease(), next.lease()) {
                    prop_assert_eq!(held, kept, "a lease never changes hands within a run");
                }
                prop_assert!(!before.word().is_terminal());
                endings += u32::from(next.word().is_terminal());
                state = next;
            }
            prop_assert!(endings <= 1);
        }

        #[test]
        fn cancelling_always_leads_to_an_end(inputs in prop::collection::vec(any_input(), 0..10)) {
            let now = Timestamp::from_millis(0);
            let mut state = RunState::Pending;
            for input in inputs {
                state = state.clone().step(input, now).unwrap_or(state);
            }
            for input in [RunInput::Cancel, RunInput::Expire] {
                state = state.clone().step(input, now).unwrap_or(state);
            }
            prop_assert!(state.word().is_terminal());
        }
    }
}
