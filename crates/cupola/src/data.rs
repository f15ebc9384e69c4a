//! The data folder: where it is, and what stands in it beside the database.
//!
//! ```text
//! cupola.db            the database (SQLite), with its write-ahead log
//! hub.json             where the hub that runs here listens; gone when it stops
//! command-line.token   lets this user's command line in (mode 0600)
//! worker.token         lets the local worker in (mode 0600)
//! tls.pem              the hub's own certificate and its key (mode 0600), where it encrypts
//! artifacts/           files that runs keep, called by their hashes
//! runs/                a folder of open files for each run
//! worker/              the local worker's folder: identity, code, runs
//! ```

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::config;

/// A project's own data folder.
const PROJECT_FOLDER: &str = ".cupola";

/// The data folder.
#[derive(Debug, Clone)]
pub(crate) struct DataDir(PathBuf);

/// Where the hub that runs here listens.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunningHub {
    /// As clients are given it.
    pub url: String,
    pub pid: u32,
}

impl DataDir {
    /// The folder that was named, also by `cupola.toml`, else `.cupola` here or above, else the user's data
    /// folder.
    pub(crate) fn find(named: Option<PathBuf>) -> anyhow::Result<Self> {
        if let Some(named) = named.or_else(config::data) {
            // Programs of runs work in folders of their own, and are told where their files are.
            let absolute = std::path::absolute(&named);
            let named = named.display();
            return absolute
                .map(Self)
                .with_context(|| format!("`{named}` cannot be a data folder"));
        }
        match project_above(&here()?) {
            Some(found) => Ok(Self(found)),
            None => Self::of_user(),
        }
    }

    /// The user's data folder.
    pub(crate) fn of_user() -> anyhow::Result<Self> {
        let user = if let Some(folder) = std::env::var_os("XDG_DATA_HOME") {
            PathBuf::from(folder)
        } else {
            let home = std::env::var_os("HOME").context("name a folder with `--data`")?;
            PathBuf::from(home).join(".local/share")
        };
        Ok(Self(user.join("cupola")))
    }

    /// The project's own folder: `.cupola` here or above, else here, where it may not be yet.
    pub(crate) fn of_project() -> anyhow::Result<PathBuf> {
        let here = here()?;
        Ok(project_above(&here).unwrap_or_else(|| here.join(PROJECT_FOLDER)))
    }

    /// Makes the folder, for this user alone. One that was there stays as open as it was, but what runs
    /// leave in it is not for others.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        let made = make_private(&self.0);
        made.with_context(|| format!("failed to make the data folder `{}`", self.0.display()))?;
        for folder in [self.runs(), self.artifacts()] {
            let for_its_owner = fs::Permissions::from_mode(0o700);
            let is_private =
                make_private(&folder).and_then(|()| fs::set_permissions(&folder, for_its_owner));
            is_private.with_context(|| format!("failed to make `{}` private", folder.display()))?;
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.join("cupola.db")
    }

    pub(crate) fn artifacts(&self) -> PathBuf {
        self.0.join("artifacts")
    }

    pub(crate) fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    pub(crate) fn worker(&self) -> PathBuf {
        self.0.join("worker")
    }

    pub(crate) fn command_line_token(&self) -> PathBuf {
        self.0.join("command-line.token")
    }

    pub(crate) fn worker_token(&self) -> PathBuf {
        self.0.join("worker.token")
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.0.join("tls.pem")
    }

    /// The hub that runs here, if one says so.
    pub(crate) fn running_hub(&self) -> Option<RunningHub> {
        serde_json::from_slice(&fs::read(self.hub_file()).ok()?).ok()
    }

    /// Says where the hub that runs here listens.
    pub(crate) fn write_running_hub(&self, hub: &RunningHub) -> anyhow::Result<()> {
        let text = serde_json::to_string(hub)?;
        Ok(write_private(&self.hub_file(), &text)?)
    }

    /// The hub that ran here has stopped.
    pub(crate) fn remove_running_hub(&self) {
        // A file that stays says where a hub was: whoever asks there is told that nobody answers.
        let _ = fs::remove_file(self.hub_file());
    }

    fn hub_file(&self) -> PathBuf {
        self.0.join("hub.json")
    }
}

/// Makes a folder that only this user sees.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

fn here() -> anyhow::Result<PathBuf> {
    std::env::current_dir().context("the working directory is gone")
}

fn project_above(here: &Path) -> Option<PathBuf> {
    let mut folders = here.ancestors().map(|folder| folder.join(PROJECT_FOLDER));
    folders.find(|folder| fs::metadata(folder).is_ok_and(|about| about.is_dir() && is_own(&about)))
}

/// Whether it is this user's, and nobody else may write there: what stands in it is obeyed.
fn is_own(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (ours, others) = (rustix::process::geteuid().as_raw(), about.mode() & 0o022);
    (about.uid() == ours || about.uid() == 0) && others == 0
}

/// Reads a secret from a file; `None` when there is none.
pub(crate) fn read_secret(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|secret| !secret.is_empty())
}

/// Writes a file that only this user may read.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let new = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_folder_is_the_same_from_everywhere() {
        let data = DataDir::find(Some("data".into())).unwrap();
        assert_eq!(data.path(), here().unwrap().join("data"));
    }

    #[test]
    fn what_runs_leave_is_for_nobody_else_in_a_folder_that_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir(folder.path().to_owned());
        let open = |path: &Path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        open(folder.path());
        fs::create_dir(data.runs()).unwrap();
        open(&data.runs());
        data.create().unwrap();
        for folder in [data.runs(), data.artifacts()] {
            let mode = fs::metadata(&folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
        }
    }
}
