//! What there may be much of: curves, large results and logs go into files of their own.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use cupola_store::{
    Tx,
    dump::{self, Cell},
};
use serde_json::{Value, json};

use super::{
    places::{self, failed},
    record::Kept,
    tables::{LARGE, OF_SERIES, Tables, object},
};
use crate::{HubError, archive::files::Counted};

/// The file of rows.
pub(super) const DETAILS: &str = "details.jsonl";

/// Rows that are read at once: each may have some 64 KiB.
const ROWS: i64 = 100;

/// Names of streams are so long at most.
const STREAM_MAX: usize = 20;

/// The file of a stream. What cannot be the name of a file is in one for all such.
pub(super) fn file_of(stream: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_name = (1..=STREAM_MAX).contains(&stream.len()) && stream.bytes().all(is_plain);
    let is_free = stem(DETAILS) != stream;
    format!(
        "{}.log",
        if is_name && is_free {
            stream
        } else {
            "other-streams"
        }
    )
}

/// What the name of a file begins with, whichever writing of it that is.
pub(super) fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

/// Writes all of a run that has ended. Files of `before` that would be the same stay.
pub(super) fn write(
    tx: &mut Tx,
    tables: &Tables,
    folder: &Path,
    run: &str,
    before: &[Kept],
) -> Result<Vec<Kept>, HubError> {
    let mut files = Files {
        folder,
        open: BTreeMap::new(),
    };
    let id = Cell::Text(run.to_owned());
    for of in LARGE {
        let mut series = Vec::new();
        each(tx, tables, of, &id, |mut row| {
            let table = tables.table(of.0)?;
            match of.0 {
                "log_chunk" => {
                    files.take_log(&mut row, table.place("stream"), table.place("body"))?;
                }
                "series" => series.extend(table.place("id").map(|at| row[at].clone())),
                _ => {}
            }
            files.line(of.0, &object(table, &row).into())
        })?;
        for number in series {
            for name in OF_SERIES {
                let table = tables.table(name)?;
                let line = |row: Vec<Cell>| files.line(name, &object(table, &row).into());
                each(tx, tables, (name, "series_id"), &number, line)?;
            }
        }
    }
    files.finish(before)
}

/// Reads the rows that have `value` in a column, some at a time.
fn each(
    tx: &mut Tx,
    tables: &Tables,
    (name, column): (&str, &str),
    value: &Cell,
    mut take: impl FnMut(Vec<Cell>) -> Result<(), HubError>,
) -> Result<(), HubError> {
    let table = tables.table(name)?;
    let mut after: Option<Vec<Cell>> = None;
    loop {
        let rows = dump::rows_with(tx, table, (column, value), after.as_deref(), ROWS)?;
        let is_last = rows.len() < usize::try_from(ROWS).unwrap_or(usize::MAX);
        after = rows.last().cloned();
        for row in rows {
            take(row)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Files on their way in, by the names that they should have.
struct Files<'a> {
    folder: &'a Path,
    open: BTreeMap<String, Counted<BufWriter<File>>>,
}

impl Files<'_> {
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), HubError> {
        let path = self.folder.join(name);
        if !self.open.contains_key(name) {
            let made = File::create(places::new(&path)).map_err(|error| failed(&path, &error))?;
            let counted = Counted::new(BufWriter::new(made));
            self.open.insert(name.to_owned(), counted);
        }
        let file = self.open.get_mut(name);
        let written = file.map_or(Ok(()), |file| file.write_all(bytes));
        written.map_err(|error| failed(&path, &error))
    }

    fn line(&mut self, table: &str, row: &Value) -> Result<(), HubError> {
        let mut line = json!({ table: row }).to_string();
        line.push('\n');
        self.write(DETAILS, line.as_bytes())
    }

    /// Takes the bytes out of a row and leaves how many they were.
    fn take_log(
        &mut self,
        row: &mut [Cell],
        stream: Option<usize>,
        body: Option<usize>,
    ) -> Result<(), HubError> {
        let (Some(stream), Some(body)) = (stream, body) else {
            return Ok(());
        };
        let name = match &row[stream] {
            Cell::Text(stream) => file_of(stream),
            _ => file_of(""),
        };
        if let Cell::Blob(bytes) = std::mem::replace(&mut row[body], Cell::Null) {
            row[body] = Cell::Integer(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
            self.write(&name, &bytes)?;
        }
        Ok(())
    }

    /// Gives each its name, which no record says yet. One that differs from what was there gets another
    /// name, so that the record that is there stays true until there is a new one.
    fn finish(self, before: &[Kept]) -> Result<Vec<Kept>, HubError> {
        let mut kept = Vec::new();
        for (name, mut file) in self.open {
            let new = places::new(&self.folder.join(&name));
            let shown = |error: io::Error| failed(&new, &error);
            file.flush().map_err(shown)?;
            let part = file.part(&name, 0);
            let (begins, ending) = name.split_once('.').unwrap_or((&name, ""));
            let same = before.iter().find(|kept| {
                let is_same = kept.sha256 == part.sha256 && kept.bytes == part.bytes;
                is_same && stem(&kept.name) == begins && self.folder.join(&kept.name).is_file()
            });
            if let Some(same) = same {
                fs::remove_file(&new).map_err(shown)?;
                kept.push(same.clone());
                continue;
            }
            let mut called = name.clone();
            for number in 2.. {
                if !self.folder.join(&called).exists() {
                    break;
                }
                called = format!("{begins}.{number}.{ending}");
            }
            fs::rename(&new, self.folder.join(&called)).map_err(shown)?;
            kept.push(Kept {
                name: called,
                bytes: part.bytes,
                sha256: part.sha256,
            });
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_have_files_whatever_they_are_called() {
        for (stream, expected) in [
            ("stdout", "stdout.log"),
            ("rank7", "rank7.log"),
            ("", "other-streams.log"),
            ("../x", "other-streams.log"),
            ("Stdout", "other-streams.log"),
            ("details", "other-streams.log"),
            (&"x".repeat(21), "other-streams.log"),
        ] {
            assert_eq!(file_of(stream), expected);
        }
    }
}
