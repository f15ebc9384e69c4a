//! Reads a table of somebody's making, key by key, and remembers everything that is wrong with it.
//!
//! A wrong value reads as an absent one, so that one mistake does not hide the others; whoever began
//! with [`read`] gets a value only when there was no mistake.

use std::cell::{Cell, RefCell};

use serde_json::{Map, Value};

use crate::{field::FieldError, text::excerpt};

/// An object whose keys are asked for one after the other.
pub struct Table<'a> {
    map: &'a Map<String, Value>,
    at: String,
    errors: &'a RefCell<Vec<FieldError>>,
    known: RefCell<Vec<&'static str>>,
    takes_any: Cell<bool>,
}

/// What `reader` makes of `map`, or everything that is wrong. Keys that it did not ask for are wrong
/// too: they are most often misspelt.
pub fn read<T>(
    map: &Map<String, Value>,
    reader: impl FnOnce(&Table<'_>) -> Option<T>,
) -> Result<T, Vec<FieldError>> {
    let errors = RefCell::new(Vec::new());
    let table = Table::new(map, String::new(), &errors);
    let read = reader(&table);
    table.refuse_unknown();
    let errors = errors.into_inner();
    match read {
        Some(read) if errors.is_empty() => Ok(read),
        _ => Err(errors),
    }
}

impl<'a> Table<'a> {
    fn new(map: &'a Map<String, Value>, at: String, errors: &'a RefCell<Vec<FieldError>>) -> Self {
        Self {
            map,
            at,
            errors,
            known: RefCell::default(),
            takes_any: Cell::new(false),
        }
    }

    /// Whether `key` says anything.
    pub fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// What stands at `key`.
    pub fn value(&self, key: &'static str) -> Option<&'a Value> {
        let mut known = self.known.borrow_mut();
        if !known.contains(&key) {
            known.push(key);
        }
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// What `convert` makes of what stands at `key`; `wanted` is what to give if that is nothing.
    pub fn convert<T>(
        &self,
        key: &'static str,
        wanted: &str,
        convert: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = self.value(key)?;
        let converted = convert(value);
        if converted.is_none() {
            self.refuse(key, format!("is {}; {wanted}", excerpt(value)));
        }
        converted
    }

    /// A text.
    pub fn text(&self, key: &'static str) -> Option<&'a str> {
        self.convert(key, "give a text", Value::as_str)
    }

    /// Yes or no; no if nothing is said.
    pub fn flag(&self, key: &'static str) -> bool {
        let flag = self.convert(key, "give `true` or `false`", Value::as_bool);
        flag.unwrap_or(false)
    }

    /// A count.
    pub fn count(&self, key: &'static str) -> Option<u32> {
        let as_count = |value: &Value| value.as_u64().and_then(|count| count.try_into().ok());
        self.convert(key, "give a whole number from 0", as_count)
    }

    /// A number.
    pub fn number(&self, key: &'static str) -> Option<f64> {
        self.convert(key, "give a number", Value::as_f64)
    }

    /// A list of values; empty if nothing is said.
    pub fn list(&self, key: &'static str) -> &'a [Value] {
        let list = self.convert(key, "give a list", Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// A list of texts; empty if nothing is said.
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for (at, value) in self.list(key).iter().enumerate() {
            match value.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.refuse(&format!("{key}.{at}"), not_a_text(value)),
            }
        }
        texts
    }

    /// An object that is kept as it is; empty if nothing is said.
    pub fn object(&self, key: &'static str) -> Map<String, Value> {
        let object = self.convert(key, "give a table", Value::as_object);
        object.cloned().unwrap_or_default()
    }

    /// What `reader` makes of the table at `key`.
    pub fn table<T>(
        &self,
        key: &'static str,
        reader: impl FnOnce(&Table<'_>) -> Option<T>,
    ) -> Option<T> {
        let map = self.convert(key, "give a table", Value::as_object)?;
        self.read_below(key, map, reader)
    }

    /// What `reader` makes of each table of the list at `key`.
    pub fn tables<T>(
        &self,
        key: &'static str,
        mut reader: impl FnMut(&Table<'_>) -> Option<T>,
    ) -> Vec<T> {
        let mut tables = Vec::new();
        for (at, value) in self.list(key).iter().enumerate() {
            let name = format!("{key}.{at}");
            match value.as_object() {
                Some(map) => tables.extend(self.read_below(&name, map, &mut reader)),
                None => self.refuse(&name, format!("is {}; give a table", excerpt(value))),
            }
        }
        tables
    }

    /// `found`, which was read from `key`; that nothing stands there is a mistake.
    pub fn need<T>(&self, key: &'static str, wanted: &str, found: Option<T>) -> Option<T> {
        if !self.has(key) {
            self.refuse(key, format!("is missing; {wanted}"));
        }
        found
    }

    /// Says nothing of keys that nobody asks for: which ones fit cannot be known.
    pub fn take_any(&self) {
        self.takes_any.set(true);
    }

    /// Remembers a mistake in `key`.
    pub fn refuse(&self, key: &str, message: impl Into<String>) {
        let error = FieldError::new(key, message);
        let error = match self.at.as_str() {
            "" => error,
            at => error.under(at),
        };
        self.errors.borrow_mut().push(error);
    }

    fn read_below<T>(
        &self,
        name: &str,
        map: &Map<String, Value>,
        reader: impl FnOnce(&Table<'_>) -> Option<T>,
    ) -> Option<T> {
        let at = FieldError::new(name, "");
        let at = match self.at.as_str() {
            "" => at,
            above => at.under(above),
        };
        let below = Table::new(map, at.field, self.errors);
        let read = reader(&below);
        below.refuse_unknown();
        read
    }

    fn refuse_unknown(&self) {
        if self.takes_any.get() {
            return;
        }
        let known = self.known.borrow();
        let is_unknown = |key: &&String| !known.contains(&key.as_str());
        let names: Vec<_> = known.iter().map(|key| format!("`{key}`")).collect();
        for key in self.map.keys().filter(is_unknown) {
            let names = names.join(", ");
            self.refuse(
                &excerpt(key),
                format!("is not known here; there are {names}"),
            );
        }
    }
}

fn not_a_text(value: &Value) -> String {
    format!("is {}; give a text", excerpt(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(given: Value, expected: &str) {
        let read = read(given.as_object().unwrap(), |table| {
            let name = table.need("name", "give a name", table.text("name"));
            let sizes = table.tables("parts", |part| part.count("size"));
            let deep = table.table("deep", |deep| Some(deep.flag("flag")));
            Some(format!("{} {sizes:?} {deep:?}", name?))
        });
        let found = read.unwrap_or_else(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            errors.join(" | ")
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        check(
            json!({"name": "n", "parts": [{"size": 1}], "deep": {"flag": true}}),
            "n [1] Some(true)",
        );
        check(
            json!({"parts": [{"size": -1}, 3], "deep": {"flag": 1, "falg": true}}),
            "`name`: is missing; give a name | `parts.0.size`: is -1; give a whole number from 0 | \
             `parts.1`: is 3; give a table | `deep.flag`: is 1; give `true` or `false` | \
             `deep.falg`: is not known here; there are `flag`",
        );
    }
}
