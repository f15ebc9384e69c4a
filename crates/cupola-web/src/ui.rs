//! Pages: view structs with prepared values, one template each.
//!
//! A *part* is a piece of a page with a route of its own. The page places the same struct that the
//! route answers with, so that first load and live change are one rendering.

pub mod alerts;
pub(crate) mod answer;
pub mod assistant;
pub mod briefs;
pub mod compare;
pub mod components;
pub mod confirmation;
pub mod costs;
pub mod credits;
pub mod error_page;
pub mod experiments;
mod faces;
pub mod families;
pub mod form;
pub mod format;
pub mod frame;
pub mod gallery;
pub mod home;
pub mod keys;
pub(crate) mod listing;
pub mod login;
pub mod models;
pub mod paths;
pub use cupola_domain::terminal as plain;
mod present;
pub mod reports;
pub(crate) mod routes;
pub mod runs;
pub mod shortcuts;
pub mod tasks;
pub mod templates;
pub mod toasts;
pub mod tokens;
pub mod training;
pub mod verification;
pub mod workers;
pub mod workspaces;

pub(crate) use answer::Address;
pub use faces::faces;
