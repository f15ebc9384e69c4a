//! `MLflow`'s REST interface: the same commands and queries under the addresses, bodies, limits and
//! errors that its clients know. Experiments and runs are ours; their ids are our ids.

mod artifacts;
mod body;
mod error;
mod experiments;
mod few;
mod filter;
mod history;
mod like;
mod logging;
mod models;
mod names;
mod order;
mod pages;
mod places;
mod runs;
mod wire;

use cupola_domain::access::Role;

use crate::{auth::Access, router::Routes};

pub(crate) use error::{Code, Error};

/// Addresses below these are answered as `MLflow`'s clients expect, refusals too.
const PREFIXES: [&str; 3] = [
    "/api/2.0/mlflow/",
    "/api/3.0/mlflow/",
    "/api/2.0/mlflow-artifacts/",
];

/// Who reads, and who changes things: people with their clients.
const READS: Access = Access::Client(Role::Viewer);
const WRITES: Access = Access::Client(Role::Researcher);

/// The same, and the programs of runs, for their own run.
const PROGRAM_READS: Access = Access::ClientOrProgram(Role::Viewer);
const PROGRAM_WRITES: Access = Access::ClientOrProgram(Role::Researcher);

/// Whether a request to this path comes from such a client.
pub(crate) fn is_address(path: &str) -> bool {
    PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

/// The one route by which batches are logged, with nothing behind it that keeps them: what keeping them
/// is held against.
pub fn batches_dropped() -> Routes {
    logging::dropping_routes()
}

/// All of it.
pub fn routes() -> Routes {
    Routes::new()
        .merge(experiments::routes())
        .merge(runs::routes())
        .merge(logging::routes())
        .merge(history::routes())
        .merge(artifacts::routes())
        .merge(models::routes())
}
