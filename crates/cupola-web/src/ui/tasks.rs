//! Tasks: one configuration, seed and time budget each.

mod index;
mod listed;
pub(crate) mod present;
mod routes;
mod show;

pub use self::{
    index::{Index, List, TaskRow},
    show::{Attempt, Attempts, Header, Outcome, Show},
};
pub(crate) use routes::routes;
