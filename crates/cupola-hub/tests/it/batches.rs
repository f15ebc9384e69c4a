//! What a client says at once is taken whole or not at all.

use cupola_domain::{
    counts::State,
    experiment::{Experiment, Origin},
    ids::{LoggedModelId, RunId},
    metric::Point,
    model::{LoggedModelMetric, ModelRole, ModelUse},
    provenance::Provenance,
    run::Outcome,
};
use cupola_hub::{
    HubError,
    logged::{Course, LoggedBatch, NewLogged},
    logged_models::NewLoggedModel,
};

use crate::support::TestHub;

const GONE: &str = "01900000-0000-7000-8000-000000000000";

pub fn experiment(hub: &TestHub) -> Experiment {
    hub.create_logged_experiment("mine", Origin::Mlflow, "mlflow", Vec::new(), "ada")
        .unwrap()
}

pub fn begin(hub: &TestHub, experiment: &Experiment) -> RunId {
    let new = NewLogged {
        experiment: experiment.id,
        name: "first".to_owned(),
        started_at: None,
        params: Vec::new(),
        tags: Vec::new(),
        provenance: Provenance::Measured,
    };
    hub.open_logged_run(new).unwrap().id
}

fn model_of(hub: &TestHub, experiment: &Experiment, run: RunId) -> LoggedModelId {
    let new = NewLoggedModel {
        experiment: experiment.id,
        name: "model".to_owned(),
        kind: String::new(),
        run: Some(run),
        params: Vec::new(),
        tags: Vec::new(),
    };
    hub.open_logged_model(new).unwrap().model.id
}

fn points(steps: std::ops::Range<i64>) -> Vec<(String, Vec<Point>)> {
    let point = |step: i64| Point {
        step,
        time_millis: 1_000 + step,
        value: 0.5,
    };
    vec![("loss".to_owned(), steps.map(point).collect())]
}

fn measured(run: RunId, models: &[LoggedModelId]) -> Vec<LoggedModelMetric> {
    let of = |model: &LoggedModelId| LoggedModelMetric {
        model: *model,
        key: "loss".to_owned(),
        value: 0.5,
        at: cupola_domain::time::Timestamp::from_millis(1_000),
        step: 0,
        run,
        dataset_name: String::new(),
        dataset_digest: String::new(),
    };
    models.iter().map(of).collect()
}

fn used(model: LoggedModelId, role: ModelRole) -> Vec<ModelUse> {
    vec![ModelUse {
        model,
        role,
        step: 0,
    }]
}

fn series_of(hub: &TestHub, run: RunId) -> Vec<String> {
    hub.run_detail(run).unwrap().series
}

#[test]
fn a_batch_about_a_model_that_is_not_there_leaves_nothing() {
    let hub = TestHub::new();
    let run = begin(&hub, &experiment(&hub));
    let batch = LoggedBatch {
        points: points(0..3),
        uses: used(GONE.parse().unwrap(), ModelRole::Input),
        ..LoggedBatch::default()
    };
    let refused = hub.log_to_run(run, batch);
    assert!(matches!(refused, Err(HubError::NotFound { .. })));
    assert!(series_of(&hub, run).is_empty());
}

#[test]
fn what_is_measured_of_models_comes_with_the_points() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let run = begin(&hub, &experiment);
    let model = model_of(&hub, &experiment, run);
    let batch = LoggedBatch {
        points: points(0..1),
        measured: measured(run, &[model, GONE.parse().unwrap()]),
        ..LoggedBatch::default()
    };
    hub.log_to_run(run, batch).unwrap();
    assert_eq!(series_of(&hub, run), ["loss"]);
    let metrics = hub.find_logged_model(model).unwrap().metrics;
    assert_eq!(metrics, measured(run, &[model]));
}

