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
    metrics::{reduce, thinned},
    model::Series,
    source::SourceError,
    xpm::file::{self, words},
};

/// No line of a block is longer.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// A run has no more series that anybody would look at.
const SERIES_MAX: usize = 1_000;

/// A curve is read whole where it has no more points than so many times its width, which is taken to be
/// within these.
const OF_WIDTH: usize = 4;
const WIDTHS: [usize; 2] = [1 << 10, 1 << 14];

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
    let mut curves = Curves {
        room: OF_WIDTH * width.clamp(WIDTHS[0], WIDTHS[1]),
        by_number: BTreeMap::new(),
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut part = (&mut lines).take(LINE_BYTES_MAX);
        let read = part.read_until(b'\n', &mut line);
        if read.map_err(|error| refused(&error))? == 0 {
            break;
        }
        curves.take(&line);
    }
    let series = curves.by_number.into_values().map(|curve| {
        let reduced = reduce(&curve.points, width);
        Series {
            name: curve.name,
            is_reduced: curve.is_thinned || reduced.len() < curve.points.len(),
            points: reduced,
        }
    });
    let mut series: Vec<_> = series.collect();
    series.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(series)
}

/// The curves that were read so far, by the numbers of their series.
struct Curves {
    /// So many points are kept of each.
    room: usize,
    by_number: BTreeMap<i64, Curve>,
}

#[derive(Default)]
struct Curve {
    name: String,
    points: Vec<Point>,
    is_thinned: bool,
}

impl Curves {
    /// Other rows are passed over, and so are damaged ones.
    fn take(&mut self, line: &[u8]) {
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
            if self.by_number.len() < SERIES_MAX {
                let curve = Curve {
                    name: name.to_owned(),
                    ..Curve::default()
                };
                self.by_number.insert(number("id"), curve);
            }
            return;
        }
        if let Some(curve) = self.by_number.get_mut(&number("series_id"))
            && let Some(bytes) = bytes(&row)
        {
            curve.extend(block::decode(&bytes).unwrap_or_default(), self.room);
        }
    }
}

impl Curve {
    /// Takes more points. Of too many the extremes of columns stay.
    fn extend(&mut self, points: Vec<Point>, room: usize) {
        self.points.extend(points);
        if self.points.len() > room {
            self.points = thinned(&self.points, room / 2);
            self.is_thinned = true;
        }
    }
}

fn bytes(row: &Map<String, Value>) -> Option<Vec<u8>> {
    let text = row.get("points")?.as_str()?;
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_curve_is_never_all_in_memory() {
        let room = 64;
        let mut curves = Curves {
            room,
            by_number: BTreeMap::new(),
        };
        curves.take(
            json!({"series": {"id": 7, "name": "loss"}})
                .to_string()
                .as_bytes(),
        );
        for part in 0..100_i64 {
            let points = (0..100_i64).map(|step| {
                let step = part * 100 + step;
                let value = if step == 4_242 { -9.0 } else { 1.0 };
                Point {
                    step,
                    time_millis: 0,
                    value,
                }
            });
            let points: Vec<_> = points.collect();
            let text = STANDARD.encode(block::encode(&points));
            let row = json!({"series_block": {"series_id": 7, "points": text}});
            curves.take(row.to_string().as_bytes());
            assert!(curves.by_number[&7].points.len() <= room);
        }
        let curve = &curves.by_number[&7];
        assert!(curve.is_thinned);
        assert!(curve.points.iter().any(|point| point.value < 0.0));
        assert_eq!(curve.points.last().map(|point| point.step), Some(9_999));
        // What came first is not thinned more than the rest.
        let is_first_half = |point: &&Point| point.step < 5_000;
        let early = curve.points.iter().filter(is_first_half).count();
        assert!((curve.points.len() / 4..=curve.points.len() * 3 / 4).contains(&early));
    }

    #[test]
    fn of_endless_series_the_first_are_read() {
        let mut curves = Curves {
            room: 64,
            by_number: BTreeMap::new(),
        };
        for id in 0..2_000 {
            curves.take(
                json!({"series": {"id": id, "name": "x"}})
                    .to_string()
                    .as_bytes(),
            );
        }
        assert_eq!(curves.by_number.len(), SERIES_MAX);
    }
}
