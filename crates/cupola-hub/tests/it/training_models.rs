//! Training models: configured, claimed, and found in folders with all that goes wrong there.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use cupola_domain::{
    cost::Money,
    counts::State,
    experiment::Origin,
    ids::RunId,
    model::{DeploymentStatus, EvaluationOrigin, Stage},
    provenance::Provenance,
    time::Timestamp,
    training::{Claim, ClaimProvenance},
};
use cupola_hub::{
    HubError,
    logged::NewLogged,
    models::{NewModel, Promotion},
    training_models::{KnownTraining, NewTrainingModel, Scan},
};
use tempfile::TempDir;

use crate::support::TestHub;

fn named(key: &str) -> NewTrainingModel {
    NewTrainingModel {
        key: key.to_owned(),
        ..NewTrainingModel::default()
    }
}

/// A folder of an AFS training.
struct Afs(TempDir);

impl Afs {
    fn new() -> Self {
        let afs = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(afs.path("models")).unwrap();
        fs::create_dir_all(afs.path("evaluations/results")).unwrap();
        afs
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that was changed so many seconds ago.
    fn write(&self, name: &str, text: &str, secs_ago: u64) {
        let path = self.path(name);
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let base = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        file.set_modified(base - Duration::from_secs(secs_ago))
            .unwrap();
    }

    fn configure(&self, hub: &TestHub, keys: &[&str]) {
        let models = keys.iter().map(|key| named(key)).collect();
        let folders = vec![self.0.path().to_owned()];
        hub.configure_training(models, folders).unwrap();
    }
}

fn find(hub: &TestHub, key: &str) -> KnownTraining {
    let all = hub.training_models().unwrap();
    all.into_iter()
        .find(|known| known.model.key == key)
        .unwrap()
}

fn keys(hub: &TestHub) -> Vec<String> {
    let all = hub.training_models().unwrap();
    all.into_iter().map(|known| known.model.key).collect()
}

fn scan(hub: &TestHub) -> Scan {
    hub.scan_training_folders().unwrap()
}

fn problem_of(hub: &TestHub, path: &Path) -> Option<String> {
    let files = hub.training_files().unwrap();
    let shown = path.to_str().unwrap();
    let found = files.iter().find(|file| file.path == shown);
    found
        .unwrap_or_else(|| panic!("nothing at {shown}"))
        .trouble()
}

fn tagged_run(hub: &TestHub, key: &str) -> RunId {
    // Each has a name of its own.
    let name = format!("e{}", hub.last_change().unwrap());
    let made = hub.create_logged_experiment(&name, Origin::Mlflow, "mlflow", Vec::new(), "ada");
    let experiment = made.unwrap().id;
    let new = NewLogged {
        experiment,
        name: "r".to_owned(),
        started_at: None,
        params: Vec::new(),
        tags: vec![("model".to_owned(), key.to_owned())],
        provenance: Provenance::Measured,
    };
    hub.open_logged_run(new).unwrap().id
}

#[test]
fn what_is_configured_is_there_in_its_order_and_registered() {
    let hub = TestHub::new();
    let majora = NewTrainingModel {
        name: "Majora v1".to_owned(),
        planned_hours: Some(4.0),
        hourly: Money::of(0.24),
        status: Some(State::Completed),
        progress: Some(100.0),
        ..named("majora")
    };
    hub.configure_training(vec![named("veran"), majora.clone()], Vec::new())
        .unwrap();
    assert_eq!(keys(&hub), ["veran", "majora"]);
    let known = find(&hub, "majora");
    assert_eq!(known.model.name, "Majora v1");
    assert_eq!(known.model.planned_hours, Some(4.0));
    assert_eq!(known.model.hourly, Some(Money::from_micros(240_000)));
    let claim = known.configured.unwrap();
    assert_eq!(
        (claim.status, claim.progress),
        (Some(State::Completed), Some(100.0))
    );
    let registered = known.registered.unwrap();
    assert_eq!(registered.known.model.name, "majora");
    assert_eq!(registered.deployment_status(), DeploymentStatus::Pending);
    assert_eq!(find(&hub, "veran").model.name, "veran");

    // The same again changes nothing, and something else does.
    let before = hub.last_change().unwrap();
    hub.configure_training(vec![named("veran"), majora.clone()], Vec::new())
        .unwrap();
    assert_eq!(hub.last_change().unwrap(), before);
    let without = NewTrainingModel {
        status: None,
        progress: None,
        ..majora
    };
    hub.configure_training(vec![without], Vec::new()).unwrap();
    assert_eq!(keys(&hub), ["majora"]);
    assert_eq!(find(&hub, "majora").configured, None);
    // What left the configuration stays in the registry.
    assert!(hub.find_model("veran").is_ok());
}

#[test]
fn a_registered_model_is_found_again_though_it_was_renamed_and_made_again_when_it_went() {
    let hub = TestHub::new();
    hub.configure_training(vec![named("din")], Vec::new())
        .unwrap();
    hub.rename_model("din", "din-prod").unwrap();
    hub.configure_training(vec![named("din")], Vec::new())
        .unwrap();
    let registered = find(&hub, "din").registered.unwrap();
    assert_eq!(registered.known.model.name, "din-prod");
    hub.delete_model("din-prod").unwrap();
    assert_eq!(find(&hub, "din").registered, None);
    hub.configure_training(vec![named("din")], Vec::new())
        .unwrap();
    assert_eq!(
        find(&hub, "din").registered.unwrap().known.model.name,
        "din"
    );
}

#[test]
fn what_is_wrong_with_a_configuration_is_said_with_its_place() {
    let check = |models: Vec<NewTrainingModel>, expected: &str| {
        let refused = TestHub::new().configure_training(models, Vec::new());
        assert_eq!(refused.unwrap_err().to_string(), expected);
    };
    check(vec![named("")], "`training.model.0.key`: is empty");
    check(
        vec![named("din"), named("din")],
        "`training.model.1.key`: is `din`, as of a model before it",
    );
    let hours = NewTrainingModel {
        planned_hours: Some(f64::NAN),
        progress: Some(101.0),
        ..named("din")
    };
    check(
        vec![hours],
        "`training.model.0.gpu_hours`: is NaN; say a number from 0 to 1000000; \
         `training.model.0.progress`: is 101; say a number from 0 to 100",
    );
}

fn claim(status: Option<State>, progress: Option<f64>) -> Claim {
    Claim {
        status,
        progress,
        total_cost: None,
        at: Timestamp::from_millis(7),
        author: "ada".to_owned(),
        provenance: ClaimProvenance::Manual,
    }
}

#[test]
fn what_is_said_stays_until_it_is_said_otherwise() {
    let hub = TestHub::new();
    hub.configure_training(vec![named("din")], Vec::new())
        .unwrap();
    hub.claim_training("din", claim(Some(State::Running), None))
        .unwrap();
    let said = hub.claim_training("din", claim(None, Some(30.0))).unwrap();
    assert_eq!(
        (said.status, said.progress),
        (Some(State::Running), Some(30.0))
    );
    assert_eq!(find(&hub, "din").manual, Some(said));
    assert_eq!(find(&hub, "din").configured, None);
    let unknown = hub.claim_training("nobody", claim(None, Some(1.0)));
    assert!(
        matches!(unknown, Err(HubError::NotFound { .. })),
        "{unknown:?}"
    );
    let wrong = hub.claim_training("din", claim(None, Some(f64::INFINITY)));
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "`progress`: is inf; say a number from 0 to 100"
    );
}

