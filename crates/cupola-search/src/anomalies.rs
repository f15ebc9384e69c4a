//! Values too far from the others to be taken without a look.

use cupola_domain::ids::TaskId;

use crate::{
    stats::{Moments, sorted},
    summary::Observation,
};

/// How many standard deviations from the mean are unusual.
pub const Z_LIMIT: f64 = 2.0;

/// A value that lies unusually far out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anomaly {
    /// The task.
    pub task: TaskId,
    /// Its place in the study.
    pub number: u32,
    /// Its objective value.
    pub value: f64,
    /// The distance from the mean in population standard deviations, with its sign.
    pub z: f64,
}

/// The counted values more than `z_limit` deviations from their mean, the farthest first.
///
/// Among `n` values none can be farther than the root of `n - 1`: below six there are no
/// anomalies at the limit of two.
pub fn anomalies(observations: &[Observation], z_limit: f64) -> Vec<Anomaly> {
    let counted = observations.iter().filter_map(Observation::counted);
    let moments: Moments = sorted(counted).into_iter().collect();
    let (Some(mean), Some(deviation)) = (moments.mean(), moments.deviation_population()) else {
        return Vec::new();
    };
    let unusual = |observation: &Observation| {
        let value = observation.counted()?;
        let z = (value - mean) / deviation;
        (deviation > 0.0 && z.abs() > z_limit).then_some(Anomaly {
            task: observation.task,
            number: observation.number,
            value,
            z,
        })
    };
    let mut anomalies: Vec<Anomaly> = observations.iter().filter_map(unusual).collect();
    anomalies.sort_by(|a, b| {
        let by_distance = b.z.abs().total_cmp(&a.z.abs());
        by_distance.then_with(|| (a.number, a.task).cmp(&(b.number, b.task)))
    });
    anomalies
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::sample_data::observed;

    fn check(values: &[f64], expected: &[u32]) {
        let observations: Vec<Observation> =
            (0..).zip(values).map(|(i, v)| observed(i, *v)).collect();
        let found: Vec<u32> = anomalies(&observations, Z_LIMIT)
            .iter()
            .map(|a| a.number)
            .collect();
        assert_eq!(found, expected, "{values:?}");
    }

    #[test]
    fn only_values_far_from_the_others_are_unusual() {
        check(&[1.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 5.0], &[7]);
        check(&[-5.0, 1.1, 0.9, 1.0, 1.1, 0.9, 1.0, 1.0], &[0]);
        check(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[]);
        check(&[1.0; 9], &[]);
        check(&[1.0, 1.0, 1.0, 1.0, 100.0], &[]);
        check(&[], &[]);
    }

    #[test]
    fn the_farthest_comes_first() {
        let mut values = vec![0.0; 20];
        values.extend([7.0, -9.0]);
        check(&values, &[21, 20]);
    }

    #[test]
    fn a_diverged_run_hides_nobody() {
        check(
            &[
                1.0,
                1.1,
                0.9,
                f64::NAN,
                1.0,
                1.1,
                0.9,
                1.0,
                5.0,
                f64::INFINITY,
            ],
            &[8],
        );
    }

    #[test]
    fn z_is_measured_in_population_deviations() {
        let mut observations: Vec<Observation> = (0..9).map(|i| observed(i, 0.0)).collect();
        observations.push(observed(9, 10.0));
        let found = anomalies(&observations, Z_LIMIT);
        assert!((found[0].z - 3.0).abs() < 1e-12, "{}", found[0].z);
    }
}
