//! What a worker's owner lets it have, and when: limits, a pause, and what is seen of the machine's use,
//! put together by [`allowed`].

mod file;
mod hours;
mod seen;

use std::{path::Path, time::Duration};

use cupola_domain::{
    field::FieldError,
    resources::{Capabilities, GIB, gib},
    time::Timestamp,
};
use cupola_protocol::desk::{LimitsBody, PAUSED};

use crate::hardware::machine;

pub(crate) use file::{Kept, PauseFile, SettingsFile, WriteError};
pub(crate) use hours::Hours;
pub(crate) use seen::{Observed, Wanted, Watch};

/// More slots than this make no sense on one machine.
const SLOTS_MAX: u32 = 1024;

/// More cores than this no machine has.
const CORES_MAX: u32 = 65_536;

/// What a limit in GiB or Mbit/s is at most: more is a slip of the pen.
const AMOUNT_MAX: f64 = 1e6;

/// With less memory, 64 MiB, hardly a program starts.
const MEMORY_GIB_MIN: f64 = 0.0625;

/// A share of the disk has to be more than the slack that is left of it.
const DISK_GIB_MIN: f64 = 0.25;

/// With less, code takes hours.
const BANDWIDTH_MBIT_MIN: f64 = 0.1;

/// Nobody waits for more than a week of rest.
const IDLE_MINUTES_MAX: u32 = 7 * 24 * 60;

/// The processor is in use by its owner when more than this part of it works while nothing of ours runs.
const BUSY_SHARE: f64 = 0.5;

/// A folder that fills its share is let fill again once so much of it is free.
const DISK_SLACK: u64 = 64 << 20;

/// Bytes a second in one Mbit/s.
const MBIT: f64 = 125_000.0;

/// What a worker's owner lets it have. `None` is as much as there is.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Limits {
    /// How many runs at once.
    pub(crate) slots: Option<u32>,
    /// Cores of all programs together.
    pub(crate) cores: Option<u32>,
    /// Main memory that is offered, and that each process may have.
    pub(crate) memory_bytes: Option<u64>,
    /// Programs do not see the graphics processors.
    pub(crate) hides_gpus: bool,
    /// What the worker's folder may take.
    pub(crate) disk_bytes: Option<u64>,
    /// What transfers may take, in bytes a second.
    pub(crate) bandwidth: Option<u64>,
    /// When it works.
    pub(crate) hours: Hours,
    /// For how long nobody has used the machine before it works.
    pub(crate) only_idle: Option<Duration>,
    /// Whether it works on mains power alone.
    pub(crate) only_on_mains: bool,
    /// Whether programs that run are stopped when it begins to rest.
    pub(crate) stops_running: bool,
}

/// The owner wants no work taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pause {
    /// Until then; `None` is until told otherwise.
    pub(crate) until: Option<Timestamp>,
    /// Whether programs that run are stopped.
    pub(crate) stops_running: bool,
}

/// Why a worker takes no work for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its owner said so.
    Paused,
    /// Its owner's hours.
    OutsideHours,
    /// Somebody is at the machine.
    InUse,
    /// The machine runs on its battery.
    OnBattery,
    /// Its folder has taken its share of the disk.
    DiskFull,
    /// What its owner lets it have cannot be read, and was not before.
    Unknown,
}

/// Whether a worker takes work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// It does.
    Working,
    /// It does not.
    Resting {
        /// Why.
        why: Why,
        /// Until when at least, where that is known.
        until: Option<Timestamp>,
        /// Whether programs that run are stopped.
        stops_running: bool,
    },
}

impl Why {
    /// In words, for the owner and for the hub's pages.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Why::Paused => PAUSED,
            Why::OutsideHours => "outside the hours of its owner",
            Why::InUse => "its owner uses the machine",
            Why::OnBattery => "on battery",
            Why::DiskFull => "its share of the disk is full",
            Why::Unknown => "its settings cannot be read",
        }
    }
}

