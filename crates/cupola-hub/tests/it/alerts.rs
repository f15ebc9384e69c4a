//! Alerts: what rules find while hours pass, who is told how often, and that nothing is missed when a hub
//! is killed in between.

use std::{collections::BTreeSet, time::Duration};

use cupola_domain::{
    alert::{AlertWord, DeliveryState, Sending, Subject, TargetKind},
    experiment::{Experiment, Origin},
    ids::{AlertRuleId, DeliveryId, RunId},
    metric::Point,
    provenance::Provenance,
    run::{Failure, Outcome},
    telemetry::Sample,
};
use cupola_hub::{
    Hub, HubError,
    alerts::{NewRule, NewTarget, Outgoing},
    logged::{LoggedBatch, NewLogged},
    loops,
};
use cupola_search::rng::Rng;

use crate::support::{Below as _, TestHub, completed, failed, finish, start};

/// A look is taken this often.
const LOOK: Duration = Duration::from_secs(5);

fn look(hub: &TestHub) -> usize {
    loops::alerts::tick(hub).unwrap()
}

/// Time passes, with a look at each period.
fn wait(hub: &TestHub, span: Duration) {
    for _ in 0..span.as_secs() / LOOK.as_secs() {
        hub.world.advance(LOOK);
        look(hub);
    }
}

fn rule(hub: &Hub, name: &str, condition: &str, targets: &[&str]) -> AlertRuleId {
    let new = NewRule {
        name: name.to_owned(),
        condition: condition.to_owned(),
        repeat_mins: None,
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
    };
    hub.create_alert_rule(new, "ada").unwrap().id
}

fn target(hub: &Hub, name: &str) {
    let new = NewTarget {
        name: name.to_owned(),
        kind: TargetKind::Webhook,
        address: "https://hooks.example/SECRET".to_owned(),
        key: None,
    };
    hub.create_alert_target(new, "root").unwrap();
}

fn experiment(hub: &Hub) -> Experiment {
    hub.create_logged_experiment("moons", Origin::Mlflow, "mlflow", Vec::new(), "ada")
        .unwrap()
}

fn open_run(hub: &Hub, experiment: &Experiment, team: &str) -> RunId {
    let new = NewLogged {
        experiment: experiment.id,
        name: String::new(),
        started_at: None,
        params: Vec::new(),
        tags: vec![("team".to_owned(), team.to_owned())],
        provenance: Provenance::Measured,
    };
    hub.open_logged_run(new).unwrap().id
}

fn measure(hub: &Hub, run: RunId, name: &str, step: i64, value: f64) {
    let point = Point {
        step,
        // A clock that nobody trusts.
        time_millis: 7,
        value,
    };
    let batch = LoggedBatch {
        points: vec![(name.to_owned(), vec![point])],
        ..LoggedBatch::default()
    };
    hub.log_to_run(run, batch).unwrap();
}

/// The states of a rule's alerts that are not resolved, and how many times each came back.
fn unresolved(hub: &Hub, rule: AlertRuleId) -> Vec<(AlertWord, u32)> {
    let all = hub.alerting().unwrap().unresolved;
    let own = all.iter().filter(|alert| alert.rule == rule);
    own.map(|alert| (alert.state.word(), alert.reopened))
        .collect()
}

fn due(hub: &Hub) -> Vec<Outgoing> {
    hub.due_alert_deliveries(100).unwrap()
}

fn take(hub: &Hub) -> Vec<String> {
    let taken = due(hub).into_iter().map(|outgoing| {
        hub.settle_alert_delivery(outgoing.delivery.id, Sending::Taken)
            .unwrap();
        outgoing.message.title()
    });
    taken.collect()
}

/// Something of every kind, for a copy of the store.
pub(crate) fn fill(hub: &TestHub) {
    target(hub, "ops");
    rule(hub, "odd", "metric odd >= 0", &["ops"]);
    rule(
        hub,
        "broken",
        "run failed where params.said = 0.1",
        &["ops"],
    );
    look(hub);
    assert_eq!(due(hub).len(), 1);
}

