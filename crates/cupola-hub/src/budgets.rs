//! Budgets of money: made, changed and watched. One that is hard and spent keeps what it is of from being
//! leased; what runs goes on.

mod holding;
mod looks;

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use cupola_domain::{
    cost::{Budget, Day, Draft, Kind, Total, Wanted, level},
    event::Event,
    field::FieldError,
    ids::{BriefId, BudgetId, ExperimentId},
    time::Timestamp,
};
use cupola_store::{Tx, briefs, budgets, events, experiments};

use crate::{
    Hub, HubError,
    costs::{booking, name_of, spent},
};

use looks::Looks;

pub(crate) use holding::{Held, find_holding, let_go, withhold, withhold_one};

/// So many tasks are let go in one transaction, so that nobody waits for long.
const RELEASED_PER_STEP: i64 = 1_000;

/// A budget, and how far it is spent.
#[derive(Debug, Clone, PartialEq)]
pub struct BudgetRow {
    /// The budget.
    pub budget: Budget,
    /// What people call that which it is of; none when it is deleted.
    pub subject: Option<String>,
    /// The first day that counts; none where all do.
    pub since: Option<Day>,
    /// What was spent since then, with what runs now.
    pub spent: Total,
    /// The highest level that is reached; 0 before the first.
    pub level: u8,
}

impl BudgetRow {
    /// Whether it keeps things from being leased.
    pub fn is_stopping(&self) -> bool {
        self.budget.wanted.is_hard && self.level == 100
    }

    /// The highest level that it has reached in its period, also where less has turned out to be spent.
    pub fn reached(&self) -> u8 {
        let (told, day) = self.budget.told;
        if day == self.since {
            told.max(self.level)
        } else {
            self.level
        }
    }

    /// How much of it is spent, in per cent; of a budget of nothing all.
    pub fn percent(&self) -> f64 {
        let limit = self.budget.wanted.limit.units();
        if limit > 0.0 {
            100.0 * self.spent.money.units() / limit
        } else {
            100.0
        }
    }
}

/// The budgets that keep things from being leased, known by heart.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    held: RwLock<Arc<Known>>,
    looks: Looks,
}

#[derive(Debug, Default)]
struct Known {
    has_hard: bool,
    held: Vec<Held>,
}

impl Hub {
    /// All budgets, the oldest first.
    pub fn list_budgets(&self) -> Result<Vec<BudgetRow>, HubError> {
        let now = self.now();
        self.read(move |tx| rows(tx, now))
    }

    /// A budget.
    pub fn find_budget(&self, id: BudgetId) -> Result<BudgetRow, HubError> {
        let found = self.list_budgets()?.into_iter();
        let mut found = found.filter(|row| row.budget.id == id);
        found
            .next()
            .ok_or_else(|| HubError::not_found("budget", id))
    }

    /// Makes a budget.
    pub fn create_budget(&self, draft: &Draft, author: &str) -> Result<BudgetRow, HubError> {
        let wanted = draft.check().map_err(HubError::Invalid)?;
        let (id, now, author) = (self.next_id(), self.now(), author.to_owned());
        self.write(move |tx| {
            check_subject(tx, &wanted)?;
            let count = i64::try_from(budgets::list(tx)?.len()).unwrap_or(i64::MAX);
            if count >= budgets::BUDGETS_MAX {
                let message = format!("there are {count} budgets already; delete one first");
                return Err(HubError::Conflict(message));
            }
            let budget = Budget {
                id,
                wanted,
                author,
                created_at: now,
                updated_at: now,
                told: (0, None),
            };
            budgets::insert(tx, &budget)?;
            events::record(tx, Event::BudgetChanged(id));
            Ok(())
        })?;
        self.refresh_budgets()?;
        self.find_budget(id)
    }

    /// Changes a budget's name, limit, period or hardness. What it is of stays: that is another budget.
    pub fn edit_budget(&self, id: BudgetId, draft: &Draft) -> Result<BudgetRow, HubError> {
        let wanted = draft.check().map_err(HubError::Invalid)?;
        let now = self.now();
        self.write(move |tx| {
            let before = find(tx, id)?;
            if wanted.scope != before.wanted.scope {
                let message = "cannot be changed; make another budget";
                return Err(HubError::Invalid(vec![FieldError::new("scope", message)]));
            }
            let is_same =
                (wanted.limit, wanted.period) == (before.wanted.limit, before.wanted.period);
            let after = Budget {
                wanted,
                updated_at: now,
                ..before
            };
            budgets::save(tx, &after)?;
            if !is_same {
                // Its levels are others now.
                budgets::save_told(tx, &after, (0, None))?;
            }
            events::record(tx, Event::BudgetChanged(id));
            Ok(())
        })?;
        self.refresh_budgets()?;
        self.find_budget(id)
    }

    /// Deletes a budget. What it kept back may be leased at once.
    pub fn delete_budget(&self, id: BudgetId) -> Result<(), HubError> {
        self.write(move |tx| {
            if !budgets::delete(tx, id)? {
                return Err(HubError::not_found("budget", id));
            }
            events::record(tx, Event::BudgetChanged(id));
            Ok(())
        })?;
        self.refresh_budgets()?;
        Ok(())
    }

