//! Results of other people's machines: who is checked by whom, what follows, and that nothing is lost.

mod bans;
mod choosing;
mod fleet;
mod kept;

use std::time::Duration;

use cupola_domain::{
    audit::{Finding, Stage, Why},
    ids::RunId,
    resources::Capabilities,
    run::Failure,
    sandbox::Confinement,
    task::TaskState,
};
use cupola_economy::policy::Profile;
use cupola_hub::{HubError, ledger::Economy, loops, verification::Sight, work::Order};
use cupola_search::rng::Rng;
use cupola_testkit::Database;
use serde_json::json;

use crate::support::{Below as _, TestHub, laptop};
use fleet::{BUDGET, Fleet, LIE, TRUTH};

cupola_testkit::on_each_database! {
    an_honest_newcomer_is_checked_and_confirmed,
    a_liar_in_probation_is_banned_and_its_tasks_run_again,
    a_liar_that_was_trusted_is_found_and_loses_what_waits,
    peers_that_contradict_each_other_are_judged_by_the_referee,
    a_fault_costs_the_result_and_not_the_owner,
    without_a_referee_a_check_waits,
    an_auditor_that_is_lost_is_replaced,
    an_auditor_that_leaves_is_replaced,
    a_ban_releases_leases_at_once,
    a_new_best_is_not_best_until_it_was_checked,
    when_a_claim_is_wrong_the_next_best_is_checked,
    a_newcomer_is_tried_with_a_known_answer,
    a_newcomer_that_lies_on_a_known_answer_is_banned,
    the_result_of_another_run_said_again_is_found,
    a_check_goes_on_after_a_restart,
    a_banned_owner_cannot_join_again,
    own_workers_are_believed,
    a_lab_checks_little,
    what_the_clock_ended_own_machines_run_again,
    a_failure_is_believed_of_own_machines_only,
    what_fails_everywhere_fails_without_blame,
    nobody_is_blamed_for_a_small_machine,
    nobody_ends_a_task_by_a_word,
    a_referee_that_is_too_slow_takes_nothing_from_anybody,
    a_referee_whose_owner_lets_it_have_little_settles_its_checks,
    a_task_that_own_machines_run_again_may_be_stopped,
    a_task_is_everybodys_again_when_its_doubt_is_gone,
    what_is_off_by_a_little_is_run_once_more,
    whoever_pays_themselves_is_checked_by_the_referee,
    what_does_not_come_out_again_is_not_checked,
    machines_of_two_classes_are_compared_by_tolerance,
    a_check_looks_like_any_other_work,
    a_referee_that_fails_decides_nothing,
    what_a_banned_peer_found_right_is_looked_at_again,
    a_check_of_something_deleted_is_withdrawn,
    a_task_of_a_stopped_family_does_not_run_again,
    nothing_is_given_while_it_is_checked,
    an_operator_asks_for_a_check,
    an_administrator_bans_and_lifts,
}

fn an_honest_newcomer_is_checked_and_confirmed(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    let family = fleet.submit(2);
    let run = ann.work(&fleet, TRUTH);
    let audit = fleet.only_audit(run);
    assert_eq!((audit.stage, audit.why), (Stage::AtWork, Why::Best));
    referee.work(&fleet, TRUTH);
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::Valid), "{}", audit.note);
    assert_eq!(fleet.passed("ann"), 1);
    assert_eq!(fleet.states(family), "cp");
    fleet.check();
}

fn a_liar_in_probation_is_banned_and_its_tasks_run_again(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    let family = fleet.submit(2);
    let run = eve.work(&fleet, LIE);
    assert_eq!(fleet.in_escrow("eve"), fleet.price());
    referee.work(&fleet, TRUTH);
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::WrongBetter));
    let ended = fleet.hub.run_detail(run).unwrap().run;
    assert!(
        ended
            .reason()
            .starts_with("rejected by a check: it says val_bpb"),
        "{}",
        ended.reason()
    );
    assert_eq!(fleet.ban("eve").as_deref(), Some("fraud"));
    assert_eq!((fleet.in_escrow("eve"), fleet.has("eve")), (0, 0));
    // Its task waits again, and nothing of the liar is left.
    assert_eq!(fleet.states(family), "pp");
    assert!(eve.polls_nothing(&fleet));
    referee.work_all(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "cc");
    fleet.check();
}

