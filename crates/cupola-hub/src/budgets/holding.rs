//! What spent budgets keep from being leased.

use cupola_domain::{
    cost::{Kind, Money, Scope},
    event::Event,
    experiment::Experiment,
    ids::BudgetId,
    task::Task,
    training::MODEL_TAG,
};
use cupola_store::{Tx, budgets, events, experiments, tags};

use super::BudgetRow;
use crate::{Hub, HubError};

/// So many of the tasks that are ready are looked at in one statement.
const LOOKED_AT: i64 = 500;

/// A hard budget that is spent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) budget: BudgetId,
    name: String,
    limit: Money,
    scope: Scope,
}

impl Held {
    pub(super) fn of(row: &BudgetRow) -> Self {
        let wanted = &row.budget.wanted;
        Self {
            budget: row.budget.id,
            name: wanted.name.clone(),
            limit: wanted.limit,
            scope: wanted.scope.clone(),
        }
    }

    /// Whether it is of an experiment whose runs train that model.
    fn is_of(&self, experiment: &Experiment, model: Option<&str>) -> bool {
        let subject = self.scope.subject.as_str();
        match self.scope.kind {
            Kind::All => true,
            Kind::Model => model == Some(subject),
            Kind::Experiment => experiment.id.to_string() == subject,
            Kind::Brief => {
                let brief = experiment.origin.brief();
                brief.is_some_and(|brief| brief.to_string() == subject)
            }
            Kind::Person => experiment.author == subject,
        }
    }
}

impl Hub {
    /// Why nothing of an experiment is leased although somebody could take it; empty when no budget is in
    /// its way.
    pub(crate) fn spent_budget_of(&self, experiment: &Experiment) -> String {
        let model = experiment.setup.tags.get(MODEL_TAG).map(String::as_str);
        let held = self.held();
        let found = held.iter().find(|held| held.is_of(experiment, model));
        found.map_or_else(String::new, |held| {
            let (name, limit) = (&held.name, held.limit);
            let currency = &self.prices().currency;
            format!("the budget `{name}` of {limit} {currency} is spent; raise it to go on")
        })
    }
}

/// The budget that keeps a task from being leased.
pub(crate) fn find_holding<'a>(
    tx: &mut Tx,
    held: &'a [Held],
    task: &Task,
) -> Result<Option<&'a Held>, HubError> {
    if held.is_empty() {
        return Ok(None);
    }
    let experiment = experiments::find_any(tx, task.experiment)?
        .ok_or_else(|| HubError::not_found("experiment", task.experiment))?;
    let model = tags::find(tx, task.run, MODEL_TAG)?;
    let is_of = |held: &&Held| held.is_of(&experiment, model.as_deref());
    Ok(held.iter().find(is_of))
}

/// Passes over a task, and over those behind it that the same budget keeps back for the same reason.
pub(crate) fn withhold(
    tx: &mut Tx,
    held: &Held,
    (task, needs): (&Task, i64),
) -> Result<(), HubError> {
    match held.scope.kind {
        Kind::Model => {
            let model = &held.scope.subject;
            budgets::withhold_model(tx, held.budget, needs, model, LOOKED_AT)?;
        }
        _ => {
            budgets::withhold_experiment(tx, held.budget, needs, task.experiment, LOOKED_AT)?;
        }
    }
    events::record(tx, Event::ExperimentChanged(task.experiment));
    Ok(())
}
