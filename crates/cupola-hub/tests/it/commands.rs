//! What people and workers ask of a hub, one sentence each.

use std::time::Duration;

use cupola_domain::{
    counts::State,
    resources::Capabilities,
    run::{Failure, RunState},
    sandbox::Confinement,
};
use cupola_hub::{
    HubError,
    logs::LogQuery,
    loops,
    work::{Order, Orders, Report},
};

use crate::support::{
    TestHub, TestWorker, completed, draft, failed, finish, held, laptop, start, task_of,
};

fn refused(result: Result<impl std::fmt::Debug, HubError>) -> &'static str {
    match result.unwrap_err() {
        HubError::NotFound { .. } => "not found",
        HubError::Invalid(_) => "invalid",
        HubError::Conflict(_) => "conflict",
        HubError::Taken(_) => "taken",
        HubError::Rival(_) => "rival",
        HubError::StaleLease(_) => "stale",
        HubError::Forbidden(_) => "forbidden",
        HubError::Unauthorized(_) => "unauthorized",
        HubError::Unavailable(_) => "unavailable",
        HubError::TooLarge(_) => "too large",
        HubError::NoSpace(_) => "no space",
        HubError::Internal(_) => "internal",
    }
}

#[test]
fn a_brief_becomes_a_family_with_seeds_from_42_and_falling_priorities() {
    let hub = TestHub::new();
    let detail = hub.submit_brief(&draft(3), "ada").unwrap();
    assert_eq!(
        detail.family.name,
        format!("campaign-{}", detail.brief.id.short())
    );
    let filter = cupola_hub::tasks::Filter {
        experiment: Some(detail.family.id),
        limit: 9,
        ..Default::default()
    };
    let tasks = hub.list_tasks(filter).unwrap().tasks;
    let seeds: Vec<_> = tasks
        .iter()
        .map(|task| (task.seed, task.priority))
        .collect();
    assert_eq!(seeds, [(42, 3), (43, 2), (44, 1)]);
}

#[test]
fn every_wrong_field_of_a_brief_is_named_at_once() {
    let hub = TestHub::new();
    let mut wrong = draft(0);
    wrong.template = "nope".into();
    wrong.sampler = "magic".into();
    let HubError::Invalid(errors) = hub.submit_brief(&wrong, "ada").unwrap_err() else {
        panic!("it is invalid")
    };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["num_tasks", "sampler", "template"]);

    let mut wrong = draft(1);
    wrong.space.insert("lr".into(), "log_uniform(1, 0)".into());
    wrong.space.insert("colour".into(), "choice(red)".into());
    let HubError::Invalid(errors) = hub.submit_brief(&wrong, "ada").unwrap_err() else {
        panic!("it is invalid")
    };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["space.colour", "space.lr"]);
}

#[test]
fn a_large_family_is_planned_in_steps() {
    let hub = TestHub::new();
    let family = hub.submit(12_000);
    assert_eq!(loops::campaigns::tick(&hub).unwrap(), 11_000);
    assert_eq!(
        hub.family_detail(family).unwrap().family.counts.pending,
        12_000
    );
}

#[test]
fn a_task_goes_from_lease_to_result() {
    let hub = TestHub::new();
    let family = hub.submit(2);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    assert_eq!(order.config()["seed"], 42);
    assert_eq!(order.config()["time_budget_seconds"], 10.0);
    assert_eq!(hub.states(family), "rp");
    start(&hub, &order).unwrap();
    finish(&hub, &order, completed(3.5)).unwrap();
    assert_eq!(hub.states(family), "cp");
    let summary = &hub.family_detail(family).unwrap().analysis.summary;
    assert_eq!(summary.best.unwrap().value, 3.5);
}

#[test]
fn a_repeated_result_changes_nothing_and_is_answered_the_same() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let first = finish(&hub, &order, completed(3.5)).unwrap();
    let again = finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(first, again);
    assert_eq!(
        hub.family_detail(family)
            .unwrap()
            .analysis
            .summary
            .best
            .unwrap()
            .value,
        3.5
    );
}

#[test]
fn an_answer_that_got_lost_is_given_again() {
    let hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let again = worker.take(&hub);
    assert_eq!((order.run.id, order.lease), (again.run.id, again.lease));
    assert!(worker.poll(&hub, 1, &[held(&order)]).unwrap().is_empty());
}

