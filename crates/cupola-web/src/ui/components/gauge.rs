//! How much of something is in use, as a half ring.

use askama::Template;

use crate::ui::{components::Tone, format};

/// From this share on there is little left, and from this one on nearly nothing.
const LITTLE: f64 = 0.75;
const NEARLY_NOTHING: f64 = 0.9;

/// The half ring with its numbers.
#[derive(Debug, Clone, Template)]
#[template(path = "components/gauge.html")]
pub struct Gauge {
    /// What it is of: `GPU memory`.
    pub label: String,
    /// In hundredths of the half ring; none where nobody knows.
    pub length: Option<f64>,
    /// `44 %`, or a dash.
    pub percent: String,
    /// The colour.
    pub tone: Tone,
    /// What belongs to it: name, value.
    pub facts: Vec<(&'static str, String)>,
    /// Why nothing is known; empty where something is.
    pub why: String,
}

super::html_safe!(Gauge);

impl Gauge {
    /// `used` of `total`, each as `write` writes it.
    pub fn new(label: &str, used: f64, total: f64, write: impl Fn(f64) -> String) -> Self {
        let share = (total > 0.0).then(|| (used / total).clamp(0.0, 1.0));
        let share = share.filter(|share| share.is_finite());
        let Some(share) = share else {
            return Self::unknown(label, "Nobody says how much there is.");
        };
        Self {
            label: label.to_owned(),
            length: Some((share * 1_000.0).round() / 10.0),
            percent: format::percent(share),
            tone: match share {
                NEARLY_NOTHING.. => Tone::Bad,
                LITTLE.. => Tone::Warning,
                _ => Tone::Good,
            },
            facts: vec![
                ("Used", write(used)),
                ("Total", write(total)),
                ("Free", write((total - used).max(0.0))),
            ],
            why: String::new(),
        }
    }

    /// Of what nobody measures.
    pub fn unknown(label: &str, why: &str) -> Self {
        Self {
            label: label.to_owned(),
            length: None,
            percent: format::NOTHING.to_owned(),
            tone: Tone::Quiet,
            facts: Vec::new(),
            why: why.to_owned(),
        }
    }

    /// All of it in words.
    pub fn summary(&self) -> String {
        if self.length.is_none() {
            return format!("{}: not known", self.label);
        }
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| format!(", {} {value}", name.to_lowercase()));
        format!(
            "{}: {} in use{}",
            self.label,
            self.percent,
            facts.collect::<String>()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(used: f64, total: f64, length: Option<f64>, tone: Tone) {
        let gauge = Gauge::new("Memory", used, total, |value| value.to_string());
        assert_eq!(
            (gauge.length, gauge.tone),
            (length, tone),
            "{used} of {total}"
        );
    }

    #[test]
    fn the_ring_is_as_long_as_what_is_used() {
        check(0.0, 10.0, Some(0.0), Tone::Good);
        check(5.0, 10.0, Some(50.0), Tone::Good);
        check(7.5, 10.0, Some(75.0), Tone::Warning);
        check(9.9, 10.0, Some(99.0), Tone::Bad);
        check(11.0, 10.0, Some(100.0), Tone::Bad);
    }

    #[test]
    fn what_is_not_known_is_not_empty() {
        check(5.0, 0.0, None, Tone::Quiet);
        check(f64::NAN, 10.0, None, Tone::Quiet);
        let unknown = Gauge::unknown("Memory", "No worker.");
        assert_eq!(unknown.summary(), "Memory: not known");
    }

    #[test]
    fn all_of_it_is_said_in_words() {
        let gauge = Gauge::new("Memory", 1.0, 4.0, |value| format!("{value} GiB"));
        assert_eq!(
            gauge.summary(),
            "Memory: 25 % in use, used 1 GiB, total 4 GiB, free 3 GiB"
        );
    }
}
