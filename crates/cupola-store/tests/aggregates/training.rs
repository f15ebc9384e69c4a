//! Training models, what is said and found of them, and what becomes of registered models.

use cupola_domain::{
    cost::Money,
    counts::State,
    ids::ModelId,
    model::{
        DataUsed, Deployment, DeploymentStatus, Evaluation, EvaluationOrigin, Lineage, Model,
        ModelVersion, Readiness, Stage,
    },
    training::{Claim, ClaimProvenance, Found, TrainingFile, TrainingModel},
};
use cupola_store::{
    model_history, model_lineage, model_versions, models, tags, training, training_files,
};
use cupola_testkit::{Database, on_each_database};
use serde_json::json;

use crate::rows::{Sample, at, object};

on_each_database! {
    training_models_read_back_in_their_order,
    a_claim_keeps_what_the_next_one_leaves_out,
    keys_of_tagged_runs_are_found_once_each,
    files_read_back_whatever_was_found,
    what_became_of_a_model_reads_back_and_goes_with_it,
    the_latest_score_is_the_last_one_measured_and_a_file_counts_with_its_last_word,
}

fn registered(sample: &mut Sample, name: &str) -> ModelId {
    let model = Model {
        id: sample.ids.next(at(0)),
        name: name.to_owned(),
        description: String::new(),
        author: "ada".to_owned(),
        newest: 1,
        tags: [].into(),
        aliases: [].into(),
        created_at: at(1),
        updated_at: at(1),
    };
    let id = model.id;
    let version = ModelVersion {
        model: id,
        number: 1,
        stage: Stage::None,
        status: Readiness::Ready,
        description: String::new(),
        source: String::new(),
        run: None,
        run_link: String::new(),
        logged: None,
        author: "ada".to_owned(),
        tags: [].into(),
        created_at: at(1),
        updated_at: at(1),
    };
    sample.write(move |tx| {
        models::insert(tx, &model)?;
        model_versions::insert(tx, &version)
    });
    id
}

fn training_models_read_back_in_their_order(database: &Database) {
    let mut sample = Sample::new(database);
    let id = registered(&mut sample, "majora");
    let majora = TrainingModel {
        name: "Majora <v1>".to_owned(),
        description: "ä".to_owned(),
        planned_hours: Some(4.5),
        hourly: Some(Money::from_micros(240_000)),
        position: 1,
        model: Some(id),
        ..TrainingModel::of_key("majora")
    };
    let din = TrainingModel {
        position: 0,
        ..TrainingModel::of_key("din")
    };
    let saved = [majora.clone(), din.clone()];
    sample.write(move |tx| {
        training::save(tx, &TrainingModel::of_key("majora"))?;
        saved.iter().try_for_each(|model| training::save(tx, model))
    });
    assert_eq!(sample.read(training::list), [din, majora.clone()]);
    assert_eq!(sample.read(|tx| training::find(tx, "majora")), Some(majora));
    sample.write(move |tx| {
        model_versions::delete(tx, id, 1)?;
        models::delete(tx, id)?;
        training::delete(tx, "din")
    });
    let left = sample.read(training::list);
    assert_eq!((left.len(), left[0].model), (1, None));
}

fn a_claim_keeps_what_the_next_one_leaves_out(database: &Database) {
    let sample = Sample::new(database);
    let first = Claim {
        status: Some(State::Running),
        progress: Some(12.5),
        total_cost: None,
        at: at(1),
        author: "ada".to_owned(),
        provenance: ClaimProvenance::Manual,
    };
    let second = Claim {
        status: None,
        progress: Some(0.0),
        total_cost: Some(Money::from_micros(7)),
        at: at(2),
        author: "bob".to_owned(),
        ..first.clone()
    };
    let configured = Claim {
        provenance: ClaimProvenance::Configuration,
        ..second.clone()
    };
    let saved = [first.clone(), second.clone(), configured.clone()];
    sample.write(move |tx| {
        saved
            .iter()
            .try_for_each(|it| training::save_claim(tx, "din", it))
    });
    let both = Claim {
        status: first.status,
        ..second
    };
    let manual = ClaimProvenance::Manual;
    assert_eq!(
        sample.read(move |tx| training::find_claim(tx, "din", manual)),
        Some(both.clone())
    );
    assert_eq!(
        sample.read(training::list_claims),
        [("din".to_owned(), configured), ("din".to_owned(), both)]
    );
    sample.write(move |tx| {
        assert!(training::delete_claim(tx, "din", manual)?);
        assert!(!training::delete_claim(tx, "din", manual)?);
        Ok(())
    });
    assert_eq!(sample.read(training::list_claims).len(), 1);
}

