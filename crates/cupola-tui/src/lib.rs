//! What is watched, in a terminal: experiments, jobs, logs, services, orphans, warnings.
//!
//! ```text
//! key ──keys──▶ Command ┐
//! place changed ────────┼─▶ Event ──▶ update(&mut Model, Event) ──▶ Effect ──driver──▶ Source ─▶ Event
//! tick ─────────────────┘                      │
//!                                    view(&Model, frame)
//! ```
//!
//! One thread draws and decides, others read. It is drawn only when something is not as it was.

pub mod clipboard;
mod desk;
mod driver;
mod event;
mod keys;
mod model;
pub mod rehearsal;
mod save;
mod terminal;
mod text;
mod theme;
mod update;
mod view;
pub mod worker;

#[cfg(test)]
mod tests;

use std::{io, sync::Arc};

use cupola_domain::time::Timestamp;
use cupola_workspace::source::Source;

pub use theme::Colours;

/// How it is shown.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which colours the terminal has.
    pub colours: Colours,
    /// How many seconds the clocks of whoever looks are ahead of UTC then.
    pub offset_secs: fn(Timestamp) -> i32,
    /// How text gets onto a clipboard from here.
    pub clipboard: clipboard::Clipboard,
    /// What runs beside: said in the title instead of `watching`. It listens to SIGTERM and SIGINT
    /// by itself.
    pub running: Option<String>,
}

/// Shows `source` until whoever looks quits. `Some` is the signal that ended it: SIGTERM, SIGINT,
/// SIGHUP or SIGQUIT, which end the program again once this has returned.
pub fn run(source: Arc<dyn Source>, options: Options) -> io::Result<Option<i32>> {
    driver::run(source, options)
}
