//! The registry over the API: promotion, what becomes of models, and their files.

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::{access::Role, artifact::Keeper, ids::RunId, model::DeploymentStatus};
use cupola_hub::{
    logged::LoggedBatch,
    models::{NewDeployment, NewEvaluation},
    training_models::NewTrainingModel,
};
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Caller, TestHub},
    mlflow_files::logged_run,
};

async fn send(who: &Caller<'_>, method: Method, path: &str, body: &Value) -> Answer {
    let request = who
        .request(method, path)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    who.hub.send(request.unwrap()).await
}

fn keep(hub: &TestHub, run: RunId, name: &str, bytes: &[u8]) {
    let keeper = Keeper::Run(run);
    let mut upload = hub.hub.begin_logged_artifact(keeper, name, None).unwrap();
    upload.write(bytes).unwrap();
    hub.hub.keep_artifact(upload).unwrap();
}

/// A run that trains `din` and keeps two files.
fn trained(hub: &TestHub) -> RunId {
    let (_, run) = logged_run(hub, "e");
    let batch = LoggedBatch {
        tags: vec![("model".to_owned(), "din".to_owned())],
        ..LoggedBatch::default()
    };
    hub.hub.log_to_run(run, batch).unwrap();
    keep(hub, run, "model/w.bin", b"weights");
    keep(hub, run, "é.txt", &[b'x'; 513]);
    run
}

#[tokio::test]
async fn a_promoted_run_is_found_with_its_checksums_here_and_by_others() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let run = trained(&hub);
    let path = format!("/api/v1/runs/{run}/promotion");
    let body = json!({"stage": "production", "aliases": ["champion"], "files": ["model"]});
    let made = ada.post(&path, &body).await.expect(201);
    assert_eq!(
        (&made["name"], &made["version"]),
        (&json!("din"), &json!(1))
    );
    assert_eq!(made["lineage"]["run_id"], run.to_string());
    assert_eq!(made["files"][0]["name"], "w.bin");
    let hash = made["files"][0]["sha256"].as_str().unwrap();
    assert_eq!(hash.len(), 64);

    let detail = ada.get("/api/v1/models/din").await.expect(200);
    assert_eq!(detail["model"]["stage"], "production");
    assert_eq!(detail["model"]["aliases"], json!({"champion": 1}));
    assert_eq!(detail["model"]["deployment_status"], "ready");
    let id = detail["model"]["model_id"].as_str().unwrap();
    let same = ada.get(&format!("/api/v1/models/{id}")).await.expect(200);
    assert_eq!(same, detail);

    // MLflow's clients see the same version.
    let theirs = ada
        .get("/api/2.0/mlflow/registered-models/alias?name=din&alias=champion")
        .await
        .expect(200);
    assert_eq!(theirs["model_version"]["version"], "1");
    assert_eq!(theirs["model_version"]["current_stage"], "Production");
    let run_id = theirs["model_version"]["run_id"].as_str().unwrap();
    assert_eq!(run_id.replace('-', ""), run.to_string().replace('-', ""));
}

#[tokio::test]
async fn what_becomes_of_a_model_is_said_and_listed() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let new = json!({"name": "din", "description": "d"});
    ada.post("/api/v1/models", &new).await.expect(201);
    let score = json!({"score": 0.85, "source": "questions"});
    let made = ada
        .post("/api/v1/models/din/evaluations", &score)
        .await
        .expect(201);
    assert_eq!(made["metric"], "overall_score");
    let active = json!({"status": "active", "place": "box-1"});
    ada.post("/api/v1/models/din/deployments", &active)
        .await
        .expect(201);
    let notes = json!({"description": "better"});
    send(&ada, Method::PATCH, "/api/v1/models/din", &notes)
        .await
        .expect(200);

    let listed = ada.get("/api/v1/models?search=DI").await.expect(200);
    let model = &listed["items"][0];
    assert_eq!(model["description"], "better");
    assert_eq!(model["evaluation"]["score"], 0.85);
    assert_eq!(model["deployment_status"], "active");
    assert_eq!(model["is_ready"], false);
    let theirs = ada
        .get("/api/2.0/mlflow/registered-models/get?name=din")
        .await
        .expect(200);
    let tags = theirs["registered_model"]["tags"].as_array().unwrap();
    let fact = json!({"key": "cupola.deployment_status", "value": "active"});
    assert!(tags.contains(&fact), "{tags:?}");

    let refusals = [
        ("deployments", json!({"status": "gone"}), "status"),
        ("evaluations", json!({}), "score"),
        ("evaluations", json!({"score": 1, "other": 1}), "other"),
    ];
    for (what, body, field) in refusals {
        let path = format!("/api/v1/models/din/{what}");
        let refused = ada.post(&path, &body).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let path = "/api/v1/models/din/versions/7/stage";
    let stage = json!({"stage": "staging"});
    send(&ada, Method::PUT, path, &stage).await.expect(404);
    ada.delete("/api/v1/models/din").await.expect(204);
    ada.get("/api/v1/models/din").await.expect(404);
}

