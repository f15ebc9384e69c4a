//! What is seen of the machine's use: power, people, load, the worker's own disk.
//!
//! What cannot be seen is absent, and then keeps nobody from working.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use cupola_domain::time::Timestamp;

use crate::process;

/// How long the login manager may take to answer.
const LOGIND_WAIT: Duration = Duration::from_secs(3);

/// What the folder takes is counted once in so many looks: it may hold many files.
const DISK_PERIOD: u32 = 12;

/// So many files are counted at most.
const FILES_MAX: usize = 200_000;

/// What was seen of the machine's use.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Observed {
    /// For how long nobody has typed or moved anything.
    pub(crate) unused_for: Option<Duration>,
    /// By whom that was told.
    pub(crate) told_by: Vec<&'static str>,
    /// The part of the processor that works while nothing of ours runs.
    pub(crate) busy_share: Option<f64>,
    /// Whether it runs on mains power.
    pub(crate) on_mains: Option<bool>,
    /// What the worker's folder takes.
    pub(crate) disk_used: Option<u64>,
}

/// What is worth its while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// When somebody used the machine last: the login manager is asked.
    pub(crate) sessions: bool,
    /// What the worker's folder takes: its files are counted.
    pub(crate) disk: bool,
}

/// Looks at the machine again and again.
#[derive(Debug)]
pub(crate) struct Watch {
    root: PathBuf,
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    /// Busy and all ticks of the processor at the last look, if nothing of ours ran then.
    ticks: Option<(u64, u64)>,
    /// What the folder took, and how many looks ago that was counted.
    disk_used: Option<(u64, u32)>,
}

impl Watch {
    /// Of the machine whose files lie below `root`, and of the worker's own folder.
    pub(crate) fn new(root: &Path, folder: &Path, environment: Vec<(OsString, OsString)>) -> Self {
        Self {
            root: root.to_owned(),
            folder: folder.to_owned(),
            environment,
            ticks: None,
            disk_used: None,
        }
    }

    /// Looks. `is_busy` says whether anything of ours runs: its work is not its owner's.
    pub(crate) async fn look(
        mut self,
        wanted: Wanted,
        is_busy: bool,
        now: Timestamp,
    ) -> (Self, Observed) {
        let mut unused = Vec::new();
        if wanted.sessions {
            let logind = logind(&self.environment, now).await;
            unused.extend(logind.map(|span| (span, "the login manager")));
        }
        let looking = tokio::task::spawn_blocking(move || {
            if wanted.sessions {
                let terminals = terminals(&self.root.join("dev"), now);
                unused.extend(terminals.map(|span| (span, "terminals")));
            }
            let observed = Observed {
                unused_for: unused.iter().map(|(span, _)| *span).min(),
                told_by: unused.iter().map(|(_, by)| *by).collect(),
                busy_share: self.busy_share(is_busy),
                on_mains: on_mains(&self.root.join("sys/class/power_supply")),
                disk_used: wanted.disk.then(|| self.disk_used()),
            };
            (self, observed)
        });
        match looking.await {
            Ok(looked) => looked,
            Err(broken) => match broken.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends, and nobody waits for this any more.
                Err(_) => std::future::pending().await,
            },
        }
    }

    fn disk_used(&mut self) -> u64 {
        let used = match self.disk_used {
            Some((used, looks)) if looks < DISK_PERIOD => (used, looks + 1),
            _ => (used_by(&self.folder), 0),
        };
        self.disk_used = Some(used);
        used.0
    }

    /// Between two looks at which nothing of ours ran.
    fn busy_share(&mut self, is_busy: bool) -> Option<f64> {
        let read = fs::read_to_string(self.root.join("proc/stat")).ok();
        let ticks = read.as_deref().and_then(ticks).filter(|_| !is_busy);
        let before = std::mem::replace(&mut self.ticks, ticks);
        let ((busy, all), (busy_before, all_before)) = (ticks?, before?);
        share(busy.checked_sub(busy_before)?, all.checked_sub(all_before)?)
    }
}

