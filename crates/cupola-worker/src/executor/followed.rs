//! Follows the `TensorBoard` event files that a program writes into its run's folder.

mod files;
mod found;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};
use tracing::warn;

use super::{Context, SharedOutbox, Wish, Wishes, locked};
use crate::output::tensorboard::Told;
use files::Files;

/// How often the folder is looked at, unless looking takes long.
const PERIOD: Duration = Duration::from_millis(500);

/// The folder is looked at for so small a share of the time.
const SHARE: u32 = 20;

/// And at least so often.
const PERIOD_MAX: Duration = Duration::from_secs(30);

/// So many things are handed on before others may speak.
const HANDED_ON: usize = 500;

/// The following of one run's event files.
#[derive(Debug)]
pub(super) struct Following<'a> {
    pub(super) context: &'a Context,
    pub(super) wishes: &'a Wishes,
    pub(super) outbox: &'a SharedOutbox,
    /// Notified when the outbox has something new to report.
    pub(super) fresh: Arc<Notify>,
    /// True once the program is gone and writes no more.
    pub(super) closed: watch::Receiver<bool>,
    /// The run's folder.
    pub(super) folder: PathBuf,
}

impl Following<'_> {
    /// Hands on what the files say, until the program is gone and they are read to their ends.
    pub(super) async fn run(mut self) {
        let mut files = Files::new(self.folder.clone());
        let mut period = PERIOD;
        loop {
            let closing = self.closed.wait_for(|is_closed| *is_closed);
            let is_closed = tokio::time::timeout(period, closing).await.is_ok();
            let started = Instant::now();
            let mut is_first = true;
            loop {
                let is_abandoned = self.wishes.current() == Wish::Abandon;
                let read = tokio::task::spawn_blocking(move || {
                    let read = files.read(is_first, is_closed);
                    (files, read)
                });
                let Ok((back, slice)) = read.await else {
                    return warn!("event files could not be followed");
                };
                files = back;
                self.hand_on(&slice.told);
                if slice.is_all || is_abandoned {
                    break;
                }
                is_first = false;
            }
            if is_closed {
                return;
            }
            period = (SHARE * started.elapsed()).clamp(PERIOD, PERIOD_MAX);
        }
    }

    fn hand_on(&self, told: &[Told]) {
        for part in told.chunks(HANDED_ON) {
            let now = self.context.clock.now();
            locked(self.outbox).told(part, now);
            self.fresh.notify_one();
        }
    }
}