fn a_liar_that_was_trusted_is_found_and_loses_what_waits(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    fleet.trust(&eve, &referee);
    let family = fleet.submit(6);
    assert!(fleet.in_escrow("eve") > 0);
    // Twice what would be best: both are looked at, and two frauds are too many.
    let first = eve.work(&fleet, LIE);
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(first).finding, Some(Finding::WrongBetter));
    assert_eq!(fleet.ban("eve"), None);
    assert_eq!(fleet.passed("eve"), 0);
    let second = eve.work(&fleet, LIE);
    referee.work_until_settled(&fleet, second, TRUTH);
    assert_eq!(fleet.ban("eve").as_deref(), Some("fraud"));
    assert_eq!(fleet.in_escrow("eve"), 0);
    referee.work_all(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "cccccc");
    fleet.check();
}

fn peers_that_contradict_each_other_are_judged_by_the_referee(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let (ann, bob) = (fleet.owner("ann"), fleet.owner("bob"));
    fleet.trust(&bob, &referee);
    let other = fleet.submit(60);
    // Until the draw names the peer.
    let run = loop {
        let run = ann.work(&fleet, TRUTH);
        if fleet.awaits_peer(run) {
            break run;
        }
        referee.work_until_settled(&fleet, run, TRUTH);
    };
    let check = bob.work(&fleet, TRUTH + 0.5);
    let audit = fleet.only_audit(run);
    assert!(
        audit.is_for_referee && audit.stage == Stage::AtWork,
        "{audit:?}"
    );
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    // The peer was wrong, and worse: a fault, for which its own run earns nothing.
    assert_eq!(fleet.standing("bob").faults, 1);
    assert_eq!(fleet.passed("bob"), 0);
    assert!(
        fleet
            .hub
            .receipts_of_run(check)
            .unwrap()
            .iter()
            .any(|of| { of.entry.transfer.kind == cupola_domain::ledger::Kind::Clawback })
    );
    assert!(fleet.states(other).starts_with('c'));
    fleet.check();
}

fn a_fault_costs_the_result_and_not_the_owner(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    let family = fleet.submit(1);
    let run = ann.work(&fleet, TRUTH + 1.0);
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::WrongWorse));
    assert_eq!((fleet.ban("ann"), fleet.in_escrow("ann")), (None, 0));
    assert_eq!(fleet.states(family), "p");
    let task = fleet.hub.run_detail(run).unwrap().task;
    assert_eq!((task.attempts.failures, task.attempts.losses), (0, 0));
    let again = ann.work(&fleet, TRUTH);
    referee.work_until_settled(&fleet, again, TRUTH);
    assert_eq!(fleet.states(family), "c");
    fleet.check();
}

fn without_a_referee_a_check_waits(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let ann = fleet.owner("ann");
    fleet.submit(2);
    let run = ann.work(&fleet, TRUTH);
    for _ in 0..3 {
        fleet.tick();
        fleet.pass(Duration::from_hours(100));
    }
    // It is not given, however long that takes.
    assert_eq!(fleet.only_audit(run).stage, Stage::AtWork);
    assert_eq!(
        (fleet.in_escrow("ann"), fleet.has("ann")),
        (fleet.price(), 0)
    );
    let referee = fleet.own("r");
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    fleet.check();
}

fn an_auditor_that_is_lost_is_replaced(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    fleet.submit(1);
    let run = ann.work(&fleet, TRUTH);
    let order = referee.take(&fleet);
    fleet.pass(Duration::from_hours(1));
    loops::leases::tick(&fleet.hub).unwrap();
    fleet.tick();
    assert_eq!(fleet.only_audit(run).stage, Stage::AtWork);
    let second = fleet.own("r2");
    let taken = second.take(&fleet);
    // Whoever was lost comes too late.
    assert!(referee.finish(&fleet, &order, TRUTH).is_err());
    second.finish(&fleet, &taken, TRUTH).unwrap();
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    fleet.check();
}

