//! What was spent on training: what has ended and what runs, until now.

use cupola_domain::{
    cost::{Kind, Money, Scope},
    time::Timestamp,
};
use cupola_store::Tx;

use super::known::{Spent, SpentOnModel, SpentOnRun};
use crate::{
    HubError,
    costs::{self, booking},
};

/// On all runs, on each model, and on each run that goes on.
pub(super) fn read(tx: &mut Tx, now: Timestamp) -> Result<Spent, HubError> {
    let running = booking::list_running(tx, now)?;
    let all = costs::spent(tx, &Scope::default(), None, &running)?;
    let models = costs::subjects(tx, Kind::Model, None, &running)?.into_iter();
    let models = models.map(|(key, of)| {
        let spent = SpentOnModel {
            money: of.total.cost().money,
            hours: of.total.hours(),
        };
        (key, spent)
    });
    let runs = running.iter().map(|of| {
        let spent = SpentOnRun {
            hourly: of.cost.taken.hourly(),
            cost: of.cost.settled.and_then(|(_, cost)| cost.money),
        };
        (of.cost.run, spent)
    });
    // Before any time has passed nothing was spent, wherever what runs has a price.
    let is_priced = running.iter().all(|of| of.cost.taken.hourly().is_some());
    let nothing = (is_priced && all.hours() <= 0.0).then(Money::default);
    Ok(Spent {
        all: all.cost().money.or(nothing),
        models: models.collect(),
        runs: runs.collect(),
    })
}
