//! Out of the store: a run, an experiment, a program.

use std::path::Path;

use cupola_domain::run::LOGGED_CODE;
use cupola_store::{Tx, dump::Cell};
use serde_json::{Map, Value};

use super::{
    ahead::is_ahead,
    details,
    places::{self, CODE, Places},
    record::{Kept, Kind, Record},
    tables::{COUNTS, OF_RUN, Rows, Tables, text},
};
use crate::HubError;

const EXPERIMENT: &str = "experiment.json";
const RUN: &str = "run.json";

/// What is believed of what is there already: ever less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Believe {
    /// All, when the run's row is the same.
    SameRow,
    /// That the run has begun. It may have been deleted since.
    Begun,
    /// The files of a run that had ended: what changed stands in its record.
    Files,
    /// Nothing.
    Nothing,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// It was written.
    Written {
        /// By whom the run is under way, so that more comes when it ends.
        under_way: Option<Writer>,
    },
    /// It is there already, or is not to be.
    Same,
    /// It is no more.
    Removed,
}

/// Who says what a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// A worker.
    Worker,
    /// A client, who may delete it meanwhile.
    Client,
}

/// Writes a run, if it has begun. One that was deleted loses its folder. An end that the folder knows
/// and the store does not stays: the store is an older copy, or, if it `is_unsynced`, may be one.
pub(super) fn run(
    tx: &mut Tx,
    tables: &Tables,
    places: &mut Places,
    (id, believe): (&str, Believe),
    is_unsynced: bool,
) -> Result<Went, HubError> {
    let row = tables.find(tx, ("run", "id"), id)?;
    let Some(row) = row.filter(|row| text(row, "phase") != "pending") else {
        return Ok(Went::Same);
    };
    let experiment = text(&row, "experiment_id").to_owned();
    let Some(of) = tables.find(tx, ("experiment", "id"), &experiment)? else {
        return Ok(Went::Same);
    };
    if let Some(bin_of) = of.get("bin_of").and_then(Value::as_str) {
        // It may have been restored since.
        let is_removed = !is_unsynced && places.remove_run(bin_of, id)?;
        let went = is_removed.then_some(Went::Removed);
        return Ok(went.unwrap_or(Went::Same));
    }
    let is_under_way = text(&row, "phase") != "finished";
    if is_gone(&of) || believe == Believe::Begun && is_under_way {
        return Ok(Went::Same);
    }
    let folder = self::experiment_of(tx, tables, places, of)?.join(id);
    let before = Record::read(&folder, RUN, Kind::Run);
    // What cannot be read may be mended, and then be the newer.
    if is_unsynced && before.is_err() && folder.join(RUN).exists() {
        return Ok(Went::Same);
    }
    let before = before.ok();
    let there = before.as_ref().and_then(|before| before.one("run"));
    let is_ahead = there.is_some_and(|there| is_ahead(there, &row, is_unsynced));
    if is_ahead || believe == Believe::SameRow && there == Some(&row) {
        return Ok(Went::Same);
    }
    places::make(&folder)?;
    let rows = rows(tx, tables, id, &row)?;
    let known = before.as_ref().map_or(&[][..], |before| &before.files);
    let is_kept = |before: &Record| believe == Believe::Files && has_same_files(before, &rows);
    let is_kept = before.as_ref().is_some_and(is_kept) && are_there(&folder, known);
    // One that goes on after its end keeps what it had written until it ends again.
    let files = if is_under_way || is_kept {
        known.to_vec()
    } else {
        details::write(tx, tables, &folder, id, known)?
    };
    let record = Record::new(Kind::Run, rows, files);
    if before.as_ref() == Some(&record) {
        return Ok(Went::Same);
    }
    program(tx, tables, places, text(&row, "code_hash"))?;
    places.put(&folder, RUN, record)?;
    Ok(Went::Written {
        under_way: is_under_way.then(|| writer(&row)),
    })
}

/// Who says what a run does.
fn writer(run: &Map<String, Value>) -> Writer {
    if text(run, "code_hash") == LOGGED_CODE {
        Writer::Client
    } else {
        Writer::Worker
    }
}

/// Whether a run had ended, and its large results are what they were.
fn has_same_files(before: &Record, rows: &Rows) -> bool {
    let had_ended = before.one("run").map(|run| text(run, "phase")) == Some("finished");
    had_ended && before.rows.get("result") == rows.get("result")
}

fn are_there(folder: &Path, files: &[Kept]) -> bool {
    let is_there = |file: &Kept| {
        let found = folder.join(&file.name).symlink_metadata();
        found.is_ok_and(|found| found.is_file() && found.len() == file.bytes)
    };
    files.iter().all(is_there)
}