#[test]
fn a_program_speaks_of_the_models_of_its_run_alone() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let (run, other) = (begin(&hub, &experiment), begin(&hub, &experiment));
    let own = model_of(&hub, &experiment, run);
    let foreign = model_of(&hub, &experiment, other);
    let batch = |uses: Vec<ModelUse>| LoggedBatch {
        points: points(0..1),
        measured: measured(run, &[own, foreign]),
        uses,
        is_of_program: true,
        ..LoggedBatch::default()
    };
    let refused = hub.log_to_run(run, batch(used(foreign, ModelRole::Output)));
    assert!(matches!(refused, Err(HubError::Forbidden(_))));
    assert!(series_of(&hub, run).is_empty());

    hub.log_to_run(run, batch(used(foreign, ModelRole::Input)))
        .unwrap();
    hub.log_to_run(run, batch(used(own, ModelRole::Output)))
        .unwrap();
    assert_eq!(hub.list_model_uses(run).unwrap().len(), 2);
    let noted = |model| hub.find_logged_model(model).unwrap().metrics.len();
    assert_eq!((noted(own), noted(foreign)), (1, 0));
    let by_person = LoggedBatch {
        is_of_program: false,
        ..batch(used(foreign, ModelRole::Output))
    };
    hub.log_to_run(run, by_person).unwrap();
    assert_eq!(noted(foreign), 1);
}

#[test]
fn a_run_has_a_bounded_number_of_parameters() {
    let hub = TestHub::new();
    let run = begin(&hub, &experiment(&hub));
    let params = |range: std::ops::Range<u32>| LoggedBatch {
        params: range.map(|at| (format!("p{at}"), "1".to_owned())).collect(),
        ..LoggedBatch::default()
    };
    hub.log_to_run(run, params(0..2_000)).unwrap();
    hub.log_to_run(run, params(1_999..2_000)).unwrap();
    let refused = hub.log_to_run(run, params(2_000..2_001)).unwrap_err();
    let expected = "`params`: would be 2001; a run has at most 2000";
    assert_eq!(refused.to_string(), expected);
}

#[test]
fn a_name_stays_when_the_state_beside_it_is_refused() {
    let hub = TestHub::new();
    hub.submit(1);
    let run = hub.join("w").take(&hub).run.id;
    let named = |state: State| Course {
        state: Some(state),
        name: Some("mine".to_owned()),
        ..Course::default()
    };
    let before = hub.known_run(run).unwrap();
    let refused = hub.update_logged_run(run, named(State::Completed));
    assert!(matches!(refused, Err(HubError::Conflict(_))));
    assert_eq!(hub.known_run(run).unwrap(), before);
    // That a worker's run goes on is so already.
    let known = hub.update_logged_run(run, named(State::Running)).unwrap();
    assert_eq!(known.run.name, "mine");
}

#[test]
fn nothing_begins_in_an_experiment_that_a_client_deleted() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let run = begin(&hub, &experiment);
    hub.close_logged_run(run, Outcome::Completed, None).unwrap();
    hub.remove_logged_experiment(experiment.id).unwrap();
    let new = NewLogged {
        experiment: experiment.id,
        name: String::new(),
        started_at: None,
        params: Vec::new(),
        tags: Vec::new(),
        provenance: Provenance::Measured,
    };
    let refused = hub.open_logged_run(new).unwrap_err().to_string();
    assert!(refused.contains("is deleted; restore it"), "{refused}");
    let named = hub.rename_logged_experiment(experiment.id, "other");
    assert!(matches!(named, Err(HubError::Conflict(_))));
}

#[test]
fn steps_of_a_long_curve_are_found_wherever_they_lie() {
    let hub = TestHub::new();
    let run = begin(&hub, &experiment(&hub));
    for part in 0..3 {
        let batch = LoggedBatch {
            points: points(part * 70_000..(part + 1) * 70_000),
            ..LoggedBatch::default()
        };
        hub.log_to_run(run, batch).unwrap();
    }
    let steps = |from: i64, to: i64, limit: usize| {
        let found = hub.run_history_within(run, "loss", from..=to, limit);
        let found = found.unwrap().into_iter().map(|point| point.step);
        found.collect::<Vec<_>>()
    };
    assert_eq!(
        steps(200_000, 200_009, 5),
        [200_000, 200_002, 200_004, 200_006, 200_009]
    );
    assert_eq!(steps(200_000, 200_002, 9), [200_000, 200_001, 200_002]);
    assert_eq!(steps(300_000, 400_000, 9), [0; 0]);
    let all = steps(i64::MIN, i64::MAX, 100);
    assert_eq!((all.len(), all[0], all[99]), (100, 0, 209_999));
    assert!(all.is_sorted());
}
