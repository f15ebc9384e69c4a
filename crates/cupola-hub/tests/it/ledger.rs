//! Credits: what briefs may spend, what runs earn, and that nothing is lost or paid twice.

use std::{sync::Barrier, thread, time::Duration};

use cupola_domain::{
    access::{Belonging, Role},
    brief::Draft,
    credits::{ASKED_MAX, Credits},
    experiment::Experiment,
    ids::{BriefId, ExperimentId},
    ledger::{Account, Kind},
    provenance::Provenance,
    run::{Failure, Outcome},
};
use cupola_hub::{
    HubError,
    briefs::BriefDetail,
    ledger::{Correction, Economy, Spent, StatementQuery},
    loops,
    work::Finish,
};
use cupola_testkit::Database;

use crate::support::{TestHub, TestWorker, completed, draft, failed, finish, held, start, task_of};

cupola_testkit::on_each_database! {
    a_brief_pays_for_what_completes_and_gives_the_rest_back,
    a_brief_that_cannot_pay_waits_until_its_budget_is_raised,
    what_failed_costs_nothing_and_another_task_goes_on,
    what_a_program_made_up_earns_nothing,
    many_leases_at_once_never_spend_more_than_the_budget,
    the_same_end_said_a_hundred_times_at_once_is_paid_once,
    an_end_whose_answer_was_lost_is_paid_once_after_a_restart,
    what_was_at_work_when_it_was_cancelled_is_paid,
    what_was_cancelled_before_it_began_is_not_paid_whatever_it_says,
    a_cancellation_and_an_end_at_once_have_one_winner,
    a_lost_run_that_comes_back_is_paid,
    a_lost_run_that_another_took_over_is_not_paid,
    a_lost_run_of_a_brief_that_is_deleted_gives_back,
    a_brief_that_is_retried_takes_back_what_it_gave_back,
    a_brief_without_a_budget_is_paid_by_whoever_made_it,
    a_brief_that_nobody_can_pay_is_refused,
    a_person_without_credits_waits_until_somebody_grants_some,
    what_is_earned_waits_in_escrow,
    who_is_new_is_given_the_grant_once,
    an_operator_moves_credits_once,
    no_operator_puts_anybody_in_debt,
    what_has_ended_takes_no_budget,
    what_is_left_goes_back_to_those_who_gave_it,
    leaders_and_teams_are_told_apart,
    what_was_changed_by_hand_is_seen,
    an_earning_that_was_changed_by_hand_is_seen,
    what_a_lost_run_holds_pays_for_its_task_behind_one_that_cannot_be_paid,
    a_cheap_task_goes_on_behind_a_short_dear_one,
    a_brief_takes_nothing_back_that_does_not_suffice,
    what_was_let_go_is_taken_before_more_is,
    a_worker_goes_past_all_that_cannot_be_paid,
    nobody_is_asked_for_more_than_can_be_counted,
    who_owes_as_much_as_can_be_counted_waits,
    nobody_pays_for_what_another_of_that_name_submits,
    what_somebody_has_is_told_to_nobody_else,
    what_is_said_to_suffice_does_to_the_last_millionth,
    who_is_not_among_the_richest_is_told_right,
    a_giver_that_was_changed_by_hand_is_seen,
    nobody_has_more_made_at_anothers_expense,
}

/// Of one task of [`brief`].
fn price(hub: &TestHub, family: ExperimentId) -> i64 {
    let needs = hub.family_detail(family).unwrap().family.needs;
    let price = hub.economy().price(Duration::from_secs(10), &needs);
    price.micros()
}

/// A brief of so many tasks with a budget, in prices of one task.
fn brief(hub: &TestHub, num_tasks: u32, budget: &str) -> BriefDetail {
    let asked = Draft {
        budget_credits: budget.to_owned(),
        ..draft(num_tasks)
    };
    hub.submit_brief(&asked, "ada").unwrap()
}

/// What a task of such a brief costs, found by submitting one.
fn unit(hub: &TestHub) -> i64 {
    let detail = brief(hub, 1, "");
    let unit = price(hub, detail.family.id);
    hub.delete_brief(detail.brief.id).unwrap();
    unit
}

fn exact(micros: i64) -> String {
    Credits::from_micros(micros).exact()
}

/// Posted and held, in millionths.
fn has(hub: &TestHub, account: &str) -> (i64, i64) {
    let (person, name) = match account.parse().unwrap() {
        Account::Person(name) => (true, name),
        Account::Escrow(name) => (false, name),
        other => panic!("{other} has no statement"),
    };
    let statement = hub.statement(&query(&name)).unwrap();
    if person {
        let balance = statement.balance;
        (balance.posted.micros(), balance.held.micros())
    } else {
        (statement.escrow.micros(), 0)
    }
}

fn query(person: &str) -> StatementQuery {
    StatementQuery {
        person: Some(person.to_owned()),
        limit: 500,
        ..StatementQuery::default()
    }
}

fn spent(hub: &TestHub, brief: BriefId) -> Spent {
    hub.brief_spending(brief).unwrap().unwrap()
}

/// The whole ledger adds up.
fn check(hub: &TestHub) {
    let verified = hub.verify_ledger().unwrap();
    assert!(verified.is_sound(), "{verified:?}");
    assert_eq!(verified.trial.posted, 0);
}

fn tick(hub: &TestHub) {
    loops::ledger::tick(hub).unwrap();
}

