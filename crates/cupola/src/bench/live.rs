//! From a line that a program writes, and a point that it reports, to their text in a browser's
//! page, while so many other pages show the same run. The program writes the time into each line;
//! the browser, on the same clock, notes when the line is in its document.

use std::time::Duration;

use anyhow::Context as _;
use cupola_client::Client;
use serde_json::{Value, json};

use super::{
    Figure,
    chromium::Chromium,
    fixture::Folder,
    server::{SECRET, Server},
    tabs,
};

/// Pages beside the browser's.
const TABS: usize = 99;

/// Lines of one run of the measurement; a line each tenth of a second.
const LINES: usize = 300;

/// Writes a line and a point each tenth of a second, with the time in both.
const PROGRAM: &str = r#"
n=0
while [ $n -lt 100000 ]; do
  now=$(date +%s%3N)
  echo "told $now"
  echo "{\"type\":\"metrics\",\"step\":$n,\"values\":{\"score\":$now}}" >/proc/self/fd/$CUPOLA_EVENTS_FD
  n=$((n + 1))
  sleep 0.1
done
"#;

/// Notes how long after it was written each line is in the document, and each point in the text
/// beside the curve, which says how many there are.
const WATCH: &str = r#"
window.lines = [];
const look = (node) => {
  for (const [, told] of (node.textContent ?? "").matchAll(/told (\d{13})/g)) {
    window.lines.push(Date.now() - Number(told));
  }
};
new MutationObserver((changes) => {
  for (const change of changes) change.addedNodes.forEach(look);
}).observe(document.body, { childList: true, subtree: true });
"#;

pub(super) async fn measure(runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("live")?;
    let templates = template(&folder)?;
    let up = ["up", "--slots", "1", "--templates", &templates];
    let server = Server::start_as(&folder, &up).await?;
    let run = start(&server).await?;
    let path = format!("/runs/{run}");
    let browser = Chromium::start(&folder).await?;
    log_in(&browser, &server).await?;
    let mut figures = Vec::new();
    for tabs in [0, TABS] {
        let _open = match tabs {
            0 => None,
            some => Some(tabs::open(&server, &path, some).await?),
        };
        let (mut p50s, mut p99s) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let mut millis = latencies(&browser, &format!("{}{path}", server.url)).await?;
            millis.sort_by(f64::total_cmp);
            p50s.push(millis[millis.len() / 2]);
            p99s.push(millis[millis.len() * 99 / 100]);
        }
        let open = tabs + 1;
        let what = |percent| format!("line to text in a page, {open} open, {percent} ms");
        figures.push(Figure::new(what("p50"), p50s, "–"));
        figures.push(Figure::new(what("p99"), p99s, "≤ 200"));
    }
    Ok(figures)
}

fn template(folder: &Folder) -> anyhow::Result<String> {
    let place = folder.path().join("templates").join("teller");
    std::fs::create_dir_all(&place)?;
    let manifest = r#"
        name = "teller"
        command = ["sh", "{code}/tell.sh"]
        files = ["tell.sh"]
        objective = { metric = "score", direction = "minimize" }
        space = { x = "uniform(0, 1)" }
    "#;
    std::fs::write(place.join("template.toml"), manifest)?;
    std::fs::write(place.join("tell.sh"), PROGRAM)?;
    Ok(folder.path().join("templates").display().to_string())
}

/// A run that goes on for as long as is measured.
async fn start(server: &Server) -> anyhow::Result<String> {
    let client = Client::new(&server.url, SECRET)?;
    let brief =
        json!({"goal": "measure", "template": "teller", "num_tasks": 1, "time_budget": 3600});
    let made = client.create_brief(&serde_json::from_value(brief)?).await?;
    let filter = cupola_client::query::TaskFilter {
        family_id: Some(made.brief.family.family_id),
        status: Some("running".to_owned()),
        ..Default::default()
    };
    for _ in 0..600 {
        if let Some(task) = client.tasks(&filter).await?.items.first() {
            return Ok(task.run_id.clone());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the program did not start")
}

pub(super) async fn log_in(browser: &Chromium, server: &Server) -> anyhow::Result<()> {
    browser.goto(&format!("{}/login", server.url)).await?;
    let script = format!(
        "document.querySelector('input[name=token]').value = '{SECRET}'; \
         document.querySelector('form.form').requestSubmit();"
    );
    browser.execute(&script).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

/// Of the lines that came while the page was open.
async fn latencies(browser: &Chromium, page: &str) -> anyhow::Result<Vec<f64>> {
    browser.goto(page).await?;
    browser.execute(WATCH).await?;
    for _ in 0..LINES * 4 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let lines = browser.execute("return window.lines").await?;
        let lines = lines.as_array().context("the page counts its lines")?;
        if lines.len() >= LINES {
            return Ok(lines.iter().filter_map(Value::as_f64).collect());
        }
    }
    anyhow::bail!("the lines did not arrive in the page")
}
