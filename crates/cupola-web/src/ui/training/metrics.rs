//! `/training/metrics`: how busy the machines are, and how the models learn.

use askama::Template;
use cupola_domain::{ids::RunId, metric::Throughput};
use cupola_hub::{
    telemetry::{BUCKET, Bucket, Measure},
    training::{Last, Machines, ModelInTraining, Training, Used},
};

use super::Tabs;
use crate::ui::{
    components::{
        Along, Drawn, DrawnCurve, EmptyState, Gauge, RunCurve, RunCurves, html_safe, listed,
    },
    format,
    frame::Frame,
    paths,
    plain::plain,
};

/// So many models are drawn: as many as have colours.
const MODELS_MAX: usize = 10;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "training/metrics.html")]
pub struct Metrics {
    /// Around it.
    pub frame: Frame,
    /// Its head.
    pub tabs: Tabs,
    /// Part `/training/hardware`.
    pub hardware: Hardware,
    /// Part `/training/learning`.
    pub learning: Learning,
}

/// The machines, over the last 24 hours.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_hardware.html")]
pub struct Hardware {
    /// `GPU utilisation`, or what is measured instead.
    pub title: &'static str,
    /// What it is now: name, value.
    pub now: Vec<(&'static str, String)>,
    /// Of how many machines: `3 workers measure`.
    pub workers: String,
    /// Over the day.
    pub utilisation: Drawn,
    /// How much memory is in use.
    pub memory: Gauge,
    /// Over the day; none where nobody measures it.
    pub temperature: Option<Drawn>,
    /// Over the day; none where nobody measures it.
    pub power: Option<Drawn>,
    /// Instead of all that.
    pub empty: Option<EmptyState>,
}

/// What programs say of how they learn.
#[derive(Debug, Clone, Template)]
#[template(path = "training/_learning.html")]
pub struct Learning {
    /// Losses by step; none where no program says one.
    pub losses: Option<RunCurves>,
    /// Speeds by time, one for each unit that programs say.
    pub speeds: Vec<RunCurves>,
    /// Which runs are meant: `of the models in training`.
    pub of: String,
}

html_safe!(Hardware, Learning);

impl Hardware {
    /// What pages show of the machines: of their GPUs, or of what they have instead.
    pub fn of(machines: &Machines) -> Self {
        let buckets = &machines.day.buckets;
        let has = |measure| {
            buckets
                .iter()
                .any(|bucket| bucket.spread(measure).is_some())
        };
        let is_gpu = machines.gpu_percent.is_some() || has(Measure::GpuPercent);
        let (title, curves) = if is_gpu {
            let curves = [
                ("GPU", Measure::GpuPercent),
                ("GPU memory", Measure::GpuMemoryPercent),
            ];
            ("GPU utilisation", curves)
        } else {
            let curves = [
                ("CPU", Measure::CpuPercent),
                ("Memory", Measure::MemoryPercent),
            ];
            ("CPU and memory", curves)
        };
        let celsius = [("GPU", Measure::GpuCelsius), ("CPU", Measure::CpuCelsius)];
        let measured = |all: &[(&'static str, Measure)]| -> Vec<(&'static str, Measure)> {
            all.iter()
                .copied()
                .filter(|(_, measure)| has(*measure))
                .collect()
        };
        let (celsius, watts) = (measured(&celsius), has(Measure::Watts));
        Self {
            title,
            now: now(machines),
            workers: format::counted(
                machines.workers.into(),
                "worker measures",
                "workers measure",
            ),
            utilisation: by_measure("utilisation", title, ("%", "0,100"), buckets, &curves),
            memory: memory(machines, is_gpu),
            temperature: (!celsius.is_empty())
                .then(|| by_measure("temperature", "Temperature", ("°C", ""), buckets, &celsius)),
            power: watts.then(|| power(buckets)),
            empty: (buckets.is_empty() && machines.workers == 0).then(nobody),
        }
    }
}

fn nobody() -> EmptyState {
    EmptyState::new(
        "Nothing was measured in the last 24 hours",
        "Workers measure their machines while they are up. Start one here, or on another machine.",
    )
    .with_action("See the workers", paths::WORKERS)
    .with_command("cupola up")
}

/// Utilisation, memory and temperature as they are now.
fn now(machines: &Machines) -> Vec<(&'static str, String)> {
    let percent = |value: f64| format::percent(value / 100.0);
    let values = [
        ("GPU", machines.gpu_percent.map(percent)),
        ("CPU", machines.cpu_percent.map(percent)),
        (
            "hottest",
            machines
                .hottest_celsius
                .map(|value| format!("{value:.0} °C")),
        ),
    ];
    let known = values
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    known.collect()
}

fn memory(machines: &Machines, is_gpu: bool) -> Gauge {
    let of = |label: &str, used: Option<Used>, why: &str| {
        used.map_or_else(
            || Gauge::unknown(label, why),
            |used| Gauge::new(label, used.used, used.total, bytes),
        )
    };
    let why = "No worker measured it in the last minutes.";
    match (is_gpu, machines.gpu_memory) {
        (true, Some(used)) => of("GPU memory", Some(used), why),
        _ => of("Main memory", machines.memory, why),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bytes of machines, not below zero"
)]
fn bytes(value: f64) -> String {
    format::bytes(value.max(0.0) as u64)
}

fn by_measure(
    id: &'static str,
    name: &str,
    (unit, ends): (&'static str, &'static str),
    buckets: &[Bucket],
    measures: &[(&'static str, Measure)],
) -> Drawn {
    let places = places(buckets);
    let curve = |(label, measure): &(&'static str, Measure)| {
        let spread = |at: &Option<usize>| buckets[(*at)?].spread(*measure);
        DrawnCurve {
            label: (*label).to_owned(),
            values: listed(places.iter().map(|(_, at)| Some(spread(at)?.mean))),
            most: listed(places.iter().map(|(_, at)| Some(spread(at)?.max))),
        }
    };
    Drawn {
        id,
        name: format!("{name} over 24 hours"),
        along: Along::Time,
        unit,
        ends,
        places: listed_places(&places),
        curves: measures.iter().map(curve).collect(),
    }
}

/// What all machines together take.
fn power(buckets: &[Bucket]) -> Drawn {
    let places = places(buckets);
    let watts = places.iter().map(|(_, at)| buckets[(*at)?].watts_of_all());
    Drawn {
        id: "power",
        name: "Power over 24 hours".to_owned(),
        along: Along::Time,
        unit: "W",
        ends: "",
        places: listed_places(&places),
        curves: vec![DrawnCurve {
            label: "all workers".to_owned(),
            values: listed(watts),
            most: String::new(),
        }],
    }
}

/// When buckets begin and which they are, with a place for each gap, so that no line goes over it.
fn places(buckets: &[Bucket]) -> Vec<(i64, Option<usize>)> {
    let step = i64::try_from(BUCKET.as_millis()).unwrap_or(i64::MAX);
    let mut places: Vec<(i64, Option<usize>)> = Vec::with_capacity(buckets.len());
    for (at, bucket) in buckets.iter().enumerate() {
        let from = bucket.from.millis();
        if let Some((before, _)) = places.last()
            && from > before + step
        {
            places.push((before + step, None));
        }
        places.push((from, Some(at)));
    }
    places
}

fn listed_places(places: &[(i64, Option<usize>)]) -> String {
    let places: Vec<String> = places.iter().map(|(at, _)| at.to_string()).collect();
    places.join(",")
}

impl Learning {
    /// What programs say: of the models in training, or of those that were trained.
    pub fn of(training: &Training) -> Self {
        let (models, of) = meant(training);
        let losses = losses(&models);
        let speed = |of: Throughput| speeds(&models, of);
        Self {
            losses: (!losses.is_empty()).then(|| RunCurves {
                id: "losses",
                name: "Loss, training and validation".to_owned(),
                along: Along::Step,
                across_label: "step",
                unit: "loss",
                curves: losses,
            }),
            speeds: Throughput::ALL.into_iter().filter_map(speed).collect(),
            of,
        }
    }
}

/// The models that are drawn: those that are trained now, else those of the latest runs.
fn meant(training: &Training) -> (Vec<(RunId, &ModelInTraining)>, String) {
    let with_run = |one| -> Option<(RunId, &ModelInTraining)> {
        let model: &ModelInTraining = one;
        Some((model.latest?, model))
    };
    let mut models: Vec<_> = training.models.iter().filter_map(with_run).collect();
    let is_running = models.iter().any(|(_, one)| !one.running.is_empty());
    if is_running {
        models.retain(|(_, one)| !one.running.is_empty());
    }
    // Later ids are later runs.
    models.sort_by_key(|(run, _)| std::cmp::Reverse(*run));
    let which = if is_running {
        "of the models in training"
    } else {
        "of the latest runs"
    };
    let of = if models.len() > MODELS_MAX {
        format!("{which}, {MODELS_MAX} of {}", models.len())
    } else {
        which.to_owned()
    };
    models.truncate(MODELS_MAX);
    (models, of)
}

fn losses(models: &[(RunId, &ModelInTraining)]) -> Vec<RunCurve> {
    let mut curves = Vec::new();
    for (colour, (run, one)) in models.iter().enumerate() {
        let both = [
            ("training", &one.losses.training),
            ("validation", &one.losses.validation),
        ];
        for (kind, loss) in both {
            if let Some(last) = loss {
                let label = format!("{}, {kind}", plain(&one.model.name));
                curves.push(curve(*run, last, label, (colour, kind == "validation")));
            }
        }
    }
    curves
}

fn speeds(models: &[(RunId, &ModelInTraining)], of: Throughput) -> Option<RunCurves> {
    let curves: Vec<RunCurve> = models
        .iter()
        .enumerate()
        .filter_map(|(colour, (run, one))| {
            let last = one.throughput.of(of)?;
            Some(curve(*run, last, plain(&one.model.name), (colour, false)))
        })
        .collect();
    let (id, name) = match of {
        Throughput::Samples => ("speed-samples", "Samples per second"),
        Throughput::Tokens => ("speed-tokens", "Tokens per second"),
        Throughput::Steps => ("speed-steps", "Steps per second"),
    };
    (!curves.is_empty()).then(|| RunCurves {
        id,
        name: name.to_owned(),
        along: Along::Time,
        across_label: "",
        unit: of.unit(),
        curves,
    })
}

fn curve(run: RunId, last: &Last, label: String, (colour, is_dashed): (usize, bool)) -> RunCurve {
    RunCurve {
        charts: paths::run(run, "/charts"),
        href: paths::run(run, ""),
        series: last.series.clone(),
        label,
        colour,
        is_dashed,
        last: format::number(last.value),
        stamp: format!("{} {}", last.points, last.value),
    }
}
