//! A workspace in a folder of this machine.

mod wanted;
mod warnings;
mod watcher;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, mpsc::Receiver},
};

use cupola_domain::time::Timestamp;

use crate::{
    act,
    here::Here,
    index::{self, Index},
    listeners::Listeners,
    log,
    metrics::Metrics,
    model::{
        Experiment, ExperimentAction, Job, JobDetails, JobKey, LogFile, Orphan, RunKey, Series,
        Service, Warning,
    },
    orphans,
    source::{Action, Change, LogAsked, LogOf, LogPart, Place, Source, SourceError},
    watch::{Noticed, Place as Watched, Watching},
    xpm::{
        self, Layout, job,
        params::{self, Params},
    },
};
use wanted::Wanted;
use warnings::Warnings;
use watcher::Watcher;

/// Streams of a job: what they are called, and what their files end with.
const STREAMS: [(&str, &str); 2] = [("stdout", "out"), ("stderr", "err")];

/// A folder that holds a workspace. It is read when opened, and watched from when somebody asks for
/// its changes.
pub struct Folder {
    shared: Arc<Shared>,
    watcher: OnceLock<Watcher>,
    watching: Watching,
    metrics: Metrics,
    wanted: Wanted,
}

struct Shared {
    layout: Layout,
    here: Here,
    index: RwLock<Index>,
    listeners: Mutex<Listeners>,
    warnings: Warnings,
}

impl Folder {
    /// Reads the workspace in `root`.
    pub fn open(root: &Path, here: Here, watching: Watching) -> Result<Self, SourceError> {
        let shown = root.display();
        let root = root.canonicalize().map_err(|error| {
            SourceError::Unknown(format!("{shown}: {}", xpm::file::words(&error)))
        })?;
        let layout = Layout { root };
        if !layout.is_there() {
            return Err(SourceError::Unknown(format!(
                "{shown} is no workspace: it has neither `experiments` nor `jobs`"
            )));
        }
        let index = Index::load(layout.clone(), here.clone());
        if let Some(problem) = index.problem() {
            return Err(SourceError::Refused(format!("{shown}: {problem}")));
        }
        Ok(Self {
            shared: Arc::new(Shared {
                layout,
                here,
                index: RwLock::new(index),
                listeners: Mutex::default(),
                warnings: Warnings::default(),
            }),
            watcher: OnceLock::new(),
            watching,
            metrics: Metrics::default(),
            wanted: Wanted::default(),
        })
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.shared.read()
    }

    fn details(&self, key: &JobKey) -> Result<(Job, PathBuf), SourceError> {
        let unknown = || SourceError::Unknown(format!("there is no job {key}"));
        if let Some(job) = self.index().job(key) {
            let path = job.path.clone();
            return Ok(((*job).clone(), path));
        }
        let path = self.shared.layout.job(key).ok_or_else(unknown)?;
        let job = orphans::read(&self.shared.layout, &self.shared.here, key).ok_or_else(unknown)?;
        Ok((job, path))
    }

    /// By the job's own file, or, before it has one, by the run that names it.
    fn params(&self, key: &JobKey, path: &Path, run: Option<&RunKey>) -> Params {
        let own = params::read(path);
        let run = run.filter(|_| own == Params::default());
        let folder = run.and_then(|run| Some(self.index().files(run)?.folder.clone()));
        let objects = folder.and_then(|folder| self.wanted.objects(&folder));
        objects.map_or(own, |objects| {
            let index = self.index();
            objects.params(key, |other| index.job(other).is_some())
        })
    }

