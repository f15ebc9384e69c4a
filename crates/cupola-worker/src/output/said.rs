//! What a program logs by events: `log` with one entry, `logs` with several.

use cupola_domain::{
    log::{Entry, Level},
    time::Timestamp,
};
use serde_json::{Map, Value};

use super::events::{number, text, unix_time};

/// An entry as the program said it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    level: Level,
    /// When, if the program says so.
    at: Option<Timestamp>,
    message: String,
    fields: Map<String, Value>,
}

impl Said {
    /// A line of the worker's own about what the program said.
    pub(crate) fn error(message: &str) -> Self {
        Self {
            level: Level::Error,
            at: None,
            message: message.to_owned(),
            fields: Map::new(),
        }
    }

    /// Reads one entry. A level that is not known is `info`.
    pub(super) fn of_object(object: &Map<String, Value>) -> Result<Self, &'static str> {
        let level = object.get("level").and_then(Value::as_str);
        Ok(Self {
            message: text(object, "message").ok_or("no `message`")?,
            level: level.and_then(Level::from_word).unwrap_or(Level::Info),
            at: match object.get("time") {
                None | Some(Value::Null) => None,
                Some(_) => Some(unix_time(number(object, "time")?)?),
            },
            fields: match object.get("fields") {
                Some(Value::Object(fields)) => fields.clone(),
                _ => Map::new(),
            },
        })
    }

    /// Reads the entries of a batch.
    pub(super) fn of_batch(object: &Map<String, Value>) -> Result<Vec<Self>, &'static str> {
        let Some(Value::Array(entries)) = object.get("entries") else {
            return Err("no `entries`");
        };
        let entry = |entry: &Value| match entry {
            Value::Object(entry) => Self::of_object(entry),
            _ => Err("an entry that is no object"),
        };
        entries.iter().map(entry).collect()
    }

    /// The line that goes to the hub, with the time at which it was read unless it says its own.
    pub(crate) fn to_line(&self, read_at: Timestamp) -> String {
        let entry = Entry {
            level: self.level,
            at: self.at.unwrap_or(read_at),
            message: self.message.clone(),
            fields: self.fields.clone(),
        };
        entry.to_line()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(object: &Value, expected: &str) {
        let said = Said::of_object(object.as_object().unwrap()).unwrap();
        let line = said.to_line(Timestamp::from_millis(7));
        assert_eq!(line.trim_end(), expected);
    }

    #[test]
    fn an_entry_becomes_a_canonical_line() {
        check(
            &json!({"level": "WARNING", "message": "slow", "fields": {"ms": 3}, "time": 1.5}),
            r#"{"level":"warn","time":1500,"message":"slow","fields":{"ms":3}}"#,
        );
        check(
            &json!({"message": "a\nb", "fields": {}, "time": null}),
            r#"{"level":"info","time":7,"message":"a\nb"}"#,
        );
        check(
            &json!({"message": "x", "level": "loud", "fields": 3}),
            r#"{"level":"info","time":7,"message":"x"}"#,
        );
    }

    #[test]
    fn a_batch_is_taken_whole_or_not_at_all() {
        for (batch, expected) in [
            (
                json!({"entries": [{"message": "a"}, {"message": "b"}]}),
                Ok(2),
            ),
            (json!({"entries": []}), Ok(0)),
            (json!({}), Err("no `entries`")),
            (
                json!({"entries": [{"message": "a"}, 3]}),
                Err("an entry that is no object"),
            ),
            (json!({"entries": [{"level": "info"}]}), Err("no `message`")),
        ] {
            let said = Said::of_batch(batch.as_object().unwrap());
            assert_eq!(said.map(|said| said.len()), expected, "{batch}");
        }
    }
}
