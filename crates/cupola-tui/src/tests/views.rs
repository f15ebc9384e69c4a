//! Every view at 80×24 and 120×40.

use super::{
    place::{StillPlace, away},
    stage::Stage,
};
use crate::event::Event;
use cupola_workspace::source::Change;

/// The same keys, seen on a small and on a large screen.
fn check(name: &str, keys: &str) {
    check_on(name, keys, Stage::new);
}

fn check_on(name: &str, keys: &str, stage: impl Fn() -> Stage) {
    for (width, height) in [(80, 24), (120, 40)] {
        let mut stage = stage();
        stage.resize(width, height);
        stage.press(keys);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), stage.screen());
    }
}

#[test]
fn experiments() {
    check("experiments", "Down");
}

#[test]
fn jobs() {
    check("jobs", "Enter");
}

#[test]
fn jobs_in_a_tree() {
    check("tree", "Enter 1 2 Down");
}

#[test]
fn jobs_that_are_searched() {
    check(
        "search",
        "Enter / 'model Space = Space 'bm25 Space 'and Space 'lr < '0.1 Enter",
    );
}

#[test]
fn a_search_that_is_typed_and_makes_no_sense() {
    check("search_wrong", "Enter / 'state = 'gone");
}

#[test]
fn services_of_a_run() {
    check("run_services", "Enter s");
}

#[test]
fn services_whose_files_are_elsewhere() {
    check_on("far_services", "Enter s", || {
        Stage::over(StillPlace {
            is_remote: true,
            ..StillPlace::default()
        })
    });
}

#[test]
fn actions_of_a_run() {
    check("actions", "Enter Tab Tab");
}

#[test]
fn details() {
    check("details", "Enter Enter");
}

#[test]
fn runs() {
    check("runs", "d");
}

#[test]
fn a_past_run() {
    check("past_run", "d Down Enter");
}

#[test]
fn services() {
    check("services", "s");
}

#[test]
fn orphans() {
    check("orphans", "Tab Tab Right");
}

#[test]
fn warnings() {
    check("warnings", "Tab Tab Tab");
}

#[test]
fn a_warning_that_is_acted_on() {
    check("warning_actions", "Tab Tab Tab Enter");
}

#[test]
fn a_question() {
    check("question", "Enter ^k");
}

#[test]
fn help() {
    check("help", "?");
}

#[test]
fn metrics() {
    check("metrics", "Enter m");
}

#[test]
fn a_log() {
    check_on("log", "Enter l", || {
        let text = "epoch 1\n\u{1b}[32mloss\u{1b}[0m 0.5\n 10%\r 50%\r 99%\nno end yet";
        let place = StillPlace::default();
        *place.log.lock().unwrap() = text.as_bytes().to_vec();
        Stage::over(place)
    });
}

#[test]
fn the_log_of_a_workspace() {
    check_on("workspace_log", "w", || Stage::with_log(60));
}

#[test]
fn a_place_that_is_away() {
    check_on("away", "", || {
        let mut stage = Stage::over(StillPlace {
            is_remote: true,
            ..StillPlace::default()
        });
        stage.tell(Event::Changed(Change::Connection(away())));
        stage
    });
}

#[test]
fn tables_that_only_some_places_have() {
    check_on("sheet", "BackTab", || {
        Stage::over(StillPlace {
            has_sheets: true,
            ..StillPlace::default()
        })
    });
}

#[test]
fn a_run_that_cannot_be_read() {
    check("unreadable", "Down Down Enter");
}
