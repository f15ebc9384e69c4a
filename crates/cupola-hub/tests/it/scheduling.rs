//! Whose tasks go first, how many of them, and on which machines.

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    access::{Belonging, Role},
    brief::Draft,
    ids::{ExperimentId, TaskId},
    resources::{GIB, Needs, Profiles},
    run::{Failure, Loss},
    scheduling::{Policy, Terms},
    task::TaskState,
};
use cupola_hub::{
    HubError,
    experiments::FileText,
    loops,
    work::{Beat, Order, Registration},
    workers::{Drain, Paused},
};
use cupola_testkit::{Database, on_each_database};

use crate::support::{
    TestHub, TestWorker, completed, draft, failed, finish, held, laptop, start, task_of,
};

on_each_database! {
    owners_share_machines_however_many_tasks_each_has,
    a_quota_is_never_exceeded_and_its_page_says_so,
    a_task_that_two_owners_lost_workers_with_is_stopped,
    tasks_of_one_class_go_to_machines_of_one_class,
}

const AVX2: &str = "000000000000a002";
const AVX512: &str = "00000000000a0512";
const ODD: &str = "0dd0dd0dd0dd0dd0";

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
    let avx2 = join_with_class(&hub, "one", Some(AVX2));
    let avx512 = join_with_class(&hub, "two", Some(AVX512));
    let silent = join_with_class(&hub, "three", None);
    let kept = |hub: &TestHub| {
        let family = hub.family_detail(family).unwrap().family;
        family.kept_class().map(str::to_owned)
    };
    assert_eq!(silent.poll(&hub, 1, &[]).unwrap().start, []);
    let first = avx2.take(&hub);
    assert_eq!(kept(&hub).as_deref(), Some(AVX2));
    assert_eq!(avx512.poll(&hub, 1, &[]).unwrap().start, []);
    // Nobody computed anything: whoever comes first may have it now.
    hub.dismiss_worker(hub.token, avx2.id(), &avx2.session)
        .unwrap();
    assert_eq!(kept(&hub), None);
    let other = avx512.take(&hub);
    assert_eq!(kept(&hub).as_deref(), Some(AVX512));
    assert_eq!(avx2.poll(&hub, 1, &[]).unwrap().start, []);
    finish(&hub, &other, completed(1.0)).unwrap();
    assert_eq!(kept(&hub).as_deref(), Some(AVX512));
    assert_eq!(avx2.poll(&hub, 1, &[]).unwrap().start, []);
    hub.remove_worker(avx512.id()).unwrap();
    let obstacle = hub.family_detail(family).unwrap().obstacle;
    let expected = "no worker that is online has the device class `00000000000a0512`";
    assert_eq!(obstacle, expected);
    assert_ne!(first.run.id, other.run.id);
}

/// The first of a family's tasks.
fn waiting_task(hub: &TestHub, family: ExperimentId) -> TaskId {
    let filter = cupola_hub::tasks::Filter {
        experiment: Some(family),
        limit: 1,
        ..Default::default()
    };
    hub.list_tasks(filter).unwrap().tasks[0].id
}

/// Somebody's machine, which has started what it was given.
fn begin(hub: &TestHub, owner: &str, name: &str) -> Order {
    let belonging = Belonging {
        owner: owner.to_owned(),
        ..Belonging::default()
    };
    let made = hub.create_token_of(belonging, (name, Role::Worker), None);
    let token = made.unwrap().1.id;
    let worker = hub.register_worker(token, registration(name)).unwrap().id;
    let mut orders = hub.lease_runs(token, worker, name, 1, &[]).unwrap().start;
    let order = orders.remove(0);
    hub.start_run(token, order.run.id, order.lease, "{}".to_owned())
        .unwrap();
    order
}

/// Somebody else's machine, which takes nothing.
fn begin_other(hub: &TestHub) {
    let belonging = Belonging {
        owner: "bob".to_owned(),
        ..Belonging::default()
    };
    let made = hub.create_token_of(belonging, ("other", Role::Worker), None);
    let token = made.unwrap().1.id;
    hub.register_worker(token, registration("other")).unwrap();
}

fn registration(name: &str) -> Registration {
    Registration {
        id: None,
        name: name.to_owned(),
        session: name.to_owned(),
        place: String::new(),
        slots: 1,
        version: "test".to_owned(),
        capabilities: laptop(),
    }
}

/// Its machine is not heard of again.
fn fall_silent(hub: &TestHub) {
    hub.world.advance(Duration::from_secs(31));
    assert!(loops::leases::tick(hub).unwrap() > 0);
}

