//! When a program ends: at the rate that was measured, and how much that rate varied.

use super::Progress;
use crate::time::Timestamp;

/// Below this share of the whole an estimate says more about the start than about the end.
const SHARE_TO_ESTIMATE_FROM: f64 = 0.02;

/// An end that is further away than this is no estimate (100 years).
const MILLIS_LEFT_MAX: f64 = 100.0 * 365.25 * 86_400_000.0;

/// Fewer stretches than this say nothing about how much the rate varies.
const STRETCHES_MIN: usize = 4;

/// More places than this are not kept: then every other one goes.
const MARKS_MAX: usize = 32;

/// When stretches are twice as long, their variance is at most taken to be so many times as large.
const GROWTH_MAX: f64 = 2.0;

/// A place is kept when a program has done as much since the last as this share of what was measured.
const SHARE_BETWEEN_MARKS: f64 = 1.0 / 16.0;

/// When a program will have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// At the rate that was measured.
    pub at: Timestamp,
    /// Between these with four chances in five; `None` while too little was measured to tell.
    pub range: Option<(Timestamp, Timestamp)>,
}

/// Where a program was when: the first place is where measuring began, the others lie about evenly.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Marks(Vec<(Timestamp, f64)>);

impl Marks {
    /// Where measuring began.
    pub fn first(&self) -> Option<(Timestamp, f64)> {
        self.0.first().copied()
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Timestamp, f64)> {
        self.0.iter().copied()
    }

    /// Notes where the program is now.
    pub(super) fn note(&mut self, now: Timestamp, share: f64) {
        let Some((since, from)) = self.first() else {
            return self.0.push((now, share));
        };
        if share < from || now < since {
            // It went back: what it did before says nothing about what it does now.
            self.0.clear();
            return self.0.push((now, share));
        }
        self.0.retain(|(at, reached)| {
            (*at, *reached) == (since, from) || (*reached <= share && *at <= now)
        });
        let last = self.0.last().map_or(from, |(_, reached)| *reached);
        let done = share - last;
        if done > 0.0 && done >= (share - from) * SHARE_BETWEEN_MARKS {
            self.0.push((now, share));
        }
        if self.0.len() > MARKS_MAX {
            let mut at = 0;
            self.0.retain(|_| {
                at += 1;
                at % 2 == 1
            });
        }
    }
}

impl FromIterator<(Timestamp, f64)> for Marks {
    fn from_iter<T: IntoIterator<Item = (Timestamp, f64)>>(marks: T) -> Self {
        Self(marks.into_iter().take(MARKS_MAX + 1).collect())
    }
}

pub(super) fn estimate(progress: &Progress) -> Option<Estimate> {
    let (since, share) = progress.marks.first()?;
    let fraction = progress.fraction()?;
    let done = fraction - share;
    let took = millis(progress.said_at) - millis(since);
    if done < SHARE_TO_ESTIMATE_FROM || took <= 0.0 || fraction >= 1.0 {
        return None;
    }
    let left = took * (1.0 - fraction) / done;
    let end = |left: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "bounded by the caller")]
        let left = left as i64;
        Timestamp::from_millis(progress.said_at.millis() + left)
    };
    let spread = spread(&progress.marks, 1.0 - fraction);
    let range = spread.map(|spread| {
        let (least, most) = ((left - spread).max(0.0), left + spread);
        (end(least), end(most.min(MILLIS_LEFT_MAX)))
    });
    (left <= MILLIS_LEFT_MAX).then(|| Estimate {
        at: end(left),
        range,
    })
}

/// By how much, in milliseconds, what is left may take less or longer, with four chances in five.
///
/// The time that a stretch takes is taken for random with a variance that grows with its length, so
/// that the squares of what stretches took too long, each divided by its length, tell that variance.
/// Machines are slow for a while, so that neighbours are alike and longer stretches, made of two, four,
/// … of them, tell more of it. Where the longest that there are still tell more than those half as long,
/// yet longer ones would again: that is counted as happening twice more.
fn spread(marks: &Marks, left: f64) -> Option<f64> {
    let measured = marks.0.last()?.1 - marks.first()?.1;
    let scales = (0..).map_while(|doubled| variance(marks, 1 << doubled));
    let scales: Vec<(f64, f64)> = scales.collect();
    let mut largest = scales
        .iter()
        .copied()
        .reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    if let [.., half, longest] = scales.as_slice()
        && half.0 > 0.0
    {
        let growth = (longest.0 / half.0).clamp(1.0, GROWTH_MAX).powi(2);
        if longest.0 * growth > largest.0 {
            largest = (longest.0 * growth, longest.1);
        }
    }
    let (variance, degrees) = largest;
    // Of what is left by itself, and of the mean rate that it is measured by.
    let of_rest = variance * left * (1.0 + left / measured);
    Some(quantile(degrees) * of_rest.sqrt())
}

/// The variance of the time for the whole, by stretches between every `joined`-th mark, and how many of
/// them are free to vary.
fn variance(marks: &Marks, joined: usize) -> Option<(f64, f64)> {
    let ends: Vec<(Timestamp, f64)> = marks.iter().step_by(joined).collect();
    let (first, last) = (ends.first()?, ends.last()?);
    let count = ends.len() - 1;
    if count < STRETCHES_MIN {
        return None;
    }
    let pace = (millis(last.0) - millis(first.0)) / (last.1 - first.1);
    let off = ends.windows(2).map(|pair| {
        let (took, done) = (millis(pair[1].0) - millis(pair[0].0), pair[1].1 - pair[0].1);
        (took - pace * done).powi(2) / done
    });
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let degrees = (count - 1) as f64;
    Some((off.sum::<f64>() / degrees, degrees))
}

