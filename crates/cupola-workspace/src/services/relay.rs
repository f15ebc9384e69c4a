//! Changes of a place and of what was started beside it, as one stream.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    mpsc::{Receiver, Sender, channel},
};

use crate::{
    listeners::Listeners,
    source::{Change, Connection},
};

/// Whoever listens, and how the connection stands: who comes later is told of one that is away.
#[derive(Default)]
pub(super) struct Relay(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    listeners: Listeners,
    away: Option<Change>,
}

impl Relay {
    pub(super) fn listen(&self) -> Receiver<Change> {
        let mut heard = self.heard();
        let receiver = heard.listeners.add();
        if let Some(away) = heard.away.clone() {
            heard.listeners.tell(&[away]);
        }
        receiver
    }

    pub(super) fn tell(&self, change: Change) {
        let mut heard = self.heard();
        match &change {
            Change::Connection(Connection::Live) => heard.away = None,
            Change::Connection(Connection::Away { .. }) => heard.away = Some(change.clone()),
            _ => {}
        }
        heard.listeners.tell(&[change]);
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread holds on to for as long as it is wanted; it ends when this is dropped.
pub(super) fn leash() -> (Sender<()>, Receiver<()>) {
    channel()
}
