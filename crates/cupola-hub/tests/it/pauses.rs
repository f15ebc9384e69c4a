//! A worker's owner lets it take no work for a while, and gives back what it had.

use cupola_hub::{
    work::{Beat, Held, Orders},
    workers::Paused,
};

use crate::support::{TestHub, TestWorker, held, start};

fn beat(hub: &TestHub, worker: &TestWorker, beat: &Beat) -> Orders {
    let told = hub.take_heartbeat(hub.token, worker.id(), &worker.session, beat);
    told.unwrap()
}

fn resting(why: &str) -> Beat {
    Beat {
        paused: Some(Paused {
            why: why.to_owned(),
            until: None,
        }),
        ..Beat::default()
    }
}

fn shown(hub: &TestHub) -> Option<String> {
    let row = hub.list_workers().unwrap().remove(0);
    row.paused.map(|paused| paused.why)
}

#[test]
fn a_pause_is_shown_as_long_as_the_worker_says_so() {
    let hub = TestHub::new();
    let worker = hub.join("w");
    assert_eq!(shown(&hub), None);
    let before = hub.last_change().unwrap();
    beat(&hub, &worker, &resting("on battery"));
    assert_eq!(shown(&hub).as_deref(), Some("on battery"));
    let told = hub.last_change().unwrap();
    assert!(told > before, "pages are told");
    beat(&hub, &worker, &resting("on battery"));
    assert_eq!(hub.last_change().unwrap(), told, "once");
    // It offers something else without having been away.
    worker.register(&hub).unwrap();
    assert_eq!(shown(&hub).as_deref(), Some("on battery"));
    beat(&hub, &worker, &Beat::default());
    assert_eq!(shown(&hub), None);
}

#[test]
fn what_is_given_back_waits_for_others_and_counts_as_no_loss() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    // More often than a task may lose workers.
    for _ in 0..7 {
        let worker = hub.join("w");
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        let returning = Beat {
            returning: vec![held(&order)],
            ..resting("paused by its owner")
        };
        beat(&hub, &worker, &returning);
        assert_eq!(hub.states(family), "p");
        // Said again, it changes nothing.
        beat(&hub, &worker, &returning);
        assert_eq!(hub.states(family), "p");
    }
}

#[test]
fn nobody_gives_back_what_is_not_their_own() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let (worker, thief) = (hub.join("w"), hub.join("thief"));
    let order = worker.take(&hub);
    let others: Vec<Held> = vec![held(&order), (order.run.id, order.lease.epoch + 1)];
    let returning = Beat {
        returning: others,
        ..Beat::default()
    };
    beat(&hub, &thief, &returning);
    assert_eq!(hub.states(family), "r");
    let orders = beat(
        &hub,
        &worker,
        &Beat {
            holding: vec![held(&order)],
            ..Beat::default()
        },
    );
    assert_eq!(orders, Orders::default());
}
