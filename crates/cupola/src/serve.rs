//! `cupola up` and `cupola hub`: the hub, its loops, its pages, and a worker beside it.

use std::{net::SocketAddr, path::Path, process::ExitCode, sync::Arc, time::Duration};

use anyhow::Context as _;
use cupola_domain::access::{Belonging, Role};
use cupola_hub::{Hub, HubError, Settings, access::ADMINISTRATOR, loops, world::World};
use cupola_language::Endpoint;
use cupola_notify::Sender;
use cupola_store::{Durability, FolderLock, Location, StoreError, lock_folder};
use cupola_web::{Tls, Web, gate, language::Language};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use crate::{
    cli::Up,
    commands::workers,
    config::{Config, assistant::Assistant},
    data::{DataDir, RunningHub, read_secret, write_private},
    deliver, desk,
    exit::{self, Unavailable},
    files, listening, output, services, tls,
    world::System,
};

/// How long everything may take to stop.
const STOP_WAIT: Duration = Duration::from_secs(10);

/// How long folders of runs may be written before a hub ends; what is left comes at its next start.
const FOLDERS_WAIT: Duration = Duration::from_secs(3);

/// A language model whose machine does not answer is not waited for.
const LANGUAGE_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Who works beside the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    /// One worker on this machine.
    Worker,
    /// Nobody: workers join from elsewhere.
    Nobody,
}

