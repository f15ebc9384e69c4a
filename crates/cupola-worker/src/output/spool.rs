//! Bytes on their way from a program to the hub, kept in files so that memory stays small however
//! long the hub is away and however much a program writes.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::FileExt as _,
    path::PathBuf,
};

use cupola_domain::time::Timestamp;

use super::lines::LineCutter;

/// This much of the beginning of a stream reaches the hub whatever happens.
pub(crate) const HEAD_BYTES: u64 = 16 << 20;

/// This much of what came last is kept when the hub cannot keep up.
pub(crate) const TAIL_BYTES: usize = 1 << 20;

/// How much of a stream is kept on this machine's disk.
pub(crate) const LOG_FILE_BYTES_MAX: u64 = 64 << 20;

/// Bytes that were read within this time of each other share one time.
const MARK_MILLIS: i64 = 100;

/// How many times are kept for bytes that were not sent yet.
const MARKS_MAX: usize = 4096;

/// Bytes of a stream that were read together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// When.
    pub(crate) at: Timestamp,
    /// Exactly as the program wrote them.
    pub(crate) bytes: Vec<u8>,
    /// How many were left out before them.
    pub(crate) omitted: u64,
}

/// One stream of a run: all of it on disk up to a bound, its head and its tail for the hub.
#[derive(Debug)]
pub(crate) struct StreamLog {
    file: LogFile,
    cutter: LineCutter,
    /// Bytes that came, in whole lines.
    total: u64,
    /// Of these, the first ones, which are read back from the file.
    head: u64,
    /// Up to here the hub has been told, or the bytes are given up.
    sent: u64,
    /// Times of the head's bytes: up to this offset, at this time.
    marks: VecDeque<(u64, Timestamp)>,
    tail: VecDeque<Block>,
    tail_bytes: usize,
}

#[derive(Debug)]
struct Block {
    start: u64,
    at: Timestamp,
    bytes: Vec<u8>,
}

impl StreamLog {
    /// Nothing is written, and no file made, before the first bytes.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            file: LogFile::new(path, LOG_FILE_BYTES_MAX),
            cutter: LineCutter::default(),
            total: 0,
            head: 0,
            sent: 0,
            marks: VecDeque::new(),
            tail: VecDeque::new(),
            tail_bytes: 0,
        }
    }

    /// Takes bytes as they were read.
    pub(crate) fn push(&mut self, bytes: &[u8], now: Timestamp) {
        let mut cutter = std::mem::take(&mut self.cutter);
        cutter.push(bytes, |block| self.append(block, now));
        self.cutter = cutter;
    }

    /// No more will come.
    pub(crate) fn finish(&mut self, now: Timestamp) {
        let mut cutter = std::mem::take(&mut self.cutter);
        cutter.finish(|block| self.append(block, now));
    }

    /// The next bytes for the hub, `max` at most.
    pub(crate) fn take(&mut self, max: usize) -> Option<Piece> {
        if self.sent < self.head {
            if let Some(piece) = self.take_head(max) {
                return Some(piece);
            }
            // The file cannot be read back: what is left of the head is lost.
            self.sent = self.head;
        }
        self.take_tail(max)
    }

    fn append(&mut self, block: &[u8], now: Timestamp) {
        let start = self.total;
        self.total += block.len() as u64;
        let is_on_disk = self.file.append(block);
        if is_on_disk && start == self.head && start < HEAD_BYTES {
            self.head = self.total;
            self.mark(now);
        } else {
            self.keep_in_tail(Block {
                start,
                at: now,
                bytes: block.to_vec(),
            });
        }
    }

    fn mark(&mut self, now: Timestamp) {
        let is_full = self.marks.len() >= MARKS_MAX;
        match self.marks.back_mut() {
            Some((end, at)) if is_full || now.millis() - at.millis() < MARK_MILLIS => {
                *end = self.head;
            }
            _ => self.marks.push_back((self.head, now)),
        }
    }

    fn keep_in_tail(&mut self, block: Block) {
        self.tail_bytes += block.bytes.len();
        self.tail.push_back(block);
        while self.tail_bytes > TAIL_BYTES
            && let Some(dropped) = self.tail.pop_front()
        {
            self.tail_bytes -= dropped.bytes.len();
        }
    }

    fn take_head(&mut self, max: usize) -> Option<Piece> {
        while self.marks.front().is_some_and(|(end, _)| *end <= self.sent) {
            self.marks.pop_front();
        }
        let (end, at) = *self.marks.front()?;
        let room = usize::try_from(end - self.sent).map_or(max, |left| left.min(max));
        let mut bytes = self.file.read(self.sent, room)?;
        if self.sent + (bytes.len() as u64) < end {
            bytes.truncate(whole_lines(&bytes));
        }
        self.sent += bytes.len() as u64;
        let omitted = 0;
        (!bytes.is_empty()).then_some(Piece { at, bytes, omitted })
    }

    fn take_tail(&mut self, max: usize) -> Option<Piece> {
        let mut block = self.tail.pop_front()?;
        if block.bytes.len() > max {
            let rest = block.bytes.split_off(whole_lines(&block.bytes[..max]));
            self.tail.push_front(Block {
                start: block.start + block.bytes.len() as u64,
                at: block.at,
                bytes: rest,
            });
        }
        self.tail_bytes -= block.bytes.len();
        let omitted = block.start.saturating_sub(self.sent);
        self.sent = block.start + block.bytes.len() as u64;
        Some(Piece {
            at: block.at,
            bytes: block.bytes,
            omitted,
        })
    }
}

