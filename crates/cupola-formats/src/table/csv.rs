//! Commas, quotes, CRLF; cells that a spreadsheet would take for a formula begin with an apostrophe.

use std::io::{self, Write};

use super::{Cell, Column, number, time};

pub(super) struct Csv<W> {
    out: W,
    line: String,
}

impl<W: Write> Csv<W> {
    pub(super) fn new(columns: &[Column], out: W) -> io::Result<Self> {
        let line = String::new();
        let mut writer = Self { out, line };
        let names: Vec<_> = columns
            .iter()
            .map(|column| Cell::Text(&column.name))
            .collect();
        writer.row(&names)?;
        Ok(writer)
    }

    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.line.clear();
        for (at, cell) in cells.iter().enumerate() {
            self.line.push_str(if at == 0 { "" } else { "," });
            match cell {
                Cell::Missing => {}
                Cell::Text(text) => push_text(text, &mut self.line),
                Cell::Integer(integer) => self.line.push_str(&integer.to_string()),
                Cell::Number(value) => self.line.push_str(&number(*value)),
                Cell::Time(millis) => self.line.push_str(&time::text(*millis)),
            }
        }
        self.line.push_str("\r\n");
        self.out.write_all(self.line.as_bytes())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

fn push_text(text: &str, line: &mut String) {
    // A number keeps its sign: it is one, whoever reads it.
    let is_formula = text.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠',
    ]) && text.parse::<f64>().is_err();
    let is_quoted = text.contains([',', '"', '\r', '\n', '\0'])
        || text.starts_with([' ', '\t'])
        || text.ends_with([' ', '\t'])
        // An empty text is no missing cell.
        || text.is_empty();
    let guard = if is_formula { "'" } else { "" };
    if !is_quoted {
        line.push_str(guard);
        return line.push_str(text);
    }
    line.push('"');
    line.push_str(guard);
    line.push_str(&text.replace('"', "\"\""));
    line.push('"');
}
