//! Whose tasks go first, how many of them, and on which machines.

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    brief::Draft,
    ids::ExperimentId,
    resources::{GIB, Needs, Profiles},
    run::Failure,
    scheduling::{Policy, Terms},
};
use cupola_hub::{HubError, experiments::FileText, loops, work::Order};
use cupola_testkit::{Database, on_each_database};

use crate::support::{
    TestHub, TestWorker, completed, draft, failed, finish, held, laptop, start, task_of,
};

on_each_database! {
    owners_share_machines_however_many_tasks_each_has,
    a_quota_is_never_exceeded_and_its_page_says_so,
    tasks_of_one_class_go_to_machines_of_one_class,
}

fn submit(hub: &TestHub, owner: &str, asked: &Draft) -> ExperimentId {
    hub.submit_brief(asked, owner).unwrap().family.id
}

/// Whose the runs are, in the order of their leases, one letter each.
fn owners(hub: &TestHub, orders: &[Order]) -> String {
    let author = |order: &Order| {
        let family = hub.family_detail(order.run.experiment).unwrap().family;
        family.author[..1].to_owned()
    };
    orders.iter().map(author).collect()
}

/// What a worker is given, one after the other, all of which it knows of.
fn take(hub: &TestHub, worker: &TestWorker, number: usize) -> Vec<Order> {
    let mut taken: Vec<Order> = Vec::new();
    for _ in 0..number {
        let holding: Vec<_> = taken.iter().map(held).collect();
        taken.extend(worker.poll(hub, 1, &holding).unwrap().start);
    }
    taken
}

fn join_with_class(hub: &TestHub, name: &str, class: Option<&str>) -> TestWorker {
    let worker = hub.join(name);
    let mut capabilities = laptop();
    capabilities.device_class = class.map(str::to_owned);
    worker.register_with(hub, capabilities).unwrap();
    worker
}

fn owners_share_machines_however_many_tasks_each_has(database: &Database) {
    let hub = TestHub::on(database);
    submit(&hub, "ada", &draft(30));
    let workers: Vec<_> = (0..4).map(|n| hub.join(&format!("w{n}"))).collect();
    // Ada has waited long, and has her turn at once; then both have the same.
    hub.world.advance(Duration::from_hours(5));
    submit(&hub, "bob", &draft(30));
    let orders: Vec<_> = workers.iter().flat_map(|w| take(&hub, w, 2)).collect();
    assert_eq!(owners(&hub, &orders), "abababab");
    let loads = hub.owner_loads().unwrap();
    assert_eq!(loads["ada"], 4);
    assert_eq!(loads["bob"], 4);
    // Who has three times the share is given more until that is so.
    let mut policy = Policy::default();
    let terms = Terms {
        share: 3,
        running_max: None,
    };
    policy.owners.insert("bob".to_owned(), terms);
    hub.use_scheduling(policy);
    let more = hub.join("more");
    let orders = take(&hub, &more, 4);
    assert_eq!(owners(&hub, &orders), "bbbb");
}

fn a_quota_is_never_exceeded_and_its_page_says_so(database: &Database) {
    let mut hub = TestHub::on(database);
    let family = submit(&hub, "ada", &draft(6));
    let quota = Policy {
        others: Terms {
            share: 1,
            running_max: Some(2),
        },
        owners: BTreeMap::new(),
    };
    hub.use_scheduling(quota.clone());
    let worker = hub.join("w");
    let orders = worker.poll(&hub, 4, &[]).unwrap().start;
    assert_eq!(orders.len(), 2);
    let why = "`ada` has 2 tasks at work and a quota of 2";
    assert_eq!(hub.family_detail(family).unwrap().obstacle, why);
    let tasks = hub.list_tasks(cupola_hub::tasks::Filter {
        experiment: Some(family),
        limit: 10,
        ..Default::default()
    });
    let waiting = tasks.unwrap().tasks[5].id;
    assert_eq!(hub.task_detail(waiting).unwrap().obstacle, why);
    // It holds over a restart of the hub.
    hub.restart();
    hub.use_scheduling(quota);
    let holding: Vec<_> = orders.iter().map(held).collect();
    assert_eq!(worker.poll(&hub, 2, &holding).unwrap().start, []);
    // Bob has a quota of his own.
    submit(&hub, "bob", &draft(1));
    assert_eq!(worker.poll(&hub, 2, &holding).unwrap().start.len(), 1);
    finish(&hub, &orders[0], completed(1.0)).unwrap();
    assert_eq!(hub.owner_loads().unwrap()["ada"], 1);
    let next = worker.poll(&hub, 4, &holding[1..]).unwrap().start;
    // What was given and not acknowledged is given again with it.
    assert_eq!(owners(&hub, &next).matches('a').count(), 1);
    assert_eq!(hub.owner_loads().unwrap()["ada"], 2);
    // A loss and a failure give it back as well.
    hub.world.advance(Duration::from_secs(31));
    loops::leases::tick(&hub).unwrap();
    assert!(hub.owner_loads().unwrap().is_empty());
}

