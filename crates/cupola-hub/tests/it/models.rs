//! Models: logged by clients, registered, and kept whatever becomes of their runs.

use std::io::Read as _;

use cupola_domain::{
    artifact::Keeper,
    experiment::{Experiment, Origin},
    ids::RunId,
    model::{DeploymentStatus, EvaluationOrigin, ModelRole, ModelUse, Readiness, Stage},
    provenance::Provenance,
};
use cupola_hub::{
    HubError,
    logged::{LoggedBatch, NewLogged},
    logged_models::NewLoggedModel,
    loops,
    models::{
        ModelDownload, NewDeployment, NewEvaluation, NewModel, NewVersion, Promotion, Revision,
        VersionName, VersionOrigin,
    },
};

use crate::support::{TestHub, completed, finish};

fn experiment(hub: &TestHub) -> Experiment {
    let made = hub.create_logged_experiment("wine", Origin::Mlflow, "mlflow", Vec::new(), "ada");
    made.unwrap()
}

fn run(hub: &TestHub, experiment: &Experiment) -> RunId {
    let new = NewLogged {
        experiment: experiment.id,
        name: "r".to_owned(),
        started_at: None,
        params: Vec::new(),
        tags: Vec::new(),
        provenance: Provenance::Measured,
    };
    hub.open_logged_run(new).unwrap().id
}

fn upload(hub: &TestHub, keeper: Keeper, name: &str, bytes: &[u8]) -> Result<(), HubError> {
    let mut upload = hub.begin_logged_artifact(keeper, name, None)?;
    upload.write(bytes)?;
    hub.keep_artifact(upload).map(drop)
}

fn read(hub: &TestHub, keeper: Keeper, name: &str) -> String {
    let (_, mut file) = hub.open_artifact(keeper, name).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    text
}

fn names(hub: &TestHub, keeper: Keeper) -> Vec<String> {
    let kept = hub.list_artifacts(keeper).unwrap();
    kept.into_iter().map(|artifact| artifact.name).collect()
}

fn registered(hub: &TestHub, name: &str) {
    let new = NewModel {
        name: name.to_owned(),
        ..NewModel::default()
    };
    hub.create_model(new, "ada").unwrap();
}

fn version(files: Option<(Keeper, &str)>) -> NewVersion {
    NewVersion {
        source: "somewhere".to_owned(),
        origin: files.map_or(VersionOrigin::Elsewhere, |(keeper, below)| {
            VersionOrigin::Files(keeper, vec![below.to_owned()])
        }),
        ..NewVersion::default()
    }
}

#[track_caller]
fn check_refused<T: std::fmt::Debug>(answer: Result<T, HubError>, expected: &str) {
    assert_eq!(answer.unwrap_err().to_string(), expected);
}

#[test]
fn a_client_keeps_files_of_its_run_even_when_it_has_ended() {
    let hub = TestHub::new();
    let keeper = Keeper::Run(run(&hub, &experiment(&hub)));
    upload(&hub, keeper, "a.txt", b"one").unwrap();
    upload(&hub, keeper, "plots/b.txt", b"two").unwrap();
    upload(&hub, keeper, "plots/c.txt", b"").unwrap();
    let Keeper::Run(run) = keeper else {
        unreachable!()
    };
    hub.close_logged_run(run, cupola_domain::run::Outcome::Completed, None)
        .unwrap();
    upload(&hub, keeper, "a.txt", b"later").unwrap();
    assert_eq!(read(&hub, keeper, "a.txt"), "later");
    assert_eq!(hub.delete_artifacts(keeper, "plots").unwrap(), 2);
    assert_eq!(names(&hub, keeper), ["a.txt"]);
    check_refused(
        upload(&hub, keeper, "../b", b"x"),
        "`name`: has a part that is empty, `.` or `..`",
    );
    check_refused(
        upload(&hub, keeper, "b", &[0; 1001]),
        "`b` has more bytes; at most 1000 are kept of a file",
    );
    let known = hub.begin_logged_artifact(keeper, "b", Some(1001));
    check_refused(
        known.map(drop),
        "`b` has 1001 bytes; at most 1000 are kept of a file",
    );
}