fn run_one(hub: &TestHub, worker: &TestWorker) {
    let order = worker.take(hub);
    finish(hub, &order, completed(1.0)).unwrap();
}

fn polls_nothing(hub: &TestHub, worker: &TestWorker) -> bool {
    worker.poll(hub, 1, &[]).unwrap().start.is_empty()
}

/// How many transfers of a kind there are.
fn count(hub: &TestHub, kind: Kind) -> usize {
    let all = StatementQuery {
        kind: Some(kind),
        limit: 500,
        ..StatementQuery::default()
    };
    hub.statement(&all).unwrap().entries.len()
}

fn a_brief_pays_for_what_completes_and_gives_the_rest_back(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 2, &exact(5 * unit));
    assert_eq!(has(&hub, "person:ada"), (-5 * unit, 0));
    let order = worker.take(&hub);
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (0, unit));
    check(&hub);
    finish(&hub, &order, completed(1.0)).unwrap();
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (unit, 0));
    assert_eq!(has(&hub, "escrow:workers"), (unit, 0));
    tick(&hub);
    assert_eq!(has(&hub, "escrow:workers"), (0, 0));
    assert_eq!(has(&hub, "person:workers"), (unit, 0));
    // It goes on, so nothing goes back yet.
    assert_eq!(has(&hub, "person:ada"), (-5 * unit, 0));
    run_one(&hub, &worker);
    tick(&hub);
    assert_eq!(has(&hub, "person:ada"), (-2 * unit, 0));
    let now = spent(&hub, made.brief.id);
    assert_eq!(
        (now.spent.micros(), now.refunded.micros()),
        (2 * unit, 3 * unit)
    );
    let receipts = hub.receipts_of_run(order.run.id).unwrap();
    let kinds: Vec<_> = receipts.iter().map(|of| of.entry.transfer.kind).collect();
    assert_eq!(kinds, [Kind::Reserve, Kind::Post, Kind::Release]);
    let earned = hub.earnings_of_worker(worker.id()).unwrap();
    assert_eq!(
        (earned.total.runs, earned.today.amount.micros()),
        (2, 2 * unit)
    );
    check(&hub);
}

fn a_brief_that_cannot_pay_waits_until_its_budget_is_raised(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 3, &exact(unit + unit / 2));
    run_one(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    let obstacle = hub.family_detail(made.family.id).unwrap().obstacle;
    assert!(obstacle.contains("cannot pay another task: "), "{obstacle}");
    assert_eq!(spent(&hub, made.brief.id).waiting, obstacle);
    tick(&hub);
    assert!(polls_nothing(&hub, &worker));
    let lower = hub.raise_brief_budget(made.brief.id, Credits::from_micros(unit), "ada");
    assert!(matches!(lower, Err(HubError::Invalid(_))));
    let more = Credits::from_micros(2 * unit);
    hub.raise_brief_budget(made.brief.id, more, "ada").unwrap();
    run_one(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    assert_eq!(hub.states(made.family.id), "ccp");
    assert_eq!(spent(&hub, made.brief.id).percent(), 100);
    check(&hub);
}

fn what_failed_costs_nothing_and_another_task_goes_on(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 3, &exact(unit));
    let order = worker.take(&hub);
    assert!(
        worker
            .poll(&hub, 1, &[held(&order)])
            .unwrap()
            .start
            .is_empty()
    );
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    assert!(polls_nothing(&hub, &worker));
    tick(&hub);
    run_one(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (unit, 0));
    check(&hub);
}

fn what_a_program_made_up_earns_nothing(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    brief(&hub, 1, "1000");
    let order = worker.take(&hub);
    let made_up = Finish {
        provenance: Provenance::Simulated,
        ..completed(1.0)
    };
    finish(&hub, &order, made_up).unwrap();
    assert_eq!((count(&hub, Kind::Post), count(&hub, Kind::Void)), (0, 1));
    check(&hub);
}

fn many_leases_at_once_never_spend_more_than_the_budget(database: &Database) {
    let hub = TestHub::on(database);
    let workers: Vec<TestWorker> = (0..8).map(|n| hub.join(&format!("w{n}"))).collect();
    let unit = unit(&hub);
    let made = brief(&hub, 60, &exact(7 * unit + unit - 1));
    let barrier = Barrier::new(workers.len());
    let taken: usize = thread::scope(|scope| {
        let asking = workers.iter().map(|worker| {
            scope.spawn(|| {
                barrier.wait();
                let orders = (0..6).map(|_| worker.poll(&hub, 4, &[]).unwrap().start);
                let runs = orders.flatten().map(|order| order.run.id);
                runs.collect::<std::collections::BTreeSet<_>>().len()
            })
        });
        let asking: Vec<_> = asking.collect();
        asking.into_iter().map(|each| each.join().unwrap()).sum()
    });
    assert_eq!(taken, 7);
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (0, 7 * unit));
    check(&hub);
}

fn the_same_end_said_a_hundred_times_at_once_is_paid_once(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 2, &exact(9 * unit));
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    let barrier = Barrier::new(10);
    thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..10 {
                    let run = finish(&hub, &order, completed(1.0)).unwrap();
                    assert_eq!(run.id, order.run.id);
                }
            });
        }
    });
    assert_eq!(count(&hub, Kind::Post), 1);
    assert_eq!(spent(&hub, made.brief.id).spent.micros(), unit);
    check(&hub);
}

