//! A connection to a PostgreSQL server.
//!
//! The driver runs a small async runtime of its own inside each call, which panics on a
//! thread that is already driving one. Connections therefore live and die on the store's
//! threads, and callers only wait for answers: the store may be used from anywhere.
//!
//! The driver sets `TCP_NODELAY`. It is used without TLS: reach a distant server through
//! a Unix socket, a private network or a tunnel.

use std::{collections::HashMap, time::Duration};

use postgres::{
    Client, Config, NoTls, Statement,
    error::SqlState,
    types::{ToSql, Type},
};

use super::{
    Durability,
    dialect::repeat_values,
    row::{Inner, Row},
    sqlite::wrong_count,
    value::{ToValue, Value},
};
use crate::error::{ConstraintKind, DriverError, StoreError};

/// Statements kept prepared on each connection; beyond it the cache starts anew.
const STATEMENTS_CACHED: usize = 1_024;

const HUB_LOCK_TIMEOUT_MS: u32 = 1_000;

/// Rows of one INSERT; a constant, so that each text has one long form in the cache.
const ROWS_TOGETHER: usize = 32;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The session lock of the one live hub, the same number in every database: "cupola" in ASCII.
const HUB_LOCK: i64 = 0x6375_706f_6c61;

pub(super) struct PostgresConnection {
    client: Client,
    statements: HashMap<Box<str>, Statement>,
    /// Whether the session holds the lock of the one live hub.
    is_hub: bool,
}

impl PostgresConnection {
    /// Connects as the one hub of that database, which also keeps migrations apart.
    pub(super) fn open_writer(url: &str, durability: Durability) -> Result<Self, StoreError> {
        let mut connection = Self::open(url)?;
        connection.check_encoding()?;
        connection.lock_hub()?;
        match durability {
            Durability::Full => {
                connection.batch("SET synchronous_commit = on")?;
                connection.warn_without_fsync()?;
            }
            Durability::Off => connection.batch("SET synchronous_commit = off")?,
        }
        Ok(connection)
    }

    pub(super) fn open_reader(url: &str) -> Result<Self, StoreError> {
        Self::open(url)
    }

