//! By which way a page is found.

use cupola_domain::ids::{ExperimentId, RunId};
use cupola_search::filter::{Filter, Order};

use super::{
    Effort, Page, Query, condition,
    order::{self, Part},
    written::Written,
};
use crate::{StoreError, Tx, codec, statement::statements};

/// So many parts of a filter are counted to find the one that says most.
const COUNTED_MAX: usize = 8;

statements! {
    COUNT_DELETED = "SELECT COUNT(*) AS n FROM experiment WHERE deleted_at IS NOT NULL";
    COUNT = "SELECT COUNT(*) AS n FROM run";
    COUNT_OF_DELETED = "SELECT COUNT(*) AS n FROM run WHERE experiment_id IN
                        (SELECT id FROM experiment WHERE deleted_at IS NOT NULL)";
}

/// What every run of the list satisfies.
#[derive(Debug, Clone, Copy)]
enum Demand<'a> {
    Filter(&'a Filter),
    Experiments(&'a [ExperimentId]),
    Undeleted,
}

/// What is wanted, taken apart.
struct Wanted<'a> {
    effort: Effort,
    demands: Vec<Demand<'a>>,
    orders: &'a [Order],
    /// The demand that the fewest runs satisfy, and how many do, up to a bound.
    best: Option<(usize, i64)>,
}

pub(super) fn list(tx: &mut Tx, query: &Query, effort: Effort) -> Result<Page, StoreError> {
    let mut wanted = Wanted {
        effort,
        demands: demands(tx, query)?,
        orders: order::effective(&query.order),
        best: None,
    };
    wanted.best = best(tx, &wanted.demands, effort)?;
    let total = total(tx, &wanted)?;
    let limit = query.limit.max(0);
    let mut ids = wanted.page(tx, limit + 1, query.offset.max(0))?;
    let has_more = i64::try_from(ids.len()).is_ok_and(|found| found > limit);
    ids.truncate(usize::try_from(limit).unwrap_or(0));
    Ok(Page {
        ids,
        has_more,
        total,
    })
}

fn demands<'a>(tx: &mut Tx, query: &'a Query) -> Result<Vec<Demand<'a>>, StoreError> {
    let mut demands = Vec::new();
    match &query.filter {
        Some(Filter::And(parts)) => demands.extend(parts.iter().map(Demand::Filter)),
        Some(filter) => demands.push(Demand::Filter(filter)),
        None => {}
    }
    if !query.experiments.is_empty() {
        demands.push(Demand::Experiments(&query.experiments));
    }
    if !query.with_deleted && count(tx, COUNT_DELETED)? > 0 {
        demands.push(Demand::Undeleted);
    }
    Ok(demands)
}