fn an_end_whose_answer_was_lost_is_paid_once_after_a_restart(database: &Database) {
    let mut hub = TestHub::on(database);
    let worker = hub.join("w");
    brief(&hub, 1, "1000");
    let order = worker.take(&hub);
    let first = finish(&hub, &order, completed(1.0)).unwrap();
    hub.restart();
    let again = finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(first.state, again.state);
    tick(&hub);
    finish(&hub, &order, completed(1.0)).unwrap();
    let counts = [Kind::Reserve, Kind::Post, Kind::Release].map(|kind| count(&hub, kind));
    assert_eq!(counts, [1, 1, 1]);
    check(&hub);
}

fn what_was_at_work_when_it_was_cancelled_is_paid(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 3, "1000");
    let mut orders = worker.poll(&hub, 3, &[]).unwrap().start.into_iter();
    // Whatever its worker says of the end: whoever stopped it had what it found until then.
    for end in [
        completed(1.0),
        failed(Failure::ExitCode(1)),
        Finish {
            outcome: Outcome::Cancelled,
            ..failed(Failure::Lost)
        },
    ] {
        let order = orders.next().unwrap();
        start(&hub, &order).unwrap();
        hub.cancel_task(task_of(&hub, order.run.id)).unwrap();
        finish(&hub, &order, end.clone()).unwrap();
        finish(&hub, &order, end).unwrap();
    }
    assert_eq!(hub.states(made.family.id), "ccc");
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (3 * unit, 0));
    assert_eq!((count(&hub, Kind::Post), count(&hub, Kind::Void)), (3, 0));
    check(&hub);
}

fn what_was_cancelled_before_it_began_is_not_paid_whatever_it_says(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let made = brief(&hub, 1, "1000");
    let order = worker.take(&hub);
    hub.cancel_task(task_of(&hub, order.run.id)).unwrap();
    assert!(spent(&hub, made.brief.id).held.micros() > 0);
    finish(&hub, &order, completed(1.0)).unwrap();
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (0, 0));
    assert_eq!((count(&hub, Kind::Post), count(&hub, Kind::Void)), (0, 1));
    check(&hub);
}

fn a_cancellation_and_an_end_at_once_have_one_winner(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let made = brief(&hub, 12, "100000");
    for _ in 0..12 {
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        let task = task_of(&hub, order.run.id);
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                barrier.wait();
                let _ = hub.cancel_task(task);
            });
            barrier.wait();
            finish(&hub, &order, completed(1.0)).unwrap();
        });
    }
    // All of them were at work, whoever came first.
    let counts = hub.family_detail(made.family.id).unwrap().family.counts;
    assert_eq!(counts.completed + counts.cancelled, 12);
    assert_eq!((count(&hub, Kind::Post), count(&hub, Kind::Void)), (12, 0));
    check(&hub);
}

fn lose(hub: &TestHub) {
    hub.world.advance(Duration::from_hours(1));
    loops::leases::tick(hub).unwrap();
}

fn a_lost_run_that_comes_back_is_paid(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 1, &exact(unit));
    let order = worker.take(&hub);
    lose(&hub);
    // It is still held: nobody else has the task.
    assert_eq!(spent(&hub, made.brief.id).held.micros(), unit);
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(spent(&hub, made.brief.id).spent.micros(), unit);
    check(&hub);
}

fn a_lost_run_that_another_took_over_is_not_paid(database: &Database) {
    let hub = TestHub::on(database);
    let (first, second) = (hub.join("w"), hub.join("x"));
    let unit = unit(&hub);
    // As much as one run costs: what the lost one holds is free for the other.
    let made = brief(&hub, 1, &exact(unit));
    let order = first.take(&hub);
    lose(&hub);
    let other = second.take(&hub);
    assert!(finish(&hub, &order, completed(1.0)).is_err());
    finish(&hub, &other, completed(1.0)).unwrap();
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (unit, 0));
    let earned = |worker: &TestWorker| hub.earnings_of_worker(worker.id()).unwrap().total.runs;
    assert_eq!((earned(&first), earned(&second)), (0, 1));
    check(&hub);
}

fn a_lost_run_of_a_brief_that_is_deleted_gives_back(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let made = brief(&hub, 3, "1000");
    let lost = worker.take(&hub);
    lose(&hub);
    let running = worker.take(&hub);
    assert_ne!(running.run.id, lost.run.id);
    hub.delete_brief(made.brief.id).unwrap();
    check(&hub);
    finish(&hub, &running, completed(1.0)).unwrap();
    loops::retention::tick(&hub).unwrap();
    tick(&hub);
    assert_eq!(has(&hub, "person:ada"), (0, 0));
    let overview = hub.credits_overview().unwrap();
    assert_eq!(overview.briefs.0.posted.micros(), 0);
    check(&hub);
}

fn a_brief_that_is_retried_takes_back_what_it_gave_back(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 1, &exact(2 * unit));
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    tick(&hub);
    assert_eq!(spent(&hub, made.brief.id).refunded.micros(), 2 * unit);
    assert_eq!(has(&hub, "person:ada"), (0, 0));
    hub.retry_task(task_of(&hub, order.run.id)).unwrap();
    run_one(&hub, &worker);
    tick(&hub);
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.refunded.micros()), (unit, unit));
    assert_eq!(has(&hub, "person:ada"), (-unit, 0));
    check(&hub);
}

