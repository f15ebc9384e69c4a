//! Points as they came: one row per series and arrival, 24 bytes a point.

use cupola_domain::{ids::RunId, metric::Point};

use crate::{StoreError, Tx, statement::statements};

statements! {
    INSERT = "INSERT INTO metric_block (run_id, name, seq, points) VALUES ($1, $2, $3, $4)";
    LIST = "SELECT run_id, points FROM metric_block WHERE run_id = $1 AND name = $2 ORDER BY seq";
    DELETE = "DELETE FROM metric_block WHERE run_id = $1 AND name = $2";
    DELETE_OF_RUN = "DELETE FROM metric_block WHERE run_id = $1";
}

const POINT_BYTES: usize = 24;

pub(super) fn insert(
    tx: &mut Tx,
    run: RunId,
    name: &str,
    seq: i64,
    points: &[Point],
) -> Result<(), StoreError> {
    tx.execute_one(INSERT, &[&run.to_string(), &name, &seq, &encode(points)])
}

/// In order of arrival.
pub(super) fn list(tx: &mut Tx, run: RunId, name: &str) -> Result<Vec<Point>, StoreError> {
    let mut points = Vec::new();
    tx.query(LIST, &[&run.to_string(), &name], |row| {
        let block = row.blob("points")?;
        points.extend(decode(&block).ok_or_else(|| StoreError::Inconsistent {
            table: "metric_block",
            column: "points",
            row: run.to_string(),
        })?);
        Ok(())
    })?;
    Ok(points)
}

pub(super) fn delete(tx: &mut Tx, run: RunId, name: &str) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&run.to_string(), &name]).map(drop)
}

pub(super) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_OF_RUN, &[&run]).map(drop)
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
