//! This machine: which processes run on it and who holds which lock. What another machine does
//! cannot be known from here, and is not guessed.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use cupola_domain::time::Timestamp;
use jiff::tz::TimeZone;

use crate::{
    model::{Process, ProcessNow, Reason},
    slurm::Slurm,
};

/// Clocks of file servers differ; numbers of processes are not given again within a minute.
const SKEW: Duration = Duration::from_mins(1);

/// What a viewer knows of where it runs.
#[derive(Clone)]
pub struct Here {
    /// As programs on this machine call it.
    pub host: String,
    /// The zone that times without one are in.
    pub zone: TimeZone,
    /// The wall clock.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) slurm: Slurm,
}

impl Here {
    /// This machine, with its own name and zone.
    pub fn new(now: Arc<dyn Fn() -> Timestamp + Send + Sync>) -> Self {
        let system = rustix::system::uname();
        Self {
            host: system.nodename().to_string_lossy().into_owned(),
            zone: TimeZone::system(),
            now,
            slurm: Slurm::default(),
        }
    }

    /// With Slurm's programs in `folder`, rather than where programs are looked for.
    #[must_use]
    pub fn with_slurm_in(self, folder: &Path) -> Self {
        let slurm = Slurm::with_programs_in(folder);
        Self { slurm, ..self }
    }

    /// The number of a process that this machine could know.
    pub(crate) fn pid(&self, process: &Process) -> Option<u32> {
        let is_ours = process.kind == "local" && process.host.as_deref() == Some(&self.host);
        let pid = is_ours.then(|| process.pid.parse::<u32>().ok())??;
        // The first is no job's.
        (pid > 1).then_some(pid)
    }

    /// Whether it runs; none where that cannot be known here. `noted` is when its number was written
    /// down: a process that began later has only got the same number.
    pub(crate) fn is_running(&self, process: &Process, noted: Option<SystemTime>) -> Option<bool> {
        if process.kind == "slurm" {
            return self.slurm.gone(&process.pid).map(|_| false);
        }
        let pid = self.pid(process)?;
        let Some(stat) = Stat::read(pid) else {
            return Some(false);
        };
        // A file may be dated at the end of time.
        let until = noted.and_then(|noted| noted.checked_add(SKEW));
        let is_other = until.is_some_and(|until| self.began_after(&stat, until));
        Some(!stat.is_dead && !is_other)
    }

    /// Why a process is gone that left no word.
    pub(crate) fn ended_as(&self, process: &Process) -> Reason {
        let heard = (process.kind == "slurm").then(|| self.slurm.gone(&process.pid));
        heard.flatten().unwrap_or(Reason::Lost)
    }

    fn began_after(&self, stat: &Stat, moment: SystemTime) -> bool {
        let moment = moment.duration_since(SystemTime::UNIX_EPOCH);
        let (Ok(moment), Some(age)) = (moment, stat.age()) else {
            return false;
        };
        let began = (self.now)().minus(age).millis();
        u64::try_from(began).is_ok_and(|began| u128::from(began) > moment.as_millis())
    }

    /// How a process does, as far as this machine knows.
    pub(crate) fn look(&self, process: &Process, noted: Option<SystemTime>) -> ProcessNow {
        let is_running = self.is_running(process, noted);
        let stat = self
            .pid(process)
            .filter(|_| is_running == Some(true))
            .and_then(Stat::read);
        ProcessNow {
            process: process.clone(),
            is_running,
            cpu_percent: stat.as_ref().and_then(Stat::cpu_percent),
            memory_bytes: stat.as_ref().map(|stat| stat.memory_bytes),
            threads: stat.as_ref().map(|stat| stat.threads),
        }
    }
}

impl std::fmt::Debug for Here {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Here")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// A time of a file as one of the clock.
pub(crate) fn dated(time: SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_millis(since.as_millis().try_into().ok()?))
}

/// Whose process it is.
pub(crate) fn owner(pid: u32) -> Option<u32> {
    let metadata = fs::metadata(format!("/proc/{pid}")).ok()?;
    Some(metadata.uid())
}

/// The group that a process is in, by the number of its leader.
pub(crate) fn group(pid: u32) -> Option<u32> {
    Some(Stat::read(pid)?.group)
}

/// Whether somebody on this machine holds a lock on the file, found without touching it; none where
/// that cannot be known.
pub(crate) fn is_locked(path: &Path) -> Option<bool> {
    Locks::read().is_on(path)
}

/// The locks that were held at a moment, read once for many files.
pub(crate) struct Locks(Option<String>);

impl Locks {
    pub(crate) fn read() -> Self {
        Self(fs::read_to_string("/proc/locks").ok())
    }

    /// Whether one of them is on the file; none where that cannot be known.
    pub(crate) fn is_on(&self, path: &Path) -> Option<bool> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(false),
            Err(_) => return None,
        };
        let table = self.0.as_ref()?;
        Some(table.lines().any(|line| is_lock_on(line, &metadata)))
    }
}

