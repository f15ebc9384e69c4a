//! The machine that the agent runs on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use cupola_domain::{
    telemetry::{Quantity, Values},
    time::Instant,
};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use super::{
    Probe, counters,
    counters::Rate,
    gpus::Measured,
    sysfs::{self, Meter},
};
use crate::hardware::disk_space;

/// Measures the machine that the agent runs on, by what its kernel and drivers tell.
pub(crate) struct Machine {
    sys: PathBuf,
    /// Where runs are kept.
    folder: PathBuf,
    system: Option<System>,
    is_primed: bool,
    /// Read, written, received and sent.
    rates: [Rate; 4],
    meters: Vec<Meter>,
    gpus: Measured,
}

impl Machine {
    /// The machine; `folder` is where runs are kept, for its disk.
    pub(crate) fn new(folder: &Path) -> Self {
        let sys = PathBuf::from("/sys");
        let wanted = RefreshKind::nothing()
            .with_memory(MemoryRefreshKind::nothing().with_ram())
            .with_cpu(CpuRefreshKind::nothing().with_usage());
        Self {
            folder: folder.to_owned(),
            system: System::new_with_specifics(wanted).ok(),
            is_primed: false,
            rates: [Rate::default(); 4],
            meters: Meter::of_cpus(&sys),
            gpus: Measured::find(&sys),
            sys,
        }
    }

    fn measure_system(&mut self, values: &mut Values) {
        let Some(system) = &mut self.system else {
            return;
        };
        system.refresh_cpu_usage();
        system.refresh_memory();
        if self.is_primed {
            let percent = f64::from(system.global_cpu_usage());
            values.insert(Quantity::CpuPercent, percent.clamp(0.0, 100.0));
        }
        self.is_primed = true;
        values.insert(Quantity::MemoryUsed, double(memory_used(system)));
    }

    fn measure_rates(&mut self, now: Instant, values: &mut Values) {
        let read = |path: &str| fs::read_to_string(path).ok();
        let sys = &self.sys;
        let disks = read("/proc/diskstats")
            .and_then(|text| counters::disks(&text, |name| sysfs::is_disk(sys, name)));
        let network = read("/proc/net/dev").and_then(|text| counters::network(&text));
        let counted = [
            (Quantity::DiskRead, disks.map(|disks| disks.0)),
            (Quantity::DiskWritten, disks.map(|disks| disks.1)),
            (Quantity::NetworkReceived, network.map(|network| network.0)),
            (Quantity::NetworkSent, network.map(|network| network.1)),
        ];
        for (rate, (quantity, count)) in self.rates.iter_mut().zip(counted) {
            let value = count.and_then(|count| rate.of(now, count));
            values.extend(value.map(|value| (quantity, value)));
        }
    }
}

impl Probe for Machine {
    fn measure(&mut self, now: Instant) -> Values {
        let mut values = Values::new();
        self.measure_system(&mut values);
        self.measure_rates(now, &mut values);
        let disk = disk_space(&self.folder).map(|(total, free)| double(total.saturating_sub(free)));
        values.extend(disk.map(|used| (Quantity::DiskUsed, used)));
        let celsius = sysfs::cpu_celsius(&self.sys);
        values.extend(celsius.map(|celsius| (Quantity::CpuCelsius, celsius)));
        let watts = self.meters.iter_mut().filter_map(|meter| meter.watts(now));
        let watts = watts.reduce(|a, b| a + b);
        values.extend(watts.map(|watts| (Quantity::CpuWatts, watts)));
        self.gpus.measure(now, &mut values);
        // What a driver tells that cannot be is not told on.
        values.retain(|quantity, value| quantity.check(*value).is_ok());
        values
    }
}

/// Of main memory, or of the part of it that the control group leaves.
fn memory_used(system: &System) -> u64 {
    let limits = system.cgroup_limits();
    let limits = limits
        .filter(|limits| limits.total_memory > 0 && limits.total_memory < system.total_memory());
    limits.map_or(system.used_memory(), |limits| {
        limits.total_memory.saturating_sub(limits.free_memory)
    })
}

fn double(bytes: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "memory and disks fit into 53 bits"
    )]
    let bytes = bytes as f64;
    bytes
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn this_machine_has_memory_at_once_and_rates_at_the_second_look() {
        let mut machine = Machine::new(&std::env::temp_dir());
        let look = |machine: &mut Machine, secs: u64| {
            machine.measure(Instant::from_origin(Duration::from_secs(secs)))
        };
        let first = look(&mut machine, 0);
        assert!(first[&Quantity::MemoryUsed] > 0.0, "{first:?}");
        assert!(first[&Quantity::DiskUsed] > 0.0, "{first:?}");
        assert!(!first.contains_key(&Quantity::CpuPercent), "{first:?}");
        let second = look(&mut machine, 5);
        assert!(second.contains_key(&Quantity::CpuPercent), "{second:?}");
        for (quantity, value) in &second {
            assert_eq!(quantity.check(*value), Ok(()), "{quantity}");
        }
    }
}
