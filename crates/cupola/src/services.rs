//! Services beside workspaces: with what they are started, and that they end with this process.

use std::{
    ffi::OsString,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use anyhow::Context as _;
use cupola_workspace::{
    Here,
    services::{Served, Settings},
    source::Source,
};

use crate::{config::services::Programs, world::wall_clock};

/// Whose services are to be ended when this process stops.
static STARTED: Mutex<Vec<Weak<Served>>> = Mutex::new(Vec::new());

/// A place with services that can be started; `workdir` is where it lies, if that is here.
pub(crate) fn beside(
    place: Arc<dyn Source>,
    programs: Programs,
    workdir: Option<PathBuf>,
) -> anyhow::Result<Arc<dyn Source>> {
    // Its name is not to be guessed: programs run in it.
    let logs = tempfile::Builder::new()
        .prefix("cupola-services-")
        .tempdir()
        .context("failed to make a folder for the logs of services")?;
    let mut settings = Settings::new(
        logs.keep(),
        environment(programs.environment),
        Here::new(Arc::new(wall_clock)),
    );
    settings.tensorboard = programs.tensorboard;
    settings.python = programs.python;
    settings.commands = programs.commands;
    settings.workdir = workdir;
    let served = Arc::new(Served::new(place, settings));
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    started.push(Arc::downgrade(&served));
    Ok(served)
}

/// Ends them all, and waits for that. What this process does not come to is ended by supervisors.
pub(crate) fn end() {
    let started = {
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *started)
    };
    for served in started.iter().filter_map(Weak::upgrade) {
        served.end();
    }
}

/// What programs may see, and what the configuration says besides.
fn environment(more: Vec<(OsString, OsString)>) -> Vec<(OsString, OsString)> {
    let own: Vec<_> = std::env::vars_os().collect();
    let mut environment = cupola_process::allowed(&own);
    // Their logs are looked at while they run.
    environment.push(("PYTHONUNBUFFERED".into(), "1".into()));
    environment.extend(more);
    environment
}