#[tokio::test]
async fn histories_are_paged_and_counted_whole() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let new = json!({"name": "din"});
    ada.post("/api/v1/models", &new).await.expect(201);
    for number in 0..=1_000 {
        hub.advance(std::time::Duration::from_secs(1));
        let evaluation = NewEvaluation {
            metric: "steps".to_owned(),
            score: Some(f64::from(number)),
            ..NewEvaluation::default()
        };
        hub.hub.evaluate_model("din", evaluation, "ada").unwrap();
        let deployment = NewDeployment {
            version: None,
            status: DeploymentStatus::Ready,
            place: number.to_string(),
            note: String::new(),
        };
        hub.hub.deploy_model("din", deployment, "ada").unwrap();
    }
    for (what, field, last, first) in [
        ("evaluations", "score", json!(1000.0), json!(0.0)),
        ("deployments", "place", json!("1000"), json!("0")),
    ] {
        let path = format!("/api/v1/models/din/{what}?per_page=1");
        for (page, expected) in [(1, last), (1_001, first)] {
            let found = ada.get(&format!("{path}&page={page}")).await.expect(200);
            assert_eq!(found["total"], 1_001, "{what}");
            assert_eq!(found["items"][0][field], expected, "{what}");
        }
        let array = ada.get(&format!("/api/v1/models/din/{what}?limit=2")).await;
        assert_eq!(array.header("x-total-count"), "1001");
    }
    let id = ada.get("/api/v1/models/din").await.expect(200)["model"]["model_id"].clone();
    let id = id.as_str().unwrap();
    let question = ada.get(&format!("/models/{id}/deletion")).await.text();
    assert!(question.contains("1001 evaluations"), "{question}");
    let history = ada.get(&format!("/models/{id}/history")).await.text();
    let heads = history.matches("<span class=\"muted\">1001</span>");
    assert_eq!(heads.count(), 2);
}

/// Sends a form as a browser does.
async fn submit(who: &Caller<'_>, path: &str, form: &str) -> Answer {
    let request = who
        .request(Method::POST, path)
        .header(header::ACCEPT, "text/html,*/*")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()));
    who.hub.send(request.unwrap()).await
}

#[tokio::test]
async fn a_version_changes_by_its_form_whole_or_not_at_all() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let run = trained(&hub);
    let path = format!("/api/v1/runs/{run}/promotion");
    let body = json!({"description": "first", "aliases": ["best"]});
    ada.post(&path, &body).await.expect(201);
    let before = ada.get("/api/v1/models/din").await.expect(200);
    let id = before["model"]["model_id"].as_str().unwrap();
    let path = format!("/models/{id}/versions/1");
    for aliases in ["a+b", "best,+2", "v1"] {
        let form = format!("stage=production&description=other&aliases={aliases}");
        let refused = submit(&ada, &path, &form).await;
        assert_eq!(refused.status, 422, "{aliases}");
        let html = refused.text();
        assert!(html.contains("id=\"aliases-error\""), "{html}");
        assert!(html.contains("other"), "{html}");
        let after = ada.get("/api/v1/models/din").await.expect(200);
        assert_eq!(after, before, "{aliases}");
    }
    let form = "stage=production&description=other&aliases=champion";
    assert_eq!(submit(&ada, &path, form).await.status, 303);
    let version = ada.get("/api/v1/models/din/versions/1").await.expect(200);
    assert_eq!(version["stage"], "production");
    assert_eq!(version["description"], "other");
    assert_eq!(version["aliases"], json!(["champion"]));
}

#[tokio::test]
async fn an_alias_of_digits_is_refused_here_and_taken_from_clients_who_tell_it_from_a_number() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let run = trained(&hub);
    let path = format!("/api/v1/runs/{run}/promotion");
    ada.post(&path, &json!({})).await.expect(201);
    let number = json!({"aliases": ["2"]});
    let refused = ada.post(&path, &number).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "alias");
    let alias = "/api/v1/models/din/aliases/2";
    let refused = send(&ada, Method::PUT, alias, &json!({"version": 1})).await;
    assert_eq!(refused.expect(422)["errors"][0]["field"], "alias");
    let theirs = json!({"name": "din", "alias": "2", "version": "1"});
    ada.post("/api/2.0/mlflow/registered-models/alias", &theirs)
        .await
        .expect(200);
    let found = ada
        .get("/api/2.0/mlflow/registered-models/alias?name=din&alias=2")
        .await
        .expect(200);
    assert_eq!(found["model_version"]["version"], "1");
}