#[test]
fn a_run_that_fails_is_told_once_to_each_target() {
    let hub = TestHub::new();
    target(&hub, "ops");
    target(&hub, "lab");
    let rule = rule(&hub, "broken", "run failed", &["ops", "lab"]);
    look(&hub);
    hub.submit(2);
    let worker = hub.join("w");
    for outcome in [failed(Failure::ExitCode(3)), completed(0.5)] {
        let order = worker.take(&hub);
        start(&hub, &order).unwrap();
        finish(&hub, &order, outcome).unwrap();
    }
    look(&hub);
    let alerts = hub.alerting().unwrap().unresolved;
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].text, "failed: exit code: 3");
    assert!(alerts[0].label.ends_with(", task 0"), "{}", alerts[0].label);
    let told: BTreeSet<String> = due(&hub).into_iter().map(|out| out.target.name).collect();
    assert_eq!(told, ["lab", "ops"].map(str::to_owned).into());
    look(&hub);
    wait(&hub, Duration::from_mins(20));
    assert_eq!(due(&hub).len(), 2);
    assert_eq!(unresolved(&hub, rule), [(AlertWord::Open, 0)]);
}

#[test]
fn an_end_that_nobody_looked_at_is_found_by_the_next_hub_and_only_once() {
    let mut hub = TestHub::new();
    target(&hub, "ops");
    let rule = rule(&hub, "broken", "run failed", &["ops"]);
    look(&hub);
    let experiment = experiment(&hub);
    let run = open_run(&hub, &experiment, "a");
    let failure = Outcome::Failed(Failure::Reported("out of memory".to_owned()));
    hub.close_logged_run(run, failure, None).unwrap();
    hub.restart();
    assert_eq!(look(&hub), 1);
    hub.restart();
    assert_eq!(look(&hub), 0);
    assert_eq!(unresolved(&hub, rule).len(), 1);
    assert_eq!(due(&hub).len(), 1);
}

#[test]
fn what_failed_before_a_rule_was_made_is_none_of_its_business() {
    let hub = TestHub::new();
    let experiment = experiment(&hub);
    let run = open_run(&hub, &experiment, "a");
    hub.close_logged_run(run, Outcome::Failed(Failure::TimedOut), None)
        .unwrap();
    hub.world.advance(Duration::from_secs(1));
    let rule = rule(&hub, "broken", "run failed", &[]);
    look(&hub);
    assert_eq!(unresolved(&hub, rule), []);
}

#[test]
fn many_failures_become_one_message_and_none_is_missed() {
    let hub = TestHub::new();
    target(&hub, "ops");
    let rule = rule(&hub, "broken", "run failed where tags.team = a", &["ops"]);
    look(&hub);
    let experiment = experiment(&hub);
    for number in 0..1_203 {
        let run = open_run(&hub, &experiment, if number % 3 == 0 { "b" } else { "a" });
        hub.close_logged_run(run, Outcome::Failed(Failure::Lost), None)
            .unwrap();
    }
    assert_eq!(look(&hub), 802);
    assert_eq!(unresolved(&hub, rule).len(), 802);
    assert_eq!(take(&hub), ["broken: 50 open and 752 more"]);
}

#[test]
fn a_later_attempt_that_completes_resolves_what_failed() {
    let hub = TestHub::new();
    let rule = rule(&hub, "broken", "run failed", &[]);
    look(&hub);
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    finish(&hub, &order, failed(Failure::BadOutput("x".to_owned()))).unwrap();
    look(&hub);
    assert_eq!(unresolved(&hub, rule).len(), 1);
    let detail = hub.run_detail(order.run.id).unwrap();
    if detail.task.state.word().is_terminal() {
        hub.retry_task(detail.task.id).unwrap();
    }
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    finish(&hub, &order, completed(0.5)).unwrap();
    look(&hub);
    assert_eq!(unresolved(&hub, rule), []);
    let past = hub.alerting().unwrap().past;
    assert_eq!(past[0].change.text, "a later attempt completed");
}

