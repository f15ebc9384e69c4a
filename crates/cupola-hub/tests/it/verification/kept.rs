//! Tasks that only the hub's own machines are given: why they wait, whom they hold up, and who is believed.

use std::time::Duration;

use cupola_domain::{
    audit::{Finding, Stage},
    brief::Draft,
    credits::Credits,
    ids::ExperimentId,
    run::Failure,
};
use cupola_economy::policy::Profile;
use cupola_hub::verification::Verification;
use cupola_testkit::Database;
use serde_json::json;

use super::fleet::{Fleet, TRUTH, large};
use crate::support::{draft, task_of};

cupola_testkit::on_each_database! {
    what_no_own_machine_can_run_says_so_where_it_waits,
    what_cannot_be_paid_does_not_hold_up_checks,
    what_a_budget_keeps_says_so_with_the_numbers,
    who_is_own_no_more_decides_nothing,
    a_copy_of_who_is_own_no_more_is_no_answer,
}

fn what_no_own_machine_can_run_says_so_where_it_waits(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let eve = fleet.owner_with("eve", large());
    let _other = fleet.owner_with("bob", large());
    let _referee = fleet.own("r");
    let family = fleet.submit_for("large", 1);
    let run = eve.fail(&fleet);
    let task = task_of(&fleet.hub, run);
    let detail = fleet.hub.task_detail(task).unwrap();
    let of_run = fleet.hub.run_detail(detail.task.run).unwrap().obstacle;
    assert_eq!(detail.obstacle, of_run);
    for part in [
        "only the hub's own machines are given it, since nobody else is believed: it failed there: exit code 1",
        "no worker of `administrator` is there that can run it",
        "`cupola token worker --owner administrator`",
    ] {
        assert!(of_run.contains(part), "{of_run}");
    }
    let obstacle = fleet.hub.family_detail(family).unwrap().obstacle;
    assert!(
        obstacle.starts_with("one task is given to the hub's own machines alone, and no worker"),
        "{obstacle}"
    );
    // Of the run that failed there is nothing to say.
    assert_eq!(fleet.hub.run_detail(run).unwrap().obstacle, "");
}

/// A brief of so many tasks with a budget of so many millionths.
fn brief(fleet: &Fleet, num_tasks: u32, budget: i64) -> ExperimentId {
    let space = json!({"max_steps": "choice(100)"});
    let asked = Draft {
        space: space.as_object().unwrap().clone(),
        budget_credits: Credits::from_micros(budget).exact(),
        ..draft(num_tasks)
    };
    fleet.hub.submit_brief(&asked, "ada").unwrap().family.id
}

