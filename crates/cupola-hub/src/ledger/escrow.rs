//! What was earned is given to people once it has been in escrow for long enough.

use cupola_domain::{event::Event, ledger::Kind};
use cupola_store::{events, ledger};

use super::booking::advance;
use crate::{Hub, HubError};

/// So many earnings are given in one transaction, so that nobody waits for long.
const GIVEN_PER_STEP: i64 = 200;

impl Hub {
    /// Gives what is due: what is in escrow for as long as the economy says, and has as many later results
    /// of the same person behind it. Says how many earnings that were.
    pub(crate) fn release_escrow(&self) -> Result<usize, HubError> {
        let (economy, now) = (self.economy(), self.now());
        let until = now.minus(economy.escrow);
        let behind = i64::from(economy.escrow_results);
        let mut given = 0;
        for earner in self.read(|tx| Ok(ledger::list_earners(tx)?))? {
            loop {
                let earner = earner.clone();
                let step = self.write(move |tx| {
                    let due = ledger::list_due(tx, &earner, until, behind, GIVEN_PER_STEP)?;
                    advance(tx, &due, Kind::Release, now)?;
                    if !due.is_empty() {
                        events::record(tx, Event::CreditsChanged);
                    }
                    Ok(due.len())
                })?;
                given += step;
                if step == 0 {
                    break;
                }
            }
        }
        Ok(given)
    }
}
