//! A structured line: `{"level":"info","time":1700000000500,"message":"…","fields":{…}}`.

use serde_json::{Map, Value};

use super::Level;
use crate::time::Timestamp;

/// What the canonical form begins with.
const HEAD: &str = r#"{"level":""#;

/// What stands before the message.
const MESSAGE: &str = r#","message":""#;

/// What a program logged, with what goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// How loud.
    pub level: Level,
    /// When, by the program's clock or its worker's.
    pub at: Timestamp,
    /// In its words; may have several lines.
    pub message: String,
    /// Name → any JSON value.
    pub fields: Map<String, Value>,
}

impl Entry {
    /// Its canonical line, with its line end.
    pub fn to_line(&self) -> String {
        let (level, at) = (self.level, self.at.millis());
        let message = Value::from(self.message.as_str());
        let mut line = format!(r#"{HEAD}{level}","time":{at},"message":{message}"#);
        if !self.fields.is_empty() {
            line.push_str(r#","fields":"#);
            line.push_str(&Value::Object(self.fields.clone()).to_string());
        }
        line.push_str("}\n");
        line
    }

    /// Reads a canonical line without its line end. Of one that was cut, as much of the message as is
    /// there.
    pub fn parse(line: &str) -> Option<Self> {
        if !line.starts_with(HEAD) {
            return None;
        }
        let Ok(Value::Object(mut object)) = serde_json::from_str(line) else {
            return Self::parse_cut(line);
        };
        let Some(Value::String(message)) = object.remove("message") else {
            return None;
        };
        Some(Self {
            level: Level::from_word(object.get("level")?.as_str()?)?,
            at: Timestamp::from_millis(object.get("time")?.as_i64()?),
            message,
            fields: match object.remove("fields") {
                Some(Value::Object(fields)) => fields,
                _ => Map::new(),
            },
        })
    }

    fn parse_cut(line: &str) -> Option<Self> {
        let (level, rest) = line.strip_prefix(HEAD)?.split_once('"')?;
        let (time, message) = rest.strip_prefix(r#","time":"#)?.split_once(MESSAGE)?;
        Some(Self {
            level: Level::from_word(level)?,
            at: Timestamp::from_millis(time.parse().ok()?),
            message: unescaped(message),
            fields: Map::new(),
        })
    }
}

/// The level that a line in the canonical form names, found without reading the rest.
pub(super) fn level_of(line: &[u8]) -> Option<Level> {
    let rest = line.strip_prefix(HEAD.as_bytes())?;
    let end = rest.iter().take(10).position(|byte| *byte == b'"')?;
    Level::from_word(str::from_utf8(&rest[..end]).ok()?)
}

/// The beginning of a JSON string, as far as it is whole.
fn unescaped(text: &str) -> String {
    // Where the cut is in the fields, the string ends by itself and the rest is passed over.
    let quoted = format!("\"{text}");
    let mut values = serde_json::Deserializer::from_str(&quoted).into_iter();
    if let Some(Ok(whole)) = values.next() {
        return whole;
    }
    // An escape has at most twelve bytes (a surrogate pair), so one of these ends is behind a whole one.
    let ends = (0..=12.min(text.len())).map(|less| text.len() - less);
    ends.filter_map(|end| text.get(..end))
        .find_map(|text| serde_json::from_str(&format!("\"{text}\"")).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(message: &str, fields: &Value) -> Entry {
        Entry {
            level: Level::Warn,
            at: Timestamp::from_millis(1_700_000_000_500),
            message: message.to_owned(),
            fields: fields.as_object().unwrap().clone(),
        }
    }

    #[test]
    fn an_entry_reads_back() {
        for given in [
            entry("slow", &json!({})),
            entry(
                "a \"b\"\n\0\u{1b}[1mc\\",
                &json!({"ms": 3, "deep": {"x": [null]}}),
            ),
            entry("", &json!({"": ""})),
        ] {
            let line = given.to_line();
            let (line, end) = line.split_at(line.len() - 1);
            assert_eq!(end, "\n");
            assert!(!line.contains('\n'));
            assert_eq!(level_of(line.as_bytes()), Some(Level::Warn));
            assert_eq!(Entry::parse(line), Some(given));
        }
    }

    #[test]
    fn the_canonical_form_is_as_it_is() {
        assert_eq!(
            entry("slow", &json!({"ms": 3})).to_line(),
            "{\"level\":\"warn\",\"time\":1700000000500,\"message\":\"slow\",\"fields\":{\"ms\":3}}\n"
        );
    }

    #[test]
    fn of_a_cut_line_the_message_is_read_as_far_as_it_goes() {
        let line = entry("ab\u{1f600}\"c", &json!({"ms": 3})).to_line();
        for end in 0..line.len() - 1 {
            let Some(cut) = line.get(..end) else { continue };
            let Some(read) = Entry::parse(cut) else {
                assert!(end < 52, "{cut}");
                continue;
            };
            assert!(
                "ab\u{1f600}\"c".starts_with(&read.message),
                "{cut}: {read:?}"
            );
        }
        let cut = Entry::parse(&line[..line.len() - 4]).unwrap();
        assert_eq!(cut.message, "ab\u{1f600}\"c");
    }

    #[test]
    fn anything_else_is_no_entry() {
        for line in [
            "",
            "hello",
            r#"{"level":"loud","time":1,"message":"x"}"#,
            r#"{"message":"x"}"#,
            r#"{"level":"info"}"#,
        ] {
            assert_eq!(Entry::parse(line), None, "{line}");
        }
    }
}
