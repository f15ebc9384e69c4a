//! What runs cost, whatever becomes of them.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use cupola_domain::{
    cost::{Basis, Day, Electricity, Kind, Money, Of, Price, PriceBook, Priced, Total},
    ids::{ExperimentId, RunId},
    run::Failure,
    time::Timestamp,
};
use cupola_hub::{
    costs::{CostsQuery, Prices, RunCost, SUBJECTS_MAX},
    logged::LoggedBatch,
    loops,
    training_models::NewTrainingModel,
    work::Order,
    world::World as _,
};
use cupola_search::rng::Rng;
use cupola_testkit::Database;

use crate::support::{
    Below as _, TestHub, TestWorker, completed, draft, failed, finish, held, start,
};

cupola_testkit::on_each_database! {
    a_run_costs_its_time_on_its_share_of_the_machine,
    a_run_over_midnight_is_split,
    what_was_booked_keeps_its_price,
    a_lost_run_costs_until_its_worker_fell_silent,
    however_a_worker_falls_silent_its_run_costs_until_then,
    a_run_keeps_the_price_of_its_model,
    a_clock_that_is_set_makes_nothing_negative_and_nothing_dear,
    many_subjects_are_told_together,
    what_a_deleted_family_cost_stays_spent,
    costs_add_up_whatever_happens,
}

const HOUR: Duration = Duration::from_hours(1);

/// Machines for so much an hour; they draw 200 watts.
pub(crate) fn prices(hourly: f64) -> Prices {
    Prices {
        currency: "EUR".to_owned(),
        book: PriceBook {
            entries: vec![Priced {
                of: Of::Any,
                price: Price::Hourly(money(hourly)),
                watts: Some(200.0),
            }],
            electricity: Some(Electricity {
                per_kwh: money(0.3),
                carbon_g_per_kwh: Some(400.0),
            }),
        },
    }
}

pub(crate) fn money(amount: f64) -> Money {
    Money::of(amount).unwrap()
}

fn query(kind: Kind) -> CostsQuery {
    CostsQuery { kind, days: None }
}

fn cost(hub: &TestHub, run: RunId) -> RunCost {
    hub.run_cost(run).unwrap().expect("a worker had it")
}

/// A hub with prices, and a run under way. The worker has four slots.
fn running(database: &Database) -> (TestHub, TestWorker, Order, ExperimentId) {
    let hub = TestHub::on(database);
    hub.use_prices(prices(0.8));
    let family = hub.submit(3);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    (hub, worker, order, family)
}

/// Time passes while the worker is heard of.
fn pass(hub: &TestHub, worker: &TestWorker, order: &Order, span: Duration) {
    hub.world.advance(span);
    worker.heartbeat(hub, &[held(order)]).unwrap();
}

fn a_run_costs_its_time_on_its_share_of_the_machine(database: &Database) {
    let (hub, worker, order, family) = running(database);
    pass(&hub, &worker, &order, HOUR);
    let so_far = cost(&hub, order.run.id);
    assert_eq!(so_far.hourly, Some(money(0.2)));
    assert_eq!(so_far.cost.money, Some(money(0.2)));
    assert_eq!((so_far.is_final, so_far.basis), (false, Basis::Book));
    assert_eq!(hub.hourly_now().unwrap(), money(0.2));
    pass(&hub, &worker, &order, HOUR);
    finish(&hub, &order, completed(1.0)).unwrap();
    let settled = cost(&hub, order.run.id);
    assert_eq!(
        (settled.cost.money, settled.span),
        (Some(money(0.4)), 2 * HOUR)
    );
    assert_eq!(settled.cost.energy_wh, Some(100.0));
    assert_eq!(settled.cost.carbon_g, Some(40.0));
    assert!(settled.is_final && !settled.is_energy_measured);
    assert_eq!(hub.hourly_now().unwrap(), Money::default());
    let costs = hub.costs(&query(Kind::Experiment)).unwrap();
    let [only] = costs.subjects.as_slice() else {
        panic!("{costs:?}");
    };
    assert_eq!(only.subject, family.to_string());
    assert!(only.name.is_some());
    assert_eq!((only.total, costs.total.runs), (costs.total, 1));
    let pending = hub.task_detail(order.task.id).unwrap().runs.len();
    assert_eq!(pending, 1);
}

