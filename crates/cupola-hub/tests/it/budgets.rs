//! Budgets: what they tell, and what they keep from starting.

use std::time::Duration;

use cupola_domain::{
    cost::{Draft, Money},
    event::Event,
    ids::{BudgetId, ExperimentId},
    run::Failure,
    task::Task,
};
use cupola_hub::{HubError, budgets::BudgetRow, loops, work::Order};
use cupola_testkit::Database;

use crate::{
    costs::{money, prices},
    support::{TestHub, TestWorker, completed, draft, failed, finish, held},
};

cupola_testkit::on_each_database! {
    a_spent_hard_budget_stops_a_family_and_nothing_else,
    raising_a_budget_lets_its_tasks_go_on_at_once,
    deleting_a_budget_lets_its_tasks_go_on_at_once,
    a_budget_of_all_stops_everything,
    a_budget_of_a_model_stops_the_runs_that_train_it,
    a_budget_of_a_person_stops_what_that_person_made,
    a_task_is_let_go_once_its_run_trains_another_model,
    what_a_budget_moves_is_told,
    each_level_is_told_once,
    a_level_is_not_told_again_where_less_turns_out_to_be_spent,
    an_edited_limit_has_its_own_levels,
    a_budget_of_a_day_is_full_again_tomorrow,
    a_restart_knows_what_is_spent,
    a_task_that_waits_for_a_budget_can_be_cancelled_and_retried,
}

const HOUR: Duration = Duration::from_hours(1);

/// A hub whose workers' slots cost 1 an hour.
fn hub(database: &Database) -> (TestHub, TestWorker) {
    let hub = TestHub::on(database);
    hub.use_prices(prices(4.0));
    let worker = hub.join("w");
    (hub, worker)
}

fn budget(scope: &str, subject: &str, limit: &str, period: &str) -> Draft {
    Draft {
        name: "b".to_owned(),
        scope: scope.to_owned(),
        subject: subject.to_owned(),
        limit: limit.to_owned(),
        period: period.to_owned(),
        is_hard: true,
    }
}

fn of_family(family: ExperimentId, limit: &str) -> Draft {
    budget("experiment", &family.to_string(), limit, "total")
}

/// A run of an hour, which costs 1.
fn run_an_hour(hub: &TestHub, worker: &TestWorker) -> Order {
    let order = worker.take(hub);
    hub.world.advance(HOUR);
    worker.heartbeat(hub, &[held(&order)]).unwrap();
    finish(hub, &order, completed(1.0)).unwrap();
    order
}

fn polls_nothing(hub: &TestHub, worker: &TestWorker) -> bool {
    worker.poll(hub, 1, &[]).unwrap().start.is_empty()
}

fn row(hub: &TestHub, id: BudgetId) -> BudgetRow {
    hub.find_budget(id).unwrap()
}

fn a_spent_hard_budget_stops_a_family_and_nothing_else(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(3);
    let made = hub.create_budget(&of_family(family, "1"), "ada").unwrap();
    let id = made.budget.id;
    assert_eq!((made.level, made.is_stopping()), (0, false));
    run_an_hour(&hub, &worker);
    let spent = row(&hub, id);
    assert_eq!((spent.spent.money, spent.level), (money(1.0), 100));
    assert!(spent.is_stopping());
    // The family is older, but another's task is what is taken.
    let other = hub.submit(1);
    let order = worker.take(&hub);
    assert_eq!(order.run.experiment, other);
    assert!(polls_nothing_besides(&hub, &worker, &order));
    assert_eq!(hub.states(family).matches('p').count(), 2);
    let obstacle = hub.family_detail(family).unwrap().obstacle;
    assert!(
        obstacle.contains("the budget `b` of 1.0000 EUR is spent"),
        "{obstacle}"
    );
    let tasks = hub
        .list_tasks(cupola_hub::tasks::Filter {
            experiment: Some(family),
            state: Some(cupola_domain::counts::State::Pending),
            limit: 10,
            ..Default::default()
        })
        .unwrap();
    assert!(
        tasks
            .tasks
            .iter()
            .all(|task| task.reason() == "a budget is spent")
    );
}

