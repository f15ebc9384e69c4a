//! What was earned is given to people once it has been in escrow for long enough.

use std::time::Duration;

use cupola_domain::{event::Event, ledger::Kind};
use cupola_store::{
    events,
    ledger::{self, Due},
};

use super::booking::advance;
use crate::{Hub, HubError};

/// Whoever stops working waits for no later results of their own after so long.
const AWAY: Duration = Duration::from_hours(14 * 24);

/// So many earnings are given in one transaction, so that nobody waits for long.
const GIVEN_PER_STEP: i64 = 200;

impl Hub {
    /// Gives what is due: what is in escrow for as long as the economy says, and has as many later results
    /// of the same person behind it. Says how many earnings that were.
    pub(crate) fn release_escrow(&self) -> Result<usize, HubError> {
        let (economy, now) = (self.economy(), self.now());
        let until = now.minus(economy.escrow);
        let behind = i64::from(economy.escrow_results);
        let away = now.minus(economy.escrow.max(AWAY));
        let mut given = 0;
        for earner in self.read(|tx| Ok(ledger::list_earners(tx)?))? {
            loop {
                let due = Due {
                    earner: earner.clone(),
                    until,
                    behind,
                    away,
                };
                // Most of the time nothing is: whoever waits is only read.
                let asked = due.clone();
                if self
                    .read(move |tx| Ok(ledger::list_due(tx, &asked, 1)?))?
                    .is_empty()
                {
                    break;
                }
                given += self.write(move |tx| {
                    let due = ledger::list_due(tx, &due, GIVEN_PER_STEP)?;
                    advance(tx, &due, Kind::Release, now)?;
                    events::record(tx, Event::CreditsChanged);
                    Ok(due.len())
                })?;
            }
        }
        Ok(given)
    }
}
