//! Alerts, their rules, and what is told of them.

use std::time::Duration;

use cupola_domain::{
    alert::{
        Address, Alert, AlertChange, AlertState, AlertWord, Delivery, DeliveryState, Item, Message,
        Sending, Subject, Target, TargetKind,
    },
    event::Event,
    ids::{AlertRuleId, AlertTargetId, Ids, RunId},
    metric::Point,
};
use cupola_search::{
    alert::{Condition, Rule},
    filter::Filter,
};
use cupola_store::{
    alerts::{self, deliveries, reading, rules, targets},
    events, run_search, series,
};
use cupola_testkit::{Database, on_each_database};

use crate::rows::{Sample, at};

on_each_database! {
    a_rule_reads_back_with_its_targets,
    an_alert_reads_back_in_every_state,
    the_history_is_kept_as_long_as_it_is_said,
    a_delivery_is_due_until_it_has_ended,
    of_each_target_few_are_due_at_once_and_the_latest_are_kept,
    alerts_are_listed_and_counted_by_their_state_and_rule,
    what_is_secret_stands_apart,
    what_rules_look_at_is_read,
    an_event_that_nobody_looked_at_is_kept,
}

fn rule(ids: &mut Ids, name: &str, targets: &[AlertTargetId]) -> Rule {
    Rule {
        id: ids.next(at(0)),
        name: name.to_owned(),
        condition: Condition::parse("metric loss > 0.5 for 1m where tags.a = 'b'").unwrap(),
        repeat: Duration::from_mins(7),
        targets: targets.to_vec(),
        muted_until: Some(at(9)),
        told_at: None,
        author: "ada".to_owned(),
        created_at: at(1),
        updated_at: at(2),
    }
}

fn target(ids: &mut Ids, name: &str) -> (Target, Address) {
    let target = Target {
        id: ids.next(at(0)),
        name: name.to_owned(),
        kind: TargetKind::Webhook,
        shown: "https://x/…".to_owned(),
        has_address: true,
        is_configured: false,
        author: "root".to_owned(),
        created_at: at(1),
    };
    let address = Address {
        to: "https://x/SECRET".to_owned(),
        key: Some("whsec".to_owned()),
    };
    (target, address)
}

fn alert(ids: &mut Ids, rule: AlertRuleId, subject: Subject) -> Alert {
    Alert {
        id: ids.next(at(0)),
        rule,
        subject,
        label: "moons, task 7".to_owned(),
        text: "loss is 0.7".to_owned(),
        state: AlertState::Open,
        opened_at: at(3),
        reopened: 0,
        is_news: true,
    }
}

/// A rule that tells one target.
fn told(sample: &mut Sample) -> (Rule, Target) {
    let (target, address) = target(&mut sample.ids, "ops");
    let rule = rule(&mut sample.ids, "high", &[target.id]);
    let saved = (rule.clone(), target.clone());
    sample.write(move |tx| {
        targets::insert(tx, &saved.1, &address)?;
        rules::insert(tx, &saved.0)
    });
    (rule, target)
}

fn a_rule_reads_back_with_its_targets(database: &Database) {
    let mut sample = Sample::new(database);
    let (mut rule, target) = told(&mut sample);
    let id = rule.id;
    assert_eq!(
        sample.read(move |tx| rules::find(tx, id)),
        Some(rule.clone())
    );
    assert_eq!(
        sample.read(|tx| rules::find_by_name(tx, "high")),
        Some(rule.clone())
    );
    "higher".clone_into(&mut rule.name);
    rule.muted_until = None;
    rule.targets = Vec::new();
    let saved = rule.clone();
    sample.write(move |tx| rules::save(tx, &saved));
    assert_eq!(sample.read(|tx| rules::list(tx, 10)), [rule]);
    sample.write(move |tx| {
        targets::delete(tx, target.id)?;
        rules::delete(tx, id)
    });
    assert_eq!(sample.read(rules::count), 0);
}

