//! Events are rows first, written in the transaction that caused them.

use cupola_domain::event::Event;

use crate::{NewEvent, Tx};

/// Records that something changed; published when the transaction is durable.
pub fn record(tx: &mut Tx, event: Event) {
    tx.record(NewEvent {
        kind: event.kind(),
        subject: event.subject(),
        parent: event.parent(),
    });
}