fn an_auditor_that_leaves_is_replaced(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let (ann, bob) = (fleet.owner("ann"), fleet.owner("bob"));
    fleet.trust(&bob, &referee);
    fleet.submit(60);
    let run = loop {
        let run = ann.work(&fleet, TRUTH);
        if fleet.awaits_peer(run) {
            break run;
        }
        referee.work_until_settled(&fleet, run, TRUTH);
    };
    bob.leave(&fleet);
    fleet.tick();
    assert_eq!(fleet.only_audit(run).round, 1);
    referee.work_until_settled(&fleet, run, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    fleet.check();
}

fn a_ban_releases_leases_at_once(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    let second = fleet.worker_of("eve", "eve2");
    let family = fleet.submit(3);
    let held = second.take(&fleet);
    let lie = eve.work(&fleet, LIE);
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(lie).finding, Some(Finding::WrongBetter));
    let run = fleet.hub.run_detail(held.run.id).unwrap().run;
    assert_eq!(run.reason(), Failure::Withdrawn.reason());
    assert!(matches!(
        second.finish(&fleet, &held, TRUTH),
        Err(HubError::Forbidden(_))
    ));
    assert_eq!(second.abandons(&fleet, &held), 1);
    referee.work_all(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "ccc");
    fleet.check();
}

fn a_new_best_is_not_best_until_it_was_checked(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    let family = fleet.submit(3);
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.best(family), (Some(TRUTH), None));
    let run = ann.work(&fleet, TRUTH - 0.1);
    assert_eq!(fleet.best(family), (Some(TRUTH), Some(TRUTH - 0.1)));
    referee.work_until_settled(&fleet, run, TRUTH - 0.1);
    assert_eq!(fleet.best(family), (Some(TRUTH - 0.1), None));
    fleet.check();
}

fn when_a_claim_is_wrong_the_next_best_is_checked(database: &Database) {
    let fleet = Fleet::on(database, Profile::Lab);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    let family = fleet.submit(3);
    let lie = eve.work(&fleet, LIE);
    // In a lab everybody may check others; who comes now was not there to be chosen.
    let ann = fleet.owner("ann");
    eve.leave(&fleet);
    // Worse than the claim: nobody looks at it yet, and it is not called best either.
    let honest = ann.work(&fleet, TRUTH);
    assert_eq!(fleet.audits(honest).len(), 0);
    assert_eq!(fleet.best(family), (None, Some(LIE)));
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(lie).finding, Some(Finding::WrongBetter));
    assert_eq!(fleet.only_audit(honest).why, Why::Best);
    referee.work_until_settled(&fleet, honest, TRUTH);
    assert_eq!(fleet.best(family), (Some(TRUTH), None));
    fleet.check();
}

/// The first run of somebody that is a spot check, and its check.
fn spotted(fleet: &Fleet, owner: &fleet::Machine, value: f64) -> RunId {
    for _ in 0..40 {
        let run = owner.work(fleet, value);
        if fleet.audits(run).iter().any(|audit| audit.why == Why::Spot) {
            return run;
        }
    }
    panic!("no spot check in forty runs");
}

fn a_newcomer_is_tried_with_a_known_answer(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let (ann, bob) = (fleet.owner("ann"), fleet.owner("bob"));
    let family = fleet.submit(60);
    for _ in 0..4 {
        let known = ann.work(&fleet, TRUTH);
        referee.work_until_settled(&fleet, known, TRUTH);
    }
    let run = spotted(&fleet, &bob, TRUTH);
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::Valid), "{}", audit.note);
    assert!(fleet.passed("bob") >= 1);
    // It is no task of the family.
    assert!(fleet.hub.run_detail(run).is_err() || !fleet.is_of(run, family));
    fleet.check();
}

fn a_newcomer_that_lies_on_a_known_answer_is_banned(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let (ann, eve) = (fleet.owner("ann"), fleet.owner("eve"));
    fleet.submit(60);
    for _ in 0..4 {
        let known = ann.work(&fleet, TRUTH);
        referee.work_until_settled(&fleet, known, TRUTH);
    }
    let run = spotted(&fleet, &eve, LIE);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::WrongBetter));
    assert_eq!(fleet.ban("eve").as_deref(), Some("fraud"));
    assert_eq!((fleet.in_escrow("eve"), fleet.has("eve")), (0, 0));
    fleet.check();
}