#[test]
fn a_silent_worker_loses_its_run_to_another() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let (silent, other) = (hub.join("silent"), hub.join("other"));
    let lost = silent.take(&hub);
    hub.world.advance(Duration::from_secs(31));
    assert_eq!(loops::leases::tick(&hub).unwrap(), 1);
    assert_eq!(hub.states(family), "p");
    let order = other.take(&hub);
    assert_eq!((order.run.attempt, order.lease.epoch), (2, 2));
    assert_eq!(refused(finish(&hub, &lost, completed(1.0))), "stale");
    let orders = silent.heartbeat(&hub, &[held(&lost)]).unwrap();
    assert_eq!(orders.abandon, [held(&lost)]);
    finish(&hub, &order, completed(2.0)).unwrap();
    assert_eq!(
        hub.family_detail(family)
            .unwrap()
            .analysis
            .summary
            .best
            .unwrap()
            .value,
        2.0
    );
}

/// Heartbeats for so long, with all that is due in between.
fn beat_on(hub: &TestHub, worker: &TestWorker, order: &Order, minutes: u64) -> Orders {
    let mut said = Orders::default();
    for _ in 0..minutes * 3 {
        hub.world.advance(Duration::from_secs(20));
        loops::leases::tick(hub).unwrap();
        said = worker.heartbeat(hub, &[held(order)]).unwrap();
    }
    said
}

#[test]
fn who_is_asked_to_stop_and_only_says_that_it_lives_holds_nothing_for_ever() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("hostile");
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    hub.cancel_family(family).unwrap();
    assert_eq!(beat_on(&hub, &worker, &order, 9).cancel, [held(&order)]);
    // Whatever it says of it.
    start(&hub, &order).ok();
    assert_eq!(beat_on(&hub, &worker, &order, 2).abandon, [held(&order)]);
    let task = task_of(&hub, order.run.id);
    let ended = hub.task_detail(task).unwrap().task.state.word();
    assert_eq!(ended, State::Cancelled);
}

#[test]
fn who_has_a_run_for_an_hour_longer_than_its_program_may_take_loses_it() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("hanging");
    let order = worker.take(&hub);
    let minutes = 60 + order.hard_deadline().as_secs() / 60;
    beat_on(&hub, &worker, &order, minutes - 1);
    assert_eq!(hub.states(family), "r");
    hub.world.advance(Duration::from_mins(2));
    loops::leases::tick(&hub).unwrap();
    assert_eq!(hub.states(family), "p");
    assert_eq!(hub.join("other").take(&hub).run.attempt, 2);
}

#[test]
fn a_late_result_counts_while_nobody_else_has_the_task() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    hub.world.advance(Duration::from_secs(31));
    loops::leases::tick(&hub).unwrap();
    finish(&hub, &order, completed(2.0)).unwrap();
    assert_eq!(hub.states(family), "c");
}

#[test]
fn a_worker_that_comes_back_in_time_goes_on() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    hub.world.advance(Duration::from_secs(31));
    loops::leases::tick(&hub).unwrap();
    assert!(worker.heartbeat(&hub, &[held(&order)]).unwrap().is_empty());
    assert_eq!(hub.states(family), "r");
    hub.world.advance(Duration::from_secs(29));
    assert_eq!(loops::leases::tick(&hub).unwrap(), 0);
}

#[test]
fn a_task_that_keeps_losing_workers_fails_in_the_end() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    for _ in 0..5 {
        hub.join("w").take(&hub);
        hub.world.advance(Duration::from_secs(31));
        loops::leases::tick(&hub).unwrap();
    }
    assert_eq!(hub.states(family), "f");
    assert!(hub.join("w").poll(&hub, 1, &[]).unwrap().is_empty());
}

#[test]
fn a_jump_of_the_wall_clock_expires_nothing() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    hub.join("w").take(&hub);
    hub.world.jump(3_600_000);
    loops::leases::tick(&hub).unwrap();
    hub.world.jump(-7 * 24 * 3_600_000);
    loops::leases::tick(&hub).unwrap();
    assert_eq!(hub.states(family), "r");
}

#[test]
fn a_failure_of_the_program_is_final_and_may_be_retried() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    finish(&hub, &order, failed(Failure::ExitCode(3))).unwrap();
    assert_eq!(hub.states(family), "f");
    let task = hub.retry_task(task_of(&hub, order.run.id)).unwrap();
    assert_eq!(refused(hub.retry_task(task.id)), "conflict");
    let order = worker.take(&hub);
    assert_eq!(order.run.attempt, 2);
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(hub.states(family), "c");
}

