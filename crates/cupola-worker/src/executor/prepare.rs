//! Everything before a program can start: its code, its folder, its command.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use cupola_domain::{run::Failure, template::fill};
use cupola_protocol::{
    time::Time,
    work::{Bundle, RunOrder},
};
use serde_json::{Map, Value, json};

use super::{Context, Wish, folder::RunFolder};
use crate::{
    backoff::Backoff,
    bundle,
    process::EVENTS_FD,
    sandbox::{Kept, Subject},
};

/// A run whose program can start.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) folder: RunFolder,
    /// Where the program starts.
    pub(super) working_folder: PathBuf,
    /// Without placeholders.
    pub(super) command: Vec<String>,
    /// All that the program sees.
    pub(super) variables: Vec<(OsString, OsString)>,
    /// What the hub is told of the program's surroundings.
    pub(super) environment: Map<String, Value>,
    /// What keeps the program in.
    pub(super) kept: Kept,
}

/// Why there is no program.
#[derive(Debug)]
pub(super) enum NotReady {
    /// Somebody wished otherwise in the meantime.
    Unwanted(Wish),
    /// It cannot be run here.
    Failed(Failure),
}

/// Prepares `order`. Waits as long as the hub is away.
pub(super) async fn prepare(context: &Context, order: &RunOrder) -> Result<Prepared, NotReady> {
    context.admission.check(order).map_err(not_prepared)?;
    let code = if order.has_bundle {
        Some(code_folder(context, order).await?)
    } else {
        None
    };
    let folder = RunFolder::create(&context.runs_folder, order).map_err(no_folder)?;
    let command = fill_command(context, order, &folder, code.as_deref())?;
    let working_folder = working_folder(order, &folder)?;
    let subject = Subject {
        folder: folder.path(),
        working_folder: &working_folder,
        code: code.as_deref(),
        command: &command,
        access: &order.access,
    };
    let kept = context.keeper.keep(&subject);
    let kept = kept.map_err(|reason| NotReady::Failed(Failure::SpawnFailed(reason)))?;
    let mut environment = environment(context, order, &command, &working_folder);
    environment.insert("sandbox".to_owned(), kept.described());
    let written = folder.write_environment(&environment).await;
    written.map_err(no_folder)?;
    Ok(Prepared {
        variables: variables(context, order, &folder),
        folder,
        working_folder,
        command,
        environment,
        kept,
    })
}

async fn code_folder(context: &Context, order: &RunOrder) -> Result<PathBuf, NotReady> {
    let hash = &order.code_hash;
    if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(not_prepared(format!(
            "`{hash}` is not the hash of a bundle"
        )));
    }
    if let Some(folder) = context.bundles.find(hash, &order.command) {
        context.bundles.mark_used(hash, context.clock.now());
        return Ok(folder);
    }
    let given = fetch(context, hash).await?;
    let files = bundle::verified(&given, hash).map_err(not_prepared)?;
    if given.command != order.command {
        return Err(not_prepared("the bundle's command is not the order's"));
    }
    context.bundles.insert(hash, &files).map_err(not_prepared)
}

async fn fetch(context: &Context, hash: &str) -> Result<Bundle, NotReady> {
    let mut backoff = Backoff::default();
    loop {
        match context.client.bundle(hash).await {
            Ok(bundle) => return Ok(bundle),
            Err(error) if error.is_retryable() => tokio::time::sleep(backoff.pause()).await,
            Err(error) => return Err(not_prepared(error)),
        }
    }
}

fn fill_command(
    context: &Context,
    order: &RunOrder,
    folder: &RunFolder,
    code: Option<&Path>,
) -> Result<Vec<String>, NotReady> {
    let asks_for_python = |argument: &String| argument.contains("{python}");
    if context.python.is_none() && order.command.iter().any(asks_for_python) {
        return Err(not_prepared("there is no Python on this worker"));
    }
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let value_of = |name: &str| match name {
        "config" => Some(text(&folder.config_path())),
        "code" => code.map(text),
        "run" => Some(text(folder.path())),
        "python" => context.python.clone(),
        "cupola" => Some(text(&context.binary)),
        _ => None,
    };
    let filled = |argument: &String| fill(argument, value_of);
    Ok(order.command.iter().map(filled).collect())
}

