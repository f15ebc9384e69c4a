//! The threads that read, each with a connection of its own.

use std::sync::{
    Arc, Mutex, PoisonError,
    mpsc::{Receiver, RecvError},
};

use super::{
    Location,
    connection::Connection,
    job::{Job, objection},
    stats::Counters,
    tx::{Mode, Tx, TxState},
};
use crate::error::StoreError;

pub(super) struct Reader {
    location: Location,
    jobs: Arc<Mutex<Receiver<Box<dyn Job>>>>,
    counters: Arc<Counters>,
    /// Opened when first needed, and again after the connection was lost.
    tx: Option<Tx>,
}

impl Reader {
    pub(super) fn new(
        location: Location,
        jobs: Arc<Mutex<Receiver<Box<dyn Job>>>>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            location,
            jobs,
            counters,
            tx: None,
        }
    }

    /// Works until the store drops its end of the queue, and the queue is empty.
    pub(super) fn run(mut self) {
        while let Ok(mut job) = self.next() {
            self.counters.has_read();
            match self.begin() {
                Ok(tx) => self.read(tx, job),
                Err(error) => {
                    job.fail(error);
                    job.answer();
                }
            }
        }
    }

    fn next(&self) -> Result<Box<dyn Job>, RecvError> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.recv()
    }

    /// Answers before the transaction is ended, which changes nothing that was read.
    fn read(&mut self, mut tx: Tx, mut job: Box<dyn Job>) {
        let succeeded = job.run(&mut tx);
        let (_, state) = tx.finish();
        if succeeded && let Some(error) = objection(&state) {
            job.fail(error);
        }
        job.answer();
        let ended = tx.connection.control(&["ROLLBACK"]);
        if ended.is_ok() && !matches!(state, TxState::Fatal(_)) {
            self.tx = Some(tx);
        }
    }

    /// The transaction on the kept connection, or on a new one if that is gone.
    fn begin(&mut self) -> Result<Tx, StoreError> {
        if let Some(mut tx) = self.tx.take()
            && !tx.connection.is_closed()
            && tx.connection.control(&[tx.dialect().begin_read()]).is_ok()
        {
            return Ok(tx);
        }
        let mut tx = Tx::new(Connection::open_reader(&self.location)?, Mode::Read);
        tx.connection.control(&[tx.dialect().begin_read()])?;
        Ok(tx)
    }
}
