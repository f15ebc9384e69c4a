//! How far a program says it is, level by level: epochs, and within each its batches.

mod estimate;

use crate::time::Timestamp;

pub use estimate::{Estimate, Marks};

/// So many levels are kept; what is nested deeper is left out.
pub const LEVELS_MAX: usize = 8;

/// A message is cut to so many characters.
pub const MESSAGE_CHARS_MAX: usize = 200;

/// One level: so many of so many.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// How many are done; not negative.
    pub current: f64,
    /// Out of how many; above 0, none when unknown.
    pub total: Option<f64>,
    /// In the program's words.
    pub message: String,
}

impl Level {
    /// What a program says, within the bounds of what is kept. `None` for what is no number.
    pub fn new(current: f64, total: Option<f64>, message: &str) -> Option<Self> {
        if !current.is_finite() || total.is_some_and(|total| !total.is_finite()) {
            return None;
        }
        Some(Self {
            // The sum makes 0 of -0.
            current: current.max(0.0) + 0.0,
            total: total.filter(|total| *total > 0.0),
            message: message.chars().take(MESSAGE_CHARS_MAX).collect(),
        })
    }

    /// The share that is done, from 0 to 1; `None` when nobody knows out of how many.
    pub fn fraction(&self) -> Option<f64> {
        let total = self.total?;
        Some((self.current / total).clamp(0.0, 1.0))
    }

    fn unsaid() -> Self {
        Self {
            current: 0.0,
            total: None,
            message: String::new(),
        }
    }
}

/// The levels from the outermost on; at most [`LEVELS_MAX`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Levels(Vec<Level>);

impl Levels {
    /// Says `level` number `at`, 0 for the outermost, and with it that the deeper ones are over.
    /// One that is nested too deep is left out.
    pub fn say(&mut self, at: usize, level: Level) {
        if at < LEVELS_MAX {
            self.0.resize_with(at, Level::unsaid);
            self.0.push(level);
        }
    }

    /// From the outermost on.
    pub fn iter(&self) -> impl Iterator<Item = &Level> {
        self.0.iter()
    }

    /// The message of the innermost level that has one.
    pub fn message(&self) -> &str {
        let mut messages = self.0.iter().rev().map(|level| level.message.as_str());
        messages.find(|said| !said.is_empty()).unwrap_or_default()
    }

    /// The share of the whole that is done, from 0 to 1: what is done of an inner level counts as
    /// its part of the outer level's next step. `None` when the outermost total is unknown.
    pub fn fraction(&self) -> Option<f64> {
        let inner_first = self.0.iter().rev();
        inner_first.fold(None, |inner, level| {
            let total = level.total?;
            let done = level.current + inner.unwrap_or(0.0);
            Some((done / total).clamp(0.0, 1.0))
        })
    }
}

impl FromIterator<Level> for Levels {
    fn from_iter<T: IntoIterator<Item = Level>>(levels: T) -> Self {
        Self(levels.into_iter().take(LEVELS_MAX).collect())
    }
}

/// How far a program says it is, and since when that is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// What it says.
    pub levels: Levels,
    /// When it last said so.
    pub said_at: Timestamp,
    /// Where it was when, since measuring began: its rate is what it has done since.
    pub marks: Marks,
}

impl Progress {
    /// What is known once a program whose progress was `before` says `levels`.
    pub fn after(before: Option<&Progress>, levels: Levels, now: Timestamp) -> Self {
        let mut marks = Marks::default();
        if let Some(fraction) = levels.fraction() {
            marks = before
                .map(|before| before.marks.clone())
                .unwrap_or_default();
            marks.note(now, fraction);
        }
        Self {
            levels,
            said_at: now,
            marks,
        }
    }

    /// The share of the whole that is done, from 0 to 1.
    pub fn fraction(&self) -> Option<f64> {
        self.levels.fraction()
    }

    /// When it ends, as far as was measured; `None` while too little was.
    pub fn estimate(&self) -> Option<Estimate> {
        estimate::estimate(self)
    }

