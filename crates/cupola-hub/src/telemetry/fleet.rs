//! What is known by heart of all workers' measurements: the last day in buckets, and the newest of each.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use cupola_domain::{
    ids::WorkerId,
    resources::Capabilities,
    telemetry::{GpuQuantity, Quantity, Values},
    time::Timestamp,
};

/// How long one bucket is.
pub const BUCKET: Duration = Duration::from_mins(5);

/// How far back buckets reach.
pub const SPAN: Duration = Duration::from_hours(24);

/// A value stands for the time since the one before, but for no longer than this: then nobody measured.
const GAP_MAX: Duration = Duration::from_mins(1);

/// The first value of a worker stands for this long.
const GAP_FIRST: Duration = Duration::from_secs(5);

/// What is put together over all workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Of a worker's cores, from 0 to 100.
    CpuPercent,
    /// Of a worker's main memory, in bytes.
    MemoryUsed,
    /// The same as a share of what it has, from 0 to 100.
    MemoryPercent,
    /// Of a graphics processor, from 0 to 100.
    GpuPercent,
    /// Of a graphics processor's memory, in bytes.
    GpuMemoryUsed,
    /// The same as a share of what it has, from 0 to 100.
    GpuMemoryPercent,
    /// Of a processor, in degrees.
    CpuCelsius,
    /// Of a graphics processor, in degrees.
    GpuCelsius,
    /// What a processor or a graphics processor takes.
    Watts,
}

impl Measure {
    /// All of them.
    pub const ALL: [Measure; 9] = [
        Measure::CpuPercent,
        Measure::MemoryUsed,
        Measure::MemoryPercent,
        Measure::GpuPercent,
        Measure::GpuMemoryUsed,
        Measure::GpuMemoryPercent,
        Measure::CpuCelsius,
        Measure::GpuCelsius,
        Measure::Watts,
    ];

    const COUNT: usize = Self::ALL.len();

    /// What a measured value of a machine counts for, with the value as it counts there.
    fn of(quantity: Quantity, value: f64, machine: &Machine) -> [Option<(Measure, f64)>; 2] {
        let share = |measure, total: u64| {
            #[expect(clippy::cast_precision_loss, reason = "a share needs no exact bytes")]
            let total = total as f64;
            (total > 0.0).then(|| (measure, (100.0 * value / total).min(100.0)))
        };
        match quantity {
            Quantity::CpuPercent => [Some((Measure::CpuPercent, value)), None],
            Quantity::CpuCelsius => [Some((Measure::CpuCelsius, value)), None],
            Quantity::MemoryUsed => [
                Some((Measure::MemoryUsed, value)),
                share(Measure::MemoryPercent, machine.memory_bytes),
            ],
            Quantity::CpuWatts | Quantity::Gpu(_, GpuQuantity::Watts) => {
                [Some((Measure::Watts, value)), None]
            }
            Quantity::Gpu(_, GpuQuantity::Percent) => [Some((Measure::GpuPercent, value)), None],
            Quantity::Gpu(_, GpuQuantity::Celsius) => [Some((Measure::GpuCelsius, value)), None],
            Quantity::Gpu(number, GpuQuantity::MemoryUsed) => [
                Some((Measure::GpuMemoryUsed, value)),
                share(
                    Measure::GpuMemoryPercent,
                    machine
                        .gpus_bytes
                        .get(usize::from(number))
                        .copied()
                        .unwrap_or(0),
                ),
            ],
            Quantity::DiskUsed
            | Quantity::DiskRead
            | Quantity::DiskWritten
            | Quantity::NetworkReceived
            | Quantity::NetworkSent => [None, None],
        }
    }
}

/// The mean, in which each machine counts for as long as it was measured, and the largest value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Of all machines, or all their graphics processors.
    pub mean: f64,
    /// Of any of them.
    pub max: f64,
}

/// Five minutes of all workers.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// When it begins.
    pub from: Timestamp,
    /// How many workers were measured in it.
    pub workers: u32,
    sums: [Sum; Measure::COUNT],
}

impl Bucket {
    /// What was measured; `None` where nobody could.
    pub fn spread(&self, measure: Measure) -> Option<Spread> {
        let sum = self.sums[measure as usize];
        (sum.secs > 0.0).then(|| Spread {
            mean: sum.weighted / sum.secs,
            max: sum.max,
        })
    }

    /// What all of them together took on average, as far as it was measured.
    pub fn watts_of_all(&self) -> Option<f64> {
        let sum = self.sums[Measure::Watts as usize];
        (sum.secs > 0.0).then(|| sum.weighted / BUCKET.as_secs_f64())
    }

    fn begin(from: Timestamp) -> Self {
        Self {
            from,
            workers: 0,
            sums: [Sum::default(); Measure::COUNT],
        }
    }
}

