//! Workers as people see them.

use std::{
    collections::{HashMap, hash_map::Entry},
    time::Duration,
};

use cupola_domain::{
    event::Event,
    experiment::Experiment,
    ids::{ExperimentId, TaskId, TokenId, WorkerId},
    run::{Loss, Run},
    task::Task,
    time::Timestamp,
    worker::{Drained, Presence, Worker},
};
use cupola_store::{
    Tx, enrolments, events, experiments, runs, tasks, tokens, verification, workers,
};

use crate::{Hub, HubError, enrolments::revoke_own_token, verification::cause_in_words};

pub use cupola_store::enrolments::Rival;

pub use crate::live::Paused;

/// How many of a worker's runs its page shows.
const RUNS_SHOWN: i64 = 50;

/// For how long it is shown that another agent said that it was a worker.
const RIVALS_SHOWN: Duration = Duration::from_hours(24);

/// A worker with what it does.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    /// The worker; its last sign of life is up to date.
    pub worker: Worker,
    /// What its signs of life say.
    pub presence: Presence,
    /// How many runs it has now.
    pub running: usize,
    /// Why its owner lets it take no work for now.
    pub paused: Option<Paused>,
    /// Whether an operator lets it finish what it has and gives it nothing new.
    pub drain: Option<Drain>,
    /// Another agent that said lately that it was this worker, and was refused.
    pub rival: Option<Rival>,
    /// Who it belongs to; empty where its token is gone.
    pub owner: String,
    /// What it joined with, as its administrator called that.
    pub token: String,
    /// Why its owner is banned; none of who is not.
    pub ban: Option<String>,
}

/// A worker that is given nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// Since when, and who wanted it so.
    pub drained: Drained,
    /// Whether it has nothing any more.
    pub is_done: bool,
}

impl Drain {
    /// The word on pages and in bodies.
    pub const fn as_str(&self) -> &'static str {
        if self.is_done { "drained" } else { "draining" }
    }
}

/// A worker with its last runs.
#[derive(Debug, Clone)]
pub struct WorkerDetail {
    /// The worker.
    pub row: WorkerRow,
    /// What it has and had, the latest first.
    pub runs: Vec<Run>,
    /// The tasks that appear.
    pub tasks: HashMap<TaskId, Task>,
    /// The experiments that appear.
    pub experiments: HashMap<ExperimentId, Experiment>,
}

impl Hub {
    /// All workers by name.
    pub fn list_workers(&self) -> Result<Vec<WorkerRow>, HubError> {
        let since = self.rivals_since();
        let (found, mut rivals, belongings) = self.read(move |tx| {
            let found = workers::list(tx)?;
            let mut belongings = HashMap::new();
            for worker in &found {
                if let Entry::Vacant(unknown) = belongings.entry(worker.token) {
                    unknown.insert(belonging(tx, worker.token)?);
                }
            }
            Ok((found, enrolments::list_rivals(tx, since)?, belongings))
        })?;
        let row = |worker: Worker| {
            let rival = rivals.remove(&worker.id);
            let belonging = belongings.get(&worker.token).cloned();
            self.row(worker, rival, belonging.unwrap_or_default())
        };
        Ok(found.into_iter().map(row).collect())
    }

    /// A worker with its last runs.
    pub fn worker_detail(&self, id: WorkerId) -> Result<WorkerDetail, HubError> {
        let since = self.rivals_since();
        self.read(move |tx| {
            let worker = find(tx, id)?;
            let belonging = belonging(tx, worker.token)?;
            let rival = enrolments::list_rivals(tx, since)?.remove(&id);
            let mut runs = runs::list_of_worker(tx, id, RUNS_SHOWN)?;
            let mut tasks = HashMap::new();
            let mut experiments = HashMap::new();
            for run in &runs {
                if !experiments.contains_key(&run.experiment)
                    && let Some(experiment) = experiments::find(tx, run.experiment)?
                {
                    experiments.insert(run.experiment, experiment);
                }
                if let Some(task) = tasks::find(tx, run.task)? {
                    tasks.insert(run.task, task);
                }
            }
            // Runs of deleted families end unseen.
            runs.retain(|run| experiments.contains_key(&run.experiment));
            Ok(((worker, rival, belonging), runs, tasks, experiments))
        })
        .map(
            |((worker, rival, of), runs, tasks, experiments)| WorkerDetail {
                row: self.row(worker, rival, of),
                runs,
                tasks,
                experiments,
            },
        )
    }

