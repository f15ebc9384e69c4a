//! What a worker did, for its owner: the last lines by heart, all of them in files that take turns.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use cupola_domain::time::Timestamp;
use cupola_protocol::{desk::DeskLineBody, time::Time};

/// So many lines are shown.
const LINES_MAX: usize = 500;

/// A file as long as this is put aside for a new one; the one before is let go.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A line is cut after this.
const LINE_CHARS_MAX: usize = 1000;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// As it should be.
    Info,
    /// Something was in the way.
    Warn,
    /// Something is wrong that its owner can mend.
    Error,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// The log of a worker.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    lines: VecDeque<DeskLineBody>,
}

impl Journal {
    /// In `worker.log` of the worker's folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            path: folder.join("worker.log"),
            lines: VecDeque::new(),
        }
    }

    /// Adds a line.
    pub(super) fn add(&mut self, level: Level, text: &str, now: Timestamp) {
        let text = text.chars().take(LINE_CHARS_MAX);
        let text: String = text.map(|c| if c.is_control() { ' ' } else { c }).collect();
        // A worker works on although its log cannot be written.
        let _ = self.write(level, &text, now);
        self.lines.push_back(DeskLineBody {
            at: now.into(),
            level: level.as_str().to_owned(),
            text,
        });
        if self.lines.len() > LINES_MAX {
            self.lines.pop_front();
        }
    }

    /// The last lines, the latest last.
    pub(super) fn lines(&self) -> Vec<DeskLineBody> {
        self.lines.iter().cloned().collect()
    }

    fn write(&self, level: Level, text: &str, now: Timestamp) -> io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|about| about.len() > FILE_BYTES_MAX) {
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        let mut file: File = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        writeln!(file, "{} {:5} {text}", Time(now), level.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_known_and_a_long_file_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::new(folder.path());
        let long = "x".repeat(2 * LINE_CHARS_MAX);
        for _ in 0..1200 {
            journal.add(Level::Warn, &long, Timestamp::from_millis(0));
        }
        journal.add(Level::Info, "a\nb", Timestamp::from_millis(0));
        let lines = journal.lines();
        assert_eq!(lines.len(), LINES_MAX);
        assert_eq!(lines.last().unwrap().text, "a b");
        assert_eq!(lines[0].text.len(), LINE_CHARS_MAX);
        let length = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
        assert!(length("worker.log.1") > FILE_BYTES_MAX);
        assert!(length("worker.log") < FILE_BYTES_MAX);
        let text = fs::read_to_string(folder.path().join("worker.log")).unwrap();
        assert!(
            text.ends_with("1970-01-01T00:00:00.000Z info  a b\n"),
            "{text}"
        );
    }
}
