//! Experiment files.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_domain::{access::Role, field::FieldError, template::CodeFile};
use cupola_hub::{HubError, experiments::FileText};
use cupola_protocol::{
    files::{NewFile, SubmittedFile},
    paths::api,
};

use super::body::Body;
use crate::{
    auth::{Access, Researcher},
    error::ApiError,
    router::Routes,
    state::{Web, hub_call},
};

/// What a template's files may have, in base 64, and the text.
const FILE_BODY_BYTES_MAX: usize = 96 << 20;

pub(super) fn routes() -> Routes {
    let researcher = Access::Role(Role::Researcher);
    Routes::new().post_up_to(
        FILE_BODY_BYTES_MAX,
        api::EXPERIMENT_FILES,
        researcher,
        create,
    )
}

async fn create(
    State(web): State<Web>,
    Researcher(principal): Researcher,
    Body(file): Body<NewFile>,
) -> Result<Response, ApiError> {
    let text = text_of(file)?;
    let submitted = hub_call(&web, move |hub| hub.submit_text(&text, &principal.name)).await?;
    let (experiment, tasks) = submitted;
    let body = SubmittedFile {
        experiment_id: experiment.to_string(),
        tasks,
    };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn text_of(file: NewFile) -> Result<FileText, HubError> {
    let mut files = Vec::with_capacity(file.files.len());
    for sent in &file.files {
        let bytes = sent.decoded().ok_or_else(|| {
            let message = format!("`{}` is not base 64", sent.path);
            HubError::Invalid(vec![FieldError::new("files", message)])
        })?;
        files.push(CodeFile {
            path: sent.path.clone(),
            bytes,
        });
    }
    Ok(FileText {
        text: file.text,
        folder: file.folder,
        files,
    })
}