/// Whether a worker takes work at `now`, where clocks are `offset_secs` ahead of UTC. What cannot be
/// observed does not keep it from working.
pub(crate) fn allowed(
    limits: &Limits,
    pause: Option<Pause>,
    observed: &Observed,
    now: Timestamp,
    offset_secs: i32,
) -> Allowed {
    let resting = |why, until| Allowed::Resting {
        why,
        until,
        stops_running: limits.stops_running,
    };
    if let Some(pause) = pause.filter(|pause| pause.holds(now)) {
        return Allowed::Resting {
            why: Why::Paused,
            until: pause.until,
            stops_running: pause.stops_running,
        };
    }
    if let Err(until) = limits.hours.check(now, offset_secs) {
        return resting(Why::OutsideHours, until);
    }
    if limits.only_on_mains && observed.on_mains == Some(false) {
        return resting(Why::OnBattery, None);
    }
    if let Some(least) = limits.only_idle {
        let unused = observed.unused_for;
        if let Some(unused) = unused.filter(|unused| *unused < least) {
            let until = now.plus(least.saturating_sub(unused));
            return resting(Why::InUse, Some(minute_of(until)));
        }
        if observed.busy_share.is_some_and(|busy| busy > BUSY_SHARE) {
            return resting(Why::InUse, None);
        }
    }
    match (limits.disk_bytes, observed.disk_used) {
        (Some(most), Some(used)) if used + DISK_SLACK > most => resting(Why::DiskFull, None),
        _ => Allowed::Working,
    }
}

/// The full minute at or after `at`: what is said of it does not change with each look.
fn minute_of(at: Timestamp) -> Timestamp {
    let into = at.millis().rem_euclid(60_000);
    let rest = u64::try_from(60_000 - into).unwrap_or_default() % 60_000;
    at.plus(Duration::from_millis(rest))
}

impl Pause {
    /// Whether it is not over.
    pub(crate) fn holds(self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// What of limits cannot be meant on the machine whose worker has this folder: an error for each field.
pub fn check_limits(body: &LimitsBody, state_dir: &Path) -> Vec<FieldError> {
    match Limits::read(body) {
        Ok(limits) => limits.beyond(&machine(state_dir)),
        Err(errors) => errors,
    }
}

impl Limits {
    /// Reads what an owner wrote; an error for each field that is wrong.
    pub(crate) fn read(body: &LimitsBody) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let idle = body.only_idle_minutes;
        let as_started = "as many as it was started with";
        for (field, value, most, zero) in [
            ("slots", body.slots, SLOTS_MAX, as_started),
            ("cores", body.cores, CORES_MAX, "all of them"),
            (
                "only_idle_minutes",
                idle,
                IDLE_MINUTES_MAX,
                "whether it is used or not",
            ),
        ] {
            if value > most {
                let message = format!("is {value}; choose 1 to {most}, or 0 for {zero}");
                errors.push(FieldError::new(field, message));
            }
        }
        let mut amount = |field: &str, value: f64, (least, unit): (f64, f64)| {
            let is_meant = value == 0.0 || (least..=AMOUNT_MAX).contains(&value);
            if !is_meant {
                let message =
                    format!("is {value}; choose {least} to {AMOUNT_MAX}, or 0 for all there is");
                errors.push(FieldError::new(field, message));
                return None;
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range was checked"
            )]
            let whole = (value * unit) as u64;
            Some(whole).filter(|whole| *whole > 0)
        };
        #[expect(clippy::cast_precision_loss, reason = "a power of two")]
        let unit = GIB as f64;
        let memory_bytes = amount("memory_gib", body.memory_gib, (MEMORY_GIB_MIN, unit));
        let disk_bytes = amount("disk_gib", body.disk_gib, (DISK_GIB_MIN, unit));
        let bandwidth = amount(
            "bandwidth_mbit",
            body.bandwidth_mbit,
            (BANDWIDTH_MBIT_MIN, MBIT),
        );
        let hours = Hours::read(&body.hours);
        let hours = hours.unwrap_or_else(|error| {
            errors.push(error);
            Hours::default()
        });
        let idle = Duration::from_secs(60 * u64::from(idle));
        let limits = Self {
            slots: Some(body.slots).filter(|slots| *slots > 0),
            cores: Some(body.cores).filter(|cores| *cores > 0),
            memory_bytes,
            hides_gpus: !body.gpu,
            disk_bytes,
            bandwidth,
            hours,
            only_idle: Some(idle).filter(|idle| !idle.is_zero()),
            only_on_mains: body.only_on_mains,
            stops_running: body.stops_running,
        };
        if errors.is_empty() {
            Ok(limits)
        } else {
            Err(errors)
        }
    }

