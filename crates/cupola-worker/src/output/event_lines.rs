//! The lines of the events descriptor, which may be as long as a result.

/// Of a longer line only the beginning is kept. A result may have 4 MiB as the hub writes it; a
/// program may write it with blanks and escapes.
pub(crate) const EVENT_LINE_BYTES_MAX: usize = 16 << 20;

/// Collects bytes until a line is whole.
#[derive(Debug, Default)]
pub(crate) struct EventLines {
    line: Vec<u8>,
    bytes: usize,
}

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventLine<'l> {
    /// What was kept of it: all of it, or its beginning.
    pub(crate) kept: &'l [u8],
    /// How long it was.
    pub(crate) bytes: usize,
}

impl EventLine<'_> {
    /// Whether something is missing.
    pub(crate) fn is_cut(&self) -> bool {
        self.kept.len() < self.bytes
    }
}

impl EventLines {
    /// Takes `bytes` and calls `emit` with each line that they end.
    pub(crate) fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(EventLine<'_>)) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            if self.bytes == 0 {
                let bytes = line.len();
                emit(EventLine { kept: line, bytes });
            } else {
                self.extend(line);
                self.finish(&mut emit);
            }
            rest = after;
        }
        self.extend(rest);
    }

    /// No more will come: emits what lacks its line end.
    pub(crate) fn finish(&mut self, mut emit: impl FnMut(EventLine<'_>)) {
        if self.bytes > 0 {
            // What a long line took is given back.
            let whole = std::mem::take(self);
            emit(EventLine {
                kept: &whole.line,
                bytes: whole.bytes,
            });
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = EVENT_LINE_BYTES_MAX - self.line.len();
        self.line.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.bytes += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines<B: AsRef<[u8]>>(chunks: &[B]) -> Vec<(String, usize)> {
        let mut lines = EventLines::default();
        let mut seen = Vec::new();
        let mut note = |line: EventLine<'_>| {
            let kept = String::from_utf8_lossy(line.kept).into_owned();
            seen.push((kept, line.bytes));
        };
        for chunk in chunks {
            lines.push(chunk.as_ref(), &mut note);
        }
        lines.finish(&mut note);
        seen
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_counted() {
        let piece = vec![b'x'; EVENT_LINE_BYTES_MAX];
        let seen = lines(&[b"a\n".as_slice(), &piece, b"y", b"z\nb"]);
        assert_eq!(seen[0], ("a".to_owned(), 1));
        assert_eq!(seen[1].0.len(), EVENT_LINE_BYTES_MAX);
        assert_eq!(seen[1].1, EVENT_LINE_BYTES_MAX + 2);
        assert_eq!(seen[2], ("b".to_owned(), 1));
    }

    proptest! {
        #[test]
        fn lines_are_the_same_wherever_the_bytes_are_cut(
            chunks in prop::collection::vec("[ab\n]{0,6}", 0..12)
        ) {
            let whole = chunks.concat();
            let filled = |lines: Vec<(String, usize)>| -> Vec<_> {
                lines.into_iter().filter(|(line, _)| !line.is_empty()).collect()
            };
            prop_assert_eq!(filled(lines(&chunks)), filled(lines(&[whole])));
        }
    }
}
