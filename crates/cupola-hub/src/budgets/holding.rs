//! What spent budgets keep from being leased.

use cupola_domain::{
    cost::{Kind, Money, Scope},
    event::Event,
    experiment::Experiment,
    ids::{BudgetId, ExperimentId, RunId},
    scheduling::Lane,
    task::Task,
    training::MODEL_TAG,
};
use cupola_store::{Tx, budgets, events, experiments, tags};

use super::{BudgetRow, note_moved};
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
    /// its way, of money or of credits. What its runs train may be said of each of them: then a budget is in the way that keeps
    /// any of them back.
    pub(crate) fn spent_budget_of(&self, experiment: &Experiment) -> Result<String, HubError> {
        let model = experiment.setup.tags.get(MODEL_TAG).map(String::as_str);
        let held = self.held();
        let mut found = held.iter().find(|held| held.is_of(experiment, model));
        if found.is_none() {
            let of_models = held.iter().filter(|held| held.scope.kind == Kind::Model);
            let ids: Vec<BudgetId> = of_models.map(|held| held.budget).collect();
            let id = experiment.id;
            let withholding = self.read(move |tx| first_withholding(tx, &ids, id))?;
            found = held.iter().find(|held| Some(held.budget) == withholding);
        }
        let Some(held) = found else {
            return self.unpaid_reason_of(experiment);
        };
        let (name, limit) = (&held.name, held.limit);
        let currency = &self.prices().currency;
        Ok(format!(
            "the budget `{name}` of {limit} {currency} is spent; raise it to go on"
        ))
    }
}

fn first_withholding(
    tx: &mut Tx,
    ids: &[BudgetId],
    experiment: ExperimentId,
) -> Result<Option<BudgetId>, HubError> {
    for id in ids {
        if budgets::is_withholding(tx, *id, experiment)? {
            return Ok(Some(*id));
        }
    }
    Ok(None)
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
    task: &Task,
    line: (i64, &Lane),
) -> Result<(), HubError> {
    let withheld = match held.scope.kind {
        Kind::Model => {
            let model = &held.scope.subject;
            budgets::withhold_model(tx, held.budget, line, model, LOOKED_AT)?
        }
        _ => budgets::withhold_experiment(tx, held.budget, line, task.experiment, LOOKED_AT)?,
    };
    note_moved(tx, held.budget, withheld);
    Ok(())
}

/// Passes over one task that is in no line.
pub(crate) fn withhold_one(tx: &mut Tx, held: &Held, task: &Task) -> Result<(), HubError> {
    budgets::withhold_one(tx, held.budget, task.id)?;
    note_moved(tx, held.budget, [task.experiment].into());
    Ok(())
}

/// What a run trains is said anew: whatever budget kept it back is asked again when somebody comes for it.
pub(crate) fn let_go(tx: &mut Tx, run: RunId) -> Result<(), HubError> {
    if let Some((task, experiment)) = budgets::release_run(tx, run)? {
        events::record(tx, Event::TaskChanged(task, experiment));
        events::record(tx, Event::ExperimentChanged(experiment));
    }
    Ok(())
}
