//! What workers ask and report. Every change is fenced by the run and the epoch of its lease.

pub(crate) mod choosing;
mod endings;
mod intake;
mod joining;
mod leases;
mod leasing;
mod reports;

use std::{sync::Arc, time::Duration};

use cupola_domain::{
    access::Program,
    ids::{RunId, TokenId, WorkerId},
    lease::{heartbeat_after, wake_after},
    metric::Point,
    progress::Levels,
    provenance::Provenance,
    resources::Capabilities,
    run::{Lease, Outcome, Run},
    sandbox::Access,
    stopping::StopStep,
    task::{Config, Task, hard_deadline},
    template::CodeFile,
    time::Timestamp,
};
use cupola_store::{code, runs};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::{Hub, HubError, bus::Waiting, transitions::Pair, workers::Paused};

pub(crate) use joining::UNHEARD;

/// A run with more results than this is refused.
const RESULTS_MAX: usize = 10_000;

/// A worker that joins, or comes back.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The id it was given before, if it kept one.
    pub id: Option<WorkerId>,
    /// Its name for people.
    pub name: String,
    /// Different at each start of the agent.
    pub session: String,
    /// The machine since it was booted, and the agent's folder there; empty where it does not say.
    pub place: String,
    /// How many runs it takes at once.
    pub slots: u32,
    /// The agent's version.
    pub version: String,
    /// What it measured of its machine.
    pub capabilities: Capabilities,
}

/// A run under a lease, as a worker names it.
pub type Held = (RunId, i64);

/// What a worker says again and again.
#[derive(Debug, Clone, Default)]
pub struct Beat {
    /// What it has.
    pub holding: Vec<Held>,
    /// What it gives back of its own accord.
    pub returning: Vec<Held>,
    /// Why its owner lets it take no work for now.
    pub paused: Option<Paused>,
}

/// What the hub wants a worker to do.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Orders {
    /// Start these.
    pub start: Vec<Order>,
    /// Stop these: somebody asked.
    pub cancel: Vec<Held>,
    /// Stop these and report nothing: the lease is gone.
    pub abandon: Vec<Held>,
}

impl Orders {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.start.is_empty() && self.cancel.is_empty() && self.abandon.is_empty()
    }
}

/// All that is needed to run one attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The run.
    pub run: Run,
    /// Its task.
    pub task: Task,
    /// The right to report.
    pub lease: Lease,
    /// What to run.
    pub command: code::Command,
    /// What its program may have beyond its own folder.
    pub access: Access,
}

impl Order {
    /// Who its program is while the lease is current.
    pub fn program(&self) -> Program {
        Program {
            run: self.run.id,
            epoch: self.lease.epoch,
        }
    }

    /// The configuration as the program gets it.
    pub fn config(&self) -> Config {
        config_of(&self.task)
    }

    /// When the worker kills the program, counted from its start.
    pub fn hard_deadline(&self) -> Duration {
        hard_deadline(self.task.time_budget)
    }
}

/// A task's configuration as its program gets it: with its seed and its time.
pub fn config_of(task: &Task) -> Config {
    let mut config = task.config.clone();
    config.insert("seed".to_owned(), task.seed.into());
    let secs = task.time_budget.as_secs_f64();
    config.insert("time_budget_seconds".to_owned(), secs.into());
    config
}

/// The configuration that a run was made with: a client's run has what the client said, and nothing
/// that was made up for its task.
pub fn config_of_run(run: &Run, task: &Task) -> Config {
    if run.is_logged() {
        task.config.clone()
    } else {
        config_of(task)
    }
}

/// What a program said since its last report.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// From 0 without gaps.
    pub seq: i64,
    /// Log bytes, in order.
    pub log: Vec<LogPiece>,
    /// Points, by series.
    pub metrics: Vec<(String, Vec<Point>)>,
    /// How far it says it is; none when it said nothing new.
    pub progress: Option<Levels>,
    /// How far stopping it has gone, and after how long the next step follows.
    pub stopping: Option<(StopStep, Option<Duration>)>,
    /// Results that are known already.
    pub results: Map<String, Value>,
    /// Parts of its configuration that the program named itself.
    pub params: Vec<(String, String)>,
}

