//! Metrics of a job as a curve of dots.

use std::fmt::Write as _;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    symbols::Marker,
    widgets::{Axis, Chart as Curve, Dataset, GraphType, Widget as _},
};

use super::tables::put;
use crate::{
    model::Chart,
    text::clean,
    theme::{Theme, Tone},
};

pub(super) fn view(chart: &Chart, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let say = |buffer: &mut Buffer, text: &str, tone| {
        if area.height > 0 {
            put(
                buffer,
                (area.x + 1, area.y),
                area.width.saturating_sub(2),
                text,
                theme,
                tone,
            );
        }
    };
    let series = match &chart.found {
        Some(Ok(series)) => series,
        Some(Err(problem)) => return say(buffer, &clean(problem), Tone::Bad),
        None => return say(buffer, "Reading…", Tone::Dim),
    };
    let Some(shown) = series.get(chart.shown) else {
        return say(buffer, "It measured nothing.", Tone::Dim);
    };
    let finite: Vec<(f64, f64)> = shown
        .points
        .iter()
        .copied()
        .filter(|(step, value)| step.is_finite() && value.is_finite())
        .collect();
    let lost = shown.points.len() - finite.len();
    let place = format!("{}/{}", chart.shown + 1, series.len());
    let mut words = format!(
        "{place}  {}  {} points",
        clean(&shown.name),
        shown.points.len()
    );
    if shown.is_reduced {
        words.push_str(", reduced");
    }
    if lost > 0 {
        let _ = write!(words, ", {lost} of them not finite");
    }
    if let Some((step, value)) = finite.last() {
        let _ = write!(words, "; last {} at {}", number(*value), number(*step));
    }
    say(buffer, &words, Tone::Strong);
    let below = Rect {
        y: area.y.saturating_add(1),
        height: area.height.saturating_sub(1),
        ..area
    };
    if finite.is_empty() || below.height < 3 {
        return;
    }
    curve(&finite, chart.shown, theme).render(below, buffer);
}

fn curve(points: &[(f64, f64)], at: usize, theme: Theme) -> Curve<'_> {
    let steps = bounds(points.iter().map(|(step, _)| *step));
    let values = bounds(points.iter().map(|(_, value)| *value));
    let line = Dataset::default()
        .marker(Marker::Braille)
        .graph_type(GraphType::Line)
        .style(Style::new().fg(theme.line(at)))
        .data(points);
    let axis = |[low, high]: [f64; 2]| {
        let middle = f64::midpoint(low, high);
        Axis::default()
            .style(theme.of(Tone::Dim))
            .bounds([low, high])
            .labels([number(low), number(middle), number(high)])
    };
    Curve::new(vec![line])
        .x_axis(axis(steps))
        .y_axis(axis(values))
}

/// From the least to the greatest; around a value that is the same everywhere.
fn bounds(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
        [low.min(value), high.max(value)]
    });
    if low < high {
        return [low, high];
    }
    let around = (low.abs() * 0.1).max(0.5);
    [low - around, low + around]
}

/// With as many digits as matter.
fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e6).contains(&size) {
        format!("{value:.2e}")
    } else if value.fract() == 0.0 {
        format!("{value}")
    } else if size < 1.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_matter() {
        for (value, expected) in [
            (0.0, "0"),
            (12.0, "12"),
            (0.25, "0.2500"),
            (-1.5, "-1.500"),
            (1e-7, "1.00e-7"),
            (2_500_000.0, "2.50e6"),
        ] {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn a_constant_has_room_around_it() {
        let check = |values: &[f64], expected: &str| {
            assert_eq!(format!("{:?}", bounds(values.iter().copied())), expected);
        };
        check(&[3.0, 1.0], "[1.0, 3.0]");
        check(&[10.0, 10.0], "[9.0, 11.0]");
        check(&[0.0], "[-0.5, 0.5]");
    }
}
