//! What was earned is given to people once it has been in escrow for long enough.

use cupola_domain::{event::Event, ledger::Kind, time::Timestamp};
use cupola_store::{Tx, events, ledger, ledger::Kept, verification};

use super::{Economy, booking::advance};
use crate::{Hub, HubError};

/// So many earnings are given in one transaction, so that nobody waits for long.
const GIVEN_PER_STEP: i64 = 200;

impl Hub {
    /// Gives what is due: what is in escrow for as long as the economy says, and has as many later results
    /// of the same person behind it. Says how many earnings that were.
    pub(crate) fn release_escrow(&self) -> Result<usize, HubError> {
        let now = self.now();
        let mut given = 0;
        for earner in self.read(|tx| Ok(ledger::list_earners(tx)?))? {
            loop {
                // Most of the time nothing is due: whoever waits is only read.
                let (asked, economy) = (earner.clone(), self.economy());
                let is_due =
                    self.read(move |tx| Ok(!due(tx, &asked, &economy, now)?.is_empty()))?;
                if !is_due {
                    break;
                }
                let (earner, economy) = (earner.clone(), self.economy());
                given += self.write(move |tx| {
                    let due = due(tx, &earner, &economy, now)?;
                    advance(tx, &due, Kind::Release, now)?;
                    events::record(tx, Event::CreditsChanged);
                    Ok(due.len())
                })?;
            }
        }
        Ok(given)
    }
}

/// What of somebody's is to be given. Since something of theirs was found wrong, the wait of all that was in
/// escrow then goes on anew. Who is banned is given nothing.
fn due(
    tx: &mut Tx,
    earner: &str,
    economy: &Economy,
    now: Timestamp,
) -> Result<Vec<Kept>, HubError> {
    let standing = verification::find_standing(tx, earner)?;
    if standing.ban.is_some() {
        return Ok(Vec::new());
    }
    let later = i64::from(economy.escrow_results);
    let waits = [(Some(economy.escrow), later), (economy.away, 0)];
    for (span, behind) in waits {
        let Some(span) = span else {
            continue;
        };
        let until = now.minus(span);
        let is_calm = match standing.disturbed_at {
            None => true,
            Some(at) if at > until => false,
            Some(_) if behind == 0 => true,
            Some(at) => ledger::count_posted_since(tx, earner, at, behind)? >= behind,
        };
        if is_calm {
            let due = ledger::list_due(tx, earner, until, behind, GIVEN_PER_STEP)?;
            if !due.is_empty() {
                return Ok(due);
            }
        }
    }
    Ok(Vec::new())
}
