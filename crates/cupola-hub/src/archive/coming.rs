//! In: first everything is looked at, then written in one transaction.

use std::{
    collections::BTreeSet,
    io::{self, Read as _},
    path::Path,
};

use cupola_domain::{artifact::is_hash, ids::RunId};
use cupola_store::{
    Tx,
    dump::{self, Cell, Kind, Table},
};
use serde_json::{Map, Value};

use super::{
    LOGS,
    files::{Counted, open, read_lines, same},
    going::{HASHES, text_of},
    is_secret, is_secret_table, json,
    manifest::{Manifest, Part},
    wrong,
};
use crate::{HubError, artifacts::Files};

/// A manifest is a few lines for each table.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// How much of a file is copied at once.
const BLOCK_BYTES: usize = 1 << 20;

/// Looks at everything that the manifest names, without changing anything.
pub(super) fn check(folder: &Path) -> Result<Manifest, HubError> {
    let mut text = Vec::new();
    let file = open(folder, "manifest.json")?;
    let read = file.take(MANIFEST_BYTES_MAX).read_to_end(&mut text);
    read.map_err(|error| wrong("manifest.json", error))?;
    let manifest = Manifest::of_text(&text)?;
    let known = dump::schema_version();
    if manifest.schema != known {
        let schema = manifest.schema;
        let reason = format!(
            "is of schema {schema}, and this program's is {known}; use the program that wrote it, or one of its schema"
        );
        return Err(wrong("manifest.json", reason));
    }
    let is_name = |name: &str| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    for part in &manifest.tables {
        if part.name.is_empty() || !is_name(&part.name) {
            return Err(wrong("manifest.json", "names a table that cannot be"));
        }
        read_lines(folder, part, |_, _| Ok(()))?;
    }
    let mut points = Counted::new(open(folder, "points.parquet")?);
    let copied = io::copy(&mut points, &mut io::sink());
    copied.map_err(|error| wrong("points.parquet", error))?;
    let found = points.part("", manifest.points.count);
    same("points.parquet", &manifest.points, &found)?;
    Ok(manifest)
}

/// The hashes of the files that rows refer to.
pub(super) fn files_of(folder: &Path, manifest: &Manifest) -> Result<BTreeSet<String>, HubError> {
    let mut hashes = BTreeSet::new();
    for (name, column) in HASHES {
        for part in manifest.tables.iter().filter(|part| part.name == name) {
            read_lines(folder, part, |number, line| {
                let place = format!("tables/{name}.jsonl:{number}");
                let row: Map<String, Value> =
                    serde_json::from_slice(line).map_err(|error| wrong(&place, error))?;
                match row.get(column).and_then(Value::as_str) {
                    Some(hash) if is_hash(hash) => hashes.insert(hash.to_owned()),
                    _ => {
                        return Err(wrong(
                            &place,
                            format!("`{column}` is not the hash of a file"),
                        ));
                    }
                };
                Ok(())
            })?;
        }
    }
    Ok(hashes)
}

/// Takes in one file. One that is taken in and never referred to goes after a while.
pub(super) fn keep_file(files: &Files, folder: &Path, hash: &str) -> Result<(), HubError> {
    let name = format!("artifacts/{}/{hash}", &hash[..2]);
    let failed = |error: io::Error| wrong(&name, error);
    let mut from = open(folder, &name)?;
    let mut incoming = files.begin().map_err(failed)?;
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match from.read(&mut block).map_err(failed)? {
            0 => break,
            read => incoming.write(&block[..read]).map_err(failed)?,
        }
    }
    if incoming.hash() != hash {
        return Err(wrong(&name, "is damaged: its hash is not its name"));
    }
    files.keep(incoming, hash).map(drop).map_err(failed)
}

