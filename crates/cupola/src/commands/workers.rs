//! `cupola worker`: a machine's agent, and what there are of them.

use std::path::PathBuf;

use anyhow::Context as _;
use cupola_client::{Client, query::PageFilter};
use cupola_protocol::{
    credits::EarnedBody,
    verification::TrustBody,
    work::CapabilitiesBody,
    workers::{WorkerBody, WorkerCardBody, WorkerRunBody},
};
use cupola_worker::{Clock, Settings};

use super::{installing, joining};
use crate::{
    cli::{Worker, WorkerCommand},
    commands::{
        self,
        named::{is_whole_id, only},
    },
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
            let client = client(&read.connect)?;
            let worker = client.worker(&find(&client, &id).await?).await?;
            if read.json {
                return output::json(&worker);
            }
            output::fields(&card(&worker));
            Ok(())
        }
        Some(WorkerCommand::Drain {
            name,
            undo,
            connect,
        }) => drain(&client(&connect)?, &name, undo).await,
        Some(WorkerCommand::Remove { id, connect }) => {
            let client = client(&connect)?;
            client.delete_worker(&find(&client, &id).await?).await?;
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
        n => {
            let runs = output::counted(n.into(), "run");
            format!("worker {name} is draining: it finishes {runs} and is given nothing new")
        }
    });
    Ok(())
}

/// So many workers are asked for at once.
const PER_PAGE: u32 = 1_000;

/// The id of the worker that is meant by its name, its id, or a part of that.
async fn find(client: &Client, named: &str) -> anyhow::Result<String> {
    if is_whole_id(named) {
        return Ok(named.to_owned());
    }
    let mut known = Vec::new();
    for page in 1.. {
        let filter = PageFilter {
            page: Some(page),
            per_page: Some(PER_PAGE),
            ..PageFilter::default()
        };
        let found = client.workers(&filter).await?;
        let is_last = found.items.is_empty();
        known.extend(found.items.into_iter().map(|of| (of.worker_id, of.name)));
        if is_last || known.len() as u64 >= found.total {
            break;
        }
    }
    only(("worker", "worker"), named, &known)
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
    let named = std::env::var_os("CUPOLA_DATA").map(PathBuf::from);
    settings.sandbox.private =
        DataDir::find(named).map_or_else(|_| Vec::new(), |data| vec![data.path().to_owned()]);
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
        _ if worker.ban.is_some() => "banned".to_owned(),
        _ if worker.drain.is_some() => output::or_dash(worker.drain.as_deref()),
        Some(resting) if worker.status != "offline" => format!("paused ({})", resting.why),
        _ => worker.status.clone(),
    }
}

fn gpus(has: &CapabilitiesBody) -> String {
    let gpus: Vec<_> = has.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    output::or_dash(Some(&gpus.join(", ")))
}

fn python(has: &CapabilitiesBody) -> String {
    let python = has.python.as_ref().map(|python| match &python.torch {
        Some(torch) => format!("{} torch {torch}", python.version),
        None => python.version.clone(),
    });
    output::or_dash(python.as_deref())
}

