//! Who is chosen for a second run, how that looks to them, and what becomes of it when they fall silent.

use std::time::Duration;

use cupola_domain::audit::{Finding, Stage};
use cupola_economy::policy::Profile;
use cupola_hub::{
    logged::LoggedBatch,
    loops,
    verification::{Filter, Sight},
};
use cupola_testkit::Database;

use super::fleet::{Fleet, TRUTH, large};

cupola_testkit::on_each_database! {
    checks_that_no_own_machine_can_make_do_not_stop_others,
    an_owner_with_many_workers_is_chosen_no_more_often,
    a_check_is_named_like_what_was_planned_long_ago,
    the_program_of_a_check_logs_like_any_other,
    an_auditor_that_falls_silent_for_a_while_goes_on,
    an_auditor_that_falls_silent_for_long_is_replaced,
}

fn checks_that_no_own_machine_can_make_do_not_stop_others(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (eve, referee) = (fleet.owner_with("eve", large()), fleet.own("r"));
    fleet.submit_for("large", 40);
    for _ in 0..40 {
        eve.work(&fleet, TRUTH);
    }
    assert!(referee.polls_nothing(&fleet));
    let listed = || fleet.hub.list_audits(Filter::default(), Sight::Whole);
    let obstacle = listed().unwrap().obstacle;
    assert!(obstacle.contains("that can run it"), "{obstacle}");
    fleet.submit(1);
    let run = fleet.owner("ann").work(&fleet, TRUTH);
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    fleet.check();
}

fn an_owner_with_many_workers_is_chosen_no_more_often(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let (ann, bob, mal) = (fleet.owner("ann"), fleet.owner("bob"), fleet.owner("mal"));
    fleet.trust(&bob, &referee);
    fleet.submit(40);
    while fleet.passed("mal") < fleet.passed("bob") {
        let run = mal.work(&fleet, TRUTH);
        if fleet.awaits_peer(run) {
            bob.work(&fleet, TRUTH);
        } else {
            referee.work_until_settled(&fleet, run, TRUTH);
        }
    }
    for number in 0..20 {
        fleet.worker_of("mal", &format!("mal{number}"));
    }
    fleet.submit(60);
    let mut chosen = [0, 0];
    for _ in 0..60 {
        let run = ann.work(&fleet, TRUTH);
        if fleet.awaits_peer(run) {
            let is_bob = fleet.auditor(run) == bob.id();
            chosen[usize::from(is_bob)] += 1;
        }
    }
    let [of_mal, of_bob] = chosen;
    assert!(of_bob * 3 > of_mal && of_mal * 3 > of_bob, "{chosen:?}");
}

fn a_check_is_named_like_what_was_planned_long_ago(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    fleet.submit(2);
    fleet.pass(Duration::from_hours(30));
    let ann = fleet.owner("ann");
    let order = ann.take(&fleet);
    ann.finish(&fleet, &order, TRUTH).unwrap();
    fleet.pass(Duration::from_hours(30));
    let check = fleet.own("r").take(&fleet);
    let moment = |id: String| id[..13].to_owned();
    assert_ne!(check.task.id, order.task.id);
    assert_eq!(
        moment(check.task.id.to_string()),
        moment(order.task.id.to_string())
    );
    assert_eq!(
        moment(check.run.id.to_string()),
        moment(order.run.id.to_string())
    );
}

fn the_program_of_a_check_logs_like_any_other(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let family = fleet.submit(1);
    fleet.owner("ann").work(&fleet, TRUTH);
    let order = fleet.own("r").take(&fleet);
    let known = fleet.hub.known_run(order.run.id).unwrap();
    assert_eq!((known.experiment, known.is_deleted), (family, false));
    let batch = LoggedBatch {
        tags: vec![("kind".to_owned(), "small".to_owned())],
        is_of_program: true,
        ..LoggedBatch::default()
    };
    fleet.hub.log_to_run(order.run.id, batch).unwrap();
}

fn an_auditor_that_falls_silent_for_a_while_goes_on(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (run, bob) = fleet.awaits_somebody();
    let order = bob.take(&fleet);
    let before = fleet.in_escrow("bob");
    fleet.pass(Duration::from_mins(3));
    loops::leases::tick(&fleet.hub).unwrap();
    fleet.tick();
    let audit = fleet.only_audit(run);
    assert_eq!((audit.stage, audit.round), (Stage::AtWork, 0));
    bob.finish(&fleet, &order, TRUTH).unwrap();
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    assert_eq!(fleet.in_escrow("bob"), before + fleet.price());
    fleet.check();
}

fn an_auditor_that_falls_silent_for_long_is_replaced(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (run, bob) = fleet.awaits_somebody();
    let order = bob.take(&fleet);
    fleet.pass(Duration::from_mins(10));
    loops::leases::tick(&fleet.hub).unwrap();
    fleet.tick();
    assert_eq!(fleet.only_audit(run).round, 1);
    // Too late: nobody looks at it any more, and nothing is given for it.
    let before = fleet.in_escrow("bob");
    let _ = bob.finish(&fleet, &order, TRUTH);
    assert_eq!(fleet.only_audit(run).stage, Stage::AtWork);
    assert_eq!(fleet.in_escrow("bob"), before);
    fleet.own("r2").work_until_settled(&fleet, run, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    fleet.check();
}
