//! Rows in, domain values out, transactions. The only crate that contains SQL.

pub mod engine;
pub mod error;
pub mod migrations;

pub use engine::{
    Durability, EventRow, Location, Migration, NewEvent, OnCommit, Options, Row, Stats, Store,
    ToValue, Tx, Value,
};
pub use error::{ConstraintKind, StoreError};
