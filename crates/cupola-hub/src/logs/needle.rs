//! A text that is looked for in many lines, in whatever case.
//!
//! What counts is the text that a page shows: without terminal codes, of an entry its message and
//! its fields. Most chunks have nothing that makes the two differ: these are searched as bytes.

use cupola_domain::{
    log::ENTRIES,
    terminal::{multiline, plain},
};
use serde_json::Value;

use super::lines::{Found, entry_of, text_of, without_end};

/// Characters by how often they stand in logs, the most frequent first. The search goes from one
/// occurrence to the next of the needle's rarest.
const FREQUENT: &[u8] = b" eta0oin1sr2.l3dc4:5=6u7m8f9p-g_/w\"yb,v[]()kxjqz";

/// What is looked for.
#[derive(Debug)]
pub(super) struct Needle {
    /// In lower case.
    text: String,
    /// The place of its rarest byte; `None` when it is not ASCII, whose cases are two bytes a letter.
    rarest: Option<usize>,
    /// Whether JSON writes it as it is.
    is_bare: bool,
}

impl Needle {
    /// A text that is not empty.
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let rarity = |byte: u8| {
            let place = FREQUENT.iter().position(|frequent| *frequent == byte);
            place.unwrap_or(FREQUENT.len())
        };
        let rarest = text.bytes().enumerate().max_by_key(|(_, b)| rarity(*b));
        Self {
            rarest: rarest.map(|(at, _)| at).filter(|_| text.is_ascii()),
            is_bare: !text.contains(['"', '\\']) && !text.contains(char::is_control),
            text,
        }
    }

    /// Whether bytes of this stream can be searched as they are: nothing in them is shown otherwise.
    pub(super) fn finds_bytes(&self, stream: &str, body: &[u8]) -> bool {
        self.rarest.is_some()
            && body.iter().all(|byte| IS_PLAIN[usize::from(*byte)])
            && (stream != ENTRIES || (self.is_bare && has_plain_escapes(body)))
    }

    /// Where it first stands in ASCII letters of any case from `from` on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let needle = self.text.as_bytes();
        let rarest = self.rarest?;
        let (low, high) = (needle[rarest], needle[rarest].to_ascii_uppercase());
        let start = from + rarest;
        memchr::memchr2_iter(low, high, bytes.get(start..)?)
            .map(|at| from + at)
            .find(|at| {
                bytes
                    .get(*at..at + needle.len())
                    .is_some_and(|found| found.eq_ignore_ascii_case(needle))
            })
    }

    /// Whether a line whose beginning is `head` shows it.
    pub(super) fn is_in(&self, found: &Found<'_>, head: &[u8]) -> bool {
        let head = without_end(head);
        match entry_of(&found.chunk.stream, head) {
            Some(entry) => {
                self.is_in_text(&multiline(&entry.message))
                    || (!entry.fields.is_empty()
                        && self.is_in_text(&Value::Object(entry.fields).to_string()))
            }
            None => self.is_in_text(&plain(&text_of(head))),
        }
    }

    fn is_in_text(&self, text: &str) -> bool {
        match self.rarest {
            Some(_) => self.find(text.as_bytes(), 0).is_some(),
            None => text.to_lowercase().contains(&self.text),
        }
    }
}

/// Bytes that are shown as they are: no control characters, nor the first byte of one in UTF-8.
const IS_PLAIN: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = byte == b'\n' as usize || byte == b'\t' as usize;
        byte += 1;
    }
    table[0x7f] = false;
    table[0xc2] = false;
    table
};

/// Whether the escapes in JSON texts stand for characters that are shown.
fn has_plain_escapes(body: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', body)
        .all(|at| matches!(body.get(at + 1), Some(b'n' | b't' | b'"' | b'\\')))
}

#[cfg(test)]
mod tests {
    use cupola_domain::{log::LevelCounts, time::Timestamp};
    use cupola_store::logs::Chunk;
    use proptest::prelude::*;

    use super::*;

    fn chunk(stream: &str, body: &[u8]) -> Chunk {
        Chunk {
            number: 0,
            stream: stream.into(),
            at: Timestamp::from_millis(0),
            first_line: 1,
            levels: LevelCounts::new([0, 1, 0, 0]),
            omitted: 0,
            body: body.to_vec(),
        }
    }

    fn is_in(stream: &str, line: &str, text: &str) -> bool {
        let chunk = chunk(stream, line.as_bytes());
        let found = Found {
            number: 1,
            chunk: &chunk,
            raw: &chunk.body,
        };
        Needle::new(text).is_in(&found, &chunk.body)
    }

    fn check(stream: &str, line: &str, text: &str, expected: bool) {
        assert_eq!(is_in(stream, line, text), expected, "{text:?} in {line:?}");
    }

    #[test]
    fn case_does_not_matter() {
        check("stdout", "Loss IS nan\n", "loss is NaN", true);
        check("stdout", "GRÖSSE", "größe", false);
        check("stdout", "GRÖẞE", "größe", true);
        check("stdout", "los", "loss", false);
    }

    #[test]
    fn what_is_shown_is_what_is_searched() {
        check("stdout", "\u{1b}[31mer\u{1b}[0mror\n", "error", true);
        check("stdout", "\u{1b}[31mx\n", "31m", false);
        check("stdout", "error\rdone\n", "error", false);
    }

    #[test]
    fn an_entry_is_searched_in_message_and_fields() {
        let line = r#"{"level":"info","time":1,"message":"say \"hi\"\nto\u001b[1mall","fields":{"who":"Ada"}}"#;
        for (text, expected) in [
            ("say \"hi\"", true),
            ("toall", true),
            ("\"who\":\"ada\"", true),
            ("message", false),
            ("u001b", false),
        ] {
            check("log", line, text, expected);
        }
    }

    #[test]
    fn only_plain_bytes_are_searched_as_bytes() {
        for (stream, body, text, expected) in [
            ("stdout", "plain\tü\n", "x", true),
            ("stdout", "a\u{1b}b", "x", false),
            ("stdout", "a\rb", "x", false),
            ("stdout", "\u{85}", "x", false),
            ("stdout", "plain", "ü", false),
            ("log", r#"{"a":"\n\"\\"}"#, "x", true),
            ("log", r#"{"a":"\u001b"}"#, "x", false),
            ("log", "{}", "\"", false),
        ] {
            let found = Needle::new(text).finds_bytes(stream, body.as_bytes());
            assert_eq!(found, expected, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_and_texts_agree(line in "[ -~ü]{0,30}", text in "[ -~]{1,3}") {
            let needle = Needle::new(&text);
            prop_assert!(needle.finds_bytes("stdout", line.as_bytes()));
            let by_bytes = needle.find(line.as_bytes(), 0);
            let lower = line.to_ascii_lowercase();
            prop_assert_eq!(by_bytes, lower.find(&text.to_ascii_lowercase()));
            prop_assert_eq!(by_bytes.is_some(), is_in("stdout", &line, &text));
        }
    }
}
