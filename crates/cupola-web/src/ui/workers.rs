//! Workers: machines' agents.

mod index;
mod joining;
mod present;
mod routes;
mod show;

pub use self::{
    index::{Index, List, WorkerRow},
    joining::{CreatedCode, Joining, WayRow, Ways},
    show::{Header, RunRow, Runs, Show},
};
pub(crate) use routes::{join_command, routes};
