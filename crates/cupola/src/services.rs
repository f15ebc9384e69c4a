//! Services beside workspaces: with what they are started, and that they end with this process.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use anyhow::Context as _;
use cupola_workspace::{
    Here,
    services::{Served, Settings},
    source::Source,
};

use crate::{config::services::Programs, world::wall_clock};

/// How long all of them may take to end.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// How folders of their logs are called, which goes on with letters that nobody guesses.
const PREFIX: &str = "cupola-services-";

/// The file in such a folder that its process holds locked while it lives.
const LOCK: &str = "lock";

/// Whose services are to be ended when this process stops.
static STARTED: Mutex<Vec<Started>> = Mutex::new(Vec::new());

struct Started {
    served: Weak<Served>,
    /// Whose folder it is.
    _lock: File,
}

/// A place with services that can be started; `workdir` is where it lies, if that is here.
pub(crate) fn beside(
    place: Arc<dyn Source>,
    programs: Programs,
    workdir: Option<PathBuf>,
) -> anyhow::Result<Arc<dyn Source>> {
    let (logs, lock) = folder(&std::env::temp_dir())
        .context("failed to make a folder for the logs of services")?;
    let mut settings = Settings::new(
        logs,
        environment(programs.environment),
        Here::new(Arc::new(wall_clock)),
    );
    settings.tensorboard = programs.tensorboard;
    settings.python = programs.python;
    settings.commands = programs.commands;
    settings.workdir = workdir;
    let served = Arc::new(Served::new(place, settings));
    started().push(Started {
        served: Arc::downgrade(&served),
        _lock: lock,
    });
    Ok(served)
}

/// Ends them all, and waits for that, within limits. What this process does not come to is ended by
/// supervisors.
pub(crate) async fn end() {
    // One that does not end when asked to takes its time, as everything may.
    let ended = tokio::task::spawn_blocking(end_all);
    if tokio::time::timeout(STOP_WAIT, ended).await.is_err() {
        tracing::warn!("some services did not stop in time");
    }
}

fn end_all() {
    let started = std::mem::take(&mut *started());
    for served in started.iter().filter_map(|it| it.served.upgrade()) {
        served.end();
    }
}

fn started() -> std::sync::MutexGuard<'static, Vec<Started>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A folder in `base` for this process, and what holds it. Those of processes that were killed go.
fn folder(base: &Path) -> io::Result<(PathBuf, File)> {
    // Its name is not to be guessed: programs run in it.
    let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(base)?;
    sweep(base, made.path())?;
    // Nobody finds the file before it is locked.
    let (begun, there) = (made.path().join("lock.new"), made.path().join(LOCK));
    let lock = File::create(&begun)?;
    lock.lock()?;
    fs::rename(begun, there)?;
    Ok((made.keep(), lock))
}

/// Removes folders of this user that nobody holds any more, whichever namespace their numbers are of.
fn sweep(base: &Path, own: &Path) -> io::Result<()> {
    let user = own.symlink_metadata()?.uid();
    for entry in fs::read_dir(base)?.flatten() {
        let name = entry.file_name();
        let is_one = name.as_encoded_bytes().starts_with(PREFIX.as_bytes());
        let is_ours = |found: &fs::Metadata| found.is_dir() && found.uid() == user;
        if !is_one || !entry.metadata().is_ok_and(|found| is_ours(&found)) {
            continue;
        }
        if File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok()) {
            // What stays of it is tried again by the next.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// What programs may see, and what the configuration says besides.
fn environment(more: Vec<(OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let own: Vec<_> = std::env::vars_os().collect();
    let mut environment = cupola_process::allowed(&own);
    // Their logs are looked at while they run.
    environment.push(("PYTHONUNBUFFERED".into(), "1".into()));
    environment.extend(more);
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_a_killed_process_go_and_those_of_others_stay() {
        let base = tempfile::tempdir().unwrap();
        let (killed, lock) = folder(base.path()).unwrap();
        fs::create_dir(killed.join("logs")).unwrap();
        let (alive, _held) = folder(base.path()).unwrap();
        let beginning = base.path().join("cupola-services-a");
        let other = base.path().join("other");
        for path in [&beginning, &other] {
            fs::create_dir(path).unwrap();
        }
        fs::write(other.join(LOCK), "").unwrap();
        assert!(killed.exists(), "it is held");
        // As it is when its process is gone.
        drop(lock);
        let (own, _held) = folder(base.path()).unwrap();
        let left = [&killed, &alive, &beginning, &other, &own].map(|it| it.exists());
        assert_eq!(left, [false, true, true, true, true]);
    }
}
