//! Rows in, domain values out, transactions. The only crate that contains SQL.

pub mod alerts;
pub mod artifacts;
pub mod briefs;
pub mod budgets;
pub mod code;
mod codec;
pub mod costs;
pub mod datasets;
pub mod dependencies;
pub mod dump;
pub mod engine;
pub mod enrolments;
pub mod error;
pub mod events;
pub mod experiments;
pub mod keys;
pub mod language;
pub mod ledger;
pub mod listing;
pub mod logged;
pub mod logged_models;
pub mod logs;
pub mod migrations;
pub mod model_history;
pub mod model_lineage;
pub mod model_versions;
pub mod models;
pub mod params;
pub mod reports;
pub mod results;
pub mod run_search;
pub mod runs;
pub mod scheduling;
pub mod selected;
pub mod series;
mod statement;
pub mod tags;
pub mod tasks;
pub mod telemetry;
pub mod tokens;
pub mod trained;
pub mod training;
pub mod training_files;
pub mod unlabelled;
pub mod verification;
pub mod workers;

pub use engine::{
    Durability, EventRow, FolderLock, Location, Migration, NewEvent, OnCommit, Options, Row, Stats,
    Store, ToValue, Tx, Value, lock_folder,
};
pub use error::{ConstraintKind, StoreError};

/// Every statement that is not put together at run time, by module and name, for the test that
/// prepares them all.
pub fn statements() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let modules = [
        ("artifacts", artifacts::ALL),
        ("briefs", briefs::ALL),
        ("budgets", budgets::ALL),
        ("code", code::ALL),
        ("costs", costs::ALL),
        ("datasets", datasets::ALL),
        ("dependencies", dependencies::ALL),
        ("dump", dump::ALL),
        ("enrolments", enrolments::ALL),
        ("events", events::ALL),
        ("experiments", experiments::ALL),
        ("keys", keys::ALL),
        ("language", language::ALL),
        ("logged_models", logged_models::ALL),
        ("logged", logged::ALL),
        ("listing", listing::ALL),
        ("logs", logs::ALL),
        ("model_history", model_history::ALL),
        ("model_lineage", model_lineage::ALL),
        ("model_versions", model_versions::ALL),
        ("models", models::ALL),
        ("params", params::ALL),
        ("reports", reports::ALL),
        ("results", results::ALL),
        ("runs", runs::ALL),
        ("scheduling", scheduling::ALL),
        ("selected", selected::ALL),
        ("tags", tags::ALL),
        ("tasks", tasks::ALL),
        ("telemetry", telemetry::ALL),
        ("tokens", tokens::ALL),
        ("trained", trained::ALL),
        ("training", training::ALL),
        ("training_files", training_files::ALL),
        ("unlabelled", unlabelled::ALL),
        ("workers", workers::ALL),
    ];
    let modules = modules
        .into_iter()
        .chain(series::STATEMENTS)
        .chain(run_search::STATEMENTS)
        .chain(alerts::STATEMENTS)
        .chain(ledger::STATEMENTS)
        .chain(verification::STATEMENTS);
    let named = |(module, all): (&'static str, &'static [(&'static str, &'static str)])| {
        all.iter().map(move |(name, sql)| (module, *name, *sql))
    };
    modules.flat_map(named)
}
