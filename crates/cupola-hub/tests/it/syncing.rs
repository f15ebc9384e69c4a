//! Syncs into stores that are older than the folders, after one that broke off, and around what is
//! damaged.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::Duration,
};

use cupola_domain::run::Failure;
use cupola_hub::{
    loops::{campaigns, leases},
    work::{LogPiece, Order, Report},
};
use cupola_testkit::Database;

use crate::{
    archive::tree,
    run_folders::{keep, runs, sync},
    support::{TestHub, completed, failed, finish, start},
};

/// Folders of runs as they are, without the mark.
fn folders(hub: &TestHub) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut folders = tree(&hub.place().join("runs"));
    folders.remove(Path::new("folder.json"));
    folders
}

/// All rows as they are now, for [`restore`].
fn copy(hub: &TestHub) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    hub.export_all(&folder.path().join("copy"), true).unwrap();
    folder
}

/// Goes on with a copy of before, and with the folders of now.
fn restore(hub: &mut TestHub, database: &Database, copy: &tempfile::TempDir) {
    hub.turn_to(database.location().clone());
    hub.import_all(&copy.path().join("copy")).unwrap();
    hub.restart();
}

fn log(hub: &TestHub, order: &Order) {
    let piece = LogPiece {
        stream: "stdout".to_owned(),
        at: cupola_domain::time::Timestamp::from_millis(5),
        bytes: b"one\n".to_vec(),
        omitted: 0,
    };
    let report = Report {
        log: vec![piece],
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
}

fn an_older_store_leaves_what_the_folders_know(database: &Database) {
    let mut hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    start(&hub, &order).unwrap();
    keep(&hub);
    let before = copy(&hub);
    log(&hub, &order);
    finish(&hub, &order, completed(0.5)).unwrap();
    keep(&hub);
    let known = folders(&hub);
    let whole = runs(&hub)[0].join("stdout.log");
    assert_eq!(fs::read(&whole).unwrap(), b"one\n");
    restore(&mut hub, database, &before);
    keep(&hub);
    assert!(folders(&hub) == known);
    hub.restart();
    let synced = sync(&hub);
    assert_eq!((synced.runs, synced.present), (0, 1));
    let reason = &synced.problems[0].reason;
    assert!(
        reason
            .starts_with("it is completed here and running in the database: the database is older"),
        "{reason}"
    );
    hub.restart();
    assert!(hub.has_unsynced_runs());
    keep(&hub);
    // The worker is lost, and its task done again: that is another run.
    hub.world.advance(Duration::from_hours(1));
    leases::tick(&hub).unwrap();
    let again = hub.join("v").take(&hub);
    finish(&hub, &again, completed(0.6)).unwrap();
    keep(&hub);
    assert_eq!(runs(&hub).len(), 2);
    for (name, bytes) in known {
        assert!(folders(&hub)[&name] == bytes, "{} differs", name.display());
    }
    assert_eq!(sync(&hub).problems.len(), 1);
}

fn a_sync_into_an_older_store_stops_no_worker(database: &Database) {
    let mut hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    let first = worker.take(&hub);
    start(&hub, &first).unwrap();
    let older = copy(&hub);
    finish(&hub, &first, failed(Failure::ExitCode(3))).unwrap();
    hub.retry_task(first.task.id).unwrap();
    let second = worker.take(&hub);
    finish(&hub, &second, completed(0.5)).unwrap();
    keep(&hub);
    restore(&mut hub, database, &older);
    let synced = sync(&hub);
    assert_eq!((synced.runs, synced.present), (0, 1));
    let reasons: Vec<_> = synced
        .problems
        .iter()
        .map(|of| of.reason.as_str())
        .collect();
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(
        reasons
            .iter()
            .all(|told| told.contains("older than this folder"))
    );
    assert!(reasons[1].starts_with("is attempt 2 of a task that the database has at 1"));
    hub.restart();
    hub.world.advance(Duration::from_hours(1));
    leases::tick(&hub).unwrap();
    let again = hub.join("v").take(&hub);
    assert_eq!((again.task.id, again.run.attempt), (first.task.id, 2));
}

fn a_sync_that_broke_off_is_gone_on_with(database: &Database) {
    let mut hub = TestHub::new();
    let family = hub.submit(70);
    let worker = hub.join("w");
    let first = worker.take(&hub);
    start(&hub, &first).unwrap();
    finish(&hub, &first, failed(Failure::ExitCode(3))).unwrap();
    hub.retry_task(first.task.id).unwrap();
    let again = worker.take(&hub);
    finish(&hub, &again, failed(Failure::ExitCode(3))).unwrap();
    hub.retry_task(first.task.id).unwrap();
    // The retried task goes first; the others are taken while somebody has it.
    let held = hub.join("x").take(&hub);
    assert_eq!(held.run.attempt, 3);
    for _ in 0..66 {
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        finish(&hub, &order, completed(0.5)).unwrap();
    }
    finish(&hub, &held, failed(Failure::ExitCode(3))).unwrap();
    hub.retry_task(first.task.id).unwrap();
    keep(&hub);
    hub.turn_to(database.location().clone());
    let broken_off = catch_unwind(AssertUnwindSafe(|| {
        hub.sync_run_folders(false, |_| panic!("no more")).unwrap();
    }));
    assert!(broken_off.is_err());
    hub.restart();
    let synced = sync(&hub);
    assert_eq!(
        (synced.runs + synced.present, &synced.problems[..]),
        (69, &[][..])
    );
    assert!(synced.present >= 64);
    hub.restart();
    // What is planned now was made later.
    hub.world.advance(Duration::from_secs(1));
    campaigns::tick(&hub).unwrap();
    assert_eq!(hub.states(family), format!("p{}ppp", "c".repeat(66)));
    let worker = hub.join("v");
    let order = worker.take(&hub);
    assert_eq!((order.task.id, order.run.attempt), (first.task.id, 4));
}

cupola_testkit::on_each_database! {
    an_older_store_leaves_what_the_folders_know,
    a_sync_into_an_older_store_stops_no_worker,
    a_sync_that_broke_off_is_gone_on_with,
}

/// A family of five, of which the third task took two runs: those of it, and the hub.
fn retried() -> (TestHub, [PathBuf; 2]) {
    let hub = TestHub::new();
    hub.submit(5);
    let worker = hub.join("w");
    let mut orders = Vec::new();
    for number in 0..4 {
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        log(&hub, &order);
        let how = match number {
            2 => failed(Failure::ExitCode(3)),
            _ => completed(0.5),
        };
        finish(&hub, &order, how).unwrap();
        orders.push(order);
    }
    hub.retry_task(orders[2].task.id).unwrap();
    let second = worker.take(&hub);
    log(&hub, &second);
    finish(&hub, &second, completed(0.7)).unwrap();
    keep(&hub);
    let folders = runs(&hub);
    let of = |order: &Order| {
        let is_it = |folder: &&PathBuf| folder.ends_with(order.run.id.to_string());
        folders.iter().find(is_it).unwrap().clone()
    };
    let two = [of(&orders[2]), of(&second)];
    (hub, two)
}

/// A file of one of the two runs is damaged while `out` runs wait for it, and mended later.
fn check_mended(spoilt: impl Fn(&[PathBuf; 2]) -> PathBuf, out: u64) {
    let (mut hub, two) = retried();
    let family = hub.list_briefs("", 10, 0).unwrap().0[0].family.id;
    let before = hub.states(family);
    let spoilt = spoilt(&two);
    let whole = fs::read(&spoilt).unwrap();
    fs::write(&spoilt, &whole[1..]).unwrap();
    hub.forget();
    let synced = sync(&hub);
    assert_eq!((synced.runs, synced.problems.len() as u64), (5 - out, out));
    assert_eq!(synced.planned, 0);
    hub.restart();
    // Nobody does its task again meanwhile.
    assert_eq!(campaigns::tick(&hub).unwrap(), 0);
    keep(&hub);
    fs::write(&spoilt, &whole).unwrap();
    hub.restart();
    let synced = sync(&hub);
    assert_eq!((synced.runs, &synced.problems[..]), (out, &[][..]));
    hub.restart();
    campaigns::tick(&hub).unwrap();
    assert_eq!(
        (before.as_str(), hub.states(family).as_str()),
        ("ccccp", "ccccp")
    );
}

#[test]
fn what_is_damaged_comes_in_when_it_is_mended() {
    check_mended(|two| two[1].join("run.json"), 2);
    check_mended(|two| two[1].join("stdout.log"), 2);
    check_mended(|two| two[0].join("run.json"), 1);
    check_mended(|two| two[0].join("stdout.log"), 1);
}

#[test]
fn the_last_task_is_not_done_again_while_it_is_damaged() {
    let mut hub = TestHub::new();
    let family = hub.submit(2);
    let worker = hub.join("w");
    for value in [0.5, 0.6] {
        let order = worker.take(&hub);
        finish(&hub, &order, completed(value)).unwrap();
    }
    keep(&hub);
    let record = runs(&hub).remove(1).join("run.json");
    let whole = fs::read(&record).unwrap();
    fs::write(&record, "").unwrap();
    hub.forget();
    assert_eq!(sync(&hub).problems.len(), 1);
    hub.restart();
    assert_eq!(campaigns::tick(&hub).unwrap(), 0);
    // What is asked for meanwhile is planned.
    hub.world.advance(Duration::from_secs(1));
    hub.submit(1_001);
    assert_eq!(campaigns::tick(&hub).unwrap(), 1);
    fs::write(&record, whole).unwrap();
    hub.restart();
    assert_eq!(sync(&hub).problems, []);
    assert_eq!(hub.states(family), "cc");
}

#[test]
fn a_folder_of_which_nothing_was_written_is_none() {
    let mut hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    finish(&hub, &order, completed(0.5)).unwrap();
    keep(&hub);
    let beside = runs(&hub)[0].with_file_name("0193b5a8-0000-7000-8000-0123456789ab");
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("run.json.new"), "{").unwrap();
    hub.forget();
    assert_eq!(sync(&hub).problems, []);
}
