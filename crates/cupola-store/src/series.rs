//! Series of a run, which its program measured, or of a worker, which its agent did: blocks of points
//! with summaries above them.
//!
//! A report's points are kept as they came (`pending`) and folded into blocks of the curve when there
//! are enough of them. Readers see both, so that nothing waits for a fold.

mod blocks;
mod chart;
mod fold;
mod names;
mod pending;
mod within;

use std::fmt;

use cupola_domain::{
    ids::{RunId, WorkerId},
    metric::{Point, non_finite_word, parse_non_finite},
};
use cupola_series::{chart::Window, summary::Summary};

use crate::{Row, StoreError, Tx, codec, statement::statements};

pub use chart::{Asked, Chart};
pub use names::{NAMES_MAX, Names};

pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 4] = [
    ("series", ALL),
    ("series/blocks", blocks::ALL),
    ("series/names", names::ALL),
    ("series/pending", pending::ALL),
];

statements! {
    /// The id is the next one; where the series exists already it is not used.
    APPEND = "INSERT INTO series (id, owner, run_id, name, pending_points, pending_blocks, arrivals,
                                  is_disordered, last_step, last_time, last_value, last_word,
                                  min_value, max_value)
              VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM series), $1, $12, $2, $3, 1, 1, $4,
                      $6, $7, $8, $9, $10, $11)
              ON CONFLICT (owner, name) DO UPDATE SET
                  pending_points = series.pending_points + excluded.pending_points,
                  pending_blocks = series.pending_blocks + 1,
                  arrivals = series.arrivals + 1,
                  is_disordered = series.is_disordered OR excluded.is_disordered
                                  OR series.last_step > $5,
                  last_step = excluded.last_step, last_time = excluded.last_time,
                  last_value = excluded.last_value, last_word = excluded.last_word,
                  min_value = CASE WHEN series.min_value IS NULL
                                        OR excluded.min_value < series.min_value
                                   THEN excluded.min_value ELSE series.min_value END,
                  max_value = CASE WHEN series.max_value IS NULL
                                        OR excluded.max_value > series.max_value
                                   THEN excluded.max_value ELSE series.max_value END
              RETURNING id, pending_points, pending_blocks, arrivals, is_disordered";
    FIND = "SELECT * FROM series WHERE owner = $1 AND name = $2";
    LIST = "SELECT * FROM series WHERE owner = $1 AND name > $2 ORDER BY name LIMIT $3";
    LIST_NAMES = "SELECT name FROM series WHERE owner = $1 ORDER BY name LIMIT $2";
    LIST_UNFOLDED = "SELECT series.* FROM series JOIN run ON run.id = series.run_id
                     WHERE pending_blocks > 0 AND series.run_id IS NOT NULL AND run.phase = 'finished'
                     AND series.id > $1 ORDER BY series.id LIMIT $2";
    SAVE_FOLDED = "UPDATE series SET folded = $2, pending_points = 0, pending_blocks = 0,
                                     superseded = $3, revision = $4, is_disordered = FALSE,
                                     last_step = $5, last_time = $6, last_value = $7,
                                     last_word = $8, min_value = $9, max_value = $10,
                                     restarts = $11
                   WHERE id = $1";
    DELETE_ONE = "DELETE FROM series WHERE id = $1";
    DELETE = "DELETE FROM series WHERE owner = $1";
}

/// Whose series it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A run's: what its program measured.
    Run(RunId),
    /// A worker's: what its agent measured of the machine.
    Worker(WorkerId),
}

impl Owner {
    /// The run, where it is one.
    pub fn run(self) -> Option<RunId> {
        match self {
            Owner::Run(run) => Some(run),
            Owner::Worker(_) => None,
        }
    }
}

impl From<RunId> for Owner {
    fn from(run: RunId) -> Self {
        Owner::Run(run)
    }
}

impl From<WorkerId> for Owner {
    fn from(worker: WorkerId) -> Self {
        Owner::Worker(worker)
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Owner::Run(run) => run.fmt(f),
            Owner::Worker(worker) => worker.fmt(f),
        }
    }
}

/// A series without its points.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Whose it is.
    pub owner: Owner,
    /// Its name among its owner's.
    pub name: String,
    /// How many points its curve has, those that wait to be folded included.
    pub points: u64,
    /// How many points left the curve because the program went back.
    pub superseded: u64,
    /// How often it did.
    pub restarts: u64,
    /// Grows when the curve changes other than at its end.
    pub revision: u64,
    /// The curve's last point.
    pub last: Option<Point>,
    /// The least finite value.
    pub min: Option<f64>,
    /// The largest finite value.
    pub max: Option<f64>,
    id: i64,
    folded: u64,
    is_disordered: bool,
}

