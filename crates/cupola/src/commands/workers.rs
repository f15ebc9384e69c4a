//! `cupola worker`: a machine's agent, and what there are of them.

use std::path::PathBuf;

use anyhow::Context as _;
use cupola_client::query::PageFilter;
use cupola_protocol::workers::WorkerBody;
use cupola_worker::{Clock, Settings};

use super::{installing, joining};
use crate::{
    cli::{Worker, WorkerCommand},
    commands,
    connection::client,
    data::DataDir,
    output::{self, Table},
    world::{offset_secs, wall_clock},
};

pub(crate) async fn run(worker: Worker) -> anyhow::Result<()> {
    match worker.command {
        None => joining::join(worker.join).await,
        Some(WorkerCommand::Leave(leave)) => joining::leave(leave).await,
        Some(WorkerCommand::Install(install)) => installing::install(install).await,
        Some(WorkerCommand::Uninstall(place)) => installing::uninstall(&place),
        Some(WorkerCommand::List(read)) => {
            let page = client(&read.connect)?
                .workers(&PageFilter::default())
                .await?;
            if read.json {
                return output::json(&page);
            }
            list(&page.items).print("No workers yet. `cupola token worker` tells how one joins.");
            Ok(())
        }
        Some(WorkerCommand::Desk(command)) => commands::desk::run(command).await,
        Some(WorkerCommand::Show { id: None, here, .. }) => commands::desk::watch(here).await,
        Some(WorkerCommand::Show {
            id: Some(id), read, ..
        }) => {
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

/// Settings for a worker on this machine.
pub(crate) fn settings(
    hub: &str,
    token: &str,
    state: PathBuf,
    slots: u32,
) -> anyhow::Result<Settings> {
    let clock = Clock::new(wall_clock).ahead(offset_secs);
    let mut settings = Settings::new(hub, token, state, clock);
    settings.binary = std::env::current_exe().context("this program does not know where it is")?;
    settings.environment = std::env::vars_os().collect();
    settings.slots = slots;
    settings.probe = Some(cupola_train::probe);
    settings.name = hostname();
    settings.sandbox.private =
        DataDir::find(None).map_or_else(|_| Vec::new(), |data| vec![data.path().to_owned()]);
    Ok(settings)
}

/// What this machine is called.
pub(crate) fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() {
        "worker".to_owned()
    } else {
        name.to_owned()
    }
}

/// `online`, or `paused` where its owner lets it take no work.
fn status(worker: &WorkerBody) -> String {
    match &worker.resting {
        Some(resting) if worker.status != "offline" => format!("paused ({})", resting.why),
        _ => worker.status.clone(),
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
            status(worker),
            format!("{} cores", has.cpu_cores),
            output::gib(has.memory_bytes),
            output::or_dash(Some(&gpus.join(", "))),
            output::or_dash(python.as_deref()),
            has.platform.clone(),
            format!("{}/{}", worker.running, worker.slots),
            worker.last_heartbeat.to_string(),
        ]);
    }
    table
}