#[test]
fn a_key_that_only_runs_name_is_a_training_model() {
    let hub = TestHub::new();
    hub.configure_training(vec![named("din")], Vec::new())
        .unwrap();
    for key in ["zelda", "din", "zelda", "a"] {
        tagged_run(&hub, key);
    }
    assert_eq!(keys(&hub), ["din", "a", "zelda"]);
    assert_eq!(find(&hub, "zelda").model.planned_hours, None);
    hub.claim_training("zelda", claim(Some(State::Failed), None))
        .unwrap();
    assert!(find(&hub, "zelda").manual.is_some());
}

#[test]
fn a_key_that_only_runs_name_has_room_beside_any_number_of_configured_ones() {
    let hub = TestHub::new();
    let keys: Vec<String> = (0..1_000).map(|n| format!("m{n:03}")).collect();
    let models = keys.iter().map(|key| named(key)).collect();
    hub.configure_training(models, Vec::new()).unwrap();
    assert_eq!(hub.training().unwrap().models.len(), 1_000);
    for key in &keys {
        tagged_run(&hub, key);
    }
    tagged_run(&hub, "zelda");
    assert!(hub.training().unwrap().find("zelda").is_some());
    assert_eq!(find(&hub, "zelda").model.key, "zelda");
}

#[test]
fn files_are_counted_once_and_again_when_they_change() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    afs.write("models/majora_v1_merged.jsonl", "{}\n{}\n", 100);
    afs.write("models/majora_v2_merged.jsonl", "{}\n{}\n{}", 50);
    afs.write("models/other.txt", "x", 50);
    let score = r#"{"overall_score": 0.85, "timestamp": "2026-01-02T03:04:05Z"}"#;
    afs.write("evaluations/results/majora_results.json", score, 10);
    afs.write("evaluations/results/summary.json", "[", 10);
    afs.configure(&hub, &["majora", "din"]);
    let first = scan(&hub);
    assert_eq!((first.files, first.read, first.changed), (3, 3, 3));
    assert_eq!(first.bytes, 6 + 8 + score.len() as u64);

    let known = find(&hub, "majora");
    let data = known.data.unwrap();
    assert_eq!(data.name, "majora_v2_merged.jsonl");
    assert_eq!((data.samples, data.bytes), (Some(3), 8));
    assert_eq!(data.version.as_deref(), Some("v2"));
    assert_eq!(data.updated.millis(), 1_794_999_950_000);
    let (score, at) = known.evaluation.unwrap();
    assert_eq!((score, at.millis()), (0.85, 1_767_323_045_000));
    let registered = known.registered.unwrap();
    assert_eq!(registered.deployment_status(), DeploymentStatus::Ready);
    assert_eq!(registered.known.model.tags["cupola.samples"], "3");
    assert_eq!(
        registered.known.model.tags["cupola.evaluation_score"],
        "0.85"
    );
    assert_eq!(find(&hub, "din").data, None);

    let quiet = hub.last_change().unwrap();
    assert_eq!(
        scan(&hub),
        Scan {
            files: 3,
            ..Scan::default()
        }
    );
    assert_eq!(hub.last_change().unwrap(), quiet);

    // The size stays, the time does not.
    afs.write("models/majora_v2_merged.jsonl", "{}\n{}\n\n\n", 20);
    let again = scan(&hub);
    assert_eq!((again.read, again.bytes), (1, 8));
    assert_eq!(find(&hub, "majora").data.unwrap().samples, Some(2));
    fs::remove_file(afs.path("models/majora_v2_merged.jsonl")).unwrap();
    assert_eq!(scan(&hub).changed, 1);
    assert_eq!(
        find(&hub, "majora").data.unwrap().name,
        "majora_v1_merged.jsonl"
    );
    // Nothing is left of what is not there.
    fs::remove_file(afs.path("models/majora_v1_merged.jsonl")).unwrap();
    scan(&hub);
    let tags = hub.find_model("majora").unwrap().model.tags;
    assert_eq!(tags.get("cupola.samples"), None);
    assert_eq!(tags["cupola.evaluation_score"], "0.85");
}

