//! What is wanted of a run.

use std::sync::Arc;

use tokio::sync::watch;

/// What is wanted of a run. A later one in this list overrides an earlier one, never the reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// Run to the end.
    Run,
    /// Somebody asked to stop it; the hub waits for the word that it stopped.
    Cancel,
    /// The worker leaves: stop it and say nothing. What has ended already is still told.
    Leave,
    /// The lease is gone: stop it and say nothing.
    Abandon,
}

/// The current wish, shared by all who wish and all who listen.
#[derive(Debug, Clone)]
pub(crate) struct Wishes(Arc<watch::Sender<Wish>>);

impl Default for Wishes {
    fn default() -> Self {
        Self(Arc::new(watch::channel(Wish::Run).0))
    }
}

impl Wishes {
    /// Makes `wish` the current one, unless a stronger one is.
    pub(crate) fn raise(&self, wish: Wish) {
        self.0.send_if_modified(|current| {
            let is_raised = *current < wish;
            *current = wish.max(*current);
            is_raised
        });
    }

    /// The current wish.
    pub(crate) fn current(&self) -> Wish {
        *self.0.borrow()
    }

    /// Waits for a wish that is at least as strong as `least`.
    pub(crate) async fn reached(&self, least: Wish) -> Wish {
        let mut wishes = self.0.subscribe();
        // The sender lives as long as `self`, so that waiting never fails.
        let _ = wishes.wait_for(|wish| *wish >= least).await;
        self.current()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_wish_is_never_weakened() {
        let wishes = Wishes::default();
        assert_eq!(wishes.current(), Wish::Run);
        wishes.raise(Wish::Abandon);
        wishes.raise(Wish::Cancel);
        assert_eq!(wishes.reached(Wish::Cancel).await, Wish::Abandon);
    }
}
