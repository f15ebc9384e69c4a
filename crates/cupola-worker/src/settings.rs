//! What a worker is told from outside.

use std::{ffi::OsString, fmt, path::PathBuf, sync::Arc, time::Duration};

use cupola_domain::time::Timestamp;

use crate::{admission::Admits, desk::Desk, sandbox::Sandbox};

/// Reads the wall clock.
#[derive(Clone)]
pub struct Clock {
    read: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    offset_secs: fn(Timestamp) -> i32,
}

impl Clock {
    /// A clock that reads by calling `read`. Its owner's are those of UTC.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            read: Arc::new(read),
            offset_secs: |_| 0,
        }
    }

    /// The same where clocks on the wall are so many seconds ahead of UTC at a moment.
    #[must_use]
    pub fn ahead(self, offset_secs: fn(Timestamp) -> i32) -> Self {
        Self {
            offset_secs,
            ..self
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.read)()
    }

    /// How many seconds clocks on the wall are ahead of UTC at a moment.
    pub(crate) fn offset_secs(&self, at: Timestamp) -> i32 {
        (self.offset_secs)(at)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// What a worker is told from outside.
#[derive(Clone)]
pub struct Settings {
    /// The hub's address, for instance `http://127.0.0.1:7171`.
    pub hub_url: String,
    /// With the role of a worker.
    pub token: String,
    /// Its name for people.
    pub name: String,
    /// Where it keeps its id, the bundles and the folders of its runs.
    pub state_dir: PathBuf,
    /// How many runs it takes at once; at least one.
    pub slots: u32,
    /// What `{cupola}` in a command stands for.
    pub binary: PathBuf,
    /// The Python to ask first, before those on the path.
    pub python: Option<PathBuf>,
    /// How long a program that says that it stops by itself has between being asked to and SIGTERM.
    pub asking: Duration,
    /// How long a program has between SIGTERM and being killed.
    pub grace: Duration,
    /// How long the hub may keep a question for work open.
    pub lease_wait: Duration,
    /// The variables of the agent; programs see the harmless ones.
    pub environment: Vec<(OsString, OsString)>,
    /// How far programs are kept in.
    pub sandbox: Sandbox,
    /// Which orders are run.
    pub admits: Admits,
    /// The hub's key, where it is known from elsewhere than from the hub's word at the first joining.
    pub hub_key: Option<String>,
    /// The program whose result tells machines apart that compute other bits; none where nobody needs to
    /// know.
    pub probe: Option<Probe>,
    /// The wall clock.
    pub clock: Clock,
    /// Where its owner sees and says what it may do.
    pub desk: Desk,
}

/// A computation that ends in the same bytes on every machine that computes the same bits.
pub type Probe = fn() -> Vec<u8>;

impl Settings {
    /// Settings with what most workers use for the rest: one slot, no Python named, 10 s to stop
    /// when asked and 5 s of grace.
    pub fn new(hub_url: &str, token: &str, state_dir: PathBuf, clock: Clock) -> Self {
        Self {
            desk: Desk::open(&state_dir, clock.clone()),
            hub_url: hub_url.to_owned(),
            token: token.to_owned(),
            name: "worker".to_owned(),
            state_dir,
            slots: 1,
            binary: PathBuf::from("cupola"),
            python: None,
            asking: Duration::from_secs(10),
            grace: Duration::from_secs(5),
            lease_wait: Duration::from_secs(25),
            environment: Vec::new(),
            sandbox: Sandbox::default(),
            admits: Admits::default(),
            hub_key: None,
            probe: None,
            clock,
        }
    }
}

impl fmt::Debug for Settings {
    /// Without the token and the environment, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("hub_url", &self.hub_url)
            .field("name", &self.name)
            .field("state_dir", &self.state_dir)
            .field("slots", &self.slots)
            .finish_non_exhaustive()
    }
}
