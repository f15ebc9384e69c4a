//! Experiments in lists, and tasks that need others.

use cupola_domain::{
    counts::{Counts, State},
    experiment::{Experiment, Origin},
    ids::{ExperimentId, TaskId},
    objective::{Direction, Objective},
    setup::Setup,
};
use cupola_store::{
    Tx, code, dependencies,
    experiments::{self, Query, Sort},
    runs, scheduling, tasks,
};
use cupola_testkit::{Database, on_each_database};

use crate::rows::{Sample, at};

on_each_database! {
    an_edit_is_read_back,
    experiments_are_filtered_sorted_and_paged,
    a_list_knows_the_state_that_the_counts_have,
    a_task_waits_for_the_first_that_it_needs,
    runs_of_an_experiment_come_the_latest_first,
}

fn all() -> Query {
    Query {
        limit: 100,
        ..Query::default()
    }
}

/// Adds an experiment that no brief made, and says what was written.
fn add(sample: &mut Sample, name: &str, counts: [u64; 5]) -> Experiment {
    let [pending, running, completed, failed, cancelled] = counts;
    let experiment = Experiment {
        id: sample.ids.next(at(1)),
        name: name.to_owned(),
        origin: Origin::Manual,
        objective: None,
        setup: Setup::default(),
        counts: Counts {
            pending,
            running,
            completed,
            failed,
            cancelled,
        },
        ..sample.family.clone()
    };
    let written = experiment.clone();
    sample.write(move |tx| {
        let needs = code::needs_id(tx, &written.needs)?;
        experiments::insert(tx, &written, needs)?;
        let counts = counts.map(|count| i64::try_from(count).unwrap());
        experiments::save_changes(tx, written.id, counts)
    });
    experiment
}

fn an_edit_is_read_back(database: &Database) {
    let mut sample = Sample::new(database);
    let before = add(&mut sample, "a", [0; 5]);
    let id = before.id;
    assert_eq!(
        sample.read(move |tx| experiments::find(tx, id)),
        Some(before.clone())
    );
    let after = Experiment {
        name: "b".to_owned(),
        description: "why".to_owned(),
        objective: Some(Objective {
            metric: "acc".to_owned(),
            direction: Direction::Maximize,
            unit: "%".to_owned(),
        }),
        setup: sample.family.setup.clone(),
        updated_at: at(9),
        ..before
    };
    let written = after.clone();
    sample.write(move |tx| {
        let needs = code::needs_id(tx, &written.needs)?;
        experiments::save_edited(tx, &written, needs)
    });
    assert_eq!(
        sample.read(move |tx| experiments::find(tx, id)),
        Some(after)
    );
}

fn experiments_are_filtered_sorted_and_paged(database: &Database) {
    let mut sample = Sample::new(database);
    add(&mut sample, "Beta", [0; 5]);
    add(&mut sample, "alpha 50%", [1, 0, 0, 0, 0]);
    let gone = add(&mut sample, "gone", [0; 5]).id;
    sample.write(move |tx| experiments::save_deleted(tx, gone, at(2)));
    let check = |query: Query, names: &[&str], expected: u64| {
        let (found, total) = sample.read(move |tx| experiments::list(tx, &query));
        let found: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((found.as_slice(), total), (names, expected));
    };
    check(all(), &["Beta", "alpha 50%"], 2);
    let by_name = Query {
        sort: Sort::Name,
        ..all()
    };
    check(by_name.clone(), &["alpha 50%", "Beta"], 2);
    let down = Query {
        descending: true,
        limit: 1,
        ..by_name
    };
    check(down.clone(), &["Beta"], 2);
    check(Query { offset: 1, ..down }, &["alpha 50%"], 2);
    let searching = |search: &str| Query {
        search: search.to_owned(),
        ..all()
    };
    check(searching("BETA"), &["Beta"], 1);
    check(searching("50%"), &["alpha 50%"], 1);
    check(searching("_"), &[], 0);
    let template = |name: &str| Query {
        template: Some(name.to_owned()),
        with_families: true,
        ..all()
    };
    check(template("char-lm"), &["campaign-1", "Beta", "alpha 50%"], 3);
    check(template("a\0b"), &[], 0);
}

