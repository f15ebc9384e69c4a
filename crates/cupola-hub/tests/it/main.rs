//! The hub from outside: commands, loops, recovery, and whole fleets in simulation.

mod commands;
mod recovery;
mod simulation;
mod support;
