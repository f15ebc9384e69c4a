//! Credits: who has how many, what briefs may spend, and what runs earn. What moves them stands in the
//! transaction that moves the run.

pub(crate) mod booking;
pub(crate) mod budgets;
mod chain;
mod escrow;
mod operating;
pub(crate) mod paying;
mod reading;
mod verifying;
mod withholding;
mod writing;

use std::{sync::Arc, time::Duration};

use cupola_domain::{
    credits::Credits,
    ledger::{Credit, price},
    resources::Needs,
    task::HARD_DEADLINE_GRACE,
};
use cupola_store::{Tx, tokens};

use crate::{Hub, HubError};

pub use operating::Correction;
pub(crate) use operating::welcome;
pub use reading::{
    Earned, Leader, Overview, PersonRow, Receipt, Spent, Statement, StatementQuery, WorkerEarnings,
};
pub use verifying::Verified;
pub(crate) use withholding::{withhold as withhold_unpaid, withhold_one as withhold_unpaid_one};

/// How credits are given, held and paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Economy {
    /// Whether a person's balance may not fall below zero. Where it may, only a brief's own budget
    /// limits anything.
    pub enforce: bool,
    /// What everybody is given who is new.
    pub grant: Credits,
    /// What an hour of the reference machine costs.
    pub hourly: Credits,
    /// What was earned is given after so long at the earliest.
    pub escrow: Duration,
    /// And after so many later results of the same person, or when they stopped working.
    pub escrow_results: u32,
    /// After so long they are not waited for: whoever stopped working is paid, too. None where they are.
    pub away: Option<Duration>,
}

impl Default for Economy {
    fn default() -> Self {
        Self {
            enforce: false,
            grant: Credits::from_micros(10_000_000_000),
            hourly: price::HOURLY,
            escrow: Duration::ZERO,
            escrow_results: 0,
            away: Some(Duration::from_hours(14 * 24)),
        }
    }
}

impl Economy {
    /// How far a person's balance may fall.
    pub fn people(&self) -> Credit {
        if self.enforce {
            Credit::None
        } else {
            Credit::Unlimited
        }
    }

    /// What a task costs: the same for whoever runs it, and however long that takes. Never less than for
    /// the grace that every program has beyond its budget, so that nobody has that time for nothing.
    pub fn price(&self, time_budget: Duration, needs: &Needs) -> Credits {
        price::of(time_budget.max(HARD_DEADLINE_GRACE), needs, self.hourly)
    }
}

impl Hub {
    /// How credits go from now on. What is reserved keeps the price that it was reserved at. Everybody who
    /// has a token and was never given the grant is given it.
    pub fn use_economy(&self, economy: Economy) -> Result<(), HubError> {
        let economy = Arc::new(economy);
        self.set_economy(Arc::clone(&economy));
        let now = self.now();
        self.write(move |tx| {
            for token in tokens::list_of_people(tx)? {
                welcome(tx, &token, &economy, now)?;
            }
            Ok(())
        })
    }
}

/// The person that somebody who is called so acts for: as the newest token of that name says.
pub(crate) fn person_of(tx: &mut Tx, name: &str) -> Result<String, HubError> {
    Ok(tokens::person_of(tx, name)?)
}

#[cfg(test)]
mod tests {
    use cupola_domain::resources::Hardware;

    use super::*;

    fn check(millis: u64, hardware: Hardware, expected: i64) {
        let price = Economy::default().price(Duration::from_millis(millis), &hardware.needs());
        assert_eq!(price.micros(), expected, "{millis} ms of {hardware}");
    }

    #[test]
    fn no_task_costs_less_than_the_time_that_it_may_take_beyond_its_budget() {
        check(1, Hardware::Small, 15_000_000);
        check(0, Hardware::Large, 360_000_000);
        check(15_000, Hardware::Large, 360_000_000);
        check(16_000, Hardware::Small, 16_000_000);
    }
}
