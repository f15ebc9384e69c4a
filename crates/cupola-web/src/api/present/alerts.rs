//! Alerts on the wire.

use cupola_domain::{
    alert::{Alert, AlertChange, Target},
    ids::AlertTargetId,
};
use cupola_hub::alerts::{AlertDetail, Outgoing, Rule};
use cupola_protocol::alerts::{
    AlertBody, AlertChangeBody, AlertDeliveryBody, AlertDetailBody, AlertRuleBody, AlertTargetBody,
};

/// An alert of a rule.
pub fn alert(alert: &Alert, rule: &Rule) -> AlertBody {
    AlertBody {
        alert_id: alert.id.to_string(),
        rule_id: alert.rule.to_string(),
        rule: rule.name.clone(),
        subject: alert.subject.to_string(),
        label: alert.label.clone(),
        text: alert.text.clone(),
        state: alert.state.word().to_string(),
        reason: alert.state.reason(),
        opened_at: alert.opened_at.into(),
        reopened: alert.reopened,
    }
}

/// An alert with its history.
pub fn alert_detail(detail: &AlertDetail) -> AlertDetailBody {
    let change = |change: &AlertChange| AlertChangeBody {
        at: change.at.into(),
        state: change.word.to_string(),
        text: change.text.clone(),
    };
    AlertDetailBody {
        alert: alert(&detail.alert, &detail.rule),
        history: detail.changes.iter().map(change).collect(),
    }
}

/// A rule; `targets` are all that there are.
pub fn alert_rule(rule: &Rule, targets: &[Target]) -> AlertRuleBody {
    let name = |id: &AlertTargetId| {
        let target = targets.iter().find(|target| target.id == *id);
        target.map(|target| target.name.clone())
    };
    AlertRuleBody {
        rule_id: rule.id.to_string(),
        name: rule.name.clone(),
        condition: rule.condition.to_string(),
        repeat_mins: rule.repeat.as_secs() / 60,
        targets: rule.targets.iter().filter_map(name).collect(),
        muted_until: rule.muted_until.map(Into::into),
        told_at: rule.told_at.map(Into::into),
        author: rule.author.clone(),
        created_at: rule.created_at.into(),
        updated_at: rule.updated_at.into(),
    }
}

/// A target, without what is secret about it.
pub fn alert_target(target: &Target) -> AlertTargetBody {
    AlertTargetBody {
        target_id: target.id.to_string(),
        name: target.name.clone(),
        kind: target.kind.to_string(),
        shown: target.shown.clone(),
        has_address: target.has_address,
        is_configured: target.is_configured,
        author: target.author.clone(),
        created_at: target.created_at.into(),
    }
}

/// A delivery, without the address.
pub fn alert_delivery(outgoing: &Outgoing) -> AlertDeliveryBody {
    let delivery = &outgoing.delivery;
    AlertDeliveryBody {
        delivery_id: delivery.id.to_string(),
        target: outgoing.target.name.clone(),
        title: outgoing.message.title(),
        state: delivery.state.as_str().to_owned(),
        state_at: delivery.state.at().into(),
        attempts: delivery.attempts,
        problem: delivery.problem.clone(),
        created_at: delivery.created_at.into(),
    }
}
