//! A run into the store, with all that it needs there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use cupola_domain::{
    artifact::is_hash,
    counts::State,
    ids::{ExperimentId, RunId, TaskId},
    time::Timestamp,
};
use cupola_store::{
    Tx, costs,
    dump::{self, Cell},
    experiments, runs, tasks,
};
use serde_json::{Map, Value};

use super::{
    details::{DETAILS, file_of, stem},
    found::OLDER,
    places::CODE,
    record::{Kept, Kind, Record},
    syncing::{Problem, Synced},
    tables::{LARGE, OF_RUN, OF_SERIES, Tables, text},
};
use crate::{
    HubError,
    archive::{
        files::{self, Counted},
        json, wrong,
    },
    costs::booking,
    transitions::{insert_run, next_run},
    work::UNHEARD,
};

/// No row of details is longer.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// An experiment whose runs come in.
pub(super) struct Coming {
    pub(super) tables: Arc<Tables>,
    /// The folder of all runs.
    pub(super) root: PathBuf,
    /// Where the files lie that runs keep.
    pub(super) artifacts: PathBuf,
    pub(super) experiment: Record,
}

type Object = Map<String, Value>;

/// Brings in a run, and its experiment and task where they are not there.
pub(super) fn run(
    tx: &mut Tx,
    coming: &Coming,
    folder: &Path,
    filled: &mut Synced,
) -> Result<(), HubError> {
    let record = Record::read(folder, "run.json", Kind::Run);
    let record = record.map_err(HubError::Conflict)?;
    for file in &record.files {
        check(folder, file)?;
    }
    let row = record.one("run").cloned().unwrap_or_default();
    let id = text(&row, "id").to_owned();
    experiment(tx, coming, filled)?;
    program(tx, coming, text(&row, "code_hash"))?;
    people(tx, coming, &record)?;
    task(tx, coming, &record, filled)?;
    for (table, column) in OF_RUN {
        for row in record.of(table) {
            same(table, text(row, column), &id)?;
            let is_kept = match table {
                "artifact" => is_file_there(coming, folder, row, filled),
                // It outlives its run.
                "run_cost" => coming.tables.find(tx, (table, column), &id)?.is_none(),
                _ => true,
            };
            if is_kept {
                insert(tx, &coming.tables, table, row)?;
            }
        }
    }
    let run: RunId = id.parse().map_err(|_| wrong("run.json", "has no run"))?;
    if record.one("run_cost").is_some()
        && let Some(cost) = costs::find(tx, run)?.filter(|cost| cost.settled.is_some())
    {
        booking::add_up(tx, &cost)?;
    }
    details(tx, coming, folder, (&record.files, &id))?;
    filled.runs += 1;
    Ok(())
}

/// What can be done when all tasks of an experiment are there; says what could not.
pub(super) fn settle(
    tx: &mut Tx,
    coming: &Coming,
    folder: &Path,
    (all, fresh): (&BTreeSet<String>, &BTreeSet<String>),
    now: Timestamp,
) -> Result<Vec<Problem>, HubError> {
    let mut problems = Vec::new();
    for id in all {
        let is_fresh = fresh.contains(id);
        let Ok(id) = id.parse::<TaskId>() else {
            continue;
        };
        let Some(task) = tasks::find(tx, id)? else {
            continue;
        };
        let latest = runs::list_of_task(tx, id)?.into_iter().next();
        let is_missing = runs::find(tx, task.run)?.is_none();
        match latest {
            Some(latest) if is_missing && task.state.word() == State::Pending => {
                // It waits to be tried again, and had not begun.
                insert_run(tx, &task, &next_run(&task, &latest, task.run, now))?;
            }
            Some(latest) => {
                if is_missing && is_fresh {
                    problems.push(Problem {
                        path: folder.join(task.run.to_string()),
                        reason: format!("is missing: task {} ended with it", task.number),
                    });
                }
                depend(tx, coming, &folder.join(latest.id.to_string()))?;
            }
            None => {}
        }
    }
    Ok(problems)
}

