//! `cupola demo`: the main job end to end on this machine, with results as they come.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use cupola_client::{Client, query::TaskFilter};
use cupola_domain::access::Role;
use cupola_protocol::{
    briefs::{BriefDetail, NewBrief},
    families::RankedBody,
    tasks::TaskBody,
};
use serde_json::{Map, Number, Value, json};

use crate::{
    cli::Demo,
    commands::tasks::status,
    config::Config,
    data::{DataDir, read_secret},
    output,
    serve::{Running, With, stop_signal},
};

const LOOK_PERIOD: Duration = Duration::from_millis(250);
const BAR_CHARS: usize = 30;

/// Uses the hub that runs here, or one of its own for as long as the demonstration takes.
pub(crate) async fn run(demo: Demo) -> anyhow::Result<ExitCode> {
    let data = DataDir::find(demo.data.clone())?;
    if let Some(client) = client_of_running(&data).await {
        return show(&demo, &client).await;
    }
    let stop = stop_signal()?;
    let config = Config::private(demo.data.clone(), Vec::new(), demo.slots);
    let running = Running::start(&config, With::Worker).await?;
    let client = Client::new(&running.address, &running.token_file(Role::Admin)?)?;
    let login = running.hub.create_admin_login_code()?;
    say(
        &demo,
        &format!(
            "Watch it at {}/login?code={}",
            running.url,
            login.unwrap_or_default()
        ),
    );
    let ended = tokio::select! {
        ended = show(&demo, &client) => ended,
        () = stop => Err(anyhow::anyhow!("stopped")),
    };
    running.stop().await;
    ended
}

async fn client_of_running(data: &DataDir) -> Option<Client> {
    let hub = data.running_hub()?;
    let client = Client::new(&hub.url, &read_secret(&data.command_line_token())?).ok()?;
    client.whoami().await.is_ok().then_some(client)
}

