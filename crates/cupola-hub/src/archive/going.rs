//! Out: everything is read from one snapshot.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use cupola_domain::{
    artifact::is_hash,
    ids::{RunId, WorkerId},
};
use cupola_formats::table::{Cell as TableCell, Column, Format, Kind, Writer};
use cupola_store::{
    Tx,
    dump::{self, Cell, Table},
    series::{self, Owner},
};

use super::{
    LOGS,
    files::{Counted, copy_hashed, create, sync},
    is_secret, is_secret_table, json,
    manifest::{Manifest, Part},
    wrong,
};
use crate::HubError;

/// Rows and points that are read at once.
const ROWS: i64 = 500;
const POINTS: usize = 1 << 16;
const NAMES: i64 = 1_000;

/// Where the bytes of the files are that runs and models keep: table and column.
pub(super) const HASHES: [(&str, &str); 2] = [("artifact", "hash"), ("model_file", "hash")];

/// Makes the folder; refuses one with something in it.
pub(super) fn prepare(folder: &Path) -> Result<(), HubError> {
    let shown = folder.display().to_string();
    fs::create_dir_all(folder).map_err(|error| wrong(&shown, error))?;
    let mut there = fs::read_dir(folder).map_err(|error| wrong(&shown, error))?;
    if there.next().is_some() {
        return Err(wrong(
            &shown,
            "is not empty; name a folder that is not there yet",
        ));
    }
    for inner in ["tables", "logs", "artifacts"] {
        fs::create_dir(folder.join(inner)).map_err(|error| wrong(&shown, error))?;
    }
    Ok(())
}

