//! Jobs by hand, each told by what its files say.

use std::sync::Arc;

use super::*;

/// `{pid}` stands for this process, `{host}` for this host.
fn check(files: &[(&str, &str)], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let now = fs::metadata(path).unwrap().modified().unwrap();
    let now = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_millis();
    let now = Timestamp::from_millis(now.try_into().unwrap());
    let here = Here::new(Arc::new(move || now));
    fs::create_dir_all(path.join(".experimaestro/events")).unwrap();
    for (name, text) in files {
        let text = text
            .replace("{pid}", &std::process::id().to_string())
            .replace("{host}", &here.host);
        fs::write(path.join(name), text).unwrap();
    }
    let read = read(path, "learn", &here, |_| None, &mut None);
    assert!(read.is_there);
    assert!(read.started_at.is_none() || read.has_begun(), "{files:?}");
    let progress: Vec<_> = read
        .progress
        .iter()
        .map(|level| format!("{}:{}", level.desc, level.progress))
        .collect();
    let state = read
        .state
        .map_or("none".into(), |state| format!("{state:?}"));
    let reason = read
        .reason
        .map_or(String::new(), |reason| format!(" {reason:?}"));
    let code = read
        .exit_code
        .map_or(String::new(), |code| format!(" {code}"));
    let problem = read
        .problem
        .map_or(String::new(), |problem| format!(" ({problem})"));
    let progress = if progress.is_empty() {
        String::new()
    } else {
        format!(" {}", progress.join(" "))
    };
    assert_eq!(
        format!("{state}{reason}{code}{progress}{problem}"),
        expected,
        "{files:?}"
    );
}

const EVENTS: &str = ".experimaestro/events/event-0.jsonl";
const RUNNING: &str = r#"{"event_type":"JobStateChangedEvent","state":"running","started_time":"2026-01-01T00:00:00"}"#;
const NOTED: &str = r#"{"type":"local","pid":{pid},"host":"{host}"}"#;

