//! How runs end.

use std::time::Duration;

use cupola_domain::{
    field::FieldError,
    ids::{RunId, TokenId, WorkerId},
    metric::json_number,
    result::Kept,
    run::{Failure, Lease, Outcome, Run, RunState},
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, results, runs};

use super::{Finish, RESULTS_MAX, had_lease};
use crate::{
    Hub, HubError, dependencies,
    run_results::kept,
    scheduling::{needs_of, refusal},
    transitions::{Ending, Pair},
    verification::{Aftermath, original_of},
};

/// Two clocks may differ by so much over one run.
const CLOCKS_APART: Duration = Duration::from_mins(1);

/// What the kernel sends whoever takes the last of the memory.
const SIGKILL: i32 = 9;

/// What programs say then, in small letters.
const OUT_OF_MEMORY: [&str; 4] = [
    "out of memory",
    "memoryerror",
    "cannot allocate memory",
    "bad_alloc",
];

impl Hub {
    /// Takes the end of a run. Saying the same again gives the same answer.
    pub fn finish_run(
        &self,
        token: TokenId,
        run: RunId,
        lease: Lease,
        finish: Finish,
    ) -> Result<Run, HubError> {
        self.check_worker(token, lease.worker)?;
        self.refuse_banned(lease.worker)?;
        if finish.results.len() > RESULTS_MAX {
            let message = format!("a run may have at most {RESULTS_MAX} results");
            return Err(HubError::Invalid(vec![FieldError::new("results", message)]));
        }
        let kept = kept(&finish.results)?;
        let (now, spare) = (self.now(), self.next_id());
        let limit = self.live().memory_limit_of(run);
        let mut court = self.court();
        let policy = self.scheduling();
        let (ended, noted, after) = self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            if is_repeat(&pair.run, lease) {
                return Ok((pair.run, Noted::default(), Aftermath::default()));
            }
            // Who had used up a quota may have one more at work.
            let is_place = refusal(tx, &policy, pair.task.experiment)?.is_some();
            let is_doubted = court.doubts(tx, &pair.run)?;
            let finish = Finish {
                outcome: kept_promise(tx, &pair, finish.outcome, limit)?,
                ..finish
            };
            let spare = (spare, is_doubted);
            let ended = finish_run(tx, &mut pair, lease, (finish, kept), spare, now)?;
            let waits_again = !pair.task.state.word().is_terminal();
            let is_work = waits_again || dependencies::is_needed(tx, pair.task.id)?;
            let ended = court.note_ended(tx, ended, is_doubted)?;
            let noted = Noted {
                is_work,
                is_place,
                is_doubted,
            };
            Ok((ended, noted, court.after))
        })?;
        self.note_ending(lease.worker, &ended, noted.is_doubted);
        let mut live = self.live();
        live.release(run);
        if let Some(worker) = live.workers.get(&lease.worker) {
            // There is room for what it asked for and did not fit.
            worker.asks_again.notify_waiters();
        }
        drop(live);
        self.follow_up(after)?;
        self.note_spending();
        if noted.is_work {
            self.bus.announce_work();
        } else if noted.is_place {
            self.bus.announce_place();
        }
        Ok(ended)
    }

    /// A worker that cannot prepare runs takes none for a while, so that one bad machine does not
    /// use up the attempts of a whole family; nor does one whose failures nobody believes.
    fn note_ending(&self, worker: WorkerId, run: &Run, is_doubted: bool) {
        let now = self.world().monotonic();
        let mut live = self.live();
        let Some(worker) = live.workers.get_mut(&worker) else {
            return;
        };
        match &run.state {
            RunState::Finished {
                outcome: Outcome::Failed(failure),
                ..
            } if is_doubted || matches!(failure, Failure::NotPrepared(_)) => worker.rest(now),
            _ => worker.wake(),
        }
    }
}

/// What an end means for others.
#[derive(Debug, Clone, Copy, Default)]
struct Noted {
    /// Whether something may be leased that could not be before.
    is_work: bool,
    /// Whether its owner has room under a quota again.
    is_place: bool,
    /// Whether the worker is not believed where it says that the program fails.
    is_doubted: bool,
}