fn what_cannot_be_paid_does_not_hold_up_checks(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    let other = fleet.submit(1);
    let price = fleet.price();
    fleet.hub.cancel_family(other).unwrap();
    let family = brief(&fleet, 34, price);
    for number in 0..33 {
        // Whoever is not believed rests.
        let eve = fleet.worker_of("eve", &format!("eve{number}"));
        eve.fail(&fleet);
    }
    let ann = fleet.owner("ann");
    let run = ann.work(&fleet, TRUTH);
    // Nothing is left for those that failed, and the check is nobody's but the issuer's to pay.
    let referee = fleet.own("r");
    referee.work(&fleet, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    assert!(referee.polls_nothing(&fleet));
    let obstacle = fleet.hub.family_detail(family).unwrap().obstacle;
    assert!(obstacle.contains("cannot pay another task"), "{obstacle}");
    // They go on when they can be paid.
    let id = fleet.hub.family_detail(family).unwrap().brief.unwrap().id;
    let more = Credits::from_micros(2 * price);
    fleet.hub.raise_brief_budget(id, more, "ada").unwrap();
    referee.work(&fleet, TRUTH);
    assert!(referee.polls_nothing(&fleet));
    fleet.check();
}

fn what_a_budget_keeps_says_so_with_the_numbers(database: &Database) {
    let fleet = Fleet::on(database, Profile::Lab);
    let other = fleet.submit(1);
    let price = fleet.price();
    fleet.hub.cancel_family(other).unwrap();
    let family = brief(&fleet, 3, price + price / 2);
    let referee = fleet.own("r");
    let run = referee.work(&fleet, TRUTH);
    assert!(referee.polls_nothing(&fleet));
    let detail = fleet.hub.family_detail(family).unwrap();
    let amount = |micros: i64| Credits::from_micros(micros);
    let brief = detail.brief.unwrap().id;
    let expected = format!(
        "the brief's budget of {} credits cannot pay another task: {} are spent, {} held for runs, {} can be spent, \
         and the next task costs {}; raise it to {enough} or more to go on: \
         `cupola credits budget {brief} --to {enough}`",
        amount(price + price / 2),
        amount(price),
        amount(0),
        amount(price / 2),
        amount(price),
        enough = amount(2 * price)
    );
    assert_eq!(detail.obstacle, expected);
    assert_eq!(
        fleet.hub.brief_spending(brief).unwrap().unwrap().waiting,
        expected
    );
    let filter = cupola_hub::tasks::Filter {
        experiment: Some(family),
        limit: 10,
        ..Default::default()
    };
    let tasks = fleet.hub.list_tasks(filter).unwrap().tasks;
    let waiting = tasks
        .iter()
        .find(|task| task.run != run && task.value.is_none());
    let waiting = fleet.hub.task_detail(waiting.unwrap().id).unwrap();
    assert_eq!(waiting.obstacle, expected);
    let enough = amount(2 * price);
    fleet.hub.raise_brief_budget(brief, enough, "ada").unwrap();
    referee.work(&fleet, TRUTH);
    fleet.check();
}

/// `bob` is one of the hub's own, or is not.
fn believe_bob(fleet: &Fleet, is_own: bool) {
    let own = if is_own {
        vec!["administrator".to_owned(), "bob".to_owned()]
    } else {
        vec!["administrator".to_owned()]
    };
    fleet.hub.use_verification(Verification {
        is_on: true,
        profile: Profile::Friends,
        own,
    });
}

fn who_is_own_no_more_decides_nothing(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    for is_completed in [true, false] {
        believe_bob(&fleet, true);
        let eve = fleet.worker_of("eve", &format!("eve {is_completed}"));
        let bob = fleet.worker_of("bob", &format!("bob {is_completed}"));
        let family = fleet.submit(1);
        let faults = fleet.standing("eve").faults;
        let run = eve.fail(&fleet);
        let order = bob.take(&fleet);
        believe_bob(&fleet, false);
        if is_completed {
            bob.finish(&fleet, &order, TRUTH).unwrap();
        } else {
            bob.end_by(&fleet, &order, Failure::ExitCode(1)).unwrap();
        }
        // Nobody is blamed by his word, and the task waits for one that is the hub's own.
        assert_eq!(fleet.states(family), "p");
        assert_eq!(fleet.only_audit(run).stage, Stage::AtWork);
        assert_eq!(fleet.standing("eve").faults, faults);
        assert!(bob.polls_nothing(&fleet));
        let referee = fleet.own(&format!("r {is_completed}"));
        referee.work(&fleet, TRUTH);
        assert_eq!(fleet.states(family), "c");
        assert_eq!(fleet.only_audit(run).finding, Some(Finding::WrongWorse));
    }
    fleet.check();
}

fn a_copy_of_who_is_own_no_more_is_no_answer(database: &Database) {
    let fleet = Fleet::on(database, Profile::Friends);
    believe_bob(&fleet, true);
    let (ann, bob) = (fleet.owner("ann"), fleet.owner("bob"));
    fleet.submit(1);
    let run = ann.work(&fleet, TRUTH);
    let order = bob.take(&fleet);
    believe_bob(&fleet, false);
    bob.finish(&fleet, &order, TRUTH + 0.5).unwrap();
    assert_eq!(fleet.only_audit(run).finding, None);
    assert_eq!((fleet.in_escrow("bob"), fleet.has("bob")), (0, 0));
    fleet.pass(Duration::from_mins(1));
    let referee = fleet.own("r");
    referee.work_until_settled(&fleet, run, TRUTH);
    assert_eq!(fleet.only_audit(run).finding, Some(Finding::Valid));
    fleet.check();
}