impl Observed {
    /// It in words, for the owner.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.push(match self.on_mains {
            Some(true) => "on mains power".to_owned(),
            Some(false) => "on battery".to_owned(),
            None => "nothing tells whether it is on mains power".to_owned(),
        });
        words.extend(self.unused_for.map(|unused| {
            let minutes = unused.as_secs() / 60;
            format!(
                "last used {minutes} min ago, by {}",
                self.told_by.join(" and ")
            )
        }));
        if let Some(share) = self.busy_share {
            words.push(format!("{:.0} % of the processor works", 100.0 * share));
        }
        words
    }
}

fn share(part: u64, all: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "ticks between two looks")]
    let share = part as f64 / all as f64;
    (all > 0).then_some(share)
}

/// Busy and all ticks, from the first line of `/proc/stat`.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let counts: Vec<u64> = line
        .split_whitespace()
        .map_while(|count| count.parse().ok())
        .take(8)
        .collect();
    let all = counts.iter().sum::<u64>();
    // Idle, and waiting for disks.
    let idle = counts.get(3)? + counts.get(4)?;
    Some((all - idle, all))
}

/// A machine without any supply that tells of itself is no portable one, but who knows.
fn on_mains(supplies: &Path) -> Option<bool> {
    let (mut mains, mut discharging) = (None, false);
    for supply in fs::read_dir(supplies).ok()?.flatten() {
        let read = |name: &str| fs::read_to_string(supply.path().join(name)).unwrap_or_default();
        let kind = read("type");
        match kind.trim() {
            "Mains" | "USB" => {
                let is_online = read("online").trim() == "1";
                mains = Some(mains.unwrap_or(false) || is_online);
            }
            // A mouse has a battery, too.
            "Battery" if read("scope").trim() != "Device" => {
                discharging |= read("status").trim() == "Discharging";
            }
            _ => {}
        }
    }
    match mains {
        Some(true) => Some(true),
        _ if discharging => Some(false),
        mains => mains,
    }
}

/// For how long nobody has typed at a terminal; none where nobody has one.
fn terminals(dev: &Path, now: Timestamp) -> Option<Duration> {
    let is_terminal = |name: &str| {
        let number = name.strip_prefix("tty").unwrap_or(name);
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    let entries = [dev.join("pts"), dev.to_owned()].into_iter();
    let entries = entries.filter_map(|folder| fs::read_dir(folder).ok());
    let last = entries
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_terminal))
        .filter_map(|entry| entry.metadata().ok())
        // Nobody has logged in at a console that is the system's own.
        .filter(|about| !about.is_dir() && about.uid() != 0)
        .map(|about| about.atime())
        .max()?;
    Some(now.since(Timestamp::from_millis(last.saturating_mul(1000))))
}

/// For how long nobody has used a session, as systemd's login manager says.
async fn logind(environment: &[(OsString, OsString)], now: Timestamp) -> Option<Duration> {
    let sessions = loginctl(&["list-sessions", "--no-legend"], environment).await?;
    let ids = sessions
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let ids: Vec<_> = ids.collect();
    if ids.is_empty() {
        return None;
    }
    let asked = ["-p", "Class", "-p", "IdleHint", "-p", "IdleSinceHint"];
    let arguments: Vec<_> = ["show-session"]
        .into_iter()
        .chain(asked)
        .chain(ids)
        .collect();
    sessions_unused(&loginctl(&arguments, environment).await?, now)
}

async fn loginctl(arguments: &[&str], environment: &[(OsString, OsString)]) -> Option<String> {
    let said = process::capture("loginctl".as_ref(), arguments, environment, LOGIND_WAIT);
    String::from_utf8(said.await?).ok()
}

/// The session that was used last.
fn sessions_unused(shown: &str, now: Timestamp) -> Option<Duration> {
    let unused = |session: &str| {
        let value = |name: &str| {
            let mut lines = session.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        };
        if value("Class")? != "user" {
            return None;
        }
        if value("IdleHint")? == "no" {
            return Some(Duration::ZERO);
        }
        let micros: i64 = value("IdleSinceHint")?.parse().ok()?;
        Some(now.since(Timestamp::from_millis(micros / 1000)))
    };
    shown.split("\n\n").filter_map(unused).min()
}

