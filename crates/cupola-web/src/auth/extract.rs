//! Authority in a handler's signature.
//!
//! The layer at the root has decided already; these hand the principal on and check once more, so
//! that a route declared too weakly still refuses.

use axum::{extract::FromRequestParts, http::request::Parts};
use cupola_domain::{
    access::{Principal, Program, Role},
    ids::RunId,
};
use cupola_hub::HubError;

use crate::{error::Refused, state::Web};

macro_rules! authorities {
    ($($(#[$doc:meta])* $name:ident, $role:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Principal);

        impl FromRequestParts<Web> for $name {
            type Rejection = Refused;

            async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Refused> {
                principal(parts, Role::$role).map(Self)
            }
        }
    )*};
}

authorities! {
    /// Reads everything.
    Viewer, Viewer;
    /// Writes briefs, cancels and retries.
    Researcher, Researcher;
    /// Admits and removes workers.
    Operator, Operator;
    /// Makes and revokes tokens.
    Admin, Admin;
    /// Leases and reports its own runs.
    WorkerAuth, Worker;
}

/// A person, or the program of a run speaking about that run.
#[derive(Debug, Clone)]
pub enum Client {
    /// With a role that the route asks for.
    Person(Principal),
    /// Whatever it asks for, it has only its own run.
    Program(Program),
}

impl Client {
    /// Refuses a program that names another run than its own.
    pub fn check_run(&self, run: RunId) -> Result<(), HubError> {
        match self {
            Client::Program(program) if program.run != run => Err(HubError::Forbidden(format!(
                "the token is for run `{}` and opens no other",
                program.run
            ))),
            Client::Person(_) | Client::Program(_) => Ok(()),
        }
    }

    /// Refuses a program that names a model which its run did not make.
    pub fn check_model(&self, run: Option<RunId>) -> Result<(), HubError> {
        match (self, run) {
            (Client::Person(_), _) => Ok(()),
            (Client::Program(_), Some(run)) => self.check_run(run),
            (Client::Program(_), None) => Err(HubError::Forbidden(
                "the token is for the models of one run alone".to_owned(),
            )),
        }
    }

    /// The program, if it is one.
    pub fn program(&self) -> Option<Program> {
        match self {
            Client::Person(_) => None,
            Client::Program(program) => Some(*program),
        }
    }

    /// Who is shown as the author of a change.
    pub fn name(&self) -> String {
        match self {
            Client::Person(principal) => principal.name.clone(),
            Client::Program(program) => format!("run {}", program.run.short()),
        }
    }
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident, $role:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Client);

        impl FromRequestParts<Web> for $name {
            type Rejection = Refused;

            async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Refused> {
                if let Some(program) = parts.extensions.get::<Program>() {
                    return Ok(Self(Client::Program(*program)));
                }
                principal(parts, Role::$role).map(|principal| Self(Client::Person(principal)))
            }
        }
    )*};
}

clients! {
    /// Reads: a viewer, or the program of a run.
    ClientViewer, Viewer;
    /// Writes: a researcher, or the program of a run.
    ClientResearcher, Researcher;
}

fn principal(parts: &Parts, needed: Role) -> Result<Principal, Refused> {
    let principal = parts.extensions.get::<Principal>();
    let fitting = principal.filter(|principal| principal.role.includes(needed));
    fitting
        .cloned()
        .ok_or_else(|| HubError::Forbidden(format!("this needs the role `{needed}`")).into())
}