#[test]
fn what_could_not_be_prepared_is_tried_again_elsewhere() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let (broken, other) = (hub.join("broken"), hub.join("other"));
    let order = broken.take(&hub);
    let ending = failed(Failure::NotPrepared("no bundle".into()));
    finish(&hub, &order, ending).unwrap();
    assert_eq!(hub.states(family), "p");
    assert!(broken.poll(&hub, 1, &[]).unwrap().is_empty(), "it rests");
    assert_eq!(other.take(&hub).run.attempt, 2);
    hub.world.advance(Duration::from_secs(6));
    hub.submit(1);
    assert_eq!(
        broken.poll(&hub, 1, &[]).unwrap().start.len(),
        1,
        "it has rested"
    );
}

#[test]
fn what_fails_where_its_owner_lets_it_have_too_little_is_tried_elsewhere() {
    let hub = TestHub::new();
    let family = hub.submit(2);
    let (narrow, wide) = (hub.join("narrow"), hub.join("wide"));
    narrow.register_with(&hub, limited_to(Some(100))).unwrap();
    let order = narrow.take(&hub);
    // Who is let have more now began with less.
    narrow.register_with(&hub, laptop()).unwrap();
    finish(&hub, &order, failed(Failure::Signal(9))).unwrap();
    assert_eq!(hub.states(family), "pp");
    assert_eq!(
        hub.run_detail(order.run.id).unwrap().run.reason(),
        "could not be prepared: its worker's owner lets programs have 100 MiB of memory, \
         and the task was promised 1024 MiB; it ended: ended by signal 9"
    );
    assert!(narrow.poll(&hub, 1, &[]).unwrap().is_empty(), "it rests");
    // Where there is as much as was promised the task itself fails.
    let order = wide.take(&hub);
    finish(&hub, &order, failed(Failure::Signal(9))).unwrap();
    assert_eq!(hub.states(family).matches('f').count(), 1);
}

/// A machine whose owner lets programs have so many MiB, or all of its memory.
fn limited_to(mib: Option<u64>) -> Capabilities {
    Capabilities {
        confinement: Some(Confinement {
            level: "strict".to_owned(),
            network: false,
            reads: Vec::new(),
            memory_bytes: mib.map(|mib| mib << 20),
        }),
        ..laptop()
    }
}

#[test]
fn only_memory_that_its_owner_keeps_back_excuses_a_program() {
    let check = |mib: Option<u64>, failure: Failure, expected: &str| {
        let hub = TestHub::new();
        let family = hub.submit(1);
        let worker = hub.join("w");
        worker.register_with(&hub, limited_to(mib)).unwrap();
        let order = worker.take(&hub);
        // A machine of 1 GB has a little less than 1 GiB.
        let small = Capabilities {
            memory_bytes: 960 << 20,
            ..limited_to(mib)
        };
        worker.register_with(&hub, small).unwrap();
        finish(&hub, &order, failed(failure.clone())).unwrap();
        assert_eq!(hub.states(family), expected, "{mib:?} {failure:?}");
    };
    let said = |words: &str| Failure::Reported(words.to_owned());
    check(Some(100), Failure::Signal(9), "p");
    check(Some(100), said("MemoryError: 4 GiB"), "p");
    check(Some(100), said("the loss is not finite"), "f");
    check(Some(100), Failure::ExitCode(1), "f");
    check(Some(100), Failure::TimedOut, "f");
    check(Some(1024), Failure::Signal(9), "f");
    // Nobody keeps anything back.
    check(None, Failure::Signal(9), "f");
    check(None, Failure::ExitCode(1), "f");
}

#[test]
fn a_worker_gets_no_more_than_it_joined_for() {
    let hub = TestHub::new();
    hub.submit(30);
    let worker = hub.join("greedy");
    let mut holding = Vec::new();
    // Its four at a time, and so many in all that results may be on their way.
    for given in [4, 4, 4, 4, 0, 0] {
        let orders = worker.poll(&hub, u32::MAX, &holding).unwrap();
        assert_eq!(orders.start.len(), given);
        holding.extend(orders.start.iter().map(held));
    }
}