#[test]
fn each_new_score_is_added_to_the_history() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    afs.configure(&hub, &["din"]);
    let scores = [(0.5, 30), (0.0, 20), (0.75, 10)];
    for (score, ago) in scores {
        let text = format!(r#"{{"overall_score": {score}}}"#);
        afs.write("evaluations/results/din_results.json", &text, ago);
        scan(&hub);
        scan(&hub);
    }
    let detail = hub.model_detail("din").unwrap();
    let history: Vec<_> = detail.evaluations.iter().map(|it| it.score).collect();
    assert_eq!(history, [0.75, 0.0, 0.5]);
    let last = &detail.evaluations[0];
    assert_eq!(last.origin, EvaluationOrigin::File);
    assert_eq!(last.at.millis(), 1_794_999_990_000);
}

/// The scores of a model, the last measured first, and the one that counts.
fn scores(hub: &TestHub, name: &str) -> (Vec<f64>, Option<f64>) {
    let detail = hub.model_detail(name).unwrap();
    let all = detail.evaluations.iter().map(|it| it.score).collect();
    let registered = hub.registry().unwrap();
    let listed = registered.iter().find(|it| it.known.model.name == name);
    let listed = listed.and_then(|it| it.evaluation.clone());
    assert_eq!(listed, detail.summary.evaluation);
    (all, listed.map(|it| it.score))
}

