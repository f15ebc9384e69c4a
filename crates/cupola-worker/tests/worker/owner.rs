//! What a worker's owner says to it while it works: limits, a pause, and what the hub hears of that.

use std::time::Duration;

use cupola_domain::time::Timestamp;
use cupola_protocol::{
    desk::{LimitsBody, PauseBody},
    work::Held,
    workers::DrainedBody,
};
use cupola_worker::{Desk, Mode};
use serde_json::json;

use crate::support::{
    PATIENCE, TestWorker,
    hub::{FakeHub, World, held},
    processes, script,
};

/// Starts a worker, and gives its desk.
fn start(hub: &FakeHub, change: impl FnOnce(&mut cupola_worker::Settings)) -> (TestWorker, Desk) {
    let mut desk = None;
    let worker = TestWorker::start_with(hub, |settings| {
        change(settings);
        desk = Some(settings.desk.clone());
    });
    (worker, desk.expect("settings have a desk"))
}

/// Waits until the desk shows what is looked for.
async fn until(desk: &Desk, what: &str, found: impl Fn(&cupola_protocol::desk::DeskBody) -> bool) {
    let mut changes = desk.changes();
    let waiting = async {
        while !found(&desk.status()) {
            changes.changed().await.expect("the desk is there");
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(
        in_time.is_ok(),
        "waited in vain: {what}: {:?}",
        desk.status()
    );
}

fn rests(world: &World) -> Option<String> {
    let resting = world.beats.last()?.resting.as_ref();
    resting.map(|resting| resting.why.clone())
}

#[tokio::test]
async fn a_paused_worker_takes_nothing_until_it_is_resumed() {
    let hub = FakeHub::start();
    let (worker, desk) = start(&hub, |settings| {
        let paused = settings.desk.pause(&PauseBody::default());
        paused.expect("the folder can be written");
    });
    hub.until("the hub hears of it", rests).await;
    hub.change(|world| {
        world
            .queue
            .push_back(script("o-pause", "echo '{\"loss\": 1}'"));
    });
    let polls = hub.world().polls;
    hub.until("it asks on", |world| (world.polls > polls).then_some(()))
        .await;
    assert_eq!(hub.world().queue.len(), 1, "the task waits");
    assert_eq!(desk.status().state, "paused");
    desk.resume().expect("the folder can be written");
    hub.finished("o-pause").await;
    hub.until("the hub hears of that, too", |world| {
        rests(world).is_none().then_some(())
    })
    .await;
    until(&desk, "its end is kept", |desk| desk.history.len() == 1).await;
    let ended = desk.status().history.remove(0);
    assert_eq!(
        (ended.status.as_str(), ended.value),
        ("completed", Some(1.0))
    );
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn what_runs_when_a_pause_begins_runs_to_its_end() {
    let order = script("o-finish", "echo begun; sleep 1; echo '{\"loss\": 1}'");
    let hub = FakeHub::with([order]);
    let (worker, desk) = start(&hub, |_| {});
    hub.said("o-finish", "begun").await;
    let shown = desk.status();
    assert_eq!(shown.state, "working");
    assert_eq!(shown.tasks[0].task_id, "task-of-o-finish");
    desk.pause(&PauseBody::default())
        .expect("the folder can be written");
    let finished = hub.finished("o-finish").await;
    assert_eq!(finished.outcome, "completed");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn what_was_taken_back_is_earned_no_more() {
    let hub = FakeHub::with([script("o-worth", "echo '{\"loss\": 1}'")]);
    let worth = |amount: &str| {
        hub.change(|world| {
            let amount = amount.to_owned();
            drop(world.worth.insert("o-worth".to_owned(), amount));
        });
    };
    worth("0.250000");
    let (worker, desk) = start(&hub, |_| {});
    hub.finished("o-worth").await;
    until(&desk, "it earned something", |desk| {
        let ended = desk.history.first();
        ended.is_some_and(|ended| ended.credits.as_deref() == Some("0.25"))
    })
    .await;
    worth("0.000000");
    let shown = desk.status_now().await;
    let earned = shown.earned.expect("the hub says");
    assert_eq!((earned.total.as_str(), earned.today.as_str()), ("0", "0"));
    assert_eq!(shown.history[0].credits.as_deref(), Some("0"));
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn its_owner_is_told_that_an_operator_drains_it() {
    let hub = FakeHub::start();
    let (worker, desk) = start(&hub, |_| {});
    hub.change(|world| {
        world.drained = Some(DrainedBody {
            by: "root".to_owned(),
            at: Timestamp::from_millis(0).into(),
        });
    });
    until(&desk, "it is drained", |desk| {
        desk.state == "connected" && desk.why.starts_with("drained by root at 1970")
    })
    .await;
    hub.change(|world| world.drained = None);
    until(&desk, "it works again", |desk| desk.why.is_empty()).await;
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn what_is_stopped_by_a_pause_is_given_back() {
    let order = script("o-stop", "echo begun; sleep 100");
    let expected: Held = held(&order);
    let hub = FakeHub::with([order]);
    let (worker, desk) = start(&hub, |_| {});
    hub.said("o-stop", "begun").await;
    let pause = PauseBody {
        stops_running: true,
        ..PauseBody::default()
    };
    desk.pause(&pause).expect("the folder can be written");
    hub.until("it is given back", |world| {
        let mut beats = world.beats.iter();
        beats
            .any(|beat| beat.returning.contains(&expected))
            .then_some(())
    })
    .await;
    processes::wait_until_gone("CUPOLA_RUN_ID=o-stop").await;
    assert!(!hub.world().finished.contains_key("o-stop"));
    until(&desk, "it is history", |desk| desk.tasks.is_empty()).await;
    assert_eq!(desk.status().history[0].status, "stopped");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn other_limits_are_offered_at_once_and_reach_the_next_program() {
    let hub = FakeHub::start();
    let (worker, desk) = start(&hub, |settings| settings.sandbox.mode = Mode::Off);
    hub.until("it joins", |world| {
        (world.registrations.len() == 1).then_some(())
    })
    .await;
    let limits = LimitsBody {
        cores: 1,
        memory_gib: 0.5,
        slots: 3,
        gpu: false,
        ..LimitsBody::default()
    };
    desk.change(limits).expect("they can be meant");
    let offered = hub
        .until("it offers less", |world| {
            world.registrations.get(1).cloned()
        })
        .await;
    assert_eq!((offered.capabilities.cpu_cores, offered.slots), (1, 3));
    assert_eq!(offered.capabilities.memory_bytes, 1 << 29);
    assert_eq!(offered.session, hub.world().registrations[0].session);
    let text = "echo \"{\\\"loss\\\": 1, \\\"cores\\\": $(nproc), \\\"memory\\\": $(ulimit -d), \
                \\\"gpus\\\": $CUDA_VISIBLE_DEVICES}\"";
    hub.change(|world| world.queue.push_back(script("o-limits", text)));
    let results = hub.finished("o-limits").await.results;
    assert_eq!(results["cores"], json!(1), "{results:?}");
    assert_eq!(results["memory"], json!(512 << 10), "in KiB: {results:?}");
    assert_eq!(results["gpus"], json!(-1), "{results:?}");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn an_owner_who_edits_the_file_is_obeyed() {
    let hub = FakeHub::start();
    let (worker, desk) = start(&hub, |_| {});
    hub.until("it joins", |world| {
        (world.registrations.len() == 1).then_some(())
    })
    .await;
    let file = worker.folder.path().join("settings.toml");
    std::fs::write(&file, "hours = ['mon 00:00-00:01']\ncores = 1\n").expect("it can be written");
    hub.until("it offers less", |world| {
        world.registrations.get(1).cloned()
    })
    .await;
    std::fs::write(&file, "cores = 'all'\n").expect("it can be written");
    until(&desk, "the mistake is told", |desk| {
        !desk.settings_error.is_empty()
    })
    .await;
    assert_eq!(desk.status().settings.cores, 1, "the last good ones hold");
    worker.stop().await.expect("it leaves in order");
}

#[tokio::test]
async fn files_travel_whole_and_no_faster_than_their_owner_lets_them() {
    let text = "head -c 300000 /dev/zero > big; echo '{\"type\":\"artifact\",\"path\":\"big\"}' >&3; \
                echo '{\"loss\": 1}'";
    let hub = FakeHub::with([script("o-slow", text)]);
    let (worker, desk) = start(&hub, |settings| {
        let limits = LimitsBody {
            bandwidth_mbit: 4.0,
            ..LimitsBody::default()
        };
        settings.desk.change(limits).expect("they can be meant");
    });
    hub.finished("o-slow").await;
    let kept = hub.world().artifacts.values().map(Vec::len).sum::<usize>();
    assert_eq!(kept, 300_000);
    until(&desk, "its end is kept", |desk| desk.history.len() == 1).await;
    let took = desk.status().history[0].ended_at.0.since(began_at(&desk));
    assert!(
        took >= Duration::from_millis(500),
        "300 KB at 500 KB/s: {took:?}"
    );
    worker.stop().await.expect("it leaves in order");
}

/// When the first run began.
fn began_at(desk: &Desk) -> Timestamp {
    let log = desk.status().log;
    let line = log.iter().find(|line| line.text.starts_with("executing"));
    line.expect("it was begun").at.0
}
