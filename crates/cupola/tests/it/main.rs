//! The whole program from outside: processes, sockets, signals.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod afs;
mod alerts;
mod assistant;
mod axe;
mod browser;
mod browser_compare;
mod browser_curves;
mod browser_experiments;
mod browser_logs;
mod browser_reports;
mod browser_training;
mod browser_workspaces;
mod chromium;
mod command_line;
mod console;
mod desk;
mod endings;
mod fleet;
mod ingestion;
mod joining;
mod keyboard;
mod kills;
mod language;
mod mcp;
mod mlflow;
mod programs;
mod reconnecting;
mod run_file;
mod services;
mod ssh_console;
#[path = "../../../cupola-monitor/tests/it/sshd.rs"]
mod sshd;
mod support;
mod sync;
mod templates;
mod tmux;
mod transfers;
mod verification;
mod workspaces;
