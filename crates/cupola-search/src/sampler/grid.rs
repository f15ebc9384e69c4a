//! Every combination once, in an order whose beginnings are spread out.
//!
//! Branch `j` of the space, with `c` configurations, is given at index `i` the configuration
//!
//! ```text
//! floor(i / P) * s  +  floor(c * sobol_j(i mod P))   (mod c)
//! ```
//!
//! where `P` is the product of the sizes of the branches before it. The second part follows
//! dimension `j` of the Sobol sequence, which spreads the beginning; the first, with a stride
//! `s` that shares no factor with `c`, makes the whole a bijection, since the second depends
//! only on what the branches before have fixed.

use crate::{
    Config,
    numbers::{float, floor},
    sampler::{GRID_POINTS, sobol},
    space::{Space, tree},
};

/// Grids do not depend on the seed of the study.
const SEED: u64 = 0;

/// Configuration number `index` of the grid; starts again after the last.
pub(super) fn config(space: &Space, index: u64) -> Config {
    let branches = tree::branches(space, GRID_POINTS);
    let counts: Vec<u64> = branches
        .iter()
        .map(|branch| u64::try_from(branch.count()).unwrap_or(u64::MAX))
        .collect();
    let mut config = Config::new();
    for (branch, rank) in branches.iter().zip(ranks(&counts, index)) {
        branch.write(u128::from(rank), &mut config);
    }
    ordered(space, &config)
}

/// The configuration of each branch at `index`.
fn ranks(counts: &[u64], index: u64) -> Vec<u64> {
    let size = counts
        .iter()
        .fold(1u128, |size, c| size.saturating_mul(u128::from(*c)));
    let index = u128::from(index) % size;
    let (mut before, mut ranks) = (1u128, Vec::new());
    for (branch, c) in counts.iter().enumerate() {
        let (turn, rest) = (low_half(index / before), low_half(index % before));
        let spread = floor(sobol::unit(SEED, branch, rest) * float(*c)).min(c - 1);
        let turned = u128::from(turn) * u128::from(stride(*c));
        ranks.push(low_half((turned + u128::from(spread)) % u128::from(*c)));
        before = before.saturating_mul(u128::from(*c));
    }
    ranks
}

/// A number near `c` divided by the golden ratio that shares no factor with `c`.
fn stride(c: u64) -> u64 {
    let near = floor(float(c) / 1.618_033_988_749_895).max(1);
    (near..c).find(|s| divisor(*s, c) == 1).unwrap_or(1)
}

/// The greatest common divisor.
const fn divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A number that is known to fit, since it came from an index or a count.
fn low_half(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The same values in the order of the space.
fn ordered(space: &Space, config: &Config) -> Config {
    let names = space.parameters().iter().map(|p| &p.name);
    names
        .filter_map(|name| config.get_key_value(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: &[u64]) {
        let size: u64 = counts.iter().product();
        let mut all: Vec<Vec<u64>> = (0..size).map(|i| ranks(counts, i)).collect();
        assert_eq!(ranks(counts, size), all[0], "{counts:?} starts again");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len() as u64, size, "{counts:?} has every combination");
        for ranks in all {
            assert!(ranks.iter().zip(counts).all(|(rank, c)| rank < c));
        }
    }

    #[test]
    fn every_combination_comes_once() {
        check(&[]);
        check(&[1]);
        check(&[7]);
        check(&[2, 2, 2, 2, 2, 2]);
        check(&[5, 3, 3, 6, 2, 3, 2]);
        check(&[100, 1, 9]);
    }

    #[test]
    fn a_grid_beyond_all_indices_still_spreads() {
        let counts = [u64::MAX, 1 << 40, 3];
        let halves: Vec<bool> = (0..16).map(|i| ranks(&counts, i)[1] >= 1 << 39).collect();
        assert_eq!(halves.iter().filter(|upper| **upper).count(), 8);
    }
}
