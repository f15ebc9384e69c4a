//! Who may do what: roles and the tokens that carry them.

use std::{fmt, str::FromStr};

use crate::{
    ids::{RunId, TokenId, WorkerId},
    time::Timestamp,
};

/// What a principal may do. People's roles are ordered: each includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A machine: leases and reports its own runs, and reads nothing else.
    Worker,
    /// Reads everything.
    Viewer,
    /// Writes briefs, cancels and retries.
    Researcher,
    /// Admits and removes workers.
    Operator,
    /// Makes and revokes tokens.
    Admin,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Role; 5] = [
        Role::Worker,
        Role::Viewer,
        Role::Researcher,
        Role::Operator,
        Role::Admin,
    ];

    /// Whether a principal of this role may do what asks for `needed`.
    ///
    /// Workers stand apart: only a worker may act as one, and a worker may do nothing else.
    pub fn includes(self, needed: Role) -> bool {
        match (self, needed) {
            (Role::Worker, Role::Worker) => true,
            (Role::Worker, _) | (_, Role::Worker) => false,
            (held, needed) => held >= needed,
        }
    }

    /// The word in tokens, tables and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Worker => "worker",
            Role::Viewer => "viewer",
            Role::Researcher => "researcher",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| {
            format!("`{text}` is not a role; say `viewer`, `researcher`, `operator`, `admin` or `worker`")
        })
    }
}

/// An access token as the hub knows it: never the secret, only its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Names the row in lists and in `token revoke`.
    pub id: TokenId,
    /// What the person who made it called it.
    pub name: String,
    /// What the bearer may do.
    pub role: Role,
    /// The first characters of the secret, so that a person recognises it.
    pub prefix: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// After this it is refused.
    pub expires_at: Option<Timestamp>,
    /// When somebody revoked it.
    pub revoked_at: Option<Timestamp>,
    /// Whose it is.
    pub belonging: Belonging,
}

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Belonging {
    /// The person; empty where they are called as the token is.
    pub owner: String,
    /// Their team; empty for none.
    pub team: String,
}

impl Token {
    /// The person that it belongs to.
    pub fn owner(&self) -> &str {
        match self.belonging.owner.as_str() {
            "" => &self.name,
            owner => owner,
        }
    }

    /// Whether the token still opens anything.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token that vouches for the request.
    pub token: TokenId,
    /// The token's name: who is shown as the author of a change.
    pub name: String,
    /// The person that it belongs to: whose credits are meant.
    pub owner: String,
    /// What the principal may do.
    pub role: Role,
}

impl Principal {
    /// Whoever is on the hub's own machine and shows nothing, where that is enough. No token vouches
    /// for them: `token` names no row.
    pub fn on_loopback(role: Role) -> Self {
        Self {
            token: uuid::Uuid::nil().into(),
            name: "loopback".to_owned(),
            owner: "loopback".to_owned(),
            role,
        }
    }
}

/// The program of a run under one lease. It speaks about that run alone, and only while the lease is
/// current.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Program {
    /// The run.
    pub run: RunId,
    /// The fencing number of the lease.
    pub epoch: i64,
}

/// A worker that proved its identity for the worker it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerPrincipal {
    /// The worker.
    pub worker: WorkerId,
    /// The token it came with.
    pub token: TokenId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(held: &str, needed: &str, expected: bool) {
        let (held, needed): (Role, Role) = (held.parse().unwrap(), needed.parse().unwrap());
        assert_eq!(held.includes(needed), expected, "{held} for {needed}");
    }

    #[test]
    fn an_admin_may_do_what_people_do() {
        check("admin", "viewer", true);
        check("admin", "operator", true);
    }

    #[test]
    fn a_viewer_may_only_look() {
        check("viewer", "viewer", true);
        check("viewer", "researcher", false);
    }

    #[test]
    fn workers_and_people_never_stand_in_for_each_other() {
        check("worker", "worker", true);
        check("worker", "viewer", false);
        check("admin", "worker", false);
    }
}
