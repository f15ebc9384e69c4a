//! Types, laws and state machines. Pure: no I/O, no clock, no randomness, not async.
//!
//! Whoever wants the time, an identifier or a random number passes it in.
#![warn(missing_docs)]

pub mod access;
pub mod alert;
pub mod artifact;
pub mod audit;
pub mod brief;
pub mod cost;
pub mod counts;
pub mod credits;
pub mod dataset;
pub mod date;
pub mod enrolment;
pub mod event;
pub mod experiment;
pub mod field;
pub mod ids;
pub mod labels;
pub mod lease;
pub mod ledger;
pub mod log;
pub mod metric;
pub mod model;
pub mod objective;
pub mod poison;
pub mod progress;
pub mod provenance;
pub mod reading;
pub mod repeats;
pub mod report;
pub mod resources;
pub mod result;
pub mod run;
pub mod sandbox;
pub mod scheduling;
pub mod schema;
pub mod setup;
pub mod stopping;
pub mod task;
pub mod telemetry;
pub mod template;
pub mod terminal;
pub mod text;
pub mod time;
pub mod training;
pub mod worker;
