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
    /// What an index finds for each demand; none where it was not asked.
    found: Vec<Option<Found>>,
}

/// The runs that an index finds for a demand.
#[derive(Debug, Clone)]
enum Found {
    /// These: so few that nothing is looked for twice.
    Few(Vec<RunId>),
    /// So many, up to a bound.
    Many(i64),
}

impl Found {
    fn count(&self) -> i64 {
        match self {
            Self::Few(ids) => i64::try_from(ids.len()).unwrap_or(i64::MAX),
            Self::Many(count) => *count,
        }
    }
}

pub(super) fn list(tx: &mut Tx, query: &Query, effort: Effort) -> Result<Page, StoreError> {
    let demands = demands(tx, query)?;
    let wanted = Wanted {
        effort,
        found: found(tx, &demands, effort)?,
        demands,
        orders: order::effective(&query.order),
    };
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

/// What an index finds for each demand, until one says nearly all.
fn found(
    tx: &mut Tx,
    demands: &[Demand<'_>],
    effort: Effort,
) -> Result<Vec<Option<Found>>, StoreError> {
    let mut found = vec![None; demands.len()];
    let indexed = demands.iter().enumerate().filter(|(_, d)| d.is_indexed());
    for (at, demand) in indexed.take(COUNTED_MAX) {
        let few = few(tx, *demand, effort.gathered_max)?;
        if few.is_some() {
            found[at] = few.map(Found::Few);
            break;
        }
        found[at] = Some(Found::Many(count_members(tx, *demand, effort.sieved_max)?));
    }
    Ok(found)
}

/// The runs that an index finds, where there are at most so many.
fn few(tx: &mut Tx, demand: Demand<'_>, max: i64) -> Result<Option<Vec<RunId>>, StoreError> {
    let mut asking = Written::default();
    asking.say("SELECT run_id FROM (");
    demand.write_members(&mut asking, tx);
    asking.say(") AS found LIMIT ").integer(max + 1);
    let ids: Vec<_> = asking.query(tx, |row| codec::parsed(row, "run", "run_id"))?;
    let is_few = i64::try_from(ids.len()).is_ok_and(|count| count <= max);
    Ok(is_few.then_some(ids))
}

/// How many runs an index finds; one more than `max` where there are more.
fn count_members(tx: &mut Tx, demand: Demand<'_>, max: i64) -> Result<i64, StoreError> {
    let mut counting = Written::default();
    counting.say("SELECT COUNT(*) AS n FROM (");
    demand.write_members(&mut counting, tx);
    counting.say(" LIMIT ").integer(max + 1).say(") AS found");
    let counted = counting.query(tx, |row| row.i64("n"))?;
    Ok(counted.first().copied().unwrap_or(0))
}

/// How many runs are wanted, where an index or few candidates tell.
fn total(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Option<u64>, StoreError> {
    let whole = |count: i64| Some(u64::try_from(count).unwrap_or(0));
    if let [] | [Demand::Undeleted] = wanted.demands.as_slice() {
        return Ok(whole(count(tx, COUNT)? - count(tx, COUNT_OF_DELETED)?));
    }
    let Some((at, found)) = wanted.best() else {
        return Ok(None);
    };
    match wanted.demands.as_slice() {
        [only] if only.is_one() && found <= wanted.effort.sieved_max => Ok(whole(found)),
        _ if found <= wanted.effort.gathered_max => {
            let mut counting = Written::default();
            counting.say("SELECT COUNT(*) AS n FROM run WHERE TRUE");
            wanted.write_demands(&mut counting, tx, "run.id", Listed::One(at));
            let counted = counting.query(tx, |row| codec::count(row, "run", "n"))?;
            Ok(counted.first().copied())
        }
        _ => Ok(None),
    }
}

/// Which demands are lists of runs, made before the first run is looked at.
#[derive(Debug, Clone, Copy)]
enum Listed {
    None,
    /// This one.
    One(usize),
    /// All that an index finds few enough runs for.
    Short,
}

/// A piece of a part of the list.
#[derive(Debug, Clone, Copy)]
struct Piece<'a> {
    part: Part<'a>,
    limit: i64,
    offset: i64,
}

impl Wanted<'_> {
    /// The demand that the fewest runs satisfy, and how many do.
    fn best(&self) -> Option<(usize, i64)> {
        let known = self.found.iter().enumerate();
        known
            .filter_map(|(at, found)| Some((at, found.as_ref()?.count())))
            .min_by_key(|(_, count)| *count)
    }

    /// Looks in one part of the list after the other until there are enough.
    fn page(&self, tx: &mut Tx, limit: i64, mut offset: i64) -> Result<Vec<RunId>, StoreError> {
        let gathered = self.best().filter(|(_, n)| *n <= self.effort.gathered_max);
        if let Some((at, _)) = gathered {
            let piece = Piece {
                part: Part::All,
                limit,
                offset,
            };
            return self.run(tx, piece, Listed::One(at), None);
        }
        let parts = order::parts(self.orders.first());
        let mut ids = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let piece = Piece {
                part: *part,
                limit: limit - i64::try_from(ids.len()).unwrap_or(limit),
                offset,
            };
            let found = self.piece(tx, piece)?;
            if !found.is_empty() {
                offset = 0;
            } else if offset > 0 && at + 1 < parts.len() {
                offset -= self.count_part(tx, *part)?.min(offset);
            }
            ids.extend(found);
            if i64::try_from(ids.len()).is_ok_and(|found| found >= limit) {
                break;
            }
        }
        Ok(ids)
    }

    fn piece(&self, tx: &mut Tx, piece: Piece<'_>) -> Result<Vec<RunId>, StoreError> {
        let Some((at, fewest)) = self.best() else {
            return self.run(tx, piece, Listed::None, None);
        };
        if fewest <= self.effort.sieved_max {
            return self.run(tx, piece, Listed::Short, None);
        }
        // Most runs satisfy it, as far as an index can tell: the first ones of the order should do.
        let Some(end) = self.end_of_walk(tx, piece.part)? else {
            return self.run(tx, piece, Listed::None, None);
        };
        let found = self.run(tx, piece, Listed::None, Some(end))?;
        if i64::try_from(found.len()).is_ok_and(|found| found >= piece.limit) {
            return Ok(found);
        }
        self.run(tx, piece, Listed::One(at), None)
    }

    /// Where a walk ends that looks at each run by itself; none where it may go to the end.
    fn end_of_walk(
        &self,
        tx: &mut Tx,
        part: Part<'_>,
    ) -> Result<Option<(&'static str, f64)>, StoreError> {
        let mut asking = Written::default();
        let first = self.orders.first();
        let Some(column) = part.write_end(&mut asking, first, self.effort.walked_max) else {
            return Ok(None);
        };
        let found = asking.query(tx, |row| row.f64("x"))?;
        Ok(found.first().map(|end| (column, *end)))
    }

    fn is_descending(&self) -> bool {
        self.orders.first().is_none_or(|order| order.is_descending)
    }

    fn run(
        &self,
        tx: &mut Tx,
        piece: Piece<'_>,
        listed: Listed,
        end: Option<(&'static str, f64)>,
    ) -> Result<Vec<RunId>, StoreError> {
        let part = piece.part;
        let mut asking = Written::default();
        asking.say("SELECT ").say(part.id()).say(" AS id FROM ");
        part.write_source(&mut asking, self.needs_run(listed));
        if let Some((column, end)) = end {
            let sign = if self.is_descending() { " >= " } else { " <= " };
            asking.say(" AND ").say(column).say(sign).number(end);
        }
        self.write_demands(&mut asking, tx, part.id(), listed);
        asking.say(" ORDER BY ");
        part.write_order(&mut asking, self.orders);
        asking.say(" LIMIT ").integer(piece.limit);
        asking.say(" OFFSET ").integer(piece.offset);
        asking.query(tx, |row| codec::parsed(row, "run", "id"))
    }

    fn count_part(&self, tx: &mut Tx, part: Part<'_>) -> Result<i64, StoreError> {
        let listed = self.best().map_or(Listed::None, |(at, _)| Listed::One(at));
        let mut counting = Written::default();
        counting.say("SELECT COUNT(*) AS n FROM ");
        part.write_source(&mut counting, self.needs_run(listed));
        self.write_demands(&mut counting, tx, part.id(), listed);
        let counted = counting.query(tx, |row| row.i64("n"))?;
        Ok(counted.first().copied().unwrap_or(0))
    }

    /// Whether anything is asked of the run's own row, or of its other values.
    fn needs_run(&self, listed: Listed) -> bool {
        let mut demands = self.demands.iter().enumerate();
        self.orders.len() > 1
            || demands.any(|(at, d)| !(self.is_listed(listed, at) && d.is_exact()))
    }

    fn is_listed(&self, listed: Listed, at: usize) -> bool {
        match listed {
            Listed::None => false,
            Listed::One(one) => one == at,
            Listed::Short => {
                let found = self.found[at].as_ref();
                found.is_some_and(|found| found.count() <= self.effort.sieved_max)
            }
        }
    }

    /// Writes all that is demanded of the run with this id.
    fn write_demands(&self, to: &mut Written, tx: &Tx, id: &'static str, listed: Listed) {
        for (at, demand) in self.demands.iter().enumerate() {
            let is_listed = self.is_listed(listed, at);
            if is_listed {
                to.say(" AND ").say(id).say(" IN (");
                match &self.found[at] {
                    Some(Found::Few(ids)) if ids.is_empty() => {
                        to.say("NULL");
                    }
                    Some(Found::Few(ids)) => write_ids(to, ids),
                    _ => demand.write_members(to, tx),
                }
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

fn write_ids<T: ToString>(to: &mut Written, ids: &[T]) {
    to.joined(ids, ", ", |to, id| {
        to.text(id.to_string());
    });
}

fn count(tx: &mut Tx, sql: &'static str) -> Result<i64, StoreError> {
    tx.query_one(sql, &[], |row| row.i64("n"))
}