fn an_alert_reads_back_in_every_state(database: &Database) {
    let mut sample = Sample::new(database);
    let (rule, _) = told(&mut sample);
    let run = sample.runs[0].id;
    let mut alert = alert(&mut sample.ids, rule.id, Subject::Run(run));
    let saved = alert.clone();
    sample.write(move |tx| alerts::insert(tx, &saved));
    let states = [
        AlertState::Acknowledged {
            by: "ada".to_owned(),
            at: at(4),
        },
        AlertState::Resolved {
            at: at(5),
            why: "it is 0.1 again".to_owned(),
        },
        AlertState::Open,
    ];
    for state in states {
        let (subject, id) = (alert.subject.clone(), alert.id);
        assert_eq!(
            sample.read(move |tx| alerts::find_of(tx, rule.id, &subject)),
            Some(alert.clone())
        );
        let is_open = alert.state == AlertState::Open;
        let is_over = alert.state.word() == AlertWord::Resolved;
        assert_eq!(
            sample.read(|tx| alerts::count_open(tx, 10)),
            i64::from(is_open)
        );
        assert_eq!(
            sample.read(|tx| alerts::list_unresolved(tx, 10)).is_empty(),
            is_over
        );
        assert_eq!(
            sample.read(move |tx| alerts::count_unresolved(tx, rule.id)),
            u32::from(!is_over)
        );
        alert.state = state;
        alert.reopened += 1;
        let saved = alert.clone();
        sample.write(move |tx| alerts::save(tx, &saved));
        assert_eq!(
            sample.read(move |tx| alerts::find(tx, id)),
            Some(alert.clone())
        );
    }
    assert_eq!(sample.read(alerts::list_rules_with_news), [rule.id]);
    assert_eq!(
        sample.read(move |tx| alerts::list_news(tx, rule.id)).len(),
        1
    );
    sample.write(move |tx| alerts::save_resolved_told(tx, rule.id));
    assert_eq!(sample.read(alerts::list_rules_with_news), [rule.id]);
    sample.write(move |tx| alerts::save_told(tx, rule.id));
    assert_eq!(sample.read(alerts::list_rules_with_news), []);
    assert_eq!(sample.read(|tx| alerts::list(tx, &[], 10)).len(), 1);
}

fn the_history_is_kept_as_long_as_it_is_said(database: &Database) {
    let mut sample = Sample::new(database);
    let (rule, _) = told(&mut sample);
    let mut alert = alert(&mut sample.ids, rule.id, Subject::All);
    alert.is_news = false;
    alert.state = AlertState::Resolved {
        at: at(9),
        why: String::new(),
    };
    let change = |number: i64| AlertChange {
        alert: alert.id,
        at: at(number),
        word: AlertWord::Open,
        text: number.to_string(),
    };
    let changes: Vec<_> = (1..=5).map(change).collect();
    let (saved, listed) = (alert.clone(), changes.clone());
    sample.write(move |tx| {
        alerts::insert(tx, &saved)?;
        changes
            .iter()
            .try_for_each(|change| alerts::insert_change(tx, change))
    });
    let id = alert.id;
    assert_eq!(sample.read(move |tx| alerts::list_changes(tx, id)), listed);
    let past = sample.read(|tx| alerts::list_history(tx, i64::MAX, 2));
    let texts: Vec<_> = past.iter().map(|one| one.change.text.as_str()).collect();
    assert_eq!(
        (texts, past[0].subject.clone()),
        (vec!["5", "4"], Subject::All)
    );
    let before = past[1].number;
    assert_eq!(
        sample
            .read(move |tx| alerts::list_history(tx, before, 9))
            .len(),
        3
    );
    assert_eq!(sample.write(|tx| alerts::delete_old(tx, 3)), 2);
    assert_eq!(sample.read(move |tx| alerts::list_changes(tx, id)).len(), 3);
    assert_eq!(sample.write(|tx| alerts::delete_old(tx, 3)), 0);
    sample.write(move |tx| rules::delete(tx, rule.id));
    assert_eq!(sample.read(move |tx| alerts::find(tx, id)), None);
}

