//! Text of a terminal without what only a terminal understands.

use std::{iter::Peekable, str::Chars};

/// Text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Without escape sequences and control characters; tabs and line ends stay.
    pub text: String,
    /// How it looks.
    pub style: Style,
}

/// What of a terminal's looks a page shows as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// One of the sixteen colours, for the letters.
    pub colour: Option<u8>,
    /// One of the sixteen colours, behind the letters.
    pub ground: Option<u8>,
    /// Whether it is bold.
    pub is_bold: bool,
}

/// `text` without escape sequences and control characters; tabs stay.
pub fn plain(text: &str) -> String {
    let mut out = multiline(text);
    out.retain(|c| c != '\n');
    out
}

/// The same, but the ends of lines stay too.
pub fn multiline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    walk(text, |c| out.push(c), |_| {});
    out
}

/// `text` cut where its looks change.
pub fn spans(text: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let style = std::cell::Cell::new(Style::default());
    walk(
        text,
        |c| match spans.last_mut() {
            Some(span) if span.style == style.get() => span.text.push(c),
            _ => spans.push(Span {
                text: c.to_string(),
                style: style.get(),
            }),
        },
        |codes| style.set(style.get().after(codes)),
    );
    spans
}

impl Style {
    /// Applies the numbers of a "select graphic rendition" sequence.
    fn after(mut self, codes: &str) -> Self {
        let mut codes = codes
            .split(';')
            .map(|code| if code.is_empty() { "0" } else { code })
            .map(|code| code.parse::<u16>().unwrap_or(u16::MAX));
        while let Some(code) = codes.next() {
            match code {
                0 => self = Self::default(),
                1 => self.is_bold = true,
                22 => self.is_bold = false,
                30..=37 => self.colour = low(code - 30),
                38 => self.colour = extended(&mut codes),
                39 => self.colour = None,
                40..=47 => self.ground = low(code - 40),
                48 => self.ground = extended(&mut codes),
                49 => self.ground = None,
                90..=97 => self.colour = low(code - 90 + 8),
                100..=107 => self.ground = low(code - 100 + 8),
                _ => {}
            }
        }
        self
    }
}

fn low(code: u16) -> Option<u8> {
    u8::try_from(code).ok()
}

/// A colour by its index or its parts: only the first sixteen are shown.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<u8> {
    match codes.next()? {
        5 => codes.next().filter(|index| *index < 16).and_then(low),
        2 => {
            let _ = codes.nth(2);
            None
        }
        _ => None,
    }
}

fn walk(text: &str, mut shown: impl FnMut(char), mut styled: impl FnMut(&str)) {
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars, &mut styled),
            '\u{9b}' => skip_control_sequence(&mut chars, &mut styled),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            '\t' | '\n' => shown(c),
            c if c.is_control() => {}
            c => shown(c),
        }
    }
}

fn skip_escape(chars: &mut Peekable<Chars<'_>>, styled: &mut impl FnMut(&str)) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            skip_control_sequence(chars, styled);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            chars.next();
            skip_string(chars);
        }
        Some(' '..='/') => {
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|c| ('0'..='~').contains(c));
        }
        Some('0'..='~') => {
            chars.next();
        }
        _ => {}
    }
}

/// Parameters and the letter that ends them; `m` changes the looks.
fn skip_control_sequence(chars: &mut Peekable<Chars<'_>>, styled: &mut impl FnMut(&str)) {
    let mut codes = String::new();
    while let Some(c) = chars.next_if(|c| (' '..='?').contains(c)) {
        codes.push(c);
    }
    if chars.next_if(|c| ('@'..='~').contains(c)) == Some('m') {
        styled(&codes);
    }
}

/// A title or the like, up to its end; where that is missing nothing is hidden.
fn skip_string(chars: &mut Peekable<Chars<'_>>) {
    let mut ahead = chars.clone();
    while let Some(c) = ahead.next() {
        let is_end = match c {
            '\u{7}' | '\u{9c}' => true,
            '\u{1b}' => ahead.next_if_eq(&'\\').is_some(),
            _ => false,
        };
        if is_end {
            *chars = ahead;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_terminal_is_left_out() {
        for (text, expected) in [
            ("plain ü\ttext", "plain ü\ttext"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
            ("\u{1b}]0;never ended", "0;never ended"),
            ("\u{1b}(Bx\u{1b}=y\u{1b}", "xy"),
            ("\u{9b}2Kx\u{8}\u{7f}\u{0}y", "xy"),
            ("\u{1b}[", ""),
            ("two\nlines", "twolines"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
        assert_eq!(multiline("two\nlines\r"), "two\nlines");
    }

    fn check(text: &str, expected: &[(&str, Option<u8>, Option<u8>, bool)]) {
        let seen = spans(text);
        let seen: Vec<_> = seen
            .iter()
            .map(|span| {
                let Style {
                    colour,
                    ground,
                    is_bold,
                } = span.style;
                (span.text.as_str(), colour, ground, is_bold)
            })
            .collect();
        assert_eq!(seen, expected, "{text:?}");
    }

    #[test]
    fn sixteen_colours_are_kept() {
        check("", &[]);
        check("a\u{1b}[Kb", &[("ab", None, None, false)]);
        check(
            "\u{1b}[1;31mred\u{1b}[0m and \u{1b}[94;42mblue\u{1b}[39mon green",
            &[
                ("red", Some(1), None, true),
                (" and ", None, None, false),
                ("blue", Some(12), Some(2), false),
                ("on green", None, Some(2), false),
            ],
        );
        check(
            "\u{1b}[38;5;9mx\u{1b}[38;5;200my\u{1b}[38;2;1;2;3;1mz\u{1b}[mw",
            &[
                ("x", Some(9), None, false),
                ("y", None, None, false),
                ("z", None, None, true),
                ("w", None, None, false),
            ],
        );
    }

    proptest! {
        #[test]
        fn no_control_character_is_left(text in ".*") {
            let joined: String = spans(&text).into_iter().map(|span| span.text).collect();
            prop_assert_eq!(&joined, &multiline(&text));
            prop_assert!(plain(&text).chars().all(|c| c == '\t' || !c.is_control()));
        }
    }
}