fn a_task_that_two_owners_lost_workers_with_is_stopped(database: &Database) {
    let hub = TestHub::on(database);
    let family = submit(&hub, "eve", &draft(1));
    let first = begin(&hub, "ada", "one");
    fall_silent(&hub);
    assert_eq!(hub.states(family), "p");
    let lost = hub.run_detail(first.run.id).unwrap().run;
    assert_eq!(lost.loss, Some(Loss::Silent));
    let second = begin(&hub, "bob", "two");
    let before = hub.run_detail(first.run.id).unwrap().run;
    assert_eq!(before.reason(), "worker lost: it fell silent");
    fall_silent(&hub);
    assert_eq!(hub.states(family), "f");
    let task = hub.task_detail(first.task.id).unwrap().task;
    let TaskState::Failed(Failure::Poison(evidence)) = &task.state else {
        panic!("{:?}", task.state);
    };
    for part in [
        "`one` of ada at 20",
        "`two` of bob at 20",
        "(it fell silent)",
    ] {
        assert!(evidence.contains(part), "{evidence}");
    }
    // No third is given it, until a person wants it: then nothing counts that was before.
    let third = hub.join("three");
    assert_eq!(third.poll(&hub, 1, &[]).unwrap().start, []);
    hub.retry_task(task.id).unwrap();
    let again = begin(&hub, "eve", "four");
    fall_silent(&hub);
    assert_eq!(hub.states(family), "p");
    assert_ne!(again.run.id, second.run.id);
}

#[test]
fn two_workers_of_the_only_owner_are_enough_and_one_that_comes_back_does_not_count() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let lose = |name: &str| {
        let worker = hub.join(name);
        let order = take(&hub, &worker, 1).remove(0);
        start(&hub, &order).unwrap();
        fall_silent(&hub);
        (worker, order)
    };
    let (one, first) = lose("one");
    let two = hub.join("two");
    let second = take(&hub, &two, 1).remove(0);
    // The first was only cut off: it is back as it was.
    let orders = one.heartbeat(&hub, &[held(&first)]).unwrap();
    assert_eq!(orders.abandon, [held(&first)]);
    let back = hub.run_detail(first.run.id).unwrap().run;
    assert_eq!(back.loss, Some(Loss::CutOff));
    start(&hub, &second).unwrap();
    fall_silent(&hub);
    assert_eq!(hub.states(family), "p");
    lose("three");
    assert_eq!(hub.states(family), "f");
}

#[test]
fn what_never_began_did_nobody_harm() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    for name in ["one", "two", "three"] {
        take(&hub, &hub.join(name), 1);
        fall_silent(&hub);
    }
    assert_eq!(hub.states(family), "p");
}

#[test]
fn each_loss_has_its_cause() {
    let check = |lose: &dyn Fn(&TestHub, &mut TestWorker, &Order), expected: Option<Loss>| {
        let hub = TestHub::new();
        hub.submit(1);
        let mut worker = hub.join("w");
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        lose(&hub, &mut worker, &order);
        let run = hub.run_detail(order.run.id).unwrap().run;
        assert_eq!(run.loss, expected);
        assert_eq!(run.cause(), expected.map(Loss::as_str));
    };
    let returning = |hub: &TestHub, worker: &TestWorker, order: &Order| {
        let beat = Beat {
            returning: vec![held(order)],
            ..Beat::default()
        };
        hub.take_heartbeat(hub.token, worker.id(), &worker.session, &beat)
            .unwrap();
    };
    check(&|hub, _, _| fall_silent(hub), Some(Loss::Silent));
    let heard_once_more = |hub: &TestHub, worker: &TestWorker| {
        hub.world.advance(Duration::from_secs(8));
        worker.heartbeat(hub, &[]).unwrap();
        hub.world.advance(Duration::from_secs(23));
        assert!(loops::leases::tick(hub).unwrap() > 0);
    };
    check(
        &|hub, worker, _| heard_once_more(hub, worker),
        Some(Loss::Silent),
    );
    check(&|hub, worker, _| worker.start(hub), Some(Loss::Restarted));
    check(
        &|hub, worker, _| hub.remove_worker(worker.id()).unwrap(),
        Some(Loss::Removed),
    );
    check(
        &|hub, _, _| {
            hub.revoke_token(hub.token).unwrap();
        },
        Some(Loss::Revoked),
    );
    check(
        &|hub, worker, _| {
            hub.dismiss_worker(hub.token, worker.id(), &worker.session)
                .unwrap();
        },
        Some(Loss::Stopped),
    );
    check(
        &|hub, worker, order| returning(hub, worker, order),
        Some(Loss::Returned),
    );
    check(
        &|hub, worker, order| {
            hub.drain_worker(worker.id(), Some("op")).unwrap();
            returning(hub, worker, order);
        },
        Some(Loss::Drained),
    );
    // Whoever comes back in time has lost nothing.
    check(
        &|hub, worker, order| {
            fall_silent(hub);
            worker.heartbeat(hub, &[held(order)]).unwrap();
        },
        None,
    );
    check(
        &|hub, _, order| {
            hub.cancel_run(order.run.id).unwrap();
            fall_silent(hub);
        },
        None,
    );
}

