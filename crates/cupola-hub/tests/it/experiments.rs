//! Experiments that people configure, one sentence each.

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    counts::State,
    ids::ExperimentId,
    resources::{Capabilities, Needs},
    run::{Failure, Outcome},
    sandbox::Confinement,
    scheduling::Placement,
    task::Task,
};
use cupola_hub::{
    HubError,
    experiments::{ExperimentDraft, ExperimentQuery, FileExperiment, FileTask, Program},
    loops,
    work::Finish,
};
use serde_json::{Map, Value, json};

use crate::support::{TestHub, completed, failed, finish, held, laptop, start};

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn draft() -> ExperimentDraft {
    ExperimentDraft {
        name: "first".to_owned(),
        template: "char-lm".to_owned(),
        config: object(json!({"lr": 0.001})),
        time_budget_secs: 10.0,
        ..ExperimentDraft::default()
    }
}

fn make(hub: &TestHub) -> ExperimentId {
    hub.create_experiment(&draft(), "ada")
        .unwrap()
        .experiment
        .id
}

fn tasks(hub: &TestHub, id: ExperimentId) -> Vec<Task> {
    let filter = cupola_hub::tasks::Filter {
        experiment: Some(id),
        limit: 1000,
        ..Default::default()
    };
    hub.list_tasks(filter).unwrap().tasks
}

fn fields(result: Result<impl std::fmt::Debug, HubError>) -> Vec<String> {
    let HubError::Invalid(errors) = result.unwrap_err() else {
        panic!("it is invalid")
    };
    errors.into_iter().map(|error| error.field).collect()
}

fn is_conflict(result: Result<impl std::fmt::Debug, HubError>) -> bool {
    matches!(result, Err(HubError::Conflict(_)))
}

/// A file of commands; each word says what a task needs: `a b:0 c:0,1` has three.
fn file(script: &str) -> FileExperiment {
    let task = |word: &str| FileTask {
        program: 0,
        config: Map::new(),
        seed: None,
        time_budget_secs: 5.0,
        environment: BTreeMap::new(),
        working_folder: None,
        tags: BTreeMap::new(),
        priority: 0,
        needs: match word.split_once(':') {
            Some((_, needs)) => needs.split(',').map(|at| at.parse().unwrap()).collect(),
            None => Vec::new(),
        },
    };
    FileExperiment {
        name: "file".to_owned(),
        description: String::new(),
        placement: Placement::Anywhere,
        programs: vec![Program::Command {
            command: vec!["true".to_owned()],
            files: Vec::new(),
            objective: None,
            needs: cupola_domain::resources::Needs::default(),
        }],
        tasks: script.split_whitespace().map(task).collect(),
    }
}

/// An ending without any result.
fn done() -> Finish {
    Finish {
        results: Map::new(),
        ..completed(0.0)
    }
}

#[test]
fn every_wrong_field_of_a_draft_is_named_at_once() {
    let hub = TestHub::new();
    let wrong = ExperimentDraft {
        name: " ".to_owned(),
        config: object(json!({"lr": "fast", "colour": "red"})),
        time_budget_secs: f64::NAN,
        environment: BTreeMap::from([("CUPOLA_TOKEN".to_owned(), "x".to_owned())]),
        working_folder: Some("here".to_owned()),
        ..draft()
    };
    let expected = [
        "name",
        "config.lr",
        "config.colour",
        "time_budget_secs",
        "environment.CUPOLA_TOKEN",
        "working_folder",
    ];
    assert_eq!(fields(hub.check_experiment(&wrong)), expected);
    assert_eq!(fields(hub.create_experiment(&wrong, "ada")), expected);
    let wrong = ExperimentDraft {
        template: "nope".to_owned(),
        ..draft()
    };
    assert_eq!(fields(hub.create_experiment(&wrong, "ada")), ["template"]);
    let id = make(&hub);
    assert_eq!(fields(hub.start_experiment(id, 0)), ["runs"]);
    assert_eq!(fields(hub.start_experiment(id, 1001)), ["runs"]);
}

#[test]
fn a_started_experiment_gives_each_task_its_own_seed_unless_it_has_one() {
    let hub = TestHub::new();
    let id = make(&hub);
    assert_eq!(hub.start_experiment(id, 2).unwrap().len(), 2);
    hub.start_experiment(id, 1).unwrap();
    let with_seed = ExperimentDraft {
        seed: Some(-5),
        ..draft()
    };
    hub.update_experiment(id, &with_seed).unwrap();
    hub.start_experiment(id, 1).unwrap();
    let seeds: Vec<_> = tasks(&hub, id).iter().map(|task| task.seed).collect();
    assert_eq!(seeds, [42, 43, 44, -5]);
}

