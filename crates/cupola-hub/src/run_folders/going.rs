//! Out of the store: a run, an experiment, a program.

use std::path::Path;

use cupola_store::{Tx, dump::Cell};
use serde_json::{Map, Value};

use super::{
    details,
    places::{self, CODE, Places},
    record::{Kind, Record},
    tables::{COUNTS, OF_RUN, Rows, Tables, text},
};
use crate::HubError;

const EXPERIMENT: &str = "experiment.json";

/// Whether what is there already is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Believe {
    /// When the run's row is the same.
    SameRow,
    /// Never: something changed.
    Nothing,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    /// It was written.
    Written {
        /// Whether the run is under way, so that more comes when it ends.
        is_under_way: bool,
    },
    /// It is there already, or is not to be.
    Same,
    /// It is no more.
    Removed,
}

/// Writes a run, if it has begun. One that was deleted loses its folder.
pub(super) fn run(
    tx: &mut Tx,
    tables: &Tables,
    places: &mut Places,
    id: &str,
    believe: Believe,
) -> Result<Went, HubError> {
    let Some(row) = tables.find(tx, ("run", "id"), id)? else {
        return Ok(Went::Same);
    };
    if text(&row, "phase") == "pending" {
        return Ok(Went::Same);
    }
    let experiment = text(&row, "experiment_id").to_owned();
    let Some(of) = tables.find(tx, ("experiment", "id"), &experiment)? else {
        return Ok(Went::Same);
    };
    if let Some(bin_of) = of.get("bin_of").and_then(Value::as_str) {
        let is_removed = places.remove_run(bin_of, id)?;
        return Ok(if is_removed {
            Went::Removed
        } else {
            Went::Same
        });
    }
    if is_gone(&of) {
        return Ok(Went::Same);
    }
    let folder = self::experiment_of(tx, tables, places, of)?.join(id);
    let before = Record::read(&folder, "run.json", Kind::Run).ok();
    let is_same = |before: &Record| before.one("run") == Some(&row);
    if believe == Believe::SameRow && before.as_ref().is_some_and(is_same) {
        return Ok(Went::Same);
    }
    places::make(&folder)?;
    let is_under_way = text(&row, "phase") != "finished";
    program(tx, tables, places, text(&row, "code_hash"))?;
    let rows = rows(tx, tables, id, &row)?;
    let known = before.as_ref().map_or(&[][..], |before| &before.files);
    let files = if is_under_way {
        Vec::new()
    } else {
        details::write(tx, tables, &folder, id, known)?
    };
    let record = Record::new(Kind::Run, rows, files);
    if before.as_ref() == Some(&record) {
        return Ok(Went::Same);
    }
    places.put(&folder, "run.json", record)?;
    Ok(Went::Written { is_under_way })
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
    Ok(Went::Written {
        is_under_way: false,
    })
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
