//! Workspaces watched from afar: over pipes, over programs, over a real `sshd`.

mod experimaestro;
mod fake;
mod hostile;
mod over_ssh;
mod pipes;
mod reconnecting;
mod sshd;
mod talking;
mod workspaces;
