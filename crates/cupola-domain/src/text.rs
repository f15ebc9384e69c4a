//! Texts from outside.

use std::borrow::Cow;

/// `text` with the one character that no database keeps, NUL, shown as U+2400.
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{2400}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nul_is_replaced() {
        assert_eq!(storable("a\0b"), "a\u{2400}b");
        assert!(matches!(storable("plain\u{1b}"), Cow::Borrowed(_)));
    }
}
