//! What runs cost: each, all together, by model, experiment, brief, person and day, and now.

pub(crate) mod booking;
mod planned;
mod table;

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    cost::{Basis, Cost, Day, Kind, Money, PriceBook, Scope, Total},
    ids::{BriefId, ExperimentId, RunId, WorkerId},
    run::RunState,
    time::Timestamp,
};
use cupola_store::{
    Tx, briefs,
    costs::{self, RunCost as Kept},
    experiments, runs,
};

use crate::{Hub, HubError};
use booking::Running;

pub(crate) use planned::terms;
pub use planned::{Planned, Spending};
pub use table::write_table;

/// A curve has no more days than this.
pub const DAYS_MAX: u32 = 3_660;

/// So many of a kind are told one by one.
pub const SUBJECTS_MAX: usize = 200;

/// What machines cost, and in which currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// Three letters, for instance `USD`.
    pub currency: String,
    /// The prices.
    pub book: PriceBook,
}

impl Default for Prices {
    fn default() -> Self {
        Self {
            currency: "USD".to_owned(),
            book: PriceBook::default(),
        }
    }
}

/// What a run costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunCost {
    /// Whose machine it is or was.
    pub worker: WorkerId,
    /// Since when the worker has or had it.
    pub since: Timestamp,
    /// For how long.
    pub span: Duration,
    /// Which part of the machine, from 0 to 1.
    pub share: f64,
    /// Where the price comes from.
    pub basis: Basis,
    /// What an hour of its part costs.
    pub hourly: Option<Money>,
    /// What it cost, or costs so far.
    pub cost: Cost,
    /// Whether its energy was measured, and not said by the price book.
    pub is_energy_measured: bool,
    /// Whether it has ended and its cost does not change any more.
    pub is_final: bool,
}

/// How a run's cost goes on, on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// When it began.
    pub since: Timestamp,
    /// In millionths of the currency; above 0.
    pub micros_per_milli: f64,
}

/// Which costs are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CostsQuery {
    /// By what they are told apart.
    pub kind: Kind,
    /// Of how many last days, today included; none for all.
    pub days: Option<u32>,
}

/// Costs of a time: what has ended and what runs, until now.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// When they were added up.
    pub at: Timestamp,
    /// All together.
    pub total: Total,
    /// One for each of the kind, the dearest first.
    pub subjects: Vec<SubjectCost>,
    /// Those that are left out, where there are too many.
    pub others: Option<OtherCosts>,
    /// Every day of the time, in order.
    pub days: Vec<(Day, Total)>,
    /// What an hour costs as it goes now; of the runs with a price.
    pub hourly_now: Money,
    /// How many runs go on now.
    pub running: usize,
    /// How many of them have no price.
    pub unpriced: usize,
}

/// What all of a kind cost that are not told one by one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OtherCosts {
    /// How many there are.
    pub count: usize,
    /// All together.
    pub total: Total,
    /// What an hour costs as it goes now.
    pub hourly_now: Money,
    /// How many of their runs go on now.
    pub running: usize,
}

/// What one model, experiment, brief or person cost.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectCost {
    /// Which one; empty for what has none.
    pub subject: String,
    /// For people; none when it is deleted.
    pub name: Option<String>,
    /// All together.
    pub total: Total,
    /// What an hour costs as it goes now.
    pub hourly_now: Money,
    /// How many of its runs go on now.
    pub running: usize,
}

impl Hub {
    /// What a run costs, also after it was deleted; none of one that no worker had.
    pub fn run_cost(&self, run: RunId) -> Result<Option<RunCost>, HubError> {
        let now = self.now();
        self.read(move |tx| find(tx, run, now))
    }

    /// Costs of a time, told apart as asked: the dearest [`SUBJECTS_MAX`] each, the others together.
    pub fn costs(&self, query: &CostsQuery) -> Result<Costs, HubError> {
        let (query, now) = (*query, self.now());
        self.read(move |tx| read_costs(tx, query, now, SUBJECTS_MAX))
    }

    /// The same with each of them, however many there are.
    pub fn all_costs(&self, query: &CostsQuery) -> Result<Costs, HubError> {
        let (query, now) = (*query, self.now());
        self.read(move |tx| read_costs(tx, query, now, usize::MAX))
    }

