//! The only changes that a workspace sees from here, each asked for by somebody: ending a process,
//! removing what is on disk. What belongs to others, or may be at work elsewhere, is refused.

mod kill;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::{
    fd::{AsRawFd as _, OwnedFd},
    fs::{Mode, OFlags},
};

use crate::{
    here::{self, Locks},
    index::Index,
    model::{Job, JobKey, JobState, RunKey},
    source::SourceError,
    xpm::{self, file},
};

pub(crate) use kill::kill;

/// Removes a job's folder.
pub(crate) fn delete_job(job: &Job) -> Result<String, SourceError> {
    refuse_work(job, &Locks::read())?;
    remove(&job.path)?;
    Ok(format!("{} is deleted", job.key))
}

fn refuse_work(job: &Job, locks: &Locks) -> Result<(), SourceError> {
    let is_at_work = matches!(job.state, JobState::Running | JobState::Scheduled);
    if is_at_work || locks.is_on(&lock_of(job)) == Some(true) {
        return Err(SourceError::Refused(format!(
            "{} is under way: end it first",
            job.key
        )));
    }
    Ok(())
}

fn lock_of(job: &Job) -> PathBuf {
    job.path
        .join(format!("{}.lock", xpm::script(&job.key.task)))
}

/// Folders to remove, in order.
pub(crate) struct Deletion {
    experiment: PathBuf,
    runs: Vec<PathBuf>,
    is_whole: bool,
    jobs: Vec<Arc<Job>>,
}

/// What would go with an experiment, or one run of it. Whoever holds the index keeps others waiting, so
/// jobs are not looked at here.
pub(crate) fn plan_deletion(
    index: &Index,
    experiment: &str,
    run: Option<&str>,
    with_jobs: bool,
) -> Result<Deletion, SourceError> {
    let known = index.run_keys(experiment);
    let (gone, kept): (Vec<_>, Vec<_>) = known
        .into_iter()
        .partition(|key| run.is_none_or(|run| key.run == run));
    // All experiments together may lie elsewhere.
    let all = index.layout().experiments();
    let folder = all.canonicalize().unwrap_or(all).join(experiment);
    if gone.is_empty() && (run.is_some() || !folder.is_dir() || !xpm::is_name(experiment)) {
        let name = run.map_or(String::new(), |run| format!("/{run}"));
        return Err(SourceError::Unknown(format!(
            "there is no {experiment}{name}"
        )));
    }
    if let Some(key) = gone.iter().find(|key| index.is_active(key)) {
        return Err(SourceError::Refused(format!(
            "{}/{} is under way: end it first",
            key.experiment, key.run
        )));
    }
    let is_newest = kept.last() < gone.last();
    if is_newest && here::is_locked(&folder.join("lock")) == Some(true) {
        return Err(SourceError::Refused(format!(
            "{experiment} is under way: end it first"
        )));
    }
    let jobs = if with_jobs {
        index.refuse_unread(&gone)?;
        named_by(index, &gone)
    } else {
        Vec::new()
    };
    Ok(Deletion {
        runs: gone.iter().map(|key| folder.join(&key.run)).collect(),
        is_whole: kept.is_empty(),
        experiment: folder,
        jobs,
    })
}

/// Jobs that these runs name, and no others, once each.
fn named_by(index: &Index, gone: &[RunKey]) -> Vec<Arc<Job>> {
    let gone: BTreeSet<&RunKey> = gone.iter().collect();
    let mut found: BTreeMap<JobKey, Arc<Job>> = BTreeMap::new();
    for key in gone.iter().copied() {
        let named = index.jobs(Some(key)).into_iter().flatten();
        let alone = named.filter(|job| job.runs.iter().all(|named| gone.contains(&named)));
        found.extend(alone.map(|job| (job.key.clone(), job)));
    }
    found.into_values().collect()
}

/// Removes it, unless one of its jobs is under way.
pub(crate) fn delete_experiment(planned: &Deletion) -> Result<String, SourceError> {
    let locks = Locks::read();
    for job in &planned.jobs {
        refuse_work(job, &locks)?;
    }
    if planned.is_whole {
        refuse_others(planned)?;
        remove(&planned.experiment)?;
    } else {
        for run in &planned.runs {
            remove(run)?;
        }
        repoint(&planned.experiment).map_err(|error| failed(&planned.experiment, &error))?;
    }
    let there = planned.jobs.iter().filter(|job| job.path.exists());
    let mut deleted = 0;
    for job in there {
        remove(&job.path)?;
        deleted += 1;
    }
    let runs = planned.runs.len();
    Ok(format!("runs deleted: {runs}, jobs deleted: {deleted}"))
}

/// A run that nobody has seen yet must not go with those that were meant.
fn refuse_others(planned: &Deletion) -> Result<(), SourceError> {
    let there = xpm::folders(&planned.experiment);
    let there = there.map_err(|error| failed(&planned.experiment, &error))?;
    let is_known = |name: &String| planned.runs.contains(&planned.experiment.join(name));
    match there.into_iter().find(|name| !is_known(name)) {
        Some(name) => Err(SourceError::Refused(format!(
            "{} has come since: look again",
            planned.experiment.join(name).display()
        ))),
        None => Ok(()),
    }
}

/// `current` names the newest run that is left.
fn repoint(experiment: &Path) -> io::Result<()> {
    let current = experiment.join("current");
    if current.exists() || current.symlink_metadata().is_err() {
        return Ok(());
    }
    fs::remove_file(&current)?;
    match xpm::folders(experiment)?.last() {
        Some(newest) => std::os::unix::fs::symlink(newest, current),
        None => Ok(()),
    }
}

/// Moves it aside first, so that it is there or gone, never half; links in it are not followed, nor one
/// in the place of the folder that holds it.
fn remove(path: &Path) -> Result<(), SourceError> {
    let Some((holder, name)) = path.parent().zip(path.file_name()) else {
        return Err(failed(path, &io::ErrorKind::InvalidInput.into()));
    };
    let holder = hold(holder)?;
    let within = PathBuf::from(format!("/proc/self/fd/{}", holder.as_raw_fd()));
    let held = within.join(name);
    let metadata = held
        .symlink_metadata()
        .map_err(|error| failed(path, &error))?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(SourceError::Refused(format!(
            "{} belongs to another user",
            path.display()
        )));
    }
    if !metadata.is_dir() {
        return Err(SourceError::Refused(format!(
            "{} is a link or a file: remove it by hand",
            path.display()
        )));
    }
    let aside = within.join(format!(".{}.deleted", name.to_string_lossy()));
    if aside.symlink_metadata().is_ok_and(|left| left.is_dir()) {
        fs::remove_dir_all(&aside).map_err(|error| failed(path, &error))?;
    }
    fs::rename(&held, &aside).map_err(|error| failed(path, &error))?;
    fs::remove_dir_all(&aside).map_err(|error| failed(path, &error))
}

fn hold(folder: &Path) -> Result<OwnedFd, SourceError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::empty()).map_err(|error| {
        let shown = folder.display();
        let is_link = folder
            .symlink_metadata()
            .is_ok_and(|known| known.is_symlink());
        SourceError::Refused(if is_link {
            format!("{shown} is a link: remove what is behind it by hand")
        } else {
            format!("{shown}: {}", file::words(&error.into()))
        })
    })
}

fn failed(path: &Path, error: &io::Error) -> SourceError {
    SourceError::Refused(format!("{}: {}", path.display(), file::words(error)))
}
