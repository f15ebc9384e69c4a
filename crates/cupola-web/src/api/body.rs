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
        let field = match path {
            "" | "." | "?" => "body",
            path => path,
        };
        return vec![FieldError::new(field, error.to_string())].into();
    }
    let title = format!("the body is not JSON: {error}");
    Refused::new(StatusCode::BAD_REQUEST, "bad_request", title)
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
        check(r#"{"name":"a"}"#, 422, "body");
        check(r#"{"name":1,"role":"viewer"}"#, 422, "name");
        check(r#"{"name":"a","role":"viewer","admin":true}"#, 422, "admin");
    }
}