    /// What one model, experiment, brief, person or all cost since a day, or ever.
    pub fn cost_of(&self, scope: &Scope, since: Option<Day>) -> Result<Total, HubError> {
        let (scope, now) = (scope.clone(), self.now());
        self.read(move |tx| {
            let running = booking::list_running(tx, now)?;
            spent(tx, &scope, since, &running)
        })
    }

    /// What an hour costs as it goes now.
    pub fn hourly_now(&self) -> Result<Money, HubError> {
        let now = self.now();
        let running = self.read(move |tx| booking::list_running(tx, now))?;
        Ok(hourly_of(&running))
    }

    /// Notes what runs that have not ended cost by now, so that they are found by it.
    pub(crate) fn count_running(&self) -> Result<usize, HubError> {
        let now = self.now();
        self.write(move |tx| {
            let running = booking::list_running(tx, now)?;
            let money = |of: &Running| Some((of.cost.run, of.cost.settled?.1.money?));
            let counted: Vec<_> = running.iter().filter_map(money).collect();
            costs::save_counted(tx, &counted)?;
            Ok(counted.len())
        })
    }
}

/// What one cost since a day, or ever, with what runs now.
pub(crate) fn spent(
    tx: &mut Tx,
    scope: &Scope,
    since: Option<Day>,
    running: &[Running],
) -> Result<Total, HubError> {
    let settled = costs::list_days(tx, scope, since)?;
    let of_scope = running
        .iter()
        .filter(|of| of.cost.subject(scope.kind) == scope.subject);
    let open = of_scope.flat_map(|of| booking::by_day(&of.cost, false));
    let counts = |day: &Day| since.is_none_or(|since| *day >= since);
    let all = settled.into_iter().chain(open);
    let all = all.filter(|(day, _)| counts(day));
    Ok(all.fold(Total::default(), |sum, (_, total)| sum + total))
}

/// What a run costs; none of one that no worker had.
pub(crate) fn find(tx: &mut Tx, id: RunId, now: Timestamp) -> Result<Option<RunCost>, HubError> {
    let Some(kept) = costs::find(tx, id)? else {
        return Ok(None);
    };
    if kept.settled.is_some() {
        return Ok(Some(shown(&kept, true)));
    }
    let until = match runs::find(tx, id)?.map(|run| run.state) {
        Some(RunState::Lost { lost_at, .. }) => lost_at,
        _ => now,
    };
    Ok(Some(shown(&booking::measured(tx, kept, until)?, false)))
}

/// How a run's cost goes on; none where it has no price.
#[expect(clippy::cast_precision_loss, reason = "to be drawn")]
pub(crate) fn find_pace(tx: &mut Tx, id: RunId) -> Result<Option<Pace>, HubError> {
    const MILLIS_PER_HOUR: f64 = 3_600_000.0;
    let Some(kept) = costs::find(tx, id)? else {
        return Ok(None);
    };
    let since = kept.taken.since;
    let each = if let Some((span, cost)) = kept.settled {
        cost.money
            .map(|money| money.micros() as f64 / span.as_millis() as f64)
    } else {
        let hourly = booking::priced(tx, kept)?.taken.hourly();
        hourly.map(|hourly| hourly.micros() as f64 / MILLIS_PER_HOUR)
    };
    Ok(each
        .filter(|each| each.is_finite() && *each > 0.0)
        .map(|micros_per_milli| Pace {
            since,
            micros_per_milli,
        }))
}

fn shown(kept: &Kept, is_final: bool) -> RunCost {
    let (span, cost) = kept.settled.unwrap_or_default();
    RunCost {
        worker: kept.worker,
        since: kept.taken.since,
        span,
        share: kept.taken.share,
        basis: kept.taken.rate.basis,
        hourly: kept.taken.hourly(),
        cost,
        is_energy_measured: kept.is_energy_measured,
        is_final,
    }
}

fn read_costs(
    tx: &mut Tx,
    query: CostsQuery,
    now: Timestamp,
    subjects_max: usize,
) -> Result<Costs, HubError> {
    let today = Day::of(now);
    let since = query
        .days
        .map(|days| today.plus(1 - i64::from(days.max(1))));
    let running = booking::list_running(tx, now)?;
    let days = days(tx, since, today, &running)?;
    let found = subjects(tx, query.kind, since, &running)?;
    let mut subjects: Vec<SubjectCost> = found.into_values().collect();
    subjects.sort_by(|a, b| {
        let dearer = b.total.money.cmp(&a.total.money);
        dearer.then(b.total.time.cmp(&a.total.time))
    });
    let others = subjects.split_off(subjects_max.min(subjects.len()));
    for found in &mut subjects {
        found.name = name_of(tx, query.kind, &found.subject)?;
    }
    let going = running.iter().filter(|of| !of.is_lost);
    Ok(Costs {
        at: now,
        total: spent(tx, &Scope::default(), since, &running)?,
        subjects,
        others: together(&others),
        days,
        hourly_now: hourly_of(&running),
        running: going.clone().count(),
        unpriced: going.filter(|of| of.cost.taken.hourly().is_none()).count(),
    })
}

