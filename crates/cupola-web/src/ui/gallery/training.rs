//! `/training`

use cupola_domain::{
    cost::Money,
    counts::State,
    ids::WorkerId,
    lease::LEASE_TTL,
    model::{DeploymentStatus, Stage},
    progress::{Level, Levels, Progress},
    provenance::Provenance,
    run::{Lease, Run, RunState},
    time::Timestamp,
    training::{DataFile, TrainingModel},
};
use cupola_hub::training::{
    Basis, Estimate, Evaluated, Last, Losses, ModelInTraining, Registered, RunInTraining, Said,
    Session, Throughputs, Training,
};

use super::{
    Sample,
    things::{HOSTILE, at, family, frame, run, task, worker},
};
use crate::ui::{
    components::{Along, Drawn, DrawnCurve, Gauge, RunCurve, RunCurves, listed},
    frame::Section,
    paths,
    training::{Hardware, Learning, Metrics, Models, Overview, Shown, Tab, Tabs},
};

/// The moment of the samples.
const NOW_SECS: u64 = 40_000;

pub(super) fn samples() -> Vec<Sample> {
    let (usual, none, hostile, many) = (usual(), empty(), hostile(), many());
    vec![
        Sample::new("training", &overview(&usual)),
        Sample::new("training-empty", &overview(&none)),
        Sample::new("training-hostile", &overview(&hostile)),
        Sample::new("training-many", &overview(&many)),
        Sample::new("training-models", &models(&usual)),
        Sample::new("training-models-hostile", &models(&hostile)),
        Sample::new("training-metrics", &metrics(true)),
        Sample::new("training-metrics-empty", &metrics(false)),
    ]
}

fn overview(training: &Training) -> Overview {
    let shown = shown(training);
    Overview {
        frame: frame("Training", Section::Training),
        tabs: Tabs::new(Tab::Overview),
        summary: shown.summary(),
        models: shown.table(1),
        runs: shown.runs(),
    }
}

fn models(training: &Training) -> Models {
    Models {
        frame: frame("Models in training", Section::Training),
        tabs: Tabs::new(Tab::Models),
        cards: shown(training).cards(1),
    }
}

fn shown(training: &Training) -> Shown<'_> {
    Shown {
        training,
        currency: "USD",
    }
}

fn money(amount: f64) -> Option<Money> {
    Money::of(amount)
}

/// The five of the configuration: each in another state, known in another way.
fn usual() -> Training {
    let names = [
        ("majora", "Majora v1", "Oracle of Secrets expert"),
        ("veran", "Veran v5", "Advanced verification"),
        ("din", "Din v4", "Creative dialogue"),
        ("nayru", "Nayru v7", "Assembly and architecture"),
        ("farore", "Farore v6", "Planning and decomposition"),
    ];
    let mut models: Vec<_> = (0..)
        .zip(names)
        .map(|(position, (key, name, description))| pending(position, key, name, description))
        .collect();
    done(&mut models[0]);
    running(&mut models[1]);
    said_by_hand(&mut models[2]);
    failed(&mut models[3]);
    Training {
        at: at(NOW_SECS),
        session: session(&models),
        runs: (1..4).map(run_in_training).collect(),
        models,
    }
}

fn session(models: &[ModelInTraining]) -> Session {
    let count = |state: State| {
        let found = models.iter().filter(|one| one.status.value == state);
        u32::try_from(found.count()).unwrap_or(0)
    };
    Session {
        started: at(NOW_SECS - 11_045),
        cost: money(1.384_2),
        hourly_now: money(0.24),
        planned_hourly: Money::from_micros(1_200_000),
        completed: count(State::Completed),
        in_progress: count(State::Running),
        pending: count(State::Pending),
        failed: count(State::Failed),
        cancelled: count(State::Cancelled),
        estimated_end: Some(estimate()),
    }
}

fn estimate() -> Estimate {
    Estimate {
        at: at(NOW_SECS + 5_400),
        range: Some((at(NOW_SECS + 4_900), at(NOW_SECS + 6_300))),
    }
}

fn pending(position: u32, key: &str, name: &str, description: &str) -> ModelInTraining {
    let planned = 3.0 + f64::from(position % 3) / 2.0;
    ModelInTraining {
        model: TrainingModel {
            key: key.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            planned_hours: Some(planned),
            hourly: money(0.24),
            position,
            model: None,
        },
        status: Said::new(State::Pending, Basis::Planned),
        progress: Said::new(Some(0.0), Basis::Planned),
        cost: Said::new(money(planned * 0.24), Basis::Planned),
        hours: Said::new(Some(planned), Basis::Planned),
        hourly_now: Some(Money::default()),
        estimate: None,
        running: Vec::new(),
        latest: None,
        reason: String::new(),
        throughput: Throughputs::default(),
        losses: Losses::default(),
        data: None,
        evaluation: None,
        registered: None,
    }
}

