//! Whoever wants to hear of changes.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
};

use cupola_workspace::source::Change;

/// So many changes wait for one listener; more are summed up.
const WAITING_MAX: usize = 1024;

#[derive(Default)]
pub(super) struct Listeners(Mutex<Vec<Listener>>);

struct Listener {
    to: SyncSender<Change>,
    /// It was told less than there was.
    has_missed: bool,
}

impl Listeners {
    /// A new one, which hears `first` before all else.
    pub(super) fn listen(&self, first: Option<Change>) -> Receiver<Change> {
        let (to, from) = sync_channel(WAITING_MAX);
        let listener = Listener {
            to,
            has_missed: false,
        };
        if let Some(first) = first {
            listener
                .to
                .try_send(first)
                .expect("an empty channel has room");
        }
        self.all().push(listener);
        from
    }

    /// Tells all of them; who has gone is forgotten.
    pub(super) fn tell(&self, change: Change) {
        self.all()
            .retain_mut(|listener| listener.hear(change.clone()));
    }

    /// Tries those again that missed something; whether any still does.
    pub(super) fn settle(&self) -> bool {
        let mut all = self.all();
        all.retain_mut(|listener| !listener.has_missed || listener.hear(Change::All));
        all.iter().any(|listener| listener.has_missed)
    }

    fn all(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Whether it still listens.
    fn hear(&mut self, change: Change) -> bool {
        if self.has_missed {
            match self.to.try_send(Change::All) {
                Ok(()) => self.has_missed = false,
                Err(TrySendError::Full(_)) => return true,
                Err(TrySendError::Disconnected(_)) => return false,
            }
            if change == Change::All {
                return true;
            }
        }
        match self.to.try_send(change) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.has_missed = true;
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_summed_up() {
        let listeners = Listeners::default();
        let heard = listeners.listen(None);
        for number in 0..WAITING_MAX + 10 {
            listeners.tell(Change::Experiment(number.to_string()));
        }
        assert!(listeners.settle(), "it is still full");
        assert_eq!(heard.try_iter().count(), WAITING_MAX);
        assert!(!listeners.settle());
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [Change::All]);
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let listeners = Listeners::default();
        drop(listeners.listen(None));
        listeners.tell(Change::Services);
        assert!(listeners.all().is_empty());
    }
}
