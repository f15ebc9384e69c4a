//! Workers join, come back and say goodbye.

use cupola_domain::{
    event::Event,
    field::FieldError,
    ids::{TokenId, WorkerId},
    worker::Worker,
};
use cupola_store::{events, workers};

use super::{Registration, not_yours};
use crate::{Hub, HubError, live::LiveWorker};

/// More slots than this make no sense on one machine.
const SLOTS_MAX: u32 = 1024;

/// The session of a worker that this store only knows from the folders of runs.
pub(crate) const UNHEARD: &str = "";

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
            return Err(HubError::Invalid(vec![FieldError::new("slots", message)]));
        }
        let now = self.now();
        let id = registration.id.unwrap_or_else(|| self.next_id());
        let returning = registration.id.is_some();
        let session = registration.session.clone();
        let worker = self.write(move |tx| {
            let known = workers::find(tx, id)?;
            if returning {
                if workers::is_removed(tx, id)? {
                    return Err(removed(id));
                }
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
        if self.read(move |tx| Ok(workers::is_removed(tx, id)?))? {
            self.live().workers.remove(&id);
            return Err(removed(id));
        }
        if let Some(before) = before.filter(|before| before.session != session) {
            self.expire_leases_of(id, before.last_seen)?;
        }
        Ok(worker)
    }

    /// A worker says goodbye: its runs wait for another at once.
    pub fn dismiss_worker(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
    ) -> Result<(), HubError> {
        self.note_alive(token, id, session)?;
        self.hand_back_leases_of(id)?;
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

    /// Notes a sign of life; refuses one of an earlier start of the worker.
    pub(crate) fn note_alive(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
    ) -> Result<(), HubError> {
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
}

fn removed(id: WorkerId) -> HubError {
    let remedy = "to join as a new one, delete `worker.json` in its folder";
    HubError::Forbidden(format!(
        "the worker `{id}` was removed by an operator; {remedy}"
    ))
}

fn check_owner(known: Option<&Worker>, id: WorkerId, token: TokenId) -> Result<(), HubError> {
    match known {
        // Only what files told of it is known: whoever it was joins anew.
        Some(known) if known.session == UNHEARD => Err(HubError::not_found("worker", id)),
        Some(known) if known.token == token => Ok(()),
        Some(_) => Err(not_yours(id)),
        None => Err(HubError::not_found("worker", id)),
    }
}