fn done(one: &mut ModelInTraining) {
    one.status = Said::new(State::Completed, Basis::Measured);
    one.progress = Said::new(Some(100.0), Basis::Measured);
    one.cost = Said::new(money(0.9137), Basis::Measured);
    one.hours = Said::new(Some(3.81), Basis::Measured);
    one.latest = Some(run(9));
    one.data = Some(data(1_204, None));
    one.evaluation = Some(Evaluated {
        score: 0.87,
        at: at(30_000),
    });
    one.registered = Some(Registered {
        model: cupola_domain::ids::Ids::new(5).next(at(5)),
        version: 3,
        stage: Stage::Production,
        deployment: DeploymentStatus::Active,
    });
}

fn running(one: &mut ModelInTraining) {
    one.status = Said::new(State::Running, Basis::Measured);
    one.progress = Said::new(Some(61.4), Basis::Measured);
    one.cost = Said::new(money(0.4705), Basis::Measured);
    one.hours = Said::new(Some(1.96), Basis::Measured);
    one.hourly_now = money(0.24);
    one.estimate = Some(estimate());
    one.running = vec![run(1)];
    one.latest = Some(run(1));
    one.throughput = throughput();
    one.losses = Losses {
        training: Some(last("train_loss", 1.7409)),
        validation: Some(last("val_loss", 1.9133)),
    };
    one.data = Some(data(88_412, Some("line 7 is no JSON object")));
}

fn said_by_hand(one: &mut ModelInTraining) {
    one.status = Said::new(State::Running, Basis::Manual);
    one.progress = Said::new(Some(40.0), Basis::Manual);
    one.cost = Said::new(money(0.31), Basis::Manual);
}

fn failed(one: &mut ModelInTraining) {
    one.status = Said::new(State::Failed, Basis::Measured);
    "exit code 137".clone_into(&mut one.reason);
    one.progress = Said::new(None, Basis::Measured);
    one.cost = Said::new(None, Basis::Measured);
    one.hours = Said::new(Some(0.2), Basis::Measured);
    one.latest = Some(run(7));
}

fn last(series: &str, value: f64) -> Last {
    Last {
        series: series.to_owned(),
        value,
        points: 420,
    }
}

fn throughput() -> Throughputs {
    Throughputs {
        samples: Some(last("samples_per_second", 158.2)),
        tokens: Some(last("tokens_per_second", 40_499.0)),
        steps: None,
    }
}

fn data(samples: u64, problem: Option<&str>) -> DataFile {
    DataFile {
        path: "/srv/afs/models/majora_v1_merged.jsonl".to_owned(),
        name: "majora_v1_merged.jsonl".to_owned(),
        samples: Some(samples),
        bytes: samples * 913,
        updated: at(10_000),
        version: Some("v1".to_owned()),
        problem: problem.map(str::to_owned),
    }
}

fn run_in_training(n: u64) -> RunInTraining {
    let is_logged = n == 3;
    let id: WorkerId = worker(n);
    let said = Levels::from_iter(Level::new(61.4, Some(100.0), "epoch 3 of 5"));
    RunInTraining {
        run: Run {
            state: if is_logged {
                RunState::Logging { since: at(31_000) }
            } else {
                RunState::Running {
                    lease: Lease {
                        worker: id,
                        epoch: 1,
                    },
                    started_at: at(33_000),
                }
            },
            progress: (!is_logged).then(|| Progress::after(None, said, at(NOW_SECS))),
            started_at: Some(at(33_000)),
            ..a_run(n)
        },
        number: u32::try_from(n).unwrap_or(0),
        experiment: "verification sweep".to_owned(),
        model: (n == 1).then(|| ("veran".to_owned(), "Veran v5".to_owned())),
        worker: (!is_logged).then(|| (id, "forge-2".to_owned())),
        gpu: (n == 1).then(|| "2 × NVIDIA A100-SXM4-80GB".to_owned()),
        hourly: (n == 1).then(|| Money::from_micros(240_000)),
        cost: (n == 1).then(|| Money::from_micros(470_500)),
        throughput: if n == 1 {
            throughput()
        } else {
            Throughputs::default()
        },
        estimate: None,
    }
}

fn a_run(n: u64) -> Run {
    Run {
        id: run(n),
        name: String::new(),
        task: task(n),
        experiment: family(n),
        attempt: 1,
        state: RunState::Pending,
        worker: None,
        loss: None,
        epoch: 1,
        code_hash: "c".to_owned(),
        environment: None,
        progress: None,
        stopping: None,
        provenance: Provenance::Measured,
        wall_time: None,
        created_at: at(32_000),
        leased_at: Some(at(32_000).plus(LEASE_TTL)),
        started_at: None,
        finished_at: None,
    }
}