    fn log_path(&self, asked: &LogAsked) -> Result<PathBuf, SourceError> {
        let end = STREAMS.iter().find(|(name, _)| *name == asked.stream);
        let unknown = || SourceError::Unknown(format!("there is no stream {}", asked.stream));
        match &asked.of {
            LogOf::Job(key) => {
                let (_, end) = end.ok_or_else(unknown)?;
                let (_, path) = self.details(key)?;
                Ok(path.join(format!("{}.{end}", xpm::script(&key.task))))
            }
            LogOf::Service(run, id) => {
                let (_, end) = end.ok_or_else(unknown)?;
                let name = format!("services/{id}/logs.{end}");
                let is_safe = id.split('/').all(xpm::is_name);
                is_safe
                    .then(|| self.newest_with(Some(&run.run), &name))
                    .flatten()
                    .ok_or_else(|| SourceError::Unknown(format!("service {id} has no log")))
            }
            LogOf::Workspace => self
                .newest_with(None, "experimaestro.log")
                .ok_or_else(|| SourceError::Unknown("the workspace has no log".to_owned())),
        }
    }

    /// Schedulers keep logs in a folder for each time they were started: that of a run when it has
    /// one, or the newest that has the file.
    fn newest_with(&self, run: Option<&str>, name: &str) -> Option<PathBuf> {
        let folder = self.shared.layout.scheduler();
        let mut starts = xpm::folders(&folder).ok()?;
        if let Some(at) = run.and_then(|run| starts.iter().position(|start| start == run)) {
            let own = starts.remove(at);
            starts.push(own);
        }
        let paths = starts
            .into_iter()
            .rev()
            .map(|start| folder.join(start).join(name));
        paths.into_iter().find(|path| path.exists())
    }
}

impl Source for Folder {
    fn place(&self) -> Place {
        Place {
            title: self.shared.layout.root.display().to_string(),
            is_remote: false,
            is_hub: false,
            can_act: true,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        let receiver = self.shared.listen();
        self.watcher
            .get_or_init(|| Watcher::start(self.shared.clone(), self.watching));
        receiver
    }

    fn now(&self) -> Timestamp {
        (self.shared.here.now)()
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        Ok(self.index().experiments())
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        let jobs = self.index().jobs(of);
        jobs.ok_or_else(|| no_run(of))
    }

    fn dependencies(&self, of: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        let jobs = self.jobs(Some(of))?;
        let needed = jobs.iter().map(|job| {
            let params = self.params(&job.key, &job.path, Some(of));
            (job.key.clone(), params.dependencies)
        });
        Ok(needed.filter(|(_, needed)| !needed.is_empty()).collect())
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        let (mut job, path) = self.details(key)?;
        let script = xpm::script(&key.task);
        let params = self.params(key, &path, job.runs.last());
        job.problem = job.problem.take().or(params.problem);
        let noted = job::noted_process(&path, script);
        let when = noted.as_ref().and_then(|(_, when)| *when);
        let process = job
            .process
            .as_ref()
            .map(|process| self.shared.here.look(process, when));
        let logs = STREAMS.iter().filter_map(|(name, end)| {
            let path = path.join(format!("{script}.{end}"));
            let bytes = path.symlink_metadata().ok()?.len();
            Some(LogFile {
                name: (*name).to_owned(),
                path,
                bytes,
            })
        });
        Ok(JobDetails {
            parameters: params.parameters,
            dependencies: params.dependencies,
            process,
            logs: logs.collect(),
            job,
        })
    }

    fn services(&self, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        Ok(self.index().services(of))
    }

    fn actions(&self, of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
        let index = self.index();
        let files = index.files(of).ok_or_else(|| no_run(Some(of)))?;
        Ok(files.actions.values().cloned().collect())
    }

    fn orphans(&self, with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
        self.shared.read_names();
        self.index().refuse_unread(&[])?;
        let mut found = orphans::stray(&self.index());
        let known: BTreeSet<JobKey> = found.iter().map(|stray| stray.job.key.clone()).collect();
        let unnamed = orphans::unnamed(&self.shared.layout, &self.shared.index)
            .map_err(|error| SourceError::Refused(format!("jobs: {}", xpm::file::words(&error))))?;
        let unnamed = unnamed.iter().filter(|key| !known.contains(key));
        found.extend(unnamed.filter_map(|key| {
            let job = orphans::read(&self.shared.layout, &self.shared.here, key)?;
            Some(orphans::orphan(job))
        }));
        if with_sizes {
            for orphan in &mut found {
                orphan.bytes = Some(orphans::size(&orphan.job.path));
            }
        }
        Ok(found)
    }

    fn warnings(&self) -> Result<Vec<Warning>, SourceError> {
        Ok(self.shared.warnings())
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        log::part(&self.log_path(asked)?, asked.offset, asked.bytes)
    }

    fn series(&self, of: &JobKey, width: usize) -> Result<Vec<Series>, SourceError> {
        self.metrics.series(&self.details(of)?.1, width)
    }

    fn act(&self, action: &Action) -> Result<String, SourceError> {
        // What is known may be old, and nobody may be watching.
        if let Action::DeleteExperiment { .. } = action {
            self.shared.read_names();
        }
        let touched = touched(&self.index(), action);
        self.shared.notice(&touched);
        let done = match action {
            Action::Kill(key) => act::kill(&self.details(key)?.0, &self.shared.here),
            Action::Delete(key) => act::delete_job(&self.details(key)?.0),
            Action::DeleteExperiment {
                experiment,
                run,
                with_jobs,
            } => {
                let planned =
                    act::plan_deletion(&self.index(), experiment, run.as_deref(), *with_jobs)?;
                act::delete_experiment(&planned)
            }
            Action::KillStray(keys) => return self.shared.kill_told(keys),
            Action::DeleteOrphans(keys) => return self.shared.delete_told(keys),
            Action::StartService(..) | Action::StopService(..) | Action::Execute(..) => {
                Err(SourceError::Unsupported(
                    "only the program of an experiment can do that".to_owned(),
                ))
            }
            Action::Warning { run, key, action } => {
                let done = self.shared.answer_warning(run, key, action)?;
                self.shared.tell(&[Change::Warnings]);
                return Ok(done);
            }
            Action::Start(_) => Err(SourceError::Unsupported(
                "a folder cannot do that".to_owned(),
            )),
        }?;
        self.shared.notice(&touched);
        Ok(done)
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        let shown = path.display();
        let real = path.canonicalize().map_err(|error| {
            SourceError::Unknown(format!("{shown}: {}", xpm::file::words(&error)))
        })?;
        if real.starts_with(&self.shared.layout.root) {
            Ok(real)
        } else {
            Err(SourceError::Refused(format!(
                "{shown} is not in the workspace"
            )))
        }
    }

    fn refresh(&self) {
        self.shared.warnings.forget();
        self.shared.notice(&[Noticed::Everything].into());
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self) -> Receiver<Change> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add()
    }

