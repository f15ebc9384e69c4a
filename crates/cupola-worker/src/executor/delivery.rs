//! Telling the hub something until it has it.

use cupola_client::Error;
use tracing::debug;

use super::{Wish, Wishes};
use crate::backoff::Backoff;

/// What became of a message.
#[derive(Debug)]
pub(super) enum Delivery<T> {
    /// The hub has it.
    Acked(T),
    /// The hub will never take it as it is.
    Refused(Error),
    /// The run is no longer this worker's, and nothing more is said about it.
    Gone,
}

/// Calls until the hub answers for good or the run is abandoned. The call must be safe to repeat.
pub(super) async fn deliver<T, F: Future<Output = Result<T, Error>>>(
    wishes: &Wishes,
    mut call: impl FnMut() -> F,
) -> Delivery<T> {
    let mut backoff = Backoff::default();
    let calling = async {
        loop {
            match call().await {
                Ok(answer) => return Delivery::Acked(answer),
                Err(error) => match error.status() {
                    Some(404 | 409 | 410) => {
                        wishes.raise(Wish::Abandon);
                        return Delivery::Gone;
                    }
                    Some(400 | 413 | 415 | 422) => return Delivery::Refused(error),
                    // What the agent itself is refused for stops the agent; until then, wait.
                    _ => {
                        debug!(%error, "asking again");
                        tokio::time::sleep(backoff.pause()).await;
                    }
                },
            }
        }
    };
    tokio::select! {
        biased;
        _ = wishes.reached(Wish::Abandon) => Delivery::Gone,
        delivery = calling => delivery,
    }
}