#[test]
fn a_threshold_opens_after_its_time_and_its_end_is_told_once() {
    let hub = TestHub::new();
    target(&hub, "ops");
    let rule = rule(
        &hub,
        "diverged",
        "metric loss > 10 for 1m where tags.team = a",
        &["ops"],
    );
    let experiment = experiment(&hub);
    let (ours, theirs) = (
        open_run(&hub, &experiment, "a"),
        open_run(&hub, &experiment, "b"),
    );
    for run in [ours, theirs] {
        measure(&hub, run, "loss", 1, 12.0);
    }
    wait(&hub, Duration::from_mins(1));
    assert_eq!(unresolved(&hub, rule), []);
    wait(&hub, Duration::from_secs(10));
    assert_eq!(unresolved(&hub, rule), [(AlertWord::Open, 0)]);
    assert_eq!(take(&hub), ["diverged: moons, task 0, open"]);
    measure(&hub, ours, "loss", 2, 3.0);
    wait(&hub, Duration::from_mins(10));
    assert_eq!(take(&hub), ["diverged: moons, task 0, resolved"]);
    assert_eq!(hub.alerting().unwrap().past[0].change.text, "it is 3 again");
    wait(&hub, Duration::from_mins(10));
    assert_eq!(due(&hub), []);
}

#[test]
fn what_comes_and_goes_is_told_no_more_often_than_the_rule_says() {
    let hub = TestHub::new();
    target(&hub, "ops");
    let rule = rule(&hub, "high", "metric x > 10", &["ops"]);
    let experiment = experiment(&hub);
    let run = open_run(&hub, &experiment, "a");
    for step in 0..60 {
        measure(&hub, run, "x", step, if step % 2 == 0 { 11.0 } else { 9.0 });
        wait(&hub, LOOK * 2);
    }
    // Ten minutes: at once, after five minutes, and after ten.
    let told = take(&hub);
    assert!((2..=3).contains(&told.len()), "{told:?}");
    let came_back = hub.list_alerts().unwrap()[0].0.reopened;
    assert_eq!((came_back, unresolved(&hub, rule).len()), (29, 0));
}

#[test]
fn the_news_of_a_rule_wait_for_each_other() {
    let hub = TestHub::new();
    target(&hub, "ops");
    rule(&hub, "high", "metric x > 10", &["ops"]);
    let experiment = experiment(&hub);
    for step in 0..4 {
        let run = open_run(&hub, &experiment, "a");
        measure(&hub, run, "x", step, 11.0);
        wait(&hub, LOOK);
    }
    assert_eq!(take(&hub), ["high: moons, task 0, open"]);
    wait(&hub, Duration::from_mins(6));
    assert_eq!(take(&hub), ["high: 3 open"]);
}

#[test]
fn a_change_silence_and_the_end_of_a_run_are_seen() {
    let hub = TestHub::new();
    let jump = rule(&hub, "jump", "change loss +50% in 1m", &[]);
    let silent = rule(&hub, "silent", "no data 2m", &[]);
    let nan = rule(&hub, "nan", "metric loss is nan", &[]);
    let experiment = experiment(&hub);
    let run = open_run(&hub, &experiment, "a");
    measure(&hub, run, "loss", 1, 1.0);
    wait(&hub, LOOK * 2);
    measure(&hub, run, "loss", 2, 1.6);
    wait(&hub, LOOK);
    assert_eq!(unresolved(&hub, jump).len(), 1);
    wait(&hub, Duration::from_mins(3));
    assert_eq!(
        (unresolved(&hub, jump), unresolved(&hub, silent).len()),
        (vec![], 1)
    );
    measure(&hub, run, "loss", 3, f64::NAN);
    wait(&hub, LOOK);
    assert_eq!(
        (unresolved(&hub, silent), unresolved(&hub, nan).len()),
        (vec![], 1)
    );
    hub.close_logged_run(run, Outcome::Completed, None).unwrap();
    look(&hub);
    assert_eq!(unresolved(&hub, nan), []);
    let past = hub.alerting().unwrap().past;
    assert_eq!(past[0].change.text, "the run has ended");
}

