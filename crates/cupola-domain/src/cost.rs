//! What running costs: the price book, and the money, energy and carbon of a time on a machine.
//!
//! Nothing is claimed that is not known: a machine without a price costs nothing that could be said,
//! and so does energy where nobody measured or said what the machine draws.

mod budget;
mod days;
mod price_book;
mod rate;
mod total;

use std::{fmt, ops::Add, str::FromStr, time::Duration};

use crate::credits::micros_of;

pub use budget::{Budget, Draft, Kind, LEVELS, Period, Scope, Wanted, level};
pub use days::{Day, LONGEST, split};
pub use price_book::{Electricity, Machine, Of, Price, PriceBook, Priced};
pub use rate::{Basis, Rate, Taken};
pub use total::Total;

/// An amount of the price book's currency in millionths of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

const MICROS: f64 = 1e6;

impl Money {
    /// An amount in millionths.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The amount in millionths.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The nearest millionth; none of what is not finite, negative or too large.
    pub fn of(amount: f64) -> Option<Self> {
        let micros = (amount * MICROS).round();
        let fits = (0.0..9e18).contains(&micros);
        #[expect(clippy::cast_possible_truncation, reason = "it is in range")]
        fits.then_some(Self(micros as i64))
    }

    /// The amount in units.
    #[expect(clippy::cast_precision_loss, reason = "to be shown and drawn")]
    pub fn units(self) -> f64 {
        self.0 as f64 / MICROS
    }

    /// That share of it, to the nearest millionth.
    fn times(self, factor: f64) -> Self {
        let scaled = Self::of(self.units() * factor);
        scaled.unwrap_or(if factor > 0.0 {
            Self(i64::MAX)
        } else {
            Self(0)
        })
    }
}

impl Add for Money {
    type Output = Self;

    /// Stays at the largest amount instead of going around.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Money {
    /// Four decimals, as costs are compared: `0.9600`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4}", self.units())
    }
}

impl FromStr for Money {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("`{text}` is not an amount; write for example `20` or `12.5`");
        micros_of(text).map(Self).ok_or_else(refused)
    }
}

/// What a time on a machine took. What is not known is none, not zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Where the machine has a price.
    pub money: Option<Money>,
    /// Watt-hours, where the draw was measured or said.
    pub energy_wh: Option<f64>,
    /// Grams of carbon dioxide, where energy is known and the book says how clean it is.
    pub carbon_g: Option<f64>,
}

impl Cost {
    /// Both together. Known and unknown together are what is known.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            money: joined(self.money, other.money),
            energy_wh: joined(self.energy_wh, other.energy_wh),
            carbon_g: joined(self.carbon_g, other.carbon_g),
        }
    }
}

impl Cost {
    /// Energy in whole thousandths of a watt-hour, as it is kept.
    pub fn energy_mwh(&self) -> Option<i64> {
        self.energy_wh.map(thousandths)
    }

    /// Carbon dioxide in whole milligrams, as it is kept.
    pub fn carbon_mg(&self) -> Option<i64> {
        self.carbon_g.map(thousandths)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it is in range")]
fn thousandths(amount: f64) -> i64 {
    let scaled = (amount * 1_000.0).round();
    if (0.0..9e18).contains(&scaled) {
        scaled as i64
    } else {
        0
    }
}

fn joined<T: Add<Output = T>>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (one, other) => one.or(other),
    }
}

/// Hours as prices count them.
fn hours(span: Duration) -> f64 {
    span.as_secs_f64() / 3_600.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_millionths() {
        let check = |amount, micros: Option<i64>| {
            assert_eq!(Money::of(amount).map(Money::micros), micros, "{amount}");
        };
        check(0.24, Some(240_000));
        check(0.000_000_4, Some(0));
        check(0.0, Some(0));
        check(-0.5, None);
        check(f64::NAN, None);
        check(f64::INFINITY, None);
        check(1e13, None);
    }

    #[test]
    fn sums_do_not_go_around() {
        let most = Money::from_micros(i64::MAX);
        assert_eq!(most + Money::from_micros(1), most);
        assert_eq!(most.times(2.0), most);
        assert_eq!(most.times(0.0), Money::from_micros(0));
    }

    #[test]
    fn what_is_not_known_adds_nothing() {
        let known = Cost {
            money: Some(Money::from_micros(5)),
            ..Cost::default()
        };
        assert_eq!(known.and(Cost::default()), known);
        assert_eq!(Cost::default().and(Cost::default()), Cost::default());
        assert_eq!(known.and(known).money, Some(Money::from_micros(10)));
    }

    #[test]
    fn amounts_are_read_exactly() {
        let check = |text: &str, micros: Option<i64>| {
            let read = text.parse::<Money>().ok();
            assert_eq!(read.map(Money::micros), micros, "{text}");
        };
        check("20", Some(20_000_000));
        check(" 0.000001 ", Some(1));
        check("-1", None);
        check("1,5", None);
        check("", None);
    }

    #[test]
    fn four_decimals_are_shown() {
        assert_eq!(Money::from_micros(960_000).to_string(), "0.9600");
    }
}
