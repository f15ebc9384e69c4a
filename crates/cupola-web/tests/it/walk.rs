//! The whole walk of a worker, and its questions for work.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Answer, Caller, TestHub};

async fn lease(worker: &Caller<'_>, id: &str, free_slots: u32, wait_secs: f64) -> Answer {
    let question = json!({
        "session": "s1", "free_slots": free_slots, "holding": [], "wait_secs": wait_secs,
    });
    worker
        .post(&format!("/api/v1/workers/{id}/leases"), &question)
        .await
}

fn result(id: &str, epoch: &Value, outcome: &str) -> Value {
    json!({
        "worker_id": id, "epoch": epoch, "outcome": outcome, "wall_time_secs": 9.0,
        "failure": if outcome == "failed" { "exit_code" } else { "" },
        "failure_detail": if outcome == "failed" { "3" } else { "" },
        "results": {"val_bpb": 3.5, "train_loss": 1.7},
    })
}

/// What was said of `loss`, as charts and as files.
async fn check_charts(researcher: &Caller<'_>, run: &str) {
    let charts = researcher
        .get(&format!("{run}/charts?name=loss&name=gone"))
        .await;
    let charts = charts.expect(200);
    assert_eq!(
        (&charts["names"], &charts["matching"]),
        (&json!(1), &json!(1))
    );
    let chart = &charts["charts"][0];
    assert_eq!(
        chart["columns"],
        json!({"step": [0, 1], "time": [1000, 1001], "last": [4.0, "NaN"]})
    );
    assert_eq!(
        (&chart["reduced"], &chart["points_total"]),
        (&json!(false), &json!(2))
    );
    assert_eq!(
        (&chart["last"], &chart["min"]),
        (&json!([1, 1001, "NaN"]), &json!(4.0))
    );
    let after = &chart["cursor"];
    let path = format!("{run}/charts?name=loss&after={after}");
    let more = researcher.get(&path).await.expect(200);
    assert_eq!(more["charts"][0]["appended"], true);
    assert_eq!(more["charts"][0]["columns"]["step"], json!([]));
    let one = researcher
        .get(&format!("{run}/charts?match=LO&width=1"))
        .await
        .expect(200);
    let columns = json!({
        "step": [0], "time": [1000], "first": [4.0], "last": ["NaN"], "min": [4.0], "max": [4.0],
        "mean": [4.0], "count": [2], "finite": [1],
    });
    assert_eq!(one["charts"][0]["columns"], columns);
    let nothing = researcher
        .get(&format!("{run}/charts?match=^x"))
        .await
        .expect(200);
    assert_eq!(
        (&nothing["matching"], &nothing["names"]),
        (&json!(0), &json!(1))
    );

    let csv = researcher.get(&format!("{run}/points?name=loss")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").ends_with("-loss.csv\""));
    let expected = "step,time,value\r\n0,1970-01-01T00:00:01.000Z,4.0\r\n\
                    1,1970-01-01T00:00:01.001Z,NaN\r\n";
    assert_eq!(csv.text(), expected);
    let path = format!("{run}/points?name=loss&from=1&to=9&format=json");
    let points = researcher.get(&path).await.expect(200);
    assert_eq!(
        points,
        json!({"name": "loss", "points": [[1, 1001, "NaN"]]})
    );
}