fn the_result_of_another_run_said_again_is_found(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    fleet.submit(2);
    // The same objective, but the bits of another seed.
    let run = eve.work_with(&fleet, TRUTH, 7.25);
    referee.work(&fleet, TRUTH);
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::WrongWorse));
    assert!(
        audit.note.ends_with("too, and other bits"),
        "{}",
        audit.note
    );
    assert_eq!(fleet.in_escrow("eve"), 0);
    fleet.check();
}

fn a_check_goes_on_after_a_restart(database: &Database) {
    let mut fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    fleet.submit(2);
    let run = eve.work(&fleet, LIE);
    let order = referee.take(&fleet);
    fleet.restart();
    referee.finish(&fleet, &order, TRUTH).unwrap();
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::WrongBetter));
    fleet.restart();
    assert_eq!(fleet.ban("eve").as_deref(), Some("fraud"));
    assert!(eve.polls_nothing(&fleet));
    fleet.check();
}

fn a_banned_owner_cannot_join_again(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    fleet.submit(1);
    eve.work(&fleet, LIE);
    referee.work(&fleet, TRUTH);
    let refused = fleet.try_worker_of("eve", "eve3").unwrap_err();
    assert!(
        matches!(&refused, HubError::Forbidden(why) if why.contains("`eve` is banned: made-up results")),
        "{refused}"
    );
}

fn own_workers_are_believed(database: &Database) {
    let fleet = Fleet::on(database, Profile::Open);
    let referee = fleet.own("r");
    let family = fleet.submit(2);
    let run = referee.work(&fleet, TRUTH);
    assert_eq!(fleet.audits(run).len(), 0);
    assert_eq!(fleet.best(family), (Some(TRUTH), None));
}

fn a_lab_checks_little(database: &Database) {
    let fleet = Fleet::on(database, Profile::Lab);
    let _referee = fleet.own("r");
    let ann = fleet.owner("ann");
    fleet.submit(20);
    let best = ann.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(best).why, Why::Best);
    let mut checked = 0;
    for _ in 0..19 {
        let run = ann.work(&fleet, TRUTH + 0.1);
        checked += fleet.audits(run).len();
    }
    assert!(checked <= 3, "{checked}");
}

fn what_the_clock_ended_own_machines_run_again(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (eve, bob) = (fleet.owner("eve"), fleet.owner("bob"));
    let family = fleet.submit(1);
    let run = eve.cut_off(&fleet, LIE);
    assert_eq!(fleet.only_audit(run).why, Why::Doubt);
    assert_eq!((fleet.in_escrow("eve"), fleet.has("eve")), (0, 0));
    assert_eq!(
        (fleet.states(family).as_str(), fleet.best(family)),
        ("p", (None, None))
    );
    assert!(eve.polls_nothing(&fleet) && bob.polls_nothing(&fleet));
    let referee = fleet.own("r");
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "c");
    assert_eq!(fleet.best(family), (Some(TRUTH), None));
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Withdrawn));
    assert_eq!(fleet.standing("eve").faults, 0);
    fleet.check();
}

fn a_failure_is_believed_of_own_machines_only(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let eve = fleet.owner("eve");
    let family = fleet.submit(1);
    let run = eve.fail(&fleet);
    assert_eq!(fleet.states(family), "p");
    assert!(eve.polls_nothing(&fleet));
    let referee = fleet.own("r");
    // A machine that is lost meanwhile is no end.
    referee.take(&fleet);
    fleet.pass(Duration::from_hours(1));
    loops::leases::tick(&fleet.hub).unwrap();
    fleet.tick();
    assert!(eve.polls_nothing(&fleet));
    let second = fleet.own("r2");
    second.work(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "c");
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::WrongWorse), "{audit:?}");
    assert_eq!(fleet.standing("eve").faults, 1);
    fleet.check();
}

fn what_fails_everywhere_fails_without_blame(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (referee, ann) = (fleet.own("r"), fleet.owner("ann"));
    let family = fleet.submit(1);
    let run = ann.fail(&fleet);
    referee.fail(&fleet);
    assert_eq!(fleet.states(family), "f");
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    assert_eq!(fleet.standing("ann").faults, 0);
    // Whoever tries it again may have it done by anybody, when they have rested.
    let task = fleet.hub.run_detail(run).unwrap().task.id;
    fleet.hub.retry_task(task).unwrap();
    fleet.pass(Duration::from_mins(2));
    ann.take(&fleet);
    fleet.check();
}

