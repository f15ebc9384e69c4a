//! From alerts to what the page shows of them.

use cupola_domain::{
    access::{Principal, Role},
    alert::{Alert, AlertWord, DeliveryState, Subject, Target},
    ids::AlertTargetId,
    time::Timestamp,
};
use cupola_hub::alerts::{Alerting, OPEN_MAX, Outgoing, Past as PastMove, Rule};

use super::{Bell, DeliveryRow, Open, OpenRow, Past, PastRow, RuleRow, Rules, TargetRow, Targets};
use crate::ui::{
    components::{Badge, EmptyState, Link, Tone},
    format, paths,
    present::may,
};

pub(in crate::ui) fn bell(open: u64) -> Bell {
    let most = u64::try_from(OPEN_MAX).unwrap_or(u64::MAX);
    let count = match open {
        0 => String::new(),
        some if some >= most => format!("{most}+"),
        some => some.to_string(),
    };
    Bell {
        label: match open {
            0 => "Alerts: none open".to_owned(),
            _ => format!("Alerts: {count} open"),
        },
        count,
    }
}

pub(super) fn open(alerting: &Alerting, who: &Principal) -> Open {
    let (open, taken) = alerting.counts;
    let shown = alerting.unresolved.len() as u64;
    let rest = if open + taken > shown {
        format!("; the latest {} are here", format::count(shown))
    } else {
        String::new()
    };
    let empty = || {
        let text = "Everything that the rules look at is as it should be.";
        EmptyState::new("No open alerts", text)
    };
    let rows = alerting
        .unresolved
        .iter()
        .map(|alert| open_row(alert, alerting, who));
    Open {
        count: format!(
            "{} open, {} acknowledged{rest}",
            format::count(open),
            format::count(taken)
        ),
        rows: rows.collect(),
        empty: alerting.unresolved.is_empty().then(empty),
    }
}

fn open_row(alert: &Alert, alerting: &Alerting, who: &Principal) -> OpenRow {
    let rule = alerting.rule(alert.rule);
    let may_act = may(who, Role::Researcher);
    let is_open = alert.state.word() == AlertWord::Open;
    let is_happening = rule.is_some_and(|rule| rule.condition.is_happening());
    OpenRow {
        id: alert.id.to_string(),
        badge: badge(alert.state.word(), alert.state.reason()),
        subject: subject(&alert.subject, &alert.label),
        text: alert.text.clone(),
        rule: rule.map_or_else(String::new, |rule| rule.name.clone()),
        since: alert.opened_at.into(),
        reopened: match alert.reopened {
            0 => String::new(),
            times => format!(
                "came back {}",
                format::counted(times.into(), "time", "times")
            ),
        },
        acknowledgement: (may_act && is_open).then(|| paths::alert(alert.id, "/acknowledgement")),
        resolution: (may_act && is_happening).then(|| paths::alert(alert.id, "/resolution")),
    }
}

fn badge(word: AlertWord, reason: impl Into<String>) -> Badge {
    let tone = match word {
        AlertWord::Open => Tone::Bad,
        AlertWord::Acknowledged => Tone::Warning,
        AlertWord::Resolved => Tone::Good,
    };
    Badge {
        reason: reason.into(),
        ..Badge::word(word.as_str(), tone)
    }
}

fn subject(subject: &Subject, label: &str) -> Link {
    let href = match subject {
        Subject::Run(id) => paths::run(*id, ""),
        Subject::Worker(id) => paths::worker(*id, ""),
        // Only money is about everything.
        Subject::Budget(_) | Subject::All => paths::COSTS.to_owned(),
    };
    Link::new(label, href)
}

pub(super) fn rules(alerting: &Alerting, who: &Principal) -> Rules {
    let may_change = may(who, Role::Researcher);
    let empty = || {
        let text = "A rule says what is wrong: a run that failed, a loss that is no number, a worker \
                    that is gone.";
        let empty = EmptyState::new("No rules", text)
            .with_command("cupola alert rule create broken \"run failed\"");
        if may_change {
            empty.with_action("Make a rule", paths::NEW_ALERT_RULE)
        } else {
            empty
        }
    };
    Rules {
        rows: alerting
            .rules
            .iter()
            .map(|rule| rule_row(rule, alerting, may_change))
            .collect(),
        may_change,
        empty: alerting.rules.is_empty().then(empty),
    }
}

