//! A connection to a SQLite file.

use std::{cell::RefCell, collections::HashMap, path::Path, sync::Arc};

use rusqlite::{
    CachedStatement, ErrorCode, OpenFlags, Statement, config::DbConfig, ffi, types::Null,
};

use super::{
    Durability,
    row::{Inner, Row},
    value::{ToValue, Value},
};
use crate::error::{ConstraintKind, DriverError, StoreError};

/// Earlier versions can corrupt a database in WAL mode when a checkpoint resets the log.
const VERSION_MIN: i32 = 3_051_003;

/// More than the program has statements, so that none is ever prepared twice.
const STATEMENTS_CACHED: usize = 512;

/// Memory that each connection may fill with pages.
const CACHE_KIB: u32 = 8_192;

const BUSY_TIMEOUT_MS: u32 = 5_000;

/// Pages in the log before the writer moves them into the file: 16 MiB.
const CHECKPOINT_PAGES: u32 = 4_096;

pub(super) struct SqliteConnection {
    connection: rusqlite::Connection,
    /// The names of the columns of statements that were asked before.
    columns: RefCell<HashMap<Box<str>, Arc<[String]>>>,
}

impl SqliteConnection {
    pub(super) fn open_writer(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        check_version(rusqlite::version_number(), rusqlite::version())?;
        let connection = Self::open(path)?;
        let mode: String = (connection.connection)
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(|error| failed("PRAGMA journal_mode", error))?;
        if mode != "wal" {
            return Err(StoreError::Unsupported(format!(
                "`{}` is on a filesystem without SQLite's write-ahead log",
                path.display()
            )));
        }
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Off => "OFF",
        };
        connection.batch(&format!(
            "PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES};"
        ))?;
        Ok(connection)
    }

    pub(super) fn open_reader(path: &Path) -> Result<Self, StoreError> {
        let connection = Self::open(path)?;
        connection.batch("PRAGMA query_only = ON;")?;
        Ok(connection)
    }

    /// Runs statements that take no parameters and give no rows.
    pub(super) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        // It may change tables, and with them what a statement gives.
        self.columns.borrow_mut().clear();
        self.connection
            .execute_batch(sql)
            .map_err(|error| failed(sql, error))
    }

    /// One statement of the transaction's own, from the cache.
    pub(super) fn control(&self, sql: &'static str) -> Result<(), StoreError> {
        self.execute(sql, &[]).map(drop)
    }

    pub(super) fn execute(&self, sql: &str, params: &[&dyn ToValue]) -> Result<usize, StoreError> {
        let mut statement = self.prepare(sql)?;
        bind(&mut statement, params)?;
        statement.raw_execute().map_err(|error| failed(sql, error))
    }

    pub(super) fn query(
        &self,
        sql: &str,
        params: &[&dyn ToValue],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.prepare(sql)?;
        bind(&mut statement, params)?;
        let names = self.columns(sql, &statement);
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|error| failed(sql, error))? {
            let inner = Inner::Sqlite(row, &names);
            each(&Row { inner, sql })?;
        }
        Ok(())
    }

    /// Whether a transaction is open. Some errors (a full disk, for one) make SQLite end it by itself.
    pub(super) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    fn open(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(path, flags)
            .map_err(|error| failed("open", error))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
        for (config, value) in [
            (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
            (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            // Plans never depend on the values bound. Without this, a statement that compares the
            // column of a partial index with a parameter is prepared anew each time it is bound.
            (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
        ] {
            (connection.set_db_config(config, value))
                .map_err(|error| failed("configure", error))?;
        }
        let connection = Self {
            connection,
            columns: RefCell::default(),
        };
        connection.batch(&format!(
            "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA foreign_keys = ON; \
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{CACHE_KIB};"
        ))?;
        Ok(connection)
    }

    /// The names of a statement's columns: asking SQLite for one costs more than reading the column.
    fn columns(&self, sql: &str, statement: &Statement<'_>) -> Arc<[String]> {
        let mut known = self.columns.borrow_mut();
        if let Some(names) = known.get(sql) {
            return Arc::clone(names);
        }
        let names: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
        // Texts that are put together for each filter are many.
        if known.len() < STATEMENTS_CACHED {
            known.insert(sql.into(), Arc::clone(&names));
        }
        names
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .map_err(|error| failed(sql, error))
    }
}

/// Copies the database at `path` as it is now into a new file at `target`, while writes go on.
pub(super) fn back_up(path: &Path, target: &Path) -> Result<(), StoreError> {
    let connection = SqliteConnection::open(path)?;
    let target = target.to_str().ok_or_else(|| {
        StoreError::Value(format!("the path `{}` is not UTF-8", target.display()))
    })?;
    connection.execute("VACUUM INTO $1", &[&target]).map(drop)
}

/// Whether the database may have failed to keep what it had promised, so that going on would be a guess.
pub(super) fn is_fatal(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::SystemIoFailure
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::CannotOpen
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::InternalMalfunction
        )
    )
}

