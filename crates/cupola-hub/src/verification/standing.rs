//! What is known of owners, as it is kept and as it decides.

use cupola_domain::ids::WorkerId;
use cupola_economy::{
    trust::{Cause, Effect, Record, Reputation, Status},
    verdict::Verdict,
};
use cupola_store::{
    Tx, verification as rows,
    verification::{Standing, Trust},
};

use super::{Court, known};
use crate::HubError;

pub(crate) fn is_banned(tx: &mut Tx, owner: &str) -> Result<bool, HubError> {
    Ok(rows::find_standing(tx, owner)?.ban.is_some())
}

/// Why an owner is banned.
pub(super) fn ban_of(tx: &mut Tx, owner: &str) -> Result<Option<Cause>, HubError> {
    Ok(cause_of(&rows::find_standing(tx, owner)?))
}

fn cause_of(of: &Standing) -> Option<Cause> {
    of.ban.as_deref().and_then(|word| word.parse().ok())
}

pub(super) fn reputation<'a>(of: &Standing, trust: &'a [Trust]) -> Reputation<&'a str> {
    let record = Record {
        passed: trust
            .iter()
            .map(|trust| (trust.class.as_str(), trust.passed))
            .collect(),
        frauds: of.frauds,
        faults: of.faults,
        clean: of.clean,
        ban: cause_of(of),
    };
    record.into()
}

pub(super) fn find<T>(
    tx: &mut Tx,
    owner: &str,
    ask: impl FnOnce(&Reputation<&str>) -> T,
) -> Result<T, HubError> {
    let standing = rows::find_standing(tx, owner)?;
    let trust = rows::list_trust_of(tx, owner)?;
    Ok(ask(&reputation(&standing, &trust)))
}

impl Court {
    /// Whether a worker of this owner is to be tried with tasks whose answer is known.
    pub(crate) fn is_newcomer(
        &self,
        tx: &mut Tx,
        worker: WorkerId,
        owner: &str,
    ) -> Result<bool, HubError> {
        if self.rules.is_own(owner) || self.policy.probation == 0 {
            return Ok(false);
        }
        let class = known::class_of(tx, worker)?;
        let status = find(tx, owner, |of| of.status(&class, &self.policy))?;
        Ok(status == Status::Probation)
    }

    /// Notes what a check found of a result of an owner's class. Own machines, and who is banned already,
    /// are not judged.
    pub(super) fn judged(
        &self,
        tx: &mut Tx,
        (owner, class): (&str, &str),
        verdict: Verdict,
    ) -> Result<Effect, HubError> {
        if self.rules.is_own(owner) {
            return Ok(Effect::None);
        }
        let mut standing = rows::find_standing(tx, owner)?;
        let trust = rows::list_trust_of(tx, owner)?;
        let mut reputation = reputation(&standing, &trust);
        if reputation.ban().is_some() {
            return Ok(Effect::None);
        }
        let effect = reputation.take(class, verdict, &self.policy);
        let record = reputation.record();
        for (class, passed) in record.passed {
            rows::save_trust(tx, owner, class, passed)?;
        }
        standing.frauds = record.frauds;
        standing.faults = record.faults;
        standing.clean = record.clean;
        if effect != Effect::None {
            standing.disturbed_at = Some(self.now);
        }
        rows::save_standing(tx, &standing)?;
        Ok(effect)
    }
}
