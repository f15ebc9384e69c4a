//! Bodies as clients send them: protocol buffers written as JSON, read once and without copying.
//!
//! Numbers may come as texts, what is absent may come as null, and fields that nobody knows are passed
//! over.

use std::{borrow::Cow, fmt, marker::PhantomData, ops::Deref};

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use super::Error;
use crate::{api::body, error, state::Web};

/// Bytes of a body, unless its route says otherwise.
pub(crate) const BYTES_MAX: usize = 1 << 20;

/// The bytes of a JSON body; one that says it is longer than `MAX` is refused before it is read.
pub(crate) struct Body<const MAX: usize = BYTES_MAX>(Bytes);

impl<const MAX: usize> FromRequest<Web> for Body<MAX> {
    type Rejection = Error;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Error> {
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > MAX as u64) {
            let title = format!("A request may have at most {MAX} bytes.");
            return Err(error::problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large", title).into());
        }
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let is_json = media_type.is_some_and(|value| value.to_str().is_ok_and(body::is_json));
        let bytes = body::read(request, web).await?;
        if !is_json && !bytes.is_empty() {
            return Err(Error::invalid("The body must be 'application/json'."));
        }
        Ok(Self(bytes))
    }
}

impl<const MAX: usize> Body<MAX> {
    /// What the body says. An empty one says nothing of any field.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        let bytes = match self.0.trim_ascii() {
            [] => b"{}",
            bytes => bytes,
        };
        serde_json::from_slice(bytes).or_else(|_| explain(bytes))
    }
}

/// Reads once more, slowly, to say where it is wrong.
fn explain<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json);
    let error = match read {
        Ok(value) => match json.end() {
            Ok(()) => return Ok(value),
            Err(error) => return Err(no_json(&error)),
        },
        Err(error) => error,
    };
    let path = error.path().to_string();
    let error = error.into_inner();
    if !error.is_data() {
        return Err(no_json(&error));
    }
    let field = match path.as_str() {
        "" | "." | "?" => "body",
        path => path,
    };
    Err(Error::of_field(field, error))
}

fn no_json(error: &serde_json::Error) -> Error {
    Error::invalid(format!("The body is not JSON: {error}."))
}

/// A text, borrowed from the body where it has no escapes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Text<'_> {
    pub(crate) fn into_owned(self) -> String {
        self.0.into_owned()
    }
}

/// The text of a field that must be there.
pub(crate) fn required<'a>(text: Option<Text<'a>>, field: &str) -> Result<Text<'a>, Error> {
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| Error::missing(field))
}

/// One of a list of words, or its number.
#[derive(Debug, Clone)]
pub(crate) struct Word(String);

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A double: a number, or a text that says one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Double(pub(crate) f64);

/// A whole number of 64 bits: a number, or a text that says one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Long(pub(crate) i64);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Texts(PhantomData))
    }
}

struct Texts<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for Texts<'a> {
    type Value = Text<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'a>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words).map(Self)
    }
}

struct Words;

impl Visitor<'_> for Words {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Doubles).map(Self)
    }
}

struct Doubles;

impl Visitor<'_> for Doubles {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a double")
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a double is asked for, and the nearest one is meant"
    )]
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a double is asked for, and the nearest one is meant"
    )]
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<f64, E> {
        let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
        text.parse().map_err(|_| wrong())
    }
}

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Longs).map(Self)
    }
}

struct Longs;

impl Visitor<'_> for Longs {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of 64 bits")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<i64, E> {
        whole(value).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        let wrong = || E::invalid_value(de::Unexpected::Str(text), &self);
        text.parse().map_err(|_| wrong())
    }
}

/// A double that is a whole number that both kinds of number write exactly.
fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole, and small enough to be exact"
    )]
    let number = value as i64;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Sample<'a> {
        #[serde(borrow)]
        key: Option<Text<'a>>,
        value: Option<Double>,
        step: Option<Long>,
    }

    fn check(body: &str, expected: &str) {
        let body = Body::<BYTES_MAX>(Bytes::copy_from_slice(body.as_bytes()));
        let seen = match body.read::<Sample<'_>>() {
            Ok(sample) => format!(
                "{:?} {:?} {:?}",
                sample.key.as_deref(),
                sample.value.map(|value| value.0),
                sample.step.map(|step| step.0)
            ),
            Err(error) => format!("{error:?}"),
        };
        assert!(seen.contains(expected), "{seen} is not {expected}");
    }

    #[test]
    fn fields_are_read_as_protocol_buffers_write_them() {
        check("", "None None None");
        check(r#"{"key": null, "other": [1]}"#, "None None None");
        check(r#"{"key": "a\u0041"}"#, r#"Some("aA")"#);
        check(r#"{"value": 1, "step": "-3"}"#, "Some(1.0) Some(-3)");
        check(r#"{"value": "NaN", "step": 2.0}"#, "Some(NaN) Some(2)");
        check(r#"{"value": "-Infinity"}"#, "Some(-inf)");
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(r#"{"key": 1}"#, "'key'");
        check(r#"{"value": true}"#, "'value'");
        check(r#"{"value": "x"}"#, "'value'");
        check(r#"{"step": 1.5}"#, "'step'");
        check(r#"{"step": 9223372036854775808}"#, "'step'");
        check("[", "not JSON");
        check("{} x", "not JSON");
        check("[]", "'body'");
    }
}
