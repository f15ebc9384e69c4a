//! Objects, one a row. Doubles that JSON lacks are the words `"NaN"`, `"Infinity"`, `"-Infinity"`.

use std::io::{self, Write};

use cupola_domain::metric::number_json;
use serde_json::Value;

use super::{Cell, Column, time};

pub(super) struct Json<W> {
    out: W,
    /// `{"name":`, `,"next":`, …
    keys: Vec<String>,
    line: Vec<u8>,
    is_array: bool,
    is_begun: bool,
}

impl<W: Write> Json<W> {
    pub(super) fn array(columns: &[Column], mut out: W) -> io::Result<Self> {
        out.write_all(b"[")?;
        Ok(Self {
            is_array: true,
            ..Self::lines(columns, out)
        })
    }

    pub(super) fn lines(columns: &[Column], out: W) -> Self {
        let key = |(at, column): (usize, &Column)| {
            let name = Value::from(column.name.as_str());
            format!("{}{name}:", if at == 0 { "{" } else { "," })
        };
        Self {
            out,
            keys: columns.iter().enumerate().map(key).collect(),
            line: Vec::new(),
            is_array: false,
            is_begun: false,
        }
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.line.clear();
        if self.is_array {
            let start: &[u8] = if self.is_begun { b",\n" } else { b"\n" };
            self.line.extend_from_slice(start);
        }
        self.is_begun = true;
        for (key, cell) in self.keys.iter().zip(cells) {
            self.line.extend_from_slice(key.as_bytes());
            match cell {
                Cell::Missing => self.line.extend_from_slice(b"null"),
                Cell::Text(text) => serde_json::to_writer(&mut self.line, text)?,
                Cell::Integer(integer) => write!(self.line, "{integer}")?,
                Cell::Number(value) => write!(self.line, "{}", number_json(*value))?,
                Cell::Time(millis) => write!(self.line, "\"{}\"", time::text(*millis))?,
            }
        }
        self.line.push(b'}');
        if !self.is_array {
            self.line.push(b'\n');
        }
        self.out.write_all(&self.line)
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if self.is_array {
            self.out.write_all(b"\n]\n")?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}
