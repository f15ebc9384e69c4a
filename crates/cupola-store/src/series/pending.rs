//! Points as they came: one row per series and arrival, 24 bytes a point.

use cupola_domain::metric::Point;

use crate::{StoreError, Tx, statement::statements};

statements! {
    INSERT = "INSERT INTO series_arrival (series_id, number, points) VALUES ($1, $2, $3)";
    LIST = "SELECT points FROM series_arrival WHERE series_id = $1 ORDER BY number";
    DELETE = "DELETE FROM series_arrival WHERE series_id = $1";
    DELETE_OF_RUN = "DELETE FROM series_arrival
                     WHERE series_id IN (SELECT id FROM series WHERE owner = $1)";
}

const POINT_BYTES: usize = 24;

pub(super) fn insert(
    tx: &mut Tx,
    id: i64,
    number: i64,
    points: &[Point],
) -> Result<(), StoreError> {
    tx.execute_one(INSERT, &[&id, &number, &encode(points)])
}

/// In order of arrival.
pub(super) fn list(tx: &mut Tx, id: i64) -> Result<Vec<Point>, StoreError> {
    let mut points = Vec::new();
    tx.query(LIST, &[&id], |row| {
        let arrived = row.blob("points")?;
        points.extend(decode(&arrived).ok_or_else(|| StoreError::Inconsistent {
            table: "series_arrival",
            column: "points",
            row: id.to_string(),
        })?);
        Ok(())
    })?;
    Ok(points)
}

pub(super) fn delete(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    tx.execute(DELETE, &[&id]).map(drop)
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
