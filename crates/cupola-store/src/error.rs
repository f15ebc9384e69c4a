//! What can go wrong between the program and its database.

use std::{fmt, io, path::PathBuf};

/// The database misbehaved, refused, or holds what it should not.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A statement failed. The transaction it stood in is rolled back.
    #[error("statement `{sql}` failed: {source}")]
    Driver {
        sql: String,
        #[source]
        source: DriverError,
    },
    /// A statement broke a law that the schema states.
    #[error("{kind} constraint refused a row: {source}")]
    Constraint {
        kind: ConstraintKind,
        #[source]
        source: DriverError,
    },
    /// The disk, or the size allowed to the database, is used up. Nothing of the transaction was kept.
    #[error("no space left for the database: {0}")]
    Full(String),
    /// Another closure made the database roll back the whole group. Nothing was kept; trying again is safe.
    #[error("the transaction was rolled back together with its group: {0}")]
    RolledBack(String),
    /// The closure went on and returned `Ok` although one of its statements had failed.
    #[error("an earlier statement of this transaction failed")]
    Aborted,
    /// A statement that writes, or an event, inside [`crate::Store::read`].
    #[error("a read transaction may not write")]
    WriteInRead,
    /// A parameter that cannot be stored the same way on every database.
    #[error("{0}")]
    Value(String),
    /// A column holds another type than the one asked for, or is not in the row.
    #[error("column `{column}` of `{sql}` is {found}, not {wanted}")]
    Column {
        column: &'static str,
        wanted: &'static str,
        found: String,
        sql: String,
    },
    /// A row that the domain refuses.
    #[error("row `{row}` of table `{table}` holds an impossible `{column}`")]
    Inconsistent {
        table: &'static str,
        column: &'static str,
        row: String,
    },
    /// A statement touched another number of rows than it must.
    #[error("{actual} rows where {expected} were expected")]
    RowsAffected { expected: usize, actual: usize },
    /// The closure panicked. Its transaction is rolled back, the panic is in the log.
    #[error("the transaction panicked: {0}")]
    Panicked(String),
    /// A transaction was asked for from inside another one, which would wait for itself.
    #[error("a transaction may not wait for another one")]
    Nested,
    /// More writes are waiting than the queue holds.
    #[error("too many writes are waiting")]
    Overloaded,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Whether the last group was committed is unknown, so nothing more is accepted.
    #[error("the store stopped because it cannot know what was committed: {0}")]
    Crashed(String),
    /// The database was written by a newer program.
    #[error(
        "the database has schema version {found}, this program knows versions up to {known}; \
         run the newer program, or restore a backup made before it was upgraded"
    )]
    SchemaVersion { found: i64, known: i64 },
    /// The database was not made by this program's list of migrations.
    #[error(
        "the database's migrations are not this program's: {0}; \
         is this the database of another program?"
    )]
    SchemaHistory(String),
    /// Another hub is alive on the same database.
    #[error("{database} is in use by another hub ({holder}); stop it first")]
    Locked { database: String, holder: String },
    /// SQLite's write-ahead log is not safe over a network.
    #[error(
        "`{path}` is on a network filesystem ({kind}), where SQLite can lose data; \
         choose a folder on a local disk or a PostgreSQL database"
    )]
    NetworkFilesystem { path: PathBuf, kind: String },
    /// The database server or library is one this program must not run on.
    #[error("{0}")]
    Unsupported(String),
    /// A file beside the database could not be used.
    #[error("cannot use `{path}`: {source}")]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Which law of the schema was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintKind {
    Unique,
    ForeignKey,
    Check,
    NotNull,
}

/// The error of the driver underneath.
#[derive(Debug)]
pub enum DriverError {
    Sqlite(rusqlite::Error),
    Postgres(postgres::Error),
}

impl StoreError {
    /// Whether the same write may succeed when it is simply tried again later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Full(_) | Self::RolledBack(_) | Self::Overloaded)
    }

    /// Whether a row with the same key exists already.
    pub fn is_unique_violation(&self) -> bool {
        matches!(
            self,
            Self::Constraint {
                kind: ConstraintKind::Unique,
                ..
            }
        )
    }
}

impl fmt::Display for ConstraintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unique => "unique",
            Self::ForeignKey => "foreign key",
            Self::Check => "check",
            Self::NotNull => "not null",
        })
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => error.fmt(f),
            Self::Postgres(error) => match error.as_db_error() {
                Some(db) => write!(f, "{} ({})", db.message(), db.code().code()),
                None => error.fmt(f),
            },
        }
    }
}

impl std::error::Error for DriverError {}
