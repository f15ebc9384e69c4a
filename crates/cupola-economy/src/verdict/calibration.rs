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

/// Before anything was measured two classes may lie so many times their floor apart. What was measured makes
/// it no narrower: how far rounding drives two runs apart depends on the configuration by orders of
/// magnitude, and what is seen of calm ones says nothing of others.
const LEAST: f64 = 100.0;

/// And no wider than this: whoever stays inside what is tolerated could widen it from batch to batch.
const MOST: f64 = 400.0;

/// Up to so many times the floor what is off was not made up: rounding may explain it.
const HONEST: f64 = 1_000.0;

/// How far two results of one task may lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// τ: both may be right.
    pub near: f64,
    /// Between classes nobody has made up what is no further off than this.
    pub honest: f64,
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

    /// τ = 6 σ̂, within 100 and 400 times the floor, which is what rounding alone explains.
    pub fn tolerance(&self, floor: f64) -> Tolerance {
        let measured = self
            .deviation
            .map_or(0.0, |deviation| DEVIATIONS * deviation);
        Tolerance {
            near: measured.clamp(LEAST * floor, MOST * floor),
            honest: HONEST * floor,
        }
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

    /// With a floor of 0.1, so that τ lies within 10 and 40.
    fn check(differences: &[f64], expected: f64) {
        let mut calibration = Calibration::default();
        for difference in differences {
            calibration.learn(*difference);
        }
        let found = calibration.tolerance(0.1).near;
        assert!((found - expected).abs() < 1e-9, "{differences:?}: {found}");
    }

    const EIGHT: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];

    #[test]
    fn little_is_known_before_eight_pairs() {
        check(&[], 10.0);
        check(&EIGHT[..7], 10.0);
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
    fn calm_pairs_do_not_narrow_it() {
        check(&[0.0; 8], 10.0);
        check(&[f64::NAN; 8], 10.0);
    }

    #[test]
    fn nobody_widens_it_for_ever() {
        let wide: Vec<f64> = (0..800).map(|at| f64::from(at % 8) * 1e3).collect();
        check(&wide, 40.0);
    }

    #[test]
    fn later_pairs_move_it_slowly() {
        let both = [EIGHT, [0.0; 8]].concat();
        check(&both, 6.0 * 1.4826 * 1.5);
    }
}