#[test]
fn a_mark_says_how_it_ended_whatever_else_is_there() {
    check(&[("learn.done", "")], "Done");
    check(
        &[("learn.done", ""), (STATUS, r#"{"state":"running"}"#)],
        "Done",
    );
    check(
        &[("learn.failed", r#"{"code":1,"reason":"failed"}"#)],
        "Error Failed 1",
    );
    check(&[("learn.failed", "")], "Error Failed");
    check(&[("learn.failed", "137")], "Error Failed 137");
    check(
        &[("learn.failed", r#"{"failure_status":"memory"}"#)],
        "Error Memory",
    );
    check(
        &[
            ("learn.failed", r#"{"code":15,"reason":"cancelled"}"#),
            ("learn.pid", NOTED),
        ],
        "Error Cancelled 15",
    );
}

#[test]
fn an_end_without_its_mark_is_doubted() {
    check(&[(STATUS, r#"{"state":"done"}"#)], "Error MissingOutputs");
    check(
        &[(STATUS, r#"{"state":"error","failure_reason":"DEPENDENCY"}"#)],
        "Error Dependency",
    );
    check(&[(STATUS, r#"{"state":"error"}"#)], "Error Failed");
}

#[test]
fn what_never_began_is_told_by_its_scheduler_and_took_no_time() {
    let unscheduled = |more: &str| {
        format!(r#"{{"state":"unscheduled","started_time":"2026-01-01T00:00:00"{more}}}"#)
    };
    let failed =
        unscheduled(r#","scheduler_state":"error","scheduler_failure_reason":"DEPENDENCY""#);
    check(&[(STATUS, &failed)], "Error Dependency");
    check(&[(STATUS, &failed), ("learn.done", "")], "Done");
    let waits = unscheduled(r#","scheduler_state":"waiting""#);
    check(&[(STATUS, &waits)], "Unscheduled");
    let ended = r#"{"state":"done","scheduler_state":"error","started_time":1}"#;
    check(&[(STATUS, ended), ("learn.done", "")], "Done");
}

#[test]
fn a_process_is_looked_at_only_where_it_can_be_known() {
    check(&[("learn.pid", NOTED)], "Running");
    check(
        &[(
            "learn.pid",
            r#"{"type":"local","pid":4194305,"host":"{host}"}"#,
        )],
        "Error Lost",
    );
    check(
        &[(
            "learn.pid",
            r#"{"type":"local","pid":4194305,"host":"elsewhere"}"#,
        )],
        "Running",
    );
    check(
        &[
            ("learn.pid", r#"{"type":"slurm","pid":"12"}"#),
            (STATUS, r#"{"state":"scheduled"}"#),
        ],
        "Scheduled",
    );
    check(
        &[(
            STATUS,
            r#"{"state":"running","process":{"type":"local","pid":4194305,"host":"{host}"}}"#,
        )],
        "Error Lost",
    );
    check(
        &[(STATUS, r#"{"state":"running","process":null}"#)],
        "Running",
    );
    check(
        &[("learn.pid", "{\"ty"), (STATUS, r#"{"state":"running"}"#)],
        "Running",
    );
}

#[test]
fn events_are_taken_in_from_where_the_status_ends() {
    let progress = r#"{"event_type":"JobProgressEvent","level":0,"progress":0.25,"desc":"epoch"}
{"event_type":"JobProgressEvent","level":1,"progress":0.5,"desc":"batch"}"#;
    check(
        &[(EVENTS, &format!("{RUNNING}\n{progress}\n"))],
        "Running epoch:0.25 batch:0.5",
    );
    let next = r#"{"event_type":"JobProgressEvent","level":0,"progress":0.5,"desc":null}"#;
    check(
        &[(EVENTS, &format!("{RUNNING}\n{progress}\n{next}\n"))],
        "Running epoch:0.5",
    );
    check(
        &[(EVENTS, &format!("{RUNNING}\n{progress}\n{RUNNING}\n"))],
        "Running",
    );
    check(
        &[
            (EVENTS, &format!("{RUNNING}\n")),
            (STATUS, r#"{"state":"scheduled","events_count":0}"#),
        ],
        "Running",
    );
    check(
        &[
            (EVENTS, &format!("{RUNNING}\n")),
            (STATUS, r#"{"state":"scheduled"}"#),
        ],
        "Scheduled",
    );
    check(&[(EVENTS, "{half")], "none");
}

#[test]
fn what_cannot_be_read_is_said() {
    check(
        &[(STATUS, "{\"state\": ")],
        "none (status.json: half written (EOF while parsing a value at line 1 column 10))",
    );
    check(
        &[(STATUS, "{\"state\": "), ("learn.done", "")],
        "Done (status.json: half written (EOF while parsing a value at line 1 column 10))",
    );
    check(&[(STATUS, "[]")], "none");
    check(&[], "none");
}

#[test]
fn a_missing_folder_is_missing() {
    let here = Here::new(Arc::new(|| Timestamp::from_millis(0)));
    let read = read(
        Path::new("/nowhere/job"),
        "learn",
        &here,
        |_| None,
        &mut None,
    );
    assert_eq!(read, JobFiles::default());
}

#[test]
fn what_is_read_on_is_what_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let now = Timestamp::from_millis(1_800_000_000_000);
    let here = Here::new(Arc::new(move || now));
    fs::create_dir_all(path.join(".experimaestro/events")).unwrap();
    let progress = |level: u32, progress: f64| {
        format!(
            r#"{{"event_type":"JobProgressEvent","level":{level},"progress":{progress},"desc":"part"}}"#
        )
    };
    let next = ".experimaestro/events/event-1.jsonl";
    let (half, done) = (progress(0, 0.5), progress(0, 1.0));
    let mut followed = None;
    for (name, text) in [
        (STATUS, r#"{"state":"scheduled","events_count":0}"#),
        (EVENTS, RUNNING),
        (EVENTS, "\n"),
        (EVENTS, &half),
        (EVENTS, "\n"),
        (next, &done),
        (next, "\n"),
        (STATUS, r#"{"state":"running","events_count":1}"#),
        (next, &format!("{}\n", progress(1, 0.25))),
        ("learn.done", " "),
    ] {
        let before = fs::read_to_string(path.join(name)).unwrap_or_default();
        let after = if name == STATUS {
            String::new()
        } else {
            before
        } + text;
        fs::write(path.join(name), after).unwrap();
        let on = read(path, "learn", &here, |_| None, &mut followed);
        assert_eq!(
            on,
            read(path, "learn", &here, |_| None, &mut None),
            "{text}"
        );
    }
}

#[test]
fn events_that_were_taken_in_are_not_read_again() {
    use std::os::unix::fs::FileExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let here = Here::new(Arc::new(|| Timestamp::from_millis(1_800_000_000_000)));
    fs::create_dir_all(path.join(".experimaestro/events")).unwrap();
    fs::write(path.join(EVENTS), format!("{RUNNING}\n")).unwrap();
    let mut followed = None;
    let first = read(path, "learn", &here, |_| None, &mut followed);
    let file = fs::OpenOptions::new().write(true).open(path.join(EVENTS));
    file.unwrap().write_all_at(&[b' '; 20], 0).unwrap();
    assert_eq!(read(path, "learn", &here, |_| None, &mut followed), first);
    assert_ne!(read(path, "learn", &here, |_| None, &mut None), first);
}
