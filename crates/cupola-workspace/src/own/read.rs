//! Files of runs as jobs of experiments.

use std::{
    collections::{BTreeMap, HashMap},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use cupola_domain::{date, time::Timestamp};
use serde_json::{Map, Value};

use super::{Known, Of, State};
use crate::{
    model::{
        Counts, Experiment, ExperimentRun, Job, JobDetails, JobKey, JobState, LogFile, Reason,
        RunKey, RunStatus, Tags,
    },
    source::SourceError,
    xpm::{self, file},
};

/// What a run is, without its details, is hardly that long.
const BYTES_MAX: u64 = 64 << 20;

/// So many letters of a folder's name tell it from others.
const ENDING: usize = 7;

/// By which a file is known to be the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp(u64, u64, i64, i64);

impl Stamp {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = path.symlink_metadata().ok()?;
        Some(Self(
            found.ino(),
            found.len(),
            found.mtime(),
            found.mtime_nsec(),
        ))
    }
}

type Row = Map<String, Value>;

/// Reads all; runs of `before` whose files did not change are not read again.
pub(super) fn all(root: &Path, before: &State) -> Result<State, SourceError> {
    let folders = xpm::folders(root).map_err(|error| {
        SourceError::Refused(format!("{}: {}", root.display(), file::words(&error)))
    })?;
    let folders = folders
        .into_iter()
        .filter(|name| name != "code" && !name.starts_with('.'));
    let found = folders.map(|name| (root.join(&name), experiment_row(&root.join(&name))));
    let mut found: Vec<(PathBuf, Result<Row, String>)> = found.collect();
    found.sort_by_key(|(_, row)| row.as_ref().map_or(0, |row| number(row, "created_at")));
    let mut state = State::default();
    let names = names(&found);
    for ((folder, row), name) in found.into_iter().zip(names) {
        let (row, problem) = match row {
            Ok(row) => (row, None),
            Err(problem) => (Row::new(), Some(problem)),
        };
        let key = RunKey {
            experiment: name,
            run: stamp(number(&row, "created_at")),
        };
        let mut known = runs(&folder, &key, text(&row, "template"), before);
        known.sort_by(|a, b| a.job.key.id.cmp(&b.job.key.id));
        let run = experiment_run(key, &folder, &row, problem, &known);
        state.experiments.push(Of {
            experiment: Experiment {
                id: run.key.experiment.clone(),
                path: folder,
                runs: vec![run],
            },
            jobs: known.iter().map(|known| Arc::clone(&known.job)).collect(),
        });
        for (task, known) in latest(&known) {
            state.tasks.insert(task.to_owned(), known.job.key.clone());
        }
        let known = known.into_iter();
        state
            .runs
            .extend(known.map(|known| (known.job.key.id.clone(), known)));
    }
    Ok(state)
}

/// Configuration, results and logs of a run.
pub(super) fn details(job: &Job) -> JobDetails {
    let mut job = job.clone();
    let rows = rows(&job.path, "run.json").unwrap_or_else(|problem| {
        job.problem.get_or_insert(problem);
        Row::new()
    });
    let task = one(&rows, "task");
    let mut parameters = object(task.get("config"));
    let results = every(&rows, "result").map(|row| {
        let said = row.get("value").and_then(Value::as_str).unwrap_or_default();
        let value = serde_json::from_str(said).unwrap_or_else(|_| said.into());
        (text(row, "name").to_owned(), value)
    });
    let results: Row = results.collect();
    if !results.is_empty() {
        parameters.insert("results".to_owned(), results.into());
    }
    let mut logs = Vec::new();
    for name in files(&job.path) {
        if let Some((stream, "log")) = name.rsplit_once('.')
            && let Ok(found) = job.path.join(&name).symlink_metadata()
        {
            logs.push(LogFile {
                name: stream.split('.').next().unwrap_or(stream).to_owned(),
                path: job.path.join(&name),
                bytes: found.len(),
            });
        }
    }
    JobDetails {
        job,
        parameters: parameters.into(),
        dependencies: Vec::new(),
        process: None,
        logs,
    }
}

/// The tasks that a run's task needs.
pub(super) fn needed(folder: &Path) -> Result<Vec<String>, String> {
    let rows = rows(folder, "run.json")?;
    let needed = every(&rows, "task_dependency");
    Ok(needed
        .map(|row| text(row, "needs_task_id").to_owned())
        .collect())
}

/// Where a stream lies.
pub(super) fn log_path(folder: &Path, stream: &str) -> Option<PathBuf> {
    let is_it = |name: &String| {
        let (stem, rest) = name.split_once('.').unwrap_or((name, ""));
        stem == stream && rest.ends_with("log")
    };
    let name = files(folder).into_iter().find(is_it)?;
    Some(folder.join(name))
}

