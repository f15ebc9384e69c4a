//! Reports: documents that carry their data, and what they look like as Markdown and as HTML in one file.
//!
//! Pure: a report is made elsewhere, of facts; here it is only shown. Whatever text is in it is data: no
//! rendering lets any of it be markup, a script or an address that leads elsewhere than to the hub.

#![warn(missing_docs)]

mod html;
mod markdown;
mod numbers;
mod plot;

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

pub use html::{html, named};
pub use markdown::{escaped, markdown};
pub use numbers::amount;
pub use plot::svg;

/// Which form a document has; it is written beside what is kept.
pub const FORMAT: u32 = 1;

/// Characters of one text.
pub const TEXT_CHARS_MAX: usize = 1_000;

/// Points of one series.
pub const POINTS_MAX: usize = 200;

/// Series of one plot.
pub const SERIES_MAX: usize = 6;

/// A report with all its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// See [`FORMAT`].
    pub format: u32,
    /// One line.
    pub title: String,
    /// When its data was read, as RFC 3339.
    pub made_at: String,
    /// Which program made it.
    pub made_with: String,
    /// What it is about.
    pub about: Vec<Said>,
    /// Its parts in reading order.
    pub sections: Vec<Section>,
}

/// A part under a heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// A piece of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Block {
    /// A sentence or several.
    Paragraph(Said),
    /// What people or programs wrote, shown as theirs.
    Quote(Quote),
    /// Names with their values.
    Facts {
        /// In order.
        facts: Vec<Fact>,
    },
    /// Rows under headings.
    Table(Table),
    /// Curves or dots.
    Plot(Plot),
    /// Sentences one below the other.
    List {
        /// In order.
        items: Vec<Said>,
    },
}

/// A text with the page that shows where it is from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Said {
    /// The text.
    pub text: String,
    /// An address of the hub that begins with `/`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub href: String,
}

/// What somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Whose words: `the brief's goal`, `the last line of its log`.
    pub of: String,
    /// The words.
    pub said: Said,
}

/// A name with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: Said,
}

/// Rows under headings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The headings.
    pub columns: Vec<Column>,
    /// The cells, as many a row as there are columns.
    pub rows: Vec<Vec<Said>>,
    /// What was left out; empty when nothing was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading.
    pub name: String,
    /// Whether its cells are numbers.
    #[serde(default)]
    pub is_number: bool,
}

/// Curves or dots over one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plot {
    /// What it shows, in a line.
    pub title: String,
    /// What is on the horizontal axis.
    pub x: String,
    /// What is on the vertical axis.
    pub y: String,
    /// What is drawn, at most [`SERIES_MAX`].
    pub series: Vec<Series>,
    /// What was left out; empty when nothing was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The page that shows all of it; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub href: String,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it is called.
    pub name: String,
    /// How it is drawn.
    pub look: Look,
    /// Finite points from left to right, at most [`POINTS_MAX`].
    pub points: Vec<(f64, f64)>,
    /// Where a point stands for several: at this place they lie from this to that, at most [`POINTS_MAX`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<(f64, f64, f64)>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Point to point.
    Line,
    /// Level until the next point.
    Steps,
    /// Each by itself.
    Dots,
}

/// A text that takes more, as it is formatted.
pub trait Put {
    /// Adds this at the end.
    fn put(&mut self, text: fmt::Arguments<'_>);
}

impl Put for String {
    fn put(&mut self, text: fmt::Arguments<'_>) {
        self.write_fmt(text).expect("a text takes more text");
    }
}

impl Report {
    /// The document as it is kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a report has text for keys and finite numbers")
    }

    /// A document that was kept; none where it is not one of this form.
    pub fn from_json(text: &str) -> Option<Self> {
        let report: Self = serde_json::from_str(text).ok()?;
        (report.format == FORMAT).then_some(report)
    }
}

