//! One run: prepare → spawn → running → terminating → cleanup → report.
//!
//! The executor owns the truth about its run. The agent only wishes ([`wish::Wish`]) and asks what
//! it is doing ([`Phase`]).

mod context;
mod delivery;
mod ending;
mod folder;
mod followed;
mod prepare;
mod program;
mod reporter;
mod uploads;
mod wish;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use cupola_domain::{run::Failure, stopping::StopStep};
use cupola_protocol::work::{Finished, Held, RunOrder};
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

pub(crate) use context::{Context, bundles_folder, runs_folder};
pub(crate) use wish::{Wish, Wishes};

use crate::{desk::Ended, output::outbox::Outbox};
use delivery::Delivery;
use ending::Ending;
use folder::RunFolder;
use followed::Following;
use prepare::{NotReady, Prepared};
use reporter::{Reported, Reporter};
use uploads::Uploads;

/// What an executor is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Fetching code, writing files.
    Preparing,
    /// The program is there.
    Running,
    /// The program was asked to stop.
    Terminating,
    /// The program is gone; the hub is being told.
    Reporting,
}

/// What the agent sees of a run.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    /// Which run, under which lease.
    pub(crate) held: Held,
    /// What is wanted of it.
    pub(crate) wishes: Wishes,
    phase: watch::Receiver<Phase>,
}

impl Handle {
    /// What the executor is doing.
    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }
}

/// One run, ready to be executed.
#[derive(Debug)]
pub(crate) struct Execution {
    context: Arc<Context>,
    order: RunOrder,
    wishes: Wishes,
    phase: watch::Sender<Phase>,
    /// Told each time the phase changes; the agent holds the other end.
    changed: mpsc::UnboundedSender<()>,
}

impl Execution {
    /// An execution of `order` and what the agent keeps of it.
    pub(crate) fn new(
        context: Arc<Context>,
        order: RunOrder,
        changed: mpsc::UnboundedSender<()>,
    ) -> (Self, Handle) {
        let (phase, watched) = watch::channel(Phase::Preparing);
        let wishes = Wishes::default();
        let handle = Handle {
            held: Held {
                run_id: order.run_id.clone(),
                epoch: order.epoch,
            },
            wishes: wishes.clone(),
            phase: watched,
        };
        let execution = Self {
            context,
            order,
            wishes,
            phase,
            changed,
        };
        (execution, handle)
    }

    /// Runs it to its end and tells the hub. Returns when there is nothing left to do.
    pub(crate) async fn run(self) {
        self.context.desk.run_began(&self.order);
        let prepared = tokio::select! {
            biased;
            wish = self.wishes.reached(Wish::Cancel) => Err(NotReady::Unwanted(wish)),
            prepared = prepare::prepare(&self.context, &self.order) => prepared,
        };
        let end = match prepared {
            // Boxed: what is prepared is large, and would be in the future of each run.
            Ok(prepared) => Box::pin(self.run_prepared(prepared)).await,
            Err(NotReady::Unwanted(Wish::Cancel)) => End::early(Ending::Cancelled(
                "cancelled before its program started".to_owned(),
            )),
            Err(NotReady::Unwanted(_)) => End::early(Ending::Abandoned),
            Err(NotReady::Failed(failure)) => End::early(Ending::failed(failure)),
        };
        self.enter(Phase::Reporting);
        self.finish(end).await;
    }

    async fn run_prepared(&self, prepared: Prepared) -> End {
        let outbox = Arc::new(Mutex::new(Outbox::new(prepared.folder.path())));
        self.context.desk.run_follows(&self.held(), &outbox);
        let (closing, closed) = watch::channel(false);
        let reporter = Reporter::new(
            &self.context,
            &self.order,
            &self.wishes,
            &outbox,
            closed,
            prepared.environment.clone(),
        );
        let fresh = reporter.fresh();
        let (gone, is_gone) = watch::channel(false);
        let following = Following {
            context: &self.context,
            wishes: &self.wishes,
            outbox: &outbox,
            fresh: Arc::clone(&fresh),
            closed: is_gone,
            folder: prepared.folder.path().to_owned(),
        };
        let (ending, ended) = watch::channel(false);
        let uploads = Uploads {
            context: &self.context,
            order: &self.order,
            wishes: &self.wishes,
            outbox: &outbox,
            fresh: Arc::clone(&fresh),
            closed: ended,
            folders: self.folders(&prepared),
        };
        let running = async {
            let end = self.run_program(&prepared, &outbox, &fresh).await;
            self.enter(Phase::Reporting);
            let _ = gone.send(true);
            end
        };
        // What event files name as the last is uploaded, too.
        let following = async {
            following.run().await;
            let _ = ending.send(true);
        };
        let working = async {
            let (end, (), ()) = tokio::join!(running, following, uploads.run());
            let _ = closing.send(true);
            end
        };
        let (mut end, told) = tokio::join!(working, reporter.run());
        self.context.keeper.clear(prepared.folder.path()).await;
        if told == Reported::Lost {
            end.ending = Ending::Abandoned;
        }
        end.environment = prepared.environment;
        end.folder = Some(prepared.folder);
        end
    }

