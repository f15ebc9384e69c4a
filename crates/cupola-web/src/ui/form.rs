//! The form of a configuration: made from a template's schema, filled in as text, read back.
//!
//! What somebody typed is kept as it was typed ([`Written`]); the configuration is read from it, and
//! only the schema says what is wrong with that, in the words that programs are told too.

mod filled;
mod node;
mod op;
mod posted;
mod written;

pub use self::{
    filled::{Entry, Filled},
    node::{Group, Item, List, Node, Shape},
    op::Op,
    posted::{FIELDS_MAX, Posted},
    written::Written,
};

#[cfg(test)]
mod tests;
