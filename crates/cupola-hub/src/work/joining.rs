//! Workers join, come back and say goodbye.

use cupola_domain::{
    enrolment::{Claim, Start, claim},
    event::Event,
    field::FieldError,
    ids::{TokenId, WorkerId},
    run::Loss,
    worker::Worker,
};
use cupola_store::{
    Tx,
    enrolments::{self, Rival},
    events, workers,
};

use super::{Registration, not_yours};
use crate::{Hub, HubError, live::Paused, verification};

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
        let known = match registration.id {
            Some(id) => Some(id),
            None => self.read(move |tx| own_worker(tx, token))?,
        };
        if let Some(id) = known {
            self.refuse_rival(token, id, &registration)?;
        }
        let session = registration.session.clone();
        let id = known.unwrap_or_else(|| self.next_id());
        let worker = self.write(move |tx| {
            let before = workers::find(tx, id)?;
            if known.is_some() {
                if workers::is_removed(tx, id)? {
                    return Err(removed(id));
                }
                check_owner(before.as_ref(), id, token)?;
            } else if own_worker(tx, token)?.is_some() {
                let message = "a worker has joined with this token a moment ago; ask again";
                return Err(HubError::Unavailable(message.to_owned()));
            }
            let worker = Worker {
                id,
                name: registration.name,
                token,
                session: registration.session,
                capabilities: registration.capabilities,
                slots: registration.slots,
                version: registration.version,
                registered_at: before.as_ref().map_or(now, |before| before.registered_at),
                last_seen_at: now,
                left_at: None,
                drained: before.and_then(|before| before.drained),
            };
            verification::refuse(tx, token)?;
            workers::save(tx, &worker)?;
            enrolments::save_place(tx, id, &registration.place)?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(worker)
        })?;
        let before = self.live().join(&worker);
        if self.read(move |tx| Ok(workers::is_removed(tx, id)?))? {
            self.live().workers.remove(&id);
            return Err(removed(id));
        }
        if let Some(before) = before.filter(|before| before.session != session) {
            self.expire_leases_of(id, (Loss::Restarted, before.last_seen))?;
        }
        Ok(worker)
    }

    /// Refuses who says that it is a worker which is alive elsewhere, and notes that for its owner.
    fn refuse_rival(
        &self,
        token: TokenId,
        id: WorkerId,
        coming: &Registration,
    ) -> Result<(), HubError> {
        let (known, began_at) = {
            let live = self.live();
            (live.workers.get(&id).cloned(), live.began_at)
        };
        let Some(known) = known.filter(|known| known.token == token) else {
            return Ok(());
        };
        let now = self.now();
        let place = self.read(move |tx| Ok(enrolments::find_place(tx, id)?))?;
        let start = Start {
            session: &known.session,
            place: &place,
        };
        let new = Start {
            session: &coming.session,
            place: &coming.place,
        };
        if claim(
            start,
            (known.last_seen.max(began_at), known.left_at.is_some()),
            new,
            now,
        ) != Claim::Rival
        {
            return Ok(());
        }
        let rival = Rival {
            hostname: coming.capabilities.hostname.clone(),
            at: now,
        };
        tracing::warn!(worker = %id, name = known.name, rival = rival.hostname, "a second agent was refused");
        self.write(move |tx| {
            enrolments::save_rival(tx, id, &rival)?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(())
        })?;
        Err(HubError::Rival(format!(
            "the worker `{id}` is alive on another machine or from another folder; a copy joins by a join code \
             of its own, in a new folder"
        )))
    }

    /// A worker says goodbye: its runs wait for another at once.
    pub fn dismiss_worker(
        &self,
        token: TokenId,
        id: WorkerId,
        session: &str,
    ) -> Result<(), HubError> {
        self.note_alive(token, id, session)?;
        let now = self.now();
        if let Some(worker) = self.live().workers.get_mut(&id) {
            worker.left_at = Some(now);
            worker.last_seen = now;
        }
        self.hand_back_leases_of(id)?;
        self.write(move |tx| {
            workers::save_left(tx, id, now)?;
            events::record(tx, Event::WorkerChanged(id));
            Ok(())
        })
    }

    /// Notes whether a worker's owner lets it take work. Kept by heart: it says so again and again.
    pub(super) fn note_pause(&self, id: WorkerId, paused: Option<&Paused>) -> Result<(), HubError> {
        let is_news = self.live().workers.get_mut(&id).is_some_and(|worker| {
            let is_news = worker.paused.as_ref() != paused;
            worker.paused = paused.cloned();
            is_news
        });
        if is_news {
            self.write(move |tx| {
                events::record(tx, Event::WorkerChanged(id));
                Ok(())
            })?;
        }
        Ok(())
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

/// The one worker of a token that is one worker's own, if it joined already.
fn own_worker(tx: &mut Tx, token: TokenId) -> Result<Option<WorkerId>, HubError> {
    if enrolments::find_of_token(tx, token)?.is_none() {
        return Ok(None);
    }
    Ok(enrolments::find_worker(tx, token)?)
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
