//! Templates through the whole system: the examples run, new ones are found while the hub runs, and
//! what waits keeps the code that it was made with.

use std::fs;

use cupola_client::query::TaskFilter;
use cupola_protocol::{briefs::NewBrief, runs::RunDetail};
use serde_json::{Value, json};

use crate::support::{TestHub, eventually, fixtures, run};

/// The one run of a new brief for `template`, whose parameters are `space`.
async fn submit(hub: &TestHub, template: &str, space: Value) -> String {
    let brief: NewBrief = serde_json::from_value(json!({
        "goal": template, "template": template, "num_tasks": 1, "time_budget": 60, "space": space,
    }))
    .unwrap();
    let made = hub.client().create_brief(&brief).await.unwrap();
    let filter = TaskFilter {
        family_id: Some(made.brief.family.family_id),
        ..TaskFilter::default()
    };
    let tasks = hub.client().tasks(&filter).await.unwrap();
    tasks.items[0].run_id.clone()
}

async fn completed(hub: &TestHub, run: &str) -> RunDetail {
    let detail = eventually("the end of the run", || async {
        let detail = hub.client().run(run).await.unwrap();
        let is_over = ["completed", "failed", "cancelled"].contains(&detail.run.status.as_str());
        is_over.then_some(detail)
    })
    .await;
    assert_eq!(detail.run.status, "completed", "{}", detail.run.reason);
    detail
}

#[tokio::test]
async fn the_examples_learn_and_measure() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(2).await;
    let check = async |template: &str, space: Value, key: &str, within: std::ops::Range<f64>| {
        let run = submit(&hub, template, space).await;
        let detail = completed(&hub, &run).await;
        let value = detail.results[key].as_f64().unwrap();
        assert!(within.contains(&value), "{template}: {key} is {value}");
        assert!(!detail.series.is_empty(), "{template} has no curve");
    };
    let fit = json!({"lr": 0.3, "degree": 5, "momentum": 0.9});
    check("curve-fit", fit, "val_loss", 0.0..0.1).await;
    let text = json!({"kilobytes": 64, "words": 100});
    check("compress", text, "ratio_best", 2.0..20.0).await;
}

#[tokio::test]
async fn a_template_made_while_the_hub_runs_is_found_and_runs() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(2).await;
    for kind in ["python", "shell"] {
        let name = format!("new-{kind}");
        let made = run(
            hub.folder.path(),
            &[
                "template",
                "new",
                &name,
                "--kind",
                kind,
                "--in",
                "templates",
            ],
        );
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let checked = run(hub.folder.path(), &["template", "check", "templates"]);
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(
            checked.status.success() && said.contains(&format!("{name}: fine")),
            "{said}"
        );
        eventually("the hub to find it", || async {
            hub.client().template(&name).await.ok()
        })
        .await;
        let run = submit(&hub, &name, json!({})).await;
        completed(&hub, &run).await;
    }
    let listed = run(hub.folder.path(), &["template", "list"]);
    let said = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(
        said.contains("new-shell") && said.contains("broken/template.toml:2: "),
        "{said}"
    );
    let again = run(
        hub.folder.path(),
        &["template", "new", "new-shell", "--in", "templates"],
    );
    assert_eq!(again.status.code(), Some(1));
}

#[tokio::test]
async fn what_waits_keeps_the_code_that_it_was_made_with() {
    let hub = TestHub::start();
    let folder = hub.folder.path().join("templates/keeps");
    let write = |score: u32| {
        let script = format!("echo '{{\"score\": {score}}}'\n");
        fs::write(folder.join("run.sh"), script).unwrap();
    };
    fs::create_dir(&folder).unwrap();
    write(1);
    let manifest = "name = \"keeps\"\ncommand = [\"sh\", \"{code}/run.sh\"]\nfiles = [\"run.sh\"]\n\
                    objective = { metric = \"score\", direction = \"minimize\" }\n\
                    space = { x = \"uniform(0, 1)\" }\n";
    fs::write(folder.join("template.toml"), manifest).unwrap();
    let offered = async || hub.client().template("keeps").await.ok();
    let first = eventually("the template", offered).await.template.code_hash;
    let run = submit(&hub, "keeps", json!({})).await;
    write(20);
    let changed = || async {
        offered()
            .await
            .filter(|found| found.template.code_hash != first)
    };
    let second = eventually("its change", changed).await.template.code_hash;
    let later = submit(&hub, "keeps", json!({})).await;
    fs::remove_dir_all(&folder).unwrap();
    let gone = || async { offered().await.is_none().then_some(()) };
    eventually("its removal", gone).await;
    let _worker = hub.start_worker(1).await;
    for (run, score, hash) in [(run, 1, first), (later, 20, second)] {
        let detail = completed(&hub, &run).await;
        assert_eq!(detail.results["score"], score);
        let code = hub.client().code(&hash).await.unwrap();
        assert_eq!(
            code.files[0].text,
            Some(format!("echo '{{\"score\": {score}}}'\n"))
        );
    }
}

#[test]
fn a_broken_manifest_is_told_by_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = fixtures().join("broken").to_string_lossy().into_owned();
    let checked = run(folder.path(), &["template", "check", &fixtures]);
    assert_eq!(checked.status.code(), Some(1));
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("broken/template.toml:2: "), "{said}");
    let nothing = run(folder.path(), &["template", "check", "."]);
    assert_eq!(nothing.status.code(), Some(1));
}
