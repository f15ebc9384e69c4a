//! What the hub of the simulation keeps of tasks, runs, workers and owners.

use cupola_domain::{
    credits::Credits,
    run::{Failure, Outcome, RunState},
    task::{Attempts, TaskInput, TaskState},
};

use crate::{
    escrow::{Escrow, Ticket},
    simulation::fleet::{Job, Report},
    trust::Reputation,
    verdict::Observation,
};

/// What a worker says of a run: its result.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulation) struct Message {
    pub worker: u32,
    pub job: Job,
    pub report: Report,
}

/// What the world has to do for the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulation) enum Order {
    /// The referee runs the task; for a run that was accepted before, where one is named.
    Referee { task: u32, recheck: Option<usize> },
    /// The owner of these workers was banned.
    Banned { owner: u32 },
}

/// Bookkeeping of what is true; no decision looks at it.
#[derive(Debug, Clone, Default)]
pub(in crate::simulation) struct Tally {
    pub failed: u64,
    pub released: i64,
    pub fake_released: i64,
    pub wrong_released: i64,
    /// Of each task that is accepted: whether its result is right.
    pub wrong_results: i64,
}

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The task's result.
    Work,
    /// A check of it.
    Audit,
    /// A check of the worker.
    Spot,
}

/// Who found a run's result right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Confirmed {
    No,
    ByPeer,
    ByReferee,
}

/// Names a run wherever its task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunName {
    pub task: u32,
    pub run: usize,
    pub key: u64,
}

pub(super) struct Run {
    pub epoch: u32,
    /// Its name in the ledger, and that of its result.
    pub key: u64,
    pub worker: u32,
    pub owner: u32,
    pub class: u8,
    pub purpose: Purpose,
    pub state: RunState,
    pub report: Option<Report>,
    pub ticket: Option<Ticket>,
    pub confirmed: Confirmed,
}

impl Run {
    pub(super) fn new(
        epoch: u32,
        key: u64,
        (worker, owner, class): (u32, u32, u8),
        purpose: Purpose,
        state: RunState,
    ) -> Self {
        Self {
            epoch,
            key,
            worker,
            owner,
            class,
            purpose,
            state,
            report: None,
            ticket: None,
            confirmed: Confirmed::No,
        }
    }

    fn is_replica_of(&self, owner: u32) -> bool {
        self.owner == owner && (self.report.is_some() || self.is_live())
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(
            self.state,
            RunState::Leased { .. } | RunState::Running { .. }
        )
    }

    pub(super) fn is_lost(&self) -> bool {
        matches!(self.state, RunState::Lost { .. })
    }

    pub(super) fn is_completed(&self) -> bool {
        let RunState::Finished { outcome, .. } = &self.state else {
            return false;
        };
        *outcome == Outcome::Completed
    }
}

/// Which run of a task is checked, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checking {
    pub work: usize,
    /// `None` is the referee.
    pub auditor: Option<u32>,
    pub audit: Option<usize>,
    /// How many auditors did not come back.
    pub round: u64,
}

/// How far a task's result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none.
    Open,
    /// One is there and not taken yet.
    Checking(Checking),
    /// It is taken: that of a run, or the referee's own.
    Accepted(Option<usize>),
    /// There will be none.
    Failed,
}

pub(super) struct Task {
    pub state: TaskState,
    pub attempts: Attempts,
    pub brief: u32,
    pub price: Credits,
    pub epoch: u32,
    pub runs: Vec<Run>,
    pub phase: Phase,
    /// What the referee found.
    pub answer: Option<Observation<u8, u64>>,
    /// Earnings that are not at their end.
    pub unsettled: u32,
    /// Whether it is kept for spot checks.
    pub is_pinned: bool,
    /// What is looked at again.
    pub rechecks: u32,
}

impl Task {
    pub(super) fn new(brief: u32, price: Credits) -> Self {
        Self {
            state: TaskState::Pending,
            attempts: Attempts::default(),
            brief,
            price,
            epoch: 0,
            runs: Vec::new(),
            phase: Phase::Open,
            answer: None,
            unsettled: 0,
            is_pinned: false,
            rechecks: 0,
        }
    }

    /// Whether it waits for a worker.
    pub(super) fn is_ready(&self) -> bool {
        self.state == TaskState::Pending
    }

    /// Whether it was leased before.
    pub(super) fn is_released_again(&self) -> bool {
        self.runs.last().is_some_and(|run| run.report.is_none())
    }

    /// Whether the owner may have a run of it: it has no other one that counts.
    pub(super) fn admits(&self, owner: u32) -> bool {
        !self.runs.iter().any(|run| run.is_replica_of(owner))
    }

    /// The task has lost one more worker; whether that was one too many.
    pub(super) fn fail_if_worn_out(&mut self) -> bool {
        if !self.runs.last().is_some_and(Run::was_superseded) {
            return false;
        }
        let lost = TaskInput::Fail(Failure::Lost);
        if let Ok((state, attempts)) = self.state.clone().step(lost, self.attempts) {
            (self.state, self.attempts) = (state, attempts);
        }
        let is_worn_out = matches!(self.state, TaskState::Failed(_));
        if is_worn_out {
            self.phase = Phase::Failed;
        }
        is_worn_out
    }

    /// Whether its result is that of a run that nobody checked.
    pub(super) fn is_accepted_unchecked(&self, run: usize) -> bool {
        self.phase == Phase::Accepted(Some(run)) && self.runs[run].confirmed == Confirmed::No
    }

    /// Whether nothing more can happen to it.
    pub(super) fn is_over(&self) -> bool {
        let is_ended = matches!(self.phase, Phase::Accepted(_) | Phase::Failed);
        is_ended && self.unsettled == 0 && !self.is_pinned && self.rechecks == 0
    }
}

impl Run {
    fn was_superseded(&self) -> bool {
        let RunState::Finished { outcome, .. } = &self.state else {
            return false;
        };
        *outcome == Outcome::Failed(Failure::Lost)
    }
}

/// A worker as the hub knows it.
pub(super) struct Registered {
    pub owner: u32,
    pub class: u8,
    pub slots: u8,
    pub leases: Vec<Job>,
    /// Tasks that it shall check.
    pub inbox: Vec<u32>,
    pub is_lost: bool,
    /// Whether it stands in the list of trusted workers.
    pub is_listed: bool,
}

impl Registered {
    pub(super) fn new(owner: u32, class: u8, slots: u8) -> Self {
        Self {
            owner,
            class,
            slots,
            leases: Vec::new(),
            inbox: Vec::new(),
            is_lost: false,
            is_listed: false,
        }
    }
}

#[derive(Default)]
pub(super) struct Owner {
    pub reputation: Reputation<u8>,
    pub escrow: Escrow<RunName>,
    pub workers: Vec<u32>,
    /// What it found right as an auditor and may still be looked at again.
    pub vouched: Vec<RunName>,
}

#[derive(Default)]
pub(super) struct Brief {
    pub is_funded: bool,
    /// Tasks of it that are over.
    pub over: u32,
    /// The best few that were checked, the best first, with the run's key; `None` is the referee.
    pub best: Vec<(f64, Option<u64>)>,
    /// What would be better and is being checked.
    pub claims: Vec<(f64, u64)>,
    /// What would be better than the best, and a claim was better yet.
    pub unproven: Vec<(f64, RunName)>,
}
