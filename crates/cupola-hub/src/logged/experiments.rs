//! Experiments as clients know them: renamed, tagged, deleted and restored.

use cupola_domain::{
    counts::Counts,
    event::Event,
    experiment::{Experiment, Origin},
    ids::ExperimentId,
    resources::Needs,
    run::LOGGED_CODE,
    scheduling::Placement,
    setup::Setup,
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, code, events, experiments as stored, logged};

use super::{KnownExperiment, kept};
use crate::{Hub, HubError};

/// What clients log to when they name nothing.
const DEFAULT: &str = "Default";

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
        let mut new = self.logged_experiment(name, origin, template, author);
        new.setup.tags = tags.into_iter().map(kept).collect();
        self.write(move |tx| {
            if origin == Origin::Mlflow && logged::find_by_name(tx, &new.name)?.is_some() {
                return Err(taken(&new.name));
            }
            insert(tx, &new)?;
            Ok(new)
        })
    }

    /// An experiment whose runs are logged, for whoever adds it.
    pub(crate) fn logged_experiment(
        &self,
        name: &str,
        origin: Origin,
        template: &str,
        author: &str,
    ) -> Experiment {
        let now = self.now();
        Experiment {
            id: self.next_id(),
            name: storable(name).into_owned(),
            description: String::new(),
            origin,
            template: template.to_owned(),
            code_hash: LOGGED_CODE.to_owned(),
            objective: None,
            baseline: None,
            needs: Needs::default(),
            setup: Setup::default(),
            placement: Placement::Anywhere,
            device_class: None,
            counts: Counts::default(),
            author: author.to_owned(),
            created_at: now,
            updated_at: now,
        }
    }

    /// An experiment, even when a client deleted it.
    pub fn known_experiment(&self, id: ExperimentId) -> Result<KnownExperiment, HubError> {
        self.read(move |tx| find(tx, id))
    }

    /// The experiment that clients know by this name, even when one of them deleted it.
    pub fn known_experiment_called(&self, name: &str) -> Result<Option<KnownExperiment>, HubError> {
        let name = name.to_owned();
        self.read(move |tx| Ok(logged::find_by_name(tx, &name)?))
    }

    /// All experiments, those that a client deleted too, the latest first.
    pub fn known_experiments(&self) -> Result<Vec<KnownExperiment>, HubError> {
        self.read(|tx| Ok(logged::list(tx)?))
    }

    /// What clients log to when they name nothing, if one of them has.
    pub fn find_default_experiment(&self) -> Result<Option<KnownExperiment>, HubError> {
        self.known_experiment_called(DEFAULT)
    }

    /// What clients log to when they name nothing. Made when it is first asked for.
    pub fn default_experiment(&self, author: &str) -> Result<ExperimentId, HubError> {
        if let Some(known) = self.find_default_experiment()? {
            return Ok(known.experiment.id);
        }
        let new = self.logged_experiment(DEFAULT, Origin::Mlflow, "mlflow", author);
        self.write(move |tx| match logged::find_by_name(tx, DEFAULT)? {
            // Somebody else made it just now.
            Some(known) => Ok(known.experiment.id),
            None => insert(tx, &new).map(|()| new.id),
        })
    }

    /// Calls an experiment of clients something else.
    pub fn rename_logged_experiment(&self, id: ExperimentId, name: &str) -> Result<(), HubError> {
        let (name, now) = (name.to_owned(), self.now());
        self.change(id, move |tx, _| {
            if let Some(other) = logged::find_by_name(tx, &name)?
                && other.experiment.id != id
            {
                return Err(taken(&name));
            }
            Ok(logged::save_name(tx, id, &name, now)?)
        })
    }

    /// Gives an experiment of clients a tag.
    pub fn tag_logged_experiment(
        &self,
        id: ExperimentId,
        tag: (String, String),
    ) -> Result<(), HubError> {
        let ((name, value), now) = (kept(tag), self.now());
        self.change(id, move |tx, mut experiment| {
            experiment.setup.tags.insert(name, value);
            Ok(logged::save_tags(tx, &experiment, now)?)
        })
    }

    /// Takes a tag from an experiment of clients.
    pub fn untag_logged_experiment(&self, id: ExperimentId, name: &str) -> Result<(), HubError> {
        let (name, now) = (name.to_owned(), self.now());
        self.change(id, move |tx, mut experiment| {
            if experiment.setup.tags.remove(&name).is_none() {
                return Err(HubError::not_found("tag", &name));
            }
            Ok(logged::save_tags(tx, &experiment, now)?)
        })
    }

    /// Hides an experiment of clients with its runs. It can be restored for
    /// [`crate::loops::retention::RESTORABLE`].
    pub fn remove_logged_experiment(&self, id: ExperimentId) -> Result<(), HubError> {
        let now = self.now();
        self.change(id, move |tx, _| Ok(logged::save_removed(tx, id, now)?))
    }

    /// Shows an experiment again that a client deleted.
    pub fn restore_logged_experiment(&self, id: ExperimentId) -> Result<(), HubError> {
        let now = self.now();
        self.write(move |tx| {
            if find(tx, id)?.deleted_at.is_none() {
                let message = format!("experiment `{id}` is not deleted");
                return Err(HubError::Conflict(message));
            }
            restore(tx, id, now)
        })
    }

    /// One change of an experiment that clients log to.
    fn change(
        &self,
        id: ExperimentId,
        change: impl FnOnce(&mut Tx, Experiment) -> Result<(), HubError> + Send + 'static,
    ) -> Result<(), HubError> {
        self.write(move |tx| {
            let known = find(tx, id)?;
            if known.deleted_at.is_some() {
                return Err(deleted(id));
            }
            if !known.experiment.is_logged() {
                let message = format!("experiment `{id}` is not for clients to change");
                return Err(HubError::Conflict(message));
            }
            change(tx, known.experiment)?;
            events::record(tx, Event::ExperimentChanged(id));
            Ok(())
        })
    }
}

/// The experiment, unless it is only a place for deleted runs.
pub(super) fn find(tx: &mut Tx, id: ExperimentId) -> Result<KnownExperiment, HubError> {
    let found = logged::find(tx, id)?.filter(|known| known.bin_of.is_none());
    found.ok_or_else(|| HubError::not_found("experiment", id))
}

pub(super) fn deleted(id: ExperimentId) -> HubError {
    HubError::Conflict(format!("experiment `{id}` is deleted; restore it first"))
}

fn taken(name: &str) -> HubError {
    let message = format!("there is an experiment `{name}` already, perhaps a deleted one");
    HubError::Taken(message)
}

/// Adds an experiment whose runs are logged.
pub(crate) fn insert(tx: &mut Tx, experiment: &Experiment) -> Result<(), HubError> {
    let needs = code::needs_id(tx, &experiment.needs)?;
    stored::insert(tx, experiment, needs)?;
    events::record(tx, Event::ExperimentChanged(experiment.id));
    Ok(())
}

fn restore(tx: &mut Tx, id: ExperimentId, now: Timestamp) -> Result<(), HubError> {
    logged::save_restored(tx, id, now)?;
    events::record(tx, Event::ExperimentChanged(id));
    Ok(())
}
