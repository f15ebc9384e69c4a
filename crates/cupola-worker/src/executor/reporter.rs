//! Tells the hub what a run says, while it runs and after.

use std::{sync::Arc, time::Duration};

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

/// Reports of a running program are at least this far apart.
const REPORT_PERIOD: Duration = Duration::from_millis(250);

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
                    let pause = REPORT_PERIOD.saturating_sub(sent_at.elapsed());
                    self.closes_within(pause).await;
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
            Delivery::Acked(()) => self.seq += 1,
            // Its number stays free for the next.
            Delivery::Refused(error) => warn!(%run, %error, "the hub refused a report"),
            Delivery::Gone => return Reported::Lost,
        }
        Reported::All
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
