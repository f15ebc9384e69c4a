//! Words for tests: databases that are there, fresh and gone afterwards.

pub mod database;
mod postgres_server;

pub use database::{Database, databases};
