//! Lines of a log: how loud they are, and the form of those that a program sends as structures.

mod entry;
mod level;

pub use self::{
    entry::Entry,
    level::{Level, LevelCounts},
};

/// The stream of structured lines: each is an [`Entry`] in its canonical form.
pub const ENTRIES: &str = "log";

/// How far into a line its level is looked for.
const PREFIX_BYTES_MAX: usize = 80;

/// How loud a line of `stream` is, judged by its first bytes alone.
///
/// An entry says so itself. Another line is `info`, on standard error `warn`, unless it begins with a
/// level's word: after a time and brackets, if there are any.
pub fn level_of(stream: &str, line: &[u8]) -> Level {
    let said = match stream {
        ENTRIES => entry::level_of(line),
        _ => leading_word(shown(line)).and_then(word_level),
    };
    said.unwrap_or(match stream {
        "stderr" | "event" => Level::Warn,
        _ => Level::Info,
    })
}

/// What a terminal would show of a line without its line end: what follows the last `\r`.
pub fn shown(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match memchr::memrchr(b'\r', line) {
        Some(at) => &line[at + 1..],
        None => line,
    }
}

/// The first word of a line behind colours, a time and brackets, with the byte before and after it.
fn leading_word(line: &[u8]) -> Option<(u8, &[u8], u8)> {
    let line = &line[..line.len().min(PREFIX_BYTES_MAX)];
    let mut at = 0;
    let mut before = b' ';
    while let Some(&byte) = line.get(at) {
        match byte {
            0x1b => at += 1 + escape_bytes(&line[at + 1..]),
            b'0'..=b'9' | b'-' | b':' | b'.' | b',' | b'/' | b'+' => at += 1,
            b' ' | b'\t' | b'[' | b']' | b'(' | b')' | b'<' | b'>' | b'{' | b'}' | b'|' => at += 1,
            b'T' | b'Z' if before.is_ascii_digit() => at += 1,
            b if b.is_ascii_alphabetic() => {
                let length = line[at..]
                    .iter()
                    .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
                    .count();
                let after = line.get(at + length).copied().unwrap_or(b' ');
                return Some((before, &line[at..at + length], after));
            }
            _ => return None,
        }
        before = byte;
    }
    None
}

/// The length of a colour's code behind its escape character.
fn escape_bytes(rest: &[u8]) -> usize {
    if rest.first() != Some(&b'[') {
        return 0;
    }
    let parameters = rest[1..]
        .iter()
        .take_while(|byte| (b' '..=b'?').contains(byte))
        .count();
    (2 + parameters).min(rest.len())
}

/// Prose begins with words as well: only capitals, a colon or brackets make a word a level.
fn word_level((before, word, after): (u8, &[u8], u8)) -> Option<Level> {
    // The longest is `EMERGENCY`, the shortest `ERR`.
    if !(3..=9).contains(&word.len()) {
        return None;
    }
    let is_marked = after == b':'
        || (before == b'[' && after == b']')
        || (before == b'<' && after == b'>')
        || (before == b'(' && after == b')');
    if !is_marked && !word.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    Level::from_word(str::from_utf8(word).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Level) {
        assert_eq!(level_of("stdout", line.as_bytes()), expected, "{line:?}");
    }

    #[test]
    fn a_line_without_a_word_has_the_level_of_its_stream() {
        for (stream, expected) in [
            ("stdout", Level::Info),
            ("worker", Level::Info),
            ("stderr", Level::Warn),
            ("event", Level::Warn),
            ("log", Level::Info),
        ] {
            assert_eq!(level_of(stream, b"step 3 of 10"), expected, "{stream}");
        }
        assert_eq!(level_of("stderr", b"INFO started"), Level::Info);
    }

    #[test]
    fn a_line_that_begins_with_a_word_has_its_level() {
        check("ERROR no space left", Level::Error);
        check("error: no space left", Level::Error);
        check("[error] no space left", Level::Error);
        check("WARNING:root:slow", Level::Warn);
        check("2026-11-21 03:04:05,678 WARN slow", Level::Warn);
        check("2026-11-21T03:04:05.678Z  DEBUG x", Level::Debug);
        check("[2026-11-21 03:04:05] [CRITICAL] x", Level::Error);
        check("\u{1b}[1;31mFATAL\u{1b}[0m x", Level::Error);
        check("TRACE", Level::Debug);
        check("10%\r20%\rERROR x", Level::Error);
    }

    #[test]
    fn prose_is_prose() {
        for line in [
            "Error handling is fine",
            "ValueError: x",
            "errors: 3",
            "INFORMATION",
            "no error: here",
            "",
            "[[[[",
            "12:00:00",
        ] {
            check(line, Level::Info);
        }
    }

    #[test]
    fn a_terminal_shows_the_last_state_of_a_line() {
        for (line, expected) in [("10%\r50%\r100%", "100%"), ("dos\r", "dos"), ("", "")] {
            assert_eq!(shown(line.as_bytes()), expected.as_bytes());
        }
    }
}
