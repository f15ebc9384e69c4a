//! One transaction, as a closure sees it.

use super::{
    connection::{self, Connection},
    dialect::Dialect,
    event::NewEvent,
    row::Row,
    value::ToValue,
};
use crate::error::StoreError;

/// The transaction that a closure given to [`crate::Store::write`] or [`crate::Store::read`] works in.
///
/// A statement that the database refuses ends the transaction: every later statement, and
/// an `Ok` of the closure, become [`StoreError::Aborted`]. Where a row may exist already, say
/// `ON CONFLICT` instead of catching the error.
pub struct Tx {
    pub(super) connection: Connection,
    mode: Mode,
    events: Vec<NewEvent>,
    state: TxState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
}

/// What the statements so far have come to.
#[derive(Debug, Default)]
pub(super) enum TxState {
    #[default]
    Healthy,
    Refused,
    /// An event was recorded where nothing may be written.
    Wrote,
    /// Nobody can say what the database holds; the message says why.
    Fatal(String),
}

impl Tx {
    pub(super) fn new(connection: Connection, mode: Mode) -> Self {
        Self {
            connection,
            mode,
            events: Vec::new(),
            state: TxState::Healthy,
        }
    }

    /// Which database this is. Only for texts that cannot be written once.
    pub fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    /// Runs a statement and says how many rows it touched.
    pub fn execute(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
    ) -> Result<usize, StoreError> {
        self.run(|connection| connection.execute(sql, params))
    }

    /// Runs a statement that must touch exactly one row: the fence of a guarded UPDATE.
    pub fn execute_one(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
    ) -> Result<(), StoreError> {
        match self.execute(sql, params)? {
            1 => Ok(()),
            actual => Err(StoreError::RowsAffected {
                expected: 1,
                actual,
            }),
        }
    }

    /// Runs a statement once for each list of parameters and says how many rows all of them touched.
    pub fn execute_many<'v, P: AsRef<[&'v dyn ToValue]>>(
        &mut self,
        sql: &'static str,
        rows: impl IntoIterator<Item = P>,
    ) -> Result<usize, StoreError> {
        let rows: Vec<P> = rows.into_iter().collect();
        let rows: Vec<&[&dyn ToValue]> = rows.iter().map(AsRef::as_ref).collect();
        self.run(|connection| connection.execute_many(sql, &rows))
    }

    /// All rows of an answer. A list that can grow is asked for with a LIMIT.
    pub fn query<T>(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.query_dynamic(sql, params, read)
    }

    /// As [`Tx::query`], for a filter whose text is put together from constants.
    /// Values never become part of the text: they are parameters.
    pub fn query_dynamic<T>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut rows = Vec::new();
        self.run(|connection| {
            connection.query(sql, params, &mut |row| {
                rows.push(read(row)?);
                Ok(())
            })
        })?;
        Ok(rows)
    }

    /// The row, if there is one; more than one is an error.
    pub fn query_optional<T>(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut rows = self.query(sql, params, read)?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            actual => Err(StoreError::RowsAffected {
                expected: 1,
                actual,
            }),
        }
    }

    /// The one row of an answer that always has one, such as a count.
    pub fn query_one<T>(
        &mut self,
        sql: &'static str,
        params: &[&dyn ToValue],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        (self.query_optional(sql, params, read)?).ok_or(StoreError::RowsAffected {
            expected: 1,
            actual: 0,
        })
    }

    /// Notes that something happened. It becomes a row, with the next `seq`, when the closure
    /// has succeeded, and is published when the transaction is durable.
    pub fn record(&mut self, event: NewEvent) {
        match self.mode {
            Mode::Write => self.events.push(event),
            Mode::Read => self.state = TxState::Wrote,
        }
    }

    /// What was recorded, and how the statements went; the next closure starts anew.
    pub(super) fn finish(&mut self) -> (Vec<NewEvent>, TxState) {
        (
            std::mem::take(&mut self.events),
            std::mem::take(&mut self.state),
        )
    }

    fn run<T>(
        &mut self,
        statement: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.state {
            TxState::Healthy => {}
            TxState::Wrote => return Err(StoreError::WriteInRead),
            TxState::Refused | TxState::Fatal(_) => return Err(StoreError::Aborted),
        }
        let result = statement(&mut self.connection);
        if let Err(error) = &result {
            if connection::is_fatal(error) {
                self.state = TxState::Fatal(error.to_string());
            } else if connection::is_refusal(error) {
                self.state = TxState::Refused;
            }
        }
        result
    }
}
