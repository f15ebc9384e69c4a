//! The folders of runs: written as runs begin and end, and read back into a store that lost them.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use cupola_domain::{ids::ExperimentId, run::Failure};
use cupola_hub::{
    Hub,
    loops::{artifacts, campaigns, leases, retention, run_folders, series},
    run_folders::Synced,
};
use cupola_store::Location;
use cupola_testkit::Database;

use crate::{
    archive::{filled, open, tree},
    support::{TestHub, completed, failed, finish, start},
};

/// What a sync does not bring back as it was: who may come in, alerts, and what a store is.
const OTHERWISE: [&str; 20] = [
    "ledger_account",
    "ledger_earned",
    "ledger_earning",
    "ledger_giver",
    "ledger_transfer",
    "alert",
    "alert_change",
    "alert_delivery",
    "alert_message",
    "alert_rule",
    "alert_rule_target",
    "alert_target",
    "token",
    "worker",
    "worker_place",
    "worker_telemetry",
    "run_unlabelled",
    "budget",
    "code_repeats",
    "manifest",
];

/// Writes all that waits to be written.
pub fn keep(hub: &Hub) {
    series::tick(hub).unwrap();
    while run_folders::tick(hub).unwrap() > 0 {}
}

pub fn sync(hub: &Hub) -> Synced {
    hub.sync_run_folders(false, |_| {}).unwrap()
}

/// A hub with a family of three whose runs have all ended.
pub fn ended() -> TestHub {
    let hub = filled();
    let worker = hub.join("second");
    for value in [0.5, 0.7] {
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        finish(&hub, &order, completed(value)).unwrap();
    }
    keep(&hub);
    hub
}

/// Another store over the same folder; the one that wrote it stays beside, untouched.
fn other(hub: &TestHub, database: &Database) -> Hub {
    open(database.location().clone(), hub.place())
}

/// Another store in a file of its own.
pub fn elsewhere(hub: &TestHub) -> Hub {
    let file = hub.place().join("other/cupola.db");
    open(Location::Sqlite(file), hub.place())
}

/// The folders of runs, in order.
pub fn runs(hub: &TestHub) -> Vec<PathBuf> {
    let files = tree(&hub.place().join("runs"));
    let records = files.keys().filter(|path| path.ends_with("run.json"));
    let folders = records.filter_map(|path| path.parent());
    folders
        .map(|folder| hub.place().join("runs").join(folder))
        .collect()
}

fn check_same_but(before: &Path, after: &Path) {
    let (before, after) = (tree(before), tree(after));
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for name in names {
        let stem = name.file_stem().unwrap().to_string_lossy().into_owned();
        if !OTHERWISE.contains(&stem.as_str()) {
            let (before, after) = (before.get(name), after.get(name));
            assert!(before == after, "{} differs", name.display());
        }
    }
}

fn a_lost_store_comes_back_from_its_folders(database: &Database) {
    let hub = ended();
    let place = tempfile::tempdir().unwrap();
    hub.export_all(&place.path().join("before"), false).unwrap();
    let other = other(&hub, database);
    assert!(other.has_unsynced_runs());
    let would = other.sync_run_folders(true, |_| {}).unwrap();
    assert_eq!(other.sync_run_folders(true, |_| {}).unwrap(), would);
    let synced = sync(&other);
    assert_eq!(synced, would);
    assert_eq!((synced.experiments.len(), synced.tasks.len()), (1, 3));
    assert_eq!(
        (synced.runs, synced.present, &synced.problems[..]),
        (3, 0, &[][..])
    );
    other
        .export_all(&place.path().join("after"), false)
        .unwrap();
    check_same_but(&place.path().join("before"), &place.path().join("after"));
    // Again, and nothing is new.
    let again = sync(&other);
    assert_eq!((again.runs, again.present), (0, 3));
    other
        .export_all(&place.path().join("again"), false)
        .unwrap();
    check_same_but(&place.path().join("after"), &place.path().join("again"));
    other.close();
    // What was synced is what is there: nothing is written anew.
    let files = tree(&hub.place().join("runs"));
    let other = open(database.location().clone(), hub.place());
    assert!(!other.has_unsynced_runs());
    keep(&other);
    let kept = tree(&hub.place().join("runs"));
    let written = kept
        .iter()
        .filter(|(name, bytes)| files.get(*name) != Some(bytes));
    let written: Vec<_> = written
        .map(|(name, _)| name.display().to_string())
        .collect();
    assert_eq!(written, ["folder.json"]);
    other.close();
}

