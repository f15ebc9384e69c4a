//! `cupola run FILE`: an experiment file from its text to its outcome.

mod console;
mod follow;
mod outcome;
mod plan;
mod source;

use std::{
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
};

use cupola_client::{Client, Error as ClientError};
use cupola_domain::access::Role;
use cupola_protocol::problem::FieldProblem;
use tokio::{runtime::Handle, task::JoinHandle};

use self::{console::Console, follow::Following, outcome::Outcome, source::Source};
use crate::{
    cli::{RunFile, Up},
    commands::monitor,
    config::Config,
    connection,
    data::DataDir,
    exit::{Unavailable, WrongFile},
    hub_source::HubSource,
    output,
    serve::{Running, With, stop_signal},
    services,
};

/// The description of experiment files for editors and other programs.
const SCHEMA: &str = include_str!("../../../../docs/experiment-file.schema.json");

/// Reads the file and runs it, here or on the hub that was named.
pub(crate) async fn run(args: RunFile) -> anyhow::Result<ExitCode> {
    let Some(path) = args.file.as_ref().filter(|_| !args.schema) else {
        output::raw(SCHEMA.as_bytes());
        return Ok(ExitCode::SUCCESS);
    };
    let source = Source::read(path)?;
    if args.dry_run {
        plan::print(&source.file, args.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let outcome = if args.connect.hub.is_some() {
        let client = connection::client(&args.connect)?;
        let mut console = Console::new(&args, &source.file);
        let mut stop = Box::pin(stop_signal()?);
        let seen = interface(&args, &source, &client, &console)?;
        let outcome = perform(&client, &source, &mut console, stop.as_mut()).await;
        until_closed(seen, &mut console).await?;
        outcome?
    } else {
        here(&args, &source).await?
    };
    outcome.print(&args)?;
    Ok(outcome.exit_code())
}

/// Runs the file with a hub and a worker for it alone.
async fn here(args: &RunFile, source: &Source) -> anyhow::Result<Outcome> {
    let mut stop = Box::pin(stop_signal()?);
    let config = config(args, source)?;
    let running = match Running::start(&config, With::Worker).await {
        Ok(running) => running,
        Err(error) => return Err(in_use(error, &config, args)),
    };
    let mut console = Console::new(args, &source.file);
    if args.web {
        running.greet_pages(&config, |text| console.say(text))?;
    }
    let client = Client::new(&running.address, &running.token_file(Role::Admin)?)?;
    let seen = interface(args, source, &client, &console)?;
    let outcome = perform(&client, source, &mut console, stop.as_mut()).await;
    until_closed(seen, &mut console).await?;
    if args.keep && outcome.as_ref().is_ok_and(|outcome| !outcome.was_stopped) {
        output::note("The work is done and the pages stay up. Ctrl-C ends them.");
        stop.await;
    }
    running.stop().await;
    let mut outcome = outcome?;
    outcome.data = config.data;
    Ok(outcome)
}

/// Shows the hub in this terminal while it works, where that is asked for and there is a terminal. The
/// work goes on when it is closed.
fn interface(
    args: &RunFile,
    file: &Source,
    client: &Client,
    console: &Console,
) -> anyhow::Result<Option<JoinHandle<anyhow::Result<ExitCode>>>> {
    if !args.console || args.json || monitor::need_terminal().is_err() {
        return Ok(None);
    }
    let hub = Arc::new(HubSource::new(client.clone(), Handle::current()));
    let source = services::beside(hub, file.programs(), Some(file.folder.clone()))?;
    let is_shown = console.mute();
    is_shown.store(true, Ordering::SeqCst);
    let name = args.file.as_ref().map(|file| file.display().to_string());
    Ok(Some(tokio::spawn(async move {
        let ended = monitor::show(source, name).await;
        is_shown.store(false, Ordering::SeqCst);
        ended
    })))
}

/// Waits until nobody looks any more.
async fn until_closed(
    seen: Option<JoinHandle<anyhow::Result<ExitCode>>>,
    console: &mut Console,
) -> anyhow::Result<()> {
    if let Some(seen) = seen {
        seen.await??;
        console.clear_status();
    }
    Ok(())
}

/// Submits the file and follows it to its end.
async fn perform(
    client: &Client,
    source: &Source,
    console: &mut Console,
    stop: std::pin::Pin<&mut (impl Future<Output = ()> + Send)>,
) -> anyhow::Result<Outcome> {
    let submitted = client.submit_file(&source.submission()?).await;
    let submitted = submitted.map_err(|error| refused(error, source))?;
    console.header(source, &submitted.experiment_id);
    let outcome = Outcome::new(
        &submitted.experiment_id,
        &source.file.name,
        console.is_for_json(),
    );
    Following::new(client, outcome, &source.file)
        .follow(console, stop)
        .await
}

/// The hub's complaints at their lines in the file.
fn refused(error: ClientError, source: &Source) -> anyhow::Error {
    match error {
        ClientError::Refused { ref problem, .. } if !problem.errors.is_empty() => {
            let line = |wrong: &FieldProblem| source.complaint(&wrong.field, &wrong.message);
            WrongFile(problem.errors.iter().map(line).collect()).into()
        }
        error => error.into(),
    }
}

/// A free port of this machine unless pages are wanted elsewhere, and the project's own folder.
fn config(args: &RunFile, source: &Source) -> anyhow::Result<Config> {
    let mut config = Config::load(Up {
        host: Some(args.host.clone().unwrap_or_else(|| "127.0.0.1".to_owned())),
        port: Some(args.port.unwrap_or(0)),
        data: args.connect.data.clone(),
        templates: args.templates.clone(),
        allow_remote: args.allow_remote,
        no_browser: args.no_browser || !args.web,
        slots: args.slots.or(source.file.max_parallel),
        ..Up::default()
    })?;
    if config.data.is_none() {
        config.data = Some(DataDir::of_project()?);
    }
    Ok(config)
}

/// Only one hub can have a folder: whoever finds it taken can hand the file to the one that has it.
fn in_use(error: anyhow::Error, config: &Config, args: &RunFile) -> anyhow::Error {
    let data = DataDir::find(config.data.clone());
    let hub = data.ok().and_then(|data| Some((data.running_hub()?, data)));
    match (error.downcast_ref::<Unavailable>(), hub) {
        (Some(Unavailable(message)), Some((hub, data))) if message.contains("in use") => {
            let file = args.file.as_deref().unwrap_or(std::path::Path::new("FILE"));
            Unavailable(format!(
                "the data folder `{}` is in use by the hub at {}: submit the file to it with `cupola run \
                 {} --hub {}`, or name another folder with `--data`",
                data.path().display(),
                hub.url,
                file.display(),
                hub.url
            ))
            .into()
        }
        _ => error,
    }
}
