//! Runs that a client or an import writes: no worker has them, and they cannot be run from here.

mod experiments;
mod history;
mod known;
mod said;
mod search;

use std::collections::BTreeMap;

use cupola_domain::{
    counts::Counts,
    event::Event,
    experiment::{Experiment, Origin},
    field::FieldError,
    ids::{ExperimentId, RunId, TaskId},
    metric::Point,
    provenance::Provenance,
    resources::Needs,
    run::{LOGGED_CODE, Outcome, Run, RunInput},
    setup::Setup,
    task::TaskInput,
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, code, events, experiments as stored, logged, runs, series, tasks};

use self::said::{save_params, save_said, save_tags};
use crate::{
    Hub, HubError,
    briefs::insert_planned,
    experiments::{find as find_experiment, task_of},
    transitions::{Pair, first_run},
};

pub use cupola_store::logged::Known as KnownExperiment;
pub use history::History;
pub use known::KnownRun;
pub use search::{DatasetTest, Deleted, KnownRuns, KnownSearch};

/// What `MLflow`'s clients call a run stands in this tag as well; both are one name.
pub const RUN_NAME_TAG: &str = "mlflow.runName";

/// A run that a client begins to log.
#[derive(Debug, Clone)]
pub struct NewLogged {
    /// What it belongs to.
    pub experiment: ExperimentId,
    /// What the client calls it; when that is nothing, it is called after its id.
    pub name: String,
    /// When it began; now when the client does not say.
    pub started_at: Option<Timestamp>,
    /// Its configuration so far.
    pub params: Vec<(String, String)>,
    /// For people: name → value.
    pub tags: Vec<(String, String)>,
    /// Where its values come from.
    pub provenance: Provenance,
}

/// What a client logs at once.
#[derive(Debug, Clone, Default)]
pub struct LoggedBatch {
    /// Points, by series, in order of arrival.
    pub points: Vec<(String, Vec<Point>)>,
    /// Parts of the configuration. Each is said once; the same again is no mistake.
    pub params: Vec<(String, String)>,
    /// For people; the last word counts.
    pub tags: Vec<(String, String)>,
}

impl Hub {
    /// Makes an experiment whose runs are logged. Those of clients have names of their own.
    pub fn create_logged_experiment(
        &self,
        name: &str,
        origin: Origin,
        template: &str,
        tags: Vec<(String, String)>,
        author: &str,
    ) -> Result<Experiment, HubError> {
        let now = self.now();
        let experiment = Experiment {
            id: self.next_id(),
            name: storable(name).into_owned(),
            description: String::new(),
            origin,
            template: template.to_owned(),
            code_hash: LOGGED_CODE.to_owned(),
            objective: None,
            baseline: None,
            needs: Needs::default(),
            setup: Setup {
                tags: tags.into_iter().map(kept).collect(),
                ..Setup::default()
            },
            counts: Counts::default(),
            author: author.to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.write(move |tx| {
            if origin == Origin::Mlflow && logged::find_by_name(tx, &experiment.name)?.is_some() {
                return Err(experiments::taken(&experiment.name));
            }
            let needs = code::needs_id(tx, &experiment.needs)?;
            stored::insert(tx, &experiment, needs)?;
            events::record(tx, Event::ExperimentChanged(experiment.id));
            Ok(experiment)
        })
    }

    /// A client begins a run.
    pub fn open_logged_run(&self, new: NewLogged) -> Result<Run, HubError> {
        let (now, ids) = (self.now(), (self.next_id(), self.next_id()));
        self.write(move |tx| open(tx, new, ids, now))
    }

    /// Takes what a client logs: all of it or nothing.
    ///
    /// A client may go on after it closed its run. A worker's run takes it while it is leased.
    pub fn log_to_run(&self, run: RunId, batch: LoggedBatch) -> Result<(), HubError> {
        self.write(move |tx| log(tx, run, batch))
    }

    /// The client says how its run ended, now unless it says when.
    pub fn close_logged_run(
        &self,
        run: RunId,
        outcome: Outcome,
        at: Option<Timestamp>,
    ) -> Result<Run, HubError> {
        let at = at.unwrap_or_else(|| self.now());
        self.write(move |tx| {
            let mut pair = find(tx, run)?;
            if pair.run.state.word().is_terminal() {
                pair.reopen(tx, at)?;
            }
            pair.close(tx, outcome, at)?;
            Ok(pair.run)
        })
    }

    /// The client goes on with a run that has ended.
    pub fn reopen_logged_run(&self, run: RunId) -> Result<Run, HubError> {
        let now = self.now();
        self.write(move |tx| {
            let mut pair = find(tx, run)?;
            if pair.run.state.word().is_terminal() {
                pair.reopen(tx, now)?;
            }
            Ok(pair.run)
        })
    }
}

impl Pair {
    fn reopen(&mut self, tx: &mut Tx, now: Timestamp) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.step_run(tx, RunInput::Reopen, now)?;
        self.step_task(tx, TaskInput::Reopen, epoch, now)
    }

