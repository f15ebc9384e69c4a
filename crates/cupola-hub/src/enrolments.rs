//! Machines come into the fleet and go: ways in, tokens of their own, and a clean end.

use std::time::Duration;

use cupola_domain::{
    access::{Belonging, Principal, Role, Token},
    enrolment::{self, Enrolment},
    event::Event,
    field::FieldError,
    ids::{EnrolmentId, TokenId, WorkerId},
    time::Timestamp,
};
use cupola_store::{Tx, enrolments, events, tokens, workers};

use crate::{
    Hub, HubError,
    access::{checked, is_shown, shown_prefix},
    ledger::{Economy, welcome},
    secret, verification,
    world::World,
};

/// What the secret of a way in begins with.
const SECRET_PREFIX: &str = "cupola_join_";

/// What a token that a machine made for itself begins with, and how many characters come after it.
const TOKEN_PREFIX: &str = "cupola_worker_";
const TOKEN_CHARS: usize = 32;

/// A way in that somebody asks for.
#[derive(Debug, Clone)]
pub struct NewEnrolment {
    /// What it is for; empty for nothing in particular.
    pub name: String,
    /// Whose the machines are; who asks, where no owner is named.
    pub belonging: Belonging,
    /// How many may come.
    pub uses: u32,
    /// How long it is open.
    pub ttl: Duration,
}

/// What became of a worker that wants to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It has so many runs to finish, and is given no more.
    Finishing(usize),
    /// It is no worker of this hub any more.
    Left,
}

/// A token that a machine makes for itself before it comes in.
pub fn own_token(world: &dyn World) -> String {
    secret::new(world, TOKEN_PREFIX)
}

impl Hub {
    /// Opens a way in. The secret is told this once.
    pub fn create_enrolment(
        &self,
        new: NewEnrolment,
        author: &Principal,
    ) -> Result<(String, Enrolment), HubError> {
        enrolment::check(new.uses, new.ttl).map_err(HubError::Invalid)?;
        let mut belonging = checked(&new.belonging)?;
        if belonging.owner.is_empty() {
            belonging.owner.clone_from(&author.owner);
        }
        let name = new.name.trim();
        if !is_shown(name) {
            let message = "is at most 100 characters that can be seen";
            return Err(HubError::Invalid(vec![FieldError::new("name", message)]));
        }
        let secret = secret::new(self.world(), SECRET_PREFIX);
        let now = self.now();
        let made = Enrolment {
            id: self.next_id(),
            name: name.to_owned(),
            belonging,
            prefix: shown_prefix(&secret),
            uses_max: new.uses,
            uses: 0,
            author: author.name.clone(),
            created_at: now,
            expires_at: now.plus(new.ttl),
            revoked_at: None,
        };
        let digest = secret::digest(&secret);
        let made = self.write(move |tx| {
            enrolments::insert(tx, &made, &digest)?;
            Ok(made)
        })?;
        Ok((secret, made))
    }

    /// The latest ways in, closed ones included.
    pub fn list_enrolments(&self) -> Result<Vec<Enrolment>, HubError> {
        self.read(|tx| Ok(enrolments::list(tx)?))
    }

    /// Closes a way in; who came by it stays.
    pub fn revoke_enrolment(&self, id: EnrolmentId) -> Result<Enrolment, HubError> {
        let now = self.now();
        self.write(move |tx| {
            let found = enrolments::find(tx, id)?;
            let mut found = found.ok_or_else(|| HubError::not_found("join code", id))?;
            if found.revoked_at.is_none() {
                found.revoked_at = Some(now);
                enrolments::save_revoked(tx, id, now)?;
            }
            Ok(found)
        })
    }

    /// A machine comes in by the way with this secret, with a token that it made for itself, so that asking
    /// again after an answer was lost changes nothing. The machine's name is for people.
    pub fn enrol(&self, secret: &str, own: &str, name: &str) -> Result<Token, HubError> {
        check_own(own)?;
        let name = name.trim();
        if name.is_empty() || !is_shown(name) {
            let message = "say in 1 to 100 characters what the machine is called";
            return Err(HubError::Invalid(vec![FieldError::new("name", message)]));
        }
        let now = self.now();
        let coming = Coming {
            digest: secret::digest(own),
            token: Token {
                id: self.next_id(),
                name: format!("worker {name}"),
                role: Role::Worker,
                prefix: shown_prefix(own),
                created_at: now,
                expires_at: None,
                revoked_at: None,
                belonging: Belonging::default(),
            },
        };
        let (way, economy) = (secret::digest(secret), self.economy());
        self.write(move |tx| coming.enter(tx, &way, &economy, now))
    }

