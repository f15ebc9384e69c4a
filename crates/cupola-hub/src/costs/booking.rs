//! Costs as they arise: begun with a lease, settled in the transaction that ends its run, whatever ends it.

use cupola_domain::{
    cost::{Basis, Day, LONGEST, Rate, Taken, Total},
    ids::{ExperimentId, RunId, WorkerId},
    run::Run,
    time::Timestamp,
    training::MODEL_TAG,
};
use cupola_store::{
    Tx,
    costs::{self, RunCost},
    experiments, tags, training,
};

use crate::{HubError, telemetry::energy};

/// At which price a worker takes runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Of its machine.
    pub(crate) rate: Rate,
    /// Of which each run has this part.
    pub(crate) share: f64,
}

/// A run that has not ended, and what it costs so far.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    /// Settled as if it ended now.
    pub(crate) cost: RunCost,
    /// Whether its worker has fallen silent: it costs no more.
    pub(crate) is_lost: bool,
}

/// A worker takes a run at these terms.
pub(crate) fn begin(
    tx: &mut Tx,
    run: &Run,
    (worker, terms): (WorkerId, Terms),
    now: Timestamp,
) -> Result<(), HubError> {
    let maker = experiments::find_maker(tx, run.experiment)?
        .ok_or_else(|| HubError::not_found("experiment", run.experiment))?;
    let brief = maker.brief.map(|brief| brief.to_string());
    let mut cost = RunCost {
        run: run.id,
        experiment: run.experiment,
        worker,
        model: tags::find(tx, run.id, MODEL_TAG)?.unwrap_or_default(),
        brief: brief.unwrap_or_default(),
        person: maker.author,
        taken: Taken {
            rate: terms.rate,
            share: terms.share,
            since: now,
        },
        settled: None,
        is_energy_measured: false,
    };
    of_model(tx, &mut cost)?;
    Ok(costs::insert(tx, &cost)?)
}

/// Settles what a run cost that its worker had until then, and adds it to the totals. The second time
/// changes nothing.
pub(crate) fn settle(tx: &mut Tx, run: RunId, until: Timestamp) -> Result<(), HubError> {
    let Some(open) = costs::find(tx, run)?.filter(|cost| cost.settled.is_none()) else {
        return Ok(());
    };
    let counted = measured(tx, open, until)?;
    costs::save_settled(tx, &counted)?;
    add_up(tx, &counted)
}

/// Adds what a run cost that has ended to the totals.
pub(crate) fn add_up(tx: &mut Tx, cost: &RunCost) -> Result<(), HubError> {
    let days = by_day(cost, true);
    let totals = cost.scopes().into_iter();
    let totals = totals.flat_map(|scope| {
        let of_day = move |(day, total): &(_, _)| (scope.clone(), *day, *total);
        days.iter().map(of_day)
    });
    Ok(costs::add(tx, &totals.collect::<Vec<_>>())?)
}

/// Settles the lost runs of an experiment, of which nobody hears any more.
pub(crate) fn settle_lost(tx: &mut Tx, experiment: ExperimentId) -> Result<(), HubError> {
    for (run, lost_at) in costs::list_lost(tx, experiment)? {
        settle(tx, run, lost_at)?;
    }
    Ok(())
}

/// All runs that have not ended, with what they cost until now.
pub(crate) fn list_running(tx: &mut Tx, now: Timestamp) -> Result<Vec<Running>, HubError> {
    let open = costs::list_open(tx)?;
    let running = open.into_iter().map(|open| {
        Ok(Running {
            cost: counted(tx, open.cost, open.lost_at.unwrap_or(now))?,
            is_lost: open.lost_at.is_some(),
        })
    });
    running.collect()
}

/// What a run cost, day by day.
pub(crate) fn by_day(cost: &RunCost, is_ended: bool) -> Vec<(Day, Total)> {
    let (span, of) = cost.settled.unwrap_or_default();
    Total::by_day(cost.taken.since, span, of, is_ended)
}

/// The same cost, settled as if the run ended then. A clock that was set back makes it no less than
/// nothing, and what only a clock that was set forward can say is not believed.
pub(crate) fn counted(
    tx: &mut Tx,
    mut cost: RunCost,
    until: Timestamp,
) -> Result<RunCost, HubError> {
    of_model(tx, &mut cost)?;
    let span = Some(until.since(cost.taken.since));
    let span = span.filter(|span| *span <= LONGEST).unwrap_or_default();
    cost.settled = Some((span, cost.taken.cost(span, None)));
    Ok(cost)
}

/// A cost that is not settled, at the price that it has by what is said now.
pub(crate) fn priced(tx: &mut Tx, mut cost: RunCost) -> Result<RunCost, HubError> {
    cost.model = tags::find(tx, cost.run, MODEL_TAG)?.unwrap_or_default();
    of_model(tx, &mut cost)?;
    Ok(cost)
}

/// Where the book has no price, that of the model counts: as it is at the lease, if the model is known by
/// then, else as it is when somebody looks.
fn of_model(tx: &mut Tx, cost: &mut RunCost) -> Result<(), HubError> {
    if cost.taken.rate.basis == Basis::None && !cost.model.is_empty() {
        let model = training::find(tx, &cost.model)?;
        let hourly = model.and_then(|model| model.hourly);
        cost.taken.rate = cost.taken.rate.or_of_model(hourly);
    }
    Ok(())
}

/// The same with the model that the run trains, as is said now, and with the energy that was measured.
pub(crate) fn measured(tx: &mut Tx, cost: RunCost, until: Timestamp) -> Result<RunCost, HubError> {
    let cost = priced(tx, cost)?;
    let mut counted = counted(tx, cost, until)?;
    let Some((span, of)) = &mut counted.settled else {
        return Ok(counted);
    };
    let since = counted.taken.since;
    let energy = energy::find(tx, counted.worker, since, since.plus(*span))?;
    if let Some(energy) = energy {
        *of = counted.taken.cost(*span, Some(energy));
        counted.is_energy_measured = true;
    }
    Ok(counted)
}
