//! What is known by heart of the fleet, from the store: once, when a hub opens.

use std::collections::HashMap;

use cupola_domain::{
    ids::WorkerId,
    telemetry::{Quantity, Values},
    time::Timestamp,
};
use cupola_series::chart::Axis;
use cupola_store::{
    Store, StoreError, Tx,
    series::{self, Asked, Series},
    telemetry, workers,
};

use super::fleet::{Fleet, Machine, Newest, SPAN};
use crate::HubError;

/// A worker has fewer quantities than this.
const NAMES_MAX: i64 = 1_000;

/// Reads the last day of each worker's series.
pub(crate) fn rebuild(store: &Store, now: Timestamp) -> Result<Fleet, HubError> {
    let since = now.minus(SPAN);
    store.read(move |tx| {
        let machines: HashMap<WorkerId, Machine> = workers::list(tx)?
            .iter()
            .map(|worker| (worker.id, Machine::from(&worker.capabilities)))
            .collect();
        let mut fleet = Fleet::default();
        for id in telemetry::list_since(tx, since)? {
            let machine = machines.get(&id).cloned().unwrap_or_default();
            read_worker(tx, &mut fleet, (id, &machine), since)?;
            if !machines.contains_key(&id) {
                fleet.forget(id);
            }
        }
        Ok(fleet)
    })
}

fn read_worker(
    tx: &mut Tx,
    fleet: &mut Fleet,
    (id, machine): (WorkerId, &Machine),
    since: Timestamp,
) -> Result<(), StoreError> {
    let mut all: Vec<(Quantity, Series)> = Vec::new();
    for series in series::list(tx, id, "", NAMES_MAX)? {
        if let Ok(quantity) = series.name.parse() {
            all.push((quantity, series));
        }
    }
    // Bucket by bucket it is counted once, whichever of its quantities comes first.
    let mut points = Vec::new();
    for (quantity, series) in &all {
        let read = read_since(tx, series, since)?;
        points.extend(read.into_iter().map(|(at, value)| (at, *quantity, value)));
    }
    points.sort_by_key(|(at, quantity, _)| (*at, *quantity));
    for (at, quantity, value) in points {
        fleet.take_value(id, machine, (quantity, at), value);
    }
    let last = all.iter().filter_map(|(_, series)| series.last);
    let Some(newest) = last.map(|last| last.time_millis).max() else {
        return Ok(());
    };
    let values: Values = all
        .iter()
        .filter_map(|(quantity, series)| Some((*quantity, series.last?)))
        .filter(|(_, last)| last.time_millis == newest)
        .map(|(quantity, last)| (quantity, last.value))
        .collect();
    let at = Timestamp::from_millis(newest);
    fleet.set_newest(id, Newest { at, values });
    Ok(())
}

fn read_since(
    tx: &mut Tx,
    series: &Series,
    since: Timestamp,
) -> Result<Vec<(Timestamp, f64)>, StoreError> {
    let asked = Asked {
        axis: Axis::Time,
        from: Some(since.millis()),
        to: None,
        columns: 1,
    };
    super::points_of(tx, series, asked)
}