/// Fills the tables.
pub(super) fn fill(tx: &mut Tx, folder: &Path, manifest: &Manifest) -> Result<(), HubError> {
    let tables = dump::tables(tx)?;
    if let Some(filled) = dump::find_filled(tx, &tables)? {
        let reason = format!(
            "this hub has something already, in `{filled}`: name a data folder, or a database, \
             that no hub was started on"
        );
        return Err(HubError::Conflict(reason));
    }
    let known = |name: &str| tables.iter().any(|table| table.name == name);
    if let Some(unknown) = manifest.tables.iter().find(|part| !known(&part.name)) {
        let reason = format!("there is no table `{}`", unknown.name);
        return Err(wrong("manifest.json", reason));
    }
    let mut logs = Logs::new(folder);
    for table in &tables {
        let mut parts = manifest
            .tables
            .iter()
            .filter(|part| part.name == table.name);
        match (parts.next(), parts.next()) {
            (Some(part), None) => fill_table(tx, table, folder, part, (manifest, &mut logs))?,
            (None, _) if is_secret_table(&table.name) => {}
            _ => {
                let reason = format!("`{}` is not there once", table.name);
                return Err(wrong("manifest.json", reason));
            }
        }
    }
    same("logs", &manifest.logs, &logs.all.part("", logs.count))
}

fn fill_table(
    tx: &mut Tx,
    table: &Table,
    folder: &Path,
    part: &Part,
    (manifest, logs): (&Manifest, &mut Logs<'_>),
) -> Result<(), HubError> {
    let is_logs = table.name == LOGS.0;
    // The bytes of logs stand elsewhere; here is how many they are.
    let mut read = table.clone();
    if is_logs && let Some(at) = table.place(LOGS.1) {
        read.columns[at].kind = Kind::Integer;
    }
    let missing = |column: &str, row: &Map<String, Value>| {
        let is_left_out = !manifest.has_secrets && is_secret(&table.name, column);
        // What no secret can hash to: nobody comes in with it.
        let id = row.get("id").and_then(Value::as_str).unwrap_or_default();
        is_left_out.then(|| Cell::Text(format!("not exported: {id}")))
    };
    read_lines(folder, part, |number, line| {
        let place = || format!("tables/{}.jsonl:{number}", table.name);
        let mut row = json::row(&read, line, missing).map_err(|reason| wrong(&place(), reason))?;
        if is_logs {
            logs.give(table, &mut row)?;
        }
        dump::insert(tx, table, &row).map_err(|error| wrong(&place(), error))
    })
}

/// Logs, read run by run.
struct Logs<'a> {
    folder: &'a Path,
    open: Option<(String, Counted<std::fs::File>)>,
    all: Counted<io::Sink>,
    count: u64,
}

impl<'a> Logs<'a> {
    fn new(folder: &'a Path) -> Self {
        Self {
            folder,
            open: None,
            all: Counted::new(io::sink()),
            count: 0,
        }
    }

    /// Puts the bytes in the place of how many they are.
    fn give(&mut self, table: &Table, row: &mut [Cell]) -> Result<(), HubError> {
        let run = text_of(table, row, "run_id").and_then(|run| run.parse::<RunId>().ok());
        let run = run.ok_or_else(|| wrong("tables/log_chunk.jsonl", "`run_id` is no run"))?;
        let run = run.to_string();
        let name = format!("logs/{run}.log");
        let body = table.place(LOGS.1).map(|at| &mut row[at]);
        let Some((body, length)) = body.and_then(|body| match body {
            Cell::Integer(length) => u64::try_from(*length).ok().map(|length| (body, length)),
            _ => None,
        }) else {
            return Err(wrong(&name, "its rows do not say how long it is"));
        };
        if self.open.as_ref().is_none_or(|(of, _)| *of != run) {
            let file = open(self.folder, &name)?;
            self.open = Some((run, Counted::new(file)));
            self.count += 1;
        }
        let mut bytes = Vec::new();
        if let Some((_, file)) = &mut self.open {
            let read = file.take(length).read_to_end(&mut bytes);
            read.map_err(|error| wrong(&name, error))?;
        }
        if bytes.len() as u64 != length {
            return Err(wrong(&name, "is shorter than its rows say"));
        }
        let counted = io::Write::write_all(&mut self.all, &bytes);
        counted.map_err(|error| wrong(&name, error))?;
        *body = Cell::Blob(bytes);
        Ok(())
    }
}