#[test]
fn a_drained_worker_finishes_what_it_has_and_gets_nothing_new() {
    let mut hub = TestHub::new();
    let family = hub.submit(3);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let word = |hub: &TestHub| {
        let row = hub.worker_detail(worker.id()).unwrap().row;
        row.drain.as_ref().map(Drain::as_str)
    };
    assert_eq!(word(&hub), None);
    hub.drain_worker(worker.id(), Some("op")).unwrap();
    hub.drain_worker(worker.id(), Some("op")).unwrap();
    assert_eq!(word(&hub), Some("draining"));
    // Its owner is told whose wish that is, also after a restart of the hub.
    let drained = hub.drained(worker.id()).unwrap();
    assert_eq!((drained.by.as_str(), drained.at), ("op", hub.now()));
    let holding = [held(&order)];
    assert_eq!(worker.poll(&hub, 3, &holding).unwrap().start, []);
    hub.restart();
    assert_eq!(hub.drained(worker.id()), Some(drained));
    assert_eq!(worker.poll(&hub, 3, &holding).unwrap().start, []);
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(word(&hub), Some("drained"));
    // Its agent starts anew, and is the same worker.
    worker.register(&hub).unwrap();
    assert_eq!(worker.poll(&hub, 3, &[]).unwrap().start, []);
    hub.drain_worker(worker.id(), None).unwrap();
    assert_eq!(word(&hub), None);
    assert_eq!(worker.poll(&hub, 3, &[]).unwrap().start.len(), 2);
    assert_eq!(hub.states(family), "crr");
}

#[test]
fn what_runs_at_once_fits_together() {
    let hub = TestHub::new();
    // The machine has 4 cores and 8 GiB, and 4 slots.
    let of = |hardware: &str| Draft {
        hardware: hardware.to_owned(),
        ..draft(3)
    };
    submit(&hub, "ada", &of("medium"));
    let worker = hub.join("w");
    let orders = worker.poll(&hub, 4, &[]).unwrap().start;
    assert_eq!(orders.len(), 2);
    let holding: Vec<_> = orders.iter().map(held).collect();
    // It runs both, and has slots: there is no core for a third, nor for a small one.
    assert_eq!(worker.poll(&hub, 2, &holding).unwrap().start, []);
    submit(&hub, "bob", &of("small"));
    assert_eq!(worker.poll(&hub, 2, &holding).unwrap().start, []);
    // One program has ended, its result being on the way: there is room beside the other.
    assert_eq!(worker.poll(&hub, 3, &holding).unwrap().start.len(), 2);
}

#[test]
fn a_machine_is_kept_free_for_a_large_task_that_has_waited() {
    let hub = TestHub::new();
    let mut profiles = Profiles::default();
    let whole = Needs {
        cpu_cores: 4,
        ..Needs::default()
    };
    profiles.add("whole", whole).unwrap();
    hub.use_profiles(profiles);
    submit(&hub, "ada", &draft(10));
    let worker = hub.join("w");
    let small = worker.poll(&hub, 4, &[]).unwrap().start;
    assert_eq!(small.len(), 4);
    let large = Draft {
        hardware: "whole".to_owned(),
        ..draft(1)
    };
    let large = submit(&hub, "eve", &large);
    let holding = |from: usize| -> Vec<_> { small[from..].iter().map(held).collect() };
    finish(&hub, &small[0], completed(1.0)).unwrap();
    // It has only just come: others go on beside it.
    let beside = worker.poll(&hub, 1, &holding(1)).unwrap().start;
    assert_eq!(owners(&hub, &beside), "a");
    hub.world.advance(Duration::from_mins(10));
    finish(&hub, &small[1], completed(1.0)).unwrap();
    let mut held_now = holding(2);
    held_now.push(held(&beside[0]));
    let task = waiting_task(&hub, large);
    worker.heartbeat(&hub, &held_now).unwrap();
    assert_eq!(hub.task_detail(task).unwrap().obstacle, "");
    assert_eq!(worker.poll(&hub, 1, &held_now).unwrap().start, []);
    let why = "waits for room on `w`, which is given nothing else until then";
    assert_eq!(hub.task_detail(task).unwrap().obstacle, why);
    // Nobody takes its place, though its owner has something elsewhere now and others have nothing.
    submit(&hub, "bob", &draft(1));
    submit(&hub, "eve", &draft(1));
    let other = hub.join("other");
    let mut little = laptop();
    little.cpu_cores = 2;
    other.register_with(&hub, little).unwrap();
    let elsewhere = take(&hub, &other, 2);
    assert_eq!(owners(&hub, &elsewhere), "be");
    submit(&hub, "zoe", &draft(1));
    assert_eq!(worker.poll(&hub, 1, &held_now).unwrap().start, []);
    for order in small[2..].iter().chain(&beside) {
        finish(&hub, order, completed(1.0)).unwrap();
    }
    let given = worker.poll(&hub, 4, &[]).unwrap().start;
    assert_eq!(owners(&hub, &given), "e");
}

