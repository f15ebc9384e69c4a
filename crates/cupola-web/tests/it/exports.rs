//! Tables in open formats.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, TestHub};

/// A hub with a completed run, whose points and results are odd; its path, and the family's id.
async fn scene(hub: &TestHub) -> (String, String) {
    let researcher = hub.somebody(Role::Researcher);
    let family = researcher.submit_brief(2).await;
    let worker = hub.somebody(Role::Worker);
    let id = worker.join("s1").await;
    let question = json!({"session": "s1", "free_slots": 1, "holding": [], "wait_secs": 0.0});
    let orders = worker
        .post(&format!("/api/v1/workers/{id}/leases"), &question)
        .await
        .expect(200);
    let run = orders["start"][0]["run_id"].as_str().unwrap().to_owned();
    let report = json!({
        "worker_id": id, "epoch": 1, "seq": 0,
        "metrics": [
            {"name": "=cmd", "points": [[1, 1000, "NaN"], [2, 2000, "-Infinity"], [3, 3000, -0.0]]},
            {"name": "loss", "points": [[0, 0, 5e-324], [7, 1_700_000_000_123_i64, 0.1]]},
        ],
        "params": {"@note": "-1+1", "said": "1e-5"},
    });
    let path = format!("/api/v1/runs/{run}/reports");
    worker.post(&path, &report).await.expect(204);
    (run, family)
}

async fn text(caller: &Caller<'_>, path: &str) -> String {
    let answer = caller.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[tokio::test]
async fn points_are_exact_in_every_format() {
    let hub = TestHub::new();
    let (run, _) = scene(&hub).await;
    let viewer = hub.somebody(Role::Viewer);
    let path = |format: &str| format!("/api/v1/export/metrics?runs={run}&format={format}");
    let rows = [
        "'=cmd,1,1970-01-01T00:00:01.000Z,NaN",
        "'=cmd,2,1970-01-01T00:00:02.000Z,-Infinity",
        "'=cmd,3,1970-01-01T00:00:03.000Z,-0.0",
        "loss,0,1970-01-01T00:00:00.000Z,5e-324",
        "loss,7,2023-11-14T22:13:20.123Z,0.1",
    ];
    let rows: Vec<_> = rows.iter().map(|row| format!("{run},{row}\r\n")).collect();
    let expected = format!("run_id,name,step,time,value\r\n{}", rows.concat());
    assert_eq!(text(&viewer, &path("csv")).await, expected);

    let lines = text(&viewer, &path("jsonl")).await;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let array: Vec<Value> = serde_json::from_str(&text(&viewer, &path("json")).await).unwrap();
    assert_eq!(lines, array);
    let values: Vec<_> = lines.iter().map(|line| line["value"].to_string()).collect();
    assert_eq!(
        values,
        [r#""NaN""#, r#""-Infinity""#, "-0.0", "5e-324", "0.1"]
    );

    let file = viewer.get(&path("parquet")).await;
    assert_eq!(
        file.header("content-type"),
        "application/vnd.apache.parquet"
    );
    let mut bits = Vec::new();
    cupola_formats::table::read_parquet(bytes::Bytes::from(file.bytes), |cells| {
        if let cupola_formats::table::Cell::Number(value) = cells[4].1 {
            bits.push(value.to_bits());
        }
        Ok(())
    })
    .unwrap();
    let expected = [f64::NAN, f64::NEG_INFINITY, -0.0, 5e-324, 0.1].map(f64::to_bits);
    assert_eq!(bits, expected);
}

#[tokio::test]
async fn runs_have_their_parameters_and_last_values_beside_them() {
    let hub = TestHub::new();
    let (run, family) = scene(&hub).await;
    let viewer = hub.somebody(Role::Viewer);
    let path = format!("/api/v1/export/runs?experiments={family}&format=jsonl");
    let table = text(&viewer, &path).await;
    let rows: Vec<Value> = table
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2);
    let row = rows
        .iter()
        .find(|row| row["run_id"] == run.as_str())
        .unwrap();
    assert_eq!(row["params.said"], "1e-5");
    assert_eq!(row["metrics.loss"], 0.1);
    assert_eq!(row["metrics.=cmd"], -0.0);
    assert_eq!(row["experiment_id"], family.as_str());
    let other = rows
        .iter()
        .find(|row| row["run_id"] != run.as_str())
        .unwrap();
    assert_eq!(other["metrics.loss"], Value::Null);

    let found = text(
        &viewer,
        "/runs/export?filter=params.said+%3D+1e-5&format=jsonl",
    )
    .await;
    assert_eq!(found.lines().count(), 1);
    assert!(found.contains(&run));

    let params = text(&viewer, &format!("/runs/export?what=params&runs={run}")).await;
    assert!(
        params.contains(&format!("{run},'@note,'-1+1\r\n")),
        "{params}"
    );
    assert!(params.contains(&format!("{run},said,1e-5\r\n")), "{params}");
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_before_the_first_byte() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    for (path, status) in [
        ("/api/v1/export/tables", 422),
        ("/api/v1/export/runs?format=xlsx", 422),
        ("/api/v1/export/runs?runs=x", 422),
        ("/api/v1/export/runs?filter=lr+%3C%3C", 422),
        (
            "/api/v1/export/runs?runs=01890000-0000-7000-8000-000000000000",
            404,
        ),
        (
            "/api/v1/export/runs?experiments=01890000-0000-7000-8000-000000000000",
            404,
        ),
    ] {
        let answer = viewer.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_long_curve_comes_in_parts_and_whole() {
    let hub = TestHub::new();
    let (run, _) = scene(&hub).await;
    let id: cupola_domain::ids::RunId = run.parse().unwrap();
    let points: Vec<_> = (0..150_000_i64)
        .map(|step| cupola_domain::metric::Point {
            step,
            time_millis: step,
            value: 0.5,
        })
        .collect();
    let batch = cupola_hub::logged::LoggedBatch {
        points: vec![("long".to_owned(), points)],
        ..Default::default()
    };
    hub.hub.log_to_run(id, batch).unwrap();
    let viewer = hub.somebody(Role::Viewer);
    let table = text(&viewer, &format!("/runs/export?what=metrics&runs={run}")).await;
    let steps = table.lines().filter(|line| line.contains(",long,"));
    let steps: Vec<i64> = steps
        .map(|line| line.split(',').nth(2).unwrap().parse().unwrap())
        .collect();
    assert_eq!(steps, (0..150_000).collect::<Vec<_>>());
}
