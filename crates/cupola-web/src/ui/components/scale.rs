//! Where a value stands on an axis, and which values the axis names.

use crate::ui::format;

/// How an axis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences are equally far.
    Linear,
    /// Equal ratios are equally far; only for values above zero.
    Log,
}

/// From here on, ratios say more than differences.
const RATIO: f64 = 30.0;

impl Scale {
    /// That of values from `least` to `greatest` of which nothing else is known.
    pub fn of(least: f64, greatest: f64) -> Self {
        if least > 0.0 && greatest >= RATIO * least {
            Scale::Log
        } else {
            Scale::Linear
        }
    }
}

/// An axis from `low` to `high`.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Axis {
    /// An axis around `values`, those that are not finite left out. A logarithmic one becomes
    /// linear when a value is not above zero.
    pub fn around(scale: Scale, values: impl Iterator<Item = f64>) -> Self {
        let mut low = f64::INFINITY;
        let mut high = f64::NEG_INFINITY;
        for value in values.filter(|value| value.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        match scale {
            Scale::Log if low > 0.0 => {
                let margin = (high / low).powf(0.04).max(1.05);
                Self {
                    scale,
                    low: low / margin,
                    high: high * margin,
                }
            }
            Scale::Log | Scale::Linear => {
                let margin = ((high - low) * 0.06).max(high.abs().max(1.0) * 1e-3);
                Self {
                    scale: Scale::Linear,
                    low: low - margin,
                    high: high + margin,
                }
            }
        }
    }

    /// Where `value` is, from 0 to 1.
    pub fn share(&self, value: f64) -> f64 {
        let (low, high, value) = match self.scale {
            Scale::Linear => (self.low, self.high, value),
            Scale::Log => (self.low.ln(), self.high.ln(), value.ln()),
        };
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    }

    /// How it runs, and its ends.
    pub fn ends(&self) -> (Scale, f64, f64) {
        (self.scale, self.low, self.high)
    }

    /// Round values within the axis, about five, each with its text.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let values = match self.scale {
            Scale::Linear => self.linear_ticks(),
            Scale::Log => self.log_ticks(),
        };
        values
            .into_iter()
            .filter(|value| (self.low..=self.high).contains(value))
            .map(|value| (value, format::tick(value)))
            .collect()
    }

    fn linear_ticks(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 6.0;
        let magnitude = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * magnitude)
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let first = (self.low / step).ceil();
        (0..12).map(|n| (first + f64::from(n)) * step).collect()
    }

    fn log_ticks(&self) -> Vec<f64> {
        #[expect(clippy::cast_possible_truncation, reason = "exponents of doubles")]
        let (first, last) = (
            self.low.log10().floor() as i32,
            self.high.log10().ceil() as i32,
        );
        let decades = (self.high / self.low).log10();
        let factors: &[f64] = if decades < 1.5 {
            &[1.0, 2.0, 5.0]
        } else if decades < 3.0 {
            &[1.0, 3.0]
        } else {
            &[1.0]
        };
        let stride = usize::try_from((last - first) / 8 + 1).unwrap_or(1);
        (first..=last)
            .step_by(stride)
            .flat_map(|exponent| factors.iter().map(move |f| f * 10f64.powi(exponent)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: Scale, values: &[f64]) -> String {
        let axis = Axis::around(scale, values.iter().copied());
        let texts: Vec<_> = axis.ticks().into_iter().map(|(_, text)| text).collect();
        texts.join(" ")
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(texts(Scale::Linear, &[3.57, 5.12]), "3.5 4 4.5 5");
        assert_eq!(texts(Scale::Linear, &[0.0, 9.0]), "0 2 4 6 8");
        assert_eq!(
            texts(Scale::Log, &[1e-4, 1e-2]),
            "0.0001 0.0003 0.001 0.003 0.01"
        );
        assert_eq!(texts(Scale::Linear, &[]), "0 0.2 0.4 0.6 0.8 1");
    }

    #[test]
    fn equal_values_have_an_axis_too() {
        let axis = Axis::around(Scale::Linear, [7.0, 7.0].into_iter());
        assert!((axis.share(7.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_finite_does_not_stretch_an_axis() {
        let axis = Axis::around(
            Scale::Log,
            [1.0, f64::NAN, f64::INFINITY, 100.0].into_iter(),
        );
        assert!((axis.share(10.0) - 0.5).abs() < 1e-9);
    }
}
