//! Tokens, sessions and login links: who is asking.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cupola_domain::{
    access::{Belonging, Principal, Role, Token},
    event::Event,
    field::FieldError,
    ids::TokenId,
    time::{Instant, Timestamp},
};
use cupola_store::{Tx, events, tokens};

use crate::{Hub, HubError, ledger::welcome, secret};

/// A browser stays logged in for this long.
pub const SESSION_TTL: Duration = Duration::from_hours(7 * 24);

/// A login link may be used for this long, once.
pub const LOGIN_CODE_TTL: Duration = Duration::from_mins(15);

/// How many login links may be open at once.
const LOGIN_CODES_MAX: usize = 100;

/// Who runs the hub: what the first token is called.
pub const ADMINISTRATOR: &str = "administrator";

/// Characters of a secret's random part that are kept in the clear.
const PREFIX_CHARS_SHOWN: usize = 4;

/// Login links that were made and not yet used. They live no longer than the process.
#[derive(Debug, Default)]
pub(crate) struct LoginCodes(Mutex<HashMap<String, (TokenId, Instant)>>);

impl LoginCodes {
    fn insert(&self, digest: String, token: TokenId, until: Instant, now: Instant) {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, (_, until)| now < *until);
        if codes.len() >= LOGIN_CODES_MAX {
            let oldest = codes.iter().min_by_key(|(_, (_, until))| *until);
            let oldest = oldest.map(|(digest, _)| digest.clone());
            oldest.map(|digest| codes.remove(&digest));
        }
        codes.insert(digest, (token, until));
    }

    fn take(&self, digest: &str, now: Instant) -> Option<TokenId> {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes
            .remove(digest)
            .filter(|(_, until)| now < *until)
            .map(|(token, _)| token)
    }
}

impl Hub {
    /// Makes the administrator's token at the first start; `preset` is taken as its secret. Says
    /// the secret if one was made.
    pub fn create_first_token(&self, preset: Option<&str>) -> Result<Option<String>, HubError> {
        if let Some(preset) = preset {
            let known = {
                let digest = secret::digest(preset);
                self.read(move |tx| Ok(tokens::find_by_digest(tx, &digest)?))?
            };
            if known.is_some() {
                return Ok(None);
            }
            return self
                .insert_token(
                    (ADMINISTRATOR, Role::Admin, Belonging::default()),
                    None,
                    preset,
                )
                .map(|_| None);
        }
        if self.read(|tx| Ok(tokens::count(tx)?))? > 0 {
            return Ok(None);
        }
        let (secret, _) = self.create_token(ADMINISTRATOR, Role::Admin, None)?;
        Ok(Some(secret))
    }

    /// Makes a token. The secret is told this once.
    pub fn create_token(
        &self,
        name: &str,
        role: Role,
        ttl: Option<Duration>,
    ) -> Result<(String, Token), HubError> {
        self.create_token_of(Belonging::default(), (name, role), ttl)
    }

    /// Makes a token that belongs to somebody. Who is new is given what the economy grants.
    pub fn create_token_of(
        &self,
        belonging: Belonging,
        (name, role): (&str, Role),
        ttl: Option<Duration>,
    ) -> Result<(String, Token), HubError> {
        let secret = secret::new(self.world(), &format!("cupola_{role}_"));
        let token = self.insert_token((name, role, belonging), ttl, &secret)?;
        Ok((secret, token))
    }

    fn insert_token(
        &self,
        (name, role, belonging): (&str, Role, Belonging),
        ttl: Option<Duration>,
        secret: &str,
    ) -> Result<Token, HubError> {
        let belonging = checked(&belonging)?;
        let name = name.trim();
        if name.is_empty() || !is_shown(name) {
            let message = "say in 1 to 100 characters that can be seen what the token is for";
            return Err(HubError::Invalid(vec![FieldError::new("name", message)]));
        }
        if ttl.is_some_and(|ttl| ttl.is_zero()) {
            let message = "is 0; a token that is never valid opens nothing";
            return Err(HubError::Invalid(vec![FieldError::new(
                "ttl_secs", message,
            )]));
        }
        if secret.len() < 16 {
            let message = "is too short to be a secret; use at least 16 characters";
            return Err(HubError::Invalid(vec![FieldError::new("token", message)]));
        }
        let now = self.now();
        let ttl_millis = |ttl: Duration| i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let token = Token {
            id: self.next_id(),
            name: name.to_owned(),
            role,
            prefix: shown_prefix(secret),
            created_at: now,
            expires_at: ttl
                .map(|ttl| Timestamp::from_millis(now.millis().saturating_add(ttl_millis(ttl)))),
            revoked_at: None,
            belonging,
        };
        let economy = self.economy();
        let digest = secret::digest(secret);
        self.write(move |tx| {
            check_name(tx, &token)?;
            tokens::insert(tx, &token, &digest)?;
            welcome(tx, &token, &economy, now)?;
            events::record(tx, Event::TokenChanged(token.id));
            Ok(token)
        })
    }

    /// The latest tokens, revoked ones included.
    pub fn list_tokens(&self) -> Result<Vec<Token>, HubError> {
        self.read(|tx| Ok(tokens::list(tx)?))
    }

    /// Shuts a token out from the next request on, with every browser and worker that uses it.
    pub fn revoke_token(&self, id: TokenId) -> Result<Token, HubError> {
        let now = self.now();
        let token = self.write(move |tx| {
            let mut token =
                tokens::find(tx, id)?.ok_or_else(|| HubError::not_found("token", id))?;
            if token.revoked_at.is_none() {
                token.revoked_at = Some(now);
                tokens::save_revoked(tx, id, now)?;
                events::record(tx, Event::TokenChanged(id));
            }
            Ok(token)
        })?;
        self.shut_out();
        self.expire_leases_of_token(id)?;
        Ok(token)
    }