fn raising_a_budget_lets_its_tasks_go_on_at_once(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(2);
    let id = hub
        .create_budget(&of_family(family, "0"), "ada")
        .unwrap()
        .budget
        .id;
    assert!(polls_nothing(&hub, &worker));
    let raised = hub.edit_budget(id, &of_family(family, "20")).unwrap();
    assert_eq!((raised.level, raised.is_stopping()), (0, false));
    assert_eq!(worker.take(&hub).run.experiment, family);
    let other = of_family(hub.submit(1), "20");
    let refused = hub.edit_budget(id, &other).unwrap_err();
    assert!(
        refused.to_string().contains("make another budget"),
        "{refused}"
    );
}

fn deleting_a_budget_lets_its_tasks_go_on_at_once(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(2);
    let id = hub
        .create_budget(&of_family(family, "0"), "ada")
        .unwrap()
        .budget
        .id;
    assert!(polls_nothing(&hub, &worker));
    hub.delete_budget(id).unwrap();
    assert_eq!(worker.take(&hub).run.experiment, family);
    assert!(matches!(
        hub.delete_budget(id),
        Err(HubError::NotFound { .. })
    ));
}

fn a_budget_of_all_stops_everything(database: &Database) {
    let (hub, worker) = hub(database);
    hub.submit(2);
    let order = worker.take(&hub);
    let id = hub
        .create_budget(&budget("all", "", "0.5", "total"), "ada")
        .unwrap();
    hub.world.advance(HOUR);
    worker.heartbeat(&hub, &[held(&order)]).unwrap();
    // What runs goes on, and its cost counts while it does.
    loops::costs::tick(&hub).unwrap();
    assert!(row(&hub, id.budget.id).is_stopping());
    let orders = worker.poll(&hub, 1, &[held(&order)]).unwrap();
    assert!(orders.is_empty(), "{orders:?}");
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(
        hub.costs(&cupola_hub::costs::CostsQuery::default())
            .unwrap()
            .total
            .money,
        money(1.0)
    );
}

fn a_budget_of_a_model_stops_the_runs_that_train_it(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(2);
    let tasks = tasks_of(&hub, family);
    train(&hub, &tasks[0], "majora");
    hub.create_budget(&budget("model", "majora", "0", "total"), "ada")
        .unwrap();
    assert_eq!(hub.family_detail(family).unwrap().obstacle, "");
    let order = worker.take(&hub);
    assert_eq!(order.run.id, tasks[1].run);
    assert!(polls_nothing_besides(&hub, &worker, &order));
    // Nothing but the run says what it trains.
    let obstacle = hub.family_detail(family).unwrap().obstacle;
    assert!(obstacle.contains("the budget `b`"), "{obstacle}");
}

fn a_task_is_let_go_once_its_run_trains_another_model(database: &Database) {
    let (hub, worker) = hub(database);
    hub.create_budget(&budget("model", "majora", "0", "total"), "ada")
        .unwrap();
    let check = |change: fn(&TestHub, &Task)| {
        let family = hub.submit(1);
        train(&hub, &tasks_of(&hub, family)[0], "majora");
        assert!(polls_nothing(&hub, &worker));
        let withheld = &tasks_of(&hub, family)[0];
        assert!(withheld.is_withheld);
        change(&hub, withheld);
        assert!(!tasks_of(&hub, family)[0].is_withheld);
        let order = worker.take(&hub);
        finish(&hub, &order, completed(1.0)).unwrap();
    };
    check(|hub, task| train(hub, task, "veran"));
    check(|hub, task| hub.untag_run(task.run, "model").unwrap());
    // Its next run does not say what it trains.
    check(|hub, task| {
        hub.cancel_task(task.id).unwrap();
        hub.retry_task(task.id).unwrap();
    });
}

