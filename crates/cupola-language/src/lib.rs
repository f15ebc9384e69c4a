//! Language models behind endpoints that speak as `OpenAI`'s chat completions do: one completion at a time,
//! streamed, with calls of tools.
//!
//! Nothing here knows what is asked or which tools there are, and nothing is tried again.

#![warn(missing_docs)]

mod endpoint;
mod stream;

pub use endpoint::{Address, Endpoint, Failed, Hear};
pub use stream::{Call, Said};
