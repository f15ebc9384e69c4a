//! A place that stands still, with something of everything in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    model::{
        Carbon, Counts, Experiment, ExperimentAction, ExperimentRun, Job, JobDetails, JobKey,
        JobState, LogFile, Orphan, Process, ProcessNow, Progress, Reason, RunKey, RunStatus,
        Series, Service, ServiceState, Sheet, Synced, Warning,
    },
    source::{Action, Change, LogAsked, LogPart, Place, Source, SourceError},
};
use serde_json::json;

/// 2026-11-21 12:00:00 UTC.
pub(super) const NOON: i64 = 1_795_262_400_000;

#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own: any of them may hold with any other"
)]
pub(super) struct StillPlace {
    /// What was asked to be changed.
    pub(super) acts: Mutex<Vec<Action>>,
    /// What every log holds.
    pub(super) log: Mutex<Vec<u8>>,
    pub(super) is_remote: bool,
    pub(super) is_hub: bool,
    pub(super) is_read_only: bool,
    pub(super) has_sheets: bool,
}

pub(super) fn minutes_ago(minutes: i64) -> Timestamp {
    Timestamp::from_millis(NOON - minutes * 60_000)
}

fn run_key(experiment: &str, run: &str) -> RunKey {
    RunKey {
        experiment: experiment.to_owned(),
        run: run.to_owned(),
    }
}

fn run(experiment: &str, name: &str, status: RunStatus, counts: [u64; 4]) -> ExperimentRun {
    let [total, done, failed, running] = counts;
    ExperimentRun {
        key: run_key(experiment, name),
        path: PathBuf::from(format!("/scratch/ir/experiments/{experiment}/{name}")),
        status,
        host: Some("node-3".to_owned()),
        started_at: Some(minutes_ago(if status == RunStatus::Stopped {
            4_000
        } else {
            95
        })),
        ended_at: (status != RunStatus::Running).then(|| Timestamp::from_millis(NOON - 600_000)),
        counts: Counts {
            total,
            done,
            failed,
            running,
            gone: 0,
        },
        tags: if status == RunStatus::Done {
            vec!["paper".to_owned()]
        } else {
            Vec::new()
        },
        carbon: (status == RunStatus::Running).then(carbon),
        problem: None,
    }
}

fn carbon() -> Carbon {
    Carbon {
        co2_kg: 0.0123,
        energy_kwh: 0.25,
        cpu_power_w: Some(41.5),
        gpu_power_w: Some(230.0),
        ram_power_w: None,
        duration_s: 3600.0,
        is_final: false,
    }
}

pub(crate) fn job(at: u8, state: JobState, reason: Option<Reason>) -> Job {
    let task = if at.is_multiple_of(3) {
        "ir.bm25.index"
    } else {
        "ir.bm25.search"
    };
    let id: String = (0..64)
        .map(|place| char::from(b"0123456789abcdef"[(usize::from(at) * 7 + place) % 16]))
        .collect();
    let has_started = !matches!(
        state,
        JobState::Waiting | JobState::Ready | JobState::Unscheduled
    );
    let has_ended = matches!(state, JobState::Done | JobState::Error);
    Job {
        key: JobKey {
            task: task.to_owned(),
            id: id.clone(),
        },
        path: PathBuf::from(format!("/scratch/ir/jobs/{task}/{id}")),
        state,
        reason,
        scheduler: (at == 4).then_some(JobState::Running),
        submitted_at: Some(minutes_ago(90 - i64::from(at))),
        started_at: has_started.then(|| minutes_ago(80)),
        ended_at: has_ended.then(|| minutes_ago(20 + i64::from(at))),
        exit_code: has_ended.then_some(i32::from(state == JobState::Error)),
        retries: u32::from(at == 5),
        progress: match state {
            JobState::Running => vec![
                Progress {
                    level: 0,
                    desc: "queries".to_owned(),
                    progress: 0.42,
                },
                Progress {
                    level: 1,
                    desc: "fold 2".to_owned(),
                    progress: 0.9,
                },
            ],
            _ => Vec::new(),
        },
        tags: [
            ("lr".to_owned(), json!(0.1 / f64::from(at % 3 + 1))),
            (
                "model".to_owned(),
                json!(if at.is_multiple_of(2) {
                    "bm25"
                } else {
                    "dense"
                }),
            ),
        ]
        .into_iter()
        .collect(),
        process: (state == JobState::Running).then(|| Process {
            kind: "slurm".to_owned(),
            pid: "48131".to_owned(),
            host: Some("node-3".to_owned()),
        }),
        carbon: has_ended.then(carbon),
        runs: vec![run_key("bm25-grid", "20261121_102500")],
        problem: (at == 9).then(|| "params.json ends in the middle of line 3".to_owned()),
    }
}

