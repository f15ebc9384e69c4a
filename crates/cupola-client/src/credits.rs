//! Credits.

use cupola_protocol::{
    credits::{
        BriefBudgetBody, CreditsBody, EarnedBody, NewTransfer, PersonBody, RaisedBudget,
        ReceiptBody, StatementBody, TransferBody, VerifiedBody, WorkerEarningsBody,
    },
    page::Page,
    paths::api,
};

use crate::{
    Client, Error,
    query::{LeaderFilter, PageFilter, TransferFilter},
    transport::at,
};

impl Client {
    /// All credits at a glance, and what the bearer of the token has.
    pub async fn credits(&self) -> Result<CreditsBody, Error> {
        self.fetch(api::CREDITS).await
    }

    /// What everybody has.
    pub async fn credit_people(&self, filter: &PageFilter) -> Result<Page<PersonBody>, Error> {
        self.list(api::CREDIT_PEOPLE, filter).await
    }

    /// What somebody has, with the latest transfers.
    pub async fn credit_history(&self, filter: &TransferFilter) -> Result<StatementBody, Error> {
        self.list(api::CREDIT_HISTORY, filter).await
    }

    /// Who earned the most.
    pub async fn credit_leaders(&self, filter: &LeaderFilter) -> Result<Page<EarnedBody>, Error> {
        self.list(api::CREDIT_LEADERS, filter).await
    }

    /// Moves credits, as an operator.
    pub async fn move_credits(&self, transfer: &NewTransfer) -> Result<TransferBody, Error> {
        self.post(api::CREDIT_TRANSFERS, transfer).await
    }

    /// What a run earned, each step with its receipt.
    pub async fn credit_receipts(&self, run: &str) -> Result<Vec<ReceiptBody>, Error> {
        self.fetch(&at(api::CREDIT_RECEIPTS, run)).await
    }

    /// What going through the whole ledger finds.
    pub async fn verify_credits(&self) -> Result<VerifiedBody, Error> {
        self.fetch(api::CREDIT_VERIFICATION).await
    }

    /// What became of a brief's budget.
    pub async fn brief_budget(&self, id: &str) -> Result<BriefBudgetBody, Error> {
        self.fetch(&at(api::BRIEF_BUDGET, id)).await
    }

    /// Raises a brief's budget.
    pub async fn raise_brief_budget(
        &self,
        id: &str,
        budget: &RaisedBudget,
    ) -> Result<BriefBudgetBody, Error> {
        self.put(&at(api::BRIEF_BUDGET, id), budget).await
    }

    /// What a worker earned.
    pub async fn worker_earnings(&self, id: &str) -> Result<WorkerEarningsBody, Error> {
        self.fetch(&at(api::WORKER_EARNINGS, id)).await
    }
}
