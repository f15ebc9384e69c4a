//! The words of a filter.

use super::{Error, Op};

/// One word of a filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word, with the dots in it.
    Word(String),
    /// Between backticks.
    Backticked(String),
    /// Between quotes of this kind.
    Quoted(char, String),
    /// A finite number.
    Number(f64),
    /// A comparator of signs.
    Op(Op),
    /// A dot after something in quotes.
    Dot,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

impl Token {
    /// What is in it.
    pub(super) fn into_text(self) -> String {
        match self {
            Token::Word(text) | Token::Backticked(text) | Token::Quoted(_, text) => text,
            _ => String::new(),
        }
    }
}

/// All words, each with the place where it begins.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Error> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, length) = token(&text[at..], first)?;
        found.push((at, token));
        at += length;
    }
    Ok(found)
}

/// The word at the beginning of `rest`, and how many bytes it has.
fn token(rest: &str, first: char) -> Result<(Token, usize), Error> {
    let sign = match first {
        '(' => Some(Token::Open),
        ')' => Some(Token::Close),
        ',' => Some(Token::Comma),
        _ => None,
    };
    if let Some(token) = sign {
        return Ok((token, 1));
    }
    if matches!(first, '\'' | '"' | '`') {
        return quoted(rest, first);
    }
    if let Some(found) = op(rest) {
        return Ok(found);
    }
    if first.is_ascii_digit() || "+-".contains(first) || is_fraction(rest) {
        return number(rest);
    }
    if first == '.' {
        return Ok((Token::Dot, 1));
    }
    let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    if end == 0 {
        return Err(stray(rest));
    }
    Ok((Token::Word(rest[..end].to_owned()), end))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "_.-/:".contains(c)
}

fn is_fraction(rest: &str) -> bool {
    rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_digit())
}

/// A quote is doubled to stand in a text of its own kind.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize), Error> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != quote {
            text.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == quote) {
            text.push(quote);
            chars.next();
        } else {
            let token = match quote {
                '`' => Token::Backticked(text),
                quote => Token::Quoted(quote, text),
            };
            return Ok((token, at + 1));
        }
    }
    let shown: String = rest.chars().take(40).collect();
    Err(Error::invalid(format!(
        "Invalid filter: the text `{shown}` never ends."
    )))
}

fn op(rest: &str) -> Option<(Token, usize)> {
    let ops = [
        ("!=", Op::Ne),
        ("<>", Op::Ne),
        ("<=", Op::Le),
        (">=", Op::Ge),
        ("<", Op::Lt),
        (">", Op::Gt),
        ("=", Op::Eq),
    ];
    // `==` is nobody's comparator, and reading it as two helps nobody.
    let found = ops.iter().find(|(sign, _)| rest.starts_with(sign));
    let (sign, op) = found.filter(|_| !rest.starts_with("=="))?;
    Some((Token::Op(*op), sign.len()))
}

fn number(rest: &str) -> Result<(Token, usize), Error> {
    let is_part = |(at, c): (usize, char)| {
        let before = rest[..at].chars().next_back();
        c.is_ascii_digit()
            || ".eE".contains(c)
            || ("+-".contains(c) && matches!(before, None | Some('e' | 'E')))
    };
    let end = rest.char_indices().find(|found| !is_part(*found));
    let end = end.map_or(rest.len(), |(at, _)| at);
    let parsed = rest[..end]
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite());
    let number = parsed.ok_or_else(|| stray(rest))?;
    Ok((Token::Number(number), end))
}

fn stray(rest: &str) -> Error {
    let shown: String = rest.chars().take(40).collect();
    Error::invalid(format!("Invalid filter: `{shown}` is not understood."))
}