/// Notes what a task needs, where that is there.
fn depend(tx: &mut Tx, coming: &Coming, folder: &Path) -> Result<(), HubError> {
    let Ok(record) = Record::read(folder, "run.json", Kind::Run) else {
        return Ok(());
    };
    for row in record.of("task_dependency") {
        let needed = coming
            .tables
            .find(tx, ("task", "id"), text(row, "needs_task_id"))?;
        if needed.is_some() {
            insert_absent(tx, &coming.tables, "task_dependency", row)?;
        }
    }
    Ok(())
}

fn experiment(tx: &mut Tx, coming: &Coming, filled: &mut Synced) -> Result<(), HubError> {
    let record = &coming.experiment;
    let Some(row) = record.one("experiment") else {
        return Err(wrong("experiment.json", "has no experiment"));
    };
    let id = text(row, "id");
    if coming.tables.find(tx, ("experiment", "id"), id)?.is_some() {
        return Ok(());
    }
    program(tx, coming, text(row, "code_hash"))?;
    for brief in record.of("brief") {
        insert_absent(tx, &coming.tables, "brief", brief)?;
    }
    let mut row = row.clone();
    row.insert("needs_id".to_owned(), needs(tx, coming, record)?.into());
    // An earlier version wrote none.
    let author = row.get("author").cloned().unwrap_or_default();
    row.entry("lane").or_insert(author.clone());
    row.entry("owner").or_insert(author);
    insert(tx, &coming.tables, "experiment", &row)?;
    filled.experiments.insert(id.to_owned());
    Ok(())
}

/// The program called by this hash, where there is one.
fn program(tx: &mut Tx, coming: &Coming, hash: &str) -> Result<(), HubError> {
    if hash.is_empty() || coming.tables.find(tx, ("code", "hash"), hash)?.is_some() {
        return Ok(());
    }
    if !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong("run.json", "its code has no hash"));
    }
    let read = Record::read(&coming.root, &format!("{CODE}/{hash}.json"), Kind::Code);
    let record = read.map_err(HubError::Conflict)?;
    let row = record
        .one("code")
        .ok_or_else(|| wrong(hash, "has no code"))?;
    same("code", text(row, "hash"), hash)?;
    insert(tx, &coming.tables, "code", row)
}

/// Who worked on it, as history: nobody comes in with what is known of them, and the machine joins
/// anew.
fn people(tx: &mut Tx, coming: &Coming, record: &Record) -> Result<(), HubError> {
    for token in record.of("token") {
        let mut token = token.clone();
        // What no secret can hash to.
        let digest = format!("not exported: {}", text(&token, "id"));
        token.insert("digest".to_owned(), digest.into());
        insert_absent(tx, &coming.tables, "token", &token)?;
    }
    for worker in record.of("worker") {
        let mut worker = worker.clone();
        worker.insert("session".to_owned(), UNHEARD.into());
        insert_absent(tx, &coming.tables, "worker", &worker)?;
    }
    Ok(())
}

/// The task, as its latest run that comes in knows it.
fn task(
    tx: &mut Tx,
    coming: &Coming,
    record: &Record,
    filled: &mut Synced,
) -> Result<(), HubError> {
    let row = record
        .one("task")
        .ok_or_else(|| wrong("run.json", "has no task"))?;
    let id = text(row, "id");
    if let Some(there) = coming.tables.find(tx, ("task", "id"), id)? {
        return check_age(tx, coming, record, &there);
    }
    let mut row = row.clone();
    row.insert("needs_id".to_owned(), needs(tx, coming, record)?.into());
    // Budgets do not come along, nor do checks.
    for column in ["budget_id", "unpaid_by", "audit_id"] {
        row.insert(column.to_owned(), Value::Null);
    }
    // An earlier version wrote neither.
    let author = coming.experiment.one("experiment");
    let author = author.and_then(|row| row.get("author"));
    row.entry("lane")
        .or_insert(author.cloned().unwrap_or_default());
    let made = row.get("created_at").cloned().unwrap_or_default();
    row.entry("due_at").or_insert(made);
    insert(tx, &coming.tables, "task", &row)?;
    let experiment: Result<ExperimentId, _> = text(&row, "experiment_id").parse();
    let state = State::ALL
        .into_iter()
        .find(|state| state.as_str() == text(&row, "state"));
    if let (Ok(experiment), Some(state)) = (experiment, state) {
        experiments::save_move(tx, experiment, None, Some(state))?;
    }
    filled.tasks.insert(id.to_owned());
    Ok(())
}

