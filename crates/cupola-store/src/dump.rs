//! All rows of all tables, as they are, for a copy of the whole store. What the tables are is asked of
//! the database itself, so that a migration needs nothing here.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Row, StoreError, ToValue, Tx, Value, engine::dialect::Dialect, migrations::MIGRATIONS,
    statement::statements,
};

statements! {
    /// What migrations themselves put there.
    DELETE_FIRST_CODE = "DELETE FROM code WHERE hash = ''";
}

/// What is no part of a copy: the feed of changes and how much of it was read, what the hub keeps to
/// itself or counts anew, the schema's history.
const LEFT_OUT: [&str; 5] = [
    "alert_reading",
    "event",
    "hub_key",
    "owner_load",
    "schema_migration",
];

const SQLITE_COLUMNS: &str = "SELECT m.name AS c0, p.name AS c1, p.type AS c2, p.pk AS c3
    FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
const SQLITE_REFERENCES: &str = "SELECT m.name AS c0, f.\"table\" AS c1
    FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'";
const POSTGRES_COLUMNS: &str = "SELECT c.table_name::text AS c0, c.column_name::text AS c1,
           c.data_type::text AS c2, COALESCE(k.ordinal_position, 0)::bigint AS c3
    FROM information_schema.columns AS c
    LEFT JOIN information_schema.table_constraints AS t
           ON t.table_schema = c.table_schema AND t.table_name = c.table_name
          AND t.constraint_type = 'PRIMARY KEY'
    LEFT JOIN information_schema.key_column_usage AS k
           ON k.constraint_schema = t.constraint_schema AND k.constraint_name = t.constraint_name
          AND k.table_name = c.table_name AND k.column_name = c.column_name
    WHERE c.table_schema = current_schema()";
const POSTGRES_REFERENCES: &str = "SELECT r.relname::text AS c0, f.relname::text AS c1
    FROM pg_constraint AS p JOIN pg_class AS r ON r.oid = p.conrelid
    JOIN pg_class AS f ON f.oid = p.confrelid
    WHERE p.contype = 'f' AND r.relnamespace = current_schema()::regnamespace";

/// Columns are asked for under these names.
const NAMES: [&str; 64] = [
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14",
    "c15", "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27",
    "c28", "c29", "c30", "c31", "c32", "c33", "c34", "c35", "c36", "c37", "c38", "c39", "c40",
    "c41", "c42", "c43", "c44", "c45", "c46", "c47", "c48", "c49", "c50", "c51", "c52", "c53",
    "c54", "c55", "c56", "c57", "c58", "c59", "c60", "c61", "c62", "c63",
];

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns by name.
    pub columns: Vec<Column>,
    /// The columns of its key, in order, by their place among the columns.
    key: Vec<usize>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

impl Table {
    /// Where a column stands in rows.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|found| found.name == column)
    }

    /// The table as it is seen by rows that lack the other columns: these get their defaults.
    #[must_use]
    pub fn with_columns(&self, has: impl Fn(&str) -> bool) -> Self {
        let keys = self.key.iter().map(|at| self.columns[*at].name.as_str());
        let keys: Vec<_> = keys.collect();
        let columns = self.columns.iter().filter(|column| has(&column.name));
        let columns: Vec<_> = columns.cloned().collect();
        let place = |key: &&str| columns.iter().position(|column| column.name == *key);
        Self {
            name: self.name.clone(),
            key: keys.iter().filter_map(place).collect(),
            columns,
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// Whole numbers.
    Integer,
    /// Finite doubles.
    Real,
    /// Texts.
    Text,
    /// Bytes.
    Blob,
}

/// What a column holds in a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Null,
    /// Of a column of truths.
    Bool(bool),
    /// Of a column of whole numbers.
    Integer(i64),
    /// Of a column of doubles.
    Real(f64),
    /// Of a column of texts.
    Text(String),
    /// Of a column of bytes.
    Blob(Vec<u8>),
}

impl ToValue for Cell {
    fn to_value(&self) -> Value<'_> {
        match self {
            Cell::Null => Value::Null,
            Cell::Bool(truth) => Value::Bool(*truth),
            Cell::Integer(integer) => Value::Integer(*integer),
            Cell::Real(real) => Value::Real(*real),
            Cell::Text(text) => Value::Text(text),
            Cell::Blob(bytes) => Value::Blob(bytes),
        }
    }
}

/// The number of the newest migration.
pub fn schema_version() -> i64 {
    MIGRATIONS.last().map_or(0, |newest| newest.version)
}

