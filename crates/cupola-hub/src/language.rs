//! What the language model took, by day in UTC: a restart does not begin its budget anew.

use cupola_domain::time::Timestamp;
use cupola_store::language;

use crate::{Hub, HubError};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

impl Hub {
    /// The tokens of today.
    pub fn language_tokens_today(&self) -> Result<u64, HubError> {
        let today = day(self.now());
        let tokens = self.read(move |tx| Ok(language::find(tx, today)?))?;
        Ok(u64::try_from(tokens).unwrap_or_default())
    }

    /// Counts tokens to those of today; less than none takes away what was counted too many.
    pub fn count_language_tokens(&self, tokens: i64) -> Result<(), HubError> {
        let today = day(self.now());
        self.write(move |tx| Ok(language::add(tx, today, tokens)?))
    }
}

fn day(at: Timestamp) -> i64 {
    at.millis().div_euclid(DAY_MILLIS)
}
