//! What workers ask and report. Every change is fenced by the run and the epoch of its lease.

use std::{collections::HashSet, sync::Arc, time::Duration};

use cupola_domain::{
    event::Event,
    ids::{RunId, TokenId, WorkerId},
    metric::{Point, json_number},
    provenance::Provenance,
    resources::Capabilities,
    run::{Failure, Lease, Outcome, Progress, Run, RunState},
    task::{Config, Task, hard_deadline},
    template::CodeFile,
    time::Timestamp,
    worker::Worker,
};
use cupola_store::{Tx, code, events, experiments, logs, metrics, runs, tasks, workers};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use crate::{
    Hub, HubError,
    live::LiveWorker,
    transitions::{Ending, Pair, find_task},
};

/// More slots than this make no sense on one machine.
const SLOTS_MAX: u32 = 1024;

/// A report with more pieces than this is refused.
const PIECES_MAX: usize = 10_000;

/// A worker that joins, or comes back.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The id it was given before, if it kept one.
    pub id: Option<WorkerId>,
    /// Its name for people.
    pub name: String,
    /// Different at each start of the agent.
    pub session: String,
    /// How many runs it takes at once.
    pub slots: u32,
    /// The agent's version.
    pub version: String,
    /// What it measured of its machine.
    pub capabilities: Capabilities,
}

/// A run under a lease, as a worker names it.
pub type Held = (RunId, i64);

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
    /// The result key that must be there.
    pub metric: String,
}

impl Order {
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

/// What a program said since its last report.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// From 0 without gaps.
    pub seq: i64,
    /// Log bytes, in order.
    pub log: Vec<LogPiece>,
    /// Points, by series.
    pub metrics: Vec<(String, Vec<Point>)>,
    /// How far it says it is.
    pub progress: Option<Progress>,
    /// Results that are known already.
    pub results: Map<String, Value>,
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
    /// Where the results come from.
    pub provenance: Provenance,
}

impl Hub {
    /// A worker joins with a token, or comes back. A new session says that the programs of the
    /// last one are gone, so their tasks wait again at once.
    pub fn register_worker(
        &self,
        token: TokenId,
        registration: Registration,
    ) -> Result<Worker, HubError> {
        if registration.slots == 0 || registration.slots > SLOTS_MAX {
            let message = format!("is {}; choose 1 to {SLOTS_MAX}", registration.slots);
            return Err(HubError::Invalid(vec![
                cupola_domain::field::FieldError::new("slots", message),
            ]));
        }
        let now = self.now();
        let id = registration.id.unwrap_or_else(|| self.next_id());
        let returning = registration.id.is_some();
        let session = registration.session.clone();
        let worker = self.write(move |tx| {
            let known = workers::find(tx, id)?;
            if returning {
                check_owner(known.as_ref(), id, token)?;
            }
            let worker = Worker {
                id,
                name: registration.name,
                token,
                session: registration.session,
                capabilities: registration.capabilities,
                slots: registration.slots,
                version: registration.version,
                registered_at: known.map_or(now, |known| known.registered_at),
                last_seen_at: now,
                left_at: None,
            };
            workers::save(tx, &worker)?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(worker)
        })?;
        let before = self.live().workers.insert(id, LiveWorker::of(&worker));
        if before.is_some_and(|before| before.session != session) {
            self.expire_leases_of(id)?;
        }
        Ok(worker)
    }

