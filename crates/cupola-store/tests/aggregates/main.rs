//! The aggregates on every database: each statement prepares, each row survives the trip.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod alerts;
mod costs;
mod experiments;
mod labels;
mod ledger;
mod logs;
mod models;
mod reports;
mod results;
mod rows;
mod run_search;
mod selected;
mod series;
mod statements;
mod trained;
mod training;
