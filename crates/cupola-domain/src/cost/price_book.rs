//! The price book: which machine costs what.

use std::time::Duration;

use super::{Cost, Money, hours};

/// What an entry is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// The worker of this name.
    Worker(String),
    /// Machines with a graphics processor whose name has this text in it, in capitals or not.
    Gpu(String),
    /// Machines without a graphics processor.
    Cpu,
    /// Every machine.
    Any,
}

/// How a machine is paid for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Price {
    /// So much for each hour; power is in it.
    Hourly(Money),
    /// Bought for `purchase` to be used for `life`; power comes on top.
    Owned {
        /// What it cost.
        purchase: Money,
        /// After so much use it has paid for itself.
        life: Duration,
    },
}

/// An entry of the book.
#[derive(Debug, Clone, PartialEq)]
pub struct Priced {
    /// What it is of.
    pub of: Of,
    /// How it is paid for.
    pub price: Price,
    /// What the machine draws under load, where nobody measures it.
    pub watts: Option<f64>,
}

/// What energy costs, and how clean it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Electricity {
    /// For a kilowatt-hour.
    pub per_kwh: Money,
    /// Grams of carbon dioxide for a kilowatt-hour, where it is known.
    pub carbon_g_per_kwh: Option<f64>,
}

/// All prices. Of the entries that fit a machine, the first one that names it most closely counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceBook {
    /// As the file has them.
    pub entries: Vec<Priced>,
    /// Where it is said.
    pub electricity: Option<Electricity>,
}

/// What the book needs to know of a machine.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    /// The worker's name.
    pub worker: &'a str,
    /// The names of its graphics processors.
    pub gpus: &'a [&'a str],
}

impl Of {
    /// How closely it names the machine; none when it does not.
    fn closeness(&self, machine: Machine<'_>) -> Option<u8> {
        match self {
            Of::Worker(name) => (name == machine.worker).then_some(3),
            Of::Gpu(part) => {
                let part = part.to_lowercase();
                let has = |name: &&str| name.to_lowercase().contains(&part);
                machine.gpus.iter().any(has).then_some(2)
            }
            Of::Cpu => machine.gpus.is_empty().then_some(1),
            Of::Any => Some(0),
        }
    }
}

impl PriceBook {
    /// The entry for a machine.
    pub fn find(&self, machine: Machine<'_>) -> Option<&Priced> {
        let fitting = self.entries.iter().rev();
        let fitting = fitting.filter_map(|entry| Some((entry.of.closeness(machine)?, entry)));
        // Of equals the last is taken, which is the first of the book: it is gone through backwards.
        let closest = fitting.max_by_key(|(closeness, _)| *closeness);
        closest.map(|(_, entry)| entry)
    }

    /// What `span` on a `share` of a machine costs, from 0 to 1. `energy_wh` is what was measured for
    /// that share; else what the book says of the machine's draw counts.
    pub fn cost(
        &self,
        machine: Machine<'_>,
        span: Duration,
        share: f64,
        energy_wh: Option<f64>,
    ) -> Cost {
        let entry = self.find(machine);
        let share = share.clamp(0.0, 1.0);
        let said = entry.and_then(|entry| entry.watts);
        let energy_wh = energy_wh.or_else(|| Some(said? * hours(span) * share));
        let power = energy_wh.zip(self.electricity);
        let carbon = power.and_then(|(wh, of)| Some(wh / 1_000.0 * of.carbon_g_per_kwh?));
        let money = entry.map(|entry| match entry.price {
            Price::Hourly(price) => price.times(hours(span) * share),
            Price::Owned { purchase, life } => {
                let used = hours(span) / hours(life).max(f64::MIN_POSITIVE);
                let power =
                    power.map_or(Money::default(), |(wh, of)| of.per_kwh.times(wh / 1_000.0));
                purchase.times(used * share) + power
            }
        });
        Cost {
            money,
            energy_wh,
            carbon_g: carbon,
        }
    }

