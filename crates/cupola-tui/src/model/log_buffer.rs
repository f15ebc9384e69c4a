//! A window into a log: bytes that were read, cut into lines.

use std::ops::Range;

use cupola_domain::terminal::{self, Span};

/// So much of a log is kept; what is farther from where one looks is read again.
const WINDOW_BYTES_MAX: usize = 8 << 20;

/// So much of one line is shown.
const LINE_BYTES_MAX: usize = 16 << 10;

/// A window into a log.
#[derive(Debug, Default)]
pub(crate) struct LogBuffer {
    /// Where in the file it begins.
    start: u64,
    bytes: Vec<u8>,
    /// Where in it each line begins.
    lines: Vec<usize>,
    /// Of the whole file, when it was read last.
    size: u64,
}

impl LogBuffer {
    /// How many lines; the last may not have ended yet.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// Where in the file a line begins.
    pub(crate) fn offset(&self, at: usize) -> u64 {
        let start = self.lines.get(at).copied().unwrap_or(self.bytes.len());
        self.start + start as u64
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether so much is known that more is only read for who moves.
    pub(crate) fn is_large(&self) -> bool {
        self.bytes.len() >= WINDOW_BYTES_MAX / 2
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes a part of the file. Says how many lines were put before those that were there, or taken
    /// away there; none if the window is another one now.
    pub(crate) fn take(&mut self, offset: u64, bytes: &[u8], size: u64) -> Option<isize> {
        self.size = size;
        let is_shrunk = size < self.end();
        if !is_shrunk && offset == self.end() && !self.bytes.is_empty() {
            return Some(self.append(bytes));
        }
        if !is_shrunk && offset + bytes.len() as u64 == self.start && self.start > 0 {
            return Some(self.prepend(offset, bytes));
        }
        self.start = offset;
        self.bytes = bytes.to_vec();
        self.lines = starts(bytes, 0);
        None
    }

    /// A line as it is shown: of what a progress bar wrote over itself only the last, and nothing
    /// that a terminal would obey but sixteen colours.
    pub(crate) fn line(&self, at: usize) -> Vec<Span> {
        terminal::spans(&self.raw(at).replace('\t', "    "))
    }

    /// The same without colours.
    pub(crate) fn text(&self, at: usize) -> String {
        terminal::plain(&self.raw(at)).replace('\t', "    ")
    }

    /// The next line in which a text occurs, in whatever case.
    pub(crate) fn find(&self, text: &str, among: Range<usize>, is_backward: bool) -> Option<usize> {
        let wanted = text.to_lowercase();
        let is_found = |at: &usize| self.text(*at).to_lowercase().contains(&wanted);
        let mut among = among.start..among.end.min(self.len());
        if is_backward {
            among.rev().find(is_found)
        } else {
            among.find(is_found)
        }
    }

    /// Whether the last line has no end yet.
    pub(crate) fn is_open(&self) -> bool {
        self.bytes.last().is_some_and(|byte| *byte != b'\n')
    }

    fn raw(&self, at: usize) -> String {
        let Some(start) = self.lines.get(at).copied() else {
            return String::new();
        };
        let end = self
            .lines
            .get(at + 1)
            .map_or(self.bytes.len(), |next| *next);
        let line = &self.bytes[start..end];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let last = line.iter().rposition(|byte| *byte == b'\r');
        let line = last.map_or(line, |place| &line[place + 1..]);
        String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES_MAX)]).into_owned()
    }

    fn append(&mut self, bytes: &[u8]) -> isize {
        let begins = self.bytes.len();
        let mut new = starts(bytes, begins);
        if self.is_open() && !new.is_empty() {
            new.remove(0);
        }
        self.bytes.extend_from_slice(bytes);
        self.lines.extend(new);
        let surplus = self.bytes.len().saturating_sub(WINDOW_BYTES_MAX);
        if surplus == 0 {
            return 0;
        }
        // A quarter more, so that not every part moves all bytes.
        let least = surplus + WINDOW_BYTES_MAX / 4;
        let passed = self.lines.partition_point(|start| *start < least);
        let next = self.lines.get(passed).copied();
        let next = next.filter(|start| *start < least + LINE_BYTES_MAX);
        // Where no line begins soon, the end of the one that is there is kept.
        let dropped = passed - usize::from(next.is_none());
        let cut = next.unwrap_or(least);
        self.bytes.drain(..cut);
        self.lines.drain(..dropped);
        for start in &mut self.lines {
            *start = start.saturating_sub(cut);
        }
        self.start += cut as u64;
        -signed(dropped)
    }

    fn prepend(&mut self, offset: u64, bytes: &[u8]) -> isize {
        let mut lines = starts(bytes, 0);
        let goes_on = bytes.last().is_some_and(|byte| *byte != b'\n');
        let known = self.lines.iter().skip(usize::from(goes_on));
        lines.extend(known.map(|start| start + bytes.len()));
        let added = signed(lines.len()) - signed(self.lines.len());
        self.lines = lines;
        self.bytes.splice(..0, bytes.iter().copied());
        self.start = offset;
        self.bytes.truncate(WINDOW_BYTES_MAX);
        let kept = self
            .lines
            .partition_point(|start| *start < self.bytes.len());
        self.lines.truncate(kept);
        added
    }
}

