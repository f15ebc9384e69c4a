//! Reading files that somebody else may be writing, or may have made to hurt.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use serde_json::Value;

/// Why something was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is not there.
    Missing,
    /// It is, but: in words.
    Problem(String),
}

/// A status of a run with 100,000 jobs has some 10 MB.
pub(crate) const MOST: u64 = 256 << 20;
/// Parameters of a job may hold lists of data.
pub(crate) const MOST_OF_PARAMETERS: u64 = 16 << 20;
/// What a job writes of itself is a page; many jobs are read at once, and JSON takes ten times its
/// length.
pub(crate) const MOST_OF_JOB: u64 = 1 << 20;

/// Opens a regular file without ever waiting for one: a pipe in its place would not answer.
pub(crate) fn open(path: &Path, follow: bool) -> io::Result<(File, Metadata)> {
    let mut flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    if !follow {
        flags |= rustix::fs::OFlags::NOFOLLOW;
    }
    let file = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() {
        Ok((file, metadata))
    } else {
        Err(io::Error::other("not a regular file"))
    }
}

/// What changes when a file is written.
pub(crate) type Stamp = (u64, u64, i64, i64);

/// Of a file that is there.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt as _;
    let known = path.metadata().ok()?;
    Some((known.ino(), known.len(), known.mtime(), known.mtime_nsec()))
}

/// All of a file that has at most so many bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Unread> {
    let (file, metadata) = open(path, false).map_err(|error| unread(path, &error))?;
    if metadata.len() > most {
        return Err(problem(path, &format!("larger than {} MiB", most >> 20)));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    match file.take(most).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(unread(path, &error)),
    }
}

/// All of a file that has at most so many bytes, as JSON.
pub(crate) fn json(path: &Path, most: u64) -> Result<Value, Unread> {
    let bytes = read(path, most)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let what = if error.is_eof() {
            HALF_WRITTEN
        } else {
            NOT_JSON
        };
        problem(path, &format!("{what} ({error})"))
    })
}

const HALF_WRITTEN: &str = "half written";
const NOT_JSON: &str = "not JSON";

/// Whether a problem is one that ends when somebody has finished writing.
pub(crate) fn is_torn(problem: &str) -> bool {
    let what = problem.split_once(": ").map_or(problem, |(_, what)| what);
    what.starts_with(HALF_WRITTEN) || what.starts_with(NOT_JSON)
}

/// The error in words, with the file's own name before it.
pub(crate) fn unread(path: &Path, error: &io::Error) -> Unread {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unread::Missing,
        // What somebody else's job writes must not show what its viewer alone may read.
        _ if path.is_symlink() => problem(path, "a link, which is not followed"),
        _ => problem(path, &words(error)),
    }
}

/// Without the number that Rust appends.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    text[..end].to_lowercase()
}

fn problem(path: &Path, what: &str) -> Unread {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Unread::Problem(format!("{name}: {what}"))
}

/// A file of lines that grows at its end, read as far as its last whole line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tail {
    offset: u64,
    inode: u64,
}

/// What a tail gave.
pub(crate) struct Grown {
    /// Whole lines.
    pub(crate) bytes: Vec<u8>,
    /// The file is another, or shorter: what was read before is void.
    pub(crate) is_new: bool,
}

impl Tail {
    /// What was written since the last call. A missing file has nothing.
    pub(crate) fn read(&mut self, path: &Path) -> Result<Grown, Unread> {
        self.read_at_most(path, MOST)
    }

    fn read_at_most(&mut self, path: &Path, most: u64) -> Result<Grown, Unread> {
        use std::os::unix::fs::{FileExt as _, MetadataExt as _};
        let (file, metadata) = open(path, false).map_err(|error| unread(path, &error))?;
        let is_new = self.inode != metadata.ino() || metadata.len() < self.offset;
        if is_new {
            *self = Self {
                offset: 0,
                inode: metadata.ino(),
            };
        }
        let more = (metadata.len() - self.offset).min(most);
        let mut bytes = vec![0; usize::try_from(more).unwrap_or(0)];
        let mut filled = 0;
        while filled < bytes.len() {
            let at = self.offset + filled as u64;
            match file.read_at(&mut bytes[filled..], at) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) => return Err(unread(path, &error)),
            }
        }
        bytes.truncate(filled);
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
        if whole == 0 && bytes.len() as u64 == most {
            // It would be read again and again.
            self.offset += most;
            let what = format!("a line is longer than {} MiB", most >> 20);
            return Err(problem(path, &what));
        }
        bytes.truncate(whole);
        self.offset += bytes.len() as u64;
        Ok(Grown { bytes, is_new })
    }
}

/// Each line that is JSON; others are passed over and counted.
pub(crate) fn lines(bytes: &[u8], mut each: impl FnMut(Value)) -> usize {
    let mut bad = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(value) => each(value),
            Err(_) => bad += 1,
        }
    }
    bad
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write as _};

    use super::*;

    #[test]
    fn a_tail_gives_whole_lines_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let mut tail = Tail::default();
        assert!(matches!(tail.read(&path), Err(Unread::Missing)));
        let mut file = File::create(&path).unwrap();
        for (write, expected, is_new) in [
            ("one\ntw", "one\n", true),
            ("", "", false),
            ("o\nthree\n", "two\nthree\n", false),
        ] {
            file.write_all(write.as_bytes()).unwrap();
            let grown = tail.read(&path).unwrap();
            assert_eq!(String::from_utf8_lossy(&grown.bytes), expected);
            assert_eq!(grown.is_new, is_new);
        }
        fs::write(&path, "x\n").unwrap();
        assert!(tail.read(&path).unwrap().is_new, "it is shorter");
    }

    #[test]
    fn what_is_too_long_is_said_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let file = File::create(&path).unwrap();
        file.set_len(MOST_OF_JOB + 1).unwrap();
        let words = |what: &str| Unread::Problem(format!("x: {what}"));
        assert_eq!(json(&path, MOST_OF_JOB), Err(words("larger than 1 MiB")));
        file.set_len(1 << 20).unwrap();
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"\n{}\n")
            .unwrap();
        let mut tail = Tail::default();
        let read = tail.read_at_most(&path, 1 << 20).map(|grown| grown.bytes);
        assert_eq!(read, Err(words("a line is longer than 1 MiB")));
        assert_eq!(tail.read(&path).unwrap().bytes, b"\n{}\n");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("half"), "{\"a\": [1, ").unwrap();
        fs::write(at("wrong"), "hello").unwrap();
        std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        for (name, expected) in [
            ("half", "half: half written"),
            ("wrong", "wrong: not JSON"),
            ("loop", "loop: a link, which is not followed"),
            ("pipe", "pipe: not a regular file"),
        ] {
            let Err(Unread::Problem(text)) = json(&at(name), MOST) else {
                panic!("{name} was read");
            };
            assert!(text.starts_with(expected), "{text}");
        }
        assert_eq!(json(&at("none"), MOST), Err(Unread::Missing));
    }

    #[test]
    fn lines_that_are_no_json_are_passed_over() {
        let mut read = Vec::new();
        let bad = lines(b"{\"a\":1}\n\n{half\n2\n", |value| {
            read.push(value.to_string());
        });
        assert_eq!((read.join(" ").as_str(), bad), ("{\"a\":1} 2", 1));
    }
}
