//! Runs that clients log: nobody has a lease on them, and nothing here runs them.

use std::time::Duration;

use cupola_domain::{
    counts::State,
    experiment::{Experiment, Origin},
    ids::RunId,
    metric::Point,
    provenance::Provenance,
    run::{Failure, Outcome, Run, RunState},
};
use cupola_hub::{
    HubError,
    logged::{LoggedBatch, NewLogged},
};
use serde_json::json;

use crate::support::TestHub;

fn experiment(hub: &TestHub) -> Experiment {
    let tags = vec![("team".to_owned(), "a".to_owned())];
    hub.create_logged_experiment("mine", Origin::Mlflow, "mlflow", tags, "ada")
        .unwrap()
}

fn new(experiment: &Experiment) -> NewLogged {
    NewLogged {
        experiment: experiment.id,
        name: "first".to_owned(),
        started_at: None,
        params: vec![("lr".to_owned(), "0.1".to_owned())],
        tags: Vec::new(),
        provenance: Provenance::Measured,
    }
}

fn open(hub: &TestHub) -> Run {
    hub.open_logged_run(new(&experiment(hub))).unwrap()
}

fn points(steps: std::ops::Range<i64>) -> Vec<Point> {
    let point = |step: i64| Point {
        step,
        time_millis: 1_000 + step,
        value: 0.5,
    };
    steps.map(point).collect()
}

fn batch(name: &str, steps: std::ops::Range<i64>) -> LoggedBatch {
    LoggedBatch {
        points: vec![(name.to_owned(), points(steps))],
        ..LoggedBatch::default()
    }
}

fn params(name: &str, value: &str) -> LoggedBatch {
    LoggedBatch {
        params: vec![(name.to_owned(), value.to_owned())],
        ..LoggedBatch::default()
    }
}

/// The state of the run with the counts of its experiment.
fn seen(hub: &TestHub, run: RunId) -> (State, String) {
    let detail = hub.run_detail(run).unwrap();
    let counts = detail.experiment.counts;
    let counts = State::ALL.map(|state| counts.of(state).to_string());
    assert_eq!(detail.run.state.word(), detail.task.state.word());
    (detail.run.state.word(), counts.join(" "))
}

