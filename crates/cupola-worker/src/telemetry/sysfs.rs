//! What the kernel tells of temperature, power and graphics processors, in files below one folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use cupola_domain::time::Instant;

/// Sensors of processors, as their drivers are called.
const CPU_SENSORS: [&str; 6] = [
    "coretemp",
    "k10temp",
    "zenpower",
    "cpu_thermal",
    "soc_thermal",
    "scpi_sensors",
];

/// Millionths, in which power and energy are told.
const MICRO: f64 = 1e-6;

/// The number that a file says.
pub(super) fn number<T: FromStr>(path: &Path) -> Option<T> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Whole disks that are not made of others, below `/sys`.
pub(super) fn is_disk(sys: &Path, name: &str) -> bool {
    let folder = sys.join("block").join(name);
    let is_virtual = ["loop", "ram", "zram", "dm-", "md", "sr", "fd"]
        .iter()
        .any(|prefix| name.starts_with(prefix));
    !is_virtual && folder.exists()
}

/// Of the hottest part of the processor.
pub(super) fn cpu_celsius(sys: &Path) -> Option<f64> {
    let sensors = folders(&sys.join("class/hwmon"));
    let of_cpu = sensors.filter(|sensor| {
        let name = fs::read_to_string(sensor.join("name")).unwrap_or_default();
        CPU_SENSORS.contains(&name.trim())
    });
    of_cpu
        .filter_map(|sensor| hottest(&sensor))
        .reduce(f64::max)
}

/// The hottest of a sensor's inputs.
fn hottest(sensor: &Path) -> Option<f64> {
    let inputs = (1..=MAX_INPUTS).map(|n| sensor.join(format!("temp{n}_input")));
    let read = |path: PathBuf| number::<f64>(&path).map(|thousandths| thousandths / 1000.0);
    inputs.filter_map(read).reduce(f64::max)
}

/// A sensor has one input for each core at most.
const MAX_INPUTS: u32 = 260;

/// A counter of energy that begins anew at its largest value.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    counter: PathBuf,
    /// In millionths of a joule.
    range: Option<u64>,
    before: Option<(Instant, u64)>,
}

impl Meter {
    fn new(counter: PathBuf, range: Option<u64>) -> Self {
        Self {
            counter,
            range,
            before: None,
        }
    }

    /// The meters of whole processors, as far as this program may read them. One that the kernel reads in
    /// two ways (`intel-rapl` and `intel-rapl-mmio`) has the same name twice and is one.
    pub(super) fn of_cpus(sys: &Path) -> Vec<Self> {
        let meter = |folder: PathBuf| {
            let name = fs::read_to_string(folder.join("name")).ok()?;
            let counter = folder.join("energy_uj");
            let is_readable = name.starts_with("package") && number::<u64>(&counter).is_some();
            let range = number(&folder.join("max_energy_range_uj"));
            is_readable.then(|| (name, Self::new(counter, range)))
        };
        let found = folders(&sys.join("class/powercap")).filter_map(meter);
        found.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    /// The power since the last look; `None` at the first.
    pub(super) fn watts(&mut self, now: Instant) -> Option<f64> {
        let counted: u64 = number(&self.counter)?;
        let (since, before) = self.before.replace((now, counted))?;
        let grown = match counted.checked_sub(before) {
            Some(grown) => grown,
            None => self.range?.checked_sub(before)?.checked_add(counted)?,
        };
        let secs = now.since(since).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "power needs no exact count")]
        let joules = grown as f64 * MICRO;
        (secs > 0.0).then(|| joules / secs)
    }
}

/// A graphics processor that its driver tells about in files.
#[derive(Debug, Clone)]
pub(super) struct Card {
    device: PathBuf,
    sensor: Option<PathBuf>,
    meter: Option<Meter>,
}

impl Card {
    /// The card at this place on the bus.
    pub(super) fn find(sys: &Path, bus: &str) -> Option<Self> {
        let mut cards = folders(&sys.join("class/drm"));
        let card = cards.find(|card| {
            let device = fs::canonicalize(card.join("device"));
            device.is_ok_and(|device| device.file_name().is_some_and(|name| name == bus))
        })?;
        let device = card.join("device");
        let sensor = folders(&device.join("hwmon")).next();
        let counter = sensor.as_ref().map(|sensor| sensor.join("energy1_input"));
        let counter = counter.filter(|counter| counter.exists());
        Some(Self {
            device,
            sensor,
            meter: counter.map(|counter| Meter::new(counter, None)),
        })
    }

    /// How busy it is.
    pub(super) fn percent(&self) -> Option<f64> {
        number(&self.device.join("gpu_busy_percent"))
    }

    /// Of its own memory, in bytes.
    pub(super) fn memory_used(&self) -> Option<f64> {
        number(&self.device.join("mem_info_vram_used"))
    }

    /// Of its hottest part.
    pub(super) fn celsius(&self) -> Option<f64> {
        hottest(self.sensor.as_ref()?)
    }

    /// What it takes: told, or by its energy.
    pub(super) fn watts(&mut self, now: Instant) -> Option<f64> {
        let sensor = self.sensor.as_ref()?;
        let told = ["power1_average", "power1_input"]
            .iter()
            .find_map(|name| number::<f64>(&sensor.join(name)));
        match told {
            Some(millionths) => Some(millionths * MICRO),
            None => self.meter.as_mut()?.watts(now),
        }
    }
}