fn together(others: &[SubjectCost]) -> Option<OtherCosts> {
    let all = others.iter().map(|of| OtherCosts {
        count: 1,
        total: of.total,
        hourly_now: of.hourly_now,
        running: of.running,
    });
    all.reduce(|sum, of| OtherCosts {
        count: sum.count + of.count,
        total: sum.total + of.total,
        hourly_now: sum.hourly_now + of.hourly_now,
        running: sum.running + of.running,
    })
}

/// Every day of the time, those without costs too.
fn days(
    tx: &mut Tx,
    since: Option<Day>,
    today: Day,
    running: &[Running],
) -> Result<Vec<(Day, Total)>, HubError> {
    let mut found: BTreeMap<Day, Total> = BTreeMap::new();
    let settled = costs::list_days(tx, &Scope::default(), since)?;
    let open = running
        .iter()
        .flat_map(|of| booking::by_day(&of.cost, false));
    for (day, total) in settled.into_iter().chain(open) {
        *found.entry(day).or_default() += total;
    }
    let earliest = today.plus(1 - i64::from(DAYS_MAX));
    let first = since.or_else(|| found.keys().next().copied());
    let first = first.unwrap_or(today).max(earliest);
    // A clock that was set back leaves costs on days that are still to come.
    let last = found.keys().next_back().copied().unwrap_or(today);
    let last = last.max(today).min(first.plus(i64::from(DAYS_MAX)));
    let days = (first.number()..=last.number()).map(Day::from_number);
    Ok(days
        .map(|day| (day, found.get(&day).copied().unwrap_or_default()))
        .collect())
}

/// What each of a kind cost since a day, or ever, with what runs now; without their names.
pub(crate) fn subjects(
    tx: &mut Tx,
    kind: Kind,
    since: Option<Day>,
    running: &[Running],
) -> Result<BTreeMap<String, SubjectCost>, HubError> {
    let empty = |subject: String| SubjectCost {
        subject,
        name: None,
        total: Total::default(),
        hourly_now: Money::default(),
        running: 0,
    };
    let settled = costs::list_subjects(tx, kind, since)?;
    let settled = settled.into_iter().map(|(subject, total)| {
        let of = SubjectCost {
            total,
            ..empty(subject.clone())
        };
        (subject, of)
    });
    let mut found: BTreeMap<String, SubjectCost> = settled.collect();
    for of in running {
        let subject = of.cost.subject(kind);
        let entry = found.entry(subject.clone());
        let entry = entry.or_insert_with(|| empty(subject));
        for (day, total) in booking::by_day(&of.cost, false) {
            if since.is_none_or(|since| day >= since) {
                entry.total += total;
            }
        }
        if !of.is_lost {
            entry.running += 1;
            entry.hourly_now = entry.hourly_now + of.cost.taken.hourly().unwrap_or_default();
        }
    }
    Ok(found)
}

fn hourly_of(running: &[Running]) -> Money {
    let going = running.iter().filter(|of| !of.is_lost);
    let hourly = going.filter_map(|of| of.cost.taken.hourly());
    hourly.fold(Money::default(), |sum, each| sum + each)
}

/// What people call it; none when it is deleted.
pub(crate) fn name_of(tx: &mut Tx, kind: Kind, subject: &str) -> Result<Option<String>, HubError> {
    Ok(match kind {
        Kind::All => Some("All runs".to_owned()),
        Kind::Model | Kind::Person => Some(subject.to_owned()),
        Kind::Experiment => match subject.parse::<ExperimentId>() {
            Ok(id) => experiments::find(tx, id)?.map(|found| found.name),
            Err(_) => None,
        },
        Kind::Brief => match subject.parse::<BriefId>() {
            Ok(id) => briefs::find(tx, id)?.map(|found| found.wanted.title),
            Err(_) => None,
        },
    })
}