    /// When it ends at the rate that was measured; `None` while too little was measured.
    pub fn ends_at(&self) -> Option<Timestamp> {
        self.estimate().map(|estimate| estimate.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(current: f64, total: f64) -> Level {
        Level::new(current, Some(total), "").unwrap()
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    fn check_fraction(levels: &[(f64, f64)], expected: Option<f64>) {
        let levels: Levels = levels.iter().map(|(c, t)| level(*c, *t)).collect();
        assert_eq!(levels.fraction(), expected);
    }

    #[test]
    fn an_inner_level_fills_the_step_of_the_outer() {
        check_fraction(&[], None);
        check_fraction(&[(1.0, 4.0)], Some(0.25));
        check_fraction(&[(1.0, 4.0), (1.0, 2.0)], Some(0.375));
        check_fraction(&[(1.0, 4.0), (5.0, 0.0)], Some(0.25));
        check_fraction(&[(1.0, 0.0), (1.0, 2.0)], None);
    }

    #[test]
    fn what_cannot_be_is_bounded() {
        check_fraction(&[(12.0, 10.0)], Some(1.0));
        check_fraction(&[(-3.0, 10.0)], Some(0.0));
        check_fraction(&[(0.0, 0.0)], None);
        check_fraction(&[(4.0, -1.0)], None);
        for (current, total) in [
            (f64::NAN, 1.0),
            (f64::INFINITY, 1.0),
            (1.0, f64::NAN),
            (1.0, f64::NEG_INFINITY),
        ] {
            assert_eq!(Level::new(current, Some(total), ""), None);
        }
        let long = Level::new(1.0, None, &"é".repeat(500)).unwrap();
        assert_eq!(long.message.chars().count(), MESSAGE_CHARS_MAX);
    }

    #[test]
    fn saying_a_level_ends_the_deeper_ones() {
        let mut levels = Levels::default();
        for (at, current) in [(0, 1.0), (1, 2.0), (2, 3.0), (1, 4.0)] {
            levels.say(at, level(current, 8.0));
        }
        let seen: Vec<f64> = levels.iter().map(|level| level.current).collect();
        assert_eq!(seen, [1.0, 4.0]);
    }

    #[test]
    fn levels_that_were_skipped_are_unknown_and_too_deep_ones_left_out() {
        let mut levels = Levels::default();
        levels.say(2, level(1.0, 2.0));
        assert_eq!(levels.iter().count(), 3);
        assert_eq!(levels.fraction(), None);
        for at in 0..50 {
            levels.say(at, level(1.0, 2.0));
        }
        assert_eq!(levels.iter().count(), LEVELS_MAX);
    }

    #[test]
    fn the_innermost_message_is_the_message() {
        let said = |text: &str| Level::new(1.0, None, text).unwrap();
        let levels: Levels = [said("outer"), said("inner"), said("")]
            .into_iter()
            .collect();
        assert_eq!(levels.message(), "inner");
    }

    /// Says shares at times and compares when it is to end.
    fn check_end(said: &[(i64, f64)], expected: Option<i64>) {
        let mut progress: Option<Progress> = None;
        for (secs, share) in said {
            let levels = Levels::from_iter([level(*share, 1.0)]);
            progress = Some(Progress::after(progress.as_ref(), levels, at(*secs)));
        }
        assert_eq!(progress.unwrap().ends_at(), expected.map(at), "{said:?}");
    }

    #[test]
    fn the_end_is_estimated_from_the_rate_that_was_measured() {
        check_end(&[(0, 0.0), (10, 0.5)], Some(20));
        // Started in the middle: what was done before it spoke does not count.
        check_end(&[(100, 0.5), (110, 0.75)], Some(120));
    }

    #[test]
    fn what_was_not_measured_is_not_estimated() {
        check_end(&[(10, 0.5)], None);
        check_end(&[(0, 0.0), (10, 0.01)], None);
        check_end(&[(0, 0.0), (10, 1.0)], None);
        check_end(&[(0, 0.0), (0, 0.5)], None);
        check_end(&[(0, 0.5), (10, 0.25)], None);
    }

    #[test]
    fn a_program_that_goes_back_is_measured_anew() {
        check_end(&[(0, 0.5), (10, 0.25), (20, 0.5)], Some(40));
    }
}
