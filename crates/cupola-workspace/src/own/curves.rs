//! Curves of a run, out of the blocks that its hub kept.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cupola_domain::metric::Point;
use cupola_series::block;
use serde_json::{Map, Value};

use super::read;
use crate::{
    metrics::reduce,
    model::Series,
    source::SourceError,
    xpm::file::{self, words},
};

/// No line of a block is longer.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// How the lines begin that are read.
const WANTED: [&[u8]; 2] = [b"{\"series\":", b"{\"series_block\":"];

/// All curves of a run, each of about `width` points. One that has not ended has none yet.
pub(super) fn series(folder: &Path, width: usize) -> Result<Vec<Series>, SourceError> {
    let Some(path) = read::details_path(folder) else {
        return Ok(Vec::new());
    };
    let refused = |error: &std::io::Error| {
        SourceError::Refused(format!("{}: {}", path.display(), words(error)))
    };
    let (found, _) = file::open(&path, false).map_err(|error| refused(&error))?;
    let mut lines = BufReader::new(found);
    let mut curves: BTreeMap<i64, (String, Vec<Point>)> = BTreeMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut part = (&mut lines).take(LINE_BYTES_MAX);
        let read = part.read_until(b'\n', &mut line);
        if read.map_err(|error| refused(&error))? == 0 {
            break;
        }
        take(&line, &mut curves);
    }
    let series = curves.into_values().map(|(name, points)| {
        let reduced = reduce(&points, width);
        Series {
            name,
            is_reduced: reduced.len() < points.len(),
            points: reduced,
        }
    });
    let mut series: Vec<_> = series.collect();
    series.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(series)
}

/// Other rows are passed over, and so are damaged ones.
fn take(line: &[u8], curves: &mut BTreeMap<i64, (String, Vec<Point>)>) {
    // Most lines are summaries and logs: these are not read.
    if !WANTED.iter().any(|begin| line.starts_with(begin)) {
        return;
    }
    let Ok(Value::Object(line)) = serde_json::from_slice(line) else {
        return;
    };
    let Some((table, Value::Object(row))) = line.into_iter().next() else {
        return;
    };
    let number = |column: &str| row.get(column).and_then(Value::as_i64).unwrap_or_default();
    if table == "series" {
        let name = row.get("name").and_then(Value::as_str).unwrap_or_default();
        curves.insert(number("id"), (name.to_owned(), Vec::new()));
        return;
    }
    let Some((_, points)) = curves.get_mut(&number("series_id")) else {
        return;
    };
    let Some(bytes) = bytes(&row) else {
        return;
    };
    points.extend(block::decode(&bytes).unwrap_or_default());
}

fn bytes(row: &Map<String, Value>) -> Option<Vec<u8>> {
    let text = row.get("points")?.as_str()?;
    STANDARD.decode(text).ok()
}
