//! The web face in process: no sockets but where a socket is what is tested.
#![expect(
    clippy::unwrap_used,
    reason = "the vocabulary of tests fails as tests do"
)]

mod afs;
mod api;
mod artifacts;
mod assistant;
mod bodies;
mod costs;
mod credits;
mod desk;
mod experiments;
mod exports;
mod gate;
mod harness;
mod imports;
mod joining;
mod language;
mod live;
mod login;
mod loopback;
mod matrix;
mod mcp;
mod mlflow;
mod mlflow_files;
mod mlflow_logged;
mod mlflow_models;
mod models;
mod openapi;
mod origin;
mod pages;
mod reports;
mod routing;
mod serve;
mod telemetry;
mod templates;
mod tls;
mod verification;
mod walk;
mod workspaces;
mod workspaces_away;
