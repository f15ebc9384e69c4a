//! Events are rows first, written in the transaction that caused them.

use cupola_domain::event::Event;

use crate::{NewEvent, StoreError, Tx, statement::statements};

statements! {
    DELETE_OLD = "DELETE FROM event WHERE seq <= (SELECT MAX(seq) FROM event) - $1
                  AND seq <= (SELECT MIN(seq) FROM alert_reading)";
}

/// Records that something changed; published when the transaction is durable.
pub fn record(tx: &mut Tx, event: Event) {
    tx.record(NewEvent {
        kind: event.kind(),
        subject: event.subject(),
        parent: event.parent(),
    });
}

/// Forgets all but the latest `kept`, and those that the rules of alerts have not seen; says how many.
/// The newest always stays: numbering goes on from it.
pub fn delete_old(tx: &mut Tx, kept: i64) -> Result<usize, StoreError> {
    tx.execute(DELETE_OLD, &[&kept.max(1)])
}
