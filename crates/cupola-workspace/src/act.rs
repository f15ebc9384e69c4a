//! The only changes that a workspace sees from here, each asked for by somebody: ending a process,
//! removing what is on disk. What belongs to others, or may be at work elsewhere, is refused.

use std::{
    fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::OwnedFd,
    process::{
        Pid, PidfdFlags, Signal, getpgid, kill_process_group, pidfd_open, pidfd_send_signal,
    },
};

use crate::{
    here::{self, Here},
    index::Index,
    model::{Job, JobState},
    source::SourceError,
    xpm::{self, file},
};

/// How long a program that was asked to end may take.
const GRACE: Duration = Duration::from_secs(10);
/// How long one that was killed may take to be gone.
const LAST: Duration = Duration::from_secs(5);

/// Asks a job's process to end, and kills it when it does not.
pub(crate) fn kill(job: &Job, here: &Here) -> Result<String, SourceError> {
    let key = &job.key;
    let refused = |why: String| SourceError::Refused(format!("{key}: {why}"));
    let script = xpm::script(&key.task);
    let Some((process, noted)) = xpm::job::noted_process(&job.path, script) else {
        return Err(refused("it has no process".to_owned()));
    };
    let Some(pid) = here.pid(&process) else {
        let host = process
            .host
            .as_deref()
            .unwrap_or("a host that is not noted");
        return Err(refused(format!(
            "its process ({} {}) is on {host}, not here",
            process.kind, process.pid
        )));
    };
    let id = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // Held from here on: a number that is given to another process does not lead to that.
    let handle = id.and_then(|id| pidfd_open(id, PidfdFlags::empty()).ok());
    let (Some(id), Some(handle)) = (id, handle) else {
        return Err(refused(format!("process {pid} does not run")));
    };
    if here.is_running(&process, noted) != Some(true) {
        return Err(refused(format!("process {pid} does not run")));
    }
    let me = rustix::process::geteuid().as_raw();
    if here::owner(pid) != Some(me) {
        return Err(refused(format!("process {pid} belongs to another user")));
    }
    // A job leads its group: what it started ends with it.
    let leads = getpgid(Some(id)).is_ok_and(|group| group == id);
    end(&handle, leads.then_some(id)).map_err(|error| refused(file::words(&error.into())))
}

fn end(handle: &OwnedFd, group: Option<Pid>) -> rustix::io::Result<String> {
    let send = |signal| match group {
        Some(group) => kill_process_group(group, signal),
        None => pidfd_send_signal(handle, signal),
    };
    send(Signal::TERM)?;
    if is_gone(handle, GRACE) {
        return Ok("it ended when asked to".to_owned());
    }
    send(Signal::KILL)?;
    if is_gone(handle, LAST) {
        Ok("it was killed, since it did not end when asked to".to_owned())
    } else {
        Ok("it was killed; its process is not gone yet".to_owned())
    }
}

fn is_gone(handle: &OwnedFd, patience: Duration) -> bool {
    let patience = Timespec::try_from(patience).ok();
    let mut asked = [PollFd::new(handle, PollFlags::IN)];
    poll(&mut asked, patience.as_ref()).is_ok_and(|ready| ready > 0)
}

/// Removes a job's folder.
pub(crate) fn delete_job(job: &Job) -> Result<String, SourceError> {
    refuse_work(job)?;
    remove(&job.path)?;
    Ok(format!("{} is deleted", job.key))
}

fn refuse_work(job: &Job) -> Result<(), SourceError> {
    let is_at_work = matches!(job.state, JobState::Running | JobState::Scheduled);
    if is_at_work || here::is_locked(&lock_of(job)) == Some(true) {
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
    jobs: Vec<Job>,
}

/// What would go with an experiment, or one run of it.
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
    let folder = index.layout().experiments().join(experiment);
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
    let mut jobs = Vec::new();
    if with_jobs {
        let named = gone
            .iter()
            .filter_map(|key| index.jobs(Some(key)))
            .flatten();
        for job in named {
            let is_other = job.runs.iter().any(|named| !gone.contains(named));
            if !is_other && !jobs.iter().any(|known: &Job| known.key == job.key) {
                refuse_work(&job)?;
                jobs.push((*job).clone());
            }
        }
    }
    Ok(Deletion {
        runs: gone
            .iter()
            .filter_map(|key| Some(index.files(key)?.folder.clone()))
            .collect(),
        is_whole: kept.is_empty(),
        experiment: folder,
        jobs,
    })
}

/// Removes it.
pub(crate) fn delete_experiment(planned: &Deletion) -> Result<String, SourceError> {
    if planned.is_whole {
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

/// Moves it aside first, so that it is there or gone, never half; links in it are not followed.
fn remove(path: &Path) -> Result<(), SourceError> {
    let metadata = path
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
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.deleted"));
    if aside.symlink_metadata().is_ok_and(|left| left.is_dir()) {
        fs::remove_dir_all(&aside).map_err(|error| failed(&aside, &error))?;
    }
    fs::rename(path, &aside).map_err(|error| failed(path, &error))?;
    fs::remove_dir_all(&aside).map_err(|error| failed(&aside, &error))
}

fn failed(path: &Path, error: &io::Error) -> SourceError {
    SourceError::Refused(format!("{}: {}", path.display(), file::words(error)))
}