    /// Reads what was noticed and tells who listens. While the folder is away, nothing is.
    fn notice(&self, noticed: &BTreeSet<Noticed>) {
        if !self.layout.is_there() {
            return;
        }
        self.tell(&index::apply(&self.index, noticed));
    }

    fn tell(&self, changes: &[Change]) {
        let listeners = self.listeners.lock();
        let mut listeners = listeners.unwrap_or_else(PoisonError::into_inner);
        listeners.tell(changes);
    }
}

/// What an action is decided by, and where it leaves its traces.
fn touched(index: &Index, action: &Action) -> BTreeSet<Noticed> {
    let job = |key: &JobKey| Noticed::At(Watched::Task(key.task.clone()), Some(key.id.clone()));
    match action {
        Action::Kill(key) | Action::Delete(key) => [job(key)].into(),
        Action::DeleteExperiment { experiment, .. } => {
            let named = index.run_keys(experiment);
            let jobs = named.iter().filter_map(|run| index.jobs(Some(run)));
            let jobs = jobs.flatten().map(|named| job(&named.key));
            let places = [
                Watched::Experiments,
                Watched::Experiment(experiment.clone()),
            ];
            let places = places.map(|place| Noticed::At(place, None));
            places.into_iter().chain(jobs).collect()
        }
        _ => BTreeSet::new(),
    }
}

fn no_run(of: Option<&RunKey>) -> SourceError {
    let name = of.map(|key| format!("{}/{}", key.experiment, key.run));
    SourceError::Unknown(format!("there is no run {}", name.unwrap_or_default()))
}