fn what_had_not_ended_goes_on(database: &Database) {
    let hub = TestHub::new();
    let family = hub.submit(5);
    let worker = hub.join("w");
    let fails = worker.take(&hub);
    start(&hub, &fails).unwrap();
    finish(&hub, &fails, failed(Failure::ExitCode(3))).unwrap();
    let under_way: Vec<_> = (0..2).map(|_| worker.take(&hub)).collect();
    start(&hub, &under_way[1]).unwrap();
    keep(&hub);
    assert_eq!(runs(&hub).len(), 3);
    let other = other(&hub, database);
    let synced = sync(&other);
    assert_eq!((synced.runs, &synced.problems[..]), (3, &[][..]));
    other.close();
    let other = open(database.location().clone(), hub.place());
    campaigns::tick(&other).unwrap();
    let states = |hub: &Hub, family: ExperimentId| {
        let filter = cupola_hub::tasks::Filter {
            experiment: Some(family),
            limit: 100,
            ..Default::default()
        };
        let mut tasks = hub.list_tasks(filter).unwrap().tasks;
        tasks.sort_by_key(|task| task.number);
        let told = |task: &cupola_domain::task::Task| {
            let state = task.state.word().as_str();
            (task.number, state, task.config.clone(), task.priority)
        };
        tasks.iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(states(&other, family), states(&hub, family));
    // Whoever had a run does not come back: its task is tried again.
    let lost = under_way[1].run.id;
    assert_eq!(
        other.run_detail(lost).unwrap().run.state.word().as_str(),
        "running"
    );
    other.close();
}

cupola_testkit::on_each_database! {
    a_lost_store_comes_back_from_its_folders,
    what_had_not_ended_goes_on,
}

#[test]
fn a_worker_that_fell_silent_with_its_store_loses_its_run() {
    let mut hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    keep(&hub);
    hub.forget();
    let synced = sync(&hub);
    assert_eq!((synced.runs, synced.tasks.len()), (1, 1));
    hub.restart();
    hub.world.advance(Duration::from_hours(1));
    leases::tick(&hub).unwrap();
    let task = hub.run_detail(order.run.id).unwrap().task;
    assert_eq!(task.state.word().as_str(), "pending");
}

/// Spoils something in the folder of a run, and says what a sync has to say of it.
fn spoilt(spoil: impl FnOnce(&Path)) -> Synced {
    let hub = ended();
    let runs = runs(&hub);
    let details = runs.iter().find(|run| run.join("stdout.log").exists());
    spoil(details.unwrap());
    let other = elsewhere(&hub);
    let synced = sync(&other);
    // What could come in did, and files wait for what could not.
    assert_eq!(artifacts::tick(&other).unwrap(), 0);
    assert_eq!(sync(&other).runs, 0);
    synced
}

fn check_spoilt(spoil: impl FnOnce(&Path), came: u64, words: &str) {
    let synced = spoilt(spoil);
    let told: Vec<_> = synced
        .problems
        .iter()
        .map(|problem| problem.reason.as_str())
        .collect();
    let is_told = told.iter().all(|told| told.contains(words));
    assert!(is_told && !told.is_empty(), "{told:?}");
    assert_eq!(synced.runs, came);
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_damaged_stays_out_and_is_named() {
    check_spoilt(
        |run| edit(&run.join("run.json"), |bytes| bytes.truncate(99)),
        2,
        "is not whole",
    );
    check_spoilt(
        |run| {
            edit(&run.join("run.json"), |bytes| {
                let text = String::from_utf8_lossy(bytes).replace("\"epoch\":1", "\"epoch\":2");
                *bytes = text.into_bytes();
            });
        },
        2,
        "run.json: is damaged",
    );
    check_spoilt(
        |run| edit(&run.join("details.jsonl"), |bytes| bytes[9] ^= 1),
        2,
        "is damaged",
    );
    check_spoilt(
        |run| edit(&run.join("stderr.log"), |bytes| bytes.truncate(1)),
        2,
        "stderr.log: is damaged",
    );
    check_spoilt(
        |run| fs::remove_file(run.join("stdout.log")).unwrap(),
        2,
        "stdout.log: No such file",
    );
    check_spoilt(
        |run| {
            fs::rename(run.join("stdout.log"), run.join("moved")).unwrap();
            std::os::unix::fs::symlink("moved", run.join("stdout.log")).unwrap();
        },
        2,
        "a link is in its way",
    );
    check_spoilt(
        |run| fs::write(run.parent().unwrap().join("experiment.json"), "").unwrap(),
        0,
        "experiment.json: is not whole",
    );
    check_spoilt(
        |run| {
            fs::remove_file(run.join("run.json")).unwrap();
            let (fifo, rights) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU);
            rustix::fs::mknodat(rustix::fs::CWD, run.join("run.json"), fifo, rights, 0).unwrap();
        },
        2,
        "run.json: is no file",
    );
    check_spoilt(
        |run| fs::remove_dir_all(run.ancestors().nth(3).unwrap().join("artifacts")).unwrap(),
        3,
        "is not among the artifacts",
    );
}

#[test]
fn a_write_that_broke_off_leaves_what_was_there() {
    let hub = ended();
    for run in runs(&hub) {
        fs::write(run.join("run.json.new"), "{\"half\":").unwrap();
        fs::write(run.join("details.jsonl.new"), "half").unwrap();
        fs::write(run.join("details.2.jsonl"), "whole, and named by nobody").unwrap();
    }
    let other = elsewhere(&hub);
    let synced = sync(&other);
    assert_eq!((synced.runs, &synced.problems[..]), (3, &[][..]));
}

#[test]
fn files_are_kept_for_runs_that_another_store_does_not_know() {
    let hub = ended();
    let other = elsewhere(&hub);
    assert_eq!(artifacts::tick(&other).unwrap(), 0);
    keep(&other);
    other.close();
    // Starting twice makes the runs no more known.
    let other = elsewhere(&hub);
    assert!(other.has_unsynced_runs());
    assert_eq!(artifacts::tick(&other).unwrap(), 0);
    assert_eq!(sync(&other).problems, []);
    other.close();
    let other = elsewhere(&hub);
    assert!(!other.has_unsynced_runs());
    assert_eq!(tree(&hub.place().join("artifacts")).len(), 1);
}

#[test]
fn what_is_deleted_has_no_folder() {
    let hub = ended();
    let brief = hub.list_briefs("", 10, 0).unwrap().0[0].brief.id;
    hub.delete_brief(brief).unwrap();
    retention::tick(&hub).unwrap();
    keep(&hub);
    assert_eq!(runs(&hub), Vec::<PathBuf>::new());
    let left = tree(&hub.place().join("runs"));
    assert!(
        left.keys().all(|name| !name.ends_with("experiment.json")),
        "{left:?}"
    );
}
