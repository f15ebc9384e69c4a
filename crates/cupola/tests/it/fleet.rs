//! A fleet over a network that fails: workers that sleep, are cut off or hear nothing, copies of what
//! they said, and clients who are slow or send too much. What each task earns is earned once.

mod network;
pub mod scripted;
mod show;
mod strangers;

use std::{collections::BTreeMap, time::Duration};

use cupola_client::query::{PageFilter, TaskFilter, TransferFilter};
use cupola_domain::time::Timestamp;
use cupola_protocol::credits::TransferBody;

use self::{
    network::{Network, Wire},
    scripted::Scripted,
};
use crate::{
    endings::{ended, log_of, processes_with},
    support::{Process, TestHub, eventually, signal},
};

/// A worker behind a network knows the hub by another port.
const ANY_PORT: &str = "allow_hosts = [\"127.0.0.1\"]";

/// What went from account to account, of one kind.
async fn transfers(hub: &TestHub, kind: &str) -> Vec<TransferBody> {
    let filter = TransferFilter {
        all: Some(true),
        kind: Some(kind.to_owned()),
        ..Default::default()
    };
    hub.client().credit_history(&filter).await.unwrap().items
}

/// Who was paid for how many runs. The ledger is sound.
async fn paid(hub: &TestHub) -> BTreeMap<String, usize> {
    let verified = hub.client().verify_credits().await.unwrap();
    assert!(verified.is_sound, "{:?}", verified.problems);
    assert_eq!(verified.sum_micros, 0);
    let mut paid = BTreeMap::new();
    for post in transfers(hub, "post").await {
        *paid.entry(post.to).or_default() += 1;
    }
    paid
}

fn owners<const N: usize>(owners: [(&str, usize); N]) -> BTreeMap<String, usize> {
    (owners.into_iter())
        .map(|(owner, runs)| (format!("escrow:{owner}"), runs))
        .collect()
}

/// Waits until a program of this run has said something.
async fn has_begun(hub: &TestHub, run: &str) {
    eventually("the program's first words", || async {
        (!log_of(hub, run).await.is_empty()).then_some(())
    })
    .await;
}

/// The attempts at the task of this run as `(attempt, status, reason)`, the first one first.
async fn attempts(hub: &TestHub, run: &str) -> Vec<(u32, String, String)> {
    let task = hub.client().run(run).await.unwrap().run.task_id;
    let runs = hub.client().task(&task).await.unwrap().runs;
    let mut runs: Vec<_> = (runs.into_iter())
        .map(|run| (run.attempt, run.status, run.reason))
        .collect();
    runs.sort_unstable();
    runs
}

async fn completes(hub: &TestHub, family: &str, tasks: u64) {
    eventually("all tasks to complete", || async {
        let family = hub.client().family(family).await.unwrap().family;
        (family.tasks.completed == tasks).then_some(())
    })
    .await;
}

/// When each worker was heard of last.
async fn heard(hub: &TestHub) -> BTreeMap<String, Timestamp> {
    let workers = hub.client().workers(&PageFilter::default()).await.unwrap();
    (workers.items.into_iter())
        .map(|worker| (worker.worker_id, worker.last_heartbeat.0))
        .collect()
}

#[tokio::test]
async fn a_worker_that_slept_beyond_its_lease_earns_nothing_and_works_on() {
    let hub = TestHub::start();
    let sleeper = hub.start_worker_of("ann", 1, &hub.url).await;
    let family = hub.submit("naps", 1).await;
    let run = hub.run_of(&family, "running").await;
    has_begun(&hub, &run).await;
    signal(sleeper.id(), "STOP");
    let other = hub.start_worker_of("bob", 1, &hub.url).await;
    completes(&hub, &family, 1).await;
    signal(sleeper.id(), "CONT");
    drop(other);

    // It has told the hub of its end, or dropped it, before it asks for more.
    let next = hub.submit("naps", 1).await;
    completes(&hub, &next, 1).await;
    let found = attempts(&hub, &run).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].0, found[0].1.as_str()), (1, "failed"));
    assert!(found[0].2.contains("worker lost"), "{found:?}");
    assert_eq!((found[1].0, found[1].1.as_str()), (2, "completed"));
    assert_eq!(paid(&hub).await, owners([("ann", 1), ("bob", 1)]));
}

#[tokio::test]
async fn a_worker_that_was_cut_off_stops_what_another_took_over() {
    let hub = TestHub::start_with(ANY_PORT);
    let network = Network::to(&hub.url).await;
    let _cut_off = hub.start_worker_of("ann", 1, &network.url).await;
    let family = hub.submit("dozes", 1).await;
    let run = hub.run_of(&family, "running").await;
    has_begun(&hub, &run).await;
    network.set(Wire::Silent);
    let other = Scripted::join(&hub, "bob").await;
    let order = other.lease().await;
    assert_eq!(order.attempt, 2);
    assert!(processes_with("sleep 4321") > 0, "it works on alone");
    network.set(Wire::Open);
    eventually("the end of what is nobody's", || async {
        (processes_with("sleep 4321") == 0).then_some(())
    })
    .await;
    let finished = other.completed(&order, 1.0);
    let answer = other.client.finish_run(&order.run_id, &finished).await;
    assert_eq!(answer.unwrap().status, "completed");
    assert_eq!(paid(&hub).await, owners([("bob", 1)]));
}

