//! What a look of the rules of alerts costs when very many runs run: nothing new, every run with new
//! points, and as many rules on as many names.

use std::time::Instant;

use cupola_domain::{experiment::Origin, ids::RunId, metric::Point, provenance::Provenance};
use cupola_hub::{
    Hub,
    alerts::NewRule,
    logged::{LoggedBatch, NewLogged},
    loops,
};
use cupola_store::Durability;

use super::{
    Figure,
    fixture::{BenchHub, Folder},
};

const RUNS: u32 = 10_000;
const RULES: u32 = 100;

/// Names that the rules share.
const NAMES: u32 = 10;

pub(super) async fn measure(rounds: usize) -> anyhow::Result<Vec<Figure>> {
    tokio::task::spawn_blocking(move || {
        let folder = Folder::new("alerts")?;
        let bench = BenchHub::open(&folder, Durability::Off)?;
        let hub = &bench.hub;
        let runs = running(hub)?;
        let shared = looks(hub, &runs, rounds, NAMES)?;
        let own = looks(hub, &runs, rounds, RULES)?;
        let what =
            |what: &str| format!("a look at {RUNS} running runs by {RULES} rules, {what}, ms");
        Ok(vec![
            Figure::new(what("nothing new"), shared.0, "≤ 50"),
            Figure::new(what("all with new points, on 10 names"), shared.1, "≤ 500"),
            Figure::new(what("all with new points, on 100 names"), own.1, "≤ 5000"),
        ])
    })
    .await?
}

/// Runs that run, with nothing measured yet.
fn running(hub: &Hub) -> anyhow::Result<Vec<RunId>> {
    let made =
        hub.create_logged_experiment("bench", Origin::Mlflow, "mlflow", Vec::new(), "bench")?;
    let open = |_| {
        let new = NewLogged {
            experiment: made.id,
            name: String::new(),
            started_at: None,
            params: Vec::new(),
            tags: Vec::new(),
            provenance: Provenance::Measured,
        };
        Ok(hub.open_logged_run(new)?.id)
    };
    (0..RUNS).map(open).collect()
}

/// Milliseconds of looks at nothing new, and after every run measured one value of one name.
fn looks(
    hub: &Hub,
    runs: &[RunId],
    rounds: usize,
    names: u32,
) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    for rule in hub.list_alert_rules()? {
        hub.delete_alert_rule(rule.id)?;
    }
    for number in 0..RULES {
        let new = NewRule {
            name: format!("rule {number}"),
            condition: format!("metric m{} > 1e9 for 1m", number % names),
            ..NewRule::default()
        };
        hub.create_alert_rule(new, "bench")?;
    }
    let (mut idle, mut busy) = (Vec::new(), Vec::new());
    for round in 0..i64::try_from(rounds)? {
        for run in runs {
            let points = (0..names).map(|name| (format!("m{name}"), vec![point(round)]));
            let batch = LoggedBatch {
                points: points.collect(),
                ..LoggedBatch::default()
            };
            hub.log_to_run(*run, batch)?;
        }
        busy.push(millis(hub)?);
        idle.push(millis(hub)?);
    }
    Ok((idle, busy))
}

fn point(step: i64) -> Point {
    Point {
        step,
        time_millis: step,
        value: 1.0,
    }
}

fn millis(hub: &Hub) -> anyhow::Result<f64> {
    let started = Instant::now();
    loops::alerts::tick(hub)?;
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
