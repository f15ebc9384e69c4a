//! `GET /api/openapi.json`.

use crate::router::Routes;

pub(crate) fn routes() -> Routes {
    Routes::new()
}
