//! What the engine promises, on both databases.

mod closing;
mod events;
mod failures;
mod grouping;
mod migrations;
mod only_postgres;
mod only_sqlite;
mod reading;
mod things;
mod values;
