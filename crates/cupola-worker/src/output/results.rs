//! Results on their way to the hub, within their bounds.

use std::collections::HashMap;

use cupola_domain::{
    metric::json_number,
    result::{DEPTH_MAX, Kept, check_bytes, too_deep},
    text::storable,
};
use serde_json::{Map, Value};

use super::event_lines::EventLine;

/// What the results of a run may have together.
const RUN_BYTES_MAX: usize = 64 << 20;

/// How many results a run may have.
const RESULTS_MAX: usize = 10_000;

/// Results of one report: as large as the largest, and not too many pieces.
const REPORT_BYTES_MAX: usize = 4 << 20;
const REPORT_RESULTS_MAX: usize = 1000;

/// Texts, arrays and objects that are told again at the end; the hub has the others by then.
const KNOWN_BYTES_MAX: usize = 1 << 20;

/// How much of a key is shown.
const SHOWN_CHARS_MAX: usize = 200;

/// The results that a program named by events.
#[derive(Debug, Default)]
pub(crate) struct Results {
    /// How large each is, and all of them.
    bytes_of: HashMap<String, usize>,
    bytes: usize,
    /// What of them is told again at the end.
    known: Map<String, Value>,
    known_bytes: usize,
    to_send: Map<String, Value>,
}

impl Results {
    /// Takes a result; refused with a line for the log.
    pub(crate) fn push(&mut self, key: String, value: Value) -> Result<(), String> {
        // As the hub will keep it.
        let key = storable(&key).into_owned();
        let kept = Kept::new(&key, &value).map_err(|reason| refused(&key, &reason))?;
        let bytes = kept.text.len();
        let before = self.bytes_of.get(&key).copied();
        let others = self.bytes - before.unwrap_or(0);
        if others + bytes > RUN_BYTES_MAX {
            let reason = "finds no place beside the others: say it as an artifact";
            return Err(refused(&key, reason));
        }
        if before.is_none() && self.bytes_of.len() >= RESULTS_MAX {
            let reason = format!("is one too many: a run has at most {RESULTS_MAX} results");
            return Err(refused(&key, &reason));
        }
        self.bytes = others + bytes;
        self.bytes_of.insert(key.clone(), bytes);
        self.know(&key, &value, (before.unwrap_or(0), bytes));
        self.to_send.insert(key, value);
        Ok(())
    }

    /// What is told again at the end: all numbers, and others as far as there is room.
    pub(crate) fn known(&self) -> &Map<String, Value> {
        &self.known
    }

    /// The next results, as many as fit a report.
    pub(crate) fn take(&mut self) -> Map<String, Value> {
        let (mut taken, mut bytes) = (Map::new(), 0);
        let mut left = Map::new();
        for (key, value) in std::mem::take(&mut self.to_send) {
            bytes += self.bytes_of.get(&key).copied().unwrap_or(0);
            let is_room = bytes <= REPORT_BYTES_MAX && taken.len() < REPORT_RESULTS_MAX;
            let place = if is_room || taken.is_empty() {
                &mut taken
            } else {
                &mut left
            };
            place.insert(key, value);
        }
        self.to_send = left;
        taken
    }

    fn know(&mut self, key: &str, value: &Value, (before, bytes): (usize, usize)) {
        if self.known.shift_remove(key).is_some() {
            self.known_bytes -= before;
        }
        if json_number(value).is_some() || self.known_bytes + bytes <= KNOWN_BYTES_MAX {
            self.known_bytes += bytes;
            self.known.insert(key.to_owned(), value.clone());
        }
    }
}

/// What is said of a line that was not understood because the result in it is too large or too
/// deep; `None` when it says no result.
pub(crate) fn refusal(line: EventLine<'_>) -> Option<String> {
    let (key, value_at) = result_head(line.kept)?;
    let value = &line.kept[value_at..];
    if line.is_cut() {
        // The value, without the brace that ends the event.
        let reason = check_bytes(line.bytes - value_at - 1).err()?;
        return Some(refused(&key, &reason));
    }
    (nesting(value) > DEPTH_MAX).then(|| refused(&key, &too_deep()))
}

fn refused(key: &str, reason: &str) -> String {
    let key: String = key.chars().take(SHOWN_CHARS_MAX).collect();
    format!("result `{key}` {reason}")
}

/// The key of a result event, and where its value begins, when type and key stand before it.
fn result_head(line: &[u8]) -> Option<(String, usize)> {
    let (mut kind, mut key) = (None, None);
    let mut at = after(line, 0, b'{')?;
    loop {
        let (name, end) = text(line, at)?;
        at = blanks(line, after(line, end, b':')?);
        if name == "value" {
            return (kind? == "result").then_some((key?, at));
        }
        let (said, end) = text(line, at)?;
        match name.as_str() {
            "type" => kind = Some(said),
            "key" => key = Some(said),
            _ => {}
        }
        at = after(line, end, b',')?;
    }
}

