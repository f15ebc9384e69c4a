//! Tasks or runs as dots: a number against another, an order or a word.

use askama::Template;

use crate::ui::{
    components::{Axis, Scale},
    format,
};

/// More dots than this are thinned out, which the plot then says.
const DOTS_MAX: usize = 2_000;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 310.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// Dots without a value stand in a row of their own below the others.
const LOST_ROW: f64 = 30.0;

/// What the dots are: one of them, several.
pub type Things = (&'static str, &'static str);

/// Where a dot stands on the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub enum X {
    /// At a number.
    Number(f64),
    /// At one of the words.
    Word(String),
}

/// How a dot is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// One of many.
    Plain,
    /// The best of all.
    Best,
    /// Without a value.
    Lost,
}

/// One task or run.
#[derive(Debug, Clone, Default)]
pub struct Dot {
    /// The order or the parameter.
    pub x: X,
    /// The objective; none when the task failed.
    pub y: Option<f64>,
    /// The task's page.
    pub href: String,
    /// `task 7: val_bpb 3.5705, lr 0.001`.
    pub title: String,
    /// Whether it is the best.
    pub is_best: bool,
    /// The class of its colour; empty for the one that all have.
    pub colour: String,
    /// What it stands for, where other pictures of the page show the same; else empty.
    pub run: String,
}

/// A dot in the coordinates of the picture.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Horizontally.
    pub x: String,
    /// Vertically.
    pub y: String,
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub title: String,
    /// How it is marked.
    pub mark: Mark,
    /// The class of its colour.
    pub colour: String,
    /// What it stands for.
    pub run: String,
}

impl Placed {
    /// How wide its circle is. Around those that are drawn over it, a ring is still seen.
    pub fn radius(&self) -> &'static str {
        if self.colour.ends_with("is-wide-ring") {
            "9"
        } else if self.colour.ends_with("is-ring") {
            "6.5"
        } else {
            "4"
        }
    }
}

impl Default for X {
    fn default() -> Self {
        X::Number(0.0)
    }
}

/// A named place on an axis, in the coordinates of the picture.
#[derive(Debug, Clone)]
pub struct Tick {
    /// Along its axis.
    pub at: String,
    /// What it says.
    pub text: String,
}

/// The picture.
#[derive(Debug, Clone, Template)]
#[template(path = "components/scatter.html")]
pub struct Scatter {
    /// What is on the horizontal axis.
    pub x_label: String,
    /// What is on the vertical axis.
    pub y_label: String,
    /// What the picture shows, in a sentence.
    pub summary: String,
    /// The dots, the best last so that nothing hides it.
    pub dots: Vec<Placed>,
    /// Horizontal ticks.
    pub x_ticks: Vec<Tick>,
    /// Vertical ticks.
    pub y_ticks: Vec<Tick>,
    /// Whether there is a row of dots without a value.
    pub has_lost: bool,
    /// What was left out; empty when nothing was.
    pub note: String,
}

super::html_safe!(Scatter);

impl Scatter {
    /// The left end of the plot.
    pub const LEFT: f64 = LEFT;
    /// Its right end.
    pub const RIGHT: f64 = WIDTH - RIGHT;
    /// Its top.
    pub const TOP: f64 = TOP;
    /// Its bottom.
    pub const BOTTOM: f64 = HEIGHT - BOTTOM;

    /// Whether the dot at this place among `total` is drawn: all of a few, every n-th of many.
    /// The best is drawn anyway.
    pub fn is_drawn(at: usize, total: usize) -> bool {
        at.is_multiple_of(total.div_ceil(DOTS_MAX).max(1))
    }

    /// Draws `dots`, which were chosen from `total` things: `("task", "tasks")`.
    pub fn new(
        (x_label, x_scale): (&str, Scale),
        y_label: &str,
        dots: Vec<Dot>,
        total: usize,
        things: Things,
    ) -> Self {
        let horizontal = Horizontal::of(x_scale, &dots);
        let vertical = Axis::around(Scale::Linear, dots.iter().filter_map(|dot| dot.y));
        let has_lost = dots.iter().any(|dot| !is_valued(dot));
        let floor = if has_lost {
            Self::BOTTOM - LOST_ROW
        } else {
            Self::BOTTOM
        };
        let height = |y: f64| floor - vertical.share(y) * (floor - TOP);
        let mut placed: Vec<_> = dots
            .iter()
            .map(|dot| Placed {
                x: coordinate(horizontal.place(&dot.x)),
                y: coordinate(
                    dot.y
                        .filter(|y| y.is_finite())
                        .map_or(Self::BOTTOM - LOST_ROW / 2.0, height),
                ),
                href: dot.href.clone(),
                title: dot.title.clone(),
                mark: mark(dot),
                colour: dot.colour.clone(),
                run: dot.run.clone(),
            })
            .collect();
        placed.sort_by_key(|dot| dot.mark == Mark::Best);
        Self {
            summary: format!(
                "{y_label} against {x_label} for {}",
                format::counted(total as u64, things.0, things.1)
            ),
            note: note(placed.len(), total, things.1),
            x_label: x_label.to_owned(),
            y_label: y_label.to_owned(),
            x_ticks: horizontal.ticks(),
            y_ticks: ticks(&vertical, height),
            dots: placed,
            has_lost,
        }
    }

