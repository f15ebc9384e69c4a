//! Briefs into tasks, results into verdicts: spaces, samplers, plans, summaries, statistics.
//!
//! Pure: no I/O, no clock, no random source, not async. Whatever looks random is a function
//! of a seed and an index, and gives the same bits on every machine.

#![warn(missing_docs)]

pub mod alert;
pub mod anomalies;
pub mod bands;
pub mod char_lm;
pub mod compare;
pub mod distributions;
pub mod factors;
pub mod file;
pub mod filter;
pub mod numbers;
pub mod plan;
pub mod repro;
pub mod rng;
pub mod sampler;
pub mod space;
pub mod stats;
pub mod summary;

/// The values of one task: parameter name to value, in the order of the space.
pub type Config = serde_json::Map<String, serde_json::Value>;