#[test]
fn a_worker_gets_what_the_experiment_says() {
    let hub = TestHub::new();
    let with_surroundings = ExperimentDraft {
        environment: BTreeMap::from([("OMP_NUM_THREADS".to_owned(), "1".to_owned())]),
        working_folder: Some("/data".to_owned()),
        ..draft()
    };
    let id = hub.create_experiment(&with_surroundings, "ada").unwrap();
    let runs = hub.start_experiment(id.experiment.id, 1).unwrap();
    let worker = hub.join("w");
    let order = worker.take(&hub);
    assert_eq!(order.run.id, runs[0]);
    assert_eq!(order.task.metric, "val_bpb");
    assert_eq!(order.config()["lr"], 0.001);
    assert_eq!(order.config()["time_budget_seconds"], 10.0);
    assert_eq!(order.task.environment, with_surroundings.environment);
    assert_eq!(order.task.working_folder.as_deref(), Some("/data"));
    finish(&hub, &order, completed(3.5)).unwrap();
    assert_eq!(hub.states(id.experiment.id), "c");
    assert_eq!(tasks(&hub, id.experiment.id)[0].value, Some(3.5));
}

#[test]
fn who_lets_no_program_read_a_task_s_folder_is_not_offered_it() {
    let hub = TestHub::new();
    let in_a_folder = ExperimentDraft {
        working_folder: Some("/data/x".to_owned()),
        ..draft()
    };
    let of_an_experiment = hub.create_experiment(&in_a_folder, "ada").unwrap();
    let id = of_an_experiment.experiment.id;
    hub.start_experiment(id, 1).unwrap();
    let offered = |reads: &[&str]| {
        let worker = hub.join("w");
        let capabilities = Capabilities {
            confinement: Some(Confinement {
                level: "strict".to_owned(),
                network: false,
                reads: reads.iter().map(|path| (*path).to_owned()).collect(),
                memory_bytes: None,
            }),
            ..laptop()
        };
        worker.register_with(&hub, capabilities).unwrap();
        worker.poll(&hub, 1, &[]).unwrap().start.len()
    };
    assert_eq!(offered(&[]), 0);
    assert_eq!(offered(&["/data/y", "/database"]), 0);
    assert_eq!(hub.states(id), "p");
    assert_eq!(offered(&["/data"]), 1);
}

#[test]
fn an_edit_changes_only_what_is_started_later() {
    let hub = TestHub::new();
    let id = make(&hub);
    let before = hub.start_experiment(id, 1).unwrap()[0];
    let edited = ExperimentDraft {
        name: "second".to_owned(),
        config: object(json!({"lr": 0.01})),
        template: "char-lm-torch".to_owned(),
        ..draft()
    };
    let old = hub.run_detail(before).unwrap();
    hub.update_experiment(id, &edited).unwrap();
    let after = hub.start_experiment(id, 1).unwrap()[0];
    let (was, is) = (
        hub.run_detail(before).unwrap(),
        hub.run_detail(after).unwrap(),
    );
    assert_eq!((&was.task, &was.run), (&old.task, &old.run));
    assert_eq!(
        (&was.task.config["lr"], &is.task.config["lr"]),
        (&json!(0.001), &json!(0.01))
    );
    assert_ne!(was.run.code_hash, is.run.code_hash);
    let order = hub.join("w").take(&hub);
    assert_eq!(
        (order.run.id, order.command.template.as_str()),
        (before, "char-lm")
    );
    assert_eq!(hub.draft_of_run(before).unwrap().template, "char-lm");
    assert_eq!(hub.draft_of_run(before).unwrap().config["lr"], 0.001);
    assert_eq!(hub.experiment_detail(id).unwrap().experiment.name, "second");
}

#[test]
fn a_draft_of_an_experiment_makes_its_equal() {
    let hub = TestHub::new();
    let first = hub.create_experiment(&draft(), "ada").unwrap().experiment;
    let draft = hub.draft_of_experiment(first.id).unwrap();
    let second = hub.create_experiment(&draft, "bob").unwrap().experiment;
    assert_eq!((&first.setup, &first.name), (&second.setup, &second.name));
    assert_ne!(first.id, second.id);
}

