//! `/api/v1`: everything that a page can do, for programs, and the protocol of the workers.
//!
//! A handler extracts, calls the hub once and presents. How things look on the wire is said in
//! [`present`] alone.

mod alerts;
mod artifacts;
pub(crate) mod assistant;
pub(crate) mod body;
mod briefs;
pub(crate) mod charts;
mod compare;
mod costs;
pub(crate) mod credits;
mod download;
mod enrolments;
mod experiments;
mod exports;
mod families;
mod files;
mod imports;
pub(crate) mod logs;
pub(crate) mod models;
pub mod present;
pub(crate) mod reports;
mod results;
mod run_search;
mod runs;
pub(crate) mod system;
mod tasks;
mod templates;
mod tokens;
pub(crate) mod verification;
mod work;
mod workers;
mod workspaces;

use crate::router::Routes;

pub(crate) use artifacts::{download, drain, receive, stream};
pub(crate) use download::{as_download, going_on};
pub(crate) use exports::exported;
pub(crate) use results::{order as result_order, whole as result_whole};
pub(crate) use run_search::names as run_names;
pub use runs::reduce;

/// The routes.
pub(crate) fn routes() -> Routes {
    Routes::new()
        // the first page, who one is
        .merge(system::people_routes())
        // what can be run
        .merge(templates::routes())
        // what is wanted
        .merge(briefs::routes())
        .merge(families::routes())
        .merge(files::routes())
        .merge(experiments::routes())
        .merge(compare::routes())
        // what is done
        .merge(tasks::routes())
        .merge(runs::routes())
        .merge(charts::routes())
        .merge(run_search::routes())
        .merge(artifacts::routes())
        .merge(logs::routes())
        .merge(results::routes())
        .merge(exports::routes())
        .merge(imports::routes())
        // what came of it
        .merge(models::routes())
        // who does it
        .merge(workers::routes())
        .merge(work::routes())
        // what is watched elsewhere
        .merge(workspaces::routes())
        // what it costs
        .merge(costs::routes())
        .merge(credits::routes())
        .merge(verification::routes())
        // what is asked
        .merge(assistant::routes())
        .merge(reports::routes())
        // what is wrong, and who is told
        .merge(alerts::routes())
        // who may come in
        .merge(tokens::routes())
        .merge(enrolments::routes())
}
