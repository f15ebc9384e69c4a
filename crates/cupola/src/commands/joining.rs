//! `cupola worker` and `cupola worker leave`: a machine joins a hub, works for it, and leaves it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use cupola_client::{Address, Client, Error};
use cupola_hub::enrolments::own_token;
use cupola_protocol::{
    WORKER_PROTOCOL,
    desk::LimitsBody,
    joining::{Enrol, JoinCode, Leave as Leaving},
};
use cupola_worker::{Desk, Mode};
use cupola_workspace::services::programs_at;

use super::{
    desk::changed,
    workers::{hostname, settings},
};
use crate::{
    cli::{Join, Leave, LimitFlags},
    data::DataDir,
    desk::{self, Place},
    exit::NoMember,
    membership::Membership,
    output,
    policy::Policy,
    serve::stop_signal,
    world::System,
};

/// How often a worker that finishes what it has is asked how far that is.
const FINISHING_PERIOD: Duration = Duration::from_secs(2);

/// Hubs take no longer name of somebody who joins.
const NAME_CHARS_MAX: usize = 100;

/// How long an agent has to end that was turned away.
const ENDING_WAIT: Duration = Duration::from_secs(30);

/// How often is looked whether it has.
const ENDING_PERIOD: Duration = Duration::from_millis(200);

/// Works for a hub until it is told to stop.
pub(crate) async fn join(join: Join) -> anyhow::Result<()> {
    let state = state(join.state)?;
    // What cannot be meant is said before a code is used for it.
    check_limits(&state, &join.limits)?;
    let kept = || cupola_worker::kept_name(&state);
    let name = join.name.clone().or_else(kept).unwrap_or_else(hostname);
    check_name(&name)?;
    let (hub, token, key) = match (join.code, join.hub) {
        (Some(code), _) => of_member(enter(&state, &code, &name).await?).await?,
        (None, Some(hub)) => {
            let token = join.token.context(
                "give a worker's token with `--token` or CUPOLA_TOKEN, or join by a code with `--join`",
            )?;
            (hub, token, join.hub_key)
        }
        (None, None) => {
            let member = Membership::read(&state)?.filter(|member| member.is_confirmed);
            let member = member.ok_or_else(|| {
                let shown = state.display();
                NoMember(format!(
                    "`{shown}` has joined no hub: give a code with `--join`, which `cupola token worker` prints \
                     on the hub, or name a hub with `--hub`"
                ))
            })?;
            of_member(member).await?
        }
    };
    if join.name.is_some() {
        cupola_worker::keep_name(&state, &name)?;
    }
    let policy = Policy {
        sandbox: join.sandbox,
        network: join.network,
        run: join.run,
        read: join.read,
    };
    let policy = policy.over_kept(&state)?;
    let mut settings = settings(&hub, &token, state, 1)?;
    settings.python = join.python;
    settings.name = name;
    keep_limits(&settings.desk, &join.limits, join.slots)?;
    let client = Client::new(&hub, "")?;
    let address = client.address();
    settings.sandbox.mode = policy.sandbox.unwrap_or_else(|| sandbox_for(address));
    settings.sandbox.network = policy.network;
    settings.sandbox.read = policy.read;
    settings.admits = policy.run.unwrap_or_default();
    settings.hub_key = key;
    // What is read of this process by others is its token.
    cupola_process::hide_from_others();
    if !address.is_encrypted() && address.loopback().is_empty() {
        output::note(&format!(
            "nothing is encrypted on the way to {hub}: whoever listens there has this worker's token; start \
             the hub with `--tls`"
        ));
    }
    output::note(&format!(
        "{} works for {}; Ctrl-C says goodbye",
        settings.name,
        client.base_url()
    ));
    let greet = |place: &Place| output::note(&format!("  its desk  {}", place.page()));
    desk::work(settings, stop_signal()?, greet).await
}

fn check_name(name: &str) -> anyhow::Result<()> {
    let length = name.chars().count();
    anyhow::ensure!(
        length <= NAME_CHARS_MAX,
        "`--name` has {length} characters; give at most {NAME_CHARS_MAX}"
    );
    Ok(())
}

/// Writes the limits that were said now among the settings.
fn keep_limits(desk: &Desk, asked: &LimitFlags, slots: Option<u32>) -> anyhow::Result<()> {
    let before = desk.status().settings;
    let mut wanted = changed(before.clone(), asked);
    wanted.slots = slots.unwrap_or(wanted.slots);
    if wanted == before {
        return Ok(());
    }
    desk.change(wanted).context("the limits were not taken")?;
    Ok(())
}