#[test]
fn who_has_many_experiments_of_one_class_is_one_owner() {
    let mut hub = TestHub::new();
    let same = Draft {
        device_class: "same".to_owned(),
        ..draft(2)
    };
    for _ in 0..200 {
        submit(&hub, "ada", &same);
    }
    hub.world.advance(Duration::from_hours(1));
    submit(&hub, "bob", &draft(30));
    let worker = join_with_class(&hub, "w", Some(AVX2));
    let mut given = String::new();
    for lease in 0..20 {
        let order = worker.take(&hub);
        given.push_str(&owners(&hub, std::slice::from_ref(&order)));
        hub.world.advance(Duration::from_secs(20));
        finish(&hub, &order, completed(1.0)).unwrap();
        hub.world.advance(Duration::from_mins(15));
        if lease == 9 {
            hub.restart();
        }
    }
    // After four hours, and after the restart, each goes first once.
    assert!((9..=11).contains(&given.matches('b').count()), "{given}");
}

#[test]
fn all_tokens_of_a_person_have_one_quota_and_one_share() {
    let hub = TestHub::new();
    for name in ["ada-laptop", "ada-ci"] {
        let belonging = Belonging {
            owner: "ada".to_owned(),
            ..Belonging::default()
        };
        hub.create_token_of(belonging, (name, Role::Researcher), None)
            .unwrap();
        submit(&hub, name, &draft(5));
    }
    let mut policy = Policy::default();
    let terms = Terms {
        share: 1,
        running_max: Some(3),
    };
    policy.owners.insert("ada".to_owned(), terms);
    hub.use_scheduling(policy);
    let worker = hub.join("w");
    assert_eq!(worker.poll(&hub, 4, &[]).unwrap().start.len(), 3);
    assert_eq!(hub.owner_loads().unwrap()["ada"], 3);
}

#[test]
fn a_failure_binds_an_experiment_to_no_class() {
    let hub = TestHub::new();
    let same = Draft {
        device_class: "same".to_owned(),
        ..draft(3)
    };
    submit(&hub, "ada", &same);
    let odd = join_with_class(&hub, "odd", Some(ODD));
    let order = odd.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(1))).unwrap();
    let usual = join_with_class(&hub, "usual", Some(AVX2));
    assert_eq!(take(&hub, &usual, 1).len(), 1);
    assert_eq!(odd.poll(&hub, 1, &[]).unwrap().start, []);
}

#[test]
fn a_person_lets_go_of_a_device_class() {
    let hub = TestHub::new();
    let same = Draft {
        device_class: "same".to_owned(),
        ..draft(3)
    };
    let family = submit(&hub, "ada", &same);
    let stranger = join_with_class(&hub, "stranger", Some(ODD));
    finish(&hub, &stranger.take(&hub), completed(1.0)).unwrap();
    hub.remove_worker(stranger.id()).unwrap();
    let usual = join_with_class(&hub, "usual", Some(AVX2));
    assert_eq!(usual.poll(&hub, 1, &[]).unwrap().start, []);
    assert_eq!(hub.release_class(family).unwrap().kept_class(), None);
    assert_eq!(usual.poll(&hub, 1, &[]).unwrap().start.len(), 1);
    let kept = hub.family_detail(family).unwrap().family;
    assert_eq!(kept.kept_class(), Some(AVX2));
    let anywhere = submit(&hub, "ada", &draft(1));
    let refused = hub.release_class(anywhere);
    assert!(matches!(refused, Err(HubError::Conflict(_))), "{refused:?}");
}

