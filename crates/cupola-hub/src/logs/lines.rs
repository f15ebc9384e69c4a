//! Chunks as lines.

use cupola_domain::{
    log::{self, ENTRIES, Entry, Level, level_of},
    text::storable,
};
use cupola_store::logs::Chunk;
use serde_json::Map;

use super::Line;

/// A line where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'a> {
    /// From 1.
    pub(super) number: i64,
    /// The chunk in which it begins.
    pub(super) chunk: &'a Chunk,
    /// Its bytes in that chunk, with its line end if that is there.
    pub(super) raw: &'a [u8],
}

impl Found<'_> {
    /// Whether its end is not in its chunk.
    pub(super) fn is_open(&self) -> bool {
        !self.raw.ends_with(b"\n")
    }

    /// How loud it is, as it was counted when it came.
    pub(super) fn level(&self) -> Level {
        level_of(&self.chunk.stream, without_end(self.raw))
    }

    /// The line with the text of `head`, which is its beginning, in at most `bytes_max` bytes.
    pub(super) fn line(&self, head: &[u8], bytes: i64, bytes_max: usize) -> Line {
        let head = without_end(head);
        let entry = entry_of(&self.chunk.stream, head);
        let (at, fields) = match &entry {
            Some(entry) => (entry.at, entry.fields.clone()),
            None => (self.chunk.at, Map::new()),
        };
        let mut text = match entry {
            Some(entry) => storable(&entry.message).into_owned(),
            None => text_of(head),
        };
        let is_long = text.len() > bytes_max;
        if is_long {
            text.truncate(text.floor_char_boundary(bytes_max));
        }
        let is_first = self.number == self.chunk.first_line;
        Line {
            number: self.number,
            stream: self.chunk.stream.clone(),
            level: self.level(),
            at,
            text,
            fields,
            bytes,
            is_cut: is_long || i64::try_from(head.len()).is_ok_and(|shown| shown < bytes),
            omitted: if is_first { self.chunk.omitted } else { 0 },
        }
    }
}

/// The lines that begin in a chunk.
pub(super) fn lines(chunk: &Chunk) -> impl Iterator<Item = Found<'_>> {
    let count = usize::try_from(chunk.levels.total()).unwrap_or(0);
    chunk
        .body
        .split_inclusive(|byte| *byte == b'\n')
        .take(count)
        .zip(chunk.first_line..)
        .map(move |(raw, number)| Found { number, chunk, raw })
}

/// What an entry's line says.
pub(super) fn entry_of(stream: &str, line: &[u8]) -> Option<Entry> {
    if stream != ENTRIES {
        return None;
    }
    Entry::parse(&String::from_utf8_lossy(line))
}

/// What a terminal would show of a line that was rewritten in place.
pub(super) fn text_of(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(log::shown(line));
    storable(&text).into_owned()
}

/// What follows the last `\r` in the end of a line, if there is one.
pub(super) fn last_state(end: &[u8]) -> Option<&[u8]> {
    let end = without_end(end);
    let state = log::shown(end);
    // A `\r` at the very end belongs to the line's end.
    let whole = end.strip_suffix(b"\r").unwrap_or(end);
    (state.len() < whole.len()).then_some(state)
}

pub(super) fn without_end(raw: &[u8]) -> &[u8] {
    raw.strip_suffix(b"\n").unwrap_or(raw)
}

#[cfg(test)]
mod tests {
    use cupola_domain::{log::LevelCounts, time::Timestamp};

    use super::*;

    fn chunk(stream: &str, body: &[u8], count: i64) -> Chunk {
        Chunk {
            number: 0,
            stream: stream.into(),
            at: Timestamp::from_millis(0),
            first_line: 7,
            levels: LevelCounts::new([0, count, 0, 0]),
            omitted: 0,
            body: body.to_vec(),
        }
    }

    fn check(body: &[u8], expected: &[&str]) {
        let count = i64::try_from(expected.len()).unwrap();
        let chunk = chunk("stdout", body, count);
        let lines: Vec<_> = lines(&chunk)
            .map(|found| found.line(found.raw, 0, 100))
            .collect();
        let texts: Vec<_> = lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, expected);
        assert!(lines.iter().map(|line| line.number).eq(7..7 + count));
    }

    #[test]
    fn bytes_become_lines() {
        check(b"", &[]);
        check(b"a\nb\n", &["a", "b"]);
        check(b"a\nb", &["a", "b"]);
        check(b"\n\n", &["", ""]);
        check(b"10%\r50%\r100%\n", &["100%"]);
        check(b"dos\r\n", &["dos"]);
        check(b"\xff\0\n", &["\u{fffd}\u{2400}"]);
    }

    #[test]
    fn an_entry_shows_its_message_and_keeps_its_fields() {
        let body =
            b"{\"level\":\"error\",\"time\":5,\"message\":\"a\\nb\",\"fields\":{\"x\":1}}\n{\n";
        let chunk = chunk("log", body, 2);
        let found: Vec<_> = lines(&chunk).collect();
        let entry = found[0].line(found[0].raw, 0, 100);
        assert_eq!((entry.level, entry.at.millis()), (Level::Error, 5));
        assert_eq!(
            (entry.text.as_str(), &entry.fields["x"]),
            ("a\nb", &1.into())
        );
        let other = found[1].line(found[1].raw, 0, 100);
        assert_eq!((other.level, other.text.as_str()), (Level::Info, "{"));
    }

    #[test]
    fn the_last_state_is_what_follows_the_last_return() {
        let check = |end: &str, expected: Option<&str>| {
            assert_eq!(last_state(end.as_bytes()), expected.map(str::as_bytes));
        };
        check("10%\r50%\r100%\n", Some("100%"));
        check("10%\r50%\r\n", Some("50%"));
        check("50%\r", None);
        check("50%", None);
        check("", None);
    }

    #[test]
    fn a_long_line_is_cut_between_characters_and_says_so() {
        let chunk = chunk("stdout", "aüü\n".as_bytes(), 1);
        let found = lines(&chunk).next().unwrap();
        for (bytes_max, text, is_cut) in [(2, "a", true), (3, "aü", true), (5, "aüü", false)] {
            let line = found.line(found.raw, 5, bytes_max);
            assert_eq!((line.text.as_str(), line.is_cut), (text, is_cut));
        }
        assert!(found.line(found.raw, 6, 100).is_cut, "more is elsewhere");
    }
}