fn bind(statement: &mut Statement<'_>, params: &[&dyn ToValue]) -> Result<(), StoreError> {
    let mut used = 0;
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(parameter_number);
        let number = number.ok_or_else(|| {
            StoreError::Value("a statement's parameters are written `$1`, `$2`, …".to_owned())
        })?;
        let Some(param) = params.get(number - 1) else {
            return Err(wrong_count(number, params.len()));
        };
        bind_one(statement, index, param.to_value().checked()?)?;
        used = used.max(number);
    }
    if used != params.len() {
        return Err(wrong_count(used, params.len()));
    }
    Ok(())
}

fn bind_one(
    statement: &mut Statement<'_>,
    index: usize,
    value: Value<'_>,
) -> Result<(), StoreError> {
    match value {
        Value::Null => statement.raw_bind_parameter(index, Null),
        Value::Bool(truth) => statement.raw_bind_parameter(index, truth),
        Value::Integer(integer) => statement.raw_bind_parameter(index, integer),
        Value::Real(real) => statement.raw_bind_parameter(index, real),
        Value::Text(text) => statement.raw_bind_parameter(index, text),
        Value::Blob(bytes) => statement.raw_bind_parameter(index, bytes),
    }
    .map_err(|error| failed("bind", error))
}

fn parameter_number(name: &str) -> Option<usize> {
    let number = name.strip_prefix('$')?.parse().ok()?;
    (number > 0).then_some(number)
}

/// The same words on both databases.
pub(super) fn wrong_count(wanted: usize, given: usize) -> StoreError {
    StoreError::Value(format!(
        "the statement has {wanted} parameters, {given} were given"
    ))
}

fn failed(sql: &str, error: rusqlite::Error) -> StoreError {
    match (error.sqlite_error_code(), constraint_kind(&error)) {
        (Some(ErrorCode::DiskFull), _) => StoreError::Full(error.to_string()),
        (Some(ErrorCode::ReadOnly), _) => StoreError::WriteInRead,
        (_, Some(kind)) => StoreError::Constraint {
            kind,
            source: DriverError::Sqlite(error),
        },
        _ => StoreError::Driver {
            sql: sql.to_owned(),
            source: DriverError::Sqlite(error),
        },
    }
}

fn constraint_kind(error: &rusqlite::Error) -> Option<ConstraintKind> {
    match error.sqlite_error()?.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => Some(ConstraintKind::Unique),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Some(ConstraintKind::ForeignKey),
        ffi::SQLITE_CONSTRAINT_CHECK => Some(ConstraintKind::Check),
        ffi::SQLITE_CONSTRAINT_NOTNULL => Some(ConstraintKind::NotNull),
        _ => None,
    }
}

fn check_version(number: i32, text: &str) -> Result<(), StoreError> {
    if number >= VERSION_MIN {
        return Ok(());
    }
    Err(StoreError::Unsupported(format!(
        "SQLite {text} can corrupt its write-ahead log; 3.51.3 or newer is needed"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_can_corrupt_the_log_is_refused() {
        assert!(check_version(3_051_002, "3.51.2").is_err());
        assert!(check_version(3_051_003, "3.51.3").is_ok());
    }

    #[test]
    fn the_bundled_version_is_new_enough() {
        assert!(check_version(rusqlite::version_number(), rusqlite::version()).is_ok());
    }
}
