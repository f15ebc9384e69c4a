//! Runs: one attempt at a task each.

mod log;
mod present;
mod routes;
mod show;

pub use self::{
    log::{Line, Lines, Log},
    show::{Curve, Header, Outcome, Show},
};
pub(crate) use routes::routes;
