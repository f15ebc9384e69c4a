//! Runs that a client or an import writes: no worker has them, and they cannot be run from here.

pub(crate) mod batch;
pub(crate) mod course;
pub(crate) mod experiments;
mod history;
mod known;
pub(crate) mod said;
mod search;

use cupola_domain::{
    event::Event,
    experiment::Origin,
    ids::{ExperimentId, RunId, TaskId},
    provenance::Provenance,
    run::{LOGGED_CODE, Run, RunInput},
    setup::Setup,
    task::TaskInput,
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, code, events, experiments as stored, runs, tasks};

use self::said::{save_params, save_tags};
use crate::{
    Hub, HubError,
    briefs::insert_planned,
    experiments::task_of,
    transitions::{Pair, first_run},
};

pub use batch::LoggedBatch;
pub use course::Course;
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

impl Hub {
    /// A client begins a run.
    pub fn open_logged_run(&self, new: NewLogged) -> Result<Run, HubError> {
        let (now, ids) = (self.now(), (self.next_id(), self.next_id()));
        self.write(move |tx| open(tx, new, ids, now))
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

pub(crate) fn open(
    tx: &mut Tx,
    new: NewLogged,
    (id, run): (TaskId, RunId),
    now: Timestamp,
) -> Result<Run, HubError> {
    let KnownExperiment {
        experiment,
        deleted_at,
        ..
    } = experiments::find(tx, new.experiment)?;
    if deleted_at.is_some() {
        return Err(experiments::deleted(experiment.id));
    }
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

fn kept((name, value): (String, String)) -> (String, String) {
    (storable(&name).into_owned(), storable(&value).into_owned())
}
