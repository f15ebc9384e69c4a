//! HTTP ⇄ hub: pages, the API and the live stream.

pub mod api;
pub mod assets;
pub mod auth;
mod compared;
mod compat;
pub mod desk;
pub mod error;
pub mod gate;
mod joining;
pub mod language;
pub mod live;
mod mcp;
pub mod metrics;
pub mod openapi;
pub mod params;
mod parts;
pub mod router;
mod run_query;
pub mod server;
pub mod state;
pub mod ui;
pub mod workspaces;

pub use compat::mlflow::batches_dropped;
pub use router::{Routes, router, router_of, routes};
pub use server::{Tls, serve, serve_app};
pub use state::{Faces, Failure, Home, LoginPrompt, Settings, Web, hub_call};