/// What a folder takes, as far as it can be read.
fn used_by(folder: &Path) -> u64 {
    let (mut folders, mut used, mut files) = (vec![folder.to_owned()], 0, 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(about) = entry.metadata() else {
                continue;
            };
            files += 1;
            if files > FILES_MAX {
                return used;
            }
            // What is on the disk counts, not how long a file says that it is.
            used += about.blocks() * 512;
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supplies_say_whether_there_is_mains_power() {
        let check = |supplies: &[(&str, &[(&str, &str)])], expected: Option<bool>| {
            let folder = tempfile::tempdir().unwrap();
            for (name, files) in supplies {
                let supply = folder.path().join(name);
                fs::create_dir(&supply).unwrap();
                for (file, text) in *files {
                    fs::write(supply.join(file), format!("{text}\n")).unwrap();
                }
            }
            assert_eq!(on_mains(folder.path()), expected, "{supplies:?}");
        };
        let plugged: (&str, &[_]) = ("AC", &[("type", "Mains"), ("online", "1")]);
        let unplugged: (&str, &[_]) = ("AC", &[("type", "Mains"), ("online", "0")]);
        let empties: (&str, &[_]) = ("BAT0", &[("type", "Battery"), ("status", "Discharging")]);
        let full: (&str, &[_]) = ("BAT0", &[("type", "Battery"), ("status", "Full")]);
        let mouse: (&str, &[_]) = (
            "hid",
            &[
                ("type", "Battery"),
                ("scope", "Device"),
                ("status", "Discharging"),
            ],
        );
        check(&[], None);
        check(&[plugged, full], Some(true));
        check(&[unplugged, empties], Some(false));
        check(&[unplugged], Some(false));
        check(&[empties], Some(false));
        check(&[full], None);
        check(&[mouse], None);
        check(&[plugged, mouse], Some(true));
        assert_eq!(on_mains(Path::new("/nonexistent")), None);
    }

    #[test]
    fn the_session_that_was_used_last_counts() {
        let now = Timestamp::from_millis(1_000_000);
        let session = |class: &str, idle: &str, since: u64| {
            format!("Class={class}\nIdleHint={idle}\nIdleSinceHint={since}\n")
        };
        let check = |sessions: &[String], expected: Option<u64>| {
            let found = sessions_unused(&sessions.join("\n"), now);
            assert_eq!(found, expected.map(Duration::from_secs), "{sessions:?}");
        };
        let (old, recent) = (
            session("user", "yes", 400_000_000),
            session("user", "yes", 900_000_000),
        );
        check(std::slice::from_ref(&old), Some(600));
        check(&[old.clone(), recent], Some(100));
        check(&[old.clone(), session("user", "no", 0)], Some(0));
        check(&[old, session("greeter", "no", 0)], Some(600));
        check(&[session("manager", "no", 0)], None);
        check(&[], None);
    }

    #[test]
    fn ticks_of_the_processor_are_read() {
        let stat = "cpu  100 5 50 800 45 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1\n";
        assert_eq!(ticks(stat), Some((155, 1000)));
        assert_eq!(ticks("intr 1 2 3"), None);
        assert_eq!(ticks("cpu  1 2"), None);
    }

    #[tokio::test]
    async fn a_machine_is_looked_at() {
        let (root, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let file = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        file("sys/class/power_supply/AC/type", "Mains\n");
        file("sys/class/power_supply/AC/online", "0\n");
        file("proc/stat", "cpu  0 0 0 100 0 0 0 0\n");
        fs::write(folder.path().join("a"), vec![1; 1 << 20]).unwrap();
        let now = Timestamp::from_millis(0);
        let watch = Watch::new(root.path(), folder.path(), Vec::new());
        let all = Wanted {
            sessions: true,
            disk: true,
        };
        let (watch, observed) = watch.look(all, false, now).await;
        assert_eq!(observed.on_mains, Some(false));
        assert_eq!(observed.busy_share, None);
        assert!(observed.disk_used.unwrap() >= 1 << 20, "{observed:?}");
        file("proc/stat", "cpu  75 0 0 125 0 0 0 0\n");
        let (watch, observed) = watch.look(all, false, now).await;
        assert_eq!(observed.busy_share, Some(0.75));
        // What ran meanwhile was ours.
        let (watch, observed) = watch.look(all, true, now).await;
        assert_eq!(observed.busy_share, None);
        let (_, observed) = watch.look(all, false, now).await;
        assert_eq!(observed.busy_share, None);
        assert_eq!(observed.words()[0], "on battery");
    }
}
