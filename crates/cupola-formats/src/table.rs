//! Tables as CSV, JSON, JSON lines and Parquet, row by row, so that however long a table is, only a
//! part of it is in memory.

mod csv;
mod json;
mod parquet;
mod time;

use std::io::{self, Write};

/// What a table is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As RFC 4180 says, safe to be opened by a spreadsheet.
    Csv,
    /// One array of objects.
    Json,
    /// An object a line.
    JsonLines,
    /// Columns, compressed by Zstandard.
    Parquet,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts.
    Text,
    /// Whole numbers.
    Integer,
    /// Doubles, NaN and infinities among them.
    Number,
    /// Milliseconds since 1970.
    Time,
}

/// A column. Any cell may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its heading; no two columns have the same.
    pub name: String,
    /// What its cells are.
    pub kind: Kind,
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// There is nothing.
    Missing,
    /// Of a column of texts.
    Text(&'a str),
    /// Of a column of whole numbers.
    Integer(i64),
    /// Of a column of doubles.
    Number(f64),
    /// Of a column of times.
    Time(i64),
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Json, Self::JsonLines, Self::Parquet];

    /// What it is called in an address and on the command line; also what a file's name ends with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// The format that is called so.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// What it is called in HTTP.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::JsonLines => "application/jsonl",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

impl Column {
    /// A column.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        Self { name, kind }
    }
}

/// Writes one table.
pub struct Writer<W: Write + Send>(Inner<W>);

enum Inner<W: Write + Send> {
    Csv(csv::Csv<W>),
    Json(json::Json<W>),
    Parquet(Box<parquet::Parquet<W>>),
}

impl<W: Write + Send> Writer<W> {
    /// A table with these columns.
    ///
    /// # Errors
    /// When `out` takes nothing.
    pub fn new(format: Format, columns: Vec<Column>, out: W) -> io::Result<Self> {
        Ok(Self(match format {
            Format::Csv => Inner::Csv(csv::Csv::new(&columns, out)?),
            Format::Json => Inner::Json(json::Json::array(&columns, out)?),
            Format::JsonLines => Inner::Json(json::Json::lines(&columns, out)),
            Format::Parquet => Inner::Parquet(Box::new(parquet::Parquet::new(&columns, out)?)),
        }))
    }

    /// Adds a row: a cell for each column, of the column's kind or missing.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        match &mut self.0 {
            Inner::Csv(writer) => writer.row(cells),
            Inner::Json(writer) => writer.row(cells),
            Inner::Parquet(writer) => writer.row(cells),
        }
    }

    /// Writes what ends the table, and gives back what it was written to.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn finish(self) -> io::Result<W> {
        match self.0 {
            Inner::Csv(writer) => writer.finish(),
            Inner::Json(writer) => writer.finish(),
            Inner::Parquet(writer) => writer.finish(),
        }
    }
}

/// A double as text that reads back as the same double.
fn number(value: f64) -> String {
    cupola_domain::metric::non_finite_word(value)
        .map_or_else(|| format!("{value:?}"), str::to_owned)
}

pub use parquet::read as read_parquet;

#[cfg(test)]
mod tests;
