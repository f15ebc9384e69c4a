//! Families: the experiments that briefs made.

mod index;
mod plot;
mod results;
mod show;

pub use self::{
    index::{FamilyRow, Index, List},
    plot::Plot,
    results::{Anomaly, Factor, Ranked, Repro, Results, Winner},
    show::{Campaign, Header, Show, Summary, TaskRow, Tasks},
};