#[test]
fn a_class_that_no_probe_names_is_none() {
    let hub = TestHub::new();
    let same = Draft {
        device_class: "same".to_owned(),
        ..draft(1)
    };
    let family = submit(&hub, "ada", &same);
    for name in ["mine", "0dd0dd0dd0dd0ddx", ""] {
        let worker = join_with_class(&hub, "w", Some(name));
        assert_eq!(worker.poll(&hub, 1, &[]).unwrap().start, [], "{name}");
    }
    let obstacle = hub.family_detail(family).unwrap().obstacle;
    assert_eq!(obstacle, "no worker that is online has a device class");
}

#[test]
fn an_end_wakes_one_where_its_owner_stood_at_a_quota_and_else_nobody() {
    let hub = TestHub::new();
    submit(&hub, "ada", &draft(9));
    let quota = |of: u32| {
        let mut policy = Policy::default();
        let terms = Terms {
            share: 1,
            running_max: Some(of),
        };
        policy.owners.insert("ada".to_owned(), terms);
        policy
    };
    let check = |most: u32, expected: usize| {
        hub.use_scheduling(quota(most));
        let worker = hub.join(&format!("w{most}"));
        let order = worker.take(&hub);
        let signal = hub.work_signal();
        let mut waiting: Vec<_> = (0..5).map(|_| Box::pin(signal.notified())).collect();
        let mut woken = |expected: bool| {
            let woken = waiting.iter_mut().map(|one| one.as_mut().enable());
            woken.filter(|woken| *woken == expected).count()
        };
        assert_eq!(woken(true), 0);
        finish(&hub, &order, completed(1.0)).unwrap();
        assert_eq!(woken(true), expected, "a quota of {most}");
    };
    check(5, 0);
    check(1, 1);
}

#[test]
fn owners_whose_workers_are_long_gone_do_not_keep_a_poison_task_alive() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    begin_other(&hub);
    hub.world.advance(Duration::from_hours(25));
    for name in ["one", "two"] {
        let order = hub.join(name).take(&hub);
        start(&hub, &order).unwrap();
        fall_silent(&hub);
    }
    assert_eq!(hub.states(family), "f");
}

#[test]
fn a_page_says_what_its_own_task_waits_for() {
    let hub = TestHub::new();
    let text = "name: x\ntasks:\n  little: {command: 'true', needs: small}\n  \
                much: {command: 'true', needs: large}\n";
    let file = FileText {
        text: text.to_owned(),
        ..FileText::default()
    };
    let (id, _) = hub.submit_text(&file, "ada").unwrap();
    let worker = hub.join("w");
    let filter = cupola_hub::tasks::Filter {
        experiment: Some(id),
        limit: 10,
        ..Default::default()
    };
    let tasks = hub.list_tasks(filter).unwrap().tasks;
    let obstacle = |at: usize| hub.task_detail(tasks[at].id).unwrap().obstacle;
    assert_eq!(obstacle(0), "");
    assert!(obstacle(1).contains("1 GPU"), "{}", obstacle(1));
    hub.drain_worker(worker.id(), Some("op")).unwrap();
    assert_eq!(obstacle(0), "every worker that could take it is drained");
    let resting = hub.join("resting");
    let beat = Beat {
        paused: Some(Paused {
            why: "not now".to_owned(),
            until: None,
        }),
        ..Beat::default()
    };
    hub.take_heartbeat(hub.token, resting.id(), &resting.session, &beat)
        .unwrap();
    let both = "every worker that could take it is drained or paused";
    assert_eq!(obstacle(0), both);
    hub.remove_worker(worker.id()).unwrap();
    let paused = "every worker that could take it is paused by its owner";
    assert_eq!(obstacle(0), paused);
    hub.join("ready");
    assert_eq!(obstacle(0), "");
}

#[test]
fn what_comes_back_late_from_another_class_counts_no_more() {
    let hub = TestHub::new();
    let same = Draft {
        device_class: "same".to_owned(),
        ..draft(3)
    };
    submit(&hub, "ada", &same);
    let avx2 = join_with_class(&hub, "one", Some(AVX2));
    let lost = avx2.take(&hub);
    start(&hub, &lost).unwrap();
    hub.world.advance(Duration::from_secs(31));
    loops::leases::tick(&hub).unwrap();
    // The lost task would be the first: another class takes it and the next.
    let avx512 = join_with_class(&hub, "two", Some(AVX512));
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
