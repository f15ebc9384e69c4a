//! The far side by the system's `ssh`, with the person's own configuration, agent and jump hosts.

mod command;
mod fetch;
mod option;

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cupola_workspace::{Watching, source::SourceError};
use tempfile::TempDir;

use self::fetch::{Fetcher, Wanted};
use crate::{
    dial::{self, Dial, Wire},
    words,
};

/// A socket's path is at most so long.
const SOCKET_BYTES_MAX: usize = 90;

/// `ssh -G` connects to nothing and is quick.
const CONFIGURATION_LIMIT: Duration = Duration::from_secs(10);

/// Where and how a workspace is to be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// `user@host`, or what the person's configuration calls it.
    pub host: String,
    /// The workspace there; `~` is understood there.
    pub workdir: String,
    /// As `ssh` has them: `Port=2222`, `-p 2222`, `-i ~/.ssh/key`.
    pub options: Vec<String>,
    /// What answers there.
    pub program: FarProgram,
    /// Said to the shell there before: `source /etc/profile; module load python`.
    pub shell_init: Option<String>,
    /// How a Cupola there watches the folder.
    pub watching: Watching,
}

/// Which program answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FarProgram {
    /// Cupola where it is found; else Experimaestro; else that by `uv`.
    #[default]
    Found,
    /// This Cupola, perhaps with words before.
    Cupola(String),
    /// This Experimaestro, perhaps with words before.
    Experimaestro(String),
    /// Experimaestro, installed by `uv` when it is not there yet.
    Uv {
        /// From what is in `uv`'s cache alone.
        offline: bool,
        /// The interpreter it runs with.
        python: Option<String>,
        /// Just the version that this program was tried with, and no later one.
        is_exact: bool,
    },
}

/// A route that was checked, with what its connections share.
pub struct Ssh {
    route: Route,
    /// `ssh` with all options, without a host.
    words: Vec<String>,
    fetcher: Mutex<Fetcher>,
    /// The fetcher's.
    is_closed: Arc<AtomicBool>,
    /// The socket and the script lie in it; only this user may look.
    private: Mutex<Option<TempDir>>,
}

impl Ssh {
    /// Checks `route`; files that are fetched are kept in `cache`, at most `cache_bytes_max` of them.
    pub fn new(route: Route, cache: &Path, cache_bytes_max: u64) -> io::Result<Self> {
        let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        option::check_host(&route.host).map_err(invalid)?;
        if route.workdir.is_empty() || route.workdir.contains('\0') {
            return Err(invalid("the remote folder needs a name".to_owned()));
        }
        let mut ssh = vec!["ssh".to_owned()];
        for option in &route.options {
            ssh.extend(option::words_of(option).map_err(invalid)?);
        }
        command::far_command(&route).map_err(invalid)?;
        let private = tempfile::Builder::new().prefix("cupola-").tempdir()?;
        let socket = private.path().join("s");
        if socket.as_os_str().len() <= SOCKET_BYTES_MAX && !shares_already(&ssh, &route.host) {
            ssh.extend(option::shared_by(&socket));
        }
        ssh.extend(option::kept_alive());
        let script = private.path().join("ssh");
        fetch::write_script(&script, &ssh, &route.host)?;
        let place = cache.join(route.host.replace(['/', '\0'], "_"));
        let is_closed = Arc::new(AtomicBool::new(false));
        let fetcher = Fetcher::new(&script, place, cache_bytes_max, Arc::clone(&is_closed));
        Ok(Self {
            route,
            words: ssh,
            fetcher: Mutex::new(fetcher),
            is_closed,
            private: Mutex::new(Some(private)),
        })
    }

    fn fetcher(&self) -> MutexGuard<'_, Fetcher> {
        self.fetcher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program that is started, and its arguments.
    pub fn argv(&self, is_watched: bool) -> Vec<String> {
        let mut argv = self.words.clone();
        if is_watched {
            argv.extend(["-o", "BatchMode=yes"].map(str::to_owned));
        }
        argv.extend(["-T", "--"].map(str::to_owned));
        argv.push(self.route.host.clone());
        argv.extend(command::far_command(&self.route));
        argv
    }
}

impl Dial for Ssh {
    fn title(&self) -> String {
        format!("{}:{}", self.route.host, self.route.workdir)
    }

    fn dial(&self, is_watched: bool) -> io::Result<Wire> {
        dial::start(&self.argv(is_watched))
    }

    fn fetch(&self, path: &Path, workspace: &Path) -> Result<PathBuf, SourceError> {
        self.fetcher().fetch(path, workspace, Wanted::File)
    }

    fn fetch_all(&self, path: &Path, workspace: &Path) -> Result<PathBuf, SourceError> {
        self.fetcher().fetch(path, workspace, Wanted::All)
    }

    fn fetch_events(&self, folder: &Path, workspace: &Path) -> Result<PathBuf, SourceError> {
        self.fetcher().fetch(folder, workspace, Wanted::Events)
    }

    fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // What is under way has ended once it lets go.
        drop(self.fetcher());
        let mut private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        drop(private.take());
    }
}

/// Whether the person's configuration shares connections by itself.
fn shares_already(ssh: &[String], host: &str) -> bool {
    let mut argv = ssh.to_vec();
    argv.extend(["-G", "--", host].map(str::to_owned));
    let Ok(mut wire) = dial::start(&argv) else {
        return false;
    };
    drop(wire.output);
    let mut told = String::new();
    let is_told = wire.input.read_to_string(&mut told).is_ok();
    if let Some(mut program) = wire.program {
        program.wait(CONFIGURATION_LIMIT);
    }
    let path = told
        .lines()
        .find_map(|line| line.strip_prefix("controlpath "));
    is_told && path.is_some_and(|path| path != "none")
}

impl Route {
    /// As a line that a person could write.
    pub fn shown(&self) -> String {
        words::joined(&[&self.host, &self.workdir])
    }
}