    /// A worker asks for up to `free_slots` runs, and says what it has. What it was given without
    /// knowing of it (the answer was lost) is given again.
    pub fn lease_runs(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
        free_slots: u32,
        holding: &[Held],
    ) -> Result<Orders, HubError> {
        let mut orders = self.renew_leases(token, id, session, holding)?;
        let holding: HashSet<Held> = holding.iter().copied().collect();
        let given: Vec<_> = self.live().leases.of_worker(id);
        let forgotten: Vec<RunId> = given
            .into_iter()
            .filter(|(run, lease)| !holding.contains(&(*run, lease.epoch)))
            .map(|(run, _)| run)
            .collect();
        if forgotten.is_empty() && free_slots == 0 {
            return Ok(orders);
        }
        let capabilities = self
            .live()
            .workers
            .get(&id)
            .map(|worker| worker.capabilities.clone());
        let capabilities = capabilities.ok_or_else(|| HubError::not_found("worker", id))?;
        let again = u32::try_from(forgotten.len()).unwrap_or(u32::MAX);
        let spares = (0..free_slots).map(|_| self.next_id()).collect();
        let leasing = Leasing {
            worker: id,
            capabilities,
            forgotten,
            wanted: free_slots.saturating_sub(again),
            spares,
            now: self.now(),
        };
        orders.start = self.write(move |tx| leasing.lease(tx))?;
        let now = self.world().monotonic();
        let mut live = self.live();
        for order in &orders.start {
            live.grant(order.run.id, order.lease, now);
        }
        drop(live);
        Ok(orders)
    }

    /// A worker is alive and says what it has.
    pub fn renew_leases(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
        holding: &[Held],
    ) -> Result<Orders, HubError> {
        self.note_alive(token, id, session)?;
        let now = self.world().monotonic();
        let mut orders = Orders::default();
        let mut unknown = Vec::new();
        {
            let mut live = self.live();
            for (run, epoch) in holding {
                let lease = Lease {
                    worker: id,
                    epoch: *epoch,
                };
                if !live
                    .leases
                    .renew(*run, lease, now.plus(cupola_domain::lease::LEASE_TTL))
                {
                    unknown.push((*run, lease));
                } else if live.cancelling.contains(run) {
                    orders.cancel.push((*run, *epoch));
                }
            }
        }
        for (run, lease) in unknown {
            if !self.resume_run(run, lease)? {
                orders.abandon.push((run, lease.epoch));
            }
        }
        Ok(orders)
    }

    /// A worker says goodbye: its runs wait for another at once.
    pub fn dismiss_worker(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
    ) -> Result<(), HubError> {
        self.note_alive(token, id, session)?;
        self.expire_leases_of(id)?;
        let now = self.now();
        if let Some(worker) = self.live().workers.get_mut(&id) {
            worker.left_at = Some(now);
            worker.last_seen = now;
        }
        self.write(move |tx| {
            workers::save_left(tx, id, now)?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(())
        })
    }

