//! The hub from outside: commands, loops, recovery, and whole fleets in simulation.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]
#![expect(clippy::float_cmp, reason = "values come back exactly as they went in")]

mod alerts;
mod archive;
mod batches;
mod budgets;
mod charts;
mod commands;
mod comparison;
mod costs;
mod enrolments;
mod experiments;
mod exports;
mod files;
mod folders_kept;
mod imports;
mod language;
mod ledger;
mod logged;
mod logs;
mod models;
mod pauses;
mod programs;
mod recovery;
mod results;
mod run_folders;
mod scheduling;
mod simulation;
mod support;
mod syncing;
mod telemetry;
mod training;
mod training_models;
mod verification;
