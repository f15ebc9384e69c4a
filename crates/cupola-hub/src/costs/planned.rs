//! What something will cost before it runs: for its time, on the workers that could take it.

use std::time::Duration;

use cupola_domain::{
    brief::Brief,
    cost::{Kind, Machine, Money, PriceBook, Rate, Scope, Taken, Total},
    experiment::Experiment,
    resources::{Capabilities, Needs},
    worker::Presence,
};

use super::booking::Terms;
use crate::{Hub, HubError, live::LiveWorker};

/// About what all of it costs if each task takes its time once, on the cheapest and on the dearest of the
/// workers that fit. A task that is stopped only at its hard deadline, or is tried again, costs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// On the cheapest.
    pub least: Money,
    /// On the dearest.
    pub most: Money,
    /// How many workers with a price fit.
    pub workers: usize,
}

/// What an experiment cost so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Spending {
    /// What amounts are in.
    pub currency: String,
    /// All its runs together, with what runs now.
    pub total: Total,
    /// About what its brief would cost; none without one.
    pub planned: Option<Planned>,
}

impl Hub {
    /// What an experiment cost so far, and about what its brief would cost.
    pub fn spending(
        &self,
        experiment: &Experiment,
        brief: Option<&Brief>,
    ) -> Result<Spending, HubError> {
        let scope = Scope {
            kind: Kind::Experiment,
            subject: experiment.id.to_string(),
        };
        let planned = brief.and_then(|brief| {
            let wanted = &brief.wanted;
            self.planned_cost(&experiment.needs, wanted.num_tasks, wanted.time_budget)
        });
        Ok(Spending {
            currency: self.prices().currency.clone(),
            total: self.cost_of(&scope, None)?,
            planned,
        })
    }

    /// What so many tasks cost that use up their time once. None where no worker that is heard of fits and
    /// has a price: which model they train is not known before they say so.
    pub fn planned_cost(
        &self,
        needs: &Needs,
        tasks: u32,
        time_budget: Duration,
    ) -> Option<Planned> {
        let hours = self.hourly_of_fitting(needs);
        let cost = |hourly: &Money| {
            let units = hourly.units() * f64::from(tasks) * time_budget.as_secs_f64() / 3_600.0;
            Money::of(units)
        };
        Some(Planned {
            least: cost(hours.iter().min()?)?,
            most: cost(hours.iter().max()?)?,
            workers: hours.len(),
        })
    }

    /// What an hour of one of its slots costs on each worker that is heard of, fits and has a price.
    pub fn hourly_of_fitting(&self, needs: &Needs) -> Vec<Money> {
        let (now, prices) = (self.now(), self.prices());
        let live = self.live();
        let fitting = live.workers.values().filter(|worker| {
            worker.left_at.is_none()
                && Presence::at(worker.last_seen, now) != Presence::Offline
                && needs.unmet_by(&worker.capabilities).is_empty()
        });
        let hourly = fitting.map(|worker| {
            let terms = terms(&prices.book, worker);
            let taken = Taken {
                rate: terms.rate,
                share: terms.share,
                since: now,
            };
            taken.hourly()
        });
        hourly.flatten().collect()
    }
}

/// At which price a worker takes runs now.
pub(crate) fn terms(book: &PriceBook, worker: &LiveWorker) -> Terms {
    Terms {
        rate: rate(book, &worker.name, &worker.capabilities),
        share: 1.0 / f64::from(worker.slots.max(1)),
    }
}

fn rate(book: &PriceBook, name: &str, machine: &Capabilities) -> Rate {
    let gpus: Vec<&str> = machine.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    book.rate(Machine {
        worker: name,
        gpus: &gpus,
    })
}
