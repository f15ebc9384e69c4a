//! Checks of results, and bans.

use cupola_protocol::{
    page::Page,
    paths::api,
    verification::{
        CheckBody, CheckDetailBody, ChecksBody, NewBan, NewCheck, ProofBody, StandingBody,
    },
};

use crate::{Client, Error, query::CheckFilter, transport::at};

impl Client {
    /// Checks, the latest first.
    pub async fn checks(&self, filter: &CheckFilter) -> Result<ChecksBody, Error> {
        self.list(api::CHECKS, filter).await
    }

    /// A check with its evidence.
    pub async fn check(&self, id: &str) -> Result<CheckDetailBody, Error> {
        self.fetch(&at(api::CHECK, id)).await
    }

    /// Has a run's result checked, as an operator.
    pub async fn check_run(&self, new: &NewCheck) -> Result<CheckBody, Error> {
        self.post(api::CHECKS, new).await
    }

    /// What is known of a run's result.
    pub async fn proof_of_run(&self, run: &str) -> Result<ProofBody, Error> {
        self.fetch(&at(api::CHECKS_OF_RUN, run)).await
    }

    /// What is known of owners.
    pub async fn standings(&self) -> Result<Page<StandingBody>, Error> {
        self.fetch(api::STANDINGS).await
    }

    /// Bans an owner, as an administrator.
    pub async fn ban(&self, ban: &NewBan) -> Result<StandingBody, Error> {
        self.post(api::BANS, ban).await
    }

    /// Lifts a ban, as an administrator.
    pub async fn lift_ban(&self, ban: &NewBan) -> Result<StandingBody, Error> {
        self.post(api::BANS_LIFTED, ban).await
    }
}