fn signed(count: usize) -> isize {
    isize::try_from(count).unwrap_or(isize::MAX)
}

/// Where each line of some bytes begins.
fn starts(bytes: &[u8], at: usize) -> Vec<usize> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut starts = vec![at];
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    starts.extend(ends.map(|(place, _)| at + place + 1));
    if starts.last() == Some(&(at + bytes.len())) {
        starts.pop();
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(buffer: &LogBuffer) -> Vec<String> {
        (0..buffer.len()).map(|at| buffer.text(at)).collect()
    }

    /// A file that is read in parts, cut anywhere.
    fn check(parts: &[&str], expected: &[&str]) {
        let mut buffer = LogBuffer::default();
        let mut offset = 0;
        for part in parts {
            let size = offset + part.len() as u64;
            buffer.take(offset, part.as_bytes(), size);
            offset = size;
        }
        assert_eq!(texts(&buffer), expected, "{parts:?}");
    }

    #[test]
    fn lines_are_the_same_however_they_came() {
        check(&["a\nb\n"], &["a", "b"]);
        check(&["a", "b\n", "c\n"], &["ab", "c"]);
        check(&["a\n", "\n", "b"], &["a", "", "b"]);
        check(&["a\nb", "", "c"], &["a", "bc"]);
        check(&["\u{1b}[31mred\u{1b}[0m\tx\u{7}\r\n"], &["red    x"]);
    }

    #[test]
    fn of_a_progress_bar_the_last_is_shown() {
        check(&[" 1%\r 2%\r 3%", "\r 4%\n", "end\r"], &[" 4%", "end"]);
    }

    #[test]
    fn what_comes_before_is_put_before() {
        let mut buffer = LogBuffer::default();
        assert_eq!(buffer.take(6, b"c\nd\n", 10), None);
        assert_eq!(buffer.take(2, b"a\nb\n", 10), Some(2));
        assert_eq!(texts(&buffer), ["a", "b", "c", "d"]);
        assert_eq!((buffer.start(), buffer.end()), (2, 10));
    }

    #[test]
    fn a_file_that_shrank_is_begun_again() {
        let mut buffer = LogBuffer::default();
        buffer.take(0, b"a long line\n", 12);
        assert_eq!(buffer.take(0, b"new\n", 4), None);
        assert_eq!(texts(&buffer), ["new"]);
    }

    #[test]
    fn only_a_window_is_kept() {
        let mut buffer = LogBuffer::default();
        let part = "0123456789abcde\n".repeat(4096);
        let mut offset = 0;
        let mut dropped = 0;
        for _ in 0..200 {
            let size = offset + part.len() as u64;
            dropped += buffer.take(offset, part.as_bytes(), size).unwrap_or(0);
            offset = size;
        }
        assert!(buffer.bytes().len() <= WINDOW_BYTES_MAX);
        assert_eq!(buffer.end(), offset);
        assert_eq!(signed(buffer.len()) - dropped, 200 * 4096);
        assert_eq!(buffer.text(buffer.len() - 1), "0123456789abcde");
    }

    #[test]
    fn only_a_window_is_kept_of_a_line_that_does_not_end() {
        let part = " 42%|####      |\r".repeat(4096);
        let bytes = part.len() as u64;
        let size = 200 * bytes;
        let check = |buffer: &LogBuffer, expected: (u64, u64)| {
            assert!(buffer.bytes().len() <= WINDOW_BYTES_MAX);
            assert!(buffer.bytes().len() >= WINDOW_BYTES_MAX / 2);
            assert_eq!((buffer.len(), buffer.lines[0]), (1, 0));
            assert!(buffer.start() <= expected.0 && expected.1 <= buffer.end());
        };
        let mut buffer = LogBuffer::default();
        for at in 0..200 {
            buffer.take(at * bytes, part.as_bytes(), size);
        }
        check(&buffer, (size - bytes, size));
        let mut buffer = LogBuffer::default();
        for at in (0..200).rev() {
            buffer.take(at * bytes, part.as_bytes(), size);
        }
        check(&buffer, (0, bytes));
    }

    #[test]
    fn texts_are_found_both_ways() {
        let mut buffer = LogBuffer::default();
        buffer.take(0, b"Error one\nfine\nan ERROR\n", 24);
        assert_eq!(buffer.find("error", 0..9, false), Some(0));
        assert_eq!(buffer.find("error", 1..9, false), Some(2));
        assert_eq!(buffer.find("error", 0..2, true), Some(0));
        assert_eq!(buffer.find("warning", 0..3, true), None);
    }
}
