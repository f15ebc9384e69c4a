//! Workspaces watched from afar: over pipes, over programs, over a real `sshd`.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

mod experimaestro;
mod fake;
mod hostile;
mod over_ssh;
mod pipes;
mod reconnecting;
mod services;
mod sshd;
mod talking;
mod workspaces;