fn empty() -> Training {
    Training {
        at: at(NOW_SECS),
        session: Session {
            cost: Some(Money::default()),
            hourly_now: Some(Money::default()),
            planned_hourly: Money::default(),
            estimated_end: None,
            ..session(&[])
        },
        models: Vec::new(),
        runs: Vec::new(),
    }
}

fn hostile() -> Training {
    let mut training = usual();
    for one in &mut training.models {
        HOSTILE.clone_into(&mut one.model.name);
        one.model.key = format!("{} {HOSTILE}", one.model.key);
        HOSTILE.clone_into(&mut one.model.description);
        HOSTILE.clone_into(&mut one.reason);
        if let Some(data) = &mut one.data {
            data.problem = Some(HOSTILE.to_owned());
        }
    }
    for one in &mut training.runs {
        HOSTILE.clone_into(&mut one.experiment);
        one.model = Some((HOSTILE.to_owned(), HOSTILE.to_owned()));
        one.gpu = Some(HOSTILE.to_owned());
        HOSTILE.clone_into(&mut one.run.name);
        if let Some((_, name)) = &mut one.worker {
            HOSTILE.clone_into(name);
        }
    }
    training
}

fn many() -> Training {
    let models: Vec<_> = (0..1_000)
        .map(|n| pending(n, &format!("model-{n}"), &format!("Model {n}"), ""))
        .collect();
    Training {
        session: session(&models),
        models,
        ..usual()
    }
}

fn metrics(is_measured: bool) -> Metrics {
    Metrics {
        frame: frame("Metrics of training", Section::Training).with_curves(),
        tabs: Tabs::new(Tab::Metrics),
        hardware: hardware(is_measured),
        learning: learning(is_measured),
    }
}

fn hardware(is_measured: bool) -> Hardware {
    let nothing = Hardware::of(&cupola_hub::training::Machines::unmeasured(at(NOW_SECS)));
    if !is_measured {
        return nothing;
    }
    let curve = |label: &str, least: f64, amount: f64| DrawnCurve {
        label: label.to_owned(),
        values: listed((0..288).map(|n| Some(least + amount * f64::from(n * 7 % 31) / 31.0))),
        most: listed((0..288).map(|n| Some(least + amount + f64::from(n % 5)))),
    };
    let places: Vec<String> = (0..288)
        .map(|n| Timestamp::from_millis(at(NOW_SECS).millis() - 300_000 * (288 - n)))
        .map(|at| at.millis().to_string())
        .collect();
    let drawn = |id, name: &str, unit, ends, curves| Drawn {
        id,
        name: format!("{name} over 24 hours"),
        along: Along::Time,
        unit,
        ends,
        places: places.join(","),
        curves,
    };
    let gpus = vec![curve("GPU", 75.0, 15.0), curve("GPU memory", 60.0, 8.0)];
    Hardware {
        title: "GPU utilisation",
        now: vec![
            ("GPU", "82 %".to_owned()),
            ("CPU", "31 %".to_owned()),
            ("hottest", "71 °C".to_owned()),
        ],
        workers: "3 workers measure".to_owned(),
        utilisation: drawn("utilisation", "GPU utilisation", "%", "0,100", gpus),
        memory: Gauge::new("GPU memory", 24.0, 32.0, |gib| format!("{gib:.1} GiB")),
        temperature: Some(drawn(
            "temperature",
            "Temperature",
            "°C",
            "",
            vec![curve("GPU", 65.0, 9.0)],
        )),
        power: Some(drawn(
            "power",
            "Power",
            "W",
            "",
            vec![curve("all workers", 300.0, 90.0)],
        )),
        empty: None,
    }
}

fn learning(is_measured: bool) -> Learning {
    let curve = |n: u64, label: &str, is_dashed| RunCurve {
        charts: paths::run(run(n), "/charts"),
        href: paths::run(run(n), ""),
        series: "train_loss".to_owned(),
        label: label.to_owned(),
        colour: usize::try_from(n).unwrap_or(0) % 10,
        is_dashed,
        last: "1.7409".to_owned(),
        stamp: "420 1.7409".to_owned(),
    };
    let chart = |id, name: &str, along, unit, curves| RunCurves {
        id,
        name: name.to_owned(),
        along,
        across_label: "step",
        unit,
        curves,
    };
    let losses = vec![
        curve(1, "Veran v5, training", false),
        curve(1, "Veran v5, validation", true),
        curve(2, HOSTILE, false),
    ];
    let speeds = vec![chart(
        "speed-tokens",
        "Tokens per second",
        Along::Time,
        "tokens/s",
        vec![curve(1, "Veran v5", false)],
    )];
    Learning {
        losses: is_measured.then(|| {
            chart(
                "losses",
                "Loss, training and validation",
                Along::Step,
                "loss",
                losses,
            )
        }),
        speeds: if is_measured { speeds } else { Vec::new() },
        of: "of the models in training".to_owned(),
    }
}
