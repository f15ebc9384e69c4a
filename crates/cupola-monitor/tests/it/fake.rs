//! A workspace that exists only in memory, and tells what tests change in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    model::{
        Counts, Experiment, ExperimentAction, ExperimentRun, Job, JobDetails, JobKey, JobState,
        LogFile, Orphan, Process, ProcessNow, Progress, Reason, RunKey, RunStatus, Series, Service,
        ServiceState, Sheet, Tags, Warning,
    },
    source::{Action, Change, LogAsked, LogPart, Place, Source, SourceError},
};
use serde_json::{Value, json};

/// The time in the workspace.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_268_105_000);

#[derive(Default)]
pub(crate) struct Fake {
    jobs: Mutex<Vec<Arc<Job>>>,
    listeners: Mutex<Vec<Sender<Change>>>,
    pub(crate) acted: Mutex<Vec<Action>>,
    /// How often all rows were asked for.
    pub(crate) listed: AtomicUsize,
    pub(crate) log: Mutex<Vec<u8>>,
}

impl Fake {
    /// With `count` jobs, of which the second failed and the third runs.
    pub(crate) fn new(count: usize) -> Arc<Self> {
        let fake = Self::default();
        *fake.jobs.lock().unwrap() = (0..count).map(|number| Arc::new(job(number))).collect();
        *fake.log.lock().unwrap() = b"first\nsecond \xff\nlast\n".to_vec();
        Arc::new(fake)
    }

    /// Puts a job in place of the one with its key, or adds it, and tells so.
    pub(crate) fn put(&self, job: Job) {
        let key = job.key.clone();
        {
            let mut jobs = self.jobs.lock().unwrap();
            match jobs.iter_mut().find(|it| it.key == key) {
                Some(known) => *known = Arc::new(job),
                None => jobs.push(Arc::new(job)),
            }
        }
        self.tell(&Change::Job(key));
    }

    pub(crate) fn remove(&self, key: &JobKey) {
        self.jobs.lock().unwrap().retain(|it| it.key != *key);
        self.tell(&Change::Job(key.clone()));
    }

    /// The first of them, all at once.
    pub(crate) fn remove_first(&self, count: usize) {
        let gone: Vec<_> = self.jobs.lock().unwrap().drain(..count).collect();
        for job in gone {
            self.tell(&Change::Job(job.key.clone()));
        }
    }

    pub(crate) fn tell(&self, change: &Change) {
        let mut listeners = self.listeners.lock().unwrap();
        listeners.retain(|listener| listener.send(change.clone()).is_ok());
    }

    pub(crate) fn rows(&self) -> Vec<Arc<Job>> {
        self.jobs.lock().unwrap().clone()
    }
}

pub(crate) fn run() -> RunKey {
    RunKey {
        experiment: "demo".to_owned(),
        run: "20261121_133504".to_owned(),
    }
}

pub(crate) fn key(number: usize) -> JobKey {
    JobKey {
        task: "tasks.train".to_owned(),
        id: format!("{number:064x}"),
    }
}

pub(crate) fn job(number: usize) -> Job {
    let state = match number {
        1 => JobState::Error,
        2 => JobState::Running,
        _ => JobState::Done,
    };
    let tags = [("lr", json!(0.01)), ("seed", json!(number))];
    let at = |seconds| Some(NOW.plus(std::time::Duration::from_secs(seconds)));
    Job {
        path: Path::new("/work space/jobs/tasks.train").join(&key(number).id),
        key: key(number),
        state,
        reason: (number == 1).then_some(Reason::Timeout),
        scheduler: None,
        submitted_at: at(0),
        started_at: at(1),
        ended_at: at(5).filter(|_| number != 2),
        exit_code: (number == 1).then_some(1),
        retries: 0,
        progress: vec![Progress {
            level: 0,
            desc: "epoch".to_owned(),
            progress: 0.5,
        }],
        tags: Tags::from_iter(tags.map(|(name, value)| (name.to_owned(), value))),
        process: Some(process()),
        carbon: None,
        runs: vec![run()],
        problem: None,
    }
}

fn process() -> Process {
    Process {
        kind: "local".to_owned(),
        pid: "4711".to_owned(),
        host: Some("vm".to_owned()),
    }
}

fn service() -> Service {
    Service {
        run: run(),
        id: "board".to_owned(),
        description: "A board".to_owned(),
        state: ServiceState::Running,
        url: Some("http://localhost:6006".to_owned()),
        error: None,
        class: "tasks.Board".to_owned(),
        kept: json!({"path": {"__path__": "/work space/jobs"}}),
        synced: None,
    }
}

