//! `cupola monitor`: a workspace or a hub in this terminal, or a workspace in a browser.

mod pages;

use std::{io::IsTerminal as _, process::ExitCode, sync::Arc, time::Duration};

use anyhow::bail;
use cupola_tui::{Colours, Options, clipboard::Clipboard};
use cupola_workspace::{Here, Watching, source::Source};
use tokio::runtime::Handle;

use crate::{
    cli::{Monitor, Watch, Watcher},
    commands::events,
    config::{self, services::Wanted},
    connection,
    hub_source::HubSource,
    quiet, services,
    world::{offset_secs, wall_clock},
};

/// A process that a signal ended says so by 128 and the signal's number.
const SIGNAL_BASE: i32 = 128;

/// Looks may be so far apart.
const POLLING_SECS_MAX: f64 = 3_600.0;

pub(crate) use pages::serve;

pub(crate) async fn run(mut monitor: Monitor) -> anyhow::Result<ExitCode> {
    if let Some(id) = &monitor.workspace {
        monitor.workdir = Some(config::workspaces::folder(id)?);
    }
    if monitor.pages.web && monitor.workdir.is_none() {
        bail!(
            "`--web` needs a `--workdir` or `--workspace`: a hub has pages of its own, at its address"
        );
    }
    if !monitor.pages.web && !monitor.events.is_wanted {
        need_terminal()?;
    }
    let source: Arc<dyn Source> = if let Some(folder) = &monitor.workdir {
        let here = Here::new(Arc::new(wall_clock));
        let watching = watching(monitor.watch)?;
        let place = folder.clone();
        let open = move || cupola_workspace::open(&place, here, watching);
        let opened = tokio::task::spawn_blocking(open).await??;
        let wanted = match &monitor.workspace {
            Some(id) => Wanted::Id(id),
            None => Wanted::Folder(folder),
        };
        let programs = config::services::of(None, wanted)?;
        services::beside(opened, programs, Some(folder.canonicalize()?))?
    } else {
        let client = connection::client(&monitor.connect)?;
        // Whether it answers is said before the terminal is taken.
        client.whoami().await?;
        Arc::new(HubSource::new(client, Handle::current()))
    };
    if monitor.events.is_wanted {
        return events::print(source, monitor.events).await;
    }
    if monitor.pages.web {
        return serve(source, monitor.workspace, monitor.pages).await;
    }
    show(source, None).await
}

/// Fails with words where there is nobody to show something to.
pub(crate) fn need_terminal() -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    bail!("this is no terminal: `cupola run list` and `cupola experiment list` print what there is")
}

/// Shows a place until whoever looks quits.
pub(crate) async fn show(
    source: Arc<dyn Source>,
    running: Option<String>,
) -> anyhow::Result<ExitCode> {
    let options = Options {
        colours: colours(),
        offset_secs,
        clipboard: Clipboard::told_by(|name| std::env::var_os(name).is_some()),
        running,
    };
    let silence = quiet::keep();
    let shown = tokio::task::spawn_blocking(move || cupola_tui::run(source, options)).await;
    drop(silence);
    // What was started from the terminal ends with it.
    services::end().await;
    Ok(match shown?? {
        Some(signal) => ExitCode::from(u8::try_from(SIGNAL_BASE + signal).unwrap_or(u8::MAX)),
        None => ExitCode::SUCCESS,
    })
}

/// How a folder is to be watched.
pub(crate) fn watching(watch: Watch) -> anyhow::Result<Watching> {
    let seconds = watch.polling_interval;
    Ok(match watch.watcher {
        Watcher::Auto => Watching::Auto,
        Watcher::Inotify => Watching::Inotify,
        Watcher::Polling if (0.01..=POLLING_SECS_MAX).contains(&seconds) => {
            Watching::Polling(Duration::from_secs_f64(seconds))
        }
        Watcher::Polling => bail!(
            "`--polling-interval`: is {seconds}; choose seconds from 0.01 to {POLLING_SECS_MAX}"
        ),
    })
}

pub(crate) fn colours() -> Colours {
    let told = |name: &str| std::env::var(name).ok();
    Colours::told_by(
        told("NO_COLOR").as_deref(),
        told("COLORTERM").as_deref(),
        told("TERM").as_deref(),
    )
}