pub(super) fn write(
    tx: &mut Tx,
    folder: &Path,
    files: &Path,
    has_secrets: bool,
) -> Result<Manifest, HubError> {
    let mut logs = Logs::new(folder);
    let (mut tables, mut owners, mut artifacts) = (Vec::new(), Vec::new(), (0, 0));
    for table in dump::tables(tx)? {
        if is_secret_table(&table.name) && !has_secrets {
            continue;
        }
        tables.push(write_table(tx, &table, folder, has_secrets, |row| {
            owners.extend(text_of(&table, row, "id").and_then(|id| owner(&table.name, id)));
            if table.name == LOGS.0 {
                logs.take(&table, row)?;
            }
            let hash = HASHES.iter().find(|(of, _)| *of == table.name);
            if let Some(hash) = hash.and_then(|(_, column)| text_of(&table, row, column)) {
                copy_file(files, folder, hash, &mut artifacts)?;
            }
            Ok(())
        })?);
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    let manifest = Manifest {
        schema: dump::schema_version(),
        has_secrets,
        tables,
        points: write_points(tx, folder, &owners)?,
        logs: logs.finish(),
        artifacts,
    };
    // The manifest says that all is there, so all comes before it.
    let shown = folder.display().to_string();
    sync(folder).map_err(|error| wrong(&shown, error))?;
    let mut file = create(folder, "manifest.json")?;
    let written = file.write_all(manifest.to_text().as_bytes());
    let written = written.and_then(|()| file.flush());
    written.map_err(|error| wrong("manifest.json", error))?;
    sync(folder).map_err(|error| wrong(&shown, error))?;
    Ok(manifest)
}

fn write_table(
    tx: &mut Tx,
    table: &Table,
    folder: &Path,
    has_secrets: bool,
    mut look: impl FnMut(&mut Vec<Cell>) -> Result<(), HubError>,
) -> Result<Part, HubError> {
    let name = format!("tables/{}.jsonl", table.name);
    let failed = |error: io::Error| wrong(&name, error);
    let mut file = create(folder, &name)?;
    let is_left_out = |column: &str| !has_secrets && is_secret(&table.name, column);
    let (mut after, mut count): (Option<Vec<Cell>>, _) = (None, 0);
    loop {
        let rows = dump::rows(tx, table, after.as_deref(), ROWS)?;
        let Some(last) = rows.last() else {
            break;
        };
        after = Some(last.clone());
        for mut row in rows {
            look(&mut row)?;
            let line = json::line(table, &row, is_left_out);
            file.write_all(line.as_bytes()).map_err(failed)?;
            count += 1;
        }
    }
    file.flush().map_err(failed)?;
    Ok(file.part(&table.name, count))
}

/// Whom a row makes that may have series.
fn owner(table: &str, id: &str) -> Option<Owner> {
    match table {
        "run" => id.parse::<RunId>().ok().map(Owner::Run),
        "worker" => id.parse::<WorkerId>().ok().map(Owner::Worker),
        _ => None,
    }
}

/// Every point of the curves, for other programs: the tables have them, too, as they are kept.
fn write_points(tx: &mut Tx, folder: &Path, owners: &[Owner]) -> Result<Part, HubError> {
    let failed = |error: io::Error| wrong("points.parquet", error);
    let columns = vec![
        Column::new("run_id", Kind::Text),
        Column::new("worker_id", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("step", Kind::Integer),
        Column::new("time", Kind::Time),
        Column::new("value", Kind::Number),
    ];
    let file = create(folder, "points.parquet")?;
    let mut writer = Writer::new(Format::Parquet, columns, file).map_err(failed)?;
    let mut count = 0;
    for &owner in owners {
        let (id, mut after) = (owner.to_string(), String::new());
        let (run, worker) = match owner {
            Owner::Run(_) => (TableCell::Text(&id), TableCell::Missing),
            Owner::Worker(_) => (TableCell::Missing, TableCell::Text(&id)),
        };
        loop {
            let found = series::list(tx, owner, &after, NAMES)?;
            let Some(last) = found.last() else {
                break;
            };
            after.clone_from(&last.name);
            for series in &found {
                let mut from = 0;
                loop {
                    let points = series::points(tx, series, from, POINTS)?;
                    for point in &points {
                        let cells = [
                            run,
                            worker,
                            TableCell::Text(&series.name),
                            TableCell::Integer(point.step),
                            TableCell::Time(point.time_millis),
                            TableCell::Number(point.value),
                        ];
                        writer.row(&cells).map_err(failed)?;
                    }
                    from += points.len() as u64;
                    if points.len() < POINTS {
                        break;
                    }
                }
                count += from;
            }
        }
    }
    let file = writer.finish().map_err(failed)?;
    Ok(file.part("", count))
}

fn copy_file(
    files: &Path,
    folder: &Path,
    hash: &str,
    counted: &mut (u64, u64),
) -> Result<(), HubError> {
    if !is_hash(hash) {
        return Err(wrong(hash, "is not the hash of a file"));
    }
    let name = format!("artifacts/{}/{hash}", &hash[..2]);
    let to = folder.join(&name);
    if to.exists() {
        return Ok(());
    }
    let parent = to.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(|error| wrong(&name, error))?;
    let from = files.join(&hash[..2]).join(hash);
    let bytes = copy_hashed(&from, folder, &name, hash)?;
    *counted = (counted.0 + 1, counted.1 + bytes);
    Ok(())
}

/// Logs, out of the table's rows, which come run by run.
struct Logs<'a> {
    folder: &'a Path,
    open: Option<(String, fs::File)>,
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

    /// Takes the bytes out of a row and leaves how many they were.
    fn take(&mut self, table: &Table, row: &mut [Cell]) -> Result<(), HubError> {
        let Some(run) = text_of(table, row, "run_id").map(str::to_owned) else {
            return Err(wrong("log_chunk", "a row without a run"));
        };
        let Some(body) = table.place(LOGS.1).map(|at| &mut row[at]) else {
            return Err(wrong("log_chunk", "a row without bytes"));
        };
        let Cell::Blob(bytes) = std::mem::replace(body, Cell::Null) else {
            return Err(wrong("log_chunk", "a row without bytes"));
        };
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        *body = Cell::Integer(length);
        let name = format!("logs/{run}.log");
        if self.open.as_ref().is_none_or(|(of, _)| *of != run) {
            let made = fs::File::create_new(self.folder.join(&name));
            let made = made.map_err(|error| wrong(&name, error))?;
            self.open = Some((run, made));
            self.count += 1;
        }
        if let Some((_, file)) = &mut self.open {
            let written = file.write_all(&bytes);
            written.map_err(|error| wrong(&name, error))?;
        }
        self.all
            .write_all(&bytes)
            .map_err(|error| wrong(&name, error))
    }

    fn finish(self) -> Part {
        self.all.part("", self.count)
    }
}

pub(super) fn text_of<'r>(table: &Table, row: &'r [Cell], column: &str) -> Option<&'r str> {
    match row.get(table.place(column)?)? {
        Cell::Text(text) => Some(text),
        _ => None,
    }
}