#[test]
fn the_program_of_a_workers_run_keeps_files_while_it_is_leased() {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    let keeper = Keeper::Run(order.run.id);
    upload(&hub, keeper, "a", b"x").unwrap();
    let mut late = hub.begin_logged_artifact(keeper, "b", None).unwrap();
    late.write(b"x").unwrap();
    finish(&hub, &order, completed(1.0)).unwrap();
    for late in [
        hub.keep_artifact(late).map(drop),
        upload(&hub, keeper, "c", b"x"),
    ] {
        assert!(matches!(late, Err(HubError::StaleLease(_))), "{late:?}");
    }
    assert_eq!(names(&hub, keeper), ["a"]);
}

#[test]
fn a_version_keeps_its_files_whatever_becomes_of_its_run() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let keeper = Keeper::Run(run(&hub, &experiment));
    upload(&hub, keeper, "model/MLmodel", b"flavors").unwrap();
    upload(&hub, keeper, "model/data/x", b"weights").unwrap();
    upload(&hub, keeper, "modelling.txt", b"no").unwrap();
    registered(&hub, "wine");
    let made = hub.create_model_version("wine", version(Some((keeper, "model"))), "ada");
    let of = made.unwrap().keeper();
    upload(&hub, keeper, "model/MLmodel", b"other").unwrap();
    hub.delete_artifacts(keeper, "").unwrap();
    loops::artifacts::tick(&hub).unwrap();
    assert_eq!(names(&hub, of), ["MLmodel", "data/x"]);
    assert_eq!(read(&hub, of, "MLmodel"), "flavors");
    check_refused(
        upload(&hub, of, "MLmodel", b"x"),
        "the files of a version that is registered never change",
    );
    hub.delete_model_version("wine", 1).unwrap();
    assert_eq!(loops::artifacts::tick(&hub).unwrap(), 2);
}

#[test]
fn numbers_of_versions_never_come_again() {
    let hub = TestHub::new();
    registered(&hub, "wine");
    let next = || {
        let made = hub.create_model_version("wine", version(None), "ada");
        made.unwrap().version.number
    };
    assert_eq!((next(), next()), (1, 2));
    hub.delete_model_version("wine", 2).unwrap();
    assert_eq!(next(), 3);
    let latest = VersionName::Alias("Latest".to_owned());
    let found = hub.find_model_version("wine", latest).unwrap();
    assert_eq!(found.version.number, 3);
    check_refused(
        hub.find_model_version("wine", VersionName::Number(2)),
        "there is no model version `wine 2`",
    );
}

#[test]
fn a_stage_is_one_versions_when_it_says_so() {
    let hub = TestHub::new();
    registered(&hub, "wine");
    for number in 1..=3 {
        hub.create_model_version("wine", version(None), "ada")
            .unwrap();
        let staged = hub.stage_model_version("wine", number, Stage::Production, number == 3);
        assert_eq!(staged.unwrap().version.stage, Stage::Production);
    }
    let known = hub.find_model("wine").unwrap();
    let stages: Vec<_> = known
        .latest
        .iter()
        .map(|v| (v.version.number, v.version.stage))
        .collect();
    assert_eq!(stages, [(3, Stage::Production), (2, Stage::Archived)]);
    check_refused(
        hub.stage_model_version("wine", 1, Stage::Archived, true),
        "`archive_existing_versions`: is `archived`; only in staging or production is there one alone",
    );
}

#[test]
fn an_alias_stands_for_one_version_and_goes_with_it() {
    let hub = TestHub::new();
    registered(&hub, "wine");
    for _ in 0..2 {
        hub.create_model_version("wine", version(None), "ada")
            .unwrap();
    }
    let best = || VersionName::Alias("best".to_owned());
    hub.alias_model("wine", "best", 1).unwrap();
    hub.alias_model("wine", "best", 2).unwrap();
    let found = hub.find_model_version("wine", best()).unwrap();
    assert_eq!(
        (found.version.number, found.aliases),
        (2, vec!["best".to_owned()])
    );
    check_refused(
        hub.alias_model("wine", "other", 9),
        "there is no model version `wine 9`",
    );
    for number in ["v1", "1", "07"] {
        check_refused(
            hub.alias_model("wine", number, 1),
            "`alias`: is reserved: it reads like a version's number",
        );
    }
    hub.alias_model_of_client("wine", "07", 1).unwrap();
    check_refused(
        hub.alias_model_of_client("wine", "v1", 1),
        "`alias`: is reserved: it reads like a version's number",
    );
    hub.delete_model_version("wine", 2).unwrap();
    check_refused(
        hub.find_model_version("wine", best()),
        "there is no alias `best`",
    );
}

