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

mod admission;
mod agent;
mod backoff;
mod bundle;
mod desk;
mod device_class;
mod error;
mod executor;
mod foreign;
mod hardware;
mod limits;
mod output;
mod private;
mod process;
mod sandbox;
mod settings;
mod telemetry;

pub use admission::Admits;
pub use agent::{
    Folder, forget, keep_name, kept_name, note_leaving, note_staying, run, run_in, worker_id,
};
pub use bundle::{BUNDLE_BYTES_MAX, BUNDLE_FILES_MAX, InvalidBundle, bundle_hash};
pub use desk::{Desk, DeskError};
pub use error::WorkerError;
pub use hardware::measure;
pub use limits::check_limits;
pub use sandbox::{Mode, Network, Sandbox};
pub use settings::{Clock, Probe, Settings};