fn what_a_budget_moves_is_told(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(2);
    let id = hub
        .create_budget(&of_family(family, "0"), "ada")
        .unwrap()
        .budget
        .id;
    let mut seen = hub.last_change().unwrap();
    let mut check = |what: &str| {
        let changes = hub.changes_after(seen, 1_000).unwrap();
        seen = hub.last_change().unwrap();
        for event in [Event::BudgetChanged(id), Event::ExperimentChanged(family)] {
            let is_told = |change: &cupola_store::EventRow| {
                change.kind == event.kind() && change.subject == event.subject()
            };
            assert!(changes.iter().any(is_told), "{what}: {event:?}");
        }
    };
    assert!(polls_nothing(&hub, &worker));
    check("kept back");
    hub.edit_budget(id, &of_family(family, "9")).unwrap();
    check("let go");
}

fn tasks_of(hub: &TestHub, family: ExperimentId) -> Vec<Task> {
    let filter = cupola_hub::tasks::Filter {
        experiment: Some(family),
        limit: 10,
        ..Default::default()
    };
    hub.list_tasks(filter).unwrap().tasks
}

/// Says what a task's run trains.
fn train(hub: &TestHub, task: &Task, model: &str) {
    let batch = cupola_hub::logged::LoggedBatch {
        tags: vec![("model".to_owned(), model.to_owned())],
        ..Default::default()
    };
    hub.log_to_run(task.run, batch).unwrap();
}

fn polls_nothing_besides(hub: &TestHub, worker: &TestWorker, order: &Order) -> bool {
    worker.poll(hub, 1, &[held(order)]).unwrap().is_empty()
}

fn a_budget_of_a_person_stops_what_that_person_made(database: &Database) {
    let (hub, worker) = hub(database);
    hub.submit(1);
    let of_bob = hub.submit_brief(&draft(1), "bob").unwrap().family.id;
    hub.create_budget(&budget("person", "ada", "0", "total"), "eve")
        .unwrap();
    let order = worker.take(&hub);
    assert_eq!(order.run.experiment, of_bob);
    assert!(polls_nothing_besides(&hub, &worker, &order));
}

fn each_level_is_told_once(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(9);
    let mut soft = of_family(family, "4");
    soft.is_hard = false;
    let id = hub.create_budget(&soft, "ada").unwrap().budget.id;
    let mut told = Told::of(&hub, id);
    for expected in [(0, 0), (1, 50), (1, 75), (1, 100), (0, 100), (0, 100)] {
        run_an_hour(&hub, &worker);
        assert_eq!(told.next(), expected);
    }
}

fn a_level_is_not_told_again_where_less_turns_out_to_be_spent(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(9);
    let mut soft = of_family(family, "4");
    soft.is_hard = false;
    let id = hub.create_budget(&soft, "ada").unwrap().budget.id;
    let mut told = Told::of(&hub, id);
    worker.take(&hub);
    hub.world.advance(3 * HOUR);
    assert_eq!(told.next(), (1, 75));
    // Nobody has heard of its worker since it began.
    loops::leases::tick(&hub).unwrap();
    assert_eq!(told.next(), (0, 0));
    assert_eq!(row(&hub, id).reached(), 75);
    let other = hub.join("v");
    for expected in [(0, 0), (0, 50), (0, 75), (1, 100)] {
        run_an_hour(&hub, &other);
        assert_eq!(told.next(), expected);
    }
}

