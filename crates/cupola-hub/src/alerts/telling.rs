//! The news of each rule become one message, with a delivery for each of its targets.

use cupola_domain::{
    alert::{Alert, AlertState, Item, Message},
    event::Event,
    ids::{AlertMessageId, DeliveryId},
    time::Timestamp,
};
use cupola_search::alert::Rule;
use cupola_store::{
    Tx,
    alerts::{self, deliveries},
    events,
};

use super::{TARGETS_MAX, targets::delivery};
use crate::{Hub, HubError};

/// Names for a message and its deliveries, made before the transaction begins.
pub(super) struct Spare {
    message: AlertMessageId,
    deliveries: Vec<DeliveryId>,
}

impl Spare {
    pub(super) fn new(hub: &Hub) -> Self {
        let deliveries = (0..TARGETS_MAX).map(|_| hub.next_id());
        Self {
            message: hub.next_id(),
            deliveries: deliveries.collect(),
        }
    }
}

/// Puts the news of a rule together, if they may be told now; says whether there were any to tell.
pub(super) fn tell(
    tx: &mut Tx,
    rule: &Rule,
    spare: Spare,
    now: Timestamp,
) -> Result<bool, HubError> {
    if rule.is_muted(now) {
        // What is over when people may be told again was never their concern.
        alerts::save_resolved_told(tx, rule.id)?;
        return Ok(false);
    }
    if !rule.may_tell(now) {
        return Ok(false);
    }
    let news = alerts::list_news(tx, rule.id)?;
    if news.is_empty() {
        return Ok(false);
    }
    alerts::save_told(tx, rule.id)?;
    alerts::rules::save_told(tx, rule.id, now)?;
    if !rule.targets.is_empty() {
        let message = Message::new(
            (spare.message, now),
            (rule.id, rule.name.clone(), rule.condition.to_string()),
            news.into_iter().map(item).collect(),
            alerts::count_unresolved(tx, rule.id)?,
        );
        deliveries::insert_message(tx, &message)?;
        for (target, id) in rule.targets.iter().zip(spare.deliveries) {
            deliveries::insert(tx, &delivery(id, &message, *target))?;
        }
    }
    events::record(tx, Event::AlertingChanged);
    Ok(true)
}

fn item(alert: Alert) -> Item {
    let (since, text) = match &alert.state {
        AlertState::Open => (alert.opened_at, alert.text),
        AlertState::Acknowledged { by, .. } => (
            alert.opened_at,
            format!("{} (acknowledged by {by})", alert.text),
        ),
        AlertState::Resolved { at, why } => (*at, why.clone()),
    };
    Item {
        word: alert.state.word(),
        subject: alert.subject,
        label: alert.label,
        text,
        since,
    }
}
