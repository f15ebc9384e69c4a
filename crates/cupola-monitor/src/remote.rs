//! A workspace on the far side of a [`Dial`], as if it were here.
//!
//! Rows are mirrored: they are read once, and the far side tells what becomes of them. When the
//! connection is lost, what is known stays readable, the way is tried again, and everything is read
//! anew once it leads somewhere.

mod far;
mod keeper;
mod link;
mod listeners;
mod mirror;
mod ours;
mod said;
mod theirs;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc::Receiver},
    thread::{self, JoinHandle},
    time::Duration,
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    Metrics,
    model::{
        Experiment, ExperimentAction, Job, JobDetails, JobKey, Orphan, RunKey, Series, Service,
        Sheet, Warning,
    },
    source::{
        Action, Change, Connection, LogAsked, LogOf, LogPart, Place, SAID, Source, SourceError,
    },
};

pub(crate) use self::far::SAY_CLOCK;
use self::{
    far::{Dialect, Far},
    link::Link,
    listeners::Listeners,
    mirror::Mirror,
    said::Said,
};
use crate::dial::Dial;

/// How the far side is spoken to.
pub struct Options {
    /// Of this program.
    pub version: String,
    /// What time it is here.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Who hears what the far side says to people, line by line, without control codes.
    pub said: Box<dyn Fn(&str) + Send + Sync>,
    /// So long a first answer may take: the other program may have to be installed there.
    pub connect_limit: Duration,
    /// So long any other may take.
    pub call_limit: Duration,
}

/// A workspace far away.
pub struct Remote {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

/// What the threads of a remote share.
struct Shared {
    dial: Box<dyn Dial>,
    options: Options,
    state: Mutex<State>,
    /// Told whenever the state changes; the keeper waits for it.
    moved: Condvar,
    mirror: Mutex<Mirror>,
    said: Mutex<Said>,
    /// Of event files that were fetched.
    metrics: Metrics,
    listeners: Listeners,
}

/// Where the connection stands.
struct State {
    link: Option<Arc<Link>>,
    /// One whose other end has not said yet who it is.
    greeted: Option<Arc<Link>>,
    /// Of the newest link that there was.
    far: Far,
    why_away: String,
    /// Somebody wants it tried at once.
    is_urgent: bool,
    is_closing: bool,
}

impl Remote {
    /// Goes there, exchanges versions, and stays connected until it is closed.
    pub fn connect(dial: Box<dyn Dial>, options: Options) -> Result<Self, SourceError> {
        let shared = Arc::new(Shared {
            dial,
            options,
            state: Mutex::new(State {
                link: None,
                greeted: None,
                far: Far::unknown(),
                why_away: "it was never reached".to_owned(),
                is_urgent: false,
                is_closing: false,
            }),
            moved: Condvar::new(),
            mirror: Mutex::default(),
            said: Mutex::default(),
            metrics: Metrics::default(),
            listeners: Listeners::default(),
        });
        keeper::connect(&shared, false)?;
        let kept = Arc::clone(&shared);
        let keeper = thread::Builder::new()
            .name("monitor-keeper".to_owned())
            .spawn(move || keeper::keep(&kept))
            .map_err(|error| SourceError::Away(format!("no thread can be started: {error}")))?;
        Ok(Self {
            shared,
            keeper: Mutex::new(Some(keeper)),
        })
    }

    /// Leaves: the program that leads there has ended after it, and what the way there kept on this
    /// machine is gone. Dropping does the same, but the last who holds it may be a thread that nobody
    /// waits for.
    pub fn close(&self) {
        let links = {
            let mut state = self.shared.state();
            state.is_closing = true;
            [state.link.take(), state.greeted.take()]
        };
        self.shared.moved.notify_all();
        for link in links.into_iter().flatten() {
            link.end("it was left");
            link.bury();
        }
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keeper.take() {
            // A panic of it was shown when it happened.
            let _ = keeper.join();
        }
        self.shared.dial.close();
    }

