//! What a statement's parameters may be.

use crate::error::StoreError;

/// A parameter as the databases take it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Real(f64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A type that can stand for `$n`.
///
/// Doubles must be finite and not -0.0, and texts free of NUL, because one of the databases
/// would change or refuse them: in SQLite a NaN becomes NULL and -0.0 becomes 0.0, and a NUL is
/// not text in PostgreSQL. What may hold such values (metric values, log lines) is stored as a
/// blob; where the sign of zero means nothing, add 0.0.
pub trait ToValue {
    /// The value to bind.
    fn to_value(&self) -> Value<'_>;
}

impl Value<'_> {
    /// Refuses what would not come back exactly as it went in.
    pub(super) fn checked(self) -> Result<Self, StoreError> {
        match self {
            Value::Real(real) if !is_exact(real) => Err(StoreError::Value(format!(
                "the number {real:?} cannot be stored in a column; store it as a blob"
            ))),
            Value::Text(text) if text.contains('\0') => Err(StoreError::Value(
                "a text with a NUL character cannot be stored in a column; store it as a blob"
                    .into(),
            )),
            value => Ok(value),
        }
    }
}

/// Whether both databases give the number back bit by bit.
fn is_exact(real: f64) -> bool {
    real.is_finite() && !(real == 0.0 && real.is_sign_negative())
}

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        *self
    }
}

impl ToValue for i64 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl ToValue for i32 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for u32 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Bool(*self)
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value<'_> {
        Value::Real(*self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}