fn a_brief_without_a_budget_is_paid_by_whoever_made_it(database: &Database) {
    let hub = TestHub::on(database);
    let ann = Belonging {
        owner: "ann".to_owned(),
        ..Belonging::default()
    };
    hub.create_token_of(ann, ("ada", Role::Researcher), None)
        .unwrap();
    let granted = hub.economy().grant.micros();
    let worker = hub.join("w");
    let unit = unit(&hub);
    let family = hub.submit(2);
    run_one(&hub, &worker);
    let order = worker.take(&hub);
    assert_eq!(has(&hub, "person:ann"), (granted - unit, unit));
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    assert_eq!(has(&hub, "person:ann"), (granted - unit, 0));
    assert_eq!(hub.states(family), "cf");
    check(&hub);
}

fn enforced(grant: i64) -> Economy {
    Economy {
        enforce: true,
        grant: Credits::from_micros(grant),
        ..Economy::default()
    }
}

fn a_brief_that_nobody_can_pay_is_refused(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_economy(enforced(8_000_000)).unwrap();
    hub.create_token("ada", Role::Researcher, None).unwrap();
    let asked = |budget: &str| Draft {
        budget_credits: budget.to_owned(),
        ..draft(1)
    };
    let refused = hub.submit_brief(&asked("10"), "ada").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`budget_credits`: is 10; of what `ada` has 8 credits are there, 2 are missing"
    );
    assert_eq!(hub.list_briefs("", 10, 0).unwrap().1, 0);
    hub.submit_brief(&asked("8"), "ada").unwrap();
    assert_eq!(has(&hub, "person:ada"), (0, 0));
    check(&hub);
}

fn a_person_without_credits_waits_until_somebody_grants_some(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    hub.use_economy(enforced(unit)).unwrap();
    hub.create_token("ada", Role::Researcher, None).unwrap();
    let family = hub.submit(2);
    run_one(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    let obstacle = hub.family_detail(family).unwrap().obstacle;
    assert!(obstacle.contains("`ada` has too few credits"), "{obstacle}");
    hub.move_credits(&grant("ada", unit, ""), "op").unwrap();
    run_one(&hub, &worker);
    assert_eq!(hub.states(family), "cc");
    check(&hub);
}

fn grant(person: &str, micros: i64, key: &str) -> Correction {
    Correction {
        from: Account::Issued,
        to: Account::Person(person.to_owned()),
        amount: Credits::from_micros(micros),
        note: "because".to_owned(),
        key: key.to_owned(),
    }
}

fn what_is_earned_waits_in_escrow(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_economy(Economy {
        escrow: Duration::from_hours(2),
        escrow_results: 1,
        ..Economy::default()
    })
    .unwrap();
    let worker = hub.join("w");
    let unit = unit(&hub);
    brief(&hub, 3, "1000");
    run_one(&hub, &worker);
    hub.world.advance(Duration::from_hours(3));
    tick(&hub);
    // Long enough, and nothing came after it.
    assert_eq!(has(&hub, "person:workers"), (0, 0));
    let worker = hub.join("x");
    run_one(&hub, &worker);
    tick(&hub);
    assert_eq!(has(&hub, "person:workers"), (unit, 0));
    run_one(&hub, &worker);
    tick(&hub);
    // What came after it is there, and it is not long enough.
    assert_eq!(has(&hub, "escrow:workers"), (2 * unit, 0));
    hub.world.advance(Duration::from_hours(3));
    tick(&hub);
    assert_eq!(has(&hub, "escrow:workers"), (unit, 0));
    // Who stopped working has nothing after it, and is given it all the same.
    hub.world.advance(Duration::from_hours(14 * 24 - 4));
    tick(&hub);
    assert_eq!(has(&hub, "escrow:workers"), (unit, 0));
    hub.world.advance(Duration::from_hours(2));
    tick(&hub);
    assert_eq!(has(&hub, "escrow:workers"), (0, 0));
    check(&hub);
}

fn who_is_new_is_given_the_grant_once(database: &Database) {
    let hub = TestHub::on(database);
    hub.create_token("bob", Role::Viewer, None).unwrap();
    let bob = Belonging {
        owner: "bob".to_owned(),
        ..Belonging::default()
    };
    hub.create_token_of(bob, ("bob's laptop", Role::Researcher), None)
        .unwrap();
    let granted = hub.economy().grant.micros();
    assert_eq!(has(&hub, "person:bob"), (granted, 0));
    assert_eq!(has(&hub, "person:workers"), (0, 0));
    hub.use_economy(enforced(5)).unwrap();
    assert_eq!(has(&hub, "person:bob"), (granted, 0));
    assert_eq!(count(&hub, Kind::Grant), 1);
    check(&hub);
}

fn an_operator_moves_credits_once(database: &Database) {
    let hub = TestHub::on(database);
    hub.create_token("bob", Role::Viewer, None).unwrap();
    let before = has(&hub, "person:bob").0;
    let first = hub.move_credits(&grant("bob", 7, "k"), "op").unwrap();
    let again = hub.move_credits(&grant("bob", 7, "k"), "op").unwrap();
    assert_eq!((first.number, first.author.as_str()), (again.number, "op"));
    assert!(hub.move_credits(&grant("bob", 8, "k"), "op").is_err());
    assert!(hub.move_credits(&grant("nobody", 8, ""), "op").is_err());
    let without_a_word = Correction {
        note: " ".to_owned(),
        ..grant("bob", 8, "")
    };
    assert!(hub.move_credits(&without_a_word, "op").is_err());
    assert_eq!(has(&hub, "person:bob").0, before + 7);
    check(&hub);
}

/// Takes something from somebody; for whom.
fn taken(from: &str, to: Account, micros: i64) -> Correction {
    Correction {
        from: Account::Person(from.to_owned()),
        to,
        amount: Credits::from_micros(micros),
        ..grant(from, 1, "")
    }
}

fn no_operator_puts_anybody_in_debt(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    for name in ["ada", "bob"] {
        hub.create_token(name, Role::Researcher, None).unwrap();
    }
    for enforce in [true, false] {
        let economy = Economy {
            enforce,
            ..Economy::default()
        };
        hub.use_economy(economy).unwrap();
        let before = (has(&hub, "person:ada").0, has(&hub, "person:bob").0);
        for to in [Account::Issued, Account::Person("bob".to_owned())] {
            let more = taken("ada", to, before.0 + 1);
            let refused = hub.move_credits(&more, "op").unwrap_err();
            assert!(matches!(refused, HubError::Invalid(_)), "{refused:?}");
            let refused = refused.to_string();
            let remedy = format!("choose up to {}", Credits::from_micros(before.0));
            assert!(refused.contains("`amount`: is "), "{refused}");
            assert!(refused.contains("`ada` has "), "{refused}");
            assert!(refused.contains(&remedy), "{refused}");
        }
        assert_eq!(
            (has(&hub, "person:ada").0, has(&hub, "person:bob").0),
            before
        );
    }
    // What is held for a run is no more theirs to give than what is spent.
    hub.submit(1);
    worker.take(&hub);
    let free = has(&hub, "person:ada").0 - unit;
    let refused = hub.move_credits(&taken("ada", Account::Issued, free + 1), "op");
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("are held for runs"), "{refused}");
    let all = taken("ada", Account::Issued, free);
    hub.move_credits(&all, "op").unwrap();
    let refused = hub.move_credits(&taken("ada", Account::Issued, 1), "op");
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("grant some first"), "{refused}");
    check(&hub);
}