fn a_run_over_midnight_is_split(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_prices(prices(0.8));
    hub.submit(1);
    let worker = hub.join("w");
    let today = Day::of(hub.now());
    let before = today
        .plus(1)
        .begins_at()
        .since(hub.now())
        .checked_sub(HOUR)
        .unwrap();
    hub.world.advance(before);
    let order = worker.take(&hub);
    for _ in 0..4 {
        pass(&hub, &worker, &order, HOUR);
    }
    let by_day = |hub: &TestHub| -> Vec<(Day, Option<Money>)> {
        let days = hub.costs(&query(Kind::All)).unwrap().days;
        days.into_iter()
            .map(|(day, of)| (day, of.cost().money))
            .collect()
    };
    let expected = vec![(today, Some(money(0.2))), (today.plus(1), Some(money(0.6)))];
    assert_eq!(by_day(&hub), expected);
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(by_day(&hub), expected);
    let today_alone = CostsQuery {
        days: Some(1),
        ..query(Kind::Person)
    };
    let today_alone = hub.costs(&today_alone).unwrap();
    assert_eq!(today_alone.total.money, money(0.6));
    assert_eq!(today_alone.subjects[0].total.money, money(0.6));
}

fn what_was_booked_keeps_its_price(database: &Database) {
    let (hub, worker, first, _) = running(database);
    pass(&hub, &worker, &first, HOUR);
    finish(&hub, &first, completed(1.0)).unwrap();
    let second = worker.take(&hub);
    hub.use_prices(prices(80.0));
    pass(&hub, &worker, &second, HOUR);
    finish(&hub, &second, completed(1.0)).unwrap();
    // Both began at the old price.
    assert_eq!(cost(&hub, first.run.id).cost.money, Some(money(0.2)));
    assert_eq!(cost(&hub, second.run.id).cost.money, Some(money(0.2)));
    let third = worker.take(&hub);
    hub.use_prices(Prices::default());
    pass(&hub, &worker, &third, HOUR);
    assert_eq!(cost(&hub, third.run.id).cost.money, Some(money(20.0)));
}

fn a_lost_run_costs_until_its_worker_fell_silent(database: &Database) {
    let (hub, worker, order, _) = running(database);
    pass(&hub, &worker, &order, HOUR);
    hub.world.advance(60 * HOUR);
    loops::leases::tick(&hub).unwrap();
    let lost = cost(&hub, order.run.id);
    assert_eq!((lost.cost.money, lost.span), (Some(money(0.2)), HOUR));
    hub.world.advance(HOUR);
    assert_eq!(cost(&hub, order.run.id), lost);
    assert_eq!(hub.hourly_now().unwrap(), Money::default());
    // Another worker takes the task.
    let again = hub.join("v").take(&hub);
    assert_eq!(again.run.attempt, 2);
    let settled = cost(&hub, order.run.id);
    assert_eq!(
        (settled.cost, settled.span, settled.is_final),
        (lost.cost, lost.span, true)
    );
}

