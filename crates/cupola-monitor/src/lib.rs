//! Watching a workspace from afar: JSON-RPC 2.0, a line a message, over the streams of a process,
//! which is `ssh` as a rule.
//!
//! ```text
//! Remote: impl Source ── link ── ssh ══ the other machine ══ serve ── any Source
//! ```
//!
//! Both ends speak as Experimaestro 2.7 does, so that each works with its other end. When both are
//! Cupola's, which they learn from the first request, they speak of the same things in full.

pub mod dial;
pub mod frame;
pub mod remote;
pub mod rpc;
pub mod serve;
pub mod ssh;
mod wire;
pub mod words;