fn what_has_ended_takes_no_budget(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 1, &exact(unit));
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    tick(&hub);
    let more =
        |micros: i64| hub.raise_brief_budget(made.brief.id, Credits::from_micros(micros), "bob");
    let refused = more(5 * unit).unwrap_err().to_string();
    assert!(
        refused.contains("`budget_credits`: the brief has ended"),
        "{refused}"
    );
    assert!(refused.contains("retry a task"), "{refused}");
    assert_eq!(has(&hub, "person:bob"), (0, 0));
    // Once something is to be done again it may cost something.
    hub.retry_task(task_of(&hub, order.run.id)).unwrap();
    more(5 * unit).unwrap();
    hub.cancel_family(made.family.id).unwrap();
    let refused = more(6 * unit).unwrap_err().to_string();
    assert!(refused.contains("the brief was stopped"), "{refused}");
    tick(&hub);
    assert_eq!(
        (has(&hub, "person:bob"), has(&hub, "person:ada")),
        ((0, 0), (0, 0))
    );
    check(&hub);
}

fn what_is_left_goes_back_to_those_who_gave_it(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 3, &exact(2 * unit));
    hub.raise_brief_budget(made.brief.id, Credits::from_micros(5 * unit), "bob")
        .unwrap();
    assert_eq!(has(&hub, "person:bob"), (-3 * unit, 0));
    run_one(&hub, &worker);
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    let other = worker.take(&hub);
    finish(&hub, &other, failed(Failure::ExitCode(1))).unwrap();
    tick(&hub);
    // The first one's is spent first, and what is left is everybody's own.
    assert_eq!(has(&hub, "person:bob"), (0, 0));
    assert_eq!(has(&hub, "person:ada"), (-unit, 0));
    // Taken again is first what was spent first.
    for order in [&order, &other] {
        hub.retry_task(task_of(&hub, order.run.id)).unwrap();
        run_one(&hub, &worker);
    }
    tick(&hub);
    assert_eq!(has(&hub, "person:ada"), (-2 * unit, 0));
    assert_eq!(has(&hub, "person:bob"), (-unit, 0));
    let now = spent(&hub, made.brief.id);
    assert_eq!(
        (now.spent.micros(), now.refunded.micros()),
        (3 * unit, 2 * unit)
    );
    check(&hub);
}

fn leaders_and_teams_are_told_apart(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    brief(&hub, 2, "1000");
    run_one(&hub, &worker);
    run_one(&hub, &worker);
    let of = |by_team| {
        let leaders = hub.leaders(Some(7), by_team).unwrap();
        let row = |of: &cupola_hub::ledger::Leader| (of.name.clone(), of.runs, of.amount.micros());
        leaders.iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(of(false), [("workers".to_owned(), 2, 2 * unit)]);
    assert_eq!(of(true), [(String::new(), 2, 2 * unit)]);
    let team = Belonging {
        owner: "workers".to_owned(),
        team: "lab".to_owned(),
    };
    hub.create_token_of(team, ("another", Role::Worker), None)
        .unwrap();
    assert_eq!(of(true), [("lab".to_owned(), 2, 2 * unit)]);
}

fn what_was_changed_by_hand_is_seen(database: &Database) {
    let mut hub = TestHub::on(database);
    hub.create_token("bob", Role::Viewer, None).unwrap();
    let head = hub.verify_ledger().unwrap().head;
    hub.close();
    let store = database.open();
    store
        .write(|tx| {
            tx.execute(
                "UPDATE ledger_account SET posted_micros = posted_micros + 1 WHERE name = 'person:bob'",
                &[],
            )?;
            tx.execute(
                "INSERT INTO ledger_transfer (number, kind, ref, debit, credit, amount_micros, at, author,
                                              note, hash)
                 VALUES (3, 'grant', 'forged', 'issued', 'person:eve', 5, 0, '', '', 'x')",
                &[],
            )
        })
        .unwrap();
    drop(store);
    hub.restart();
    let found = hub.verify_ledger().unwrap();
    assert!(!found.is_sound());
    assert_ne!(found.head, head);
    let problems = found.problems.join("; ");
    for expected in [
        "transfer 3 stands in place of 2",
        "the receipt of transfer 3 is another",
        "`person:bob` says",
        "`person:eve` has transfers and no row",
    ] {
        assert!(problems.contains(expected), "{problems}");
    }
}

