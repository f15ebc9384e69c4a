//! When a run trains, evaluates and ends.

use std::time::Duration;

use crate::config::Config;
use crate::ops::math::double;

/// Part of the budget after which training ends.
const TRAINING_PART: f64 = 0.9;
/// Part of the budget after which the final evaluation starts no further pass.
const EVALUATION_PART: f64 = 0.97;
/// Evaluations while training, where the config does not say.
const EVALUATIONS: usize = 15;
/// Held-out bytes of an evaluation while training, at most.
const PERIODIC_BYTES: usize = 1 << 13;
/// Held-out bytes of the final evaluation, unless time is short.
const FINAL_BYTES: usize = 1 << 16;
/// Part of the budget that one evaluation while training may take.
const PERIODIC_PART: f64 = 0.005;
/// Part of the time left that the final evaluation is planned to take.
const FINAL_SAFETY: f64 = 0.75;

/// A run's limits and rhythm.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    budget: Option<Duration>,
    max_steps: Option<usize>,
    eval_interval: Option<usize>,
    context: usize,
    /// Evaluations made, where time sets the rhythm.
    evaluations: usize,
}

impl Plan {
    pub(crate) fn new(config: &Config) -> Self {
        let steps_apart = config.max_steps.map(|steps| (steps / EVALUATIONS).max(1));
        Self {
            budget: config.time_budget,
            max_steps: config.max_steps,
            eval_interval: config.eval_interval.or(steps_apart),
            context: config.context_length,
            evaluations: 0,
        }
    }

    /// Whether training has used up its time.
    pub(crate) fn is_time_up(&self, now: Duration) -> bool {
        self.part(TRAINING_PART).is_some_and(|end| now >= end)
    }

    /// Whether the final evaluation has to come to its end.
    pub(crate) fn is_budget_up(&self, now: Duration) -> bool {
        self.part(EVALUATION_PART).is_some_and(|end| now >= end)
    }

    /// Whether training is over after `steps` steps.
    pub(crate) fn is_over(&self, now: Duration, steps: usize) -> bool {
        self.max_steps.is_some_and(|max| steps >= max) || self.is_time_up(now)
    }

    /// How much of the training is over, 0 to 1: by steps where their number is given.
    pub(crate) fn fraction(&self, now: Duration, steps: usize) -> f64 {
        let by_time = || {
            let end = self.part(TRAINING_PART)?;
            Some(now.as_secs_f64() / end.as_secs_f64())
        };
        let by_steps = self.max_steps.map(|max| double(steps) / double(max));
        by_steps.or_else(by_time).unwrap_or(0.0).min(1.0)
    }

    /// The fraction that the schedule sees for the step after `steps` others, which began
    /// at `began` and is about to be made at `now`: that of the step's middle. A run of very
    /// few steps would otherwise take them all at the rates of its end.
    pub(crate) fn schedule_fraction(&self, began: Duration, now: Duration, steps: usize) -> f64 {
        match self.max_steps {
            Some(max) => (double(steps) + 0.5) / double(max),
            None => self.fraction((began + now) / 2, steps),
        }
    }

    /// Whether an evaluation is due after `steps` steps; counts it as made.
    pub(crate) fn is_evaluation_due(&mut self, now: Duration, steps: usize) -> bool {
        if self.is_time_up(now) {
            // The final evaluation is next, and needs the time.
            return false;
        }
        if let Some(interval) = self.eval_interval {
            return steps.is_multiple_of(interval);
        }
        let share = 1.0 / double(EVALUATIONS);
        let due = self.fraction(now, steps) >= share * double(self.evaluations + 1);
        while self.fraction(now, steps) >= share * double(self.evaluations + 1) {
            self.evaluations += 1;
        }
        due
    }

    /// Windows of an evaluation while training, given the time that one window takes.
    /// Without a limit of steps it must not eat up the budget.
    pub(crate) fn periodic_windows(&self, secs_per_window: f64) -> usize {
        let full = (PERIODIC_BYTES / self.context).max(1);
        match (self.max_steps, self.budget) {
            (None, Some(budget)) => {
                let affordable = PERIODIC_PART * budget.as_secs_f64() / secs_per_window;
                full.min(floor(affordable))
            }
            _ => full,
        }
    }