fn however_a_worker_falls_silent_its_run_costs_until_then(database: &Database) {
    type Silence = fn(&mut TestHub, &mut TestWorker, &Order);
    let mut hub = TestHub::on(database);
    hub.use_prices(prices(0.8));
    let mut check = |how: &str, fall_silent: Silence| {
        hub.submit(1);
        let mut worker = hub.join(how);
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        pass(&hub, &worker, &order, HOUR);
        fall_silent(&mut hub, &mut worker, &order);
        let lost = cost(&hub, order.run.id);
        let expected = (Some(money(0.2)), HOUR);
        assert_eq!((lost.cost.money, lost.span), expected, "{how}");
        hub.cancel_experiment(order.run.experiment).unwrap();
        let settled = cost(&hub, order.run.id);
        let found = (settled.cost.money, settled.span, settled.is_final);
        assert_eq!(found, (expected.0, expected.1, true), "{how}");
    };
    check("its lease runs out", |hub, _, _| {
        hub.world.advance(60 * HOUR);
        loops::leases::tick(hub).unwrap();
    });
    check("it starts anew", |hub, worker, _| {
        hub.world.advance(60 * HOUR);
        worker.start(hub);
    });
    check("it is removed", |hub, worker, _| {
        hub.world.advance(60 * HOUR);
        hub.remove_worker(worker.id()).unwrap();
    });
    check("it was to stop", |hub, _, order| {
        hub.cancel_run(order.run.id).unwrap();
        hub.world.advance(60 * HOUR);
        loops::leases::tick(hub).unwrap();
    });
    check("the hub was away as well", |hub, _, _| {
        hub.world.advance(60 * HOUR);
        hub.restart();
        hub.world.advance(HOUR);
        loops::leases::tick(hub).unwrap();
    });
}

fn a_run_keeps_the_price_of_its_model(database: &Database) {
    let hub = TestHub::on(database);
    let price = |hourly: f64| {
        let model = NewTrainingModel {
            key: "majora".to_owned(),
            hourly: Some(money(hourly)),
            ..NewTrainingModel::default()
        };
        hub.configure_training(vec![model], Vec::new()).unwrap();
    };
    price(0.8);
    let family = hub.submit(2);
    let worker = hub.join("w");
    let tag = |run: RunId| {
        let batch = LoggedBatch {
            tags: vec![("model".to_owned(), "majora".to_owned())],
            ..LoggedBatch::default()
        };
        hub.log_to_run(run, batch).unwrap();
    };
    let first = cupola_hub::tasks::Filter {
        experiment: Some(family),
        limit: 1,
        ..Default::default()
    };
    tag(hub.list_tasks(first).unwrap().tasks[0].run);
    let check = |is_named_late: bool, expected: f64| {
        let order = worker.take(&hub);
        price(80.0);
        if is_named_late {
            assert_eq!(cost(&hub, order.run.id).basis, Basis::None);
            tag(order.run.id);
        }
        pass(&hub, &worker, &order, HOUR);
        let so_far = cost(&hub, order.run.id);
        assert_eq!(
            (so_far.basis, so_far.cost.money),
            (Basis::Model, Some(money(expected)))
        );
        finish(&hub, &order, completed(1.0)).unwrap();
        assert_eq!(cost(&hub, order.run.id).cost.money, Some(money(expected)));
    };
    check(false, 0.2);
    check(true, 20.0);
}

fn a_clock_that_is_set_makes_nothing_negative_and_nothing_dear(database: &Database) {
    let (hub, worker, order, _) = running(database);
    let check = |order: &Order, days: i64| {
        hub.world.jump(days * 86_400_000);
        assert_eq!(cost(&hub, order.run.id).cost.money, Some(Money::default()));
        finish(&hub, order, completed(1.0)).unwrap();
        let settled = cost(&hub, order.run.id);
        assert_eq!(
            (settled.cost.money, settled.span),
            (Some(Money::default()), Duration::ZERO)
        );
        let costs = hub.costs(&query(Kind::All)).unwrap();
        assert_eq!(costs.total.money, Money::default());
    };
    check(&order, -1);
    check(&worker.take(&hub), 25_000);
}

