//! Alerts: rules, what they found, who is told.
//!
//! `looking` decides what holds and what is over, `telling` puts the news of a rule together; both happen
//! in the transaction that moves the alerts, so that nothing is told that did not happen and everything
//! that did is told. Sending is somebody else's business: deliveries are rows that a sender asks for.

mod configured;
mod deliveries;
mod happening;
mod looking;
mod money;
mod moving;
mod over;
mod rules;
mod targets;
mod telling;
mod watch;
mod workers;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use cupola_domain::{
    alert::{Alert, AlertChange, AlertInput, AlertWord, Target},
    event::Event,
    ids::{AlertId, AlertRuleId},
    time::Timestamp,
};
use cupola_store::{Tx, alerts, events};

use crate::{Hub, HubError};

pub use configured::NewConfigured;
pub use cupola_search::alert::{Condition, Rule};
pub use cupola_store::alerts::{Past, deliveries::Outgoing};
pub use rules::NewRule;
pub(crate) use targets::Reach;
pub use targets::{MadeTarget, NewTarget};
pub(crate) use watch::Watch;

/// So many rules a hub has at most; every one is looked at every few seconds.
pub const RULES_MAX: i64 = 1_000;

/// So many targets a hub has at most.
pub const TARGETS_MAX: i64 = 100;

/// More open alerts are not counted one by one.
pub const OPEN_MAX: i64 = 1_000;

/// So many alerts of a rule on what happens stay unresolved; the oldest make room.
pub const HAPPENED_MAX: u64 = 2_000;

/// So many alerts are closed in one transaction, so that nobody waits for long.
const CLOSED_PER_STEP: i64 = 500;

/// Pages and bodies show so many unresolved alerts, changes and deliveries.
const LISTED_MAX: i64 = 1_000;

/// So many of those that were just opened are told one by one.
pub const TOLD_MAX: i64 = 1_000;

/// Who was away for more changes is told by the page.
const LOOK_BACK: i64 = 5_000;

/// The page shows so much of the past.
const PAST_SHOWN: i64 = 100;

/// How many alerts were open after a change.
#[derive(Debug, Default)]
pub(crate) struct OpenAlerts(Mutex<Option<(i64, u64)>>);

/// Everything about alerts, as one page shows it.
#[derive(Debug, Clone)]
pub struct Alerting {
    /// Those that are not resolved, the latest first, as many as a page shows.
    pub unresolved: Vec<Alert>,
    /// How many are open, and how many are acknowledged.
    pub counts: (u64, u64),
    /// How many of each rule's are not resolved; rules without any are left out.
    pub by_rule: HashMap<AlertRuleId, u64>,
    /// All rules, by name.
    pub rules: Vec<Rule>,
    /// All targets, by name.
    pub targets: Vec<Target>,
    /// What became of alerts, the latest first.
    pub past: Vec<Past>,
    /// What was sent and is to be sent, the latest first, without addresses.
    pub deliveries: Vec<Outgoing>,
    /// When this was read.
    pub now: Timestamp,
}

impl Alerting {
    /// The rule called so.
    pub fn rule(&self, id: AlertRuleId) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// An alert with the rule that it belongs to and what became of it.
#[derive(Debug, Clone)]
pub struct AlertDetail {
    /// The alert.
    pub alert: Alert,
    /// Its rule.
    pub rule: Rule,
    /// Its history, in order.
    pub changes: Vec<AlertChange>,
}

impl Hub {
    /// Everything about alerts.
    pub fn alerting(&self) -> Result<Alerting, HubError> {
        let now = self.now();
        self.read(move |tx| {
            Ok(Alerting {
                unresolved: alerts::list_unresolved(tx, LISTED_MAX)?,
                counts: (
                    alerts::count(tx, &[AlertWord::Open])?,
                    alerts::count(tx, &[AlertWord::Acknowledged])?,
                ),
                by_rule: alerts::count_unresolved_by_rule(tx)?,
                rules: alerts::rules::list(tx, RULES_MAX)?,
                targets: alerts::targets::list(tx, TARGETS_MAX)?,
                past: alerts::list_history(tx, i64::MAX, PAST_SHOWN)?,
                deliveries: alerts::deliveries::list(tx, PAST_SHOWN)?,
                now,
            })
        })
    }

    /// The alerts in some states, or all where none is named, those opened last first, with their rules:
    /// at most `limit` after the first `offset`; and how many there are.
    pub fn list_alerts(
        &self,
        states: Vec<AlertWord>,
        (offset, limit): (u64, u32),
    ) -> Result<(Vec<(Alert, Rule)>, u64), HubError> {
        self.read(move |tx| {
            let rules: HashMap<AlertRuleId, Rule> = (alerts::rules::list(tx, RULES_MAX)?
                .into_iter())
            .map(|rule| (rule.id, rule))
            .collect();
            let end = i64::try_from(offset.saturating_add(limit.into())).unwrap_or(i64::MAX);
            let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
            let found = alerts::list(tx, &states, end)?.into_iter().skip(skipped);
            let with_rule = found.filter_map(|alert| {
                let rule = rules.get(&alert.rule)?.clone();
                Some((alert, rule))
            });
            Ok((with_rule.collect(), alerts::count(tx, &states)?))
        })
    }

