//! What runs cost, and the same added up.

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    cost::{Basis, Cost, Day, Kind, Money, Rate, Scope, Taken, Total},
    ids::{ExperimentId, RunId, WorkerId},
    text::storable,
    time::Timestamp,
};

use crate::{Row, StoreError, ToValue, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO run_cost (run_id, experiment_id, worker_id, model, brief_id, person, share,
                                    basis, hourly_micros, kwh_micros, watts, carbon_g_per_kwh,
                                    started_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    FIND = "SELECT * FROM run_cost WHERE run_id = $1";
    /// A run that is lost costs nothing after its worker fell silent.
    LIST_OPEN = "SELECT run_cost.*, run_tag.value AS tag,
                        CASE WHEN run.phase = 'lost' THEN run.phase_at END AS lost_at
                 FROM run_cost JOIN run ON run.id = run_cost.run_id
                 LEFT JOIN run_tag ON run_tag.run_id = run_cost.run_id AND run_tag.key = 'model'
                 WHERE run_cost.ended_at IS NULL ORDER BY run_cost.run_id";
    LIST_LOST_OF_EXPERIMENT = "SELECT run.id, run.phase_at FROM run_cost
                               JOIN run ON run.id = run_cost.run_id
                               WHERE run_cost.ended_at IS NULL AND run.experiment_id = $1
                               AND run.phase = 'lost'";
    SAVE_SETTLED = "UPDATE run_cost SET model = $2, basis = $3, hourly_micros = $4, ended_at = $5,
                                        money_micros = $6, energy_mwh = $7, carbon_mg = $8,
                                        is_energy_measured = $9
                    WHERE run_id = $1 AND ended_at IS NULL";
    SAVE_COUNTED = "UPDATE run_cost SET money_micros = $2 WHERE run_id = $1 AND ended_at IS NULL";
    ADD = "INSERT INTO cost_total (kind, subject, day, runs, millis, priced_millis, powered_millis,
                                   money_micros, energy_mwh, carbon_mg)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           ON CONFLICT (kind, subject, day) DO UPDATE SET
               runs = cost_total.runs + excluded.runs,
               millis = cost_total.millis + excluded.millis,
               priced_millis = cost_total.priced_millis + excluded.priced_millis,
               powered_millis = cost_total.powered_millis + excluded.powered_millis,
               money_micros = cost_total.money_micros + excluded.money_micros,
               energy_mwh = cost_total.energy_mwh + excluded.energy_mwh,
               carbon_mg = cost_total.carbon_mg + excluded.carbon_mg";
    LIST_SUBJECTS = "SELECT subject, CAST(SUM(runs) AS BIGINT) AS runs,
                            CAST(SUM(millis) AS BIGINT) AS millis,
                            CAST(SUM(priced_millis) AS BIGINT) AS priced_millis,
                            CAST(SUM(powered_millis) AS BIGINT) AS powered_millis,
                            CAST(SUM(money_micros) AS BIGINT) AS money_micros,
                            CAST(SUM(energy_mwh) AS BIGINT) AS energy_mwh,
                            CAST(SUM(carbon_mg) AS BIGINT) AS carbon_mg
                     FROM cost_total WHERE kind = $1 AND day >= $2 GROUP BY subject";
    LIST_DAYS = "SELECT * FROM cost_total WHERE kind = $1 AND subject = $2 AND day >= $3 ORDER BY day";
}

/// Before all days.
const EVER: i64 = i64::MIN;

/// What a run costs, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCost {
    /// The run.
    pub run: RunId,
    /// What it belongs to.
    pub experiment: ExperimentId,
    /// Whose machine it is.
    pub worker: WorkerId,
    /// The key of the model that is trained; empty where there is none.
    pub model: String,
    /// The brief; empty where there is none.
    pub brief: String,
    /// Who made the experiment.
    pub person: String,
    /// The machine's part and price.
    pub taken: Taken,
    /// How long the run took and what it cost, once it has ended.
    pub settled: Option<(Duration, Cost)>,
    /// Whether somebody measured the energy.
    pub is_energy_measured: bool,
}