    /// In words, who answers there: `Cupola 0.1.0`, `Experimaestro (protocol 2.0)`.
    pub fn far_side(&self) -> String {
        self.shared.state().far.title()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mirror(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a line that the far side says to people.
    fn hear(&self, line: &str) {
        self.said().hear(line);
        (self.options.said)(line);
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what listeners missed, and that something was said: not of each line, there may be many.
    fn catch_up(&self) {
        self.listeners.settle();
        let is_fresh = self.said().take_fresh();
        if is_fresh {
            self.listeners.tell(Change::Said);
        }
    }

    /// The connection, if there is one.
    fn link(&self) -> Result<Arc<Link>, SourceError> {
        let state = self.state();
        state
            .link
            .clone()
            .ok_or_else(|| SourceError::Away(state.why_away.clone()))
    }

    /// Asks whoever is there in its own way.
    fn ask<T>(
        &self,
        ours: impl FnOnce(&Link) -> Result<T, SourceError>,
        theirs: impl FnOnce(&Link, &Far) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let link = self.link()?;
        let far = link.far();
        match far.dialect {
            Dialect::Ours => ours(&link),
            Dialect::Theirs => theirs(&link, far),
        }
    }

    /// What the event files of a job say, fetched from a far side that reads none.
    fn fetched_series(&self, of: &JobKey, width: usize) -> Result<Vec<Series>, SourceError> {
        let job = self.mirror().job(of);
        let job = job.ok_or_else(|| SourceError::Unknown(format!("there is no job {of}")))?;
        match self.fetch_events(&job.path) {
            Ok(folder) => self.metrics.series(&folder, width),
            // It has none.
            Err(SourceError::Unknown(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn fetch(&self, path: &Path) -> Result<PathBuf, SourceError> {
        self.dial.fetch(path, &self.workspace())
    }

    fn fetch_events(&self, folder: &Path) -> Result<PathBuf, SourceError> {
        self.dial.fetch_events(folder, &self.workspace())
    }

    fn workspace(&self) -> PathBuf {
        self.state().far.workspace.clone()
    }
}

impl Source for Remote {
    fn place(&self) -> Place {
        let state = self.shared.state();
        Place {
            title: self.shared.dial.title(),
            is_remote: true,
            is_hub: false,
            can_act: state.far.can_act,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        let state = self.shared.state();
        let away = state.link.is_none().then(|| {
            Change::Connection(Connection::Away {
                why: state.why_away.clone(),
                next: Duration::ZERO,
            })
        });
        // What was said before somebody listened is news to them too.
        let said = (!self.shared.said().is_empty()).then_some(Change::Said);
        self.shared.listeners.listen(away.or(said))
    }

    fn now(&self) -> Timestamp {
        let ahead = self.shared.state().far.ahead_ms;
        let here = (self.shared.options.clock)().millis();
        Timestamp::from_millis(here.saturating_add(ahead))
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        if let Some(known) = self.shared.mirror().experiments() {
            return Ok(known);
        }
        let load = self.shared.mirror().begin();
        let found = self.shared.ask(ours::experiments, theirs::experiments);
        self.shared.mirror().end_experiments(load, found)
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        if let Some(known) = self.shared.mirror().jobs(of) {
            return Ok(known);
        }
        let load = self.shared.mirror().begin();
        let found = self.shared.ask(
            |link| ours::jobs(link, of),
            |link, far| theirs::jobs(link, far, of),
        );
        self.shared.mirror().end_jobs(load, of, found)
    }

    fn dependencies(&self, of: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        let jobs = self.jobs(Some(of))?;
        self.shared.ask(
            |link| ours::dependencies(link, of),
            |link, _| theirs::dependencies(link, of, &jobs),
        )
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        let known = self.shared.mirror().job(key);
        self.shared.ask(
            |link| ours::job(link, key),
            |link, far| {
                let fetch = |path: &Path| self.shared.fetch(path);
                theirs::job(link, far, key, known.as_deref(), fetch)
            },
        )
    }

    fn services(&self, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        self.shared.ask(
            |link| ours::services(link, of),
            |link, _| theirs::services(link, of),
        )
    }

    fn actions(&self, of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
        self.shared.ask(
            |link| ours::actions(link, of),
            |link, _| theirs::actions(link, of),
        )
    }

    fn orphans(&self, with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
        self.shared
            .ask(|link| ours::orphans(link, with_sizes), theirs::orphans)
    }

    fn warnings(&self) -> Result<Vec<Warning>, SourceError> {
        self.shared
            .ask(ours::warnings, |link, _| theirs::warnings(link))
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        if asked.of == LogOf::Workspace && asked.stream == SAID {
            return Ok(self.shared.said().part(asked.offset, asked.bytes));
        }
        self.shared.ask(
            |link| ours::log(link, asked),
            |_, far| theirs::log(far, asked, |path| self.shared.fetch(path)),
        )
    }

    fn series(&self, of: &JobKey, width: usize) -> Result<Vec<Series>, SourceError> {
        self.shared.ask(
            |link| ours::series(link, of, width),
            |_, _| self.shared.fetched_series(of, width),
        )
    }

    fn sheets(&self) -> Result<Vec<Sheet>, SourceError> {
        self.shared.ask(ours::sheets, |_, _| Ok(Vec::new()))
    }

    fn act(&self, action: &Action) -> Result<String, SourceError> {
        self.shared.ask(
            |link| ours::act(link, action),
            |link, _| theirs::act(link, action),
        )
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        self.shared.dial.fetch_all(path, &self.shared.workspace())
    }

    fn fetched_events(&self, folder: &Path) -> Result<PathBuf, SourceError> {
        self.shared.fetch_events(folder)
    }

    /// Reads anew, and where the connection is lost tries it at once.
    fn refresh(&self) {
        self.shared.state().is_urgent = true;
        self.shared.moved.notify_all();
        self.shared.mirror().forget();
        // Where it cannot be told, the connection is away and everything is read anew later.
        let _ = self.shared.ask(ours::refresh, |_, _| Ok(()));
        self.shared.listeners.tell(Change::All);
    }
}
