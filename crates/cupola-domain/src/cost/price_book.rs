//! The price book: which machine costs what.

use std::time::Duration;

use super::{Basis, Money, Rate, rate::used_hourly};

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

    /// What running on a machine costs by this book; nothing is known of one that has no entry, except how
    /// clean its power is.
    pub fn rate(&self, machine: Machine<'_>) -> Rate {
        let power = self.electricity;
        let carbon_g_per_kwh = power.and_then(|of| of.carbon_g_per_kwh);
        let Some(entry) = self.find(machine) else {
            return Rate {
                carbon_g_per_kwh,
                ..Rate::default()
            };
        };
        let (hourly, per_kwh) = match entry.price {
            Price::Hourly(price) => (price, None),
            Price::Owned { purchase, life } => {
                (used_hourly(purchase, life), power.map(|of| of.per_kwh))
            }
        };
        Rate {
            basis: Basis::Book,
            hourly: Some(hourly),
            per_kwh,
            watts: entry.watts,
            carbon_g_per_kwh,
        }
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
            let found = book().rate(Machine { worker, gpus }).hourly;
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
        assert_eq!(nowhere.rate(machine), Rate::default());
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
        let rate = own(Some(500.0)).rate(MACHINE);
        assert_eq!(rate.hourly, Some(money(0.1)));
        assert_eq!(rate.per_kwh, Some(money(0.3)));
        assert_eq!(rate.carbon_g_per_kwh, Some(400.0));
    }

    #[test]
    fn rented_power_is_paid_already() {
        let mut book = own(Some(500.0));
        book.entries[0].price = Price::Hourly(money(1.0));
        let rate = book.rate(MACHINE);
        assert_eq!((rate.hourly, rate.per_kwh), (Some(money(1.0)), None));
        assert_eq!(rate.watts, Some(500.0));
    }

    #[test]
    fn without_an_entry_only_the_power_is_known() {
        let mut book = own(None);
        book.entries.clear();
        let rate = book.rate(MACHINE);
        assert_eq!((rate.basis, rate.hourly), (Basis::None, None));
        assert_eq!(rate.carbon_g_per_kwh, Some(400.0));
    }
}
