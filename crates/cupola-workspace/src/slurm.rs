//! What Slurm says of jobs that were given to it. It is asked now and then, for all at once and
//! beside whoever reads; whoever reads takes what was last said.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::Read as _,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use cupola_domain::time::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::model::Reason;

/// Its answers cost a cluster something.
const ASKED_EACH: Duration = Duration::from_secs(30);

/// A program that takes longer is ended, and nothing was said.
const LIMIT: Duration = Duration::from_secs(5);

/// More of what a program says is not read, and nothing was said.
const SAID: usize = 16 << 20;

/// More jobs are not named on a command line; all of the cluster's are listed instead.
const NAMED: usize = 1_000;

/// What Slurm was heard to say. Copies share it.
#[derive(Clone, Default)]
pub(crate) struct Slurm {
    heard: Arc<Mutex<Heard>>,
    /// Where its programs are, unless they are found as any others.
    folder: Option<Arc<Path>>,
}

#[derive(Default)]
struct Heard {
    asked_at: Option<Timestamp>,
    is_asking: bool,
    /// There is no Slurm here.
    is_absent: bool,
    /// Jobs that had ended when it was last asked: what they wrote may be on its way.
    ended: BTreeMap<String, Reason>,
    /// Jobs that had ended by the time before already.
    gone: BTreeMap<String, Reason>,
}

/// Why nothing was said.
enum Unsaid {
    Absent,
    Failed,
}

impl Slurm {
    /// With its programs in `folder`.
    pub(crate) fn with_programs_in(folder: &Path) -> Self {
        Self {
            folder: Some(folder.into()),
            ..Self::default()
        }
    }

    /// How a job ended that Slurm has let go of, as far as was heard.
    pub(crate) fn gone(&self, id: &str) -> Option<Reason> {
        self.heard().gone.get(id).copied()
    }

    /// Asks about these, when it is time, on a thread of its own.
    pub(crate) fn ask(&self, ids: impl Iterator<Item = String>, now: Timestamp) {
        let ids: BTreeSet<String> = ids.filter(|id| is_number(id)).collect();
        let mut heard = self.heard();
        let is_time = heard
            .asked_at
            .is_none_or(|asked| now >= asked.plus(ASKED_EACH));
        if ids.is_empty() || heard.is_asking || heard.is_absent || !is_time {
            return;
        }
        heard.asked_at = Some(now);
        let slurm = self.clone();
        let asks = std::thread::Builder::new().name("slurm".to_owned());
        heard.is_asking = asks.spawn(move || slurm.hear(&ids)).is_ok();
    }

    fn hear(&self, ids: &BTreeSet<String>) {
        let said = self.ended(ids);
        let mut heard = self.heard();
        heard.is_asking = false;
        match said {
            Ok(ended) => {
                let before = std::mem::take(&mut heard.ended);
                let again = ended.iter().filter(|(id, _)| before.contains_key(*id));
                let again: Vec<_> = again.map(|(id, how)| (id.clone(), *how)).collect();
                heard.gone.retain(|id, _| ids.contains(id));
                heard.gone.extend(again);
                heard.ended = ended;
            }
            Err(Unsaid::Absent) => heard.is_absent = true,
            Err(Unsaid::Failed) => {}
        }
    }

    /// Those of them that have ended, and how.
    fn ended(&self, ids: &BTreeSet<String>) -> Result<BTreeMap<String, Reason>, Unsaid> {
        let named = ids.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let mut argv = vec!["--noheader", "--states=all", "--format=%A|%T"];
        let jobs = format!("--jobs={named}");
        argv.extend((ids.len() <= NAMED).then_some(jobs.as_str()));
        let queue = self.said("squeue", &argv)?;
        let unknown: Vec<&str> = ids
            .iter()
            .map(String::as_str)
            .filter(|id| !queue.contains_key(*id))
            .collect();
        let account = match unknown.as_slice() {
            [] => BTreeMap::new(),
            some => self.account(&some[..some.len().min(NAMED)]),
        };
        let ended = ids.iter().filter_map(|id| {
            let word = queue.get(id).or_else(|| account.get(id));
            let how = word.map_or(Some(Reason::Lost), |word| end_of(word))?;
            Some((id.clone(), how))
        });
        Ok(ended.collect())
    }