/// Refuses a run behind the one that the store takes for its task's latest: it would take the place of
/// the next, and no worker could have that.
fn check_age(tx: &mut Tx, coming: &Coming, record: &Record, task: &Object) -> Result<(), HubError> {
    let attempt = |run: &Object| run.get("attempt").and_then(Value::as_i64);
    let said = record.one("run").and_then(attempt);
    let latest = coming
        .tables
        .find(tx, ("run", "id"), text(task, "run_id"))?;
    match latest.as_ref().and_then(attempt) {
        Some(latest) if said > Some(latest) => {
            let said = said.unwrap_or_default();
            let reason = format!("attempt {said} of a task that the database has at {latest}");
            Err(HubError::Conflict(format!("is {reason}: {OLDER}")))
        }
        _ => Ok(()),
    }
}

/// The number that the needs of a record have in this store.
fn needs(tx: &mut Tx, coming: &Coming, record: &Record) -> Result<i64, HubError> {
    let row = record
        .one("needs")
        .ok_or_else(|| wrong("needs", "are missing"))?;
    let body = text(row, "body");
    let number = |row: &Object| row.get("id").and_then(Value::as_i64);
    if let Some(there) = coming.tables.find(tx, ("needs", "body"), body)? {
        return Ok(number(&there).unwrap_or_default());
    }
    let free = free_number(tx, &coming.tables, "needs", number(row))?;
    let mut row = row.clone();
    row.insert("id".to_owned(), free.into());
    insert(tx, &coming.tables, "needs", &row)?;
    Ok(free)
}

/// The number that something had where it was, if nothing here has it, else the next.
fn free_number(
    tx: &mut Tx,
    tables: &Tables,
    name: &str,
    wanted: Option<i64>,
) -> Result<i64, HubError> {
    if let Some(wanted) = wanted.filter(|wanted| *wanted > 0)
        && tables
            .with(tx, (name, "id"), &Cell::Integer(wanted))?
            .is_empty()
    {
        return Ok(wanted);
    }
    Ok(dump::largest(tx, tables.table(name)?, "id")? + 1)
}

/// Curves, logs and large results.
fn details(
    tx: &mut Tx,
    coming: &Coming,
    folder: &Path,
    (files, run): (&[Kept], &str),
) -> Result<(), HubError> {
    let called = |name: &str| files.iter().find(|file| stem(&file.name) == stem(name));
    let Some(rows) = called(DETAILS) else {
        return Ok(());
    };
    let mut logs = BTreeMap::new();
    let mut numbers: BTreeMap<i64, i64> = BTreeMap::new();
    let mut lines = BufReader::new(files::open(folder, &rows.name)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut lines)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line);
        if read.map_err(|error| wrong(&rows.name, error))? == 0 {
            return Ok(());
        }
        let (table, mut row) = row_of(&line).ok_or_else(|| wrong(&rows.name, "has no rows"))?;
        if let Some((_, column)) = LARGE.iter().find(|(name, _)| *name == table) {
            same(&table, text(&row, column), run)?;
        } else if !OF_SERIES.contains(&table.as_str()) {
            return Err(wrong(&rows.name, format!("there is no table `{table}`")));
        }
        match table.as_str() {
            "series" => {
                let was = row.get("id").and_then(Value::as_i64);
                let number = free_number(tx, &coming.tables, "series", was)?;
                numbers.insert(was.unwrap_or_default(), number);
                row.insert("id".to_owned(), number.into());
            }
            "log_chunk" => {
                let name = file_of(text(&row, "stream"));
                let file = called(&name).ok_or_else(|| wrong(&name, "is missing"))?;
                if !logs.contains_key(&file.name) {
                    let log = BufReader::new(files::open(folder, &file.name)?);
                    logs.insert(file.name.clone(), log);
                }
                insert_chunk(tx, &coming.tables, row, logs.get_mut(&file.name))?;
                continue;
            }
            "large_result" => {}
            _ => {
                let was = row.get("series_id").and_then(Value::as_i64);
                let number = was.and_then(|was| numbers.get(&was));
                let number = number.ok_or_else(|| wrong(&rows.name, "points without a series"))?;
                row.insert("series_id".to_owned(), (*number).into());
            }
        }
        insert(tx, &coming.tables, &table, &row)?;
    }
}