    /// Looks how far all budgets are spent: tells which levels are new, keeps back what is to be kept, and
    /// lets go what is not. Says how many tasks it let go. Where others looked since this was asked for,
    /// they saw all that the caller knows, and nothing is done again.
    pub(crate) fn refresh_budgets(&self) -> Result<usize, HubError> {
        let looks = &self.spent.looks;
        let released = looks.once(looks.ask(), || self.look_at_budgets())?;
        Ok(released.unwrap_or(0))
    }

    fn look_at_budgets(&self) -> Result<usize, HubError> {
        let now = self.now();
        let rows = self.read(move |tx| rows(tx, now))?;
        let news: Vec<_> = rows.iter().filter_map(news_of).collect();
        if !news.is_empty() {
            self.write(move |tx| {
                for (budget, told) in news {
                    budgets::save_told(tx, &budget, told)?;
                    events::record(tx, Event::BudgetChanged(budget.id));
                }
                Ok(())
            })?;
        }
        let stopping = rows.iter().filter(|row| row.is_stopping());
        let known = Known {
            has_hard: rows.iter().any(|row| row.budget.wanted.is_hard),
            held: stopping.map(Held::of).collect(),
        };
        let mut held = self
            .spent
            .held
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(known);
        drop(held);
        self.release_tasks()
    }

    /// Notes that money was spent: a hard budget may have come to its end. Where that cannot be seen now,
    /// the loop sees it in a moment; what was spent is committed already.
    pub(crate) fn note_spending(&self) {
        if !self.known_budgets().has_hard {
            return;
        }
        if let Err(error) = self.refresh_budgets() {
            tracing::error!(%error, "budgets could not be looked at");
        }
    }

    /// The budgets that keep things from being leased.
    pub(crate) fn held(&self) -> Vec<Held> {
        self.known_budgets().held.clone()
    }

    fn known_budgets(&self) -> Arc<Known> {
        let held = self.spent.held.read();
        Arc::clone(&held.unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets go tasks of budgets that keep nothing back any more.
    fn release_tasks(&self) -> Result<usize, HubError> {
        let kept: Vec<BudgetId> = self.held().iter().map(|held| held.budget).collect();
        let free = self.read(move |tx| {
            let mut withholding = budgets::list_withholding(tx)?;
            withholding.retain(|id| !kept.contains(id));
            Ok(withholding)
        })?;
        let mut released = 0;
        for id in free {
            released += self.write(move |tx| {
                let (released, experiments) = budgets::release(tx, id, RELEASED_PER_STEP)?;
                note_moved(tx, id, experiments);
                Ok(released)
            })?;
        }
        if released > 0 {
            self.bus.announce_work();
        }
        Ok(released)
    }
}

/// Tells that a budget keeps tasks of these experiments back, or does not any more: pages of tasks look at
/// what a budget does, as there may be very many of them.
fn note_moved(tx: &mut Tx, id: BudgetId, experiments: BTreeSet<ExperimentId>) {
    events::record(tx, Event::BudgetChanged(id));
    for experiment in experiments {
        events::record(tx, Event::ExperimentChanged(experiment));
    }
}

fn find(tx: &mut Tx, id: BudgetId) -> Result<Budget, HubError> {
    budgets::find(tx, id)?.ok_or_else(|| HubError::not_found("budget", id))
}

fn rows(tx: &mut Tx, now: Timestamp) -> Result<Vec<BudgetRow>, HubError> {
    let budgets = budgets::list(tx)?;
    if budgets.is_empty() {
        return Ok(Vec::new());
    }
    let running = booking::list_running(tx, now)?;
    let row = |budget: Budget| {
        let Wanted {
            scope,
            limit,
            period,
            ..
        } = &budget.wanted;
        let since = period.since(Day::of(now));
        let spent = spent(tx, scope, since, &running)?;
        Ok(BudgetRow {
            subject: name_of(tx, scope.kind, &scope.subject)?,
            since,
            level: level(*limit, spent.money),
            spent,
            budget,
        })
    };
    budgets.into_iter().map(row).collect()
}

/// What is to be told of a budget and was not: a level that is higher than all before in its period, or the
/// beginning of another period. Where less turns out to be spent, a level is not told twice.
fn news_of(row: &BudgetRow) -> Option<(Budget, (u8, Option<Day>))> {
    let (told, day) = row.budget.told;
    let is_news = if day == row.since {
        row.level > told
    } else {
        told != 0 || row.level != 0
    };
    is_news.then(|| (row.budget.clone(), (row.level, row.since)))
}

/// Refuses a budget of something that is not there.
fn check_subject(tx: &mut Tx, wanted: &Wanted) -> Result<(), HubError> {
    let subject = &wanted.scope.subject;
    let is_there = match wanted.scope.kind {
        Kind::All | Kind::Model | Kind::Person => true,
        Kind::Experiment => match subject.parse::<ExperimentId>() {
            Ok(id) => experiments::find(tx, id)?.is_some(),
            Err(_) => false,
        },
        Kind::Brief => match subject.parse::<BriefId>() {
            Ok(id) => briefs::find(tx, id)?.is_some(),
            Err(_) => false,
        },
    };
    if is_there {
        return Ok(());
    }
    let message = format!("there is no {} `{subject}`", wanted.scope.kind.as_str());
    Err(HubError::Invalid(vec![FieldError::new("subject", message)]))
}