#[test]
fn a_version_is_revised_whole_or_not_at_all() {
    let hub = TestHub::new();
    registered(&hub, "wine");
    for _ in 0..2 {
        hub.create_model_version("wine", version(None), "ada")
            .unwrap();
    }
    hub.stage_model_version("wine", 1, Stage::Production, false)
        .unwrap();
    hub.alias_model("wine", "best", 1).unwrap();
    // By a client's word, and it may stay.
    hub.alias_model_of_client("wine", "2", 2).unwrap();
    hub.alias_model("wine", "old", 2).unwrap();
    let wanted = |aliases: &[&str]| Revision {
        stage: Stage::Production,
        is_alone: true,
        description: "better".to_owned(),
        aliases: aliases.iter().map(ToString::to_string).collect(),
    };
    let before = (hub.model_detail("wine").unwrap(), hub.last_change());
    check_refused(
        hub.revise_model_version("wine", 2, wanted(&["new", "a b"])),
        "`alias`: may have letters, digits, `_` and `-` alone",
    );
    let long = Revision {
        description: "x".repeat(100_001),
        stage: Stage::Archived,
        ..wanted(&["3"])
    };
    check_refused(
        hub.revise_model_version("wine", 2, long),
        "`archive_existing_versions`: is `archived`; only in staging or production is there one \
         alone; `description`: has 100001 bytes; at most 100000 fit; \
         `alias`: is reserved: it reads like a version's number",
    );
    let after = (hub.model_detail("wine").unwrap(), hub.last_change());
    assert_eq!((&after.0, after.1.unwrap()), (&before.0, before.1.unwrap()));

    let id = before.0.summary.known.model.id.to_string();
    let revised = hub.revise_model_version(&id, 2, wanted(&["best", "2"]));
    let revised = revised.unwrap();
    assert_eq!(revised.version.stage, Stage::Production);
    assert_eq!(revised.version.description, "better");
    assert_eq!(revised.aliases, ["2", "best"]);
    let other = hub.find_model_version("wine", VersionName::Number(1));
    let other = other.unwrap();
    assert_eq!(
        (other.version.stage, &other.aliases[..]),
        (Stage::Archived, &[][..])
    );
    // The same again changes nothing.
    let quiet = hub.last_change().unwrap();
    let same = Revision {
        is_alone: false,
        ..wanted(&["2", "best"])
    };
    hub.revise_model_version("wine", 2, same).unwrap();
    assert_eq!(hub.last_change().unwrap(), quiet);
}

#[test]
fn a_version_is_made_of_another_with_its_files_its_run_and_its_logged_model() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let (run, stranger) = (run(&hub, &experiment), run(&hub, &experiment));
    let new = logged(&experiment, Some(run));
    let id = hub.open_logged_model(new).unwrap().model.id;
    let keeper = Keeper::LoggedModel(id);
    upload(&hub, keeper, "MLmodel", b"x").unwrap();
    registered(&hub, "wine");
    let made = hub.create_model_version("wine", version(Some((keeper, ""))), "ada");
    let made = made.unwrap().version;
    assert_eq!((made.run, made.logged), (Some(run), Some(id)));
    hub.alias_model("wine", "best", 1).unwrap();
    let copy = |only_of| NewVersion {
        origin: VersionOrigin::Version("wine".to_owned(), VersionName::Alias("best".to_owned())),
        only_of,
        ..version(None)
    };
    check_refused(
        hub.create_model_version("wine", copy(Some(stranger)), "program"),
        &format!("the token is for what run `{stranger}` made and registers nothing else"),
    );
    // It may outlive what it came from.
    hub.delete_logged_model(id).unwrap();
    let copied = hub.create_model_version("wine", copy(Some(run)), "program");
    let copied = copied.unwrap();
    assert_eq!(
        (copied.version.run, copied.version.logged),
        (Some(run), Some(id))
    );
    assert_eq!(names(&hub, copied.keeper()), ["MLmodel"]);
    check_refused(
        hub.create_model_version("wine", version(Some((keeper, ""))), "ada"),
        &format!("there is no logged model `{id}`"),
    );
}

