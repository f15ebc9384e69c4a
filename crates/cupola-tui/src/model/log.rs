//! A log that is looked at: followed, searched, read in parts.

use std::path::PathBuf;

use cupola_domain::time::Timestamp;
use cupola_workspace::source::{LogAsked, LogOf, LogPart, SAID, SourceError};

use super::{Bar, LogBuffer};

/// The first look at a log is at its last bytes.
const TAIL_BYTES: u64 = 256 << 10;

/// More is read in parts of this size.
const PART_BYTES: u64 = 64 << 10;

/// A search reads on in larger ones.
const SEARCH_BYTES: u64 = 1 << 20;

/// How long until a log far away is looked at again, in milliseconds: at first, at least, at most.
const SYNC_FIRST: i64 = 2_000;
const SYNC_MIN: i64 = 1_000;
const SYNC_MAX: i64 = 60_000;

/// A log that is looked at.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: any of them may hold with any other"
)]
pub(crate) struct LogView {
    pub(crate) of: LogOf,
    pub(crate) title: String,
    /// The names of its streams with where they are.
    pub(crate) streams: Vec<(String, Option<PathBuf>)>,
    pub(crate) stream: usize,
    pub(crate) buffer: LogBuffer,
    pub(crate) is_followed: bool,
    /// The first line that is seen.
    pub(crate) top: usize,
    /// How many columns are left out on the left.
    pub(crate) left: usize,
    pub(crate) find: Option<Find>,
    pub(crate) bar: Option<Bar>,
    pub(crate) problem: Option<String>,
    /// The stream in which something came while nobody looked.
    pub(crate) unread: Option<usize>,
    pub(crate) is_known: bool,
    /// A part was asked for and has not come yet.
    pub(crate) is_asked: bool,
    pub(crate) is_remote: bool,
    /// How long until it is looked at again.
    interval: i64,
    pub(crate) next_at: Timestamp,
}

/// What is searched in a log.
#[derive(Debug, Clone)]
pub(crate) struct Find {
    pub(crate) text: String,
    /// Where it was found.
    pub(crate) at: Option<usize>,
    /// Reading on until it is found.
    pub(crate) going: Option<Way>,
}

/// Which way it is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Forward,
    Backward,
}

/// What came of a search.
#[derive(Debug, PartialEq)]
pub(crate) enum Sought {
    Found,
    /// More must be read first.
    Further(LogAsked),
    Nowhere,
}

impl LogView {
    pub(crate) fn new(
        of: LogOf,
        title: String,
        streams: Vec<(String, Option<PathBuf>)>,
        is_remote: bool,
    ) -> Self {
        Self {
            of,
            title,
            streams,
            stream: 0,
            buffer: LogBuffer::default(),
            is_followed: true,
            top: 0,
            left: 0,
            find: None,
            bar: None,
            problem: None,
            unread: None,
            is_known: false,
            is_asked: false,
            is_remote,
            interval: SYNC_FIRST,
            next_at: Timestamp::from_millis(0),
        }
    }

    pub(crate) fn of_workspace(is_remote: bool) -> Self {
        let mut streams = vec![("log".to_owned(), None)];
        streams.extend(is_remote.then(|| (SAID.to_owned(), None)));
        Self::new(LogOf::Workspace, "Log".to_owned(), streams, is_remote)
    }

    /// The last bytes.
    pub(crate) fn tail(&mut self) -> LogAsked {
        self.asked(None, TAIL_BYTES)
    }

    /// What comes after what is known.
    pub(crate) fn more(&mut self) -> LogAsked {
        if !self.is_known || self.buffer.end() == 0 {
            return self.tail();
        }
        self.asked(Some(self.buffer.end()), PART_BYTES)
    }

    /// Takes a part. Says whether something is seen otherwise now.
    pub(crate) fn take(
        &mut self,
        asked: &LogAsked,
        answer: Result<LogPart, SourceError>,
        height: usize,
        now: Timestamp,
    ) -> bool {
        if asked.stream != self.stream_name() || asked.of != self.of {
            return false;
        }
        self.is_asked = false;
        let was_known = std::mem::replace(&mut self.is_known, true);
        let part = match answer {
            Ok(part) => part,
            Err(error) => {
                let problem = Some(error.to_string());
                self.plan(false, now);
                return std::mem::replace(&mut self.problem, problem.clone()) != problem;
            }
        };
        let is_same = part.bytes.is_empty() && part.size == self.buffer.size() && was_known;
        let had_problem = self.problem.take().is_some();
        self.plan(!is_same, now);
        if is_same {
            return had_problem;
        }
        match self.buffer.take(part.offset, &part.bytes, part.size) {
            Some(moved) => {
                self.top = self.top.saturating_add_signed(moved);
                if let Some(at) = self.find.as_mut().and_then(|find| find.at.as_mut()) {
                    *at = at.saturating_add_signed(moved);
                }
            }
            None if asked.offset == Some(0) => self.top = 0,
            None => self.top = usize::MAX,
        }
        self.settle(height);
        true
    }

