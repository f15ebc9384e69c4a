//! Files of runs as `MLflow`'s clients send, list and fetch them.

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::{access::Role, experiment::Origin, ids::RunId, provenance::Provenance};
use cupola_hub::logged::NewLogged;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub};

pub(crate) const API: &str = "/api/2.0/mlflow";
const FILES: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// A run that a client logs: its experiment and itself.
pub(crate) fn logged_run(hub: &TestHub, name: &str) -> (String, RunId) {
    let made = hub
        .hub
        .create_logged_experiment(name, Origin::Mlflow, "mlflow", Vec::new(), "ada");
    let experiment = made.unwrap().id;
    let new = NewLogged {
        experiment,
        name: "r".to_owned(),
        started_at: None,
        params: Vec::new(),
        tags: Vec::new(),
        provenance: Provenance::Measured,
    };
    (
        experiment.to_string(),
        hub.hub.open_logged_run(new).unwrap().id,
    )
}

/// Sends bytes as a client does: without saying their hash.
pub(crate) async fn put(who: &Caller<'_>, path: &str, bytes: &[u8]) -> Answer {
    let request = who
        .request(Method::PUT, path)
        .header(header::CONTENT_LENGTH, bytes.len());
    who.hub
        .send(request.body(Body::from(bytes.to_vec())).unwrap())
        .await
}

/// What clients read of a refusal.
#[track_caller]
pub(crate) fn code(answer: &Answer, status: u16) -> String {
    let error = answer.expect(status);
    assert!(error["message"].is_string(), "{error}");
    error["error_code"].as_str().unwrap_or_default().to_owned()
}

pub(crate) fn escaped(text: &str) -> String {
    let bytes: Vec<_> = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    bytes.concat()
}

fn files(answer: &Value) -> Vec<String> {
    let files = answer["files"].as_array().unwrap();
    let shown = files.iter().map(|file| match file["file_size"].as_u64() {
        Some(size) => format!("{}:{size}", file["path"].as_str().unwrap()),
        None => format!("{}/", file["path"].as_str().unwrap()),
    });
    shown.collect()
}

#[tokio::test]
async fn files_go_up_are_listed_come_down_and_go() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, run) = logged_run(&hub, "e");
    let root = format!("{FILES}/{experiment}/{run}/artifacts");
    put(&ada, &format!("{root}/model/MLmodel"), b"flavors")
        .await
        .expect(200);
    put(&ada, &format!("{root}/model/data/x.pkl"), b"weights")
        .await
        .expect(200);
    put(&ada, &format!("{root}/a%20b%25.txt"), b"")
        .await
        .expect(200);

    let listed = ada
        .get(&format!("{API}/artifacts/list?run_id={run}"))
        .await
        .expect(200);
    assert_eq!(files(&listed), ["a b%.txt:0", "model/"]);
    let uri = format!("mlflow-artifacts:/{experiment}/{run}/artifacts");
    assert_eq!(listed["root_uri"], uri);
    let below = ada
        .get(&format!("{API}/artifacts/list?run_id={run}&path=model"))
        .await;
    assert_eq!(
        files(&below.expect(200)),
        ["model/MLmodel:7", "model/data/"]
    );
    let relative = ada
        .get(&format!("{FILES}?path={experiment}/{run}/artifacts/model"))
        .await;
    assert_eq!(files(&relative.expect(200)), ["MLmodel:7", "data/"]);

    let down = ada.get(&format!("{root}/model/data/x.pkl")).await;
    assert_eq!(
        (down.status.as_u16(), down.bytes.as_slice()),
        (200, &b"weights"[..])
    );
    assert_eq!(down.header("content-type"), "application/octet-stream");
    assert!(down.header("content-disposition").starts_with("attachment"));
    ada.delete(&format!("{root}/model")).await.expect(200);
    let listed = ada
        .get(&format!("{API}/artifacts/list?run_id={run}"))
        .await
        .expect(200);
    assert_eq!(files(&listed), ["a b%.txt:0"]);
    let gone = ada.get(&format!("{root}/model/MLmodel")).await;
    assert_eq!(code(&gone, 404), "RESOURCE_DOES_NOT_EXIST");
}