/// Whether this worker has already reported the run's end. An end that the hub decided, because
/// the worker was silent for too long, is not one that it reported.
fn is_repeat(run: &Run, lease: Lease) -> bool {
    match &run.state {
        RunState::Finished {
            outcome: Outcome::Failed(Failure::Lost),
            ..
        } => false,
        RunState::Finished { .. } => had_lease(run, lease),
        _ => false,
    }
}

fn finish_run(
    tx: &mut Tx,
    pair: &mut Pair,
    lease: Lease,
    (finish, kept): (Finish, Vec<(String, Kept)>),
    (spare, is_doubted): (RunId, bool),
    now: Timestamp,
) -> Result<Run, HubError> {
    let (id, metric) = (pair.run.id, &pair.task.metric);
    let value = finish.results.get(metric).and_then(json_number);
    let outcome = match finish.outcome {
        // The worker has checked this; a hub believes no worker.
        Outcome::Completed if value.is_none() && !metric.is_empty() => {
            Outcome::Failed(Failure::BadOutput(format!("no number called {metric}")))
        }
        // A stranger's worker ends nobody's task by saying that it was asked to.
        Outcome::Cancelled
            if is_doubted && !matches!(pair.run.state, RunState::Cancelling { .. }) =>
        {
            Outcome::Failed(Failure::Reported(
                "stopped, and nobody had asked for that".to_owned(),
            ))
        }
        outcome => storable_outcome(outcome),
    };
    let ending = Ending {
        outcome,
        value,
        provenance: finish.provenance,
        wall_time: possible(finish.wall_time, pair.run.leased_at, now),
        stop: finish.stop,
        spare,
        is_doubted,
    };
    if let (None, Some(environment)) = (&pair.run.environment, finish.environment) {
        runs::save_environment(tx, id, pair.run.epoch, &environment)?;
        pair.run.environment = Some(environment);
    }
    pair.finish(tx, lease, ending, now)?;
    results::save(tx, id, &kept, now)?;
    if pair.run.id == id {
        return Ok(pair.run.clone());
    }
    // Its task waits again with a new run.
    runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))
}

/// A program for which the memory did not suffice where its worker's owner let it have less than the task was
/// promised has not shown that the task fails: another worker is asked, and this one rests. A small machine has
/// what it has; and a check asks somebody else by its own rules, and counts.
fn kept_promise(
    tx: &mut Tx,
    pair: &Pair,
    outcome: Outcome,
    limit: Option<u64>,
) -> Result<Outcome, HubError> {
    let (Outcome::Failed(failure), Some(limit)) = (&outcome, limit) else {
        return Ok(outcome);
    };
    if !is_out_of_memory(failure) || original_of(tx, &pair.task)?.is_some() {
        return Ok(outcome);
    }
    let needs = needs_of(tx, pair.task.id)?.unwrap_or_default();
    let promised = needs.promised_memory();
    if limit >= promised {
        return Ok(outcome);
    }
    let (limit, promised) = (limit >> 20, promised >> 20);
    Ok(Outcome::Failed(Failure::NotPrepared(format!(
        "its worker's owner lets programs have {limit} MiB of memory, and the task was promised {promised} MiB; \
         it ended: {}",
        failure.reason()
    ))))
}

/// Whether it ended as programs do that are not given more memory: killed, or in words that say so.
fn is_out_of_memory(failure: &Failure) -> bool {
    match failure {
        Failure::Signal(SIGKILL) => true,
        Failure::SpawnFailed(said) | Failure::BadOutput(said) | Failure::Reported(said) => {
            let said = said.to_ascii_lowercase();
            OUT_OF_MEMORY.iter().any(|words| said.contains(words))
        }
        _ => false,
    }
}

/// How long a run took: what the worker says, unless it had the run for less long than that.
fn possible(said: Duration, leased_at: Option<Timestamp>, now: Timestamp) -> Duration {
    let had = leased_at.map_or(Duration::ZERO, |leased_at| now.since(leased_at));
    if said > had + CLOCKS_APART { had } else { said }
}

/// What a program said last may hold anything.
fn storable_outcome(outcome: Outcome) -> Outcome {
    let Outcome::Failed(failure) = outcome else {
        return outcome;
    };
    let detail = failure.detail();
    let failure = Failure::from_parts(failure.kind(), &storable(&detail)).unwrap_or(failure);
    Outcome::Failed(failure)
}
