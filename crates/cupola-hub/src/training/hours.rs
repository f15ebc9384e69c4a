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
    series::Summary,
    telemetry::{Bucket, FleetTelemetry, Measure},
};

/// So many hours are told.
const HOURS: u32 = 24;

const HOUR: Duration = Duration::from_hours(1);

/// Of the runs that somebody has and the latest of each model, the speeds of so many are looked at.
const RUNS_MAX: usize = 16;

/// Machines over the last 24 hours, and as they are now.
#[derive(Debug, Clone, PartialEq)]
pub struct HoursOfMachines {
    /// Whether it is their GPUs that are told of. Where none tells how busy it is, it is their processors.
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
    /// Of all runs that somebody has now and that are told one by one, together.
    pub now: Rates,
    /// What the latest runs said, the mean: of those that somebody has, and of each model's latest. The
    /// oldest hour first, with the moment when it begins.
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
    /// On what it is trained with; of the stretch in which the step lies, where stretches are told.
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
        let curve = |last: &Option<Last>| {
            let Some(last) = last else {
                return Ok(Vec::new());
            };
            let shown = Shown {
                columns,
                ..Shown::default()
            };
            entries(self.run_charts(run, vec![(last.series.clone(), None)], shown))
        };
        Ok(paired(
            &curve(&losses.training)?,
            &curve(&losses.validation)?,
        ))
    }
}

/// Both losses by step. A long curve is told as stretches, each by its last point: beside a validation loss
/// stands the training loss of the stretch in which its step lies.
fn paired(training: &[Summary], validation: &[Summary]) -> BTreeMap<i64, LossAt> {
    let value = |entry: &Summary| Some(entry.last.value).filter(|value| value.is_finite());
    let of_training = |entry: &Summary| LossAt {
        training: value(entry),
        validation: None,
    };
    let points = training.iter();
    let points = points.map(|entry| (entry.last.step, of_training(entry)));
    let mut steps: BTreeMap<i64, LossAt> = points.collect();
    for entry in validation {
        let step = entry.last.step;
        let holds = |stretch: &&Summary| (stretch.first.step..=stretch.last.step).contains(&step);
        let around = || training.iter().find(holds).map(of_training);
        let at = steps.entry(step);
        let at = at.or_insert_with(|| around().unwrap_or_default());
        at.validation = value(entry);
    }
    steps
}

/// What the charts of one series show. A run that was deleted meanwhile shows nothing.
fn entries(charts: Result<Charts, HubError>) -> Result<Vec<Summary>, HubError> {
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
    let is_gpu_now =
        |quantity: &Quantity| matches!(quantity, Quantity::Gpu(_, GpuQuantity::Percent));
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

#[cfg(test)]
mod tests {
    use cupola_domain::metric::Point;

    use super::*;

    /// `1-4:2.5` is a stretch of steps from 1 to 4 whose last value is 2.5.
    fn curve(text: &str) -> Vec<Summary> {
        let stretch = |word: &str| {
            let (steps, value) = word.split_once(':').unwrap();
            let (first, last) = steps.split_once('-').unwrap_or((steps, steps));
            let point = |step: &str| Point {
                step: step.parse().unwrap(),
                time_millis: 0,
                value: value.parse().unwrap(),
            };
            Summary::of_point(&point(first)).and(Summary::of_point(&point(last)))
        };
        text.split_whitespace().map(stretch).collect()
    }

    fn check(training: &str, validation: &str, expected: &str) {
        let number = |it: Option<f64>| it.map_or("-".to_owned(), |it| it.to_string());
        let told: Vec<String> = paired(&curve(training), &curve(validation))
            .into_iter()
            .map(|(step, at)| {
                let (loss, unseen) = (number(at.training), number(at.validation));
                format!("{step}:{loss}/{unseen}")
            })
            .collect();
        assert_eq!(told.join(" "), expected, "{training}; {validation}");
    }

    #[test]
    fn a_validation_loss_stands_beside_the_training_loss_of_its_step() {
        check("1:4 2:3", "2:3.5", "1:4/- 2:3/3.5");
        check("1-4:4 5-8:3", "4:5 6:4.5", "4:4/5 6:3/4.5 8:3/-");
        check("1:4 3:2", "2:5", "1:4/- 2:-/5 3:2/-");
        check("1-4:NaN", "3:5", "3:-/5 4:-/-");
        check("", "3:5", "3:-/5");
        check("3:5", "", "3:5/-");
    }
}
