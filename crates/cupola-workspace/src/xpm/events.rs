//! Files of events: `event-<n>.jsonl` beside what they are about, and, while that is under way,
//! `<name>-<n>.jsonl` in a folder for all.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    file::{self, Grown, Tail, Unread},
    value,
};

/// Where events of one thing lie, and how far they were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Events {
    number: u64,
    tail: Tail,
}

impl Events {
    /// Nothing read yet, from file `first` on.
    pub(crate) fn from(first: u64) -> Self {
        Self {
            number: first,
            tail: Tail::default(),
        }
    }

    /// Each that came since the last call, in order. `kept` has the lasting files, `live(n)` is the one under way,
    /// which matters where the file system has no second names for a file.
    pub(crate) fn read(
        &mut self,
        kept: &Path,
        live: impl Fn(u64) -> Option<PathBuf>,
        mut each: impl FnMut(Value),
    ) -> Result<(), Unread> {
        loop {
            let grown = match self.part(kept, &live) {
                Err(Unread::Missing) => return Ok(()),
                grown => grown?,
            };
            file::lines(&grown.bytes, &mut each);
            let next = kept.join(format!("event-{}.jsonl", self.number + 1));
            let is_rotated =
                next.exists() || live(self.number + 1).is_some_and(|live| live.exists());
            if !is_rotated {
                return Ok(());
            }
            *self = Self::from(self.number + 1);
        }
    }

    fn part(
        &mut self,
        kept: &Path,
        live: impl Fn(u64) -> Option<PathBuf>,
    ) -> Result<Grown, Unread> {
        let lasting = kept.join(format!("event-{}.jsonl", self.number));
        match (self.tail.read(&lasting), live(self.number)) {
            (Err(Unread::Missing), Some(live)) => self.tail.read(&live),
            (read, _) => read,
        }
    }
}

/// What an event calls itself.
pub(crate) fn kind(event: &Value) -> &str {
    value::text(event, "event_type").unwrap_or_default()
}

/// `grid-0.jsonl` is about `grid`.
pub(crate) fn subject(name: &str) -> Option<&str> {
    let (subject, number) = name.strip_suffix(".jsonl")?.rsplit_once('-')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !subject.is_empty()).then_some(subject)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_live_file_is_about_its_subject() {
        for (name, expected) in [
            ("grid-0.jsonl", Some("grid")),
            ("a-b-12.jsonl", Some("a-b")),
            ("grid.jsonl", None),
            ("grid-x.jsonl", None),
            ("-1.jsonl", None),
        ] {
            assert_eq!(subject(name), expected, "{name}");
        }
    }

    #[test]
    fn events_are_read_on_over_rotation_and_without_second_names() {
        let folder = tempfile::tempdir().unwrap();
        let live = |n: u64| Some(folder.path().join(format!("live-{n}.jsonl")));
        let kept = folder.path().join("events");
        fs::create_dir(&kept).unwrap();
        let mut events = Events::from(0);
        let mut read = || {
            let mut news = Vec::new();
            let each = |event: Value| news.push(event.to_string());
            events.read(&kept, live, each).unwrap();
            news.join(" ")
        };
        assert_eq!(read(), "");
        fs::write(live(0).unwrap(), "1\n2\n3").unwrap();
        assert_eq!(read(), "1 2");
        fs::write(live(0).unwrap(), "1\n2\n3\n").unwrap();
        fs::write(kept.join("event-1.jsonl"), "4\n").unwrap();
        assert_eq!(read(), "3 4");
        assert_eq!(read(), "");
    }
}
