//! A fleet of thousands, honest and not, at work for a hub: the scheme as a whole, from a seed.
//!
//! The hub of the simulation decides with the very modules that a real one uses: [`crate::trust`],
//! [`crate::audit`], [`crate::verdict`], [`crate::escrow`], [`crate::pricing`], the ledger's law and the
//! machines of runs and tasks in `cupola_domain`. Around it are made up: workers with their behaviour,
//! messages that are lost, doubled and late, machines that die and come back, and a hub that restarts.
//! After each step the invariants that the step could have broken are looked at by bookkeeping of their
//! own, and what is broken is counted.
//!
//! The same setup gives the same summary, byte for byte, on every machine.

mod books;
mod checks;
mod fleet;
mod hub;
mod planted;
mod setup;
mod summary;
mod world;

pub use setup::{Faults, Kind, Mix, Setup};
pub use summary::{Counts, Progress, Summary};

/// Plays a setup to its end; `watch` is told now and then how far it is.
pub fn simulate(setup: &Setup, watch: impl FnMut(Progress)) -> Summary {
    world::World::new(setup).play(watch)
}

#[cfg(test)]
mod tests;