    /// A worker says that the program runs, and in which surroundings.
    pub fn start_run(
        &self,
        token: TokenId,
        run: RunId,
        lease: Lease,
        environment: String,
    ) -> Result<Run, HubError> {
        self.check_worker(token, lease.worker)?;
        let now = self.now();
        let run = self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            pair.resume(tx, lease, now)?;
            runs::save_environment(tx, run, &environment)?;
            pair.run.environment = Some(environment);
            Ok(pair.run)
        })?;
        self.live().grant(run.id, lease, self.world().monotonic());
        Ok(run)
    }

    /// Takes a report. One that was taken before changes nothing; one from the future is refused.
    pub fn take_report(
        &self,
        token: TokenId,
        run: RunId,
        lease: Lease,
        report: Report,
    ) -> Result<(), HubError> {
        self.check_worker(token, lease.worker)?;
        if report.log.len() + report.metrics.len() + report.results.len() > PIECES_MAX {
            let message = format!("a report may have at most {PIECES_MAX} pieces");
            return Err(HubError::Conflict(message));
        }
        let now = self.now();
        self.write(move |tx| take_report(tx, run, lease, &report, now))
    }

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

    /// The leases that have run out, the longest overdue first.
    pub(crate) fn overdue_leases(&self) -> Vec<(RunId, Lease)> {
        let now = self.world().monotonic();
        self.live().leases.expired(now)
    }

    /// Gives the runs of a worker back at once.
    pub(crate) fn expire_leases_of(&self, worker: WorkerId) -> Result<(), HubError> {
        let held = self.live().leases.of_worker(worker);
        for (run, lease) in held {
            self.expire_run(run, lease)?;
        }
        Ok(())
    }

    pub(crate) fn expire_leases_of_token(&self, token: TokenId) -> Result<(), HubError> {
        let workers: Vec<WorkerId> = {
            let live = self.live();
            live.workers
                .iter()
                .filter(|(_, w)| w.token == token)
                .map(|(id, _)| *id)
                .collect()
        };
        workers
            .into_iter()
            .try_for_each(|worker| self.expire_leases_of(worker))
    }

    /// Takes a lease away, if it is still the run's.
    pub(crate) fn expire_run(&self, run: RunId, lease: Lease) -> Result<(), HubError> {
        let now = self.now();
        self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            let lost = matches!(pair.run.state, RunState::Lost { .. });
            if !lost && pair.run.state.lease() == Some(lease) {
                pair.expire(tx, now)?;
            }
            Ok(())
        })?;
        self.live().release(run);
        self.bus.announce_work();
        Ok(())
    }

    /// Lets a worker go on with a run whose lease ran out, if nobody else has its task.
    fn resume_run(&self, run: RunId, lease: Lease) -> Result<bool, HubError> {
        let now = self.now();
        let resumed = self.write(move |tx| {
            let mut pair = Pair::find(tx, run)?;
            pair.resume(tx, lease, now)
        });
        match resumed {
            Ok(()) => {
                self.live().grant(run, lease, self.world().monotonic());
                Ok(true)
            }
            Err(HubError::StaleLease(_) | HubError::Conflict(_) | HubError::NotFound { .. }) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    fn note_alive(&self, token: TokenId, id: WorkerId, session: &str) -> Result<(), HubError> {
        self.check_worker(token, id)?;
        let now = self.now();
        let due = {
            let mut live = self.live();
            if live
                .workers
                .get(&id)
                .is_some_and(|worker| worker.session != session)
            {
                let message = "another start of this worker has taken its place; register again";
                return Err(HubError::Conflict(message.to_owned()));
            }
            live.note_seen(id, now, self.world().monotonic())
        };
        if due {
            self.write(move |tx| {
                workers::save_seen(tx, id, now)?;
                events::record(tx, Event::WorkerChanged(id));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Refuses a token that is not the one the worker joined with.
    fn check_worker(&self, token: TokenId, id: WorkerId) -> Result<(), HubError> {
        let owner = self.live().workers.get(&id).map(|worker| worker.token);
        match owner {
            Some(owner) if owner == token => Ok(()),
            Some(_) => Err(not_yours(id)),
            None => Err(HubError::not_found("worker", id)),
        }
    }
}

fn check_owner(known: Option<&Worker>, id: WorkerId, token: TokenId) -> Result<(), HubError> {
    match known {
        Some(known) if known.token == token => Ok(()),
        Some(_) => Err(not_yours(id)),
        None => Err(HubError::not_found("worker", id)),
    }
}

fn not_yours(id: WorkerId) -> HubError {
    HubError::Forbidden(format!("the worker `{id}` joined with another token"))
}

/// Whether the run had this lease last.
fn had_lease(run: &Run, lease: Lease) -> bool {
    run.worker == Some(lease.worker) && run.epoch == lease.epoch
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

/// Leases for one worker, in one transaction.
struct Leasing {
    worker: WorkerId,
    capabilities: Capabilities,
    forgotten: Vec<RunId>,
    wanted: u32,
    spares: Vec<RunId>,
    now: Timestamp,
}

impl Leasing {
    fn lease(mut self, tx: &mut Tx) -> Result<Vec<Order>, HubError> {
        let mut orders = Vec::new();
        for run in std::mem::take(&mut self.forgotten) {
            let pair = Pair::find(tx, run)?;
            if let RunState::Leased { lease } | RunState::Running { lease, .. } = pair.run.state
                && lease.worker == self.worker
            {
                orders.push(order(tx, pair, lease)?);
            }
        }
        let mut fitting = Vec::new();
        for (id, needs) in code::list_needs(tx)? {
            if needs.unmet_by(&self.capabilities).is_empty() {
                fitting.push(id);
            }
        }
        while self.wanted > 0 {
            let Some(task) = first_ready(tx, &fitting)? else {
                break;
            };
            let mut pair = Pair::of_task(tx, task)?;
            if matches!(pair.run.state, RunState::Lost { .. }) {
                let Some(spare) = self.spares.pop() else {
                    break;
                };
                pair.supersede(tx, spare, self.now)?;
            }
            let lease = pair.lease(tx, self.worker, self.now)?;
            orders.push(order(tx, pair, lease)?);
            self.wanted -= 1;
        }
        Ok(orders)
    }
}

/// Of the first tasks for each of the fitting needs, the one that goes first.
fn first_ready(tx: &mut Tx, fitting: &[i64]) -> Result<Option<Task>, HubError> {
    let mut first: Option<Task> = None;
    for needs in fitting {
        if let Some(task) = tasks::find_ready(tx, *needs)?
            && first.as_ref().is_none_or(|first| {
                (task.priority, std::cmp::Reverse(task.id))
                    > (first.priority, std::cmp::Reverse(first.id))
            })
        {
            first = Some(task);
        }
    }
    Ok(first)
}

fn order(tx: &mut Tx, pair: Pair, lease: Lease) -> Result<Order, HubError> {
    let Pair { run, task } = pair;
    let command = code::find_command(tx, &run.code_hash)?
        .ok_or_else(|| HubError::not_found("code", &run.code_hash))?;
    let experiment = experiments::find_any(tx, run.experiment)?
        .ok_or_else(|| HubError::not_found("experiment", run.experiment))?;
    Ok(Order {
        run,
        task,
        lease,
        command,
        metric: experiment.objective.metric,
    })
}

fn take_report(
    tx: &mut Tx,
    id: RunId,
    lease: Lease,
    report: &Report,
    now: Timestamp,
) -> Result<(), HubError> {
    let was = runs::find_intake(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
    let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
    if !had_lease(&run, lease) {
        let message = format!("the lease with epoch {} is not current", lease.epoch);
        return Err(HubError::StaleLease(message));
    }
    if report.seq < was.report_next {
        return Ok(());
    }
    if report.seq > was.report_next {
        let message = format!(
            "report {} came where {} was next",
            report.seq, was.report_next
        );
        return Err(HubError::Conflict(message));
    }
    if run.state.lease().is_none() {
        let message = format!("run `{id}` has ended; it takes no more reports");
        return Err(HubError::StaleLease(message));
    }
    let mut intake = runs::Intake {
        report_next: was.report_next + 1,
        ..was
    };
    append_log(tx, id, &report.log, &mut intake)?;
    runs::save_intake(tx, id, &was, &intake)?;
    for (name, points) in &report.metrics {
        metrics::insert(tx, id, name, report.seq, points)?;
    }
    if !report.metrics.is_empty() {
        events::record(tx, Event::MetricsAppended(id, run.experiment));
    }
    runs::save_results(tx, id, &report.results, now)?;
    if let Some(Progress { fraction, message }) = &report.progress {
        // A program may say anything; a bar shows nothing but 0 to 1.
        let fraction = if fraction.is_finite() {
            fraction.clamp(0.0, 1.0) + 0.0
        } else {
            0.0
        };
        runs::save_progress(
            tx,
            id,
            &Progress {
                fraction,
                message: message.clone(),
            },
        )?;
    }
    if report.progress.is_some() || !report.results.is_empty() {
        events::record(tx, Event::RunChanged(id, run.task));
    }
    Ok(())
}

fn append_log(
    tx: &mut Tx,
    id: RunId,
    pieces: &[LogPiece],
    intake: &mut runs::Intake,
) -> Result<(), HubError> {
    for piece in pieces {
        let chunk = logs::Chunk {
            number: intake.log_chunks,
            stream: piece.stream.clone(),
            at: piece.at,
            first_line: intake.log_lines + 1,
            omitted: piece.omitted,
            body: piece.bytes.clone(),
        };
        logs::insert(tx, id, &chunk)?;
        intake.log_chunks += 1;
        intake.log_lines += lines_of(&piece.bytes);
        intake.log_bytes += i64::try_from(piece.bytes.len()).unwrap_or(i64::MAX);
        intake.log_omitted += piece.omitted;
    }
    if !pieces.is_empty() {
        events::record(tx, Event::LogAppended(id));
    }
    Ok(())
}

/// How many lines these bytes make: an unfinished last one counts.
fn lines_of(bytes: &[u8]) -> i64 {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
    i64::try_from(lines).unwrap_or(i64::MAX)
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
