//! The last 24 hours, hour by hour: the machines, and how fast runs were; and the losses of the run that
//! trains.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use cupola_domain::{
    ids::RunId,
    telemetry::{GpuQuantity, Quantity},
    time::Timestamp,
};

use super::{Last, Throughputs, Training, machines::NOW};
use crate::{
    Hub, HubError,
    charts::{Across, Charts, Shown},
    telemetry::{Bucket, FleetTelemetry, Measure},
};

/// So many hours are told.
const HOURS: u32 = 24;

const HOUR: Duration = Duration::from_hours(1);

/// The speeds of so many of the latest runs are looked at.
const RUNS_MAX: usize = 16;

/// Machines over the last 24 hours, and as they are now.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursOfMachines {
    /// Whether it is their GPUs that are told of. Where none can be measured it is their processors.
    pub is_gpu: bool,
    /// The mean of what they measured last, in the last minutes.
    pub now: Load,
    /// The oldest first, with the moment when each begins.
    pub hours: Vec<(Timestamp, Load)>,
}

/// How much machines have to do; none of what nobody measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// How busy one is, from 0 to 100; the mean.
    pub percent: Option<f64>,
    /// How much memory of one is in use; the mean.
    pub memory_bytes: Option<f64>,
    /// In degrees; the mean.
    pub celsius: Option<f64>,
}

/// Speeds over the last 24 hours, and as they are now.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursOfSpeed {
    /// Of all runs that somebody has now, together.
    pub now: Rates,
    /// What the latest runs said, the mean; the oldest hour first, with the moment when it begins.
    pub hours: Vec<(Timestamp, Rates)>,
}

/// How fast something goes; none where no program said so.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// In a second.
    pub samples: Option<f64>,
    /// In a second.
    pub tokens: Option<f64>,
}

/// What was measured at one step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LossAt {
    /// On what it is trained with.
    pub training: Option<f64>,
    /// On what it has not seen.
    pub validation: Option<f64>,
}

impl Hub {
    /// The machines over the last 24 hours.
    pub fn hours_of_machines(&self) -> HoursOfMachines {
        hours_of(&self.fleet(), self.now())
    }

    /// How fast runs were over the last 24 hours.
    pub fn hours_of_speed(&self) -> Result<HoursOfSpeed, HubError> {
        let (training, now) = (self.training()?, self.now());
        let began = now.minus(HOUR * HOURS);
        let mut sums: Vec<(Timestamp, [Mean; 2])> = hours(began);
        for (run, wanted) in latest_speeds(&training) {
            for (place, last) in wanted.into_iter().enumerate() {
                let Some(last) = last else { continue };
                let charts = self.run_charts(run, vec![(last.series, None)], of_day(began, now));
                for entry in entries(charts)? {
                    if let Some(at) = hour_of(began, entry.first.time_millis) {
                        sums[at].1[place].add(entry.sum, entry.finite);
                    }
                }
            }
        }
        let rates = |[samples, tokens]: [Mean; 2]| Rates {
            samples: samples.value(),
            tokens: tokens.value(),
        };
        Ok(HoursOfSpeed {
            now: rates_now(&training),
            hours: sums.into_iter().map(|(at, it)| (at, rates(it))).collect(),
        })
    }

    /// The losses of the run that trains a model now, or did so last, by step: at most `columns` of each.
    pub fn training_losses(&self, columns: u32) -> Result<BTreeMap<i64, LossAt>, HubError> {
        let training = self.training()?;
        let has_any =
            |losses: &super::Losses| losses.training.is_some() || losses.validation.is_some();
        let models = training.models.iter().filter(|one| has_any(&one.losses));
        // Later ids are later runs.
        let meant = models.max_by_key(|one| (!one.running.is_empty(), one.latest));
        let Some((run, losses)) = meant.and_then(|one| Some((one.latest?, &one.losses))) else {
            return Ok(BTreeMap::new());
        };
        let mut steps: BTreeMap<i64, LossAt> = BTreeMap::new();
        let both = [(&losses.training, true), (&losses.validation, false)];
        for (last, is_training) in both {
            let Some(last) = last else { continue };
            let shown = Shown {
                columns,
                ..Shown::default()
            };
            let charts = self.run_charts(run, vec![(last.series.clone(), None)], shown);
            for entry in entries(charts)? {
                let at = steps.entry(entry.last.step).or_default();
                let value = Some(entry.last.value).filter(|value| value.is_finite());
                if is_training {
                    at.training = value;
                } else {
                    at.validation = value;
                }
            }
        }
        Ok(steps)
    }
}