    /// Runs statements that take no parameters and give no rows.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.client
            .batch_execute(sql)
            .map_err(|error| failed(sql, error))
    }

    pub(super) fn execute(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
    ) -> Result<usize, StoreError> {
        let statement = self.prepare(sql)?;
        let bound = bind(statement.params(), params)?;
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(Bound::as_sql).collect();
        let count = self.client.execute(&statement, &bound);
        count
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
            .map_err(|error| failed(sql, error))
    }

    /// Many rows in few round trips, where the text allows it.
    pub(super) fn execute_many(
        &mut self,
        sql: &str,
        rows: &[&[&dyn ToValue]],
    ) -> Result<usize, StoreError> {
        let mut touched = 0;
        let (chunks, rest) = rows.as_chunks::<ROWS_TOGETHER>();
        let together = repeat_values(sql, ROWS_TOGETHER).filter(|_| !chunks.is_empty());
        let rest = if let Some(together) = together {
            for chunk in chunks {
                touched += self.execute(&together, &chunk.concat())?;
            }
            rest
        } else {
            rows
        };
        for params in rest {
            touched += self.execute(sql, params)?;
        }
        Ok(touched)
    }

    pub(super) fn query(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let statement = self.prepare(sql)?;
        let bound = bind(statement.params(), params)?;
        let bound: Vec<&(dyn ToSql + Sync)> = bound.iter().map(Bound::as_sql).collect();
        let rows = (self.client.query(&statement, &bound)).map_err(|error| failed(sql, error))?;
        for row in &rows {
            let inner = Inner::Postgres(row);
            each(&Row { inner, sql })?;
        }
        Ok(())
    }

    /// Whether the connection is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn open(url: &str) -> Result<Self, StoreError> {
        let mut config: Config = url.parse().map_err(|error| failed("connect", error))?;
        if config.get_application_name().is_none() {
            config.application_name(&format!("cupola, pid {}", std::process::id()));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        let client = (config.connect(NoTls)).map_err(|error| failed("connect", error))?;
        Ok(Self {
            client,
            statements: HashMap::new(),
            is_hub: false,
        })
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = (self.client.prepare(sql)).map_err(|error| failed(sql, error))?;
        if self.statements.len() >= STATEMENTS_CACHED {
            self.statements.clear();
        }
        self.statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    fn check_encoding(&mut self) -> Result<(), StoreError> {
        let encoding = self.setting("server_encoding")?;
        if encoding == "UTF8" {
            return Ok(());
        }
        Err(StoreError::Unsupported(format!(
            "the PostgreSQL database has the encoding {encoding}; create it with ENCODING 'UTF8'"
        )))
    }

    fn warn_without_fsync(&mut self) -> Result<(), StoreError> {
        if self.setting("fsync")? == "off" {
            tracing::warn!(
                "PostgreSQL runs with `fsync = off`: a power failure can lose everything"
            );
        }
        Ok(())
    }

    fn setting(&mut self, name: &str) -> Result<String, StoreError> {
        let sql = "SELECT current_setting($1) AS value";
        let mut value = String::new();
        self.query(sql, &[&name], &mut |row| {
            value = row.text("value")?;
            Ok(())
        })?;
        Ok(value)
    }

    /// Waits a little: the server may not have noticed yet that the hub before is gone.
    fn lock_hub(&mut self) -> Result<(), StoreError> {
        self.batch(&format!("SET lock_timeout = {HUB_LOCK_TIMEOUT_MS}"))?;
        let sql = format!("SELECT pg_advisory_lock({HUB_LOCK})");
        match self.client.batch_execute(&sql) {
            Ok(()) => self.is_hub = true,
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                return Err(StoreError::Locked {
                    database: "the PostgreSQL database".to_owned(),
                    holder: self.lock_holder()?,
                });
            }
            Err(error) => return Err(failed(&sql, error)),
        }
        self.batch("SET lock_timeout = 0")
    }

    fn lock_holder(&mut self) -> Result<String, StoreError> {
        let sql = "SELECT a.application_name || ', from ' || COALESCE(host(a.client_addr), 'a local socket')
                          || ', backend ' || a.pid AS holder
                   FROM pg_locks l
                   JOIN pg_stat_activity a ON a.pid = l.pid
                   JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
                   WHERE l.locktype = 'advisory' AND l.granted
                     AND (l.classid::BIGINT << 32) + l.objid::BIGINT = $1";
        let mut holder = "which has just gone".to_owned();
        self.query(sql, &[&HUB_LOCK], &mut |row| {
            holder = row.text("holder")?;
            Ok(())
        })?;
        Ok(holder)
    }
}

impl Drop for PostgresConnection {
    /// The server releases the lock some time after the connection is closed. A hub that starts
    /// right after this one has ended should not have to wait for that.
    fn drop(&mut self) {
        if self.is_hub && !self.client.is_closed() {
            let unlocked = self.client.batch_execute("SELECT pg_advisory_unlock_all()");
            if let Err(error) = unlocked {
                tracing::debug!(%error, "the hub's lock is left to the server");
            }
        }
    }
}

/// Whether the server may have failed to keep what it had promised, or is gone.
pub(super) fn is_fatal(error: &postgres::Error) -> bool {
    let Some(code) = error.code() else {
        return true;
    };
    // Classes: connection exception, system error, internal error, operator intervention.
    let class = &code.code()[..2];
    matches!(class, "08" | "58" | "XX")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
        ]
        .contains(code)
}

/// A parameter in the exact type that the server inferred for it.
enum Bound<'a> {
    Bool(Option<bool>),
    Int2(Option<i16>),
    Int4(Option<i32>),
    Int8(Option<i64>),
    Float8(Option<f64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

impl Bound<'_> {
    fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Bool(value) => value,
            Self::Int2(value) => value,
            Self::Int4(value) => value,
            Self::Int8(value) => value,
            Self::Float8(value) => value,
            Self::Text(value) => value,
            Self::Bytes(value) => value,
        }
    }
}

