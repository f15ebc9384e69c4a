//! Tasks that are what their workers die of.
//!
//! A worker that dies of a task takes whatever else it had with it, and its owner's machine. So a task is
//! given to no third: it is stopped once it was lost with workers of two owners, or with two workers where
//! all belong to one owner.

use std::collections::BTreeSet;

use crate::{date, ids::WorkerId, run::Loss, time::Timestamp};

/// A worker that was lost while it ran a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Death {
    /// The worker.
    pub worker: WorkerId,
    /// Its name for people.
    pub name: String,
    /// Whose it is.
    pub owner: String,
    /// What was seen of its end.
    pub loss: Loss,
    /// Since when it was silent.
    pub at: Timestamp,
}

/// Whether a task is stopped for the workers that were lost with it, in a fleet of so many owners.
pub fn is_poison(deaths: &[Death], owners: u64) -> bool {
    let deadly = || deaths.iter().filter(|death| death.loss.may_be_deadly());
    let of_owners: BTreeSet<_> = deadly().map(|death| death.owner.as_str()).collect();
    let workers: BTreeSet<_> = deadly().map(|death| death.worker).collect();
    of_owners.len() > 1 || (owners <= 1 && workers.len() > 1)
}

/// What is kept of it with the task.
pub fn evidence(deaths: &[Death]) -> String {
    let deadly = deaths.iter().filter(|death| death.loss.may_be_deadly());
    let said = deadly.map(|death| {
        let Death {
            name, owner, loss, ..
        } = death;
        let at = date::text(death.at.millis()).unwrap_or_default();
        format!("`{name}` of {owner} at {at} ({})", loss.words())
    });
    let said: Vec<_> = said.collect();
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ada.1` is the first of ada's workers, which fell silent; `ada.1!` was removed.
    fn check(script: &str, owners: u64, expected: bool) {
        let death = |word: &str| {
            let loss = if word.ends_with('!') {
                Loss::Removed
            } else {
                Loss::Silent
            };
            let word = word.trim_end_matches('!');
            let (owner, _) = word.split_once('.').unwrap();
            let number = word
                .bytes()
                .fold(0u128, |n, byte| n * 256 + u128::from(byte));
            Death {
                worker: uuid::Uuid::from_u128(number).into(),
                name: word.to_owned(),
                owner: owner.to_owned(),
                loss,
                at: Timestamp::from_millis(0),
            }
        };
        let deaths: Vec<_> = script.split_whitespace().map(death).collect();
        assert_eq!(is_poison(&deaths, owners), expected, "{script} of {owners}");
    }

    #[test]
    fn workers_of_two_owners_are_enough() {
        check("", 2, false);
        check("ada.1", 2, false);
        check("ada.1 ada.1 ada.2 ada.3", 2, false);
        check("ada.1 bob.1", 2, true);
        check("ada.1 bob.1", 9, true);
    }

    #[test]
    fn two_workers_are_enough_where_all_belong_to_one_owner() {
        check("ada.1 ada.1", 1, false);
        check("ada.1 ada.2", 1, true);
    }

    #[test]
    fn what_somebody_took_away_did_not_die_of_it() {
        check("ada.1 bob.1!", 2, false);
        check("ada.1! ada.2!", 1, false);
    }

    #[test]
    fn the_evidence_names_workers_owners_and_times() {
        let death = |name: &str, loss| Death {
            worker: uuid::Uuid::nil().into(),
            name: name.to_owned(),
            owner: "ada".to_owned(),
            loss,
            at: Timestamp::from_millis(1_795_000_000_000),
        };
        let deaths = [
            death("one", Loss::Silent),
            death("two", Loss::Removed),
            death("three", Loss::Restarted),
        ];
        assert_eq!(
            evidence(&deaths),
            "`one` of ada at 2026-11-18T11:06:40.000Z (it fell silent), \
             `three` of ada at 2026-11-18T11:06:40.000Z (its agent started anew)"
        );
    }
}
