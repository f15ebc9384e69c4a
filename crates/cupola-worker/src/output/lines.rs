//! Bytes into whole lines, and the last of them.

/// A line that is longer is passed on in pieces.
pub(crate) const LINE_BYTES_MAX: usize = 64 << 10;

/// How much of a last line is kept to be parsed.
pub(crate) const LAST_LINE_BYTES_MAX: usize = 1 << 20;

/// Collects bytes until a line is whole.
#[derive(Debug, Default)]
pub(crate) struct LineCutter {
    partial: Vec<u8>,
}

impl LineCutter {
    /// Takes `bytes` and calls `emit` with blocks that end with a line end, or with a piece of a
    /// line that is too long to wait for.
    pub(crate) fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(&[u8])) {
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        let (lines, rest) = bytes.split_at(whole);
        if !lines.is_empty() {
            if self.partial.is_empty() {
                emit(lines);
            } else {
                self.partial.extend_from_slice(lines);
                emit(&self.partial);
                self.partial.clear();
            }
        }
        self.partial.extend_from_slice(rest);
        if self.partial.len() > LINE_BYTES_MAX {
            for piece in self.partial.chunks(LINE_BYTES_MAX) {
                emit(piece);
            }
            self.partial.clear();
        }
    }

    /// No more will come: emits what lacks its line end.
    pub(crate) fn finish(&mut self, emit: impl FnOnce(&[u8])) {
        if !self.partial.is_empty() {
            emit(&self.partial);
            self.partial = Vec::new();
        }
    }
}

/// Remembers the last line that is not blank.
#[derive(Debug, Default)]
pub(crate) struct LastLine {
    last: Vec<u8>,
    current: Vec<u8>,
}

impl LastLine {
    /// Takes the next bytes of the stream.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let Some(end) = bytes.iter().rposition(|&byte| byte == b'\n') else {
            self.extend(bytes);
            return;
        };
        let mut lines = bytes[..end].rsplit(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let is_first = lines.peek().is_none();
            if is_first {
                // The first line of these bytes began in earlier ones.
                self.extend(line);
                if !is_blank(&self.current) {
                    self.last = std::mem::take(&mut self.current);
                }
            } else if !is_blank(line) {
                self.last = line[..line.len().min(LAST_LINE_BYTES_MAX)].to_vec();
                break;
            }
        }
        self.current.clear();
        self.extend(&bytes[end + 1..]);
    }

    /// The last line so far, whether or not its end came; without blanks around it. Empty when
    /// there is none.
    pub(crate) fn text(&self) -> String {
        let line = if is_blank(&self.current) {
            &self.last
        } else {
            &self.current
        };
        String::from_utf8_lossy(line).trim().to_owned()
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = LAST_LINE_BYTES_MAX.saturating_sub(self.current.len());
        self.current
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pushes `chunks` and shows the blocks that came out.
    fn blocks(chunks: &[&str]) -> Vec<String> {
        let mut cutter = LineCutter::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            cutter.push(chunk.as_bytes(), |block| seen.push(text(block)));
        }
        cutter.finish(|block| seen.push(text(block)));
        seen
    }

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    fn check_last(chunks: &[&str], expected: &str) {
        let mut last = LastLine::default();
        for chunk in chunks {
            last.push(chunk.as_bytes());
        }
        assert_eq!(last.text(), expected, "{chunks:?}");
    }

    #[test]
    fn half_lines_wait_for_their_end() {
        assert_eq!(blocks(&["a", "b\nc", "\n"]), ["ab\n", "c\n"]);
        assert_eq!(blocks(&["a\nb\n"]), ["a\nb\n"]);
    }

    #[test]
    fn a_last_line_without_its_end_is_passed_on() {
        assert_eq!(blocks(&["a\nb"]), ["a\n", "b"]);
    }

    #[test]
    fn a_line_that_is_too_long_comes_in_pieces() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let lengths: Vec<_> = blocks(&[&long, "y\n"]).iter().map(String::len).collect();
        assert_eq!(lengths, [LINE_BYTES_MAX, 1, 2]);
    }

    #[test]
    fn the_last_line_is_found_however_it_is_cut() {
        check_last(&["a\nb\n"], "b");
        check_last(&["a\nb"], "b");
        check_last(&["a\n", "{\"lo", "ss\": 1}\n"], "{\"loss\": 1}");
        check_last(&["{\"a\":", " 1}\nx\n\n"], "x");
    }

    #[test]
    fn blank_lines_after_the_last_do_not_count() {
        check_last(&["a\n\n \r\n", "\n"], "a");
        check_last(&["", "\n"], "");
    }

    #[test]
    fn an_endless_last_line_is_kept_up_to_its_bound() {
        let mut last = LastLine::default();
        for _ in 0..3 {
            last.push(&vec![b'x'; LAST_LINE_BYTES_MAX / 2]);
        }
        assert_eq!(last.text().len(), LAST_LINE_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_changed_wherever_the_bytes_are_cut(
            chunks in prop::collection::vec("[ab\n ]{0,6}", 0..12)
        ) {
            let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            let whole = chunks.concat();
            prop_assert_eq!(blocks(&chunks).concat(), whole.clone());
            let expected = whole.lines().map(str::trim).rfind(|line| !line.is_empty());
            check_last(&chunks, expected.unwrap_or(""));
        }
    }
}
