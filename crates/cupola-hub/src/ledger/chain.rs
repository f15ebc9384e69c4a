//! Receipts: each hash is over the one before it and the transfer's own line.

use cupola_domain::ledger::Entry;

use crate::secret::digest;

/// The hash of an entry behind one whose hash is `before`; empty before the first.
pub(crate) fn hash(before: &str, entry: &Entry) -> String {
    digest(&format!("{before}\n{}", entry.line()))
}

#[cfg(test)]
mod tests {
    use cupola_domain::{
        credits::Credits,
        ledger::{Account, Kind, Transfer},
        time::Timestamp,
    };

    use super::*;

    fn entry() -> Entry {
        Entry {
            number: 7,
            transfer: Transfer {
                kind: Kind::Grant,
                key: "k".to_owned(),
                debit: Account::Issued,
                credit: Account::Person("a".to_owned()),
                amount: Credits::from_micros(5),
            },
            at: Timestamp::from_millis(9),
            author: "o".to_owned(),
            note: "why".to_owned(),
            hash: String::new(),
        }
    }

    fn check(change: impl FnOnce(&mut Entry), differs: bool) {
        let mut other = entry();
        change(&mut other);
        assert_eq!(hash("x", &entry()) != hash("x", &other), differs);
    }

    #[test]
    fn whatever_is_changed_changes_the_hash() {
        check(|_| (), false);
        check(|e| e.number = 8, true);
        check(|e| e.transfer.kind = Kind::Correction, true);
        check(|e| e.transfer.key = "l".to_owned(), true);
        check(
            |e| e.transfer.credit = Account::Person("b".to_owned()),
            true,
        );
        check(|e| e.transfer.amount = Credits::from_micros(6), true);
        check(|e| e.at = Timestamp::from_millis(10), true);
        check(|e| e.author = "p".to_owned(), true);
        check(|e| e.note = "why not".to_owned(), true);
        assert_ne!(hash("x", &entry()), hash("y", &entry()));
    }

    #[test]
    fn anybody_can_compute_a_receipt() {
        // printf '\n7\tgrant\tk\tissued\tperson:a\t5\t9\to\twhy' | sha256sum
        let line = "\n7\tgrant\tk\tissued\tperson:a\t5\t9\to\twhy";
        assert_eq!(hash("", &entry()), digest(line));
    }
}
