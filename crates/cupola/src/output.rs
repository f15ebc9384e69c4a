//! What commands print: tables for people, JSON for programs.

use std::io::{self, IsTerminal as _, Write as _};

use cupola_domain::{credits::shown, resources::GIB};
use serde::Serialize;

/// Prints a line on stdout. A reader that went away (`| head`) ends the program quietly.
pub(crate) fn line(text: &str) {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    if written.is_err() {
        std::process::exit(0);
    }
}

/// Prints a line on stdout if anybody reads it: for programs that go on all the same.
pub(crate) fn note(text: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// Prints a line on stderr if anybody reads it.
pub(crate) fn remark(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints bytes on stdout as they are.
pub(crate) fn raw(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    if stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .is_err()
    {
        std::process::exit(0);
    }
}

/// Prints a value as one line of JSON, or as several for people.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = if io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)?
    } else {
        serde_json::to_string(value)?
    };
    line(&text);
    Ok(())
}

/// `text` without what could command a terminal: control characters become visible, and so do the
/// ones that turn the direction of writing.
pub(crate) fn clean(text: &str) -> String {
    let is_safe = |c: char| match c {
        '\n' | '\t' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => false,
        c => !c.is_control(),
    };
    text.chars()
        .flat_map(|c| {
            let shown: Box<dyn Iterator<Item = char>> = if is_safe(c) {
                Box::new(std::iter::once(c))
            } else {
                Box::new(c.escape_default())
            };
            shown
        })
        .collect()
}

/// A line of a program's output. Colours stay where a terminal shows them and are taken out elsewhere;
/// what else could command a terminal becomes visible.
pub(crate) fn coloured(text: &str, is_terminal: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_styled = false;
    while let Some(at) = rest.find("\u{1b}[") {
        shown += &clean(&rest[..at]);
        let is_code = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b';' | b':');
        let codes = rest.bytes().skip(at + 2).take_while(is_code).count();
        let mut end = at + 2 + codes;
        if rest.as_bytes().get(end) == Some(&b'm') {
            end += 1;
            if is_terminal {
                shown += &rest[at..end];
                is_styled = true;
            }
        } else {
            shown += &clean(&rest[at..end]);
        }
        rest = &rest[end..];
    }
    shown += &clean(rest);
    if is_styled {
        shown += "\u{1b}[0m";
    }
    shown
}

/// Rows under headings, each column as wide as its widest cell.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(headings: &[&str]) -> Self {
        let headings = headings
            .iter()
            .map(|heading| heading.to_uppercase())
            .collect();
        Self {
            rows: vec![headings],
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells
            .into_iter()
            .map(|cell| clean(&cell).replace(['\n', '\t'], " "));
        self.rows.push(cells.collect());
    }

    /// Prints it, or `empty` when there are no rows.
    pub(crate) fn print(&self, empty: &str) {
        if self.rows.len() == 1 {
            return line(empty);
        }
        for text in self.lines() {
            line(&text);
        }
    }

    fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let show = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| {
                let pad = width.saturating_sub(cell.chars().count());
                format!("{cell}{}", " ".repeat(pad))
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        self.rows.iter().map(show).collect()
    }
}

/// Named values below each other.
pub(crate) fn fields(pairs: &[(&str, String)]) {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in pairs {
        let value = clean(value).replace('\n', &format!("\n{}", " ".repeat(width + 2)));
        line(&format!("{name:width$}  {value}"));
    }
}

/// A value of the objective with as many digits as tell runs apart; what is very small is not 0.
pub(crate) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), digits)
}

fn digits(value: f64) -> String {
    let size = value.abs();
    if value.is_finite() && size > 0.0 && !(1e-3..1e7).contains(&size) {
        return format!("{value:.4e}");
    }
    format!("{value:.4}")
}

/// `1 core`, `2 cores`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {one}{ending}")
}

/// An amount of credits as a hub says it, without zeros that say nothing.
pub(crate) fn credits(exact: &str) -> String {
    shown(exact).to_owned()
}

/// Memory and disks, with one decimal.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(crate) fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / GIB as f64)
}

/// Text that may be missing.
pub(crate) fn or_dash(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty())
        .unwrap_or("–")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_nothing_else_is() {
        for (text, piped, on_terminal) in [
            ("plain", "plain", "plain"),
            (
                "\u{1b}[1;32mloss\u{1b}[0m 0.5",
                "loss 0.5",
                "\u{1b}[1;32mloss\u{1b}[0m 0.5\u{1b}[0m",
            ),
            ("\u{1b}[38:5:9mx", "x", "\u{1b}[38:5:9mx\u{1b}[0m"),
            ("\u{1b}[2Jx", "\\u{1b}[2Jx", "\\u{1b}[2Jx"),
            ("\u{1b}[?25l", "\\u{1b}[?25l", "\\u{1b}[?25l"),
            (
                "\u{1b}]0;x\u{7}ü",
                "\\u{1b}]0;x\\u{7}ü",
                "\\u{1b}]0;x\\u{7}ü",
            ),
            ("\u{1b}[31", "\\u{1b}[31", "\\u{1b}[31"),
        ] {
            assert_eq!(coloured(text, false), piped, "{text:?}");
            assert_eq!(coloured(text, true), on_terminal, "{text:?}");
        }
    }

    #[test]
    fn a_table_lines_up_whatever_is_in_it() {
        let mut table = Table::new(&["id", "goal"]);
        table.row(["1".to_owned(), "a\tb".to_owned()]);
        table.row(["long".to_owned(), "ä".to_owned()]);
        assert_eq!(table.lines(), ["ID    GOAL", "1     a b", "long  ä"]);
    }

    #[test]
    fn what_is_not_nothing_does_not_look_like_it() {
        let check = |value: f64, expected: &str| assert_eq!(number(Some(value)), expected);
        check(0.0, "0.0000");
        check(0.000_012_34, "1.2340e-5");
        check(-0.000_5, "-5.0000e-4");
        check(0.001, "0.0010");
        check(3.569_999_999, "3.5700");
        check(123_456_789.0, "1.2346e8");
        check(f64::NAN, "NaN");
        assert_eq!(credits("12.500000"), "12.5");
        assert_eq!(credits("1000.000000"), "1000");
        assert_eq!(credits("0.000001"), "0.000001");
    }

    #[test]
    fn nothing_commands_the_terminal() {
        assert_eq!(clean("a\x1b]52;c;x\x07b"), "a\\u{1b}]52;c;x\\u{7}b");
        assert_eq!(clean("\u{202e}x\u{9b}31m"), "\\u{202e}x\\u{9b}31m");
        assert_eq!(clean("line\nnext\ttab ä"), "line\nnext\ttab ä");
    }
}
