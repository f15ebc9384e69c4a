//! Jobs that nothing names any more, and jobs that run though the latest run does not name them.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    here::Here,
    index::Index,
    model::{Job, JobKey, JobState, Orphan, Tags},
    xpm::{self, Layout, job},
};

/// Files of one job that are counted; more would keep whoever asks waiting.
const MOST_FILES: usize = 1_000_000;

/// Jobs that run, though no latest run names them.
pub(crate) fn stray(index: &Index) -> Vec<Orphan> {
    let orphan = |job: &Arc<Job>| Orphan {
        job: (**job).clone(),
        is_stray: true,
        bytes: None,
    };
    index.stray().map(orphan).collect()
}

/// Folders of jobs that no run names. They are listed while others may read and change the index.
pub(crate) fn unnamed(layout: &Layout, index: &RwLock<Index>) -> io::Result<Vec<JobKey>> {
    let mut found = Vec::new();
    let jobs = layout.jobs();
    for task in xpm::folders(&jobs)? {
        let mut ids = xpm::folders(&jobs.join(&task)).unwrap_or_default();
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        ids.retain(|id| !index.is_named(&task, id));
        found.extend(ids.into_iter().map(|id| JobKey {
            task: task.clone(),
            id,
        }));
    }
    retain_unlinked(layout, &mut found);
    Ok(found)
}

/// Those of these that no run names.
pub(crate) fn still_unnamed(
    layout: &Layout,
    index: &RwLock<Index>,
    keys: &BTreeSet<JobKey>,
) -> Vec<JobKey> {
    let mut found: Vec<JobKey> = {
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        let unnamed = keys
            .iter()
            .filter(|key| !index.is_named(&key.task, &key.id));
        unnamed.cloned().collect()
    };
    retain_unlinked(layout, &mut found);
    found
}

fn retain_unlinked(layout: &Layout, found: &mut Vec<JobKey>) {
    if found.is_empty() {
        return;
    }
    let links = links(layout);
    let is_linked = |key: &JobKey| {
        let mut places = links
            .iter()
            .map(|links| links.join(&key.task).join(&key.id));
        places.any(|place| place.symlink_metadata().is_ok())
    };
    found.retain(|key| !is_linked(key));
}

/// Where runs keep links to their jobs, beside the names in their files: older ones have nothing else.
fn links(layout: &Layout) -> Vec<PathBuf> {
    let below = |folder: PathBuf| {
        let names = xpm::folders(&folder).unwrap_or_default().into_iter();
        names.map(move |name| folder.join(name))
    };
    let runs = below(layout.experiments()).flat_map(below);
    let first = below(layout.root.join("xp"));
    let first = first.flat_map(|place| ["jobs", "jobs.bak"].map(|name| place.join(name)));
    runs.map(|run| run.join("jobs")).chain(first).collect()
}

/// A job by its own files alone; none when its folder is not there.
pub(crate) fn read(layout: &Layout, here: &Here, key: &JobKey) -> Option<Job> {
    let path = layout.job(key)?;
    let files = job::read(
        &path,
        xpm::script(&key.task),
        here,
        layout.live_job(key),
        &mut None,
    );
    files.is_there.then(|| Job {
        key: key.clone(),
        path,
        state: files.state.unwrap_or(JobState::Unscheduled),
        reason: files.reason,
        scheduler: None,
        submitted_at: None,
        started_at: files.started_at,
        ended_at: files.ended_at,
        exit_code: files.exit_code,
        retries: files.retries,
        progress: files.progress,
        tags: Tags::default(),
        process: files.process,
        carbon: files.carbon,
        runs: Vec::new(),
        problem: files.problem,
    })
}

/// What nothing names: it is stray when it runs.
pub(crate) fn orphan(job: Job) -> Orphan {
    Orphan {
        is_stray: job.state == JobState::Running,
        job,
        bytes: None,
    }
}

/// Of all files below `path`, as their owners see them; links count as themselves.
pub(crate) fn size(path: &Path) -> u64 {
    let mut bytes = 0u64;
    let mut folders = vec![path.to_owned()];
    let mut left = MOST_FILES;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                bytes = bytes.saturating_add(metadata.len());
            }
            left -= 1;
            if left == 0 {
                return bytes;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_nobody_has_add_up_to_the_most() {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        for name in ["a", "b", "c"] {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            file.set_len(i64::MAX.unsigned_abs()).unwrap();
        }
        assert_eq!(size(folder.path()), u64::MAX);
    }
}
