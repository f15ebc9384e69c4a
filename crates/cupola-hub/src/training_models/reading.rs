//! One file: what it holds, counted once. It may change, grow or shrink while it is read.

use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use cupola_domain::{time::Timestamp, training::Found};
use cupola_formats::afs::{Dataset, Evaluation, version_of};

use super::place::{self, OpenError};

/// Of a file of scores so much is read: it is longer by mistake only.
const SCORES_BYTES_MAX: u64 = (16 << 20) + 1;

/// By what it is known that a file is the same as before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    /// Nanoseconds since 1970 began.
    pub(super) modified: i64,
}

impl Stamp {
    pub(super) fn of(found: &Metadata) -> Self {
        let at = found.modified().unwrap_or(UNIX_EPOCH);
        let nanos = match at.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_nanos()),
            Err(before) => i64::try_from(before.duration().as_nanos()).map(|nanos| -nanos),
        };
        Self {
            bytes: found.len(),
            modified: nanos.unwrap_or_default(),
        }
    }

    fn time(self) -> Timestamp {
        Timestamp::from_millis(self.modified.div_euclid(1_000_000))
    }
}

/// What was read of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    /// As it was when it was opened: a later change is seen by the next scan.
    pub(super) stamp: Stamp,
    pub(super) found: Found,
    pub(super) problem: Option<String>,
    /// Whether that is how it is until the file changes.
    pub(super) is_settled: bool,
    /// How many bytes came.
    pub(super) bytes: u64,
}

/// What kind of file it is, as its place says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Samples,
    Score,
}

/// Reads a file of the model with this key, which lies in one of these folders; `seen` is how it stood there.
pub(super) fn read(
    path: &Path,
    folders: &[PathBuf],
    (kind, key): (Kind, &str),
    seen: Stamp,
) -> Read {
    let content = place::open(path, folders).and_then(|file| {
        let before = Stamp::of(&file.metadata()?);
        let content = match kind {
            Kind::Samples => samples(&file)?,
            Kind::Score => score(&file, before)?,
        };
        Ok((content, before, Stamp::of(&file.metadata()?)))
    });
    let mut read = match content {
        Ok((content, before, after)) => {
            let moved = changed(before, after, content.bytes, kind);
            Read {
                stamp: before,
                found: content.found,
                is_settled: moved.is_none(),
                problem: moved.or(content.problem),
                bytes: content.bytes,
            }
        }
        Err(error) => Read {
            stamp: seen,
            found: match (&error, kind) {
                // Whatever it is called, it holds nothing of the model.
                (OpenError::NoFile | OpenError::Outside, _) => Found::Nothing,
                (_, Kind::Samples) => counted(None, None),
                (_, Kind::Score) => Found::Score { score: None },
            },
            problem: Some(format!("cannot be read: {error}")),
            is_settled: false,
            bytes: 0,
        },
    };
    if let Found::Samples { version, .. } = &mut read.found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        *version = version_of(&name, key).map(str::to_owned);
    }
    read
}

/// What came of a file.
struct Content {
    found: Found,
    problem: Option<String>,
    bytes: u64,
}

fn samples(file: &File) -> io::Result<Content> {
    let dataset = Dataset::read(file)?;
    let broken = dataset.broken.map(|broken| (broken.lines, broken.first));
    Ok(Content {
        found: counted(Some(dataset.samples), broken),
        problem: None,
        bytes: dataset.bytes,
    })
}

fn counted(samples: Option<u64>, broken: Option<(u64, u64)>) -> Found {
    Found::Samples {
        samples,
        broken,
        version: None,
    }
}

fn score(file: &File, stamp: Stamp) -> io::Result<Content> {
    let mut text = Vec::new();
    let bytes = file.take(SCORES_BYTES_MAX).read_to_end(&mut text)? as u64;
    let (score, problem) = match Evaluation::read(&text) {
        Ok(evaluation) => {
            let at = evaluation.time().unwrap_or_else(|| stamp.time());
            (Some((evaluation.score, at)), None)
        }
        Err(error) => (None, Some(error.to_string())),
    };
    Ok(Content {
        found: Found::Score { score },
        problem,
        bytes,
    })
}

/// In which way a file did not stay as it was while it was read.
fn changed(before: Stamp, after: Stamp, bytes: u64, kind: Kind) -> Option<String> {
    let is_whole = kind == Kind::Score || bytes == before.bytes;
    if before == after && is_whole {
        return None;
    }
    let verb = if after.bytes.min(bytes) < before.bytes && kind == Kind::Samples {
        "shrank"
    } else if after.bytes > before.bytes {
        "grew"
    } else {
        "changed"
    };
    Some(format!(
        "{verb} while it was read, from {} bytes to {}; it is read again",
        before.bytes, after.bytes
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_does_not_stay_as_it_was_is_told() {
        let stamp = |bytes, modified| Stamp { bytes, modified };
        let check = |before, after, bytes, expected: &str| {
            let found = changed(before, after, bytes, Kind::Samples);
            assert_eq!(found.unwrap_or_default(), expected);
        };
        check(stamp(9, 1), stamp(9, 1), 9, "");
        check(
            stamp(9, 1),
            stamp(12, 2),
            12,
            "grew while it was read, from 9 bytes to 12; it is read again",
        );
        check(
            stamp(9, 1),
            stamp(4, 2),
            4,
            "shrank while it was read, from 9 bytes to 4; it is read again",
        );
        check(
            stamp(9, 1),
            stamp(9, 2),
            9,
            "changed while it was read, from 9 bytes to 9; it is read again",
        );
    }
}