#[test]
fn a_worker_that_leaves_in_order_uses_up_no_attempts() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    for _ in 0..7 {
        let worker = hub.join("w");
        worker.take(&hub);
        hub.dismiss_worker(hub.token, worker.id(), &worker.session)
            .unwrap();
        assert_eq!(hub.states(family), "p");
    }
}

#[test]
fn a_run_is_not_lost_before_its_last_words() {
    let hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    worker.heartbeat(&hub, &[held(&order)]).unwrap();
    hub.world.advance(Duration::from_secs(7));
    let report = Report::default();
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    let said_at = hub.now();
    hub.world.advance(Duration::from_mins(5));
    loops::leases::tick(&hub).unwrap();
    let detail = hub.run_detail(order.run.id).unwrap();
    let RunState::Lost { lost_at, .. } = detail.run.state else {
        panic!("{:?}", detail.run.state);
    };
    assert_eq!(lost_at, said_at);
    // Its task waits, and is nobody's.
    assert_eq!(
        (detail.task.worker, detail.task.shown_worker()),
        (Some(worker.id()), None)
    );
}

#[test]
fn a_brief_may_be_more_urgent_than_others_of_its_owner() {
    let hub = TestHub::new();
    let usual = hub.submit(1);
    let draft = cupola_domain::brief::Draft {
        priority: "5".to_owned(),
        ..draft(1)
    };
    let urgent = hub.submit_brief(&draft, "ada").unwrap();
    assert_eq!(urgent.brief.wanted.priority, 5);
    let worker = hub.join("w");
    let first = worker.take(&hub).task;
    assert_eq!((first.experiment, first.urgency), (urgent.family.id, 5));
    assert_eq!(hub.join("x").take(&hub).task.experiment, usual);
}

#[test]
fn what_a_program_says_may_hold_anything() {
    let hub = TestHub::new();
    let family = hub.submit(2);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let point = cupola_domain::metric::Point {
        step: 1,
        time_millis: 2,
        value: f64::NAN,
    };
    let mut report = Report {
        metrics: vec![("a\0b".into(), vec![point]), ("a\0b".into(), vec![point])],
        ..Report::default()
    };
    report.results.insert("\0".into(), "\0".into());
    report.progress = Some(
        cupola_domain::progress::Level::new(12.0, Some(10.0), "\0")
            .into_iter()
            .collect(),
    );
    hub.take_report(hub.token, order.run.id, order.lease, report)
        .unwrap();
    let ending = failed(Failure::BadOutput("a\0b".into()));
    let run = finish(&hub, &order, ending).unwrap();
    assert_eq!(
        run.state.reason(),
        "last line is not a result: `a\u{2400}b`"
    );
    assert_eq!(hub.states(family), "fp");
    assert!(
        hub.list_briefs("\0", 9, 0)
            .is_ok_and(|(found, _)| found.is_empty())
    );
}

#[test]
fn cancelling_reaches_every_running_task_of_a_large_family() {
    let hub = TestHub::new();
    let family = hub.submit(1_200);
    loops::campaigns::tick(&hub).unwrap();
    for _ in 0..300 {
        assert_eq!(hub.join("w").poll(&hub, 4, &[]).unwrap().start.len(), 4);
    }
    hub.cancel_family(family).unwrap();
    hub.world.advance(Duration::from_secs(31));
    loops::leases::tick(&hub).unwrap();
    assert_eq!(
        hub.family_detail(family).unwrap().family.counts.cancelled,
        1_200
    );
}

#[test]
fn a_lost_run_of_a_stopped_family_is_not_tried_again() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    hub.join("w").take(&hub);
    let brief = hub.family_detail(family).unwrap().brief.unwrap().id;
    hub.delete_brief(brief).unwrap();
    hub.world.advance(Duration::from_secs(31));
    loops::leases::tick(&hub).unwrap();
    assert_eq!(loops::retention::tick(&hub).unwrap(), 1);
    assert_eq!(hub.overview().unwrap().tasks.total(), 0);
}

#[test]
fn a_completed_run_without_its_metric_has_failed() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let mut ending = completed(1.0);
    ending.results.clear();
    let run = finish(&hub, &order, ending).unwrap();
    assert_eq!(run.state.word(), State::Failed);
    assert_eq!(hub.states(family), "f");
}