fn a_list_knows_the_state_that_the_counts_have(database: &Database) {
    let mut sample = Sample::new(database);
    let mut expected = Vec::new();
    for bits in 0..32_u64 {
        let counts = [0, 1, 2, 3, 4].map(|place| (bits >> place) & 1);
        expected.push(add(&mut sample, &bits.to_string(), counts));
    }
    for state in State::ALL {
        let query = Query {
            state: Some(state),
            ..all()
        };
        let (found, _) = sample.read(move |tx| experiments::list(tx, &query));
        let in_state = expected.iter().filter(|one| one.state() == state);
        assert_eq!(found, in_state.cloned().collect::<Vec<_>>(), "{state}");
    }
}

fn a_task_waits_for_the_first_that_it_needs(database: &Database) {
    let mut sample = Sample::new(database);
    let ids: Vec<TaskId> = sample.tasks.iter().map(|task| task.id).collect();
    let (first, second, waiting) = (ids[0], ids[1], ids[4]);
    let (mut task, mut run) = (sample.tasks[4].clone(), sample.runs[4].clone());
    task.id = sample.ids.next(at(0));
    run.id = sample.ids.next(at(0));
    (task.run, run.task) = (run.id, task.id);
    (task.number, task.urgency, task.waiting_for) = (5, 99, Some(0));
    let dependent = task.id;
    let find_ready = |tx: &mut Tx| {
        let needs = code::list_needs(tx)?[0].0;
        let heads = scheduling::list_heads(tx, needs)?;
        Ok(heads.first().map(|head| head.task))
    };
    sample.write(move |tx| {
        let needs = code::list_needs(tx)?[0].0;
        tasks::insert(tx, &task, needs)?;
        runs::insert(tx, &run)?;
        dependencies::insert(tx, dependent, second)?;
        dependencies::insert(tx, dependent, first)
    });
    assert_eq!(sample.read(find_ready), Some(first));
    let waits_for = move |tx: &mut Tx| Ok(tasks::find(tx, dependent)?.and_then(|t| t.waiting_for));
    // It waits for another: nothing of it is written, and nobody is told.
    let released = sample.write(move |tx| dependencies::release(tx, second, 1));
    assert_eq!((released, sample.read(waits_for)), (vec![], Some(0)));
    sample.complete(0, 1.0);
    let released = sample.write(move |tx| dependencies::release(tx, first, 0));
    assert_eq!(
        (released, sample.read(waits_for)),
        (vec![dependent], Some(1))
    );
    sample.complete(1, 1.0);
    sample.write(move |tx| dependencies::release(tx, second, 1));
    assert_eq!(sample.read(waits_for), None);
    assert_eq!(sample.read(find_ready), Some(dependent));
    let dependents = move |tx: &mut Tx| dependencies::list_dependents(tx, second);
    assert_eq!(sample.read(dependents), [dependent]);
    let none = move |tx: &mut Tx| dependencies::list_dependents(tx, waiting);
    assert_eq!(sample.read(none), []);
    let family = sample.family.id;
    let gone = sample.write(move |tx| tasks::delete_some(tx, family, 100));
    assert_eq!(gone, 6);
}

fn runs_of_an_experiment_come_the_latest_first(database: &Database) {
    let sample = Sample::new(database);
    let family: ExperimentId = sample.family.id;
    let mut expected = sample.runs.clone();
    expected.reverse();
    let page =
        |limit, offset| sample.read(move |tx| runs::list_of_experiment(tx, family, limit, offset));
    assert_eq!(page(10, 0), expected);
    assert_eq!(page(2, 1), expected[1..3]);
    assert_eq!(
        sample.read(move |tx| runs::count_of_experiment(tx, family)),
        5
    );
}