fn nobody_is_blamed_for_a_small_machine(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (referee, ann) = (fleet.own("r"), fleet.owner("ann"));
    let family = fleet.submit(2);
    for failure in [Failure::Signal(9), Failure::TimedOut] {
        let run = ann.fail_by(&fleet, failure);
        referee.work(&fleet, TRUTH);
        assert_eq!(fleet.only_audit(run).finding, Some(Finding::Withdrawn));
        fleet.pass(Duration::from_mins(5));
    }
    assert_eq!(fleet.states(family), "cc");
    assert_eq!(fleet.standing("ann").faults, 0);
    fleet.check();
}

/// What a stranger says of a task without having worked on it is no end of the task.
fn nobody_ends_a_task_by_a_word(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (referee, eve) = (fleet.own("r"), fleet.owner("eve"));
    let family = fleet.submit(3);
    let cancelled = eve.give_up(&fleet);
    // There is more, and it has to rest.
    assert!(eve.polls_nothing(&fleet));
    fleet.pass(Duration::from_mins(5));
    let simulated = eve.make_up(&fleet, LIE);
    fleet.pass(Duration::from_mins(5));
    let order = eve.take(&fleet);
    eve.end_early(&fleet, &order, LIE).unwrap();
    assert_eq!(fleet.states(family), "ppp");
    assert_eq!(fleet.best(family), (None, None));
    referee.work_all(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "ccc");
    let found = |run| fleet.only_audit(run).finding;
    assert_eq!(found(cancelled), Some(Finding::WrongWorse));
    assert_eq!(found(simulated), Some(Finding::Withdrawn));
    // Its time was not over when it said so.
    assert_eq!(found(order.run.id), Some(Finding::WrongWorse));
    assert_eq!(fleet.in_escrow("eve"), 0);
    fleet.check();
}

fn a_task_that_own_machines_run_again_may_be_stopped(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let ann = fleet.owner("ann");
    let family = fleet.submit(1);
    let run = ann.fail(&fleet);
    fleet.hub.cancel_family(family).unwrap();
    fleet.tick();
    let task = fleet.hub.run_detail(run).unwrap().task;
    assert_eq!(task.state, TaskState::Cancelled);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Withdrawn));
    fleet.hub.retry_task(task.id).unwrap();
    fleet.pass(Duration::from_mins(2));
    ann.take(&fleet);
    fleet.check();
}

fn a_task_is_everybodys_again_when_its_doubt_is_gone(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (eve, ann) = (fleet.owner("eve"), fleet.owner("ann"));
    let family = fleet.submit(1);
    let run = eve.fail(&fleet);
    fleet
        .hub
        .ban_owner("eve", "fails all there is", "root")
        .unwrap();
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Withdrawn));
    ann.work(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "c");
    fleet.check();
}

fn what_is_off_by_a_little_is_run_once_more(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner_with_class("ann", "00000000000000bb");
    let family = fleet.submit(1);
    let run = ann.work(&fleet, TRUTH - 2e-4);
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.audits(run)[0].finding, Some(Finding::Noisy));
    assert_eq!(fleet.states(family), "p");
    assert!(ann.polls_nothing(&fleet));
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "c");
    assert_eq!(fleet.open_audits(), 0);
    assert_eq!((fleet.ban("ann"), fleet.standing("ann").faults), (None, 0));
    fleet.check();
}

fn whoever_pays_themselves_is_checked_by_the_referee(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let (referee, bob) = (fleet.own("r"), fleet.owner("bob"));
    fleet.trust(&bob, &referee);
    // The family is hers.
    let ada = fleet.owner("ada");
    fleet.submit(30);
    for _ in 0..12 {
        let run = ada.work(&fleet, TRUTH);
        let audit = fleet.only_audit(run);
        if audit.why == Why::Spot {
            continue;
        }
        assert!(audit.is_for_referee && !fleet.awaits_peer(run), "{audit:?}");
        referee.work_until_settled(&fleet, run, TRUTH);
    }
    fleet.check();
}

fn what_does_not_come_out_again_is_not_checked(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let ann = fleet.owner("ann");
    let family = fleet.submit_by_clock(1);
    let run = ann.work(&fleet, TRUTH);
    assert_eq!(fleet.audits(run).len(), 0);
    assert_eq!(fleet.in_escrow("ann"), fleet.price());
    assert_eq!(fleet.best(family), (Some(TRUTH), None));
    fleet.check();
}

