//! What every way of watching a workspace has: how its files are watched, and events without an
//! interface.

use clap::{Args, ValueEnum};

/// How a folder is watched.
#[derive(Debug, Clone, Copy, PartialEq, Args)]
pub(crate) struct Watch {
    /// How a folder is watched: as its file system suggests, by the kernel's word, or by looking now
    /// and then.
    #[arg(long, value_enum, default_value_t = Watcher::Auto)]
    pub watcher: Watcher,
    /// Seconds between looks, with `--watcher polling`.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    pub polling_interval: f64,
}

/// How a folder is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Watcher {
    /// As its file system suggests.
    Auto,
    /// By the kernel's word.
    Inotify,
    /// By looking now and then.
    Polling,
}

/// Events in place of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub(crate) struct Events {
    /// Print what happens as it happens, without an interface.
    #[arg(id = "events_viewer", long = "events-viewer")]
    pub is_wanted: bool,
    /// How events are printed.
    #[arg(long = "events-format", value_name = "FORMAT", value_enum, default_value_t = EventsFormat::Text, requires = "events_viewer")]
    pub format: EventsFormat,
    /// Leave out how far running jobs are.
    #[arg(long, requires = "events_viewer")]
    pub no_progress: bool,
}

/// How events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventsFormat {
    /// A line for people.
    Text,
    /// A line of JSON.
    Json,
}
