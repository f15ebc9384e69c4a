//! Charts: which series of a run or a worker are shown, and what of them.

mod places;

use std::str::FromStr;

use cupola_domain::{
    field::FieldError,
    ids::{RunId, WorkerId},
    metric::Point,
    time::Timestamp,
};
use cupola_series::summary::Summary;
use cupola_store::{
    StoreError, Tx, runs,
    series::{self, Asked, Names, Owner, Restart, Series},
    workers,
};
use regex::{Regex, RegexBuilder};

use crate::{
    Hub, HubError,
    costs::{self, Pace},
    series::{cursor, read_before},
};

pub use places::Across;
pub(crate) use places::Places;

/// A pattern's program takes at most so much memory.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// So many columns have all charts of one answer together: each may need the points of many thousand
/// steps.
pub const COLUMNS_MAX: u32 = 40_000;

/// So many of the latest restarts are told.
const RESTARTS: i64 = 100;

/// What names are searched by: a regular expression that need not match the whole name and does not
/// look at case.
#[derive(Debug, Clone)]
pub struct NamePattern(Regex);

impl FromStr for NamePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(text)
            .case_insensitive(true)
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .build();
        built.map(Self).map_err(|error| {
            // The engine draws the place over several lines; the last one says what is wrong.
            let text_of = error.to_string();
            let last = text_of.lines().last().unwrap_or_default();
            let reason = last.trim_start_matches("error: ");
            format!("is `{text}`, no regular expression: {reason}")
        })
    }
}

/// The part of the axis that is shown; without an end, to the curve's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shown {
    /// Which axis.
    pub across: Across,
    /// The first place.
    pub from: Option<i64>,
    /// The last place.
    pub to: Option<i64>,
    /// How many columns of pixels there are.
    pub columns: u32,
}

/// Which series are listed.
#[derive(Debug, Clone, Default)]
pub struct SeriesQuery {
    /// Only those with such a name.
    pub matching: Option<NamePattern>,
    /// These come before all others, in this order, where they match.
    pub first: Vec<String>,
    /// How many come before the page.
    pub offset: u64,
    /// How many are on it.
    pub limit: usize,
}

/// Some series of a run or a worker.
#[derive(Debug, Clone)]
pub struct SeriesPage {
    /// Those on the page.
    pub series: Vec<Series>,
    /// How many match.
    pub matching: u64,
    /// What there is.
    pub names: Names,
}

/// What charts of several series show.
#[derive(Debug, Clone)]
pub struct Charts {
    /// The first moment: when the run started or was made, or when the worker joined.
    pub began_at: Timestamp,
    /// Where costs are shown, how they go on.
    pub pace: Option<Pace>,
    /// What there is.
    pub names: Names,
    /// In the order in which they were asked for; without those that are not there.
    pub charts: Vec<SeriesChart>,
}

/// What the chart of a series shows.
#[derive(Debug, Clone)]
pub struct SeriesChart {
    /// The series.
    pub series: Series,
    /// The latest places to which the program went back, in order.
    pub restarts: Vec<Restart>,
    /// From left to right.
    pub entries: Vec<Summary>,
    /// Whether any of them stands for several points.
    pub is_reduced: bool,
    /// Whether they follow what was read before the cursor, instead of being all.
    pub is_appended: bool,
    /// Where to go on.
    pub cursor: i64,
}

impl Hub {
    /// Series of a run or a worker by name.
    pub fn search_series(
        &self,
        owner: impl Into<Owner>,
        query: SeriesQuery,
    ) -> Result<SeriesPage, HubError> {
        let owner = owner.into();
        self.read(move |tx| {
            began_at(tx, owner)?;
            Ok(search(tx, owner, &query)?)
        })
    }

    /// Charts of these series of a run. With a series comes the cursor up to which it was read: where
    /// only a few points follow, they alone are answered. Many charts share [`COLUMNS_MAX`].
    pub fn run_charts(
        &self,
        id: RunId,
        wanted: Vec<(String, Option<i64>)>,
        shown: Shown,
    ) -> Result<Charts, HubError> {
        self.charts(id.into(), wanted, shown)
    }

    /// The same of a worker's series: what it measured of its machine.
    pub fn worker_charts(
        &self,
        id: WorkerId,
        wanted: Vec<(String, Option<i64>)>,
        shown: Shown,
    ) -> Result<Charts, HubError> {
        self.charts(id.into(), wanted, shown)
    }

    fn charts(
        &self,
        owner: Owner,
        wanted: Vec<(String, Option<i64>)>,
        shown: Shown,
    ) -> Result<Charts, HubError> {
        let fair = COLUMNS_MAX / u32::try_from(wanted.len().max(1)).unwrap_or(COLUMNS_MAX);
        let shown = Shown {
            columns: shown.columns.min(fair.max(1)),
            ..shown
        };
        self.read(move |tx| {
            let began_at = began_at(tx, owner)?;
            let pace = pace(tx, owner, shown)?;
            let asked = asked(shown, began_at, pace)?;
            let mut charts = Vec::new();
            for (name, after) in &wanted {
                if let Some(series) = series::find(tx, owner, name)? {
                    charts.push(chart(tx, series, asked, *after)?);
                }
            }
            Ok(Charts {
                began_at,
                pace,
                names: series::find_names(tx, owner)?,
                charts,
            })
        })
    }

