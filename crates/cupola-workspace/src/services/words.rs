//! Words: what a command names, and what a program said last.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// So much of a log's end is looked at for its last line.
const END_BYTES: u64 = 4096;

/// Longer lines are cut.
const LINE_CHARS_MAX: usize = 300;

/// A word with each `{name}` replaced that `value` knows; what was put in is not read again.
pub(super) fn fill(word: &str, value: &mut impl FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = rest.find('}').map(|end| &rest[1..end]);
        let (text, skipped) = match name.and_then(|name| Some((name, value(name)?))) {
            Some((name, value)) => (value, name.len() + 2),
            None => ("{".to_owned(), 1),
        };
        filled.push_str(&text);
        rest = &rest[skipped..];
    }
    filled + rest
}

/// Which placeholders of `names` a command has.
pub(super) fn names_any(words: &[String], names: &[&str]) -> bool {
    let mut found = false;
    for word in words {
        fill(word, &mut |name| {
            found |= names.contains(&name);
            None
        });
    }
    found
}

/// The last line of a file that says something, without what a terminal would obey.
pub(super) fn last_line(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(END_BYTES)))
        .ok()?;
    let mut end = Vec::new();
    file.take(END_BYTES).read_to_end(&mut end).ok()?;
    let text = String::from_utf8_lossy(&end);
    let line = text.lines().rev().find(|line| !line.trim().is_empty())?;
    let line = line.trim().chars().filter(|it| !it.is_control());
    Some(line.take(LINE_CHARS_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_replaced() {
        let check = |word: &str, expected: &str| {
            let filled = fill(word, &mut |name| (name == "a").then(|| "{a}".to_owned()));
            assert_eq!(filled, expected, "{word}");
        };
        check("", "");
        check("{a}-{a}", "{a}-{a}");
        check("{b}{a", "{b}{a");
        check("{{a}}", "{{a}}");
        check("x{}{a}é", "x{}{a}é");
    }

    #[test]
    fn the_last_line_is_the_one_that_says_something() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let check = |text: &str, expected: Option<&str>| {
            std::fs::write(&path, text).unwrap();
            assert_eq!(last_line(&path).as_deref(), expected, "{text:?}");
        };
        check("", None);
        check("\n \n", None);
        check("one\ntwo\n\n", Some("two"));
        check("one\n\x1b[31mred\x07", Some("[31mred"));
        let long = format!("{}end", "x".repeat(5000));
        check(&long, Some(&"x".repeat(LINE_CHARS_MAX)));
    }
}
