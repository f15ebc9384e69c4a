//! One typed client of a hub, over HTTP.
//!
//! Whoever is not the hub is a client of it: the command line, the terminal interface and the
//! worker alike. A method is one address; nothing here decides or retries.
#![warn(missing_docs)]

mod alerts;
mod costs;
mod error;
mod events;
mod models;
mod people;
pub mod query;
mod transport;
mod work;

pub use error::Error;
pub use events::{Events, Told};
pub use transport::{Client, Download};