async fn show(demo: &Demo, client: &Client) -> anyhow::Result<ExitCode> {
    let brief = client.create_brief(&brief_of(demo)?).await?;
    let metric = brief.brief.family.metric_name.clone();
    say(
        demo,
        &format!("Brief {}: {}", brief.brief.brief_id, brief.brief.goal),
    );
    say(
        demo,
        &format!(
            "{} tasks of {} s each, one after the other per slot.",
            demo.tasks, demo.time_budget
        ),
    );
    say(demo, "");
    heading(demo, &metric);
    let detail = watch(demo, client, &brief).await?;
    let tasks = &detail.brief.family.tasks;
    if demo.json {
        output::line(&last_line(&detail).to_string());
    } else {
        conclude(&detail, &metric);
    }
    Ok(if tasks.completed == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn brief_of(demo: &Demo) -> anyhow::Result<NewBrief> {
    Ok(NewBrief {
        title: "Demonstration".to_owned(),
        goal: format!(
            "Find the character model with the fewest bits per byte after {} s on this machine",
            demo.time_budget
        ),
        constraints: String::new(),
        template: "char-lm".to_owned(),
        budget_credits: None,
        hardware: "small".to_owned(),
        device_class: String::new(),
        num_tasks: demo.tasks.into(),
        time_budget: Number::from_f64(demo.time_budget)
            .context("`--time-budget` must be a number")?,
        sampler: "random".to_owned(),
        study_seed: 0.into(),
        priority: 0.into(),
        space: Map::new(),
    })
}

/// Prints each task as it ends, until all have.
async fn watch(demo: &Demo, client: &Client, brief: &BriefDetail) -> anyhow::Result<BriefDetail> {
    let started = Instant::now();
    let mut printed = 0;
    loop {
        let ended = ended_tasks(client, &brief.brief.family.family_id).await?;
        for task in ended.iter().skip(printed) {
            row(demo, task);
        }
        printed = printed.max(ended.len());
        let detail = client.brief(&brief.brief.brief_id).await?;
        let tasks = &detail.brief.family.tasks;
        let done = tasks.completed + tasks.failed + tasks.cancelled;
        bar(demo, done, tasks.total, started.elapsed());
        if done == tasks.total
            && printed as u64 >= done.min(u64::from(cupola_protocol::page::PER_PAGE_MAX))
        {
            clear_bar(demo);
            return Ok(detail);
        }
        tokio::time::sleep(LOOK_PERIOD).await;
    }
}

/// The tasks that have ended, in the order in which they did.
async fn ended_tasks(client: &Client, family: &str) -> anyhow::Result<Vec<TaskBody>> {
    let filter = TaskFilter {
        family_id: Some(family.to_owned()),
        sort: Some("finished".to_owned()),
        per_page: Some(cupola_protocol::page::PER_PAGE_MAX),
        ..TaskFilter::default()
    };
    let mut tasks = client.tasks(&filter).await?.items;
    tasks.retain(|task| task.completed_at.is_some());
    Ok(tasks)
}

fn heading(demo: &Demo, metric: &str) {
    say(
        demo,
        &format!(
            "{:>4}  {:>4}  {:>9}  {:<24}  {}",
            "TASK", "SEED", metric, "STATUS", "CONFIG"
        ),
    );
}

fn row(demo: &Demo, task: &TaskBody) {
    clear_bar(demo);
    let seed = task.seeds.first().copied().unwrap_or_default();
    let value = output::number(task.value.map(|value| value.0));
    let status = status(&task.status, &task.reason);
    let config = config_text(&task.config);
    let text = format!(
        "{:>4}  {seed:>4}  {value:>9}  {status:<24}  {config}",
        task.number + 1
    );
    say(demo, &output::clean(&text));
}

/// `lr 0.0012 · cosine · …`: the values alone where their field is plain.
fn config_text(config: &Map<String, Value>) -> String {
    let one = |(name, value): (&String, &Value)| match value {
        Value::String(text) => text.clone(),
        value => format!("{name} {value}"),
    };
    config.iter().map(one).collect::<Vec<_>>().join(" · ")
}

fn bar(demo: &Demo, done: u64, total: u64, elapsed: Duration) {
    if demo.json || !std::io::stdout().is_terminal() {
        return;
    }
    let filled = usize::try_from(done.saturating_mul(BAR_CHARS as u64) / total.max(1)).unwrap_or(0);
    let bar = "█".repeat(filled) + &"░".repeat(BAR_CHARS - filled.min(BAR_CHARS));
    let mut stdout = std::io::stdout().lock();
    let _ = write!(stdout, "\r{bar} {done}/{total}  {} s ", elapsed.as_secs());
    let _ = stdout.flush();
}

fn clear_bar(demo: &Demo) {
    if !demo.json && std::io::stdout().is_terminal() {
        let mut stdout = std::io::stdout().lock();
        let _ = write!(stdout, "\r\x1b[2K");
    }
}

/// Explanations go to stderr when stdout is for a program.
fn say(demo: &Demo, text: &str) {
    if demo.json {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    } else {
        output::line(text);
    }
}

fn conclude(detail: &BriefDetail, metric: &str) {
    output::line("");
    let summary = &detail.summary;
    match &summary.best {
        Some(best) => {
            let mean = output::number(summary.mean);
            let deviation = output::number(summary.std);
            output::line(&format!(
                "Winner: {metric} {} by task {}",
                output::number(Some(best.metric_value)),
                best.task_id
            ));
            output::line(&format!(
                "        {}",
                output::clean(&config_text(&best.config))
            ));
            output::line(&format!(
                "Mean:   {mean} ± {deviation} over {} tasks",
                summary.counted
            ));
        }
        None => output::line("No task ended with a result; `cupola task list` says why."),
    }
}

/// What a program reads.
fn last_line(detail: &BriefDetail) -> Value {
    let tasks = &detail.brief.family.tasks;
    let best = |best: &RankedBody| {
        json!({
            "task_id": best.task_id,
            "val_bpb": best.metric_value,
            "config": best.config,
        })
    };
    json!({
        "tasks_total": tasks.total,
        "tasks_completed": tasks.completed,
        "best": detail.summary.best.as_ref().map(best),
    })
}