    /// The points of a series within a window, part by part: those of the part that begins at `at`,
    /// and where the next one begins, if there is one. A part is empty only where all are.
    pub fn series_points(
        &self,
        owner: impl Into<Owner>,
        name: &str,
        shown: Shown,
        at: Option<i64>,
    ) -> Result<(Vec<Point>, Option<i64>), HubError> {
        let (owner, name) = (owner.into(), name.to_owned());
        self.read(move |tx| {
            let pace = pace(tx, owner, shown)?;
            let asked = asked(shown, began_at(tx, owner)?, pace)?;
            let series = series::find(tx, owner, &name)?;
            let series = series.ok_or_else(|| HubError::not_found("series", &name))?;
            let mut block = match at {
                None => 0,
                Some(at) => read_before(&series, at).ok_or_else(|| {
                    HubError::Conflict(format!("`{name}` has been restarted meanwhile"))
                })?,
            };
            loop {
                let (points, next) = series::points_within(tx, &series, asked, block)?;
                match next {
                    Some(next) if points.is_empty() => block = next,
                    _ => return Ok((points, next.map(|next| cursor(&series, next)))),
                }
            }
        })
    }
}

/// When somebody with series began, as far as anybody knows.
fn began_at(tx: &mut Tx, owner: Owner) -> Result<Timestamp, HubError> {
    match owner {
        Owner::Run(id) => {
            let run = runs::find(tx, id)?;
            let run = run.ok_or_else(|| HubError::not_found("run", id))?;
            Ok(run.started_at.unwrap_or(run.created_at))
        }
        Owner::Worker(id) => {
            let joined = workers::find_joined(tx, id)?;
            joined.ok_or_else(|| HubError::not_found("worker", id))
        }
    }
}

/// How the costs of a run go on, where they are asked for.
fn pace(tx: &mut Tx, owner: Owner, shown: Shown) -> Result<Option<Pace>, HubError> {
    match (shown.across, owner) {
        (Across::Cost, Owner::Run(run)) => costs::find_pace(tx, run),
        _ => Ok(None),
    }
}

fn asked(shown: Shown, began_at: Timestamp, pace: Option<Pace>) -> Result<Asked, HubError> {
    let places = Places::of(shown.across, began_at, pace).ok_or_else(|| {
        let message = "is `cost`, but no price is known; choose `step`, `time` or `relative`";
        HubError::Invalid(vec![FieldError::new("axis", message)])
    })?;
    Ok(Asked {
        axis: shown.across.axis(),
        from: shown.from.map(|from| places.kept(from)),
        to: shown.to.map(|to| places.kept(to)),
        columns: shown.columns,
    })
}

fn search(tx: &mut Tx, owner: Owner, query: &SeriesQuery) -> Result<SeriesPage, StoreError> {
    let matches = |name: &str| {
        let pattern = query.matching.as_ref();
        pattern.is_none_or(|pattern| pattern.0.is_match(name))
    };
    let mut front = Vec::new();
    for name in &query.first {
        let is_new = front.iter().all(|known: &Series| known.name != *name);
        if is_new && matches(name) {
            front.extend(series::find(tx, owner, name)?);
        }
    }
    let in_front = front.len() as u64;
    let is_other = |name: &str| matches(name) && front.iter().all(|known| known.name != name);
    let skipped = usize::try_from(query.offset.min(in_front)).unwrap_or(0);
    let shown: Vec<Series> = front
        .iter()
        .skip(skipped)
        .take(query.limit)
        .cloned()
        .collect();
    let rest = (
        query.offset.saturating_sub(in_front),
        query.limit - shown.len(),
    );
    let (names, others) = series::search_names(tx, owner, &is_other, rest)?;
    let mut series = shown;
    for name in names {
        series.extend(series::find(tx, owner, &name)?);
    }
    Ok(SeriesPage {
        series,
        matching: in_front + others,
        names: series::find_names(tx, owner)?,
    })
}

fn chart(
    tx: &mut Tx,
    series: Series,
    asked: Asked,
    after: Option<i64>,
) -> Result<SeriesChart, StoreError> {
    let is_whole = asked.from.is_none() && asked.to.is_none();
    let from = after
        .filter(|_| is_whole)
        .and_then(|after| read_before(&series, after));
    let few = u64::from(asked.columns);
    let from = from.filter(|from| *from <= series.points && series.points - from <= few);
    let (entries, is_reduced) = if let Some(from) = from {
        let points = series::points(tx, &series, from, usize::MAX)?;
        (points.iter().map(Summary::of_point).collect(), false)
    } else {
        let chart = series::chart(tx, &series, asked)?;
        (chart.entries, chart.is_reduced)
    };
    Ok(SeriesChart {
        restarts: series::restarts(tx, &series, RESTARTS)?,
        entries,
        is_reduced,
        is_appended: from.is_some(),
        cursor: cursor(&series, series.points),
        series,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_does_not_look_at_case_and_matches_anywhere() {
        let check = |pattern: &str, name: &str, expected: bool| {
            let pattern: NamePattern = pattern.parse().expect("it is an expression");
            assert_eq!(pattern.0.is_match(name), expected, "{name}");
        };
        check("LOSS", "train/loss", true);
        check("^loss", "train/loss", false);
        check("^(train|val)/", "val/acc", true);
        check("(?-i)LOSS", "train/loss", false);
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused_with_its_reason() {
        let check = |pattern: &str, reason: &str| {
            let refused = pattern.parse::<NamePattern>().expect_err("it is refused");
            assert!(refused.contains(reason), "{refused}");
            assert!(!refused.contains('\n'), "{refused}");
        };
        check("(", "unclosed group");
        check("a**+[", "unclosed character class");
        check("(a{1000}){1000}", "size limit");
    }
}
