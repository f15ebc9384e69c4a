//! A hub that stops at any moment goes on where it was.

use std::time::Duration;

use cupola_hub::loops;

use crate::support::{TestHub, completed, finish, held};

#[test]
fn a_restart_keeps_the_leases_of_workers_that_are_alive() {
    let mut hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    hub.restart();
    assert!(worker.heartbeat(&hub, &[held(&order)]).unwrap().is_empty());
    assert_eq!(hub.states(family), "r");
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(hub.states(family), "c");
}

#[test]
fn nobody_is_lost_just_because_the_hub_was_away() {
    let mut hub = TestHub::new();
    let family = hub.submit(1);
    hub.join("w").take(&hub);
    hub.world.advance(Duration::from_hours(5));
    hub.restart();
    hub.world.advance(Duration::from_secs(59));
    assert_eq!(loops::leases::tick(&hub).unwrap(), 0);
    hub.world.advance(Duration::from_secs(2));
    assert_eq!(loops::leases::tick(&hub).unwrap(), 1);
    assert_eq!(hub.states(family), "p");
}

#[test]
fn a_cancellation_survives_a_restart() {
    let mut hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    hub.cancel_run(order.run.id).unwrap();
    hub.restart();
    assert_eq!(
        worker.heartbeat(&hub, &[held(&order)]).unwrap().cancel,
        [held(&order)]
    );
}

#[test]
fn ids_made_after_a_restart_are_new() {
    let mut hub = TestHub::new();
    let first = hub.submit(1);
    hub.restart();
    assert_ne!(hub.submit(1), first);
}

#[test]
fn changes_are_numbered_across_restarts_without_gaps() {
    let mut hub = TestHub::new();
    hub.submit(3);
    hub.restart();
    hub.submit(2);
    let seqs: Vec<i64> = hub
        .changes_after(0, 1000)
        .unwrap()
        .iter()
        .map(|row| row.seq)
        .collect();
    assert_eq!(seqs, (1..=hub.last_change().unwrap()).collect::<Vec<_>>());
}

#[test]
fn the_token_of_a_program_outlives_a_restart_but_not_its_lease() {
    let mut hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let token = hub.program_token(order.program());
    hub.restart();
    assert_eq!(hub.program_token(order.program()), token);
    assert_eq!(hub.authenticate_program(&token).unwrap(), order.program());
    hub.world.advance(Duration::from_mins(2));
    assert_eq!(loops::leases::tick(&hub).unwrap(), 1);
    hub.authenticate_program(&token).unwrap_err();
    worker.heartbeat(&hub, &[held(&order)]).unwrap();
    hub.authenticate_program(&token).unwrap();
    finish(&hub, &order, completed(1.0)).unwrap();
    hub.authenticate_program(&token).unwrap_err();
    hub.restart();
    hub.authenticate_program(&token).unwrap_err();
}

#[test]
fn the_token_of_a_program_is_shut_out_with_its_worker() {
    let hub = TestHub::new();
    hub.submit(1);
    let order = hub.join("w").take(&hub);
    let token = hub.program_token(order.program());
    hub.authenticate_program(&token).unwrap();
    hub.revoke_token(hub.token).unwrap();
    hub.authenticate_program(&token).unwrap_err();
}