/// Says what of the limits cannot be meant, or is more than this machine has.
fn check_limits(state: &Path, asked: &LimitFlags) -> anyhow::Result<()> {
    let wanted = changed(LimitsBody::default(), asked);
    if wanted == LimitsBody::default() {
        return Ok(());
    }
    let errors = cupola_worker::check_limits(&wanted, state);
    let words: Vec<_> = errors.iter().map(ToString::to_string).collect();
    anyhow::ensure!(words.is_empty(), "{}", words.join("; "));
    Ok(())
}

/// Leaves the hub for good: it is told, and nothing of it is kept.
pub(crate) async fn leave(leave: Leave) -> anyhow::Result<()> {
    let state = state(leave.state)?;
    let member = Membership::read(&state)?;
    let (hub, token) = match (member, leave.hub, leave.token) {
        (Some(member), ..) => {
            let (hub, token, _) = of_member(member).await?;
            (hub, token)
        }
        (None, Some(hub), Some(token)) => (hub, token),
        _ => bail!(
            "`{}` has joined no hub by a code; name the worker's folder with `--state`, or the hub and the \
             worker's token with `--hub` and `--token`",
            state.display()
        ),
    };
    let client = Client::new(&hub, &token)?;
    let id = cupola_worker::worker_id(&state);
    if let Some(id) = &id {
        cupola_worker::note_leaving(&state)?;
        let told = say_goodbye(&client, id, leave.finish).await;
        match told {
            Err(error) if leave.force => {
                output::note(&format!("the hub was not told: {error}"));
            }
            told => {
                if told.is_err() {
                    cupola_worker::note_staying(&state)?;
                }
                told.context("still a member; `--force` forgets the hub all the same")?;
            }
        }
    }
    forget_when_ended(&state).await?;
    Membership::forget(&state)?;
    let hub = client.base_url();
    output::line(&match id {
        Some(_) => {
            format!("left {hub}: the token opens nothing any more, and nothing of the hub is kept")
        }
        // It never worked there, and the hub does not know it as a worker.
        None => format!(
            "nothing of {hub} is kept; it never worked there, so an operator has to revoke its token \
             (`cupola token list`, `cupola token revoke`)"
        ),
    });
    Ok(())
}