/// What a worker measured last.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    /// When.
    pub at: Timestamp,
    /// What.
    pub values: Values,
}

/// All of it, as it was at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetTelemetry {
    /// The last 24 hours, the oldest first; those in which nobody was measured are left out.
    pub buckets: Vec<Bucket>,
    /// The newest measurement of each worker that was not removed.
    pub workers: BTreeMap<WorkerId, Arc<Newest>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Sum {
    secs: f64,
    weighted: f64,
    max: f64,
}

impl Default for Sum {
    fn default() -> Self {
        Self {
            secs: 0.0,
            weighted: 0.0,
            max: f64::NEG_INFINITY,
        }
    }
}

/// How much memory a machine has.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Machine {
    memory_bytes: u64,
    gpus_bytes: Vec<u64>,
}

impl From<&Capabilities> for Machine {
    fn from(has: &Capabilities) -> Self {
        Self {
            memory_bytes: has.memory_bytes,
            gpus_bytes: has.gpus.iter().map(|gpu| gpu.memory_bytes).collect(),
        }
    }
}

/// What is known of one worker.
#[derive(Debug, Default)]
struct Known {
    newest: Option<Arc<Newest>>,
    /// When each quantity was measured last.
    seen: BTreeMap<Quantity, Timestamp>,
    /// The last bucket that it is counted in.
    counted: Option<i64>,
}

/// The whole fleet.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    buckets: BTreeMap<i64, Bucket>,
    workers: HashMap<WorkerId, Known>,
    /// As it was last shown, until something changes.
    shown: Option<Arc<FleetTelemetry>>,
}

impl Fleet {
    /// Takes what a worker measured at one moment. Samples of a worker come in order.
    pub(crate) fn take(&mut self, id: WorkerId, machine: &Machine, at: Timestamp, values: Values) {
        for (quantity, value) in &values {
            self.take_value(id, machine, (*quantity, at), *value);
        }
        let known = self.workers.entry(id).or_default();
        if known.newest.as_ref().is_none_or(|newest| newest.at < at) {
            known.newest = Some(Arc::new(Newest { at, values }));
        }
        self.shown = None;
    }

    /// Takes one value. Those of one quantity of a worker come in order, its quantities in any.
    pub(super) fn take_value(
        &mut self,
        id: WorkerId,
        machine: &Machine,
        (quantity, at): (Quantity, Timestamp),
        value: f64,
    ) {
        let number = number_of(at);
        let known = self.workers.entry(id).or_default();
        let before = known.seen.insert(quantity, at);
        let gap = before.map_or(GAP_FIRST, |before| at.since(before).min(GAP_MAX));
        let bucket = self
            .buckets
            .entry(number)
            .or_insert_with(|| Bucket::begin(begin_of(number)));
        if known.counted.is_none_or(|counted| counted < number) {
            known.counted = Some(number);
            bucket.workers += 1;
        }
        let secs = gap.as_secs_f64();
        for (measure, value) in Measure::of(quantity, value, machine).into_iter().flatten() {
            let sum = &mut bucket.sums[measure as usize];
            sum.secs += secs;
            sum.weighted += value * secs;
            sum.max = sum.max.max(value);
        }
    }

    /// Says what a worker measured last, when it is known from elsewhere.
    pub(super) fn set_newest(&mut self, id: WorkerId, newest: Newest) {
        self.workers.entry(id).or_default().newest = Some(Arc::new(newest));
    }

    /// A worker was removed: what it did stays in the buckets.
    pub(crate) fn forget(&mut self, id: WorkerId) {
        self.workers.remove(&id);
        self.shown = None;
    }

    /// How many workers were heard of in the last minutes.
    pub(super) fn count_since(&self, since: Timestamp) -> usize {
        let newest = self
            .workers
            .values()
            .filter_map(|known| known.newest.as_ref());
        newest.filter(|newest| newest.at >= since).count()
    }

    /// All of it at `now`.
    pub(crate) fn shown(&mut self, now: Timestamp) -> Arc<FleetTelemetry> {
        let oldest = number_of(now.minus(SPAN));
        let is_old = self
            .buckets
            .keys()
            .next()
            .is_some_and(|first| *first < oldest);
        if is_old {
            self.buckets = self.buckets.split_off(&oldest);
            self.shown = None;
        }
        if let Some(shown) = &self.shown {
            return Arc::clone(shown);
        }
        let newest =
            |(id, known): (&WorkerId, &Known)| Some((*id, Arc::clone(known.newest.as_ref()?)));
        let shown = Arc::new(FleetTelemetry {
            buckets: self.buckets.values().cloned().collect(),
            workers: self.workers.iter().filter_map(newest).collect(),
        });
        self.shown = Some(Arc::clone(&shown));
        shown
    }
}

