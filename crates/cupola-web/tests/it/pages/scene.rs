//! A hub with a brief whose tasks have come to every state.

use axum::{
    body::Body,
    http::{Method, header},
};
use base64::Engine as _;
use cupola_domain::{access::Role, alert::TargetKind};
use cupola_hub::{
    alerts::{NewRule, NewTarget},
    experiments::ExperimentDraft,
    loops,
    models::{NewEvaluation, NewModel, NewVersion},
};
use cupola_web::Settings;
use serde_json::{Value, json};

use crate::{
    harness::{Answer, Caller, TestHub, registration},
    workspaces::workspaces,
};

/// A title that wants to be an element.
pub(super) const HOSTILE: &str = "<img src=x onerror=alert(1)>";

/// The same as a page may show it.
pub(super) const ESCAPED: &str = "&#60;img src=x onerror=alert(1)&#62;";

/// A task with its current run.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempted {
    pub(super) task: String,
    pub(super) run: String,
    epoch: i64,
}

/// A hub, and who and what is there.
pub(super) struct Scene {
    pub(super) hub: TestHub,
    pub(super) brief: String,
    pub(super) family: String,
    pub(super) experiment: String,
    pub(super) worker: String,
    pub(super) token: String,
    pub(super) enrolment: String,
    pub(super) model: String,
    pub(super) rule: String,
    pub(super) budget: String,
    pub(super) target: String,
    pub(super) report: String,
    pub(super) completed: Attempted,
    pub(super) failed: Attempted,
    pub(super) running: Attempted,
    pub(super) pending: Attempted,
    worker_secret: String,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let hub = TestHub::with_settings(Settings {
            port: 7171,
            workspaces: workspaces(),
            ..Settings::default()
        });
        // Alerts are about what happens from here on.
        loops::alerts::tick(&hub.hub).unwrap();
        let brief = json!({
            "title": HOSTILE, "goal": format!("{HOSTILE} and more"), "constraints": HOSTILE,
            "num_tasks": 4, "time_budget": 10, "budget_credits": 1000,
        });
        let researcher = hub.somebody(Role::Researcher);
        let made = researcher.post("/api/v1/briefs", &brief).await.expect(201);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (worker_secret, token) = hub.token_for(Role::Worker, None);
        let enrolment = json!({"name": HOSTILE, "owner": HOSTILE, "team": HOSTILE});
        let admin = hub.somebody(Role::Admin);
        let way = admin
            .post("/api/v1/enrolments", &enrolment)
            .await
            .expect(201);
        let draft = ExperimentDraft {
            name: HOSTILE.to_owned(),
            description: HOSTILE.to_owned(),
            template: "layered".to_owned(),
            config: json!({"lr": 0.5}).as_object().unwrap().clone(),
            tags: [(HOSTILE.to_owned(), HOSTILE.to_owned())].into(),
            environment: [("NOTE".to_owned(), HOSTILE.to_owned())].into(),
            ..ExperimentDraft::default()
        };
        let configured = hub.hub.create_experiment(&draft, HOSTILE).unwrap();
        let mut scene = Self {
            experiment: configured.experiment.id.to_string(),
            brief: text(&made["brief"]["brief_id"]),
            family: text(&made["brief"]["family"]["family_id"]),
            worker: String::new(),
            token: token.id.to_string(),
            enrolment: text(&way["enrolment"]["enrolment_id"]),
            model: String::new(),
            rule: String::new(),
            budget: String::new(),
            target: String::new(),
            report: String::new(),
            completed: Attempted::default(),
            failed: Attempted::default(),
            running: Attempted::default(),
            pending: Attempted::default(),
            worker_secret,
            hub,
        };
        let mut joining = registration("s1");
        joining["name"] = json!(HOSTILE);
        let joined = scene.as_worker().post("/api/v1/workers", &joining).await;
        scene.worker = text(&joined.expect(201)["worker_id"]);
        let mut leased = scene.lease(3).await.into_iter();
        scene.completed = leased.next().unwrap();
        scene.failed = leased.next().unwrap();
        scene.running = leased.next().unwrap();
        for one in [&scene.completed, &scene.failed, &scene.running] {
            scene.start(one).await;
        }
        scene.report(&scene.completed, 0, 0.9).await;
        scene.report(&scene.running, 0, 0.5).await;
        scene.finish(&scene.completed, "completed").await;
        scene.finish(&scene.failed, "failed").await;
        scene.pending = scene.find_pending().await;
        scene.model = scene.register();
        scene.find_alerts();
        scene.set_budget().await;
        scene.measure(0, 25.0).await;
        let asked = json!({"subjects": [&scene.family]});
        let researcher = scene.hub.somebody(Role::Researcher);
        let made = researcher.post("/api/v1/reports", &asked).await;
        scene.report = text(&made.expect(201)["report_id"]);
        scene
    }

    /// A model with a version of the completed run, and a history.
    fn register(&self) -> String {
        let hub = &self.hub.hub;
        let new = NewModel {
            name: HOSTILE.to_owned(),
            description: HOSTILE.to_owned(),
            ..NewModel::default()
        };
        let made = hub.create_model(new, HOSTILE).unwrap();
        let version = NewVersion {
            source: HOSTILE.to_owned(),
            run: Some(self.completed.run.parse().unwrap()),
            description: HOSTILE.to_owned(),
            ..NewVersion::default()
        };
        hub.create_model_version(HOSTILE, version, HOSTILE).unwrap();
        let evaluation = NewEvaluation {
            score: Some(0.5),
            source: HOSTILE.to_owned(),
            ..NewEvaluation::default()
        };
        hub.evaluate_model(HOSTILE, evaluation, HOSTILE).unwrap();
        made.model.id.to_string()
    }

    /// A budget for everything.
    async fn set_budget(&mut self) {
        let budget = json!({"name": HOSTILE, "limit": 5.0});
        let operator = self.hub.somebody(Role::Operator);
        let budget = operator.post("/api/v1/budgets", &budget).await.expect(201);
        let id = budget["budget_id"].as_str().unwrap();
        id.clone_into(&mut self.budget);
    }

    /// A target, and a rule that finds the run that failed.
    fn find_alerts(&mut self) {
        let hub = &self.hub.hub;
        let target = NewTarget {
            name: "ops".to_owned(),
            kind: TargetKind::Webhook,
            address: "https://hooks.example/SECRET".to_owned(),
            key: Some("whsec_SECRET_SECRET".to_owned()),
        };
        let target = hub.create_alert_target(target, HOSTILE).unwrap().target;
        let rule = NewRule {
            name: HOSTILE.to_owned(),
            condition: "run failed".to_owned(),
            targets: vec!["ops".to_owned()],
            ..NewRule::default()
        };
        let rule = hub.create_alert_rule(rule, HOSTILE).unwrap();
        loops::alerts::tick(hub).unwrap();
        (self.target, self.rule) = (target.id.to_string(), rule.id.to_string());
    }

    /// The worker tells what its machine does.
    pub(super) async fn measure(&self, number: u32, percent: f64) {
        let sample = json!({"number": number, "age_millis": 0, "values": {"cpu.percent": percent}});
        let report = json!({"session": "s1", "samples": [sample]});
        let path = format!("/api/v1/workers/{}/telemetry", self.worker);
        self.as_worker().post(&path, &report).await.expect(200);
    }

    pub(super) fn as_worker(&self) -> Caller<'_> {
        Caller {
            hub: &self.hub,
            token: self.worker_secret.clone(),
        }
    }

    async fn find_pending(&self) -> Attempted {
        let viewer = self.hub.somebody(Role::Viewer);
        let found = viewer.get("/api/v1/tasks?status=pending").await.expect(200);
        let task = &found["items"][0];
        Attempted {
            task: task["task_id"].as_str().unwrap().to_owned(),
            run: task["run_id"].as_str().unwrap().to_owned(),
            epoch: 0,
        }
    }

    /// What the worker has: the run that runs.
    fn holding(&self) -> Value {
        match self.running.epoch {
            0 => json!([]),
            epoch => json!([{"run_id": self.running.run, "epoch": epoch}]),
        }
    }

    pub(super) async fn lease(&self, slots: u32) -> Vec<Attempted> {
        let question = json!({
            "session": "s1", "free_slots": slots, "holding": self.holding(), "wait_secs": 0.0,
        });
        let path = format!("/api/v1/workers/{}/leases", self.worker);
        let orders = self.as_worker().post(&path, &question).await.expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let orders = orders["start"].as_array().unwrap().iter();
        orders
            .map(|order| Attempted {
                task: text(&order["task_id"]),
                run: text(&order["run_id"]),
                epoch: order["epoch"].as_i64().unwrap(),
            })
            .collect()
    }

    pub(super) async fn start(&self, one: &Attempted) {
        let started = json!({
            "worker_id": self.worker, "epoch": one.epoch, "environment": {"python": HOSTILE},
        });
        let path = format!("/api/v1/runs/{}/start", one.run);
        self.as_worker().post(&path, &started).await.expect(204);
    }

    /// A line of the log, a point and a word of progress.
    pub(super) async fn report(&self, one: &Attempted, seq: u32, fraction: f64) {
        let line = format!("\u{1b}[31mline {seq}\u{1b}[0m {HOSTILE}\u{7}\n");
        let bytes = base64::engine::general_purpose::STANDARD.encode(line);
        let report = json!({
            "worker_id": self.worker, "epoch": one.epoch, "seq": seq,
            "log": [{
                "stream": if seq == 0 { "stderr" } else { "stdout" },
                "at": "2026-11-21T00:00:01Z", "bytes": bytes, "omitted": 2048,
            }],
            "metrics": [{"name": HOSTILE, "points": [[seq, 1000 + seq, fraction]]}],
            "progress": [{"current": fraction, "total": 1.0, "message": HOSTILE}],
        });
        let path = format!("/api/v1/runs/{}/reports", one.run);
        self.as_worker().post(&path, &report).await.expect(204);
    }

    /// Bytes of one stream's log.
    pub(super) async fn say(&self, one: &Attempted, seq: u32, stream: &str, bytes: &[u8]) {
        let bytes = base64::engine::general_purpose::STANDARD.encode(bytes);
        let report = json!({
            "worker_id": self.worker, "epoch": one.epoch, "seq": seq,
            "log": [{"stream": stream, "at": "2026-11-21T00:00:01.250Z", "bytes": bytes}],
        });
        let path = format!("/api/v1/runs/{}/reports", one.run);
        self.as_worker().post(&path, &report).await.expect(204);
    }

    /// Results that are known already.
    pub(super) async fn give(&self, one: &Attempted, seq: u32, results: &Value) {
        self.try_to_give(one, seq, results).await.expect(204);
    }

    pub(super) async fn try_to_give(&self, one: &Attempted, seq: u32, results: &Value) -> Answer {
        let report = json!({
            "worker_id": self.worker, "epoch": one.epoch, "seq": seq, "results": results,
        });
        let path = format!("/api/v1/runs/{}/reports", one.run);
        self.as_worker().post(&path, &report).await
    }

    pub(super) async fn finish(&self, one: &Attempted, outcome: &str) {
        let has_failed = outcome == "failed";
        let finished = json!({
            "worker_id": self.worker, "epoch": one.epoch, "outcome": outcome,
            "wall_time_secs": 9.0,
            "failure": if has_failed { "spawn_failed" } else { "" },
            "failure_detail": if has_failed { HOSTILE } else { "" },
            "results": {"val_bpb": 3.5, HOSTILE: HOSTILE},
        });
        let path = format!("/api/v1/runs/{}/result", one.run);
        self.as_worker().post(&path, &finished).await.expect(200);
    }

    /// An address with the id that goes with its beginning.
    pub(super) fn fill(&self, pattern: &str) -> String {
        let id = match pattern.split('/').nth(1) {
            Some("briefs") => &self.brief,
            Some("families") => &self.family,
            Some("experiments") => &self.experiment,
            Some("tasks") => &self.completed.task,
            Some("runs") => &self.completed.run,
            Some("reports") => &self.report,
            Some("models") => &self.model,
            Some("workers") if pattern.contains("/joining/") => &self.enrolment,
            Some("workers") => &self.worker,
            Some("workspaces") => "lab",
            Some("settings") => &self.token,
            Some("training") => &self.budget,
            Some("alerts") if pattern.contains("/targets/") => &self.target,
            Some("alerts") => &self.rule,
            _ => "",
        };
        let template = self.hub.hub.find_template("char-lm").unwrap();
        let path = pattern.replace("{id}", id).replace("{name}", "char-lm");
        let path = path.replace("{version}", "1");
        let path = path.replace("{task}", "m.learn");
        let hash = if pattern.starts_with("/workspaces") {
            "bbb2"
        } else {
            &template.code_hash
        };
        let path = path.replace("{hash}", hash);
        match pattern {
            "/runs/{id}/result" | "/runs/{id}/result/level" | "/runs/{id}/result.json" => {
                format!("{path}?key=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
            }
            "/workspaces/{id}/action" => format!("{path}?do=delete&task=m.learn&job=bbb2"),
            "/workspaces/{id}/log/file" => format!("{path}?task=m.learn&job=bbb2"),
            _ => path,
        }
    }

    /// Opens a page as a browser does.
    pub(super) async fn open(&self, role: Role, path: &str) -> Answer {
        let asked = self.hub.somebody(role).request(Method::GET, path);
        let asked = asked.header(header::ACCEPT, "text/html,*/*");
        self.hub.send(asked.body(Body::empty()).unwrap()).await
    }

    /// The page at `path`, which must be there.
    pub(super) async fn page(&self, role: Role, path: &str) -> String {
        let answer = self.open(role, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// Sends a form as a browser does.
    pub(super) async fn post(&self, role: Role, path: &str, form: &str) -> Answer {
        let asked = self.hub.somebody(role).request(Method::POST, path);
        let asked = asked
            .header(header::ACCEPT, "text/html,*/*")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.hub.send(asked.unwrap()).await
    }
}

/// A part that a page declares.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) keys: Vec<String>,
    pub(super) src: String,
}

/// The parts of a page that have a route.
pub(super) fn parts(html: &str) -> Vec<Part> {
    let tags = html.split('<').filter_map(|tag| tag.split('>').next());
    tags.filter_map(|tag| {
        let src = attribute(tag, "data-src")?;
        let keys = attribute(tag, "data-live")?;
        Some(Part {
            keys: keys.split(',').map(str::to_owned).collect(),
            src: src.replace("&#38;", "&").replace("&amp;", "&"),
        })
    })
    .collect()
}

/// The value of an attribute in a tag.
pub(super) fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}