#[test]
fn a_corrected_score_wins_whatever_time_it_names() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    afs.configure(&hub, &["din"]);
    let check = |(score, day): (f64, u32), ago, expected: &[f64]| {
        let text = format!(r#"{{"overall_score": {score}, "timestamp": "2026-01-{day:02}"}}"#);
        afs.write("evaluations/results/din_results.json", &text, ago);
        scan(&hub);
        assert_eq!(scores(&hub, "din"), (expected.to_vec(), Some(score)));
        let tags = hub.find_model("din").unwrap().model.tags;
        assert_eq!(tags["cupola.evaluation_score"], score.to_string());
    };
    check((0.9, 20), 90, &[0.9]);
    check((0.5, 10), 80, &[0.9, 0.5]);
    // The same again, written anew.
    check((0.5, 10), 70, &[0.9, 0.5]);
    check((0.5, 10), 60, &[0.9, 0.5]);
    // Back to what it said at first.
    check((0.9, 20), 50, &[0.9, 0.9, 0.5]);
}

fn create(hub: &TestHub, name: &str) {
    let new = NewModel {
        name: name.to_owned(),
        ..NewModel::default()
    };
    hub.create_model(new, "ada").unwrap();
}

#[test]
fn files_of_a_key_that_only_runs_name_reach_the_registry() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    let score = r#"{"overall_score": 0.25, "timestamp": "2026-01-02"}"#;
    for key in ["before", "after", "renamed", "promoted", "din"] {
        tagged_run(&hub, key);
        let path = format!("evaluations/results/{key}_results.json");
        afs.write(&path, score, 9);
        afs.write(&format!("models/{key}_v3_merged.jsonl"), "{}\n", 9);
    }
    create(&hub, "before");
    create(&hub, "x");
    afs.configure(&hub, &["din"]);
    assert_eq!(scan(&hub).read, 10);
    assert_eq!(scores(&hub, "before"), (vec![0.25], Some(0.25)));

    create(&hub, "after");
    hub.rename_model("x", "renamed").unwrap();
    let run = tagged_run(&hub, "promoted");
    let mut upload = hub
        .begin_logged_artifact(run.into(), "w.bin", None)
        .unwrap();
    upload.write(b"x").unwrap();
    hub.keep_artifact(upload).unwrap();
    hub.promote_run(run, Promotion::default(), "ada").unwrap();
    // A configured model that went and came back under its name.
    hub.delete_model("din").unwrap();
    create(&hub, "din");
    assert_eq!(scan(&hub).read, 4);
    for key in ["before", "after", "renamed", "promoted", "din"] {
        assert_eq!(scores(&hub, key), (vec![0.25], Some(0.25)), "{key}");
        let tags = hub.find_model(key).unwrap().model.tags;
        let told = ["samples", "data_version", "evaluation_score"];
        let told = told.map(|tag| tags[&format!("cupola.{tag}")].as_str());
        assert_eq!(told, ["1", "v3", "0.25"], "{key}");
    }
    let quiet = hub.last_change().unwrap();
    assert_eq!(scan(&hub).read, 0);
    assert_eq!(hub.last_change().unwrap(), quiet);
}

#[test]
fn the_longest_key_owns_a_file() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    afs.write("models/dinosaur_merged.jsonl", "{}\n", 9);
    afs.configure(&hub, &["din"]);
    scan(&hub);
    assert!(find(&hub, "din").data.is_some());
    afs.configure(&hub, &["din", "dinosaur"]);
    assert_eq!(scan(&hub).read, 1);
    assert_eq!(find(&hub, "din").data, None);
    assert!(find(&hub, "dinosaur").data.is_some());
}

#[test]
fn a_run_takes_no_samples_of_a_configured_model() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    afs.write("models/din_v4_merged.jsonl", "{}\n", 9);
    afs.write("models/zelda_merged.jsonl", "{}\n", 9);
    afs.configure(&hub, &["din"]);
    for key in ["din_v4", "zelda"] {
        tagged_run(&hub, key);
    }
    scan(&hub);
    assert!(find(&hub, "din").data.is_some());
    assert_eq!(find(&hub, "din_v4").data, None);
    assert!(find(&hub, "zelda").data.is_some());
}

