//! How the learning rate moves over a run.

use serde::Deserialize;

/// Where the cosine and the linear schedule end, as a part of the top rate.
const FLOOR: f64 = 0.1;
/// Part of the run over which the rate rises from zero.
const WARMUP: f64 = 0.02;

/// The shape of the learning rate over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Half a cosine from the top rate to a tenth of it.
    #[default]
    Cosine,
    /// A straight line from the top rate to a tenth of it.
    Linear,
    /// Halved after each quarter of the run.
    StepDecay,
}

impl Schedule {
    /// Every schedule's name, as a config says it.
    pub const NAMES: [&'static str; 3] = ["cosine", "linear", "step_decay"];

    /// The rate as a part of the top rate when `fraction` (0 to 1) of the run is over.
    ///
    /// The first 2 % rise in a straight line; the fraction is that of the time budget, or
    /// of the steps where their number is given.
    pub fn factor(self, fraction: f64) -> f64 {
        let fraction = fraction.clamp(0.0, 1.0);
        let warmup = (fraction / WARMUP).min(1.0);
        warmup * self.decay(fraction)
    }

    fn decay(self, fraction: f64) -> f64 {
        match self {
            Self::Cosine => {
                let wave = f64::midpoint(1.0, (std::f64::consts::PI * fraction).cos());
                FLOOR + (1.0 - FLOOR) * wave
            }
            Self::Linear => FLOOR + (1.0 - FLOOR) * (1.0 - fraction),
            Self::StepDecay => 0.5_f64.powf((4.0 * fraction).floor().min(3.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schedule: Schedule, fraction: f64, factor: f64) {
        let have = schedule.factor(fraction);
        assert!(
            (have - factor).abs() < 1e-9,
            "{schedule:?} at {fraction}: {have}"
        );
    }

    #[test]
    fn every_schedule_warms_up() {
        check(Schedule::Cosine, 0.0, 0.0);
        check(Schedule::Linear, 0.01, 0.5 * (0.1 + 0.9 * 0.99));
        check(Schedule::StepDecay, 0.02, 1.0);
    }

    #[test]
    fn the_cosine_ends_at_a_tenth() {
        check(Schedule::Cosine, 0.5, 0.55);
        check(Schedule::Cosine, 1.0, 0.1);
        check(Schedule::Cosine, 7.0, 0.1);
    }

    #[test]
    fn the_line_is_straight() {
        check(Schedule::Linear, 0.5, 0.55);
        check(Schedule::Linear, 0.75, 0.325);
        check(Schedule::Linear, 1.0, 0.1);
    }

    #[test]
    fn the_steps_halve_each_quarter() {
        check(Schedule::StepDecay, 0.24, 1.0);
        check(Schedule::StepDecay, 0.25, 0.5);
        check(Schedule::StepDecay, 0.74, 0.25);
        check(Schedule::StepDecay, 1.0, 0.125);
    }
}