fn conflict<T: std::fmt::Debug>(answer: Result<T, HubError>, words: &str) {
    match answer {
        Err(HubError::Conflict(message)) => assert!(message.contains(words), "{message}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_logged_run_is_running_without_a_worker_and_ends_when_its_client_says_so() {
    let hub = TestHub::new();
    let run = open(&hub);
    assert!(matches!(run.state, RunState::Logging { .. }));
    assert_eq!(seen(&hub, run.id), (State::Running, "0 1 0 0 0".to_owned()));

    hub.world.advance(Duration::from_secs(7));
    let run = hub
        .close_logged_run(run.id, Outcome::Completed, None)
        .unwrap();
    assert_eq!(
        seen(&hub, run.id),
        (State::Completed, "0 0 1 0 0".to_owned())
    );
    assert_eq!(run.wall_time, Some(Duration::from_secs(7)));
    assert_eq!((run.worker, run.leased_at), (None, None));
}

#[test]
fn what_a_client_logs_is_read_back() {
    let hub = TestHub::new();
    let run = open(&hub);
    hub.log_to_run(run.id, batch("loss", 0..3)).unwrap();
    hub.log_to_run(run.id, batch("loss", 3..5)).unwrap();
    hub.log_to_run(run.id, params("depth", "3")).unwrap();
    let (read, _) = hub.run_series(run.id, "loss", 0).unwrap();
    assert_eq!(read, points(0..5));
    let detail = hub.run_detail(run.id).unwrap();
    let config = serde_json::Value::Object(detail.task.config);
    assert_eq!(config, json!({"lr": "0.1", "depth": "3"}));
    assert_eq!(detail.run.name, "first");
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let hub = TestHub::new();
    let run = open(&hub);
    hub.log_to_run(run.id, params("lr", "0.1")).unwrap();
    let wrong = LoggedBatch {
        params: vec![
            ("new".to_owned(), "1".to_owned()),
            ("lr".to_owned(), "0.2".to_owned()),
        ],
        ..batch("loss", 0..3)
    };
    match hub.log_to_run(run.id, wrong) {
        Err(HubError::Invalid(errors)) => assert_eq!(errors[0].field, "params.lr"),
        other => panic!("{other:?}"),
    }
    let detail = hub.run_detail(run.id).unwrap();
    assert!(detail.series.is_empty());
    assert_eq!(detail.task.config.len(), 1);
}

#[test]
fn nothing_of_it_is_leased_lost_or_waited_for() {
    let mut hub = TestHub::new();
    let run = open(&hub);
    let worker = hub.join("one");
    assert!(worker.poll(&hub, 4, &[]).unwrap().is_empty());
    hub.world.advance(Duration::from_hours(24));
    (cupola_hub::loops::leases::LOOP.tick)(&hub).unwrap();
    hub.restart();
    hub.world.advance(Duration::from_hours(24));
    (cupola_hub::loops::leases::LOOP.tick)(&hub).unwrap();
    assert_eq!(seen(&hub, run.id).0, State::Running);
}

#[test]
fn a_client_may_go_on_after_the_end() {
    let hub = TestHub::new();
    let run = open(&hub);
    let failure = Failure::Reported(String::new());
    let outcomes = [
        (Outcome::Completed, "0 0 1 0 0"),
        (Outcome::Failed(failure), "0 0 0 1 0"),
        (Outcome::Cancelled, "0 0 0 0 1"),
    ];
    for (outcome, counts) in outcomes {
        hub.close_logged_run(run.id, outcome, None).unwrap();
        assert_eq!(seen(&hub, run.id).1, counts);
        hub.log_to_run(run.id, batch("loss", 0..1)).unwrap();
    }
    let again = hub.reopen_logged_run(run.id).unwrap();
    assert_eq!(seen(&hub, run.id).1, "0 1 0 0 0");
    assert_eq!((again.finished_at, again.wall_time), (None, None));
}

#[test]
fn cancelling_closes_it_at_once() {
    let hub = TestHub::new();
    let run = open(&hub);
    let cancelled = hub.cancel_run(run.id).unwrap();
    assert_eq!(cancelled.state.word(), State::Cancelled);
    assert_eq!(seen(&hub, run.id).1, "0 0 0 0 1");

    let second = hub.open_logged_run(NewLogged {
        name: "second".to_owned(),
        ..new(&hub.run_detail(run.id).unwrap().experiment)
    });
    let second = second.unwrap();
    hub.cancel_experiment(second.experiment).unwrap();
    assert_eq!(seen(&hub, second.id).1, "0 0 0 0 2");
    assert_eq!(hub.run_detail(second.id).unwrap().task.number, 1);
}

#[test]
fn it_cannot_be_run_from_here() {
    let hub = TestHub::new();
    let run = open(&hub);
    let words = "cannot be run from here";
    conflict(hub.draft_of_run(run.id), words);
    conflict(hub.draft_of_experiment(run.experiment), words);
    conflict(hub.start_experiment(run.experiment, 1), words);
    hub.close_logged_run(run.id, Outcome::Completed, None)
        .unwrap();
    conflict(hub.retry_run(run.id), words);
    hub.close_logged_run(run.id, Outcome::Cancelled, None)
        .unwrap();
    conflict(hub.retry_run(run.id), words);
    conflict(hub.retry_task(run.task), words);
}

#[test]
fn a_workers_run_is_not_a_clients_to_close() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("one");
    let order = worker.take(&hub);
    let run = order.run.id;
    hub.log_to_run(run, batch("loss", 0..2)).unwrap();
    conflict(
        hub.close_logged_run(run, Outcome::Completed, None),
        "worker",
    );
    conflict(hub.reopen_logged_run(run), "worker");
    let into = NewLogged {
        experiment: family,
        ..new(&experiment(&hub))
    };
    conflict(hub.open_logged_run(into), "not for clients");
    hub.cancel_run(run).unwrap();
    worker.heartbeat(&hub, &[]).unwrap();
}

#[test]
fn clients_experiments_have_names_of_their_own() {
    let hub = TestHub::new();
    let first = experiment(&hub);
    let again = hub.create_logged_experiment("mine", Origin::Mlflow, "mlflow", Vec::new(), "ada");
    match again {
        Err(HubError::Taken(message)) => assert!(message.contains("already"), "{message}"),
        other => panic!("{other:?}"),
    }
    let import = hub.create_logged_experiment("mine", Origin::Workspace, "x", Vec::new(), "ada");
    assert_ne!(import.unwrap().id, first.id);
    assert_eq!(first.setup.tags["team"], "a");
}

#[test]
fn a_deleted_experiment_takes_its_runs_along_and_nothing_more_is_logged() {
    let hub = TestHub::new();
    let run = open(&hub);
    hub.delete_experiment(run.experiment).unwrap();
    conflict(hub.log_to_run(run.id, batch("loss", 0..1)), "deleted");
    let tick = cupola_hub::loops::retention::LOOP.tick;
    while tick(&hub).unwrap() > 0 {}
    match hub.log_to_run(run.id, batch("loss", 0..1)) {
        Err(HubError::NotFound { kind: "run", .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_that_its_client_deletes_leaves_every_count_and_comes_back() {
    let hub = TestHub::new();
    let run = open(&hub);
    let counts = |hub: &TestHub| {
        let found = hub.known_experiment(run.experiment).unwrap().experiment;
        (found.counts.total(), hub.overview().unwrap().tasks.total())
    };
    for _ in 0..2 {
        hub.remove_logged_run(run.id).unwrap();
        hub.remove_logged_run(run.id).unwrap();
        assert_eq!(counts(&hub), (0, 0));
        assert!(hub.run_detail(run.id).is_err());
        assert!(hub.activity().unwrap().running.is_empty());
        conflict(hub.log_to_run(run.id, batch("loss", 0..1)), "deleted");
        let known = hub.known_run(run.id).unwrap();
        assert_eq!((known.is_deleted, known.experiment), (true, run.experiment));

        hub.restore_logged_run(run.id).unwrap();
        hub.restore_logged_run(run.id).unwrap();
        assert_eq!(counts(&hub), (1, 1));
        assert_eq!(seen(&hub, run.id).1, "0 1 0 0 0");
        hub.log_to_run(run.id, batch("loss", 0..1)).unwrap();
    }
}

#[test]
fn what_a_client_deleted_can_be_restored_for_a_month() {
    let hub = TestHub::new();
    let run = open(&hub);
    let tick = cupola_hub::loops::retention::LOOP.tick;
    let kept = Duration::from_hours(29 * 24);
    hub.remove_logged_run(run.id).unwrap();
    hub.remove_logged_experiment(run.experiment).unwrap();
    hub.world.advance(kept);
    tick(&hub).unwrap();
    hub.restore_logged_experiment(run.experiment).unwrap();
    hub.restore_logged_run(run.id).unwrap();

    hub.remove_logged_run(run.id).unwrap();
    hub.remove_logged_experiment(run.experiment).unwrap();
    hub.world.advance(kept + kept);
    for _ in 0..4 {
        tick(&hub).unwrap();
    }
    assert!(hub.known_experiment(run.experiment).is_err());
    assert!(hub.known_run(run.id).is_err());
    assert!(hub.known_experiments().unwrap().is_empty());
}

#[test]
fn a_program_may_say_again_what_it_was_given_in_its_own_spelling() {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("one").take(&hub);
    let run = order.run.id;
    let known = hub.known_run(run).unwrap().params;
    let (name, value) = known
        .iter()
        .find(|(_, v)| v.parse::<f64>().is_ok())
        .unwrap();
    let spelled = format!("{:e}", value.parse::<f64>().unwrap());
    hub.log_to_run(run, params(name, &spelled)).unwrap();
    assert!(hub.log_to_run(run, params(name, "-12345")).is_err());
    assert_eq!(hub.known_run(run).unwrap().params, known);
}