#[test]
fn a_worker_that_falls_silent_is_gone_and_one_that_says_goodbye_is_not() {
    let hub = TestHub::new();
    let rule = rule(&hub, "gone", "worker gone 5m", &[]);
    let (stays, leaves) = (hub.join("stays"), hub.join("leaves"));
    hub.dismiss_worker(hub.token, leaves.id(), &leaves.session)
        .unwrap();
    wait(&hub, Duration::from_mins(6));
    let alerts = hub.alerting().unwrap().unresolved;
    let seen: Vec<_> = alerts.iter().map(|alert| alert.label.as_str()).collect();
    assert_eq!(seen, ["stays"]);
    stays.heartbeat(&hub, &[]).unwrap();
    look(&hub);
    assert_eq!(unresolved(&hub, rule), []);
}

#[test]
fn an_alert_is_acknowledged_by_somebody_and_closed_only_where_nothing_lasts() {
    let hub = TestHub::new();
    let high = rule(&hub, "high", "metric x > 10", &[]);
    let broken = rule(&hub, "broken", "run failed", &[]);
    look(&hub);
    let experiment = experiment(&hub);
    let (bad, high_run) = (
        open_run(&hub, &experiment, "a"),
        open_run(&hub, &experiment, "a"),
    );
    measure(&hub, high_run, "x", 1, 11.0);
    hub.close_logged_run(bad, Outcome::Failed(Failure::TimedOut), None)
        .unwrap();
    look(&hub);
    assert_eq!(hub.count_open_alerts().unwrap(), 2);
    let alert_of = |rule| {
        let all = hub.alerting().unwrap().unresolved;
        all.into_iter().find(|alert| alert.rule == rule).unwrap()
    };
    let lasts = alert_of(high);
    assert_eq!(lasts.subject, Subject::Run(high_run));
    hub.acknowledge_alert(lasts.id, "grace").unwrap();
    let refused = hub.acknowledge_alert(lasts.id, "ada").unwrap_err();
    assert_eq!(refused.to_string(), "the alert is acknowledged already");
    let refused = hub.resolve_alert(lasts.id, "ada").unwrap_err();
    assert!(matches!(refused, HubError::Conflict(_)), "{refused}");
    look(&hub);
    assert_eq!(unresolved(&hub, high), [(AlertWord::Acknowledged, 0)]);
    hub.resolve_alert(alert_of(broken).id, "ada").unwrap();
    assert_eq!(
        (unresolved(&hub, broken), hub.count_open_alerts().unwrap()),
        (vec![], 0)
    );
    let history = hub.alert_detail(lasts.id).unwrap().changes;
    let words: Vec<_> = history
        .iter()
        .map(|c| (c.word.as_str(), c.text.as_str()))
        .collect();
    assert_eq!(
        words,
        [("open", "x is 11 (> 10)"), ("acknowledged", "by grace")]
    );
}

#[test]
fn of_a_muted_rule_nobody_is_told_until_it_speaks_again() {
    let hub = TestHub::new();
    target(&hub, "ops");
    let rule = rule(&hub, "high", "metric x > 10", &["ops"]);
    hub.mute_alert_rule(rule, Some(Duration::from_mins(30)))
        .unwrap();
    let experiment = experiment(&hub);
    let (passing, lasting) = (
        open_run(&hub, &experiment, "a"),
        open_run(&hub, &experiment, "a"),
    );
    for run in [passing, lasting] {
        measure(&hub, run, "x", 1, 11.0);
    }
    wait(&hub, LOOK);
    measure(&hub, passing, "x", 2, 1.0);
    wait(&hub, Duration::from_mins(20));
    assert_eq!((due(&hub), unresolved(&hub, rule).len()), (vec![], 1));
    wait(&hub, Duration::from_mins(11));
    assert_eq!(take(&hub), ["high: moons, task 1, open"]);
}

