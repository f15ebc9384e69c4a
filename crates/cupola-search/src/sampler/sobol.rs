//! The Sobol sequence with seeded nested scrambling.
//!
//! Of any 2^m points in a row that start at a multiple of 2^m, each 2^m-th part of every
//! dimension holds one, and boxes in several dimensions hold their fair share. Scrambling
//! (Owen) flips each binary digit by a coin that belongs to (seed, dimension, digits before it),
//! which keeps all that and makes each point uniform over all seeds.
//!
//! The primitive polynomials and initial numbers are those of Joe and Kuo (2008), for the first
//! 21 dimensions. Later dimensions use them again on indices shuffled within their power of two.

use crate::{numbers::float, rng::Rng};

/// Keeps these streams apart from those of the random sampler.
const STREAM: u64 = 0x736f_626f_6c00_0001;

/// Binary digits of a float below one.
const DIGITS: u32 = 53;

/// One dimension: the inner coefficients of its polynomial, and its first direction numbers.
struct Row {
    coefficients: u32,
    first: &'static [u64],
}

const fn row(coefficients: u32, first: &'static [u64]) -> Row {
    Row {
        coefficients,
        first,
    }
}

/// Dimensions after the first, which needs no polynomial.
const TABLE: [Row; 20] = [
    row(0, &[1]),
    row(1, &[1, 3]),
    row(1, &[1, 3, 1]),
    row(2, &[1, 1, 1]),
    row(1, &[1, 1, 3, 3]),
    row(4, &[1, 3, 5, 13]),
    row(2, &[1, 1, 5, 5, 17]),
    row(4, &[1, 1, 5, 5, 5]),
    row(7, &[1, 1, 7, 11, 19]),
    row(11, &[1, 1, 5, 1, 1]),
    row(13, &[1, 1, 1, 3, 11]),
    row(14, &[1, 3, 5, 5, 31]),
    row(1, &[1, 3, 3, 9, 7, 49]),
    row(13, &[1, 1, 1, 15, 21, 21]),
    row(16, &[1, 3, 1, 13, 27, 49]),
    row(19, &[1, 1, 1, 15, 7, 5]),
    row(22, &[1, 3, 1, 15, 13, 25]),
    row(25, &[1, 1, 5, 5, 19, 61]),
    row(1, &[1, 3, 7, 11, 23, 15, 103]),
    row(4, &[1, 3, 7, 13, 13, 15, 69]),
];

/// Point `index` in `dimension`, from 0, included, to 1, excluded.
pub(super) fn unit(seed: u64, dimension: usize, index: u64) -> f64 {
    let (group, column) = (dimension / (TABLE.len() + 1), dimension % (TABLE.len() + 1));
    let index = if group == 0 {
        index
    } else {
        scrambled(key(seed, group as u64, 1), index, u64::BITS)
    };
    let digits = scrambled(
        key(seed, dimension as u64, 0),
        digits(column, index),
        DIGITS,
    );
    float(digits >> (u64::BITS - DIGITS)) * (f64::EPSILON / 2.0)
}

fn key(seed: u64, dimension: u64, purpose: u64) -> u64 {
    Rng::at(seed ^ STREAM, dimension << 1 | purpose).bits()
}

/// The plain point in units of 2^-64.
fn digits(column: usize, index: u64) -> u64 {
    let length = (u64::BITS - index.leading_zeros()) as usize;
    let directions = directions(column, length);
    let is_set = |(place, _): &(usize, &u64)| index >> place & 1 == 1;
    let set = directions.iter().enumerate().filter(is_set);
    set.fold(0, |digits, (_, direction)| digits ^ direction)
}

/// What each binary digit of the index contributes.
fn directions(column: usize, length: usize) -> Vec<u64> {
    let Some(row) = column.checked_sub(1).and_then(|i| TABLE.get(i)) else {
        return (0..length).map(|place| 1 << (63 - place)).collect();
    };
    let degree = row.first.len();
    let mut directions: Vec<u64> = Vec::with_capacity(length);
    for place in 0..length {
        directions.push(match row.first.get(place) {
            Some(number) => number << (63 - place),
            None => (1..degree)
                .filter(|back| row.coefficients >> (degree - 1 - back) & 1 == 1)
                .fold(
                    directions[place - degree] ^ directions[place - degree] >> degree,
                    |direction, back| direction ^ directions[place - back],
                ),
        });
    }
    directions
}

