//! A workspace in a browser: a hub of its own in a folder that goes with it, which shows nothing else.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::Context as _;
use cupola_web::Home;
use cupola_workspace::source::Source;

use crate::{
    cli::Pages,
    config::Config,
    output,
    serve::{Running, With, stop_signal},
    watched,
};

/// Serves the pages of a place, which may have a name, until Ctrl-C.
pub(crate) async fn serve(
    source: Arc<dyn Source>,
    name: Option<String>,
    pages: Pages,
) -> anyhow::Result<ExitCode> {
    let folder = Folder::make()?;
    let config = Config {
        host: pages.host,
        port: pages.port,
        allow_hosts: pages.allow_host,
        allow_remote: pages.allow_remote,
        no_browser: pages.no_browser,
        home: Home::Workspaces,
        workspaces: watched::only(source, name),
        ..Config::private(Some(folder.0.clone()), Vec::new(), 1)
    };
    let stop = stop_signal()?;
    let running = Running::start(&config, With::Nobody).await?;
    running.greet_pages(&config, output::note)?;
    output::note("Ctrl-C stops it.");
    stop.await;
    running.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// A folder for this user alone, gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn make() -> anyhow::Result<Self> {
        let name = format!("cupola-monitor-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let made = DirBuilder::new().mode(0o700).create(&path);
        made.with_context(|| format!("failed to make the folder `{}`", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let path: &Path = &self.0;
        if let Err(error) = std::fs::remove_dir_all(path) {
            tracing::warn!(%error, path = %path.display(), "the folder stays");
        }
    }
}
