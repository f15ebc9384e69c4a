//! Points as bytes, exact to the bit.
//!
//! A block begins with its form and the number of its points. Few points are kept as they are; many
//! as three columns (steps, times, values), each compressed by `pco`.

use cupola_domain::metric::Point;
use pco::{
    ChunkConfig,
    standalone::{simple_compress, simple_decompress},
};

/// So many points make a full block.
pub const BLOCK_POINTS: usize = 4_096;

/// Fewer points than this are smaller without compression.
const COMPRESSED_FROM: usize = 16;

/// Beyond this level a block takes several times as long for less than one part in a hundred.
const COMPRESSION_LEVEL: usize = 4;

/// More points than this are in no block that this program wrote.
const POINTS_MAX: usize = 1 << 20;

const POINT_BYTES: usize = 24;
const FORM_PLAIN: u8 = 1;
const FORM_COLUMNS: u8 = 2;

/// Bytes that are no block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a block of points: {0}")]
pub struct Corrupt(&'static str);

/// `points` in their order as bytes.
///
/// # Panics
///
/// If there are more than a million: a caller cuts them first.
pub fn encode(points: &[Point]) -> Vec<u8> {
    assert!(points.len() <= POINTS_MAX, "a block has a bounded size");
    let count = u32::try_from(points.len()).expect("bounded above");
    if points.len() < COMPRESSED_FROM {
        return plain(points, count);
    }
    let column = |bytes: Vec<u8>, block: &mut Vec<u8>| {
        let length = u32::try_from(bytes.len()).expect("a million numbers are less than 4 GiB");
        block.extend(length.to_le_bytes());
        block.extend(bytes);
    };
    let steps: Vec<i64> = points.iter().map(|point| point.step).collect();
    let times: Vec<i64> = points.iter().map(|point| point.time_millis).collect();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let mut block = header(FORM_COLUMNS, count);
    column(compressed(&steps), &mut block);
    column(compressed(&times), &mut block);
    column(compressed(&values), &mut block);
    block
}

/// The points of a block.
pub fn decode(block: &[u8]) -> Result<Vec<Point>, Corrupt> {
    let (&form, rest) = block.split_first().ok_or(Corrupt("it is empty"))?;
    let (count, rest) = length(rest)?;
    if count > POINTS_MAX {
        return Err(Corrupt("it claims too many points"));
    }
    match form {
        FORM_PLAIN => decode_plain(rest, count),
        FORM_COLUMNS => decode_columns(rest, count),
        _ => Err(Corrupt("its form is unknown")),
    }
}

fn header(form: u8, count: u32) -> Vec<u8> {
    let mut block = vec![form];
    block.extend(count.to_le_bytes());
    block
}

fn plain(points: &[Point], count: u32) -> Vec<u8> {
    let mut block = header(FORM_PLAIN, count);
    for point in points {
        block.extend(point.step.to_le_bytes());
        block.extend(point.time_millis.to_le_bytes());
        block.extend(point.value.to_le_bytes());
    }
    block
}

fn compressed<T: pco::data_types::Number>(numbers: &[T]) -> Vec<u8> {
    let config = ChunkConfig::default().with_compression_level(COMPRESSION_LEVEL);
    simple_compress(numbers, &config).expect("the level is one of the library's")
}

fn decode_plain(bytes: &[u8], count: usize) -> Result<Vec<Point>, Corrupt> {
    let (points, rest) = bytes.as_chunks::<POINT_BYTES>();
    if points.len() != count || !rest.is_empty() {
        return Err(Corrupt("its length is not that of its points"));
    }
    let part = |point: &[u8; POINT_BYTES], at: usize| -> [u8; 8] {
        point[at..at + 8]
            .try_into()
            .expect("eight bytes are eight bytes")
    };
    let point = |bytes: &[u8; POINT_BYTES]| Point {
        step: i64::from_le_bytes(part(bytes, 0)),
        time_millis: i64::from_le_bytes(part(bytes, 8)),
        value: f64::from_le_bytes(part(bytes, 16)),
    };
    Ok(points.iter().map(point).collect())
}

fn decode_columns(bytes: &[u8], count: usize) -> Result<Vec<Point>, Corrupt> {
    let (steps, rest) = column::<i64>(bytes, count)?;
    let (times, rest) = column::<i64>(rest, count)?;
    let (values, rest) = column::<f64>(rest, count)?;
    if !rest.is_empty() {
        return Err(Corrupt("something follows its columns"));
    }
    let columns = steps.into_iter().zip(times).zip(values);
    let point = |((step, time_millis), value)| Point {
        step,
        time_millis,
        value,
    };
    Ok(columns.map(point).collect())
}

fn column<T: pco::data_types::Number>(
    bytes: &[u8],
    count: usize,
) -> Result<(Vec<T>, &[u8]), Corrupt> {
    let (size, rest) = length(bytes)?;
    let (column, rest) = rest
        .split_at_checked(size)
        .ok_or(Corrupt("a column is cut"))?;
    let numbers = simple_decompress(column).map_err(|_| Corrupt("a column cannot be read"))?;
    if numbers.len() != count {
        return Err(Corrupt("a column has another length"));
    }
    Ok((numbers, rest))
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), Corrupt> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Corrupt("it is cut"))?;
    Ok((u32::from_le_bytes(*length) as usize, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn point(step: i64, time_millis: i64, bits: u64) -> Point {
        Point {
            step,
            time_millis,
            value: f64::from_bits(bits),
        }
    }

    fn check(points: &[Point]) {
        assert_eq!(decode(&encode(points)).as_deref(), Ok(points));
    }

    #[test]
    fn unusual_values_survive_bit_for_bit() {
        let values = [
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
            0.0,
            5e-324,
            f64::MAX,
        ];
        let bits = values.map(f64::to_bits).into_iter().cycle();
        let steps = [i64::MIN, -1, 0, i64::MAX].into_iter().cycle();
        let points: Vec<Point> = steps
            .zip(bits)
            .map(|(s, b)| point(s, s, b))
            .take(100)
            .collect();
        check(&points[..8]);
        check(&points);
        check(&[]);
    }

    #[test]
    fn a_smooth_curve_takes_less_than_five_bytes_a_point() {
        let smooth = |step: u16| Point {
            step: i64::from(step),
            time_millis: 1_795_000_000_000 + i64::from(step) * 31 + i64::from(step) % 7,
            // As a program in single precision has it.
            value: f64::from(2.5_f32 * (-f32::from(step) / 900.0).exp() + 0.3),
        };
        let points: Vec<Point> = (0..4_096).map(smooth).collect();
        let block = encode(&points);
        assert!(block.len() < 5 * points.len(), "{} bytes", block.len());
    }

    #[test]
    fn damaged_blocks_are_refused() {
        for (points, form) in [(3, "plain"), (300, "columns")] {
            let points: Vec<Point> = (0..points).map(|n| point(n, n, 0)).collect();
            let block = encode(&points);
            for cut in [0, 1, 4, block.len() / 2, block.len() - 1] {
                assert!(decode(&block[..cut]).is_err(), "{form} cut at {cut}");
            }
            let longer = [block.as_slice(), b"x"].concat();
            assert!(decode(&longer).is_err(), "{form} with a tail");
        }
        assert!(decode(&[9, 0, 0, 0, 0]).is_err());
        assert!(decode(&[FORM_PLAIN, 255, 255, 255, 255]).is_err());
    }

    proptest! {
        #[test]
        fn any_points_survive(
            points in prop::collection::vec((any::<i64>(), any::<i64>(), any::<u64>()), 0..600)
        ) {
            let points: Vec<Point> = points.into_iter().map(|(s, t, b)| point(s, t, b)).collect();
            prop_assert_eq!(decode(&encode(&points)), Ok(points));
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