fn many_subjects_are_told_together(database: &Database) {
    let hub = TestHub::on(database);
    hub.use_prices(prices(0.8));
    let worker = hub.join("w");
    let count = u32::try_from(SUBJECTS_MAX).unwrap() + 3;
    hub.submit(count);
    for n in 0..count {
        let order = worker.take(&hub);
        let batch = LoggedBatch {
            tags: vec![("model".to_owned(), format!("m{n}"))],
            ..LoggedBatch::default()
        };
        hub.log_to_run(order.run.id, batch).unwrap();
        // The first are the cheapest.
        pass(
            &hub,
            &worker,
            &order,
            Duration::from_secs(u64::from(n) + 1) * 36,
        );
        finish(&hub, &order, completed(1.0)).unwrap();
    }
    let costs = hub.costs(&query(Kind::Model)).unwrap();
    let others = costs.others.unwrap();
    assert_eq!((costs.subjects.len(), others.count), (SUBJECTS_MAX, 3));
    // 1, 2 and 3 hundredths of an hour.
    assert_eq!(others.total.money, money(0.06 * 0.2));
    let told = costs.subjects.iter().map(|of| of.total);
    let sum = told.fold(others.total, |sum, each| sum + each);
    assert_eq!(sum, costs.total);
    let all = hub.all_costs(&query(Kind::Model)).unwrap();
    assert_eq!((all.subjects.len(), all.others), (SUBJECTS_MAX + 3, None));
}

fn what_a_deleted_family_cost_stays_spent(database: &Database) {
    let (hub, worker, order, family) = running(database);
    pass(&hub, &worker, &order, HOUR);
    hub.delete_family(family).unwrap();
    finish(&hub, &order, completed(1.0)).unwrap();
    loops::retention::tick(&hub).unwrap();
    assert!(hub.run_detail(order.run.id).is_err());
    let costs = hub.costs(&query(Kind::Experiment)).unwrap();
    assert_eq!(costs.total.money, money(0.2));
    assert_eq!(costs.subjects[0].name, None);
    assert_eq!(cost(&hub, order.run.id).cost.money, Some(money(0.2)));
}

/// A hub to which anything happens, from one seed.
struct Life {
    hub: TestHub,
    rng: Rng,
    workers: Vec<TestWorker>,
    held: Vec<(usize, Order)>,
    /// Every run that a worker ever had.
    had: Vec<RunId>,
    families: Vec<ExperimentId>,
    settled: HashMap<RunId, RunCost>,
    hourly: f64,
}

fn costs_add_up_whatever_happens(database: &Database) {
    let hub = TestHub::on(database);
    let workers = (0..3).map(|n| hub.join(&format!("w{n}"))).collect();
    let mut life = Life {
        rng: Rng::new(7),
        workers,
        held: Vec::new(),
        had: Vec::new(),
        families: Vec::new(),
        settled: HashMap::new(),
        hourly: 0.5,
        hub,
    };
    life.hub.use_prices(prices(life.hourly));
    for step in 0..400 {
        life.live();
        if step % 10 == 0 {
            life.check();
        }
    }
    assert!(life.settled.len() > 40, "only {} ended", life.settled.len());
    let dear = life
        .settled
        .values()
        .filter(|cost| cost.cost.money > Some(money(0.01)));
    assert!(dear.count() > 20);
}

impl Life {
    fn live(&mut self) {
        match self.rng.below(20) {
            0 => self.submit(),
            1 => self.jump(-1),
            2 => self.jump(1),
            3 => self.hub.restart_with(prices(self.hourly)),
            4 => {
                self.hourly += 0.25;
                self.hub.use_prices(prices(self.hourly));
            }
            5 => self.cancel(),
            6 => self.delete(),
            7 => {
                loops::retention::tick(&self.hub).unwrap();
            }
            8 | 9 => self.fall_silent(),
            10..14 => self.finish(),
            _ => self.lease(),
        }
        let span = Duration::from_secs(self.rng.below(9_000));
        self.hub.world.advance(span);
        if self.rng.below(3) > 0 {
            for (at, order) in &self.held {
                // It may have been taken away.
                let _ = self.workers[*at].heartbeat(&self.hub, &[held(order)]);
            }
        }
        loops::leases::tick(&self.hub).unwrap();
        loops::costs::tick(&self.hub).unwrap();
    }

    /// Somebody sets the clock, by up to two hours.
    fn jump(&mut self, way: i64) {
        let millis = self.below(7_200_000);
        self.hub.world.jump(way * millis);
    }

    fn below(&mut self, bound: u64) -> i64 {
        i64::try_from(self.rng.below(bound)).unwrap()
    }