/// A run that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// What it costs; its model as it is now.
    pub cost: RunCost,
    /// Since when its worker is silent, if it is lost.
    pub lost_at: Option<Timestamp>,
}

impl RunCost {
    /// What its costs are added to.
    pub fn scopes(&self) -> [Scope; 5] {
        Kind::ALL.map(|kind| Scope {
            kind,
            subject: self.subject(kind),
        })
    }

    /// Which one of a kind it belongs to; empty where it belongs to none.
    pub fn subject(&self, kind: Kind) -> String {
        match kind {
            Kind::All => String::new(),
            Kind::Model => self.model.clone(),
            Kind::Experiment => self.experiment.to_string(),
            Kind::Brief => self.brief.clone(),
            Kind::Person => self.person.clone(),
        }
    }
}

/// A worker takes a run.
pub fn insert(tx: &mut Tx, cost: &RunCost) -> Result<(), StoreError> {
    let Rate {
        basis,
        hourly,
        per_kwh,
        watts,
        carbon_g_per_kwh,
    } = cost.taken.rate;
    tx.execute_one(
        INSERT,
        &[
            &cost.run.to_string(),
            &cost.experiment.to_string(),
            &cost.worker.to_string(),
            &&*storable(&cost.model),
            &cost.brief,
            &cost.person,
            &cost.taken.share,
            &basis.as_str(),
            &hourly.map(Money::micros),
            &per_kwh.map(Money::micros),
            &watts,
            &carbon_g_per_kwh,
            &cost.taken.since.millis(),
        ],
    )
}

/// What a run costs; none of one that no worker had.
pub fn find(tx: &mut Tx, run: RunId) -> Result<Option<RunCost>, StoreError> {
    tx.query_optional(FIND, &[&run.to_string()], run_cost)
}

/// The runs that have not ended.
pub fn list_open(tx: &mut Tx) -> Result<Vec<Open>, StoreError> {
    tx.query(LIST_OPEN, &[], |row| {
        let model = row.optional_text("tag")?.unwrap_or_default();
        Ok(Open {
            cost: RunCost {
                model,
                ..run_cost(row)?
            },
            lost_at: codec::optional_time(row, "lost_at")?,
        })
    })
}

/// The lost runs of an experiment, each with since when it is.
pub fn list_lost(
    tx: &mut Tx,
    experiment: ExperimentId,
) -> Result<Vec<(RunId, Timestamp)>, StoreError> {
    tx.query(LIST_LOST_OF_EXPERIMENT, &[&experiment.to_string()], |row| {
        Ok((
            codec::parsed(row, "run", "id")?,
            codec::time(row, "phase_at")?,
        ))
    })
}

/// Settles what a run cost: once.
pub fn save_settled(tx: &mut Tx, cost: &RunCost) -> Result<(), StoreError> {
    let (span, of) = cost.settled.unwrap_or_default();
    tx.execute_one(
        SAVE_SETTLED,
        &[
            &cost.run.to_string(),
            &&*storable(&cost.model),
            &cost.taken.rate.basis.as_str(),
            &cost.taken.rate.hourly.map(Money::micros),
            &cost.taken.since.plus(span).millis(),
            &of.money.map(Money::micros),
            &of.energy_mwh(),
            &of.carbon_mg(),
            &cost.is_energy_measured,
        ],
    )
}

/// Notes what runs that have not ended cost by now: what they are searched by.
pub fn save_counted(tx: &mut Tx, counted: &[(RunId, Money)]) -> Result<(), StoreError> {
    let rows: Vec<(String, i64)> = counted
        .iter()
        .map(|(run, money)| (run.to_string(), money.micros()))
        .collect();
    let values = rows.iter().map(|(run, money)| [run as &dyn ToValue, money]);
    tx.execute_many(SAVE_COUNTED, values).map(drop)
}

