//! Messages and their deliveries: rows before anything is sent, so that what was decided is sent
//! whatever happens to the sender.

use cupola_domain::{
    alert::{Address, Delivery, DeliveryState, Message, Target},
    ids::{AlertMessageId, DeliveryId},
    time::Timestamp,
};

use super::{items, targets};
use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT_MESSAGE = "INSERT INTO alert_message (id, rule_id, rule_name, condition, at, items, more,
                                                 unresolved)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    FIND_MESSAGE = "SELECT * FROM alert_message WHERE id = $1";
    INSERT = "INSERT INTO alert_delivery (id, message_id, target_id, attempts, state, state_at,
                                          problem, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SAVE = "UPDATE alert_delivery SET attempts = $2, state = $3, state_at = $4, problem = $5
            WHERE id = $1 AND state = 'pending'";
    FIND = "SELECT * FROM alert_delivery WHERE id = $1";
    LIST_TARGETS = "SELECT id FROM alert_target ORDER BY id";
    LIST_DUE = "SELECT * FROM alert_delivery
                WHERE target_id = $1 AND state = 'pending' AND state_at <= $2
                ORDER BY state_at, id LIMIT $3";
    NEXT_DUE = "SELECT MIN(state_at) AS at FROM alert_delivery
                WHERE state = 'pending' AND state_at > $1";
    LIST = "SELECT * FROM alert_delivery ORDER BY id DESC LIMIT $1";
    FIND_LAST_KEPT = "SELECT created_at FROM alert_delivery WHERE state <> 'pending'
                      ORDER BY created_at DESC LIMIT 1 OFFSET $1";
    DELETE_OLD = "DELETE FROM alert_delivery WHERE state <> 'pending' AND created_at < $1";
    DELETE_OLD_MESSAGES = "DELETE FROM alert_message WHERE at < $1 AND NOT EXISTS
                           (SELECT 1 FROM alert_delivery
                            WHERE alert_delivery.message_id = alert_message.id)";
}

/// A delivery with all that it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The delivery.
    pub delivery: Delivery,
    /// What is told.
    pub message: Message,
    /// To whom.
    pub target: Target,
    /// Where that is; none in a store that was copied.
    pub address: Option<Address>,
}

/// Adds a message.
pub fn insert_message(tx: &mut Tx, message: &Message) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT_MESSAGE,
        &[
            &message.id.to_string(),
            &message.rule.map(|id| id.to_string()),
            &message.rule_name,
            &message.condition,
            &message.at.millis(),
            &items::text(&message.items),
            &i64::from(message.more),
            &i64::from(message.unresolved),
        ],
    )
}

/// Adds a delivery.
pub fn insert(tx: &mut Tx, delivery: &Delivery) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &delivery.id.to_string(),
            &delivery.message.to_string(),
            &delivery.target.to_string(),
            &i64::from(delivery.attempts),
            &delivery.state.as_str(),
            &delivery.state.at().millis(),
            &delivery.problem,
            &delivery.created_at.millis(),
        ],
    )
}

/// Writes how an attempt went; says whether the delivery was still pending.
pub fn save(tx: &mut Tx, delivery: &Delivery) -> Result<bool, StoreError> {
    let touched = tx.execute(
        SAVE,
        &[
            &delivery.id.to_string(),
            &i64::from(delivery.attempts),
            &delivery.state.as_str(),
            &delivery.state.at().millis(),
            &delivery.problem,
        ],
    )?;
    Ok(touched > 0)
}

/// The delivery called so.
pub fn find(tx: &mut Tx, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], delivery)
}

/// What is to be sent now, of each target at most `limit`: what waits longest first.
pub fn list_due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Outgoing>, StoreError> {
    let mut due = Vec::new();
    for target in tx.query(LIST_TARGETS, &[], |row| row.text("id"))? {
        due.extend(tx.query(LIST_DUE, &[&target, &now.millis(), &limit], delivery)?);
    }
    due.sort_unstable_by_key(|delivery| (delivery.state.at(), delivery.id));
    whole(tx, due)
}

/// When something is due that is not yet.
pub fn next_due(tx: &mut Tx, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    tx.query_one(NEXT_DUE, &[&now.millis()], |row| {
        codec::optional_time(row, "at")
    })
}

/// The latest first. Addresses are left out.
pub fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Outgoing>, StoreError> {
    let latest = tx.query(LIST, &[&limit], delivery)?;
    let mut found = whole(tx, latest)?;
    for outgoing in &mut found {
        outgoing.address = None;
    }
    Ok(found)
}

/// Forgets what ended and was decided before `before`, or before the latest `kept`; says how many.
pub fn delete_old(tx: &mut Tx, before: Timestamp, kept: i64) -> Result<usize, StoreError> {
    let last = kept.saturating_sub(1).max(0);
    let last = tx.query_optional(FIND_LAST_KEPT, &[&last], |row| {
        codec::time(row, "created_at")
    })?;
    let before = last.map_or(before, |last| before.max(last));
    let gone = tx.execute(DELETE_OLD, &[&before.millis()])?;
    Ok(gone + tx.execute(DELETE_OLD_MESSAGES, &[&before.millis()])?)
}

fn whole(tx: &mut Tx, deliveries: Vec<Delivery>) -> Result<Vec<Outgoing>, StoreError> {
    let mut found = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let message = find_message(tx, delivery.message)?;
        let target = targets::find(tx, delivery.target)?;
        let address = targets::find_address(tx, delivery.target)?;
        // The references see to it that both are there.
        if let (Some(message), Some(target)) = (message, target) {
            found.push(Outgoing {
                delivery,
                message,
                target,
                address,
            });
        }
    }
    Ok(found)
}

fn find_message(tx: &mut Tx, id: AlertMessageId) -> Result<Option<Message>, StoreError> {
    tx.query_optional(FIND_MESSAGE, &[&id.to_string()], message)
}

fn message(row: &Row<'_>) -> Result<Message, StoreError> {
    let items = items::from_text(&row.text("items")?)
        .ok_or_else(|| codec::inconsistent("alert_message", "items", row))?;
    Ok(Message {
        id: codec::parsed(row, "alert_message", "id")?,
        rule: codec::optional_parsed(row, "alert_message", "rule_id")?,
        rule_name: row.text("rule_name")?,
        condition: row.text("condition")?,
        at: codec::time(row, "at")?,
        items,
        more: codec::count(row, "alert_message", "more")?,
        unresolved: codec::count(row, "alert_message", "unresolved")?,
    })
}

fn delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    let at = codec::time(row, "state_at")?;
    let state = match row.text("state")?.as_str() {
        "pending" => DeliveryState::Pending { next_at: at },
        "sent" => DeliveryState::Sent { at },
        "given up" => DeliveryState::GivenUp { at },
        _ => return Err(codec::inconsistent("alert_delivery", "state", row)),
    };
    Ok(Delivery {
        id: codec::parsed(row, "alert_delivery", "id")?,
        message: codec::parsed(row, "alert_delivery", "message_id")?,
        target: codec::parsed(row, "alert_delivery", "target_id")?,
        attempts: codec::count(row, "alert_delivery", "attempts")?,
        state,
        problem: row.text("problem")?,
        created_at: codec::time(row, "created_at")?,
    })
}