#[test]
fn a_diverged_run_completes_and_never_wins() {
    let hub = TestHub::new();
    let family = hub.submit(2);
    let worker = hub.join("w");
    for value in [f64::NAN, 4.0] {
        let order = worker.take(&hub);
        let mut ending = completed(0.0);
        ending
            .results
            .insert("val_bpb".into(), cupola_domain::metric::number_json(value));
        finish(&hub, &order, ending).unwrap();
    }
    let summary = &hub.family_detail(family).unwrap().analysis.summary;
    assert_eq!((summary.counted, summary.excluded_not_finite), (1, 1));
    assert_eq!(summary.best.unwrap().value, 4.0);
}

#[test]
fn a_simulated_result_never_wins() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let mut ending = completed(0.1);
    ending.provenance = cupola_domain::provenance::Provenance::Simulated;
    finish(&hub, &order, ending).unwrap();
    let detail = hub.family_detail(family).unwrap();
    assert_eq!(detail.analysis.summary.best, None);
    assert_eq!(hub.list_families("", 10, 0).unwrap().0[0].best, None);
}

#[test]
fn cancelling_asks_the_worker_and_waits_for_its_word() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    hub.cancel_run(order.run.id).unwrap();
    assert_eq!(hub.states(family), "r");
    let orders = worker.heartbeat(&hub, &[held(&order)]).unwrap();
    assert_eq!(orders.cancel, [held(&order)]);
    // Whoever asked first wins.
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(hub.states(family), "c");
    let task = task_of(&hub, order.run.id);
    assert_eq!(
        hub.task_detail(task).unwrap().task.state.word(),
        State::Cancelled
    );
    assert_eq!(refused(hub.cancel_task(task)), "conflict");
}

#[test]
fn cancelling_a_family_stops_all_that_is_left() {
    let hub = TestHub::new();
    let family = hub.submit(12_000);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    hub.cancel_family(family).unwrap();
    assert_eq!(
        loops::campaigns::tick(&hub).unwrap(),
        0,
        "nothing more is planned"
    );
    assert_eq!(
        worker.poll(&hub, 1, &[held(&order)]).unwrap().cancel,
        [held(&order)]
    );
    finish(&hub, &order, completed(1.0)).unwrap();
    let counts = hub.family_detail(family).unwrap().family.counts;
    assert_eq!((counts.cancelled, counts.total()), (1_000, 1_000));
}

#[test]
fn a_deleted_brief_goes_with_all_it_made() {
    let hub = TestHub::new();
    let brief = hub.submit_brief(&draft(300), "ada").unwrap().brief.id;
    let kept = hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    hub.delete_brief(brief).unwrap();
    assert_eq!(refused(hub.brief_detail(brief)), "not found");
    assert_eq!(
        hub.list_tasks(cupola_hub::tasks::Filter {
            limit: 9,
            ..Default::default()
        })
        .unwrap()
        .tasks
        .len(),
        1
    );
    finish(&hub, &order, completed(1.0)).unwrap();
    assert!(loops::retention::tick(&hub).unwrap() >= 300);
    assert_eq!(loops::retention::tick(&hub).unwrap(), 0);
    assert_eq!(refused(hub.run_detail(order.run.id)), "not found");
    assert_eq!(hub.overview().unwrap().tasks.total(), 1);
    assert_eq!(hub.states(kept), "p");
}

#[test]
fn reports_are_taken_once_and_in_order() {
    let hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let report = |seq: i64, text: &str| Report {
        seq,
        log: vec![cupola_hub::work::LogPiece {
            stream: "stdout".into(),
            at: hub.now(),
            bytes: text.as_bytes().to_vec(),
            omitted: 0,
        }],
        ..Report::default()
    };
    let send = |report| hub.take_report(hub.token, order.run.id, order.lease, report);
    send(report(0, "one\ntwo\n")).unwrap();
    send(report(0, "one\ntwo\n")).unwrap();
    assert_eq!(refused(send(report(2, "four\n"))), "conflict");
    send(report(1, "three\n")).unwrap();
    let log = hub.run_log(order.run.id, LogQuery::default()).unwrap();
    let lines: Vec<_> = log
        .lines
        .iter()
        .map(|line| (line.number, line.text.as_str()))
        .collect();
    assert_eq!(lines, [(1, "one"), (2, "two"), (3, "three")]);
    assert_eq!(
        (log.levels.total(), log.bytes_total, log.is_complete()),
        (3, 14, false)
    );
    finish(&hub, &order, completed(1.0)).unwrap();
    assert_eq!(refused(send(report(2, "late\n"))), "stale");
}