#[test]
fn nothing_is_started_in_an_experiment_that_goes() {
    let hub = TestHub::new();
    let id = make(&hub);
    let (started, first) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while hub.start_experiment(id, 1).is_ok() {
                started.send(()).unwrap();
            }
        });
        first.recv().unwrap();
        hub.delete_experiment(id).unwrap();
    });
    assert_eq!(hub.join("w").poll(&hub, 4, &[]).unwrap().start, []);
    let filter = cupola_hub::tasks::Filter {
        experiment: Some(id),
        state: Some(State::Pending),
        limit: 1000,
        search: "-".to_owned(),
        ..Default::default()
    };
    assert_eq!(hub.list_tasks(filter).unwrap().tasks, []);
}

#[test]
fn a_deleted_experiment_stops_what_runs_and_is_gone() {
    let hub = TestHub::new();
    let id = make(&hub);
    hub.start_experiment(id, 3).unwrap();
    let worker = hub.join("w");
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    hub.delete_experiment(id).unwrap();
    assert!(matches!(
        hub.experiment_detail(id),
        Err(HubError::NotFound { .. })
    ));
    assert!(matches!(
        hub.start_experiment(id, 1),
        Err(HubError::NotFound { .. })
    ));
    let orders = worker.heartbeat(&hub, &[held(&order)]).unwrap();
    assert_eq!(orders.cancel, [held(&order)]);
    let cancelled = Finish {
        outcome: Outcome::Cancelled,
        ..done()
    };
    finish(&hub, &order, cancelled).unwrap();
    assert_eq!(loops::retention::tick(&hub).unwrap(), 3);
    assert_eq!(hub.list_experiments(&all()).unwrap().1, 0);
}

fn all() -> ExperimentQuery {
    ExperimentQuery {
        limit: 100,
        ..ExperimentQuery::default()
    }
}

#[test]
fn experiments_are_found_by_name_and_state_and_families_stay_apart() {
    let hub = TestHub::new();
    let (a, b) = (make(&hub), make(&hub));
    let named = ExperimentDraft {
        name: "50%_Ärger <b>".to_owned(),
        ..draft()
    };
    hub.update_experiment(b, &named).unwrap();
    hub.start_experiment(b, 1).unwrap();
    let order = hub.join("w").take(&hub);
    finish(&hub, &order, completed(1.0)).unwrap();
    let family = hub.submit(1);
    let found = |query: ExperimentQuery| -> Vec<ExperimentId> {
        let (rows, total) = hub.list_experiments(&query).unwrap();
        assert_eq!(total, rows.len() as u64);
        rows.into_iter().map(|row| row.experiment.id).collect()
    };
    assert_eq!(found(all()), [a, b]);
    assert_eq!(
        found(ExperimentQuery {
            search: "50%_".into(),
            ..all()
        }),
        [b]
    );
    assert_eq!(
        found(ExperimentQuery {
            search: "5__".into(),
            ..all()
        }),
        []
    );
    assert_eq!(
        found(ExperimentQuery {
            with_families: true,
            descending: true,
            ..all()
        }),
        [family, b, a]
    );
    let pending = ExperimentQuery {
        state: Some(State::Pending),
        ..all()
    };
    assert_eq!(found(pending), [a]);
    assert!(is_conflict(hub.start_experiment(family, 1)));
    assert!(is_conflict(hub.update_experiment(family, &draft())));
    assert!(matches!(
        hub.family_detail(a),
        Err(HubError::NotFound { .. })
    ));
}

#[test]
fn runs_are_listed_the_latest_first() {
    let hub = TestHub::new();
    let id = make(&hub);
    hub.start_experiment(id, 2).unwrap();
    let worker = hub.join("w");
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    hub.retry_task(order.task.id).unwrap();
    let (rows, total) = hub.experiment_runs(id, 2, 0).unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.task.number, row.run.attempt))
        .collect();
    assert_eq!((seen.as_slice(), total), (&[(0, 2), (1, 1)][..], 3));
    let (rows, _) = hub.experiment_runs(id, 2, 2).unwrap();
    assert_eq!(rows[0].worker.as_deref(), Some("w"));
    let last = hub.list_experiments(&all()).unwrap().0[0]
        .last
        .clone()
        .unwrap();
    assert_eq!((last.task, last.attempt), (order.task.id, 2));
}

#[test]
fn a_run_without_an_objective_completes_when_its_program_ended_well() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a"), "ada").unwrap();
    let order = hub.join("w").take(&hub);
    assert_eq!(
        (order.task.metric.as_str(), order.command.template.as_str()),
        ("", "command")
    );
    finish(&hub, &order, done()).unwrap();
    assert_eq!(hub.states(id), "c");
}