    /// Lets a worker finish what it has and gives it nothing new, as somebody wants it; none lets it work again.
    /// Saying the same again changes nothing.
    pub fn drain_worker(&self, id: WorkerId, by: Option<&str>) -> Result<WorkerDetail, HubError> {
        let at = self.now();
        let wanted = by.map(|by| Drained {
            at,
            by: by.to_owned(),
        });
        let drained = self.write(move |tx| {
            let worker = find(tx, id)?;
            if worker.drained.is_some() == wanted.is_some() {
                return Ok(worker.drained);
            }
            workers::save_drained(tx, id, wanted.as_ref())?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(wanted)
        })?;
        let is_drained = drained.is_some();
        if let Some(worker) = self.live().workers.get_mut(&id) {
            worker.drained = drained;
        }
        if !is_drained {
            self.bus.announce_work();
        }
        self.worker_detail(id)
    }

    /// Who lets a worker finish what it has and gives it nothing new, and since when.
    pub fn drained(&self, id: WorkerId) -> Option<Drained> {
        self.live().workers.get(&id)?.drained.clone()
    }

    /// Takes a worker off the lists and shuts it out, with a token of its own if it has one; its runs wait
    /// for another.
    pub fn remove_worker(&self, id: WorkerId) -> Result<(), HubError> {
        let now = self.now();
        self.write(move |tx| {
            find(tx, id)?;
            revoke_own_token(tx, id, now)?;
            workers::save_removed(tx, id, now)?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(())
        })?;
        self.shut_out();
        let removed = self.live().workers.remove(&id);
        self.heart_of_fleet().forget(id);
        let last_seen = removed.map_or(now, |worker| worker.last_seen);
        self.expire_leases_of(id, (Loss::Removed, last_seen))
    }

    /// Rivals that came before are no news.
    fn rivals_since(&self) -> Timestamp {
        let span = i64::try_from(RIVALS_SHOWN.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.now().millis().saturating_sub(span))
    }

    fn row(&self, mut worker: Worker, rival: Option<Rival>, of: Belongs) -> WorkerRow {
        let (live, now) = (self.live(), self.world().monotonic());
        let mut paused = None;
        if let Some(known) = live.workers.get(&worker.id) {
            worker.last_seen_at = worker.last_seen_at.max(known.last_seen);
            worker.left_at = known.left_at;
            let leaving = known.is_leaving(now).then(|| Paused {
                why: "leaves once it has finished what it has, as its owner asked".to_owned(),
                until: None,
            });
            paused = leaving.or_else(|| known.paused.clone());
        }
        let running = live.leases.count_of_worker(worker.id);
        drop(live);
        WorkerRow {
            presence: worker.presence(self.now()),
            drain: worker.drained.clone().map(|drained| Drain {
                drained,
                is_done: running == 0,
            }),
            worker,
            running,
            paused,
            rival,
            owner: of.owner,
            token: of.token,
            ban: of.ban,
        }
    }
}

/// Whose a worker is.
#[derive(Debug, Clone, Default)]
struct Belongs {
    owner: String,
    token: String,
    ban: Option<String>,
}

fn belonging(tx: &mut Tx, token: TokenId) -> Result<Belongs, HubError> {
    let Some(token) = tokens::find(tx, token)? else {
        return Ok(Belongs::default());
    };
    let owner = token.owner().to_owned();
    let standing = verification::find_standing(tx, &owner)?;
    let ban = standing.ban.map(|word| {
        let cause = cause_in_words(&word);
        match standing.ban_note.as_str() {
            "" => cause.to_owned(),
            note => format!("{cause}: {note}"),
        }
    });
    Ok(Belongs {
        owner,
        token: token.name,
        ban,
    })
}

fn find(tx: &mut Tx, id: WorkerId) -> Result<Worker, HubError> {
    workers::find(tx, id)?.ok_or_else(|| HubError::not_found("worker", id))
}
