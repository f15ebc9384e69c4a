//! JSON-RPC 2.0: what a frame says.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

/// No JSON.
pub const PARSE_ERROR: i64 = -32700;
/// JSON, but no message.
pub const INVALID_REQUEST: i64 = -32600;
/// There is no such method here.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The method needs other parameters.
pub const INVALID_PARAMS: i64 = -32602;
/// Something went wrong inside.
pub const INTERNAL_ERROR: i64 = -32603;
/// What is behind the server does not answer.
pub const AWAY: i64 = -32001;
/// There is no such workspace.
pub const WORKSPACE_NOT_FOUND: i64 = -32002;
/// Whoever asks may not.
pub const PERMISSION_DENIED: i64 = -32003;
/// There is no such thing.
pub const UNKNOWN_THING: i64 = -32040;

/// What one side says to the other.
#[derive(Debug, Clone)]
pub enum Message {
    /// Asks for an answer.
    Request {
        /// As the answer repeats it.
        id: Value,
        /// What is asked for.
        method: String,
        /// `{}` where there are none.
        params: Box<RawValue>,
    },
    /// Tells something.
    Notification {
        /// What is told.
        method: String,
        /// `{}` where there are none.
        params: Box<RawValue>,
    },
    /// Answers.
    Answer {
        /// Which request.
        id: Value,
        /// What was asked for, or why not.
        outcome: Result<Box<RawValue>, Failure>,
    },
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One of the codes above.
    pub code: i64,
    /// In words.
    pub message: String,
}

impl Failure {
    /// With words.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl Message {
    /// What a frame says. Python writes `NaN` and `Infinity`, which are no JSON: they are read as
    /// null, so that one number spoils no list.
    pub fn parse(frame: &[u8]) -> Result<Self, Failure> {
        match serde_json::from_slice::<Envelope<'_>>(frame) {
            Ok(envelope) => envelope.opened(),
            Err(error) => match without_bare_words(frame) {
                Some(mended) => serde_json::from_slice::<Envelope<'_>>(&mended)
                    .map_err(|error| unreadable(&error))?
                    .opened(),
                None => Err(unreadable(&error)),
            },
        }
    }

    /// As a frame, without the end of its line.
    pub fn to_frame(&self) -> String {
        let mut envelope = Envelope {
            jsonrpc: Some(Cow::Borrowed("2.0")),
            ..Envelope::default()
        };
        match self {
            Self::Request { id, method, params } => {
                envelope.id = Some(id.clone());
                envelope.method = Some(Cow::Borrowed(method));
                envelope.params = Some(params);
            }
            Self::Notification { method, params } => {
                envelope.method = Some(Cow::Borrowed(method));
                envelope.params = Some(params);
            }
            Self::Answer { id, outcome } => {
                envelope.id = Some(id.clone());
                match outcome {
                    Ok(result) => envelope.result = Some(result),
                    Err(failure) => envelope.error = Some(failure.clone()),
                }
            }
        }
        serde_json::to_string(&envelope).expect("words, numbers and JSON are written as JSON")
    }

    /// A notification with a body.
    pub fn notification<T: Serialize>(method: &str, params: &T) -> Self {
        Self::Notification {
            method: method.to_owned(),
            params: raw(params),
        }
    }
}

/// A body as it travels. Bodies have words for keys, so that all can be written.
pub fn raw(body: &impl Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(body).expect("bodies have words for keys")
}

/// The number of a request that `head`, the beginning of its answer, names.
pub fn number_in(head: &[u8]) -> Option<i64> {
    let at = memchr::memmem::find(head, b"\"id\":")? + 5;
    let rest = head[at..].trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

#[derive(Default, Serialize, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    result: Option<&'a RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

impl Envelope<'_> {
    fn opened(self) -> Result<Message, Failure> {
        if self.jsonrpc.as_deref() != Some("2.0") {
            return Err(Failure::new(
                INVALID_REQUEST,
                "a message says `\"jsonrpc\": \"2.0\"`",
            ));
        }
        let params = || {
            self.params
                .map_or_else(|| raw(&Nothing {}), RawValue::to_owned)
        };
        match (self.method, self.id) {
            (Some(method), Some(id)) => Ok(Message::Request {
                id,
                method: method.into_owned(),
                params: params(),
            }),
            (Some(method), None) => Ok(Message::Notification {
                method: method.into_owned(),
                params: params(),
            }),
            (None, Some(id)) => Ok(Message::Answer {
                id,
                outcome: match self.error {
                    Some(failure) => Err(failure),
                    None => Ok(self.result.map_or_else(|| raw(&()), RawValue::to_owned)),
                },
            }),
            (None, None) => Err(Failure::new(
                INVALID_REQUEST,
                "a message has a method or a number",
            )),
        }
    }
}

