//! Use cases and background loops. No HTTP, no HTML, no SQL.
//!
//! A command reads, decides in the domain, writes and records what changed, in one transaction;
//! when it returns, that is durable. A query reads on a snapshot.
#![warn(missing_docs)]

pub mod access;
pub mod alerts;
mod analysis;
pub mod archive;
pub mod artifacts;
pub mod briefs;
pub mod budgets;
mod bus;
pub mod charts;
pub mod comparison;
pub mod costs;
mod dependencies;
pub mod endings;
pub mod enrolments;
mod error;
pub mod experiments;
pub mod exports;
pub mod families;
mod hub;
pub mod imports;
mod language;
pub mod ledger;
mod live;
pub mod logged;
pub mod logged_models;
pub mod logs;
pub mod loops;
pub mod models;
pub mod overview;
pub mod programs;
pub mod reports;
pub mod results;
pub mod run_folders;
pub mod run_results;
pub mod run_search;
pub mod runs;
mod scheduling;
mod secret;
pub mod series;
mod signing;
pub mod tasks;
pub mod telemetry;
pub mod templates;
pub mod training;
pub mod training_models;
mod transitions;
pub mod verification;
pub mod work;
pub mod workers;
pub mod world;

/// What results say, as the search computes it.
pub mod findings {
    pub use cupola_search::{
        anomalies::Anomaly,
        compare::{Comparison, Group, Test, Verdict},
        factors::{Factor, Level},
        filter::Filter,
        repro::Repeats,
        space::{Domain, Space},
        summary::{Observation, Ranked, Summary},
    };
}

pub use analysis::Analysis;
pub use bus::{Changes, Notice, Waiting};
pub use error::HubError;
pub use hub::{Hub, Settings};
