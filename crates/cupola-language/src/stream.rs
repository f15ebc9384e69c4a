//! A completion as it comes in pieces, put together. No I/O.

use serde_json::Value;

/// A text is cut there, and reading ends.
const TEXT_BYTES_MAX: usize = 32 << 10;

/// Arguments of all calls together.
const ARGUMENTS_BYTES_MAX: usize = 256 << 10;

/// Calls in one completion.
const CALLS_MAX: usize = 16;

/// A line that is longer is nobody's piece.
const LINE_BYTES_MAX: usize = 1 << 20;

/// What a model said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// In words.
    pub text: String,
    /// Whether more of it was left out.
    pub is_cut: bool,
    /// The tools that it wants called, in order.
    pub calls: Vec<Call>,
    /// Tokens of question and answer, if the endpoint counts them.
    pub tokens: Option<u64>,
}

/// A call that a model wants made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// What its answer is sent back under.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, which should be JSON.
    pub arguments: String,
}

/// Whether there is more to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum More {
    /// More may follow.
    Yes,
    /// All has come, or all that is taken.
    No,
}

/// Puts a completion together of the lines of an event stream, cut anywhere.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    said: Said,
    line: Vec<u8>,
    arguments: usize,
    /// Whether anything came that is a piece.
    has_begun: bool,
    /// Whether the end of it was said.
    has_ended: bool,
    /// So many bytes of the text were told already.
    told: usize,
}

impl Pieces {
    /// Takes bytes as they come. The error says what is wrong with them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<More, String> {
        for byte in bytes {
            if *byte != b'\n' {
                self.line.push(*byte);
                if self.line.len() > LINE_BYTES_MAX {
                    return Err("a line without an end".to_owned());
                }
                continue;
            }
            let line = std::mem::take(&mut self.line);
            if self.line_came(&line)? == More::No {
                return Ok(More::No);
            }
        }
        Ok(More::Yes)
    }

    /// Takes a completion that came as a whole.
    pub(crate) fn whole(mut self, body: &[u8]) -> Result<Said, String> {
        self.piece(body)?;
        self.has_ended = true;
        self.end()
    }

    /// The words that came since this was last asked.
    pub(crate) fn new_words(&mut self) -> &str {
        let text = &self.said.text;
        let words = words(text);
        if words.is_empty() {
            return "";
        }
        let begin = self.told.max(text.len() - words.len());
        self.told = text.len();
        &text[begin..]
    }

    /// What was said, once nothing more comes.
    pub(crate) fn end(mut self) -> Result<Said, String> {
        let line = std::mem::take(&mut self.line);
        self.line_came(&line)?;
        if !self.has_begun {
            return Err("no completion".to_owned());
        }
        self.said.is_cut |= !self.has_ended;
        let text = words(&self.said.text).trim_end().to_owned();
        Ok(Said { text, ..self.said })
    }

    fn line_came(&mut self, line: &[u8]) -> Result<More, String> {
        // Comments, names of events and empty lines say nothing.
        let Some(data) = line.strip_prefix(b"data:") else {
            return Ok(More::Yes);
        };
        match data.trim_ascii() {
            b"[DONE]" => {
                self.has_ended = true;
                Ok(More::No)
            }
            b"" => Ok(More::Yes),
            data => self.piece(data),
        }
    }

    fn piece(&mut self, json: &[u8]) -> Result<More, String> {
        let piece: Value =
            serde_json::from_slice(json).map_err(|_| format!("`{}`", shown(json)))?;
        if let Some(error) = piece.get("error").filter(|error| !error.is_null()) {
            let message = error["message"].as_str().map(str::to_owned);
            let message = message.unwrap_or_else(|| error.to_string());
            return Err(format!("the error `{}`", shown(message.as_bytes())));
        }
        if let Some(tokens) = piece["usage"]["total_tokens"].as_u64() {
            self.said.tokens = Some(tokens);
        }
        let Some(choices) = piece["choices"].as_array() else {
            return Err(format!("`{}`", shown(json)));
        };
        self.has_begun = true;
        let Some(choice) = choices.first() else {
            return Ok(More::Yes);
        };
        self.has_ended |= choice["finish_reason"].is_string();
        // What comes as a whole has a message where a stream has what is added to it.
        let added = [&choice["delta"], &choice["message"]];
        let added = added.into_iter().find(|added| added.is_object());
        let Some(added) = added else {
            return Ok(More::Yes);
        };
        for call in added["tool_calls"].as_array().into_iter().flatten() {
            self.call_came(call)?;
        }
        Ok(self.text_came(added["content"].as_str().unwrap_or_default()))
    }

    fn text_came(&mut self, text: &str) -> More {
        let room = TEXT_BYTES_MAX - self.said.text.len();
        if text.len() <= room {
            self.said.text.push_str(text);
            return More::Yes;
        }
        self.said
            .text
            .push_str(&text[..text.floor_char_boundary(room)]);
        self.said.is_cut = true;
        More::No
    }

    fn call_came(&mut self, piece: &Value) -> Result<(), String> {
        let calls = &mut self.said.calls;
        let id = piece["id"].as_str().unwrap_or_default();
        let at = piece["index"]
            .as_u64()
            .and_then(|at| usize::try_from(at).ok());
        // Some number no calls: one with an id begins, one without goes on.
        let at = at.unwrap_or_else(|| match id {
            "" => calls.len().saturating_sub(1),
            _ => calls.len(),
        });
        if at >= CALLS_MAX {
            return Err(format!("more than {CALLS_MAX} calls of tools at once"));
        }
        if calls.len() <= at {
            calls.resize_with(at + 1, Call::default);
        }
        let call = &mut calls[at];
        let function = &piece["function"];
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        call.name += function["name"].as_str().unwrap_or_default();
        match &function["arguments"] {
            Value::String(text) => call.arguments += text,
            Value::Object(fields) => call.arguments += &Value::from(fields.clone()).to_string(),
            _ => {}
        }
        let told = call.name.len() + call.arguments.len();
        self.arguments += function.to_string().len();
        if told > ARGUMENTS_BYTES_MAX || self.arguments > 2 * ARGUMENTS_BYTES_MAX {
            return Err("arguments without an end".to_owned());
        }
        Ok(())
    }
}

