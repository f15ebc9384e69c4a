//! Runs are found by the model that they train.

use cupola_domain::{
    ids::RunId,
    run::{Lease, Outcome, RunState},
};
use cupola_store::{experiments, runs, tags, trained};
use cupola_testkit::{Database, on_each_database};

use crate::rows::{Sample, at};

on_each_database! {
    the_latest_run_of_a_model_is_found,
    those_that_somebody_has_are_listed_with_their_model,
    a_deleted_experiment_has_no_runs_of_a_model,
}

/// Says of the n-th run which model it trains.
fn tag(sample: &Sample, run: usize, model: &str) {
    let (run, said) = (
        sample.runs[run].id,
        vec![("model".to_owned(), model.to_owned())],
    );
    sample.write(move |tx| tags::save(tx, run, &said));
}

fn newest(sample: &Sample, key: &str) -> Option<RunId> {
    let key = key.to_owned();
    let found = sample.read(move |tx| trained::find_newest(tx, &key));
    found.map(|run| run.id)
}

fn the_latest_run_of_a_model_is_found(database: &Database) {
    let sample = Sample::new(database);
    let long = "k".repeat(100);
    for (run, model) in [(0, "majora"), (1, "din"), (2, "majora"), (3, &long)] {
        tag(&sample, run, model);
    }
    let id = |run: usize| Some(sample.runs[run].id);
    assert_eq!(newest(&sample, "majora"), id(2));
    assert_eq!(newest(&sample, "din"), id(1));
    assert_eq!(newest(&sample, &long), id(3));
    // The index knows the beginning alone.
    assert_eq!(newest(&sample, &"k".repeat(99)), None);
    assert_eq!(newest(&sample, "veran"), None);
}

fn those_that_somebody_has_are_listed_with_their_model(database: &Database) {
    let sample = Sample::new(database);
    tag(&sample, 1, "din");
    assert_eq!(sample.read(trained::list_active), []);
    for number in [0, 1, 2] {
        let (was, lease) = (sample.runs[number].clone(), lease(&sample));
        let mut run = was.clone();
        run.state = match number {
            2 => RunState::Finished {
                outcome: Outcome::Completed,
                finished_at: at(3),
            },
            _ => RunState::Leased { lease },
        };
        run.worker = Some(lease.worker);
        run.epoch = lease.epoch;
        sample.write(move |tx| runs::save(tx, &run, &was.state));
    }
    let found = sample.read(trained::list_active);
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.number, one.model.as_deref()))
        .collect();
    assert_eq!(told, [(1, Some("din")), (0, None)]);
    assert_eq!(found[0].experiment, sample.family.name);
}

fn lease(sample: &Sample) -> Lease {
    Lease {
        worker: sample.worker,
        epoch: 1,
    }
}

fn a_deleted_experiment_has_no_runs_of_a_model(database: &Database) {
    let sample = Sample::new(database);
    tag(&sample, 0, "din");
    tag(&sample, 4, "majora");
    let family = sample.family.id;
    let mut keys = sample.read(move |tx| trained::list_keys_of(tx, family, 10));
    keys.sort();
    assert_eq!(keys, ["din", "majora"]);
    sample.write(move |tx| experiments::save_deleted(tx, family, at(9)));
    assert_eq!(newest(&sample, "din"), None);
    // Who had the runs in mind still learns which models they were of.
    let keys = sample.read(move |tx| trained::list_keys_of(tx, family, 1));
    assert_eq!(keys, ["majora"]);
}
