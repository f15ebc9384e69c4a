//! Built-in training programs: what a worker runs when no other program is asked for.
//!
//! `char-lm` trains a character transformer on the processor: it reads a flat JSON config,
//! stops by itself after 90 % of its time budget, evaluates, and writes one JSON object as
//! the last line of stdout. Everything is written here except the matrix product, which is
//! the `gemm` crate's. The same config and seed give the same bits on any number of threads
//! of one machine, as long as `max_steps` and not the clock ends the run.
//!
//! [`main`] is the program; [`train()`] is the same as a library call. [`probe()`] tells machines apart that
//! compute other bits.

pub mod corpus;

mod cli;
mod config;
mod data;
mod events;
mod layout;
mod learner;
mod machine;
mod model;
mod ops;
mod optimizer;
mod parallel;
mod plan;
mod probe;
mod report;
mod rng;
mod schedule;
mod train;
mod weights;
mod workspace;

pub use cli::main;
pub use config::{Config, ConfigError, Parsed};
pub use data::{Batch, Corpus};
pub use events::{Events, Level};
pub use layout::{Shape, Tensor};
pub use learner::{Evaluation, Gradient, Learner, Stop};
pub use model::CharLm;
pub use probe::probe;
pub use report::Report;
pub use rng::Rng;
pub use schedule::Schedule;
pub use train::{Clock, Trained, train};