fn keys_of_tagged_runs_are_found_once_each(database: &Database) {
    let sample = Sample::new(database);
    let runs: Vec<_> = sample.runs.iter().map(|run| run.id).collect();
    sample.write(move |tx| {
        for (run, key) in runs.into_iter().zip(["din", "a b", "din", "é", ""]) {
            let said = [("model", key), ("other", "x")];
            let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
            tags::save(tx, run, &said)?;
        }
        Ok(())
    });
    let found = sample.read(|tx| training::list_tagged_keys(tx, 9));
    assert_eq!(found, ["a b", "din", "é"]);
    assert_eq!(sample.read(|tx| training::list_tagged_keys(tx, 2)).len(), 2);
    assert!(sample.read(|tx| training::has_run(tx, "é")));
    assert!(!sample.read(|tx| training::has_run(tx, "x")));
}

fn files_read_back_whatever_was_found(database: &Database) {
    let sample = Sample::new(database);
    let counted = |samples, broken, version: Option<&str>| Found::Samples {
        samples,
        broken,
        version: version.map(str::to_owned),
    };
    let all = [
        counted(Some(u64::from(u32::MAX) * 9), None, Some("v1")),
        counted(Some(3), Some((2, 1)), None),
        counted(None, None, None),
        Found::Score {
            score: Some((0.25, at(3))),
        },
        Found::Score { score: None },
        Found::Nothing,
    ];
    let files: Vec<_> = (0_u32..)
        .zip(all)
        .map(|(place, found)| TrainingFile {
            path: format!("/f/{place}"),
            name: place.to_string(),
            key: if place == 5 { "" } else { "din" }.to_owned(),
            found,
            bytes: 5_000_000_000 + u64::from(place),
            modified_nanos: 1_795_000_000_123_456_789,
            problem: (place > 1).then(|| "cannot be read".to_owned()),
            is_settled: place == 0,
            scanned_at: at(9),
        })
        .collect();
    let saved = files.clone();
    sample.write(move |tx| {
        saved
            .iter()
            .try_for_each(|file| training_files::save(tx, file))
    });
    assert_eq!(sample.read(training_files::list), files);
    assert_eq!(
        sample.read(|tx| training_files::list_of(tx, "din")),
        files[..5]
    );
    // The next look takes the place of the last.
    let settled = TrainingFile {
        found: Found::Score {
            score: Some((0.0, at(4))),
        },
        problem: None,
        is_settled: true,
        ..files[1].clone()
    };
    let saved = settled.clone();
    sample.write(move |tx| {
        training_files::save(tx, &saved)?;
        training_files::delete(tx, "/f/0")
    });
    let left = sample.read(training_files::list);
    assert_eq!((left.len(), &left[0]), (5, &settled));
}

