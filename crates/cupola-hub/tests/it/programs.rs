//! What programs say besides logs and points: progress, files, how they were stopped.

use std::{io::Read as _, time::Duration};

use cupola_domain::{
    artifact::Artifact,
    counts::State,
    ids::ExperimentId,
    progress::{Level, Levels},
    run::{Failure, Outcome, Run},
    stopping::StopStep,
};
use cupola_hub::{
    HubError,
    artifacts::NewArtifact,
    experiments::ExperimentDraft,
    loops,
    work::{Finish, Order, Report},
};
use sha2::{Digest as _, Sha256};

use crate::support::{TestHub, completed, failed, finish, start};

fn hash_of(bytes: &[u8]) -> String {
    cupola_domain::text::hex(&Sha256::digest(bytes))
}

fn wanted(name: &str, bytes: &[u8]) -> NewArtifact {
    NewArtifact {
        name: name.to_owned(),
        size: bytes.len() as u64,
        hash: hash_of(bytes),
    }
}

/// Sends a file in pieces of three bytes.
fn send(hub: &TestHub, of: &Order, new: NewArtifact, bytes: &[u8]) -> Result<Artifact, HubError> {
    let mut upload = hub.begin_artifact(hub.token, of.run.id, of.lease, new)?;
    for piece in bytes.chunks(3) {
        upload.write(piece)?;
    }
    hub.keep_artifact(upload)
}

fn keep(hub: &TestHub, order: &Order, name: &str, bytes: &[u8]) -> Artifact {
    send(hub, order, wanted(name, bytes), bytes).unwrap()
}

fn read(hub: &TestHub, order: &Order, name: &str) -> Vec<u8> {
    let (artifact, mut file) = hub.open_artifact(order.run.id, name).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(artifact.size, bytes.len() as u64);
    bytes
}

fn one_run() -> (TestHub, Order) {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    start(&hub, &order).unwrap();
    (hub, order)
}

#[test]
fn a_file_is_kept_and_a_later_one_takes_its_place() {
    let (hub, order) = one_run();
    keep(&hub, &order, "<b>model</b>.bin", b"first");
    keep(&hub, &order, "<b>model</b>.bin", b"second");
    keep(&hub, &order, "a/empty", b"");
    let names: Vec<_> = hub.list_artifacts(order.run.id).unwrap();
    let names: Vec<_> = names.iter().map(|a| (a.name.as_str(), a.size)).collect();
    assert_eq!(names, [("<b>model</b>.bin", 6), ("a/empty", 0)]);
    assert_eq!(read(&hub, &order, "<b>model</b>.bin"), b"second");
    assert_eq!(read(&hub, &order, "a/empty"), b"");
}

#[test]
fn a_file_survives_a_restart() {
    let (mut hub, order) = one_run();
    keep(&hub, &order, "model.bin", b"weights");
    hub.restart();
    assert_eq!(read(&hub, &order, "model.bin"), b"weights");
}

#[track_caller]
fn check_refused(new: NewArtifact, bytes: &[u8], expected: &str) {
    let (hub, order) = one_run();
    let refused = send(&hub, &order, new, bytes).unwrap_err();
    assert_eq!(refused.to_string(), expected);
    assert_eq!(hub.list_artifacts(order.run.id).unwrap(), []);
    assert_eq!(loops::artifacts::tick(&hub).unwrap(), 0, "nothing is left");
}

#[test]
fn what_is_not_as_it_was_said_is_refused() {
    let named = |name: &str| wanted(name, b"x");
    check_refused(
        named("../x"),
        b"x",
        "`name`: has a part that is empty, `.` or `..`",
    );
    check_refused(
        named("/x"),
        b"x",
        "`name`: begins with `/`; a name is relative",
    );
    check_refused(named("a\0"), b"x", "`name`: has control characters");
    let lying = NewArtifact {
        hash: hash_of(b"y"),
        ..named("x")
    };
    let message = format!(
        "`sha256`: is `{}`, but that of what came is `{}`",
        hash_of(b"y"),
        hash_of(b"x")
    );
    check_refused(lying, b"x", &message);
    let upper = NewArtifact {
        hash: hash_of(b"x").to_uppercase(),
        ..named("x")
    };
    check_refused(upper, b"x", "`sha256`: is not 64 digits, 0 to 9 and a to f");
    check_refused(named("x"), b"xy", "`size_bytes`: is 1, but more bytes came");
    check_refused(named("x"), b"", "`size_bytes`: is 1, but 0 came");
    check_refused(
        wanted("x", &[0; 1001]),
        b"",
        "`x` has 1001 bytes; at most 1000 are kept of a file",
    );
}

