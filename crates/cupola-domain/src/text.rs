//! Texts from outside.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

/// A message shows so many characters of what somebody gave.
const EXCERPT_CHARS: usize = 80;

/// `text` with the one character that no database keeps, NUL, shown as U+2400.
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Bytes in lower-case hexadecimal: what hashes are shown as.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a text takes more text");
    }
    text
}

/// The bytes of their hexadecimal digits, two for each.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |at: usize| {
        let pair = text.get(at..at + 2)?;
        let is_hex = pair.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
    };
    (0..text.len()).step_by(2).map(digit).collect()
}

/// The beginning of `value`, fit for a message: on one line, with an ellipsis for what is left out,
/// and with characters that show nothing or reorder others escaped. No more of a huge value is
/// written out than is shown.
pub fn excerpt(value: &(impl fmt::Display + ?Sized)) -> String {
    let mut excerpt = Excerpt::default();
    // The one failure is that there is no room for more.
    if write!(excerpt, "{value}").is_err() {
        excerpt.text.push('…');
    }
    excerpt.text
}

#[derive(Default)]
struct Excerpt {
    text: String,
    chars: usize,
}

impl Write for Excerpt {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.chars == EXCERPT_CHARS {
                return Err(fmt::Error);
            }
            self.chars += 1;
            if is_unseen(c) {
                self.text.extend(c.escape_default());
            } else {
                self.text.push(c);
            }
        }
        Ok(())
    }
}

/// Control characters, and those of no width that change how their neighbours look.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_survive_hexadecimal_digits() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&all)), Some(all));
        for wrong in ["0g", "0", "+1", "é"] {
            assert_eq!(unhex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_nul_is_replaced() {
        assert_eq!(storable("a\0b"), "a\u{2400}b");
        assert!(matches!(storable("plain\u{1b}"), Cow::Borrowed(_)));
    }

    #[test]
    fn each_byte_is_two_digits() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
    }

    #[test]
    fn an_excerpt_is_short_and_can_be_seen() {
        assert_eq!(excerpt("plain ü"), "plain ü");
        assert_eq!(
            excerpt("a\u{1b}[31m\nb\u{202e}"),
            "a\\u{1b}[31m\\nb\\u{202e}"
        );
        assert_eq!(excerpt(&"x".repeat(80)), "x".repeat(80));
        assert_eq!(excerpt(&"x".repeat(81)), format!("{}…", "x".repeat(80)));
        assert_eq!(excerpt(&json!(["a\n"])), r#"["a\n"]"#);
    }
}
