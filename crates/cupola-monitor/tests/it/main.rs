//! Workspaces watched from afar: over pipes, over programs, over a real `sshd`.

mod fake;
mod hostile;
mod pipes;
mod reconnecting;
mod talking;
