//! Money as rules see it. It moves slowly, and a look at it is a look at all that runs: twice a minute
//! suffices.

use std::{collections::HashMap, time::Duration};

use cupola_domain::{
    alert::Subject,
    cost::{LEVELS, Scope},
    ids::RunId,
};
use cupola_search::alert::{Condition, CostOf, Rule, shown};

use crate::{
    Hub, HubError,
    budgets::BudgetRow,
    costs::{CostsQuery, booking},
};

/// What is known of it is used for so long.
pub(super) const FRESH_FOR: Duration = Duration::from_secs(30);

/// What costs and budgets are now, as far as rules ask.
#[derive(Debug, Default)]
pub(super) struct Money {
    currency: String,
    /// By what it is of; not of single runs.
    amounts: Vec<(CostOf, f64)>,
    runs: Vec<(RunId, f64)>,
    budgets: Vec<BudgetRow>,
}

impl Money {
    pub(super) fn of(hub: &Hub, rules: &[Rule]) -> Result<Self, HubError> {
        let mut money = Self {
            currency: hub.prices().currency.clone(),
            ..Self::default()
        };
        for of in CostOf::ALL {
            let asks = |rule: &Rule| matches!(&rule.condition, Condition::Cost { of: asked, .. } if *asked == of);
            if rules.iter().any(asks) {
                money.read(hub, of)?;
            }
        }
        let asks = |rule: &Rule| matches!(rule.condition, Condition::Budget { .. });
        if rules.iter().any(asks) {
            money.budgets = hub.list_budgets()?;
        }
        Ok(money)
    }

    fn read(&mut self, hub: &Hub, of: CostOf) -> Result<(), HubError> {
        let today = CostsQuery {
            days: Some(1),
            ..CostsQuery::default()
        };
        let amount = match of {
            CostOf::Rate => hub.hourly_now()?,
            CostOf::Today => hub.costs(&today)?.total.money,
            CostOf::Total => hub.cost_of(&Scope::default(), None)?.money,
            CostOf::Run => {
                let now = hub.now();
                let running = hub.read(move |tx| booking::list_running(tx, now))?;
                let money = running
                    .iter()
                    .filter_map(|of| Some((of.cost.run, of.cost.settled?.1.money?.units())));
                self.runs = money.collect();
                return Ok(());
            }
        };
        self.amounts.push((of, amount.units()));
        Ok(())
    }

    /// About what a rule holds now, and what there is to say of it.
    pub(super) fn holds(&self, condition: &Condition) -> HashMap<Subject, String> {
        match condition {
            Condition::Cost {
                of: CostOf::Run,
                relation,
                amount,
                ..
            } => {
                let beyond = self
                    .runs
                    .iter()
                    .filter(|(_, cost)| relation.holds(*cost, *amount));
                let said = beyond.map(|(run, cost)| {
                    let text = format!(
                        "it has cost {} ({relation} {})",
                        self.units(*cost),
                        shown(*amount)
                    );
                    (Subject::Run(*run), text)
                });
                said.collect()
            }
            Condition::Cost {
                of,
                relation,
                amount,
                ..
            } => {
                let known = self.amounts.iter().find(|(known, _)| known == of);
                let beyond = known.filter(|(_, cost)| relation.holds(*cost, *amount));
                let said = beyond.map(|(of, cost)| {
                    let cost = self.units(*cost);
                    let text = match of {
                        CostOf::Rate => format!("what runs costs {cost} an hour"),
                        CostOf::Today => format!("{cost} were spent today"),
                        CostOf::Total | CostOf::Run => format!("{cost} were spent in all"),
                    };
                    (
                        Subject::All,
                        format!("{text} ({relation} {})", shown(*amount)),
                    )
                });
                said.into_iter().collect()
            }
            Condition::Budget { percent } => self.reached(percent.unwrap_or(LEVELS[0])),
            _ => HashMap::new(),
        }
    }

    /// What a budget's level is called.
    pub(super) fn name(&self, level: &str) -> Option<String> {
        let (id, level) = level.split_once(':')?;
        let row = self
            .budgets
            .iter()
            .find(|row| row.budget.id.to_string() == id)?;
        Some(format!("{}, {level} %", row.budget.wanted.name))
    }

    /// The levels that budgets have reached, from `least` on: each is told by itself. A level between
    /// two of theirs is the next one.
    fn reached(&self, least: u8) -> HashMap<Subject, String> {
        let mut reached = HashMap::new();
        for row in &self.budgets {
            let limit = self.units(row.budget.wanted.limit.units());
            let text = format!(
                "{} of {limit} are spent",
                self.units(row.spent.money.units())
            );
            let levels = LEVELS
                .into_iter()
                .filter(|level| (least..=row.reached()).contains(level));
            for level in levels {
                let subject = Subject::Budget(format!("{}:{level}", row.budget.id));
                reached.insert(subject, text.clone());
            }
        }
        reached
    }

    fn units(&self, amount: f64) -> String {
        let cents = (amount * 1e4).round() / 1e4;
        format!("{} {}", shown(cents), self.currency)
    }
}