/// Another machine may have the folder, but to look for one is nobody's wish: the run has failed.
fn working_folder(order: &RunOrder, folder: &RunFolder) -> Result<PathBuf, NotReady> {
    let Some(asked) = &order.working_folder else {
        return Ok(folder.path().to_owned());
    };
    if Path::new(asked).is_dir() {
        return Ok(asked.into());
    }
    let reason = format!("the working folder `{asked}` is not a folder on this worker");
    Err(NotReady::Failed(Failure::SpawnFailed(reason)))
}

/// What the worker lets through, over it what the task asks for, over that what says which run it is.
fn variables(context: &Context, order: &RunOrder, folder: &RunFolder) -> Vec<(OsString, OsString)> {
    let own: [(&str, OsString); 7] = [
        ("CUPOLA_RUN_ID", order.run_id.clone().into()),
        ("CUPOLA_TASK_ID", order.task_id.clone().into()),
        ("CUPOLA_ATTEMPT", order.attempt.to_string().into()),
        ("CUPOLA_RUN_DIR", folder.path().into()),
        ("CUPOLA_CONFIG", folder.config_path().into()),
        ("CUPOLA_CANCEL_FILE", folder.cancel_path().into()),
        ("CUPOLA_EVENTS_FD", EVENTS_FD.to_string().into()),
    ];
    let own = own.map(|(name, value)| (OsString::from(name), value));
    // A pipe makes Python hold its lines back, and a log would come in lumps.
    let unbuffered = (OsString::from("PYTHONUNBUFFERED"), OsString::from("1"));
    let asked = order
        .environment
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    let mut allowed = context.variables.clone();
    context.keeper.change_variables(folder.path(), &mut allowed);
    allowed
        .into_iter()
        .chain([unbuffered])
        .chain(tracking(context, order))
        .chain(asked)
        .chain(own)
        .collect()
}

/// Where a client of `MLflow` logs unless it is told otherwise: into this run. A task that names another
/// server keeps its own, and that server is shown no token of ours.
fn tracking(context: &Context, order: &RunOrder) -> Vec<(OsString, OsString)> {
    if order.token.0.is_empty() || order.environment.contains_key("MLFLOW_TRACKING_URI") {
        return Vec::new();
    }
    let own = [
        ("MLFLOW_TRACKING_URI", context.client.base_url()),
        ("MLFLOW_RUN_ID", &order.run_id),
        ("MLFLOW_TRACKING_TOKEN", &order.token.0),
    ];
    own.map(|(name, value)| (name.into(), value.into())).into()
}

fn environment(
    context: &Context,
    order: &RunOrder,
    command: &[String],
    working_folder: &Path,
) -> Map<String, Value> {
    let mut environment = context.machine.clone();
    let own = [
        ("command", json!(command)),
        ("working_folder", json!(working_folder.to_string_lossy())),
        ("variables", json!(order.environment)),
        ("template", json!(order.template)),
        ("code_hash", json!(order.code_hash)),
        ("run_id", json!(order.run_id)),
        ("task_id", json!(order.task_id)),
        ("experiment_id", json!(order.experiment_id)),
        ("attempt", json!(order.attempt)),
        ("epoch", json!(order.epoch)),
        ("metric_name", json!(order.metric_name)),
        ("time_budget_secs", json!(order.time_budget_secs)),
        ("prepared_at", json!(Time(context.clock.now()))),
    ];
    environment.extend(own.map(|(name, value)| (name.to_owned(), value)));
    environment
}

fn no_folder(error: io::Error) -> NotReady {
    not_prepared(format!("the run's folder cannot be written: {error}"))
}

fn not_prepared(reason: impl ToString) -> NotReady {
    NotReady::Failed(Failure::NotPrepared(reason.to_string()))
}