#[tokio::test]
async fn a_worker_walks_from_joining_to_a_result() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let worker = hub.somebody(Role::Worker);
    let family = researcher.submit_brief(1).await;
    let id = worker.join("s1").await;
    let orders = lease(&worker, &id, 4, 0.0).await.expect(200);
    let order = &orders["start"][0];
    assert_eq!(orders["start"].as_array().unwrap().len(), 1);
    assert_eq!(order["experiment_id"], family);
    assert_eq!(
        (&order["metric_name"], &order["epoch"]),
        (&json!("val_bpb"), &json!(1))
    );
    assert_eq!(order["config"]["time_budget_seconds"], 10.0);
    let run = order["run_id"].as_str().unwrap();
    let run_path = format!("/api/v1/runs/{run}");

    let started = json!({"worker_id": id, "epoch": 1, "environment": {"python": "3.11"}});
    worker
        .post(&format!("{run_path}/start"), &started)
        .await
        .expect(204);
    let report = json!({
        "worker_id": id, "epoch": 1, "seq": 0,
        "log": [{"stream": "stdout", "at": "2026-11-21T00:00:01Z", "bytes": "aGVsbG8K"}],
        "metrics": [{"name": "loss", "points": [[0, 1000, 4.0], [1, 1001, "NaN"]]}],
        "progress": [{"current": 0.5, "total": 1.0, "message": "half way"}],
    });
    let reports = format!("{run_path}/reports");
    worker.post(&reports, &report).await.expect(204);
    worker.post(&reports, &report).await.expect(204);
    let mut ahead = report.clone();
    ahead["seq"] = json!(5);
    assert_eq!(worker.post(&reports, &ahead).await.problem(409), "conflict");

    let finished = result(&id, &json!(1), "completed");
    let result_path = format!("{run_path}/result");
    let answer = worker.post(&result_path, &finished).await.expect(200);
    assert_eq!(answer["status"], "completed");
    let again = worker.post(&result_path, &finished).await.expect(200);
    assert_eq!(again, answer);
    let mut stale = report.clone();
    stale["epoch"] = json!(0);
    assert_eq!(
        worker.post(&reports, &stale).await.problem(409),
        "stale_lease"
    );

    let log = researcher
        .get(&format!("{run_path}/log?after=0"))
        .await
        .expect(200);
    assert_eq!(log["lines"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&log["lines"][0]["text"], &log["complete"]),
        (&json!("hello"), &json!(true))
    );
    let raw = researcher.get(&format!("{run_path}/log/raw")).await;
    assert_eq!(raw.text(), "hello\n");
    assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        raw.header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    let series = researcher
        .get(&format!("{run_path}/series?name=loss"))
        .await
        .expect(200);
    assert_eq!(series["points"], json!([[0, 1000, 4.0], [1, 1001, "NaN"]]));
    assert_eq!(
        (&series["reduced"], &series["points_total"]),
        (&json!(false), &json!(2))
    );
    check_charts(&researcher, &run_path).await;
    let detail = researcher.get(&run_path).await.expect(200);
    assert_eq!(detail["results"]["val_bpb"], 3.5);
    assert_eq!(detail["environment"]["python"], "3.11");

    let results = researcher
        .get(&format!("/api/v1/results?family_id={family}&limit=1000"))
        .await;
    assert_eq!(results.header("x-total-count"), "1");
    let results = results.expect(200);
    assert_eq!(results[0]["success"], true);
    assert_eq!(results[0]["metrics"]["val_bpb"], 3.5);
    assert_eq!(results[0]["duration"], 9.0);
}

#[tokio::test]
async fn a_long_curve_is_reduced_to_the_width_asked_for() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let worker = hub.somebody(Role::Worker);
    researcher.submit_brief(1).await;
    let id = worker.join("s1").await;
    let orders = lease(&worker, &id, 1, 0.0).await.expect(200);
    let run = orders["start"][0]["run_id"].as_str().unwrap();
    let points: Vec<_> = (0..1000)
        .map(|step| json!([step, step, step % 7]))
        .collect();
    let report = json!({
        "worker_id": id, "epoch": 1, "seq": 0, "metrics": [{"name": "loss", "points": points}],
    });
    worker
        .post(&format!("/api/v1/runs/{run}/reports"), &report)
        .await
        .expect(204);
    let path = format!("/api/v1/runs/{run}/series?name=loss&width=10");
    let series = researcher.get(&path).await.expect(200);
    assert_eq!(
        (&series["reduced"], &series["points_total"]),
        (&json!(true), &json!(1000))
    );
    assert!(series["points"].as_array().unwrap().len() <= 40);
}

