//! What a ban does to what was given already, and to all that somebody found right.

use cupola_domain::audit::{Stage, Why};
use cupola_economy::policy::Profile;
use cupola_testkit::Database;

use super::fleet::{Fleet, LIE, TRUTH};

cupola_testkit::on_each_database! {
    results_of_a_cheat_that_were_given_run_again,
    all_that_a_banned_peer_found_right_is_looked_at_again,
    a_list_of_workers_says_whose_they_are_and_who_is_banned,
}

fn a_list_of_workers_says_whose_they_are_and_who_is_banned(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (_own, eve) = (fleet.own("r"), fleet.owner("eve"));
    let told = || -> Vec<(String, String, Option<String>)> {
        let rows = fleet.hub.list_workers().unwrap().into_iter();
        rows.map(|row| (row.worker.name, row.owner, row.ban))
            .collect()
    };
    let own = |name: &str, owner: &str| (name.to_owned(), owner.to_owned(), None);
    assert_eq!(told(), [own("eve", "eve"), own("r", "administrator")]);
    fleet.hub.ban_owner("eve", "asked to go", "root").unwrap();
    let (_, _, ban) = told().remove(0);
    let expected = "an administrator's decision: asked to go";
    assert_eq!(ban.as_deref(), Some(expected));
    let id = eve.id().parse().unwrap();
    let row = fleet.hub.worker_detail(id).unwrap().row;
    assert_eq!(
        (row.ban.as_deref(), row.token.as_str()),
        (Some(expected), "eve")
    );
}

fn results_of_a_cheat_that_were_given_run_again(database: &Database) {
    let fleet = Fleet::on(database, Profile::Lab);
    let (referee, eve) = (fleet.own("r"), fleet.owner("eve"));
    let family = fleet.submit(62);
    let best = eve.work(&fleet, TRUTH);
    referee.work_until_settled(&fleet, best, TRUTH);
    // More than are looked at in one.
    for _ in 0..58 {
        let run = eve.work(&fleet, TRUTH + 0.1);
        referee.work_until_settled(&fleet, run, TRUTH + 0.1);
    }
    fleet.tick();
    let given = fleet.has("eve");
    assert_eq!((given, fleet.in_escrow("eve")), (59 * fleet.price(), 0));
    for _ in 0..2 {
        let lie = eve.work(&fleet, LIE);
        referee.work_until_settled(&fleet, lie, TRUTH);
    }
    assert_eq!(fleet.ban("eve").as_deref(), Some("fraud"));
    fleet.tick();
    // What the referee confirmed stays, and so does what was given.
    let states = fleet.states(family);
    let confirmed = states.matches('c').count();
    assert!(
        (1..6).contains(&confirmed) && states.matches('p').count() == 62 - confirmed,
        "{states}"
    );
    assert_eq!(fleet.has("eve"), given);
    referee.work_all(&fleet, TRUTH);
    assert!(fleet.states(family).chars().all(|state| state == 'c'));
    fleet.check();
}

fn all_that_a_banned_peer_found_right_is_looked_at_again(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let (ann, bob) = (fleet.owner("ann"), fleet.owner("bob"));
    fleet.trust(&bob, &referee);
    fleet.submit(140);
    // More than are looked at in one.
    let mut vouched = Vec::new();
    while vouched.len() < 55 {
        let run = ann.work(&fleet, TRUTH);
        if fleet.audits(run).is_empty() {
            fleet.hub.check_run(run, "olga").unwrap();
        }
        if fleet.awaits_peer(run) {
            bob.work(&fleet, TRUTH);
            vouched.push(run);
        } else {
            referee.work_until_settled(&fleet, run, TRUTH);
        }
    }
    for _ in 0..2 {
        let lie = bob.work(&fleet, LIE);
        if fleet.awaits_peer(lie) {
            ann.work(&fleet, TRUTH);
        }
        referee.work_until_settled(&fleet, lie, TRUTH);
    }
    assert_eq!(fleet.ban("bob").as_deref(), Some("fraud"));
    fleet.tick();
    for run in &vouched {
        assert_eq!(fleet.audits(*run).last().unwrap().why, Why::Doubt);
    }
    referee.work_all(&fleet, TRUTH);
    for run in &vouched {
        assert_eq!(fleet.audits(*run).last().unwrap().stage, Stage::Settled);
    }
    fleet.check();
}
