//! What is written is what is read.

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    access::{Belonging, Role, Token},
    artifact::Artifact,
    brief::{Brief, Wanted},
    counts::{Counts, State},
    credits::Credits,
    experiment::{Experiment, Origin},
    ids::{Ids, RunId, TaskId, WorkerId},
    log::LevelCounts,
    metric::Point,
    objective::{Direction, Objective},
    progress::{Level, Levels, Progress},
    provenance::Provenance,
    resources::{Capabilities, Gpu, Needs},
    result::Kept,
    run::{Failure, Lease, Loss, Outcome, Run, RunState},
    scheduling::{Class, Placement},
    setup::Setup,
    stopping::{StopStep, Stopping},
    task::{Attempts, Task, TaskState},
    template::CodeFile,
    time::Timestamp,
    worker::Worker,
};
use cupola_store::{
    Store, StoreError, Tx, artifacts, briefs, code, experiments, logs, results, runs, scheduling,
    series, tasks, tokens, workers,
};
use cupola_testkit::{Database, on_each_database};
use serde_json::{Map, Value, json};

on_each_database! {
    briefs_and_families_read_back,
    tokens_and_sessions_read_back,
    workers_read_back,
    code_and_needs_read_back,
    tasks_and_runs_read_back_in_every_state,
    a_run_that_a_client_logs_has_no_worker,
    a_stale_fence_writes_nothing,
    lists_are_filtered_sorted_and_paged,
    logs_points_and_results_read_back,
    artifacts_replace_each_other_by_name,
    a_deleted_experiment_goes_with_all_it_has,
}

pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + secs * 1000)
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    owned.collect()
}

/// Results as they are kept.
pub(crate) fn kept(results: &Map<String, Value>) -> Vec<(String, Kept)> {
    let kept = |(key, value): (&String, &Value)| (key.clone(), Kept::new(key, value).unwrap());
    results.iter().map(kept).collect()
}

/// A family of five tasks in a store.
pub(crate) struct Sample {
    pub(crate) store: Store,
    pub(crate) ids: Ids,
    brief: Brief,
    pub(crate) family: Experiment,
    pub(crate) tasks: Vec<Task>,
    pub(crate) runs: Vec<Run>,
    pub(crate) worker: WorkerId,
}

impl Sample {
    pub(crate) fn new(database: &Database) -> Self {
        let mut ids = Ids::new(1);
        let brief = brief(&mut ids);
        let family = family(&mut ids, &brief);
        let worker = ids.next(at(0));
        let mut sample = Self {
            store: database.open(),
            ids,
            brief,
            family,
            tasks: Vec::new(),
            runs: Vec::new(),
            worker,
        };
        for number in 0..5 {
            sample.plan(number);
        }
        let (brief, family) = (sample.brief.clone(), sample.family.clone());
        let (tasks, runs) = (sample.tasks.clone(), sample.runs.clone());
        sample.write(move |tx| {
            let needs = code::needs_id(tx, &family.needs)?;
            code::insert(tx, &family.code_hash, "char-lm", &["x".to_owned()], &[])?;
            briefs::insert(tx, &brief)?;
            experiments::insert(tx, &family, needs)?;
            for (task, run) in tasks.iter().zip(&runs) {
                cupola_store::tasks::insert(tx, task, needs)?;
                cupola_store::runs::insert(tx, run)?;
            }
            experiments::save_changes(tx, family.id, [5, 0, 0, 0, 0])
        });
        sample
    }

    fn plan(&mut self, number: u32) {
        let (task, run) = (self.ids.next(at(0)), self.ids.next(at(0)));
        self.runs.push(Run {
            id: run,
            name: String::new(),
            task,
            experiment: self.family.id,
            attempt: 1,
            state: RunState::Pending,
            worker: None,
            loss: None,
            epoch: 0,
            code_hash: self.family.code_hash.clone(),
            environment: None,
            progress: None,
            stopping: None,
            provenance: Provenance::Measured,
            wall_time: None,
            created_at: at(0),
            leased_at: None,
            started_at: None,
            finished_at: None,
        });
        self.tasks.push(Task {
            id: task,
            experiment: self.family.id,
            number,
            state: TaskState::Pending,
            config: object(json!({"lr": 0.001, "name": format!("50%_{number}")})),
            seed: 42 + i64::from(number),
            time_budget: Duration::from_millis(1500),
            environment: texts(&[("OMP_NUM_THREADS", "1")]),
            working_folder: (number == 1).then(|| "/data".to_owned()),
            tags: texts(&[("fold", "1")]),
            metric: "val_bpb".into(),
            waiting_for: None,
            is_withheld: false,
            priority: 5 - i64::from(number),
            urgency: 5 - i64::from(number),
            attempts: Attempts::default(),
            epoch: 0,
            run,
            worker: None,
            value: None,
            created_at: at(0),
            finished_at: None,
        });
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.write(closure).unwrap()
    }