/// Flips each of the upper `places` digits by a coin that knows the digits above it.
fn scrambled(key: u64, digits: u64, places: u32) -> u64 {
    let mut flips = 0;
    for place in 0..places {
        let above = digits.checked_shr(u64::BITS - place).unwrap_or(0);
        let coin = Rng::at(key, 1 << place | above).bits() >> 63;
        flips |= coin << (u64::BITS - 1 - place);
    }
    digits ^ flips
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::count;

    /// The squared L2 star discrepancy (Warnock): how far the share of points in a box that starts
    /// at the origin is from the box's volume, squared and averaged over all boxes.
    fn discrepancy(points: &[Vec<f64>]) -> f64 {
        let n = count(points.len());
        let dimensions = i32::try_from(points[0].len()).unwrap();
        let singles: f64 = points
            .iter()
            .map(|p| p.iter().map(|x| (1.0 - x * x) / 2.0).product::<f64>())
            .sum();
        let pairs: f64 = points
            .iter()
            .flat_map(|p| points.iter().map(move |q| (p, q)))
            .map(|(p, q)| {
                let overlap = |(x, y): (&f64, &f64)| 1.0 - f64::max(*x, *y);
                p.iter().zip(q).map(overlap).product::<f64>()
            })
            .sum();
        3f64.powi(-dimensions) - 2.0 * singles / n + pairs / (n * n)
    }

    type Draw = fn(u64, usize, u64) -> f64;

    fn mean_discrepancy(draw: Draw, size: u64, dimensions: usize) -> f64 {
        let seeds = 8u64;
        let total: f64 = (0..seeds)
            .map(|seed| {
                let point = |index| (0..dimensions).map(|d| draw(seed, d, index)).collect();
                discrepancy(&(0..size).map(point).collect::<Vec<_>>())
            })
            .sum();
        total / float(seeds)
    }

    fn random(seed: u64, dimension: usize, index: u64) -> f64 {
        Rng::at(Rng::at(seed, dimension as u64).bits(), index).unit()
    }

    fn check(size: u64, dimensions: usize, share_max: f64) {
        let sobol = mean_discrepancy(unit, size, dimensions);
        let random = mean_discrepancy(random, size, dimensions);
        assert!(
            sobol < share_max * random,
            "{size} points in {dimensions} dimensions: {sobol:e} against {random:e}"
        );
    }

    #[test]
    fn points_lie_more_evenly_than_random_ones() {
        for (size, dimensions, share_max) in [
            (16, 1, 0.1),
            (64, 1, 0.02),
            (16, 2, 0.2),
            (50, 2, 0.2),
            (256, 2, 0.03),
            (16, 4, 0.5),
            (64, 4, 0.2),
            (64, 7, 0.6),
            (16, 10, 0.9),
            (100, 10, 0.9),
            (256, 10, 0.8),
        ] {
            check(size, dimensions, share_max);
        }
    }

    #[test]
    fn discrepancy_of_one_central_point_is_known() {
        // The integral of (step(x >= 1/2) - x)^2 over [0, 1] is 1/12.
        assert!((discrepancy(&[vec![0.5]]) - 1.0 / 12.0).abs() < 1e-12);
    }

    #[test]
    fn plain_points_are_the_published_ones() {
        // Published tables go through the indices in Gray order.
        for (column, expected) in [
            (0, [0.0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125]),
            (1, [0.0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625]),
            (2, [0.0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375]),
        ] {
            let point = |i: u64| float(digits(column, i ^ i >> 1)) / (2.0 * float(1 << 63));
            let points: Vec<f64> = (0..8).map(point).collect();
            assert_eq!(points, expected, "column {column}");
        }
    }

    #[test]
    fn every_part_holds_one_point_in_every_dimension() {
        for dimension in (0..TABLE.len() + 3).chain([50, 100]) {
            for (size, start) in [(2, 6), (16, 0), (16, 48), (128, 1 << 40)] {
                let mut parts: Vec<u64> = (start..start + size)
                    .map(|i| crate::numbers::floor(unit(5, dimension, i) * float(size)))
                    .collect();
                parts.sort_unstable();
                assert_eq!(parts, (0..size).collect::<Vec<_>>(), "{dimension}");
            }
        }
    }

    #[test]
    fn every_box_of_the_first_two_dimensions_holds_one_point() {
        for (wide, high) in [(16, 1), (8, 2), (4, 4), (2, 8)] {
            let place = |x: f64, parts: u64| crate::numbers::floor(x * float(parts));
            let mut boxes: Vec<u64> = (32..48)
                .map(|i| place(unit(8, 0, i), wide) * high + place(unit(8, 1, i), high))
                .collect();
            boxes.sort_unstable();
            assert_eq!(boxes, (0..16).collect::<Vec<_>>());
        }
    }

    #[test]
    fn points_of_all_seeds_together_are_uniform() {
        let mean = |dimension: usize| {
            let units = (0..2_000).map(|seed| unit(seed, dimension, 3));
            units.sum::<f64>() / 2_000.0
        };
        for dimension in [0, 7, 30] {
            // Four deviations of a mean of 2000 uniform numbers are 0.026.
            assert!((mean(dimension) - 0.5).abs() < 0.026, "{dimension}");
        }
    }

    #[test]
    fn the_seed_changes_the_points() {
        assert_ne!(unit(1, 0, 0).to_bits(), unit(2, 0, 0).to_bits());
        assert_eq!(unit(1, 3, 17).to_bits(), unit(1, 3, 17).to_bits());
    }
}