/// What is in a folder, by name.
fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    found.sort();
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, time::Duration};

    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    /// A folder with such files.
    fn sys(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            write(folder.path(), path, text);
        }
        folder
    }

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{text}\n")).unwrap();
    }

    #[test]
    fn the_hottest_part_of_the_processor_counts_and_no_other_sensor() {
        let found = sys(&[
            ("class/hwmon/hwmon0/name", "nvme"),
            ("class/hwmon/hwmon0/temp1_input", "90000"),
            ("class/hwmon/hwmon1/name", "coretemp"),
            ("class/hwmon/hwmon1/temp1_input", "51000"),
            ("class/hwmon/hwmon1/temp2_input", "48500"),
            ("class/hwmon/hwmon1/temp3_input", "garbage"),
        ]);
        assert_eq!(cpu_celsius(found.path()), Some(51.0));
        assert_eq!(cpu_celsius(Path::new("/nowhere")), None);
    }

    #[test]
    fn power_is_the_growth_of_energy_also_when_its_counter_begins_anew() {
        let found = sys(&[
            ("class/powercap/intel-rapl:0/name", "package-0"),
            ("class/powercap/intel-rapl:0/energy_uj", "1000000"),
            (
                "class/powercap/intel-rapl:0/max_energy_range_uj",
                "90000000",
            ),
            ("class/powercap/intel-rapl:0:0/name", "core"),
            ("class/powercap/intel-rapl:0:0/energy_uj", "1"),
            ("class/powercap/intel-rapl:1/name", "package-1"),
        ]);
        let mut meters = Meter::of_cpus(found.path());
        assert_eq!(
            meters.len(),
            1,
            "a part is in its whole, and one cannot be read"
        );
        let mut check = |secs: u64, counted: &str, expected: Option<f64>| {
            write(
                found.path(),
                "class/powercap/intel-rapl:0/energy_uj",
                counted,
            );
            assert_eq!(meters[0].watts(at(secs)), expected, "{counted}");
        };
        check(0, "1000000", None);
        check(2, "81000000", Some(40.0));
        check(4, "11000000", Some(10.0));
        check(4, "11000000", None);
    }

    #[test]
    fn a_processor_that_is_read_in_two_ways_is_counted_once() {
        let check = |packages: &[(&str, &str, bool)], expected: &[&str]| {
            let found = tempfile::tempdir().unwrap();
            for (folder, name, is_readable) in packages {
                let folder = format!("class/powercap/{folder}");
                write(found.path(), &format!("{folder}/name"), name);
                if *is_readable {
                    write(found.path(), &format!("{folder}/energy_uj"), "1");
                }
            }
            let meters = Meter::of_cpus(found.path()).into_iter();
            let folders = meters.map(|meter| meter.counter.parent().unwrap().to_owned());
            let named: Vec<_> = folders
                .map(|it| it.file_name().unwrap().to_owned())
                .collect();
            assert_eq!(named, expected);
        };
        let (msr, mmio) = ("intel-rapl:0", "intel-rapl-mmio:0");
        let both = [(msr, "package-0", true), (mmio, "package-0", true)];
        check(&both, &[msr]);
        let one = [(msr, "package-0", false), (mmio, "package-0", true)];
        check(&one, &[mmio]);
        let second = ("intel-rapl:1", "package-1", true);
        check(&[both[0], both[1], second], &[msr, "intel-rapl:1"]);
    }

    #[test]
    fn a_card_tells_what_its_driver_knows() {
        let found = sys(&[
            ("devices/0000:03:00.0/gpu_busy_percent", "37"),
            ("devices/0000:03:00.0/mem_info_vram_used", "1048576"),
            ("devices/0000:03:00.0/hwmon/hwmon4/temp1_input", "61000"),
            (
                "devices/0000:03:00.0/hwmon/hwmon4/power1_average",
                "142000000",
            ),
            ("devices/0000:04:00.0/hwmon/hwmon5/energy1_input", "5000000"),
        ]);
        for (card, bus) in [("card0", "0000:03:00.0"), ("card1", "0000:04:00.0")] {
            let folder = found.path().join("class/drm").join(card);
            fs::create_dir_all(&folder).unwrap();
            symlink(
                found.path().join("devices").join(bus),
                folder.join("device"),
            )
            .unwrap();
        }
        let mut amd = Card::find(found.path(), "0000:03:00.0").unwrap();
        assert_eq!(
            (amd.percent(), amd.memory_used()),
            (Some(37.0), Some(1_048_576.0))
        );
        assert_eq!((amd.celsius(), amd.watts(at(0))), (Some(61.0), Some(142.0)));
        let mut intel = Card::find(found.path(), "0000:04:00.0").unwrap();
        assert_eq!(
            (intel.percent(), intel.memory_used(), intel.celsius()),
            (None, None, None)
        );
        assert_eq!(intel.watts(at(0)), None);
        write(
            found.path(),
            "devices/0000:04:00.0/hwmon/hwmon5/energy1_input",
            "35000000",
        );
        assert_eq!(intel.watts(at(2)), Some(15.0));
        assert!(Card::find(found.path(), "0000:09:00.0").is_none());
    }

    #[test]
    fn what_maps_to_other_disks_is_none() {
        let found = sys(&[
            ("block/sda/stat", ""),
            ("block/dm-0/stat", ""),
            ("block/sda1x", ""),
        ]);
        let check = |name: &str, expected: bool| {
            assert_eq!(is_disk(found.path(), name), expected, "{name}");
        };
        check("sda", true);
        check("sda1", false);
        check("dm-0", false);
    }
}