impl Said {
    /// A text that has no page of its own.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self::at(text, "")
    }

    /// A text with the page that shows it.
    pub fn at(text: impl AsRef<str>, href: impl Into<String>) -> Self {
        Self {
            text: cut(text.as_ref(), TEXT_CHARS_MAX),
            href: href.into(),
        }
    }
}

impl Said {
    /// Where its link leads: to the hub at `base`, whatever stands in the document. None where it has none, or
    /// one that is no address of a hub.
    pub fn address(&self, base: &str) -> Option<String> {
        address(base, &self.href)
    }
}

impl Plot {
    /// The same of the page that shows all of it.
    pub fn address(&self, base: &str) -> Option<String> {
        address(base, &self.href)
    }
}

impl Table {
    /// Whether the cells of a column are numbers.
    pub fn is_number(&self, column: usize) -> bool {
        self.columns
            .get(column)
            .is_some_and(|column| column.is_number)
    }
}

impl Column {
    /// A column of words.
    pub fn words(name: impl AsRef<str>) -> Self {
        Self {
            name: cut(name.as_ref(), 200),
            is_number: false,
        }
    }

    /// A column of numbers.
    pub fn numbers(name: impl AsRef<str>) -> Self {
        Self {
            is_number: true,
            ..Self::words(name)
        }
    }
}

impl Series {
    /// Of many points so many that each still has its place: evenly chosen, the first and the last among
    /// them. What is not finite cannot be drawn.
    pub fn new(name: impl AsRef<str>, look: Look, points: &[(f64, f64)]) -> Self {
        let finite: Vec<(f64, f64)> = points
            .iter()
            .copied()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect();
        Self {
            name: cut(name.as_ref(), 80),
            look,
            points: chosen(&finite, POINTS_MAX),
            ranges: Vec::new(),
        }
    }

    /// The same with what its points stand for: a peak between two of them is not lost.
    #[must_use]
    pub fn with_ranges(mut self, ranges: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        let is_finite =
            |(x, low, high): &(f64, f64, f64)| x.is_finite() && low.is_finite() && high.is_finite();
        let ranges = ranges.into_iter().filter(is_finite).take(POINTS_MAX);
        let drawn = |(x, low, high)| (x, to_be_drawn(low), to_be_drawn(high));
        self.ranges = ranges.map(drawn).collect();
        self
    }
}

/// No eye tells more digits apart, and a document has many.
fn to_be_drawn(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

/// At most `most` of them, evenly chosen, the first and the last among them.
pub(crate) fn chosen<T: Copy>(all: &[T], most: usize) -> Vec<T> {
    if all.len() <= most || most < 2 {
        return all.iter().copied().take(most).collect();
    }
    (0..most)
        .map(|at| all[at * (all.len() - 1) / (most - 1)])
        .collect()
}

/// On one line, without what shows nothing or turns the direction of writing; what is longer ends in an
/// ellipsis.
fn cut(text: &str, chars: usize) -> String {
    let mut cut = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == chars {
            cut.push('…');
            break;
        }
        match c {
            c if is_unseen(c) => {}
            c if c.is_control() => cut.push(' '),
            c => cut.push(c),
        }
    }
    cut
}

/// What has no width and changes how its neighbours look.
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Where a link leads: to the hub at `base`, whatever stands in the document. None where it is no address
/// of a hub.
pub(crate) fn address(base: &str, href: &str) -> Option<String> {
    let rest = href.strip_prefix('/')?;
    if rest.starts_with(['/', '\\']) {
        return None;
    }
    let mut address = format!("{base}/");
    for byte in rest.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => address.push(char::from(byte)),
            b'/' | b'?' | b'=' | b'&' | b'-' | b'.' | b'_' | b'~' | b'%' | b'#' | b',' | b'+'
            | b':' => {
                address.push(char::from(byte));
            }
            byte => address.put(format_args!("%{byte:02X}")),
        }
    }
    Some(address)
}

#[cfg(test)]
mod tests;