/// Polls a question until it waits; no clock is involved.
async fn until_it_waits<F: Future>(question: &mut std::pin::Pin<Box<F>>) {
    for _ in 0..1000 {
        tokio::select! {
            biased;
            _ = question.as_mut() => panic!("it was answered without any work"),
            () = tokio::task::yield_now() => {}
        }
    }
}

#[tokio::test]
async fn a_question_for_work_waits_until_there_is_some() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let mut question = Box::pin(lease(&worker, &id, 1, 30.0));
    until_it_waits(&mut question).await;
    let (answer, _) = tokio::join!(question, researcher.submit_brief(1));
    assert_eq!(answer.expect(200)["start"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_question_for_work_waits_no_longer_than_asked() {
    let hub = TestHub::new();
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let answer = lease(&worker, &id, 1, 0.05).await.expect(200);
    assert_eq!(answer, json!({"start": [], "cancel": [], "abandon": []}));
}

#[tokio::test]
async fn a_cancellation_wakes_a_question_for_work() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let worker = hub.somebody(Role::Worker);
    researcher.submit_brief(1).await;
    let id = worker.join("s1").await;
    let orders = lease(&worker, &id, 1, 0.0).await.expect(200);
    let run = orders["start"][0]["run_id"].clone();
    let path = format!("/api/v1/workers/{id}/leases");
    let question = json!({
        "session": "s1", "free_slots": 3, "wait_secs": 30.0,
        "holding": [{"run_id": run, "epoch": 1}],
    });
    let mut question = Box::pin(worker.post(&path, &question));
    until_it_waits(&mut question).await;
    let cancel = format!("/api/v1/runs/{}/cancellation", run.as_str().unwrap());
    let nothing = Value::Null;
    let (answer, cancelled) = tokio::join!(question, researcher.post(&cancel, &nothing));
    cancelled.expect(200);
    assert_eq!(answer.expect(200)["cancel"][0]["run_id"], run);
}

#[tokio::test]
async fn a_revoked_worker_that_waits_is_given_nothing() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let (secret, token) = hub.token_for(Role::Worker, None);
    let worker = Caller {
        hub: &hub,
        token: secret,
    };
    let id = worker.join("s1").await;
    let mut question = Box::pin(lease(&worker, &id, 1, 30.0));
    until_it_waits(&mut question).await;
    hub.hub.revoke_token(token.id).unwrap();
    let (answer, family) = tokio::join!(question, researcher.submit_brief(1));
    assert_eq!(answer.problem(401), "unauthorized");
    let family = researcher
        .get(&format!("/api/v1/families/{family}"))
        .await
        .expect(200);
    assert_eq!(family["family"]["tasks"]["pending"], 1);
}

