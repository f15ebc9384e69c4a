//! Training as a whole: what counts of a model's runs, and that the snapshot is what is there.

use std::{sync::Arc, time::Duration};

use cupola_domain::{
    counts::State,
    ids::ExperimentId,
    metric::Point,
    progress::{Level, Levels},
    run::{Failure, Lease},
};
use cupola_hub::{
    experiments::ExperimentDraft,
    loops,
    training::{Basis, ModelInTraining, Training},
    work::{Order, Report},
};

use crate::support::{TestHub, TestWorker, completed, failed, finish, start};

/// An experiment whose runs train `model`.
fn experiment(hub: &TestHub, model: &str) -> ExperimentId {
    let draft = ExperimentDraft {
        name: format!("of {model}"),
        template: "char-lm".to_owned(),
        time_budget_secs: 10.0,
        tags: [("model".to_owned(), model.to_owned())].into(),
        ..ExperimentDraft::default()
    };
    hub.create_experiment(&draft, "ada").unwrap().experiment.id
}

/// The next run of an experiment, on its way.
fn run(hub: &TestHub, worker: &TestWorker, experiment: ExperimentId) -> Order {
    hub.start_experiment(experiment, 1).unwrap();
    let order = worker.take(hub);
    start(hub, &order).unwrap();
    order
}

fn report(hub: &TestHub, order: &Order, report: Report) {
    let lease: Lease = order.lease;
    hub.take_report(hub.token, order.run.id, lease, report)
        .unwrap();
}

fn says(hub: &TestHub, order: &Order, seq: i64, percent: f64) {
    let levels = Levels::from_iter(Level::new(percent, Some(100.0), "epoch"));
    let said = Report {
        seq,
        progress: Some(levels),
        ..Report::default()
    };
    report(hub, order, said);
}

fn of(hub: &TestHub, key: &str) -> ModelInTraining {
    let training = hub.training().unwrap();
    training
        .find(key)
        .unwrap_or_else(|| panic!("{key} is there"))
        .clone()
}

fn status(hub: &TestHub, key: &str) -> (State, Basis) {
    let said = of(hub, key).status;
    (said.value, said.basis)
}

#[test]
fn a_model_is_where_its_latest_run_is() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    assert_eq!(hub.training().unwrap().models, []);
    let majora = experiment(&hub, "majora");
    hub.start_experiment(majora, 1).unwrap();
    assert_eq!(status(&hub, "majora"), (State::Pending, Basis::Measured));
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    assert_eq!(status(&hub, "majora"), (State::Running, Basis::Measured));
    assert_eq!(of(&hub, "majora").running, [order.run.id]);
    finish(&hub, &order, failed(Failure::ExitCode(3))).unwrap();
    let model = of(&hub, "majora");
    assert_eq!(
        (model.status.value, model.reason.as_str()),
        (State::Failed, "exit code 3")
    );
    let again = run(&hub, &worker, majora);
    finish(&hub, &again, completed(1.0)).unwrap();
    let model = of(&hub, "majora");
    assert_eq!(
        (model.status.value, model.progress.value),
        (State::Completed, Some(100.0))
    );
    assert_eq!((model.running.len(), model.latest), (0, Some(again.run.id)));
}

#[test]
fn progress_is_that_of_the_run_that_runs_and_unknown_until_it_says_so() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    let order = run(&hub, &worker, experiment(&hub, "din"));
    assert_eq!(of(&hub, "din").progress.value, None);
    says(&hub, &order, 0, 25.0);
    hub.world.advance(Duration::from_secs(1));
    let model = of(&hub, "din");
    assert_eq!(model.progress.value, Some(25.0));
    assert_eq!(
        (model.progress.basis, model.estimate),
        (Basis::Measured, None)
    );
    hub.world.advance(Duration::from_secs(9));
    says(&hub, &order, 1, 50.0);
    hub.world.advance(Duration::from_secs(1));
    let end = of(&hub, "din").estimate.unwrap().at;
    // A quarter in ten seconds: the other half takes twenty more, one of which has passed.
    assert_eq!(end.since(hub.now()), Duration::from_secs(19));
    assert_eq!(
        hub.training().unwrap().session.estimated_end.unwrap().at,
        end
    );
}

#[test]
fn what_runs_measure_is_looked_at_twice_a_second_and_their_states_at_once() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    let order = run(&hub, &worker, experiment(&hub, "din"));
    says(&hub, &order, 0, 10.0);
    hub.world.advance(Duration::from_secs(1));
    let first = hub.training().unwrap();
    says(&hub, &order, 1, 20.0);
    let same = hub.training().unwrap();
    assert!(Arc::ptr_eq(&first, &same), "it was made anew too soon");
    hub.world.advance(Duration::from_millis(500));
    assert_eq!(of(&hub, "din").progress.value, Some(20.0));
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(status(&hub, "din").0, State::Completed);
    // Nothing happened: nothing is made.
    let last = hub.training().unwrap();
    hub.world.advance(Duration::from_hours(1));
    assert!(Arc::ptr_eq(&last, &hub.training().unwrap()));
}