/// The JSON text that begins at `at`, and where it ends.
fn text(line: &[u8], at: usize) -> Option<(String, usize)> {
    let start = blanks(line, at);
    let mut texts = serde_json::Deserializer::from_slice(line.get(start..)?).into_iter::<String>();
    let text = texts.next()?.ok()?;
    Some((text, start + texts.byte_offset()))
}

/// The place after `wanted`, which must come next.
fn after(line: &[u8], at: usize, wanted: u8) -> Option<usize> {
    let at = blanks(line, at);
    (line.get(at) == Some(&wanted)).then_some(at + 1)
}

fn blanks(line: &[u8], at: usize) -> usize {
    let rest = line.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// How deeply brackets are nested outside of texts.
fn nesting(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut is_escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn push(results: &mut Results, key: &str, value: Value) {
        results.push(key.to_owned(), value).unwrap();
    }

    fn of_bytes(bytes: usize) -> Value {
        Value::from("x".repeat(bytes - 2))
    }

    #[test]
    fn a_later_value_takes_the_place_of_an_earlier_one() {
        let mut results = Results::default();
        push(&mut results, "a", json!(1));
        push(&mut results, "b", json!("x"));
        push(&mut results, "a", json!([2]));
        assert_eq!(Value::Object(results.take()), json!({"a": [2], "b": "x"}));
        assert_eq!(results.take(), Map::new());
        assert_eq!(
            Value::Object(results.known().clone()),
            json!({"b": "x", "a": [2]})
        );
    }

    #[test]
    fn a_report_takes_as_many_as_fit() {
        let mut results = Results::default();
        for key in ["a", "b", "c"] {
            push(&mut results, key, of_bytes(3 << 20));
        }
        push(&mut results, "d", json!(1));
        let mut keys = || results.take().keys().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(keys(), "a");
        assert_eq!(keys(), "b");
        assert_eq!(keys(), "c d");
        assert_eq!(keys(), "");
    }

    #[test]
    fn what_is_told_again_is_small_and_never_older_than_what_was_told() {
        let mut results = Results::default();
        push(&mut results, "big", json!("small at first"));
        push(&mut results, "big", of_bytes(2 << 20));
        push(&mut results, "loss", json!("NaN"));
        assert_eq!(
            Value::Object(results.known().clone()),
            json!({"loss": "NaN"})
        );
    }

    #[test]
    fn a_run_has_so_much_room_for_results() {
        let mut results = Results::default();
        push(&mut results, "3", of_bytes(1000));
        results.bytes = RUN_BYTES_MAX;
        let refused = results.push("one".into(), json!(1)).unwrap_err();
        assert_eq!(
            refused,
            "result `one` finds no place beside the others: say it as an artifact"
        );
        push(&mut results, "3", json!("smaller"));
        push(&mut results, "one", json!(1));
    }

    #[test]
    fn a_key_is_checked_as_it_is_kept() {
        let mut results = Results::default();
        push(&mut results, "a\0", json!(1));
        push(&mut results, "a\u{2400}", json!(2));
        assert_eq!(Value::Object(results.take()), json!({"a\u{2400}": 2}));
        // What stands for a NUL has three bytes.
        assert!(results.push("\0".repeat(334), json!(1)).is_err());
        push(&mut results, &"\0".repeat(333), json!(1));
    }

    fn check_refusal(line: &str, bytes: usize, expected: Option<&str>) {
        let line = EventLine {
            kept: line.as_bytes(),
            bytes,
        };
        assert_eq!(refusal(line).as_deref(), expected);
    }

    #[test]
    fn a_result_that_is_too_large_to_be_read_is_named() {
        let said = "has 52,428,800 bytes; at most 4,194,304 are kept: say it as an artifact";
        let head = r#"{"type":"result","key":"x","value":"#;
        let bytes = head.len() + 52_428_800 + 1;
        check_refusal(
            &format!("{head}\"aaa"),
            bytes,
            Some(&format!("result `x` {said}")),
        );
        let head = r#" { "time" : "now", "key" : "a\"b" , "type" : "result", "value" : "#;
        let bytes = head.len() + 52_428_800 + 1;
        check_refusal(
            &format!("{head}[1,"),
            bytes,
            Some(&format!("result `a\"b` {said}")),
        );
        check_refusal(r#"{"type":"log","message":"aaa"#, 50 << 20, None);
        check_refusal(r#"{"value":"aaa"#, 50 << 20, None);
        check_refusal("nonsense", 50 << 20, None);
    }

    #[test]
    fn a_result_that_is_nested_too_deeply_is_named() {
        let line = |levels: usize| {
            let value = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            format!(r#"{{"type":"result","key":"x","value":{value}}}"#)
        };
        let check = |line: &str, expected| check_refusal(line, line.len(), expected);
        let said = "result `x` is nested deeper than 120 levels";
        check(&line(5000), Some(said));
        // The brace that ends the event is none of the value's.
        check(&line(120), None);
        check(&line(121), Some(said));
    }
}
