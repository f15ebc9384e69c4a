//! What a report draws: values over tasks, and the curves of the best.

use cupola_domain::objective::Direction;
use cupola_hub::{
    HubError,
    comparison::{Overlay, OverlayAsked, Selection},
};
use cupola_report::{Block, Look, POINTS_MAX, Plot, Series};

use super::Subject;
use crate::links;

/// Columns on which curves lie.
const COLUMNS: u32 = 120;

/// Every value by its task's number, and the best so far. One value is no plot.
pub(super) fn by_task(one: &Subject<'_>) -> Option<Block> {
    let objective = one.standing.objective.as_ref()?;
    let values = by_number(one);
    if values.len() < 2 {
        return None;
    }
    let note = if values.len() > POINTS_MAX {
        format!(
            "{POINTS_MAX} of {} values are drawn, evenly chosen; the line is of all.",
            values.len()
        )
    } else {
        String::new()
    };
    let best = best_so_far(&values, objective.direction);
    Some(Block::Plot(Plot {
        title: format!("{} by task", objective.metric),
        x: "task".to_owned(),
        y: objective.metric.clone(),
        series: vec![
            Series::new("best so far", Look::Steps, &best),
            Series::new("values", Look::Dots, &values),
        ],
        note,
        href: one.href.clone(),
    }))
}

/// The best so far of each of several experiments.
pub(super) fn race(several: &[Subject<'_>], metric: &str, direction: Direction) -> Option<Block> {
    let series: Vec<Series> = several
        .iter()
        .map(|one| (one, best_so_far(&by_number(one), direction)))
        .filter(|(_, points)| !points.is_empty())
        .take(cupola_report::SERIES_MAX)
        .map(|(one, points)| Series::new(&one.name, Look::Steps, &points))
        .collect();
    if series.is_empty() {
        return None;
    }
    let note = match several.len().saturating_sub(series.len()) {
        0 => String::new(),
        left => format!("{left} not drawn: without a value, or too many for one picture."),
    };
    let ids: Vec<_> = several
        .iter()
        .map(|one| one.standing.experiment.id)
        .collect();
    Some(Block::Plot(Plot {
        title: format!("Best {metric} so far"),
        x: "task".to_owned(),
        y: metric.to_owned(),
        series,
        note,
        href: links::comparison(&ids),
    }))
}

/// The curves of the best few; nothing where none has any.
pub(super) fn curves(one: &Subject<'_>) -> Result<Option<Block>, HubError> {
    let runs: Vec<_> = one.top.iter().map(|detail| detail.run.id).collect();
    let href = links::comparison_of_runs(&runs);
    let selection = Selection {
        runs,
        ..Selection::default()
    };
    let mut asked = OverlayAsked {
        series: one.standing.experiment.metric().to_owned(),
        columns: COLUMNS,
        ..OverlayAsked::default()
    };
    let mut overlay = one.hub.overlay(&selection, &asked)?;
    if !has_curve(&overlay) {
        // Whichever most of them have.
        asked.series = String::new();
        overlay = one.hub.overlay(&selection, &asked)?;
    }
    if !has_curve(&overlay) {
        return Ok(None);
    }
    let series = overlay.curves.iter().map(|curve| {
        let points: Vec<(f64, f64)> = overlay
            .x
            .iter()
            .zip(&curve.aligned.mean)
            .filter_map(|(x, y)| Some((float(*x), (*y)?)))
            .collect();
        let ranges = overlay
            .x
            .iter()
            .zip(&curve.aligned.low)
            .zip(&curve.aligned.high);
        let ranges = ranges.filter_map(|((x, low), high)| Some((float(*x), (*low)?, (*high)?)));
        let apart = ranges.filter(|(_, low, high)| low < high);
        Series::new(&curve.label, Look::Line, &points).with_ranges(apart)
    });
    let series: Vec<Series> = series.take(cupola_report::SERIES_MAX).collect();
    let reduced = overlay.curves.iter().any(|curve| curve.aligned.is_reduced);
    let mut notes = Vec::new();
    if reduced {
        notes.push("Each point of a line is the mean of several steps; the band behind it is what they lie between.".to_owned());
    }
    if overlay.without > 0 {
        notes.push(format!(
            "{} of the best have no such curve.",
            overlay.without
        ));
    }
    Ok(Some(Block::Plot(Plot {
        title: format!("{} of the best", overlay.series),
        x: "step".to_owned(),
        y: overlay.series,
        series,
        note: notes.join(" "),
        href,
    })))
}

/// A single point is no curve.
fn has_curve(overlay: &Overlay) -> bool {
    overlay.curves.iter().any(|curve| curve.points > 1)
}

fn by_number(one: &Subject<'_>) -> Vec<(f64, f64)> {
    let mut values: Vec<(u32, f64)> = one
        .standing
        .ranked
        .iter()
        .map(|placed| (placed.number, placed.value))
        .collect();
    values.sort_by_key(|(number, _)| *number);
    values
        .into_iter()
        .map(|(number, value)| (f64::from(number), value))
        .collect()
}

/// Only where it becomes better, and its end.
fn best_so_far(values: &[(f64, f64)], direction: Direction) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (x, y) in values {
        if points
            .last()
            .is_none_or(|(_, best)| direction.is_better(*y, *best))
        {
            points.push((*x, *y));
        }
    }
    if let (Some((end, _)), Some((x, best))) = (values.last(), points.last().copied())
        && x < *end
    {
        points.push((*end, best));
    }
    points
}

#[expect(clippy::cast_precision_loss, reason = "to be drawn")]
fn float(step: i64) -> f64 {
    step as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_so_far_moves_only_when_it_is_better() {
        let values = [(0.0, 3.0), (1.0, 4.0), (2.0, 1.0), (5.0, 2.0)];
        let check = |direction, expected: &[(f64, f64)]| {
            assert_eq!(best_so_far(&values, direction), expected);
        };
        check(Direction::Minimize, &[(0.0, 3.0), (2.0, 1.0), (5.0, 1.0)]);
        check(Direction::Maximize, &[(0.0, 3.0), (1.0, 4.0), (5.0, 4.0)]);
        assert_eq!(best_so_far(&[], Direction::Minimize), []);
        assert_eq!(best_so_far(&values[..1], Direction::Minimize), [(0.0, 3.0)]);
    }
}