/// Writes an experiment that has a folder; removes the folder of one that was deleted for good.
pub(super) fn experiment(
    tx: &mut Tx,
    tables: &Tables,
    places: &mut Places,
    id: &str,
) -> Result<Went, HubError> {
    let Some(folder) = places.of(id) else {
        return Ok(Went::Same);
    };
    let row = tables.find(tx, ("experiment", "id"), id)?;
    let Some(row) = row.filter(|row| !is_gone(row)) else {
        places.remove(id)?;
        return Ok(Went::Removed);
    };
    write_experiment(tx, tables, places, &folder, row)
}

/// The folder of an experiment, with what it is.
fn experiment_of(
    tx: &mut Tx,
    tables: &Tables,
    places: &mut Places,
    row: Map<String, Value>,
) -> Result<std::path::PathBuf, HubError> {
    let folder = places.make(text(&row, "id"), text(&row, "name"))?;
    if !places.has(&folder.join(EXPERIMENT)) {
        program(tx, tables, places, text(&row, "code_hash"))?;
        write_experiment(tx, tables, places, &folder, row)?;
    }
    Ok(folder)
}

fn write_experiment(
    tx: &mut Tx,
    tables: &Tables,
    places: &mut Places,
    folder: &Path,
    mut row: Map<String, Value>,
) -> Result<Went, HubError> {
    for count in COUNTS {
        row.insert(count.to_owned(), 0.into());
    }
    let mut rows = Rows::new();
    if let Some(brief) = row.get("brief_id").and_then(Value::as_str) {
        let brief = Cell::Text(brief.to_owned());
        tables.take(tx, ("brief", "id"), &brief, &mut rows)?;
    }
    take_needs(tx, tables, &row, &mut rows)?;
    rows.insert("experiment".to_owned(), Value::Array(vec![row.into()]));
    let record = Record::new(Kind::Experiment, rows, Vec::new());
    let before = Record::read(folder, EXPERIMENT, Kind::Experiment).ok();
    if before.as_ref() == Some(&record) {
        return Ok(Went::Same);
    }
    places.put(folder, EXPERIMENT, record)?;
    Ok(Went::Written { under_way: None })
}

/// Writes a program, once: it is called by its hash.
fn program(tx: &mut Tx, tables: &Tables, places: &mut Places, hash: &str) -> Result<(), HubError> {
    let folder = places.root().join(CODE);
    let name = format!("{hash}.json");
    let is_hash = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hash.is_empty() || !is_hash || places.has(&folder.join(&name)) {
        return Ok(());
    }
    let mut rows = Rows::new();
    tables.take(
        tx,
        ("code", "hash"),
        &Cell::Text(hash.to_owned()),
        &mut rows,
    )?;
    places::make(&folder)?;
    let record = Record::new(Kind::Code, rows, Vec::new());
    places.put(&folder, &name, record)
}

/// The rows of a run, its task, and who worked on it.
fn rows(
    tx: &mut Tx,
    tables: &Tables,
    id: &str,
    run: &Map<String, Value>,
) -> Result<Rows, HubError> {
    let mut rows = Rows::new();
    let cell = |text: &str| Cell::Text(text.to_owned());
    for of in OF_RUN {
        tables.take(tx, of, &cell(id), &mut rows)?;
    }
    let task = text(run, "task_id");
    tables.take(tx, ("task", "id"), &cell(task), &mut rows)?;
    tables.take(tx, ("task_dependency", "task_id"), &cell(task), &mut rows)?;
    if let Some(task) = tables.find(tx, ("task", "id"), task)? {
        take_needs(tx, tables, &task, &mut rows)?;
    }
    let worker = text(run, "worker_id");
    if let Some(worker) = tables.find(tx, ("worker", "id"), worker)? {
        let token = text(&worker, "token_id");
        tables.take(tx, ("token", "id"), &cell(token), &mut rows)?;
        rows.insert("worker".to_owned(), Value::Array(vec![worker.into()]));
    }
    Ok(rows)
}

fn take_needs(
    tx: &mut Tx,
    tables: &Tables,
    row: &Map<String, Value>,
    rows: &mut Rows,
) -> Result<(), HubError> {
    let number = row.get("needs_id").and_then(Value::as_i64);
    let number = Cell::Integer(number.unwrap_or_default());
    tables.take(tx, ("needs", "id"), &number, rows)
}

/// Whether an experiment was deleted and cannot be restored.
fn is_gone(experiment: &Map<String, Value>) -> bool {
    let is_deleted = experiment.get("deleted_at").is_some_and(|at| !at.is_null());
    is_deleted && experiment.get("is_restorable") != Some(&Value::Bool(true))
}