#[tokio::test]
async fn names_that_lead_elsewhere_are_refused_whatever_is_done_with_them() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, run) = logged_run(&hub, "e");
    let root = format!("{experiment}/{run}/artifacts");
    let names = include_str!("../fixtures/mlflow/refused-paths.jsonl");
    let names: Vec<String> = names
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(names.len() >= 100, "only {}", names.len());
    for name in names {
        let path = escaped(&name);
        let answers = [
            put(&ada, &format!("{FILES}/{root}/{path}"), b"x").await,
            ada.get(&format!("{FILES}/{root}/{path}")).await,
            ada.delete(&format!("{FILES}/{root}/{path}")).await,
            ada.get(&format!("{FILES}?path={root}/{path}")).await,
            ada.get(&format!("{API}/artifacts/list?run_id={run}&path={path}"))
                .await,
        ];
        for (at, answer) in answers.iter().enumerate() {
            assert_eq!(answer.status, 400, "{at} {name:?}: {}", answer.text());
            assert_eq!(code(answer, 400), "INVALID_PARAMETER_VALUE", "{name:?}");
        }
    }
    assert_eq!(hub.hub.list_artifacts(run).unwrap(), []);
    for raw in ["../x", "a/../../x", "./x", "//x", "a//b", "%2e%2e/x"] {
        let answer = put(&ada, &format!("{FILES}/{root}/{raw}"), b"x").await;
        assert_eq!(answer.status, 400, "{raw}: {}", answer.text());
    }
    assert_eq!(hub.hub.list_artifacts(run).unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_in_the_clients_shape() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    let (experiment, run) = logged_run(&hub, "e");
    let root = format!("{FILES}/{experiment}/{run}/artifacts");
    let large = vec![0; (4 << 20) + 1];
    let said = put(&ada, &format!("{root}/large"), &large).await;
    assert_eq!(code(&said, 413), "INVALID_PARAMETER_VALUE");
    let unsaid = ada.request(Method::PUT, &format!("{root}/large"));
    let unsaid = hub.send(unsaid.body(Body::from(large)).unwrap()).await;
    assert_eq!(code(&unsaid, 413), "INVALID_PARAMETER_VALUE");
    let packed = ada
        .request(Method::PUT, &format!("{root}/packed"))
        .header(header::CONTENT_ENCODING, "gzip");
    let packed = hub.send(packed.body(Body::from("x")).unwrap()).await;
    assert_eq!(code(&packed, 415), "INVALID_PARAMETER_VALUE");
    let nowhere = "01900000-0000-7000-8000-000000000000";
    let nobody = put(&ada, &format!("{FILES}/e/{nowhere}/artifacts/x"), b"x").await;
    assert_eq!(code(&nobody, 404), "RESOURCE_DOES_NOT_EXIST");
    let viewer = hub.somebody(Role::Viewer);
    let answer = put(&viewer, &format!("{root}/x"), b"x").await;
    assert_eq!(code(&answer, 403), "PERMISSION_DENIED");
    assert_eq!(hub.hub.list_artifacts(run).unwrap(), []);
}

#[tokio::test]
async fn parts_and_links_are_declined_so_that_clients_do_without() {
    let hub = TestHub::new();
    let ada = hub.somebody(Role::Researcher);
    for action in ["create", "complete", "abort"] {
        let path = format!("/api/2.0/mlflow-artifacts/mpu/{action}/e/r/artifacts/x");
        let answer = ada.post(&path, &json!({"path": "x", "num_parts": 3})).await;
        let told = answer.expect(501);
        assert_eq!(
            told["message"],
            "Multipart upload is not supported for the current artifact repository"
        );
    }
    let answer = ada
        .get("/api/2.0/mlflow-artifacts/presigned/e/r/artifacts/x")
        .await;
    assert_eq!(code(&answer, 501), "NOT_IMPLEMENTED");
}

#[tokio::test]
async fn a_program_keeps_files_of_its_own_run_alone() {
    let hub = TestHub::new();
    let (order, _) = crate::matrix::leased(&hub).await;
    let (own, token) = (
        order["run_id"].as_str().unwrap(),
        order["token"].as_str().unwrap(),
    );
    let program = Caller {
        hub: &hub,
        token: token.to_owned(),
    };
    put(&program, &format!("{FILES}/e/{own}/artifacts/a/b"), b"x")
        .await
        .expect(200);
    let listed = program
        .get(&format!("{API}/artifacts/list?run_id={own}"))
        .await;
    assert_eq!(files(&listed.expect(200)), ["a/"]);
    let kept = hub
        .hub
        .list_artifacts(own.parse::<RunId>().unwrap())
        .unwrap();
    assert_eq!(kept[0].name, "a/b");

    let (experiment, other) = logged_run(&hub, "other");
    let path = format!("{FILES}/{experiment}/{other}/artifacts/a");
    for answer in [
        put(&program, &path, b"x").await,
        program.get(&path).await,
        program.delete(&path).await,
        program
            .get(&format!("{API}/artifacts/list?run_id={other}"))
            .await,
    ] {
        assert_eq!(code(&answer, 403), "PERMISSION_DENIED");
    }
}