/// Student's t at nine tenths, to two in a hundred.
fn quantile(degrees: f64) -> f64 {
    1.2816 + 1.0 / degrees
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds need 41 bits")]
fn millis(at: Timestamp) -> f64 {
    at.millis() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::{Level, Levels};

    /// Enough for a simulation: numbers from 0 to 1 of a seed.
    struct Random(u64);

    impl Random {
        fn next(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            f64::from(u32::try_from(self.0 >> 33).unwrap()) / f64::from(1_u32 << 31)
        }
    }

    /// How long each of a run's steps takes, in milliseconds.
    type Steps = fn(&mut Random) -> Vec<f64>;

    const STEPS: usize = 600;

    fn steady(random: &mut Random) -> Vec<f64> {
        (0..STEPS)
            .map(|_| 500.0 + 1_000.0 * random.next())
            .collect()
    }

    /// Now and then a step waits long, as for a checkpoint.
    fn with_pauses(random: &mut Random) -> Vec<f64> {
        let step = |random: &mut Random| {
            if random.next() < 0.05 {
                15_000.0
            } else {
                1_000.0
            }
        };
        (0..STEPS).map(|_| step(random)).collect()
    }

    /// The machine is shared for a while, again and again.
    fn shared(random: &mut Random) -> Vec<f64> {
        let mut pace = 1_000.0;
        let mut step = || {
            if random.next() < 0.05 {
                pace = 500.0 + 2_000.0 * random.next();
            }
            pace
        };
        (0..STEPS).map(|_| step()).collect()
    }

    /// In how many of a hundred runs the end lies in the range that is told when `share` is done.
    fn coverage(steps: Steps, share: f64) -> usize {
        let mut inside = 0;
        for seed in 0..200 {
            let took = steps(&mut Random(seed * 7_919 + 1));
            let (mut at, mut progress) = (0.0, None);
            #[expect(clippy::cast_precision_loss, reason = "steps are few")]
            let all = took.len() as f64;
            let mut done = 0.0;
            for took in took.iter().take_while(|_| {
                done += 1.0;
                done <= share * all
            }) {
                at += took;
                let level = Level::new(done_before(progress.as_ref(), all), Some(all), "").unwrap();
                let said =
                    Progress::after(progress.as_ref(), Levels::from_iter([level]), stamp(at));
                progress = Some(said);
            }
            let end = stamp(took.iter().sum());
            let (early, late) = progress.unwrap().estimate().unwrap().range.unwrap();
            inside += usize::from(early <= end && end <= late);
        }
        inside / 2
    }

    /// The step that is over when another is said.
    fn done_before(progress: Option<&Progress>, all: f64) -> f64 {
        progress.and_then(Progress::fraction).unwrap_or(0.0) * all + 1.0
    }

    fn stamp(millis: f64) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "minutes")]
        let millis = millis as i64;
        Timestamp::from_millis(millis)
    }

    #[test]
    fn the_end_lies_in_the_range_about_four_times_in_five() {
        let runs: [(&str, Steps); 3] = [
            ("steady", steady),
            ("with pauses", with_pauses),
            ("shared", shared),
        ];
        for (name, steps) in runs {
            for share in [0.1, 0.3, 0.6, 0.9] {
                // Of a machine that is slow for a while, a tenth of a run has not seen enough.
                let least = if name == "shared" && share < 0.2 {
                    35
                } else {
                    70
                };
                let inside = coverage(steps, share);
                assert!(
                    (least..=97).contains(&inside),
                    "{name} at {share}: {inside} of 100"
                );
            }
        }
    }

    fn told(shares: impl IntoIterator<Item = (i64, f64)>) -> Progress {
        let mut progress: Option<Progress> = None;
        for (secs, share) in shares {
            let levels = Levels::from_iter([Level::new(share, Some(1.0), "").unwrap()]);
            let now = Timestamp::from_millis(secs * 1000);
            progress = Some(Progress::after(progress.as_ref(), levels, now));
        }
        progress.unwrap()
    }

    #[test]
    fn a_rate_that_does_not_vary_leaves_no_doubt() {
        let progress = told((0..=20).map(|n| (i64::from(n), f64::from(n) / 32.0)));
        let estimate = progress.estimate().unwrap();
        assert_eq!(estimate.at, Timestamp::from_millis(32_000));
        assert_eq!(estimate.range, Some((estimate.at, estimate.at)));
    }

    #[test]
    fn two_words_are_no_range() {
        assert_eq!(told([(0, 0.0), (10, 0.5)]).estimate().unwrap().range, None);
    }

    #[test]
    fn the_early_end_is_never_before_now() {
        let wild = [
            (0, 0.0),
            (1, 0.2),
            (90, 0.3),
            (91, 0.5),
            (180, 0.6),
            (181, 0.9),
        ];
        let progress = told(wild);
        let (early, late) = progress.estimate().unwrap().range.unwrap();
        assert!(progress.said_at <= early && early < late);
    }

    #[test]
    fn few_places_are_kept_and_the_first_of_them_always() {
        let progress = told((0..=100_000).map(|n| (i64::from(n), f64::from(n) / 200_000.0)));
        let marks: Vec<_> = progress.marks.iter().collect();
        assert!(marks.len() <= MARKS_MAX, "{}", marks.len());
        assert_eq!(marks[0], (Timestamp::from_millis(0), 0.0));
        assert!(marks.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1));
    }

    #[test]
    fn a_program_that_goes_back_a_little_loses_what_it_did_meanwhile() {
        let progress = told([(0, 0.0), (10, 0.25), (20, 0.5), (30, 0.375)]);
        let shares: Vec<f64> = progress.marks.iter().map(|(_, share)| share).collect();
        assert_eq!(shares, [0.0, 0.25, 0.375]);
    }
}
