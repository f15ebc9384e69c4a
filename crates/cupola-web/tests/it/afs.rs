//! The training monitor as an AFS dashboard asks for it: shapes, values, refusals.

use std::{fs, path::Path, time::Duration};

use axum::{
    body::Body,
    http::{Method, header},
};
use cupola_domain::{
    access::Role,
    cost::Money,
    counts::State,
    telemetry::{Quantity, Sample, Values},
};
use cupola_hub::training_models::NewTrainingModel;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::harness::{Answer, Caller, TestHub, request};

/// The five models of the example, and one whose name is hostile.
const MODELS: [(&str, &str, f64); 6] = [
    ("majora", "Majora v1", 4.0),
    ("veran", "Veran v5", 3.5),
    ("din", "Din v4", 3.0),
    ("nayru", "Nayru v7", 3.5),
    ("farore", "Farore v6", 3.0),
    ("evil", "=HYPERLINK(\"http://evil\")", 0.0),
];

/// A hub that knows the models and a folder with files of some of them.
struct Monitor {
    hub: TestHub,
    _folder: TempDir,
}

impl Monitor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            "models/majora_v1_merged.jsonl",
            "{\"a\":1}\n{\"a\":2}\n",
        );
        write(
            folder.path(),
            "models/din_v2_merged.jsonl",
            "{\"a\":1}\n{\"a\n",
        );
        let score = |score: &str| {
            format!("{{\"overall_score\": {score}, \"timestamp\": \"2026-01-14T09:30:00\"}}")
        };
        write(
            folder.path(),
            "evaluations/results/majora_results.json",
            &score("0.85"),
        );
        write(
            folder.path(),
            "evaluations/results/nayru_results.json",
            &score("0"),
        );
        write(
            folder.path(),
            "evaluations/results/veran_results.json",
            &score("\"NaN\""),
        );
        let hub = TestHub::new();
        let model = |(key, name, hours): (&str, &str, f64)| NewTrainingModel {
            key: key.to_owned(),
            name: name.to_owned(),
            planned_hours: Some(hours),
            hourly: Money::of(0.24),
            status: (key == "majora").then_some(State::Completed),
            progress: (key == "majora").then_some(100.0),
            ..NewTrainingModel::default()
        };
        let models = MODELS.map(model).into();
        let folders = vec![folder.path().to_owned()];
        hub.hub.configure_training(models, folders).unwrap();
        hub.hub.scan_training_folders().unwrap();
        Self {
            hub,
            _folder: folder,
        }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.hub.somebody(Role::Viewer).get(path).await;
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        answer.expect(200)
    }

    async fn update(&self, body: &Value) -> Answer {
        let researcher = self.hub.somebody(Role::Researcher);
        researcher.post("/api/update-status", body).await
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A worker that trains a model: it has said how far it is, how it learns and how busy it is.
struct Trained<'h> {
    worker: Caller<'h>,
    id: String,
    run: String,
}

impl<'h> Trained<'h> {
    async fn begin(monitor: &'h Monitor, key: &str) -> Self {
        let hub = &monitor.hub;
        let researcher = hub.somebody(Role::Researcher);
        let asked = json!({
            "name": key, "template": "char-lm", "tags": {"model": key}, "time_budget_secs": 60,
        });
        let made = researcher.post("/api/v1/experiments", &asked).await;
        made.expect(201);
        let start = format!("{}/start", made.header("location"));
        researcher.post(&start, &json!({})).await.expect(201);
        let worker = hub.somebody(Role::Worker);
        let id = worker.join("s").await;
        let question = json!({"session": "s", "free_slots": 1, "holding": [], "wait_secs": 0.0});
        let leases = format!("/api/v1/workers/{id}/leases");
        let orders = worker.post(&leases, &question).await.expect(200);
        let run = orders["start"][0]["run_id"].as_str().unwrap().to_owned();
        let started = json!({"worker_id": id, "epoch": 1, "environment": {}});
        let path = format!("/api/v1/runs/{run}/start");
        worker.post(&path, &started).await.expect(204);
        Self { worker, id, run }
    }

