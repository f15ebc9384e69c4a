//! Compares an analytic gradient with finite differences.

use crate::rng::Rng;

/// A random linear functional of an operation's output: a scalar to differentiate, whose
/// gradient with respect to that output is known.
pub(crate) struct Probe {
    weights: Vec<f32>,
}

impl Probe {
    pub(crate) fn new(seed: u64, len: usize) -> Self {
        Self {
            weights: Self::input(seed, len),
        }
    }

    /// Random numbers to evaluate an operation at.
    pub(crate) fn input(seed: u64, len: usize) -> Vec<f32> {
        let mut rng = Rng::new(seed);
        (0..len).map(|_| rng.normal()).collect()
    }

    /// The gradient of [`value`](Self::value).
    pub(crate) fn weights(&self) -> &[f32] {
        &self.weights
    }

    pub(crate) fn value(&self, output: &[f32]) -> f64 {
        assert_eq!(output.len(), self.weights.len());
        let pairs = output.iter().zip(&self.weights);
        pairs.map(|(o, w)| f64::from(*o) * f64::from(*w)).sum()
    }
}

/// Checks every entry of `gradient`, the claimed gradient of `f` at `at`.
pub(crate) fn check(at: &[f32], gradient: &[f32], f: impl Fn(&[f32]) -> f64) {
    check_entries(at, gradient, 0..at.len(), 1e-3, f);
}

/// Checks some entries to within `tolerance` of the gradient's own scale.
///
/// The slope is taken with steps `h` and `2h` and extrapolated, so that the error is of
/// the fourth order and the step can be large enough for single precision.
pub(crate) fn check_entries(
    at: &[f32],
    gradient: &[f32],
    entries: impl IntoIterator<Item = usize>,
    tolerance: f64,
    f: impl Fn(&[f32]) -> f64,
) {
    assert_eq!(at.len(), gradient.len());
    let scale = gradient
        .iter()
        .map(|g| f64::from(g.abs()))
        .fold(0.0, f64::max);
    assert!(scale > 0.0, "a gradient of zeros shows nothing");
    for entry in entries {
        let slope = |step: f32| {
            let mut moved = at.to_vec();
            moved[entry] = at[entry] + step;
            let (above, high) = (f(&moved), moved[entry]);
            moved[entry] = at[entry] - step;
            (above - f(&moved)) / (f64::from(high) - f64::from(moved[entry]))
        };
        let numeric = (4.0 * slope(0.02) - slope(0.04)) / 3.0;
        let analytic = f64::from(gradient[entry]);
        assert!(
            (numeric - analytic).abs() <= tolerance * scale,
            "entry {entry}: finite difference {numeric}, gradient {analytic}, scale {scale}"
        );
    }
}
