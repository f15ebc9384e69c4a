//! Telling the hub what is measured of the machine: kept while the hub is away, sent in batches.

use std::{path::PathBuf, time::Duration};

use cupola_client::{Client, Error};
use cupola_domain::time::Instant;
use cupola_protocol::telemetry::TelemetryTaken;
use tracing::warn;

use super::line::{Line, Turn};
use crate::{
    backoff::chance,
    telemetry::{Machine, Samples, Sampling},
};

/// What a hub's period of reports is taken for at least and at most, in seconds.
const REPORT_SECS: (f64, f64) = (1.0, 600.0);

/// After a refusal the next report comes this much later.
const REFUSED_REST: Duration = Duration::from_secs(30);

/// What may happen next.
pub(super) enum Happening {
    /// Something was measured.
    Sampled,
    /// It is time for a report.
    Due,
    /// A report was answered.
    Answered(Result<TelemetryTaken, Error>),
}

/// What is measured, what is kept of it, and the line on which it is told.
#[derive(Debug)]
pub(super) struct Telling {
    origin: tokio::time::Instant,
    sampling: Sampling,
    samples: Samples,
    line: Line<TelemetryTaken>,
    /// The number behind the last sample of the report in flight.
    sent: i64,
}

impl Telling {
    pub(super) async fn begin(folder: PathBuf) -> Self {
        let now = Instant::from_origin(Duration::ZERO);
        let origin = tokio::time::Instant::now();
        Self {
            origin,
            sampling: Sampling::begin(move || Box::new(Machine::new(&folder)), now).await,
            samples: Samples::default(),
            line: Line::default(),
            sent: 0,
        }
    }

    /// Waits for what happens next. Nothing is lost by letting go.
    pub(super) async fn next(&mut self, is_busy: bool) -> Happening {
        let due = self.origin + self.sampling.due(is_busy).since_origin();
        let is_measuring = self.sampling.is_measuring();
        let (origin, sampling) = (self.origin, &mut self.sampling);
        let measured = async move {
            if !is_measuring {
                tokio::time::sleep_until(due).await;
            }
            sampling
                .measure(Instant::from_origin(origin.elapsed()))
                .await
        };
        let has_news = self.line.is_calling() || !self.samples.is_empty();
        tokio::select! {
            (at, values) = measured => {
                self.samples.push(at, values);
                Happening::Sampled
            }
            turn = self.line.turn(), if has_news => match turn {
                Turn::Due => Happening::Due,
                Turn::Answered { answer, .. } => Happening::Answered(answer),
            },
        }
    }

    /// Puts a report in flight.
    pub(super) fn tell(&mut self, client: &Client, worker_id: &str, session: &str) {
        let now = Instant::from_origin(self.origin.elapsed());
        let (report, end) = self.samples.report(session, now);
        self.sent = end;
        let (client, worker) = (client.clone(), worker_id.to_owned());
        self.line
            .call(async move { client.telemetry(&worker, &report).await });
    }

    /// Decides what an answer means. What the hub would refuse again is let go; with everything else it
    /// is told again.
    pub(super) fn settle(&mut self, answer: Result<TelemetryTaken, Error>) {
        match answer {
            Ok(taken) => {
                self.samples.settle(self.sent);
                self.line.rest(if self.samples.has_many() {
                    Duration::ZERO
                } else {
                    period(taken.next_report_secs)
                });
            }
            Err(error) if error.is_retryable() => self.line.pause(),
            Err(error) => {
                if matches!(error.status(), Some(400 | 413 | 422)) {
                    warn!(%error, "the hub refuses what was measured of this machine");
                    self.samples.settle(self.sent);
                }
                self.line.rest(REFUSED_REST);
            }
        }
    }
}

/// About as long as the hub says, so that a fleet does not come in step.
fn period(secs: f64) -> Duration {
    let (least, most) = REPORT_SECS;
    Duration::from_secs_f64(secs.max(least).min(most) * (0.9 + 0.2 * chance()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hub_says_of_its_period_is_bounded() {
        let check = |secs: f64, least: u64, most: u64| {
            let period = period(secs);
            let bounds = Duration::from_secs(least)..=Duration::from_secs(most);
            assert!(bounds.contains(&period), "{secs}: {period:?}");
        };
        check(50.0, 45, 55);
        check(0.0, 0, 2);
        check(f64::NAN, 0, 2);
        check(f64::INFINITY, 540, 660);
        check(-1.0, 0, 2);
    }
}
