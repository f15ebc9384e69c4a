//! Samples come in: each is taken once, and dated by the hub.

use std::{collections::BTreeMap, time::Duration};

use cupola_domain::{
    event::Event,
    field::FieldError,
    ids::{TokenId, WorkerId},
    metric::Point,
    telemetry::{Quantity, SAMPLES_MAX, Sample, Values, dates},
    time::Timestamp,
};
use cupola_store::{
    Tx, events, series,
    telemetry::{self, Intake},
};

use super::fleet::Machine;
use crate::{Hub, HubError};

/// So many reports are taken in a second: the more workers there are, the more samples each holds
/// back, for a report of twelve samples costs hardly more than one of one.
const REPORTS_PER_SECOND: f64 = 20.0;

/// How long a worker waits before its next report, at least and at most.
const PERIOD_MIN: Duration = Duration::from_secs(5);
const PERIOD_MAX: Duration = Duration::from_mins(2);

/// Workers that were heard of in this time share the reports.
const HEARD: Duration = Duration::from_mins(10);

/// A sample that is taken, with its date.
type Dated = (Timestamp, Values);

impl Hub {
    /// Takes what a worker measured. Samples that were taken before are passed over. Says after how
    /// long the next report is welcome.
    pub fn take_telemetry(
        &self,
        token: TokenId,
        worker: WorkerId,
        session: &str,
        samples: Vec<Sample>,
    ) -> Result<Duration, HubError> {
        self.note_alive(token, worker, session)?;
        if samples.len() > SAMPLES_MAX {
            let message = format!("are {}; send at most {SAMPLES_MAX} at once", samples.len());
            return Err(HubError::Invalid(vec![FieldError::new("samples", message)]));
        }
        let (now, session) = (self.now(), session.to_owned());
        let dated = self.write(move |tx| take(tx, worker, &session, samples, now))?;
        let machine = self
            .live()
            .workers
            .get(&worker)
            .map(|live| Machine::from(&live.capabilities));
        let mut fleet = self.heart_of_fleet();
        // One that was removed meanwhile is not shown any more.
        if let Some(machine) = machine {
            for (at, values) in dated {
                fleet.take(worker, &machine, at, values);
            }
        }
        Ok(period(fleet.count_since(now.minus(HEARD))))
    }
}

/// How long each of so many workers waits between two reports.
fn period(workers: usize) -> Duration {
    #[expect(clippy::cast_precision_loss, reason = "workers are few")]
    let period = Duration::from_secs_f64(workers as f64 / REPORTS_PER_SECOND);
    period.clamp(PERIOD_MIN, PERIOD_MAX)
}

fn take(
    tx: &mut Tx,
    worker: WorkerId,
    session: &str,
    mut samples: Vec<Sample>,
    now: Timestamp,
) -> Result<Vec<Dated>, HubError> {
    let was = telemetry::find(tx, worker)?;
    let newest = was.as_ref().map(|was| was.newest_at);
    let next = was
        .filter(|was| was.session == session)
        .map_or(0, |was| was.next);
    samples.retain(|sample| sample.number >= next);
    samples.sort_by_key(|sample| sample.number);
    samples.dedup_by_key(|sample| sample.number);
    let Some(last) = samples.last().map(|last| last.number) else {
        return Ok(Vec::new());
    };
    let at = dates(newest, now, samples.iter().map(|sample| sample.age));
    let intake = Intake {
        session: session.to_owned(),
        next: last.saturating_add(1),
        newest_at: at.last().copied().unwrap_or(now),
    };
    telemetry::save(tx, worker, &intake)?;
    let values = samples.into_iter().map(|sample| sample.values);
    let dated: Vec<Dated> = at.into_iter().zip(values).collect();
    for (quantity, points) in by_quantity(&dated) {
        series::append(tx, worker, &quantity.to_string(), &points)?;
    }
    events::record(tx, Event::TelemetryAppended(worker));
    Ok(dated)
}

fn by_quantity(dated: &[Dated]) -> BTreeMap<Quantity, Vec<Point>> {
    let mut all: BTreeMap<Quantity, Vec<Point>> = BTreeMap::new();
    for (at, values) in dated {
        for (quantity, value) in values {
            all.entry(*quantity).or_default().push(Point {
                step: at.millis(),
                time_millis: at.millis(),
                value: *value,
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_workers_there_are_the_rarer_each_reports() {
        let check = |workers: usize, secs: u64| {
            assert_eq!(
                period(workers),
                Duration::from_secs(secs),
                "{workers} workers"
            );
        };
        check(0, 5);
        check(100, 5);
        check(1_000, 50);
        check(1_000_000, 120);
    }
}
