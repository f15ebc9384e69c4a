//! Many columns at once: an axis for each, and a line for each run that crosses all of them.

use std::fmt::Write as _;

use askama::Template;

use crate::ui::{
    components::{Axis, Scale, X},
    format,
};

/// More lines than this are thinned out, which the picture then says.
const LINES_MAX: usize = 1_000;

/// Words at most on one axis; more are not told apart.
const WORDS_MAX: usize = 30;

/// Steps of the colours from the least to the largest.
const SHADES: usize = 10;

const WIDTH: f64 = 960.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 40.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 286.0;
/// Where lines pass that have nothing on an axis.
const NOTHING: f64 = 308.0;

/// One run: what it has on each axis, none for nothing.
#[derive(Debug, Clone)]
pub struct Strand {
    /// On each axis.
    pub values: Vec<Option<X>>,
    /// What it stands for.
    pub run: String,
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub title: String,
    /// What it is coloured by; none for grey.
    pub shade: Option<f64>,
}

/// An axis in the coordinates of the picture.
#[derive(Debug, Clone)]
pub struct Upright {
    /// Its place from the left.
    pub x: String,
    /// Its whole name.
    pub name: String,
    /// The name as it fits.
    pub label: String,
    /// Named places.
    pub ticks: Vec<(String, String)>,
    /// `linear`, `log` or `words`.
    pub scale: &'static str,
    /// Its ends, for the script that says which part is looked at.
    pub ends: (String, String),
}

/// A line in the coordinates of the picture.
#[derive(Debug, Clone)]
pub struct Thread {
    /// Its way.
    pub path: String,
    /// Its place on each axis, of 100 from below, `-` for nothing.
    pub places: String,
    /// The class of its colour.
    pub shade: String,
    /// What it stands for.
    pub run: String,
    /// Where it leads.
    pub href: String,
    /// What it says.
    pub title: String,
}

/// The picture.
#[derive(Debug, Clone, Template)]
#[template(path = "components/parallel.html")]
pub struct Parallel {
    /// From the left to the right.
    pub axes: Vec<Upright>,
    /// The lines; those with a colour last, so that nothing grey hides them.
    pub threads: Vec<Thread>,
    /// Which parts of the axes are looked at, as the script wrote it.
    pub brush: String,
    /// What the colours say: `metrics.loss from 0.1 to 3`; empty without colours.
    pub shades: String,
    /// What the picture shows, in a sentence.
    pub summary: String,
    /// What was left out; empty when nothing was.
    pub note: String,
    /// Whether some line has nothing on some axis.
    pub has_nothing: bool,
}

super::html_safe!(Parallel);

impl Parallel {
    /// The top of the axes.
    pub const TOP: f64 = TOP;
    /// Their bottom.
    pub const BOTTOM: f64 = BOTTOM;

    /// Draws `strands` across axes of these names; `shaded_by` names what they are coloured by.
    pub fn new(names: &[String], strands: &[Strand], shaded_by: &str, brush: &str) -> Self {
        let scales: Vec<Places> = (0..names.len()).map(|at| Places::of(strands, at)).collect();
        let xs: Vec<f64> = (0..names.len()).map(|at| across(at, names.len())).collect();
        let shade = Axis::around(Scale::Linear, strands.iter().filter_map(|s| s.shade));
        let stride = strands.len().div_ceil(LINES_MAX).max(1);
        let mut chosen: Vec<&Strand> = strands.iter().step_by(stride).collect();
        chosen.sort_by_key(|strand| strand.shade.is_some());
        let threads: Vec<Thread> = chosen
            .iter()
            .map(|strand| thread(strand, &scales, &xs, &shade))
            .collect();
        let axes = names.iter().zip(&scales).zip(&xs);
        Self {
            has_nothing: threads.iter().any(|thread| thread.places.contains('-')),
            axes: axes
                .map(|((name, places), x)| upright(name, places, *x))
                .collect(),
            brush: brush.to_owned(),
            shades: shades(shaded_by, strands),
            summary: format!(
                "{} across {}",
                format::counted(strands.len() as u64, "run", "runs"),
                names.join(", ")
            ),
            note: if threads.len() == strands.len() {
                String::new()
            } else {
                format!(
                    "{} of {} runs drawn, evenly chosen.",
                    format::count(threads.len() as u64),
                    format::count(strands.len() as u64)
                )
            },
            threads,
        }
    }
}