    /// Who the bearer of `secret` is.
    pub fn authenticate(&self, secret: &str) -> Result<Principal, HubError> {
        let now = self.now();
        let digest = secret::digest(secret);
        let token = self.read(move |tx| Ok(tokens::find_by_digest(tx, &digest)?))?;
        principal(token, now)
    }

    /// A link's code that logs a browser in as the bearer of `token`, once.
    pub fn create_login_code(&self, token: TokenId) -> String {
        let code = secret::new(self.world(), "");
        let now = self.world().monotonic();
        self.logins
            .insert(secret::digest(&code), token, now.plus(LOGIN_CODE_TTL), now);
        code
    }

    /// A login code for the eldest administrator's token that still opens.
    pub fn create_admin_login_code(&self) -> Result<Option<String>, HubError> {
        let now = self.now();
        let admins = self.list_tokens()?;
        let admin = admins
            .iter()
            .rev()
            .find(|t| t.role == Role::Admin && t.is_valid(now));
        Ok(admin.map(|token| self.create_login_code(token.id)))
    }

    /// Opens a session for the bearer of a token's secret; the answer is the cookie's value.
    pub fn log_in(&self, secret: &str) -> Result<String, HubError> {
        let principal = self.authenticate(secret.trim())?;
        if principal.role == Role::Worker {
            let message = "a worker's token opens no pages; use a token for people";
            return Err(HubError::Forbidden(message.to_owned()));
        }
        self.open_session(principal.token)
    }

    /// Opens a session for the bearer of a login link.
    pub fn log_in_by_code(&self, code: &str) -> Result<String, HubError> {
        let token = self
            .logins
            .take(&secret::digest(code), self.world().monotonic());
        let token = token.ok_or_else(|| {
            HubError::Unauthorized("the login link was used before or is too old".to_owned())
        })?;
        self.open_session(token)
    }

    /// Who the holder of a session's cookie is.
    pub fn authenticate_session(&self, cookie: &str) -> Result<Principal, HubError> {
        let now = self.now();
        let digest = secret::digest(cookie);
        let token = self.read(move |tx| Ok(tokens::find_by_session(tx, &digest, now)?))?;
        principal(token, now)
    }

    /// Ends a session.
    pub fn log_out(&self, cookie: &str) -> Result<(), HubError> {
        let digest = secret::digest(cookie);
        self.write(move |tx| Ok(tokens::delete_session(tx, &digest)?))?;
        self.shut_out();
        Ok(())
    }

    fn open_session(&self, token: TokenId) -> Result<String, HubError> {
        let cookie = secret::new(self.world(), "");
        let digest = secret::digest(&cookie);
        let now = self.now();
        let millis = i64::try_from(SESSION_TTL.as_millis()).unwrap_or(i64::MAX);
        let expires_at = Timestamp::from_millis(now.millis().saturating_add(millis));
        self.write(move |tx| Ok(tokens::insert_session(tx, &digest, token, now, expires_at)?))?;
        Ok(cookie)
    }
}

/// Who pays for what somebody submits is found by the name of their token: whoever makes another of that
/// name must not pay for it. Nobody submits with a worker's.
fn check_name(tx: &mut Tx, token: &Token) -> Result<(), HubError> {
    if token.role == Role::Worker {
        return Ok(());
    }
    let other = tokens::find_by_name(tx, &token.name)?;
    match other.filter(|other| other.owner() != token.owner()) {
        None => Ok(()),
        Some(other) => {
            let message = format!(
                "a token of `{}` is called so; choose another",
                other.owner()
            );
            Err(HubError::Invalid(vec![FieldError::new("name", message)]))
        }
    }
}

/// Whether a name can be shown in a line.
pub(crate) fn is_shown(name: &str) -> bool {
    name.chars().count() <= 100 && !name.chars().any(char::is_control)
}

/// Names of people and teams are shown, and stand in the ledger for good.
pub(crate) fn checked(belonging: &Belonging) -> Result<Belonging, HubError> {
    let check = |field: &str, text: &str| {
        let text = text.trim();
        if is_shown(text) {
            return Ok(text.to_owned());
        }
        let message = "is at most 100 characters that can be seen";
        Err(HubError::Invalid(vec![FieldError::new(field, message)]))
    };
    Ok(Belonging {
        owner: check("owner", &belonging.owner)?,
        team: check("team", &belonging.team)?,
    })
}

/// Enough of a secret for a person to recognise it: up to its last `_` and a few more.
pub(crate) fn shown_prefix(secret: &str) -> String {
    let kind = secret.rfind('_').map_or(0, |at| at + 1);
    let kind = kind.min(secret.len() / 2);
    secret.chars().take(kind + PREFIX_CHARS_SHOWN).collect()
}

fn principal(token: Option<Token>, now: Timestamp) -> Result<Principal, HubError> {
    // One answer for unknown, expired and revoked, so that nobody learns which tokens exist.
    let token = token.filter(|token| token.is_valid(now)).ok_or_else(|| {
        HubError::Unauthorized("the token is unknown, expired or revoked".to_owned())
    })?;
    Ok(Principal {
        owner: token.owner().to_owned(),
        token: token.id,
        name: token.name,
        role: token.role,
    })
}
