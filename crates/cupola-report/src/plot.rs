//! A plot as SVG: axes, curves, dots, and what each is called. Colours come by class from whoever shows it.

use std::fmt::Write as _;

use crate::{Look, Plot, SERIES_MAX, Series, html::escaped};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;

/// Of each name in the legend, a line each.
const LEGEND_LINE: f64 = 18.0;

/// Characters of a name in the legend.
const NAME_CHARS: usize = 80;

/// Lines differ by their dashes too: not everybody sees colours, and paper has none.
const DASHES: [&str; SERIES_MAX] = ["none", "7 4", "2 3", "10 3 2 3", "4 2", "1 2"];

/// The picture. It has no style of its own: classes `s0` to `s5` are its colours.
pub fn svg(plot: &Plot) -> String {
    let series: Vec<&Series> = plot.series.iter().take(SERIES_MAX).collect();
    let points = || {
        let ends = |&(x, low, high): &(f64, f64, f64)| [(x, low), (x, high)];
        let ranges = series
            .iter()
            .flat_map(move |one| one.ranges.iter().flat_map(ends));
        let points = series.iter().flat_map(|one| one.points.iter().copied());
        points.chain(ranges)
    };
    let height = HEIGHT + LEGEND_LINE * float(series.len());
    let mut out = format!(
        "<svg class=\"report-plot\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">\n",
        escaped(&described(plot))
    );
    let (Some(x), Some(y)) = (
        Axis::of(points().map(|p| p.0)),
        Axis::of(points().map(|p| p.1)),
    ) else {
        let middle = WIDTH / 2.0;
        let _ = writeln!(
            out,
            "<text x=\"{middle}\" y=\"{HEIGHT}\" text-anchor=\"middle\">nothing to draw</text>\n</svg>"
        );
        return out;
    };
    let frame = Frame { x, y };
    frame.push_axes(&mut out, plot);
    for (at, one) in series.iter().enumerate() {
        frame.push_ranges(&mut out, one, at);
    }
    for (at, one) in series.iter().enumerate() {
        frame.push_series(&mut out, one, at);
        push_name(&mut out, one, at);
    }
    out.push_str("</svg>\n");
    out
}

/// What the picture shows, for whoever does not see it.
fn described(plot: &Plot) -> String {
    let names: Vec<&str> = plot.series.iter().map(|one| one.name.as_str()).collect();
    format!(
        "{}: {} over {}; {}",
        plot.title,
        plot.y,
        plot.x,
        names.join(", ")
    )
}

struct Frame {
    x: Axis,
    y: Axis,
}

impl Frame {
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let width = WIDTH - LEFT - RIGHT;
        let height = HEIGHT - TOP - BOTTOM;
        (
            LEFT + self.x.share(x) * width,
            TOP + (1.0 - self.y.share(y)) * height,
        )
    }

    fn push_axes(&self, out: &mut String, plot: &Plot) {
        let (right, floor) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in self.y.ticks() {
            let (_, y) = self.place((self.x.from, tick));
            let (label, text) = (self.y.label(tick), y + 4.0);
            let _ = writeln!(
                out,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{:.1}\" y=\"{text:.1}\" text-anchor=\"end\">{label}</text>",
                LEFT - 6.0
            );
        }
        for tick in self.x.ticks() {
            let (x, _) = self.place((tick, self.y.from));
            let (label, text) = (self.x.label(tick), floor + 16.0);
            let _ = writeln!(
                out,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{floor}\" y2=\"{:.1}\"/>\
                 <text x=\"{x:.1}\" y=\"{text:.1}\" text-anchor=\"middle\">{label}</text>",
                floor + 4.0
            );
        }
        let label = |text: &str| escaped(&text.chars().take(NAME_CHARS).collect::<String>());
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{} against {}</text>",
            f64::midpoint(LEFT, right),
            floor + 34.0,
            label(&plot.y),
            label(&plot.x)
        );
    }

    /// Behind all lines, from the least to the largest.
    fn push_ranges(&self, out: &mut String, series: &Series, at: usize) {
        let mut path = String::new();
        for (x, low, high) in &series.ranges {
            let ((x, low), (_, high)) = (self.place((*x, *low)), self.place((*x, *high)));
            let _ = write!(path, "M{x:.1} {low:.1}V{high:.1}");
        }
        if !path.is_empty() {
            let _ = writeln!(out, "<path class=\"range s{at}\" d=\"{path}\"/>");
        }
    }

    fn push_series(&self, out: &mut String, series: &Series, at: usize) {
        let places: Vec<(f64, f64)> = series.points.iter().map(|p| self.place(*p)).collect();
        if series.look == Look::Dots || places.len() == 1 {
            for (x, y) in places {
                let _ = writeln!(
                    out,
                    "<circle class=\"dot s{at}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>"
                );
            }
            return;
        }
        let mut path = String::new();
        for (at, (x, y)) in places.iter().enumerate() {
            let _ = match (at, series.look) {
                (0, _) => write!(path, "M{x:.1} {y:.1}"),
                (_, Look::Steps) => write!(path, "H{x:.1}V{y:.1}"),
                (_, Look::Line | Look::Dots) => write!(path, "L{x:.1} {y:.1}"),
            };
        }
        let dashes = DASHES[at];
        let _ = writeln!(
            out,
            "<path class=\"line s{at}\" stroke-dasharray=\"{dashes}\" d=\"{path}\"/>"
        );
    }
}