#[tokio::test]
async fn a_network_that_flaps_costs_no_attempt() {
    const TASKS: u64 = 6;
    let hub = TestHub::start_with(ANY_PORT);
    let network = Network::to(&hub.url).await;
    let _worker = hub.start_worker_of("ann", 2, &network.url).await;
    let family = hub.submit("naps", 6).await;
    // Each fault is shorter than a lease. How long it lasts is the fault.
    for wire in [Wire::Cut, Wire::Silent, Wire::Deaf]
        .into_iter()
        .cycle()
        .take(9)
    {
        network.set(wire);
        tokio::time::sleep(Duration::from_millis(700)).await;
        network.set(Wire::Open);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    completes(&hub, &family, TASKS).await;
    let filter = TaskFilter {
        family_id: Some(family),
        ..Default::default()
    };
    for task in hub.client().tasks(&filter).await.unwrap().items {
        assert_eq!(attempts(&hub, &task.run_id).await.len(), 1);
    }
    assert_eq!(paid(&hub).await, owners([("ann", 6)]));
}

#[tokio::test]
async fn copies_of_a_result_around_a_restart_have_one_effect_and_one_answer() {
    const COPIES: usize = 100;
    let mut hub = TestHub::start();
    let worker = Scripted::join(&hub, "ann").await;
    hub.submit("fine", 1).await;
    let order = worker.lease().await;
    let finished = worker.completed(&order, 0.5);
    let (first, answered) = tokio::sync::oneshot::channel();
    let first = std::sync::Mutex::new(Some(first));
    let first = std::sync::Arc::new(first);
    let copies: Vec<_> = (0..COPIES)
        .map(|_| {
            let (client, run) = (worker.client.clone(), order.run_id.clone());
            let (finished, first) = (finished.clone(), std::sync::Arc::clone(&first));
            tokio::spawn(async move {
                let answer = eventually("an answer", || async {
                    client.finish_run(&run, &finished).await.ok()
                })
                .await;
                if let Some(first) = first.lock().unwrap().take() {
                    let _ = first.send(());
                }
                answer
            })
        })
        .collect();
    answered.await.unwrap();
    hub.process.kill();
    hub.restart();
    let mut answers = Vec::new();
    for copy in copies {
        answers.push(copy.await.unwrap());
    }
    assert_eq!(answers.len(), COPIES);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(answers[0].status, "completed");
    assert_eq!(paid(&hub).await, owners([("ann", 1)]));
}

#[tokio::test]
async fn a_hub_that_restarts_under_work_loses_no_worker_and_no_attempt() {
    const TASKS: u64 = 8;
    let mut hub = TestHub::start();
    let mut workers: Vec<Process> = Vec::new();
    for owner in ["ann", "bob", "eve", "joe"] {
        workers.push(hub.start_worker_of(owner, 1, &hub.url).await);
    }
    let family = hub.submit("naps", 8).await;
    let run = hub.run_of(&family, "running").await;
    has_begun(&hub, &run).await;
    for _ in 0..3 {
        let before = eventually("all workers to have joined", || async {
            let heard = heard(&hub).await;
            (heard.len() == 4).then_some(heard)
        })
        .await;
        hub.process.kill();
        hub.restart();
        eventually("all workers to be back", || async {
            let now = heard(&hub).await;
            let is_back = |(worker, at): (&String, &_)| now.get(worker).is_some_and(|now| now > at);
            before.iter().all(is_back).then_some(())
        })
        .await;
    }
    completes(&hub, &family, TASKS).await;
    assert_eq!(ended(&hub, &run).await.run.attempt, 1);
    let paid = paid(&hub).await;
    assert_eq!(paid.values().sum::<usize>(), 8, "{paid:?}");
}

#[test]
fn the_documentation_names_tests_that_exist() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let page = std::fs::read_to_string(format!("{root}/docs/faults.md")).unwrap();
    let mut sources = String::new();
    let mut folders = vec![std::path::PathBuf::from(format!("{root}/crates"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let named: Vec<_> = (page.lines())
        .filter_map(|line| line.strip_suffix(" |")?.rsplit(" | ").next())
        .flat_map(|tests| tests.split(", "))
        .filter_map(|test| test.strip_prefix('`')?.strip_suffix('`'))
        .collect();
    assert!(named.len() > 30, "{named:?}");
    for test in named {
        assert!(
            sources.contains(&format!("fn {test}(")),
            "there is no {test}"
        );
    }
}