pub(crate) fn warning() -> Warning {
    Warning {
        run: run(),
        key: "stray_jobs_1".to_owned(),
        description: "one job runs astray".to_owned(),
        actions: vec![("kill".to_owned(), "Kill it".to_owned())],
    }
}

pub(crate) fn counts(jobs: &[Arc<Job>]) -> Counts {
    let count = |state| jobs.iter().filter(|job| job.state == state).count() as u64;
    Counts {
        total: jobs.len() as u64,
        done: count(JobState::Done),
        failed: count(JobState::Error),
        running: count(JobState::Running),
        gone: count(JobState::Phantom),
    }
}

impl Source for Fake {
    fn place(&self) -> Place {
        Place {
            title: "/work space".to_owned(),
            is_remote: false,
            is_hub: false,
            can_act: true,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        let (to, from) = channel();
        self.listeners.lock().unwrap().push(to);
        from
    }

    fn now(&self) -> Timestamp {
        NOW
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        let run = ExperimentRun {
            key: run(),
            path: PathBuf::from("/work space/experiments/demo/20261121_133504"),
            status: RunStatus::Running,
            host: Some("vm".to_owned()),
            started_at: Some(NOW),
            ended_at: None,
            counts: counts(&self.rows()),
            tags: vec!["best".to_owned()],
            carbon: None,
            problem: None,
        };
        Ok(vec![Experiment {
            id: "demo".to_owned(),
            path: PathBuf::from("/work space/experiments/demo"),
            runs: vec![run],
        }])
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        self.listed.fetch_add(1, Ordering::Relaxed);
        match of {
            Some(asked) if *asked != run() => Err(SourceError::Unknown(format!(
                "there is no run `{}`",
                asked.run
            ))),
            _ => Ok(self.rows()),
        }
    }

    fn dependencies(&self, _: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        Ok(BTreeMap::from([(key(1), vec![key(0)])]))
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        let rows = self.rows();
        let Some(job) = rows.iter().find(|job| job.key == *key) else {
            return Err(SourceError::Unknown(format!("there is no job `{key}`")));
        };
        Ok(JobDetails {
            job: Job::clone(job),
            parameters: json!({"lr": 0.01, "model": {"width": 8}}),
            dependencies: Vec::new(),
            process: Some(ProcessNow {
                process: process(),
                is_running: Some(true),
                cpu_percent: Some(12.5),
                memory_bytes: Some(1 << 20),
                threads: Some(3),
            }),
            logs: vec![LogFile {
                name: "stdout".to_owned(),
                path: job.path.join("train.out"),
                bytes: self.log.lock().unwrap().len() as u64,
            }],
        })
    }

    fn services(&self, _: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        Ok(vec![service()])
    }

    fn actions(&self, _: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
        Ok(vec![ExperimentAction {
            id: "export".to_owned(),
            description: "Export the best".to_owned(),
            class: "tasks.Export".to_owned(),
        }])
    }

    fn orphans(&self, with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
        let orphan = |number, is_stray| Orphan {
            job: Job {
                runs: Vec::new(),
                ..job(number)
            },
            is_stray,
            bytes: with_sizes.then_some(4096),
        };
        Ok(vec![orphan(900, false), orphan(901, true)])
    }

    fn warnings(&self) -> Result<Vec<Warning>, SourceError> {
        Ok(vec![warning()])
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        let log = self.log.lock().unwrap();
        let offset = usize::try_from(asked.offset.unwrap_or(0)).unwrap();
        let bytes = log.iter().skip(offset).copied();
        Ok(LogPart {
            offset: offset as u64,
            bytes: bytes.take(usize::try_from(asked.bytes).unwrap()).collect(),
            size: log.len() as u64,
        })
    }

    fn series(&self, _: &JobKey, _: usize) -> Result<Vec<Series>, SourceError> {
        Ok(vec![Series {
            name: "loss".to_owned(),
            points: vec![(0.0, 2.0), (1.0, 1.5)],
            is_reduced: false,
        }])
    }

    fn sheets(&self) -> Result<Vec<Sheet>, SourceError> {
        Ok(vec![Sheet {
            title: "Workers".to_owned(),
            columns: vec!["name".to_owned()],
            rows: vec![vec!["w1".to_owned()]],
        }])
    }

    fn act(&self, action: &Action) -> Result<String, SourceError> {
        if matches!(action, Action::Delete(key) if *key == self::key(2)) {
            return Err(SourceError::Refused("the job is running".to_owned()));
        }
        self.acted.lock().unwrap().push(action.clone());
        Ok("done".to_owned())
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        Ok(path.to_owned())
    }

    fn refresh(&self) {}
}

/// The value `null`, for comparisons.
pub(crate) const NULL: Value = Value::Null;
