//! Types, laws and state machines. Pure: no I/O, no clock, no randomness, not async.

pub mod ids;
pub mod objective;
pub mod provenance;
pub mod time;
