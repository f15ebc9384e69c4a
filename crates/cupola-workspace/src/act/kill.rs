//! Ending a job's process. Whoever may write in a workspace may write any number into it, so a
//! process is ended only when it is known by itself to be the job's.

use std::{
    fs,
    os::unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::OwnedFd,
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

use crate::{
    here::{self, Here},
    model::{Job, Process},
    source::SourceError,
    xpm::{self, file},
};

/// How long a program that was asked to end may take.
const GRACE: Duration = Duration::from_secs(10);
/// How long one that was killed may take to be gone.
const LAST: Duration = Duration::from_secs(5);

/// Asks a job's process to end, and kills it when it does not.
pub(crate) fn kill(job: &Job, here: &Here) -> Result<String, SourceError> {
    let refused = |why: String| SourceError::Refused(format!("{}: {why}", job.key));
    let script = xpm::script(&job.key.task);
    let Some((process, noted)) = xpm::job::noted_process(&job.path, script) else {
        return Err(refused("it has no process".to_owned()));
    };
    let pid = here
        .pid(&process)
        .ok_or_else(|| refused(elsewhere(&process)))?;
    // Held from here on: a number that is given to another process does not lead to that.
    let Some(handle) = hold(pid) else {
        return Err(refused(format!("process {pid} does not run")));
    };
    if here.is_running(&process, noted) != Some(true) {
        return Err(refused(format!("process {pid} does not run")));
    }
    let me = rustix::process::geteuid().as_raw();
    if here::owner(pid) != Some(me) {
        return Err(refused(format!("process {pid} belongs to another user")));
    }
    let note = job.path.join(format!("{script}.pid"));
    if note.symlink_metadata().map(|note| note.uid()).ok() != Some(me) {
        return Err(refused(format!("{script}.pid was written by another user")));
    }
    if !is_of(pid, &job.path, script) {
        return Err(refused(format!(
            "process {pid} neither runs its script nor writes its output: end it by hand if it is the job's"
        )));
    }
    // A job leads its group: what it started ends with it.
    let group = here::group(pid).filter(|group| *group == pid);
    end(&handle, group).map_err(|error| refused(file::words(&error.into())))
}

fn elsewhere(process: &Process) -> String {
    let host = process.host.as_deref();
    format!(
        "its process ({} {}) is on {}, not here",
        process.kind,
        process.pid,
        host.unwrap_or("a host that is not noted")
    )
}

/// Whether a process is that of the job in `folder`: Experimaestro starts a job's script by its path,
/// with files beside it as its output. Programs may give themselves other names, and scripts may
/// write elsewhere; one of both suffices. Files are the same by what they are, not by their names, so
/// that a job does not pass for its copy in another workspace.
fn is_of(pid: u32, folder: &Path, script: &str) -> bool {
    let own = |end: &str| own_file(&folder.join(format!("{script}.{end}")));
    let process = PathBuf::from(format!("/proc/{pid}"));
    let outputs = [("1", own("out")), ("2", own("err"))];
    let writes = outputs
        .into_iter()
        .any(|(fd, file)| file.is_some() && identity(&process.join("fd").join(fd)) == file);
    let runs = || {
        let script = own("py");
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        // A path that begins at the root stays what it is.
        let path = |word: &[u8]| process.join("cwd").join(std::ffi::OsStr::from_bytes(word));
        let mut words = line.split(|byte| *byte == 0);
        script.is_some() && words.any(|word| !word.is_empty() && identity(&path(word)) == script)
    };
    writes || runs()
}

/// A link could lead to what many processes have open.
fn own_file(path: &Path) -> Option<(u64, u64)> {
    let metadata = path.symlink_metadata().ok()?;
    metadata.is_file().then(|| (metadata.dev(), metadata.ino()))
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// The other processes of a group, each held by itself: the number of a group whose leader is gone may
/// become another's.
fn others_of(leader: u32) -> Vec<OwnedFd> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let others = numbers.filter(|pid| *pid != leader);
    let held = others.filter_map(|pid| {
        let handle = hold(pid)?;
        (here::group(pid) == Some(leader)).then_some(handle)
    });
    held.collect()
}

fn hold(pid: u32) -> Option<OwnedFd> {
    let id = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    pidfd_open(id, PidfdFlags::empty()).ok()
}

fn end(leader: &OwnedFd, group: Option<u32>) -> rustix::io::Result<String> {
    let mut others = group.map_or_else(Vec::new, others_of);
    pidfd_send_signal(leader, Signal::TERM)?;
    signal(&others, Signal::TERM);
    let are_all_gone = |others: &[OwnedFd], patience| {
        let until = Instant::now() + patience;
        is_gone(leader, until) && others.iter().all(|other| is_gone(other, until))
    };
    if are_all_gone(&others, GRACE) {
        return Ok("it ended when asked to".to_owned());
    }
    let does_lead = !is_gone(leader, Instant::now());
    if does_lead {
        // Some may have begun since.
        others.extend(group.map_or_else(Vec::new, others_of));
        pidfd_send_signal(leader, Signal::KILL)?;
    }
    signal(&others, Signal::KILL);
    let said = match (are_all_gone(&others, LAST), does_lead) {
        (true, true) => "it was killed, since it did not end when asked to",
        (true, false) => "it ended when asked to; what it had started was killed",
        (false, _) => "it was killed; its process is not gone yet",
    };
    Ok(said.to_owned())
}

/// Those that are gone already need none.
fn signal(processes: &[OwnedFd], signal: Signal) {
    for process in processes {
        let _ = pidfd_send_signal(process, signal);
    }
}

fn is_gone(handle: &OwnedFd, until: Instant) -> bool {
    loop {
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).ok();
        let mut asked = [PollFd::new(handle, PollFlags::IN)];
        match poll(&mut asked, left.as_ref()) {
            Err(Errno::INTR) => {}
            ready => return ready.is_ok_and(|ready| ready > 0),
        }
    }
}
