//! Regular expressions that match from the beginning of a text, as Python's `re.match` does.

use regex::{Regex, RegexBuilder};

/// So much memory one expression may take; what needs more is refused.
const BYTES_MAX: usize = 128 << 10;

/// An expression that was read. It takes time by the length of the text, whatever it says.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    /// Reads an expression; what is wrong with it is said in one line.
    pub fn new(text: &str) -> Result<Self, String> {
        let wrong = |error: regex::Error| {
            let words = error.to_string();
            let last = words.lines().last().unwrap_or_default();
            let why = last.trim_start_matches("error:").trim().to_owned();
            format!("this is no regular expression that can be used: {why}")
        };
        let regex = RegexBuilder::new(text).size_limit(BYTES_MAX).build();
        Ok(Self {
            text: text.to_owned(),
            regex: regex.map_err(wrong)?,
        })
    }

    /// Whether a text begins so.
    pub fn begins(&self, text: &str) -> bool {
        // The first match is the leftmost one.
        self.regex
            .find(text)
            .is_some_and(|found| found.start() == 0)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &str) {
        let error = Pattern::new(text).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn what_is_wrong_is_said_in_a_line() {
        check("(a", "unclosed group");
        check("a)", "unopened group");
        check("[z-a]", "range");
        check("(a{1000}){1000}", "exceeds size limit");
        check(r"(a)\1", "backreferences are not supported");
    }

    #[test]
    fn whoever_writes_long_expressions_waits_no_longer() {
        let pattern = Pattern::new("(a*)*b").unwrap();
        assert!(!pattern.begins(&"a".repeat(100_000)));
    }
}
