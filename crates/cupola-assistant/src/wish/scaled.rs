//! What a draft is once a part of it was taken out, or made more or less of.

use std::{str::FromStr, time::Duration};

use cupola_domain::brief::TASKS_MAX;

use super::{Beyond, By, Missing, NUM_TASKS, Part, Scaled, TIME_BUDGET_SECS, Time, Wish};

impl Wish {
    /// Takes out what the last sentence said is not to be.
    pub(super) fn clear(&mut self, part: Part) {
        match part {
            Part::Title => self.title = None,
            Part::Constraints => self.constraints = None,
            Part::Priority => self.priority = None,
            Part::Credits => self.credits = None,
            Part::Sampler => self.sampler = None,
            Part::StudySeed => self.study_seed = None,
            // Every brief has them.
            Part::Tasks | Part::Time => {}
        }
    }

    /// Takes more of what was not said before for so much of it; not where it was said, or there cannot be so much.
    pub(super) fn begin(&mut self, part: Part, number: f64) -> bool {
        match part {
            Part::Tasks if self.num_tasks.is_none() => {
                let tasks = whole(number).filter(|tasks| (1..=TASKS_MAX).contains(tasks));
                self.num_tasks = tasks;
                tasks.is_some()
            }
            Part::Time if self.time.is_none() => {
                let time = Duration::try_from_secs_f64(number).ok();
                self.time = time.map(Time::Each);
                time.is_some()
            }
            Part::Credits if self.credits.is_none() => {
                self.credits = Some(number.to_string());
                true
            }
            _ => false,
        }
    }

    /// Changes what is there by what was said; what has no amount that could be changed is asked back.
    pub(super) fn scale(&mut self, scaled: &Scaled) {
        let degree = Missing::Degree(Some(scaled.part));
        let found = match scaled.part {
            Part::Tasks => {
                let base = self.num_tasks.unwrap_or(NUM_TASKS);
                let exact = scaled.by.of(base.into());
                self.note_rounded(exact, scaled, &base);
                let tasks = whole(exact.round());
                let tasks = tasks.filter(|tasks| (1..=TASKS_MAX).contains(tasks));
                self.num_tasks = tasks.or(self.num_tasks);
                let words = format!("{} (of {base})", scaled.words);
                tasks.map(drop).ok_or((Missing::Tasks, words))
            }
            Part::Time => {
                let usual = Time::Each(Duration::from_secs(TIME_BUDGET_SECS));
                let time = self.time.unwrap_or(usual).scaled(scaled.by);
                self.time = time.or(self.time);
                time.map(drop).ok_or((degree, scaled.words.clone()))
            }
            Part::Credits => {
                let base = self.credits.as_ref().and_then(|text| text.parse().ok());
                let credits = base.map(|base: f64| scaled.by.of(base));
                let credits = credits.filter(|credits| *credits > 0.0);
                let credits = credits.map(|credits| ((credits * 1e6).round() / 1e6).to_string());
                let is_known = credits.is_some();
                self.credits = credits.or(self.credits.take());
                is_known.then_some(()).ok_or((degree, scaled.words.clone()))
            }
            Part::Priority => {
                let base = self.priority.unwrap_or(0);
                let priority = match scaled.by {
                    By::Plus(more) => whole::<i64>(more).map(|more| base.saturating_add(more)),
                    // Twice nothing is nothing.
                    By::Times(_) if base == 0 => None,
                    By::Times(_) => i32::try_from(base).ok().and_then(|base| {
                        let exact = scaled.by.of(base.into());
                        self.note_rounded(exact, scaled, &base);
                        whole(exact.round())
                    }),
                };
                self.priority = priority.or(self.priority);
                let what = match scaled.by {
                    By::Plus(_) => degree,
                    By::Times(_) => Missing::TimesNothing,
                };
                priority.map(drop).ok_or((what, scaled.words.clone()))
            }
            _ => Err((degree, scaled.words.clone())),
        };
        if let Err((what, words)) = found {
            self.beyond.push(Beyond { what, words });
        }
    }

    fn note_rounded(&mut self, exact: f64, scaled: &Scaled, base: &dyn std::fmt::Display) {
        if exact.fract() != 0.0 && matches!(scaled.by, By::Times(_)) {
            let what = Missing::Rounded;
            let words = format!("{} (of {base})", scaled.words);
            self.beyond.push(Beyond { what, words });
        }
    }
}

impl Time {
    /// More or less of it; none where nothing would be left.
    fn scaled(self, by: By) -> Option<Self> {
        let (Self::Each(span) | Self::InAll(span)) = self;
        let span = Duration::try_from_secs_f64(by.of(span.as_secs_f64())).ok()?;
        let time = match self {
            Self::Each(_) => Self::Each(span),
            Self::InAll(_) => Self::InAll(span),
        };
        (!span.is_zero()).then_some(time)
    }
}

/// A number that has no fraction, as one.
fn whole<T: FromStr>(number: f64) -> Option<T> {
    number.to_string().parse().ok()
}

impl By {
    fn of(self, base: f64) -> f64 {
        match self {
            Self::Times(factor) => base * factor,
            Self::Plus(more) => base + more,
        }
    }
}
