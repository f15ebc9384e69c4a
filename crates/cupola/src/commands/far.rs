//! `cupola monitor-server` and `cupola ssh-monitor`: the two ends of a connection.

use std::{
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use cupola_monitor::{
    remote::{Options, Remote},
    rpc::WORKSPACE_NOT_FOUND,
    serve::{self, Server},
    ssh::{FarProgram, Route, Ssh},
};
use cupola_workspace::{Here, Watching, source::SourceError};
use tokio::task::spawn_blocking;

use super::{events, monitor};
use crate::{
    cli::{MonitorServer, SshMonitor},
    config::{self, services::Wanted},
    exit::Unavailable,
    output, services,
    world::wall_clock,
};

/// The other program may have to be installed there first.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_mins(5);

/// Serves a workspace on the standard streams until they end.
pub(crate) async fn serve(args: MonitorServer) -> anyhow::Result<ExitCode> {
    let folder = std::path::absolute(at_home(&args.workdir))?;
    let watching = monitor::watching(args.watch)?;
    spawn_blocking(move || serve_folder(&folder, watching)).await?
}

fn serve_folder(folder: &Path, watching: Watching) -> anyhow::Result<ExitCode> {
    let here = Here::new(Arc::new(wall_clock));
    let zone = here.zone.clone();
    let opened = cupola_workspace::open(folder, here, watching);
    let source = match opened {
        Ok(source) => source,
        Err(error) => {
            serve::refuse(io::stdout(), WORKSPACE_NOT_FOUND, &error.to_string())?;
            return Err(error.into());
        }
    };
    let server = Server {
        source,
        // As the folder itself calls its jobs.
        workspace: folder.canonicalize()?,
        zone,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    serve::serve(&server, io::stdin(), io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

/// Shows a workspace of another machine in this terminal.
pub(crate) async fn watch(args: SshMonitor) -> anyhow::Result<ExitCode> {
    let events = args.events;
    if !events.is_wanted && !args.pages.web {
        monitor::need_terminal()?;
    }
    let is_shown = Arc::new(AtomicBool::new(false));
    let options = options(&args, Arc::clone(&is_shown));
    let cache = cache()?;
    let cache_bytes_max = u64::from(args.cache_mib_max) << 20;
    let pages = args.pages.clone();
    let name = args.workspace.clone();
    let wanted = match &args.workspace {
        Some(id) => Wanted::Id(id),
        None => Wanted::Far {
            host: args.host.as_deref().unwrap_or_default(),
            workdir: args.remote_workdir.as_deref().unwrap_or_default(),
        },
    };
    let programs = config::services::of(args.config.clone(), wanted)?;
    let route = route(args)?;
    output::remark(&format!("connecting to {}", output::clean(&route.shown())));
    let ssh = Ssh::new(route, &cache, cache_bytes_max)?;
    let connected = spawn_blocking(move || Remote::connect(Box::new(ssh), options)).await?;
    let remote = connected.map_err(|error| match error {
        SourceError::Away(why) => Unavailable(why).into(),
        error => anyhow::Error::new(error),
    })?;
    output::remark(&output::clean(&format!("{} answers", remote.far_side())));
    let remote = Arc::new(remote);
    let shown = Arc::<Remote>::clone(&remote);
    let ended = if events.is_wanted {
        events::print(shown, events).await
    } else {
        let served = services::beside(shown, programs, None)?;
        if pages.web {
            monitor::serve(served, name, pages).await
        } else {
            is_shown.store(true, Ordering::Relaxed);
            let ended = monitor::show(served, None).await;
            is_shown.store(false, Ordering::Relaxed);
            ended
        }
    };
    // Readers may hold it for longer than this program lasts.
    spawn_blocking(move || remote.close()).await?;
    ended
}

/// What the far side says goes to stderr, but for the time that the terminal is taken: then it
/// stands in the interface's log.
fn options(args: &SshMonitor, is_shown: Arc<AtomicBool>) -> Options {
    let is_coloured = io::IsTerminal::is_terminal(&io::stderr())
        && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    let prefix = if is_coloured {
        "\x1b[1;36m[SSH]\x1b[0m"
    } else {
        "[SSH]"
    };
    Options {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        clock: Box::new(wall_clock),
        said: Box::new(move |line| {
            if !is_shown.load(Ordering::Relaxed) {
                output::remark(&format!("{prefix} {}", output::clean(line)));
            }
        }),
        connect_limit: CONNECT_LIMIT,
        call_limit: Duration::from_secs(u64::from(args.request_timeout)),
    }
}

/// What is said on the command line counts for more than what the file says.
fn route(args: SshMonitor) -> anyhow::Result<Route> {
    let mut route = match &args.workspace {
        Some(id) => config::workspaces::route(args.config, id)?,
        None => Route::default(),
    };
    if let Some(host) = args.host {
        route.host = host;
    }
    if let Some(workdir) = args.remote_workdir {
        route.workdir = workdir;
    }
    route.options.extend(args.ssh_options);
    route.shell_init = args.remote_shell_init.or(route.shell_init);
    if let Some(program) = args.remote_cupola {
        route.program = FarProgram::Cupola(program);
    } else if let Some(program) = args.remote_xpm {
        route.program = FarProgram::Experimaestro(program);
    } else if args.uv_offline || args.remote_python.is_some() || args.force_version {
        let (offline, python) = match route.program {
            FarProgram::Uv {
                offline, python, ..
            } => (offline, python),
            _ => (false, None),
        };
        route.program = FarProgram::Uv {
            offline: offline || args.uv_offline,
            python: args.remote_python.or(python),
            is_exact: args.force_version,
        };
    }
    route.watching = monitor::watching(args.watch)?;
    Ok(route)
}

/// Where files are kept that were fetched.
pub(crate) fn cache() -> anyhow::Result<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|it| !it.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => home()
            .context("name a folder by `XDG_CACHE_HOME`")?
            .join(".cache"),
    };
    Ok(cache.join("cupola").join("ssh"))
}

/// `~` is the home folder.
pub(crate) fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), home()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}
