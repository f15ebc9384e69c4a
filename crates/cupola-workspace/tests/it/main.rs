//! Workspaces as they are met: made by the real Experimaestro, and made to hurt.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod acting;
mod beside;
mod hostile;
mod real;
mod services;
mod shared;
mod slurm;
mod support;
mod warnings;
mod watching;
