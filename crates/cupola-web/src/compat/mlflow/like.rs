//! Patterns of `LIKE`: `%` is anything, `_` one character.

/// Whether a text has the pattern. At most the text's length for each `%`, so that no pattern is slow.
pub(crate) fn matches(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut at, mut of) = (0, 0);
    // Where to go on when what follows the last `%` does not fit here.
    let mut again: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('%') => {
                again = Some((at, of + 1));
                of += 1;
            }
            Some(c) if *c == '_' || *c == text[at] => {
                at += 1;
                of += 1;
            }
            _ => match again {
                Some((from, then)) => {
                    again = Some((from + 1, then));
                    (at, of) = (from + 1, then);
                }
                None => return false,
            },
        }
    }
    pattern[of..].iter().all(|c| *c == '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts() {
        for (text, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("abc", "____", false),
            ("", "%", true),
            ("", "_", false),
            ("aXbXc", "a%X_", true),
            ("é雪", "_雪", true),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
        assert!(!matches(&"a".repeat(2_000), &("%a".repeat(100) + "b")));
    }
}