/// Starts what was asked for and waits for Ctrl-C.
pub(crate) async fn run(flags: Up, with: With) -> anyhow::Result<ExitCode> {
    let config = Config::load(flags)?;
    let stop = stop_signal()?;
    let running = Running::start(&config, with).await?;
    running.greet(&config)?;
    stop.await;
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// A hub that runs in this process.
pub(crate) struct Running {
    pub hub: Arc<Hub>,
    /// The address that people open.
    pub url: String,
    /// The same as clients are given it.
    pub address: String,
    tls: Option<Tls>,
    /// The administrator's secret, if this was the first start.
    first_secret: Option<String>,
    data: DataDir,
    /// The worker stops first, so that its goodbye is heard.
    worker_stopping: watch::Sender<bool>,
    worker: JoinSet<()>,
    hub_stopping: watch::Sender<bool>,
    parts: JoinSet<()>,
    _lock: Option<FolderLock>,
}

impl Running {
    /// Opens the hub, listens, and starts loops and worker.
    pub(crate) async fn start(config: &Config, with: With) -> anyhow::Result<Self> {
        if let Some(missing) = config.templates.iter().find(|folder| !folder.is_dir()) {
            anyhow::bail!("`--templates {}` is not a folder", missing.display());
        }
        files::allow_many();
        let data = DataDir::find(config.data.clone())?;
        data.create()?;
        let listener = listening::listen(config).await?;
        let address = listener.local_addr()?;
        let names = tls::names(address, &config.allow_hosts, &workers::hostname());
        let tls = config.tls.open(&data, names)?;
        let lock = lock(&location(config, &data), &data)?;
        let hub = open(config, &data).await?;
        if hub.has_unsynced_runs() {
            tracing::warn!(
                "`{}` may have runs that this database lacks; `cupola sync` brings them in while no \
                 hub runs, and until then no files of runs are removed and no families planned further",
                data.runs().display()
            );
        }
        if let Some(training) = config.training.clone() {
            hub.configure_training(training.models, training.folders)?;
        }
        hub.use_prices(config.prices.clone());
        hub.use_scheduling(config.scheduling.clone());
        hub.use_profiles(config.hardware.clone());
        let allowed = config.alerts.allowed.clone();
        hub.limit_alert_targets(move |address| allowed.takes(address));
        hub.configure_alert_targets(config.alerts.targets.clone())?;
        let preset = std::env::var("CUPOLA_TOKEN").ok();
        hub.use_verification(config.verification.clone());
        hub.use_economy(config.economy.clone())?;
        let first_secret = hub.create_first_token(preset.as_deref())?;
        let url = listening::url(address, tls.as_ref());
        let mut running = Self {
            hub: Arc::new(hub),
            address: listening::pinned(&url, tls.as_ref()),
            url,
            tls,
            first_secret,
            data,
            worker_stopping: watch::Sender::new(false),
            worker: JoinSet::new(),
            hub_stopping: watch::Sender::new(false),
            parts: JoinSet::new(),
            _lock: lock,
        };
        running.deliver(config)?;
        running.serve(listener, config, address)?;
        running.token_file(Role::Admin)?;
        let here = RunningHub {
            url: running.address.clone(),
            pid: std::process::id(),
        };
        running.data.write_running_hub(&here)?;
        if with == With::Worker {
            running.work(config)?;
        }
        Ok(running)
    }

    /// Starts what sends messages about alerts.
    fn deliver(&mut self, config: &Config) -> anyhow::Result<()> {
        let alerts = config.alerts.clone();
        let sender = Sender::new(cupola_notify::Settings {
            allowed: alerts.allowed,
            mail: alerts.mail,
            roots_pem: alerts.roots_pem,
            hub_url: config.url.clone().unwrap_or_else(|| self.url.clone()),
        })?;
        let stopping = self.hub_stopping.subscribe();
        self.parts
            .spawn(deliver::run(Arc::clone(&self.hub), sender, stopping));
        Ok(())
    }

    fn serve(
        &mut self,
        listener: TcpListener,
        config: &Config,
        address: SocketAddr,
    ) -> anyhow::Result<()> {
        for each in loops::ALL
            .into_iter()
            .chain([cupola_assistant::report::LOOP])
        {
            let stopping = self.hub_stopping.subscribe();
            self.parts
                .spawn(loops::drive(Arc::clone(&self.hub), each, stopping));
        }
        let settings = cupola_web::Settings {
            port: address.port(),
            hosts: listening::hosts(config, address.ip()),
            is_tls: config.behind_tls || self.tls.is_some(),
            tls: self.tls.clone(),
            addresses: listening::addresses(config, address),
            metrics_token: config.metrics_token.clone(),
            loopback_role: config.loopback_role,
            home: config.home,
            workspaces: config.workspaces.clone(),
            language: config.assistant.as_ref().map(language).transpose()?,
            gates: gate::Settings {
                host: address.ip(),
                ports: config.service_ports.clone(),
                hub_url: config.url.clone(),
            },
        };
        let web = Web::new(Arc::clone(&self.hub), settings);
        let stopped = stopped(self.hub_stopping.subscribe());
        self.parts.spawn(async move {
            if let Err(error) = cupola_web::serve(listener, web, stopped).await {
                tracing::error!(%error, "the server stopped");
            }
        });
        Ok(())
    }

    /// Starts the worker beside the hub. It is a client like any other.
    fn work(&mut self, config: &Config) -> anyhow::Result<()> {
        let token = self.token_file(Role::Worker)?;
        let folder = self.data.worker();
        let mut settings = workers::settings(&self.address, &token, folder, config.slots)?;
        (settings.sandbox, settings.admits) = config.worker.clone();
        settings.hub_key = Some(self.hub.public_key());
        settings.sandbox.private = vec![self.data.path().to_owned()];
        let stopped = stopped(self.worker_stopping.subscribe());
        self.worker.spawn(async move {
            if let Err(error) = desk::work(settings, stopped, |_| ()).await {
                tracing::error!(%error, "the worker stopped");
            }
        });
        Ok(())
    }

    /// The token of this machine's command line or worker: made once, kept in a private file.
    pub(crate) fn token_file(&self, role: Role) -> anyhow::Result<String> {
        let (path, name) = match role {
            Role::Worker => (self.data.worker_token(), "local worker"),
            _ => (
                self.data.command_line_token(),
                "command line on the hub's machine",
            ),
        };
        if let Some(secret) = read_secret(&path)
            && self.hub.authenticate(&secret).is_ok()
        {
            return Ok(secret);
        }
        // Whoever runs the hub is whose machine it is.
        let belonging = Belonging {
            owner: ADMINISTRATOR.to_owned(),
            ..Belonging::default()
        };
        let (secret, _) = self.hub.create_token_of(belonging, (name, role), None)?;
        write_private(&path, &secret)
            .with_context(|| format!("failed to write `{}`", path.display()))?;
        Ok(secret)
    }

    /// Says where the pages are and how to get in.
    fn greet(&self, config: &Config) -> anyhow::Result<()> {
        self.greet_pages(config, output::note)?;
        if let Some(secret) = &self.first_secret {
            output::note(&format!("  token   {secret}"));
            output::note("          (the administrator's; shown this once)");
        }
        output::note(&format!("  data    {}", self.data.path().display()));
        output::note("Ctrl-C stops it.");
        Ok(())
    }

    /// Says where the pages are and how to log in, and opens them where there is a desktop.
    pub(crate) fn greet_pages(
        &self,
        config: &Config,
        mut say: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        let code = self.hub.create_admin_login_code()?;
        let login = code.map(|code| format!("{}/login?code={code}", self.url));
        say(&format!(
            "Cupola {} listens on {}",
            env!("CARGO_PKG_VERSION"),
            self.url
        ));
        if let Some(login) = login {
            say(&format!("  log in  {login}"));
            say("          (once, within 15 minutes; a restart prints another)");
            if !config.no_browser {
                open_browser(&login);
            }
        }
        if let Some(tls) = &self.tls {
            say(&format!("  sha256  {}", tls.fingerprint()));
            say("          (the certificate's fingerprint: a browser that warns shows the same)");
        }
        if let Some(role) = config.loopback_role {
            say(&format!(
                "  open    whoever is on this machine is a {role}, without a token"
            ));
        }
        Ok(())
    }

    /// Ends everything in order; what takes too long is left behind, since all that was
    /// acknowledged is durable.
    pub(crate) async fn stop(mut self) {
        self.worker_stopping.send_replace(true);
        join(&mut self.worker).await;
        self.hub_stopping.send_replace(true);
        join(&mut self.parts).await;
        services::end().await;
        self.data.remove_running_hub();
        let hub = self.hub;
        // Closing waits for the writer, which may be in the middle of a commit.
        let closed = tokio::task::spawn_blocking(move || {
            if let Err(error) = hub.finish_run_folders(FOLDERS_WAIT) {
                tracing::warn!(%error, "folders of runs are written further at the next start");
            }
            hub.close();
        });
        let _ = closed.await;
    }
}

/// The language model of the configuration. Whatever it says, it leads to no other address.
fn language(config: &Assistant) -> anyhow::Result<Arc<Language>> {
    let http = cupola_client::http_builder(None)
        .connect_timeout(LANGUAGE_CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()?;
    let endpoint = Endpoint::new(http, config.address.clone());
    Ok(Arc::new(Language::new(endpoint, config.limits)))
}

/// Waits for all, for as long as stopping may take.
async fn join(parts: &mut JoinSet<()>) {
    let all = async { while parts.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_WAIT, all).await.is_err() {
        tracing::warn!("something did not stop in time");
    }
}

/// Whether a store is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It must be.
    Already,
    /// It is made where it is not.
    OrNew,
}

/// A hub that nobody asks anything: neither pages nor workers.
pub(crate) async fn open_alone(
    data: Option<std::path::PathBuf>,
    database: Option<String>,
    kept: Kept,
) -> anyhow::Result<Hub> {
    let config = Config::load(Up {
        data,
        database,
        ..Up::default()
    })?;
    let data = DataDir::find(config.data.clone())?;
    if kept == Kept::Already && config.database.is_none() && !data.database().is_file() {
        anyhow::bail!(
            "`{}` is no hub's data folder: it has no `cupola.db`; name one with `--data`",
            data.path().display()
        );
    }
    data.create()?;
    open(&config, &data).await
}

/// A hub of its own over what lies in a data folder.
pub(crate) struct Beside {
    pub hub: Hub,
    /// Where its database is, if that is only for a moment.
    _passing: Option<tempfile::TempDir>,
    _lock: Option<FolderLock>,
}

/// The hub of a data folder, whether it has a database or not. What is only tried makes none: it has
/// one for a moment.
pub(crate) async fn open_beside(
    data: Option<std::path::PathBuf>,
    database: Option<String>,
    is_tried: bool,
) -> anyhow::Result<Beside> {
    let config = Config::load(Up {
        data,
        database,
        ..Up::default()
    })?;
    let data = DataDir::find(config.data.clone())?;
    if !data.runs().is_dir() {
        anyhow::bail!(
            "`{}` has no `runs`: a hub keeps a folder for every run there; name its data folder \
             with `--data`",
            data.path().display()
        );
    }
    let is_there = config.database.is_some() || data.database().is_file();
    let passing = if is_tried && !is_there {
        Some(tempfile::tempdir()?)
    } else {
        None
    };
    let location = match &passing {
        Some(folder) => Location::Sqlite(folder.path().join("cupola.db")),
        None => location(&config, &data),
    };
    let lock = lock(&location, &data)?;
    Ok(Beside {
        hub: open_at(location, &config, &data).await?,
        _passing: passing,
        _lock: lock,
    })
}

/// The data folder for one hub alone, wherever its database is. One in the folder itself takes care of
/// that.
fn lock(location: &Location, data: &DataDir) -> anyhow::Result<Option<FolderLock>> {
    let real = |folder: &Path| Path::new(".").join(folder).canonicalize().ok();
    if let Location::Sqlite(database) = location
        && database.parent().and_then(real) == real(data.path())
    {
        return Ok(None);
    }
    match lock_folder(data.path()) {
        Ok(lock) => Ok(Some(lock)),
        Err(error @ StoreError::Locked { .. }) => Err(Unavailable(error.to_string()).into()),
        Err(error) => {
            // Some filesystems have no locks; the database has one of its own.
            tracing::warn!(%error, "the data folder cannot be kept for one hub");
            Ok(None)
        }
    }
}

fn location(config: &Config, data: &DataDir) -> Location {
    match &config.database {
        Some(database) => Location::parse(database),
        None => Location::Sqlite(data.database()),
    }
}

async fn open(config: &Config, data: &DataDir) -> anyhow::Result<Hub> {
    open_at(location(config, data), config, data).await
}

async fn open_at(location: Location, config: &Config, data: &DataDir) -> anyhow::Result<Hub> {
    let settings = Settings {
        location,
        artifacts: data.artifacts(),
        runs: Some(data.runs()),
        artifact_bytes_max: config.artifact_mib_max << 20,
        template_dirs: config.templates.clone(),
        durability: Durability::Full,
        on_fatal: Arc::new(|error| {
            tracing::error!(%error, "the database cannot be trusted any more; stopping at once");
            std::process::exit(exit::DATABASE_LOST.into());
        }),
    };
    let world: Arc<dyn World> = Arc::new(System::new());
    let opened = tokio::task::spawn_blocking(move || Hub::open(settings, world)).await?;
    opened.map_err(|error| match error {
        HubError::Unavailable(message) => Unavailable(message).into(),
        error => error.into(),
    })
}

/// Resolves when Ctrl-C or SIGTERM comes. From then on a second one ends the process at once.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(exit::INTERRUPTED.into());
        });
    })
}

async fn stopped(mut stopping: watch::Receiver<bool>) {
    // The sender lives until everything has stopped.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Opens the login link where there is a desktop to open it on.
fn open_browser(url: &str) {
    let has_desktop = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    if has_desktop {
        #[expect(
            clippy::disallowed_methods,
            reason = "a browser is not a run: it outlives us"
        )]
        let opened = std::process::Command::new("xdg-open")
            .arg(url)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn();
        if let Err(error) = opened {
            tracing::debug!(%error, "no browser could be opened");
        }
    }
}