fn a_delivery_is_due_until_it_has_ended(database: &Database) {
    let mut sample = Sample::new(database);
    let (rule, target) = told(&mut sample);
    let item = Item {
        subject: Subject::Run(sample.runs[0].id),
        label: "a \"b\" <c>".to_owned(),
        text: "é\n".to_owned(),
        word: AlertWord::Resolved,
        since: at(4),
    };
    let message = Message::new(
        (sample.ids.next(at(0)), at(10)),
        (rule.id, rule.name, rule.condition.to_string()),
        vec![item],
        3,
    );
    let delivery = Delivery {
        id: sample.ids.next(at(0)),
        message: message.id,
        target: target.id,
        attempts: 0,
        state: DeliveryState::Pending { next_at: at(10) },
        problem: String::new(),
        created_at: at(10),
    };
    let saved = (message.clone(), delivery.clone());
    sample.write(move |tx| {
        deliveries::insert_message(tx, &saved.0)?;
        deliveries::insert(tx, &saved.1)
    });
    assert_eq!(sample.read(|tx| deliveries::list_due(tx, at(9), 9)), []);
    let due = sample.read(|tx| deliveries::list_due(tx, at(10), 9));
    assert_eq!(
        (due.len(), &due[0].message, &due[0].delivery),
        (1, &message, &delivery)
    );
    assert_eq!(due[0].address.as_ref().unwrap().to, "https://x/SECRET");
    assert_eq!(
        sample.read(|tx| deliveries::next_due(tx, at(9))),
        Some(at(10))
    );

    let later = delivery.after(Sending::Failed("no route".to_owned()), at(10));
    let saved = later.clone();
    assert!(sample.write(move |tx| deliveries::save(tx, &saved)));
    assert_eq!(
        sample.read(|tx| deliveries::next_due(tx, at(10))),
        Some(at(20))
    );
    let sent = later.after(Sending::Taken, at(20));
    let (saved, again) = (sent.clone(), sent.clone());
    assert!(sample.write(move |tx| deliveries::save(tx, &saved)));
    assert!(!sample.write(move |tx| deliveries::save(tx, &again)));
    let id = sent.id;
    assert_eq!(sample.read(move |tx| deliveries::find(tx, id)), Some(sent));
    assert_eq!(sample.read(|tx| deliveries::next_due(tx, at(0))), None);
    assert_eq!(sample.read(|tx| deliveries::list(tx, 9))[0].address, None);
    assert_eq!(sample.write(|tx| deliveries::delete_old(tx, at(10), 9)), 0);
    assert_eq!(sample.write(|tx| deliveries::delete_old(tx, at(11), 9)), 2);
}

/// So many deliveries of messages of their own, a second apart.
fn deliver(sample: &mut Sample, to: AlertTargetId, count: i64) -> Vec<Delivery> {
    let mut made = Vec::new();
    for number in 0..count {
        let message = Message::test(sample.ids.next(at(0)), at(number));
        let delivery = Delivery {
            id: sample.ids.next(at(0)),
            message: message.id,
            target: to,
            attempts: 0,
            state: DeliveryState::Pending {
                next_at: at(number),
            },
            problem: String::new(),
            created_at: at(number),
        };
        made.push(delivery.clone());
        sample.write(move |tx| {
            deliveries::insert_message(tx, &message)?;
            deliveries::insert(tx, &delivery)
        });
    }
    made
}