/// Bytes of a log that were read together.
#[derive(Debug, Clone)]
pub struct LogPiece {
    /// `stdout`, `stderr` or what else the worker says.
    pub stream: String,
    /// When they were read.
    pub at: Timestamp,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Bytes left out before these.
    pub omitted: i64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct Finish {
    /// With a result, without one, or on request.
    pub outcome: Outcome,
    /// Result key → value.
    pub results: Map<String, Value>,
    /// From the program's start to its end.
    pub wall_time: Duration,
    /// How far stopping the program went; none when it ended by itself.
    pub stop: Option<StopStep>,
    /// The program's surroundings as one JSON object, in case its start was not told.
    pub environment: Option<String>,
    /// Where the results come from.
    pub provenance: Provenance,
}

impl Hub {
    /// A worker says that the program runs, and in which surroundings.
    pub fn start_run(
        &self,
        token: TokenId,
        run: RunId,
        lease: Lease,
        environment: String,
    ) -> Result<Run, HubError> {
        self.check_worker(token, lease.worker)?;
        self.refuse_banned(lease.worker)?;
        let now = self.now();
        let run = self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            pair.resume(tx, lease, now)?;
            runs::save_environment(tx, run, lease.epoch, &environment)?;
            pair.run.environment = Some(environment);
            Ok(pair.run)
        })?;
        self.settle(run.id)?;
        Ok(run)
    }

    /// A template's files under their hash, with the command.
    pub fn find_bundle(&self, hash: &str) -> Result<(Vec<String>, Vec<CodeFile>), HubError> {
        let hash = hash.to_owned();
        self.read(move |tx| {
            let (command, files) =
                code::find(tx, &hash)?.ok_or_else(|| HubError::not_found("bundle", &hash))?;
            Ok((command.command, files))
        })
    }

    /// Wakes when some task may have become ready. Register before asking, so as to miss nothing.
    pub fn work_signal(&self) -> Arc<Notify> {
        self.bus.work()
    }

    /// Wakes when something of a worker's own has ended. Register before asking.
    pub fn own_signal(&self, id: WorkerId) -> Arc<Notify> {
        let live = self.live();
        let worker = live.workers.get(&id);
        worker.map_or_else(Arc::default, |worker| Arc::clone(&worker.asks_again))
    }

    /// Whether a worker said goodbye: a question for work that it left open is no sign of life.
    pub fn has_left(&self, id: WorkerId) -> bool {
        let live = self.live();
        let worker = live.workers.get(&id);
        worker.is_some_and(|worker| worker.left_at.is_some())
    }

    /// Counts as one who waits for work, until it is dropped.
    pub fn wait_for_work(&self) -> Waiting {
        self.bus.wait()
    }

    /// How long one who waits for work waits on when some may be ready, so that not all ask at once.
    pub fn wake_after(&self) -> Duration {
        wake_after(self.bus.waiting(), self.chance())
    }

    /// After how long a worker renews its leases again.
    pub fn heartbeat_after(&self) -> Duration {
        let workers = self.live().workers.len();
        heartbeat_after(workers, self.chance())
    }

    /// Anything from 0 to 1.
    fn chance(&self) -> f64 {
        let mut bytes = [0; 4];
        self.world().random(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }

    /// Refuses a token that is not the one the worker joined with.
    pub(crate) fn check_worker(&self, token: TokenId, id: WorkerId) -> Result<(), HubError> {
        let owner = self.live().workers.get(&id).map(|worker| worker.token);
        match owner {
            Some(owner) if owner == token => Ok(()),
            Some(_) => Err(not_yours(id)),
            None => Err(HubError::not_found("worker", id)),
        }
    }
}

fn not_yours(id: WorkerId) -> HubError {
    HubError::Forbidden(format!("the worker `{id}` joined with another token"))
}

/// Whether the run had this lease last.
pub(crate) fn had_lease(run: &Run, lease: Lease) -> bool {
    run.worker == Some(lease.worker) && run.epoch == lease.epoch
}
