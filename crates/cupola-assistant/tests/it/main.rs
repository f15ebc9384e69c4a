//! The assistant over a hub whose runs are known.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod answers;
mod dialogue;
mod reports;
mod support;
mod tools;
