//! Workspaces: folders of experiments and their jobs on disk, seen without a hub. A viewer never
//! changes what it looks at; whoever asks for a change says so with an [`Action`](source::Action).

pub mod copied;
pub mod filter;
pub mod model;
pub mod services;
pub mod source;

mod act;
mod folder;
mod here;
mod index;
mod listeners;
mod log;
mod metrics;
mod orphans;
mod slurm;
mod watch;
mod xpm;

pub use folder::Folder;
pub use here::Here;
pub use metrics::Metrics;
pub use watch::Watching;
