//! Errors with a face: a problem document for programs, a page for people.
//!
//! [`status_of`] alone chooses status codes for what the hub says. [`ApiError`] is JSON and
//! [`PageError`] a page; [`Refused`] leaves the choice to the request, for extractors and layers.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cupola_domain::field::FieldError;
use cupola_hub::HubError;
use cupola_protocol::problem::{FieldProblem, Problem};

/// The status of what the hub says.
pub const fn status_of(error: &HubError) -> StatusCode {
    match error {
        HubError::NotFound { .. } => StatusCode::NOT_FOUND,
        HubError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        HubError::Conflict(_)
        | HubError::Taken(_)
        | HubError::Rival(_)
        | HubError::StaleLease(_) => StatusCode::CONFLICT,
        HubError::Forbidden(_) => StatusCode::FORBIDDEN,
        HubError::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        HubError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        HubError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        HubError::NoSpace(_) => StatusCode::INSUFFICIENT_STORAGE,
        HubError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

const fn type_of(error: &HubError) -> &'static str {
    match error {
        HubError::NotFound { .. } => "not_found",
        HubError::Invalid(_) => "invalid",
        HubError::Conflict(_) | HubError::Taken(_) => "conflict",
        HubError::Rival(_) => "worker_in_use",
        HubError::StaleLease(_) => "stale_lease",
        HubError::Forbidden(_) => "forbidden",
        HubError::Unauthorized(_) => "unauthorized",
        HubError::Unavailable(_) => "unavailable",
        HubError::TooLarge(_) => "too_large",
        HubError::NoSpace(_) => "no_space",
        HubError::Internal(_) => "internal",
    }
}

/// What is told of `error`. An internal one is logged here, once, and told no more of.
pub fn problem_of(error: &HubError) -> Problem {
    if let HubError::Internal(cause) = error {
        tracing::error!(error = format!("{cause:#}"), "a request failed");
    }
    let mut problem = problem(status_of(error), type_of(error), error.to_string());
    if let HubError::Invalid(errors) = error {
        problem.errors = errors.iter().map(field_problem).collect();
    }
    problem
}

/// A problem that never reached the hub.
pub fn problem(status: StatusCode, name: &str, title: impl Into<String>) -> Problem {
    Problem {
        r#type: name.to_owned(),
        status: status.as_u16(),
        title: title.into(),
        errors: Vec::new(),
    }
}

/// One wrong field on the wire.
pub(crate) fn field_problem(error: &FieldError) -> FieldProblem {
    FieldProblem {
        field: error.field.clone(),
        message: error.message.clone(),
    }
}

/// An error of the API: a problem document.
#[derive(Debug, Clone)]
pub struct ApiError(pub Problem);

/// An error of a page. The layer of [`crate::router()`] puts the page made of it in its place.
#[derive(Debug, Clone)]
pub struct PageError(pub Problem);

/// An error before any handler: a problem document below `/api`, a page elsewhere.
#[derive(Debug, Clone)]
pub struct Refused(pub Problem);

impl Refused {
    /// A refusal that never reached the hub.
    pub fn new(status: StatusCode, name: &str, title: impl Into<String>) -> Self {
        Self(problem(status, name, title))
    }
}

/// Which face a response still needs; stands in its extensions.
#[derive(Debug, Clone)]
pub(crate) enum Faceless {
    /// A page.
    Page(Problem),
    /// What the request asks for.
    ByRequest(Problem),
}

macro_rules! from_hub {
    ($($name:ident),+) => {$(
        impl From<HubError> for $name {
            fn from(error: HubError) -> Self {
                Self(problem_of(&error))
            }
        }

        impl From<Vec<FieldError>> for $name {
            fn from(errors: Vec<FieldError>) -> Self {
                HubError::Invalid(errors).into()
            }
        }
    )+};
}

from_hub!(ApiError, PageError, Refused);

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        Self(refused.0)
    }
}

impl From<Refused> for PageError {
    fn from(refused: Refused) -> Self {
        Self(refused.0)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Json(&self.0).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        complete(&mut response, &self.0);
        response
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = plain(&self.0);
        response.extensions_mut().insert(Faceless::Page(self.0));
        response
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = plain(&self.0);
        response
            .extensions_mut()
            .insert(Faceless::ByRequest(self.0));
        response
    }
}

/// A problem in words: what is shown where nobody has made a page of it.
pub(crate) fn plain(problem: &Problem) -> Response {
    let mut response = format!("{}\n", problem.title).into_response();
    complete(&mut response, problem);
    response
}

/// Gives a response the problem's status and the headers that go with it.
pub(crate) fn complete(response: &mut Response, problem: &Problem) {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        StatusCode::TOO_MANY_REQUESTS => {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        _ => {}
    }
}