/// The tables of a copy, in an order in which each refers to earlier ones only.
pub fn tables(tx: &mut Tx) -> Result<Vec<Table>, StoreError> {
    let (columns, references) = match tx.dialect() {
        Dialect::Sqlite => (SQLITE_COLUMNS, SQLITE_REFERENCES),
        Dialect::Postgres => (POSTGRES_COLUMNS, POSTGRES_REFERENCES),
    };
    let truths = truths();
    let mut found: BTreeMap<String, BTreeMap<String, (Kind, i64)>> = BTreeMap::new();
    tx.query_dynamic(columns, &[], |row| {
        let (table, name, word) = (row.text("c0")?, row.text("c1")?, row.text("c2")?);
        let kind = match word.to_lowercase().as_str() {
            _ if truths.contains(name.as_str()) => Kind::Bool,
            "integer" | "bigint" => Kind::Integer,
            "real" | "double precision" => Kind::Real,
            "blob" | "bytea" => Kind::Blob,
            _ => Kind::Text,
        };
        let key = row.i64("c3")?;
        found.entry(table).or_default().insert(name, (kind, key));
        Ok(())
    })?;
    let references = tx.query_dynamic(references, &[], |row| {
        Ok((row.text("c0")?, row.text("c1")?))
    })?;
    found.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    Ok(in_order(
        found.into_iter().map(table).collect(),
        &references,
    ))
}

/// Up to `limit` rows behind the one that was read last, in the order of the key.
pub fn rows(
    tx: &mut Tx,
    table: &Table,
    after: Option<&[Cell]>,
    limit: i64,
) -> Result<Vec<Vec<Cell>>, StoreError> {
    rows_where(tx, table, None, after, limit)
}

/// The same of the rows that have `value` in `column`, one of the table's.
pub fn rows_with(
    tx: &mut Tx,
    table: &Table,
    (column, value): (&str, &Cell),
    after: Option<&[Cell]>,
    limit: i64,
) -> Result<Vec<Vec<Cell>>, StoreError> {
    let at = table.place(column).ok_or_else(|| unknown(table, column))?;
    rows_where(tx, table, Some((at, value)), after, limit)
}

/// Whether there is a row with the key of this one.
pub fn has(tx: &mut Tx, table: &Table, row: &[Cell]) -> Result<bool, StoreError> {
    let key = || table.key.iter();
    let equal = key().zip(1..).map(|(at, hole)| {
        let column = &table.columns[*at].name;
        format!("{column} = ${hole}")
    });
    let equal = equal.collect::<Vec<_>>().join(" AND ");
    let sql = format!("SELECT 1 AS c0 FROM {} WHERE {equal}", table.name);
    let params: Vec<&dyn ToValue> = key().map(|at| &row[*at] as &dyn ToValue).collect();
    Ok(!tx.query_dynamic(&sql, &params, |_| Ok(()))?.is_empty())
}

/// The largest number in a column of whole numbers, 0 where there is none.
pub fn largest(tx: &mut Tx, table: &Table, column: &str) -> Result<i64, StoreError> {
    let at = table.place(column).ok_or_else(|| unknown(table, column))?;
    let (name, column) = (&table.name, &table.columns[at].name);
    let sql = format!("SELECT COALESCE(MAX({column}), 0) AS c0 FROM {name}");
    let found = tx.query_dynamic(&sql, &[], |row| row.i64("c0"))?;
    Ok(found.first().copied().unwrap_or(0))
}

fn rows_where(
    tx: &mut Tx,
    table: &Table,
    with: Option<(usize, &Cell)>,
    after: Option<&[Cell]>,
    limit: i64,
) -> Result<Vec<Vec<Cell>>, StoreError> {
    let column = |at: &usize| table.columns[*at].name.as_str();
    let key = table.key.iter().map(column).collect::<Vec<_>>().join(", ");
    let selected = table.columns.iter().zip(NAMES);
    let selected = selected.map(|(column, alias)| format!("{} AS {alias}", column.name));
    let selected = selected.collect::<Vec<_>>().join(", ");
    let name = &table.name;
    let mut params: Vec<&dyn ToValue> = vec![&limit];
    let mut conditions = Vec::new();
    if let Some((at, value)) = with {
        params.push(value);
        conditions.push(format!("{} = $2", column(&at)));
    }
    if let Some(last) = after {
        let first = params.len() + 1;
        params.extend(table.key.iter().map(|at| &last[*at] as &dyn ToValue));
        let holes = (first..=params.len()).map(|hole| format!("${hole}"));
        let holes = holes.collect::<Vec<_>>().join(", ");
        conditions.push(format!("({key}) > ({holes})"));
    }
    let condition = match conditions.as_slice() {
        [] => String::new(),
        some => format!("WHERE {}", some.join(" AND ")),
    };
    let sql = format!("SELECT {selected} FROM {name} {condition} ORDER BY {key} LIMIT $1");
    tx.query_dynamic(&sql, &params, |row| {
        let cells = table.columns.iter().zip(NAMES);
        cells
            .map(|(column, alias)| cell(row, column.kind, alias))
            .collect()
    })
}

