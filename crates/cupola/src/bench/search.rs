//! Searches of many runs over HTTP, each with another value, so that nothing is answered twice; beside
//! `MLflow`'s own server with a tenth of the runs, where its address is given.

use std::time::Instant;

use cupola_domain::{
    experiment::Origin,
    ids::{ExperimentId, RunId},
    metric::Point,
    provenance::Provenance,
    run::Outcome,
};
use cupola_hub::logged::{LoggedBatch, NewLogged};
use cupola_search::rng::Rng;
use cupola_store::Durability;
use serde_json::json;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
    http,
    server::{SECRET, Server},
};

/// Parameters and metrics of each run.
const EACH: u32 = 10;

/// Requests of one figure.
const REQUESTS: usize = 200;

/// Requests to the peer, whose answers take seconds.
const PEER_REQUESTS: usize = 5;

/// A name, a filter with a number that changes, an order.
type Search = (&'static str, fn(f64) -> String, &'static str);

const SEARCHES: &[Search] = &[
    (
        "no filter, by a metric",
        |_| String::new(),
        "metrics.metric-1",
    ),
    (
        "a third of the runs, by a metric",
        |x| format!("params.lr > {}", 0.6 + 0.1 * x),
        "metrics.metric-1",
    ),
    (
        "5 % of the runs, by a metric",
        |x| format!("params.lr > {}", 0.93 + 0.04 * x),
        "metrics.metric-2 desc",
    ),
    (
        "1 % of the runs, by a metric",
        |x| format!("params.width = {}", (100.0 * x).floor()),
        "metrics.metric-3",
    ),
    (
        "0.1 % of the runs, by a metric",
        |x| format!("params.group = {}", (1000.0 * x).floor()),
        "metrics.metric-4 desc",
    ),
    (
        "a quarter by a text, by a metric",
        |_| "params.optimizer = \"adam\"".to_owned(),
        "metrics.metric-5",
    ),
    (
        "two parameters and a metric, by a metric",
        |x| {
            format!(
                "params.lr > {} and params.depth = 3 and metrics.metric-6 < 0.5",
                0.5 * x
            )
        },
        "metrics.metric-7",
    ),
    (
        "a third of the runs, the latest first",
        |x| format!("params.lr > {}", 0.6 + 0.1 * x),
        "",
    ),
    (
        "a metric's least value, by a parameter",
        |x| format!("metrics.metric-8.min > {}", 0.3 * x),
        "params.lr",
    ),
    (
        "a part of a text, by a metric",
        |x| format!("params.name ~ \"{:.0}\"", 10_000.0 * x),
        "metrics.metric-1",
    ),
    ("no filter, by duration", |_| String::new(), "duration desc"),
];

pub(super) async fn measure(
    count: u32,
    runs: usize,
    mlflow: Option<&str>,
) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("search")?;
    let experiment = tokio::task::block_in_place(|| fill(&folder, count))?;
    let server = Server::start(&folder).await?;
    let mut rng = Rng::new(7);
    let mut figures = Vec::new();
    for (what, filter, order) in SEARCHES {
        let mut p99s = Vec::new();
        for _ in 0..runs {
            let mut pages = Vec::with_capacity(REQUESTS);
            for _ in 0..REQUESTS {
                pages.push((filter(rng.unit()), *order));
            }
            p99s.push(p99(&server, &pages).await?);
        }
        figures.push(Figure::new(
            format!("search of {count} runs: {what}, p99 ms"),
            p99s,
            "≤ 50",
        ));
    }
    let page = "/runs?filter=params.lr%20%3E%200.7&order=metrics.metric-1";
    let whole = vec![server.p99_millis(page).await?];
    figures.push(Figure::new(
        "/runs with a filter and an order, p99 ms",
        whole,
        "≤ 50",
    ));
    let client = clients_own(&server.url, SECRET, &experiment.to_string(), REQUESTS).await?;
    let figure = Figure::new("MLflow's own search call, p99 ms", client, "≤ 50");
    figures.push(match mlflow {
        Some(url) => figure.beside("MLflow with a tenth of the runs, ms", theirs(url).await?),
        None => figure,
    });
    let memory = vec![server.resident_mib()?];
    figures.push(Figure::new(
        "memory of the hub after that, MiB",
        memory,
        "≤ 250",
    ));
    Ok(figures)
}