pub(super) fn jobs() -> Vec<Job> {
    let states = [
        (JobState::Done, None),
        (JobState::Running, None),
        (JobState::Error, Some(Reason::Timeout)),
        (JobState::Waiting, None),
        (JobState::Done, None),
        (JobState::Error, Some(Reason::Failed)),
        (JobState::Scheduled, None),
        (JobState::Transient, None),
        (JobState::Unscheduled, None),
        (JobState::Phantom, None),
    ];
    (0..)
        .zip(states)
        .map(|(at, (state, reason))| job(at, state, reason))
        .collect()
}

impl Source for StillPlace {
    fn place(&self) -> Place {
        Place {
            title: if self.is_remote {
                "cluster:/scratch/ir"
            } else {
                "/scratch/ir"
            }
            .to_owned(),
            is_remote: self.is_remote,
            is_hub: self.is_hub,
            can_act: !self.is_read_only,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        channel().1
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOON)
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        let experiment = |id: &str, runs| Experiment {
            id: id.to_owned(),
            path: PathBuf::from(format!("/scratch/ir/experiments/{id}")),
            runs,
        };
        Ok(vec![
            experiment(
                "nothing",
                vec![run("nothing", "20261101_080000", RunStatus::Empty, [0; 4])],
            ),
            experiment(
                "dense",
                vec![run(
                    "dense",
                    "20261120_090000",
                    RunStatus::Done,
                    [12, 12, 0, 0],
                )],
            ),
            experiment(
                "bm25-grid",
                vec![
                    run(
                        "bm25-grid",
                        "20261121_102500",
                        RunStatus::Running,
                        [10, 2, 2, 1],
                    ),
                    run(
                        "bm25-grid",
                        "20261119_170000",
                        RunStatus::Failed,
                        [9, 6, 3, 0],
                    ),
                ],
            ),
            experiment(
                "evil\u{1b}[31m\nname",
                vec![run(
                    "evil",
                    "20261118_000000",
                    RunStatus::Stopped,
                    [4, 1, 0, 0],
                )],
            ),
        ])
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        match of {
            Some(run) if run.experiment == "bm25-grid" => {
                Ok(jobs().into_iter().map(Arc::new).collect())
            }
            Some(run) if run.experiment == "dense" => Err(SourceError::Away(
                "jobs.jsonl cannot be read: permission denied".to_owned(),
            )),
            _ => Ok(Vec::new()),
        }
    }

    fn dependencies(&self, _of: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        Ok(BTreeMap::new())
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        let jobs = jobs();
        let job = jobs.iter().find(|job| job.key == *key).cloned();
        let job = job.ok_or_else(|| SourceError::Unknown(format!("there is no job `{key}`")))?;
        let log = |name: &str, ending: &str| LogFile {
            name: name.to_owned(),
            path: job.path.join(format!("search.{ending}")),
            bytes: 20_480,
        };
        Ok(JobDetails {
            parameters: json!({
                "lr": 0.05,
                "model": {"type": "bm25", "k1": 0.9, "b": 0.4},
                "topics": ["robust04", "core18"],
                "folds": [{"seed": 1}, {"seed": 2}],
            }),
            dependencies: vec![jobs[0].key.clone()],
            process: job.process.clone().map(|process| ProcessNow {
                process,
                is_running: Some(true),
                cpu_percent: Some(187.0),
                memory_bytes: Some(3 << 30),
                threads: Some(9),
            }),
            logs: vec![log("stdout", "out"), log("stderr", "err")],
            job,
        })
    }

    fn services(&self, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        let service = |id: &str, state, url: Option<&str>, error: Option<&str>| Service {
            run: run_key("bm25-grid", "20261121_102500"),
            id: id.to_owned(),
            description: "TensorBoard of all folds".to_owned(),
            state,
            url: url.map(ToOwned::to_owned),
            error: error.map(ToOwned::to_owned),
            class: "services.TensorBoard".to_owned(),
            kept: json!({}),
            synced: self.is_remote.then(|| Synced {
                last: Some(Timestamp::from_millis(NOON - 60_000)),
                next: (state == ServiceState::Running)
                    .then(|| Timestamp::from_millis(NOON + 28_000)),
                problem: error.map(|_| "rsync ended with code 12".to_owned()),
            }),
        };
        let services = vec![
            service(
                "tensorboard",
                ServiceState::Running,
                Some("http://127.0.0.1:6006/"),
                None,
            ),
            service(
                "viewer",
                ServiceState::Error,
                None,
                Some("its program ended with code 2"),
            ),
        ];
        Ok(match of {
            Some(run) if run.experiment != "bm25-grid" => Vec::new(),
            _ => services,
        })
    }