/// A line of the legend.
fn push_name(out: &mut String, series: &Series, at: usize) {
    let y = HEIGHT + LEGEND_LINE * (float(at) + 0.5);
    let (from, to, text) = (LEFT, LEFT + 28.0, y + 4.0);
    let name: String = series.name.chars().take(NAME_CHARS).collect();
    let mark = if series.look == Look::Dots {
        format!(
            "<circle class=\"dot s{at}\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>",
            f64::midpoint(from, to)
        )
    } else {
        let dashes = DASHES[at];
        format!(
            "<path class=\"line s{at}\" stroke-dasharray=\"{dashes}\" d=\"M{from} {y:.1}H{to}\"/>"
        )
    };
    let _ = writeln!(
        out,
        "{mark}<text x=\"{:.1}\" y=\"{text:.1}\">{}</text>",
        to + 8.0,
        escaped(&name)
    );
}

/// From where to where an axis goes, and how far its ticks are apart.
struct Axis {
    from: f64,
    to: f64,
    step: f64,
}

impl Axis {
    /// Round ends around all of them; none of nothing, or of what no axis can hold.
    fn of(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let finite = values.filter(|value| value.is_finite());
        let least = finite.clone().reduce(f64::min)?;
        let most = finite.reduce(f64::max)?;
        let (least, most) = if least < most {
            (least, most)
        } else {
            let around = (least.abs() * 0.01).max(0.5);
            (least - around, least + around)
        };
        let rough = (most - least) / 4.0;
        if !rough.is_finite() || rough <= 0.0 {
            return None;
        }
        let size = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|times| times * size)
            .find(|step| *step >= rough)?;
        let (from, to) = ((least / step).floor() * step, (most / step).ceil() * step);
        (step > 0.0 && from < to && (to - from).is_finite()).then_some(Self { from, to, step })
    }

    fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (from, to, step) = (self.from, self.to, self.step);
        (0..12u8)
            .map(move |at| from + f64::from(at) * step)
            .take_while(move |tick| *tick <= to + step / 2.0)
    }

    /// As many decimals as the step has.
    fn label(&self, tick: f64) -> String {
        let tick = if tick.abs() < self.step / 1e6 {
            0.0
        } else {
            tick
        };
        let size = self.step.log10().floor();
        if !(-6.0..6.0).contains(&size) {
            return format!("{tick:.1e}");
        }
        let decimals = (1..=6u8).find(|at| -f64::from(*at) <= size);
        let decimals = if size >= 0.0 {
            0
        } else {
            usize::from(decimals.unwrap_or(6))
        };
        format!("{tick:.decimals$}")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few lines of a legend")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], expected: &str) {
        let axis = Axis::of(values.iter().copied()).expect("an axis");
        let labels: Vec<String> = axis.ticks().map(|tick| axis.label(tick)).collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn ticks_are_round() {
        check(&[0.0, 10.0], "0 5 10");
        check(&[0.0, 199.0], "0 50 100 150 200");
        check(&[1.013, 1.29], "1.0 1.1 1.2 1.3");
        check(&[-0.003, 0.002], "-0.004 -0.002 0.000 0.002");
        check(&[7.0, 7.0], "6.5 7.0 7.5");
        check(&[1e-9, 9e-9], "0.0e0 2.0e-9 4.0e-9 6.0e-9 8.0e-9 1.0e-8");
    }

    #[test]
    fn what_has_no_axis_is_not_drawn() {
        assert!(Axis::of(std::iter::empty()).is_none());
        assert!(Axis::of([f64::NAN].into_iter()).is_none());
        assert!(Axis::of([-f64::MAX, f64::MAX].into_iter()).is_none());
        assert!(
            Axis::of([f64::MAX, f64::MAX].into_iter()).is_none_or(|axis| axis.ticks().count() < 13)
        );
        let plot = Plot {
            title: String::new(),
            x: String::new(),
            y: String::new(),
            series: Vec::new(),
            note: String::new(),
            href: String::new(),
        };
        assert!(svg(&plot).contains("nothing to draw"));
    }
}
