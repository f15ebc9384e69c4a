//! A row as a line of JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cupola_store::dump::{Cell, Kind, Table};
use serde_json::{Map, Value};

/// The line of a row, without the columns that `is_left_out` names.
pub(super) fn line(table: &Table, row: &[Cell], is_left_out: impl Fn(&str) -> bool) -> String {
    format!("{}\n", Value::Object(object(table, row, is_left_out)))
}

/// A row by its columns, without those that `is_left_out` names.
pub(crate) fn object(
    table: &Table,
    row: &[Cell],
    is_left_out: impl Fn(&str) -> bool,
) -> Map<String, Value> {
    let columns = table.columns.iter().zip(row);
    let columns = columns.filter(|(column, _)| !is_left_out(&column.name));
    columns
        .map(|(column, cell)| (column.name.clone(), value(cell)))
        .collect()
}

/// The row of a line. A column that is left out is what `missing` says, if it may be.
pub(super) fn row(
    table: &Table,
    line: &[u8],
    missing: impl Fn(&str, &Map<String, Value>) -> Option<Cell>,
) -> Result<Vec<Cell>, String> {
    let object = serde_json::from_slice(line).map_err(|error| format!("is no row: {error}"))?;
    of_object(table, &object, missing)
}

/// The same of a row by its columns.
pub(crate) fn of_object(
    table: &Table,
    object: &Map<String, Value>,
    missing: impl Fn(&str, &Map<String, Value>) -> Option<Cell>,
) -> Result<Vec<Cell>, String> {
    let known = |name: &String| table.columns.iter().any(|column| column.name == *name);
    if let Some(unknown) = object.keys().find(|name| !known(name)) {
        return Err(format!("there is no column `{unknown}`"));
    }
    let cell = |(name, kind): (&str, Kind)| match (object.get(name), missing(name, object)) {
        (_, Some(cell)) => Ok(cell),
        (None, None) => Err(format!("column `{name}` is missing")),
        (Some(value), None) => of_value(value, kind)
            .ok_or_else(|| format!("column `{name}` has another kind of value")),
    };
    let columns = table.columns.iter();
    columns
        .map(|column| cell((&column.name, column.kind)))
        .collect()
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(truth) => (*truth).into(),
        Cell::Integer(integer) => (*integer).into(),
        Cell::Real(real) => (*real).into(),
        Cell::Text(text) => text.as_str().into(),
        Cell::Blob(bytes) => STANDARD.encode(bytes).into(),
    }
}

fn of_value(value: &Value, kind: Kind) -> Option<Cell> {
    Some(match (kind, value) {
        (_, Value::Null) => Cell::Null,
        (Kind::Bool, Value::Bool(truth)) => Cell::Bool(*truth),
        (Kind::Integer, value) => Cell::Integer(value.as_i64()?),
        (Kind::Real, value) => Cell::Real(value.as_f64()?),
        (Kind::Text, Value::String(text)) => Cell::Text(text.clone()),
        (Kind::Blob, Value::String(text)) => Cell::Blob(STANDARD.decode(text).ok()?),
        _ => return None,
    })
}