fn rule_row(rule: &Rule, alerting: &Alerting, may_change: bool) -> RuleRow {
    let name = |id: &AlertTargetId| {
        let target = alerting.targets.iter().find(|target| target.id == *id);
        target.map(|target| target.name.clone())
    };
    let targets: Vec<String> = rule.targets.iter().filter_map(name).collect();
    let unresolved = alerting.by_rule.get(&rule.id).copied().unwrap_or(0);
    let is_closable = may_change && unresolved > 0 && rule.condition.is_happening();
    let muted_until = rule.muted_until.filter(|_| rule.is_muted(alerting.now));
    RuleRow {
        id: rule.id.to_string(),
        name: rule.name.clone(),
        condition: rule.condition.to_string(),
        targets: if targets.is_empty() {
            "this page alone".to_owned()
        } else {
            targets.join(", ")
        },
        repeat: repeat(rule),
        badge: match muted_until {
            Some(_) => Badge::word("muted", Tone::Quiet),
            None => Badge::word("on", Tone::Good),
        },
        muted_until: muted_until.map(Into::into),
        unresolved,
        resolution: is_closable.then(|| paths::alert_rule(rule.id, "/resolution")),
        href: paths::alert_rule(rule.id, ""),
    }
}

fn repeat(rule: &Rule) -> String {
    match rule.repeat.as_secs() / 60 {
        0 => "each at once".to_owned(),
        mins => format!("one message in {mins} min"),
    }
}

pub(super) fn past(alerting: &Alerting) -> Past {
    let row = |one: &PastMove| PastRow {
        at: one.change.at.into(),
        badge: badge(one.change.word, ""),
        subject: subject(&one.subject, &one.label),
        text: one.change.text.clone(),
        rule: alerting
            .rule(one.rule)
            .map_or_else(String::new, |rule| rule.name.clone()),
    };
    Past {
        rows: alerting.past.iter().map(row).collect(),
    }
}

pub(super) fn targets(alerting: &Alerting, who: &Principal) -> Targets {
    let is_admin = may(who, Role::Admin);
    let empty = || {
        let text = "Alerts are on this page alone. An administrator makes targets: a webhook, Slack, \
                    Discord, or mail.";
        EmptyState::new("Nobody is told", text)
    };
    Targets {
        rows: alerting
            .targets
            .iter()
            .map(|target| target_row(target, is_admin))
            .collect(),
        deliveries: alerting
            .deliveries
            .iter()
            .map(|out| delivery_row(out, alerting.now))
            .collect(),
        empty: alerting.targets.is_empty().then(empty),
    }
}

fn target_row(target: &Target, is_admin: bool) -> TargetRow {
    let problem = if target.has_address {
        String::new()
    } else {
        "its address is not in this copy of the store; delete it and make it again".to_owned()
    };
    let may_delete = is_admin && !target.is_configured;
    TargetRow {
        id: target.id.to_string(),
        name: target.name.clone(),
        kind: target.kind.as_str(),
        shown: target.shown.clone(),
        problem,
        author: target.author.clone(),
        test: (is_admin && target.has_address).then(|| paths::alert_target(target.id, "/test")),
        deletion: may_delete.then(|| paths::alert_target(target.id, "/deletion")),
    }
}

fn delivery_row(outgoing: &Outgoing, now: Timestamp) -> DeliveryRow {
    let delivery = &outgoing.delivery;
    let tone = match delivery.state {
        DeliveryState::Sent { .. } => Tone::Good,
        DeliveryState::Pending { .. } if delivery.attempts == 0 => Tone::Waiting,
        DeliveryState::Pending { .. } => Tone::Warning,
        DeliveryState::GivenUp { .. } => Tone::Bad,
    };
    let is_again = matches!(delivery.state, DeliveryState::Pending { next_at } if next_at > now);
    let badge = Badge::word(delivery.state.as_str(), tone);
    DeliveryRow {
        title: outgoing.message.title(),
        target: outgoing.target.name.clone(),
        badge: Badge {
            reason: if is_again {
                "tried again".to_owned()
            } else {
                String::new()
            },
            ..badge
        },
        at: delivery.state.at().into(),
        attempts: delivery.attempts,
        problem: delivery.problem.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_money_leads_to_the_costs() {
        for about in [Subject::Budget("b:75".to_owned()), Subject::All] {
            assert_eq!(subject(&about, "b, 75 %").href, paths::COSTS);
        }
    }
}
