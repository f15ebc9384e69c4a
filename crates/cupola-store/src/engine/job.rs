//! A closure on its way to a connection and back, without its types.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{
    answer::Answer,
    tx::{Tx, TxState},
};
use crate::error::StoreError;

/// What the writer and the readers do with a closure.
pub(super) trait Job: Send {
    /// Runs the closure and says whether it succeeded.
    fn run(&mut self, tx: &mut Tx) -> bool;

    /// Turns whatever the closure returned into this error.
    fn fail(&mut self, error: StoreError);

    /// Gives the caller what was returned.
    fn answer(self: Box<Self>);
}

pub(super) struct Work<F, T, E> {
    closure: Option<F>,
    result: Option<Result<T, E>>,
    answer: Answer<Result<T, E>>,
}

impl<F, T, E> Work<F, T, E> {
    pub(super) fn new(closure: F, answer: Answer<Result<T, E>>) -> Self {
        Self {
            closure: Some(closure),
            result: None,
            answer,
        }
    }
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: FnOnce(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let Some(closure) = self.closure.take() else {
            return false;
        };
        // A closure that panicked is rolled back, so nobody sees what it left half done.
        let result = catch_unwind(AssertUnwindSafe(|| closure(tx)));
        let result = result.unwrap_or_else(|panic| Err(panicked(panic.as_ref()).into()));
        let succeeded = result.is_ok();
        self.result = Some(result);
        succeeded
    }

    fn fail(&mut self, error: StoreError) {
        self.result = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            self.answer.send(result);
        }
    }
}

/// Why a closure that returned `Ok` has not succeeded all the same.
pub(super) fn objection(state: &TxState) -> Option<StoreError> {
    match state {
        TxState::Healthy => None,
        TxState::Wrote => Some(StoreError::WriteInRead),
        TxState::Refused | TxState::Fatal(_) => Some(StoreError::Aborted),
    }
}

/// The panic hook has told where; this tells the log which part of the program goes on.
fn panicked(panic: &(dyn Any + Send)) -> StoreError {
    let message = panic_message(panic);
    tracing::error!(message, "a transaction panicked and was rolled back");
    StoreError::Panicked(message)
}

pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "without a message".to_owned()
    }
}
