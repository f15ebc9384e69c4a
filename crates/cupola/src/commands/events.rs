//! `--events-viewer`: what happens at a place, a line each, without an interface.

mod lines;

use std::{
    collections::{BTreeSet, HashMap},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use cupola_workspace::{
    model::{Experiment, Job, JobKey, RunKey, Service, ServiceState, Warning},
    source::{Change, Connection, Source, SourceError},
};

use self::lines::Happened;
use crate::{cli, output, serve::stop_signal};

/// Changes are gathered for so long: a job that reports quickly is told once.
const GATHERED_FOR: Duration = Duration::from_millis(100);

/// How often the end is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// Prints what happens until Ctrl-C, a signal, or a reader that goes away.
pub(crate) async fn print(source: Arc<dyn Source>, how: cli::Events) -> anyhow::Result<ExitCode> {
    let stop = stop_signal()?;
    let is_over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&is_over);
    let viewer = tokio::task::spawn_blocking(move || {
        let changes = source.changes();
        let mut known = Known::default();
        let mut say = |happened: Happened<'_>| {
            if !(how.no_progress && happened.is_progress()) {
                output::line(&happened.text(source.now(), how.format));
            }
        };
        // What there already is has not just happened.
        known.compare(&*source, &Changed::all(), &mut |_| ());
        follow(&*source, &changes, &ended, &mut known, &mut say);
    });
    tokio::select! {
        () = stop => is_over.store(true, Ordering::Release),
        () = until(&is_over) => {}
    }
    viewer.await?;
    Ok(ExitCode::SUCCESS)
}

/// Ends when the viewer has ended by itself.
async fn until(is_over: &AtomicBool) {
    while !is_over.load(Ordering::Acquire) {
        tokio::time::sleep(LOOK).await;
    }
}

