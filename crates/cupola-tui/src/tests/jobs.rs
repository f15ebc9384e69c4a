//! Keys of the table of jobs and of details.

use std::{sync::Arc, time::Duration};

use cupola_workspace::{
    model::JobState,
    source::{Action, Change},
};

use super::{
    place::{self, StillPlace},
    stage::Stage,
};
use crate::{
    event::{Answer, Effect, Event},
    model::{Row, arrange},
};

/// The states of the jobs that are shown, after some keys.
fn states(stage: &Stage) -> String {
    let jobs = &stage.model.opened.as_ref().unwrap().jobs.arranged;
    let words: Vec<_> = jobs
        .rows
        .iter()
        .map(|row| match row {
            Row::Group(group) => format!("[{} {}]", group.label, group.count),
            Row::Job { index, .. } => jobs.jobs[*index as usize].state.as_str().to_owned(),
        })
        .collect();
    words.join(" ")
}

fn check(keys: &str, expected: &str) {
    let mut stage = Stage::new();
    stage.press("Enter");
    stage.press(keys);
    assert_eq!(states(&stage), expected, "{keys}");
}

#[test]
fn they_are_sorted_by_status_unless_asked_otherwise() {
    let by_status = "running scheduled done done error error waiting unscheduled transient phantom";
    check("", by_status);
    check("S S", by_status);
    check(
        "S",
        "phantom transient unscheduled waiting error error done done scheduled running",
    );
    check(
        "D",
        "phantom unscheduled transient scheduled error done waiting error running done",
    );
}

#[test]
fn they_are_searched_while_typing() {
    check("/ 'state = 'error", "error error");
    check("/ 'reason = 'timeout Enter", "error");
    check(
        "/ 'task ~ ''.*index' Space 'and Space 'not Space 'state = 'done",
        "scheduled waiting phantom",
    );
    check(
        "/ 'model = '\"bm25\" Enter",
        "scheduled done done error unscheduled",
    );
    check("/ 'state = 'error Enter c", &states(&opened()));
    check("/ 'state = 'error Esc", &states(&opened()));
}

fn opened() -> Stage {
    let mut stage = Stage::new();
    stage.press("Enter");
    stage
}

#[test]
fn what_makes_no_sense_changes_nothing_and_is_said() {
    let mut stage = opened();
    stage.press("/ 'state = 'error");
    stage.press("Space 'and");
    assert_eq!(states(&stage), "error error");
    stage.sees("column 16: the end is not a field");
    stage.press("Enter");
    stage.sees("column 16");
    stage.press("^u 'not Space 'params.lr Space '= Space '1");
    stage.sees("a list cannot be searched by parameters");
    stage.press("^u Enter");
    stage.misses("column");
    assert_eq!(states(&stage), states(&opened()));
}

#[test]
fn a_line_is_edited_where_the_cursor_is() {
    let mut stage = opened();
    stage.press("/ 'tate=errorx Backspace Home 's End Left Right");
    assert_eq!(states(&stage), "error error");
    stage.tell(Event::Paste(" or state=running\n".to_owned()));
    assert_eq!(states(&stage), "running error error");
    stage.press("^a Delete");
    let bar = stage.model.opened.as_ref().unwrap().jobs.bar.as_ref();
    assert_eq!(bar.unwrap().text, "tate=error or state=running");
}

#[test]
fn they_are_grouped() {
    check(
        "t E",
        "[running 1] [scheduled 1] [done 2] [error 2] [waiting 1] [unscheduled 1] [transient 1] [phantom 1]",
    );
    check("2 E", "[ir.bm25.index 4] [ir.bm25.search 6]");
    check("g g E", "[ir.bm25.index 4] [ir.bm25.search 6]");
    check(
        "g g g g E",
        "[running 1] [scheduled 1] [done 2] [error 2] [waiting 1] [unscheduled 1] [transient 1] [phantom 1]",
    );
    check(
        "2 E e",
        "[ir.bm25.index 4] scheduled done waiting phantom [ir.bm25.search 6] running done error error unscheduled transient",
    );
    check(
        "2 E Home Enter",
        "[ir.bm25.index 4] scheduled done waiting phantom [ir.bm25.search 6]",
    );
    check(
        "2 Home Down Left",
        "[ir.bm25.index 4] [ir.bm25.search 6] running done error error unscheduled transient",
    );
    check(
        "2 Home Down Left Right Right",
        "[ir.bm25.index 4] scheduled done waiting phantom [ir.bm25.search 6] running done error error unscheduled transient",
    );
    check(
        "1 1",
        "running scheduled done done error error waiting unscheduled transient phantom",
    );
    check(
        "1 t",
        "running scheduled done done error error waiting unscheduled transient phantom",
    );
}

#[test]
fn tags_group_those_with_the_same() {
    let mut stage = opened();
    stage.press("3 E Home");
    assert_eq!(states(&stage).matches('[').count(), 6);
    stage.sees("lr=0.1, model=bm25");
}