/// Where values stand on one axis.
enum Places {
    Numbers(Axis),
    Words(Vec<String>),
}

impl Places {
    fn of(strands: &[Strand], at: usize) -> Self {
        let values = || {
            strands
                .iter()
                .filter_map(move |strand| strand.values[at].as_ref())
        };
        if values().any(|value| matches!(value, X::Word(_))) {
            let mut words: Vec<String> = values().map(word).collect();
            words.sort();
            words.dedup();
            words.truncate(WORDS_MAX);
            return Places::Words(words);
        }
        let numbers = || {
            values().filter_map(|value| match value {
                X::Number(number) if number.is_finite() => Some(*number),
                X::Number(_) | X::Word(_) => None,
            })
        };
        let least = numbers().fold(f64::INFINITY, f64::min);
        let greatest = numbers().fold(f64::NEG_INFINITY, f64::max);
        Places::Numbers(Axis::around(Scale::of(least, greatest), numbers()))
    }

    /// From 0 below to 1 above; none for nothing and for what is not finite.
    fn share(&self, value: &X) -> Option<f64> {
        match (self, value) {
            (Places::Numbers(axis), X::Number(number)) => {
                number.is_finite().then(|| axis.share(*number))
            }
            (Places::Numbers(_), X::Word(_)) => None,
            (Places::Words(words), value) => {
                let at = words.iter().position(|known| *known == word(value))?;
                Some(place_of_word(at, words.len()))
            }
        }
    }
}

