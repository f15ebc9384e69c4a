//! How long frames of the terminal interface take, with many jobs.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use cupola_domain::time::Timestamp;
use cupola_tui::rehearsal::{KeyCode, Rehearsal};
use cupola_workspace::{
    model::{
        Counts, Experiment, ExperimentRun, Job, JobDetails, JobKey, JobState, RunKey, RunStatus,
    },
    source::{Action, Change, LogAsked, LogPart, Place, Source, SourceError},
};

use super::Figure;

/// How many jobs, unless said otherwise.
pub(super) const JOBS: u32 = 100_000;

/// So many keys are pressed.
const KEYS: usize = 1_000;

/// One screen, in columns and rows.
const SCREEN: (u16, u16) = (200, 60);

/// Goes through a list of jobs, sorts, searches and groups it.
pub(super) fn measure(jobs: u32, runs: usize) -> Vec<Figure> {
    let place: Arc<dyn Source> = Arc::new(Crowd::new(jobs));
    let (mut firsts, mut p99s, mut sorts) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let (mut interface, first) = Rehearsal::new(Arc::clone(&place), SCREEN.0, SCREEN.1);
        firsts.push(millis(first));
        interface.press(KeyCode::Enter);
        let mut frames = Vec::new();
        for at in 0..KEYS {
            frames.extend(interface.press(key(at)));
        }
        frames.sort();
        p99s.push(millis(frames[frames.len() * 99 / 100]));
        let began = std::time::Instant::now();
        for sort in ['T', 'D', 'S', 'O'] {
            interface.press(KeyCode::Char(sort));
        }
        sorts.push(millis(began.elapsed()) / 4.0);
    }
    vec![
        Figure::new("interface: first screen, ms", firsts, "100 or less"),
        Figure::new(
            format!("interface: frame with {jobs} jobs, p99, ms"),
            p99s,
            "16 or less",
        ),
        Figure::new(
            format!("interface: {jobs} jobs in another order, ms"),
            sorts,
            "beside the thread that draws",
        ),
    ]
}

/// Mostly moving, now and then another order, grouping or group.
fn key(at: usize) -> KeyCode {
    match at % 50 {
        10 => KeyCode::Char('D'),
        20 => KeyCode::Char('g'),
        30 => KeyCode::Char('S'),
        40 => KeyCode::End,
        45 => KeyCode::Home,
        odd if odd % 2 == 1 => KeyCode::PageDown,
        _ => KeyCode::Down,
    }
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// A place with one experiment and many jobs.
struct Crowd {
    jobs: Vec<Arc<Job>>,
}

impl Crowd {
    fn new(jobs: u32) -> Self {
        let jobs = (0..jobs).map(|at| Arc::new(job(at)));
        Self {
            jobs: jobs.collect(),
        }
    }
}

fn run() -> RunKey {
    RunKey {
        experiment: "crowd".to_owned(),
        run: "20261121_102500".to_owned(),
    }
}

fn job(at: u32) -> Job {
    const STATES: [JobState; 5] = [
        JobState::Done,
        JobState::Done,
        JobState::Error,
        JobState::Running,
        JobState::Waiting,
    ];
    // A hash as its hexadecimal digits are: in no order.
    let hash = at.wrapping_mul(2_654_435_761);
    let started = Timestamp::from_millis(i64::from(hash) * 100);
    let seed = ("seed".to_owned(), serde_json::json!(at % 5));
    let lr = (
        "lr".to_owned(),
        serde_json::json!(1.0 / f64::from(at % 7 + 1)),
    );
    Job {
        key: JobKey {
            task: format!("project.package.task{}", at % 20),
            id: format!("{hash:08x}{at:056x}"),
        },
        path: PathBuf::from(format!("/w/jobs/{at}")),
        state: STATES[(hash % 5) as usize],
        reason: None,
        scheduler: None,
        submitted_at: Some(started),
        started_at: Some(started),
        ended_at: Some(started),
        exit_code: None,
        retries: 0,
        progress: Vec::new(),
        tags: [seed, lr].into_iter().collect(),
        process: None,
        carbon: None,
        runs: vec![run()],
        problem: None,
    }
}

impl Source for Crowd {
    fn place(&self) -> Place {
        Place {
            title: "a crowd".to_owned(),
            is_remote: false,
            is_hub: false,
            can_act: false,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        channel().1
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1 << 40)
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        let run = ExperimentRun {
            key: run(),
            path: PathBuf::from("/w/experiments/crowd"),
            status: RunStatus::Running,
            host: None,
            started_at: None,
            ended_at: None,
            counts: Counts {
                total: self.jobs.len() as u64,
                ..Counts::default()
            },
            tags: Vec::new(),
            carbon: None,
            problem: None,
        };
        Ok(vec![Experiment {
            id: "crowd".to_owned(),
            path: PathBuf::from("/w/experiments/crowd"),
            runs: vec![run],
        }])
    }

    fn jobs(&self, _of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        Ok(self.jobs.clone())
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        Err(SourceError::Unknown(key.to_string()))
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        Err(SourceError::Unknown(asked.stream.clone()))
    }

    fn act(&self, _action: &Action) -> Result<String, SourceError> {
        Err(SourceError::Refused("this is only looked at".to_owned()))
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        Ok(path.to_owned())
    }

    fn refresh(&self) {}
}