fn machines_of_two_classes_are_compared_by_tolerance(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner_with_class("ann", "00000000000000bb");
    fleet.submit(30);
    // Within a hundred times the floor, and calm pairs do not narrow that.
    for _ in 0..9 {
        let run = ann.work(&fleet, TRUTH + 2e-5);
        referee.work_until_settled(&fleet, run, TRUTH);
        assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    }
    // What rounding may explain is nobody's fraud, whichever way it points.
    let run = ann.work(&fleet, TRUTH - 9e-4);
    referee.work_until_settled(&fleet, run, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::WrongWorse));
    assert_eq!(fleet.ban("ann"), None);
    let run = ann.work(&fleet, TRUTH - 2e-3);
    referee.work_until_settled(&fleet, run, TRUTH);
    assert_eq!(fleet.audits(run)[0].finding, Some(Finding::WrongBetter));
    assert_eq!(fleet.ban("ann").as_deref(), Some("fraud"));
    fleet.check();
}

fn a_check_looks_like_any_other_work(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    let family = fleet.submit(2);
    let order = ann.take(&fleet);
    ann.finish(&fleet, &order, TRUTH).unwrap();
    let check = referee.take(&fleet);
    assert_ne!((check.run.id, check.task.id), (order.run.id, order.task.id));
    assert_eq!(check.task.experiment, family);
    let mut expected = order.config();
    // The referee may be the slower machine.
    expected.insert("time_budget_seconds".to_owned(), json!(40.0));
    assert_eq!(check.config(), expected);
    assert_eq!((check.command, check.access), (order.command, order.access));
    // It is in no list and no count, and the brief does not pay.
    assert_eq!(fleet.hub.overview().unwrap().tasks.total(), 2);
    assert_eq!(fleet.states(family), "cp");
    fleet.check();
}

fn a_referee_that_fails_decides_nothing(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    let family = fleet.submit(1);
    let run = ann.work(&fleet, TRUTH);
    for _ in 0..3 {
        referee.fail(&fleet);
    }
    let audit = &fleet.audits(run)[0];
    assert_eq!(audit.finding, Some(Finding::Undecided), "{audit:?}");
    assert_eq!((fleet.ban("ann"), fleet.passed("ann")), (None, 0));
    // It is neither paid nor believed, and tried there once more.
    assert_eq!(
        (fleet.in_escrow("ann"), fleet.states(family).as_str()),
        (0, "p")
    );
    assert!(ann.polls_nothing(&fleet));
    referee.fail(&fleet);
    assert_eq!(fleet.states(family), "f");
    assert_eq!(fleet.best(family), (None, None));
    fleet.check();
}

fn a_referee_whose_owner_lets_it_have_little_settles_its_checks(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let limited = Capabilities {
        confinement: Some(Confinement {
            level: "strict".to_owned(),
            network: false,
            reads: Vec::new(),
            memory_bytes: Some(100 << 20),
        }),
        ..laptop()
    };
    let referee = fleet.own_with("r", limited);
    let ann = fleet.owner("ann");
    let family = fleet.submit(1);
    let run = ann.work(&fleet, TRUTH);
    for _ in 0..3 {
        referee.fail_by(&fleet, Failure::Signal(9));
    }
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::Undecided), "{audit:?}");
    assert!(referee.polls_nothing(&fleet));
    assert_eq!(fleet.states(family), "c");
    fleet.check();
}

fn a_referee_that_is_too_slow_takes_nothing_from_anybody(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    let family = fleet.submit(1);
    let run = ann.work(&fleet, TRUTH);
    for _ in 0..3 {
        referee.cut_off(&fleet, LIE);
    }
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::Undecided), "{audit:?}");
    // Nobody calls it best.
    assert_eq!(
        (fleet.states(family).as_str(), fleet.best(family)),
        ("c", (None, None))
    );
    assert_eq!(fleet.in_escrow("ann"), fleet.price());
    fleet.check();
}

