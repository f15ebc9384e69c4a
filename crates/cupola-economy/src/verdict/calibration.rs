//! How far results of two classes lie apart when both are right, learned from pairs that the referee
//! confirmed: from others a cheater could teach a wide tolerance.

/// So many pairs make one estimate.
const BATCH: usize = 8;

/// The median of the distances from the median, times this, is the deviation of a normal distribution.
const MAD_SCALE: f64 = 1.4826;

/// How many deviations are tolerated.
const DEVIATIONS: f64 = 6.0;

/// How much of a new estimate is taken over.
const WEIGHT: f64 = 0.25;

/// What is tolerated where nothing, or little, was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Never less than this: what rounding alone explains.
    pub floor: f64,
    /// Until enough pairs were seen.
    pub start: f64,
}

/// What was measured of one pair of classes for one program.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Calibration {
    differences: Vec<f64>,
    deviation: Option<f64>,
}

impl Calibration {
    /// As it was kept: the differences of which there are too few yet, and the deviation so far.
    pub fn restored(differences: Vec<f64>, deviation: Option<f64>) -> Self {
        Self {
            differences,
            deviation,
        }
    }

    /// What has to be kept of it.
    pub fn parts(&self) -> (&[f64], Option<f64>) {
        (&self.differences, self.deviation)
    }

    /// Takes the difference of a pair that the referee confirmed; one that is not finite says nothing.
    pub fn learn(&mut self, difference: f64) {
        if !difference.is_finite() {
            return;
        }
        self.differences.push(difference);
        if self.differences.len() < BATCH {
            return;
        }
        let found = MAD_SCALE * distance_from_median(&mut self.differences);
        self.differences.clear();
        let before = self.deviation.unwrap_or(found);
        self.deviation = Some(before + WEIGHT * (found - before));
    }

    /// τ = max(floor, 6 σ̂), or the start before there are eight pairs.
    pub fn tolerance(&self, of: Tolerance) -> f64 {
        let measured = self.deviation.map(|deviation| DEVIATIONS * deviation);
        measured.unwrap_or(of.start).max(of.floor)
    }
}

fn distance_from_median(values: &mut [f64]) -> f64 {
    let middle = median(values);
    for value in values.iter_mut() {
        *value = (*value - middle).abs();
    }
    median(values)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        f64::midpoint(values[half - 1], values[half])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF: Tolerance = Tolerance {
        floor: 0.5,
        start: 20.0,
    };

    fn check(differences: &[f64], expected: f64) {
        let mut calibration = Calibration::default();
        for difference in differences {
            calibration.learn(*difference);
        }
        let found = calibration.tolerance(OF);
        assert!((found - expected).abs() < 1e-9, "{differences:?}: {found}");
    }

    const EIGHT: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];

    #[test]
    fn little_is_known_before_eight_pairs() {
        check(&[], 20.0);
        check(&EIGHT[..7], 20.0);
    }

    #[test]
    fn eight_pairs_say_how_wide() {
        // Distances from 4.5: 0.5 0.5 1.5 1.5 2.5 2.5 3.5 3.5, so their median is 2.
        check(&EIGHT, 6.0 * 1.4826 * 2.0);
    }

    #[test]
    fn one_wild_pair_widens_nothing() {
        check(
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1e9],
            6.0 * 1.4826 * 2.0,
        );
    }

    #[test]
    fn what_is_exact_is_held_to_the_floor() {
        check(&[0.0; 8], 0.5);
        check(&[f64::NAN; 8], 20.0);
    }

    #[test]
    fn later_pairs_move_it_slowly() {
        let both = [EIGHT, [0.0; 8]].concat();
        check(&both, 6.0 * 1.4826 * 1.5);
    }
}