fn what_became_of_a_model_reads_back_and_goes_with_it(database: &Database) {
    let mut sample = Sample::new(database);
    let (id, other) = (registered(&mut sample, "a"), registered(&mut sample, "b"));
    let mut evaluations: Vec<_> = [(0.0, 3), (0.5, 1), (-3.25, 2)]
        .into_iter()
        .map(|(score, secs)| Evaluation {
            id: sample.ids.next(at(secs)),
            model: id,
            version: (secs == 3).then_some(1),
            metric: "overall_score".to_owned(),
            score,
            origin: EvaluationOrigin::ALL[usize::try_from(secs - 1).unwrap()],
            source: "/f/a_results.json".to_owned(),
            run: (secs == 3).then(|| sample.runs[0].id),
            note: "<b>".to_owned(),
            author: "ada".to_owned(),
            at: at(secs),
        })
        .collect();
    let deployments: Vec<_> = DeploymentStatus::ALL
        .iter()
        .zip(0..)
        .map(|(status, secs)| Deployment {
            id: sample.ids.next(at(secs)),
            model: id,
            version: None,
            status: *status,
            place: "box-1".to_owned(),
            note: String::new(),
            author: "ada".to_owned(),
            at: at(secs),
        })
        .collect();
    let lineage = Lineage {
        model: id,
        version: 1,
        run: sample.runs[0].id,
        experiment: sample.family.id,
        code_hash: "abc".to_owned(),
        config: object(json!({"lr": 0.1, "seed": 42})),
        metrics: object(json!({"loss": "NaN", "acc": 0.5})),
        data: vec![DataUsed {
            name: "a.jsonl".to_owned(),
            digest: "9 bytes".to_owned(),
            source: "/f/a.jsonl".to_owned(),
            samples: Some(3),
        }],
    };
    let (saved, noted, deployed) = (evaluations.clone(), lineage.clone(), deployments.clone());
    sample.write(move |tx| {
        model_lineage::insert(tx, &noted)?;
        for evaluation in &saved {
            model_history::insert_evaluation(tx, evaluation)?;
        }
        deployed
            .iter()
            .try_for_each(|it| model_history::insert_deployment(tx, it))
    });
    evaluations.sort_by_key(|it| std::cmp::Reverse(it.at));
    let listed = |limit, offset| {
        sample.read(move |tx| model_history::list_evaluations(tx, id, limit, offset))
    };
    assert_eq!(listed(9, 0), (evaluations.clone(), 3));
    assert_eq!(listed(1, 1), (evaluations[1..2].to_vec(), 3));
    assert_eq!(listed(9, 3), (Vec::new(), 3));
    let deployed = sample.read(move |tx| model_history::list_deployments(tx, id, 2, 1));
    let mut expected = deployments.clone();
    expected.reverse();
    assert_eq!(
        deployed,
        (expected[1..3].to_vec(), deployments.len() as u64)
    );
    assert_eq!(
        sample.read(model_history::list_latest_evaluations),
        evaluations[..1]
    );
    let from =
        sample.read(move |tx| model_history::find_evaluation_from(tx, id, "/f/a_results.json"));
    assert_eq!(from.unwrap().origin, EvaluationOrigin::File);
    let latest = sample.read(model_history::list_latest_deployments);
    assert_eq!(latest, deployments[deployments.len() - 1..]);
    assert_eq!(
        sample.read(move |tx| model_lineage::list(tx, id)),
        std::slice::from_ref(&lineage)
    );
    assert_eq!(
        sample.read(move |tx| model_lineage::find(tx, id, 1)),
        Some(lineage)
    );
    sample.write(move |tx| {
        model_versions::delete(tx, id, 1)?;
        models::delete(tx, id)
    });
    assert_eq!(sample.read(move |tx| model_lineage::list(tx, id)), []);
    assert_eq!(sample.read(model_history::list_latest_evaluations), []);
    assert!(
        sample
            .read(move |tx| models::find_by_id(tx, other))
            .is_some()
    );
}

fn the_latest_score_is_the_last_one_measured_and_a_file_counts_with_its_last_word(
    database: &Database,
) {
    let mut sample = Sample::new(database);
    let id = registered(&mut sample, "a");
    let (file, manual) = (EvaluationOrigin::File, EvaluationOrigin::Manual);
    let mut check = |origin, source: &str, score, secs, expected: f64| {
        let evaluation = Evaluation {
            id: sample.ids.next(at(0)),
            model: id,
            version: None,
            metric: "overall_score".to_owned(),
            score,
            origin,
            source: source.to_owned(),
            run: None,
            note: String::new(),
            author: "ada".to_owned(),
            at: at(secs),
        };
        sample.write(move |tx| model_history::insert_evaluation(tx, &evaluation));
        let found = sample.read(move |tx| model_history::find_latest_evaluation(tx, id));
        assert_eq!(found.as_ref().map(|it| it.score), Some(expected));
        let of_all = sample.read(model_history::list_latest_evaluations);
        assert_eq!(of_all, [found.unwrap()]);
    };
    check(file, "/f/a", 0.9, 50, 0.9);
    // The same file says otherwise, of an earlier time.
    check(file, "/f/a", 0.5, 10, 0.5);
    // Another file, and somebody who says what was measured before, do not correct it.
    check(file, "/f/b", 0.4, 5, 0.5);
    check(manual, "/f/a", 0.3, 9, 0.5);
    check(manual, "/f/a", 0.2, 20, 0.2);
    check(file, "/f/a", 0.6, 30, 0.6);
    let said = sample.read(move |tx| model_history::find_evaluation_from(tx, id, "/f/a"));
    assert_eq!(said.map(|it| it.score), Some(0.6));
}
