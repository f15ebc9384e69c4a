//! A connection to either database.

use super::{
    Durability, Location, dialect::Dialect, postgres, postgres::PostgresConnection, row::Row,
    sqlite, sqlite::SqliteConnection, value::ToValue,
};
use crate::error::{DriverError, StoreError};

pub(super) enum Connection {
    Sqlite(SqliteConnection),
    Postgres(PostgresConnection),
}

impl Connection {
    pub(super) fn open_writer(
        location: &Location,
        durability: Durability,
    ) -> Result<Self, StoreError> {
        Ok(match location {
            Location::Sqlite(path) => {
                Self::Sqlite(SqliteConnection::open_writer(path, durability)?)
            }
            Location::Postgres(url) => {
                Self::Postgres(PostgresConnection::open_writer(url, durability)?)
            }
        })
    }

    pub(super) fn open_reader(location: &Location) -> Result<Self, StoreError> {
        Ok(match location {
            Location::Sqlite(path) => Self::Sqlite(SqliteConnection::open_reader(path)?),
            Location::Postgres(url) => Self::Postgres(PostgresConnection::open_reader(url)?),
        })
    }

    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a text of several statements, or one that is not worth a place in the cache.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.batch(sql),
            Self::Postgres(connection) => connection.batch(sql),
        }
    }

    /// Runs statements that steer a transaction: prepared in SQLite, in one round trip to PostgreSQL.
    pub(super) fn control(&mut self, steps: &[&'static str]) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => steps.iter().try_for_each(|step| connection.control(step)),
            Self::Postgres(connection) => connection.batch(&steps.join("; ")),
        }
    }

    pub(super) fn execute(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
    ) -> Result<usize, StoreError> {
        match self {
            Self::Sqlite(connection) => connection.execute(sql, params),
            Self::Postgres(connection) => connection.execute(sql, params),
        }
    }

    /// Runs a statement for each row of parameters.
    pub(super) fn execute_many(
        &mut self,
        sql: &str,
        rows: &[&[&dyn ToValue]],
    ) -> Result<usize, StoreError> {
        let mut touched = 0;
        match self {
            Self::Sqlite(connection) => {
                for params in rows {
                    touched += connection.execute(sql, params)?;
                }
            }
            Self::Postgres(connection) => touched = connection.execute_many(sql, rows)?,
        }
        Ok(touched)
    }

    pub(super) fn query(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.query(sql, params, each),
            Self::Postgres(connection) => connection.query(sql, params, each),
        }
    }

    /// Whether the database has ended the transaction by itself.
    pub(super) fn has_lost_transaction(&self) -> bool {
        match self {
            Self::Sqlite(connection) => !connection.is_in_transaction(),
            Self::Postgres(_) => false,
        }
    }

    /// Whether the connection can no longer be used.
    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(connection) => connection.is_closed(),
        }
    }
}

/// Whether after this error nobody can say what the database holds. The list, and why:
///
/// - SQLite: an I/O error, a corrupt or foreign file, a file that cannot be opened, a broken
///   lock protocol. The operating system may have dropped pages that it had accepted.
/// - PostgreSQL: the connection or the server is gone, or the server reports a system or
///   internal error.
/// - Not fatal: a full disk *inside* a closure (the database says that it rolled back), and
///   everything that is about the statement (constraints, types, conflicts).
/// - Any error from BEGIN, SAVEPOINT, ROLLBACK, RELEASE or COMMIT is fatal whatever its kind;
///   the writer sees to that.
pub(super) fn is_fatal(error: &StoreError) -> bool {
    match error {
        StoreError::Driver { source, .. } | StoreError::Constraint { source, .. } => match source {
            DriverError::Sqlite(error) => sqlite::is_fatal(error),
            DriverError::Postgres(error) => postgres::is_fatal(error),
        },
        _ => false,
    }
}

/// Whether the database refused a statement, which ends a transaction in PostgreSQL and so ends it in both.
pub(super) fn is_refusal(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Driver { .. }
            | StoreError::Constraint { .. }
            | StoreError::Full(_)
            | StoreError::WriteInRead
    )
}