fn follow(
    source: &dyn Source,
    changes: &Receiver<Change>,
    is_over: &AtomicBool,
    known: &mut Known,
    say: &mut impl FnMut(Happened<'_>),
) {
    while !is_over.load(Ordering::Acquire) {
        match changes.recv_timeout(LOOK) {
            Ok(first) => {
                let gathered = Changed::from(first, changes);
                for connection in &gathered.connections {
                    say(Happened::Connection(connection));
                }
                known.compare(source, &gathered, say);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => is_over.store(true, Ordering::Release),
        }
    }
}

/// Changes of a moment, each once.
#[derive(Default)]
struct Changed {
    jobs: BTreeSet<JobKey>,
    lists: BTreeSet<List>,
    all: bool,
    connections: Vec<Connection>,
}

/// What is read as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Experiments,
    Services,
    Warnings,
}

impl Changed {
    fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    fn from(first: Change, more: &Receiver<Change>) -> Self {
        let mut changed = Self::default();
        changed.add(first);
        let began = Instant::now();
        while let Some(left) = GATHERED_FOR.checked_sub(began.elapsed()) {
            match more.recv_timeout(left) {
                Ok(change) => changed.add(change),
                Err(_) => break,
            }
        }
        changed
    }

    fn add(&mut self, change: Change) {
        match change {
            Change::Experiment(_) => self.touch(List::Experiments),
            Change::Job(key) => {
                self.touch(List::Experiments);
                self.jobs.insert(key);
            }
            Change::Services => self.touch(List::Services),
            Change::Warnings => self.touch(List::Warnings),
            Change::All => self.all = true,
            Change::Connection(connection) => self.connections.push(connection),
            // Lines of logs are no events, and what a far side says is on stderr.
            Change::Log(_) | Change::Said => {}
        }
    }

    fn touch(&mut self, list: List) {
        self.lists.insert(list);
    }

    fn touches(&self, list: List) -> bool {
        self.all || self.lists.contains(&list)
    }
}

/// What was there when it was looked at last.
#[derive(Default)]
struct Known {
    experiments: Vec<Experiment>,
    jobs: HashMap<JobKey, Arc<Job>>,
    services: Vec<Service>,
    warnings: Vec<Warning>,
}

impl Known {
    /// Reads what may have changed, and says what did. What cannot be read stays as it was.
    fn compare(
        &mut self,
        source: &dyn Source,
        changed: &Changed,
        say: &mut impl FnMut(Happened<'_>),
    ) {
        let mut touched = Vec::new();
        if changed.touches(List::Experiments)
            && let Ok(now) = source.experiments()
        {
            touched = self.compare_experiments(now, say);
        }
        if (changed.all || !changed.jobs.is_empty())
            && let Ok(jobs) = jobs(source, &touched)
        {
            self.compare_jobs(jobs, changed, say);
        }
        if changed.touches(List::Services)
            && let Ok(now) = source.services(None)
        {
            self.compare_services(now, say);
        }
        if changed.touches(List::Warnings)
            && let Ok(now) = source.warnings()
        {
            for warning in now.iter().filter(|it| !self.warnings.contains(it)) {
                say(Happened::Warning(warning));
            }
            self.warnings = now;
        }
    }

    /// The newest runs of those that are not as they were.
    fn compare_experiments(
        &mut self,
        now: Vec<Experiment>,
        say: &mut impl FnMut(Happened<'_>),
    ) -> Vec<RunKey> {
        let known: HashMap<&str, &Experiment> = self
            .experiments
            .iter()
            .map(|experiment| (experiment.id.as_str(), experiment))
            .collect();
        let mut touched = Vec::new();
        for experiment in &now {
            let Some(run) = experiment.runs.first() else {
                continue;
            };
            let before = known
                .get(experiment.id.as_str())
                .and_then(|it| it.runs.first());
            let is_same = before.is_some_and(|it| {
                (&it.key, it.status, it.counts) == (&run.key, run.status, run.counts)
            });
            if !is_same {
                say(Happened::Experiment(run));
                touched.push(run.key.clone());
            }
        }
        self.experiments = now;
        touched
    }

    fn compare_jobs(&mut self, now: Jobs, changed: &Changed, say: &mut impl FnMut(Happened<'_>)) {
        let mut gone = changed.jobs.clone();
        if changed.all && now.are_all {
            gone.extend(self.jobs.keys().cloned());
        }
        for job in now.rows {
            gone.remove(&job.key);
            if !changed.all && !changed.jobs.contains(&job.key) {
                continue;
            }
            let before = self.jobs.get(&job.key);
            if before.is_some_and(|before| Arc::ptr_eq(before, &job)) {
                continue;
            }
            match before {
                Some(before) if is_like(before, &job) => {
                    if before.progress != job.progress {
                        say(Happened::Progress(&job));
                    }
                }
                _ => say(Happened::Job(&job)),
            }
            self.jobs.insert(job.key.clone(), job);
        }
        for key in gone {
            if self.jobs.remove(&key).is_some() {
                say(Happened::Gone(&key));
            }
        }
    }

    fn compare_services(&mut self, now: Vec<Service>, say: &mut impl FnMut(Happened<'_>)) {
        for service in &now {
            let mut others = self.services.iter();
            let before = others.find(|it| (&it.run, &it.id) == (&service.run, &service.id));
            let is_same = match before {
                Some(before) => (before.state, &before.url) == (service.state, &service.url),
                None => service.state == ServiceState::Stopped,
            };
            if !is_same {
                say(Happened::Service(service));
            }
        }
        self.services = now;
    }
}

fn is_like(a: &Job, b: &Job) -> bool {
    (a.state, a.reason, a.scheduler, a.retries) == (b.state, b.reason, b.scheduler, b.retries)
}

/// Jobs that were read.
struct Jobs {
    rows: Vec<Arc<Job>>,
    /// Whether others are gone.
    are_all: bool,
}

/// All jobs, or those of the runs that changed where a place does not list all.
fn jobs(source: &dyn Source, touched: &[RunKey]) -> Result<Jobs, SourceError> {
    let are_all = match source.jobs(None) {
        Ok(rows) => {
            return Ok(Jobs {
                rows,
                are_all: true,
            });
        }
        Err(SourceError::Unsupported(_)) => false,
        Err(error) => return Err(error),
    };
    let mut rows = Vec::new();
    for run in touched {
        rows.extend(source.jobs(Some(run))?);
    }
    Ok(Jobs { rows, are_all })
}