/// What a request asks with that asks with nothing.
#[derive(Serialize)]
struct Nothing {}

fn unreadable(error: &serde_json::Error) -> Failure {
    Failure::new(PARSE_ERROR, format!("no JSON: {error}"))
}

/// The frame with null for each `NaN`, `Infinity` and `-Infinity` outside of texts, if it has any.
fn without_bare_words(frame: &[u8]) -> Option<Vec<u8>> {
    let mut mended = Vec::with_capacity(frame.len());
    let mut rest = frame;
    let (mut in_text, mut found) = (false, false);
    while let Some(&byte) = rest.first() {
        let word = [&b"-Infinity"[..], b"Infinity", b"NaN"]
            .into_iter()
            .find(|word| !in_text && rest.starts_with(word));
        let taken = if let Some(word) = word {
            found = true;
            mended.extend_from_slice(b"null");
            word.len()
        } else {
            let taken = if in_text && byte == b'\\' { 2 } else { 1 };
            in_text ^= byte == b'"';
            let taken = taken.min(rest.len());
            mended.extend_from_slice(&rest[..taken]);
            taken
        };
        rest = &rest[taken..];
    }
    found.then_some(mended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(frame: &str, expected: &str) {
        let found = match Message::parse(frame.as_bytes()) {
            Ok(Message::Request { id, method, params }) => format!("{id} asks {method} {params}"),
            Ok(Message::Notification { method, params }) => format!("tells {method} {params}"),
            Ok(Message::Answer {
                id,
                outcome: Ok(it),
            }) => format!("{id} is {it}"),
            Ok(Message::Answer {
                id,
                outcome: Err(it),
            }) => format!("{id} is not: {}", it.message),
            Err(failure) => format!("error {}", failure.code),
        };
        assert_eq!(found, expected, "{frame}");
    }

    #[test]
    fn each_kind_of_message_is_told_apart() {
        check(r#"{"jsonrpc":"2.0","method":"a","id":1}"#, "1 asks a {}");
        check(
            r#"{"jsonrpc":"2.0","method":"a","params":{"b":2}}"#,
            r#"tells a {"b":2}"#,
        );
        check(r#"{"jsonrpc":"2.0","id":1,"result":[1]}"#, "1 is [1]");
        check(r#"{"jsonrpc":"2.0","id":1,"result":null}"#, "1 is null");
        check(
            r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#,
            "1 is not: no",
        );
    }

    #[test]
    fn what_is_no_message_is_refused() {
        check("{", "error -32700");
        check("[]", "error -32600");
        check(r#"{"jsonrpc":"1.0","method":"a","id":1}"#, "error -32600");
        check(r#"{"jsonrpc":"2.0"}"#, "error -32600");
        check(r#"{"jsonrpc":"2.0","id":1,"result":NaN"#, "error -32700");
    }

    #[test]
    fn numbers_that_only_python_writes_are_null() {
        check(
            r#"{"jsonrpc":"2.0","id":1,"result":[NaN, -Infinity, Infinity, "NaN \" NaN"]}"#,
            r#"1 is [null, null, null, "NaN \" NaN"]"#,
        );
    }

    #[test]
    fn the_number_of_an_answer_is_found_at_its_beginning() {
        let found = |head: &str| number_in(head.as_bytes());
        assert_eq!(
            found(r#"{"jsonrpc": "2.0", "id": 12, "result": [{"#),
            Some(12)
        );
        assert_eq!(found(r#"{"jsonrpc":"2.0","id":7,"resu"#), Some(7));
        assert_eq!(found(r#"{"jsonrpc":"2.0","result":"#), None);
    }

    #[test]
    fn what_is_written_is_read() {
        let message = Message::notification("n", &[1, 2]);
        check(&message.to_frame(), "tells n [1,2]");
    }
}
