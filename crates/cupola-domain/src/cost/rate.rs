//! What running on one machine costs, and what a run on it took.

use std::{str::FromStr, time::Duration};

use super::{Cost, Money, hours};
use crate::time::Timestamp;

/// Where a price comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Basis {
    /// The price book has an entry for the machine.
    Book,
    /// The machine has none, but the model that is trained has a price.
    Model,
    /// Nobody said what it costs.
    #[default]
    None,
}

/// What running on a machine costs, as it stands when a run takes the machine. A change of the book
/// changes nothing for a run that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rate {
    /// Where the price comes from.
    pub basis: Basis,
    /// For an hour of the whole machine.
    pub hourly: Option<Money>,
    /// What a kilowatt-hour costs on top; none where power is in the price, or its price is not known.
    pub per_kwh: Option<Money>,
    /// What the machine draws, where nobody measures it.
    pub watts: Option<f64>,
    /// Grams of carbon dioxide for a kilowatt-hour.
    pub carbon_g_per_kwh: Option<f64>,
}

/// A machine, or a part of it, that a run has or had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Taken {
    /// Of the whole machine.
    pub rate: Rate,
    /// Which part of it, from 0 to 1.
    pub share: f64,
    /// Since when, by the hub's clock.
    pub since: Timestamp,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 3] = [Self::Book, Self::Model, Self::None];

    /// The word in the database and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Model => "model",
            Self::None => "none",
        }
    }
}

impl FromStr for Basis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|basis| basis.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is not where a price comes from"))
    }
}

impl Rate {
    /// The same machine at the price of the model that it trains, where the book has none.
    #[must_use]
    pub fn or_of_model(self, hourly: Option<Money>) -> Self {
        match (self.basis, hourly) {
            (Basis::None, Some(hourly)) => Self {
                basis: Basis::Model,
                hourly: Some(hourly),
                ..self
            },
            _ => self,
        }
    }
}

impl Taken {
    /// What `span` of it costs. `energy_wh` is what was measured for the whole machine; else what it is
    /// said to draw counts.
    pub fn cost(&self, span: Duration, energy_wh: Option<f64>) -> Cost {
        let Rate { watts, hourly, .. } = self.rate;
        let share = self.share.clamp(0.0, 1.0);
        let energy_wh = energy_wh.or_else(|| Some(watts? * hours(span)));
        let energy_wh = energy_wh.map(|energy| energy.max(0.0) * share);
        let power = energy_wh.zip(self.rate.per_kwh);
        let power = power.map_or(Money::default(), |(wh, price)| price.times(wh / 1_000.0));
        let carbon = energy_wh.zip(self.rate.carbon_g_per_kwh);
        Cost {
            money: hourly.map(|hourly| hourly.times(hours(span) * share) + power),
            energy_wh,
            carbon_g: carbon.map(|(wh, grams)| wh / 1_000.0 * grams),
        }
    }

    /// What an hour of it costs, with what it is said to draw.
    pub fn hourly(&self) -> Option<Money> {
        self.cost(Duration::from_hours(1), None).money
    }
}

/// What an hour's use of a machine costs that was bought for `purchase` and lasts for `life`.
pub(super) fn used_hourly(purchase: Money, life: Duration) -> Money {
    purchase.times(1.0 / hours(life).max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: f64) -> Money {
        Money::of(amount).unwrap()
    }

    fn taken(rate: Rate, share: f64) -> Taken {
        Taken {
            rate,
            share,
            since: Timestamp::from_millis(0),
        }
    }

    fn own(watts: Option<f64>) -> Rate {
        Rate {
            basis: Basis::Book,
            hourly: Some(money(0.1)),
            per_kwh: Some(money(0.3)),
            watts,
            carbon_g_per_kwh: Some(400.0),
        }
    }

    #[test]
    fn use_and_power_are_paid_for_the_share() {
        let cost = taken(own(Some(500.0)), 0.5).cost(Duration::from_hours(2), None);
        // Half of 2 h of 0.1 an hour, and half a kilowatt-hour.
        assert_eq!(cost.money, Some(money(0.1 + 0.15)));
        assert_eq!(cost.energy_wh, Some(500.0));
        assert_eq!(cost.carbon_g, Some(200.0));
    }

    #[test]
    fn measured_energy_comes_before_what_the_book_says() {
        let cost = taken(own(Some(500.0)), 1.0).cost(Duration::from_hours(1), Some(100.0));
        assert_eq!(cost.energy_wh, Some(100.0));
        assert_eq!(cost.money, Some(money(0.1 + 0.03)));
    }

    #[test]
    fn unknown_energy_is_not_zero() {
        let cost = taken(own(None), 1.0).cost(Duration::from_hours(1), None);
        assert_eq!((cost.energy_wh, cost.carbon_g), (None, None));
        assert_eq!(cost.money, Some(money(0.1)));
        let nothing = taken(Rate::default(), 1.0).cost(Duration::from_hours(1), None);
        assert_eq!(nothing, Cost::default());
    }

    #[test]
    fn a_price_of_the_model_counts_only_where_the_book_has_none() {
        let of_model = Some(money(2.0));
        assert_eq!(own(None).or_of_model(of_model), own(None));
        let none = Rate::default();
        assert_eq!(none.or_of_model(None), none);
        let priced = none.or_of_model(of_model);
        assert_eq!((priced.basis, priced.hourly), (Basis::Model, of_model));
    }

    #[test]
    fn a_share_is_never_more_than_the_machine() {
        let check = |share: f64, expected: f64| {
            let hourly = taken(own(None), share).hourly();
            assert_eq!(hourly, Some(money(expected)), "{share}");
        };
        check(7.0, 0.1);
        check(-1.0, 0.0);
    }
}
