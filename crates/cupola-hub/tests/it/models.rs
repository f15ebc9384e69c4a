//! Models: logged by clients, registered, and kept whatever becomes of their runs.

use std::io::Read as _;

use cupola_domain::{
    artifact::Keeper,
    experiment::{Experiment, Origin},
    ids::RunId,
    model::{DeploymentStatus, ModelRole, ModelUse, Readiness, Stage},
    provenance::Provenance,
};
use cupola_hub::{
    HubError,
    logged::{LoggedBatch, NewLogged},
    logged_models::NewLoggedModel,
    loops,
    models::{NewDeployment, NewEvaluation, NewModel, NewVersion, Promotion, VersionName},
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
        files: files.map(|(keeper, below)| (keeper, vec![below.to_owned()])),
        run: None,
        logged: None,
        run_link: String::new(),
        description: String::new(),
        tags: Vec::new(),
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
    check_refused(
        hub.alias_model("wine", "v1", 1),
        "`alias`: is reserved: it reads like a version's number",
    );
    hub.delete_model_version("wine", 2).unwrap();
    check_refused(
        hub.find_model_version("wine", best()),
        "there is no alias `best`",
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
    assert_eq!(detail.summary.in_use().unwrap().version.number, 1);
    assert_eq!((detail.summary.files, detail.summary.bytes), (2, 8));
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
        &format!("`files`: run `{id}` keeps no such files"),
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
    // What was refused left no model behind.
    assert!(hub.registry().unwrap().is_empty());
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
    assert_eq!(evaluate(None, Some(run), "loss").unwrap().score, 0.25);
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
    let detail = hub.model_detail("din").unwrap();
    let scores: Vec<_> = detail.evaluations.iter().map(|it| it.score).collect();
    assert_eq!(scores, [0.25, 0.5]);
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
    assert_eq!(tags["cupola.evaluation_score"], "0.25");
    assert_eq!(tags["cupola.deployment_status"], "retired");
    hub.delete_model("din").unwrap();
    assert!(hub.registry().unwrap().is_empty());
}
