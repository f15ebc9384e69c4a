//! What travels between the hub and everybody else: bodies, paths, versions.
//!
//! Only these types cross a process boundary. Times are RFC 3339 in UTC, doubles that JSON cannot
//! say are the words `NaN`, `Infinity` and `-Infinity`, ids are texts.
#![warn(missing_docs)]

pub mod access;
pub mod afs;
pub mod alerts;
pub mod artifacts;
pub mod assistant;
pub mod briefs;
pub mod charts;
pub mod compare;
pub mod costs;
pub mod credits;
pub mod desk;
pub mod events;
pub mod experiments;
pub mod families;
pub mod files;
pub mod imports;
pub mod joining;
pub mod logs;
pub mod models;
pub mod number;
pub mod page;
pub mod paths;
pub mod problem;
pub mod reports;
pub mod results;
pub mod runs;
pub mod signed;
pub mod system;
pub mod tasks;
pub mod telemetry;
pub mod templates;
pub mod time;
pub mod verification;
pub mod work;
pub mod workers;
pub mod workspaces;

/// The version of the worker protocol.
pub const WORKER_PROTOCOL: u32 = 2;

/// The eldest version that a hub lets in: raised only by a change that an older worker would get wrong.
pub const WORKER_PROTOCOL_MIN: u32 = 2;
