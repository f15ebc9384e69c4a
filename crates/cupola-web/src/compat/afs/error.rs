//! What is refused, in the shape that an AFS dashboard reads: `{"error": "…"}`.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_hub::HubError;
use cupola_protocol::{afs::ErrorBody, problem::Problem};

use crate::error::{self, Refused};

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    status: StatusCode,
    message: String,
}

impl Error {
    /// There is no such model.
    pub(super) fn unknown_model() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: "Model not found".to_owned(),
        }
    }

    /// The body names no model.
    pub(super) fn missing_key() -> Self {
        Self::invalid("Missing model_key")
    }

    /// Something is wrong with what was sent.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }
}

/// What layers and extractors refuse. These clients know 400 alone for a field that is wrong.
impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let status = match problem.status {
            422 => StatusCode::BAD_REQUEST,
            status => StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        };
        Self {
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
        error::problem_of(&error).into()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = error::problem(self.status, "", "");
        let body = ErrorBody {
            error: self.message,
        };
        let mut response = Json(body).into_response();
        error::complete(&mut response, &problem);
        response
    }
}
