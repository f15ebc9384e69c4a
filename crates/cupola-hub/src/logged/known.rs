//! Runs as clients know them: read whole, deleted and restored.

use cupola_domain::{
    counts::Counts,
    dataset::Dataset,
    event::Event,
    experiment::Experiment,
    ids::{ExperimentId, RunId},
    model::ModelUse,
    run::Run,
    time::Timestamp,
    training::MODEL_TAG,
};
use cupola_store::{
    Tx, code, datasets, events, experiments as stored, logged, logged_models, params, runs, series,
    tags, tasks,
};

use super::{RUN_NAME_TAG, check_there, experiments::find as find_experiment};
use crate::{
    Hub, HubError,
    budgets::let_go,
    series::Series,
    transitions::{Pair, find_task},
};

/// A run with all that clients ask of it at once.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownRun {
    /// It.
    pub run: Run,
    /// What it belongs to, or belonged to before it was deleted.
    pub experiment: ExperimentId,
    /// Whether it, or its experiment, is deleted.
    pub is_deleted: bool,
    /// By key.
    pub params: Vec<(String, String)>,
    /// By key.
    pub tags: Vec<(String, String)>,
    /// By name, each with its last point.
    pub series: Vec<Series>,
    /// The data that it used.
    pub datasets: Vec<Dataset>,
    /// The models that it took in and gave.
    pub models: Vec<ModelUse>,
}

impl Hub {
    /// A run with all that clients ask of it at once, even when a client deleted it.
    pub fn known_run(&self, id: RunId) -> Result<KnownRun, HubError> {
        self.read(move |tx| {
            let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            known(tx, run)
        })
    }

    /// Takes a tag from a run.
    pub fn untag_run(&self, id: RunId, key: &str) -> Result<(), HubError> {
        let (key, is_model) = (key.to_owned(), key == MODEL_TAG);
        self.change_run(id, move |tx, _| {
            if !tags::delete(tx, id, &key)? {
                return Err(HubError::not_found("tag", &key));
            }
            if is_model {
                let_go(tx, id)?;
            }
            Ok(())
        })?;
        if is_model {
            self.bus.announce_work();
        }
        Ok(())
    }

    /// Hides a run that a client logged until it is restored.
    pub fn remove_logged_run(&self, id: RunId) -> Result<(), HubError> {
        let (now, spare) = (self.now(), self.next_id());
        self.write(move |tx| {
            let pair = super::find(tx, id)?;
            let known = logged::find(tx, pair.run.experiment)?;
            match known {
                Some(known) if known.bin_of.is_some() => Ok(()),
                Some(known) if known.deleted_at.is_none() => {
                    let bin = bin(tx, &known.experiment, spare, now)?;
                    put(tx, &pair, bin, Some(now))
                }
                _ => Err(HubError::not_found("run", id)),
            }
        })
    }

    /// Shows a run again that a client deleted.
    pub fn restore_logged_run(&self, id: RunId) -> Result<(), HubError> {
        self.write(move |tx| {
            let pair = super::find(tx, id)?;
            match logged::find(tx, pair.run.experiment)? {
                Some(known) => match known.bin_of {
                    Some(of) => put(tx, &pair, of, None),
                    None => Ok(()),
                },
                None => Err(HubError::not_found("run", id)),
            }
        })
    }

    fn change_run(
        &self,
        id: RunId,
        change: impl FnOnce(&mut Tx, runs::Target) -> Result<(), HubError> + Send + 'static,
    ) -> Result<(), HubError> {
        self.write(move |tx| {
            let target = check_there(tx, id)?;
            change(tx, target)?;
            events::record(tx, Event::RunChanged(id, target.task));
            Ok(())
        })
    }
}

pub(super) fn known(tx: &mut Tx, run: Run) -> Result<KnownRun, HubError> {
    let id = run.id;
    let place = logged::find(tx, run.experiment)?;
    let place = place.ok_or_else(|| HubError::not_found("run", id))?;
    let mut labels = tags::list(tx, id)?;
    if !run.name.is_empty() && !labels.iter().any(|(key, _)| key == RUN_NAME_TAG) {
        labels.push((RUN_NAME_TAG.to_owned(), run.name.clone()));
    }
    Ok(KnownRun {
        experiment: place.bin_of.unwrap_or(place.experiment.id),
        is_deleted: place.deleted_at.is_some(),
        params: params::list(tx, id)?,
        tags: labels,
        series: series::list(tx, id, "", i64::MAX)?,
        datasets: datasets::list(tx, id)?,
        models: logged_models::list_uses(tx, id)?,
        run,
    })
}

/// Where the deleted runs of an experiment lie: made with the first of them.
fn bin(
    tx: &mut Tx,
    of: &Experiment,
    spare: ExperimentId,
    now: Timestamp,
) -> Result<ExperimentId, HubError> {
    if let Some(bin) = logged::find_bin(tx, of.id)? {
        return Ok(bin);
    }
    let needs = code::needs_id(tx, &of.needs)?;
    let bin = Experiment {
        id: spare,
        counts: Counts::default(),
        ..of.clone()
    };
    stored::insert(tx, &bin, needs)?;
    logged::save_bin(tx, spare, of.id, now)?;
    Ok(spare)
}

/// Moves a task with its run and its weight in the counts.
fn put(
    tx: &mut Tx,
    pair: &Pair,
    to: ExperimentId,
    deleted_at: Option<Timestamp>,
) -> Result<(), HubError> {
    let from = pair.task.experiment;
    let state = pair.task.state.word();
    // What is restored belongs where it was, be that deleted by now or not.
    if deleted_at.is_none() {
        find_experiment(tx, to)?;
    }
    let number = tasks::next_number(tx, to)?;
    let of = (pair.task.id, pair.run.id);
    logged::save_place(tx, of, (to, number), deleted_at)?;
    stored::save_move(tx, from, Some(state), None)?;
    stored::save_move(tx, to, None, Some(state))?;
    let task = find_task(tx, pair.task.id)?;
    let shown = if deleted_at.is_some() { from } else { to };
    events::record(tx, Event::TaskChanged(task.id, shown));
    events::record(tx, Event::RunChanged(pair.run.id, task.id));
    events::record(tx, Event::ExperimentChanged(shown));
    Ok(())
}
