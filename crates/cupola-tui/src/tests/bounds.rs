//! Screens of any size, and a hundred thousand rows.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    model::{Job, JobState},
    source::Source as _,
};
use ratatui::{Terminal, backend::TestBackend, buffer::Cell};

use super::{
    place::{NOON, job},
    stage::Stage,
};
use crate::{
    Colours,
    event::{Answer, Event},
    model::{How, arrange},
    theme::Theme,
    view,
};

#[test]
fn every_view_is_drawn_at_any_size() {
    let keys = [
        "",
        "Enter",
        "Enter Enter",
        "Enter l",
        "Enter m",
        "d",
        "s",
        "Tab Tab",
        "w",
        "?",
        "^d",
        "Enter / 'state",
        "Enter 1",
        "Tab Tab Tab Enter",
    ];
    for keys in keys {
        for (width, height) in [(0, 0), (1, 1), (3, 40), (200, 3), (10, 5), (40, 10)] {
            let mut stage = Stage::with_log(50);
            stage.resize(width, height);
            stage.press(keys);
            stage.press("Down PageDown Up");
            assert_eq!(
                stage.screen().lines().count(),
                usize::from(height),
                "{keys}"
            );
        }
    }
}

#[test]
fn a_screen_that_was_made_smaller_meanwhile_is_left_alone() {
    let stage = Stage::new();
    for (width, height) in [(80, 23), (79, 24), (1, 1), (200, 50)] {
        let mut screen = Terminal::new(TestBackend::new(width, height)).unwrap();
        let theme = Theme::new(Colours::True);
        let draw = screen.draw(|frame| view::view(&stage.model, theme, frame));
        let is_empty = |cell: &Cell| cell.symbol() == " ";
        assert!(draw.unwrap().buffer.content.iter().all(is_empty));
    }
}

fn hundred_thousand() -> Arc<Vec<Arc<Job>>> {
    let states = [JobState::Done, JobState::Running, JobState::Waiting];
    let jobs = (0..100_000_usize).map(|at| {
        let mut job = job(u8::try_from(at % 200).unwrap(), states[at % 3], None);
        job.key.id = format!("{at:064x}");
        Arc::new(job)
    });
    Arc::new(jobs.collect())
}

#[test]
fn a_job_that_needs_many_others_is_gone_through_quickly() {
    let mut stage = Stage::new();
    stage.press("Enter Enter");
    let (key, _) = stage.model.job().unwrap();
    let mut details = stage.place.job(&key).unwrap();
    let jobs = hundred_thousand();
    let needs = jobs.iter().rev().step_by(50).take(1_000);
    details.dependencies = needs.map(|job| job.key.clone()).collect();
    stage.tell(Event::Answered(Answer::Details(key, Ok(Box::new(details)))));
    let opened = stage.model.opened.as_ref().unwrap();
    let (run, how) = (opened.run.clone(), Arc::clone(&opened.jobs.how));
    let arranged = arrange(jobs, how, Timestamp::from_millis(NOON));
    stage.tell(Event::Answered(Answer::Jobs(run, Ok(arranged))));
    let began = Instant::now();
    for _ in 0..10 {
        stage.press("PageDown");
    }
    stage.sees("○ waiting");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_hundred_thousand_jobs_are_gone_through_quickly() {
    let jobs = hundred_thousand();
    let mut stage = Stage::new();
    stage.press("Enter");
    let now = Timestamp::from_millis(NOON);
    let how = Arc::new(How::default());
    let opened = stage.model.opened.as_mut().unwrap();
    opened.jobs.take(arrange(Arc::clone(&jobs), how, now));
    stage.press("End");
    assert_eq!(stage.model.opened.as_ref().unwrap().jobs.cursor.at, 99_999);
    let mut frames: Vec<Duration> = Vec::new();
    for at in 0..200 {
        let began = Instant::now();
        stage.press(if at % 2 == 0 { "PageUp" } else { "Up" });
        let _ = stage.screen();
        frames.push(began.elapsed());
    }
    frames.sort();
    // Ten times what is wanted: this program is built without optimisation here.
    assert!(
        frames[197] < Duration::from_millis(160),
        "{:?}",
        frames[197]
    );
}
