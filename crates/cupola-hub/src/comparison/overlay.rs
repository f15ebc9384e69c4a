//! Curves of many runs on the same columns.

use cupola_domain::ids::RunId;
use cupola_search::bands::{Band, band};
use cupola_series::{
    align::{Aligned, align, columns},
    chart::{Axis, SPANS, Window},
    summary::Summary,
};
use cupola_store::{
    Tx, selected,
    series::{self, Asked, Series},
};

use super::{Column, ComparedRun, Grouping, Selection, load};
use crate::{
    HubError,
    charts::{Across, Places},
    costs,
};

/// So many curves are read; of more runs, the first.
pub const CURVES_MAX: usize = 1_000;

/// So many curves are drawn by themselves; of more, evenly chosen ones.
pub const LINES_MAX: usize = 100;

/// Columns of pixels that are worth telling apart when curves lie over each other.
const COLUMNS_MAX: u32 = 600;

/// So many points of all curves together are read one by one; of more, summaries of them.
const POINTS_MAX: u64 = 500_000;

/// Which curves, and which part of them.
#[derive(Debug, Clone, Default)]
pub struct OverlayAsked {
    /// The series' name; empty for the one that most runs have.
    pub series: String,
    /// From left to right.
    pub axis: Across,
    /// The first step or time; `None` is the earliest of all curves.
    pub from: Option<i64>,
    /// The last; `None` is the latest of all curves.
    pub to: Option<i64>,
    /// How many columns of pixels there are.
    pub columns: u32,
    /// What puts runs into one group.
    pub by: Vec<Column>,
}

/// Curves on the same columns.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    /// The series' name; empty when no run has any.
    pub series: String,
    /// Where each column begins.
    pub x: Vec<i64>,
    /// Single runs, in the order in which they are compared.
    pub curves: Vec<Curve>,
    /// How many curves are not drawn by themselves because there are too many.
    pub undrawn: usize,
    /// Each group's label and band over all its curves; without groups one of all curves when there
    /// are several.
    pub bands: Vec<(String, Band)>,
    /// Runs without such a series.
    pub without: usize,
    /// Runs that were not looked at because there are too many.
    pub omitted: u64,
}

/// The curve of one run.
#[derive(Debug, Clone)]
pub struct Curve {
    /// The run.
    pub run: RunId,
    /// What it is called.
    pub label: String,
    /// Its place among the compared runs.
    pub place: usize,
    /// The place of its group; `None` without groups.
    pub group: Option<usize>,
    /// What it has at each column.
    pub aligned: Aligned,
    /// How many points it has.
    pub points: u64,
}

pub(super) fn overlay(
    tx: &mut Tx,
    selection: &Selection,
    asked: &OverlayAsked,
) -> Result<Overlay, HubError> {
    let mut found = load::found(tx, selection, CURVES_MAX)?;
    found.label(tx, &asked.by)?;
    let name = match asked.series.as_str() {
        "" => found.series_names(tx)?.into_iter().next(),
        name => Some(name.to_owned()),
    };
    let omitted = found.total - found.runs.len() as u64;
    let Some(name) = name else {
        return Ok(Overlay {
            without: found.runs.len(),
            omitted,
            ..Overlay::default()
        });
    };
    let runs = found.runs;
    let read = read(tx, &runs, &name, asked)?;
    let without = runs.len() - read.len();
    let grouping = Grouping::of(&runs, &asked.by);
    let mut overlay = aligned(read, &runs, &grouping, asked);
    overlay.series = name;
    overlay.without = without;
    overlay.omitted = omitted;
    Ok(overlay)
}

/// One run's part of a chart as it was read.
struct Read {
    place: usize,
    points: u64,
    entries: Vec<Summary>,
}