    /// What a machine costs in an hour, with what the book says of its draw.
    pub fn hourly(&self, machine: Machine<'_>) -> Option<Money> {
        self.cost(machine, Duration::from_hours(1), 1.0, None).money
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: f64) -> Money {
        Money::of(amount).unwrap()
    }

    fn hourly(of: Of, price: f64) -> Priced {
        Priced {
            of,
            price: Price::Hourly(money(price)),
            watts: None,
        }
    }

    fn book() -> PriceBook {
        PriceBook {
            entries: vec![
                hourly(Of::Any, 0.01),
                hourly(Of::Cpu, 0.02),
                hourly(Of::Gpu("rtx 4090".into()), 0.4),
                hourly(Of::Gpu("RTX".into()), 0.24),
                hourly(Of::Worker("lab-1".into()), 1.0),
            ],
            electricity: None,
        }
    }

    #[test]
    fn the_closest_entry_counts_and_of_equals_the_first() {
        let check = |worker, gpus: &[&str], expected: f64| {
            let found = book().hourly(Machine { worker, gpus });
            assert_eq!(found, Some(money(expected)), "{worker} {gpus:?}");
        };
        check("lab-1", &["NVIDIA RTX 4090"], 1.0);
        check("x", &["NVIDIA RTX 4090"], 0.4);
        check("x", &["AMD", "NVIDIA RTX 3080"], 0.24);
        check("x", &["AMD"], 0.01);
        check("x", &[], 0.02);
        let nowhere = PriceBook::default();
        let machine = Machine {
            worker: "x",
            gpus: &[],
        };
        assert_eq!(nowhere.hourly(machine), None);
    }

    fn own(watts: Option<f64>) -> PriceBook {
        PriceBook {
            entries: vec![Priced {
                of: Of::Any,
                price: Price::Owned {
                    purchase: money(2_000.0),
                    life: Duration::from_hours(20_000),
                },
                watts,
            }],
            electricity: Some(Electricity {
                per_kwh: money(0.3),
                carbon_g_per_kwh: Some(400.0),
            }),
        }
    }

    const MACHINE: Machine<'_> = Machine {
        worker: "x",
        gpus: &[],
    };

    #[test]
    fn an_own_machine_costs_its_use_and_its_power() {
        let two_hours = Duration::from_hours(2);
        let cost = own(Some(500.0)).cost(MACHINE, two_hours, 0.5, None);
        // Half of 2 h of 0.1 an hour, and half a kilowatt-hour.
        assert_eq!(cost.money, Some(money(0.1 + 0.15)));
        assert_eq!(cost.energy_wh, Some(500.0));
        assert_eq!(cost.carbon_g, Some(200.0));
    }

    #[test]
    fn measured_energy_comes_before_what_the_book_says() {
        let cost = own(Some(500.0)).cost(MACHINE, Duration::from_hours(1), 1.0, Some(100.0));
        assert_eq!(cost.energy_wh, Some(100.0));
        assert_eq!(cost.money, Some(money(0.1 + 0.03)));
    }

    #[test]
    fn unknown_energy_is_not_zero() {
        let cost = own(None).cost(MACHINE, Duration::from_hours(1), 1.0, None);
        assert_eq!((cost.energy_wh, cost.carbon_g), (None, None));
        assert_eq!(cost.money, Some(money(0.1)));
        let nothing = PriceBook::default().cost(MACHINE, Duration::from_hours(1), 1.0, None);
        assert_eq!(nothing, Cost::default());
    }

    #[test]
    fn rented_power_is_paid_already() {
        let mut book = own(Some(500.0));
        book.entries[0].price = Price::Hourly(money(1.0));
        let cost = book.cost(MACHINE, Duration::from_hours(1), 1.0, None);
        assert_eq!(cost.money, Some(money(1.0)));
        assert_eq!(cost.carbon_g, Some(200.0));
    }
}
