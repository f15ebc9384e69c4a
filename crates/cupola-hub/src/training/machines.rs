//! The machines that models are trained on, as they are now and were over the day.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use cupola_domain::{
    resources::Capabilities,
    telemetry::{GpuQuantity, Quantity, Values},
    time::Timestamp,
};

use crate::{Hub, HubError, telemetry::FleetTelemetry};

/// What was measured longer ago is not how it is now.
pub(super) const NOW: Duration = Duration::from_mins(5);

/// All of them together.
#[derive(Debug, Clone, PartialEq)]
pub struct Machines {
    /// When it was so.
    pub at: Timestamp,
    /// How many workers measured something in the last minutes.
    pub workers: u32,
    /// How busy their cores are, from 0 to 100; the mean.
    pub cpu_percent: Option<f64>,
    /// How busy their GPUs are, from 0 to 100; the mean.
    pub gpu_percent: Option<f64>,
    /// The hottest GPU, or processor where no GPU measures it, in degrees.
    pub hottest_celsius: Option<f64>,
    /// Main memory of all.
    pub memory: Option<Used>,
    /// Memory of all GPUs.
    pub gpu_memory: Option<Used>,
    /// The last 24 hours.
    pub day: Arc<FleetTelemetry>,
}

/// How much of something there is, and how much of that is in use, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Used {
    /// In use.
    pub used: f64,
    /// There is.
    pub total: f64,
}

impl Machines {
    /// None of which anything is known.
    pub fn unmeasured(at: Timestamp) -> Self {
        let day = FleetTelemetry {
            buckets: Vec::new(),
            workers: BTreeMap::new(),
        };
        Now::default().summed(at, Arc::new(day))
    }
}

impl Hub {
    /// The machines as they are now and were over the day.
    pub fn machines(&self) -> Result<Machines, HubError> {
        self.training.note_asked(self.monotonic());
        let (at, day) = (self.now(), self.fleet());
        let live = self.live();
        let is_now = |seen: Timestamp| at.since(seen) <= NOW;
        let mut now = Now::default();
        for (id, newest) in day.workers.iter().filter(|(_, newest)| is_now(newest.at)) {
            if let Some(worker) = live.workers.get(id) {
                now.add(&newest.values, &worker.capabilities);
            }
        }
        drop(live);
        Ok(now.summed(at, day))
    }
}

/// What workers measured last, value by value.
#[derive(Debug, Default)]
struct Now {
    workers: u32,
    cpu: Vec<f64>,
    gpu: Vec<f64>,
    cpu_celsius: Vec<f64>,
    gpu_celsius: Vec<f64>,
    memory: Option<Used>,
    gpu_memory: Option<Used>,
}

impl Now {
    fn add(&mut self, values: &Values, machine: &Capabilities) {
        self.workers += 1;
        for (quantity, value) in values {
            match quantity {
                Quantity::CpuPercent => self.cpu.push(*value),
                Quantity::CpuCelsius => self.cpu_celsius.push(*value),
                Quantity::MemoryUsed => add(&mut self.memory, *value, machine.memory_bytes),
                Quantity::Gpu(_, GpuQuantity::Percent) => self.gpu.push(*value),
                Quantity::Gpu(_, GpuQuantity::Celsius) => self.gpu_celsius.push(*value),
                Quantity::Gpu(number, GpuQuantity::MemoryUsed) => {
                    let gpu = machine.gpus.get(usize::from(*number));
                    add(
                        &mut self.gpu_memory,
                        *value,
                        gpu.map_or(0, |gpu| gpu.memory_bytes),
                    );
                }
                _ => {}
            }
        }
    }

    fn summed(self, at: Timestamp, day: Arc<FleetTelemetry>) -> Machines {
        let hottest = |values: &[f64]| values.iter().copied().reduce(f64::max);
        Machines {
            at,
            workers: self.workers,
            cpu_percent: mean(&self.cpu),
            gpu_percent: mean(&self.gpu),
            hottest_celsius: hottest(&self.gpu_celsius).or(hottest(&self.cpu_celsius)),
            memory: self.memory,
            gpu_memory: self.gpu_memory,
            day,
        }
    }
}

/// Only where both are known do they add up to a share.
#[expect(clippy::cast_precision_loss, reason = "a share needs no exact bytes")]
fn add(sum: &mut Option<Used>, used: f64, total: u64) {
    if total > 0 {
        let sum = sum.get_or_insert_default();
        sum.used += used;
        sum.total += total as f64;
    }
}

#[expect(clippy::cast_precision_loss, reason = "few machines")]
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use cupola_domain::resources::{GIB, Gpu};

    use super::*;

    fn machine(gpus: usize) -> Capabilities {
        let gpu = Gpu {
            name: "a".to_owned(),
            memory_bytes: 8 * GIB,
        };
        Capabilities {
            memory_bytes: 16 * GIB,
            gpus: vec![gpu; gpus],
            ..Capabilities::default()
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few gibibytes")]
    fn gib(number: u64) -> f64 {
        (number * GIB) as f64
    }

    #[test]
    fn machines_add_up_and_those_without_a_gpu_take_nothing_from_the_others() {
        let mut now = Now::default();
        now.add(
            &Values::from([(Quantity::CpuPercent, 20.0), (Quantity::MemoryUsed, gib(4))]),
            &machine(0),
        );
        now.add(
            &Values::from([
                (Quantity::CpuPercent, 40.0),
                (Quantity::MemoryUsed, gib(8)),
                (Quantity::Gpu(0, GpuQuantity::Percent), 90.0),
                (Quantity::Gpu(1, GpuQuantity::Percent), 70.0),
                (Quantity::Gpu(1, GpuQuantity::MemoryUsed), gib(2)),
                (Quantity::Gpu(1, GpuQuantity::Celsius), 71.0),
                (Quantity::CpuCelsius, 80.0),
            ]),
            &machine(2),
        );
        let all = all(now);
        assert_eq!(
            (all.workers, all.cpu_percent, all.gpu_percent),
            (2, Some(30.0), Some(80.0))
        );
        assert_eq!(
            all.memory,
            Some(Used {
                used: gib(12),
                total: gib(32)
            })
        );
        assert_eq!(
            all.gpu_memory,
            Some(Used {
                used: gib(2),
                total: gib(8)
            })
        );
        assert_eq!(all.hottest_celsius, Some(71.0));
    }

    #[test]
    fn what_nobody_measures_is_unknown() {
        let mut now = Now::default();
        let no_total = Quantity::Gpu(3, GpuQuantity::MemoryUsed);
        now.add(&Values::from([(no_total, 5.0)]), &machine(1));
        let all = all(now);
        assert_eq!(
            (all.cpu_percent, all.gpu_percent, all.hottest_celsius),
            (None, None, None)
        );
        assert_eq!((all.memory, all.gpu_memory), (None, None));
    }

    fn all(now: Now) -> Machines {
        let at = Timestamp::from_millis(0);
        now.summed(at, Machines::unmeasured(at).day)
    }
}