/// The file of rows of the details, if there is one.
pub(super) fn details_path(folder: &Path) -> Option<PathBuf> {
    let name = files(folder)
        .into_iter()
        .find(|name| name.starts_with("details."))?;
    Some(folder.join(name))
}

/// The files that a run's record names, beside it.
fn files(folder: &Path) -> Vec<String> {
    let Ok(record) = file::json(&folder.join("run.json"), BYTES_MAX) else {
        return Vec::new();
    };
    let names = record["files"].as_array().into_iter().flatten();
    let names = names.filter_map(|file| file["name"].as_str());
    names
        .filter(|name| xpm::is_name(name))
        .map(str::to_owned)
        .collect()
}

fn experiment_row(folder: &Path) -> Result<Row, String> {
    let rows = rows(folder, "experiment.json")?;
    let mut row = one(&rows, "experiment");
    if let Some(wanted) = one(&rows, "brief").get("num_tasks") {
        row.insert("num_tasks".to_owned(), wanted.clone());
    }
    Ok(row)
}

/// The runs in an experiment's folder, read by as many threads as there are processors.
fn runs(folder: &Path, key: &RunKey, template: &str, before: &State) -> Vec<Known> {
    let names = xpm::folders(folder).unwrap_or_default();
    let task = if template.is_empty() {
        key.experiment.as_str()
    } else {
        template
    };
    let read = |name: &String| {
        let job = JobKey {
            task: task.to_owned(),
            id: name.clone(),
        };
        let place = folder.join(name);
        let stamp = Stamp::of(&place.join("run.json")).unwrap_or_default();
        let known = before.runs.get(name).filter(|known| {
            let is_same = known.stamp == stamp && known.job.runs.first() == Some(key);
            is_same && known.job.key == job
        });
        known
            .cloned()
            .unwrap_or_else(|| run(job, place, key, stamp))
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = names.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts = names.chunks(part).map(|names| {
            let read_part = || names.iter().map(&read).collect::<Vec<_>>();
            scope.spawn(read_part)
        });
        let parts: Vec<_> = parts.collect();
        // A part whose thread failed has nothing to show.
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_default())
            .collect()
    })
}

fn run(key: JobKey, path: PathBuf, of: &RunKey, stamp: Stamp) -> Known {
    let (rows, problem) = match rows(&path, "run.json") {
        Ok(rows) => (rows, None),
        Err(problem) => (Row::new(), Some(problem)),
    };
    let (run, task) = (one(&rows, "run"), one(&rows, "task"));
    let (state, reason) = state(&run);
    let attempt = number(&run, "attempt");
    let exit_code = match text(&run, "failure") {
        "exit_code" => text(&run, "failure_detail").parse().ok(),
        _ => (state == JobState::Done).then_some(0),
    };
    let params = every(&rows, "run_param")
        .map(|row| (text(row, "key").to_owned(), typed(text(row, "value"))));
    let tags = every(&rows, "run_tag")
        .map(|row| (text(row, "key").to_owned(), Value::from(text(row, "value"))));
    let tags: Tags = params.chain(tags).collect();
    let job = Job {
        key,
        path,
        state,
        reason,
        scheduler: None,
        submitted_at: time(&run, "created_at"),
        started_at: time(&run, "started_at"),
        ended_at: time(&run, "finished_at"),
        exit_code,
        retries: u32::try_from(attempt.saturating_sub(1)).unwrap_or_default(),
        progress: Vec::new(),
        tags,
        process: None,
        carbon: None,
        runs: vec![of.clone()],
        problem,
    };
    Known {
        job: Arc::new(job),
        task: text(&task, "id").to_owned(),
        attempt,
        stamp,
    }
}

/// The words of a run as those of a job.
fn state(run: &Row) -> (JobState, Option<Reason>) {
    let why = match text(run, "failure") {
        "timed_out" => Reason::Timeout,
        "lost" => Reason::Lost,
        "dependency" => Reason::Dependency,
        _ => Reason::Failed,
    };
    match (text(run, "phase"), text(run, "outcome")) {
        ("finished", "completed") => (JobState::Done, None),
        ("finished", "cancelled") => (JobState::Error, Some(Reason::Cancelled)),
        ("finished", _) => (JobState::Error, Some(why)),
        ("lost", _) => (JobState::Error, Some(Reason::Lost)),
        ("leased", _) => (JobState::Scheduled, None),
        ("running" | "cancelling", _) => (JobState::Running, None),
        _ => (JobState::Phantom, None),
    }
}

