//! Machines come in by a way that is open, are one worker each, and leave.

use std::time::Duration;

use cupola_domain::{
    access::{Belonging, Principal, Role},
    ids::TokenId,
    resources::Capabilities,
    worker::Worker,
};
use cupola_hub::{
    Hub, HubError,
    enrolments::{Leaving, NewEnrolment},
    verification::Verification,
    work::Registration,
};
use cupola_testkit::Database;

use crate::support::{TestHub, completed};

cupola_testkit::on_each_database! {
    a_machine_comes_in_with_a_token_of_its_own,
    a_way_in_is_open_for_so_many_and_so_long,
    coming_in_again_with_the_same_token_takes_no_other_place,
    many_at_once_never_come_in_by_more_than_there_are_places,
    a_token_of_its_own_is_one_worker,
    a_copy_is_refused_while_the_other_is_alive_and_its_owner_is_told,
    who_leaves_gives_back_its_work_and_opens_nothing_any_more,
    who_finishes_first_is_given_nothing_more,
    a_removed_worker_takes_its_own_token_along,
    a_banned_owner_uses_up_no_code,
}

fn a_banned_owner_uses_up_no_code(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_verification(Verification {
        is_on: true,
        ..Verification::default()
    });
    let secret = open(&hub, 2, hour());
    hub.enrol(&secret, &own(1), "first").unwrap();
    hub.ban_owner("ann", "asked to go", "root").unwrap();
    let refused = hub.enrol(&secret, &own(2), "second");
    assert!(
        matches!(refused, Err(HubError::Forbidden(_))),
        "{refused:?}"
    );
    assert!(said(refused).contains("`ann` is banned"));
    assert_eq!(hub.list_enrolments().unwrap()[0].uses, 1);
    hub.lift_ban("ann", "came back", "root").unwrap();
    hub.enrol(&secret, &own(2), "second").unwrap();
}

/// Tokens that machines make for themselves.
fn own(n: u32) -> String {
    format!("cupola_worker_{n:032}")
}

fn ann() -> Principal {
    Principal {
        token: uuid_of(1),
        name: "ann's laptop".to_owned(),
        owner: "ann".to_owned(),
        role: Role::Admin,
    }
}

fn uuid_of(n: u64) -> TokenId {
    cupola_domain::ids::Ids::new(n).next(cupola_domain::time::Timestamp::from_millis(0))
}

fn open(hub: &Hub, uses: u32, ttl: Duration) -> String {
    let new = NewEnrolment {
        name: "lab".to_owned(),
        belonging: Belonging::default(),
        uses,
        ttl,
    };
    hub.create_enrolment(new, &ann()).unwrap().0
}

fn hour() -> Duration {
    Duration::from_hours(1)
}

fn said<T: std::fmt::Debug>(answer: Result<T, HubError>) -> String {
    answer.unwrap_err().to_string()
}

/// Session and place of an agent that registers.
fn register(hub: &Hub, token: TokenId, session: &str, place: &str) -> Result<Worker, HubError> {
    let registration = Registration {
        id: None,
        name: "box".to_owned(),
        session: session.to_owned(),
        place: place.to_owned(),
        slots: 2,
        version: "test".to_owned(),
        capabilities: Capabilities {
            hostname: format!("host of {place}"),
            cpu_cores: 4,
            memory_bytes: 16 << 30,
            disk_bytes: 16 << 30,
            ..Capabilities::default()
        },
    };
    hub.register_worker(token, registration)
}

fn a_machine_comes_in_with_a_token_of_its_own(database: &Database) {
    let hub = TestHub::on(database);
    let secret = open(&hub, 1, hour());
    assert!(secret.starts_with("cupola_join_"), "{secret}");
    assert!(hub.authenticate(&secret).is_err(), "it is no token");
    let token = hub.enrol(&secret, &own(1), "gpu-1").unwrap();
    let principal = hub.authenticate(&own(1)).unwrap();
    assert_eq!(
        (principal.token, principal.role, principal.owner.as_str()),
        (token.id, Role::Worker, "ann")
    );
    assert_eq!(token.name, "worker gpu-1");
    let word = said(hub.enrol(&open(&hub, 1, hour()), "password", "gpu-1"));
    assert!(word.contains("32 letters and digits"), "{word}");
}