    async fn say(&self) {
        let now = self.worker.hub.hub.now().millis();
        let points = |values: [f64; 2]| json!([[0, now - 1000, values[0]], [10, now, values[1]]]);
        let report = json!({
            "worker_id": self.id, "epoch": 1, "seq": 0,
            "metrics": [
                {"name": "loss", "points": points([4.0, 2.5])},
                {"name": "val_loss", "points": [[10, now, "NaN"]]},
                {"name": "samples_per_second", "points": points([100.0, 200.0])},
                {"name": "tokens_per_second", "points": points([1000.0, 3000.0])},
            ],
            "progress": [{"current": 1.0, "total": 4.0, "message": ""}],
        });
        let path = format!("/api/v1/runs/{}/reports", self.run);
        self.worker.post(&path, &report).await.expect(204);
        let values = Values::from([
            (Quantity::CpuPercent, 40.0),
            (Quantity::MemoryUsed, 3.0 * f64::from(1 << 30)),
        ]);
        let hub = &self.worker.hub.hub;
        let owner = hub.authenticate(&self.worker.token).unwrap().token;
        let sample = Sample {
            number: 0,
            age: Duration::ZERO,
            values,
        };
        let id = self.id.parse().unwrap();
        hub.take_telemetry(owner, id, "s", vec![sample]).unwrap();
    }

    async fn complete(&self) {
        let result = json!({
            "worker_id": self.id, "epoch": 1, "outcome": "completed", "wall_time_secs": 9.0,
            "failure": "", "failure_detail": "", "results": {"val_bpb": 3.5},
        });
        let path = format!("/api/v1/runs/{}/result", self.run);
        self.worker.post(&path, &result).await.expect(200);
    }
}

