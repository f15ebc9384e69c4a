//! `cupola worker`: a machine's agent, and what there are of them.

use std::path::PathBuf;

use anyhow::Context as _;
use cupola_client::{Client, query::PageFilter};
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
        Some(WorkerCommand::Drain {
            name,
            undo,
            connect,
        }) => drain(&client(&connect)?, &name, undo).await,
        Some(WorkerCommand::Remove { id, connect }) => {
            client(&connect)?.delete_worker(&id).await?;
            output::line(&format!("removed worker {id}; its runs wait for another"));
            Ok(())
        }
    }
}

async fn drain(client: &Client, name: &str, undo: bool) -> anyhow::Result<()> {
    let id = find(client, name).await?;
    if undo {
        client.undrain_worker(&id).await?;
        output::line(&format!("worker {name} is given work again"));
        return Ok(());
    }
    let worker = client.drain_worker(&id).await?;
    output::line(&match worker.running {
        0 => format!("worker {name} is drained: it has nothing and is given nothing new"),
        1 => format!("worker {name} is draining: it finishes 1 run and is given nothing new"),
        n => format!("worker {name} is draining: it finishes {n} runs and is given nothing new"),
    });
    Ok(())
}

/// The id of the worker with this name or id.
async fn find(client: &Client, name: &str) -> anyhow::Result<String> {
    let page = client.workers(&PageFilter::default()).await?;
    let is_it = |worker: &&WorkerBody| worker.name == name || worker.worker_id == name;
    let found: Vec<_> = page.items.iter().filter(is_it).collect();
    match found.as_slice() {
        [one] => Ok(one.worker_id.clone()),
        // It may stand on a later page; the hub says so where there is none.
        [] => Ok(name.to_owned()),
        several => {
            let ids: Vec<_> = several.iter().map(|one| one.worker_id.as_str()).collect();
            let ids = ids.join(", ");
            anyhow::bail!("several workers are called `{name}`; say which of {ids}")
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
        _ if worker.drain.is_some() => output::or_dash(worker.drain.as_deref()),
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
