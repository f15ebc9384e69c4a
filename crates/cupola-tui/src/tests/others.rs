//! Keys of services, actions, orphans and warnings.

use cupola_workspace::{
    model::RunKey,
    source::{Action, Change, Connection},
};

use super::{
    place::{StillPlace, away},
    stage::Stage,
};
use crate::event::Event;

fn run() -> RunKey {
    RunKey {
        experiment: "bm25-grid".to_owned(),
        run: "20261121_102500".to_owned(),
    }
}

/// What is done after some keys.
fn check(keys: &str, expected: &[Action]) {
    let mut stage = Stage::new();
    stage.press(keys);
    assert_eq!(stage.acts(), expected, "{keys}");
}

#[test]
fn services_are_started_and_stopped_in_their_table() {
    let id = "tensorboard".to_owned();
    let (start, stop) = (
        Action::StartService(run(), id.clone()),
        Action::StopService(run(), id),
    );
    check("s s x", &[start.clone(), stop.clone()]);
    check("s ^s ^k", &[start.clone(), stop.clone()]);
    check("Enter s s x", &[start, stop]);
}

#[test]
fn a_url_is_copied_where_there_is_one() {
    let mut stage = Stage::new();
    stage.press("s u");
    assert_eq!(stage.copied, ["http://127.0.0.1:6006/"]);
    stage.press("Down u");
    assert_eq!(stage.copied.len(), 1);
    stage.sees("`viewer` has no URL");
}

#[test]
fn the_log_of_a_service_is_shown() {
    let mut stage = Stage::with_log(3);
    stage.press("s l");
    stage.sees("service tensorboard");
    stage.sees("line 2 of the log");
}

#[test]
fn an_action_is_done_when_that_is_meant() {
    check("Enter Tab Tab Enter Enter", &[]);
    check(
        "Enter Tab Tab Enter y",
        &[Action::Execute(run(), "export".to_owned())],
    );
}

#[test]
fn a_warning_is_acted_on() {
    let act = |action: &str| Action::Warning {
        run: run(),
        key: "stray_jobs_1".to_owned(),
        action: action.to_owned(),
    };
    check("Tab Tab Tab Enter Down Enter", &[act("kill")]);
    check("Tab Tab Tab Enter Down Down Enter", &[act("dismiss")]);
    check("Tab Tab Tab Enter y Esc", &[]);
}

#[test]
fn orphans_are_sorted_killed_and_deleted() {
    let mut stage = Stage::new();
    stage.press("Tab Tab");
    stage.sees("1.2 KiB");
    stage.press("^k y");
    stage.press("Right Z");
    let screen = stage.screen();
    assert!(screen.find("7.0 GiB") < screen.find("4.8 MiB"), "{screen}");
    stage.press("f");
    assert!(stage.copied[0].starts_with("/scratch/ir/jobs/ir.bm25."));
    stage.press("^d y A y");
    let acts = stage.acts();
    assert!(matches!(acts[0], Action::Kill(_)));
    assert_eq!(acts.len(), 3, "what is gone is not deleted again");
    assert!(matches!(acts[1], Action::Delete(_)));
    assert!(matches!(acts[2], Action::DeleteOrphans(_)));
}

#[test]
fn all_stray_jobs_are_killed() {
    let mut stage = Stage::new();
    stage.press("Tab Tab K y");
    assert_eq!(stage.acts().len(), 1);
}

#[test]
fn a_place_that_comes_back_is_read_again() {
    let mut stage = Stage::over(StillPlace::default());
    stage.tell(Event::Changed(Change::Connection(away())));
    stage.sees("away: ssh: connection reset; again in 8s");
    stage.tell(Event::Changed(Change::Connection(Connection::Live)));
    stage.sees("● live");
}

#[test]
fn the_key_that_quits_from_anywhere_does() {
    for keys in [
        "",
        "?",
        "d",
        "^d",
        "Enter",
        "Enter / 'state",
        "Enter l",
        "Enter l / 'x",
        "w",
    ] {
        let mut stage = Stage::with_log(5);
        stage.press(keys);
        assert!(!stage.has_quit, "{keys}");
        stage.press("^c");
        assert!(stage.has_quit, "{keys}");
    }
}

#[test]
fn orphans_are_read_again_after_something_was_done() {
    let mut stage = Stage::new();
    stage.press("Tab Tab");
    stage.sees("Orphans (1/2)");
    stage.press("^k y");
    stage.sees("Orphans (0/2)");
    stage.sees("No job runs astray.");
    stage.press("Right A y");
    stage.sees("Every job on the disk is named by an experiment.");
}

#[test]
fn what_was_done_is_said_before_the_line_ends() {
    let mut stage = Stage::new();
    let key = super::place::jobs()[0].key.clone();
    stage.tell(Event::Failed(format!("{key} is under way: end it first")));
    stage.sees("is under way: end it first");
    stage.tell(Event::Failed("x".repeat(100)));
    stage.sees("xxx…");
    stage.tell(Event::Failed(format!("{} and the end", "word ".repeat(30))));
    stage.sees("and the end");
}

#[test]
fn a_hub_has_no_tabs_of_what_it_has_not() {
    let mut stage = Stage::over(StillPlace {
        is_hub: true,
        has_sheets: true,
        ..StillPlace::default()
    });
    stage.misses("Orphans");
    stage.misses("Log");
    stage.press("Tab Tab Tab");
    stage.sees("laptop");
    stage.press("w");
    stage.sees("a hub's own log is on its stderr");
}
