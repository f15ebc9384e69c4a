//! `GET /api/openapi.json`: every operation of the API with its shapes, its errors and who may use
//! it. Who may use it is read from the routes themselves.

mod document;
mod operations;
mod queries;

use std::{borrow::Cow, sync::LazyLock};

use axum::{
    http::{Method, header},
    response::IntoResponse,
};
use cupola_domain::access::Role;
use cupola_protocol::paths::api;
use utoipa::{
    ToSchema,
    openapi::{RefOr, schema::Schema},
};

use crate::{
    auth::{Access, Viewer},
    router::{self, Routes},
};

pub use operations::operations;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let document = document::document(&operations(), router::routes().declared());
    serde_json::to_string_pretty(&document).unwrap_or_default()
});

pub(crate) fn routes() -> Routes {
    Routes::new().get(api::OPENAPI, Access::Role(Role::Viewer), show)
}

async fn show(_: Viewer) -> impl IntoResponse {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, DOCUMENT.as_str())
}

/// The description of all this, as it is served.
pub fn document() -> &'static str {
    &DOCUMENT
}

/// One operation: what a page of documentation lists.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The address, with holes in braces.
    pub path: &'static str,
    /// What it is about.
    pub group: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What may stand in the query: name and meaning.
    pub query: &'static [(&'static str, &'static str)],
    /// What is sent.
    pub body: Option<Shape>,
    /// What comes back.
    pub answer: Answer,
}

impl Operation {
    /// Who may use it; `None` when no route serves it, which a test forbids.
    pub fn access(&self) -> Option<Access> {
        let routes = router::routes();
        let mut declared = routes.declared().iter();
        let route = declared.find(|r| r.pattern == self.path && r.method == self.method);
        route.map(|route| route.access)
    }
}

/// What comes back when all went well.
#[derive(Debug, Clone)]
pub enum Answer {
    /// 200 with this.
    Json(Shape),
    /// 201 with this.
    Created(Shape),
    /// 200 with one page of these.
    Page(Shape),
    /// 200 with a body of this media type.
    Other(&'static str),
    /// 204.
    Nothing,
}

/// The shape of a JSON body.
#[derive(Clone)]
pub struct Shape {
    /// Its name among the components.
    pub name: Cow<'static, str>,
    schema: fn() -> RefOr<Schema>,
    parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl std::fmt::Debug for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Shape {
    fn of<T: ToSchema>() -> Self {
        Self {
            name: T::name(),
            schema: T::schema,
            parts: T::schemas,
        }
    }
}
