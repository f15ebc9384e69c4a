//! Logs: followed, gone through, searched.

use std::time::Duration;

use cupola_workspace::source::{Change, LogAsked, LogOf, SourceError};

use super::{place::StillPlace, stage::Stage};
use crate::event::{Answer, Event};

fn opened(lines: usize) -> Stage {
    let mut stage = Stage::with_log(lines);
    stage.press("Enter l");
    stage
}

fn is_written(stage: &Stage, text: &str) {
    let mut log = stage.place.log.lock().unwrap();
    log.extend_from_slice(text.as_bytes());
}

fn write(stage: &mut Stage, text: &str) {
    is_written(stage, text);
    stage.tick(Duration::from_millis(500));
}

#[test]
fn the_end_is_followed() {
    let mut stage = opened(100);
    stage.sees("line 99 of the log");
    write(&mut stage, "one more\n");
    stage.sees("one more");
    stage.misses("line 81 of");
}

#[test]
fn going_up_ends_following_and_the_key_begins_it_again() {
    let mut stage = opened(100);
    stage.press("Up");
    stage.sees("f follows");
    write(&mut stage, "one more\n");
    stage.misses("one more");
    stage.press("f");
    stage.sees("one more");
    stage.sees("following");
}

#[test]
fn it_is_said_where_one_is_and_what_is_searched() {
    let mut stage = opened(100);
    stage.misses("%");
    stage.press("g");
    stage.sees("0%  paused, f follows");
    stage.press("/ '50 Enter");
    stage.sees("/50");
    let before = stage.model.log().unwrap().percent();
    assert!((40..50).contains(&before), "{before}");
    stage.press("f");
    stage.sees("following");
}

#[test]
fn a_log_that_is_gone_keeps_its_words_apart_from_those_it_had() {
    let mut stage = opened(3);
    let log = stage.model.log().unwrap();
    let asked = LogAsked {
        of: log.of.clone(),
        stream: log.stream_name().to_owned(),
        offset: Some(log.buffer.end()),
        bytes: 1,
    };
    let gone = Err(SourceError::Unknown("there is no x.out".to_owned()));
    stage.tell(Event::Answered(Answer::Log(asked, gone)));
    stage.sees("\n there is no x.out; this is what was read before\nline 1 of the log\n");
}

#[test]
fn both_ends_are_reached_in_a_log_of_many_parts() {
    let mut stage = opened(200_000);
    stage.sees("line 199999 of the log");
    stage.press("g");
    stage.sees("line 0 of the log");
    stage.press("G");
    stage.sees("line 199999 of the log");
}

#[test]
fn more_is_read_where_one_looks() {
    let mut stage = opened(200_000);
    let last = 199_999;
    for _ in 0..1_000 {
        stage.press("PageUp");
    }
    let screen = stage.screen();
    let seen = |line: usize| screen.contains(&format!("line {line} of"));
    assert!((0..last - 15_000).any(seen), "{screen}");
    for _ in 0..1_000 {
        stage.press("PageDown");
    }
    stage.sees("line 199999 of the log");
}

#[test]
fn a_text_is_found_below_and_above_however_far() {
    let mut stage = opened(200_000);
    stage.press("g / 'LINE Space '150000 Enter");
    stage.sees("line 150000 of the log");
    stage.press("n");
    stage.sees("nothing more is found below");
    stage.press("/ ^u 'line Space '77 Space 'of Enter N");
    stage.sees("line 77 of the log");
    stage.press("N");
    stage.sees("nothing more is found above");
}

#[test]
fn the_next_and_the_one_before_are_found() {
    let mut stage = opened(100);
    stage.press("g / 'line Space '1 Enter");
    let at = |stage: &Stage| stage.model.log().unwrap().find.as_ref().unwrap().at;
    assert_eq!(at(&stage), Some(1));
    stage.press("n n");
    assert_eq!(at(&stage), Some(11));
    stage.press("N");
    assert_eq!(at(&stage), Some(10));
    stage.press("Esc");
    assert!(stage.model.log().is_none());
}

#[test]
fn a_log_that_was_begun_again_is_shown_anew() {
    let mut stage = opened(100);
    *stage.place.log.lock().unwrap() = b"a new one\n".to_vec();
    stage.tick(Duration::from_millis(500));
    stage.tick(Duration::from_millis(500));
    stage.sees("a new one");
    stage.misses("line 99");
}