fn an_earning_that_was_changed_by_hand_is_seen(database: &Database) {
    let mut hub = TestHub::on(database);
    let worker = hub.join("w");
    brief(&hub, 2, "1000");
    let changed = worker.take(&hub).run.id;
    let removed = worker.poll(&hub, 2, &[]).unwrap().start;
    let removed = removed.iter().map(|order| order.run.id);
    let removed = removed.into_iter().find(|run| *run != changed).unwrap();
    check(&hub);
    hub.close();
    let store = database.open();
    store
        .write(move |tx| {
            let earner = "UPDATE ledger_earning SET earner = 'eve' WHERE run_id = $1";
            tx.execute(earner, &[&changed.to_string()])?;
            let removal = "DELETE FROM ledger_earning WHERE run_id = $1";
            tx.execute(removal, &[&removed.to_string()])
        })
        .unwrap();
    drop(store);
    hub.restart();
    let problems = hub.verify_ledger().unwrap().problems;
    let expected = [
        format!("what run {changed} earns is not what its transfers say"),
        format!("what run {removed} earns has transfers and no row"),
    ];
    assert_eq!(problems, expected);
}

fn what_a_lost_run_holds_pays_for_its_task_behind_one_that_cannot_be_paid(database: &Database) {
    let hub = TestHub::on(database);
    let (first, second) = (hub.join("w"), hub.join("x"));
    let unit = unit(&hub);
    let made = brief(&hub, 3, &exact(2 * unit));
    let order = first.take(&hub);
    let failing = task_of(&hub, order.run.id);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    run_one(&hub, &first);
    let lost = first.take(&hub);
    lose(&hub);
    // One price is spent, the other held: the task that is tried again comes first and waits.
    hub.retry_task(failing).unwrap();
    let order = second.take(&hub);
    assert_eq!(order.task.id, lost.task.id);
    finish(&hub, &order, completed(1.0)).unwrap();
    tick(&hub);
    assert!(polls_nothing(&hub, &second));
    let now = spent(&hub, made.brief.id);
    assert_eq!((now.spent.micros(), now.held.micros()), (2 * unit, 0));
    check(&hub);
}

fn a_cheap_task_goes_on_behind_a_short_dear_one(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_economy(enforced(1)).unwrap();
    hub.create_token("ada", Role::Researcher, None).unwrap();
    let worker = hub.join("w");
    let submit = |hardware: &str, secs: &str| {
        let asked = Draft {
            hardware: hardware.to_owned(),
            time_budget: secs.to_owned(),
            ..draft(1)
        };
        hub.submit_brief(&asked, "ada").unwrap().family
    };
    let (dear, cheap) = (submit("medium", "60"), submit("small", "100"));
    assert!(polls_nothing(&hub, &worker));
    let price = |of: &Experiment, secs| {
        let price = hub.economy().price(Duration::from_secs(secs), &of.needs);
        price.micros()
    };
    let (dear_price, cheap_price) = (price(&dear, 60), price(&cheap, 100));
    assert!(cheap_price < dear_price);
    hub.move_credits(&grant("ada", cheap_price, ""), "op")
        .unwrap();
    let order = worker.take(&hub);
    assert_eq!(order.task.experiment, cheap.id);
    finish(&hub, &order, completed(1.0)).unwrap();
    tick(&hub);
    assert!(polls_nothing(&hub, &worker));
    hub.move_credits(&grant("ada", dear_price, ""), "op")
        .unwrap();
    assert_eq!(worker.take(&hub).task.experiment, dear.id);
    check(&hub);
}

fn a_brief_takes_nothing_back_that_does_not_suffice(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    hub.use_economy(enforced(3 * unit)).unwrap();
    hub.create_token("ada", Role::Researcher, None).unwrap();
    let made = brief(&hub, 1, &exact(3 * unit));
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    tick(&hub);
    assert_eq!(has(&hub, "person:ada"), (3 * unit, 0));
    let half = taken("ada", Account::Issued, 2 * unit + unit / 2);
    hub.move_credits(&half, "op").unwrap();
    hub.retry_task(task_of(&hub, order.run.id)).unwrap();
    assert!(polls_nothing(&hub, &worker));
    tick(&hub);
    // Half of a price is no use to the brief and stays where it is.
    assert_eq!(has(&hub, "person:ada"), (unit - unit / 2, 0));
    hub.move_credits(&grant("ada", unit, ""), "op").unwrap();
    run_one(&hub, &worker);
    // It takes what the task costs, and no more.
    assert_eq!(has(&hub, "person:ada"), (unit - unit / 2, 0));
    assert_eq!(spent(&hub, made.brief.id).spent.micros(), unit);
    check(&hub);
}