fn bucket_millis() -> i64 {
    i64::try_from(BUCKET.as_millis()).unwrap_or(i64::MAX)
}

fn number_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(bucket_millis())
}

fn begin_of(number: i64) -> Timestamp {
    Timestamp::from_millis(number * bucket_millis())
}

#[cfg(test)]
mod tests {
    use cupola_domain::{ids::Ids, resources::Gpu};

    use super::*;

    const GPU: Quantity = Quantity::Gpu(0, GpuQuantity::MemoryUsed);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(1_795_000_200_000 + secs * 1000)
    }

    fn worker(n: u64) -> WorkerId {
        Ids::new(n).next(at(0))
    }

    fn machine() -> Machine {
        let gpu = Gpu {
            name: "a".to_owned(),
            memory_bytes: 1_000,
        };
        Machine::from(&Capabilities {
            memory_bytes: 400,
            gpus: vec![gpu],
            ..Capabilities::default()
        })
    }

    fn taken(samples: &[(u64, i64, Quantity, f64)]) -> Fleet {
        let mut fleet = Fleet::default();
        for (n, secs, quantity, value) in samples {
            let values = Values::from([(*quantity, *value)]);
            fleet.take(worker(*n), &machine(), at(*secs), values);
        }
        fleet
    }

    fn check(
        samples: &[(u64, i64, Quantity, f64)],
        measure: Measure,
        expected: &[(u32, f64, f64)],
    ) {
        let shown = taken(samples).shown(at(900));
        let found: Vec<_> = shown
            .buckets
            .iter()
            .filter_map(|bucket| {
                let spread = bucket.spread(measure)?;
                Some((bucket.workers, spread.mean, spread.max))
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_value_counts_for_the_time_since_the_one_before() {
        let cpu = |secs: i64, value: f64| (1, secs, Quantity::CpuPercent, value);
        // 5 s at 10, 10 s at 40, and in the next bucket a minute at most.
        check(
            &[cpu(0, 10.0), cpu(10, 40.0), cpu(290, 20.0), cpu(310, 100.0)],
            Measure::CpuPercent,
            &[
                (1, (50.0 + 400.0 + 1_200.0) / 75.0, 40.0),
                (1, 100.0, 100.0),
            ],
        );
    }

    #[test]
    fn workers_are_counted_once_in_a_bucket() {
        let cpu = |n: u64, secs: i64| (n, secs, Quantity::CpuPercent, 50.0);
        check(
            &[cpu(1, 0), cpu(2, 1), cpu(1, 5), cpu(2, 6), cpu(2, 301)],
            Measure::CpuPercent,
            &[(2, 50.0, 50.0), (1, 50.0, 50.0)],
        );
    }

    #[test]
    fn memory_is_a_share_of_what_the_machine_has() {
        let memory = [(1, 0, Quantity::MemoryUsed, 100.0), (1, 5, GPU, 750.0)];
        check(&memory, Measure::MemoryPercent, &[(1, 25.0, 25.0)]);
        check(&memory, Measure::GpuMemoryPercent, &[(1, 75.0, 75.0)]);
        check(&memory, Measure::GpuPercent, &[]);
        let other = [(1, 0, Quantity::Gpu(5, GpuQuantity::MemoryUsed), 1.0)];
        check(&other, Measure::GpuMemoryPercent, &[]);
    }

    #[test]
    fn power_adds_up_over_the_fleet() {
        let watts = |n: u64, secs: i64| (n, secs, Quantity::CpuWatts, 100.0);
        let samples: Vec<_> = (0..60)
            .flat_map(|n| [watts(1, 5 * n), watts(2, 5 * n)])
            .collect();
        let shown = taken(&samples).shown(at(299));
        assert_eq!(shown.buckets[0].watts_of_all(), Some(200.0));
    }

    #[test]
    fn what_is_older_than_a_day_goes_and_a_removed_worker_with_it() {
        let mut fleet = taken(&[
            (1, 0, Quantity::CpuPercent, 1.0),
            (2, 4_000, Quantity::CpuPercent, 2.0),
        ]);
        assert_eq!(fleet.shown(at(4_000)).buckets.len(), 2);
        let later = fleet.shown(at(24 * 3_600 + 3_900));
        assert_eq!((later.buckets.len(), later.workers.len()), (1, 2));
        fleet.forget(worker(1));
        let left = fleet.shown(at(24 * 3_600 + 3_900));
        assert_eq!(left.workers.keys().collect::<Vec<_>>(), [&worker(2)]);
        assert_eq!(fleet.count_since(at(3_999)), 1);
    }
}