#[test]
fn a_line_that_does_not_end_is_read_as_far_as_it_is_seen() {
    let mut stage = Stage::over(StillPlace::default());
    let bytes = 24 << 20;
    *stage.place.log.lock().unwrap() = " 42%|####      |\r".repeat(bytes / 16).into_bytes();
    stage.press("Enter l");
    let read = |stage: &Stage| stage.model.log().unwrap().buffer.bytes().len();
    assert!(read(&stage) < 1 << 20, "the end is followed");
    stage.sees("42%");
    stage.press("Up g");
    stage.sees("42%");
    assert!(read(&stage) <= 8 << 20);
    assert_eq!(stage.model.log().unwrap().buffer.start(), 0);
    write(&mut stage, " 43%\r");
    stage.press("f");
    stage.sees("43%");
    assert!(read(&stage) < 1 << 20);
}

#[test]
fn streams_are_changed() {
    let mut stage = opened(3);
    assert_eq!(stage.model.log().unwrap().stream_name(), "stdout");
    stage.press("Tab");
    assert_eq!(stage.model.log().unwrap().stream_name(), "stderr");
    stage.press("Tab");
    assert_eq!(stage.model.log().unwrap().stream_name(), "stdout");
}

#[test]
fn long_lines_are_seen_by_going_sideways() {
    let mut stage = Stage::over(StillPlace::default());
    let line = format!("{}the end\n", "x".repeat(100));
    *stage.place.log.lock().unwrap() = line.into_bytes();
    stage.press("Enter l");
    stage.misses("the end");
    stage.sees("xx›\n");
    stage.press("Right Right Right Right");
    stage.sees("the end");
    stage.misses("›");
    stage.press("Left Left Left Left");
    stage.misses("the end");
}

#[test]
fn what_was_read_is_copied_and_saved() {
    let mut stage = opened(3);
    stage.press("^y ^s");
    assert_eq!(
        stage.copied,
        ["line 0 of the log\nline 1 of the log\nline 2 of the log"]
    );
    let (name, bytes) = &stage.saved[0];
    assert!(
        name.starts_with("ir.bm25.search-") && name.ends_with(".stdout.log"),
        "{name}"
    );
    assert_eq!(bytes.len(), 54);
}

/// A place far away, whose log of one line is open.
fn far_away_with_a_line() -> Stage {
    let mut stage = Stage::over(StillPlace {
        is_remote: true,
        ..StillPlace::default()
    });
    is_written(&stage, "first\n");
    stage.press("Enter l");
    stage
}

#[test]
fn a_log_far_away_is_looked_at_now_and_then() {
    let mut stage = far_away_with_a_line();
    stage.sees("✓ next sync: 1s");
    is_written(&stage, "second\n");
    stage.tick(Duration::from_millis(500));
    stage.misses("second");
    stage.tick(Duration::from_secs(2));
    stage.sees("second");
    is_written(&stage, "third\n");
    stage.press("r");
    stage.sees("third");
}

#[test]
fn a_log_far_away_that_is_said_to_grow_is_read_at_once() {
    let mut stage = far_away_with_a_line();
    stage.sees("first");
    let of = stage.model.log().unwrap().of.clone();
    let LogOf::Job(key) = of else {
        panic!("it is a job's");
    };
    is_written(&stage, "second\n");
    stage.tell(Event::Changed(Change::Log(key)));
    stage.sees("second");
}

#[test]
fn nothing_is_drawn_while_nothing_is_written() {
    let mut stage = opened(10);
    let _ = stage.screen();
    for _ in 0..10 {
        stage.tick(Duration::from_millis(500));
        assert!(!stage.model.is_dirty);
    }
}

#[test]
fn the_workspaces_log_is_said_to_be_unread_until_it_is_looked_at() {
    let mut stage = Stage::with_log(5);
    stage.press("w");
    stage.sees("line 4 of the log");
    stage.press("^f");
    stage.sees("f follows");
    stage.press("q");
    assert!(stage.has_quit);
}

#[test]
fn what_the_far_side_says_is_marked_and_shown_in_the_log() {
    let mut stage = Stage::over(StillPlace {
        is_remote: true,
        ..StillPlace::default()
    });
    stage.misses("Log *");
    *stage.place.log.lock().unwrap() = b"[SSH] the disk is almost full\n".to_vec();
    stage.tell(Event::Changed(Change::Said));
    stage.sees("Log *");
    stage.press("w");
    stage.misses("Log *");
    stage.sees("[SSH] the disk is almost full");
    stage.press("o");
    stage.tell(Event::Changed(Change::Said));
    stage.sees("ssh*");
    stage.press("o");
    stage.misses("ssh*");
    is_written(&stage, "[SSH] more\n");
    stage.tell(Event::Changed(Change::Said));
    stage.sees("[SSH] more");
    stage.misses("Log *");
}