/// Lines are `6: FLOCK ADVISORY WRITE 8177 fe:00:10011319 0 EOF`; who only waits has an arrow.
fn is_lock_on(line: &str, metadata: &fs::Metadata) -> bool {
    let mut words = line.split_ascii_whitespace();
    if words.nth(1) == Some("->") {
        return false;
    }
    let Some(place) = words.nth(3) else {
        return false;
    };
    let mut parts = place.split(':');
    let major = parts
        .next()
        .and_then(|text| u32::from_str_radix(text, 16).ok());
    let minor = parts
        .next()
        .and_then(|text| u32::from_str_radix(text, 16).ok());
    let inode = parts.next().and_then(|text| text.parse::<u64>().ok());
    let device = metadata.dev();
    // File systems without a device of their own may name another here than there.
    let is_device =
        major == Some(rustix::fs::major(device)) && minor == Some(rustix::fs::minor(device));
    inode == Some(metadata.ino()) && (is_device || major == Some(0))
}

/// What the kernel says of a process.
struct Stat {
    is_dead: bool,
    /// Not below zero, and zero for a group that cannot be seen from here.
    group: u32,
    threads: u32,
    ticks_run: u64,
    began_tick: u64,
    memory_bytes: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// A name may hold blanks and parentheses, so fields count from the last one that closes.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text[text.rfind(')')? + 1..]
            .split_ascii_whitespace()
            .collect();
        let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Self {
            is_dead: matches!(fields.first(), Some(&"Z" | &"X")),
            group: number(2)?.try_into().ok()?,
            ticks_run: number(11)? + number(12)?,
            threads: number(17)?.try_into().ok()?,
            began_tick: number(19)?,
            memory_bytes: number(21)? * rustix::param::page_size() as u64,
        })
    }

    fn age(&self) -> Option<Duration> {
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let up: f64 = uptime.split_ascii_whitespace().next()?.parse().ok()?;
        Duration::try_from_secs_f64(up - in_seconds(self.began_tick)).ok()
    }

    /// Over its whole life: the kernel keeps sums.
    fn cpu_percent(&self) -> Option<f64> {
        let age = self.age()?.as_secs_f64();
        (age > 0.0).then(|| 100.0 * in_seconds(self.ticks_run) / age)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "ticks of centuries are below 2^53"
)]
fn in_seconds(ticks: u64) -> f64 {
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Here {
        let clock = || {
            let uptime = fs::metadata("/proc/self").unwrap().modified().unwrap();
            let since = uptime.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
        };
        Here::new(Arc::new(clock))
    }

    fn process(kind: &str, pid: &str, host: Option<&str>) -> Process {
        Process {
            kind: kind.into(),
            pid: pid.into(),
            host: host.map(str::to_owned),
        }
    }

    #[test]
    fn only_a_local_process_of_this_host_is_known() {
        let here = here();
        let me = std::process::id().to_string();
        for (kind, pid, host, expected) in [
            ("local", me.as_str(), Some(here.host.as_str()), Some(true)),
            ("local", "4194305", Some(&here.host), Some(false)),
            ("local", &me, Some("elsewhere"), None),
            ("local", &me, None, None),
            ("slurm", &me, Some(&here.host), None),
            ("local", "-1", Some(&here.host), None),
            ("local", "0", Some(&here.host), None),
            ("local", "1", Some(&here.host), None),
        ] {
            let asked = process(kind, pid, host);
            assert_eq!(here.is_running(&asked, None), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_number_that_was_noted_long_before_belongs_to_another() {
        let here = here();
        let me = process("local", &std::process::id().to_string(), Some(&here.host));
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        assert_eq!(here.is_running(&me, Some(long_ago)), Some(false));
        let later = fs::metadata("/proc/self").unwrap().modified().unwrap();
        assert_eq!(here.is_running(&me, Some(later)), Some(true));
        let never =
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(i64::MAX.unsigned_abs()));
        assert!(never.is_some());
        assert_eq!(here.is_running(&me, never), Some(true));
    }

    #[test]
    fn a_lock_is_seen_without_taking_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(is_locked(file.path()), Some(false));
        file.as_file().lock().unwrap();
        assert_eq!(is_locked(file.path()), Some(true));
        file.as_file().unlock().unwrap();
        assert_eq!(is_locked(file.path()), Some(false));
        assert_eq!(is_locked(Path::new("/nowhere/lock")), Some(false));
    }

    #[test]
    fn a_process_is_read_whatever_it_is_called() {
        let rest = "S 1 1 1 0 -1 0 0 0 0 0 100 50 0 0 20 0 3 0 1000 0 25 0";
        let stat = Stat::parse(&format!("7 (a) b) {rest}")).unwrap();
        assert_eq!(
            (stat.threads, stat.ticks_run, stat.began_tick),
            (3, 150, 1000)
        );
        assert!(!stat.is_dead);
    }
}
