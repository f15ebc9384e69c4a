//! One typed client of a hub, over HTTP.
//!
//! Whoever is not the hub is a client of it: the command line, the terminal interface and the
//! worker alike. A method is one address; nothing here decides or retries.
#![warn(missing_docs)]

mod address;
mod alerts;
mod assistant;
mod costs;
mod credits;
mod desk;
mod error;
mod events;
mod messages;
mod models;
mod pace;
mod people;
pub mod query;
mod reports;
mod tls;
mod transport;
mod verification;
mod work;

pub use address::{Address, Pin};
pub use assistant::{ANSWER_TIMEOUT, Heard};
pub use error::Error;
pub use events::{Events, Told};
pub use pace::Pace;
pub use transport::{Client, Download, http_builder};