    /// What was sent and is to be sent, the latest first, without addresses.
    pub fn list_alert_deliveries(&self) -> Result<Vec<Outgoing>, HubError> {
        self.read(|tx| Ok(alerts::deliveries::list(tx, LISTED_MAX)?))
    }

    /// How many alerts nobody has taken on, counted up to [`OPEN_MAX`]. Every page asks: the store is
    /// asked only after something changed.
    pub fn count_open_alerts(&self) -> Result<u64, HubError> {
        let newest = self.bus.last_alert();
        let mut known = (self.open_alerts.0.lock()).unwrap_or_else(PoisonError::into_inner);
        if let Some((seq, count)) = *known
            && seq >= newest
        {
            return Ok(count);
        }
        let count = self.read(|tx| Ok(alerts::count_open(tx, OPEN_MAX)?))?;
        let count = u64::try_from(count).unwrap_or(0);
        *known = Some((newest, count));
        Ok(count)
    }

    /// The alerts that were opened after a change and are open still, at most [`TOLD_MAX`], and up to
    /// which change that is. Without a number, or with one of another database, none.
    pub fn openings_after(&self, after: Option<i64>) -> Result<(Vec<Alert>, i64), HubError> {
        let newest = self.bus.last_alert();
        let Some(after) = after.filter(|after| *after < newest) else {
            // Whatever comes next is after any number.
            return Ok((Vec::new(), 0));
        };
        let opened = self.read(move |tx| {
            let after = after.max(newest - LOOK_BACK);
            Ok(alerts::list_opened(tx, (after, newest), TOLD_MAX)?)
        })?;
        Ok((opened, newest))
    }

    /// An alert with its history.
    pub fn alert_detail(&self, id: AlertId) -> Result<AlertDetail, HubError> {
        self.read(move |tx| {
            let alert = find(tx, id)?;
            let rule = rules::find(tx, alert.rule)?;
            let changes = alerts::list_changes(tx, id)?;
            Ok(AlertDetail {
                alert,
                rule,
                changes,
            })
        })
    }

    /// Somebody looks after an alert. It stays until its condition holds no more.
    pub fn acknowledge_alert(&self, id: AlertId, by: &str) -> Result<Alert, HubError> {
        let (by, now) = (by.to_owned(), self.now());
        self.write(move |tx| {
            let alert = find(tx, id)?;
            step(tx, alert, AlertInput::Acknowledge(by), now)
        })
    }

    /// Somebody says that what happened is dealt with. What lasts ends by itself.
    pub fn resolve_alert(&self, id: AlertId, by: &str) -> Result<Alert, HubError> {
        let (by, now) = (by.to_owned(), self.now());
        self.write(move |tx| {
            let alert = find(tx, id)?;
            check_happening(&rules::find(tx, alert.rule)?)?;
            step(tx, alert, AlertInput::Clear(format!("closed by {by}")), now)
        })
    }

    /// Somebody says that all that happened so far by a rule is dealt with; says how many alerts that were.
    pub fn resolve_alerts_of(&self, id: AlertRuleId, by: &str) -> Result<u64, HubError> {
        let now = self.now();
        let mut closed = 0;
        loop {
            let by = by.to_owned();
            let some = self.write(move |tx| {
                check_happening(&rules::find(tx, id)?)?;
                let some = alerts::list_unresolved_of(tx, id, CLOSED_PER_STEP)?;
                let count = some.len() as u64;
                for alert in some {
                    step(tx, alert, AlertInput::Clear(format!("closed by {by}")), now)?;
                }
                Ok(count)
            })?;
            closed += some;
            if some == 0 {
                return Ok(closed);
            }
        }
    }
}

/// What lasts ends by itself.
fn check_happening(rule: &Rule) -> Result<(), HubError> {
    if rule.condition.is_happening() {
        return Ok(());
    }
    Err(HubError::Conflict(format!(
        "what it finds is resolved by itself when `{}` holds no more; acknowledge it, or mute the rule",
        rule.condition
    )))
}

/// Moves an alert that is there, notes it in the history and records that it changed.
fn step(
    tx: &mut Tx,
    mut alert: Alert,
    input: AlertInput,
    now: Timestamp,
) -> Result<Alert, HubError> {
    let was = alert.state.clone();
    let is_telling = !matches!(input, AlertInput::Acknowledge(_));
    let next = was.clone().step(input, now);
    alert.state = next.map_err(|refused| HubError::Conflict(refused.to_string()))?;
    if alert.state == was {
        return Ok(alert);
    }
    alert.is_news |= is_telling;
    alerts::save(tx, &alert)?;
    record(tx, &alert, now)?;
    Ok(alert)
}

/// Notes in the history what an alert became.
fn record(tx: &mut Tx, alert: &Alert, now: Timestamp) -> Result<(), HubError> {
    let reason = alert.state.reason();
    let text = if reason.is_empty() {
        alert.text.clone()
    } else {
        reason
    };
    let change = AlertChange {
        alert: alert.id,
        at: now,
        word: alert.state.word(),
        text,
    };
    alerts::insert_change(tx, &change)?;
    events::record(tx, Event::AlertChanged(alert.id));
    Ok(())
}

fn find(tx: &mut Tx, id: AlertId) -> Result<Alert, HubError> {
    alerts::find(tx, id)?.ok_or_else(|| HubError::not_found("alert", id))
}
