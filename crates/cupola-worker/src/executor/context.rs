//! What all runs of a worker share.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use cupola_client::Client;
use cupola_process::starter::Starter;
use cupola_protocol::work::{CapabilitiesBody, Registered};
use serde_json::{Map, Value, json};

use crate::{
    admission::Admission,
    bundle::cache::{Cache, long_ago},
    desk::Desk,
    process,
    sandbox::Keeper,
    settings::{Clock, Settings},
};

use super::folder::clear_old;

/// What all runs of a worker share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) worker_id: String,
    /// How many bytes the hub keeps of a file.
    pub(crate) artifact_bytes_max: u64,
    pub(crate) clock: Clock,
    pub(crate) asking: Duration,
    pub(crate) grace: Duration,
    /// What `{cupola}` stands for.
    pub(crate) binary: PathBuf,
    /// What `{python}` stands for.
    pub(crate) python: Option<String>,
    pub(crate) bundles: Cache,
    /// Holds a folder for each run.
    pub(crate) runs_folder: PathBuf,
    /// What every program sees of the agent's variables.
    pub(crate) variables: Vec<(OsString, OsString)>,
    /// What is the same in every run's environment.
    pub(crate) machine: Map<String, Value>,
    /// What keeps the programs in.
    pub(crate) keeper: Arc<Keeper>,
    /// What starts them.
    pub(crate) starter: Arc<Starter>,
    /// What is run at all.
    pub(crate) admission: Admission,
    /// Where their owner sees them.
    pub(crate) desk: Desk,
}

impl Context {
    /// What the runs of this worker share, in its folder.
    pub(crate) fn new(
        settings: &Settings,
        client: Client,
        registered: &Registered,
        machine: &CapabilitiesBody,
        (keeper, starter): (&Arc<Keeper>, &Arc<Starter>),
    ) -> Self {
        let bundles = Cache::new(bundles_folder(&settings.state_dir));
        let now = settings.clock.now();
        bundles.forget_unused(now);
        if keeper.is_strict() {
            clear_old(&runs_folder(&settings.state_dir), long_ago(now));
        }
        Self {
            client,
            worker_id: registered.worker_id.clone(),
            artifact_bytes_max: registered.artifact_bytes_max,
            clock: settings.clock.clone(),
            asking: settings.asking,
            grace: settings.grace,
            binary: settings.binary.clone(),
            python: machine.python.as_ref().map(|python| python.path.clone()),
            bundles,
            runs_folder: runs_folder(&settings.state_dir),
            variables: process::allowed(&settings.environment),
            machine: describe(&settings.name, machine),
            keeper: Arc::clone(keeper),
            starter: Arc::clone(starter),
            admission: Admission::new(settings.admits, &registered.worker_id, &registered.hub_key),
            desk: settings.desk.clone(),
        }
    }
}

/// Where unpacked bundles lie.
pub(crate) fn bundles_folder(state_dir: &Path) -> PathBuf {
    state_dir.join("bundles")
}

/// Where the runs' folders lie.
pub(crate) fn runs_folder(state_dir: &Path) -> PathBuf {
    state_dir.join("runs")
}

fn describe(name: &str, machine: &CapabilitiesBody) -> Map<String, Value> {
    let described = json!({
        "worker": name,
        "worker_version": env!("CARGO_PKG_VERSION"),
        "machine": machine,
    });
    match described {
        Value::Object(described) => described,
        _ => Map::new(),
    }
}
