//! The words and signs of an expression.

use std::fmt;

use serde_json::{Number, Value};

/// One word, sign or literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word: a keyword, a name or a short string.
    Word(String),
    /// A number, `true`, `false`, `null` or a quoted string.
    Literal(Value),
    Open,
    Close,
    Comma,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(word) => f.write_str(word),
            Token::Literal(value) => value.fmt(f),
            Token::Open => f.write_str("("),
            Token::Close => f.write_str(")"),
            Token::Comma => f.write_str(","),
        }
    }
}

/// Cuts a text into tokens; a fault names the piece and says what to write.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | ',' => 1,
            '"' => quoted_length(rest)?,
            c if is_plain(c) => rest.find(|c| !is_plain(c)).unwrap_or(rest.len()),
            c => {
                return Err(format!(
                    "`{c}` has no meaning here; quote text that holds it, as in `\"a{c}b\"`"
                ));
            }
        };
        let (piece, after) = rest.split_at(length);
        tokens.push(token(piece)?);
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// A value as it is written in an expression: bare when that reads back, else as JSON.
pub(super) fn literal_text(value: &Value) -> String {
    match value.as_str() {
        Some(text) if is_word(text) => text.to_owned(),
        _ => value.to_string(),
    }
}

/// A name as it is written in an expression.
pub(super) fn name_text(name: &str) -> String {
    literal_text(&Value::from(name))
}

fn token(piece: &str) -> Result<Token, String> {
    Ok(match piece {
        "(" => Token::Open,
        ")" => Token::Close,
        "," => Token::Comma,
        "true" => Token::Literal(Value::Bool(true)),
        "false" => Token::Literal(Value::Bool(false)),
        "null" => Token::Literal(Value::Null),
        _ if piece.starts_with('"') => {
            let text = serde_json::from_str(piece)
                .map_err(|_| format!("{piece} is not a JSON string; escape it as JSON does"))?;
            Token::Literal(Value::String(text))
        }
        _ if is_word(piece) => Token::Word(piece.to_owned()),
        _ => Token::Literal(Value::Number(number(piece)?)),
    })
}

/// Read by the standard library, which finds the nearest float where JSON readers may miss by one.
fn number(piece: &str) -> Result<Number, String> {
    let whole = piece.parse::<i64>().map(Number::from);
    let large = piece.parse::<u64>().map(Number::from);
    let float = || piece.parse::<f64>().ok().and_then(Number::from_f64);
    whole.or(large).ok().or_else(float).ok_or_else(|| {
        format!("`{piece}` is not a finite number; write one, or quote it: `\"{piece}\"`")
    })
}

fn is_word(text: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(starts)
        && text.chars().all(is_plain)
        && !text.contains('+')
        && !["true", "false", "null"].contains(&text)
}

const fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+')
}

/// The length of the quoted string at the start of `text`, quotes included.
fn quoted_length(text: &str) -> Result<usize, String> {
    let mut escaped = false;
    for (i, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Ok(i + 1),
            _ => {}
        }
    }
    Err(format!("`{text}` has no closing quote; add `\"`"))
}
