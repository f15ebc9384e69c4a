//! `/training`: the models that are trained, how far they are and what they cost.

mod metrics;
mod models;
mod overview;
mod present;
mod routes;
mod said;
mod tabs;

pub use self::{
    metrics::{Hardware, Learning, Metrics},
    models::{ModelCard, ModelCards, Models},
    overview::{ModelRow, ModelTable, Overview, RunRow, RunTable, Summary},
    said::{End, SaidText},
    tabs::{Tab, Tabs},
};
pub(crate) use present::Shown;
pub(crate) use routes::{overview, routes};