#[test]
fn what_is_no_file_of_the_folder_takes_no_files_place() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    fs::write(elsewhere.path(), "{}\n{}\n").unwrap();
    for key in ["din", "nayru"] {
        afs.write(&format!("models/{key}_v4_merged.jsonl"), "{}\n", 90_000);
    }
    let link = afs.path("models/din_v9_merged.jsonl");
    std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
    let folder = afs.path("models/nayru_v9_merged.jsonl");
    fs::create_dir(&folder).unwrap();
    afs.configure(&hub, &["din", "nayru"]);
    scan(&hub);
    let check = |key: &str, path: &Path, problem: &str| {
        let data = find(&hub, key).data.unwrap();
        assert_eq!(
            (data.version.as_deref(), data.samples),
            (Some("v4"), Some(1))
        );
        assert_eq!(problem_of(&hub, path).as_deref(), Some(problem));
    };
    check(
        "din",
        &link,
        "cannot be read: it lies outside the configured folders",
    );
    check("nayru", &folder, "cannot be read: it is not a file");
    // What is not there any more is forgotten.
    fs::remove_file(&link).unwrap();
    scan(&hub);
    let files = hub.training_files().unwrap();
    assert_eq!(
        files
            .iter()
            .filter(|file| Path::new(&file.path) == link)
            .count(),
        0
    );
}

#[test]
fn faults_are_told_with_their_place_and_the_rest_is_served() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    let cut = "{\"text\": \"one\"}\n{\"text\": \"tw\n{\"text\": \"three\"}\n";
    afs.write("models/cut_merged.jsonl", cut, 9);
    afs.write("models/empty_merged.jsonl", "", 9);
    fs::create_dir(afs.path("models/folder_merged.jsonl")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", afs.path("models/gone_merged.jsonl")).unwrap();
    afs.write("models/well_merged.jsonl", "{}\n", 9);
    for (key, score) in [
        ("text", "\"good\""),
        ("nan", "NaN"),
        ("high", "1.5"),
        ("zero", "0"),
    ] {
        let text = format!("{{\"overall_score\": {score}}}");
        afs.write(&format!("evaluations/results/{key}_results.json"), &text, 9);
    }
    let keys = [
        "cut", "empty", "folder", "gone", "well", "text", "nan", "high", "zero",
    ];
    afs.configure(&hub, &keys);
    assert_eq!(scan(&hub).read, 9);

    let check = |name: &str, expected: Option<&str>| {
        let found = problem_of(&hub, &afs.path(name));
        assert_eq!(found.as_deref(), expected, "{name}");
    };
    check("models/cut_merged.jsonl", Some("line 2 is no JSON object"));
    check("models/empty_merged.jsonl", None);
    check(
        "models/folder_merged.jsonl",
        Some("cannot be read: it is not a file"),
    );
    check(
        "models/gone_merged.jsonl",
        Some("cannot be read: No such file or directory (os error 2)"),
    );
    check("models/well_merged.jsonl", None);
    check(
        "evaluations/results/text_results.json",
        Some("`overall_score` is \"good\", not a number from 0 to 1"),
    );
    let nan = problem_of(&hub, &afs.path("evaluations/results/nan_results.json"));
    assert!(nan.unwrap().starts_with("is not JSON:"));
    check(
        "evaluations/results/high_results.json",
        Some("`overall_score` is 1.5, not a number from 0 to 1"),
    );
    check("evaluations/results/zero_results.json", None);
    assert_eq!(find(&hub, "cut").data.unwrap().samples, Some(3));
    assert_eq!(find(&hub, "empty").data.unwrap().samples, Some(0));
    assert_eq!(find(&hub, "zero").evaluation.unwrap().0, 0.0);
    assert_eq!(find(&hub, "text").evaluation, None);
    // What could not be read is tried again, what says nonsense is not; nobody is told the same twice.
    let quiet = hub.last_change().unwrap();
    let again = scan(&hub);
    assert_eq!((again.read, again.changed), (2, 0));
    assert_eq!(hub.last_change().unwrap(), quiet);
    fs::remove_file(afs.path("models/gone_merged.jsonl")).unwrap();
    afs.write("models/gone_merged.jsonl", "{}\n", 9);
    assert_eq!(scan(&hub).changed, 1);
    check("models/gone_merged.jsonl", None);
}

/// As the tests often run: by somebody whom no permission stops.
fn is_everything_permitted(folder: &Path) -> bool {
    let place = folder.join("locked");
    fs::create_dir(&place).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o0)).unwrap();
    let is = fs::read_dir(&place).is_ok();
    fs::set_permissions(&place, fs::Permissions::from_mode(0o700)).unwrap();
    fs::remove_dir(&place).unwrap();
    is
}

