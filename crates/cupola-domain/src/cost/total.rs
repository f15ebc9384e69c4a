//! Costs added up, in whole units so that sums are exact in any order.

use std::{
    ops::{Add, AddAssign},
    time::Duration,
};

use super::{Cost, Day, Money, hours, split};
use crate::time::Timestamp;

/// Costs of several runs, or of parts of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    /// How many runs ended.
    pub runs: u64,
    /// How long they took.
    pub time: Duration,
    /// How much of that has a price.
    pub priced: Duration,
    /// Of how much of it the energy is known.
    pub powered: Duration,
    /// What they cost, as far as they have a price.
    pub money: Money,
    /// In thousandths of a watt-hour.
    pub energy_mwh: i64,
    /// In milligrams.
    pub carbon_mg: i64,
}

impl Total {
    /// What a run of this time cost, day by day. The days add up to the whole exactly; a run that ended
    /// counts on its last day.
    pub fn by_day(from: Timestamp, span: Duration, cost: Cost, is_ended: bool) -> Vec<(Day, Self)> {
        let parts = split(from, span);
        let whole = Self::of(span, cost);
        let last = parts.len() - 1;
        let (mut before, mut passed) = (Self::default(), Duration::ZERO);
        let of_day = |(at, (day, part)): (usize, (Day, Duration))| {
            passed += part;
            let until = whole.up_to(passed, span);
            let mut total = until.less(&before);
            total.runs = u64::from(is_ended && at == last);
            before = until;
            (day, total)
        };
        parts.into_iter().enumerate().map(of_day).collect()
    }

    /// What is known of it.
    #[expect(clippy::cast_precision_loss, reason = "to be shown and drawn")]
    pub fn cost(&self) -> Cost {
        let is_powered = !self.powered.is_zero() || self.energy_mwh > 0;
        Cost {
            money: (!self.priced.is_zero() || self.money > Money::default()).then_some(self.money),
            energy_wh: is_powered.then(|| self.energy_mwh as f64 / 1_000.0),
            carbon_g: (self.carbon_mg > 0).then(|| self.carbon_mg as f64 / 1_000.0),
        }
    }

    /// How long, in hours.
    pub fn hours(&self) -> f64 {
        hours(self.time)
    }

    /// What an hour of it cost on average, where any of it has a price.
    pub fn hourly(&self) -> Option<Money> {
        let priced = hours(self.priced);
        (priced > 0.0).then(|| self.money.times(1.0 / priced))
    }

    fn of(span: Duration, cost: Cost) -> Self {
        let known = |is_known: bool| if is_known { span } else { Duration::ZERO };
        Self {
            runs: 0,
            time: span,
            priced: known(cost.money.is_some()),
            powered: known(cost.energy_wh.is_some()),
            money: cost.money.unwrap_or_default(),
            energy_mwh: cost.energy_mwh().unwrap_or(0),
            carbon_mg: cost.carbon_mg().unwrap_or(0),
        }
    }

    /// The part of it that lies before `passed` of `span`.
    fn up_to(&self, passed: Duration, span: Duration) -> Self {
        if passed >= span {
            return *self;
        }
        let share = |of: i64| {
            let part = i128::from(of) * millis(passed) / millis(span).max(1);
            i64::try_from(part).unwrap_or(of)
        };
        let time = |of: Duration| if of.is_zero() { of } else { passed };
        Self {
            runs: self.runs,
            time: passed,
            priced: time(self.priced),
            powered: time(self.powered),
            money: Money::from_micros(share(self.money.micros())),
            energy_mwh: share(self.energy_mwh),
            carbon_mg: share(self.carbon_mg),
        }
    }

    fn less(self, other: &Self) -> Self {
        Self {
            runs: 0,
            time: self.time.saturating_sub(other.time),
            priced: self.priced.saturating_sub(other.priced),
            powered: self.powered.saturating_sub(other.powered),
            money: Money::from_micros(self.money.micros() - other.money.micros()),
            energy_mwh: self.energy_mwh - other.energy_mwh,
            carbon_mg: self.carbon_mg - other.carbon_mg,
        }
    }
}

impl Add for Total {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            runs: self.runs + other.runs,
            time: self.time.saturating_add(other.time),
            priced: self.priced.saturating_add(other.priced),
            powered: self.powered.saturating_add(other.powered),
            money: self.money + other.money,
            energy_mwh: self.energy_mwh.saturating_add(other.energy_mwh),
            carbon_mg: self.carbon_mg.saturating_add(other.carbon_mg),
        }
    }
}

impl AddAssign for Total {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

fn millis(span: Duration) -> i128 {
    i128::try_from(span.as_millis()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cost(micros: i64) -> Cost {
        Cost {
            money: Some(Money::from_micros(micros)),
            energy_wh: Some(0.5),
            carbon_g: None,
        }
    }

    #[test]
    fn a_run_over_midnight_is_split_by_its_time() {
        let midnight = Day::from_number(100).begins_at();
        let from = midnight.minus(Duration::from_secs(10));
        let parts = Total::by_day(from, Duration::from_secs(40), cost(1_001), true);
        let of = |at: usize| {
            let (day, total) = parts[at];
            (day.number(), total.money.micros(), total.runs)
        };
        assert_eq!((of(0), of(1)), ((99, 250, 0), (100, 751, 1)));
        assert_eq!(parts[0].1.time, Duration::from_secs(10));
        assert_eq!(parts[1].1.powered, Duration::from_secs(30));
    }

    #[test]
    fn what_has_no_price_is_not_free() {
        let parts = Total::by_day(
            Timestamp::from_millis(0),
            Duration::from_secs(1),
            Cost::default(),
            true,
        );
        let total = parts[0].1;
        assert_eq!((total.cost(), total.hourly()), (Cost::default(), None));
        assert_eq!(total.time, Duration::from_secs(1));
    }

    proptest! {
        #[test]
        fn days_add_up_to_the_whole(from in -1_000_000_000_000i64..2_000_000_000_000, span in 0u64..40_000_000_000, micros in 0i64..i64::MAX) {
            let span = Duration::from_millis(span);
            let parts = Total::by_day(Timestamp::from_millis(from), span, cost(micros), true);
            let sum = parts.iter().fold(Total::default(), |sum, (_, part)| sum + *part);
            prop_assert_eq!(sum.money.micros(), micros);
            prop_assert_eq!((sum.time, sum.priced, sum.powered), (span, span, span));
            prop_assert_eq!((sum.runs, sum.energy_mwh), (1, 500));
            prop_assert!(parts.iter().all(|(_, part)| part.money >= Money::default()));
        }
    }
}