#[test]
fn only_who_has_the_run_keeps_files_of_it() {
    let (hub, order) = one_run();
    let mut late = hub
        .begin_artifact(hub.token, order.run.id, order.lease, wanted("x", b"x"))
        .unwrap();
    late.write(b"x").unwrap();
    finish(&hub, &order, completed(1.0)).unwrap();
    let refused = hub.keep_artifact(late).unwrap_err();
    assert!(matches!(refused, HubError::StaleLease(_)), "{refused:?}");
    let refused = send(&hub, &order, wanted("x", b"x"), b"x").unwrap_err();
    assert!(matches!(refused, HubError::StaleLease(_)), "{refused:?}");
    // The bytes came, but no row: the loop takes them away.
    assert_eq!(loops::artifacts::tick(&hub).unwrap(), 1);
}

#[test]
fn files_go_when_nobody_refers_to_them() {
    let (hub, order) = one_run();
    keep(&hub, &order, "a", b"shared");
    keep(&hub, &order, "b", b"shared");
    keep(&hub, &order, "c", b"alone");
    assert_eq!(loops::artifacts::tick(&hub).unwrap(), 0);
    keep(&hub, &order, "a", b"other");
    keep(&hub, &order, "c", b"other");
    // An upload that is under way is nobody's to remove.
    let mut coming = hub
        .begin_artifact(hub.token, order.run.id, order.lease, wanted("d", b"late"))
        .unwrap();
    assert_eq!(loops::artifacts::tick(&hub).unwrap(), 1);
    assert_eq!(read(&hub, &order, "b"), b"shared");
    coming.write(b"late").unwrap();
    hub.keep_artifact(coming).unwrap();
    assert_eq!(read(&hub, &order, "d"), b"late");

    finish(&hub, &order, completed(1.0)).unwrap();
    hub.delete_family(order.run.experiment).unwrap();
    loops::retention::tick(&hub).unwrap();
    assert_eq!(loops::artifacts::tick(&hub).unwrap(), 3);
}

