//! What a worker measures of its machine: which quantities there are, and which samples are believed.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use crate::{field::FieldError, time::Timestamp};

/// More graphics processors than this are not measured.
pub const GPUS_MAX: u8 = 64;

/// A report with more samples than this is refused.
pub const SAMPLES_MAX: usize = 1_000;

/// A sample that is older than this is refused.
pub const AGE_MAX: Duration = Duration::from_hours(24);

/// Something that is measured of a machine. Its name, which says its unit, is that of the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Of all cores, from 0 to 100.
    CpuPercent,
    /// Of the hottest part of the processor.
    CpuCelsius,
    /// What the processor takes.
    CpuWatts,
    /// Main memory.
    MemoryUsed,
    /// The disk on which runs are kept.
    DiskUsed,
    /// From all disks.
    DiskRead,
    /// To all disks.
    DiskWritten,
    /// By all interfaces but the loopback.
    NetworkReceived,
    /// By all interfaces but the loopback.
    NetworkSent,
    /// Of one graphics processor.
    Gpu(u8, GpuQuantity),
}

/// Something that is measured of a graphics processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GpuQuantity {
    /// How busy it is, from 0 to 100.
    Percent,
    /// Its own memory.
    MemoryUsed,
    /// Its temperature.
    Celsius,
    /// What it takes.
    Watts,
}

/// Names of what is measured of the machine as a whole.
const OF_MACHINE: [(Quantity, &str); 9] = [
    (Quantity::CpuPercent, "cpu.percent"),
    (Quantity::CpuCelsius, "cpu.celsius"),
    (Quantity::CpuWatts, "cpu.power_watts"),
    (Quantity::MemoryUsed, "memory.used_bytes"),
    (Quantity::DiskUsed, "disk.used_bytes"),
    (Quantity::DiskRead, "disk.read_bytes_per_second"),
    (Quantity::DiskWritten, "disk.written_bytes_per_second"),
    (
        Quantity::NetworkReceived,
        "network.received_bytes_per_second",
    ),
    (Quantity::NetworkSent, "network.sent_bytes_per_second"),
];

/// Names of what is measured of a graphics processor, behind `gpu.N.`.
const OF_GPU: [(GpuQuantity, &str); 4] = [
    (GpuQuantity::Percent, "percent"),
    (GpuQuantity::MemoryUsed, "memory_used_bytes"),
    (GpuQuantity::Celsius, "celsius"),
    (GpuQuantity::Watts, "power_watts"),
];

/// What values of a quantity can be.
const PERCENT: (f64, f64) = (0.0, 100.0);
const CELSIUS: (f64, f64) = (-100.0, 1_000.0);
const WATTS: (f64, f64) = (0.0, 1e6);
const BYTES: (f64, f64) = (0.0, 1e18);

impl Quantity {
    /// Those of the machine as a whole.
    pub fn of_machine() -> impl Iterator<Item = Quantity> {
        OF_MACHINE.iter().map(|(quantity, _)| *quantity)
    }

    /// Whether it is power, which adds up to energy.
    pub const fn is_power(self) -> bool {
        matches!(
            self,
            Quantity::CpuWatts | Quantity::Gpu(_, GpuQuantity::Watts)
        )
    }

    /// The least and the largest value that is believed.
    pub const fn bounds(self) -> (f64, f64) {
        match self {
            Quantity::CpuPercent | Quantity::Gpu(_, GpuQuantity::Percent) => PERCENT,
            Quantity::CpuCelsius | Quantity::Gpu(_, GpuQuantity::Celsius) => CELSIUS,
            Quantity::CpuWatts | Quantity::Gpu(_, GpuQuantity::Watts) => WATTS,
            _ => BYTES,
        }
    }

    /// What is wrong with a value of it, if anything.
    pub fn check(self, value: f64) -> Result<(), String> {
        let (least, most) = self.bounds();
        if (least..=most).contains(&value) {
            return Ok(());
        }
        Err(format!("is {value}; give a number from {least} to {most}"))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = OF_MACHINE.iter().find(|(quantity, _)| quantity == self);
        match (self, named) {
            (_, Some((_, name))) => f.write_str(name),
            (Quantity::Gpu(number, quantity), None) => {
                let named = OF_GPU.iter().find(|(each, _)| each == quantity);
                write!(f, "gpu.{number}.{}", named.map_or("", |(_, name)| name))
            }
            (_, None) => Ok(()),
        }
    }
}

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of_machine = OF_MACHINE.iter().find(|(_, name)| *name == text);
        let found = of_machine.map(|(quantity, _)| *quantity).or_else(|| {
            let (number, name) = text.strip_prefix("gpu.")?.split_once('.')?;
            let number: u8 = number
                .parse()
                .ok()
                .filter(|n: &u8| n.to_string() == number)?;
            let (quantity, _) = OF_GPU.iter().find(|(_, each)| *each == name)?;
            (number < GPUS_MAX).then_some(Quantity::Gpu(number, *quantity))
        });
        found.ok_or_else(|| {
            "is nothing that is measured of a worker; there are `cpu.percent`, \
             `memory.used_bytes`, `gpu.0.percent` and others, see docs/telemetry.md"
                .to_owned()
        })
    }
}

/// What was measured at one moment; what could not be is not there.
pub type Values = BTreeMap<Quantity, f64>;