#[test]
fn a_delivery_stays_due_until_somebody_says_how_it_went() {
    let mut hub = TestHub::new();
    target(&hub, "ops");
    let ops = hub.list_alert_targets().unwrap()[0].clone();
    hub.test_alert_target(ops.id).unwrap();
    let ids = |hub: &Hub| -> Vec<DeliveryId> {
        due(hub)
            .into_iter()
            .map(|outgoing| outgoing.delivery.id)
            .collect()
    };
    let first = ids(&hub);
    assert_eq!(first.len(), 1);
    // Killed after sending: the same delivery is due again.
    hub.restart();
    assert_eq!(ids(&hub), first);
    let failed = Sending::Failed("no route".to_owned());
    hub.settle_alert_delivery(first[0], failed).unwrap();
    assert_eq!(ids(&hub), []);
    hub.world.advance(Duration::from_secs(10));
    assert_eq!(ids(&hub), first);
    let refused = Sending::Refused("answered 404 Not Found".to_owned());
    hub.settle_alert_delivery(first[0], refused).unwrap();
    let last = hub.alerting().unwrap().deliveries.remove(0);
    assert!(matches!(last.delivery.state, DeliveryState::GivenUp { .. }));
    assert_eq!((last.delivery.attempts, last.address), (2, None));
    // A late word about what has ended changes nothing.
    hub.settle_alert_delivery(first[0], Sending::Taken).unwrap();
    assert_eq!(hub.next_alert_delivery().unwrap(), None);
}

#[test]
fn targets_of_the_configuration_follow_it() {
    let hub = TestHub::new();
    let wanted = |name: &str, address: &str| NewTarget {
        name: name.to_owned(),
        kind: TargetKind::Slack,
        address: address.to_owned(),
        key: None,
    };
    hub.configure_alert_targets(vec![wanted("a", "https://x/1"), wanted("b", "https://x/2")])
        .unwrap();
    let first = hub.list_alert_targets().unwrap();
    rule(&hub, "r", "run failed", &["a", "b"]);
    hub.configure_alert_targets(vec![wanted("b", "https://y/2")])
        .unwrap();
    let then = hub.list_alert_targets().unwrap();
    assert_eq!(
        (then.len(), then[0].id, then[0].shown.as_str()),
        (1, first[1].id, "https://y/…")
    );
    assert_eq!(hub.list_alert_rules().unwrap()[0].targets, [first[1].id]);
    let refused = hub.delete_alert_target(first[1].id).unwrap_err();
    assert!(refused.to_string().contains("configuration"), "{refused}");
    target(&hub, "mine");
    let refused = hub
        .configure_alert_targets(vec![wanted("mine", "https://y/2")])
        .unwrap_err();
    assert!(
        refused.to_string().contains("root made one of that name"),
        "{refused}"
    );
    assert_eq!(hub.list_alert_targets().unwrap().len(), 2);
}

#[test]
fn what_is_wrong_with_a_rule_or_a_target_is_named() {
    let hub = TestHub::new();
    let new = NewRule {
        name: " ".to_owned(),
        condition: "metric loss > much".to_owned(),
        repeat_mins: Some(1 << 60),
        targets: Vec::new(),
    };
    let HubError::Invalid(wrong) = hub.create_alert_rule(new, "ada").unwrap_err() else {
        panic!("it is invalid");
    };
    let fields: Vec<_> = wrong.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["name", "condition", "repeat_mins"]);
    assert!(
        wrong[1]
            .message
            .starts_with("column 15: `much` is not a number")
    );
    rule(&hub, "r", "run failed", &[]);
    let again = |targets: &[&str]| NewRule {
        name: "r".to_owned(),
        condition: "run failed".to_owned(),
        repeat_mins: None,
        targets: targets.iter().map(|name| (*name).to_owned()).collect(),
    };
    let refused = hub.create_alert_rule(again(&[]), "ada").unwrap_err();
    assert!(
        refused.to_string().contains("the name of another rule"),
        "{refused}"
    );
    let weak = NewTarget {
        name: "t".to_owned(),
        kind: TargetKind::Webhook,
        address: "file:///etc/passwd".to_owned(),
        key: Some("short".to_owned()),
    };
    let HubError::Invalid(wrong) = hub.create_alert_target(weak, "root").unwrap_err() else {
        panic!("it is invalid");
    };
    let fields: Vec<_> = wrong.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["address", "secret"]);
}

