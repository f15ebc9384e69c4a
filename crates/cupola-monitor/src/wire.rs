//! Bodies of messages: the model as it travels.

pub(crate) mod ours;
pub(crate) mod theirs;
mod times;
mod words;

#[cfg(test)]
mod tests;

/// What is said of the protocol: Experimaestro's version of it, which both sides must agree on.
pub(crate) const PROTOCOL: &str = "2.0";

/// How Cupola's own methods are to be understood; another number is spoken to as Experimaestro is.
pub(crate) const DIALECT: u32 = 1;