    fn close(&mut self, tx: &mut Tx, outcome: Outcome, at: Timestamp) -> Result<(), HubError> {
        let epoch = self.task.epoch;
        self.run.wall_time = self.run.started_at.map(|started| at.since(started));
        self.step_run(tx, RunInput::Close(outcome.clone()), at)?;
        let input = match outcome {
            Outcome::Completed => TaskInput::Complete,
            Outcome::Failed(failure) => TaskInput::Fail(failure),
            Outcome::Cancelled => TaskInput::Cancel,
        };
        self.step_task(tx, input, epoch, at)
    }
}

/// A logged run with its task.
fn find(tx: &mut Tx, run: RunId) -> Result<Pair, HubError> {
    let pair = Pair::find(tx, run)?;
    if pair.run.is_logged() {
        return Ok(pair);
    }
    let message = format!("run `{run}` is a worker's; its worker says how it goes");
    Err(HubError::Conflict(message))
}

/// Refuses to run what no code was ever kept of.
pub(crate) fn refuse_logged(run: &Run) -> Result<(), HubError> {
    if !run.is_logged() {
        return Ok(());
    }
    let id = run.id;
    let message = format!("run `{id}` was logged by a client; it cannot be run from here");
    Err(HubError::Conflict(message))
}

fn open(
    tx: &mut Tx,
    new: NewLogged,
    (id, run): (TaskId, RunId),
    now: Timestamp,
) -> Result<Run, HubError> {
    let experiment = find_experiment(tx, new.experiment)?;
    if !experiment.is_logged() {
        let message = format!(
            "experiment `{}` is not for clients to log to",
            experiment.id
        );
        return Err(HubError::Conflict(message));
    }
    let number = tasks::next_number(tx, experiment.id)?;
    let nothing = Setup::default();
    let task = task_of(&nothing, experiment.id, number, (id, run), now);
    let first = Run {
        name: name_of(&new, run),
        ..first_run(&task, LOGGED_CODE, now)
    };
    let needs = code::needs_id(tx, &experiment.needs)?;
    stored::save_resumed(tx, experiment.id)?;
    insert_planned(tx, experiment.id, needs, &[(task.clone(), first.clone())])?;
    let mut pair = Pair { run: first, task };
    pair.run.provenance = new.provenance;
    pair.step_run(tx, RunInput::Log, new.started_at.unwrap_or(now))?;
    let epoch = pair.task.epoch;
    pair.step_task(tx, TaskInput::Start, epoch, now)?;
    events::record(tx, Event::ExperimentChanged(experiment.id));
    save_params(tx, pair.task.id, run, new.params)?;
    let mut tags = new.tags;
    if experiment.origin == Origin::Mlflow {
        tags.push((RUN_NAME_TAG.to_owned(), pair.run.name.clone()));
    }
    save_tags(tx, run, tags)?;
    Ok(pair.run)
}

fn name_of(new: &NewLogged, run: RunId) -> String {
    match new.name.trim() {
        "" => format!("run-{}", run.short()),
        name => storable(name).into_owned(),
    }
}

/// A run that a client may write to: one that is logged, or the program of one that is leased.
pub(crate) fn check_open(tx: &mut Tx, run: RunId) -> Result<runs::Target, HubError> {
    let target = check_there(tx, run)?;
    if !target.is_logged && !target.is_leased {
        let message = format!("run `{run}` is a worker's and has ended; it takes nothing more");
        return Err(HubError::StaleLease(message));
    }
    Ok(target)
}

/// A run that is not deleted: it may be tagged, whatever its state.
fn check_there(tx: &mut Tx, run: RunId) -> Result<runs::Target, HubError> {
    let target = runs::find_target(tx, run)?.ok_or_else(|| HubError::not_found("run", run))?;
    if target.is_deleted {
        let message = format!("run `{run}` is deleted; restore it first");
        return Err(HubError::Conflict(message));
    }
    Ok(target)
}

fn log(tx: &mut Tx, run: RunId, batch: LoggedBatch) -> Result<(), HubError> {
    let is_tagged_only = batch.points.is_empty() && batch.params.is_empty();
    let target = if is_tagged_only {
        check_there(tx, run)?
    } else {
        check_open(tx, run)?
    };
    if !batch.points.is_empty() {
        for (name, points) in by_series(batch.points) {
            if !series::append(tx, run, &name, &points)? {
                let message = format!("has too many: run `{run}` may have no series `{name}` more");
                return Err(HubError::Invalid(vec![FieldError::new("metrics", message)]));
            }
        }
        events::record(tx, Event::MetricsAppended(run, target.experiment));
    }
    let is_told = !batch.params.is_empty() || !batch.tags.is_empty();
    if target.is_logged {
        save_params(tx, target.task, run, batch.params)?;
    } else {
        save_said(tx, run, batch.params)?;
    }
    save_tags(tx, run, batch.tags)?;
    if is_told {
        events::record(tx, Event::RunChanged(run, target.task));
    }
    Ok(())
}

/// The points of each series together: a client may name one several times.
fn by_series(points: Vec<(String, Vec<Point>)>) -> Vec<(String, Vec<Point>)> {
    let mut series: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for (name, points) in points {
        series
            .entry(storable(&name).into_owned())
            .or_default()
            .extend(points);
    }
    series.into_iter().collect()
}

fn kept((name, value): (String, String)) -> (String, String) {
    (storable(&name).into_owned(), storable(&value).into_owned())
}
