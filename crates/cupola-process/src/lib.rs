//! Programs of other people: how they are started so that nothing of them is left behind.
//!
//! ```text
//! owner ──control pipe──▶ supervisor ──parent of──▶ program ──▶ whatever it starts
//! ```
//!
//! Between the owner and each program stands a supervisor: a fork of the owner, or of the small process that
//! starts programs for it (`starter`), that never runs anything but `supervisor`. It is what the program's orphans fall back to, so that nothing
//! escapes by forking twice or by leaving its session; it obeys one pipe; and when that pipe closes,
//! because the owner let go or was killed, it kills all that is left. No pid is ever signalled by
//! anybody but its parent.

mod environment;
pub mod groups;
mod program;
pub mod sandbox;
pub mod starter;
mod supervisor;

pub use environment::allowed;
pub use program::{Launch, Program};
pub use supervisor::{EVENTS_FD, TERMINATE, hide_from_others, kill, supervise};
