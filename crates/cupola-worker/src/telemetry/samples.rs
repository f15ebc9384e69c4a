//! What was measured and not taken yet. Time is an argument.

use std::{collections::VecDeque, time::Duration};

use cupola_domain::{
    telemetry::{AGE_MAX, Values},
    time::Instant,
};
use cupola_protocol::telemetry::{SampleBody, TelemetryReport};

/// So many are kept while the hub is away, nearly three hours of a busy machine; then the oldest go.
const KEPT_MAX: usize = 2_000;

/// So many are sent at once.
const REPORT_MAX: usize = 250;

/// Samples by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// The number of the first that is kept.
    first: i64,
    kept: VecDeque<(Instant, Values)>,
}

impl Samples {
    /// Adds one. Nothing that was measured is no sample.
    pub(crate) fn push(&mut self, at: Instant, values: Values) {
        if values.is_empty() {
            return;
        }
        self.kept.push_back((at, values));
        while self.kept.len() > KEPT_MAX {
            self.drop_first();
        }
    }

    /// Whether there is nothing to send.
    pub(crate) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether one report is not enough.
    pub(crate) fn has_many(&self) -> bool {
        self.kept.len() > REPORT_MAX
    }

    /// The next report, and the number behind its last sample. The same again until they are taken,
    /// but older.
    pub(crate) fn report(&mut self, session: &str, now: Instant) -> (TelemetryReport, i64) {
        while let Some((at, _)) = self.kept.front()
            && now.since(*at) > AGE_MAX
        {
            self.drop_first();
        }
        let sample = |(number, (at, values)): (i64, &(Instant, Values))| SampleBody {
            number,
            age_millis: millis(now.since(*at)),
            values: values
                .iter()
                .map(|(quantity, value)| (quantity.to_string(), *value))
                .collect(),
        };
        let samples: Vec<_> = (self.first..)
            .zip(&self.kept)
            .take(REPORT_MAX)
            .map(sample)
            .collect();
        let end = samples.last().map_or(self.first, |last| last.number + 1);
        let report = TelemetryReport {
            session: session.to_owned(),
            samples,
        };
        (report, end)
    }

    /// The hub has those before `end`, or will not have them.
    pub(crate) fn settle(&mut self, end: i64) {
        while self.first < end && !self.kept.is_empty() {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        self.kept.pop_front();
        self.first += 1;
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use cupola_domain::telemetry::Quantity;

    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_origin(Duration::from_secs(secs))
    }

    fn values(percent: f64) -> Values {
        Values::from([(Quantity::CpuPercent, percent)])
    }

    fn measured(count: u64) -> Samples {
        let mut samples = Samples::default();
        for n in 0..count {
            samples.push(at(5 * n), values(1.0));
        }
        samples
    }

    /// The numbers and ages, in seconds, of a report.
    fn check(samples: &mut Samples, now: u64, expected: &[(i64, i64)]) -> i64 {
        let (report, end) = samples.report("s", at(now));
        let found: Vec<_> = report
            .samples
            .iter()
            .map(|sample| (sample.number, sample.age_millis / 1000))
            .collect();
        assert_eq!(found, expected);
        end
    }

    #[test]
    fn a_report_is_repeated_until_it_is_taken() {
        let mut samples = measured(2);
        check(&mut samples, 10, &[(0, 10), (1, 5)]);
        let end = check(&mut samples, 12, &[(0, 12), (1, 7)]);
        samples.push(at(12), values(2.0));
        samples.settle(end);
        // An answer that comes twice takes nothing more.
        samples.settle(end);
        let end = check(&mut samples, 12, &[(2, 0)]);
        samples.settle(end);
        assert!(samples.is_empty());
    }

    #[test]
    fn a_hub_that_is_away_is_told_what_is_kept_part_by_part_and_each_once() {
        let mut samples = measured(2_500);
        let (mut seen, mut rounds) = (Vec::new(), 0);
        while !samples.is_empty() {
            let (report, end) = samples.report("s", at(12_500));
            seen.extend(report.samples.iter().map(|sample| sample.number));
            assert_eq!(samples.has_many(), rounds < 7);
            samples.settle(end);
            rounds += 1;
        }
        assert_eq!((rounds, seen), (8, (500..2_500).collect::<Vec<_>>()));
    }

    #[test]
    fn what_is_older_than_a_day_is_let_go() {
        let mut samples = measured(3);
        let day = 24 * 3_600;
        check(&mut samples, day + 5, &[(1, 86_400), (2, 86_395)]);
    }

    #[test]
    fn nothing_is_no_sample() {
        let mut samples = Samples::default();
        samples.push(at(1), Values::new());
        assert!(samples.is_empty());
    }
}