/// Tells the hub, and waits until it lets the worker go.
async fn say_goodbye(client: &Client, id: &str, finish: bool) -> Result<(), Error> {
    let mut running_before = 0;
    loop {
        match client.leave(id, &Leaving { finish }).await {
            Ok(left) if left.running == 0 => return Ok(()),
            Ok(left) => {
                if left.running != running_before {
                    output::note(&format!("{} still to finish …", left.running));
                }
                running_before = left.running;
                tokio::time::sleep(FINISHING_PERIOD).await;
            }
            // It was let go before: the answer was lost, or somebody removed it.
            Err(error) if error.is_final() && matches!(error.status(), Some(401 | 403 | 404)) => {
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
}

/// An agent that runs in the folder is turned away by the hub; what it keeps there is forgotten after it.
async fn forget_when_ended(state: &Path) -> anyhow::Result<()> {
    let waited = tokio::time::Instant::now();
    loop {
        match cupola_worker::forget(state) {
            Ok(()) => return Ok(()),
            Err(_) if waited.elapsed() < ENDING_WAIT => {
                tokio::time::sleep(ENDING_PERIOD).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Address, token and key of the hub that a worker is a member of. Of several addresses the first that
/// answers.
async fn of_member(member: Membership) -> anyhow::Result<(String, String, Option<String>)> {
    let mut hub = member
        .hubs
        .first()
        .context("no address of the hub is kept")?;
    if member.hubs.len() > 1 {
        for each in &member.hubs {
            if Client::new(each, "")?.version().await.is_ok() {
                hub = each;
                break;
            }
        }
    }
    Ok((hub.clone(), member.token, Some(member.key)))
}

/// Comes in by a join code, unless this folder is a member of that hub already.
pub(super) async fn enter(state: &Path, code: &str, name: &str) -> anyhow::Result<Membership> {
    let code: JoinCode = if code == "-" {
        // Whoever else is on this machine reads command lines.
        std::io::read_to_string(std::io::stdin())?.parse()
    } else {
        code.parse()
    }
    .map_err(anyhow::Error::msg)?;
    let before = Membership::read(state)?;
    if let Some(before) = before.as_ref().filter(|before| before.key != code.key) {
        bail!(
            "`{}` belongs to a worker of another hub ({}): leave that with `cupola worker leave`, or give this \
             one another folder with `--state`",
            state.display(),
            before.hubs.first().map_or("?", String::as_str)
        );
    }
    let mut member = match before {
        Some(mut before) if before.is_confirmed => {
            // It may have moved, or have another certificate: the code knows better than what is kept.
            before.prefer(&code.hubs);
            before.write(state)?;
            if !is_shut_out(&before).await {
                return Ok(before);
            }
            // Who was removed, or whose token was revoked, comes in as somebody new.
            cupola_worker::forget(state)?;
            fresh(&code)
        }
        Some(before) => before,
        None => fresh(&code),
    };
    // Kept before the hub hears of it: what it lets in is known here even if its answer is lost.
    member.write(state)?;
    let entered = come_in(&mut member, &code, name).await;
    // Whatever else went wrong, the hub may have let it in: the same token is asked with again.
    if matches!(&entered, Err(error) if error.is_final()) {
        Membership::forget(state)?;
    }
    entered.context("failed to join")?;
    member.is_confirmed = true;
    member.write(state)?;
    Ok(member)
}

fn fresh(code: &JoinCode) -> Membership {
    Membership {
        hubs: code.hubs.clone(),
        key: code.key.clone(),
        token: own_token(&System::new()),
        is_confirmed: false,
    }
}

/// Asks at each of the hub's addresses; the one that answers is the first from then on.
async fn come_in(member: &mut Membership, code: &JoinCode, name: &str) -> Result<(), Error> {
    let asked = Enrol {
        secret: member.token.clone(),
        name: name.to_owned(),
        protocol: WORKER_PROTOCOL,
    };
    let mut last = None;
    for hub in &code.hubs {
        match Client::new(hub, &code.secret)?.enrol(&asked).await {
            Ok(enrolled) if enrolled.hub_key == code.key => {
                let others = code.hubs.iter().filter(|other| *other != hub);
                member.hubs = std::iter::once(hub).chain(others).cloned().collect();
                output::note(&format!("joined {hub} as a worker of {}", enrolled.owner));
                return Ok(());
            }
            Ok(_) => {
                let message = format!("the hub at {hub} has another key than the join code's");
                last = Some(Error::NotUnderstood(message));
            }
            Err(error) if error.is_final() => return Err(error),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| Error::NotUnderstood("the join code names no hub".to_owned())))
}

/// Whether the hub says that the kept token opens nothing. Silence says nothing.
async fn is_shut_out(member: &Membership) -> bool {
    for hub in &member.hubs {
        let Ok(client) = Client::new(hub, &member.token) else {
            continue;
        };
        if let Ok(is_worker) = client.is_worker().await {
            return !is_worker;
        }
    }
    false
}

/// The worker's folder: the one that was named, or that of the worker that joins from this machine.
pub(crate) fn state(named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    match named {
        Some(state) => Ok(std::path::absolute(state)?),
        None => Ok(DataDir::of_user()?.path().join("joined")),
    }
}

/// How far programs of a hub are kept in where nobody says it. One's own programs are those of a hub that
/// runs here: an address of this machine may lead elsewhere, through a tunnel.
fn sandbox_for(hub: &Address) -> Mode {
    if hub.loopback().is_empty() {
        return Mode::Best;
    }
    if runs_here(hub) {
        return Mode::Relaxed;
    }
    output::note(&format!(
        "no hub that this user could see listens at {}, so it may be another machine's: its programs are \
         kept in like a stranger's; `--sandbox relaxed` lets them do what you may",
        hub.url()
    ));
    Mode::Best
}

/// Whether what listens at an address of this machine is this program, as the kernel tells it.
fn runs_here(address: &Address) -> bool {
    let own = std::env::current_exe().ok();
    let own = own.as_deref().and_then(Path::file_name);
    let is_own = |program: &PathBuf| {
        let name = program.file_name().map(|name| name.to_string_lossy());
        // It may have been replaced by a newer one since it was started.
        let name = name
            .as_deref()
            .map(|name| name.trim_end_matches(" (deleted)"));
        name.is_some() && name == own.and_then(|own| own.to_str())
    };
    address.loopback().into_iter().any(|socket| {
        let programs = programs_at(socket);
        programs.is_ok_and(|programs| programs.iter().any(is_own))
    })
}