/// Adds a row.
pub fn insert(tx: &mut Tx, table: &Table, row: &[Cell]) -> Result<(), StoreError> {
    let names: Vec<_> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let holes: Vec<_> = (1..=names.len()).map(|hole| format!("${hole}")).collect();
    let (name, names, holes) = (&table.name, names.join(", "), holes.join(", "));
    let sql = format!("INSERT INTO {name} ({names}) VALUES ({holes})");
    let params: Vec<&dyn ToValue> = row.iter().map(|cell| cell as &dyn ToValue).collect();
    tx.query_dynamic(&sql, &params, |_| Ok(())).map(drop)
}

/// The first table that has rows; where none has, what migrations themselves put there goes.
pub fn find_filled(tx: &mut Tx, tables: &[Table]) -> Result<Option<String>, StoreError> {
    let (code, others): (Vec<_>, Vec<_>) = tables.iter().partition(|table| table.name == "code");
    for table in others {
        if !rows(tx, table, None, 1)?.is_empty() {
            return Ok(Some(table.name.clone()));
        }
    }
    tx.execute(DELETE_FIRST_CODE, &[])?;
    for table in code {
        if !rows(tx, table, None, 1)?.is_empty() {
            return Ok(Some(table.name.clone()));
        }
    }
    Ok(None)
}

fn unknown(table: &Table, column: &str) -> StoreError {
    StoreError::Unsupported(format!("`{}` has no column `{column}`", table.name))
}

fn cell(row: &Row<'_>, kind: Kind, alias: &'static str) -> Result<Cell, StoreError> {
    let found = match kind {
        Kind::Bool => row.optional_bool(alias)?.map(Cell::Bool),
        Kind::Integer => row.optional_i64(alias)?.map(Cell::Integer),
        Kind::Real => row.optional_f64(alias)?.map(Cell::Real),
        Kind::Text => row.optional_text(alias)?.map(Cell::Text),
        Kind::Blob => row.optional_blob(alias)?.map(Cell::Blob),
    };
    Ok(found.unwrap_or(Cell::Null))
}

fn table((name, columns): (String, BTreeMap<String, (Kind, i64)>)) -> Table {
    let mut key: Vec<(i64, usize)> = columns
        .values()
        .enumerate()
        .filter(|(_, (_, key))| *key > 0)
        .map(|(at, (_, key))| (*key, at))
        .collect();
    key.sort_unstable();
    let column = |(name, (kind, _)): (String, (Kind, i64))| Column { name, kind };
    Table {
        name,
        key: key.into_iter().map(|(_, at)| at).collect(),
        columns: columns.into_iter().map(column).collect(),
    }
}

/// SQLite has whole numbers for truths: the migrations say which columns are meant.
fn truths() -> BTreeSet<&'static str> {
    let words = MIGRATIONS.iter().flat_map(|migration| {
        let words: Vec<&str> = migration.sql.split_whitespace().collect();
        let pairs: Vec<_> = words.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs
    });
    let is_truth = |(_, kind): &(&str, &str)| kind.trim_end_matches(',') == "BOOLEAN";
    words.filter(is_truth).map(|(name, _)| name).collect()
}

/// The tables by name, each behind those that it refers to.
fn in_order(mut left: Vec<Table>, references: &[(String, String)]) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_left = |name: &str| left.iter().any(|table| table.name == name);
        let waits = |table: &Table| {
            let mut needs = references
                .iter()
                .filter(|(from, to)| *from == table.name && from != to);
            needs.any(|(_, to)| is_left(to))
        };
        // The schema has no circles; if it had, the database would say so at the first row.
        let next = left.iter().position(|table| !waits(table)).unwrap_or(0);
        ordered.push(left.remove(next));
    }
    ordered
}
