//! Families: the experiments that briefs made.

mod drawn;
mod findings;
mod index;
pub(crate) mod parts;
mod plot;
mod results;
mod routes;
mod show;

pub use self::{
    index::{FamilyRow, Index, List},
    plot::Plot,
    results::{Anomaly, Factor, Ranked, Repro, Results, Winner},
    show::{Campaign, Header, Show, Summary, TaskRow, Tasks},
};
pub(crate) use routes::routes;
