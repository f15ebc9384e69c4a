//! Parts of files that grow.

use std::{
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

use crate::{
    source::{LogPart, SourceError},
    xpm::file,
};

/// Nobody reads more at once.
const MOST: u64 = 16 << 20;

/// At most `bytes` from `offset`, or, without one, the end of the file beginning with a line. A file
/// that is shorter than `offset` was written anew: its end is given. Links are not followed: what a
/// job writes must not show what its viewer alone may read.
pub(crate) fn part(path: &Path, offset: Option<u64>, bytes: u64) -> Result<LogPart, SourceError> {
    let bytes = bytes.min(MOST);
    let name = || {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::Unknown(format!("there is no {}", name())),
        _ if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            SourceError::Refused(format!("{} is a link, which is not followed", name()))
        }
        _ => SourceError::Refused(format!("{}: {}", name(), file::words(&error))),
    };
    let (mut log, metadata) = file::open(path, false).map_err(failed)?;
    let size = metadata.len();
    let asked = offset.filter(|offset| *offset <= size);
    let start = asked.unwrap_or(size.saturating_sub(bytes));
    // One byte more tells whether the part begins with a line.
    let is_cut = asked.is_none() && start > 0;
    let from = start - u64::from(is_cut);
    log.seek(SeekFrom::Start(from)).map_err(failed)?;
    let mut read = Vec::new();
    let most = bytes + u64::from(is_cut);
    log.take(most.min(size - from))
        .read_to_end(&mut read)
        .map_err(failed)?;
    // Of a line that is longer than all of it, its end is shown: progress that was written over and
    // over, from the last time it began.
    let skipped = match memchr::memchr2(b'\n', b'\r', &read) {
        Some(end) if is_cut && end + 1 < read.len() => end + 1,
        _ => usize::from(is_cut),
    };
    read.drain(..skipped.min(read.len()));
    Ok(LogPart {
        offset: from + skipped as u64,
        bytes: read,
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, offset: Option<u64>, bytes: u64, expected: (u64, &str)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.out");
        std::fs::write(&path, text).unwrap();
        let part = part(&path, offset, bytes).unwrap();
        let read = String::from_utf8(part.bytes).unwrap();
        assert_eq!(
            (part.offset, read.as_str()),
            expected,
            "{text:?} {offset:?} {bytes}"
        );
        assert_eq!(part.size, text.len() as u64);
    }

    #[test]
    fn the_end_begins_with_a_line() {
        check("one\ntwo\nthree\n", None, 100, (0, "one\ntwo\nthree\n"));
        check("one\ntwo\nthree\n", None, 10, (4, "two\nthree\n"));
        check("one\ntwo\nthree\n", None, 9, (8, "three\n"));
        check("one\ntwo\nthree\n", None, 6, (8, "three\n"));
        check("a line without an end", None, 6, (15, "an end"));
        check("", None, 6, (0, ""));
        check("one\nlong line\n", None, 4, (10, "ine\n"));
        check("a 1%\ra 2%\ra 3%\n", None, 8, (10, "a 3%\n"));
    }

    #[test]
    fn a_part_begins_where_asked() {
        check("one\ntwo\n", Some(4), 100, (4, "two\n"));
        check("one\ntwo\n", Some(4), 2, (4, "tw"));
        check("one\ntwo\n", Some(8), 2, (8, ""));
    }

    #[test]
    fn a_file_that_was_written_anew_is_read_from_its_end() {
        check("new\n", Some(100), 50, (0, "new\n"));
    }

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.out");
        std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
        let refused = part(&path, None, 10).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "x.out is a link, which is not followed"
        );
        let missing = part(&folder.path().join("y.out"), None, 10).unwrap_err();
        assert_eq!(missing.to_string(), "there is no y.out");
    }
}
