//! Configurations of a space, each a pure function of sampler, seed and index.

mod grid;
mod kind;
mod sobol;

pub use kind::{GRID_POINTS, Sampler, grid_size, sample};

#[cfg(test)]
mod tests;