    fn submit(&mut self) {
        let author = ["ada", "bob"][usize::from(self.rng.below(2) == 0)];
        let made = self.hub.submit_brief(&draft(3), author).unwrap();
        self.families.push(made.family.id);
    }

    fn lease(&mut self) {
        let at = usize::try_from(self.below(3)).unwrap();
        let of_worker = self.held.iter().filter(|(of, _)| *of == at);
        let holding: Vec<_> = of_worker.map(|(_, order)| held(order)).collect();
        let polled = self.workers[at].poll(&self.hub, 1, &holding);
        for order in polled.unwrap().start {
            if !self.had.contains(&order.run.id) {
                self.had.push(order.run.id);
            }
            self.held.push((at, order));
        }
    }

    fn finish(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let at = usize::try_from(self.rng.below(self.held.len() as u64)).unwrap();
        let (_, order) = self.held.remove(at);
        let ending = match self.rng.below(4) {
            0 => failed(Failure::ExitCode(1)),
            _ => completed(1.0),
        };
        // Somebody else may have it by now.
        let _ = finish(&self.hub, &order, ending);
    }

    /// A worker starts anew and knows nothing of what it had.
    fn fall_silent(&mut self) {
        let at = usize::try_from(self.below(3)).unwrap();
        self.held.retain(|(of, _)| *of != at);
        if self.rng.below(2) == 0 {
            self.workers[at].start(&self.hub);
        }
    }

    fn cancel(&mut self) {
        if let Some((_, order)) = self.held.first() {
            let _ = self.hub.cancel_run(order.run.id);
        }
    }

    fn delete(&mut self) {
        if self.families.len() > 1 {
            let family = self.families.remove(0);
            self.hub.delete_family(family).unwrap();
        }
    }

    /// All costs are the runs' costs, told apart by whatever; what is settled stays.
    fn check(&mut self) {
        let cost_of = |run: &RunId| (*run, cost(&self.hub, *run));
        let of_runs: Vec<(RunId, RunCost)> = self.had.iter().map(cost_of).collect();
        for (run, cost) in &of_runs {
            if cost.is_final {
                let before = self.settled.insert(*run, *cost);
                assert!(before.is_none_or(|before| before == *cost), "{run} changed");
            }
            assert!(cost.cost.money.unwrap() >= Money::default());
        }
        let of_runs = of_runs.iter().map(|(_, cost)| cost);
        let money = of_runs.clone().map(|cost| cost.cost.money.unwrap());
        let expected = money.fold(Money::default(), |sum, each| sum + each);
        let time: Duration = of_runs.clone().map(|cost| cost.span).sum();
        let ended = of_runs.filter(|cost| cost.is_final).count();
        for kind in Kind::ALL {
            let costs = self.hub.costs(&query(kind)).unwrap();
            let sum = |parts: Vec<Total>| {
                let sum = parts.into_iter().fold(Total::default(), |a, b| a + b);
                (sum.money, sum.time, sum.runs)
            };
            let all = (expected, time, ended as u64);
            assert_eq!(sum(vec![costs.total]), all, "{kind:?}");
            assert_eq!(
                sum(costs.subjects.iter().map(|s| s.total).collect()),
                all,
                "{kind:?}"
            );
            assert_eq!(
                sum(costs.days.iter().map(|(_, of)| *of).collect()),
                all,
                "{kind:?}"
            );
        }
    }
}

#[test]
fn days_without_costs_stand_in_the_curve() {
    let hub = TestHub::new();
    hub.use_prices(prices(1.0));
    let query = CostsQuery {
        days: Some(7),
        ..query(Kind::All)
    };
    let days = hub.costs(&query).unwrap().days;
    let numbers: BTreeMap<Day, Total> = days.iter().copied().collect();
    assert_eq!((days.len(), numbers.len()), (7, 7));
    let last = days.last().unwrap().0;
    assert_eq!(last, Day::of(hub.world.now()));
    assert_eq!(
        last.begins_at(),
        Timestamp::from_millis(last.number() * 86_400_000)
    );
}