#[test]
fn a_renamed_model_keeps_what_it_has() {
    let hub = TestHub::new();
    registered(&hub, "wine");
    registered(&hub, "beer");
    hub.create_model_version("wine", version(None), "ada")
        .unwrap();
    hub.tag_model("wine", "k", "v").unwrap();
    hub.alias_model("wine", "best", 1).unwrap();
    check_refused(
        hub.rename_model("wine", "beer"),
        "there is a model `beer` already",
    );
    check_refused(
        hub.rename_model("wine", "a/b"),
        "`name`: has a `/`, a `:` or a `\\`, or is `.` or `..`",
    );
    let renamed = hub.rename_model("wine", "mead").unwrap();
    assert_eq!(renamed.model.tags["k"], "v");
    assert_eq!(renamed.latest[0].aliases, ["best"]);
    check_refused(hub.find_model("wine"), "there is no model `wine`");
    let listed = hub.list_models().unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|known| known.model.name.as_str())
        .collect();
    assert_eq!(listed, ["beer", "mead"]);
    hub.delete_model("mead").unwrap();
    assert_eq!(hub.list_model_versions().unwrap(), []);
}

fn logged(experiment: &Experiment, run: Option<RunId>) -> NewLoggedModel {
    NewLoggedModel {
        experiment: experiment.id,
        name: "model".to_owned(),
        kind: "forest".to_owned(),
        run,
        params: vec![("depth".to_owned(), "3".to_owned())],
        tags: Vec::new(),
    }
}

#[test]
fn a_logged_model_gathers_what_is_said_of_it() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let run = run(&hub, &experiment);
    let new = logged(&experiment, Some(run));
    let id = hub.open_logged_model(new).unwrap().model.id;
    let pair = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    hub.log_to_model(id, pair("depth", "9")).unwrap();
    hub.log_to_model(id, pair("trees", "100")).unwrap();
    hub.tag_logged_model(id, pair("a", "b")).unwrap();
    hub.untag_logged_model(id, "a").unwrap();
    check_refused(hub.untag_logged_model(id, "a"), "there is no tag `a`");
    let closed = hub.close_logged_model(id, Readiness::Ready).unwrap().model;
    assert_eq!(closed.status, Readiness::Ready);
    let params: Vec<_> = closed.params.into_iter().collect();
    let expected = [("depth", "3"), ("trees", "100")];
    assert_eq!(params, expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    let used = ModelUse {
        model: id,
        role: ModelRole::Output,
        step: 7,
    };
    let batch = LoggedBatch {
        uses: vec![used],
        ..LoggedBatch::default()
    };
    hub.log_to_run(run, batch).unwrap();
    assert_eq!(hub.list_model_uses(run).unwrap(), [used]);
    assert_eq!(
        hub.list_logged_models(vec![experiment.id]).unwrap().len(),
        1
    );
}

#[test]
fn a_version_outlives_the_logged_model_that_it_came_from() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let run = run(&hub, &experiment);
    let new = logged(&experiment, Some(run));
    let id = hub.open_logged_model(new).unwrap().model.id;
    upload(&hub, Keeper::LoggedModel(id), "MLmodel", b"x").unwrap();
    registered(&hub, "wine");
    let new = NewVersion {
        logged: Some(id),
        ..version(Some((Keeper::LoggedModel(id), "")))
    };
    let made = hub.create_model_version("wine", new, "ada").unwrap();
    assert_eq!(made.version.run, Some(run));
    hub.delete_logged_model(id).unwrap();
    loops::artifacts::tick(&hub).unwrap();
    assert_eq!(read(&hub, made.keeper(), "MLmodel"), "x");
    check_refused(
        hub.find_logged_model(id),
        &format!("there is no logged model `{id}`"),
    );
}

