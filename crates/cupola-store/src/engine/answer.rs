//! A place for one answer, which a thread can wait for and a task can await.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

/// The side that gives the answer. Dropping it unsent tells the other side that none will come.
pub(super) struct Answer<T>(Arc<Slot<T>>);

/// The side that waits. `None` means that no answer will come.
pub(super) struct Waiting<T>(Arc<Slot<T>>);

pub(super) fn channel<T>() -> (Answer<T>, Waiting<T>) {
    let slot = Arc::new(Slot {
        state: Mutex::new(State::Empty(None)),
        changed: Condvar::new(),
    });
    (Answer(Arc::clone(&slot)), Waiting(slot))
}

impl<T> Answer<T> {
    pub(super) fn send(self, value: T) {
        self.0.fill(State::Full(value));
    }
}

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.0.fill(State::Gone);
    }
}

impl<T> Waiting<T> {
    /// Blocks the thread; allowed anywhere, also where an async runtime forbids its own blocking calls.
    pub(super) fn wait(self) -> Option<T> {
        let mut state = self.0.lock();
        loop {
            match state.take() {
                Taken::Value(value) => return Some(value),
                Taken::Never => return None,
                Taken::NotYet => {}
            }
            state = (self.0.changed.wait(state)).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Future for Waiting<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.0.lock();
        match state.take() {
            Taken::Value(value) => Poll::Ready(Some(value)),
            Taken::Never => Poll::Ready(None),
            Taken::NotYet => {
                *state = State::Empty(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

struct Slot<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

enum State<T> {
    Empty(Option<Waker>),
    Full(T),
    Gone,
}

enum Taken<T> {
    Value(T),
    Never,
    NotYet,
}

impl<T> State<T> {
    fn take(&mut self) -> Taken<T> {
        if matches!(self, State::Empty(_)) {
            return Taken::NotYet;
        }
        match std::mem::replace(self, State::Gone) {
            State::Full(value) => Taken::Value(value),
            State::Empty(_) | State::Gone => Taken::Never,
        }
    }
}

impl<T> Slot<T> {
    /// A first answer stays: the drop that follows a `send` changes nothing.
    fn fill(&self, answer: State<T>) {
        let waker = {
            let mut state = self.lock();
            let State::Empty(waker) = &mut *state else {
                return;
            };
            let waker = waker.take();
            *state = answer;
            waker
        };
        self.changed.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn an_answer_given_before_the_wait_is_found() {
        let (answer, waiting) = channel();
        answer.send(7);
        assert_eq!(waiting.wait(), Some(7));
    }

    #[test]
    fn a_thread_that_waits_is_woken() {
        let (answer, waiting) = channel();
        let thread = thread::spawn(move || waiting.wait());
        answer.send(7);
        assert_eq!(thread.join().expect("no panic"), Some(7));
    }

    #[test]
    fn a_dropped_answer_ends_the_wait() {
        let (answer, waiting) = channel::<i32>();
        drop(answer);
        assert_eq!(waiting.wait(), None);
    }
}