#[test]
fn a_folder_that_cannot_be_read_keeps_what_was_known_of_it() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    afs.write("models/din_merged.jsonl", "{}\n", 9);
    afs.configure(&hub, &["din"]);
    scan(&hub);
    let folder = afs.path("models");
    let (problem, back): (&str, Box<dyn Fn()>) = if is_everything_permitted(afs.0.path()) {
        // A file in the folder's place cannot be listed by anybody.
        let aside = afs.path("aside");
        fs::rename(&folder, &aside).unwrap();
        fs::write(&folder, "").unwrap();
        let (from, to) = (aside, folder.clone());
        let back = move || {
            fs::remove_file(&to).unwrap();
            fs::rename(&from, &to).unwrap();
        };
        (
            "cannot be read: Not a directory (os error 20)",
            Box::new(back),
        )
    } else {
        let set = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        set(&folder, 0);
        let to = folder.clone();
        (
            "cannot be read: Permission denied (os error 13)",
            Box::new(move || set(&to, 0o700)),
        )
    };
    assert_eq!(scan(&hub).changed, 1);
    assert_eq!(scan(&hub).changed, 0);
    assert_eq!(problem_of(&hub, &folder).as_deref(), Some(problem));
    assert_eq!(find(&hub, "din").data.unwrap().samples, Some(1));
    back();
    let after = scan(&hub);
    assert_eq!((after.changed, after.read), (1, 0));
    assert_eq!(hub.training_files().unwrap().len(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let hub = TestHub::new();
    let missing = PathBuf::from("/nowhere/at/all");
    hub.configure_training(vec![named("din")], vec![missing.clone()])
        .unwrap();
    scan(&hub);
    assert_eq!(
        problem_of(&hub, &missing).as_deref(),
        Some("cannot be read: No such file or directory (os error 2)")
    );
    hub.configure_training(vec![named("din")], Vec::new())
        .unwrap();
    scan(&hub);
    assert_eq!(hub.training_files().unwrap(), []);
}

#[test]
fn a_file_that_does_not_stay_as_it_is_while_it_is_read_is_read_again() {
    let (hub, afs) = (TestHub::new(), Afs::new());
    let path = afs.path("models/din_merged.jsonl");
    afs.configure(&hub, &["din"]);
    let line = format!("{{\"text\": \"{}\"}}\n", "x".repeat(1_000));
    afs.write("models/din_merged.jsonl", &line.repeat(20_000), 9);
    let stopped = std::sync::atomic::AtomicBool::new(false);
    let seen = std::thread::scope(|threads| {
        threads.spawn(|| {
            // Grows and shrinks until it was caught.
            let file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            let mut grown = 0_u64;
            while !stopped.load(std::sync::atomic::Ordering::SeqCst) {
                (&file).write_all(line.as_bytes()).unwrap();
                grown += 1;
                if grown.is_multiple_of(64) {
                    file.set_len(line.len() as u64 * 10_000).unwrap();
                }
            }
        });
        let mut seen = None;
        for _ in 0..200 {
            scan(&hub);
            seen = problem_of(&hub, &path);
            if seen.is_some() {
                break;
            }
        }
        stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        seen
    });
    let seen = seen.expect("a file that changes all the time is caught");
    assert!(seen.contains("while it was read"), "{seen}");
    afs.write("models/din_merged.jsonl", &line.repeat(3), 5);
    scan(&hub);
    assert_eq!(problem_of(&hub, &path), None);
    assert_eq!(find(&hub, "din").data.unwrap().samples, Some(3));
}

#[test]
fn what_is_known_survives_a_restart_without_a_look_into_files() {
    let (mut hub, afs) = (TestHub::new(), Afs::new());
    afs.write("models/din_merged.jsonl", "{}\n", 9);
    afs.configure(&hub, &["din"]);
    assert_eq!(scan(&hub).read, 1);
    hub.restart();
    afs.configure(&hub, &["din"]);
    assert_eq!(scan(&hub).read, 0);
    assert_eq!(find(&hub, "din").data.unwrap().samples, Some(1));
    assert_eq!(
        find(&hub, "din")
            .registered
            .unwrap()
            .in_use()
            .map(|it| it.version.stage),
        None::<Stage>
    );
}
