//! Events are rows first, written in the transaction that caused them.

use cupola_domain::event::Event;

use crate::{NewEvent, StoreError, Tx, statement::statements};

statements! {
    LIST_SUBJECTS = "SELECT kind, subject, MAX(seq) AS seq FROM event
                     WHERE seq > $1 AND seq <= $2
                     AND kind IN ('run', 'ended', 'metrics', 'log', 'experiment')
                     GROUP BY kind, subject ORDER BY seq";
    FIND_FIRST = "SELECT COALESCE(MIN(seq), 0) AS seq FROM event";
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

/// Which runs and experiments changed after change `after` and up to `to`: the words of
/// [`Event::kind`] with their subjects.
pub fn list_subjects(
    tx: &mut Tx,
    after: i64,
    to: i64,
) -> Result<Vec<(String, String)>, StoreError> {
    tx.query(LIST_SUBJECTS, &[&after, &to], |row| {
        Ok((row.text("kind")?, row.text("subject")?))
    })
}

/// The number of the oldest change that is remembered, 0 where there is none.
pub fn first(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one(FIND_FIRST, &[], |row| row.i64("seq"))
}

/// Forgets all but the latest `kept`, and those that the rules of alerts have not seen; says how many.
/// The newest always stays: numbering goes on from it.
pub fn delete_old(tx: &mut Tx, kept: i64) -> Result<usize, StoreError> {
    tx.execute(DELETE_OLD, &[&kept.max(1)])
}
