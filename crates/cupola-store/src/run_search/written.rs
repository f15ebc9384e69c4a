//! A statement that is put together from constants, its values beside it.

use crate::{Row, StoreError, ToValue, Tx, Value};

/// A text and the values of its parameters, in the order in which they stand in it.
#[derive(Debug, Default)]
pub(super) struct Written {
    text: String,
    values: Vec<Owned>,
}

#[derive(Debug)]
enum Owned {
    Text(String),
    Number(f64),
    Integer(i64),
}

impl Written {
    /// Adds text; only ever constants of this module.
    pub(super) fn say(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a parameter with this text.
    pub(super) fn text(&mut self, text: impl Into<String>) -> &mut Self {
        self.value(Owned::Text(text.into()))
    }

    /// Adds a parameter with this number, which is finite.
    pub(super) fn number(&mut self, number: f64) -> &mut Self {
        self.value(Owned::Number(number + 0.0))
    }

    /// Adds a parameter with this integer.
    pub(super) fn integer(&mut self, integer: i64) -> &mut Self {
        self.value(Owned::Integer(integer))
    }

    /// Adds what `each` writes for each of the items, with a word in between.
    pub(super) fn joined<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        word: &str,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (at, item) in items.into_iter().enumerate() {
            self.say(if at == 0 { "" } else { word });
            each(self, item);
        }
        self
    }

    pub(super) fn query<T>(
        &self,
        tx: &mut Tx,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let values: Vec<&dyn ToValue> = self.values.iter().map(|v| v as &dyn ToValue).collect();
        tx.query_dynamic(&self.text, &values, read)
    }

    fn value(&mut self, value: Owned) -> &mut Self {
        self.values.push(value);
        let number = self.values.len().to_string();
        self.say("$").say(&number)
    }
}

impl ToValue for Owned {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Number(number) => Value::Real(*number),
            Self::Integer(integer) => Value::Integer(*integer),
        }
    }
}