/// What a worker measured at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Counts the samples of one start of its agent: each is taken once.
    pub number: i64,
    /// How long ago that was, by a clock that only moves forwards.
    pub age: Duration,
    /// What it was.
    pub values: Values,
}

impl Sample {
    /// Reads a sample as it was sent; `place` is its place in the report, for messages.
    pub fn read<'a>(
        place: usize,
        number: i64,
        age_millis: i64,
        values: impl Iterator<Item = (&'a str, f64)>,
    ) -> Result<Self, FieldError> {
        let wrong = |field: &str, message: String| {
            FieldError::new(format!("samples.{place}.{field}"), message)
        };
        if number < 0 {
            return Err(wrong("number", format!("is {number}; count from 0")));
        }
        let age = u64::try_from(age_millis).map(Duration::from_millis);
        let age = age.ok().filter(|age| *age <= AGE_MAX).ok_or_else(|| {
            let most = AGE_MAX.as_millis();
            wrong(
                "age_millis",
                format!("is {age_millis}; a sample is from 0 to {most} milliseconds old"),
            )
        })?;
        let mut read = Values::new();
        for (name, value) in values {
            let field = || {
                format!(
                    "values.{}",
                    name.chars().take(NAME_CHARS_SHOWN).collect::<String>()
                )
            };
            let quantity: Quantity = name.parse().map_err(|reason| wrong(&field(), reason))?;
            quantity
                .check(value)
                .map_err(|reason| wrong(&field(), reason))?;
            // The sum makes 0 of -0.
            read.insert(quantity, value + 0.0);
        }
        Ok(Self {
            number,
            age,
            values: read,
        })
    }
}

/// A name that is refused is told so far.
const NAME_CHARS_SHOWN: usize = 80;

/// When samples that came together were taken, by the hub's clock: `now` less their age, each behind the
/// one before, and the first behind `newest`, whatever clocks do.
pub fn dates(
    newest: Option<Timestamp>,
    now: Timestamp,
    ages: impl Iterator<Item = Duration>,
) -> Vec<Timestamp> {
    let mut last = newest;
    let dated = ages.map(|age| {
        let at = now.minus(age);
        let at = match last {
            Some(last) if at <= last => last.plus(Duration::from_millis(1)),
            _ => at,
        };
        last = Some(at);
        at
    });
    dated.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantity_is_known_by_its_name() {
        let of_gpus = (0..GPUS_MAX).flat_map(|n| OF_GPU.map(|(each, _)| Quantity::Gpu(n, each)));
        for quantity in Quantity::of_machine().chain(of_gpus) {
            assert_eq!(quantity.to_string().parse(), Ok(quantity));
        }
        assert_eq!(
            "gpu.3.power_watts".parse(),
            Ok(Quantity::Gpu(3, GpuQuantity::Watts))
        );
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "cpu",
            "loss",
            "gpu.percent",
            "gpu.64.percent",
            "gpu.256.percent",
            "gpu.-1.percent",
            "gpu.01.percent",
            "gpu.+1.percent",
            "gpu.0.",
            "gpu.0.fan",
            "CPU.percent",
        ] {
            assert!(name.parse::<Quantity>().is_err(), "{name}");
        }
    }

    fn check(number: i64, age_millis: i64, values: &[(&str, f64)], refused: &str) {
        let read = Sample::read(3, number, age_millis, values.iter().copied());
        let found = read
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(
            found.contains(refused) && found.is_empty() == refused.is_empty(),
            "{found}"
        );
    }

    #[test]
    fn what_cannot_have_been_measured_is_refused_with_its_place() {
        check(0, 0, &[("cpu.percent", 100.0), ("cpu.celsius", -5.0)], "");
        check(0, 0, &[], "");
        check(-1, 0, &[], "samples.3.number");
        check(0, -1, &[], "samples.3.age_millis");
        check(0, i64::MAX, &[], "samples.3.age_millis");
        check(
            0,
            0,
            &[("cpu.percent", f64::NAN)],
            "samples.3.values.cpu.percent",
        );
        check(
            0,
            0,
            &[("cpu.percent", 100.1)],
            "give a number from 0 to 100",
        );
        check(0, 0, &[("memory.used_bytes", -1.0)], "is -1");
        check(0, 0, &[("gpu.0.power_watts", f64::INFINITY)], "is inf");
        check(0, 0, &[("gpu.0.fan", 1.0)], "nothing that is measured");
    }

    fn check_dates(newest: Option<i64>, now: i64, ages: &[u64], expected: &[i64]) {
        let newest = newest.map(Timestamp::from_millis);
        let ages = ages.iter().map(|age| Duration::from_millis(*age));
        let found = dates(newest, Timestamp::from_millis(now), ages);
        let found: Vec<i64> = found.iter().map(|at| at.millis()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn samples_are_dated_in_order_whatever_clocks_do() {
        check_dates(None, 10_000, &[500, 200, 0], &[9_500, 9_800, 10_000]);
        check_dates(Some(9_700), 10_000, &[500, 200, 0], &[9_701, 9_800, 10_000]);
        // The worker's clock went back between two samples.
        check_dates(None, 10_000, &[200, 500, 0], &[9_800, 9_801, 10_000]);
        // The hub's own clock went back.
        check_dates(Some(90_000), 10_000, &[100, 0], &[90_001, 90_002]);
    }
}