    /// What should be read now, given what is seen.
    pub(crate) fn wants(&mut self, height: usize) -> Option<LogAsked> {
        if self.is_asked {
            return None;
        }
        if !self.is_known {
            return Some(self.tail());
        }
        // Lines can be so long that the screen is not full however many are read.
        let is_enough = if self.is_followed {
            self.buffer.bytes().len() as u64 >= TAIL_BYTES
        } else {
            self.buffer.len() <= height && self.buffer.is_large()
        };
        let is_at_end = self.top + height >= self.buffer.len();
        let has_more = self.buffer.end() < self.buffer.size();
        if has_more && (self.is_followed || is_at_end && !is_enough) {
            return Some(self.more());
        }
        if self.top == 0 && self.buffer.start() > 0 && !is_enough {
            let from = self.buffer.start().saturating_sub(PART_BYTES);
            return Some(self.asked(Some(from), self.buffer.start() - from));
        }
        None
    }

    /// Whether it is time to look whether it grew.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        !self.is_asked && (!self.is_remote || now >= self.next_at)
    }

    /// Moves by lines; going up ends following.
    pub(crate) fn scroll(&mut self, by: isize, height: usize) {
        self.is_followed &= by > 0;
        self.top = self.top.saturating_add_signed(by);
        self.settle(height);
    }

    /// To the beginning of the file.
    pub(crate) fn first(&mut self) -> Option<LogAsked> {
        self.is_followed = false;
        self.top = 0;
        (self.buffer.start() > 0).then(|| self.asked(Some(0), TAIL_BYTES))
    }

    /// To its end.
    pub(crate) fn last(&mut self, height: usize) -> Option<LogAsked> {
        self.top = usize::MAX;
        self.settle(height);
        (self.buffer.end() < self.buffer.size()).then(|| self.tail())
    }

    pub(crate) fn follow(&mut self, height: usize) -> Option<LogAsked> {
        self.is_followed = !self.is_followed;
        if self.is_followed {
            self.last(height)
        } else {
            None
        }
    }

    pub(crate) fn next_stream(&mut self) -> LogAsked {
        self.show_stream((self.stream + 1) % self.streams.len().max(1))
    }

    /// Shows a stream from its end.
    pub(crate) fn show_stream(&mut self, stream: usize) -> LogAsked {
        self.stream = stream;
        if self.unread == Some(stream) {
            self.unread = None;
        }
        self.buffer = LogBuffer::default();
        self.is_known = false;
        self.problem = None;
        self.top = 0;
        self.tail()
    }

    /// Goes to the next line with what is searched.
    pub(crate) fn seek(&mut self, way: Way, height: usize) -> Sought {
        let Some(find) = self.find.clone() else {
            return Sought::Nowhere;
        };
        let found = match way {
            Way::Forward => {
                let from = find.at.map_or(self.top, |at| at + 1);
                self.buffer.find(&find.text, from..usize::MAX, false)
            }
            Way::Backward => {
                let to = find.at.unwrap_or(self.top);
                self.buffer.find(&find.text, 0..to, true)
            }
        };
        if let Some(at) = found {
            self.is_followed = false;
            self.top = at.saturating_sub(height / 3);
            self.settle(height);
            self.note(found, None);
            return Sought::Found;
        }
        let (start, end) = (self.buffer.start(), self.buffer.end());
        match way {
            Way::Forward if end < self.buffer.size() => {
                self.note(Some(self.buffer.len().saturating_sub(1)), Some(way));
                Sought::Further(self.asked(Some(end), SEARCH_BYTES))
            }
            Way::Backward if start > 0 => {
                // The first line may have begun before.
                self.note(Some(1), Some(way));
                let from = start.saturating_sub(SEARCH_BYTES);
                Sought::Further(self.asked(Some(from), start - from))
            }
            _ => {
                self.note(find.at, None);
                Sought::Nowhere
            }
        }
    }

    pub(crate) fn settle(&mut self, height: usize) {
        let last = self.buffer.len().saturating_sub(height);
        self.top = if self.is_followed {
            last
        } else {
            self.top.min(last)
        };
    }

    /// How much of the file lies before the first line that is seen.
    pub(crate) fn percent(&self) -> u64 {
        let before = u128::from(self.buffer.offset(self.top)) * 100;
        let size = u128::from(self.buffer.size().max(1));
        u64::try_from(before / size).unwrap_or(100).min(100)
    }

    /// Whether what the far side said is shown, which is known here.
    pub(crate) fn is_of_said(&self) -> bool {
        self.of == LogOf::Workspace && self.stream_name() == SAID
    }

    pub(crate) fn stream_name(&self) -> &str {
        self.streams
            .get(self.stream)
            .map_or("", |(name, _)| name.as_str())
    }

    fn note(&mut self, at: Option<usize>, going: Option<Way>) {
        if let Some(find) = &mut self.find {
            find.at = at;
            find.going = going;
        }
    }

    fn asked(&mut self, offset: Option<u64>, bytes: u64) -> LogAsked {
        self.is_asked = true;
        LogAsked {
            of: self.of.clone(),
            stream: self.stream_name().to_owned(),
            offset,
            bytes,
        }
    }

    /// A log that grew is looked at again sooner, one that did not later.
    fn plan(&mut self, has_grown: bool, now: Timestamp) {
        let next = if has_grown {
            self.interval * 7 / 10
        } else {
            self.interval * 3 / 2
        };
        self.interval = next.clamp(SYNC_MIN, SYNC_MAX);
        self.next_at = Timestamp::from_millis(now.millis() + self.interval);
    }
}