fn word(value: &X) -> String {
    match value {
        X::Number(number) => format::tick(*number),
        X::Word(word) => word.clone(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of words")]
fn place_of_word(at: usize, words: usize) -> f64 {
    (at as f64 + 0.5) / words as f64
}

#[expect(clippy::cast_precision_loss, reason = "a handful of axes")]
fn across(at: usize, axes: usize) -> f64 {
    let share = if axes > 1 {
        at as f64 / (axes - 1) as f64
    } else {
        0.5
    };
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn height(share: f64) -> f64 {
    BOTTOM - share * (BOTTOM - TOP)
}

fn thread(strand: &Strand, scales: &[Places], xs: &[f64], colours: &Axis) -> Thread {
    let (mut path, mut places) = (String::new(), String::new());
    for (at, (scale, x)) in scales.iter().zip(xs).enumerate() {
        let share = strand.values[at]
            .as_ref()
            .and_then(|value| scale.share(value));
        let y = share.map_or(NOTHING, height);
        let _ = write!(path, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
        match share {
            Some(share) => {
                let _ = write!(places, "{:.1} ", share * 100.0);
            }
            None => places.push_str("- "),
        }
    }
    Thread {
        path,
        places: places.trim_end().to_owned(),
        shade: strand.shade.filter(|s| s.is_finite()).map_or_else(
            || "shade-none".to_owned(),
            |value| format!("shade-{}", step(colours.share(value))),
        ),
        run: strand.run.clone(),
        href: strand.href.clone(),
        title: strand.title.clone(),
    }
}

/// Which of the shades a share takes.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of ten"
)]
fn step(share: f64) -> usize {
    ((share * SHADES as f64) as usize).min(SHADES - 1)
}

fn upright(name: &str, places: &Places, x: f64) -> Upright {
    let (scale, ends, ticks) = match places {
        Places::Numbers(axis) => {
            let (scale, low, high) = axis.ends();
            let ticks = axis.ticks().into_iter();
            (
                if scale == Scale::Log { "log" } else { "linear" },
                (low.to_string(), high.to_string()),
                ticks
                    .map(|(value, text)| (axis.share(value), text))
                    .collect(),
            )
        }
        Places::Words(words) => {
            let tick =
                |(at, word): (usize, &String)| (place_of_word(at, words.len()), cut(word, 14));
            let ticks: Vec<(f64, String)> = words.iter().enumerate().map(tick).collect();
            ("words", (String::new(), String::new()), ticks)
        }
    };
    Upright {
        x: format!("{x:.1}"),
        name: name.to_owned(),
        label: cut(name.split_once('.').map_or(name, |(_, rest)| rest), 16),
        ticks: ticks
            .into_iter()
            .map(|(share, text)| (format!("{:.1}", height(share)), text))
            .collect(),
        scale,
        ends,
    }
}

fn shades(by: &str, strands: &[Strand]) -> String {
    let values = || {
        strands
            .iter()
            .filter_map(|s| s.shade)
            .filter(|s| s.is_finite())
    };
    let least = values().fold(f64::INFINITY, f64::min);
    let greatest = values().fold(f64::NEG_INFINITY, f64::max);
    if least > greatest {
        return String::new();
    }
    format!(
        "{by} from {} to {}",
        format::number(least),
        format::number(greatest)
    )
}

fn cut(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        text.to_owned()
    } else {
        text.chars().take(chars - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strand(values: &[Option<X>], shade: Option<f64>) -> Strand {
        Strand {
            values: values.to_vec(),
            run: "r".to_owned(),
            href: "/runs/r".to_owned(),
            title: String::new(),
            shade,
        }
    }

    fn word(word: &str) -> X {
        X::Word(word.to_owned())
    }

    fn names() -> Vec<String> {
        ["params.lr", "params.kind"].map(str::to_owned).to_vec()
    }

    #[test]
    fn lines_cross_each_axis_at_their_value() {
        let strands = [
            strand(&[Some(X::Number(1.0)), Some(word("a"))], Some(0.0)),
            strand(&[Some(X::Number(3.0)), Some(word("b"))], Some(9.0)),
            strand(&[None, Some(word("b"))], None),
        ];
        let picture = Parallel::new(&names(), &strands, "metrics.loss", "");
        let of = |shade: &str| {
            let found = picture.threads.iter().find(|thread| thread.shade == shade);
            found.unwrap().places.clone()
        };
        assert_eq!(of("shade-0"), "5.4 25.0");
        assert_eq!(of("shade-9"), "94.6 75.0");
        assert_eq!(of("shade-none"), "- 75.0");
        assert_eq!(
            (picture.axes[1].scale, picture.has_nothing),
            ("words", true)
        );
        assert_eq!(picture.threads[0].shade, "shade-none");
        assert_eq!(picture.shades, "metrics.loss from 0 to 9");
    }

    #[test]
    fn values_over_decades_are_drawn_by_their_ratios() {
        let strands: Vec<Strand> = [1e-4, 1e-3, 1e-2, f64::NAN]
            .map(|x| strand(&[Some(X::Number(x)), Some(word("a"))], None))
            .to_vec();
        let picture = Parallel::new(&names(), &strands, "", "");
        assert_eq!(picture.axes[0].scale, "log");
        assert_eq!(picture.threads[1].places, "50.0 50.0");
        assert_eq!(picture.threads[3].places, "- 50.0");
    }

    #[test]
    fn many_lines_are_thinned_out_and_that_is_said() {
        let one = strand(&[Some(X::Number(1.0)), Some(word("a"))], None);
        let picture = Parallel::new(&names(), &vec![one; 2_500], "", "");
        assert_eq!(picture.threads.len(), 834);
        assert!(picture.note.starts_with("834 of 2500 runs"));
        assert_eq!(picture.shades, "");
    }
}