/// Where a program went back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// Its step.
    pub step: i64,
    /// When, in milliseconds since 1970.
    pub time_millis: i64,
}

/// Adds points that arrived together for one series; says whether they were taken. No points are no
/// series. A name more than a run may have is not taken: its points are counted
/// ([`Names::refused_points`]) and nothing else.
pub fn append(
    tx: &mut Tx,
    owner: impl Into<Owner>,
    name: &str,
    points: &[Point],
) -> Result<bool, StoreError> {
    let owner = owner.into();
    let (Some(first), Some(of_all)) = (points.first(), Summary::of(points)) else {
        return Ok(true);
    };
    let is_disordered = !points.is_sorted_by_key(|point| point.step);
    let count = i64::try_from(points.len()).unwrap_or(i64::MAX);
    let last = Last::of(Some(&of_all.last));
    let (min, max) = extremes(&of_all);
    let (id, arrival, is_alone, is_due) = tx.query_one(
        APPEND,
        &[
            &owner.to_string(),
            &name,
            &count,
            &is_disordered,
            &first.step,
            &last.step,
            &last.time,
            &last.value,
            &last.word,
            &min,
            &max,
            &owner.run().map(|run| run.to_string()),
        ],
        |row| {
            let (points, blocks) = (row.i64("pending_points")?, row.i64("pending_blocks")?);
            let is_due = fold::is_due(points, blocks) || row.bool("is_disordered")?;
            Ok((row.i64("id")?, row.i64("arrivals")?, blocks == 1, is_due))
        },
    )?;
    if let Some(run) = owner.run()
        && arrival == 1
        && !names::admit(tx, run, count)?
    {
        tx.execute_one(DELETE_ONE, &[&id])?;
        return Ok(false);
    }
    if is_due && is_alone {
        fold_arrived(tx, owner, name, points)?;
        return Ok(true);
    }
    pending::insert(tx, id, arrival, points)?;
    if is_due {
        fold(tx, owner, name)?;
    }
    Ok(true)
}

/// One series.
pub fn find(
    tx: &mut Tx,
    owner: impl Into<Owner>,
    name: &str,
) -> Result<Option<Series>, StoreError> {
    tx.query_optional(FIND, &[&owner.into().to_string(), &name], series)
}

/// Somebody's series by name, those after `after`; an empty name is before all.
pub fn list(
    tx: &mut Tx,
    owner: impl Into<Owner>,
    after: &str,
    limit: i64,
) -> Result<Vec<Series>, StoreError> {
    tx.query(LIST, &[&owner.into().to_string(), &after, &limit], series)
}

/// The first `limit` names of somebody's series.
pub fn list_names(
    tx: &mut Tx,
    owner: impl Into<Owner>,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    tx.query(LIST_NAMES, &[&owner.into().to_string(), &limit], |row| {
        row.text("name")
    })
}

/// How many names somebody's series have.
pub fn find_names(tx: &mut Tx, owner: impl Into<Owner>) -> Result<Names, StoreError> {
    names::find(tx, owner.into())
}

/// The names that `is_wanted` takes, by name: those from the `offset`-th on, at most `limit`, and how
/// many there are in all.
pub fn search_names(
    tx: &mut Tx,
    owner: impl Into<Owner>,
    is_wanted: &dyn Fn(&str) -> bool,
    (offset, limit): (u64, usize),
) -> Result<(Vec<String>, u64), StoreError> {
    names::search(tx, owner.into(), is_wanted, (offset, limit))
}

/// Up to `limit` series of finished runs whose points are not all in blocks; those behind `after`.
pub fn list_unfolded(
    tx: &mut Tx,
    after: Option<&Series>,
    limit: i64,
) -> Result<Vec<Series>, StoreError> {
    let after = after.map_or(0, |series| series.id);
    tx.query(LIST_UNFOLDED, &[&after, &limit], series)
}

/// Moves what waits into the blocks of the curve.
pub fn fold(tx: &mut Tx, owner: impl Into<Owner>, name: &str) -> Result<(), StoreError> {
    let Some(series) = find(tx, owner, name)? else {
        return Ok(());
    };
    let arrived = pending::list(tx, series.id)?;
    fold::fold(tx, &series, &arrived)?;
    pending::delete(tx, series.id)
}

/// What suffices to put a curve on columns that it shares with others: an entry a column, or the
/// points where there are few. Those about the borders of the window may reach over them.
pub fn outline(tx: &mut Tx, series: &Series, asked: Asked) -> Result<Vec<Summary>, StoreError> {
    chart::outline(tx, series, asked)
}