fn a_way_in_is_open_for_so_many_and_so_long(database: &Database) {
    let hub = TestHub::on(database);
    let secret = open(&hub, 2, hour());
    hub.enrol(&secret, &own(1), "a").unwrap();
    hub.enrol(&secret, &own(2), "b").unwrap();
    let used_up = said(hub.enrol(&secret, &own(3), "c"));
    assert!(used_up.contains("is used up"), "{used_up}");
    let secret = open(&hub, 2, hour());
    hub.world.advance(hour());
    let expired = said(hub.enrol(&secret, &own(3), "c"));
    assert!(expired.contains("is expired"), "{expired}");
    let secret = open(&hub, 2, hour());
    let id = hub.list_enrolments().unwrap()[0].id;
    hub.revoke_enrolment(id).unwrap();
    let revoked = said(hub.enrol(&secret, &own(3), "c"));
    assert!(revoked.contains("is revoked"), "{revoked}");
    let unknown = said(hub.enrol("cupola_join_wrong", &own(3), "c"));
    assert!(unknown.contains("is unknown"), "{unknown}");
    assert!(hub.authenticate(&own(3)).is_err());
}

fn coming_in_again_with_the_same_token_takes_no_other_place(database: &Database) {
    let hub = TestHub::on(database);
    let secret = open(&hub, 1, hour());
    let first = hub.enrol(&secret, &own(1), "a").unwrap();
    hub.world.advance(hour() * 2);
    assert_eq!(hub.enrol(&secret, &own(1), "a").unwrap(), first);
    assert_eq!(hub.list_enrolments().unwrap()[0].uses, 1);
    let other = open(&hub, 1, hour());
    assert!(
        hub.enrol(&other, &own(1), "a").is_err(),
        "the token came by another way"
    );
    hub.revoke_token(first.id).unwrap();
    assert!(hub.enrol(&secret, &own(1), "a").is_err(), "it was shut out");
}

fn many_at_once_never_come_in_by_more_than_there_are_places(database: &Database) {
    let hub = TestHub::on(database);
    let secret = open(&hub, 3, hour());
    let (hub, secret) = (&*hub, secret.as_str());
    let came = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|n| scope.spawn(move || hub.enrol(secret, &own(n), "box").is_ok()))
            .collect();
        let came = all.into_iter().map(|one| one.join().unwrap());
        came.filter(|came| *came).count()
    });
    assert_eq!(came, 3);
    assert_eq!(hub.list_enrolments().unwrap()[0].uses, 3);
}

fn a_token_of_its_own_is_one_worker(database: &Database) {
    let hub = TestHub::on(database);
    let token = hub.enrol(&open(&hub, 1, hour()), &own(1), "a").unwrap();
    let first = register(&hub, token.id, "s", "here").unwrap();
    let next = register(&hub, token.id, "t", "here").unwrap();
    assert_eq!(next.id, first.id, "without its id it is still the same");
    assert_eq!(hub.list_workers().unwrap().len(), 1);
    let shared = register(&hub, hub.token, "s", "here").unwrap();
    let another = register(&hub, hub.token, "t", "here").unwrap();
    assert_ne!(
        shared.id, another.id,
        "a token that people made is for many"
    );
}

