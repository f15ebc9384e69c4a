//! A family of 1,000 trivial tasks, a process each, through one worker with two slots, beside
//! nothing but starting such processes two at a time.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use cupola_client::Client;
use cupola_domain::access::Role;
use serde_json::json;

use super::{Figure, fixture::Folder};
use crate::{
    config::Config,
    serve::{Running, With},
};

const TASKS: u32 = 1_000;
const SLOTS: u32 = 2;

/// How often the count is looked at: the error of the figure.
const LOOK_PERIOD: Duration = Duration::from_millis(20);

pub(super) async fn measure(runs: usize) -> anyhow::Result<Vec<Figure>> {
    let mut rates = Vec::new();
    let mut ceilings = Vec::new();
    for _ in 0..runs {
        ceilings.push(tokio::task::spawn_blocking(spawn_rate).await??);
        rates.push(family_rate().await?);
    }
    let what = format!("{TASKS} trivial tasks through one worker with {SLOTS} slots, tasks/s");
    Ok(vec![
        Figure::new(what, rates, "≥ 100").beside("bare spawns, tasks/s", ceilings),
    ])
}

/// Through everything: API, hub, disk, long poll, worker, process, report.
async fn family_rate() -> anyhow::Result<f64> {
    let folder = Folder::new("dispatch")?;
    let data = folder.path().join("data");
    let config = Config::private(Some(data), vec![folder.with_trivial_template()?], SLOTS);
    let running = Running::start(&config, With::Worker).await?;
    let client = Client::new(&running.url, &running.token_file(Role::Admin)?)?;
    let brief =
        json!({"goal": "measure", "template": "trivial", "num_tasks": TASKS, "time_budget": 5});
    let started = Instant::now();
    let made = client.create_brief(&serde_json::from_value(brief)?).await?;
    let family = made.brief.family.family_id;
    loop {
        let tasks = client.family(&family).await?.family.tasks;
        anyhow::ensure!(tasks.failed == 0, "{} tasks failed", tasks.failed);
        if tasks.completed == u64::from(TASKS) {
            break;
        }
        tokio::time::sleep(LOOK_PERIOD).await;
    }
    let rate = f64::from(TASKS) / started.elapsed().as_secs_f64();
    running.stop().await;
    Ok(rate)
}

/// The same commands without anything around them.
fn spawn_rate() -> anyhow::Result<f64> {
    let started = Instant::now();
    let spawners: Vec<_> = (0..SLOTS)
        .map(|_| {
            thread::spawn(|| -> std::io::Result<()> {
                for _ in 0..TASKS / SLOTS {
                    #[expect(clippy::disallowed_methods, reason = "the baseline is a bare spawn")]
                    let mut command = Command::new("sh");
                    command
                        .args(["-c", "echo '{\"score\": 1}'"])
                        .stdin(Stdio::null());
                    command.stderr(Stdio::null()).output()?;
                }
                Ok(())
            })
        })
        .collect();
    for spawner in spawners {
        spawner
            .join()
            .map_err(|_| anyhow::anyhow!("a spawner panicked"))??;
    }
    Ok(f64::from(TASKS) / started.elapsed().as_secs_f64())
}