/// What a chart of the asked width shows.
pub fn chart(tx: &mut Tx, series: &Series, asked: Asked) -> Result<Chart, StoreError> {
    chart::chart(tx, series, asked)
}

/// Points of the curve from its `from`-th on, at most `limit` of them.
pub fn points(
    tx: &mut Tx,
    series: &Series,
    from: u64,
    limit: usize,
) -> Result<Vec<Point>, StoreError> {
    chart::points(tx, series, from, limit)
}

/// Points of the curve that lie in a window, part by part, beginning at block `from`; and the block at
/// which the next part begins, if there is one.
pub fn points_within(
    tx: &mut Tx,
    series: &Series,
    asked: Asked,
    from: u64,
) -> Result<(Vec<Point>, Option<u64>), StoreError> {
    chart::points_within(tx, series, asked, from)
}

/// Summaries that stand for all points of a window and for no others. They are few however long the window
/// and the curve are: only at its ends are points read.
pub fn cover(tx: &mut Tx, series: &Series, window: Window) -> Result<Vec<Summary>, StoreError> {
    chart::cover(tx, series, window)
}

/// Where the program went back to: the latest `limit` places, in order.
pub fn restarts(tx: &mut Tx, series: &Series, limit: i64) -> Result<Vec<Restart>, StoreError> {
    if series.restarts == 0 {
        return Ok(Vec::new());
    }
    blocks::list_restarts(tx, series.id, limit)
}

/// The points that left the curve, in the order in which they did.
pub fn superseded(tx: &mut Tx, series: &Series) -> Result<Vec<Point>, StoreError> {
    blocks::list_superseded(tx, series.id)
}

/// Removes all series of a run.
pub(crate) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    blocks::delete_of_run(tx, run)?;
    pending::delete_of_run(tx, run)?;
    names::delete_of_run(tx, run)?;
    tx.execute(DELETE, &[&run]).map(drop)
}

/// Moves points into the blocks of the curve that need not wait: they are many, and none waits.
fn fold_arrived(tx: &mut Tx, owner: Owner, name: &str, points: &[Point]) -> Result<(), StoreError> {
    match find(tx, owner, name)? {
        Some(series) => fold::fold(tx, &series, points),
        None => Ok(()),
    }
}

/// The columns of a curve's last point.
struct Last {
    step: Option<i64>,
    time: Option<i64>,
    value: Option<f64>,
    word: Option<&'static str>,
}

impl Last {
    fn of(point: Option<&Point>) -> Self {
        let value = point.map(|point| point.value);
        Self {
            step: point.map(|point| point.step),
            time: point.map(|point| point.time_millis),
            // The sign of zero means nothing here; the blocks keep it. An infinity has its word, and
            // is sorted beside the largest numbers; a NaN has no place.
            value: (value.filter(|value| !value.is_nan()))
                .map(|value| value.clamp(f64::MIN, f64::MAX) + 0.0),
            word: value.and_then(non_finite_word),
        }
    }
}

/// The extremes as columns.
fn extremes(summary: &Summary) -> (Option<f64>, Option<f64>) {
    let finite = |value: f64| (summary.finite > 0).then_some(value + 0.0);
    (finite(summary.min), finite(summary.max))
}

pub(crate) fn series(row: &Row<'_>) -> Result<Series, StoreError> {
    let folded: u64 = codec::count(row, "series", "folded")?;
    let pending: u64 = codec::count(row, "series", "pending_points")?;
    let word = row.optional_text("last_word")?;
    let value = match word.as_deref().and_then(parse_non_finite) {
        Some(value) => Some(value),
        None => row.optional_f64("last_value")?,
    };
    let (step, time) = (
        row.optional_i64("last_step")?,
        row.optional_i64("last_time")?,
    );
    let last = step.zip(time).zip(value);
    Ok(Series {
        owner: match row.optional_text("run_id")? {
            Some(_) => Owner::Run(codec::parsed(row, "series", "run_id")?),
            None => Owner::Worker(codec::parsed(row, "series", "owner")?),
        },
        name: row.text("name")?,
        points: folded + pending,
        superseded: codec::count(row, "series", "superseded")?,
        restarts: codec::count(row, "series", "restarts")?,
        revision: codec::count(row, "series", "revision")?,
        last: last.map(|((step, time_millis), value)| Point {
            step,
            time_millis,
            value,
        }),
        min: row.optional_f64("min_value")?,
        max: row.optional_f64("max_value")?,
        id: row.i64("id")?,
        folded,
        is_disordered: row.bool("is_disordered")?,
    })
}