/// A text without what some models think aloud before they answer, which is nobody's answer. Of one that may
/// go on, only what is certain to be no thought.
fn words(text: &str) -> &str {
    const THINKS: &str = "<think>";
    let text = text.trim_start();
    match text.strip_prefix(THINKS) {
        Some(rest) => rest
            .split_once("</think>")
            .map_or("", |(_, said)| said.trim_start()),
        None if THINKS.starts_with(text) => "",
        None => text,
    }
}

/// The beginning of what came, for a message on one line.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let safe = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(120).map(safe).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stream(pieces: &[Value]) -> Vec<u8> {
        let event = |piece: &Value| format!("event: x\r\ndata: {piece}\r\n\r\n");
        let events: String = pieces.iter().map(event).collect();
        format!(": hello\n\n{events}data: [DONE]\n\ndata: nonsense\n\n").into_bytes()
    }

    fn delta(delta: Value) -> Value {
        json!({"choices": [{"index": 0, "delta": delta}]})
    }

    /// Whatever the cuts are, the same comes out.
    fn check(pieces: &[Value], expected: Result<Said, &str>) {
        let bytes = stream(pieces);
        for step in [1, 7, bytes.len()] {
            let mut read = Pieces::default();
            let mut failed = None;
            for bytes in bytes.chunks(step) {
                match read.take(bytes) {
                    Ok(More::Yes) => {}
                    Ok(More::No) => break,
                    Err(why) => {
                        failed = Some(why);
                        break;
                    }
                }
            }
            match (failed.map_or_else(|| read.end(), Err), &expected) {
                (Ok(said), Ok(expected)) => assert_eq!(said, *expected),
                (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
                (found, expected) => panic!("{found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn words_come_in_pieces() {
        let pieces = [
            delta(json!({"role": "assistant", "content": ""})),
            delta(json!({"content": "Two ru"})),
            delta(json!({"content": "ns fäiled."})),
            json!({"choices": [], "usage": {"total_tokens": 12}}),
        ];
        let said = Said {
            text: "Two runs fäiled.".to_owned(),
            tokens: Some(12),
            ..Said::default()
        };
        check(&pieces, Ok(said));
    }

    #[test]
    fn calls_come_in_pieces_and_beside_each_other() {
        let of = |piece: Value| delta(json!({"tool_calls": [piece]}));
        let pieces = [
            of(json!({"index": 0, "id": "a", "function": {"name": "get_", "arguments": ""}})),
            of(json!({"index": 0, "function": {"name": "run", "arguments": "{\"id\":"}})),
            of(json!({"index": 1, "id": "b", "function": {"name": "overview"}})),
            of(json!({"index": 0, "function": {"arguments": "\"x\"}"}})),
        ];
        let call = |id: &str, name: &str, arguments: &str| Call {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        let said = Said {
            calls: vec![
                call("a", "get_run", r#"{"id":"x"}"#),
                call("b", "overview", ""),
            ],
            ..Said::default()
        };
        check(&pieces, Ok(said));
    }

    #[test]
    fn calls_without_numbers_are_told_apart_by_their_ids() {
        let of = |piece: Value| delta(json!({"tool_calls": [piece]}));
        let pieces = [
            of(json!({"id": "a", "function": {"name": "x", "arguments": {"n": 1}}})),
            of(json!({"id": "b", "function": {"name": "y", "arguments": "{"}})),
            of(json!({"function": {"arguments": "}"}})),
        ];
        let mut read = Pieces::default();
        assert_eq!(read.take(&stream(&pieces)), Ok(More::No));
        let calls = read.end().unwrap().calls;
        let shown: Vec<_> = calls
            .iter()
            .map(|call| format!("{} {} {}", call.id, call.name, call.arguments))
            .collect();
        assert_eq!(shown, [r#"a x {"n":1}"#, "b y {}"]);
    }

    #[test]
    fn nonsense_is_said() {
        check(&[], Err("no completion"));
        check(&[json!("x")], Err("`\"x\"`"));
        check(&[json!({"a": 1})], Err("`{\"a\":1}`"));
        let error = json!({"error": {"message": "out of memory"}});
        check(&[error], Err("the error `out of memory`"));
        let call = json!({"tool_calls": [{"index": 99, "function": {"name": "x"}}]});
        check(&[delta(call)], Err("more than 16 calls"));
        let mut read = Pieces::default();
        assert!(read.take(b"data: {\n").is_err());
        let mut read = Pieces::default();
        assert!(read.take(&vec![b'x'; LINE_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn nothing_is_taken_without_an_end() {
        let long = delta(json!({"content": "é".repeat(30_000)}));
        let mut read = Pieces::default();
        assert_eq!(read.take(&stream(&[long.clone(), long])), Ok(More::No));
        let said = read.end().unwrap();
        assert!(said.is_cut && said.text.len() <= TEXT_BYTES_MAX);
        let call = json!({"index": 0, "function": {"arguments": "x".repeat(200_000)}});
        let call = delta(json!({"tool_calls": [call]}));
        check(&[call.clone(), call], Err("arguments without an end"));
    }

    #[test]
    fn words_are_told_as_they_come_and_thoughts_never() {
        let cases = [
            ("Two runs fäiled.", "Two runs fäiled."),
            ("  <b>not a thought</b>", "<b>not a thought</b>"),
            ("<think>a < b</think>\n\nYes. ", "Yes. "),
            ("<think>without an end", ""),
            ("<thi", ""),
        ];
        for (text, expected) in cases {
            let mut read = Pieces::default();
            let mut heard = String::new();
            for c in text.chars() {
                let piece = delta(json!({"content": c.to_string()}));
                let taken = read.take(format!("data: {piece}\n").as_bytes());
                assert_eq!(taken, Ok(More::Yes));
                heard += read.new_words();
            }
            assert_eq!(heard, expected, "{text}");
            assert_eq!(read.end().unwrap().text, expected.trim_end(), "{text}");
        }
    }

    #[test]
    fn what_breaks_off_is_cut() {
        let piece = delta(json!({"content": "The best is"}));
        let mut read = Pieces::default();
        assert_eq!(
            read.take(format!("data: {piece}\n").as_bytes()),
            Ok(More::Yes)
        );
        assert!(read.end().unwrap().is_cut);
    }

    #[test]
    fn a_whole_completion_is_one_piece() {
        let body = json!({"choices": [{"message": {"content": "<think>hm</think>\nYes."}}]});
        let said = Pieces::default().whole(body.to_string().as_bytes());
        assert_eq!(said.unwrap().text, "Yes.");
        assert!(Pieces::default().whole(b"<html>").is_err());
    }
}
