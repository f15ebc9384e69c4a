//! Tells the hub what a run says, while it runs and after.

use std::{sync::Arc, time::Duration};

use cupola_client::Error;
use cupola_protocol::work::{Report, RunOrder, Started};
use serde_json::{Map, Value};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tracing::warn;

use super::{
    Context, SharedOutbox, Wishes,
    delivery::{Delivery, deliver},
    locked,
};

/// Reports of a running program are at least this far apart. What comes after a silence is told at
/// once.
const REPORT_PERIOD_MIN: Duration = Duration::from_millis(40);

/// They are as far apart as this at most, unless one takes longer.
const REPORT_PERIOD_MAX: Duration = Duration::from_millis(250);

/// In between, a hub that is busy is given this many times as long as it took to answer: however
/// many programs run, it is mostly not reports that it is busy with.
const REPORT_SHARE: u32 = 8;

/// A program that ends sooner is not announced: its result says it all.
const START_DELAY: Duration = Duration::from_millis(50);

/// What became of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reported {
    /// The hub has all of them.
    All,
    /// The run is no longer this worker's.
    Lost,
}

/// Sends the reports of one run: numbered without gaps, one at a time, each until the hub has it.
#[derive(Debug)]
pub(super) struct Reporter<'a> {
    context: &'a Context,
    order: &'a RunOrder,
    wishes: &'a Wishes,
    outbox: &'a SharedOutbox,
    /// Notified when the outbox has something new.
    fresh: Arc<Notify>,
    /// True once nothing more will come.
    closed: watch::Receiver<bool>,
    environment: Map<String, Value>,
    seq: u64,
    /// Whether the hub refused the latest report.
    is_refused: bool,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(
        context: &'a Context,
        order: &'a RunOrder,
        wishes: &'a Wishes,
        outbox: &'a SharedOutbox,
        closed: watch::Receiver<bool>,
        environment: Map<String, Value>,
    ) -> Self {
        Self {
            context,
            order,
            wishes,
            outbox,
            fresh: Arc::new(Notify::new()),
            closed,
            environment,
            seq: 0,
            is_refused: false,
        }
    }

    /// To be notified when the outbox has something new.
    pub(super) fn fresh(&self) -> Arc<Notify> {
        Arc::clone(&self.fresh)
    }

    /// Reports until all is said.
    pub(super) async fn run(mut self) -> Reported {
        if !self.closes_within(START_DELAY).await && self.announce().await == Reported::Lost {
            return Reported::Lost;
        }
        loop {
            // Read before the outbox, so that nothing comes in between.
            let is_closed = *self.closed.borrow();
            let report = locked(self.outbox).next_report();
            match report {
                Some(report) => {
                    let sent_at = Instant::now();
                    if self.send(report).await == Reported::Lost {
                        return Reported::Lost;
                    }
                    self.closes_within(pause_after(sent_at.elapsed())).await;
                }
                None if is_closed => return Reported::All,
                None => self.something_new().await,
            }
        }
    }

    async fn announce(&self) -> Reported {
        let started = Started {
            worker_id: self.context.worker_id.clone(),
            epoch: self.order.epoch,
            environment: self.environment.clone(),
        };
        let run = &self.order.run_id;
        let send = || self.context.client.start_run(run, &started);
        match deliver(self.wishes, send).await {
            Delivery::Acked(()) => Reported::All,
            Delivery::Refused(error) => {
                warn!(%run, %error, "the hub refused the start");
                Reported::All
            }
            Delivery::Gone => Reported::Lost,
        }
    }

    async fn send(&mut self, report: Report) -> Reported {
        let report = Report {
            worker_id: self.context.worker_id.clone(),
            epoch: self.order.epoch,
            seq: self.seq,
            ..report
        };
        let run = &self.order.run_id;
        let send = || self.context.client.report(run, &report);
        match deliver(self.wishes, send).await {
            Delivery::Acked(()) => {
                self.seq += 1;
                self.is_refused = false;
            }
            // Its number stays free for the next.
            Delivery::Refused(error) => {
                warn!(%run, %error, "the hub refused a report");
                self.note_refusal(&error);
            }
            Delivery::Gone => return Reported::Lost,
        }
        Reported::All
    }

    /// Says in the run's log that something is missing. Once in a row: this is a report, too.
    fn note_refusal(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.is_refused, true) {
            let text = format!("the hub refused a report: {}", words(error));
            locked(self.outbox).note(&text, self.context.clock.now());
        }
    }

    /// Whether the run closes within `span`. Waits no longer than that.
    async fn closes_within(&mut self, span: Duration) -> bool {
        let closing = self.closed.wait_for(|is_closed| *is_closed);
        tokio::time::timeout(span, closing).await.is_ok()
    }

    async fn something_new(&mut self) {
        let mut closed = self.closed.clone();
        tokio::select! {
            () = self.fresh.notified() => {}
            _ = closed.wait_for(|is_closed| *is_closed) => {}
        }
    }
}

/// What the hub said, with what it says of single fields.
fn words(error: &Error) -> String {
    let Error::Refused { problem, .. } = error else {
        return error.to_string();
    };
    let fields = problem.errors.iter();
    let fields = fields.map(|field| format!("; `{}` {}", field.field, field.message));
    std::iter::once(problem.title.clone())
        .chain(fields)
        .collect()
}

/// How long to wait after a report that took so long to be answered.
fn pause_after(answered_after: Duration) -> Duration {
    let period = answered_after.saturating_mul(REPORT_SHARE);
    period
        .clamp(REPORT_PERIOD_MIN, REPORT_PERIOD_MAX)
        .saturating_sub(answered_after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_hub_is_told_less_often() {
        let check = |answered_after, pause| {
            let millis = Duration::from_millis;
            assert_eq!(pause_after(millis(answered_after)), millis(pause));
        };
        check(0, 40);
        check(2, 38);
        check(10, 70);
        check(40, 210);
        check(250, 0);
        check(9_000, 0);
    }
}