fn experiment_run(
    key: RunKey,
    folder: &Path,
    row: &Row,
    problem: Option<String>,
    known: &[Known],
) -> ExperimentRun {
    let latest: Vec<_> = latest(known).into_values().collect();
    let count = |states: &[JobState]| {
        let is_one = |known: &&&Known| states.contains(&known.job.state);
        latest.iter().filter(is_one).count() as u64
    };
    let counts = Counts {
        total: u64::try_from(number(row, "num_tasks"))
            .unwrap_or_default()
            .max(latest.len() as u64),
        done: count(&[JobState::Done]),
        failed: count(&[JobState::Error, JobState::Phantom]),
        running: count(&[JobState::Running, JobState::Scheduled]),
        gone: 0,
    };
    let status = match counts {
        Counts { total: 0, .. } => RunStatus::Empty,
        Counts { running, .. } if running > 0 => RunStatus::Running,
        Counts { failed, .. } if failed > 0 => RunStatus::Failed,
        Counts { done, total, .. } if done < total => RunStatus::Stopped,
        _ => RunStatus::Done,
    };
    let ended = latest.iter().filter_map(|known| known.job.ended_at).max();
    let tags = object(row.get("tags"));
    let tags = tags.iter().map(|(name, value)| match value {
        Value::String(value) => format!("{name}={value}"),
        value => format!("{name}={value}"),
    });
    ExperimentRun {
        key,
        path: folder.to_owned(),
        status,
        host: None,
        started_at: time(row, "created_at"),
        ended_at: ended.filter(|_| status != RunStatus::Running),
        counts,
        tags: tags.collect(),
        carbon: None,
        problem,
    }
}

/// The latest run of each task.
fn latest(known: &[Known]) -> BTreeMap<&str, &Known> {
    let mut latest: BTreeMap<&str, &Known> = BTreeMap::new();
    for known in known {
        let there = latest.entry(known.task.as_str()).or_insert(known);
        if known.attempt > there.attempt {
            *there = known;
        }
    }
    latest
}

/// What experiments are called: by name, and by the end of their folder's too where others have that.
fn names(found: &[(PathBuf, Result<Row, String>)]) -> Vec<String> {
    let folder = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let name = |(path, row): &(PathBuf, Result<Row, String>)| match row {
        Ok(row) => text(row, "name").to_owned(),
        Err(_) => folder(path),
    };
    let mut count: HashMap<String, usize> = HashMap::new();
    for found in found {
        *count.entry(name(found)).or_default() += 1;
    }
    let unique = |found: &(PathBuf, Result<Row, String>)| {
        let name = name(found);
        if count[&name] == 1 {
            return name;
        }
        let id: Vec<char> = folder(&found.0).chars().collect();
        let end: String = id[id.len().saturating_sub(ENDING)..].iter().collect();
        format!("{name} {end}")
    };
    found.iter().map(unique).collect()
}

/// The rows of a record.
fn rows(folder: &Path, name: &str) -> Result<Row, String> {
    let record = file::json(&folder.join(name), BYTES_MAX).map_err(|unread| match unread {
        file::Unread::Missing => format!("{name} is missing"),
        file::Unread::Problem(problem) => problem,
    })?;
    match record {
        Value::Object(mut record) => match record.remove("rows") {
            Some(Value::Object(rows)) => Ok(rows),
            _ => Err(format!("{name} has no rows")),
        },
        _ => Err(format!("{name} has no rows")),
    }
}

fn every<'r>(rows: &'r Row, table: &str) -> impl Iterator<Item = &'r Row> {
    let rows = rows.get(table).and_then(Value::as_array);
    rows.into_iter().flatten().filter_map(Value::as_object)
}

fn one(rows: &Row, table: &str) -> Row {
    every(rows, table).next().cloned().unwrap_or_default()
}

fn text<'r>(row: &'r Row, column: &str) -> &'r str {
    row.get(column).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Row, column: &str) -> i64 {
    row.get(column).and_then(Value::as_i64).unwrap_or_default()
}

fn time(row: &Row, column: &str) -> Option<Timestamp> {
    let millis = row.get(column).and_then(Value::as_i64)?;
    Some(Timestamp::from_millis(millis))
}

/// An object that stands in a column as text.
fn object(cell: Option<&Value>) -> Row {
    let said = cell.and_then(Value::as_str);
    said.and_then(|said| serde_json::from_str(said).ok())
        .unwrap_or_default()
}

/// A parameter as text is a number where it reads as one.
fn typed(text: &str) -> Value {
    let number = text.parse::<serde_json::Number>();
    number.map_or_else(|_| Value::from(text), Value::from)
}

/// `20261121_132045`
fn stamp(millis: i64) -> String {
    let text = date::text(millis).unwrap_or_default();
    let digits = text.get(..19).unwrap_or_default().replace(['-', ':'], "");
    digits.replace('T', "_")
}