    /// What is kept of jobs that left the queue; nothing on clusters that keep no account.
    fn account(&self, ids: &[&str]) -> BTreeMap<String, String> {
        let jobs = format!("--jobs={}", ids.join(","));
        let argv = [
            "--noheader",
            "--parsable2",
            "--allocations",
            "--format=JobIDRaw,State",
            &jobs,
        ];
        self.said("sacct", &argv).unwrap_or_default()
    }

    /// Lines `77|RUNNING`.
    fn said(&self, program: &str, argv: &[&str]) -> Result<BTreeMap<String, String>, Unsaid> {
        let path = match &self.folder {
            Some(folder) => folder.join(program),
            None => PathBuf::from(program),
        };
        let text = output(&path, argv)?;
        let lines = text.lines().filter_map(|line| line.trim().split_once('|'));
        let words = lines.map(|(id, word)| (id.to_owned(), word.to_owned()));
        Ok(words.collect())
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slurm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slurm").finish_non_exhaustive()
    }
}

/// What comes from a file of somebody else becomes part of a command line only as a number.
fn is_number(id: &str) -> bool {
    (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// How a job ended, by its state; none while it has not.
fn end_of(word: &str) -> Option<Reason> {
    // `CANCELLED by 1000`, `CANCELLED+`.
    let word = word.split([' ', '+']).next().unwrap_or_default();
    match word {
        "PENDING" | "RUNNING" | "COMPLETING" | "CONFIGURING" | "SUSPENDED" | "REQUEUED"
        | "REQUEUE_HOLD" | "REQUEUE_FED" | "RESIZING" | "SIGNALING" | "SPECIAL_EXIT"
        | "STAGE_OUT" | "STOPPED" | "RESV_DEL_HOLD" | "LAUNCH_FAILED" | "RECONFIG_FAIL" => None,
        "COMPLETED" => Some(Reason::MissingOutputs),
        "TIMEOUT" | "DEADLINE" => Some(Reason::Timeout),
        "OUT_OF_MEMORY" => Some(Reason::Memory),
        "CANCELLED" | "REVOKED" => Some(Reason::Cancelled),
        "FAILED" | "NODE_FAIL" | "BOOT_FAIL" | "PREEMPTED" => Some(Reason::Failed),
        // A state of later versions: what its files say is believed.
        _ => None,
    }
}

/// What a program says, when it ends well and in time.
fn output(program: &Path, argv: &[&str]) -> Result<String, Unsaid> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the cluster's own programs, with the environment that leads them to it"
    )]
    let mut command = Command::new(program);
    command
        .args(argv)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Unsaid::Absent,
        _ => Unsaid::Failed,
    })?;
    let said = hear(&mut child);
    // It has ended, or takes too long.
    let _ = child.kill();
    let status = child.wait().map_err(|_| Unsaid::Failed)?;
    let (out, err) = said.ok_or(Unsaid::Failed)?;
    // So it says of the only job that was asked for.
    let is_unknown = err.contains("Invalid job id specified");
    (status.success() || is_unknown)
        .then_some(out)
        .ok_or(Unsaid::Failed)
}

/// Both streams to their ends, and its own.
fn hear(child: &mut Child) -> Option<(String, String)> {
    let until = Instant::now() + LIMIT;
    let out = drained(child.stdout.take()?.into(), until)?;
    let err = drained(child.stderr.take()?.into(), until)?;
    while child.try_wait().ok()?.is_none() {
        let left = until.checked_duration_since(Instant::now())?;
        std::thread::sleep(left.min(Duration::from_millis(5)));
    }
    Some((out, err))
}

fn drained(stream: OwnedFd, until: Instant) -> Option<String> {
    let mut stream = File::from(stream);
    let (mut said, mut room) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        let left = until.checked_duration_since(Instant::now())?;
        let left = Timespec::try_from(left).ok()?;
        let mut asked = [PollFd::new(&stream, PollFlags::IN)];
        match poll(&mut asked, Some(&left)) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return None,
        }
        match stream.read(&mut room).ok()? {
            0 => return Some(String::from_utf8_lossy(&said).into_owned()),
            count if said.len() + count > SAID => return None,
            count => said.extend_from_slice(&room[..count]),
        }
    }
}

#[cfg(test)]
mod tests;