fn bind<'a>(types: &[Type], params: &'a [&dyn ToValue]) -> Result<Vec<Bound<'a>>, StoreError> {
    if types.len() != params.len() {
        return Err(wrong_count(types.len(), params.len()));
    }
    (types.iter().zip(params).enumerate())
        .map(|(index, (kind, param))| {
            let value = param.to_value().checked()?;
            bind_one(kind, value).map_err(|Mismatch| {
                StoreError::Value(format!(
                    "PostgreSQL takes `${}` for {kind}, which {value:?} is not; write a CAST",
                    index + 1
                ))
            })
        })
        .collect()
}

/// The value is of another type than the one inferred, or does not fit into it.
struct Mismatch;

fn bind_one<'a>(kind: &Type, value: Value<'a>) -> Result<Bound<'a>, Mismatch> {
    Ok(match *kind {
        Type::BOOL => Bound::Bool(truth(value)?),
        Type::INT2 => Bound::Int2(narrow(integer(value)?)?),
        Type::INT4 => Bound::Int4(narrow(integer(value)?)?),
        Type::INT8 => Bound::Int8(integer(value)?),
        Type::FLOAT8 => Bound::Float8(double(value)?),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Bound::Text(text(value)?),
        Type::BYTEA => Bound::Bytes(bytes(value)?),
        _ => return Err(Mismatch),
    })
}

fn truth(value: Value<'_>) -> Result<Option<bool>, Mismatch> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(truth)),
        _ => Err(Mismatch),
    }
}

fn integer(value: Value<'_>) -> Result<Option<i64>, Mismatch> {
    match value {
        Value::Null => Ok(None),
        Value::Integer(integer) => Ok(Some(integer)),
        Value::Bool(truth) => Ok(Some(i64::from(truth))),
        _ => Err(Mismatch),
    }
}

fn narrow<T: TryFrom<i64>>(integer: Option<i64>) -> Result<Option<T>, Mismatch> {
    integer.map(T::try_from).transpose().map_err(|_| Mismatch)
}

fn double(value: Value<'_>) -> Result<Option<f64>, Mismatch> {
    match value {
        Value::Null => Ok(None),
        Value::Real(real) => Ok(Some(real)),
        _ => Err(Mismatch),
    }
}

fn text(value: Value<'_>) -> Result<Option<&str>, Mismatch> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        _ => Err(Mismatch),
    }
}

fn bytes(value: Value<'_>) -> Result<Option<&[u8]>, Mismatch> {
    match value {
        Value::Null => Ok(None),
        Value::Blob(bytes) => Ok(Some(bytes)),
        _ => Err(Mismatch),
    }
}

fn failed(sql: &str, error: postgres::Error) -> StoreError {
    let code = error.code().cloned();
    match (&code, code.as_ref().and_then(constraint_kind)) {
        (Some(code), _) if *code == SqlState::DISK_FULL => StoreError::Full(error.to_string()),
        (Some(code), _) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::WriteInRead,
        (_, Some(kind)) => StoreError::Constraint {
            kind,
            source: DriverError::Postgres(error),
        },
        _ => StoreError::Driver {
            sql: sql.to_owned(),
            source: DriverError::Postgres(error),
        },
    }
}

fn constraint_kind(code: &SqlState) -> Option<ConstraintKind> {
    if *code == SqlState::UNIQUE_VIOLATION {
        Some(ConstraintKind::Unique)
    } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
        Some(ConstraintKind::ForeignKey)
    } else if *code == SqlState::CHECK_VIOLATION {
        Some(ConstraintKind::Check)
    } else if *code == SqlState::NOT_NULL_VIOLATION {
        Some(ConstraintKind::NotNull)
    } else {
        None
    }
}