    pub(crate) fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        self.store.read(closure).unwrap()
    }

    /// Completes a task without its moves in between, and says what was written.
    pub(crate) fn complete(&self, number: usize, value: f64) -> Task {
        let mut task = self.tasks[number].clone();
        task.state = TaskState::Completed;
        task.value = Some(value);
        task.finished_at = Some(at(i64::try_from(number).unwrap()));
        let saved = task.clone();
        self.write(move |tx| tasks::save(tx, &saved, State::Pending, 0));
        task
    }
}

fn brief(ids: &mut Ids) -> Brief {
    Brief {
        id: ids.next(at(0)),
        wanted: Wanted {
            title: "Best <small> model".into(),
            goal: "goal".into(),
            constraints: String::new(),
            template: "char-lm".into(),
            budget: Some(Credits::from_micros(7)),
            hardware: "medium".into(),
            placement: Placement::OneClass,
            num_tasks: 5,
            time_budget: Duration::from_secs(10),
            sampler: "random".into(),
            study_seed: 3,
            priority: 3,
            space: object(json!({"b": "fixed(1)", "a": "fixed(2)"})),
        },
        author: "ada".into(),
        created_at: at(0),
    }
}

fn family(ids: &mut Ids, brief: &Brief) -> Experiment {
    Experiment {
        id: ids.next(at(0)),
        name: "campaign-1".into(),
        description: "two\nlines".into(),
        origin: Origin::Brief(brief.id),
        template: "char-lm".into(),
        code_hash: "abc".into(),
        objective: Some(Objective {
            metric: "val_bpb".into(),
            direction: Direction::Minimize,
            unit: String::new(),
        }),
        baseline: Some(4.25),
        needs: Needs {
            cpu_cores: 2,
            ..Needs::default()
        },
        setup: Setup {
            config: object(json!({"b": 1, "a": [2]})),
            seed: Some(-7),
            time_budget: Duration::from_millis(2500),
            environment: texts(&[("A", "x=\"y\"")]),
            working_folder: Some("/data".into()),
            tags: texts(&[("team", "ärger")]),
            priority: -3,
        },
        placement: Placement::OneClass,
        device_class: None,
        counts: Counts {
            pending: 5,
            ..Counts::default()
        },
        author: "ada".into(),
        created_at: at(0),
        updated_at: at(1),
    }
}

fn briefs_and_families_read_back(database: &Database) {
    let sample = Sample::new(database);
    let (brief, family) = (sample.brief.id, sample.family.id);
    assert_eq!(
        sample.read(move |tx| briefs::find(tx, brief)),
        Some(sample.brief.clone())
    );
    assert_eq!(
        sample.read(move |tx| experiments::find(tx, family)),
        Some(sample.family.clone())
    );
    let by_brief = sample.read(move |tx| experiments::find_by_brief(tx, brief));
    assert_eq!(by_brief, Some(sample.family.clone()));
    let found = |search: &'static str| sample.read(move |tx| briefs::list(tx, search, 10, 0)).1;
    assert_eq!(
        (found(""), found("SMALL"), found("50%"), found("_")),
        (1, 1, 0, 0)
    );
    sample.write(move |tx| {
        experiments::save_move(tx, family, Some(State::Pending), Some(State::Running))
    });
    let counts = sample.read(experiments::sum_counts).1;
    assert_eq!((counts.pending, counts.running, counts.total()), (4, 1, 5));
}

