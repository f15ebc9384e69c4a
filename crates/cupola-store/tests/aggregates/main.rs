//! The aggregates on every database: each statement prepares, each row survives the trip.

mod rows;
mod statements;
