//! What runs cost, and budgets.

use cupola_protocol::{
    costs::{BudgetBody, CostsBody, NewBudget},
    page::Page,
    paths::api,
};

use crate::{
    Client, Error,
    query::{CostFilter, PageFilter},
    transport::at,
};

impl Client {
    /// What runs cost.
    pub async fn costs(&self, filter: &CostFilter) -> Result<CostsBody, Error> {
        self.list(api::COSTS, filter).await
    }

    /// Budgets, and how far they are spent.
    pub async fn budgets(&self, filter: &PageFilter) -> Result<Page<BudgetBody>, Error> {
        self.list(api::BUDGETS, filter).await
    }

    /// A budget.
    pub async fn budget(&self, id: &str) -> Result<BudgetBody, Error> {
        self.fetch(&at(api::BUDGET, id)).await
    }

    /// Makes a budget.
    pub async fn create_budget(&self, budget: &NewBudget) -> Result<BudgetBody, Error> {
        self.post(api::BUDGETS, budget).await
    }

    /// Changes a budget.
    pub async fn edit_budget(&self, id: &str, budget: &NewBudget) -> Result<BudgetBody, Error> {
        self.put(&at(api::BUDGET, id), budget).await
    }

    /// Deletes a budget.
    pub async fn delete_budget(&self, id: &str) -> Result<(), Error> {
        self.delete(&at(api::BUDGET, id)).await
    }
}