    /// Says something more of what was left out.
    pub fn add_note(&mut self, note: String) {
        if !self.note.is_empty() {
            self.note.push(' ');
        }
        self.note.push_str(&note);
    }
}

/// The horizontal axis: numbers or words.
enum Horizontal {
    Numbers(Axis),
    Words(Vec<String>),
}

impl Horizontal {
    fn of(scale: Scale, dots: &[Dot]) -> Self {
        let mut words: Vec<String> = Vec::new();
        for dot in dots {
            if let X::Word(word) = &dot.x
                && !words.contains(word)
            {
                words.push(word.clone());
            }
        }
        if words.is_empty() {
            let numbers = dots.iter().filter_map(|dot| match dot.x {
                X::Number(number) => Some(number),
                X::Word(_) => None,
            });
            return Horizontal::Numbers(Axis::around(scale, numbers));
        }
        words.sort();
        Horizontal::Words(words)
    }

    fn place(&self, x: &X) -> f64 {
        let share = match (self, x) {
            (Horizontal::Numbers(axis), X::Number(number)) => axis.share(*number),
            (Horizontal::Words(words), X::Word(word)) => word_share(words, word),
            (_, X::Number(number)) => {
                let Horizontal::Words(words) = self else {
                    return LEFT;
                };
                word_share(words, &format::tick(*number))
            }
            (Horizontal::Numbers(_), X::Word(_)) => 0.0,
        };
        LEFT + share * (Scatter::RIGHT - LEFT)
    }

    fn ticks(&self) -> Vec<Tick> {
        match self {
            Horizontal::Numbers(axis) => {
                ticks(axis, |x| LEFT + axis.share(x) * (Scatter::RIGHT - LEFT))
            }
            Horizontal::Words(words) => words
                .iter()
                .map(|word| Tick {
                    at: coordinate(self.place(&X::Word(word.clone()))),
                    text: shortened(word),
                })
                .collect(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of words")]
fn word_share(words: &[String], word: &str) -> f64 {
    let at = words.iter().position(|known| known == word).unwrap_or(0);
    (at as f64 + 0.5) / words.len() as f64
}

fn ticks(axis: &Axis, place: impl Fn(f64) -> f64) -> Vec<Tick> {
    axis.ticks()
        .into_iter()
        .map(|(value, text)| Tick {
            at: coordinate(place(value)),
            text,
        })
        .collect()
}

fn coordinate(at: f64) -> String {
    format!("{at:.1}")
}

fn shortened(word: &str) -> String {
    if word.chars().count() <= 16 {
        word.to_owned()
    } else {
        word.chars().take(15).chain(['…']).collect()
    }
}

fn is_valued(dot: &Dot) -> bool {
    dot.y.is_some_and(f64::is_finite)
}

fn mark(dot: &Dot) -> Mark {
    if !is_valued(dot) {
        Mark::Lost
    } else if dot.is_best {
        Mark::Best
    } else {
        Mark::Plain
    }
}

fn note(drawn: usize, total: usize, things: &str) -> String {
    if drawn == total {
        String::new()
    } else {
        format!(
            "{} of {} {things} drawn, evenly chosen; the best is always among them.",
            format::count(drawn as u64),
            format::count(total as u64)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASKS: Things = ("task", "tasks");

    fn dot(x: f64, y: Option<f64>, is_best: bool) -> Dot {
        Dot {
            x: X::Number(x),
            y,
            href: "/tasks/1".to_owned(),
            is_best,
            ..Dot::default()
        }
    }

    #[test]
    fn the_best_is_drawn_last() {
        let dots = vec![dot(1.0, Some(1.0), true), dot(2.0, Some(2.0), false)];
        let plot = Scatter::new(("order", Scale::Linear), "loss", dots, 2, TASKS);
        assert_eq!(plot.dots[1].mark, Mark::Best);
    }

    #[test]
    fn a_failed_task_stands_below_the_others() {
        let dots = vec![dot(1.0, None, false), dot(2.0, Some(f64::NAN), false)];
        let plot = Scatter::new(("order", Scale::Linear), "loss", dots, 2, TASKS);
        assert!(plot.has_lost);
        assert!(plot.dots.iter().all(|dot| dot.mark == Mark::Lost));
    }

    #[test]
    fn many_dots_are_thinned_out_but_never_the_best() {
        let dots: Vec<_> = (0..10_001)
            .filter(|n| *n == 7 || Scatter::is_drawn(*n, 10_001))
            .map(|n| dot(f64::from(u32::try_from(n).unwrap()), Some(1.0), n == 7))
            .collect();
        let plot = Scatter::new(("order", Scale::Linear), "loss", dots, 10_001, TASKS);
        assert!(plot.dots.len() <= DOTS_MAX + 1);
        assert_eq!(plot.dots.last().unwrap().mark, Mark::Best);
        assert!(plot.note.contains("of 10\u{202f}001 tasks drawn"));
    }
}