#[test]
fn the_chosen_job_stays_chosen_whatever_the_order() {
    let mut stage = opened();
    stage.press("Down Down");
    let chosen = stage.model.job().unwrap();
    for keys in ["D", "T", "1", "r", "/ Esc"] {
        stage.press(keys);
        assert_eq!(stage.model.job().as_ref(), Some(&chosen), "{keys}");
    }
}

#[test]
fn an_order_of_jobs_that_were_read_again_meanwhile_is_made_again() {
    let mut stage = opened();
    let opened = stage.model.opened.as_mut().unwrap();
    let effect = opened.show(|how| how.filter = None);
    let Effect::Arrange(run, jobs, how) = effect else {
        panic!("an order is asked for")
    };
    let late = arrange(jobs, how, stage.model.now);
    stage.press("r");
    let read = Arc::clone(&stage.model.opened.as_ref().unwrap().jobs.arranged.jobs);
    stage.tell(Event::Answered(Answer::Arranged(run, late)));
    let shown = &stage.model.opened.as_ref().unwrap().jobs.arranged.jobs;
    assert!(Arc::ptr_eq(shown, &read));
}

#[test]
fn a_job_is_killed_and_deleted_when_that_is_meant() {
    let mut stage = opened();
    let (key, path) = stage.model.job().unwrap();
    stage.press("^k y");
    stage.press("^d Right Enter");
    assert_eq!(
        stage.acts(),
        [Action::Kill(key.clone()), Action::Delete(key.clone())]
    );
    stage.press("^r f");
    assert_eq!(stage.acts().last(), Some(&Action::Start(key)));
    assert_eq!(stage.copied, [path.display().to_string()]);
}

#[test]
fn a_done_job_of_a_hub_is_run_again_only_when_that_is_meant() {
    let mut stage = Stage::over(StillPlace {
        is_hub: true,
        ..StillPlace::default()
    });
    stage.press("Enter / 'state = 'done Enter ^r");
    stage.sees("It is done. Run it once more?");
    stage.press("Esc");
    assert_eq!(stage.acts(), []);
    let (key, _) = stage.model.job().unwrap();
    stage.press("^r y");
    assert_eq!(stage.acts(), [Action::Start(key)]);
    stage.press("/ ^u 'state = 'failed Enter ^r");
    assert_eq!(
        stage.acts().len(),
        2,
        "one that failed is tried again at once"
    );
}

#[test]
fn details_are_scrolled_and_acted_on() {
    let mut stage = opened();
    stage.press("Enter");
    stage.sees("ir.bm25.search");
    stage.sees("187% CPU");
    stage.press("PageDown");
    stage.sees("robust04");
    stage.press("Home ^k y");
    assert_eq!(stage.acts().len(), 1);
}

#[test]
fn the_log_is_shown_before_details_were_read() {
    let mut stage = opened();
    stage.press("Enter");
    if let Some(crate::model::Front::Details(details)) = stage.model.fronts.last_mut() {
        details.found = None;
    }
    stage.press("l");
    stage.sees("stdout");
}

#[test]
fn a_job_that_is_gone_while_shown_is_said_to_be() {
    let mut stage = opened();
    let key = cupola_workspace::model::JobKey {
        task: "gone".to_owned(),
        id: "1".to_owned(),
    };
    stage.press("Enter");
    if let Some(crate::model::Front::Details(details)) = stage.model.fronts.last_mut() {
        details.key = key.clone();
        details.found = None;
    }
    stage.tell(Event::Changed(Change::Job(key)));
    stage.sees("there is no job `gone/1`");
}

#[test]
fn durations_of_running_jobs_go_on_and_nothing_else_is_drawn() {
    let mut stage = opened();
    stage.sees("1h 20m");
    stage.model.is_dirty = false;
    stage.tick(Duration::from_millis(200));
    assert!(!stage.model.is_dirty);
    stage.tick(Duration::from_mins(1));
    assert!(stage.model.is_dirty);
    stage.sees("1h 21m");
    stage.press("/ 'state = 'done Enter");
    let _ = stage.screen();
    stage.tick(Duration::from_mins(20));
    assert!(!stage.model.is_dirty, "nothing that is seen goes on");
    assert_eq!(place::jobs()[0].state, JobState::Done);
}

#[test]
fn who_deletes_a_job_is_told_who_names_it() {
    let mut stage = Stage::new();
    stage.press("Enter ^d");
    stage.sees("Named by 1: bm25-grid");
}

#[test]
fn what_is_wrong_with_a_filter_is_said_in_full() {
    let mut stage = Stage::new();
    stage.press("Enter / 'state Space '= Space 'run");
    let opened = stage.model.opened.as_ref().unwrap();
    let problem = opened.jobs.bar.as_ref().unwrap().problem.clone().unwrap();
    let last = problem.rsplit(' ').next().unwrap().to_owned();
    stage.sees(&last);
    stage.sees("column 9: `run` is not a state");
}
