//! Telling what changes to whoever listens.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use crate::source::Change;

/// Changes that wait for a listener before they are summed up.
const WAITING: usize = 1024;

/// Who listens.
#[derive(Default)]
pub(crate) struct Listeners(Vec<Listener>);

struct Listener {
    sender: SyncSender<Change>,
    /// It has not taken what it was told: the next word is that all may have changed.
    has_missed: bool,
}

impl Listeners {
    pub(crate) fn add(&mut self) -> Receiver<Change> {
        let (sender, receiver) = sync_channel(WAITING);
        self.0.push(Listener {
            sender,
            has_missed: false,
        });
        receiver
    }

    /// Forgets those who are gone.
    pub(crate) fn tell(&mut self, changes: &[Change]) {
        self.0.retain_mut(|listener| listener.tell(changes));
    }
}

impl Listener {
    /// Whether it still listens.
    fn tell(&mut self, changes: &[Change]) -> bool {
        if self.has_missed {
            match self.sender.try_send(Change::All) {
                Ok(()) => self.has_missed = false,
                Err(TrySendError::Full(_)) => return true,
                Err(TrySendError::Disconnected(_)) => return false,
            }
        }
        for change in changes {
            match self.sender.try_send(change.clone()) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => {
                    self.has_missed = true;
                    return true;
                }
                Err(TrySendError::Disconnected(_)) => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_is_summed_up() {
        let mut listeners = Listeners::default();
        let receiver = listeners.add();
        let many: Vec<Change> = (0..WAITING + 10)
            .map(|n| Change::Experiment(n.to_string()))
            .collect();
        listeners.tell(&many);
        listeners.tell(&[Change::Services]);
        assert_eq!(receiver.try_iter().count(), WAITING);
        listeners.tell(&[]);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [Change::All]);
        listeners.tell(&[Change::Services]);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [Change::Services]);
        drop(receiver);
        listeners.tell(&[Change::Services]);
        assert!(listeners.0.is_empty());
    }
}