    /// A worker leaves for good, at once or when what it has is finished: it gives back its runs, goes off
    /// the lists, and a token of its own opens nothing any more.
    pub fn leave(&self, token: TokenId, id: WorkerId, finishes: bool) -> Result<Leaving, HubError> {
        self.check_worker(token, id)?;
        if finishes {
            let now = self.world().monotonic();
            let mut live = self.live();
            let running = live.leases.count_of_worker(id);
            if running > 0 {
                if let Some(worker) = live.workers.get_mut(&id) {
                    worker.note_leaving(now);
                }
                return Ok(Leaving::Finishing(running));
            }
        }
        self.hand_back_leases_of(id)?;
        self.remove_worker(id)?;
        // Its own question for work may be waiting for an answer: it is over.
        self.bus.announce_work();
        Ok(Leaving::Left)
    }
}

/// A machine that comes in.
struct Coming {
    /// Its token's.
    digest: String,
    /// Without an owner yet.
    token: Token,
}

impl Coming {
    fn enter(
        mut self,
        tx: &mut Tx,
        way: &str,
        economy: &Economy,
        now: Timestamp,
    ) -> Result<Token, HubError> {
        let found = enrolments::find_by_digest(tx, way)?;
        if let Some(before) = tokens::find_by_digest(tx, &self.digest)? {
            let came_by = enrolments::find_of_token(tx, before.id)?;
            let is_again = found.is_some_and(|found| came_by == Some(found.id));
            return if is_again && before.is_valid(now) {
                Ok(before)
            } else {
                Err(closed("unknown"))
            };
        }
        // One answer for what is unknown and what is closed would tell a machine's owner nothing; who has the
        // secret of a closed way in learns no more by its reason.
        let found = found.ok_or_else(|| closed("unknown"))?;
        if let Some(reason) = found.closed(now) {
            return Err(closed(reason.as_str()));
        }
        self.token.belonging = found.belonging;
        // Before the code is used: whoever is banned may be let in again, and has it still.
        verification::refuse_owner(tx, self.token.owner())?;
        tokens::insert(tx, &self.token, &self.digest)?;
        if !enrolments::save_use(tx, found.id, self.token.id)? {
            return Err(closed("used up"));
        }
        welcome(tx, &self.token, economy, now)?;
        events::record(tx, Event::TokenChanged(self.token.id));
        Ok(self.token)
    }
}

fn closed(reason: &str) -> HubError {
    HubError::Unauthorized(format!(
        "the join code is {reason}; ask for another: `cupola token worker`, or the page of workers"
    ))
}

/// A token that a machine made is of the shape of ours: nobody comes in with a word.
fn check_own(own: &str) -> Result<(), HubError> {
    let random = own.strip_prefix(TOKEN_PREFIX).unwrap_or_default();
    if random.len() == TOKEN_CHARS && random.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let message = format!("is not `{TOKEN_PREFIX}` and {TOKEN_CHARS} letters and digits");
    Err(HubError::Invalid(vec![FieldError::new("secret", message)]))
}

/// With a worker its own token goes, if it has one.
pub(crate) fn revoke_own_token(
    tx: &mut Tx,
    worker: WorkerId,
    now: Timestamp,
) -> Result<(), HubError> {
    let Some(worker) = workers::find(tx, worker)? else {
        return Ok(());
    };
    if enrolments::find_of_token(tx, worker.token)?.is_some() {
        tokens::save_revoked(tx, worker.token, now)?;
        events::record(tx, Event::TokenChanged(worker.token));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_a_machine_made_is_no_word() {
        let check =
            |own: &str, expected: bool| assert_eq!(check_own(own).is_ok(), expected, "{own}");
        check("cupola_worker_0123456789ABCDEFabcdef0123456789", true);
        check("cupola_worker_0123456789ABCDEFabcdef012345678", false);
        check("cupola_worker_0123456789ABCDEFabcdef01234567_9", false);
        check("cupola_admin_00123456789ABCDEFabcdef0123456789", false);
        check("secret", false);
        check("", false);
    }
}
