//! `cupola worker`: a machine's agent, and what there are of them.

use std::path::PathBuf;

use anyhow::Context as _;
use cupola_client::query::PageFilter;
use cupola_domain::resources::GIB;
use cupola_protocol::workers::WorkerBody;
use cupola_worker::{Clock, Settings};

use crate::{
    cli::{Join, Worker, WorkerCommand},
    connection::client,
    data::DataDir,
    output::{self, Table},
    serve::stop_signal,
    world::wall_clock,
};

pub(crate) async fn run(worker: Worker) -> anyhow::Result<()> {
    match worker.command {
        None => join(worker.join).await,
        Some(WorkerCommand::List(read)) => {
            let page = client(&read.connect)?
                .workers(&PageFilter::default())
                .await?;
            if read.json {
                return output::json(&page);
            }
            list(&page.items).print(
                "No workers yet. `cupola token create NAME --role worker` tells how one joins.",
            );
            Ok(())
        }
        Some(WorkerCommand::Show { id, read }) => {
            let worker = client(&read.connect)?.worker(&id).await?;
            if read.json {
                return output::json(&worker);
            }
            list(&[worker]).print("");
            Ok(())
        }
        Some(WorkerCommand::Remove { id, connect }) => {
            client(&connect)?.delete_worker(&id).await?;
            output::line(&format!("removed worker {id}; its runs wait for another"));
            Ok(())
        }
    }
}

async fn join(join: Join) -> anyhow::Result<()> {
    let hub = join.hub.context("name the hub with `--hub URL`")?;
    let token = join
        .token
        .context("give a worker's token with `--token` or CUPOLA_TOKEN")?;
    let state = match join.state {
        Some(state) => state,
        None => DataDir::find(None)?.path().join("joined"),
    };
    let mut settings = settings(&hub, &token, state, join.slots)?;
    settings.python = join.python;
    if let Some(name) = join.name {
        settings.name = name;
    }
    output::note(&format!(
        "{} works for {hub}; Ctrl-C says goodbye",
        settings.name
    ));
    Ok(cupola_worker::run(settings, stop_signal()?).await?)
}

/// Settings for a worker on this machine.
pub(crate) fn settings(
    hub: &str,
    token: &str,
    state: PathBuf,
    slots: u32,
) -> anyhow::Result<Settings> {
    let mut settings = Settings::new(hub, token, state, Clock::new(wall_clock));
    settings.binary = std::env::current_exe().context("this program does not know where it is")?;
    settings.environment = std::env::vars_os().collect();
    settings.slots = slots;
    settings.name = hostname();
    Ok(settings)
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "worker".to_owned()
    } else {
        name.to_owned()
    }
}

fn list(workers: &[WorkerBody]) -> Table {
    let mut table = Table::new(&[
        "worker",
        "name",
        "status",
        "cpu",
        "ram",
        "gpu",
        "python",
        "platform",
        "runs",
        "heartbeat",
    ]);
    for worker in workers {
        let has = &worker.capabilities;
        let gpus: Vec<_> = has.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
        let python = has.python.as_ref().map(|python| match &python.torch {
            Some(torch) => format!("{} torch {torch}", python.version),
            None => python.version.clone(),
        });
        table.row([
            worker.worker_id.clone(),
            worker.name.clone(),
            worker.status.clone(),
            format!("{} cores", has.cpu_cores),
            gib(has.memory_bytes),
            output::or_dash(Some(&gpus.join(", "))),
            output::or_dash(python.as_deref()),
            has.platform.clone(),
            format!("{}/{}", worker.running, worker.slots),
            worker.last_heartbeat.to_string(),
        ]);
    }
    table
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn gib(bytes: u64) -> String {
    format!("{:.1} GB", bytes as f64 / GIB as f64)
}