fn what_a_banned_peer_found_right_is_looked_at_again(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let (ann, bob) = (fleet.owner("ann"), fleet.owner("bob"));
    fleet.trust(&bob, &referee);
    let family = fleet.submit(60);
    let run = loop {
        let run = ann.work(&fleet, TRUTH);
        if fleet.awaits_peer(run) {
            break run;
        }
        referee.work_until_settled(&fleet, run, TRUTH);
    };
    bob.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    // Twice found out, the peer is banned, and what it vouched for is doubted.
    for _ in 0..2 {
        let lie = bob.work(&fleet, LIE);
        referee.work_until_settled(&fleet, lie, TRUTH);
    }
    assert_eq!(fleet.ban("bob").as_deref(), Some("fraud"));
    let audits = fleet.audits(run);
    assert_eq!(audits.last().map(|audit| audit.why), Some(Why::Doubt));
    while fleet.audits(run).last().unwrap().stage != Stage::Settled {
        referee.work(&fleet, TRUTH);
    }
    assert_eq!(
        fleet.audits(run).last().unwrap().finding,
        Some(Finding::Valid)
    );
    assert_eq!(fleet.best(family).0, Some(TRUTH));
    fleet.check();
}

fn a_check_of_something_deleted_is_withdrawn(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let ann = fleet.owner("ann");
    let family = fleet.submit(1);
    let run = ann.work(&fleet, TRUTH);
    fleet.hub.delete_family(family).unwrap();
    for _ in 0..3 {
        loops::retention::tick(&fleet.hub).unwrap();
        fleet.tick();
    }
    let audit = fleet.only_audit(run);
    assert_eq!(audit.finding, Some(Finding::Withdrawn), "{audit:?}");
    assert_eq!(
        (audit.experiment, audit.claim.owner.as_str()),
        (family, "ann")
    );
    fleet.check();
}

fn a_task_of_a_stopped_family_does_not_run_again(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let eve = fleet.owner("eve");
    let family = fleet.submit(2);
    eve.work(&fleet, LIE);
    fleet.hub.cancel_family(family).unwrap();
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.states(family), "cc");
    let counts = fleet.hub.family_detail(family).unwrap().family.counts;
    assert_eq!((counts.cancelled, counts.completed), (2, 0));
    fleet.check();
}

fn nothing_is_given_while_it_is_checked(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    fleet.hub.use_economy(Economy::default()).unwrap();
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    fleet.submit(1);
    let run = ann.work(&fleet, TRUTH);
    loops::ledger::tick(&fleet.hub).unwrap();
    assert_eq!(fleet.has("ann"), 0);
    referee.work_until_settled(&fleet, run, TRUTH);
    loops::ledger::tick(&fleet.hub).unwrap();
    assert_eq!(fleet.has("ann"), fleet.price());
    fleet.check();
}

fn an_operator_asks_for_a_check(database: &Database) {
    let fleet = Fleet::on(database, Profile::Lab);
    let referee = fleet.own("r");
    let family = fleet.submit(1);
    // Also of what is believed.
    let run = referee.work(&fleet, TRUTH);
    let audit = fleet.hub.check_run(run, "olga").unwrap();
    assert!(matches!(
        fleet.hub.check_run(run, "olga"),
        Err(HubError::Conflict(_))
    ));
    referee.work_until_settled(&fleet, run, TRUTH);
    let detail = fleet.hub.audit_detail(audit, Sight::Veiled).unwrap();
    assert_eq!(
        (detail.audit.why, detail.audit.asked_by.as_str()),
        (Why::Asked, "olga")
    );
    assert_eq!(detail.audit.finding, Some(Finding::Valid));
    fleet.submit_by_clock(1);
    let other = referee.work(&fleet, TRUTH);
    let refused = fleet.hub.check_run(other, "olga").unwrap_err();
    assert!(refused.to_string().contains("`[repeats]`"), "{refused}");
    assert_eq!(fleet.states(family), "c");
    fleet.check();
}