fn list(workers: &[WorkerBody]) -> Table {
    let mut table = Table::new(&[
        "worker",
        "name",
        "owner",
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
        table.row([
            worker.worker_id.clone(),
            worker.name.clone(),
            output::or_dash(Some(&worker.owner)),
            status(worker),
            output::counted(has.cpu_cores.into(), "core"),
            output::gib(has.memory_bytes),
            gpus(has),
            python(has),
            has.platform.clone(),
            format!("{}/{}", worker.running, worker.slots),
            worker.last_heartbeat.to_string(),
        ]);
    }
    table
}

/// All that is known of one worker.
fn card(worker: &WorkerBody) -> Vec<(&'static str, String)> {
    let has = &worker.capabilities;
    let mut fields = vec![
        ("worker", worker.worker_id.clone()),
        ("name", worker.name.clone()),
        ("owner", output::or_dash(Some(&worker.owner))),
        ("token", output::or_dash(Some(&worker.token))),
        ("state", state(worker)),
    ];
    if let Some(why) = &worker.ban {
        fields.push(("banned", why.clone()));
    }
    if let Some(rival) = &worker.rival {
        let (host, at) = (&rival.hostname, rival.at);
        let text = format!("another agent, on {host}, said at {at} that it is this worker");
        fields.push(("copy", text));
    }
    let offers = [
        output::counted(has.cpu_cores.into(), "core"),
        format!("{} RAM", output::gib(has.memory_bytes)),
        format!("{} free disk", output::gib(has.disk_bytes)),
    ];
    fields.extend([
        ("machine", format!("{}, {}", has.hostname, has.platform)),
        ("offers", offers.join(", ")),
        ("gpu", gpus(has)),
        ("python", python(has)),
        ("sandbox", sandbox(has)),
        ("device class", output::or_dash(has.device_class.as_deref())),
        ("agent", worker.version.clone()),
        (
            "slots",
            format!("{} of {} in use", worker.running, worker.slots),
        ),
    ]);
    if let Some(card) = &worker.card {
        fields.extend(doings(card));
    }
    fields.extend([
        ("joined", worker.registered_at.to_string()),
        ("last heard", worker.last_heartbeat.to_string()),
    ]);
    fields
}

/// `online`, with who drains it or why it rests.
fn state(worker: &WorkerBody) -> String {
    let Some(drained) = &worker.drained else {
        return status(worker);
    };
    let by = match drained.by.as_str() {
        "" => "an operator",
        by => by,
    };
    format!(
        "{}, {} by {by} at {}",
        worker.status,
        status(worker),
        drained.at
    )
}

fn sandbox(has: &CapabilitiesBody) -> String {
    let kept = has.confinement.as_ref().map(|kept| {
        let network = if kept.network {
            "network when asked for"
        } else {
            "no network"
        };
        format!("{}, {network}", kept.level)
    });
    output::or_dash(kept.as_deref())
}

fn doings(card: &WorkerCardBody) -> Vec<(&'static str, String)> {
    let run = |run: &WorkerRunBody| {
        let reason = match run.reason.as_str() {
            "" => String::new(),
            reason => format!(": {reason}"),
        };
        format!(
            "{} of {}, {}{reason}",
            run.run_id, run.experiment, run.state
        )
    };
    let current: Vec<_> = card.current.iter().map(run).collect();
    let earned = |of: &EarnedBody| output::credits(&of.amount);
    let earnings = &card.earnings;
    let mut fields = vec![
        ("runs now", output::or_dash(Some(&current.join("\n")))),
        (
            "last run",
            output::or_dash(card.last.as_ref().map(run).as_deref()),
        ),
        (
            "earned",
            format!(
                "{} credits, {} of them today, {} in 7 days",
                earned(&earnings.total),
                earned(&earnings.today),
                earned(&earnings.week)
            ),
        ),
    ];
    let trust = match &card.standing {
        None => "one of the hub's own, or nothing is known of its owner".to_owned(),
        Some(of) => {
            let class = |class: &TrustBody| {
                let checks = output::counted(class.passed.into(), "check");
                format!("{} ({checks} passed, class {})", class.status, class.class)
            };
            let mut words: Vec<_> = of.classes.iter().map(class).collect();
            if of.frauds + of.faults > 0 {
                words.push(format!("{} made up, {} faults", of.frauds, of.faults));
            }
            match words.as_slice() {
                [] => "nothing was checked yet".to_owned(),
                words => words.join("; "),
            }
        }
    };
    fields.push(("trust", trust));
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn worker(card: serde_json::Value) -> WorkerBody {
        let mut body = json!({
            "worker_id": "w1", "name": "attic", "status": "online", "owner": "ann", "token": "worker attic",
            "capabilities": {
                "hostname": "box", "platform": "linux-x86_64", "cpu_model": "", "cpu_cores": 1,
                "memory_bytes": 1 << 30, "disk_bytes": 0, "gpus": [], "python": null, "device_class": "00aa",
            },
            "slots": 2, "running": 1, "version": "0.1.0",
            "registered_at": "2026-11-22T10:00:00Z", "last_heartbeat": "2026-11-22T10:01:00Z",
        });
        for (key, value) in card.as_object().unwrap() {
            body[key] = value.clone();
        }
        serde_json::from_value(body).unwrap()
    }

    fn shown(worker: &WorkerBody, name: &str) -> String {
        let fields = card(worker).into_iter();
        let found = fields.filter(|(field, _)| *field == name);
        found.map(|(_, value)| value).collect()
    }

    #[test]
    fn a_card_says_whose_a_worker_is_and_how_it_is() {
        let of = worker(json!({}));
        assert_eq!(shown(&of, "owner"), "ann");
        assert_eq!(shown(&of, "token"), "worker attic");
        assert_eq!(shown(&of, "state"), "online");
        assert_eq!(shown(&of, "device class"), "00aa");
        assert_eq!(shown(&of, "slots"), "1 of 2 in use");
        assert_eq!(
            shown(&of, "offers"),
            "1 core, 1.0 GiB RAM, 0.0 GiB free disk"
        );
        let drained =
            json!({"drain": "draining", "drained": {"by": "root", "at": "2026-11-22T10:00:00Z"}});
        let state = shown(&worker(drained), "state");
        assert!(
            state.starts_with("online, draining by root at 2026-11-22T10:00:00"),
            "{state}"
        );
        let banned = worker(json!({"ban": "made-up results"}));
        assert_eq!(shown(&banned, "state"), "banned");
        assert_eq!(shown(&banned, "banned"), "made-up results");
    }

    #[test]
    fn a_card_says_what_it_does_earned_and_is_trusted_with() {
        let run = |state: &str, reason: &str| {
            json!({
                "run_id": "r1", "task_id": "t1", "experiment": "campaign-1", "state": state, "reason": reason,
                "started_at": null, "finished_at": null,
            })
        };
        let amount = |amount: &str| json!({"name": "", "runs": 3, "amount": amount});
        let of = worker(json!({"card": {
            "current": [run("running", "")], "last": run("failed", "exit code 1"),
            "earnings": {"total": amount("12.500000"), "today": amount("0.000000"), "week": amount("2.000000")},
            "standing": {
                "owner": "ann", "frauds": 0, "faults": 2, "ban": null, "note": "", "by": "", "banned_at": null,
                "classes": [{"class": "00aa", "passed": 1, "status": "probation"}],
            },
        }}));
        assert_eq!(shown(&of, "runs now"), "r1 of campaign-1, running");
        assert_eq!(
            shown(&of, "last run"),
            "r1 of campaign-1, failed: exit code 1"
        );
        assert_eq!(
            shown(&of, "earned"),
            "12.5 credits, 0 of them today, 2 in 7 days"
        );
        let trust = "probation (1 check passed, class 00aa); 0 made up, 2 faults";
        assert_eq!(shown(&of, "trust"), trust);
    }
}
