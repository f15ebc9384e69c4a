//! What keeps an owner's tasks waiting beside others.

use cupola_domain::{
    event::Event,
    experiment::Experiment,
    ids::{ExperimentId, TaskId},
    resources::Needs,
    scheduling::{Loads, Placement, Policy},
};
use cupola_store::{Tx, code, events, experiments, scheduling, tasks};

use crate::{Hub, HubError, experiments::find};

impl Hub {
    /// How many tasks owners have at work; those are left out who have none.
    pub fn owner_loads(&self) -> Result<Loads, HubError> {
        self.read(|tx| Ok(scheduling::list_loads(tx)?.0))
    }

    /// Why nothing of an experiment's owner is leased although somebody could take it; empty where their
    /// quota is not used up.
    pub(crate) fn quota_of(&self, experiment: &Experiment) -> Result<String, HubError> {
        let (policy, id) = (self.scheduling(), experiment.id);
        self.read(move |tx| Ok(refusal(tx, &policy, id)?.unwrap_or_default()))
    }

    /// Lets go of the device class that an experiment's tasks keep to: from now on they keep to that of the
    /// machine which takes the next. What completed or is at work stays.
    pub fn release_class(&self, id: ExperimentId) -> Result<Experiment, HubError> {
        let released = self.write(move |tx| {
            let experiment = find(tx, id)?;
            if experiment.placement != Placement::OneClass {
                let message = format!("experiment `{id}` does not keep to a device class");
                return Err(HubError::Conflict(message));
            }
            if experiments::release_class(tx, id)? {
                events::record(tx, Event::ExperimentChanged(id));
            }
            find(tx, id)
        })?;
        self.bus.announce_work();
        Ok(released)
    }

    /// Which machine is kept free until a task fits beside what it runs; empty where none is.
    pub(crate) fn room_awaited_by(&self, task: TaskId) -> String {
        let kept = self.book.kept_free_for(task, self.now());
        let live = self.live();
        let worker = kept.and_then(|id| live.workers.get(&id));
        worker.map_or_else(String::new, |worker| {
            let name = &worker.name;
            format!("waits for room on `{name}`, which is given nothing else until then")
        })
    }
}

/// What a task needs.
pub(crate) fn needs_of(tx: &mut Tx, task: TaskId) -> Result<Option<Needs>, HubError> {
    let wanted = tasks::find_needs(tx, task)?;
    let mut known = code::list_needs(tx)?.into_iter();
    let found = known.find(|(id, _)| Some(*id) == wanted);
    Ok(found.map(|(_, needs)| needs))
}

/// Why nothing more of an experiment's owner is leased; nothing where their quota is not used up.
pub(crate) fn refusal(
    tx: &mut Tx,
    policy: &Policy,
    id: ExperimentId,
) -> Result<Option<String>, HubError> {
    if !policy.has_quotas() {
        return Ok(None);
    }
    let owner = scheduling::find_owner(tx, id)?.unwrap_or_default();
    let running = scheduling::find_load(tx, &owner)?;
    Ok(policy.refusal(&owner, running))
}
