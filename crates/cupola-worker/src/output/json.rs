//! JSON as programs write it: Python prints bare `NaN` and `Infinity`, which JSON does not have.

use serde_json::{Map, Value};

/// The words that Python's `json` writes without quotes.
const BARE_WORDS: [&str; 3] = ["NaN", "-Infinity", "Infinity"];

/// `text` as a JSON object, with bare non-finite numbers as the words that stand for them.
pub(crate) fn object(text: &str) -> Option<Map<String, Value>> {
    let value = serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&quote_bare_words(text)))
        .ok()?;
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// Puts quotes around the bare words outside of strings.
fn quote_bare_words(text: &str) -> String {
    let (mut quoted, mut rest) = (String::with_capacity(text.len() + 16), text);
    let mut in_string = false;
    while let Some(first) = rest.chars().next() {
        let word = BARE_WORDS
            .into_iter()
            .find(|word| !in_string && rest.starts_with(word));
        let taken = match (word, first) {
            (Some(word), _) => {
                quoted.push('"');
                quoted.push_str(word);
                quoted.push('"');
                rest = &rest[word.len()..];
                continue;
            }
            // The escaped character cannot end the string.
            (None, '\\') if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            (None, '"') => {
                in_string = !in_string;
                1
            }
            (None, other) => other.len_utf8(),
        };
        quoted.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let shown = object(text).map(|object| Value::Object(object).to_string());
        assert_eq!(shown.as_deref(), expected, "{text}");
    }

    #[test]
    fn an_object_is_an_object() {
        check(r#"{"loss": 1.5}"#, Some(r#"{"loss":1.5}"#));
    }

    #[test]
    fn anything_else_is_not() {
        for text in ["", "1", "[1]", "done", "{", "{}{}"] {
            check(text, None);
        }
    }

    #[test]
    fn bare_words_of_python_are_understood() {
        check(
            r#"{"loss": NaN, "a": [-Infinity, Infinity]}"#,
            Some(r#"{"loss":"NaN","a":["-Infinity","Infinity"]}"#),
        );
    }

    #[test]
    fn words_inside_strings_stay() {
        check(
            r#"{"a": "NaN \" NaN \\", "b": NaN}"#,
            Some(r#"{"a":"NaN \" NaN \\","b":"NaN"}"#),
        );
    }
}
