//! The example of a training monitor, asked as an AFS dashboard's manual says: by `curl`, without a token.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Process, cupola, eventually, run};

/// A hub and a worker on the example's configuration, in an empty folder.
struct Monitor {
    folder: TempDir,
    url: String,
    _process: Process,
}

impl Monitor {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let example = example();
        let args = [
            "up",
            "--config",
            example.to_str().unwrap(),
            "--port",
            "0",
            "--no-browser",
        ];
        let mut command = cupola(folder.path(), &args);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let process = Process { child };
        let first = lines
            .next()
            .expect("the hub says where it listens")
            .unwrap();
        let url = first.rsplit(' ').next().unwrap().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{first}");
        // Whoever reads no further must not make it stop.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            folder,
            url: url.replace("127.0.0.1", "localhost"),
            _process: process,
        }
    }

    /// What `curl` prints for a path of the hub.
    fn curl(&self, path: &str, args: &[&str]) -> String {
        self.curl_at(&format!("{}{path}", self.url), args)
    }

    #[expect(clippy::disallowed_methods, reason = "the test waits for its end")]
    fn curl_at(&self, url: &str, args: &[&str]) -> String {
        let mut command = Command::new("curl");
        command
            .current_dir(self.folder.path())
            .arg("--silent")
            .args(args)
            .arg(url);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{url}: {:?}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, path: &str) -> Value {
        let text = self.curl(path, &[]);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}"))
    }

    fn update(&self, body: &Value) -> Value {
        let body = body.to_string();
        let args = [
            "-X",
            "POST",
            "-H",
            "Content-Type: application/json",
            "-d",
            &body,
        ];
        serde_json::from_str(&self.curl("/api/update-status", &args)).unwrap()
    }

    /// The status and the body's beginning of an answer.
    fn status_of(&self, path: &str, args: &[&str]) -> String {
        let format = ["-o", "/dev/null", "-w", "%{http_code}"];
        self.curl(path, &[&format, args].concat())
    }

    fn cupola(&self, args: &[&str]) -> Value {
        let output = run(self.folder.path(), args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {stderr}");
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/afs.toml")
}

/// The ten checks that come with such a dashboard.
fn check_all_ten(monitor: &Monitor) {
    let number_of = |path: &str, list: &str| monitor.json(path)[list].as_array().unwrap().len();
    assert_eq!(monitor.json("/api/health")["status"], "healthy");
    assert!(monitor.json("/api/training/status")["total_cost"].is_number());
    assert!(number_of("/api/models/status", "models") >= 5);
    assert!(monitor.json("/api/costs/breakdown")["total_cost"].is_number());
    assert_eq!(number_of("/api/metrics/gpu-utilization", "metrics"), 24);
    number_of("/api/metrics/training-loss", "metrics");
    assert_eq!(number_of("/api/metrics/throughput", "metrics"), 24);
    assert!(number_of("/api/models/registry", "models") >= 5);
    let csv = monitor.curl("/api/export/csv", &[]);
    assert!(csv.lines().next().unwrap().contains("Model Name"), "{csv}");
    assert!(monitor.json("/api/export/json")["models"].is_array());
}

/// Waits until what is found in the folders is known.
async fn scanned(monitor: &Monitor) {
    eventually("the folders' files", || async {
        let majora = monitor.json("/api/models/majora/status");
        (majora["training_samples"] == 4 && majora["evaluation_score"] == 0.85).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_manuals_commands_work_as_written() {
    let monitor = Monitor::start();
    scanned(&monitor).await;
    check_all_ten(&monitor);
    // The dashboard itself is the first page.
    assert_eq!(monitor.status_of("/", &[]), "200");
    let page = monitor.curl("/", &[]);
    assert!(
        page.contains("Majora v1") && page.contains("loopback"),
        "{page}"
    );
    // The plan's totals: 17 hours at $0.24.
    let costs = monitor.json("/api/costs/breakdown");
    assert_eq!(
        (
            &costs["total_cost"],
            &costs["planned_hourly_rate"],
            &costs["hourly_rate"]
        ),
        (&json!(4.08), &json!(1.2), &json!(0.0))
    );
    let updated =
        monitor.update(&json!({"model_key": "majora", "status": "completed", "progress": 100}));
    assert_eq!(
        (&updated["success"], &updated["model"], &updated["status"]),
        (&json!(true), &json!("majora"), &json!("completed"))
    );
    // curl http://localhost:5000/api/export/csv > report.csv
    monitor.curl("/api/export/csv", &["-o", "report.csv"]);
    let csv = fs::read_to_string(monitor.folder.path().join("report.csv")).unwrap();
    assert_eq!((csv.matches("\r\n").count(), csv.lines().count()), (6, 6));
    monitor.curl("/api/export/json", &["-o", "report.json"]);
    let report = fs::read(monitor.folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["models"].as_array().unwrap().len(), 5);
    refusals(&monitor);
}

fn refusals(monitor: &Monitor) {
    let check = |path: &str, args: &[&str], status: &str| {
        assert_eq!(monitor.status_of(path, args), status, "{path} {args:?}");
    };
    check("/api/models/zelda/status", &[], "404");
    check("/api/update-status", &["-X", "POST"], "415");
    check("/api/update-status", &["-d", "model_key=majora"], "415");
    let json = ["-H", "Content-Type: application/json"];
    check(
        "/api/update-status",
        &[&json[..], &["-d", "{}"]].concat(),
        "400",
    );
    check(
        "/api/models/status",
        &["-H", "Authorization: Bearer nobody"],
        "401",
    );
    check(
        "/api/models/status",
        &["-H", "X-Forwarded-For: 10.0.0.1"],
        "401",
    );
    check("/api/models/status", &["-H", "Host: evil.example"], "421");
    let from_elsewhere = ["-H", "Origin: http://evil.example", "-d", "{}"];
    check(
        "/api/update-status",
        &[&json[..], &from_elsewhere].concat(),
        "403",
    );
    check("/api/v1/tokens", &[], "403");
    check(
        "/api/v1/workers",
        &[&json[..], &["-d", "{}"]].concat(),
        "403",
    );
    let body = monitor.curl("/api/models/zelda/status", &[]);
    assert_eq!(body, "{\"error\":\"Model not found\"}");
}

#[tokio::test]
async fn a_real_training_makes_planned_values_measured() {
    let monitor = Monitor::start();
    scanned(&monitor).await;
    let planned = monitor.json("/api/models/majora/status");
    assert_eq!(planned["basis"]["total_cost"], "planned");
    let made = monitor.cupola(&[
        "experiment",
        "new",
        "majora",
        "--template",
        "char-lm",
        "--tag",
        "model=majora",
        "--time-budget",
        "12",
        "--json",
    ]);
    assert!(made["experiment"]["experiment_id"].is_string(), "{made}");
    monitor.cupola(&["experiment", "start", "majora", "--json"]);
    eventually("majora in training", || async {
        let majora = monitor.json("/api/models/majora/status");
        let session = monitor.json("/api/training/status");
        (majora["status"] == "running" && session["models_in_progress"] == 1).then_some(())
    })
    .await;
    let rate = monitor.json("/api/costs/breakdown");
    assert_eq!(
        (&rate["hourly_rate"], &rate["basis"]["hourly_rate"]),
        (&json!(0.24), &json!("measured"))
    );
    eventually("how fast it is", || async {
        let speeds = monitor.json("/api/metrics/throughput");
        let machines = monitor.json("/api/metrics/gpu-utilization");
        let is_measured =
            speeds["current_tps"].is_number() && machines["current_utilization"].is_number();
        is_measured.then_some(())
    })
    .await;
    let majora = eventually("its end", || async {
        let majora = monitor.json("/api/models/majora/status");
        (majora["status"] == "completed").then_some(majora)
    })
    .await;
    let basis = &majora["basis"];
    assert_eq!(majora["progress"], 100);
    for what in ["status", "progress", "gpu_hours", "total_cost"] {
        assert_eq!(basis[what], "measured", "{what}: {majora}");
    }
    let (hours, cost) = (
        majora["gpu_hours"].as_f64().unwrap(),
        majora["total_cost"].as_f64().unwrap(),
    );
    assert!(hours > 0.0 && hours < 0.5, "{majora}");
    assert!((cost - hours * 0.24).abs() < 1e-5, "{majora}");
    let losses = monitor.json("/api/metrics/training-loss");
    assert!(
        losses["metrics"][0]["loss"].as_f64().unwrap() > 0.0,
        "{losses}"
    );
    check_all_ten(&monitor);
}

#[test]
fn a_grant_to_this_machine_is_refused_where_others_come_in() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str, args: &[&str], expected: &str| {
        fs::write(folder.path().join("c.toml"), text).unwrap();
        let args = [&["hub", "--config", "c.toml", "--port", "0"], args].concat();
        let output = run(folder.path(), &args);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    };
    let grant = "[access]\nloopback_role = 'researcher'";
    check(grant, &["--host", "0.0.0.0"], "listens on `0.0.0.0`");
    check(grant, &["--allow-remote"], "`allow_remote`");
    check(grant, &["--behind-tls"], "`behind_tls`");
    check("[access]\nloopback_role = 'admin'", &[], "choose `viewer`");
    check("home = 'shop'", &[], "unknown variant `shop`");
    check(
        "[access]\nlopback_role = 'viewer'",
        &[],
        "unknown field `lopback_role`",
    );
}