fn a_copy_is_refused_while_the_other_is_alive_and_its_owner_is_told(database: &Database) {
    let hub = TestHub::on(database);
    let token = hub.enrol(&open(&hub, 1, hour()), &own(1), "a").unwrap();
    let worker = register(&hub, token.id, "s", "here").unwrap();
    hub.world.advance(Duration::from_secs(5));
    hub.renew_leases(token.id, worker.id, "s", &[]).unwrap();
    hub.world.advance(Duration::from_secs(5));
    let before = hub.last_change().unwrap();
    let refused = register(&hub, token.id, "t", "elsewhere").unwrap_err();
    assert!(matches!(refused, HubError::Rival(_)), "{refused}");
    assert!(hub.last_change().unwrap() > before, "pages are told");
    let row = &hub.list_workers().unwrap()[0];
    let rival = row.rival.as_ref().unwrap();
    assert_eq!(rival.hostname, "host of elsewhere");
    assert_eq!(
        hub.worker_detail(worker.id).unwrap().row.rival.as_ref(),
        Some(rival)
    );
    hub.renew_leases(token.id, worker.id, "s", &[]).unwrap();
    hub.world.advance(Duration::from_secs(16));
    let moved = register(&hub, token.id, "t", "elsewhere").unwrap();
    assert_eq!(moved.id, worker.id, "the other has gone: it moved");
    assert!(hub.renew_leases(token.id, worker.id, "s", &[]).is_err());
    hub.world.advance(Duration::from_hours(25));
    assert_eq!(
        hub.list_workers().unwrap()[0].rival,
        None,
        "that is no news"
    );
}

fn who_leaves_gives_back_its_work_and_opens_nothing_any_more(database: &Database) {
    let hub = TestHub::on(database);
    let family = hub.submit(1);
    let token = hub.enrol(&open(&hub, 1, hour()), &own(1), "a").unwrap();
    let worker = register(&hub, token.id, "s", "here").unwrap();
    let orders = hub.lease_runs(token.id, worker.id, "s", 1, &[]).unwrap();
    assert_eq!(orders.start.len(), 1);
    assert_eq!(
        hub.leave(token.id, worker.id, false).unwrap(),
        Leaving::Left
    );
    assert_eq!(hub.states(family), "p");
    assert!(hub.authenticate(&own(1)).is_err());
    assert!(hub.list_workers().unwrap().is_empty());
    let next = hub.enrol(&open(&hub, 1, hour()), &own(2), "a").unwrap();
    let anew = register(&hub, next.id, "t", "here").unwrap();
    assert_ne!(anew.id, worker.id);
    let orders = hub.lease_runs(next.id, anew.id, "t", 1, &[]).unwrap();
    assert_eq!(orders.start.len(), 1, "it takes what it gave back");
}

fn who_finishes_first_is_given_nothing_more(database: &Database) {
    let hub = TestHub::on(database);
    let family = hub.submit(2);
    let token = hub.enrol(&open(&hub, 1, hour()), &own(1), "a").unwrap();
    let worker = register(&hub, token.id, "s", "here").unwrap();
    let orders = hub.lease_runs(token.id, worker.id, "s", 1, &[]).unwrap();
    let order = orders.start.into_iter().next().unwrap();
    let leaving = hub.leave(token.id, worker.id, true).unwrap();
    assert_eq!(leaving, Leaving::Finishing(1));
    let held = [(order.run.id, order.lease.epoch)];
    let orders = hub.lease_runs(token.id, worker.id, "s", 1, &held).unwrap();
    assert!(orders.is_empty(), "{orders:?}");
    let (run, lease) = (order.run.id, order.lease);
    hub.start_run(token.id, run, lease, "{}".to_owned())
        .unwrap();
    hub.finish_run(token.id, run, lease, completed(1.0))
        .unwrap();
    assert_eq!(hub.leave(token.id, worker.id, true).unwrap(), Leaving::Left);
    assert_eq!(hub.states(family), "cp");
}

fn a_removed_worker_takes_its_own_token_along(database: &Database) {
    let hub = TestHub::on(database);
    let token = hub.enrol(&open(&hub, 1, hour()), &own(1), "a").unwrap();
    let worker = register(&hub, token.id, "s", "here").unwrap();
    hub.remove_worker(worker.id).unwrap();
    assert!(hub.authenticate(&own(1)).is_err());
    let shared = register(&hub, hub.token, "s", "here").unwrap();
    let (secret, many) = hub.create_token("many", Role::Worker, None).unwrap();
    let one = register(&hub, many.id, "s", "here").unwrap();
    hub.remove_worker(one.id).unwrap();
    assert!(hub.authenticate(&secret).is_ok(), "others joined with it");
    assert_ne!(shared.id, one.id);
}
