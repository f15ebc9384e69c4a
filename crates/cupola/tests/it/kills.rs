//! The hub is killed at hundreds of moments while results come in. What it acknowledged is there
//! when it comes back, and nothing is half done.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use cupola_client::Client;
use cupola_protocol::{briefs::NewBrief, work::LeaseRequest};
use cupola_search::rng::Rng;
use serde_json::json;

use crate::{
    fleet::scripted::{completed, registration},
    support::{TestHub, eventually},
};

const WORKERS: u64 = 4;

/// More than the workers can do between the first kill and the last.
const TASKS: u64 = 20_000;

/// Task → the value whose result was acknowledged.
type Acknowledged = Arc<Mutex<HashMap<String, f64>>>;

#[tokio::test]
async fn five_hundred_kills_lose_nothing_that_was_acknowledged() {
    let kills: u64 = std::env::var("CUPOLA_KILLS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(500);
    let mut hub = TestHub::start();
    let brief: NewBrief = serde_json::from_value(json!({
        "goal": "never ends", "template": "fine", "num_tasks": TASKS, "time_budget": 5,
    }))
    .unwrap();
    let family = hub
        .client()
        .create_brief(&brief)
        .await
        .unwrap()
        .brief
        .family
        .family_id;
    let token = json!({"name": "workers", "role": "worker"});
    let token = serde_json::from_value(token).unwrap();
    let secret = hub.client().create_token(&token).await.unwrap().secret;

    eventually("all tasks to be planned", || async {
        let total = hub
            .client()
            .family(&family)
            .await
            .unwrap()
            .family
            .tasks
            .total;
        (total == TASKS).then_some(())
    })
    .await;

    let mut workers = Vec::new();
    for n in 0..WORKERS {
        let client = Client::new(&hub.url, &secret).unwrap();
        workers.push(
            client
                .register(&registration(&session(n)))
                .await
                .unwrap()
                .worker_id,
        );
    }
    let acknowledged = Acknowledged::default();
    let mut rng = Rng::new(7);
    for kill in 0..kills {
        let before = acknowledged.lock().unwrap().len();
        let working: Vec<_> = (0..WORKERS)
            .map(|n| {
                let client = Client::new(&hub.url, &secret).unwrap();
                let seed = kill * WORKERS + n;
                let worker = workers[usize::try_from(n).unwrap()].clone();
                tokio::spawn(work(client, worker, n, seed, Arc::clone(&acknowledged)))
            })
            .collect();
        // From the first answer on, any moment may be the last.
        eventually("a result to be acknowledged", || async {
            (acknowledged.lock().unwrap().len() > before).then_some(())
        })
        .await;
        tokio::time::sleep(Duration::from_micros(rng.bits() % 30_000)).await;
        hub.process.kill();
        for worker in working {
            worker.await.unwrap();
        }
        hub.restart();
        if kill % 25 == 24 || kill + 1 == kills {
            check(&hub, &family, &acknowledged).await;
        }
    }
}

/// A worker that does nothing but lease and report, until the hub is gone.
async fn work(client: Client, worker: String, n: u64, seed: u64, acknowledged: Acknowledged) {
    let mut rng = Rng::at(11, seed);
    let ask = LeaseRequest {
        session: session(n),
        free_slots: 1,
        holding: Vec::new(),
        wait_secs: 0.0,
    };
    loop {
        let Ok(orders) = client.lease(&worker, &ask).await else {
            return;
        };
        for order in orders.start {
            #[expect(clippy::cast_precision_loss, reason = "any value will do")]
            let value = (rng.bits() % 1000) as f64 / 8.0;
            let finished = completed(&worker, &order, value);
            // It may have been acknowledged or not: only an answer counts.
            let Ok(answer) = client.finish_run(&order.run_id, &finished).await else {
                return;
            };
            if answer.status == "completed" {
                acknowledged.lock().unwrap().insert(order.task_id, value);
            }
        }
    }
}

/// The same at each start of the hub: the worker was never away.
fn session(n: u64) -> String {
    format!("session-{n}")
}

/// Everything acknowledged is there, with its value; the counts add up.
async fn check(hub: &TestHub, family: &str, acknowledged: &Acknowledged) {
    let client = hub.client();
    let known = acknowledged.lock().unwrap().clone();
    let detail = client.family(family).await.unwrap();
    let tasks = &detail.family.tasks;
    let sum = tasks.pending + tasks.running + tasks.completed + tasks.failed + tasks.cancelled;
    assert_eq!(sum, tasks.total);
    assert!(
        tasks.completed >= known.len() as u64,
        "{} < {}",
        tasks.completed,
        known.len()
    );
    let mut found = HashMap::new();
    let filter = |page| cupola_client::query::TaskFilter {
        family_id: Some(family.to_owned()),
        status: Some("completed".to_owned()),
        page: Some(page),
        per_page: Some(1000),
        ..Default::default()
    };
    for page in 1.. {
        let listed = client.tasks(&filter(page)).await.unwrap();
        let is_last = listed.items.len() < 1000;
        found.extend(
            listed
                .items
                .into_iter()
                .map(|task| (task.task_id, task.value.unwrap().0)),
        );
        if is_last {
            break;
        }
    }
    assert_eq!(
        found.len() as u64,
        tasks.completed,
        "the list and the count agree"
    );
    for (task, value) in known {
        assert_eq!(
            found.get(&task),
            Some(&value),
            "task {task} lost its acknowledged result"
        );
    }
}