    /// Where the program may write what the run is to keep, before it runs and can lay links there.
    fn folders(&self, prepared: &Prepared) -> Vec<PathBuf> {
        let run = prepared.folder.path();
        let working = self.order.working_folder.as_ref();
        let working = working.map(|folder| run.join(folder));
        let working = working.and_then(|folder| folder.canonicalize().ok());
        [run.to_owned()].into_iter().chain(working).collect()
    }

    /// Tells the hub how the run ended, unless that is nobody's business any more.
    async fn finish(&self, end: End) {
        let held = &self.order.run_id;
        let Some(finished) = self.finished(&end) else {
            info!(run = %held, "run abandoned");
            self.clear_up().await;
            self.ended(Ended::stopped(end.wall_time_secs));
            return;
        };
        if let Some(folder) = &end.folder
            && let Err(error) = folder.write_results(&finished).await
        {
            warn!(run = %held, %error, "results could not be written to the run's folder");
        }
        let ended = self.deliver(finished).await;
        let is_told = ended.is_some();
        self.ended(ended.unwrap_or_else(|| Ended::stopped(end.wall_time_secs)));
        if is_told {
            let (context, run) = (&self.context, &self.order.run_id);
            let (client, worker_id) = (&context.client, &context.worker_id);
            context
                .desk
                .ask_earned(client, worker_id, vec![run.to_owned()]);
        }
    }

    /// Sends a result, or that the hub does not take it; none when it is nobody's business any more.
    async fn deliver(&self, finished: Finished) -> Option<Ended> {
        let told = |finished: &Finished| Some(Ended::told(finished, &self.order.metric_name));
        let error = match self.send_result(&finished).await {
            Delivery::Acked(()) => return told(&finished),
            Delivery::Gone => return None,
            Delivery::Refused(error) => error,
        };
        warn!(run = %self.order.run_id, %error, "the hub refused the result");
        let failure = Failure::BadOutput(format!("the hub refused the result: {error}"));
        let refused = Finished {
            outcome: "failed".to_owned(),
            failure: failure.kind().to_owned(),
            failure_detail: failure.detail(),
            results: serde_json::Map::new(),
            provenance: None,
            ..finished
        };
        self.send_result(&refused).await;
        told(&refused)
    }

    async fn send_result(&self, finished: &Finished) -> Delivery<()> {
        let send = || self.context.client.finish_run(&self.order.run_id, finished);
        match delivery::deliver(&self.wishes, send).await {
            Delivery::Acked(_) => {
                self.clear_up().await;
                Delivery::Acked(())
            }
            Delivery::Refused(error) => Delivery::Refused(error),
            Delivery::Gone => {
                self.clear_up().await;
                Delivery::Gone
            }
        }
    }

    /// What is to be kept, the hub has, or nobody wants it: of what strangers' programs made, nothing stays here.
    async fn clear_up(&self) {
        if self.context.keeper.is_strict() {
            let (runs, run) = (self.context.runs_folder.clone(), self.order.run_id.clone());
            // What cannot be removed stays.
            let _ = tokio::task::spawn_blocking(move || folder::keep_ours(&runs, &run)).await;
        }
    }

    fn finished(&self, end: &End) -> Option<Finished> {
        let parts = end.ending.parts()?;
        Some(Finished {
            worker_id: self.context.worker_id.clone(),
            epoch: self.order.epoch,
            outcome: parts.outcome.to_owned(),
            failure: parts.failure.to_owned(),
            failure_detail: parts.detail,
            stop: end.stop.map(|step| step.as_str().to_owned()),
            provenance: ending::provenance(&parts.results),
            results: parts.results,
            wall_time_secs: end.wall_time_secs,
            environment: end.environment.clone(),
        })
    }

    fn held(&self) -> Held {
        Held {
            run_id: self.order.run_id.clone(),
            epoch: self.order.epoch,
        }
    }

    fn ended(&self, ended: Ended) {
        self.context.desk.run_ended(&self.held(), ended);
    }

    fn enter(&self, phase: Phase) {
        if self.phase.send_replace(phase) != phase {
            self.context.desk.run_entered(&self.held(), phase);
            let _ = self.changed.send(());
        }
    }
}

/// How a run ended and what is needed to tell it.
#[derive(Debug)]
struct End {
    ending: Ending,
    stop: Option<StopStep>,
    wall_time_secs: f64,
    environment: serde_json::Map<String, serde_json::Value>,
    folder: Option<RunFolder>,
}

impl End {
    /// An end before there was a program.
    fn early(ending: Ending) -> Self {
        Self {
            ending,
            stop: None,
            wall_time_secs: 0.0,
            environment: serde_json::Map::new(),
            folder: None,
        }
    }
}

/// The outbox of a run, shared between who fills and who empties it.
pub(crate) type SharedOutbox = Arc<Mutex<Outbox>>;

pub(crate) fn locked(outbox: &SharedOutbox) -> std::sync::MutexGuard<'_, Outbox> {
    outbox.lock().unwrap_or_else(PoisonError::into_inner)
}