async fn p99(server: &Server, pages: &[(String, &str)]) -> anyhow::Result<f64> {
    let mut millis = Vec::with_capacity(pages.len());
    for (filter, order) in pages {
        let request = server.http.get(format!("{}/api/v1/runs", server.url));
        let columns = "params.lr,params.optimizer,metrics.metric-1,metrics.metric-2";
        let query = [
            ("filter", filter.as_str()),
            ("order", order),
            ("columns", columns),
        ];
        let request = request.query(&query).bearer_auth(SECRET);
        let started = Instant::now();
        let answer = request.send().await?;
        anyhow::ensure!(
            answer.status().is_success(),
            "{filter}: {}",
            answer.text().await?
        );
        answer.bytes().await?;
        millis.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(of_slowest(millis))
}

/// The search that `MLflow`'s clients make, sorted by a metric and filtered by a parameter.
async fn clients_own(
    url: &str,
    token: &str,
    experiment: &str,
    requests: usize,
) -> anyhow::Result<Vec<f64>> {
    let http = http();
    let body = json!({
        "experiment_ids": [experiment],
        "filter": "params.optimizer = 'adam'",
        "order_by": ["metrics.`metric-5` ASC"],
        "max_results": 50,
    });
    let mut millis = Vec::new();
    for _ in 0..requests {
        let request = http.post(format!("{url}/api/2.0/mlflow/runs/search"));
        let started = Instant::now();
        let answer = request.bearer_auth(token).json(&body).send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.text().await?);
        answer.bytes().await?;
        millis.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(vec![of_slowest(millis)])
}

async fn theirs(url: &str) -> anyhow::Result<Vec<f64>> {
    let found = http().get(format!(
        "{url}/api/2.0/mlflow/experiments/get-by-name?experiment_name=filled"
    ));
    let found: serde_json::Value = found.send().await?.json().await?;
    let experiment = found["experiment"]["experiment_id"]
        .as_str()
        .unwrap_or_default();
    anyhow::ensure!(
        !experiment.is_empty(),
        "fill it first: bench/mlflow/fill.py"
    );
    clients_own(url, "", experiment, PEER_REQUESTS).await
}

fn of_slowest(mut millis: Vec<f64>) -> f64 {
    millis.sort_by(f64::total_cmp);
    millis[millis.len() * 99 / 100]
}

fn fill(folder: &Folder, count: u32) -> anyhow::Result<ExperimentId> {
    let hub = BenchHub::open(folder, Durability::Off)?;
    let experiment = hub.hub.create_logged_experiment(
        "filled",
        Origin::Mlflow,
        "mlflow",
        Vec::new(),
        "bench",
    )?;
    let mut rng = Rng::new(1);
    for number in 0..count {
        let run = hub.hub.open_logged_run(NewLogged {
            experiment: experiment.id,
            name: String::new(),
            started_at: None,
            params: params(&mut rng, number),
            tags: Vec::new(),
            provenance: Provenance::Imported,
        })?;
        measured(&hub, run.id, &mut rng)?;
    }
    hub.hub.close();
    Ok(experiment.id)
}

fn params(rng: &mut Rng, number: u32) -> Vec<(String, String)> {
    let words = ["adam", "sgd", "lion", "adafactor"];
    let word = words[usize::try_from(number % 4).unwrap_or(0)];
    let pairs = [
        ("lr", rng.unit().to_string()),
        ("optimizer", word.to_owned()),
        ("depth", (number % 12).to_string()),
        ("width", (number % 100).to_string()),
        ("group", (number % 1000).to_string()),
        ("dropout", rng.unit().to_string()),
        ("batch_size", (16 << (number % 4)).to_string()),
        ("dataset", format!("dataset-{}", number % 50)),
        ("name", format!("run-{number}")),
        ("seed", number.to_string()),
    ];
    debug_assert_eq!(pairs.len(), EACH as usize);
    pairs.map(|(key, value)| (key.to_owned(), value)).into()
}

fn measured(hub: &BenchHub, run: RunId, rng: &mut Rng) -> anyhow::Result<()> {
    let mut series = |n: u32| {
        let point = Point {
            step: 1,
            time_millis: 1_795_000_000_000,
            value: rng.unit(),
        };
        (format!("metric-{n}"), vec![point])
    };
    let batch = LoggedBatch {
        points: (0..EACH).map(&mut series).collect(),
        ..LoggedBatch::default()
    };
    hub.hub.log_to_run(run, batch)?;
    hub.hub.close_logged_run(run, Outcome::Completed, None)?;
    Ok(())
}
