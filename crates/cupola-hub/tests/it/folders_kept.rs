//! What the loop of the folders of runs follows, and what it leaves alone.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use cupola_domain::{experiment::Experiment, ids::RunId, metric::Point, run::Outcome};
use cupola_hub::{
    logged::LoggedBatch,
    loops::{retention, run_folders},
};

use crate::{
    archive::tree,
    batches,
    run_folders::{ended, keep, runs, sync},
    support::TestHub,
};

#[test]
fn runs_of_before_get_folders_and_a_change_is_followed_once() {
    let mut hub = ended();
    let folders = runs(&hub);
    fs::remove_dir_all(hub.place().join("runs")).unwrap();
    hub.restart();
    keep(&hub);
    assert_eq!(runs(&hub), folders);
    hub.restart();
    assert_eq!(run_folders::tick(&hub).unwrap(), 0);
    // A tag that comes later is followed, and what did not change stays.
    let before = tree(&folders[0]);
    tag(&hub, &folders[0]);
    let after = tree(&folders[0]);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    let text = String::from_utf8_lossy(&after[Path::new("run.json")]).into_owned();
    assert!(text.contains("later"), "{text}");
}

#[test]
fn a_hub_that_ends_writes_what_ended_before() {
    let mut hub = ended();
    let folders = runs(&hub);
    let before: Vec<_> = folders.iter().map(|folder| tree(folder)).collect();
    fs::remove_dir_all(hub.place().join("runs")).unwrap();
    hub.restart();
    hub.finish_run_folders(Duration::from_mins(1)).unwrap();
    let after: Vec<_> = runs(&hub).iter().map(|folder| tree(folder)).collect();
    assert_eq!(after, before);
    hub.finish_run_folders(Duration::ZERO).unwrap();
}

/// Says something of the run of a folder, which is followed.
fn tag(hub: &TestHub, folder: &Path) {
    let run = folder.file_name().unwrap().to_str().unwrap();
    let batch = LoggedBatch {
        tags: vec![("later".to_owned(), "yes".to_owned())],
        ..LoggedBatch::default()
    };
    hub.log_to_run(run.parse().unwrap(), batch).unwrap();
    keep(hub);
    let text = fs::read_to_string(folder.join("run.json")).unwrap();
    assert!(text.contains("later"), "{text}");
}

#[test]
fn a_tag_writes_no_log_again() {
    let hub = ended();
    let folders = runs(&hub);
    let folder = folders.iter().find(|run| run.join("stdout.log").exists());
    let folder = folder.unwrap();
    // Whoever wrote it would have to begin here.
    fs::create_dir(folder.join("stdout.log.new")).unwrap();
    tag(&hub, folder);
}

#[test]
fn what_people_put_beside_a_run_stays_and_holds_up_nothing() {
    let hub = ended();
    let folder = runs(&hub).remove(0);
    fs::write(folder.join("notes.md"), "mine").unwrap();
    fs::create_dir_all(folder.join("plots.log/more")).unwrap();
    tag(&hub, &folder);
    assert_eq!(fs::read(folder.join("notes.md")).unwrap(), b"mine");
    assert!(folder.join("plots.log/more").is_dir());
}

#[test]
fn folders_that_were_not_all_written_are_no_stranger_s() {
    let mut hub = ended();
    let folders = runs(&hub);
    let place = hub.place().join("runs");
    fs::remove_dir_all(&place).unwrap();
    hub.restart();
    // One run cannot be written, whatever comes.
    fs::create_dir_all(folders[1].parent().unwrap()).unwrap();
    fs::write(&folders[1], "in the way").unwrap();
    run_folders::tick(&hub).unwrap_err();
    for _ in 0..2 {
        hub.restart();
        assert!(!hub.has_unsynced_runs());
        run_folders::tick(&hub).unwrap_err();
        assert_eq!(runs(&hub).len(), 2);
    }
    // What changes meanwhile is followed, and noted.
    let mark = fs::read(place.join("folder.json")).unwrap();
    hub.submit(1);
    hub.join("third").take(&hub);
    run_folders::tick(&hub).unwrap();
    assert_eq!(runs(&hub).len(), 3);
    assert_ne!(fs::read(place.join("folder.json")).unwrap(), mark);
    fs::remove_file(&folders[1]).unwrap();
    hub.restart();
    keep(&hub);
    assert_eq!(runs(&hub).len(), 4);
}

/// A run that a client logs, which has begun, and its experiment.
fn logged(hub: &TestHub) -> (Experiment, RunId) {
    let experiment = batches::experiment(hub);
    let run = batches::begin(hub, &experiment);
    keep(hub);
    assert_eq!(runs(hub).len(), 1);
    (experiment, run)
}

fn log_points(hub: &TestHub, run: RunId) {
    let point = |step: i64| Point {
        step,
        time_millis: step,
        value: 0.5,
    };
    let batch = LoggedBatch {
        points: vec![("loss".to_owned(), (0..9).map(point).collect())],
        ..LoggedBatch::default()
    };
    hub.log_to_run(run, batch).unwrap();
}

#[test]
fn a_logged_run_that_goes_on_keeps_what_it_had_written() {
    let hub = TestHub::new();
    let (_, run) = logged(&hub);
    log_points(&hub, run);
    hub.close_logged_run(run, Outcome::Completed, None).unwrap();
    keep(&hub);
    let details = runs(&hub)[0].join("details.jsonl");
    let before = fs::read(&details).unwrap();
    hub.world.advance(Duration::from_secs(1));
    hub.reopen_logged_run(run).unwrap();
    keep(&hub);
    assert!(fs::read(&details).unwrap() == before);
    let text = fs::read_to_string(runs(&hub)[0].join("run.json")).unwrap();
    assert!(text.contains("\"name\":\"details.jsonl\""), "{text}");
    hub.close_logged_run(run, Outcome::Completed, None).unwrap();
    keep(&hub);
    assert_eq!(tree(&runs(&hub)[0]).len(), 2);
}

#[test]
fn a_logged_run_that_is_deleted_while_it_goes_on_loses_its_folder() {
    let hub = TestHub::new();
    let (_, run) = logged(&hub);
    hub.remove_logged_run(run).unwrap();
    keep(&hub);
    assert_eq!(runs(&hub), Vec::<PathBuf>::new());
}

#[test]
fn what_cannot_be_restored_any_more_loses_its_folder() {
    let hub = TestHub::new();
    let (experiment, _) = logged(&hub);
    hub.remove_logged_experiment(experiment.id).unwrap();
    keep(&hub);
    assert_eq!(runs(&hub).len(), 1);
    hub.world
        .advance(retention::RESTORABLE + Duration::from_secs(1));
    retention::tick(&hub).unwrap();
    keep(&hub);
    assert_eq!(runs(&hub), Vec::<PathBuf>::new());
}

#[test]
fn what_was_deleted_last_does_not_come_back_with_a_sync() {
    let mut hub = ended();
    let brief = hub.list_briefs("", 10, 0).unwrap().0[0].brief.id;
    hub.delete_brief(brief).unwrap();
    retention::tick(&hub).unwrap();
    // The loop had no time to follow it.
    hub.restart();
    let synced = sync(&hub);
    assert_eq!((synced.runs, &synced.problems[..]), (0, &[][..]));
    assert_eq!(runs(&hub), Vec::<PathBuf>::new());
}