fn tokens_and_sessions_read_back(database: &Database) {
    let store = database.open();
    let token = Token {
        id: Ids::new(1).next(at(0)),
        name: "ci".into(),
        role: Role::Operator,
        prefix: "cupola_op".into(),
        created_at: at(0),
        expires_at: Some(at(9)),
        revoked_at: None,
        belonging: Belonging {
            owner: "ann".into(),
            team: "lab".into(),
        },
    };
    let saved = token.clone();
    let run = move |tx: &mut Tx| -> Result<_, StoreError> {
        tokens::insert(tx, &saved, "digest")?;
        tokens::insert_session(tx, "cookie", saved.id, at(0), at(5))?;
        let found = tokens::find_by_digest(tx, "digest")?;
        let alive = tokens::find_by_session(tx, "cookie", at(4))?;
        let ended = tokens::find_by_session(tx, "cookie", at(5))?;
        tokens::save_revoked(tx, saved.id, at(1))?;
        Ok((
            found,
            alive,
            ended,
            tokens::find_by_session(tx, "cookie", at(2))?,
        ))
    };
    let (found, alive, ended, revoked) = store.write(run).unwrap();
    assert_eq!((found, alive), (Some(token.clone()), Some(token.clone())));
    assert_eq!((ended, revoked), (None, None));
    let listed = store.read(tokens::list).unwrap();
    assert_eq!(
        listed,
        [Token {
            revoked_at: Some(at(1)),
            ..token
        }]
    );
}

fn workers_read_back(database: &Database) {
    let store = database.open();
    let mut ids = Ids::new(1);
    let token = Token {
        id: ids.next(at(0)),
        name: "w".into(),
        role: Role::Worker,
        prefix: String::new(),
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        belonging: Belonging {
            owner: "ann".into(),
            team: "lab".into(),
        },
    };
    let worker = Worker {
        id: ids.next(at(0)),
        name: "box".into(),
        token: token.id,
        session: "s".into(),
        capabilities: Capabilities {
            gpus: vec![Gpu {
                name: "RTX 3080".into(),
                memory_bytes: 10,
            }],
            ..Capabilities::default()
        },
        slots: 2,
        version: "0".into(),
        registered_at: at(0),
        last_seen_at: at(1),
        left_at: None,
        drained: None,
    };
    let saved = worker.clone();
    let listed = store.write(move |tx| -> Result<_, StoreError> {
        tokens::insert(tx, &token, "d")?;
        workers::save(tx, &saved)?;
        workers::save(tx, &saved)?;
        workers::save_seen(tx, saved.id, at(3))?;
        workers::save_seen(tx, saved.id, at(2))?;
        workers::list(tx)
    });
    assert_eq!(
        listed.unwrap(),
        [Worker {
            last_seen_at: at(3),
            ..worker.clone()
        }]
    );
    store
        .write(move |tx| workers::save_removed(tx, worker.id, at(4)))
        .unwrap();
    assert_eq!(
        store.read(move |tx| workers::find(tx, worker.id)).unwrap(),
        None
    );
}

