//! The pages of training with many models: what they weigh on the wire with all that they need, how
//! soon a browser can be used with them, and how long each takes on the server.

use std::time::Duration;

use anyhow::Context as _;
use cupola_domain::{
    metric::Point,
    progress::{Level, Levels},
};
use cupola_hub::{
    experiments::ExperimentDraft,
    work::{Order, Report},
};
use cupola_store::Durability;
use serde_json::{Value, json};

use super::{
    Figure,
    chromium::Chromium,
    fixture::{BenchHub, Folder},
    live::log_in,
    server::Server,
};

const PAGES: [&str; 3] = ["/training", "/training/models", "/training/metrics"];

/// Parts that an open page asks for when something changed.
const PARTS: [&str; 4] = [
    "/training/summary",
    "/training/table",
    "/training/runs",
    "/training/learning",
];

/// So many of the models are trained at the moment, and so many have been.
const RUNNING: usize = 20;
const COMPLETED: usize = 100;

/// Long tasks of the browser, during which it answers nobody, from the page's very beginning.
const OBSERVE: &str = "window.longTasks = []; \
    new PerformanceObserver((list) => window.longTasks.push(...list.getEntries())) \
        .observe({ type: 'longtask', buffered: true });";

/// When the page could be used: its scripts have run, and no long task is on its way. And what came
/// over the wire until then.
const READ: &str = "
    const [page] = performance.getEntriesByType('navigation');
    const all = [page, ...performance.getEntriesByType('resource')];
    const ends = window.longTasks.map((task) => task.startTime + task.duration);
    return {
      interactive: Math.max(page.domContentLoadedEventEnd, ...ends),
      bytes: all.reduce((sum, one) => sum + one.transferSize, 0),
    };";

pub(super) async fn measure(models: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("training")?;
    tokio::task::block_in_place(|| fill(&folder, models as usize))?;
    let server = Server::start(&folder).await?;
    let mut figures = on_the_server(&server, models, runs).await?;
    let browser = Chromium::start(&folder).await?;
    log_in(&browser, &server).await?;
    let observe = json!({"source": OBSERVE});
    browser
        .command("Page.addScriptToEvaluateOnNewDocument", &observe)
        .await?;
    for page in PAGES {
        for is_cold in [true, false] {
            figures.extend(in_the_browser(&browser, &server, page, (is_cold, runs)).await?);
        }
    }
    Ok(figures)
}

async fn on_the_server(server: &Server, models: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for path in PAGES.iter().chain(&PARTS) {
        let mut p99s = Vec::new();
        for _ in 0..runs {
            p99s.push(server.p99_millis(path).await?);
        }
        let what = format!("{path}, {models} models, p99 ms");
        figures.push(Figure::new(what, p99s, "≤ 10"));
    }
    Ok(figures)
}

/// How a page does in a browser that has nothing of it yet, or all that does not change.
async fn in_the_browser(
    browser: &Chromium,
    server: &Server,
    page: &str,
    (is_cold, runs): (bool, usize),
) -> anyhow::Result<Vec<Figure>> {
    let disabled = json!({"cacheDisabled": is_cold});
    browser.command("Network.enable", &json!({})).await?;
    browser
        .command("Network.setCacheDisabled", &disabled)
        .await?;
    let (mut millis, mut kilobytes) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        browser.goto(&format!("{}{page}", server.url)).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let read = browser.execute(READ).await?;
        let number = |name: &str| {
            let number = read.get(name).and_then(Value::as_f64);
            number.with_context(|| format!("the page tells `{name}`"))
        };
        millis.push(number("interactive")?);
        kilobytes.push(number("bytes")? / 1_000.0);
    }
    let visit = if is_cold {
        "first visit"
    } else {
        "later visits"
    };
    let time = Figure::new(
        format!("{page}, {visit}, interactive after ms"),
        millis,
        "≤ 150",
    );
    let weight = Figure::new(
        format!("{page}, {visit}, KB on the wire"),
        kilobytes,
        "≤ 100",
    );
    Ok(vec![time, weight])
}

/// Models of all states, each with a run; those that run have said something.
pub(super) fn fill(folder: &Folder, models: usize) -> anyhow::Result<()> {
    let hub = BenchHub::open(folder, Durability::Off)?;
    let worker = hub.join("trainer")?;
    for n in 0..models {
        let draft = ExperimentDraft {
            name: format!("of model {n}"),
            template: "trivial".to_owned(),
            time_budget_secs: 3_600.0,
            config: json!({"x": 0.5}).as_object().cloned().unwrap_or_default(),
            tags: [("model".to_owned(), format!("model-{n:04}"))].into(),
            ..ExperimentDraft::default()
        };
        let made = hub.hub.create_experiment(&draft, "bench")?;
        hub.hub.start_experiment(made.experiment.id, 1)?;
    }
    for _ in 0..COMPLETED.min(models) {
        let order = hub.lease(worker)?.context("there is a task")?;
        hub.finish(&order, 1.0)?;
    }
    for _ in 0..RUNNING.min(models.saturating_sub(COMPLETED)) {
        let order = hub.lease(worker)?.context("there is a task")?;
        hub.hub
            .start_run(hub.token, order.run.id, order.lease, "{}".to_owned())?;
        say(&hub, &order)?;
    }
    hub.hub.close();
    Ok(())
}

/// A thousand points of what programs usually say, and how far it is.
fn say(hub: &BenchHub, order: &Order) -> anyhow::Result<()> {
    let points = |least: f64| -> Vec<Point> {
        (0..1_000_u32)
            .map(|step| Point {
                step: step.into(),
                time_millis: hub.hub.now().millis() - 1_000 + i64::from(step),
                value: least + 1.0 / (1.0 + f64::from(step)),
            })
            .collect()
    };
    let names = [
        "train_loss",
        "val_loss",
        "samples_per_second",
        "tokens_per_second",
    ];
    let report = Report {
        metrics: names.map(|name| (name.to_owned(), points(1.0))).to_vec(),
        progress: Some(Levels::from_iter(Level::new(40.0, Some(100.0), "epoch 2"))),
        ..Report::default()
    };
    hub.hub
        .take_report(hub.token, order.run.id, order.lease, report)?;
    Ok(())
}
