//! `[prices]`: what machines and electricity cost.

use std::time::Duration;

use cupola_domain::{
    cost::{Electricity, Money, Of, Price, PriceBook, Priced},
    field::FieldError,
};
use cupola_hub::costs::Prices;
use serde::Deserialize;

/// More of anything is a mistake.
const MOST: f64 = 1e6;

/// A machine that is used for longer is older than this program's calendar.
const LIFE_HOURS_MAX: f64 = 1e6;

const CURRENCY_CHARS_MAX: usize = 8;

/// As it stands in the file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Section {
    currency: Option<String>,
    machine: Vec<MachineFile>,
    electricity: Option<ElectricityFile>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MachineFile {
    worker: Option<String>,
    gpu: Option<String>,
    kind: Option<String>,
    per_hour: Option<f64>,
    purchase: Option<f64>,
    life_hours: Option<f64>,
    watts: Option<f64>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ElectricityFile {
    per_kwh: f64,
    carbon_g_per_kwh: Option<f64>,
}

impl Section {
    /// The price book, or everything that is wrong with it, a line for each.
    pub(super) fn read(self) -> anyhow::Result<Prices> {
        self.check().map_err(|errors| {
            let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", lines.join("\n"))
        })
    }

    /// Each mistake names its key, its value and the remedy.
    fn check(self) -> Result<Prices, Vec<FieldError>> {
        let mut errors = Vec::new();
        let default = Prices::default();
        let currency = self.currency.unwrap_or(default.currency);
        let is_odd = |c: char| c.is_whitespace() || c.is_control();
        let is_long = currency.chars().count() > CURRENCY_CHARS_MAX;
        if currency.is_empty() || is_long || currency.contains(is_odd) {
            let message = format!("is `{currency}`; write one like `USD` or `EUR`");
            errors.push(FieldError::new("currency", message));
        }
        let mut entries = Vec::new();
        for (at, machine) in self.machine.into_iter().enumerate() {
            match machine.check() {
                Ok(priced) => entries.push(priced),
                Err(error) => errors.push(error.under(&format!("machine[{at}]"))),
            }
        }
        let electricity = self.electricity.map(ElectricityFile::check).transpose();
        let electricity = electricity.map_err(|error| errors.push(error.under("electricity")));
        match electricity {
            Ok(electricity) if errors.is_empty() => Ok(Prices {
                currency,
                book: PriceBook {
                    entries,
                    electricity,
                },
            }),
            _ => Err(errors
                .into_iter()
                .map(|error| error.under("prices"))
                .collect()),
        }
    }
}

impl MachineFile {
    fn check(self) -> Result<Priced, FieldError> {
        Ok(Priced {
            of: self.of()?,
            price: self.price()?,
            watts: self.watts.map(|watts| known("watts", watts)).transpose()?,
        })
    }

    fn of(&self) -> Result<Of, FieldError> {
        let of = match (&self.worker, &self.gpu, self.kind.as_deref()) {
            (Some(name), None, None) => Of::Worker(name.clone()),
            (None, Some(part), None) => Of::Gpu(part.clone()),
            (None, None, Some("cpu")) => Of::Cpu,
            (None, None, Some("any")) => Of::Any,
            (None, None, Some(other)) => {
                let message = format!("is `{other}`; write `cpu` or `any`");
                return Err(FieldError::new("kind", message));
            }
            _ => {
                let message = "says not what it is of; write one of `worker = \"NAME\"`, `gpu = \"A100\"` \
                               and `kind = \"cpu\"` or `\"any\"`";
                return Err(FieldError::new("", message));
            }
        };
        match &of {
            Of::Worker(text) | Of::Gpu(text) if text.trim().is_empty() => {
                let key = if self.worker.is_some() {
                    "worker"
                } else {
                    "gpu"
                };
                Err(FieldError::new(key, "is empty; write a name"))
            }
            _ => Ok(of),
        }
    }

    fn price(&self) -> Result<Price, FieldError> {
        match (self.per_hour, self.purchase, self.life_hours) {
            (Some(hourly), None, None) => Ok(Price::Hourly(amount("per_hour", hourly)?)),
            (None, Some(purchase), Some(life)) => {
                if !(life > 0.0 && life <= LIFE_HOURS_MAX) {
                    let message = format!(
                        "is {life}; write for how many hours it is used, above 0 and up to {LIFE_HOURS_MAX}"
                    );
                    return Err(FieldError::new("life_hours", message));
                }
                Ok(Price::Owned {
                    purchase: amount("purchase", purchase)?,
                    life: Duration::from_secs_f64(life * 3_600.0),
                })
            }
            (None, Some(_), None) => {
                let message = "is missing; write for how many hours the machine is used";
                Err(FieldError::new("life_hours", message))
            }
            _ => {
                let message =
                    "says not what it costs; write `per_hour`, or `purchase` and `life_hours`";
                Err(FieldError::new("", message))
            }
        }
    }
}

impl ElectricityFile {
    fn check(self) -> Result<Electricity, FieldError> {
        let carbon = self.carbon_g_per_kwh;
        Ok(Electricity {
            per_kwh: amount("per_kwh", self.per_kwh)?,
            carbon_g_per_kwh: carbon
                .map(|grams| known("carbon_g_per_kwh", grams))
                .transpose()?,
        })
    }
}

fn amount(key: &str, units: f64) -> Result<Money, FieldError> {
    let units = known(key, units)?;
    Money::of(units).ok_or_else(|| FieldError::new(key, "is too large"))
}

fn known(key: &str, number: f64) -> Result<f64, FieldError> {
    if (0.0..=MOST).contains(&number) {
        return Ok(number);
    }
    let message = format!("is {number}; write a number from 0 to {MOST}");
    Err(FieldError::new(key, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Prices, Vec<FieldError>> {
        toml::from_str::<Section>(text).unwrap().check()
    }

    #[test]
    fn a_book_is_read() {
        let prices = read(
            "currency = \"EUR\"
             [[machine]]\nworker = \"box-1\"\nper_hour = 0.24
             [[machine]]\ngpu = \"A100\"\npurchase = 2000\nlife_hours = 20000\nwatts = 350
             [electricity]\nper_kwh = 0.3\ncarbon_g_per_kwh = 400",
        )
        .unwrap();
        assert_eq!(prices.currency, "EUR");
        let [rented, owned] = prices.book.entries.as_slice() else {
            panic!("{prices:?}");
        };
        assert_eq!(rented.of, Of::Worker("box-1".to_owned()));
        assert_eq!(owned.watts, Some(350.0));
        let Price::Owned { purchase, life } = owned.price else {
            panic!("{owned:?}");
        };
        assert_eq!(
            (purchase.units(), life),
            (2000.0, Duration::from_hours(20_000))
        );
    }

    fn check(text: &str, key: &str, remedy: &str) {
        let errors = read(text).unwrap_err();
        let shown = errors[0].to_string();
        assert_eq!(errors[0].field, key, "{shown}");
        assert!(shown.contains(remedy), "{shown}");
    }

    #[test]
    fn what_is_wrong_names_its_key_and_the_remedy() {
        check("currency = \"\"", "prices.currency", "USD");
        check("currency = \"E UR\"", "prices.currency", "USD");
        check("[[machine]]\nper_hour = 1", "prices.machine[0]", "worker");
        check(
            "[[machine]]\nkind = \"gpu\"",
            "prices.machine[0].kind",
            "`cpu` or `any`",
        );
        check(
            "[[machine]]\nworker = \"x\"",
            "prices.machine[0]",
            "per_hour",
        );
        check(
            "[[machine]]\nkind = \"any\"\nper_hour = -1",
            "prices.machine[0].per_hour",
            "from 0",
        );
        check(
            "[[machine]]\nkind = \"any\"\nper_hour = nan",
            "prices.machine[0].per_hour",
            "NaN",
        );
        check(
            "[[machine]]\nkind = \"any\"\npurchase = 1",
            "prices.machine[0].life_hours",
            "hours",
        );
        check(
            "[[machine]]\nkind = \"any\"\npurchase = 1\nlife_hours = 0",
            "prices.machine[0].life_hours",
            "above 0",
        );
        check(
            "[[machine]]\ngpu = \" \"\nper_hour = 1",
            "prices.machine[0].gpu",
            "name",
        );
        check(
            "[electricity]\nper_kwh = inf",
            "prices.electricity.per_kwh",
            "from 0",
        );
    }
}