fn of_each_target_few_are_due_at_once_and_the_latest_are_kept(database: &Database) {
    let mut sample = Sample::new(database);
    let (_, first) = told(&mut sample);
    let (second, address) = target(&mut sample.ids, "lab");
    let saved = second.clone();
    sample.write(move |tx| targets::insert(tx, &saved, &address));
    let many = deliver(&mut sample, first.id, 6);
    let one = deliver(&mut sample, second.id, 1);
    let due = |limit: i64| {
        let found = sample.read(move |tx| deliveries::list_due(tx, at(9), limit));
        let ids: Vec<_> = found.into_iter().map(|out| out.delivery.id).collect();
        ids
    };
    let mut expected = vec![many[0].id, one[0].id];
    expected.sort_unstable();
    assert_eq!(due(1), expected);
    assert_eq!((due(2).len(), due(99).len()), (3, 7));

    // Of those that ended the latest two stay; what is pending stays however old it is.
    let ended: Vec<_> = many.iter().skip(1).cloned().collect();
    sample.write(move |tx| {
        for delivery in &ended {
            deliveries::save(tx, &delivery.clone().after(Sending::Taken, at(9)))?;
        }
        Ok(())
    });
    // Three deliveries with their messages.
    assert_eq!(sample.write(|tx| deliveries::delete_old(tx, at(0), 2)), 6);
    assert_eq!(sample.write(|tx| deliveries::delete_old(tx, at(0), 2)), 0);
    let left = sample.read(|tx| deliveries::list(tx, 99));
    let mut left: Vec<_> = left.into_iter().map(|out| out.delivery.id).collect();
    let mut expected = vec![many[0].id, one[0].id, many[4].id, many[5].id];
    left.sort_unstable();
    expected.sort_unstable();
    assert_eq!(left, expected);
}

fn alerts_are_listed_and_counted_by_their_state_and_rule(database: &Database) {
    let mut sample = Sample::new(database);
    let (first, _) = told(&mut sample);
    let second = rule(&mut sample.ids, "low", &[]);
    let gone: RunId = sample.ids.next(at(0));
    let saved = second.clone();
    sample.write(move |tx| rules::insert(tx, &saved));
    let run = sample.runs[0].id;
    let made = [
        (first.id, Subject::Run(run), AlertWord::Open, 3),
        (first.id, Subject::Run(gone), AlertWord::Open, 1),
        (first.id, Subject::All, AlertWord::Acknowledged, 2),
        (second.id, Subject::Run(gone), AlertWord::Resolved, 9),
    ];
    for (rule, subject, word, opened) in made {
        let mut alert = alert(&mut sample.ids, rule, subject);
        alert.opened_at = at(opened);
        alert.state = match word {
            AlertWord::Open => AlertState::Open,
            AlertWord::Acknowledged => AlertState::Acknowledged {
                by: "ada".to_owned(),
                at: at(9),
            },
            AlertWord::Resolved => AlertState::Resolved {
                at: at(9),
                why: String::new(),
            },
        };
        sample.write(move |tx| alerts::insert(tx, &alert));
    }
    let check = |states: &'static [AlertWord], limit: i64, expected: &[i64], count: u64| {
        let found = sample.read(move |tx| alerts::list(tx, states, limit));
        let opened: Vec<_> = found.iter().map(|alert| alert.opened_at).collect();
        let expected: Vec<_> = expected.iter().map(|second| at(*second)).collect();
        assert_eq!(opened, expected, "{states:?}");
        assert_eq!(sample.read(move |tx| alerts::count(tx, states)), count);
    };
    check(&[], 9, &[9, 3, 2, 1], 4);
    check(&[], 2, &[9, 3], 4);
    check(&[AlertWord::Open], 9, &[3, 1], 2);
    check(&[AlertWord::Acknowledged, AlertWord::Open], 2, &[3, 2], 3);
    check(&[AlertWord::Resolved], 9, &[9], 1);
    assert_eq!(
        sample.read(alerts::count_unresolved_by_rule),
        [(first.id, 3)].into()
    );
    let oldest = sample.read(move |tx| alerts::list_unresolved_of(tx, first.id, 1));
    assert_eq!(oldest[0].subject, Subject::Run(gone));
    let lost = sample.read(move |tx| alerts::list_gone(tx, first.id, 9));
    assert_eq!((lost.len(), &lost[0].subject), (1, &Subject::Run(gone)));
    assert_eq!(
        sample.read(move |tx| alerts::list_gone(tx, second.id, 9)),
        []
    );
}

