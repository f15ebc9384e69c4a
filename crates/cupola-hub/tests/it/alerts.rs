//! Alerts: what rules find while hours pass, who is told how often, and that nothing is missed when a hub
//! is killed in between.

use std::{collections::BTreeSet, time::Duration};

use cupola_domain::{
    alert::{Alert, AlertWord, DeliveryState, Sending, Subject, TargetKind},
    cost::Draft,
    experiment::{Experiment, Origin},
    ids::{AlertRuleId, DeliveryId, RunId},
    metric::Point,
    provenance::Provenance,
    run::{Failure, Outcome},
    telemetry::Sample,
};
use cupola_hub::{
    Hub, HubError,
    alerts::{HAPPENED_MAX, NewRule, NewTarget, Outgoing, TARGETS_MAX},
    logged::{LoggedBatch, NewLogged},
    loops,
};
use cupola_search::rng::Rng;

use crate::{
    costs::prices,
    support::{Below as _, TestHub, completed, failed, finish, held, start},
};

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

/// The alerts in some states, and how many there are.
fn listed(hub: &Hub, states: &[AlertWord]) -> (Vec<Alert>, u64) {
    let (found, total) = hub.list_alerts(states.to_vec(), (0, 1_000)).unwrap();
    (found.into_iter().map(|(alert, _)| alert).collect(), total)
}