fn say(hub: &TestHub, order: &Order, seq: i64, levels: &[(f64, f64)]) -> Run {
    let levels = levels
        .iter()
        .map(|(c, t)| Level::new(*c, Some(*t), "epoch").unwrap());
    let report = Report {
        seq,
        progress: Some(levels.collect::<Levels>()),
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    hub.run_detail(order.run.id).unwrap().run
}

#[test]
fn the_end_is_estimated_from_what_was_measured() {
    let (hub, order) = one_run();
    let first = say(&hub, &order, 0, &[(1.0, 10.0)]).progress.unwrap();
    assert_eq!(first.ends_at(), None);
    hub.world.advance(Duration::from_secs(10));
    let run = say(&hub, &order, 1, &[(1.0, 10.0), (5.0, 10.0)]);
    let progress = run.progress.unwrap();
    assert_eq!(progress.fraction(), Some(0.15));
    let left = progress.ends_at().unwrap().since(progress.said_at);
    assert_eq!(left.as_secs(), 170);
}

#[test]
fn the_page_can_see_how_far_stopping_went() {
    let (hub, order) = one_run();
    hub.cancel_run(order.run.id).unwrap();
    let report = Report {
        stopping: Some((StopStep::Asked, Some(Duration::from_secs(10)))),
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    let run = hub.run_detail(order.run.id).unwrap().run;
    assert_eq!(run.reason(), "cancelling: asked");
    let next_at = run.stopping.unwrap().next_at.unwrap();
    assert_eq!(next_at.since(hub.now()), Duration::from_secs(10));
    let finished = Finish {
        outcome: Outcome::Cancelled,
        stop: Some(StopStep::Terminated),
        ..completed(1.0)
    };
    let run = finish(&hub, &order, finished).unwrap();
    assert_eq!(run.reason(), "stopped by SIGTERM");
}

#[test]
fn a_run_that_nobody_saw_end_says_nothing_of_how() {
    let (hub, order) = one_run();
    hub.cancel_run(order.run.id).unwrap();
    let report = Report {
        stopping: Some((StopStep::Terminated, None)),
        ..Report::default()
    };
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    hub.world.advance(Duration::from_mins(10));
    loops::leases::tick(&hub).unwrap();
    let run = hub.run_detail(order.run.id).unwrap().run;
    assert_eq!(
        (run.state.word(), run.reason()),
        (State::Cancelled, String::new())
    );
}

#[test]
fn what_a_program_says_of_its_failure_is_the_reason() {
    let (hub, order) = one_run();
    let said = Failure::Reported("ValueError: a\0b".into());
    let run = finish(&hub, &order, failed(said)).unwrap();
    assert_eq!(run.reason(), "ValueError: a\u{2400}b");
}

#[test]
fn a_failed_run_is_tried_again_and_a_completed_one_made_anew() {
    let (hub, order) = one_run();
    let running = hub.retry_run(order.run.id).unwrap_err();
    assert_eq!(
        running.to_string(),
        "task 0 is running; it has not ended yet"
    );
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    let again = hub.retry_run(order.run.id).unwrap();
    assert_eq!((again.task, again.attempt), (order.task.id, 2));

    let order = hub.join("w").take(&hub);
    finish(&hub, &order, completed(1.0)).unwrap();
    let anew = hub
        .run_detail(hub.retry_run(order.run.id).unwrap().id)
        .unwrap();
    assert_eq!((anew.run.attempt, anew.task.number), (1, 1));
    assert_eq!(
        (&anew.task.config, anew.task.seed, &anew.run.code_hash),
        (&order.task.config, order.task.seed, &order.run.code_hash)
    );
    assert_eq!(hub.states(order.run.experiment), "cp");
    assert_eq!(hub.join("v").take(&hub).run.id, anew.run.id);
}

fn manual(hub: &TestHub) -> ExperimentId {
    let draft = ExperimentDraft {
        name: "by hand".to_owned(),
        template: "char-lm".to_owned(),
        ..ExperimentDraft::default()
    };
    let made = hub.create_experiment(&draft, "ada").unwrap();
    hub.start_experiment(made.experiment.id, 2).unwrap();
    made.experiment.id
}

#[test]
fn a_completed_run_that_no_brief_made_is_made_anew() {
    let hub = TestHub::new();
    let id = manual(&hub);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    finish(&hub, &order, completed(1.0)).unwrap();
    hub.cancel_experiment(id).unwrap();
    assert_eq!(hub.states(id), "cc");
    let anew = hub.retry_run(order.run.id).unwrap();
    assert_eq!((anew.attempt, anew.experiment), (1, id));
    assert_eq!(hub.states(id), "ccp");
    let order = worker.take(&hub);
    assert_eq!((order.run.id, order.task.number), (anew.id, 2));
    lose(&hub);
    assert_eq!(hub.states(id), "ccp", "it is wanted");
}

/// All workers are silent for long.
fn lose(hub: &TestHub) {
    hub.world.advance(Duration::from_mins(10));
    loops::leases::tick(hub).unwrap();
}

/// Cancels it, retries its first task, and loses the worker that has that; its state then.
fn check_retry_after_stop(hub: &TestHub, id: ExperimentId, expected: &str) {
    let worker = hub.join("w");
    let order = worker.take(hub);
    hub.cancel_experiment(id).unwrap();
    let cancelled = Finish {
        outcome: Outcome::Cancelled,
        ..completed(1.0)
    };
    finish(hub, &order, cancelled).unwrap();
    hub.retry_task(order.task.id).unwrap();
    assert_eq!(worker.take(hub).task.id, order.task.id);
    lose(hub);
    let task = hub.task_detail(order.task.id).unwrap().task;
    assert_eq!(task.state.word().as_str(), expected);
}

#[test]
fn a_task_that_is_tried_again_is_wanted_again_unless_a_family_was_stopped() {
    let hub = TestHub::new();
    let id = manual(&hub);
    check_retry_after_stop(&hub, id, "pending");
    let hub = TestHub::new();
    let family = hub.submit(2);
    check_retry_after_stop(&hub, family, "cancelled");
}

#[test]
fn a_run_that_ended_at_once_says_in_what_surroundings() {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    let end = Finish {
        environment: Some("{\"command\":[\"x\"]}".to_owned()),
        ..failed(Failure::ExitCode(2))
    };
    let run = finish(&hub, &order, end).unwrap();
    assert_eq!(run.environment.as_deref(), Some("{\"command\":[\"x\"]}"));
    assert_eq!(
        hub.run_detail(run.id).unwrap().run.environment,
        run.environment
    );
}