/// Where the last whole line of `bytes` ends; all of them when none does.
fn whole_lines(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(bytes.len(), |at| at + 1)
}

/// A file that is appended to up to a bound, and read back.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    file: Option<File>,
    length: u64,
    length_max: u64,
    is_closed: bool,
}

impl LogFile {
    /// The file is made when the first bytes come.
    pub(crate) fn new(path: PathBuf, length_max: u64) -> Self {
        Self {
            path,
            file: None,
            length: 0,
            length_max,
            is_closed: false,
        }
    }

    /// Appends all of `bytes` and says so. After one refusal (the bound, a full disk) the file
    /// takes nothing more, so that what it has is without gaps.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> bool {
        let length = self.length + bytes.len() as u64;
        if self.is_closed || length > self.length_max || self.write(bytes).is_err() {
            self.is_closed = true;
            return false;
        }
        self.length = length;
        true
    }

    /// Up to `max` bytes from `offset`; `None` when there are none or they cannot be read.
    pub(crate) fn read(&self, offset: u64, max: usize) -> Option<Vec<u8>> {
        let left = usize::try_from(self.length.checked_sub(offset)?).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(max)];
        self.file.as_ref()?.read_exact_at(&mut bytes, offset).ok()?;
        (!bytes.is_empty()).then_some(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                // What lies there, be it an older lease's file or a link that the program made, is neither
                // opened nor followed.
                let _ = fs::remove_file(&self.path);
                let mut options = OpenOptions::new();
                let new = options.read(true).append(true).create_new(true);
                none.insert(new.open(&self.path)?)
            }
        };
        file.write_all(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> (tempfile::TempDir, StreamLog) {
        let folder = tempfile::tempdir().unwrap();
        let log = StreamLog::new(folder.path().join("stdout.log"));
        (folder, log)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn drain(log: &mut StreamLog) -> (Vec<u8>, u64) {
        let (mut bytes, mut omitted) = (Vec::new(), 0);
        while let Some(piece) = log.take(64 << 10) {
            bytes.extend(piece.bytes);
            omitted += piece.omitted;
        }
        (bytes, omitted)
    }

    #[test]
    fn what_came_is_given_once_with_its_time() {
        let (_folder, mut log) = log();
        log.push(b"a\nb", at(1000));
        log.push(b"b\n", at(2000));
        let piece = |millis, bytes: &[u8]| {
            Some(Piece {
                at: at(millis),
                bytes: bytes.to_vec(),
                omitted: 0,
            })
        };
        assert_eq!(log.take(100), piece(1000, b"a\n"));
        assert_eq!(log.take(100), piece(2000, b"bb\n"));
        assert_eq!(log.take(100), None);
        log.push(b"c", at(3000));
        assert_eq!(log.take(100), None);
        log.finish(at(3000));
        assert_eq!(log.take(100), piece(3000, b"c"));
    }

    #[test]
    fn a_small_budget_cuts_between_lines() {
        let (_folder, mut log) = log();
        log.push(b"one\ntwo\nthree\n", at(0));
        assert_eq!(log.take(10).unwrap().bytes, b"one\ntwo\n");
        assert_eq!(log.take(10).unwrap().bytes, b"three\n");
    }

    #[test]
    fn a_flood_keeps_its_head_and_its_tail_and_counts_the_rest() {
        let (_folder, mut log) = log();
        let line = format!("{}\n", "x".repeat(1023));
        let lines = 20 << 10;
        for number in 0..lines {
            let line = format!("{number:06}{}", &line[6..]);
            log.push(line.as_bytes(), at(0));
        }
        log.finish(at(0));
        let (bytes, omitted) = drain(&mut log);
        assert_eq!(bytes.len() as u64, HEAD_BYTES + TAIL_BYTES as u64);
        assert_eq!(bytes.len() as u64 + omitted, lines * 1024);
        assert!(bytes.starts_with(b"000000x"));
        let last = &bytes[bytes.len() - 1024..];
        assert!(last.starts_with(format!("{:06}x", lines - 1).as_bytes()));
    }

    #[test]
    fn a_hub_that_keeps_up_gets_everything() {
        let (_folder, mut log) = log();
        let chunk = vec![b'\n'; 1 << 20];
        let mut got = 0;
        for _ in 0..12 {
            log.push(&chunk, at(0));
            let (bytes, omitted) = drain(&mut log);
            assert_eq!(omitted, 0);
            got += bytes.len();
        }
        assert_eq!(got, 12 << 20);
    }

    #[test]
    fn what_lies_in_a_log_s_place_is_neither_followed_nor_opened() {
        let folder = tempfile::tempdir().unwrap();
        let (secret, path) = (folder.path().join("key"), folder.path().join("stdout.log"));
        let check = |lay: &dyn Fn()| {
            let mut log = StreamLog::new(path.clone());
            lay();
            log.push(b"said\n", at(0));
            assert_eq!(drain(&mut log), (b"said\n".to_vec(), 0));
            assert_eq!(fs::read(&secret).unwrap(), b"the owner's key");
        };
        fs::write(&secret, "the owner's key").unwrap();
        check(&|| std::os::unix::fs::symlink(&secret, &path).unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"said\n");
        check(&|| fs::write(&path, "an older lease's\n").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"said\n");
        check(&|| {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
        });
    }

    #[test]
    fn a_disk_that_takes_nothing_loses_no_more_than_it_must() {
        let mut log = StreamLog::new("/nonexistent/stdout.log".into());
        log.push(b"a\n", at(5));
        assert_eq!(log.take(100).unwrap().bytes, b"a\n");
    }
}