fn read(
    tx: &mut Tx,
    runs: &[ComparedRun],
    name: &str,
    asked: &OverlayAsked,
) -> Result<Vec<Read>, HubError> {
    let ids: Vec<RunId> = runs.iter().map(|one| one.run.id).collect();
    let mut all = selected::series(tx, &ids, &[name.to_owned()])?;
    all.sort_by_key(|series| series.owner);
    let total: u64 = all.iter().map(|series| series.points).sum();
    let mut read = Vec::new();
    for (place, one) in runs.iter().enumerate() {
        let Ok(at) = all.binary_search_by_key(&one.run.id.into(), |series| series.owner) else {
            continue;
        };
        let series = &all[at];
        let began_at = one.run.started_at.unwrap_or(one.run.created_at);
        let pace = match asked.axis {
            Across::Cost => costs::find_pace(tx, one.run.id)?,
            _ => None,
        };
        let Some(places) = Places::of(asked.axis, began_at, pace) else {
            continue;
        };
        let entries = series::outline(tx, series, part(asked, series, places, total))?;
        let shown = |entry: Summary| match asked.axis {
            Across::Step => entry,
            _ => places.placed(entry),
        };
        read.push(Read {
            place,
            points: series.points,
            entries: entries.into_iter().map(shown).collect(),
        });
    }
    Ok(read)
}

/// What is asked of one series: the fewer columns the more points all of them have, so that
/// summaries suffice.
fn part(asked: &OverlayAsked, series: &Series, places: Places, total: u64) -> Asked {
    let columns = asked.columns.clamp(1, COLUMNS_MAX);
    let coarse = u32::try_from(series.points / SPANS[0]).unwrap_or(u32::MAX);
    Asked {
        axis: asked.axis.axis(),
        from: asked.from.map(|from| places.kept(from)),
        to: asked.to.map(|to| places.kept(to)),
        columns: if total > POINTS_MAX {
            columns.min(coarse.max(1))
        } else {
            columns
        },
    }
}

fn aligned(
    read: Vec<Read>,
    runs: &[ComparedRun],
    grouping: &Grouping,
    asked: &OverlayAsked,
) -> Overlay {
    let Some(window) = window(&read, asked) else {
        return Overlay::default();
    };
    let groups = grouping.of_runs(runs.len());
    let curves: Vec<Curve> = read
        .into_iter()
        .map(|one| Curve {
            run: runs[one.place].run.id,
            label: runs[one.place].label(),
            place: one.place,
            group: groups[one.place],
            aligned: align(&one.entries, window, 0),
            points: one.points,
        })
        .collect();
    let bands = bands(&curves, grouping);
    let stride = curves.len().div_ceil(LINES_MAX).max(1);
    let all = curves.len();
    let curves: Vec<Curve> = curves.into_iter().step_by(stride).collect();
    Overlay {
        x: columns(window),
        undrawn: all - curves.len(),
        curves,
        bands,
        ..Overlay::default()
    }
}

/// From the first to the last of all curves, with no more columns than steps.
fn window(read: &[Read], asked: &OverlayAsked) -> Option<Window> {
    let axis = asked.axis.axis();
    let ends = |one: &Read| {
        let all = one.entries.iter().copied().reduce(Summary::and)?;
        Some(match axis {
            Axis::Step => (all.first.step, all.last.step),
            Axis::Time => (all.time_min, all.time_max),
        })
    };
    let ends: Vec<(i64, i64)> = read.iter().filter_map(ends).collect();
    let first = ends.iter().map(|(first, _)| *first).min()?;
    let last = ends.iter().map(|(_, last)| *last).max()?;
    let (from, to) = (asked.from.unwrap_or(first), asked.to.unwrap_or(last));
    let steps = u32::try_from(i128::from(to) - i128::from(from) + 1).unwrap_or(u32::MAX);
    (from <= to).then_some(Window {
        axis,
        from,
        to,
        columns: asked.columns.clamp(1, COLUMNS_MAX).min(steps),
    })
}

fn bands(curves: &[Curve], grouping: &Grouping) -> Vec<(String, Band)> {
    let of = |is_member: &dyn Fn(&Curve) -> bool| {
        let members = curves.iter().filter(|curve| is_member(curve));
        let means: Vec<&[Option<f64>]> = members.map(|c| c.aligned.mean.as_slice()).collect();
        band(&means)
    };
    if grouping.by.is_empty() {
        let all = (curves.len() > 1).then(|| ("all runs".to_owned(), of(&|_| true)));
        return all.into_iter().collect();
    }
    let groups = grouping.groups.iter().enumerate();
    groups
        .map(|(place, group)| (group.label.clone(), of(&|curve| curve.group == Some(place))))
        .collect()
}
