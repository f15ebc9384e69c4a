//! JSON bodies: those that come, where what is wrong is named by its place, and those of new things.

use std::time::Duration;

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cupola_domain::field::FieldError;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{error::Refused, state::Web};

/// A body may take this long in all, however steadily it drips.
const BODY_TIME_MAX: Duration = Duration::from_mins(1);

/// A body of JSON.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Refused> {
        let media_type = request.headers().get(header::CONTENT_TYPE);
        if !media_type.is_some_and(|value| value.to_str().is_ok_and(is_json)) {
            return Err(Refused::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "the body must be `application/json`",
            ));
        }
        parse(&read(request, web).await?).map(Self)
    }
}

/// What was made, and the address where it is from now on.
pub(super) fn created(place: &str, body: impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(place) = HeaderValue::from_str(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// The whole body, within its limits.
pub(crate) async fn read(request: Request, web: &Web) -> Result<Bytes, Refused> {
    let reading = Bytes::from_request(request, web);
    let Ok(read) = tokio::time::timeout(BODY_TIME_MAX, reading).await else {
        let title = "the body took too long";
        return Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "timeout", title));
    };
    read.map_err(|refused| {
        if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let title = "the body is larger than is taken here; send less at once";
            return Refused::new(refused.status(), "too_large", title);
        }
        Refused::new(
            refused.status(),
            "bad_request",
            refused.body_text().to_lowercase(),
        )
    })
}

pub(crate) fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim();
    name.eq_ignore_ascii_case("application/json")
}

/// What was read already, in the shape that it should have.
pub(super) fn shaped<T: DeserializeOwned>(value: Value) -> Result<T, Refused> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        refusal(&path, &error.into_inner())
    })
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refusal(&path, &error.into_inner())
    })?;
    json.end().map_err(|error| refusal("", &error))?;
    Ok(value)
}

/// Text that is no JSON is a bad request; JSON of another shape is an invalid field.
fn refusal(path: &str, error: &serde_json::Error) -> Refused {
    if error.is_data() {
        let place = match path {
            "" | "." | "?" => "",
            path => path,
        };
        return vec![explained(place, &error.to_string())].into();
    }
    let title = format!("the body is not JSON: {error}");
    Refused::new(StatusCode::BAD_REQUEST, "bad_request", title)
}

/// What a parser says of a field, as people read it: the field that is meant, and how it is written.
fn explained(place: &str, said: &str) -> FieldError {
    let said = said.split(" at line ").next().unwrap_or(said);
    let named = |rest: &str| rest.trim_matches('`').to_owned();
    if let Some(field) = said.strip_prefix("missing field ") {
        let field = named(field);
        let field = match place {
            "" => field,
            place => format!("{place}.{field}"),
        };
        return FieldError::new(field, "is missing");
    }
    let field = if place.is_empty() { "body" } else { place };
    if let Some((_, expected)) = said
        .strip_prefix("unknown field ")
        .and_then(|rest| rest.split_once(", "))
    {
        return FieldError::new(field, format!("is not known here; {expected}"));
    }
    let of_shape = said
        .strip_prefix("invalid type: ")
        .or_else(|| said.strip_prefix("invalid value: "));
    let message = match of_shape.and_then(|rest| rest.split_once(", expected ")) {
        Some((found, expected)) => format!("is {found}; write {}", shape(expected)),
        None => said.to_owned(),
    };
    FieldError::new(field, message)
}

fn shape(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" | "string" => "a text",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use cupola_protocol::access::NewToken;

    use super::*;

    fn check(body: &str, status: u16, expected: &str) {
        let Err(Refused(problem)) = parse::<NewToken>(body.as_bytes()) else {
            panic!("{body} was taken");
        };
        let fields: Vec<_> = problem.errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(
            (problem.status, fields.join(",").as_str()),
            (status, expected),
            "{problem:?}"
        );
    }

    #[test]
    fn what_is_wrong_with_a_body_is_named() {
        check("", 400, "");
        check("{", 400, "");
        check(r#"{"name":"a","role":"viewer"} x"#, 400, "");
        check("[]", 422, "body");
        check(r#"{"name":"a"}"#, 422, "role");
        check(r#"{"name":1,"role":"viewer"}"#, 422, "name");
        check(r#"{"name":"a","role":"viewer","admin":true}"#, 422, "admin");
    }

    #[test]
    fn people_are_told_how_a_field_is_written() {
        let check = |place: &str, said: &str, expected: &str| {
            assert_eq!(explained(place, said).to_string(), expected);
        };
        check(
            "",
            "missing field `role` at line 1 column 12",
            "`role`: is missing",
        );
        check("a.b", "missing field `c`", "`a.b.c`: is missing");
        check(
            "uses",
            "invalid type: string \"two\", expected u32 at line 1 column 9",
            "`uses`: is string \"two\"; write a whole number from 0",
        );
        check(
            "admin",
            "unknown field `admin`, expected one of `name`, `role` at line 1 column 9",
            "`admin`: is not known here; expected one of `name`, `role`",
        );
        check("x", "anything else", "`x`: anything else");
    }
}