#[test]
fn a_command_of_a_file_can_be_started_again() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a"), "ada").unwrap();
    let template = hub.experiment_detail(id).unwrap().template;
    assert_eq!(template.unwrap().name, "command");
    hub.start_experiment(id, 1).unwrap();
    let tasks = tasks(&hub, id);
    assert_eq!(tasks.len(), 2);
    let hash = |at: usize| hub.run_detail(tasks[at].run).unwrap().run.code_hash;
    assert_eq!(hash(0), hash(1));
}

#[test]
fn a_command_of_a_file_can_be_edited_but_not_copied() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a"), "ada").unwrap();
    let edited = ExperimentDraft {
        name: "second".to_owned(),
        config: object(json!({"any": 1})),
        ..hub.draft_of_experiment(id).unwrap()
    };
    hub.check_edit(id, &edited).unwrap();
    hub.update_experiment(id, &edited).unwrap();
    hub.start_experiment(id, 1).unwrap();
    let tasks = tasks(&hub, id);
    assert_eq!(tasks[1].config["any"], 1);
    let hash = |at: usize| hub.run_detail(tasks[at].run).unwrap().run.code_hash;
    assert_eq!(hash(0), hash(1));
    let refused = hub.create_experiment(&edited, "bob").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`template`: `command` is what an experiment file gave, no template; run the file again with \
         `cupola run FILE --hub URL`, or choose a template"
    );
    hub.update_experiment(id, &draft()).unwrap();
    assert_eq!(
        hub.experiment_detail(id).unwrap().experiment.template,
        "char-lm"
    );
}

#[test]
fn a_run_goes_by_the_name_that_its_experiment_gives_its_code() {
    let hub = TestHub::new();
    let template = hub
        .list_templates()
        .into_iter()
        .find(|one| one.name == "char-lm");
    let template = template.unwrap();
    hub.start_experiment(make(&hub), 1).unwrap();
    let mut same = file("a");
    same.programs = vec![Program::Command {
        command: template.command.clone(),
        files: template.files.clone(),
        objective: None,
        needs: Needs::default(),
    }];
    let id = hub.submit_file(&same, "ada").unwrap();
    let run = hub.run_detail(tasks(&hub, id)[0].run).unwrap();
    assert_eq!(run.run.code_hash, template.code_hash);
    assert_eq!(run.template, "command");
    assert_eq!(hub.draft_of_run(run.run.id).unwrap().template, "command");
}

#[test]
fn what_is_wrong_with_a_file_is_named_by_its_place() {
    let hub = TestHub::new();
    let mut wrong = file("a b c");
    wrong.programs.push(Program::Template {
        name: "nope".to_owned(),
        needs: Needs::default(),
    });
    wrong.programs.push(Program::Template {
        name: "char-lm".to_owned(),
        needs: Needs::default(),
    });
    wrong.name = String::new();
    wrong.tasks[0].time_budget_secs = 0.0;
    wrong.tasks[1].program = 2;
    wrong.tasks[1].config = object(json!({"lr": "fast"}));
    wrong.tasks[2].needs = vec![2];
    wrong.tasks[2].program = 7;
    assert_eq!(
        fields(hub.submit_file(&wrong, "ada")),
        [
            "programs.1.template",
            "tasks.2.needs",
            "name",
            "tasks.0.time_budget_secs",
            "tasks.1.config.lr",
            "tasks.2.program",
        ]
    );
    assert_eq!(fields(hub.submit_file(&file(""), "ada")), ["tasks"]);
    assert_eq!(hub.list_experiments(&all()).unwrap().1, 0);
}

#[test]
fn a_task_is_leased_when_all_that_it_needs_has_completed() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a b c:0,1"), "ada").unwrap();
    let worker = hub.join("w");
    let reason = || tasks(&hub, id)[2].reason();
    assert_eq!(reason(), "waiting for task 0");
    let orders = worker.poll(&hub, 3, &[]).unwrap().start;
    assert_eq!(orders.len(), 2);
    finish(&hub, &orders[0], done()).unwrap();
    assert_eq!(reason(), "waiting for task 1");
    finish(&hub, &orders[1], done()).unwrap();
    assert_eq!(reason(), "");
    let order = worker.take(&hub);
    assert_eq!(order.task.number, 2);
    finish(&hub, &order, done()).unwrap();
    assert_eq!(hub.states(id), "ccc");
}

