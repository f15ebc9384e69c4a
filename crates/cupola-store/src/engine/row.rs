//! One row of an answer, read by column name.

use postgres::types::Type;
use rusqlite::types::ValueRef;

use crate::error::StoreError;

/// A row, valid while the closure that reads it runs.
///
/// A column of the wrong type is a [`StoreError::Column`] that names it.
pub struct Row<'a> {
    pub(super) inner: Inner<'a>,
    pub(super) sql: &'a str,
}

pub(super) enum Inner<'a> {
    /// With the names of its columns.
    Sqlite(&'a rusqlite::Row<'a>, &'a [String]),
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// An integer of any width.
    pub fn i64(&self, column: &'static str) -> Result<i64, StoreError> {
        self.optional_i64(column)?
            .ok_or_else(|| self.null(column, "an integer"))
    }

    /// A double. An integer is not taken for one: say `CAST(… AS DOUBLE PRECISION)`.
    pub fn f64(&self, column: &'static str) -> Result<f64, StoreError> {
        self.optional_f64(column)?
            .ok_or_else(|| self.null(column, "a double"))
    }

    /// A truth value; SQLite keeps it as 0 or 1.
    pub fn bool(&self, column: &'static str) -> Result<bool, StoreError> {
        self.optional_bool(column)?
            .ok_or_else(|| self.null(column, "a truth value"))
    }

    /// A text.
    pub fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.optional_text(column)?
            .ok_or_else(|| self.null(column, "a text"))
    }

    /// Bytes.
    pub fn blob(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.optional_blob(column)?
            .ok_or_else(|| self.null(column, "a blob"))
    }

    /// An integer or NULL.
    pub fn optional_i64(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Integer(integer) => Ok(Some(integer)),
            other => Err(self.wrong(column, "an integer", other.kind())),
        }
    }

    /// A double or NULL.
    pub fn optional_f64(&self, column: &'static str) -> Result<Option<f64>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Real(real) => Ok(Some(real)),
            other => Err(self.wrong(column, "a double", other.kind())),
        }
    }

    /// A truth value or NULL.
    pub fn optional_bool(&self, column: &'static str) -> Result<Option<bool>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Bool(truth) => Ok(Some(truth)),
            Cell::Integer(integer @ (0 | 1)) => Ok(Some(integer == 1)),
            other => Err(self.wrong(column, "a truth value", other.kind())),
        }
    }

    /// A text or NULL.
    pub fn optional_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text.to_owned())),
            other => Err(self.wrong(column, "a text", other.kind())),
        }
    }

    /// Bytes or NULL.
    pub fn optional_blob(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.cell(column)? {
            Cell::Null => Ok(None),
            Cell::Blob(bytes) => Ok(Some(bytes.to_owned())),
            other => Err(self.wrong(column, "a blob", other.kind())),
        }
    }

    fn cell(&self, column: &'static str) -> Result<Cell<'_>, StoreError> {
        match &self.inner {
            Inner::Sqlite(row, names) => sqlite_cell(row, names, column),
            Inner::Postgres(row) => postgres_cell(row, column),
        }
        .map_err(|found| self.wrong(column, "readable", &found))
    }

    fn null(&self, column: &'static str, wanted: &'static str) -> StoreError {
        self.wrong(column, wanted, "NULL")
    }

    fn wrong(&self, column: &'static str, wanted: &'static str, found: &str) -> StoreError {
        StoreError::Column {
            column,
            wanted,
            found: found.to_owned(),
            sql: self.sql.to_owned(),
        }
    }
}

enum Cell<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

impl Cell<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Cell::Null => "NULL",
            Cell::Bool(_) => "a truth value",
            Cell::Integer(_) => "an integer",
            Cell::Real(_) => "a double",
            Cell::Text(_) => "a text",
            Cell::Blob(_) => "a blob",
        }
    }
}

fn sqlite_cell<'a>(
    row: &'a rusqlite::Row<'_>,
    names: &[String],
    column: &str,
) -> Result<Cell<'a>, String> {
    let Some(index) = names.iter().position(|name| name == column) else {
        return Err("not in the answer".to_owned());
    };
    match row.get_ref(index).map_err(|error| error.to_string())? {
        ValueRef::Null => Ok(Cell::Null),
        ValueRef::Integer(integer) => Ok(Cell::Integer(integer)),
        ValueRef::Real(real) => Ok(Cell::Real(real)),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes)
            .map(Cell::Text)
            .map_err(|_| "not UTF-8".to_owned()),
        ValueRef::Blob(bytes) => Ok(Cell::Blob(bytes)),
    }
}

fn postgres_cell<'a>(row: &'a postgres::Row, column: &str) -> Result<Cell<'a>, String> {
    let Some(index) = row.columns().iter().position(|c| c.name() == column) else {
        return Err("not in the answer".to_owned());
    };
    let cell = match *row.columns()[index].type_() {
        Type::BOOL => row
            .try_get::<_, Option<bool>>(index)
            .map(|v| v.map(Cell::Bool)),
        Type::INT2 => {
            (row.try_get::<_, Option<i16>>(index)).map(|v| v.map(|v| Cell::Integer(v.into())))
        }
        Type::INT4 => {
            (row.try_get::<_, Option<i32>>(index)).map(|v| v.map(|v| Cell::Integer(v.into())))
        }
        Type::INT8 => row
            .try_get::<_, Option<i64>>(index)
            .map(|v| v.map(Cell::Integer)),
        Type::FLOAT4 => {
            (row.try_get::<_, Option<f32>>(index)).map(|v| v.map(|v| Cell::Real(v.into())))
        }
        Type::FLOAT8 => row
            .try_get::<_, Option<f64>>(index)
            .map(|v| v.map(Cell::Real)),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => row
            .try_get::<_, Option<&str>>(index)
            .map(|v| v.map(Cell::Text)),
        Type::BYTEA => row
            .try_get::<_, Option<&[u8]>>(index)
            .map(|v| v.map(Cell::Blob)),
        ref other => {
            return Err(format!(
                "of PostgreSQL's type `{other}`, which is not portable"
            ));
        }
    };
    Ok(cell
        .map_err(|error| error.to_string())?
        .unwrap_or(Cell::Null))
}
