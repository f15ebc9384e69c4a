//! The search space of a study: named parameters, the values each may take, and what they depend on.
//!
//! A space is checked once, when it is made; after that nobody checks it again.

mod continuous;
mod domain;
mod error;
mod expression;
mod json;
mod parameter;
mod parameters;
mod rules;
mod tokens;
pub(crate) mod tree;

pub use domain::Domain;
pub use error::SpaceError;
pub use parameter::{Condition, Parameter};
pub use parameters::Space;

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod tests;
