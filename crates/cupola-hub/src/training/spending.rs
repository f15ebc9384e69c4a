//! What was spent on training: what has ended and what runs, until now.

use std::collections::HashMap;

use cupola_domain::{
    cost::{Kind, Money, Scope, Total},
    time::Timestamp,
};
use cupola_store::Tx;

use super::known::{Spent, SpentOnModel, SpentOnRun};
use crate::{
    HubError,
    costs::{
        self,
        booking::{self, Running},
    },
};

/// On all runs, on each model, and on each run that goes on.
pub(super) fn read(tx: &mut Tx, now: Timestamp) -> Result<Spent, HubError> {
    let running = booking::list_running(tx, now)?;
    let all = costs::spent(tx, &Scope::default(), None, &running)?;
    let mut by_model: HashMap<&str, Vec<&Running>> = HashMap::new();
    for of in running.iter().filter(|of| !of.is_lost) {
        by_model.entry(&of.cost.model).or_default().push(of);
    }
    let models = costs::subjects(tx, Kind::Model, None, &running)?.into_iter();
    let models = models.map(|(key, of)| {
        let going = by_model.get(key.as_str()).map_or(&[][..], Vec::as_slice);
        let spent = on_model(&of.total, going.iter().copied());
        (key, spent)
    });
    let runs = running.iter().map(|of| {
        let spent = SpentOnRun {
            hourly: of.cost.taken.hourly(),
            cost: of.cost.settled.and_then(|(_, cost)| cost.money),
        };
        (of.cost.run, spent)
    });
    Ok(Spent {
        all,
        is_priced: running.iter().all(|of| of.cost.taken.hourly().is_some()),
        hourly: hourly(running.iter().filter(|of| !of.is_lost)),
        models: models.collect(),
        runs: runs.collect(),
    })
}

/// On a model, of which these runs go on.
pub(super) fn on_model<'r>(
    total: &Total,
    going: impl Iterator<Item = &'r Running>,
) -> SpentOnModel {
    SpentOnModel {
        money: total.cost().money,
        hours: total.hours(),
        hourly: hourly(going),
    }
}

/// What an hour of these runs costs: nothing without runs, and nothing that could be said where none of
/// them has a price.
fn hourly<'r>(going: impl Iterator<Item = &'r Running>) -> Option<Money> {
    let mut going = going.peekable();
    if going.peek().is_none() {
        return Some(Money::default());
    }
    going
        .filter_map(|of| of.cost.taken.hourly())
        .reduce(|sum, one| sum + one)
}
