//! Workers: machines' agents.

mod index;
mod present;
mod routes;
mod show;

pub use self::{
    index::{Index, List, WorkerRow},
    show::{Header, RunRow, Runs, Show},
};
pub(crate) use routes::{join_command, routes};