    fn actions(&self, of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
        let action = ExperimentAction {
            id: "export".to_owned(),
            description: "writes the best model to a folder".to_owned(),
            class: "ir.actions.Export".to_owned(),
        };
        Ok(if of.experiment == "bm25-grid" {
            vec![action]
        } else {
            Vec::new()
        })
    }

    fn orphans(&self, _with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
        let orphan = |at, state, bytes| Orphan {
            job: job(at, state, None),
            is_stray: state == JobState::Running,
            bytes: Some(bytes),
        };
        let orphans = vec![
            orphan(30, JobState::Done, 5_000_000),
            orphan(31, JobState::Running, 1_200),
            orphan(32, JobState::Error, 7 << 30),
        ];
        let acts = self.acts.lock().unwrap();
        let is_gone = |orphan: &Orphan| {
            let key = || orphan.job.key.clone();
            let ways = [
                Action::Kill(key()),
                Action::KillStray(vec![key()]),
                Action::Delete(key()),
                Action::DeleteOrphans(vec![key()]),
            ];
            ways.iter().any(|way| acts.contains(way))
        };
        Ok(orphans.into_iter().filter(|it| !is_gone(it)).collect())
    }

    fn warnings(&self) -> Result<Vec<Warning>, SourceError> {
        let action = |key: &str, label: &str| (key.to_owned(), label.to_owned());
        Ok(vec![Warning {
            run: run_key("bm25-grid", "20261121_102500"),
            key: "stray_jobs_1".to_owned(),
            description: "1 job of an earlier run still runs".to_owned(),
            actions: vec![action("kill", "Kill it"), action("dismiss", "Dismiss")],
        }])
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        let log = self.log.lock().unwrap();
        let size = log.len() as u64;
        let tail = size.saturating_sub(asked.bytes);
        let rest = &log[usize::try_from(tail).unwrap()..];
        let line = rest.iter().position(|byte| *byte == b'\n');
        let line = line.filter(|_| tail > 0).map_or(0, |at| at as u64 + 1);
        let from = asked.offset.map_or(tail + line, |offset| offset.min(size));
        let to = (from + asked.bytes).min(size);
        let range = usize::try_from(from).unwrap()..usize::try_from(to).unwrap();
        Ok(LogPart {
            offset: from,
            bytes: log[range].to_vec(),
            size,
        })
    }

    fn series(&self, of: &JobKey, _width: usize) -> Result<Vec<Series>, SourceError> {
        if of.task.ends_with("index") {
            return Ok(Vec::new());
        }
        let points = (0..200).map(|step| {
            let step = f64::from(step);
            (step, 2.0 * (-step / 60.0).exp() + 0.1 * (step / 7.0).sin())
        });
        let loss = Series {
            name: "loss".to_owned(),
            points: points.collect(),
            is_reduced: true,
        };
        let ndcg = Series {
            name: "nDCG@10".to_owned(),
            points: vec![(0.0, f64::NAN), (1.0, 0.3), (2.0, 0.5)],
            is_reduced: false,
        };
        Ok(vec![loss, ndcg])
    }

    fn sheets(&self) -> Result<Vec<Sheet>, SourceError> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Ok(if self.has_sheets {
            vec![Sheet {
                title: "Workers".to_owned(),
                columns: words(&["Name", "State", "Runs"]),
                rows: vec![
                    words(&["node-3", "online", "2"]),
                    words(&["laptop", "away", "0"]),
                ],
            }]
        } else {
            Vec::new()
        })
    }

    fn act(&self, action: &Action) -> Result<String, SourceError> {
        self.acts.lock().unwrap().push(action.clone());
        Ok("done".to_owned())
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        Ok(path.to_owned())
    }

    fn refresh(&self) {}
}

/// How a place is away.
pub(super) fn away() -> cupola_workspace::source::Connection {
    cupola_workspace::source::Connection::Away {
        why: "ssh: connection reset".to_owned(),
        next: Duration::from_secs(8),
    }
}