/// What the charts of one series show. A run that was deleted meanwhile shows nothing.
fn entries(charts: Result<Charts, HubError>) -> Result<Vec<crate::series::Summary>, HubError> {
    match charts {
        Ok(charts) => Ok(charts
            .charts
            .into_iter()
            .flat_map(|chart| chart.entries)
            .collect()),
        Err(HubError::NotFound { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A column for each hour.
fn of_day(began: Timestamp, now: Timestamp) -> Shown {
    Shown {
        across: Across::Time,
        from: Some(began.millis()),
        to: Some(now.millis() - 1),
        columns: HOURS,
    }
}

/// Each hour with nothing in it yet.
fn hours<T: Default>(began: Timestamp) -> Vec<(Timestamp, T)> {
    (0..HOURS)
        .map(|at| (began.plus(HOUR * at), T::default()))
        .collect()
}

fn hour_of(began: Timestamp, millis: i64) -> Option<usize> {
    let hour = i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX);
    // What was measured at this very moment belongs to the last hour.
    let since = millis.checked_sub(began.millis())?;
    let at = if since == hour * i64::from(HOURS) {
        since - 1
    } else {
        since
    };
    usize::try_from(at.div_euclid(hour))
        .ok()
        .filter(|at| *at < HOURS as usize)
}

/// The latest runs that said how fast they are, each with what it said of samples and tokens.
fn latest_speeds(training: &Training) -> Vec<(RunId, [Option<Last>; 2])> {
    let said = |run: RunId, speeds: &Throughputs| {
        let both = [speeds.samples.clone(), speeds.tokens.clone()];
        both.iter().any(Option::is_some).then_some((run, both))
    };
    let of_runs = training
        .runs
        .iter()
        .filter_map(|one| said(one.run.id, &one.throughput));
    let models = training.models.iter();
    let of_models = models.filter_map(|one| said(one.latest?, &one.throughput));
    let mut all: Vec<_> = of_runs.chain(of_models).collect();
    all.sort_by_key(|(run, _)| std::cmp::Reverse(*run));
    let mut seen = BTreeSet::new();
    all.retain(|(run, _)| seen.insert(*run));
    all.truncate(RUNS_MAX);
    all
}

fn rates_now(training: &Training) -> Rates {
    let mut sums = [Mean::default(); 2];
    for one in &training.runs {
        let both = [&one.throughput.samples, &one.throughput.tokens];
        for (sum, last) in sums.iter_mut().zip(both) {
            if let Some(last) = last {
                sum.add(last.value, 1);
            }
        }
    }
    let [samples, tokens] = sums.map(|sum| (sum.count > 0).then_some(sum.sum));
    Rates { samples, tokens }
}

fn hours_of(day: &FleetTelemetry, now: Timestamp) -> HoursOfMachines {
    let began = now.minus(HOUR * HOURS);
    let has_gpu = |bucket: &Bucket| bucket.spread(Measure::GpuPercent).is_some();
    let is_gpu_now = |quantity: &Quantity| matches!(quantity, Quantity::Gpu(..));
    let mut newest = day.workers.values();
    let is_gpu = day.buckets.iter().any(has_gpu)
        || newest.any(|it| now.since(it.at) <= NOW && it.values.keys().any(is_gpu_now));
    let measures = if is_gpu {
        [
            Measure::GpuPercent,
            Measure::GpuMemoryUsed,
            Measure::GpuCelsius,
        ]
    } else {
        [
            Measure::CpuPercent,
            Measure::MemoryUsed,
            Measure::CpuCelsius,
        ]
    };
    let mut sums: Vec<(Timestamp, [Mean; 3])> = hours(began);
    for bucket in &day.buckets {
        let Some(at) = hour_of(began, bucket.from.millis()) else {
            continue;
        };
        for (sum, measure) in sums[at].1.iter_mut().zip(measures) {
            if let Some(spread) = bucket.spread(measure) {
                sum.add(spread.mean, 1);
            }
        }
    }
    HoursOfMachines {
        is_gpu,
        now: load(sums_now(day, now, is_gpu)),
        hours: sums
            .into_iter()
            .map(|(at, sums)| (at, load(sums)))
            .collect(),
    }
}

fn sums_now(day: &FleetTelemetry, now: Timestamp, is_gpu: bool) -> [Mean; 3] {
    let mut sums = [Mean::default(); 3];
    for newest in day.workers.values().filter(|it| now.since(it.at) <= NOW) {
        for (quantity, value) in &newest.values {
            let place = match (quantity, is_gpu) {
                (Quantity::Gpu(_, GpuQuantity::Percent), true) | (Quantity::CpuPercent, false) => 0,
                (Quantity::Gpu(_, GpuQuantity::MemoryUsed), true)
                | (Quantity::MemoryUsed, false) => 1,
                (Quantity::Gpu(_, GpuQuantity::Celsius), true) | (Quantity::CpuCelsius, false) => 2,
                _ => continue,
            };
            sums[place].add(*value, 1);
        }
    }
    sums
}

fn load([percent, memory, celsius]: [Mean; 3]) -> Load {
    Load {
        percent: percent.value(),
        memory_bytes: memory.value(),
        celsius: celsius.value(),
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, sum: f64, count: u64) {
        self.sum += sum;
        self.count += count;
    }

    #[expect(clippy::cast_precision_loss, reason = "no day has so many values")]
    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}
