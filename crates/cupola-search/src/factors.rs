//! Which parameters made a difference.

mod bins;
mod effect;

pub use effect::{BINS, Effect, Factor, Level, factors};
