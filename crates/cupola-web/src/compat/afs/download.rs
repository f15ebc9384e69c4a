//! What there is of a model, as a file.

use axum::extract::{Path, State};

use super::{Answer, Error, Key};
use crate::{api, auth::Viewer, error::ApiError, state::Web};

pub(super) async fn download(web: State<Web>, viewer: Viewer, Key(key): Key) -> Answer {
    let found = api::models::download(web, viewer, Path(key)).await;
    found.map_err(|ApiError(problem)| match problem.status {
        404 => Error::unknown_model(),
        _ => problem.into(),
    })
}
