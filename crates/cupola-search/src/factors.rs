//! Which parameters made a difference.

mod bins;
mod effect;
mod importance;

pub use effect::{BINS, Effect, Factor, Level, factors};
pub use importance::{Importance, Importances, importance};
