//! Training as a whole: what counts of a model's runs, and that the snapshot is what is there.

use std::{sync::Arc, time::Duration};

use cupola_domain::{
    cost::Money,
    counts::State,
    ids::ExperimentId,
    metric::Point,
    progress::{Level, Levels},
    run::{Failure, Lease},
    telemetry::{GpuQuantity, Quantity, Sample, Values},
    training::{Claim, ClaimProvenance},
};
use cupola_hub::{
    experiments::ExperimentDraft,
    loops,
    training::{Basis, ModelInTraining, RUNS_MAX, Said, Training},
    work::{Order, Report},
};

use crate::{
    costs::{money, prices},
    support::{TestHub, TestWorker, completed, failed, finish, held, start},
};

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
    let session = hub.training().unwrap().session;
    assert_eq!(
        (session.completed, session.in_progress, session.pending),
        (0, 0, 0)
    );
    assert_eq!((session.failed, session.cancelled), (1, 0));
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
    // What stands before them by name is more than is looked at one by one.
    let others = (0..400).map(|n| (format!("a{n:03}"), point(0.0)));
    let metrics = metrics.map(|(name, value)| (name.to_owned(), point(value)));
    let said = Report {
        metrics: others.chain(metrics).collect(),
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

/// A run takes an hour, while its worker is heard of.
fn train_for_an_hour(hub: &TestHub, worker: &TestWorker, experiment: ExperimentId) {
    let order = run(hub, worker, experiment);
    hub.world.advance(Duration::from_hours(1));
    worker.heartbeat(hub, &[held(&order)]).unwrap();
    finish(hub, &order, completed(1.0)).unwrap();
}

#[test]
fn what_has_no_price_never_costs_nothing() {
    let mut hub = TestHub::new();
    let mut worker = hub.join("w");
    let din = experiment(&hub, "din");
    let check = |hub: &TestHub, expected: Option<Money>| {
        assert_eq!(hub.training().unwrap().session.cost, expected);
    };
    check(&hub, Some(Money::default()));
    train_for_an_hour(&hub, &worker, din);
    check(&hub, None);
    let restart = |hub: &mut TestHub, worker: &mut TestWorker| {
        hub.restart();
        check(hub, Some(Money::default()));
        worker.start(hub);
    };
    restart(&mut hub, &mut worker);
    hub.use_prices(prices(0.8));
    train_for_an_hour(&hub, &worker, din);
    check(&hub, Some(money(0.2)));
    // What had a price in the session before says nothing of this one.
    restart(&mut hub, &mut worker);
    train_for_an_hour(&hub, &worker, din);
    check(&hub, None);
}

#[test]
fn all_that_runs_counts_however_much_it_is() {
    let hub = TestHub::new();
    hub.use_prices(prices(0.8));
    let worker = hub.join("w");
    let din = experiment(&hub, "din");
    run(&hub, &worker, din);
    let number = u32::try_from(RUNS_MAX).unwrap();
    hub.start_experiment(experiment(&hub, "many"), number)
        .unwrap();
    for n in 0..number / 4 {
        let orders = hub.join(&format!("w{n}")).poll(&hub, 4, &[]);
        for order in orders.unwrap().start {
            start(&hub, &order).unwrap();
        }
    }
    hub.start_experiment(din, 1).unwrap();
    let training = hub.training().unwrap();
    assert_eq!(training.runs.len(), RUNS_MAX);
    assert_eq!(training.session.hourly_now, Some(money(100.2)));
    assert_eq!(training.session.in_progress, 2);
    let oldest = training.find("din").unwrap();
    assert_eq!(
        (oldest.running.len(), oldest.status.value, oldest.hourly_now),
        (1, State::Running, Some(money(0.2)))
    );
}

#[test]
fn machines_whose_gpus_do_not_say_how_busy_they_are_are_told_by_their_processors() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    let tell = |number: i64, values: &[(Quantity, f64)]| {
        let sample = Sample {
            number,
            age: Duration::ZERO,
            values: values.iter().copied().collect::<Values>(),
        };
        hub.take_telemetry(hub.token, worker.id(), &worker.session, vec![sample])
            .unwrap();
        let hours = hub.hours_of_machines();
        (hours.is_gpu, hours.now.percent)
    };
    let cpu = (Quantity::CpuPercent, 40.0);
    let celsius = (Quantity::Gpu(0, GpuQuantity::Celsius), 61.0);
    let percent = (Quantity::Gpu(0, GpuQuantity::Percent), 90.0);
    assert_eq!(tell(0, &[cpu, celsius]), (false, Some(40.0)));
    assert_eq!(tell(1, &[cpu, celsius, percent]), (true, Some(90.0)));
}

#[test]
fn one_model_stands_as_all_of_them_do() {
    let hub = TestHub::new();
    hub.use_prices(prices(0.8));
    let worker = hub.join("w");
    assert_eq!(hub.training_standing("din").unwrap(), None);
    let check = |hub: &TestHub| {
        let (standing, told) = (
            hub.training_standing("din").unwrap().unwrap(),
            of(hub, "din"),
        );
        assert_eq!(standing.status, told.status);
        assert_eq!(standing.progress, told.progress);
        assert_eq!(standing.cost, told.cost);
        standing
    };
    let claim = Claim {
        status: Some(State::Completed),
        progress: Some(70.0),
        total_cost: Money::of(9.0),
        at: hub.now(),
        author: "ada".to_owned(),
        provenance: ClaimProvenance::Manual,
    };
    let din = experiment(&hub, "din");
    let order = run(&hub, &worker, din);
    check(&hub);
    hub.claim_training("din", claim).unwrap();
    assert_eq!(check(&hub).progress, Said::new(Some(70.0), Basis::Manual));
    says(&hub, &order, 0, 25.0);
    hub.world.advance(Duration::from_mins(1));
    let standing = check(&hub);
    assert_eq!(
        (standing.status, standing.progress),
        (
            Said::new(State::Running, Basis::Measured),
            Said::new(Some(25.0), Basis::Measured)
        )
    );
    assert_eq!(standing.cost.basis, Basis::Measured);
    // One that waits is later than the one that runs.
    hub.start_experiment(din, 1).unwrap();
    assert_eq!(check(&hub).status.value, State::Running);
    finish(&hub, &order, failed(Failure::TimedOut)).unwrap();
    assert_eq!(check(&hub).status.value, State::Pending);
    hub.delete_experiment(din).unwrap();
    assert_eq!(
        check(&hub).status,
        Said::new(State::Completed, Basis::Manual)
    );
}