#[test]
fn a_worker_may_only_speak_for_itself() {
    let hub = TestHub::new();
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    let (_, thief) = hub
        .create_token("thief", cupola_domain::access::Role::Worker, None)
        .unwrap();
    let stolen = hub.finish_run(thief.id, order.run.id, order.lease, completed(0.0));
    assert_eq!(refused(stolen), "forbidden");
    assert_eq!(
        refused(hub.renew_leases(thief.id, worker.id(), &worker.session, &[])),
        "forbidden"
    );
}

#[test]
fn a_second_start_of_a_worker_takes_the_place_of_the_first() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let mut worker = hub.join("w");
    let before = worker.clone();
    worker.take(&hub);
    hub.world.advance(Duration::from_secs(1));
    worker.start(&hub);
    assert_eq!(
        hub.states(family),
        "p",
        "the programs of the first start are gone"
    );
    assert_eq!(refused(before.poll(&hub, 1, &[])), "conflict");
    assert_eq!(worker.take(&hub).run.attempt, 2);
}

#[test]
fn a_worker_that_says_goodbye_leaves_its_work_to_others() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    worker.take(&hub);
    hub.dismiss_worker(hub.token, worker.id(), &worker.session)
        .unwrap();
    assert_eq!(hub.states(family), "p");
    let row = &hub.list_workers().unwrap()[0];
    assert_eq!(row.presence, cupola_domain::worker::Presence::Offline);
}

#[test]
fn a_removed_worker_is_shut_out() {
    let hub = TestHub::new();
    let family = hub.submit(1);
    let worker = hub.join("w");
    worker.take(&hub);
    hub.remove_worker(worker.id()).unwrap();
    assert_eq!(hub.states(family), "p");
    assert_eq!(refused(worker.poll(&hub, 1, &[])), "not found");
    assert_eq!(refused(worker.register(&hub)), "forbidden");
    assert!(hub.list_workers().unwrap().is_empty());
}

#[test]
fn what_does_not_fit_a_worker_is_not_offered_to_it() {
    let hub = TestHub::new();
    let mut wanted = draft(1);
    wanted.template = "char-lm-torch".into();
    hub.submit_brief(&wanted, "ada").unwrap();
    let worker = hub.join("no torch");
    assert!(worker.poll(&hub, 1, &[]).unwrap().is_empty());
    hub.submit(1);
    assert_eq!(worker.take(&hub).command.template, "char-lm");
}

#[test]
fn tokens_open_until_they_are_revoked_or_expire() {
    let hub = TestHub::new();
    let day = Some(Duration::from_hours(24));
    let (secret, token) = hub
        .create_token("ci", cupola_domain::access::Role::Viewer, day)
        .unwrap();
    assert!(secret.starts_with(&token.prefix) && secret.len() > token.prefix.len() + 20);
    assert_eq!(hub.authenticate(&secret).unwrap().token, token.id);
    assert_eq!(
        refused(hub.authenticate("cupola_viewer_wrong")),
        "unauthorized"
    );
    hub.world.advance(Duration::from_hours(25));
    assert_eq!(refused(hub.authenticate(&secret)), "unauthorized");

    let (secret, token) = hub
        .create_token("ci", cupola_domain::access::Role::Viewer, None)
        .unwrap();
    let cookie = hub.log_in(&secret).unwrap();
    assert!(hub.authenticate_session(&cookie).is_ok());
    hub.revoke_token(token.id).unwrap();
    assert_eq!(refused(hub.authenticate(&secret)), "unauthorized");
    assert_eq!(refused(hub.authenticate_session(&cookie)), "unauthorized");
}

#[test]
fn a_login_link_opens_once() {
    let hub = TestHub::new();
    assert!(
        hub.create_first_token(None).unwrap().is_none(),
        "there is a token already"
    );
    hub.create_first_token(Some("a-preset-secret-for-scripts"))
        .unwrap();
    let code = hub
        .create_admin_login_code()
        .unwrap()
        .expect("there is an administrator");
    let cookie = hub.log_in_by_code(&code).unwrap();
    assert_eq!(
        hub.authenticate_session(&cookie).unwrap().role.as_str(),
        "admin"
    );
    assert_eq!(refused(hub.log_in_by_code(&code)), "unauthorized");
    hub.log_out(&cookie).unwrap();
    assert_eq!(refused(hub.authenticate_session(&cookie)), "unauthorized");
}
