//! What becomes of an earning, in the transaction that moves its run.

use cupola_domain::{
    cost::Day,
    counts::State,
    ids::ExperimentId,
    ledger::{Credit, Kind},
    provenance::Provenance,
    run::Run,
    time::Timestamp,
};
use cupola_store::{
    Tx,
    ledger::{self, Kept},
};

use super::writing::{By, Writing};
use crate::HubError;

/// When a result counts as good enough to be paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acceptance {
    /// The run completed. What a program made up earns nothing.
    Completed,
}

impl Acceptance {
    fn of(self, run: &Run) -> Kind {
        match self {
            Acceptance::Completed => {
                let is_made_up = run.provenance == Provenance::Simulated;
                if run.state.word() == State::Completed && !is_made_up {
                    Kind::Post
                } else {
                    Kind::Void
                }
            }
        }
    }
}

/// A run that somebody had has come to its end: what was held for it is earned, or free again. The second
/// time changes nothing. What was at work when it was asked to stop is paid: else whoever asked for it could
/// watch it and stop it before its end, and have all that it found for nothing.
pub(crate) fn settle(
    tx: &mut Tx,
    run: &Run,
    is_stopped_at_work: bool,
    now: Timestamp,
) -> Result<(), HubError> {
    let kind = if is_stopped_at_work {
        Kind::Post
    } else {
        Acceptance::Completed.of(run)
    };
    match ledger::find_earning(tx, run.id)? {
        Some(kept) => advance(tx, &[kept], kind, now),
        None => Ok(()),
    }
}

/// Lets go what is held for the lost runs of an experiment, of which nobody hears any more.
pub(crate) fn void_lost(
    tx: &mut Tx,
    experiment: ExperimentId,
    now: Timestamp,
) -> Result<(), HubError> {
    let mut kept = Vec::new();
    for run in ledger::list_lost(tx, experiment)? {
        kept.extend(ledger::find_earning(tx, run)?);
    }
    advance(tx, &kept, Kind::Void, now)
}

/// Moves earnings on: a post, void, release or clawback.
pub(crate) fn advance(
    tx: &mut Tx,
    kept: &[Kept],
    kind: Kind,
    now: Timestamp,
) -> Result<(), HubError> {
    // No move of an earning takes from what a person has.
    let mut writing = Writing::new(Credit::None, now);
    for Kept {
        run,
        worker,
        earning,
        since,
    } in kept
    {
        let Some(next) = earning.stage.step(kind)? else {
            continue;
        };
        let transfer = earning.transfer(kind, run.to_string());
        writing.add(tx, transfer, By::default())?;
        ledger::save_moved(tx, *run, (earning.stage, next), now)?;
        if let Some((counted, day)) = counted(kind, *since, now) {
            let (of, micros) = ((*worker, earning.earner.as_str()), earning.amount.micros());
            ledger::add_earned(tx, of, day, counted, counted * micros)?;
        }
    }
    writing.finish(tx)
}

/// What a move of an earning that is where it is since then adds to what was earned, and on which day. What is
/// taken back is taken from the day that it was added to, so that no day falls below nothing.
fn counted(kind: Kind, since: Timestamp, now: Timestamp) -> Option<(i64, Day)> {
    match kind {
        Kind::Post => Some((1, Day::of(now))),
        Kind::Clawback => Some((-1, Day::of(since))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;

    /// Plays moves, each on a day, and says what the days have then.
    fn check(moves: &[(Kind, u32)], expected: &[i64]) {
        let noon = |day: u32| {
            let span = Duration::from_hours(u64::from(day) * 24 + 12);
            Timestamp::from_millis(i64::try_from(span.as_millis()).unwrap())
        };
        let (mut days, mut since) = (BTreeMap::new(), noon(0));
        for (kind, day) in moves {
            if let Some((counted, day)) = counted(*kind, since, noon(*day)) {
                *days.entry(day).or_insert(0) += counted;
            }
            since = noon(*day);
        }
        let found: Vec<i64> = days.into_values().collect();
        assert_eq!(found, expected, "{moves:?}");
    }

    #[test]
    fn what_is_taken_back_is_taken_from_the_day_that_it_was_added_to() {
        check(
            &[(Kind::Reserve, 1), (Kind::Post, 2), (Kind::Clawback, 4)],
            &[0],
        );
        check(
            &[(Kind::Reserve, 1), (Kind::Post, 2), (Kind::Release, 4)],
            &[1],
        );
        check(&[(Kind::Reserve, 1), (Kind::Void, 2)], &[]);
    }
}