/// Adds to the totals.
pub fn add(tx: &mut Tx, totals: &[(Scope, Day, Total)]) -> Result<(), StoreError> {
    for (scope, day, total) in totals {
        tx.execute_one(
            ADD,
            &[
                &scope.kind.as_str(),
                &&*storable(&scope.subject),
                &day.number(),
                &i64::try_from(total.runs).unwrap_or(i64::MAX),
                &codec::duration_millis(total.time),
                &codec::duration_millis(total.priced),
                &codec::duration_millis(total.powered),
                &total.money.micros(),
                &total.energy_mwh,
                &total.carbon_mg,
            ],
        )?;
    }
    Ok(())
}

/// What each of a kind cost since a day, or ever, as far as it is settled.
pub fn list_subjects(
    tx: &mut Tx,
    kind: Kind,
    since: Option<Day>,
) -> Result<BTreeMap<String, Total>, StoreError> {
    let since = since.map_or(EVER, Day::number);
    let rows = tx.query(LIST_SUBJECTS, &[&kind.as_str(), &since], |row| {
        Ok((row.text("subject")?, total(row)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// What was settled on each day since one, or ever.
pub fn list_days(
    tx: &mut Tx,
    scope: &Scope,
    since: Option<Day>,
) -> Result<Vec<(Day, Total)>, StoreError> {
    let (kind, subject) = (scope.kind.as_str(), storable(&scope.subject));
    let since = since.map_or(EVER, Day::number);
    tx.query(LIST_DAYS, &[&kind, &&*subject, &since], |row| {
        Ok((Day::from_number(row.i64("day")?), total(row)?))
    })
}

pub(crate) fn run_cost(row: &Row<'_>) -> Result<RunCost, StoreError> {
    let micros = |column| Ok::<_, StoreError>(row.optional_i64(column)?.map(Money::from_micros));
    let since = codec::time(row, "started_at")?;
    let settled = match codec::optional_time(row, "ended_at")? {
        None => None,
        Some(ended) => Some((
            ended.since(since),
            Cost {
                money: micros("money_micros")?,
                energy_wh: row.optional_i64("energy_mwh")?.map(units),
                carbon_g: row.optional_i64("carbon_mg")?.map(units),
            },
        )),
    };
    Ok(RunCost {
        run: codec::parsed(row, "run_cost", "run_id")?,
        experiment: codec::parsed(row, "run_cost", "experiment_id")?,
        worker: codec::parsed(row, "run_cost", "worker_id")?,
        model: row.text("model")?,
        brief: row.text("brief_id")?,
        person: row.text("person")?,
        taken: Taken {
            rate: Rate {
                basis: codec::parsed::<Basis>(row, "run_cost", "basis")?,
                hourly: micros("hourly_micros")?,
                per_kwh: micros("kwh_micros")?,
                watts: row.optional_f64("watts")?,
                carbon_g_per_kwh: row.optional_f64("carbon_g_per_kwh")?,
            },
            share: row.f64("share")?,
            since,
        },
        settled,
        is_energy_measured: row.bool("is_energy_measured")?,
    })
}

fn total(row: &Row<'_>) -> Result<Total, StoreError> {
    let time = |column| codec::millis(row, "cost_total", column);
    Ok(Total {
        runs: codec::count(row, "cost_total", "runs")?,
        time: time("millis")?,
        priced: time("priced_millis")?,
        powered: time("powered_millis")?,
        money: Money::from_micros(row.i64("money_micros")?),
        energy_mwh: row.i64("energy_mwh")?,
        carbon_mg: row.i64("carbon_mg")?,
    })
}

#[expect(clippy::cast_precision_loss, reason = "to be shown and drawn")]
fn units(thousandths: i64) -> f64 {
    thousandths as f64 / 1_000.0
}