#[tokio::test]
async fn a_worker_touches_only_what_is_its_own() {
    let hub = TestHub::new();
    hub.somebody(Role::Researcher).submit_brief(1).await;
    let (mine, theirs) = (hub.somebody(Role::Worker), hub.somebody(Role::Worker));
    let id = mine.join("s1").await;
    let run = lease(&mine, &id, 1, 0.0).await.expect(200)["start"][0]["run_id"].clone();
    assert_eq!(lease(&theirs, &id, 1, 0.0).await.problem(403), "forbidden");
    let path = format!("/api/v1/runs/{}/result", run.as_str().unwrap());
    let finished = result(&id, &json!(1), "completed");
    assert_eq!(
        theirs.post(&path, &finished).await.problem(403),
        "forbidden"
    );
    let own = theirs.join("s2").await;
    let finished = result(&own, &json!(1), "completed");
    assert_eq!(
        theirs.post(&path, &finished).await.problem(409),
        "stale_lease"
    );
    mine.post(&path, &result(&id, &json!(1), "completed"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_worker_of_another_protocol_is_told() {
    let hub = TestHub::new();
    let mut body = crate::harness::registration("s1");
    body["protocol"] = json!(99);
    let answer = hub
        .somebody(Role::Worker)
        .post("/api/v1/workers", &body)
        .await;
    assert_eq!(answer.problem(409), "conflict");
    assert!(answer.text().contains("protocol 99"), "{}", answer.text());
}

#[tokio::test]
async fn what_a_worker_sends_is_checked() {
    let hub = TestHub::new();
    hub.somebody(Role::Researcher).submit_brief(1).await;
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let run = lease(&worker, &id, 1, 0.0).await.expect(200)["start"][0]["run_id"].clone();
    let run = run.as_str().unwrap();
    let check = async |part: &str, changed: Value, field: &str| {
        let mut body = match part {
            "result" => result(&id, &json!(1), "completed"),
            _ => json!({"worker_id": id, "epoch": 1, "seq": 0}),
        };
        for (name, value) in changed.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = worker
            .post(&format!("/api/v1/runs/{run}/{part}"), &body)
            .await;
        let problem = answer.expect(422);
        assert_eq!(problem["errors"][0]["field"], field, "{changed}");
    };
    check("result", json!({"outcome": "excellent"}), "outcome").await;
    check(
        "result",
        json!({"outcome": "failed", "failure": "lost"}),
        "failure",
    )
    .await;
    check("result", json!({"wall_time_secs": -1.0}), "wall_time_secs").await;
    check("result", json!({"provenance": "manual"}), "provenance").await;
    check("result", json!({"worker_id": "x"}), "worker_id").await;
    let log = json!([{"stream": "stdout", "at": "2026-11-21T00:00:00Z", "bytes": "§"}]);
    check("reports", json!({"log": log}), "log.0.bytes").await;
    let log = json!([{"stream": "", "at": "2026-11-21T00:00:00Z", "bytes": ""}]);
    check("reports", json!({"log": log}), "log.0.stream").await;
    let mut registration = crate::harness::registration("s2");
    registration["capabilities"]["hostname"] = json!("x".repeat(201));
    let answer = worker.post("/api/v1/workers", &registration).await;
    let field = &answer.expect(422)["errors"][0]["field"];
    assert_eq!(field, "capabilities.hostname");
}

#[tokio::test]
async fn a_template_is_fetched_by_its_hash() {
    let hub = TestHub::new();
    hub.somebody(Role::Researcher).submit_brief(1).await;
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let order = lease(&worker, &id, 1, 0.0).await.expect(200)["start"][0].clone();
    let path = format!("/api/v1/bundles/{}", order["code_hash"].as_str().unwrap());
    assert_eq!(
        worker.get(&path).await.expect(200)["command"],
        order["command"]
    );
    assert_eq!(
        worker.get("/api/v1/bundles/nothing").await.problem(404),
        "not_found"
    );
}

#[tokio::test]
async fn a_departure_gives_everything_back() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let family = researcher.submit_brief(1).await;
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    lease(&worker, &id, 1, 0.0).await.expect(200);
    let goodbye = json!({"session": "s1", "holding": []});
    worker
        .post(&format!("/api/v1/workers/{id}/departure"), &goodbye)
        .await
        .expect(204);
    let family = researcher
        .get(&format!("/api/v1/families/{family}"))
        .await
        .expect(200);
    assert_eq!(family["family"]["tasks"]["pending"], 1);
    let seen = researcher
        .get(&format!("/api/v1/workers/{id}"))
        .await
        .expect(200);
    assert_eq!(seen["status"], "offline");
}

#[tokio::test]
async fn a_stopping_server_answers_who_waits() {
    let hub = TestHub::new();
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut question = Box::pin(lease(&worker, &id, 1, 30.0));
    until_it_waits(&mut question).await;
    let served = cupola_web::serve(listener, hub.web.clone(), async {});
    let (answer, served) = tokio::join!(question, served);
    served.unwrap();
    assert_eq!(answer.expect(200)["start"], json!([]));
}