/// A hub with runs whose values and ends come from a seed, restarted now and then.
fn simulate(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut hub = TestHub::with_seed(seed);
    target(&hub, "ops");
    let high = rule(&hub, "high", "metric x > 10", &["ops"]);
    let broken = rule(&hub, "broken", "run failed", &["ops"]);
    look(&hub);
    let experiment = experiment(&hub);
    let mut running: Vec<(RunId, f64)> = Vec::new();
    let mut failures = BTreeSet::new();
    for step in 0..150_i64 {
        match rng.below(10) {
            0..=2 => running.push((open_run(&hub, &experiment, "a"), 0.0)),
            3..=6 if !running.is_empty() => {
                let at = usize::try_from(rng.below(running.len() as u64)).unwrap();
                let value = f64::from(u32::try_from(rng.below(20)).unwrap());
                measure(&hub, running[at].0, "x", step, value);
                running[at].1 = value;
            }
            7 if !running.is_empty() => {
                let at = usize::try_from(rng.below(running.len() as u64)).unwrap();
                let (run, _) = running.swap_remove(at);
                let has_failed = rng.below(2) == 0;
                let outcome = if has_failed {
                    failures.insert(run.to_string());
                    Outcome::Failed(Failure::TimedOut)
                } else {
                    Outcome::Completed
                };
                hub.close_logged_run(run, outcome, None).unwrap();
            }
            8 => hub.restart(),
            _ => wait(&hub, LOOK * 3),
        }
    }
    hub.restart();
    wait(&hub, Duration::from_mins(6));
    let expected = running.iter().filter(|(_, value)| *value > 10.0).count();
    assert_eq!(unresolved(&hub, high).len(), expected, "seed {seed}");
    let all = hub.list_alerts().unwrap();
    let broken = all.iter().filter(|(alert, _)| alert.rule == broken);
    let told: BTreeSet<String> = broken
        .map(|(alert, _)| alert.subject.to_string().replace("run:", ""))
        .collect();
    assert_eq!(told, failures, "seed {seed}");
    assert!(all.iter().all(|(alert, _)| !alert.is_news), "seed {seed}");
    // A rule's messages are as far apart as it says.
    let mut times: Vec<_> = due(&hub)
        .iter()
        .map(|out| (out.message.rule, out.message.at))
        .collect();
    times.sort_by_key(|(rule, at)| (*rule, *at));
    for pair in times.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        assert!(
            pair[1].1.since(pair[0].1) >= Duration::from_mins(5),
            "seed {seed}"
        );
    }
}

#[test]
fn whatever_happens_the_alerts_are_those_that_hold_and_no_failure_is_missed() {
    for seed in 1..=8 {
        simulate(seed);
    }
}

#[test]
fn what_workers_measure_is_watched_while_they_are_there() {
    let hub = TestHub::new();
    let rule = rule(&hub, "hot", "telemetry gpu.0.celsius > 85 for 20s", &[]);
    let worker = hub.join("kiln");
    let hot = |number: i64, celsius: f64| {
        let sample = Sample {
            number,
            age: Duration::ZERO,
            values: [("gpu.0.celsius".parse().unwrap(), celsius)].into(),
        };
        hub.take_telemetry(hub.token, worker.id(), &worker.session, vec![sample])
            .unwrap();
    };
    hot(0, 90.0);
    wait(&hub, Duration::from_secs(30));
    let alerts = hub.alerting().unwrap().unresolved;
    assert_eq!((alerts.len(), alerts[0].label.as_str()), (1, "kiln"));
    assert_eq!(alerts[0].text, "gpu.0.celsius is 90 (> 85 for 20s)");
    hot(1, 60.0);
    wait(&hub, LOOK);
    assert_eq!(unresolved(&hub, rule), []);
    hot(2, 90.0);
    wait(&hub, Duration::from_secs(30));
    assert_eq!(unresolved(&hub, rule), [(AlertWord::Open, 1)]);
    wait(&hub, Duration::from_mins(2));
    assert_eq!(unresolved(&hub, rule), []);
    let past = hub.alerting().unwrap().past;
    assert_eq!(past[0].change.text, "the worker measures nothing more");
}
