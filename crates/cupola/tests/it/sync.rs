//! A hub loses its database, and `cupola sync` brings back what its folders have.

use std::{fs, path::Path};

use cupola_client::query::{RunFilter, TaskFilter};
use serde_json::{Value, json};

use crate::support::{TestHub, eventually, run};

/// What the command line prints as JSON; what it says on stderr where it fails.
fn asked(folder: &Path, args: &[&str]) -> Result<Value, String> {
    let output = run(folder, args);
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        return Err(format!(
            "{}: {}",
            output.status.code().unwrap_or(-1),
            said(&output.stderr)
        ));
    }
    let text = said(&output.stdout);
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn told(folder: &Path, args: &[&str]) -> Value {
    asked(folder, args).unwrap_or_else(|error| panic!("{args:?}: {error}"))
}

fn lose_database(folder: &Path) {
    for name in ["cupola.db", "cupola.db-wal", "cupola.db-shm"] {
        let _ = fs::remove_file(folder.join("data").join(name));
    }
}

/// All that the hub says of the runs of a family, but how its machines are and what changed when.
async fn said_of(hub: &TestHub, family: &str) -> Vec<Value> {
    let filter = RunFilter {
        experiments: Some(family.to_owned()),
        ..RunFilter::default()
    };
    let found = hub.client().runs(&filter).await.unwrap();
    let mut whole = json!(hub.client().family(family).await.unwrap());
    whole["summary"]["generated_at"] = Value::Null;
    let mut said = vec![whole];
    for item in found.items {
        let id = item.run.run_id;
        said.push(json!(hub.client().run(&id).await.unwrap()));
        let path = hub.folder.path();
        for what in ["metrics", "params"] {
            said.push(told(
                path,
                &[
                    "export", what, "--run", &id, "--format", "json", "--hub", &hub.url,
                ],
            ));
        }
        said.push(told(
            path,
            &["run", "logs", &id, "--raw", "--hub", &hub.url],
        ));
    }
    said
}

async fn all_ended(hub: &TestHub, family: &str, number: usize) {
    let filter = TaskFilter {
        family_id: Some(family.to_owned()),
        status: Some("completed".to_owned()),
        ..TaskFilter::default()
    };
    eventually("all tasks to end", || async {
        let tasks = hub.client().tasks(&filter).await.unwrap().items;
        (tasks.len() == number).then_some(())
    })
    .await;
}

/// The folders of runs say that this many have ended.
async fn all_written(folder: &Path, number: usize) {
    eventually("the folders of runs", || async {
        let workdir = folder.join("data");
        let jobs = asked(
            folder,
            &["run", "list", "--workdir", workdir.to_str()?, "--json"],
        );
        let jobs = jobs.ok()?;
        let done = jobs.as_array()?.iter().filter(|job| job["state"] == "done");
        (done.count() == number).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_lost_database_comes_back_with_runs_points_and_logs() {
    let mut hub = TestHub::start();
    let folder = hub.folder.path().to_owned();
    let data = folder.join("data");
    let worker = hub.start_worker(2).await;
    let family = hub.submit("fine", 4).await;
    all_ended(&hub, &family, 4).await;
    all_written(&folder, 4).await;
    drop(worker);
    let before = said_of(&hub, &family).await;
    let refused = asked(&folder, &["sync"]).unwrap_err();
    assert!(
        refused.starts_with("69: ") && refused.contains("in use"),
        "{refused}"
    );

    hub.process.kill();
    lose_database(&folder);
    // What is only tried changes nothing.
    let would = told(&folder, &["sync", "--dry-run", "--json"]);
    assert!(!data.join("cupola.db").exists());
    let synced = told(&folder, &["sync", "--json"]);
    assert_eq!((&synced["runs"], &would["runs"]), (&json!(4), &json!(4)));
    assert_eq!(told(&folder, &["sync", "--json"])["present"], 4);
    hub.restart();
    assert_eq!(said_of(&hub, &family).await, before);
}

#[tokio::test]
async fn a_hub_whose_database_is_elsewhere_has_its_folders_alone() {
    let place = tempfile::tempdir().unwrap();
    let database = place.path().join("cupola.db");
    let mut hub = TestHub::start_on(Some(database.to_string_lossy().into_owned()));
    let folder = hub.folder.path().to_owned();
    let refused = asked(&folder, &["sync"]).unwrap_err();
    assert!(
        refused.starts_with("69: ") && refused.contains("in use"),
        "{refused}"
    );
    hub.process.kill();
    told(&folder, &["sync", "--dry-run"]);
}

#[tokio::test]
async fn a_hub_that_was_killed_while_it_wrote_is_rebuilt_as_far_as_it_came() {
    let mut hub = TestHub::start();
    let folder = hub.folder.path().to_owned();
    let worker = hub.start_worker(4).await;
    let family = hub.submit("fine", 40).await;
    for ended in [3, 9, 17] {
        eventually("some tasks to end", || async {
            let found = hub.client().family(&family).await.unwrap();
            (found.family.tasks.completed >= ended).then_some(())
        })
        .await;
        hub.process.kill();
        hub.restart();
    }
    all_ended(&hub, &family, 40).await;
    all_written(&folder, 40).await;
    drop(worker);
    hub.process.kill();
    lose_database(&folder);
    let synced = told(&folder, &["sync", "--json"]);
    assert_eq!(synced["problems"], json!([]));
    hub.restart();
    let found = hub.client().family(&family).await.unwrap();
    assert_eq!(
        (found.family.tasks.total, found.family.tasks.completed),
        (40, 40)
    );
}

#[tokio::test]
async fn what_is_damaged_is_named_and_the_rest_comes_in() {
    let mut hub = TestHub::start();
    let folder = hub.folder.path().to_owned();
    let worker = hub.start_worker(2).await;
    let family = hub.submit("fine", 2).await;
    all_ended(&hub, &family, 2).await;
    all_written(&folder, 2).await;
    drop(worker);
    hub.process.kill();
    // The database is there, and is none.
    fs::write(folder.join("data/cupola.db"), "x".repeat(8192)).unwrap();
    for name in ["cupola.db-wal", "cupola.db-shm"] {
        let _ = fs::remove_file(folder.join("data").join(name));
    }
    let refused = asked(&folder, &["sync"]).unwrap_err();
    assert!(refused.contains("moved aside"), "{refused}");
    lose_database(&folder);
    let workdir = folder.join("data");
    let workdir = workdir.to_str().unwrap();
    let jobs = told(&folder, &["run", "list", "--workdir", workdir, "--json"]);
    let spoilt = Path::new(jobs[0]["path"].as_str().unwrap()).to_owned();
    let whole = fs::read(spoilt.join("run.json")).unwrap();
    fs::write(spoilt.join("run.json"), "{").unwrap();
    let refused = asked(&folder, &["sync"]).unwrap_err();
    assert!(
        refused.contains("1 of what was found did not come in"),
        "{refused}"
    );
    // A hub that goes on meanwhile leaves the place of its task free.
    hub.restart();
    hub.process.kill();
    fs::write(spoilt.join("run.json"), whole).unwrap();
    let synced = told(&folder, &["sync", "--json"]);
    assert_eq!(
        (&synced["runs"], &synced["present"]),
        (&json!(1), &json!(1))
    );
    hub.restart();
    let tasks = hub.client().family(&family).await.unwrap().family.tasks;
    assert_eq!((tasks.total, tasks.completed), (2, 2));
}
