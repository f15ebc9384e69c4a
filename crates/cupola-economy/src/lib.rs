//! How a fleet of strangers is paid for true results and for nothing else: whom to check, how results
//! compare, when credits are given, and what that comes to when thousands of workers try to cheat.
//!
//! Pure: no I/O, no clock, no random source, not async. What looks random is a function of a secret key
//! or of a seed, and gives the same bits on every machine. `docs/economy.md` has the formulas.

#![warn(missing_docs)]

pub mod audit;
pub mod escrow;
pub mod policy;
pub mod prf;
pub mod pricing;
pub mod simulation;
pub mod trust;
pub mod verdict;