/// The names and bytes of an archive, read as `tar` reads them.
fn unpacked(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == 0);
        String::from_utf8(bytes[..end.unwrap_or(bytes.len())].to_vec()).unwrap()
    };
    let (mut found, mut at, mut long) = (Vec::new(), 0, None);
    while archive[at] != 0 {
        let header = &archive[at..at + 512];
        let size = usize::from_str_radix(&text(&header[124..136]), 8).unwrap();
        let body = archive[at + 512..at + 512 + size].to_vec();
        if header[156] == b'x' {
            let said = String::from_utf8(body).unwrap();
            let (_, path) = said.trim_end().split_once(" path=").unwrap();
            long = Some(path.to_owned());
        } else {
            found.push((long.take().unwrap_or_else(|| text(&header[..100])), body));
        }
        at += 512 + size.div_ceil(512) * 512;
    }
    assert_eq!(archive.len(), at + 1024);
    found
}

#[tokio::test]
async fn files_come_one_by_one_or_all_together() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let run = trained(&hub);
    let path = format!("/api/v1/runs/{run}/promotion");
    ada.post(&path, &json!({})).await.expect(201);
    let viewer = hub.somebody(Role::Viewer);
    let one = viewer
        .get("/api/v1/models/din/versions/latest/files/model/w.bin")
        .await;
    assert_eq!(
        (one.status.as_u16(), &one.bytes[..]),
        (200, &b"weights"[..])
    );
    for path in ["versions/1/archive", "download"] {
        let all = viewer.get(&format!("/api/v1/models/din/{path}")).await;
        assert_eq!(all.status, 200);
        assert_eq!(all.header("content-type"), "application/x-tar");
        assert_eq!(all.header("content-length"), all.bytes.len().to_string());
        assert!(all.header("content-disposition").contains("din-v1.tar"));
        let files = unpacked(&all.bytes);
        let expected = [
            ("model/w.bin".to_owned(), b"weights".to_vec()),
            ("é.txt".to_owned(), vec![b'x'; 513]),
        ];
        assert_eq!(files, expected);
    }
    let missing = viewer.get("/api/v1/models/din/versions/1/files/x").await;
    missing.expect(404);
}

#[tokio::test]
async fn samples_in_a_folder_are_downloaded_and_links_out_of_it_are_not() {
    let hub = TestHub::new();
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    std::fs::create_dir(&models).unwrap();
    std::fs::write(models.join("din_v4_merged.jsonl"), "{}\n{}\n").unwrap();
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "secret").unwrap();
    let link = models.join("majora_merged.jsonl");
    std::os::unix::fs::symlink(secret.path(), link).unwrap();
    let named = |key: &str| NewTrainingModel {
        key: key.to_owned(),
        ..NewTrainingModel::default()
    };
    let new = ["din", "majora", "nayru"].map(named).to_vec();
    let folders = vec![folder.path().to_owned()];
    hub.hub.configure_training(new, folders).unwrap();
    hub.hub.scan_training_folders().unwrap();

    let viewer = hub.somebody(Role::Viewer);
    let detail = viewer.get("/api/v1/models/din").await.expect(200);
    assert_eq!(detail["model"]["data"]["samples"], 2);
    assert_eq!(detail["model"]["data"]["version"], "v4");
    for path in ["download", "data/din_v4_merged.jsonl"] {
        let came = viewer.get(&format!("/api/v1/models/din/{path}")).await;
        assert_eq!(
            (came.status.as_u16(), &came.bytes[..]),
            (200, &b"{}\n{}\n"[..])
        );
    }
    // A link counts as nothing; one that takes a file's place after the scan is refused.
    let outside = viewer.get("/api/v1/models/majora/download").await;
    let title = outside.expect(409)["title"].to_string();
    assert!(title.contains("is not ready"), "{title}");
    let later = models.join("din_v4_merged.jsonl");
    std::fs::rename(models.join("majora_merged.jsonl"), &later).unwrap();
    let outside = viewer.get("/api/v1/models/din/download").await;
    let title = outside.expect(403)["title"].to_string();
    assert!(title.contains("outside"), "{title}");
    let nothing = viewer.get("/api/v1/models/nayru/download").await;
    let title = nothing.expect(409)["title"].to_string();
    assert!(title.contains("is not ready"), "{title}");
    viewer.get("/api/v1/models/din/data/x").await.expect(404);
    // What is in a file's place now is not waited for.
    let data = models.join("din_v4_merged.jsonl");
    std::fs::remove_file(&data).unwrap();
    std::fs::create_dir(&data).unwrap();
    let gone = viewer.get("/api/v1/models/din/download").await;
    let title = gone.expect(409)["title"].to_string();
    assert!(title.contains("it is not a file"), "{title}");
}
