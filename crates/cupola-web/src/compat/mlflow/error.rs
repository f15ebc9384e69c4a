//! What is refused, in the shape that clients read: a code and a sentence.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_hub::HubError;
use cupola_protocol::problem::Problem;
use serde_json::json;

use crate::error::{self, Refused};

/// Why something is refused, in the clients' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// A field is missing, of the wrong type, too long, or does not go with the state of things.
    InvalidParameterValue,
    /// The name is taken.
    ResourceAlreadyExists,
    /// There is no such thing.
    ResourceDoesNotExist,
    /// There is no such address.
    EndpointNotFound,
    /// The bearer may not do this.
    PermissionDenied,
    /// Nobody known is asking.
    Unauthenticated,
    /// Too many requests.
    RequestLimitExceeded,
    /// No room is left.
    ResourceExhausted,
    /// Try again.
    TemporarilyUnavailable,
    /// The body came too slowly.
    DeadlineExceeded,
    /// The request is none.
    BadRequest,
    /// This hub does not have it.
    NotImplemented,
    /// Our fault.
    InternalError,
}

impl Code {
    const fn word(self) -> &'static str {
        match self {
            Code::InvalidParameterValue => "INVALID_PARAMETER_VALUE",
            Code::ResourceAlreadyExists => "RESOURCE_ALREADY_EXISTS",
            Code::ResourceDoesNotExist => "RESOURCE_DOES_NOT_EXIST",
            Code::EndpointNotFound => "ENDPOINT_NOT_FOUND",
            Code::PermissionDenied => "PERMISSION_DENIED",
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::RequestLimitExceeded => "REQUEST_LIMIT_EXCEEDED",
            Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Code::TemporarilyUnavailable => "TEMPORARILY_UNAVAILABLE",
            Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Code::BadRequest => "BAD_REQUEST",
            Code::NotImplemented => "NOT_IMPLEMENTED",
            Code::InternalError => "INTERNAL_ERROR",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Code::InvalidParameterValue | Code::ResourceAlreadyExists | Code::BadRequest => {
                StatusCode::BAD_REQUEST
            }
            Code::ResourceDoesNotExist | Code::EndpointNotFound => StatusCode::NOT_FOUND,
            Code::PermissionDenied => StatusCode::FORBIDDEN,
            Code::Unauthenticated => StatusCode::UNAUTHORIZED,
            Code::RequestLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            // A client tries again after 429, which makes no room.
            Code::ResourceExhausted => StatusCode::INSUFFICIENT_STORAGE,
            Code::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Code::DeadlineExceeded => StatusCode::REQUEST_TIMEOUT,
            Code::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Code::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    code: Code,
    status: StatusCode,
    message: String,
}

impl Error {
    /// A refusal with the code's own status.
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            status: code.status(),
            message: message.into(),
        }
    }

    /// Something is wrong with what was sent.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidParameterValue, message)
    }

    /// A field that must be there is not.
    pub(crate) fn missing(field: &str) -> Self {
        Self::invalid(format!("Missing value for required parameter '{field}'."))
    }

    /// A field has a value that it cannot have.
    pub(crate) fn of_field(field: &str, why: impl std::fmt::Display) -> Self {
        Self::invalid(format!("Invalid value for parameter '{field}': {why}."))
    }

    /// There is no such thing.
    pub(crate) fn unknown(kind: &str, name: &str) -> Self {
        let message = format!("There is no {kind} '{name}'.");
        Self::new(Code::ResourceDoesNotExist, message)
    }
}

/// What layers and extractors refuse, keeping its status.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let code = match problem.status {
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 | 405 => Code::EndpointNotFound,
            408 => Code::DeadlineExceeded,
            413 | 415 | 422 => Code::InvalidParameterValue,
            429 => Code::RequestLimitExceeded,
            503 => Code::TemporarilyUnavailable,
            507 => Code::ResourceExhausted,
            500.. => Code::InternalError,
            _ => Code::BadRequest,
        };
        let status = StatusCode::from_u16(problem.status).unwrap_or(code.status());
        Self {
            code,
            status,
            message: problem.title,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        refused.0.into()
    }
}

impl From<HubError> for Error {
    fn from(error: HubError) -> Self {
        let problem = error::problem_of(&error);
        match &error {
            HubError::NotFound { kind, id } => Self::unknown(kind, id),
            HubError::Taken(_) => Self::new(Code::ResourceAlreadyExists, problem.title),
            HubError::Invalid(_)
            | HubError::Conflict(_)
            | HubError::Rival(_)
            | HubError::StaleLease(_) => Self::invalid(problem.title),
            _ => problem.into(),
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let body = json!({"error_code": self.code.word(), "message": self.message});
        let mut response = (self.status, Json(body)).into_response();
        let problem = error::problem(self.status, "", "");
        error::complete(&mut response, &problem);
        response
    }
}
