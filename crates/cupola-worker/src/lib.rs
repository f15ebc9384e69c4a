//! The worker: leases runs from a hub, runs their programs and tells the hub what they say.
//!
//! ```text
//! agent: leases, heartbeats, orders ──▶ executor: one run, prepare → … → report
//!                                            │
//!                                   process: supervisor, program; output: bytes into reports
//! ```
//!
//! The agent keeps its runs going while the hub is away, and tells it afterwards. It loses them
//! only by dying itself, and then the programs die with it.
//!
//! Linux only so far: what stands between a program and its escape is made of Linux's means.
#![warn(missing_docs)]

mod agent;
mod backoff;
mod bundle;
mod error;
mod executor;
mod hardware;
mod output;
mod process;
mod settings;
mod telemetry;

pub use agent::run;
pub use bundle::{BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX, InvalidBundle, bundle_hash};
pub use error::WorkerError;
pub use hardware::measure;
pub use settings::{Clock, Settings};
