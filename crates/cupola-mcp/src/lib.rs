//! The assistant's tools for other people's assistants, by the Model Context Protocol.
//!
//! [`Server`] speaks the protocol over any [`Tools`]: over HTTP ([`answer`]), where each request stands for
//! itself and nothing is kept between two, and over the standard streams ([`serve_streams`]).

#![warn(missing_docs)]

mod http_service;
mod resources;
mod server;
mod streams;

use cupola_protocol::assistant::ToolBody;
use serde_json::{Map, Value};

pub use http_service::{Body, answer};
pub use server::Server;
pub use streams::{StreamsError, serve_streams};

/// The tools of a hub, as one caller has them.
pub trait Tools: Send + Sync + 'static {
    /// What there is, the ones that this caller may not call among them. The error is said to people.
    fn list(&self) -> impl Future<Output = Result<Vec<ToolBody>, String>> + Send;

    /// Calls one. The error is said to whoever called, who may do better with it.
    fn call(
        &self,
        name: String,
        arguments: Map<String, Value>,
    ) -> impl Future<Output = Result<Value, String>> + Send;

    /// The address by which pages are opened, as far as it is known.
    fn hub_url(&self) -> Option<String>;
}