fn code_and_needs_read_back(database: &Database) {
    let store = database.open();
    let files = vec![CodeFile {
        path: "a/run.py".into(),
        bytes: vec![0, 255, 10],
    }];
    let kept = files.clone();
    let command = vec!["{python}".to_owned(), "{code}/a/run.py".to_owned()];
    let given = command.clone();
    let (found, about, first, again, other) = store
        .write(move |tx| -> Result<_, StoreError> {
            code::insert(tx, "h", "t", &given, &kept)?;
            code::insert(tx, "h", "t", &given, &kept)?;
            let first = code::needs_id(tx, &Needs::default())?;
            let again = code::needs_id(tx, &Needs::default())?;
            let other = code::needs_id(
                tx,
                &Needs {
                    torch: true,
                    ..Needs::default()
                },
            )?;
            Ok((
                code::find(tx, "h")?,
                code::find_command(tx, "h")?,
                first,
                again,
                other,
            ))
        })
        .unwrap();
    let about = about.unwrap();
    assert_eq!(found.unwrap(), (about.clone(), files));
    assert_eq!((about.command, about.has_files), (command, true));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

fn a_run_that_a_client_logs_has_no_worker(database: &Database) {
    let sample = Sample::new(database);
    let mut run = sample.runs[0].clone();
    let moves = [
        RunState::Logging { since: at(2) },
        RunState::Finished {
            outcome: Outcome::Completed,
            finished_at: at(3),
        },
        RunState::Logging { since: at(4) },
    ];
    for state in moves {
        let was = std::mem::replace(&mut run.state, state);
        let (saved, id) = (run.clone(), run.id);
        sample.write(move |tx| runs::save(tx, &saved, &was));
        assert_eq!(sample.read(move |tx| runs::find(tx, id)), Some(run.clone()));
        assert!(sample.read(runs::list_leased).is_empty());
    }
}

fn tasks_and_runs_read_back_in_every_state(database: &Database) {
    let sample = Sample::new(database);
    let lease = Lease {
        worker: sample.worker,
        epoch: 7,
    };
    let failures = [
        Failure::ExitCode(3),
        Failure::BadOutput("…".into()),
        Failure::TimedOut,
    ];
    let outcomes = failures
        .map(Outcome::Failed)
        .into_iter()
        .chain([Outcome::Completed]);
    let mut states = vec![
        RunState::Leased { lease },
        RunState::Running {
            lease,
            started_at: at(2),
        },
        RunState::Cancelling {
            lease,
            asked_at: at(3),
        },
        RunState::Lost {
            lease,
            lost_at: at(4),
        },
    ];
    states.extend(outcomes.map(|outcome| RunState::Finished {
        outcome,
        finished_at: at(5),
    }));
    let mut run = sample.runs[0].clone();
    for state in states {
        let was = std::mem::replace(&mut run.state, state);
        if matches!(was, RunState::Finished { .. }) {
            // Nothing leaves a finished state: try the next ending on another run.
            let next = next_pending(&sample, &run);
            run = Run {
                state: run.state,
                ..next
            };
        }
        let was = if matches!(was, RunState::Finished { .. }) {
            RunState::Pending
        } else {
            was
        };
        run.epoch = 7;
        run.worker = Some(sample.worker);
        run.leased_at = Some(at(1));
        run.progress = None;
        run.stopping = Some(ASKED);
        run.loss = Some(Loss::CutOff);
        let saved = run.clone();
        let id = run.id;
        sample.write(move |tx| runs::save(tx, &saved, &was));
        assert_eq!(sample.read(move |tx| runs::find(tx, id)), Some(run.clone()));
    }

    let mut task = sample.tasks[0].clone();
    task.state = TaskState::Failed(Failure::Signal(9));
    task.finished_at = Some(at(9));
    task.epoch = 1;
    let (saved, id) = (task.clone(), task.id);
    sample.write(move |tx| tasks::save(tx, &saved, State::Pending, 0));
    assert_eq!(sample.read(move |tx| tasks::find(tx, id)), Some(task));
    for value in [f64::INFINITY, 0.5] {
        let task = sample.complete(if value.is_finite() { 1 } else { 2 }, value);
        let id = task.id;
        assert_eq!(sample.read(move |tx| tasks::find(tx, id)), Some(task));
    }
}

const ASKED: Stopping = Stopping {
    step: StopStep::Asked,
    next_at: Some(Timestamp::from_millis(9)),
};

fn next_pending(sample: &Sample, run: &Run) -> Run {
    let at = sample
        .runs
        .iter()
        .position(|known| known.id == run.id)
        .unwrap();
    sample.runs[at + 1].clone()
}

fn a_stale_fence_writes_nothing(database: &Database) {
    let sample = Sample::new(database);
    let (task, run) = (sample.tasks[0].clone(), sample.runs[0].clone());
    let stale_task = task.clone();
    let refused: Result<(), _> = sample
        .store
        .write(move |tx| tasks::save(tx, &stale_task, State::Pending, 1));
    assert!(
        matches!(refused, Err(StoreError::RowsAffected { actual: 0, .. })),
        "{refused:?}"
    );
    let lease = Lease {
        worker: sample.worker,
        epoch: 2,
    };
    let refused: Result<(), _> = sample
        .store
        .write(move |tx| runs::save(tx, &run, &RunState::Leased { lease }));
    assert!(
        matches!(refused, Err(StoreError::RowsAffected { actual: 0, .. })),
        "{refused:?}"
    );
    let id = task.id;
    assert_eq!(sample.read(move |tx| tasks::find(tx, id)), Some(task));
}

fn lists_are_filtered_sorted_and_paged(database: &Database) {
    let sample = Sample::new(database);
    sample.complete(1, 2.0);
    sample.complete(3, 1.0);
    let numbers = |filter: tasks::Filter| -> Vec<u32> {
        let listed = sample.read(move |tx| tasks::list(tx, &filter));
        listed.iter().map(|task| task.number).collect()
    };
    let all = || tasks::Filter {
        limit: 10,
        ..tasks::Filter::default()
    };
    assert_eq!(numbers(all()), [0, 1, 2, 3, 4]);
    assert_eq!(
        numbers(tasks::Filter {
            descending: true,
            limit: 2,
            offset: 1,
            ..all()
        }),
        [3, 2]
    );
    let completed = tasks::Filter {
        state: Some(State::Completed),
        ..all()
    };
    assert_eq!(numbers(completed), [1, 3]);
    assert_eq!(
        numbers(tasks::Filter {
            sort: tasks::Sort::Value,
            ..all()
        }),
        [3, 1]
    );
    assert_eq!(
        numbers(tasks::Filter {
            sort: tasks::Sort::Priority,
            ..all()
        }),
        [4, 3, 2, 1, 0]
    );
    assert_eq!(
        numbers(tasks::Filter {
            search: "50%_2".into(),
            ..all()
        }),
        [2]
    );
    assert_eq!(
        numbers(tasks::Filter {
            search: "50x".into(),
            ..all()
        }),
        [0u32; 0]
    );
    let search = tasks::Filter {
        search: "50%".into(),
        ..all()
    };
    let same = search.clone();
    assert_eq!(sample.read(move |tx| tasks::count(tx, &search)), 5);
    let states = sample.read(move |tx| tasks::count_states(tx, &same));
    assert_eq!(states.total(), 5);
    let valued = tasks::Filter {
        sort: tasks::Sort::Value,
        ..all()
    };
    let listed = numbers(valued.clone()).len() as u64;
    assert_eq!(sample.read(move |tx| tasks::count(tx, &valued)), listed);
    let family = sample.family.id;
    let best = sample.read(move |tx| tasks::find_best(tx, family, Direction::Minimize));
    assert_eq!(best.map(|(_, value)| value), Some(1.0));
    let ready = sample.read(|tx| {
        let needs = code::list_needs(tx)?;
        scheduling::list_heads(tx, needs[0].0)
    });
    let first = &ready[0];
    assert_eq!((ready.len(), first.task), (1, sample.tasks[0].id));
    assert_eq!(first.lane.experiment, Some(sample.family.id));
    assert_eq!((first.made(), first.urgency), (at(0), 5));
    assert_eq!(first.class, Class::One(None));
}

type Save = fn(&mut Tx, RunId, i64) -> Result<(), StoreError>;

fn logs_points_and_results_read_back(database: &Database) {
    let sample = Sample::new(database);
    let run = sample.runs[0].id;
    let chunk = logs::Chunk {
        number: 0,
        stream: "stderr".into(),
        at: at(1),
        first_line: 1,
        levels: LevelCounts::new([0, 0, 1, 1]),
        omitted: 0,
        body: vec![b'a', b'\n', 255],
    };
    let points = vec![Point {
        step: 1,
        time_millis: 2,
        value: f64::NAN,
    }];
    let level = Level::new(1.0, Some(2.0), "half").unwrap();
    let progress = Progress::after(None, Levels::from_iter([level]), at(4));
    let told = progress.clone();
    let results = object(json!({"z": 1, "a": {"nested": [null]}}));
    let epoch = sample.read(move |tx| runs::find(tx, run)).unwrap().epoch;
    let (written, sent, said) = (chunk.clone(), points.clone(), kept(&results));
    sample.write(move |tx| {
        logs::insert(tx, run, &written)?;
        series::append(tx, run, "loss", &sent)?;
        runs::save_progress(tx, run, epoch, &progress)?;
        runs::save_stopping(tx, run, epoch, ASKED)?;
        runs::save_environment(tx, run, epoch, "{}")?;
        results::save(tx, run, &said, at(2))?;
        results::save(tx, run, &said, at(3))
    });
    let found = sample.read(move |tx| runs::find(tx, run)).unwrap();
    assert_eq!((found.progress, found.stopping), (Some(told), Some(ASKED)));
    let stale: [Save; 3] = [
        |tx, run, epoch| {
            runs::save_progress(
                tx,
                run,
                epoch,
                &Progress::after(None, Levels::default(), at(5)),
            )
        },
        |tx, run, epoch| runs::save_stopping(tx, run, epoch, ASKED),
        |tx, run, epoch| runs::save_environment(tx, run, epoch, "{}"),
    ];
    for save in stale {
        let saved = sample.store.write(move |tx| save(tx, run, epoch + 1));
        assert!(saved.is_err(), "another lease's word is not taken");
    }
    assert_eq!(sample.read(move |tx| logs::list(tx, run, 0, 9)), [chunk]);
    let found = sample.read(move |tx| series::find(tx, run, "loss"));
    let found = found.expect("it was appended");
    assert_eq!(found.last, points.last().copied());
    assert_eq!(
        sample.read(move |tx| series::points(tx, &found, 0, 9)),
        points
    );
    assert_eq!(
        sample.read(move |tx| series::list_names(tx, run, 9)),
        ["loss"]
    );
    assert_eq!(sample.read(move |tx| results::list(tx, run)), results);
    let was = runs::Intake::default();
    let now = runs::Intake {
        report_next: 1,
        log_levels: LevelCounts::new([0, 0, 1, 1]),
        log_open: vec![(2, "stderr".into()), (1, "std out".into())],
        ..was.clone()
    };
    let (before, after) = (was.clone(), now.clone());
    sample.write(move |tx| runs::save_intake(tx, run, &before, &after));
    let after = now.clone();
    let twice: Result<(), _> = sample
        .store
        .write(move |tx| runs::save_intake(tx, run, &was, &after));
    assert!(twice.is_err(), "a report is counted once");
    assert_eq!(sample.read(move |tx| runs::find_intake(tx, run)), Some(now));
}

fn artifacts_replace_each_other_by_name(database: &Database) {
    let sample = Sample::new(database);
    let (run, other) = (sample.runs[0].id, sample.runs[1].id);
    let artifact = |name: &str, digit: &str, size| Artifact {
        name: name.into(),
        hash: digit.repeat(64),
        size,
        kept_at: at(3),
    };
    let (first, second) = (
        artifact("<b>a</b>", "a", 0),
        artifact("<b>a</b>", "b", 1 << 40),
    );
    let beside = artifact("b/c", "a", 3);
    let kept = [first, second.clone(), beside.clone()];
    sample.write(move |tx| {
        kept.iter()
            .try_for_each(|one| artifacts::save(tx, run, one))
    });
    let listed = sample.read(move |tx| artifacts::list(tx, run));
    assert_eq!(listed, [second.clone(), beside]);
    let found = sample.read(move |tx| artifacts::find(tx, run, "<b>a</b>"));
    assert_eq!(found, Some(second));
    assert_eq!(
        sample.read(move |tx| artifacts::find(tx, other, "b/c")),
        None
    );
    assert_eq!(
        sample.read(move |tx| artifacts::count_others(tx, run, "b/c")),
        1
    );
    let hashes = sample.read(|tx| artifacts::list_hashes(tx, "a", "b"));
    assert_eq!(hashes.into_iter().collect::<Vec<_>>(), ["a".repeat(64)]);
    assert!(sample.read(|tx| artifacts::is_kept(tx, &"b".repeat(64))));
    assert!(!sample.read(|tx| artifacts::is_kept(tx, &"c".repeat(64))));
}

fn a_deleted_experiment_goes_with_all_it_has(database: &Database) {
    let sample = Sample::new(database);
    let (family, brief, run) = (sample.family.id, sample.brief.id, sample.runs[0].id);
    let task: TaskId = sample.tasks[0].id;
    sample.write(move |tx| {
        results::save(tx, run, &kept(&object(json!({"a": 1}))), at(0))?;
        let artifact = Artifact {
            name: "a".into(),
            hash: "0".repeat(64),
            size: 1,
            kept_at: at(0),
        };
        artifacts::save(tx, run, &artifact)?;
        briefs::save_deleted(tx, brief, at(1))?;
        experiments::save_deleted(tx, family, at(1))
    });
    assert_eq!(sample.read(move |tx| experiments::find(tx, family)), None);
    let all = tasks::Filter {
        limit: 9,
        ..tasks::Filter::default()
    };
    assert_eq!(sample.read(move |tx| tasks::list(tx, &all)), []);
    sample.write(move |tx| {
        assert_eq!(tasks::delete_some(tx, family, 3)?, 3);
        assert_eq!(tasks::delete_some(tx, family, 3)?, 2);
        experiments::delete(tx, family)?;
        briefs::delete(tx, brief)
    });
    assert_eq!(sample.read(move |tx| tasks::find(tx, task)), None);
    assert_eq!(sample.read(experiments::list_deleted), []);
    assert!(!sample.read(|tx| artifacts::is_kept(tx, &"0".repeat(64))));
}