fn row_of(line: &[u8]) -> Option<(String, Object)> {
    let line: Object = serde_json::from_slice(line).ok()?;
    match line.into_iter().next()? {
        (table, Value::Object(row)) => Some((table, row)),
        _ => None,
    }
}

/// Puts the bytes in the place of how many they are.
fn insert_chunk(
    tx: &mut Tx,
    tables: &Tables,
    mut row: Object,
    log: Option<&mut BufReader<File>>,
) -> Result<(), HubError> {
    let length = row.insert("body".to_owned(), Value::Null);
    let length = length.as_ref().and_then(Value::as_u64).unwrap_or_default();
    let mut bytes = Vec::new();
    let read = log.map_or(Ok(0), |log| log.take(length).read_to_end(&mut bytes));
    read.map_err(|error| wrong("log", error))?;
    if bytes.len() as u64 != length {
        return Err(wrong("log", "is shorter than its rows say"));
    }
    let (table, mut cells) = cells(tables, "log_chunk", &row)?;
    if let Some(body) = table.place("body") {
        cells[body] = Cell::Blob(bytes);
    }
    inserted(tx, &table, &cells)
}

fn insert(tx: &mut Tx, tables: &Tables, name: &str, row: &Object) -> Result<(), HubError> {
    let (table, cells) = cells(tables, name, row)?;
    inserted(tx, &table, &cells)
}

fn insert_absent(tx: &mut Tx, tables: &Tables, name: &str, row: &Object) -> Result<(), HubError> {
    let (table, cells) = cells(tables, name, row)?;
    if dump::has(tx, &table, &cells)? {
        return Ok(());
    }
    inserted(tx, &table, &cells)
}

/// Columns that came with later migrations get their defaults.
fn cells(tables: &Tables, name: &str, row: &Object) -> Result<(dump::Table, Vec<Cell>), HubError> {
    let table = tables
        .table(name)?
        .with_columns(|column| row.contains_key(column));
    let cells = json::of_object(&table, row, |_, _| None);
    Ok((table, cells.map_err(|reason| wrong(name, reason))?))
}

fn inserted(tx: &mut Tx, table: &dump::Table, row: &[Cell]) -> Result<(), HubError> {
    dump::insert(tx, table, row).map_err(|error| wrong(&table.name, error))
}

fn same(table: &str, found: &str, expected: &str) -> Result<(), HubError> {
    if found == expected {
        return Ok(());
    }
    Err(wrong(table, format!("has a row of `{found}`")))
}

/// A file beside a record must be the one that was written with it.
fn check(folder: &Path, said: &Kept) -> Result<(), HubError> {
    let name = &said.name;
    let is_plain = !name.contains('/') && name.contains('.');
    if !is_plain {
        return Err(wrong("run.json", "names a file that cannot be"));
    }
    let mut file = Counted::new(files::open(folder, name)?);
    io::copy(&mut file, &mut io::sink()).map_err(|error| wrong(name, error))?;
    let found = file.part(name, 0);
    if (found.bytes, &found.sha256) == (said.bytes, &said.sha256) {
        Ok(())
    } else {
        Err(wrong(
            name,
            "is damaged: its hash is not what run.json says",
        ))
    }
}

/// Whether the file of a row is there; one that is not is told.
fn is_file_there(coming: &Coming, folder: &Path, row: &Object, filled: &mut Synced) -> bool {
    let (name, hash) = (text(row, "name"), text(row, "hash"));
    let is_there = is_hash(hash) && coming.artifacts.join(&hash[..2]).join(hash).is_file();
    if !is_there {
        filled.problems.push(Problem {
            path: folder.to_owned(),
            reason: format!("the file `{name}` is not among the artifacts, and stays out"),
        });
    }
    is_there
}
