//! Questions about a family with many runs, without a language model, and calls of tools by MCP.

use std::time::Instant;

use anyhow::Context as _;
use cupola_store::Durability;
use serde_json::{Value, json};

use super::{
    Figure,
    fixture::{BenchHub, Folder},
    server::{SECRET, Server},
};

/// Runs of the family, unless another number is given.
pub(super) const RUNS: u32 = 10_000;

/// Times that each question is asked and each tool is called.
const REQUESTS: usize = 40;

const ASK: &str = "/api/v1/assistant/ask";

/// Questions, each with a hole for the name of the family.
const QUESTIONS: &[&str] = &[
    "best of {}",
    "what is running in {}?",
    "which parameter matters in {}?",
    "describe {}",
    "how much has {} cost?",
    "what changed since yesterday?",
    "why is {} waiting?",
    "what is running?",
    "report on {}",
];

pub(super) async fn measure(count: u32, runs: usize) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("assistant")?;
    let name = tokio::task::block_in_place(|| fill(&folder, count))?;
    let server = Server::start(&folder).await?;
    let questions = QUESTIONS.iter().map(|question| Call {
        what: (*question).to_owned(),
        path: ASK,
        body: json!({"question": question.replace("{}", &name)}),
        field: "answer",
    });
    let mut figures = Vec::new();
    for (what, calls, target) in [
        ("an answer without a model", questions.collect(), "≤ 200"),
        ("a call of a tool by MCP", calls(&name), "≤ 50"),
    ] {
        let mut all = vec![(Vec::new(), Vec::new()); calls.len() + 1];
        for _ in 0..runs {
            for (kept, millis) in all.iter_mut().zip(once(&server, &calls).await?) {
                kept.0.push(millis[millis.len() / 2]);
                kept.1.push(millis[millis.len() * 99 / 100]);
            }
        }
        let names = calls.into_iter().map(|call| call.what);
        let names = std::iter::once(format!("{what}, {count} runs")).chain(names);
        for (name, (medians, tails)) in names.zip(all) {
            figures.push(Figure::new(format!("{name}: p50 ms"), medians, "–"));
            figures.push(Figure::new(format!("{name}: p99 ms"), tails, target));
        }
    }
    Ok(figures)
}

/// A request, and what stands in its answer where it is one.
struct Call {
    what: String,
    path: &'static str,
    body: Value,
    field: &'static str,
}

/// What all calls took in turn: all together, then each; in order of size.
async fn once(server: &Server, calls: &[Call]) -> anyhow::Result<Vec<Vec<f64>>> {
    let mut millis = vec![Vec::new(); calls.len() + 1];
    for _ in 0..REQUESTS {
        for (call, of_it) in calls.iter().zip(1..) {
            let request = server.http.post(format!("{}{}", server.url, call.path));
            let request = request
                .bearer_auth(SECRET)
                .header("accept", "application/json, text/event-stream")
                .json(&call.body);
            let started = Instant::now();
            let answer: Value = request.send().await?.error_for_status()?.json().await?;
            let took = started.elapsed().as_secs_f64() * 1000.0;
            millis[0].push(took);
            millis[of_it].push(took);
            let found = &answer[call.field];
            let is_answer = !found.is_null() && found["isError"] != true;
            anyhow::ensure!(is_answer, "{} is answered by {answer}", call.body);
        }
    }
    for each in &mut millis {
        each.sort_by(f64::total_cmp);
    }
    Ok(millis)
}

/// What an assistant asks most, each as one message.
fn calls(name: &str) -> Vec<Call> {
    let call = |tool: &str, arguments: Value| {
        let params = json!({"name": tool, "arguments": arguments});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        Call {
            what: tool.to_owned(),
            path: "/mcp",
            body,
            field: "result",
        }
    };
    vec![
        call("overview", json!({})),
        call("list_experiments", json!({})),
        call("get_experiment", json!({"id": name})),
        call("list_runs", json!({"experiment_id": name, "limit": 50})),
        call(
            "list_runs",
            json!({"experiment_id": name, "filter": "params.x > 0.99"}),
        ),
        call("summarize_experiment", json!({"id": name})),
        call("parameter_importance", json!({"id": name})),
        call("get_costs", json!({})),
        call("list_workers", json!({})),
        call("write_report", json!({"id": name})),
    ]
}

/// A family whose runs have all completed; says its name.
fn fill(folder: &Folder, count: u32) -> anyhow::Result<String> {
    std::fs::create_dir_all(folder.path())?;
    let bench = BenchHub::open(folder, Durability::Off)?;
    let family = bench.submit(count)?;
    let worker = bench.join("filler")?;
    for n in 0..count {
        let order = bench.lease(worker)?.context("there is no work")?;
        bench.finish(&order, f64::from(n * 7919 % 9973))?;
    }
    let name = bench.hub.experiment_detail(family)?.experiment.name;
    bench.hub.close();
    Ok(name)
}