fn what_is_secret_stands_apart(database: &Database) {
    let mut sample = Sample::new(database);
    let (_, mut target) = told(&mut sample);
    let id = target.id;
    assert_eq!(
        sample.read(move |tx| targets::find(tx, id)),
        Some(target.clone())
    );
    assert_eq!(sample.read(|tx| targets::list(tx, 9)), [target.clone()]);
    let address = sample
        .read(move |tx| targets::find_address(tx, id))
        .unwrap();
    assert_eq!(address.key.as_deref(), Some("whsec"));
    target.kind = TargetKind::Mail;
    target.is_configured = true;
    let saved = target.clone();
    sample.write(move |tx| {
        let to = Address {
            to: "a@b".to_owned(),
            key: None,
        };
        targets::save(tx, &saved, &to)
    });
    assert_eq!(
        sample.read(|tx| targets::find_by_name(tx, "ops")),
        Some(target)
    );
    sample.write(move |tx| targets::delete(tx, id));
    assert_eq!(sample.read(move |tx| targets::find_address(tx, id)), None);
}

fn what_rules_look_at_is_read(database: &Database) {
    let sample = Sample::new(database);
    let (first, second) = (sample.runs[0].id, sample.runs[1].id);
    let (task, experiment) = (sample.tasks[0].id, sample.family.id);
    assert_eq!(sample.read(reading::find_seq), None);
    sample.write(move |tx| {
        let point = |value| Point {
            step: 1,
            time_millis: 1,
            value,
        };
        series::append(tx, first, "loss", &[point(0.5)])?;
        series::append(tx, first, "odd", &[point(f64::NAN)])?;
        series::append(tx, second, "loss", &[point(f64::INFINITY)])?;
        events::record(tx, Event::MetricsAppended(first, experiment));
        events::record(tx, Event::RunChanged(first, task));
        events::record(tx, Event::RunEnded(first, task));
        reading::save_seq(tx, 7)?;
        reading::save_seq(tx, 8)
    });
    assert_eq!(sample.read(reading::find_seq), Some(8));
    let changed = sample.read(|tx| reading::list_changed(tx, 0, 9));
    let kinds: Vec<_> = changed.iter().map(|one| one.kind).collect();
    assert_eq!(
        kinds,
        [reading::ChangedKind::Metrics, reading::ChangedKind::Ended]
    );
    // More owners than one statement asks for.
    let nobody = (0..500).map(|n| n.to_string());
    let owners: Vec<String> = nobody
        .chain([first.to_string(), second.to_string()])
        .collect();
    let names = ["loss", "odd"].map(str::to_owned);
    let mut latest = sample.read(move |tx| reading::list_latest(tx, &owners, &names));
    latest.sort_by(|a, b| (&a.owner, &a.name).cmp(&(&b.owner, &b.name)));
    let values: Vec<String> = latest
        .iter()
        .map(|one| format!("{} {}", one.name, one.value))
        .collect();
    assert_eq!(values, ["loss 0.5", "odd NaN", "loss inf"]);
    let by_name = sample
        .read(move |tx| reading::find_named(tx, first))
        .unwrap();
    assert_eq!((by_name.number, by_name.outcome), (0, None));
    assert_eq!(sample.read(reading::list_running), []);
    let satisfies = |text: &str| {
        let filter = Filter::parse(text).unwrap().unwrap();
        sample.read(move |tx| run_search::satisfies(tx, first, &filter))
    };
    assert!(satisfies("state = pending and metrics.loss < 1"));
    assert!(!satisfies("metrics.loss < 0.1"));
}

fn an_event_that_nobody_looked_at_is_kept(database: &Database) {
    let sample = Sample::new(database);
    let (run, task) = (sample.runs[0].id, sample.tasks[0].id);
    for _ in 0..5 {
        sample.write(move |tx| {
            events::record(tx, Event::RunEnded(run, task));
            Ok(())
        });
    }
    let seqs = || -> Vec<i64> {
        let rows = sample.store.events_after(0, 99).unwrap();
        rows.iter().map(|row| row.seq).collect()
    };
    assert_eq!(sample.write(|tx| events::delete_old(tx, 1)), 0);
    sample.write(|tx| reading::save_seq(tx, 3));
    assert_eq!(sample.write(|tx| events::delete_old(tx, 1)), 3);
    assert_eq!(seqs(), [4, 5]);
    sample.write(|tx| reading::save_seq(tx, 5));
    assert_eq!(sample.write(|tx| events::delete_old(tx, 1)), 1);
    assert_eq!(seqs(), [5]);
}
