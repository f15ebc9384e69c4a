//! What a task is worth: a function of what was asked for and of nothing that a worker says.
//!
//! ```text
//! price = price of the task on the reference machine × speed of the class that was asked for
//! ```
//!
//! The first is [`cupola_domain::ledger::price`]'s; the speed is what the hub's own measurement of the
//! class found, never a worker's.

use std::time::Duration;

use cupola_domain::{credits::Credits, ledger::price, resources::Needs};

/// How fast a device class is, in thousandths of the reference machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Speed(u32);

impl Speed {
    /// The reference machine, and what is taken where no class was asked for.
    pub const REFERENCE: Speed = Speed(1_000);

    /// From thousandths; none of nothing.
    pub const fn from_thousandths(thousandths: u32) -> Option<Self> {
        match thousandths {
            0 => None,
            some => Some(Self(some)),
        }
    }
}

/// The price of a task; `hourly` is what an hour of the reference machine costs. Rounded to the next
/// millionth above, never less than one.
pub fn of(time_budget: Duration, needs: &Needs, speed: Speed, hourly: Credits) -> Credits {
    let base = i128::from(price::of(time_budget, needs, hourly).micros());
    let scaled = (base * i128::from(speed.0) + 999) / 1_000;
    Credits::from_micros(i64::try_from(scaled).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use cupola_domain::resources::Hardware;

    use super::*;

    fn check(hardware: Hardware, secs: u64, thousandths: u32, micros: i64) {
        let speed = Speed::from_thousandths(thousandths).unwrap();
        let budget = Duration::from_secs(secs);
        let found = of(budget, &hardware.needs(), speed, price::HOURLY);
        assert_eq!(
            found.micros(),
            micros,
            "{hardware} {secs} s at {thousandths}"
        );
    }

    #[test]
    fn a_faster_class_costs_more_for_the_same_time() {
        check(Hardware::Small, 10, 1_000, 10_000_000);
        check(Hardware::Small, 10, 2_500, 25_000_000);
        check(Hardware::Medium, 10, 500, 10_000_000);
    }

    #[test]
    fn no_price_is_nothing_nor_wraps_around() {
        let dear = of(
            Duration::MAX,
            &Hardware::Large.needs(),
            Speed(u32::MAX),
            Credits::from_micros(i64::MAX),
        );
        assert_eq!(dear.micros(), i64::MAX);
        let cheap = of(Duration::ZERO, &Needs::default(), Speed(1), price::HOURLY);
        assert_eq!(cheap.micros(), 1);
        assert_eq!(Speed::from_thousandths(0), None);
    }
}