fn an_administrator_bans_and_lifts(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let referee = fleet.own("r");
    let ann = fleet.owner("ann");
    let family = fleet.submit(4);
    let confirmed = ann.work(&fleet, TRUTH);
    referee.work_until_settled(&fleet, confirmed, TRUTH);
    let unconfirmed = ann.work(&fleet, TRUTH);
    assert!(matches!(
        fleet.hub.ban_owner("ann", " ", "root"),
        Err(HubError::Invalid(_))
    ));
    assert!(matches!(
        fleet.hub.ban_owner("nobody", "x", "root"),
        Err(HubError::NotFound { .. })
    ));
    assert!(matches!(
        fleet.hub.ban_owner("administrator", "x", "root"),
        Err(HubError::Invalid(_))
    ));
    fleet.hub.ban_owner("ann", "asked to go", "root").unwrap();
    // What was confirmed is given, the rest is not believed.
    assert_eq!(
        (fleet.has("ann"), fleet.in_escrow("ann")),
        (fleet.price(), 0)
    );
    assert_eq!(fleet.states(family), "cppp");
    assert_eq!(
        fleet.audits(unconfirmed).last().unwrap().finding,
        Some(Finding::Withdrawn)
    );
    assert!(ann.polls_nothing(&fleet));
    fleet.hub.lift_ban("ann", "came back", "root").unwrap();
    assert_eq!((fleet.ban("ann"), fleet.passed("ann")), (None, 0));
    let run = ann.work(&fleet, TRUTH);
    referee.work_until_settled(&fleet, run, TRUTH);
    assert_eq!(fleet.passed("ann"), 1);
    assert!(matches!(
        fleet.hub.lift_ban("ann", "again", "root"),
        Err(HubError::Conflict(_))
    ));
    fleet.check();
}

/// Machines of honest people and of one that lies do this and that, are lost, leave, and the hub starts anew.
fn play(seed: u64) {
    let mut fleet = Fleet::of(TestHub::with_seed(seed), Profile::Friends);
    let mut rng = Rng::new(seed);
    let names = ["r", "ann", "bob", "eve"];
    let referee = fleet.own("r");
    let others = [fleet.owner("ann"), fleet.owner("bob"), fleet.owner("eve")];
    let family = fleet.submit(24);
    let mut held: Vec<(usize, Order)> = Vec::new();
    for _ in 0..160 {
        let at = usize::try_from(rng.below(4)).unwrap();
        let machine = if at == 0 { &referee } else { &others[at - 1] };
        match rng.below(12) {
            0..=3 => held.extend(machine.try_take(&fleet).map(|order| (at, order))),
            4..=8 if !held.is_empty() => {
                let place = usize::try_from(rng.below(held.len() as u64)).unwrap();
                let (of, order) = held.swap_remove(place);
                let machine = if of == 0 { &referee } else { &others[of - 1] };
                let is_odd = rng.below(3) == 0;
                // Refused where its lease is gone, or its owner banned.
                let _ = match names[of] {
                    "eve" if is_odd => machine.finish(&fleet, &order, LIE),
                    "bob" if is_odd => machine.end_by(&fleet, &order, Failure::Signal(9)),
                    "ann" if is_odd => {
                        fleet.pass(BUDGET);
                        machine.end_early(&fleet, &order, LIE)
                    }
                    _ => machine.finish(&fleet, &order, TRUTH),
                };
            }
            9 => fleet.tick(),
            10 if rng.below(4) == 0 => {
                fleet.pass(Duration::from_mins(3));
                loops::leases::tick(&fleet.hub).unwrap();
            }
            11 if rng.below(6) == 0 => fleet.restart(),
            _ => {}
        }
        fleet.check();
    }
    fleet.pass(Duration::from_mins(30));
    loops::leases::tick(&fleet.hub).unwrap();
    for _ in 0..60 {
        fleet.tick();
        referee.work_all(&fleet, TRUTH);
    }
    let states = fleet.states(family);
    assert!(
        states.chars().all(|state| "cf".contains(state)),
        "seed {seed}: {states}"
    );
    assert_eq!(fleet.open_audits(), 0, "seed {seed}");
    assert!(
        fleet
            .best(family)
            .0
            .is_none_or(|best| best.to_bits() == TRUTH.to_bits()),
        "seed {seed}"
    );
    for owner in names {
        if fleet.ban(owner).is_some() {
            assert_eq!(owner, "eve", "seed {seed}: {:?}", fleet.standing(owner));
            assert_eq!(fleet.in_escrow(owner), 0, "seed {seed}");
        }
    }
    fleet.check();
}

#[test]
fn whatever_happens_the_ledger_balances_and_no_task_is_lost() {
    (1..=10).for_each(play);
}