fn fail(hub: &Hub, experiment: &Experiment) -> RunId {
    let run = open_run(hub, experiment, "a");
    let outcome = Outcome::Failed(Failure::TimedOut);
    hub.close_logged_run(run, outcome, None).unwrap();
    run
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

/// A task fails and its next attempt completes, with a look in between or not.
fn fail_and_make_good(looks_between: bool) {
    let hub = TestHub::new();
    let rule = rule(&hub, "broken", "run failed", &[]);
    look(&hub);
    hub.submit(1);
    let worker = hub.join("w");
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    finish(&hub, &order, failed(Failure::BadOutput("x".to_owned()))).unwrap();
    if looks_between {
        look(&hub);
        assert_eq!(unresolved(&hub, rule).len(), 1);
    }
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
fn a_later_attempt_that_completes_resolves_what_failed() {
    fail_and_make_good(true);
    fail_and_make_good(false);
}

#[test]
fn what_is_open_is_found_behind_any_number_of_later_ones() {
    let hub = TestHub::new();
    let high = rule(&hub, "high", "metric x > 10", &[]);
    let broken = rule(&hub, "broken", "run failed", &[]);
    look(&hub);
    let experiment = experiment(&hub);
    let run = open_run(&hub, &experiment, "a");
    measure(&hub, run, "x", 1, 11.0);
    wait(&hub, LOOK);
    for _ in 0..1_010 {
        fail(&hub, &experiment);
    }
    look(&hub);
    let alerting = hub.alerting().unwrap();
    assert_eq!(alerting.counts, (1_011, 0));
    assert_eq!(
        (alerting.by_rule[&high], alerting.by_rule[&broken]),
        (1, 1_010)
    );
    let refused = hub.resolve_alerts_of(high, "ada").unwrap_err();
    assert!(matches!(refused, HubError::Conflict(_)), "{refused}");
    assert_eq!(hub.resolve_alerts_of(broken, "ada").unwrap(), 1_010);
    assert_eq!(hub.resolve_alerts_of(broken, "ada").unwrap(), 0);
    let both = [AlertWord::Open, AlertWord::Acknowledged, AlertWord::Open];
    let (open, total) = listed(&hub, &both);
    assert_eq!((open.len(), total, open[0].rule), (1, 1, high));
    let (resolved, total) = listed(&hub, &[AlertWord::Resolved]);
    assert_eq!((resolved.len(), total), (1_000, 1_010));
    assert_eq!(resolved[0].state.reason(), "closed by ada");
    assert_eq!(hub.list_alerts(Vec::new(), (1_005, 50)).unwrap().0.len(), 6);
}

#[test]
fn of_very_many_failures_the_oldest_make_room() {
    let hub = TestHub::new();
    let rule = rule(&hub, "broken", "run failed", &[]);
    look(&hub);
    let experiment = experiment(&hub);
    let oldest = fail(&hub, &experiment);
    look(&hub);
    hub.world.advance(LOOK);
    for _ in 0..HAPPENED_MAX {
        fail(&hub, &experiment);
    }
    look(&hub);
    assert_eq!(hub.alerting().unwrap().by_rule[&rule], HAPPENED_MAX + 1);
    wait(&hub, Duration::from_mins(2));
    assert_eq!(hub.alerting().unwrap().by_rule[&rule], HAPPENED_MAX);
    let (resolved, _) = listed(&hub, &[AlertWord::Resolved]);
    assert_eq!(resolved.len(), 1);
    assert_eq!(resolved[0].subject, Subject::Run(oldest));
}

#[test]
fn alerts_of_runs_that_were_removed_are_over() {
    let hub = TestHub::new();
    let rule = rule(&hub, "broken", "run failed", &[]);
    look(&hub);
    let stays = experiment(&hub);
    let goes = hub
        .create_logged_experiment("suns", Origin::Mlflow, "mlflow", Vec::new(), "ada")
        .unwrap();
    let (kept, gone) = (fail(&hub, &stays), fail(&hub, &goes));
    look(&hub);
    assert_eq!(unresolved(&hub, rule).len(), 2);
    hub.delete_experiment(goes.id).unwrap();
    wait(&hub, Duration::from_mins(2));
    let left = hub.alerting().unwrap();
    assert_eq!(left.unresolved.len(), 1);
    assert_eq!(left.unresolved[0].subject, Subject::Run(kept));
    assert_eq!(left.past[0].subject, Subject::Run(gone));
    assert_eq!(left.past[0].change.text, "the run was removed");
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
    assert_eq!(hub.alerting().unwrap().past[0].change.text, "it is 3 now");
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
    let came_back = listed(&hub, &[]).0[0].reopened;
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
    assert_eq!(past[0].change.text, "the run runs no more");
}

/// Who looks anew: another hub, or the same one by a rule that tells others.
fn look_anew(hub: &mut TestHub, rule: AlertRuleId, condition: &str, restarts: bool) {
    if restarts {
        // Nobody was heard while it was away.
        hub.world.advance(Duration::from_mins(3));
        hub.restart();
        return;
    }
    let edited = NewRule {
        name: "renamed".to_owned(),
        condition: condition.to_owned(),
        repeat_mins: Some(7),
        targets: Vec::new(),
    };
    hub.edit_alert_rule(rule, edited).unwrap();
}

/// What holds stays open when the hub starts again or who is told is edited, and ends as ever when `loss`
/// becomes 3.
fn check_kept(condition: &str, ending: &str) {
    for restarts in [true, false] {
        let mut hub = TestHub::new();
        let rule = rule(&hub, "r", condition, &[]);
        let experiment = experiment(&hub);
        let run = open_run(&hub, &experiment, "a");
        measure(&hub, run, "loss", 1, 5.0);
        wait(&hub, LOOK * 2);
        measure(&hub, run, "loss", 2, 12.0);
        wait(&hub, Duration::from_mins(3));
        assert_eq!(
            unresolved(&hub, rule),
            [(AlertWord::Open, 0)],
            "{condition}"
        );
        for _ in 0..3 {
            look_anew(&mut hub, rule, condition, restarts);
            wait(&hub, Duration::from_mins(1));
        }
        let then = unresolved(&hub, rule);
        assert_eq!(then, [(AlertWord::Open, 0)], "{condition} {restarts}");
        look_anew(&mut hub, rule, condition, restarts);
        measure(&hub, run, "loss", 3, 3.0);
        wait(&hub, LOOK * 2);
        if ending == "it holds no more" {
            // By then the window has forgotten what it rose from.
            wait(&hub, Duration::from_mins(11));
        }
        let past = hub.alerting().unwrap().past;
        assert_eq!(past[0].change.text, ending, "{condition} {restarts}");
        assert_eq!(past.len(), 2, "{condition} {restarts}");
    }
}

#[test]
fn what_holds_stays_open_whoever_begins_to_look() {
    check_kept("metric loss > 10", "it is 3 now");
    check_kept("metric loss > 10 for 2m", "it is 3 now");
    check_kept("no data 2m", "it measures again");
    check_kept("change loss +50% in 10m", "it holds no more");
}

#[test]
fn a_worker_that_is_gone_is_gone_for_the_next_hub_too() {
    let mut hub = TestHub::new();
    let gone = rule(&hub, "gone", "worker gone 5m", &[]);
    let worker = hub.join("w");
    wait(&hub, Duration::from_mins(6));
    assert_eq!(unresolved(&hub, gone), [(AlertWord::Open, 0)]);
    hub.restart();
    wait(&hub, Duration::from_mins(6));
    assert_eq!(unresolved(&hub, gone), [(AlertWord::Open, 0)]);
    worker.heartbeat(&hub, &[]).unwrap();
    look(&hub);
    assert_eq!(unresolved(&hub, gone), []);
    // A hub that was away does not say that a worker was.
    hub.world.advance(Duration::from_mins(20));
    hub.restart();
    wait(&hub, Duration::from_mins(1));
    assert_eq!(unresolved(&hub, gone), []);
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
fn what_can_never_come_true_is_refused() {
    let hub = TestHub::new();
    hub.limit_alert_targets(|address| address.to_string() != "10.0.0.1");
    let check = |refused: HubError, expected: &str| {
        assert!(refused.to_string().contains(expected), "{refused}");
    };
    let made = |address: &str| {
        let new = NewTarget {
            name: "ops".to_owned(),
            kind: TargetKind::Slack,
            address: address.to_owned(),
            key: None,
        };
        hub.create_alert_target(new, "root")
    };
    let refused = made("http://10.0.0.1:8080/x").unwrap_err();
    check(refused, "`address`: `10.0.0.1` is not public");
    made("http://10.0.0.2/x").unwrap();
    let watched = |condition: &str| {
        let new = NewRule {
            name: condition.to_owned(),
            condition: condition.to_owned(),
            ..NewRule::default()
        };
        hub.create_alert_rule(new, "ada")
    };
    for condition in ["telemetry foo > 1", "change telemetry cpu.x +1 in 1m"] {
        check(
            watched(condition).unwrap_err(),
            "is nothing that is measured",
        );
    }
    watched("telemetry gpu.0.celsius > 85").unwrap();
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
fn no_more_targets_are_configured_than_there_may_be() {
    let hub = TestHub::new();
    target(&hub, "mine");
    let many = |count: i64| {
        let wanted = (0..count).map(|number| NewTarget {
            name: format!("t{number}"),
            kind: TargetKind::Slack,
            address: "https://x/1".to_owned(),
            key: None,
        });
        hub.configure_alert_targets(wanted.collect())
    };
    let refused = many(TARGETS_MAX).unwrap_err();
    assert!(refused.to_string().contains("people made 1"), "{refused}");
    many(TARGETS_MAX - 1).unwrap();
    many(2).unwrap();
    assert_eq!(hub.list_alert_targets().unwrap().len(), 3);
}

#[test]
fn a_target_that_does_not_answer_keeps_nothing_from_others() {
    let hub = TestHub::new();
    target(&hub, "hangs");
    target(&hub, "works");
    let targets = hub.list_alert_targets().unwrap();
    for _ in 0..20 {
        hub.test_alert_target(targets[0].id).unwrap();
    }
    hub.test_alert_target(targets[1].id).unwrap();
    let due = hub.due_alert_deliveries(2).unwrap();
    let to: Vec<_> = due.iter().map(|out| out.target.name.as_str()).collect();
    assert_eq!(to, ["hangs", "hangs", "works"]);
    // What is due already is nothing to wait for.
    assert_eq!(hub.next_alert_delivery().unwrap(), None);
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

/// What a rule looks for stays the same.
fn rename(hub: &Hub, rule: AlertRuleId, name: &str) {
    let was = hub.find_alert_rule(rule).unwrap();
    let edited = NewRule {
        name: name.to_owned(),
        condition: was.condition.to_string(),
        repeat_mins: None,
        targets: vec!["ops".to_owned()],
    };
    hub.edit_alert_rule(rule, edited).unwrap();
}

/// What rules have alerts about that are not resolved.
fn subjects(hub: &Hub, rules: &[AlertRuleId]) -> BTreeSet<(AlertRuleId, Subject)> {
    let all = hub.alerting().unwrap().unresolved.into_iter();
    let own = all.filter(|alert| rules.contains(&alert.rule));
    own.map(|alert| (alert.rule, alert.subject)).collect()
}

/// A hub with runs whose values and ends come from a seed, restarted now and then.
fn simulate(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut hub = TestHub::with_seed(seed);
    target(&hub, "ops");
    let high = rule(&hub, "high", "metric x > 10", &["ops"]);
    let broken = rule(&hub, "broken", "run failed", &["ops"]);
    let long = rule(&hub, "long", "metric x > 10 for 40s", &["ops"]);
    let silent = rule(&hub, "silent", "no data 40s", &["ops"]);
    look(&hub);
    let experiment = experiment(&hub);
    let mut running: Vec<(RunId, f64)> = Vec::new();
    // What may be over at the next look: what was measured or closed since the last one.
    let mut excused = BTreeSet::new();
    let mut failures = BTreeSet::new();
    for step in 0..150_i64 {
        match rng.below(10) {
            0..=2 => running.push((open_run(&hub, &experiment, "a"), 0.0)),
            3..=6 if !running.is_empty() => {
                let at = usize::try_from(rng.below(running.len() as u64)).unwrap();
                let value = f64::from(u32::try_from(rng.below(20)).unwrap());
                measure(&hub, running[at].0, "x", step, value);
                running[at].1 = value;
                excused.insert(Subject::Run(running[at].0));
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
                excused.insert(Subject::Run(run));
            }
            8 => {
                let named = format!("long {step}");
                hub.restart();
                rename(&hub, long, &named);
            }
            _ => {
                let before = subjects(&hub, &[long, silent]);
                wait(&hub, LOOK * 3);
                let after = subjects(&hub, &[long, silent]);
                let over = before.difference(&after);
                let over = over.filter(|(_, subject)| !excused.contains(subject));
                assert_eq!(over.count(), 0, "seed {seed}, step {step}");
                excused.clear();
            }
        }
    }
    hub.restart();
    wait(&hub, Duration::from_mins(6));
    let expected = running.iter().filter(|(_, value)| *value > 10.0).count();
    assert_eq!(unresolved(&hub, high).len(), expected, "seed {seed}");
    assert_eq!(unresolved(&hub, long).len(), expected, "seed {seed}");
    assert_eq!(unresolved(&hub, silent).len(), running.len(), "seed {seed}");
    let (all, _) = listed(&hub, &[]);
    let broken = all.iter().filter(|alert| alert.rule == broken);
    let told: BTreeSet<String> = broken
        .map(|alert| alert.subject.to_string().replace("run:", ""))
        .collect();
    assert_eq!(told, failures, "seed {seed}");
    assert!(all.iter().all(|alert| !alert.is_news), "seed {seed}");
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

#[test]
fn money_and_each_level_of_a_budget_are_watched() {
    let hub = TestHub::new();
    hub.use_prices(prices(0.8));
    let run = rule(&hub, "run", "cost run > 0.1", &[]);
    let today = rule(&hub, "today", "cost today > 0.1", &[]);
    let rate = rule(&hub, "rate", "cost rate > 0.1", &[]);
    let budget = rule(&hub, "budget", "budget 60%", &[]);
    let draft = Draft {
        name: "b".to_owned(),
        limit: "0.2".to_owned(),
        ..Draft::default()
    };
    hub.create_budget(&draft, "ada").unwrap();
    hub.submit(1);
    // It has four slots: a run costs 0.2 an hour.
    let worker = hub.join("w");
    let order = worker.take(&hub);
    start(&hub, &order).unwrap();
    let pass = |minutes: u64| {
        for _ in 0..minutes {
            hub.world.advance(Duration::from_mins(1));
            worker.heartbeat(&hub, &[held(&order)]).unwrap();
        }
        look(&hub);
    };
    pass(15);
    let open = |rule| unresolved(&hub, rule).len();
    assert_eq!([run, today, rate, budget].map(open), [0, 0, 1, 0]);
    pass(33);
    assert_eq!([run, today, rate, budget].map(open), [1, 1, 1, 1]);
    let alerts = hub.alerting().unwrap().unresolved;
    let level = alerts.iter().find(|alert| alert.rule == budget).unwrap();
    assert_eq!(level.label, "b, 75 %");
    assert_eq!(level.text, "0.16 EUR of 0.2 EUR are spent");
    pass(15);
    assert_eq!(open(budget), 3);
    finish(&hub, &order, completed(0.5)).unwrap();
    // A run that has ended costs nothing more, whenever the rest is read anew.
    look(&hub);
    assert_eq!(open(run), 0);
    pass(1);
    assert_eq!([run, today, rate].map(open), [0, 1, 0]);
}
