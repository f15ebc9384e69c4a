//! A question as words. Whatever the text is, reading it takes time in proportion to its length.

/// So many characters of a question are read; a longer one is refused.
pub const CHARS_MAX: usize = 4_000;

/// A name between quotes is no longer than this; a quote without its other half is no quote.
const QUOTED_CHARS_MAX: usize = 200;

/// What stands inside of words: names and numbers are made of it.
const INSIDE: &[char] = &['_', '-', '.', '/', ':', '#', '@', '+', '%'];

/// A text cut into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What was written.
    pub text: String,
    /// Its words, in order.
    pub words: Vec<Word>,
}

/// One word, or all that stands between two quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As it was written.
    pub text: String,
    /// As names are looked up: see [`fold`].
    pub folded: String,
    /// Where it begins in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Whether it stood between quotes.
    pub is_quoted: bool,
    /// Whether a comma stands between it and the word before.
    pub after_comma: bool,
}

/// A text that is too long to be a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// How many characters it has.
    pub chars: usize,
}

impl Question {
    /// Cuts a text into words.
    pub fn read(text: &str) -> Result<Self, TooLong> {
        let chars = text.chars().count();
        if chars > CHARS_MAX {
            return Err(TooLong { chars });
        }
        let mut words: Vec<Word> = Vec::new();
        let (mut at, mut after_comma) = (0, false);
        while let Some(c) = text[at..].chars().next() {
            let found = match closing(c, text, at) {
                Some(end) => Some((at + c.len_utf8(), end, true)),
                None if is_inside(c) => Some((at, end_of_word(text, at), false)),
                None => None,
            };
            let Some((start, end, is_quoted)) = found else {
                after_comma |= matches!(c, ',' | ';');
                at += c.len_utf8();
                continue;
            };
            let word = Word::new(text, start, end, is_quoted, after_comma);
            if !word.folded.is_empty() {
                words.push(word);
                after_comma = false;
            }
            at = end;
            if is_quoted {
                at += text[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
        let text = text.to_owned();
        Ok(Self { text, words })
    }

    /// Bytes that are no text are read as the mark for what is none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TooLong> {
        // No character is longer than four bytes: what is longer than all of them is not looked at.
        if bytes.len() > CHARS_MAX * 4 {
            return Err(TooLong { chars: bytes.len() });
        }
        Self::read(&String::from_utf8_lossy(bytes))
    }

    /// What was written from one word until before another.
    pub fn between(&self, from: usize, until: usize) -> &str {
        match (self.words.get(from), until.checked_sub(1)) {
            (Some(first), Some(last)) if from < until => {
                let last = &self.words[last.min(self.words.len() - 1)];
                &self.text[first.start..last.end]
            }
            _ => "",
        }
    }
}

impl Word {
    fn new(text: &str, start: usize, end: usize, is_quoted: bool, after_comma: bool) -> Self {
        let mut written = &text[start..end];
        if !is_quoted {
            // What ends a sentence or says whose something is belongs to no name.
            written = written.trim_end_matches(['.', ':', '/', '-', '+', '\'', '’']);
            for ending in ["'s", "’s", "'re", "’re"] {
                written = written.strip_suffix(ending).unwrap_or(written);
            }
            let is_negative = written.starts_with('-')
                && written[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.');
            if !is_negative {
                written = written.trim_start_matches(['-', '.', ':', '/', '+', '\'', '’']);
            }
        }
        Self {
            text: written.to_owned(),
            folded: fold(written),
            start,
            end,
            is_quoted,
            after_comma,
        }
    }

    /// The number that it is, if it is one.
    pub fn number(&self) -> Option<f64> {
        let is_digits = self
            .folded
            .starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c));
        let number = is_digits.then(|| self.folded.parse::<f64>().ok()).flatten();
        number.filter(|number| number.is_finite())
    }

    /// Whether it looks like something that somebody named, rather than like a word.
    pub fn is_name_like(&self) -> bool {
        self.is_quoted
            || self
                .folded
                .contains(|c: char| c.is_ascii_digit() || "_-./:@".contains(c))
    }
}

/// A text as names are compared: in lower case, its words with one blank between.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '’' || c == '\'' {
            continue;
        }
        if is_inside(c) {
            folded.extend(c.to_lowercase());
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

fn is_inside(c: char) -> bool {
    c.is_alphanumeric() || INSIDE.contains(&c)
}

/// Where a word ends that begins at `at`. A `#` begins a word of its own: `sweep#3` is two.
fn end_of_word(text: &str, at: usize) -> usize {
    let rest = text[at..].char_indices().skip(1);
    let mut ends = rest.filter(|(_, c)| *c == '#' || !(is_inside(*c) || matches!(c, '\'' | '’')));
    ends.next().map_or(text.len(), |(offset, _)| at + offset)
}

/// Where the text between quotes ends whose first is at `at`.
fn closing(c: char, text: &str, at: usize) -> Option<usize> {
    let other = match c {
        '"' => '"',
        '`' => '`',
        '“' => '”',
        '‘' | '\'' => {
            if c == '\'' {
                '\''
            } else {
                '’'
            }
        }
        _ => return None,
    };
    let start = at + c.len_utf8();
    let inside = text[start..].char_indices().take(QUOTED_CHARS_MAX + 1);
    let mut inside = inside.take_while(|(_, c)| *c != '\n');
    let (length, _) = inside.find(|(_, each)| *each == other)?;
    (length > 0).then_some(start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let question = Question::read(text).unwrap();
        let words: Vec<_> = question
            .words
            .iter()
            .map(|word| word.folded.as_str())
            .collect();
        assert_eq!(words.join("|"), expected, "{text}");
    }

    #[test]
    fn a_text_is_cut_into_words() {
        check("", "");
        check("What is the BEST of alpha?", "what|is|the|best|of|alpha");
        check("what's alpha's cost", "what|alpha|cost");
        check("best of \"a b, c\" now", "best|of|a b c|now");
        check("best of `lr sweep`.", "best|of|lr sweep");
        check("sweep#3 and sweep #4", "sweep|#3|and|sweep|#4");
        check("lr 1e-4 to -0.5, 0.1", "lr|1e-4|to|-0.5|0.1");
        check("<b>alpha</b>", "b|alpha|b");
        check("don't say 'hello there", "dont|say|hello|there");
        check("a.b/c_d-e.", "a.b/c_d-e");
        check("?!… — \u{202e}\0", "");
        check("Über STRASSE 测试", "über|strasse|测试");
    }

    #[test]
    fn a_long_text_is_refused_and_bytes_are_safe() {
        assert_eq!(
            Question::read(&"é".repeat(4_001)),
            Err(TooLong { chars: 4_001 })
        );
        assert!(Question::read(&"é".repeat(4_000)).is_ok());
        assert!(Question::from_bytes(&vec![0xff; 100_000]).is_err());
        assert!(Question::from_bytes(&[0xff, b'"', 0xc3, 0, b'\'']).is_ok());
    }

    #[test]
    fn what_stands_between_words_is_given_as_written() {
        let question = Question::read("runs where lr < 0.1 and x = \"A\"").unwrap();
        assert_eq!(question.between(2, 4), "lr < 0.1");
        assert_eq!(question.between(4, 4), "");
        assert_eq!(question.between(9, 12), "");
    }
}
