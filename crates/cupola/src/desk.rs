//! The desk of the worker that runs in this process: served on this machine alone, found by its folder.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use cupola_client::Client;
use cupola_domain::{text::hex, time::Timestamp};
use cupola_protocol::desk::{DeskBody, LimitsBody, PauseBody, TestBody};
use cupola_web::desk::{Refusal, way_in};
use cupola_worker::{Desk, DeskError, Folder, Settings};
use cupola_workspace::services::is_ours;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    data::{DataDir, write_private},
    world::wall_clock,
};

/// How long a desk may take to answer whether it is there.
const THERE_WAIT: Duration = Duration::from_secs(2);

/// Where a desk is served, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) key: String,
}

impl Place {
    /// Of the worker with this folder, if it says so.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(file(folder)).ok()?).ok()
    }

    /// What a browser opens.
    pub(crate) fn page(&self) -> String {
        format!("{}{}", self.url, way_in(&self.key))
    }

    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.url, &self.key)?)
    }

    async fn is_there(&self) -> bool {
        let Ok(client) = self.client() else {
            return false;
        };
        // After a crash its port may be somebody else's, who would hear what is told to the worker.
        let sockets = client.address().loopback();
        let is_others = |at: &SocketAddr| matches!(is_ours(*at), Ok(false));
        if sockets.iter().any(is_others) {
            return false;
        }
        let asking = tokio::time::timeout(THERE_WAIT, client.desk());
        matches!(asking.await, Ok(Ok(_)))
    }

    /// That of a worker that runs here: with this folder, or with one of those that workers have.
    pub(crate) async fn find(folder: Option<PathBuf>) -> anyhow::Result<Self> {
        Ok(Self::find_all(folder).await?.swap_remove(0))
    }

    /// Those of all workers that run here, one at least: a machine may work for its own hub and for another.
    pub(crate) async fn find_all(folder: Option<PathBuf>) -> anyhow::Result<Vec<Self>> {
        let folders = if let Some(folder) = folder {
            vec![folder]
        } else {
            let data = DataDir::find(None)?;
            vec![data.path().join("joined"), data.worker()]
        };
        let mut found = Vec::new();
        for folder in &folders {
            if let Some(place) = Self::of(folder)
                && place.is_there().await
            {
                found.push(place);
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let shown: Vec<_> = folders
            .iter()
            .map(|folder| format!("`{}`", folder.display()))
            .collect();
        anyhow::bail!(
            "no worker runs in {}; name its folder with `--state`",
            shown.join(" or ")
        )
    }
}

/// Lets a worker work until `stop` resolves, its desk being served meanwhile; `greet` hears where.
pub(crate) async fn work(
    settings: Settings,
    stop: impl Future<Output = ()>,
    greet: impl FnOnce(&Place),
) -> anyhow::Result<()> {
    let folder = Folder::take(&settings.state_dir)?;
    let served = Served::begin(settings.desk.clone(), &settings.state_dir).await;
    // A worker works without anybody to look at it.
    let served = served.inspect_err(|error| tracing::warn!(%error, "the worker has no desk"));
    let served = served.ok();
    if let Some(served) = &served {
        greet(&served.place);
    }
    // Boxed: it is large, and would be in the future of whoever starts a worker.
    let ended = Box::pin(cupola_worker::run_in(folder, settings, stop)).await;
    if let Some(served) = served {
        served.end().await;
    }
    Ok(ended?)
}

/// A desk that is served.
#[derive(Debug)]
struct Served {
    place: Place,
    folder: PathBuf,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Served {
    /// Serves the desk of the worker with this folder, which is taken.
    async fn begin(desk: Desk, folder: &Path) -> anyhow::Result<Self> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = bound.context("failed to listen for the worker's desk on this machine")?;
        let mut key = [0; 32];
        getrandom::fill(&mut key).context("there is no randomness for a key")?;
        let place = Place {
            url: format!("http://{}", listener.local_addr()?),
            key: hex(&key),
        };
        write_private(&file(folder), &serde_json::to_string(&place)?)?;
        let (stop, mut stopped) = watch::channel(false);
        let (own, key) = (Arc::new(Own(desk)), place.key.clone());
        let serving = tokio::spawn(async move {
            let stopped = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            if let Err(error) = cupola_web::desk::serve(listener, own, &key, stopped).await {
                tracing::warn!(%error, "the worker's desk is not served any more");
            }
        });
        Ok(Self {
            place,
            folder: folder.to_owned(),
            stop,
            serving,
        })
    }

    /// Ends it; nobody looks for it any more.
    async fn end(self) {
        let _ = fs::remove_file(file(&self.folder));
        self.stop.send_replace(true);
        let _ = self.serving.await;
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("desk.json")
}

/// The worker of this process, as pages ask it.
struct Own(Desk);

impl cupola_web::desk::Desk for Own {
    fn status(&self) -> DeskBody {
        self.0.status()
    }

    fn status_now(&self) -> Pin<Box<dyn Future<Output = DeskBody> + Send + '_>> {
        Box::pin(self.0.status_now())
    }

    fn now(&self) -> Timestamp {
        wall_clock()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes()
    }

    fn pause(&self, pause: &PauseBody) -> Result<(), Refusal> {
        self.0.pause(pause).map_err(refusal)
    }

    fn resume(&self) -> Result<(), Refusal> {
        self.0.resume().map_err(refusal)
    }

    fn change(&self, limits: LimitsBody) -> Result<(), Refusal> {
        self.0.change(limits).map_err(refusal)
    }

    fn test(&self) -> Pin<Box<dyn Future<Output = TestBody> + Send + '_>> {
        Box::pin(self.0.test())
    }
}

fn refusal(error: DeskError) -> Refusal {
    match error {
        DeskError::Refused(errors) => Refusal::Fields(errors),
        error @ (DeskError::File(_) | DeskError::Forgetful(_)) => {
            Refusal::Folder(error.to_string())
        }
    }
}
