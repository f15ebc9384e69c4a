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
mod own;
mod slurm;
mod watch;
mod xpm;

use std::{path::Path, sync::Arc};

use own::Own;
use source::{Source, SourceError};

pub use folder::Folder;
pub use here::Here;
pub use metrics::Metrics;
pub use watch::Watching;

/// What lies in a folder: the runs of a hub whose data folder it is, or a workspace of Experimaestro.
pub fn open(root: &Path, here: Here, watching: Watching) -> Result<Arc<dyn Source>, SourceError> {
    match own::find(root) {
        Some(runs) => Ok(Arc::new(Own::open(root, &runs, here)?)),
        None => Ok(Arc::new(Folder::open(root, here, watching)?)),
    }
}