fn promoted(hub: &TestHub) -> (RunId, cupola_hub::models::KnownVersion) {
    let hub_run = run(hub, &experiment(hub));
    let keeper = Keeper::Run(hub_run);
    upload(hub, keeper, "model/w.bin", b"weights").unwrap();
    upload(hub, keeper, "notes.txt", b"x").unwrap();
    let batch = cupola_hub::logged::LoggedBatch {
        params: vec![("lr".to_owned(), "0.1".to_owned())],
        tags: vec![("model".to_owned(), "din".to_owned())],
        points: vec![(
            "loss".to_owned(),
            vec![cupola_domain::metric::Point {
                step: 3,
                time_millis: 1,
                value: 0.25,
            }],
        )],
        ..Default::default()
    };
    hub.log_to_run(hub_run, batch).unwrap();
    let wanted = Promotion {
        files: vec!["model".to_owned()],
        description: "the first".to_owned(),
        stage: Some(Stage::Staging),
        aliases: vec!["best".to_owned()],
        ..Promotion::default()
    };
    let version = hub.promote_run(hub_run, wanted, "ada").unwrap();
    (hub_run, version)
}

#[test]
fn a_promoted_run_is_a_version_that_says_what_it_was_made_with() {
    let hub = TestHub::new();
    let (run, version) = promoted(&hub);
    assert_eq!((version.name.as_str(), version.version.number), ("din", 1));
    assert_eq!(version.version.stage, Stage::Staging);
    assert_eq!(version.aliases, ["best"]);
    assert_eq!(version.version.run, Some(run));
    assert_eq!(names(&hub, version.keeper()), ["w.bin"]);
    let lineage = hub.find_lineage(version.version.model, 1).unwrap().unwrap();
    assert_eq!((lineage.run, lineage.version), (run, 1));
    assert_eq!(lineage.metrics["loss"], 0.25);
    // A second promotion goes to the same model.
    let all = hub.promote_run(run, Promotion::default(), "ada").unwrap();
    assert_eq!(all.version.number, 2);
    assert_eq!(names(&hub, all.keeper()), ["model/w.bin", "notes.txt"]);
    let detail = hub.model_detail("din").unwrap();
    assert_eq!(detail.versions.len(), 2);
    let check = |number, files| {
        let detail = hub.model_detail("din").unwrap();
        assert_eq!(detail.summary.in_use().unwrap().version.number, number);
        assert_eq!(detail.summary.version(), Some(format!("v{number}")));
        assert_eq!(detail.summary.files, files);
        assert_eq!(hub.registry().unwrap()[0].files, files);
        let ModelDownload::Version(known, kept) = hub.model_download("din").unwrap() else {
            panic!("samples were downloaded");
        };
        assert_eq!((known.version.number, kept.len() as u64), (number, files));
    };
    check(2, 2);
    assert_eq!(detail.summary.bytes, 8);
    hub.stage_model_version("din", 1, Stage::Production, true)
        .unwrap();
    check(1, 1);
    assert_eq!(
        hub.model_name(&version.version.model.to_string()).unwrap(),
        "din"
    );
}

#[test]
fn nothing_is_promoted_that_is_not_there() {
    let hub = TestHub::new();
    let id = run(&hub, &experiment(&hub));
    let promote = |model: &str, files: &[&str]| {
        let wanted = Promotion {
            model: model.to_owned(),
            files: files.iter().map(ToString::to_string).collect(),
            ..Promotion::default()
        };
        hub.promote_run(id, wanted, "ada")
    };
    check_refused(
        promote("", &[]),
        &format!("`model`: is empty, and run `{id}` has no tag `model`"),
    );
    check_refused(
        promote("din", &[]),
        &format!("`files`: run `{id}` keeps no files"),
    );
    check_refused(
        promote("a/b", &[]),
        "`model`: has a `/`, a `:` or a `\\`, or is `.` or `..`",
    );
    let alias = Promotion {
        model: "din".to_owned(),
        aliases: vec!["latest".to_owned()],
        ..Promotion::default()
    };
    check_refused(
        hub.promote_run(id, alias, "ada"),
        "`alias`: is reserved: `latest` is the newest version",
    );
    let number = Promotion {
        model: "din".to_owned(),
        aliases: vec!["7".to_owned()],
        ..Promotion::default()
    };
    check_refused(
        hub.promote_run(id, number, "ada"),
        "`alias`: is reserved: it reads like a version's number",
    );
    upload(&hub, Keeper::Run(id), "model/w.bin", b"x").unwrap();
    check_refused(
        promote("din", &["model", "typo.json", "model/w"]),
        &format!(
            "`files`: run `{id}` keeps no `typo.json`; `files`: run `{id}` keeps no `model/w`"
        ),
    );
    // What was refused left no model behind.
    assert!(hub.registry().unwrap().is_empty());
    let made = promote("din", &["model/w.bin", "model"]).unwrap();
    assert_eq!(names(&hub, made.keeper()), ["model/w.bin"]);
}