    /// What somebody says now that the machine has not: an error for each field. What stands in a file since
    /// the machine had more of it is all that there is.
    pub(crate) fn beyond(&self, machine: &Capabilities) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let cores = machine.cpu_cores;
        if let Some(asked) = self.cores.filter(|asked| cores > 0 && *asked > cores) {
            let message =
                format!("is {asked}; this machine has {cores}: choose 1 to {cores}, or 0 for all");
            errors.push(FieldError::new("cores", message));
        }
        let memory = machine.memory_bytes;
        if let Some(asked) = self
            .memory_bytes
            .filter(|asked| memory > 0 && *asked > memory)
        {
            let (asked, has) = (gib(asked), gib(memory));
            let message = format!("is {asked}; this machine has {has}: choose less, or 0 for all");
            errors.push(FieldError::new("memory_gib", message));
        }
        errors
    }

    /// What has to be looked at because of them.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            sessions: self.only_idle.is_some(),
            disk: self.disk_bytes.is_some(),
        }
    }

    /// What of a machine is offered to the hub: what was measured of it, within these limits, of which
    /// the worker's folder has taken `disk_used` already.
    pub(crate) fn offered(&self, measured: &Capabilities, disk_used: u64) -> Capabilities {
        let mut offered = measured.clone();
        if let Some(cores) = self.cores {
            offered.cpu_cores = offered.cpu_cores.min(cores);
        }
        if let Some(memory) = self.memory_bytes {
            offered.memory_bytes = offered.memory_bytes.min(memory);
        }
        if let Some(disk) = self.disk_bytes {
            offered.disk_bytes = offered.disk_bytes.min(disk.saturating_sub(disk_used));
        }
        if self.hides_gpus {
            offered.gpus.clear();
            if let Some(python) = &mut offered.python {
                python.has_cuda = false;
            }
        }
        offered
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::resources::{Gpu, Python};

    use super::*;

    /// Monday, 2026-11-16, noon in UTC.
    const NOON: Timestamp = Timestamp::from_millis(1_794_830_400_000);

    fn check(limits: &str, pause: Option<Pause>, observed: &Observed, expected: &str) {
        let body: LimitsBody = toml::from_str(limits).unwrap();
        let limits = Limits::read(&body).unwrap();
        let found = match allowed(&limits, pause, observed, NOON, 0) {
            Allowed::Working => "works".to_owned(),
            Allowed::Resting {
                why,
                until,
                stops_running,
            } => {
                let until = until.map(|until| until.since(NOON).as_secs() / 60);
                let until = until.map_or(String::new(), |minutes| format!(", {minutes} min"));
                let stops = if stops_running { ", stops" } else { "" };
                format!("{}{until}{stops}", why.as_str())
            }
        };
        assert_eq!(found, expected, "{limits:?} {observed:?}");
    }

    fn seen(change: impl FnOnce(&mut Observed)) -> Observed {
        let mut observed = Observed::default();
        change(&mut observed);
        observed
    }

    #[test]
    fn a_worker_whose_owner_says_nothing_works() {
        let busy = seen(|o| {
            o.unused_for = Some(Duration::ZERO);
            o.busy_share = Some(1.0);
            o.on_mains = Some(false);
            o.disk_used = Some(u64::MAX / 2);
        });
        check("", None, &busy, "works");
        check("", None, &Observed::default(), "works");
    }

    #[test]
    fn a_pause_holds_until_it_is_over() {
        let pause = |minutes: Option<u64>, stops_running: bool| {
            let until = minutes.map(|minutes| NOON.plus(Duration::from_secs(60 * minutes)));
            Some(Pause {
                until,
                stops_running,
            })
        };
        let nothing = Observed::default();
        check("", pause(None, false), &nothing, "paused by its owner");
        let (ten, stops) = (pause(Some(10), true), "paused by its owner, 10 min, stops");
        check("", ten, &nothing, stops);
        check("", pause(Some(0), true), &nothing, "works");
    }

    #[test]
    fn hours_say_when_they_begin() {
        let text = "hours = ['mon 13:00-14:00']\nstops_running = true";
        let rests = "outside the hours of its owner, 60 min, stops";
        check(text, None, &Observed::default(), rests);
        check(
            "hours = ['11:00-13:00']",
            None,
            &Observed::default(),
            "works",
        );
    }

    #[test]
    fn a_machine_on_battery_rests_where_that_is_asked_for() {
        let with = |on_mains| seen(|o| o.on_mains = on_mains);
        check(
            "only_on_mains = true",
            None,
            &with(Some(false)),
            "on battery",
        );
        check("only_on_mains = true", None, &with(Some(true)), "works");
        check("only_on_mains = true", None, &with(None), "works");
    }

    #[test]
    fn a_machine_in_use_rests_where_that_is_asked_for() {
        let unused = |secs: u64| seen(|o| o.unused_for = Some(Duration::from_secs(secs)));
        let ten = "only_idle_minutes = 10";
        check(ten, None, &unused(240), "its owner uses the machine, 6 min");
        check(ten, None, &unused(600), "works");
        check(ten, None, &Observed::default(), "works");
        let busy = |share: f64| seen(|o| o.busy_share = Some(share));
        check(ten, None, &busy(0.9), "its owner uses the machine");
        check(ten, None, &busy(0.1), "works");
    }

    #[test]
    fn a_folder_that_has_taken_its_share_takes_no_more() {
        let used = |mib: u64| seen(|o| o.disk_used = Some(mib << 20));
        check(
            "disk_gib = 1.0",
            None,
            &used(1000),
            "its share of the disk is full",
        );
        check("disk_gib = 1.0", None, &used(900), "works");
    }

    #[test]
    fn what_is_offered_is_the_smaller_of_what_there_is_and_what_is_let() {
        let python = Python {
            path: String::new(),
            version: String::new(),
            torch: None,
            has_cuda: true,
        };
        let gpu = Gpu {
            name: "a".to_owned(),
            memory_bytes: 1,
        };
        let measured = Capabilities {
            cpu_cores: 8,
            memory_bytes: 16 * GIB,
            disk_bytes: 100 * GIB,
            gpus: vec![gpu],
            python: Some(python),
            ..Capabilities::default()
        };
        let offer = |text: &str| {
            let body: LimitsBody = toml::from_str(text).unwrap();
            Limits::read(&body).unwrap().offered(&measured, 2 * GIB)
        };
        assert_eq!(offer(""), measured);
        let text = "cores = 4\nmemory_gib = 0.5\ndisk_gib = 10.0\ngpu = false";
        let offered = offer(text);
        assert_eq!(offered.cpu_cores, 4);
        assert_eq!(offered.memory_bytes, GIB / 2);
        assert_eq!(offered.disk_bytes, 8 * GIB);
        assert!(offered.gpus.is_empty() && !offered.python.unwrap().has_cuda);
        assert_eq!(offer("cores = 64\nmemory_gib = 64.0").cpu_cores, 8);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_field() {
        let check = |text: &str, fields: &[&str]| {
            let body: LimitsBody = toml::from_str(text).unwrap();
            let errors = Limits::read(&body).err().unwrap_or_default();
            let found: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
            assert_eq!(found, fields, "{text}");
        };
        check("slots = 2000\nmemory_gib = -1.0", &["slots", "memory_gib"]);
        check(
            "disk_gib = nan\nbandwidth_mbit = inf",
            &["disk_gib", "bandwidth_mbit"],
        );
        check("hours = ['noon']", &["hours"]);
        check("memory_gib = 0.0001", &["memory_gib"]);
        check("disk_gib = 0.001", &["disk_gib"]);
        check("bandwidth_mbit = 0.001", &["bandwidth_mbit"]);
        check("cores = 100000", &["cores"]);
        check("only_idle_minutes = 100000", &["only_idle_minutes"]);
        check(
            "memory_gib = 0.0625\ndisk_gib = 0.25\nbandwidth_mbit = 0.1",
            &[],
        );
        check("", &[]);
    }

    #[test]
    fn a_message_names_field_value_and_remedy() {
        let body: LimitsBody = toml::from_str("memory_gib = 0.0001").unwrap();
        let errors = Limits::read(&body).unwrap_err();
        let expected = "`memory_gib`: is 0.0001; choose 0.0625 to 1000000, or 0 for all there is";
        assert_eq!(errors[0].to_string(), expected);
    }

    #[test]
    fn what_the_machine_has_not_is_refused_to_whoever_says_it() {
        let machine = Capabilities {
            cpu_cores: 8,
            memory_bytes: 16 * GIB,
            ..Capabilities::default()
        };
        let check = |text: &str, expected: &[&str]| {
            let body: LimitsBody = toml::from_str(text).unwrap();
            let errors = Limits::read(&body).unwrap().beyond(&machine);
            let found: Vec<_> = errors.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("cores = 8\nmemory_gib = 16.0", &[]);
        let cores = "`cores`: is 99; this machine has 8: choose 1 to 8, or 0 for all";
        check("cores = 99", &[cores]);
        let memory =
            "`memory_gib`: is 17.0 GiB; this machine has 16.0 GiB: choose less, or 0 for all";
        check("memory_gib = 17.0", &[memory]);
    }
}
