//! Runs of other programs' files.

use axum::{Json, extract::State};
use cupola_domain::{access::Role, field::FieldError, metric::Point};
use cupola_hub::imports::Import;
use cupola_protocol::{
    imports::{Imported, NewImport},
    paths::api,
    work::MetricPiece,
};

use super::body::Body;
use crate::{
    auth::{Access, Researcher},
    error::ApiError,
    router::Routes,
    state::{Web, hub_call},
};

/// Points and files of one part, in base 64.
const BODY_BYTES_MAX: usize = 96 << 20;

pub(super) fn routes() -> Routes {
    let researcher = Access::Role(Role::Researcher);
    Routes::new().post_up_to(BODY_BYTES_MAX, api::IMPORTS, researcher, create)
}

async fn create(
    State(web): State<Web>,
    Researcher(principal): Researcher,
    Body(part): Body<NewImport>,
) -> Result<Json<Imported>, ApiError> {
    let part = read(part)?;
    let imported = hub_call(&web, move |hub| hub.import(part, &principal.name)).await?;
    Ok(Json(Imported {
        experiment_id: imported.experiment.to_string(),
        run_id: imported.run.to_string(),
        read: imported.read,
        left_out: imported.left_out,
    }))
}

fn read(part: NewImport) -> Result<Import, Vec<FieldError>> {
    let mut files = Vec::with_capacity(part.files.len());
    for file in &part.files {
        let bytes = file.decoded().ok_or_else(|| {
            let message = format!("`{}` is not base 64", file.path);
            vec![FieldError::new("files", message)]
        })?;
        files.push((file.path.clone(), bytes));
    }
    let points = |piece: MetricPiece| {
        let point =
            |(step, time_millis, value): (i64, i64, cupola_protocol::number::Number)| Point {
                step,
                time_millis,
                value: value.0,
            };
        (piece.name, piece.points.into_iter().map(point).collect())
    };
    Ok(Import {
        experiment: part.experiment,
        run: part.run,
        started_at: part.started_at.map(|at| at.0),
        from: part.from,
        to: part.to,
        points: part.points.into_iter().map(points).collect(),
        params: part.params.into_iter().collect(),
        files,
        finished_at: part.finished_at.map(|at| at.0),
    })
}