fn what_was_let_go_is_taken_before_more_is(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let unit = unit(&hub);
    let made = brief(&hub, 9, &exact(unit));
    run_one(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    hub.raise_brief_budget(made.brief.id, Credits::from_micros(2 * unit), "ada")
        .unwrap();
    tick(&hub);
    // Nobody takes what was let go: nothing more is, and nobody is woken for it.
    let before = hub.last_change().unwrap();
    for _ in 0..3 {
        assert_eq!(loops::ledger::tick(&hub).unwrap(), 0);
    }
    assert_eq!(hub.last_change().unwrap(), before);
    run_one(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    check(&hub);
}

fn a_worker_goes_past_all_that_cannot_be_paid(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_economy(enforced(1)).unwrap();
    for person in ["ada", "bob"] {
        hub.create_token(person, Role::Researcher, None).unwrap();
    }
    let worker = hub.join("w");
    for _ in 0..20 {
        hub.submit(1);
    }
    let of_bob = hub.submit_brief(&draft(1), "bob").unwrap().family.id;
    let price = price(&hub, of_bob);
    hub.move_credits(&grant("bob", price, ""), "op").unwrap();
    // One question suffices, however many are passed over in a transaction.
    assert_eq!(worker.take(&hub).task.experiment, of_bob);
    check(&hub);
}

fn nobody_is_asked_for_more_than_can_be_counted(database: &Database) {
    let hub = TestHub::on(database);
    hub.create_token("bob", Role::Viewer, None).unwrap();
    let asked = Draft {
        budget_credits: "9223372036854.775807".to_owned(),
        ..draft(1)
    };
    let refused = hub.submit_brief(&asked, "ada").unwrap_err().to_string();
    assert!(refused.contains("choose up to 1000000000"), "{refused}");
    let made = brief(&hub, 1, "1000000000");
    let more = Credits::from_micros(ASKED_MAX.micros() + 1);
    let raised = hub.raise_brief_budget(made.brief.id, more, "ada");
    assert!(matches!(raised, Err(HubError::Invalid(_))), "{raised:?}");
    let moved = hub.move_credits(&grant("bob", more.micros(), ""), "op");
    assert!(matches!(moved, Err(HubError::Invalid(_))), "{moved:?}");
    check(&hub);
}

fn who_owes_as_much_as_can_be_counted_waits(database: &Database) {
    let mut hub = TestHub::on(database);
    let worker = hub.join("w");
    let family = hub.submit(2);
    run_one(&hub, &worker);
    hub.close();
    let store = database.open();
    store
        .write(|tx| {
            tx.execute(
                "UPDATE ledger_account SET posted_micros = -4611686018427387903 WHERE name = 'person:ada'",
                &[],
            )
        })
        .unwrap();
    drop(store);
    hub.restart();
    assert!(polls_nothing(&hub, &worker));
    tick(&hub);
    assert_eq!(hub.states(family), "cp");
    let obstacle = hub.family_detail(family).unwrap().obstacle;
    assert!(obstacle.contains("`ada` has too few credits"), "{obstacle}");
}

fn nobody_pays_for_what_another_of_that_name_submits(database: &Database) {
    let hub = TestHub::on(database);
    let worker = hub.join("w");
    let of = |owner: &str| Belonging {
        owner: owner.to_owned(),
        ..Belonging::default()
    };
    let made = |owner: &str, name: &str, role: Role| {
        hub.create_token_of(of(owner), (name, role), None).map(drop)
    };
    made("ann", "laptop", Role::Researcher).unwrap();
    let family = hub.submit_brief(&draft(1), "laptop").unwrap().family.id;
    let refused = made("bob", "laptop", Role::Viewer).unwrap_err().to_string();
    assert_eq!(
        refused,
        "`name`: a token of `ann` is called so; choose another"
    );
    made("ann", "laptop", Role::Operator).unwrap();
    // Machines may be called as they like: nobody submits with their tokens.
    made("bob", "laptop", Role::Worker).unwrap();
    assert!(made("", "a\tissued", Role::Worker).is_err());
    let before = has(&hub, "person:ann").0;
    let unit = price(&hub, family);
    run_one(&hub, &worker);
    assert_eq!(has(&hub, "person:ann"), (before - unit, 0));
    check(&hub);
}

fn what_somebody_has_is_told_to_nobody_else(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_economy(enforced(1)).unwrap();
    hub.create_token("ada", Role::Researcher, None).unwrap();
    let worker = hub.join("w");
    let submit = |secs: &str| {
        let asked = Draft {
            time_budget: secs.to_owned(),
            ..draft(1)
        };
        hub.submit_brief(&asked, "ada").unwrap().family
    };
    let families = [(submit("20"), 20), (submit("100"), 100)];
    assert!(polls_nothing(&hub, &worker));
    // Each says what its own next task costs.
    for (family, secs) in families {
        let price = hub
            .economy()
            .price(Duration::from_secs(secs), &family.needs);
        let expected = format!(
            "`ada` has too few credits for another task: the next one costs {price}; an operator gives more \
             with `cupola credits grant ada AMOUNT --note WHY`"
        );
        assert_eq!(hub.family_detail(family.id).unwrap().obstacle, expected);
    }
    check(&hub);
}

/// The amount behind these words.
fn amount_after(text: &str, words: &str) -> Credits {
    let (_, rest) = text.split_once(words).expect("the words are there");
    let end = rest.find(|c: char| c != '.' && !c.is_ascii_digit());
    let amount = rest.get(..end.unwrap_or(rest.len()));
    amount
        .and_then(|text| text.parse().ok())
        .expect("an amount")
}

fn what_is_said_to_suffice_does_to_the_last_millionth(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_economy(Economy {
        hourly: Credits::from_micros(3_601_000_000),
        ..Economy::default()
    })
    .unwrap();
    let worker = hub.join("w");
    let unit = unit(&hub);
    assert_ne!(unit % 10_000, 0);
    let made = brief(&hub, 2, &exact(unit + 3));
    run_one(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    let obstacle = hub.family_detail(made.family.id).unwrap().obstacle;
    let enough = amount_after(&obstacle, "--to ");
    assert_eq!(enough.micros(), 2 * unit);
    hub.raise_brief_budget(made.brief.id, enough, "ada")
        .unwrap();
    run_one(&hub, &worker);
    hub.create_token("bob", Role::Viewer, None).unwrap();
    hub.move_credits(&grant("bob", 4_996_001, ""), "op")
        .unwrap();
    let all = has(&hub, "person:bob").0;
    let refused = hub
        .move_credits(&taken("bob", Account::Issued, all + 1), "op")
        .unwrap_err()
        .to_string();
    let most = amount_after(&refused, "choose up to ").micros();
    assert_eq!(most, all);
    hub.move_credits(&taken("bob", Account::Issued, most), "op")
        .unwrap();
    check(&hub);
}

fn who_is_not_among_the_richest_is_told_right(database: &Database) {
    let mut hub = TestHub::on(database);
    hub.close();
    let store = database.open();
    store
        .write(|tx| {
            let sql =
                "INSERT INTO ledger_account (name, posted_micros, held_micros) VALUES ($1, $2, 0)";
            for number in 0..1_001_i64 {
                let (person, escrow) = (format!("person:p{number}"), format!("escrow:p{number}"));
                tx.execute(sql, &[&person, &(1_000 + number)])?;
                tx.execute(sql, &[&escrow, &(5_000 - number)])?;
            }
            Ok::<_, cupola_store::StoreError>(())
        })
        .unwrap();
    drop(store);
    hub.restart();
    let mut found = 0;
    for row in hub.list_people().unwrap() {
        let number = row.person.strip_prefix('p');
        let Some(number) = number.and_then(|number| number.parse::<i64>().ok()) else {
            continue;
        };
        let has = (row.balance.posted.micros(), row.escrow.micros());
        assert_eq!(has, (1_000 + number, 5_000 - number), "{number}");
        found += 1;
    }
    assert_eq!(found, 1_001);
}

fn a_giver_that_was_changed_by_hand_is_seen(database: &Database) {
    let mut hub = TestHub::on(database);
    let unit = unit(&hub);
    let made = brief(&hub, 2, &exact(unit));
    let more = Credits::from_micros(3 * unit);
    hub.raise_brief_budget(made.brief.id, more, "bob").unwrap();
    check(&hub);
    hub.close();
    let store = database.open();
    store
        .write(|tx| {
            tx.execute(
                "UPDATE ledger_giver SET person = 'eve' WHERE person = 'bob'",
                &[],
            )?;
            tx.execute(
                "UPDATE ledger_giver SET again_micros = 7 WHERE person = 'ada'",
                &[],
            )
        })
        .unwrap();
    drop(store);
    hub.restart();
    let brief = made.brief.id;
    let gift = Credits::from_micros(2 * unit);
    assert_eq!(
        hub.verify_ledger().unwrap().problems,
        [
            format!(
                "`brief:{brief}` says that {gift} of `eve` are in it, and its transfers say otherwise"
            ),
            format!("`brief:{brief}` may take 0.000007 again and gave 0 back"),
            format!("`brief:{brief}` was given something by `bob` and does not say so"),
        ]
    );
}

fn nobody_has_more_made_at_anothers_expense(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_economy(enforced(8_000_000_000)).unwrap();
    hub.create_token("ada", Role::Researcher, None).unwrap();
    let family = hub.submit(1);
    let task = task_of(&hub, hub.join("laptop").take(&hub).run.id);
    let refused = |who: (&str, Role)| {
        let of_both = [
            hub.refuse_spending(family, who),
            hub.refuse_spending_on_task(task, who),
        ];
        of_both.map(|answer| matches!(answer, Err(HubError::Forbidden(_))))
    };
    assert_eq!(refused(("bob", Role::Researcher)), [true; 2]);
    assert_eq!(refused(("ada", Role::Researcher)), [false; 2]);
    assert_eq!(refused(("bob", Role::Operator)), [false; 2]);
    // A brief that has a budget pays for its person.
    let of_brief = brief(&hub, 1, "500");
    let who = ("bob", Role::Researcher);
    assert!(hub.refuse_spending(of_brief.family.id, who).is_err());
    assert!(
        hub.refuse_spending(of_brief.family.id, ("ada", Role::Researcher))
            .is_ok()
    );
    // Where nobody counts, everybody may.
    hub.use_economy(Economy::default()).unwrap();
    assert_eq!(refused(who), [false; 2]);
}
