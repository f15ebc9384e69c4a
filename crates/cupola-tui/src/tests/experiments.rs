//! Keys of the table of experiments and of what is the same everywhere.

use cupola_workspace::source::{Action, Change};

use super::{place::StillPlace, stage::Stage};
use crate::event::Event;

#[test]
fn those_that_run_are_first_and_names_cannot_steer_the_terminal() {
    let mut stage = Stage::new();
    let screen = stage.screen();
    let order = ["bm25-grid", "evil name", "dense", "nothing"];
    let places: Vec<_> = order.iter().map(|name| screen.find(name)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{screen}"
    );
    assert!(!screen.contains('\u{1b}'));
}

#[test]
fn what_is_as_it_was_is_not_drawn_again() {
    let mut stage = Stage::new();
    let _ = stage.screen();
    stage.tell(Event::Changed(Change::Experiment("bm25-grid".to_owned())));
    assert!(!stage.model.is_dirty);
}

/// The first experiment after some keys.
fn check(keys: &str, expected: &str) {
    let mut stage = Stage::new();
    stage.press(keys);
    let first = stage.model.experiments.list.rows[0].id.clone();
    assert_eq!(first, expected, "{keys}");
}

#[test]
fn they_are_sorted_by_what_is_asked_for() {
    check("", "bm25-grid");
    check("S", "nothing");
    check("O", "bm25-grid");
    check("O O", "nothing");
    check("D D", "evil\u{1b}[31m\nname");
}

#[test]
fn the_chosen_one_stays_chosen() {
    let mut stage = Stage::new();
    stage.press("Down Down");
    let chosen = stage.model.experiments.list.selected().unwrap().id.clone();
    stage.press("O O");
    assert_eq!(stage.model.experiments.list.selected().unwrap().id, chosen);
}

#[test]
fn going_back_closes_one_thing_after_the_other() {
    let mut stage = Stage::new();
    stage.press("Enter Enter l");
    stage.sees("stdout");
    stage.press("q");
    stage.sees("Parameters");
    stage.press("Esc");
    stage.sees("Submitted");
    stage.press("Esc");
    stage.sees("Host");
    stage.press("Esc");
    assert!(!stage.has_quit);
    stage.press("q");
    assert!(stage.has_quit);
}

#[test]
fn deleting_asks_first() {
    let mut stage = Stage::new();
    stage.press("^d");
    stage.sees("Delete this experiment?");
    stage.press("Enter");
    assert_eq!(stage.acts(), []);
    stage.press("^d Down Down Enter");
    let expected = Action::DeleteExperiment {
        experiment: "bm25-grid".to_owned(),
        run: None,
        with_jobs: true,
    };
    assert_eq!(stage.acts(), [expected]);
    stage.press("^d Esc");
    stage.misses("Delete this experiment?");
}

#[test]
fn all_running_jobs_are_killed_when_that_is_meant() {
    let mut stage = Stage::new();
    stage.press("^k n");
    assert_eq!(stage.killed_of, Vec::<String>::new());
    stage.press("^k y");
    assert_eq!(stage.killed_of, ["bm25-grid"]);
    stage.press("End ^k");
    stage.sees("no job of nothing runs");
    assert!(stage.model.dialog.is_none());
}

#[test]
fn a_place_that_can_only_be_looked_at_is_not_changed() {
    let mut stage = Stage::over(StillPlace {
        is_read_only: true,
        ..StillPlace::default()
    });
    stage.press("^d");
    stage.sees("this place can only be looked at");
    stage.misses("Delete this experiment?");
}

#[test]
fn a_path_is_copied() {
    let mut stage = Stage::new();
    stage.press("f");
    assert_eq!(stage.copied, ["/scratch/ir/experiments/bm25-grid"]);
    stage.sees("copied /scratch/ir/experiments/bm25-grid");
}

#[test]
fn a_past_run_is_opened_from_the_runs() {
    let mut stage = Stage::new();
    stage.press("d Down Enter");
    stage.sees("This is the run 20261119_170000; there is a later one.");
    stage.press("Esc d Down ^d Down Enter");
    let expected = Action::DeleteExperiment {
        experiment: "bm25-grid".to_owned(),
        run: Some("20261119_170000".to_owned()),
        with_jobs: false,
    };
    assert_eq!(stage.acts(), [expected]);
}

#[test]
fn tabs_are_gone_through_both_ways() {
    let mut stage = Stage::new();
    for expected in ["TensorBoard", "Stray", "stray_jobs_1", "following", "Host"] {
        stage.press("Tab");
        stage.model.services.cursor.jump(0);
        let screen = stage.screen();
        let shown = expected == "TensorBoard" || screen.contains(expected);
        assert!(shown, "{expected} in\n{screen}");
    }
    stage.press("BackTab");
    stage.sees("following");
    stage.press("j");
    stage.sees("Host");
    stage.press("s");
    stage.sees("tensorboard");
}

#[test]
fn the_help_is_scrolled_and_closed() {
    let mut stage = Stage::new();
    stage.press("?");
    stage.sees("Everywhere");
    stage.press("Down PageDown");
    stage.misses("Everywhere");
    stage.press("x");
    stage.misses("Keys (");
}

#[test]
fn a_hub_deletes_an_experiment_as_a_whole_and_no_other_one() {
    let place = || StillPlace {
        is_hub: true,
        ..StillPlace::default()
    };
    let run = Some("20261121_102500".to_owned());
    for keys in ["^d", "d ^d"] {
        let mut stage = Stage::over(place());
        stage.press(keys);
        stage.sees("delete it with all its runs");
        stage.misses("keep the jobs");
        stage.press("Down Enter");
        let expected = Action::DeleteExperiment {
            experiment: "bm25-grid".to_owned(),
            run: run.clone(),
            with_jobs: true,
        };
        assert_eq!(stage.acts(), [expected]);
    }
    let mut stage = Stage::over(place());
    stage.press("Enter ^d");
    stage.sees("a hub deletes experiments as a whole");
    assert_eq!(stage.acts(), []);
}

#[test]
fn what_is_chosen_is_seen_on_however_small_a_screen() {
    for (width, height) in [(80, 24), (40, 10), (40, 8), (30, 7)] {
        let mut stage = Stage::new();
        stage.resize(width, height);
        stage.press("^d");
        stage.sees("▸ leave it");
        stage.press("Down Down");
        stage.sees("▸ delete it with the jobs");
        stage.press("Enter");
        assert_eq!(stage.acts().len(), 1, "{width}x{height}");
    }
    for (width, height) in [(40, 6), (9, 24), (1, 1)] {
        let mut stage = Stage::new();
        stage.resize(width, height);
        stage.press("^d Down Down Enter");
        assert_eq!(stage.acts(), [], "{width}x{height}");
    }
}
