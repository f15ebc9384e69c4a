//! What a program says: bytes in, cut anywhere; log blocks, events and a last line out.
//!
//! Nothing here reads a descriptor, a clock or the network. [`spool`] keeps bytes in files until
//! the hub has them.

pub(crate) mod event_lines;
pub(crate) mod events;
pub(crate) mod json;
pub(crate) mod lines;
pub(crate) mod outbox;
pub(crate) mod points;
pub(crate) mod results;
pub(crate) mod said;
pub(crate) mod spool;
pub(crate) mod tensorboard;
