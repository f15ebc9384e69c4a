//! How runs end.

use cupola_domain::{
    ids::{RunId, TokenId},
    metric::json_number,
    run::{Failure, Lease, Outcome, Run, RunState},
    time::Timestamp,
};
use cupola_store::{Tx, experiments, runs};

use super::{Finish, had_lease};
use crate::{
    Hub, HubError,
    transitions::{Ending, Pair, find_task},
};

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
        let (now, spare) = (self.now(), self.next_id());
        let (ended, waits_again) = self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            if is_repeat(&pair.run, lease) {
                return Ok((pair.run, false));
            }
            finish_run(tx, &mut pair, lease, finish, spare, now)?;
            let ended = runs::find(tx, run)?.ok_or_else(|| HubError::not_found("run", run))?;
            Ok((ended, !pair.task.state.word().is_terminal()))
        })?;
        self.live().release(run);
        if waits_again {
            self.bus.announce_work();
        }
        Ok(ended)
    }
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
    finish: Finish,
    spare: RunId,
    now: Timestamp,
) -> Result<(), HubError> {
    let experiment = experiments::find_any(tx, pair.run.experiment)?
        .ok_or_else(|| HubError::not_found("experiment", pair.run.experiment))?;
    let metric = &experiment.objective.metric;
    let id = pair.run.id;
    let value = finish.results.get(metric).and_then(json_number);
    let outcome = match finish.outcome {
        // The worker has checked this; a hub believes no worker.
        Outcome::Completed if value.is_none() => {
            Outcome::Failed(Failure::BadOutput(format!("no number called {metric}")))
        }
        outcome => outcome,
    };
    let ending = Ending {
        outcome,
        value,
        provenance: finish.provenance,
        wall_time: finish.wall_time,
        spare,
    };
    pair.finish(tx, lease, ending, now)?;
    runs::save_results(tx, id, &finish.results, now)?;
    // A task that was retried waits with a new run: read it back as it stands.
    pair.task = find_task(tx, pair.task.id)?;
    Ok(())
}
