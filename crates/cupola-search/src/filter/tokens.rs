//! The words, names, values and signs of a filter.

use std::fmt;

use super::{FilterError, Relation, TEXT_BYTES_MAX};

/// One piece of the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A bare word: a field, a keyword, a number, or a text without quotes.
    Word(String),
    /// A text in quotes.
    Text(String),
    Relation(Relation),
    /// `~`
    Contains,
    /// `!~`
    Lacks,
    /// What joins a quoted name with what it belongs to.
    Dot,
    Open,
    Close,
    Comma,
}

/// A token and the character at which it begins, counted from 1.
pub(crate) type Placed = (usize, Token);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Relation(relation) => relation.fmt(f),
            Self::Contains => f.write_str("~"),
            Self::Lacks => f.write_str("!~"),
            Self::Dot => f.write_str("."),
            Self::Open => f.write_str("("),
            Self::Close => f.write_str(")"),
            Self::Comma => f.write_str(","),
        }
    }
}

/// Cuts a text into tokens.
pub(crate) fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(FilterError {
            column: 1,
            message: format!(
                "the text has {} bytes; write at most {TEXT_BYTES_MAX}",
                text.len()
            ),
        });
    }
    let mut tokens: Vec<Placed> = Vec::new();
    let (mut rest, mut column) = (text, 1);
    let mut is_list = false;
    loop {
        let trimmed = rest.trim_start();
        column += rest[..rest.len() - trimmed.len()].chars().count();
        if trimmed.is_empty() {
            return Ok(tokens);
        }
        let after_in = matches!(tokens.last(), Some((_, Token::Word(word))) if word.eq_ignore_ascii_case("in"));
        is_list |= after_in && trimmed.starts_with('[');
        let found = if is_list {
            next_of_list(trimmed)
        } else {
            next(trimmed)
        };
        let (token, length) = found.map_err(|message| FilterError { column, message })?;
        is_list &= token != Token::Close;
        tokens.push((column, token));
        column += trimmed[..length].chars().count();
        rest = &trimmed[length..];
    }
}

/// Whether a name reads back as itself without quotes.
pub(crate) fn is_bare_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_plain) && !name.starts_with('.') && !name.ends_with('.')
}

/// A text in quotes; what would end it stands after a backslash.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The same within a list in square brackets, which may stand for parentheses there.
fn next_of_list(text: &str) -> Result<(Token, usize), String> {
    match text.as_bytes().first() {
        Some(b'[') => return Ok((Token::Open, 1)),
        Some(b']') => return Ok((Token::Close, 1)),
        _ => {}
    }
    Ok(match next(text)? {
        (Token::Word(word), _) if word.contains(']') => {
            let word = word.split(']').next().unwrap_or_default().to_owned();
            let length = word.len();
            (Token::Word(word), length)
        }
        found => found,
    })
}

/// The first token of a text that does not begin with a blank, and its bytes.
fn next(text: &str) -> Result<(Token, usize), String> {
    let signs = [
        ("!~", Token::Lacks),
        ("!=", Token::Relation(Relation::Unequal)),
        ("<>", Token::Relation(Relation::Unequal)),
        ("<=", Token::Relation(Relation::AtMost)),
        (">=", Token::Relation(Relation::AtLeast)),
        ("==", Token::Relation(Relation::Equal)),
        ("=", Token::Relation(Relation::Equal)),
        ("<", Token::Relation(Relation::Less)),
        (">", Token::Relation(Relation::Greater)),
        ("~", Token::Contains),
        ("(", Token::Open),
        (")", Token::Close),
        (",", Token::Comma),
    ];
    if let Some((sign, token)) = signs.into_iter().find(|(sign, _)| text.starts_with(sign)) {
        return Ok((token, sign.len()));
    }
    match text.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => text_in(text, quote),
        Some('.') if !text[1..].starts_with(|c: char| c.is_ascii_digit()) => {
            // A name goes on after a quoted part of it: `metrics."a b".min`.
            Ok((Token::Dot, 1))
        }
        Some(c) if is_plain(c) => {
            let length = text.find(|c| !is_plain(c)).unwrap_or(text.len());
            // The dot before a quoted name is not part of the word.
            let word = if text[length..].starts_with(['"', '\'', '`']) {
                text[..length].trim_end_matches('.')
            } else {
                &text[..length]
            };
            Ok((Token::Word(word.to_owned()), word.len()))
        }
        c => {
            let c = c.unwrap_or_default();
            Err(format!(
                "`{c}` has no meaning here; put a name or a text that holds it in quotes"
            ))
        }
    }
}

/// A text between quotes; a backslash before a quote or a backslash gives that character.
fn text_in(text: &str, quote: char) -> Result<(Token, usize), String> {
    let mut inner = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, c)) = characters.next() {
        match c {
            c if c == quote => return Ok((Token::Text(inner), at + 1)),
            '\\' => match characters.next() {
                Some((_, next)) if next == quote || next == '\\' => inner.push(next),
                Some((_, next)) => inner.extend(['\\', next]),
                None => break,
            },
            c => inner.push(c),
        }
    }
    Err(format!(
        "the text that begins with {quote} has no end; write another {quote} after it"
    ))
}

/// What names, numbers and words consist of.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-+./:@%#$&*[]{}|".contains(c)
}
