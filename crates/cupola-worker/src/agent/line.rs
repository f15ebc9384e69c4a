//! One line to the hub: at most one call at a time, and a time before which there is no other.

use std::{fmt, pin::Pin, time::Duration};

use cupola_client::Error;
use tokio::time::Instant;

use crate::backoff::Backoff;

type Calling<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// What a line has to say.
pub(super) enum Turn<T> {
    /// It is time for a call.
    Due,
    /// The call was answered.
    Answered {
        answer: Result<T, Error>,
        took: Duration,
    },
}

/// One line to the hub.
pub(super) struct Line<T> {
    calling: Option<(Calling<T>, Instant)>,
    not_before: Instant,
    backoff: Backoff,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self {
            calling: None,
            not_before: Instant::now(),
            backoff: Backoff::default(),
        }
    }
}

impl<T> Line<T> {
    /// Whether a call is in flight.
    pub(super) fn is_calling(&self) -> bool {
        self.calling.is_some()
    }

    /// Puts a call in flight.
    pub(super) fn call(&mut self, call: impl Future<Output = Result<T, Error>> + Send + 'static) {
        self.calling = Some((Box::pin(call), Instant::now()));
    }

    /// Gives up the call in flight, if there is one; the next may come at once.
    pub(super) fn hang_up(&mut self) {
        self.calling = None;
        self.not_before = Instant::now();
    }

    /// The next call is not before `span` is over.
    pub(super) fn rest(&mut self, span: Duration) {
        self.backoff.reset();
        self.not_before = Instant::now() + span;
    }

    /// The next call is a while later, and each time that this repeats, later still.
    pub(super) fn pause(&mut self) {
        self.not_before = Instant::now() + self.backoff.pause();
    }

    /// Waits for the call in flight, or for the time of the next. Nothing is lost by letting go.
    pub(super) async fn turn(&mut self) -> Turn<T> {
        let Some((calling, since)) = &mut self.calling else {
            tokio::time::sleep_until(self.not_before).await;
            return Turn::Due;
        };
        let answer = calling.await;
        let took = since.elapsed();
        self.calling = None;
        Turn::Answered { answer, took }
    }
}

impl<T> fmt::Debug for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("is_calling", &self.is_calling())
            .finish_non_exhaustive()
    }
}
