//! What jobs that have not begun will be asked to do, by the runs that name them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::xpm::{
    file::{self, Stamp},
    objects::Objects,
};

/// The objects of the run that was asked for last: who asks for one job asks for its neighbours.
#[derive(Debug, Default)]
pub(super) struct Wanted(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    stamp: Stamp,
    objects: Arc<Objects>,
}

impl Wanted {
    /// Those of a run; none where they cannot be read.
    pub(super) fn objects(&self, run: &Path) -> Option<Arc<Objects>> {
        let stamp = file::stamp(&run.join("objects.jsonl"))?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.stamp == stamp) {
            return Some(Arc::clone(&kept.objects));
        }
        // Two large ones at once would be too much.
        *kept = None;
        let objects = Arc::new(Objects::read(run).ok()?);
        *kept = Some(Kept {
            stamp,
            objects: Arc::clone(&objects),
        });
        Some(objects)
    }
}