    /// Windows of the final evaluation, so that it ends in time.
    pub(crate) fn final_windows(&self, now: Duration, secs_per_window: f64) -> usize {
        let full = (FINAL_BYTES / self.context).max(1);
        let Some(end) = self.part(EVALUATION_PART) else {
            return full;
        };
        let left = end.saturating_sub(now).as_secs_f64();
        full.min(floor(FINAL_SAFETY * left / secs_per_window))
    }

    fn part(&self, part: f64) -> Option<Duration> {
        self.budget.map(|budget| budget.mul_f64(part))
    }
}

/// A whole number of at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "conversion saturates, which is what is wanted"
)]
fn floor(number: f64) -> usize {
    (number as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn plan(text: &str) -> Plan {
        Plan::new(&Config::parse(text).unwrap().config)
    }

    fn timed() -> Plan {
        plan(r#"{"time_budget_seconds": 10}"#)
    }

    #[test]
    fn training_ends_at_nine_tenths() {
        assert!(!timed().is_over(SECOND.mul_f64(8.99), 1_000_000));
        assert!(timed().is_over(SECOND * 9, 0));
        assert!(!timed().is_budget_up(SECOND.mul_f64(9.6)));
        assert!(timed().is_budget_up(SECOND.mul_f64(9.7)));
    }

    #[test]
    fn a_number_of_steps_ends_the_run_and_sets_the_schedule() {
        let plan = plan(r#"{"max_steps": 4, "time_budget_seconds": 10}"#);
        assert!(plan.is_over(SECOND, 4) && !plan.is_over(SECOND, 3));
        let fractions: Vec<f64> = (0..4)
            .map(|n| plan.schedule_fraction(SECOND * 5, SECOND * 6, n))
            .collect();
        assert_eq!(fractions, [0.125, 0.375, 0.625, 0.875]);
    }

    #[test]
    fn without_steps_the_schedule_goes_by_the_time_of_the_middle_of_the_step() {
        let fraction = timed().schedule_fraction(SECOND * 4, SECOND * 5, 3);
        assert!((fraction - 0.5).abs() < 1e-9);
    }

    fn evaluations(mut plan: Plan, step_millis: u64, steps: usize) -> usize {
        let mut now = Duration::ZERO;
        let due = (1..=steps).filter(|step| {
            now += Duration::from_millis(step_millis);
            plan.is_evaluation_due(now, *step)
        });
        due.count()
    }

    #[test]
    fn there_are_about_fifteen_evaluations() {
        assert_eq!(evaluations(timed(), 10, 890), 14);
        assert_eq!(evaluations(plan(r#"{"max_steps": 300}"#), 10, 300), 15);
        assert_eq!(evaluations(plan(r#"{"eval_interval": 100}"#), 10, 890), 8);
    }

    #[test]
    fn long_steps_make_no_evaluations_pile_up() {
        assert_eq!(evaluations(timed(), 2900, 3), 3);
    }

    #[test]
    fn no_evaluation_takes_the_time_of_the_final_one() {
        assert!(!timed().is_evaluation_due(SECOND * 9, 5));
    }

    #[test]
    fn evaluations_fit_the_time() {
        let plan = timed();
        assert_eq!(plan.periodic_windows(1e-6), 64);
        assert_eq!(plan.periodic_windows(0.01), 5);
        assert_eq!(plan.periodic_windows(10.0), 1);
        assert_eq!(plan.final_windows(SECOND * 9, 1e-6), 512);
        assert_eq!(plan.final_windows(SECOND * 9, 0.01), 52);
        assert_eq!(plan.final_windows(SECOND * 20, 0.01), 1);
    }

    #[test]
    fn a_run_of_steps_evaluates_the_same_windows_at_any_speed() {
        let plan = plan(r#"{"max_steps": 4}"#);
        assert_eq!(
            (
                plan.periodic_windows(10.0),
                plan.final_windows(SECOND, 10.0)
            ),
            (64, 512)
        );
    }
}