/// What a value is made of: the words for its leaves, the first item for all of a list.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(number) if number.is_f64() => json!("float"),
        Value::Number(_) => json!("int"),
        Value::String(text) if is_moment(text) => json!("time"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.first().map_or(json!([]), |item| json!([shape(item)])),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), shape(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

/// `2026-11-20T22:30:00.123+00:00`, which Python and browsers read.
fn is_moment(text: &str) -> bool {
    let places = text.char_indices();
    let expected = "0000-00-00T00:00:00.000+00:00";
    text.len() == expected.len()
        && places.zip(expected.chars()).all(|((_, c), e)| match e {
            '0' => c.is_ascii_digit(),
            e => c == e,
        })
}

/// The shape of a model, with its measured cost where it has one.
fn model() -> Value {
    json!({
        "basis": {
            "cost_per_hour": "text", "gpu_hours": "text", "progress": "text", "status": "text",
            "total_cost": "text",
        },
        "cost_per_hour": "float", "description": "text", "evaluation_date": "time",
        "evaluation_score": "float", "file_size_mb": "float", "gpu_hours": "float", "key": "text",
        "last_updated": "time", "name": "text", "progress": "int", "status": "text",
        "total_cost": "float", "training_samples": "int",
    })
}

fn with(mut value: Value, name: &str, what: Value) -> Value {
    value[name] = what;
    value
}

#[tokio::test]
async fn bodies_have_the_fields_and_kinds_that_dashboards_know() {
    let monitor = Monitor::new();
    let trained = Trained::begin(&monitor, "majora").await;
    trained.say().await;
    let session = json!({
        "current_time": "time", "estimated_completion": "null", "models_completed": "int",
        "models_in_progress": "int", "models_pending": "int", "session_start": "time",
        "total_cost": "float",
    });
    let registered = json!({
        "deployment_status": "text", "download_url": "text", "evaluation_score": "float",
        "file_size_mb": "float", "key": "text", "last_updated": "time", "name": "text",
        "status": "text", "training_samples": "int", "version": "text",
    });
    let hour = json!({
        "memory_used_gb": "null", "temperature_c": "null", "timestamp": "time",
        "utilization_percent": "null",
    });
    let rates = json!({
        "samples_per_second": "null", "timestamp": "time", "tokens_per_second": "null",
    });
    let totals = json!({
        "models_completed": "int", "models_in_progress": "int", "models_pending": "int",
        "session_start": "time", "total_cost": "float",
    });
    for (path, expected) in [
        (
            "/api/health",
            json!({"status": "text", "timestamp": "time"}),
        ),
        ("/api/training/status", session),
        (
            "/api/models/status",
            json!({"models": [model()], "timestamp": "time"}),
        ),
        (
            "/api/models/majora/status",
            with(model(), "timestamp", json!("time")),
        ),
        (
            "/api/metrics/gpu-utilization",
            json!({
                "basis": "text", "current_memory": "float", "current_temperature": "null",
                "current_utilization": "float", "metrics": [hour],
            }),
        ),
        (
            "/api/metrics/training-loss",
            json!({"metrics": [{"loss": "float", "step": "int", "validation_loss": "null"}]}),
        ),
        (
            "/api/metrics/throughput",
            json!({"current_sps": "float", "current_tps": "float", "metrics": [rates]}),
        ),
        (
            "/api/models/registry",
            json!({"models": [registered], "timestamp": "time", "total_models": "int"}),
        ),
        (
            "/api/export/json",
            json!({"models": [model()], "timestamp": "time", "training_status": totals}),
        ),
    ] {
        let found = shape(&monitor.get(path).await);
        if path == "/api/training/status" {
            // When it ends is known once the rate of its progress is.
            assert_eq!(with(found, "estimated_completion", json!("null")), expected);
            continue;
        }
        assert_eq!(found, expected, "{path}");
    }
    let costs = monitor.get("/api/costs/breakdown").await;
    let bases = json!({"cost_per_hour": "text", "gpu_hours": "text", "total_cost": "text"});
    let one = json!({
        "basis": bases, "cost_per_hour": "float", "gpu_hours": "float", "model_name": "text",
        "total_cost": "float",
    });
    let by_key: Map<_, _> = MODELS
        .iter()
        .map(|(key, ..)| ((*key).to_owned(), one.clone()))
        .collect();
    let expected = json!({
        "basis": {"hourly_rate": "text", "total_cost": "text"}, "breakdown": by_key,
        "hourly_rate": "float", "planned_hourly_rate": "float", "timestamp": "time",
        "total_cost": "float",
    });
    assert_eq!(shape(&costs), expected);
    let updated = monitor
        .update(&json!({"model_key": "veran", "status": "running"}))
        .await;
    let standing = |value: &str| json!({"basis": "text", "value": value});
    let expected = json!({
        "model": "text", "provenance": "text", "status": "text", "success": "bool",
        "stands": {
            "progress": standing("int"), "status": standing("text"),
            "total_cost": standing("float"),
        },
    });
    assert_eq!(shape(&updated.expect(200)), expected);
}

#[tokio::test]
async fn what_nobody_trained_is_planned_and_what_nobody_measured_is_null() {
    let monitor = Monitor::new();
    let session = monitor.get("/api/training/status").await;
    assert_eq!(
        (
            &session["total_cost"],
            &session["models_completed"],
            &session["models_pending"]
        ),
        (&json!(0.0), &json!(1), &json!(5))
    );
    let veran = monitor.get("/api/models/veran/status").await;
    assert_eq!(
        (
            &veran["total_cost"],
            &veran["progress"],
            &veran["training_samples"]
        ),
        (&json!(0.84), &json!(0), &json!(0))
    );
    assert_eq!(
        (&veran["basis"]["total_cost"], &veran["evaluation_score"]),
        (&json!("planned"), &Value::Null)
    );
    let costs = monitor.get("/api/costs/breakdown").await;
    assert_eq!(
        (
            &costs["total_cost"],
            &costs["hourly_rate"],
            &costs["planned_hourly_rate"]
        ),
        (&json!(4.08), &json!(0.0), &json!(1.44))
    );
    assert_eq!(costs["basis"]["total_cost"], "planned");
    let machines = monitor.get("/api/metrics/gpu-utilization").await;
    let hours = machines["metrics"].as_array().unwrap();
    assert_eq!(
        (hours.len(), &machines["current_utilization"]),
        (24, &Value::Null)
    );
    assert!(
        hours
            .iter()
            .all(|hour| hour["utilization_percent"].is_null())
    );
    assert!(
        hours
            .windows(2)
            .all(|two| two[0]["timestamp"].as_str() < two[1]["timestamp"].as_str())
    );
    assert_eq!(
        monitor.get("/api/metrics/training-loss").await,
        json!({"metrics": []})
    );
}

#[tokio::test]
async fn files_give_samples_sizes_and_scores_among_them_zero() {
    let monitor = Monitor::new();
    let registry = monitor.get("/api/models/registry").await;
    assert_eq!(registry["total_models"], MODELS.len());
    let check = |at: usize, samples: Value, score: Value, version: Value| {
        let one = &registry["models"][at];
        let found = (
            &one["training_samples"],
            &one["evaluation_score"],
            &one["version"],
        );
        assert_eq!(found, (&samples, &score, &version), "{one}");
    };
    check(0, json!(2), json!(0.85), json!("v1"));
    check(1, json!(0), Value::Null, Value::Null);
    check(3, json!(0), json!(0.0), Value::Null);
    assert_eq!(
        registry["models"][0]["download_url"],
        "/api/models/majora/download"
    );
}

#[tokio::test]
async fn what_is_measured_stands_whatever_somebody_says() {
    let monitor = Monitor::new();
    let trained = Trained::begin(&monitor, "veran").await;
    trained.say().await;
    let update =
        json!({"model_key": "veran", "status": "completed", "progress": 100, "total_cost": 9.5});
    let updated = monitor.update(&update).await.expect(200);
    assert_eq!(updated["status"], "running");
    assert_eq!(
        updated["stands"]["status"],
        json!({"basis": "measured", "value": "running"})
    );
    assert_eq!(
        updated["stands"]["progress"],
        json!({"basis": "measured", "value": 25})
    );
    let veran = monitor.get("/api/models/veran/status").await;
    assert_eq!(
        (&veran["status"], &veran["progress"]),
        (&json!("running"), &json!(25))
    );
    let session = monitor.get("/api/training/status").await;
    assert_eq!(session["models_in_progress"], 1);
    monitor.hub.advance(Duration::from_mins(30));
    trained.complete().await;
    let veran = monitor.get("/api/models/veran/status").await;
    assert_eq!(
        (&veran["status"], &veran["progress"]),
        (&json!("completed"), &json!(100))
    );
    assert_eq!(veran["basis"]["status"], "measured");
    assert_eq!(
        (
            &veran["total_cost"],
            &veran["gpu_hours"],
            &veran["basis"]["total_cost"]
        ),
        (&json!(0.03), &json!(0.5), &json!("measured"))
    );
}

#[tokio::test]
async fn what_is_said_by_hand_is_kept_with_its_author_until_something_is_measured() {
    let monitor = Monitor::new();
    let update =
        json!({"model_key": "din", "status": "loading", "progress": 12.5, "total_cost": 0.1});
    let updated = monitor.update(&update).await.expect(200);
    assert_eq!(
        (&updated["status"], &updated["provenance"]),
        (&json!("pending"), &json!("manual"))
    );
    let din = monitor.get("/api/models/din/status").await;
    assert_eq!(
        (
            &din["progress"],
            &din["total_cost"],
            &din["basis"]["progress"]
        ),
        (&json!(12.5), &json!(0.1), &json!("manual"))
    );
    let known = monitor.hub.hub.training_models().unwrap();
    let claim = known[2].manual.as_ref().unwrap();
    assert_eq!(claim.author, "researcher");
    // What is left out stays as it was said.
    let update = json!({"model_key": "din", "status": "running"});
    monitor.update(&update).await.expect(200);
    let din = monitor.get("/api/models/din/status").await;
    assert_eq!(
        (&din["status"], &din["progress"]),
        (&json!("running"), &json!(12.5))
    );
    assert_eq!(
        monitor.get("/api/training/status").await["models_in_progress"],
        1
    );
}

async fn refused(monitor: &Monitor, body: &str, kind: Option<&str>, status: u16, message: &str) {
    let researcher = monitor.hub.somebody(Role::Researcher);
    let mut asked = researcher.request(Method::POST, "/api/update-status");
    if let Some(kind) = kind {
        asked = asked.header(header::CONTENT_TYPE, kind);
    }
    let answer = monitor
        .hub
        .send(asked.body(Body::from(body.to_owned())).unwrap())
        .await;
    assert_eq!(answer.expect(status), json!({"error": message}), "{body}");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_wrong_update_is_refused_in_the_dashboards_words() {
    let monitor = Monitor::new();
    let json = Some("application/json");
    let missing = "Missing model_key";
    for body in [
        "",
        " \n",
        "{}",
        "[]",
        "null",
        "\"model_key\"",
        r#"{"status": "running"}"#,
    ] {
        refused(&monitor, body, json, 400, missing).await;
    }
    let unknown = r#"{"model_key": "zelda", "status": "running"}"#;
    refused(&monitor, unknown, json, 404, "Model not found").await;
    let unknown = "{\"model_key\": \"a\\u0000b\", \"status\": \"running\"}";
    refused(&monitor, unknown, json, 404, "Model not found").await;
    refused(
        &monitor,
        r#"{"model_key": "zelda"}"#,
        json,
        404,
        "Model not found",
    )
    .await;
    let progress = r#"{"model_key": "din", "progress": 140}"#;
    let message = "`progress`: is 140; say a number from 0 to 100";
    refused(&monitor, progress, json, 400, message).await;
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        refused(
            &monitor,
            "{}",
            kind,
            415,
            "the body must be `application/json`",
        )
        .await;
    }
    let researcher = monitor.hub.somebody(Role::Researcher);
    let answer = researcher
        .post_bytes("/api/update-status", b"{\"model_key\"".to_vec())
        .await;
    let error = answer.expect(400)["error"].as_str().unwrap().to_owned();
    assert!(error.starts_with("the body is not JSON: "), "{error}");
    let long = format!("{{\"model_key\": \"{}\"}}", "x".repeat(2 << 20));
    let answer = researcher
        .post_bytes("/api/update-status", long.into_bytes())
        .await;
    assert!(answer.expect(413)["error"].is_string(), "{}", answer.text());
}

#[tokio::test]
async fn refusals_of_layers_have_the_same_face() {
    let monitor = Monitor::new();
    let ask = async |method: Method, path: &str, headers: &[(&str, &str)], status: u16| {
        let mut asked = request(method, path);
        for (name, value) in headers {
            asked = asked.header(*name, *value);
        }
        let answer = monitor.hub.send(asked.body(Body::empty()).unwrap()).await;
        let body = answer.expect(status);
        let fields: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(fields, ["error"], "{path}: {body}");
        answer
    };
    ask(Method::GET, "/api/models/status", &[], 401).await;
    let html = [("accept", "text/html")];
    ask(Method::GET, "/api/models/status", &html, 401).await;
    let site = [("origin", "http://evil.example")];
    ask(Method::POST, "/api/update-status", &site, 403).await;
    let viewer = format!("Bearer {}", monitor.hub.token(Role::Viewer));
    let viewer = [("authorization", viewer.as_str())];
    ask(Method::POST, "/api/update-status", &viewer, 403).await;
    let answer = ask(Method::GET, "/api/update-status", &viewer, 405).await;
    assert_eq!(answer.header("allow"), "POST");
    ask(Method::GET, "/api/models/zelda/status", &viewer, 404).await;
    ask(Method::GET, "/api/models/zelda/download", &viewer, 404).await;
    ask(Method::GET, "/api/models/zelda", &viewer, 404).await;
    ask(Method::GET, "/api/models/%FF/status", &viewer, 404).await;
    let unknown = monitor
        .hub
        .somebody(Role::Viewer)
        .get("/api/models/zelda/status")
        .await;
    assert_eq!(unknown.text(), "{\"error\":\"Model not found\"}");
}

#[tokio::test]
async fn the_table_has_the_dashboards_headings_and_no_formulas() {
    let monitor = Monitor::new();
    let third = json!({"model_key": "din", "progress": 100.0 / 3.0});
    monitor.update(&third).await.expect(200);
    let answer = monitor
        .hub
        .somebody(Role::Viewer)
        .get("/api/export/csv")
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let disposition = "attachment; filename=\"afs-dashboard-20261121-000000.csv\"";
    assert_eq!(answer.header("content-disposition"), disposition);
    let text = answer.text();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "Model Name,Status,Progress %,GPU Hours,Cost/Hour,Total Cost,Training Samples,\
         File Size (MB),Evaluation Score"
    );
    assert_eq!(lines.len(), MODELS.len() + 2);
    assert_eq!(
        lines[1],
        "Majora v1,completed,100,4.0,0.24,0.96,2,1.5e-5,0.85"
    );
    assert_eq!(lines[2], "Veran v5,pending,0,3.5,0.24,0.84,0,0.0,N/A");
    // 0 is a score.
    assert!(
        lines[3].starts_with("Din v4,pending,33.33,3.0,"),
        "{}",
        lines[3]
    );
    assert_eq!(lines[4], "Nayru v7,pending,0,3.5,0.24,0.84,0,0.0,0");
    assert!(
        lines[6].starts_with("\"'=HYPERLINK(\"\"http://evil\"\")\","),
        "{}",
        lines[6]
    );
    let answer = monitor
        .hub
        .somebody(Role::Viewer)
        .get("/api/export/json")
        .await;
    let disposition = "attachment; filename=\"afs-dashboard-20261121-000000.json\"";
    assert_eq!(answer.header("content-disposition"), disposition);
    assert_eq!(answer.expect(200)["models"][2]["progress"], json!(33.33));
    assert!(
        answer.text().starts_with("{\n  \"timestamp\": "),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn machines_losses_and_speeds_are_those_that_were_measured() {
    let monitor = Monitor::new();
    let trained = Trained::begin(&monitor, "farore").await;
    trained.say().await;
    let machines = monitor.get("/api/metrics/gpu-utilization").await;
    assert_eq!(
        (
            &machines["basis"],
            &machines["current_utilization"],
            &machines["current_memory"]
        ),
        (&json!("cpu"), &json!(40.0), &json!(3.0))
    );
    let last = &machines["metrics"][23];
    assert_eq!(
        (
            &last["utilization_percent"],
            &last["memory_used_gb"],
            &last["temperature_c"]
        ),
        (&json!(40.0), &json!(3.0), &Value::Null)
    );
    let losses = monitor.get("/api/metrics/training-loss").await;
    let expected = json!([
        {"loss": 4.0, "step": 0, "validation_loss": null},
        {"loss": 2.5, "step": 10, "validation_loss": null},
    ]);
    assert_eq!(losses["metrics"], expected);
    let speeds = monitor.get("/api/metrics/throughput").await;
    assert_eq!(
        (&speeds["current_sps"], &speeds["current_tps"]),
        (&json!(200.0), &json!(3000.0))
    );
    assert_eq!(speeds["metrics"][22]["samples_per_second"], Value::Null);
}
