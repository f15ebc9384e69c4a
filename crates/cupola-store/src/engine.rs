//! Transactions on SQLite or PostgreSQL: one writer that commits in groups, readers on snapshots, events.
//!
//! ```text
//! write(closure) ──▶ queue ──▶ writer thread: BEGIN · (SAVEPOINT · closure · events)… · COMMIT · on_commit · answers
//! read(closure)  ──▶ queue ──▶ reader threads: BEGIN · closure · ROLLBACK
//! ```
//!
//! Commits cost one wait for the disk whatever they contain, so closures that wait while
//! the disk works share the next commit. An answer is given when its commit is durable.

mod answer;
mod connection;
pub mod dialect;
mod event;
mod folder;
mod job;
mod location;
mod migrate;
mod postgres;
mod readers;
mod row;
mod sqlite;
mod stats;
mod store;
mod tx;
mod value;
mod writer;

pub use event::{EventRow, NewEvent};
pub use folder::{FolderLock, lock_folder};
pub use location::Location;
pub use migrate::Migration;
pub use row::Row;
pub use stats::Stats;
pub use store::{Durability, OnCommit, Options, Store};
pub use tx::Tx;
pub use value::{ToValue, Value};