#[test]
fn a_model_goes_with_its_last_run_and_comes_back_to_the_one_before() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    let (old, new) = (experiment(&hub, "din"), experiment(&hub, "din"));
    let first = run(&hub, &worker, old);
    finish(&hub, &first, completed(1.0)).unwrap();
    let second = run(&hub, &worker, new);
    finish(&hub, &second, failed(Failure::TimedOut)).unwrap();
    assert_eq!(status(&hub, "din").0, State::Failed);
    hub.delete_experiment(new).unwrap();
    assert_eq!(status(&hub, "din").0, State::Completed);
    hub.delete_experiment(old).unwrap();
    assert_eq!(hub.training().unwrap().models, []);
}

#[test]
fn losses_and_speeds_are_known_by_the_names_of_series() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    let order = run(&hub, &worker, experiment(&hub, "din"));
    let at = hub.now().millis();
    let point = |value: f64| {
        vec![Point {
            step: 1,
            time_millis: at,
            value,
        }]
    };
    let metrics = [
        ("train_loss", 2.5),
        ("val_loss", 2.75),
        ("perf/samples_per_second", 160.0),
        ("tokens_per_second", f64::NAN),
        ("accuracy", 0.5),
    ];
    let metrics = metrics.map(|(name, value)| (name.to_owned(), point(value)));
    let said = Report {
        metrics: metrics.to_vec(),
        ..Report::default()
    };
    report(&hub, &order, said);
    hub.world.advance(Duration::from_secs(1));
    let model = of(&hub, "din");
    let last = |last: Option<cupola_hub::training::Last>| last.map(|last| last.value);
    assert_eq!(last(model.losses.training), Some(2.5));
    assert_eq!(last(model.losses.validation), Some(2.75));
    assert_eq!(last(model.throughput.samples), Some(160.0));
    assert_eq!(last(model.throughput.tokens), None);
}

#[test]
fn runs_are_told_with_who_has_them_and_what_they_train() {
    let hub = TestHub::new();
    let worker = hub.join("kiln");
    let order = run(&hub, &worker, experiment(&hub, "din"));
    hub.submit(1);
    start(&hub, &worker.take(&hub)).unwrap();
    let training = hub.training().unwrap();
    let told: Vec<_> = training
        .runs
        .iter()
        .map(|run| {
            let model = run.model.as_ref().map(|(key, _)| key.as_str());
            (
                model,
                run.worker.as_ref().map(|(_, name)| name.as_str()),
                run.gpu.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (None, Some("kiln"), None),
            (Some("din"), Some("kiln"), None)
        ]
    );
    assert_eq!(training.runs[1].run.id, order.run.id);
    // Nobody has said what the machine costs.
    assert_eq!((training.runs[1].cost, training.session.cost), (None, None));
}

#[test]
fn those_who_look_are_told_when_it_was_made_anew_and_nobody_else_is() {
    let hub = TestHub::new();
    let told = |hub: &TestHub| {
        let seq = hub.last_change().unwrap();
        loops::training::tick(hub).unwrap();
        let rows = hub.changes_after(seq, 10).unwrap();
        rows.iter().filter(|row| row.kind == "monitor").count()
    };
    told(&hub);
    let worker = hub.join("w");
    let order = run(&hub, &worker, experiment(&hub, "din"));
    assert_eq!(told(&hub), 0, "nobody looked");
    hub.training().unwrap();
    assert_eq!(told(&hub), 1);
    assert_eq!(told(&hub), 0, "nothing happened since");
    says(&hub, &order, 0, 10.0);
    assert_eq!(told(&hub), 0, "too soon");
    hub.world.advance(Duration::from_millis(500));
    assert_eq!(told(&hub), 1);
    hub.world.advance(Duration::from_mins(2));
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(told(&hub), 0, "nobody looked for long");
}

#[test]
fn a_thousand_models_are_told_in_their_order() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    let keys: Vec<String> = (0..1_000).map(|n| format!("m{n:03}")).collect();
    for key in &keys {
        hub.start_experiment(experiment(&hub, key), 1).unwrap();
    }
    let training: Arc<Training> = hub.training().unwrap();
    let told: Vec<_> = training
        .models
        .iter()
        .map(|one| one.model.key.clone())
        .collect();
    assert_eq!(told, keys);
    assert_eq!(training.session.pending, 1_000);
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    let training = hub.training().unwrap();
    assert_eq!(
        (training.session.pending, training.session.in_progress),
        (999, 1)
    );
}