fn tasks_of_one_class_go_to_machines_of_one_class(database: &Database) {
    let hub = TestHub::on(database);
    let same = Draft {
        device_class: "same".to_owned(),
        ..draft(4)
    };
    let family = submit(&hub, "ada", &same);
    let avx2 = join_with_class(&hub, "one", Some("avx2"));
    let avx512 = join_with_class(&hub, "two", Some("avx512"));
    let silent = join_with_class(&hub, "three", None);
    let kept = |hub: &TestHub| {
        let family = hub.family_detail(family).unwrap().family;
        family.kept_class().map(str::to_owned)
    };
    assert_eq!(silent.poll(&hub, 1, &[]).unwrap().start, []);
    let first = avx2.take(&hub);
    assert_eq!(kept(&hub).as_deref(), Some("avx2"));
    assert_eq!(avx512.poll(&hub, 1, &[]).unwrap().start, []);
    // Nobody computed anything: whoever comes first may have it now.
    hub.dismiss_worker(hub.token, avx2.id(), &avx2.session)
        .unwrap();
    assert_eq!(kept(&hub), None);
    let other = avx512.take(&hub);
    assert_eq!(kept(&hub).as_deref(), Some("avx512"));
    assert_eq!(avx2.poll(&hub, 1, &[]).unwrap().start, []);
    finish(&hub, &other, completed(1.0)).unwrap();
    assert_eq!(kept(&hub).as_deref(), Some("avx512"));
    assert_eq!(avx2.poll(&hub, 1, &[]).unwrap().start, []);
    hub.remove_worker(avx512.id()).unwrap();
    let obstacle = hub.family_detail(family).unwrap().obstacle;
    let expected = "no worker that is online has the device class `avx512`";
    assert_eq!(obstacle, expected);
    assert_ne!(first.run.id, other.run.id);
}

#[test]
fn what_comes_back_late_from_another_class_counts_no_more() {
    let hub = TestHub::new();
    let same = Draft {
        device_class: "same".to_owned(),
        ..draft(3)
    };
    submit(&hub, "ada", &same);
    let avx2 = join_with_class(&hub, "one", Some("avx2"));
    let lost = avx2.take(&hub);
    start(&hub, &lost).unwrap();
    hub.world.advance(Duration::from_secs(31));
    loops::leases::tick(&hub).unwrap();
    // The lost task would be the first: another class takes it and the next.
    let avx512 = join_with_class(&hub, "two", Some("avx512"));
    let taken = take(&hub, &avx512, 1);
    assert_eq!(task_of(&hub, taken[0].run.id), lost.task.id);
    let late = finish(&hub, &lost, completed(1.0));
    assert!(matches!(late, Err(HubError::StaleLease(_))), "{late:?}");
}

#[test]
fn an_old_task_goes_before_one_that_is_a_little_more_urgent() {
    let hub = TestHub::new();
    let file = |priority: i64| FileText {
        text: format!("name: x\ncommand: 'true'\npriority: {priority}"),
        ..FileText::default()
    };
    let (old, _) = hub.submit_text(&file(0), "ada").unwrap();
    hub.world.advance(Duration::from_mins(21));
    let (new, _) = hub.submit_text(&file(2), "ada").unwrap();
    let (urgent, _) = hub.submit_text(&file(3), "ada").unwrap();
    let worker = hub.join("w");
    let given: Vec<_> = take(&hub, &worker, 3);
    let given: Vec<_> = given.iter().map(|order| order.run.experiment).collect();
    assert_eq!(given, [urgent, old, new]);
}

#[test]
fn a_retried_task_waits_from_then_on() {
    let hub = TestHub::new();
    let first = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    let second = hub.submit(1);
    hub.world.advance(Duration::from_hours(1));
    hub.retry_task(order.task.id).unwrap();
    let given = take(&hub, &worker, 2);
    let given: Vec<_> = given.iter().map(|order| order.run.experiment).collect();
    assert_eq!(given, [second, first]);
}

#[test]
fn a_class_of_machine_is_asked_for_by_its_name() {
    let hub = TestHub::new();
    let asked = Draft {
        hardware: "lab".to_owned(),
        ..draft(1)
    };
    let text = FileText {
        text: "name: x\ncommand: 'true'\nneeds: lab".to_owned(),
        ..FileText::default()
    };
    let unknown = "`lab` is not a hardware profile; say `small`, `medium` or `large`";
    for refused in [
        hub.submit_brief(&asked, "ada").err().unwrap(),
        hub.submit_text(&text, "ada").err().unwrap(),
    ] {
        let HubError::Invalid(errors) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(errors[0].message, unknown);
    }
    let mut profiles = Profiles::default();
    let needs = Needs {
        memory_bytes: 64 * GIB,
        ..Needs::default()
    };
    profiles.add("lab", needs).unwrap();
    hub.use_profiles(profiles);
    let family = submit(&hub, "ada", &asked);
    let (file, _) = hub.submit_text(&text, "ada").unwrap();
    for id in [family, file] {
        let experiment = hub.experiment_detail(id).unwrap().experiment;
        assert_eq!(experiment.needs.memory_bytes, 64 * GIB);
    }
    let worker = hub.join("w");
    assert_eq!(worker.poll(&hub, 1, &[]).unwrap().start, []);
}