#[test]
fn evaluations_and_deployments_have_a_history() {
    let hub = TestHub::new();
    let (run, _) = promoted(&hub);
    let evaluate = |score: Option<f64>, run: Option<RunId>, metric: &str| {
        let new = NewEvaluation {
            version: Some(1),
            metric: metric.to_owned(),
            score,
            run,
            ..NewEvaluation::default()
        };
        hub.evaluate_model("din", new, "ada")
    };
    assert_eq!(
        evaluate(Some(0.5), None, "").unwrap().metric,
        "overall_score"
    );
    hub.world.advance(std::time::Duration::from_secs(1));
    let measured = evaluate(None, Some(run), "loss").unwrap();
    assert_eq!(
        (measured.score, measured.origin),
        (0.25, EvaluationOrigin::Run)
    );
    check_refused(
        evaluate(None, None, ""),
        "`score`: is missing; say it, or name a run",
    );
    check_refused(
        evaluate(Some(f64::NAN), None, ""),
        "`score`: is NaN; say a number",
    );
    check_refused(
        evaluate(None, Some(run), "acc"),
        &format!("`metric`: run `{run}` gave no number called `acc`"),
    );
    let deploy = |version, status| {
        let new = NewDeployment {
            version,
            status,
            place: "box-1".to_owned(),
            note: String::new(),
        };
        hub.deploy_model("din", new, "ada")
    };
    deploy(Some(1), DeploymentStatus::Active).unwrap();
    hub.world.advance(std::time::Duration::from_secs(1));
    deploy(None, DeploymentStatus::Retired).unwrap();
    check_refused(
        deploy(Some(7), DeploymentStatus::Active),
        "there is no model version `din 7`",
    );
    check_refused(
        evaluate(Some(2.0), None, ""),
        "`score`: is 2; say an `overall_score` from 0 to 1",
    );
    let detail = hub.model_detail("din").unwrap();
    let score = detail.summary.evaluation.as_ref().map(|it| it.score);
    assert_eq!(score, Some(0.5), "a loss is no score");
    let listed = hub.registry().unwrap()[0].evaluation.clone();
    assert_eq!(listed, detail.summary.evaluation);
    let scores: Vec<_> = detail.evaluations.iter().map(|it| it.score).collect();
    assert_eq!(scores, [0.25, 0.5]);
    let (page, total) = hub.list_evaluations("din", 1, 1).unwrap();
    assert_eq!((&page[..], total), (&detail.evaluations[1..], 2));
    let (page, total) = hub.list_deployments("din", 9, 1).unwrap();
    assert_eq!((&page[..], total), (&detail.deployments[1..], 2));
    let statuses: Vec<_> = detail.deployments.iter().map(|it| it.status).collect();
    assert_eq!(
        statuses,
        [DeploymentStatus::Retired, DeploymentStatus::Active]
    );
    assert_eq!(
        detail.summary.deployment_status(),
        DeploymentStatus::Retired
    );
    let tags = &detail.summary.known.model.tags;
    assert_eq!(tags["cupola.evaluation_score"], "0.5");
    assert_eq!(tags["cupola.deployment_status"], "retired");
    hub.delete_model("din").unwrap();
    assert!(hub.registry().unwrap().is_empty());
}
