//! What travels between the hub and everybody else: bodies, paths, versions.
//!
//! Only these types cross a process boundary. Times are RFC 3339 in UTC, doubles that JSON cannot
//! say are the words `NaN`, `Infinity` and `-Infinity`, ids are texts.
#![warn(missing_docs)]

pub mod access;
pub mod afs;
pub mod alerts;
pub mod artifacts;
pub mod briefs;
pub mod charts;
pub mod compare;
pub mod costs;
pub mod events;
pub mod experiments;
pub mod families;
pub mod files;
pub mod imports;
pub mod logs;
pub mod models;
pub mod number;
pub mod page;
pub mod paths;
pub mod problem;
pub mod results;
pub mod runs;
pub mod system;
pub mod tasks;
pub mod telemetry;
pub mod templates;
pub mod time;
pub mod work;
pub mod workers;
pub mod workspaces;

/// The version of the worker protocol. Hub and worker refuse each other when it differs.
pub const WORKER_PROTOCOL: u32 = 2;
