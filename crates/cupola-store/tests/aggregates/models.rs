//! Models, their versions and what runs logged.

use std::collections::BTreeMap;

use cupola_domain::{
    artifact::{Artifact, Keeper},
    ids::{Ids, LoggedModelId, ModelId},
    model::{
        LoggedModel, LoggedModelMetric, Model, ModelRole, ModelUse, ModelVersion, Readiness, Stage,
    },
};
use cupola_store::{artifacts, experiments, keys, logged_models, model_versions, models, tasks};
use cupola_testkit::{Database, on_each_database};

use crate::rows::{Sample, at};

on_each_database! {
    a_model_reads_back_with_its_tags_and_aliases,
    a_version_reads_back_and_goes_with_all_it_has,
    a_logged_model_reads_back_and_goes_with_its_experiment,
    files_of_models_are_kept_apart_from_those_of_runs,
    a_key_is_made_once,
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn model(ids: &mut Ids, name: &str) -> Model {
    Model {
        id: ids.next(at(0)),
        name: name.to_owned(),
        description: "for <b>people</b>".to_owned(),
        author: "ada".to_owned(),
        newest: 0,
        tags: texts(&[("team", "x"), ("ä", "")]),
        aliases: BTreeMap::new(),
        created_at: at(1),
        updated_at: at(2),
    }
}

fn version(model: ModelId, number: u32, stage: Stage) -> ModelVersion {
    ModelVersion {
        model,
        number,
        stage,
        status: Readiness::Ready,
        description: String::new(),
        source: "runs:/x/model".to_owned(),
        run: None,
        run_link: String::new(),
        logged: None,
        author: "ada".to_owned(),
        tags: texts(&[("k", &number.to_string())]),
        created_at: at(3),
        updated_at: at(3),
    }
}

fn a_model_reads_back_with_its_tags_and_aliases(database: &Database) {
    let mut sample = Sample::new(database);
    let (mut first, second) = (model(&mut sample.ids, "b"), model(&mut sample.ids, "a"));
    let saved = [first.clone(), second.clone()];
    sample.write(move |tx| saved.iter().try_for_each(|model| models::insert(tx, model)));
    assert_eq!(sample.read(|tx| models::find(tx, "b")), Some(first.clone()));
    assert_eq!(sample.read(|tx| models::find(tx, "c")), None);

    let id = first.id;
    "c".clone_into(&mut first.name);
    first.newest = 2;
    first.tags = texts(&[("team", "y")]);
    first.aliases = [("best".to_owned(), 2)].into();
    first.updated_at = at(9);
    let saved = first.clone();
    sample.write(move |tx| {
        models::save(tx, &saved)?;
        model_versions::insert(tx, &version(id, 2, Stage::None))?;
        models::save_tag(tx, id, "team", "y")?;
        assert!(models::delete_tag(tx, id, "ä")?);
        assert!(!models::delete_tag(tx, id, "ä")?);
        models::save_alias(tx, id, "best", 2)?;
        models::save_alias(tx, id, "old", 2)?;
        assert!(models::delete_alias(tx, id, "old")?);
        Ok(())
    });
    assert_eq!(sample.read(|tx| models::list(tx, 9)), [second, first]);
    assert_eq!(sample.read(|tx| models::list(tx, 1)).len(), 1);
}

fn a_version_reads_back_and_goes_with_all_it_has(database: &Database) {
    let mut sample = Sample::new(database);
    let model = model(&mut sample.ids, "m");
    let id = model.id;
    let named = ModelVersion {
        run: Some(sample.runs[0].id),
        logged: Some(sample.ids.next(at(0))),
        ..version(id, 1, Stage::Production)
    };
    let mut others = [
        version(id, 2, Stage::Production),
        version(id, 3, Stage::Staging),
    ];
    let saved = [named.clone(), others[0].clone(), others[1].clone()];
    sample.write(move |tx| {
        models::insert(tx, &model)?;
        for version in &saved {
            model_versions::insert(tx, version)?;
        }
        models::save_alias(tx, id, "best", 1)?;
        artifacts::save(tx, Keeper::ModelVersion(id, 1), &file("a"))
    });
    assert_eq!(
        sample.read(move |tx| model_versions::find(tx, id, 1)),
        Some(named)
    );

    sample.write(move |tx| {
        model_versions::archive_others(tx, id, 1, Stage::Production, at(8))?;
        model_versions::save_tag(tx, id, 3, "k", "new")?;
        model_versions::delete_tag(tx, id, 2, "k")?;
        assert!(model_versions::delete(tx, id, 1)?);
        assert!(!model_versions::delete(tx, id, 1)?);
        Ok(())
    });
    others[0].stage = Stage::Archived;
    others[0].updated_at = at(8);
    others[0].tags = texts(&[]);
    others[1].tags = texts(&[("k", "new")]);
    others.reverse();
    for wanted in [Some(id), None] {
        let listed = sample.read(move |tx| model_versions::list(tx, wanted, 9));
        assert_eq!(listed, others);
    }
    assert!(!sample.read(|tx| artifacts::is_kept(tx, &"a".repeat(64))));
    let found = sample.read(|tx| models::find(tx, "m")).unwrap();
    assert_eq!(found.aliases, BTreeMap::new());
    sample.write(move |tx| {
        for number in [2, 3] {
            model_versions::delete(tx, id, number)?;
        }
        models::delete(tx, id)
    });
    assert_eq!(sample.read(|tx| models::list(tx, 9)), []);
}

fn file(digit: &str) -> Artifact {
    Artifact {
        name: format!("{digit}/x"),
        hash: digit.repeat(64),
        size: 1,
        kept_at: at(3),
    }
}

fn a_logged_model_reads_back_and_goes_with_its_experiment(database: &Database) {
    let mut sample = Sample::new(database);
    let (experiment, run) = (sample.family.id, sample.runs[0].id);
    let mut model = LoggedModel {
        id: sample.ids.next(at(0)),
        experiment,
        name: "model".to_owned(),
        kind: String::new(),
        status: Readiness::Pending,
        run: Some(run),
        params: texts(&[("lr", "0.1")]),
        tags: texts(&[("\"q\"", "é")]),
        created_at: at(1),
        updated_at: at(1),
    };
    let id: LoggedModelId = model.id;
    let saved = model.clone();
    let metric = |value: f64, step: i64| LoggedModelMetric {
        model: id,
        key: "acc".to_owned(),
        value,
        at: at(step),
        step,
        run,
        dataset_name: String::new(),
        dataset_digest: String::new(),
    };
    let used = ModelUse {
        model: id,
        role: ModelRole::Output,
        step: 3,
    };
    let on = |data: &str| LoggedModelMetric {
        dataset_name: data.to_owned(),
        ..metric(0.25, 3)
    };
    let measured = [
        metric(0.5, 1),
        on("val"),
        on("test"),
        metric(f64::INFINITY, 2),
    ];
    sample.write(move |tx| {
        logged_models::insert(tx, &saved)?;
        logged_models::save_metrics(tx, &measured)?;
        logged_models::save_uses(tx, run, &[used])?;
        artifacts::save(tx, Keeper::LoggedModel(id), &file("b"))
    });
    assert_eq!(
        sample.read(move |tx| logged_models::find(tx, id)),
        Some(model.clone())
    );
    let latest = [metric(f64::INFINITY, 2), on("test"), on("val")];
    assert_eq!(
        sample.read(move |tx| logged_models::list_metrics(tx, id)),
        latest
    );
    let of_all = sample.read(move |tx| logged_models::list_metrics_of(tx, experiment));
    assert_eq!(of_all[&id], latest);
    assert_eq!(
        sample.read(move |tx| logged_models::list_uses(tx, run)),
        [used]
    );

    model.status = Readiness::Ready;
    model.tags.clear();
    model.updated_at = at(5);
    let saved = model.clone();
    sample.write(move |tx| logged_models::save(tx, &saved));
    let listed = sample.read(move |tx| logged_models::list(tx, experiment, 9));
    assert_eq!(listed, [model]);
    sample.write(move |tx| {
        experiments::save_deleted(tx, experiment, at(9))?;
        assert_eq!(tasks::delete_some(tx, experiment, 9)?, 5);
        experiments::delete(tx, experiment)
    });
    assert_eq!(sample.read(move |tx| logged_models::find(tx, id)), None);
    assert!(!sample.read(|tx| artifacts::is_kept(tx, &"b".repeat(64))));
}

fn files_of_models_are_kept_apart_from_those_of_runs(database: &Database) {
    let mut sample = Sample::new(database);
    let run = sample.runs[0].id;
    let (logged, model): (LoggedModelId, ModelId) =
        (sample.ids.next(at(0)), sample.ids.next(at(0)));
    let keepers = [
        (Keeper::Run(run), "a"),
        (Keeper::LoggedModel(logged), "b"),
        (Keeper::ModelVersion(model, 1), "c"),
        (Keeper::ModelVersion(model, 11), "d"),
    ];
    sample.write(move |tx| {
        let mut keepers = keepers.iter();
        keepers.try_for_each(|(keeper, digit)| artifacts::save(tx, *keeper, &file(digit)))
    });
    for (keeper, digit) in keepers {
        assert_eq!(
            sample.read(move |tx| artifacts::list(tx, keeper)),
            [file(digit)]
        );
        assert!(sample.read(move |tx| artifacts::is_kept(tx, &digit.repeat(64))));
        let name = file(digit).name;
        let others = sample.read(move |tx| artifacts::count_others(tx, keeper, &name));
        assert_eq!(others, 0);
    }
    let hashes = sample.read(|tx| artifacts::list_hashes(tx, "b", "d"));
    assert_eq!(hashes.len(), 2);
    for (keeper, digit) in keepers {
        let name = file(digit).name;
        assert!(sample.write(move |tx| artifacts::delete(tx, keeper, &name)));
        assert!(!sample.read(move |tx| artifacts::is_kept(tx, &digit.repeat(64))));
    }
}

fn a_key_is_made_once(database: &Database) {
    let store = database.open();
    let made = |fresh: &'static [u8]| {
        store
            .write(move |tx| keys::find_or_insert(tx, "k", fresh))
            .unwrap()
    };
    assert_eq!(made(b"first"), b"first");
    assert_eq!(made(b"second"), b"first");
}
