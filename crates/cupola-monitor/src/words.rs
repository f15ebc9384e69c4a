//! Words of a command line as shells understand them.

/// One word that a shell on the other side reads as it is: `sh` and its kin, and `fish`, whose single
/// quotes know a backslash, so that none ever stands in them.
pub fn quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "_@+:,./-".contains(it);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('\'');
    for it in word.chars() {
        match it {
            '\'' => quoted.push_str(r#"'"'"'"#),
            '\\' => quoted.push_str(r#"'"\\"'"#),
            it => quoted.push(it),
        }
    }
    quoted.push('\'');
    quoted
}

/// Words with spaces between them.
pub fn joined<W: AsRef<str>>(words: &[W]) -> String {
    let words: Vec<_> = words.iter().map(|word| quoted(word.as_ref())).collect();
    words.join(" ")
}

/// The words of a line that a person wrote as for a shell, which expands nothing here; none where a
/// quote does not end.
pub fn split(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = line.chars();
    while let Some(it) = rest.next() {
        match it {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match rest.next()? {
                        '\'' => break,
                        inner => word.push(inner),
                    }
                }
            }
            '"' => double_quoted(&mut rest, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(rest.next()?),
            space if space.is_whitespace() => words.extend(word.take()),
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Some(words)
}

fn double_quoted(rest: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match rest.next()? {
            '"' => return Some(()),
            '\\' => match rest.next()? {
                it @ ('"' | '\\' | '$' | '`') => word.push(it),
                it => word.extend(['\\', it]),
            },
            it => word.push(it),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Read as _, time::Duration};

    use proptest::prelude::*;

    use super::*;
    use crate::dial;

    /// What a real shell makes of a line.
    fn echoed(shell: &str, words: &[String]) -> Vec<u8> {
        let line = format!("printf '%s\\n' {}", joined(words));
        let shell = [shell.to_owned(), "-c".to_owned(), line];
        let mut wire = dial::start(&shell).unwrap();
        let mut echoed = Vec::new();
        wire.input.read_to_end(&mut echoed).unwrap();
        wire.program.unwrap().wait(Duration::from_secs(5)).unwrap();
        echoed
    }

    fn check(line: &str, expected: Option<&[&str]>) {
        assert_eq!(
            split(line).as_deref(),
            expected
                .map(|it| it.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
                .as_deref(),
            "{line}"
        );
    }

    #[test]
    fn a_line_is_split_as_shells_do() {
        check("uv tool run", Some(&["uv", "tool", "run"]));
        check(
            r#"'/my dir/x' "a \"b\" \n" c\ d"#,
            Some(&["/my dir/x", r#"a "b" \n"#, "c d"]),
        );
        check("  ", Some(&[]));
        check("a '' b", Some(&["a", "", "b"]));
        check("'open", None);
        check("open\\", None);
        check("\"open", None);
    }

    #[test]
    fn plain_words_stay_as_they_are() {
        assert_eq!(
            joined(&["user@host:/a-b_c.d", "x y", "~/x", ""]),
            "user@host:/a-b_c.d 'x y' '~/x' ''"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_real_shell_reads_words_as_they_are(words in prop::collection::vec("[^\0]{0,20}", 1..6)) {
            let expected = words.join("\n") + "\n";
            for shell in ["sh", "bash"] {
                prop_assert_eq!(&echoed(shell, &words), expected.as_bytes(), "{}", shell);
            }
        }

        #[test]
        fn what_shells_love_is_only_text(word in "[ '\"\\\\$`!*?\\[\\]{}~#&|;<>()=%\n\t-]{0,12}") {
            let words = [word.clone()];
            prop_assert_eq!(echoed("sh", &words), format!("{word}\n").into_bytes());
        }

        #[test]
        fn joined_words_are_split_again(words in prop::collection::vec("\\PC{0,12}", 0..6)) {
            prop_assert_eq!(split(&joined(&words)), Some(words));
        }
    }
}
