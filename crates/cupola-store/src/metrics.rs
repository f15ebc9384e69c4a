//! Points of series: one block per series and report, not one row per point.

use cupola_domain::{ids::RunId, metric::Point};

use crate::{StoreError, Tx, statement::statements};

statements! {
    INSERT = "INSERT INTO metric_block (run_id, name, seq, points) VALUES ($1, $2, $3, $4)";
    LIST = "SELECT run_id, seq, points FROM metric_block
            WHERE run_id = $1 AND name = $2 AND seq >= $3 ORDER BY seq";
    FIND_LAST = "SELECT run_id, points FROM metric_block
                 WHERE run_id = $1 AND name = $2 ORDER BY seq DESC LIMIT 1";
    LIST_NAMES = "SELECT DISTINCT name FROM metric_block WHERE run_id = $1 ORDER BY name";
}

const POINT_BYTES: usize = 24;

/// Adds the points that report `seq` brought for one series.
pub fn insert(
    tx: &mut Tx,
    run: RunId,
    name: &str,
    seq: i64,
    points: &[Point],
) -> Result<(), StoreError> {
    tx.execute_one(INSERT, &[&run.to_string(), &name, &seq, &encode(points)])
}

/// The points of a series from report `from` on, and the number of the report to go on with.
pub fn list(
    tx: &mut Tx,
    run: RunId,
    name: &str,
    from: i64,
) -> Result<(Vec<Point>, i64), StoreError> {
    let mut points = Vec::new();
    let mut next = from;
    tx.query(LIST, &[&run.to_string(), &name, &from], |row| {
        next = row.i64("seq")? + 1;
        let block = row.blob("points")?;
        points.extend(decode(&block).ok_or_else(|| StoreError::Inconsistent {
            table: "metric_block",
            column: "points",
            row: run.to_string(),
        })?);
        Ok(())
    })?;
    Ok((points, next))
}

/// The point of a series that came last.
pub fn find_last(tx: &mut Tx, run: RunId, name: &str) -> Result<Option<Point>, StoreError> {
    let found = tx.query_optional(FIND_LAST, &[&run.to_string(), &name], |row| {
        row.blob("points")
    })?;
    let Some(block) = found else { return Ok(None) };
    let points = decode(&block).ok_or_else(|| StoreError::Inconsistent {
        table: "metric_block",
        column: "points",
        row: run.to_string(),
    })?;
    Ok(points.last().copied())
}

/// The names of a run's series.
pub fn list_names(tx: &mut Tx, run: RunId) -> Result<Vec<String>, StoreError> {
    tx.query(LIST_NAMES, &[&run.to_string()], |row| row.text("name"))
}

fn encode(points: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(points.len() * POINT_BYTES);
    for point in points {
        bytes.extend(point.step.to_le_bytes());
        bytes.extend(point.time_millis.to_le_bytes());
        bytes.extend(point.value.to_le_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Vec<Point>> {
    let (points, rest) = bytes.as_chunks::<POINT_BYTES>();
    let part = |point: &[u8; POINT_BYTES], at: usize| -> [u8; 8] {
        point[at..at + 8]
            .try_into()
            .expect("eight bytes are eight bytes")
    };
    let point = |point: &[u8; POINT_BYTES]| Point {
        step: i64::from_le_bytes(part(point, 0)),
        time_millis: i64::from_le_bytes(part(point, 8)),
        value: f64::from_le_bytes(part(point, 16)),
    };
    rest.is_empty().then(|| points.iter().map(point).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_survive_bit_for_bit() {
        let values = [0.1, f64::NAN, f64::INFINITY, -0.0, 5e-324];
        let points: Vec<Point> = values
            .map(|value| Point {
                step: -1,
                time_millis: i64::MAX,
                value,
            })
            .to_vec();
        assert_eq!(decode(&encode(&points)), Some(points));
        assert_eq!(decode(&[0; 23]), None);
    }
}