fn an_edited_limit_has_its_own_levels(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(9);
    let mut soft = of_family(family, "2");
    soft.is_hard = false;
    let id = hub.create_budget(&soft, "ada").unwrap().budget.id;
    run_an_hour(&hub, &worker);
    let mut told = Told::of(&hub, id);
    assert_eq!(told.next(), (1, 50));
    "4".clone_into(&mut soft.limit);
    hub.edit_budget(id, &soft).unwrap();
    // The edit itself.
    assert_eq!(told.next(), (1, 0));
    assert_eq!(row(&hub, id).reached(), 0);
    run_an_hour(&hub, &worker);
    assert_eq!(told.next(), (1, 50));
}

/// What a budget says.
struct Told<'a> {
    hub: &'a TestHub,
    id: BudgetId,
    seen: i64,
}

impl<'a> Told<'a> {
    fn of(hub: &'a TestHub, id: BudgetId) -> Self {
        let seen = hub.last_change().unwrap();
        Self { hub, id, seen }
    }

    /// How often it has spoken since, and the level that it is at.
    fn next(&mut self) -> (usize, u8) {
        for _ in 0..2 {
            loops::costs::tick(self.hub).unwrap();
        }
        let changes = self.hub.changes_after(self.seen, 1_000).unwrap();
        self.seen = self.hub.last_change().unwrap();
        let kind = Event::BudgetChanged(self.id).kind();
        let news = changes.iter().filter(|change| change.kind == kind).count();
        (news, row(self.hub, self.id).level)
    }
}

fn a_budget_of_a_day_is_full_again_tomorrow(database: &Database) {
    let (hub, worker) = hub(database);
    hub.submit(3);
    let id = hub
        .create_budget(&budget("all", "", "1", "day"), "ada")
        .unwrap()
        .budget
        .id;
    run_an_hour(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
    hub.world.advance(24 * HOUR);
    worker.heartbeat(&hub, &[]).unwrap();
    loops::costs::tick(&hub).unwrap();
    let today = row(&hub, id);
    assert_eq!((today.spent.money, today.level), (Money::default(), 0));
    run_an_hour(&hub, &worker);
    assert!(polls_nothing(&hub, &worker));
}

fn a_restart_knows_what_is_spent(database: &Database) {
    let (mut hub, worker) = hub(database);
    let family = hub.submit(2);
    let id = hub
        .create_budget(&of_family(family, "0"), "ada")
        .unwrap()
        .budget
        .id;
    hub.restart();
    assert!(polls_nothing(&hub, &worker));
    hub.restart();
    assert!(polls_nothing(&hub, &worker));
    hub.edit_budget(id, &of_family(family, "1")).unwrap();
    assert!(!polls_nothing(&hub, &worker));
}

fn a_task_that_waits_for_a_budget_can_be_cancelled_and_retried(database: &Database) {
    let (hub, worker) = hub(database);
    let family = hub.submit(2);
    let order = worker.take(&hub);
    let id = hub
        .create_budget(&of_family(family, "0"), "ada")
        .unwrap()
        .budget
        .id;
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    // Its second attempt waits for the budget.
    hub.retry_task(order.task.id).unwrap();
    assert!(polls_nothing(&hub, &worker));
    hub.cancel_task(order.task.id).unwrap();
    hub.retry_task(order.task.id).unwrap();
    assert!(polls_nothing(&hub, &worker));
    hub.delete_budget(id).unwrap();
    assert_eq!(worker.take(&hub).task.id, order.task.id);
}

#[test]
fn a_budget_is_checked() {
    let hub = TestHub::new();
    let check = |draft: &Draft, field: &str| match hub.create_budget(draft, "ada") {
        Err(HubError::Invalid(errors)) => assert_eq!(errors[0].field, field),
        other => panic!("{other:?}"),
    };
    check(&budget("all", "", "", "total"), "limit");
    check(&budget("all", "", "1", "week"), "period");
    check(&budget("experiment", "x", "1", ""), "subject");
    let nobody = "019a0000-0000-7000-8000-000000000000";
    check(&budget("brief", nobody, "1", ""), "subject");
    check(&budget("experiment", nobody, "1", ""), "subject");
}