#[test]
fn a_failure_fails_all_that_needs_it_and_a_retry_lets_them_wait_again() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a b:0 c:1 d"), "ada").unwrap();
    let worker = hub.join("w");
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    assert_eq!(hub.states(id), "fffp");
    let reasons: Vec<_> = tasks(&hub, id).iter().map(Task::reason).collect();
    assert_eq!(
        reasons[..3],
        [
            "exit code 1",
            "task 0 did not complete",
            "task 1 did not complete"
        ]
    );
    let second = tasks(&hub, id)[1].id;
    assert!(is_conflict(hub.retry_task(second)));
    hub.retry_task(order.task.id).unwrap();
    assert_eq!(hub.states(id), "pppp");
    assert_eq!(tasks(&hub, id)[2].reason(), "waiting for task 1");
    for number in [0, 1, 2, 3] {
        let order = worker.take(&hub);
        assert_eq!(order.task.number, number);
        finish(&hub, &order, done()).unwrap();
    }
    let counts = hub.experiment_detail(id).unwrap().experiment.counts;
    assert_eq!((counts.completed, counts.total()), (4, 4));
}

#[test]
fn a_retry_leaves_alone_what_something_else_failed_too() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a b c:0,1"), "ada").unwrap();
    let worker = hub.join("w");
    let orders = worker.poll(&hub, 2, &[]).unwrap().start;
    for order in &orders {
        finish(&hub, order, failed(Failure::ExitCode(1))).unwrap();
    }
    hub.retry_task(orders[0].task.id).unwrap();
    assert_eq!(hub.states(id), "pff");
    hub.retry_task(orders[1].task.id).unwrap();
    assert_eq!(hub.states(id), "ppp");
}

#[test]
fn a_cancelled_task_fails_all_that_needs_it() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a b:0 c:1"), "ada").unwrap();
    hub.cancel_task(tasks(&hub, id)[0].id).unwrap();
    assert_eq!(hub.states(id), "cff");
    let id = hub.submit_file(&file("a b:0"), "ada").unwrap();
    hub.cancel_experiment(id).unwrap();
    assert_eq!(hub.states(id), "cc");
    assert_eq!(tasks(&hub, id)[1].state.word(), State::Cancelled);
}

#[test]
fn a_long_chain_of_tasks_fails_at_once() {
    let hub = TestHub::new();
    let words: Vec<String> = (0..3000)
        .map(|at: u32| {
            if at == 0 {
                "a".to_owned()
            } else {
                format!("t:{}", at - 1)
            }
        })
        .collect();
    let id = hub.submit_file(&file(&words.join(" ")), "ada").unwrap();
    let order = hub.join("w").take(&hub);
    finish(&hub, &order, failed(Failure::Signal(9))).unwrap();
    let counts = hub.experiment_detail(id).unwrap().experiment.counts;
    assert_eq!((counts.failed, counts.total()), (3000, 3000));
}

#[test]
fn a_deleted_experiment_takes_its_dependencies_with_it() {
    let hub = TestHub::new();
    let id = hub.submit_file(&file("a b:0 c:0,1"), "ada").unwrap();
    hub.delete_experiment(id).unwrap();
    assert_eq!(loops::retention::tick(&hub).unwrap(), 3);
}

#[test]
fn runs_stand_side_by_side() {
    let hub = TestHub::new();
    let id = make(&hub);
    let a = hub.start_experiment(id, 1).unwrap()[0];
    let edited = ExperimentDraft {
        config: object(json!({"lr": 0.01})),
        ..draft()
    };
    hub.update_experiment(id, &edited).unwrap();
    let b = hub.start_experiment(id, 1).unwrap()[0];
    let worker = hub.join("w");
    hub.world.advance(Duration::from_secs(1));
    finish(&hub, &worker.take(&hub), completed(1.0)).unwrap();
    let found = hub.compare_runs(&[b, a]).unwrap();
    let rows = [found.config, found.results].concat();
    let differing: Vec<_> = rows.iter().filter(|row| row.differs).collect();
    let paths: Vec<_> = differing.iter().map(|row| row.path.as_str()).collect();
    assert_eq!(paths, ["lr", "seed", "val_bpb"]);
    assert_eq!(differing[0].values, [Some(json!(0.01)), Some(json!(0.001))]);
    assert_eq!(differing[2].values, [None, Some(json!(1.0))]);
    assert_eq!(fields(hub.compare_runs(&[])), ["runs"]);
    assert_eq!(fields(hub.compare_runs(&[a; 17])), ["runs"]);
}