/// The demand that an index finds the fewest runs for.
fn best(
    tx: &mut Tx,
    demands: &[Demand<'_>],
    effort: Effort,
) -> Result<Option<(usize, i64)>, StoreError> {
    let indexed = demands.iter().enumerate().filter(|(_, d)| d.is_indexed());
    let mut best = None;
    for (at, demand) in indexed.take(COUNTED_MAX) {
        let mut counting = Written::default();
        counting.say("SELECT COUNT(*) AS n FROM (");
        demand.write_members(&mut counting, tx);
        counting
            .say(" LIMIT ")
            .integer(effort.sieved_max + 1)
            .say(") AS found");
        let counted = counting.query(tx, |row| row.i64("n"))?;
        let counted = counted.first().copied().unwrap_or(0);
        if best.is_none_or(|(_, least)| counted < least) {
            best = Some((at, counted));
        }
        if counted <= effort.gathered_max {
            break;
        }
    }
    Ok(best)
}

/// How many runs are wanted, where an index or few candidates tell.
fn total(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Option<u64>, StoreError> {
    let whole = |count: i64| Some(u64::try_from(count).unwrap_or(0));
    match (wanted.demands.as_slice(), wanted.best) {
        ([] | [Demand::Undeleted], _) => {
            Ok(whole(count(tx, COUNT)? - count(tx, COUNT_OF_DELETED)?))
        }
        ([only], Some((_, count))) if only.is_one() && count <= wanted.effort.sieved_max => {
            Ok(whole(count))
        }
        (_, Some((at, candidates))) if candidates <= wanted.effort.gathered_max => {
            let mut counting = Written::default();
            counting.say("SELECT COUNT(*) AS n FROM run WHERE TRUE");
            wanted.write_demands(&mut counting, tx, "run.id", Some(at));
            let counted = counting.query(tx, |row| codec::count(row, "run", "n"))?;
            Ok(counted.first().copied())
        }
        _ => Ok(None),
    }
}

impl Wanted<'_> {
    /// Looks in one part of the list after the other until there are enough.
    fn page(&self, tx: &mut Tx, limit: i64, mut offset: i64) -> Result<Vec<RunId>, StoreError> {
        let is_small = self
            .best
            .is_some_and(|(_, found)| found <= self.effort.gathered_max);
        let parts = if is_small {
            vec![Part::All]
        } else {
            order::parts(self.orders.first())
        };
        let mut ids = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let missing = limit - i64::try_from(ids.len()).unwrap_or(limit);
            let found = self.part(tx, *part, missing, offset)?;
            let is_last = at + 1 == parts.len();
            if found.is_empty() && offset > 0 && !is_last {
                offset -= self.count_part(tx, *part)?.min(offset);
            } else if !found.is_empty() {
                offset = 0;
            }
            ids.extend(found);
            if i64::try_from(ids.len()).is_ok_and(|found| found >= limit) {
                break;
            }
        }
        Ok(ids)
    }

    fn part(
        &self,
        tx: &mut Tx,
        part: Part<'_>,
        limit: i64,
        offset: i64,
    ) -> Result<Vec<RunId>, StoreError> {
        let listed = self.best.map(|(at, _)| at);
        let is_listed = self
            .best
            .is_some_and(|(_, found)| found <= self.effort.sieved_max);
        if is_listed || listed.is_none() {
            return self.run(tx, part, listed, (limit, offset), None);
        }
        // Most runs satisfy it, as far as an index can tell: the first ones of the order should do.
        let Some((column, end)) = self.end_of_walk(tx, part)? else {
            return self.run(tx, part, None, (limit, offset), None);
        };
        let found = self.run(tx, part, None, (limit, offset), Some((column, end)))?;
        if i64::try_from(found.len()).is_ok_and(|found| found >= limit) {
            return Ok(found);
        }
        self.run(tx, part, listed, (limit, offset), None)
    }

    /// Where a walk ends that looks at each run by itself; none where it may go to the end.
    fn end_of_walk(
        &self,
        tx: &mut Tx,
        part: Part<'_>,
    ) -> Result<Option<(&'static str, f64)>, StoreError> {
        let mut asking = Written::default();
        let Some(column) = part.write_end(&mut asking, self.orders.first(), self.effort.walked_max)
        else {
            return Ok(None);
        };
        let found = asking.query(tx, |row| row.f64("x"))?;
        Ok(found.first().map(|end| (column, *end)))
    }

    fn is_descending(&self) -> bool {
        self.orders.first().is_none_or(|order| order.is_descending)
    }

    /// Asks for a piece of a part; `listed` is the demand whose runs are listed first.
    fn run(
        &self,
        tx: &mut Tx,
        part: Part<'_>,
        listed: Option<usize>,
        (limit, offset): (i64, i64),
        end: Option<(&'static str, f64)>,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut asking = Written::default();
        asking.say("SELECT run.id FROM ");
        part.write_source(&mut asking);
        if let Some((column, end)) = end {
            let sign = if self.is_descending() { " >= " } else { " <= " };
            asking.say(" AND ").say(column).say(sign).number(end);
        }
        self.write_demands(&mut asking, tx, part.id(), listed);
        asking.say(" ORDER BY ");
        part.write_order(&mut asking, self.orders);
        asking.say(" LIMIT ").integer(limit);
        asking.say(" OFFSET ").integer(offset);
        asking.query(tx, |row| codec::parsed(row, "run", "id"))
    }

    fn count_part(&self, tx: &mut Tx, part: Part<'_>) -> Result<i64, StoreError> {
        let mut counting = Written::default();
        counting.say("SELECT COUNT(*) AS n FROM ");
        part.write_source(&mut counting);
        self.write_demands(&mut counting, tx, part.id(), self.best.map(|(at, _)| at));
        let counted = counting.query(tx, |row| row.i64("n"))?;
        Ok(counted.first().copied().unwrap_or(0))
    }

    /// Writes all that is demanded of the run with this id; what is listed, as one of a list.
    fn write_demands(&self, to: &mut Written, tx: &Tx, id: &'static str, listed: Option<usize>) {
        for (at, demand) in self.demands.iter().enumerate() {
            let is_listed = listed == Some(at);
            if is_listed {
                to.say(" AND ").say(id).say(" IN (");
                demand.write_members(to, tx);
                to.say(")");
            }
            if !is_listed || !demand.is_exact() {
                to.say(" AND ");
                demand.write(to, tx);
            }
        }
    }
}

impl Demand<'_> {
    fn is_indexed(self) -> bool {
        match self {
            Self::Filter(filter) => condition::is_indexed(filter),
            Self::Experiments(_) => true,
            Self::Undeleted => false,
        }
    }

    fn is_exact(self) -> bool {
        match self {
            Self::Filter(filter) => condition::is_exact(filter),
            Self::Experiments(_) => true,
            Self::Undeleted => false,
        }
    }

    /// Whether its index finds no run twice.
    fn is_one(self) -> bool {
        match self {
            Self::Filter(filter) => matches!(filter, Filter::Compare(_)),
            Self::Experiments(_) => true,
            Self::Undeleted => false,
        }
    }

    fn write(self, to: &mut Written, tx: &Tx) {
        match self {
            Self::Filter(filter) => condition::write(to, filter, tx.dialect()),
            Self::Experiments(experiments) => {
                to.say("run.experiment_id IN (");
                write_ids(to, experiments);
                to.say(")");
            }
            Self::Undeleted => {
                to.say(
                    "run.experiment_id NOT IN \
                     (SELECT id FROM experiment WHERE deleted_at IS NOT NULL)",
                );
            }
        }
    }

    fn write_members(self, to: &mut Written, tx: &Tx) {
        match self {
            Self::Filter(filter) => condition::write_members(to, filter, tx.dialect()),
            Self::Experiments(experiments) => {
                to.say("SELECT id AS run_id FROM run WHERE experiment_id IN (");
                write_ids(to, experiments);
                to.say(")");
            }
            Self::Undeleted => {}
        }
    }
}

fn write_ids(to: &mut Written, experiments: &[ExperimentId]) {
    to.joined(experiments, ", ", |to, id| {
        to.text(id.to_string());
    });
}

fn count(tx: &mut Tx, sql: &'static str) -> Result<i64, StoreError> {
    tx.query_one(sql, &[], |row| row.i64("n"))
}
