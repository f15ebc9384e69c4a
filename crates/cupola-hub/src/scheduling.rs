//! What keeps an owner's tasks waiting beside others.

use cupola_domain::{experiment::Experiment, scheduling::Loads};
use cupola_store::scheduling;

use crate::{Hub, HubError};

impl Hub {
    /// How many tasks owners have at work; those are left out who have none.
    pub fn owner_loads(&self) -> Result<Loads, HubError> {
        self.read(|tx| Ok(scheduling::list_loads(tx)?))
    }

    /// Why nothing of an experiment's owner is leased although somebody could take it; empty where their
    /// quota is not used up.
    pub(crate) fn quota_of(&self, experiment: &Experiment) -> Result<String, HubError> {
        let (policy, owner) = (self.scheduling(), experiment.author.as_str());
        if policy.of(owner).running_max.is_none() {
            return Ok(String::new());
        }
        let running = self.owner_loads()?.get(owner).copied().unwrap_or(0);
        Ok(policy.refusal(owner, running).unwrap_or_default())
    }
}
