//! Everything out and in again.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cupola_domain::{artifact::Keeper, metric::Point, time::Timestamp};
use cupola_hub::{
    Hub, Settings,
    logged::LoggedBatch,
    work::{LogPiece, Report},
};
use cupola_store::{Durability, Location};
use cupola_testkit::Database;

use crate::support::{TestHub, TestWorld, completed, finish, start};

/// A hub with something of most kinds.
pub fn filled() -> TestHub {
    let hub = TestHub::new();
    hub.submit(3);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    let piece = |stream: &str, bytes: &[u8]| LogPiece {
        stream: stream.to_owned(),
        at: Timestamp::from_millis(5),
        bytes: bytes.to_vec(),
        omitted: 0,
    };
    let point = |step, value| Point {
        step,
        time_millis: 1_700_000_000_000 + step,
        value,
    };
    let values = [0.1, f64::NAN, f64::NEG_INFINITY, -0.0, 5e-324];
    let curve = (0..5000_i32).map(|step| point(step.into(), 1.0 / (1.0 + f64::from(step))));
    let report = Report {
        log: vec![
            piece("stdout", b"one\ntwo"),
            piece("stderr", b"\xff\0odd\n"),
            piece("stdout", b" more\n"),
        ],
        metrics: vec![
            ("loss".to_owned(), curve.collect()),
            (
                "odd".to_owned(),
                values
                    .into_iter()
                    .zip(0..)
                    .map(|(v, s)| point(s, v))
                    .collect(),
            ),
            // The program goes back.
            ("loss".to_owned(), vec![point(4000, 7.0), point(4001, 8.0)]),
        ],
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    let batch = LoggedBatch {
        params: vec![("said".to_owned(), "0.1".to_owned())],
        tags: vec![("note".to_owned(), "<b>é".to_owned())],
        ..LoggedBatch::default()
    };
    hub.log_to_run(order.run.id, batch).unwrap();
    for name in ["a/model.bin", "same.bin"] {
        let keeper = Keeper::from(order.run.id);
        let mut upload = hub.begin_logged_artifact(keeper, name, Some(4)).unwrap();
        upload.write(b"\0\x01\x02\xff").unwrap();
        hub.keep_artifact(upload).unwrap();
    }
    crate::alerts::fill(&hub);
    finish(&hub, &order, completed(0.1 + 0.2)).unwrap();
    hub
}

/// A hub of its own in `folder`.
pub fn open(location: Location, folder: &Path) -> Hub {
    let settings = Settings {
        location,
        artifacts: folder.join("artifacts"),
        runs: Some(folder.join("runs")),
        artifact_bytes_max: 1 << 20,
        template_dirs: Vec::new(),
        durability: Durability::Full,
        on_fatal: Arc::new(|_| {}),
    };
    Hub::open(settings, TestWorld::new(9)).unwrap()
}

/// Every file below a folder with its bytes.
pub fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

fn same(a: &Path, b: &Path) {
    let (a, b) = (tree(a), tree(b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (name, bytes) in &a {
        assert!(b[name] == *bytes, "{} differs", name.display());
    }
}

fn check_round_trip(database: &Database, has_secrets: bool) {
    let hub = filled();
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let manifest = hub.export_all(&at("first"), has_secrets).unwrap();
    assert_eq!((manifest.points.count, manifest.logs.count), (4002 + 5, 1));
    assert_eq!(manifest.artifacts, (1, 4));
    let other = open(database.location().clone(), &at("other"));
    assert_eq!(other.import_all(&at("first")).unwrap(), manifest);
    assert_eq!(
        other.export_all(&at("second"), has_secrets).unwrap(),
        manifest
    );
    same(&at("first"), &at("second"));
    let again = other.import_all(&at("first")).unwrap_err().to_string();
    assert!(again.contains("has something already"), "{again}");
    other.close();
}

fn a_store_comes_back_byte_for_byte(database: &Database) {
    check_round_trip(database, false);
}

fn secrets_come_along_where_they_are_asked_for(database: &Database) {
    check_round_trip(database, true);
}

cupola_testkit::on_each_database! {
    a_store_comes_back_byte_for_byte,
    secrets_come_along_where_they_are_asked_for,
}

#[test]
fn what_is_written_can_be_read_by_others() {
    let hub = filled();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("out");
    hub.export_all(&folder, false).unwrap();
    let files = tree(&folder);
    let logs: Vec<_> = files
        .keys()
        .filter(|name| name.starts_with("logs"))
        .collect();
    assert_eq!(files[logs[0]], b"one\ntwo\xff\0odd\n more\n");
    let tokens = String::from_utf8_lossy(&files[Path::new("tables/token.jsonl")]).into_owned();
    assert!(!tokens.contains("digest"), "{tokens}");
    assert!(!files.contains_key(Path::new("tables/session.jsonl")));
    assert!(!files.contains_key(Path::new("tables/hub_key.jsonl")));
}

/// Changes an export, and says how its import is refused.
fn refused(change: impl FnOnce(&Path)) -> String {
    let hub = filled();
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("out");
    hub.export_all(&folder, false).unwrap();
    change(&folder);
    let other = open(
        Location::Sqlite(place.path().join("cupola.db")),
        place.path(),
    );
    let refused = other.import_all(&folder).unwrap_err().to_string();
    // Nothing came in, so that the right folder still can.
    let right = place.path().join("right");
    hub.export_all(&right, false).unwrap();
    other.import_all(&right).unwrap();
    refused
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn check_refused(change: impl FnOnce(&Path), words: &str) {
    let refused = refused(change);
    assert!(refused.contains(words), "{refused}");
}

#[test]
fn a_folder_that_is_damaged_or_hostile_is_refused_and_nothing_comes_in() {
    check_refused(
        |folder| edit(&folder.join("tables/run.jsonl"), |bytes| bytes[10] ^= 1),
        "tables/run.jsonl: is damaged",
    );
    check_refused(
        |folder| {
            edit(&folder.join("tables/task.jsonl"), |bytes| {
                bytes.truncate(50);
            });
        },
        "tables/task.jsonl:1: the line is too long, or the file ends within it",
    );
    check_refused(
        |folder| fs::remove_file(folder.join("tables/run.jsonl")).unwrap(),
        "tables/run.jsonl: No such file",
    );
    check_refused(
        |folder| fs::remove_dir_all(folder.join("logs")).unwrap(),
        ".log: No such file",
    );
    check_refused(
        |folder| {
            let files = tree(&folder.join("artifacts"));
            let name = files.keys().next().unwrap();
            edit(&folder.join("artifacts").join(name), |bytes| bytes[0] = 9);
        },
        "is damaged: its hash is not its name",
    );
    check_refused(
        |folder| {
            fs::rename(folder.join("logs"), folder.join("moved")).unwrap();
            std::os::unix::fs::symlink(folder.join("moved"), folder.join("logs")).unwrap();
        },
        "a link is in its way",
    );
    check_refused(
        |folder| fs::write(folder.join("manifest.json"), "{}").unwrap(),
        "is not of an export",
    );
    let names = |name: &'static str| {
        move |folder: &Path| {
            edit(&folder.join("manifest.json"), |bytes| {
                let text = String::from_utf8_lossy(bytes).replace("\"name\": \"run\"", name);
                *bytes = text.into_bytes();
            });
        }
    };
    check_refused(
        names("\"name\": \"../run\""),
        "names a table that cannot be",
    );
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let hub = filled();
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("mine"), "kept").unwrap();
    let refused = hub.export_all(place.path(), false).unwrap_err().to_string();
    assert!(refused.contains("is not empty"), "{refused}");
    assert_eq!(tree(place.path()).len(), 1);
}
