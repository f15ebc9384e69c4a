//! From operations to the document.

use axum::http::Method;
use cupola_protocol::{afs::ErrorBody, problem::Problem};
use utoipa::openapi::{
    Components, ComponentsBuilder, Content, ContentBuilder, HttpMethod, InfoBuilder, ObjectBuilder,
    OpenApi, OpenApiBuilder, PathsBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
    path::{OperationBuilder, ParameterBuilder, ParameterIn, PathItem},
    request_body::RequestBodyBuilder,
    schema::{ArrayBuilder, Schema, Type},
    security::{
        ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
    },
};

use super::{Answer, Operation, Shape};
use crate::{auth::Access, compat::afs, router::Route};

/// The document of these operations; who may use them is what the routes say.
pub(super) fn document(operations: &[Operation], routes: &[Route]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for operation in operations {
        let route = routes
            .iter()
            .find(|route| route.pattern == operation.path && route.method == operation.method);
        let access = route.map_or(Access::Public, |route| route.access);
        let path = operation.path.replace("{*", "{");
        paths = paths.path(path, item(operation, access));
    }
    let info = InfoBuilder::new()
        .title("Cupola")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Lists are pages in an envelope with the total; `limit` or `format=array` give a bare \
             array instead. Errors are RFC 9457 problem documents whose `type` is a short name \
             that does not change; those of the training monitor's addresses say `error` alone. \
             Times are RFC 3339 in UTC.",
        ));
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths.build())
        .components(Some(components(operations)))
        .build()
}

fn components(operations: &[Operation]) -> Components {
    let mut found: Vec<(String, RefOr<Schema>)> = Vec::new();
    let refusals = [Shape::of::<Problem>(), Shape::of::<ErrorBody>()];
    let answers = operations.iter().filter_map(|o| match &o.answer {
        Answer::Json(shape) | Answer::Created(shape) | Answer::Page(shape) => Some(shape),
        Answer::Other(_) | Answer::Nothing => None,
    });
    let bodies = operations.iter().filter_map(|o| o.body.as_ref());
    for shape in answers.chain(bodies).chain(&refusals) {
        found.push((shape.name.to_string(), (shape.schema)()));
        (shape.parts)(&mut found);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let cookie = ApiKey::Cookie(ApiKeyValue::new("cupola_session"));
    ComponentsBuilder::new()
        .schemas_from_iter(found)
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("session", SecurityScheme::ApiKey(cookie))
        .build()
}

fn item(operation: &Operation, access: Access) -> PathItem {
    let mut built = OperationBuilder::new()
        .tag(operation.group)
        .summary(Some(operation.summary))
        .description(Some(who(access)))
        .operation_id(Some(operation_id(operation)));
    for hole in holes(operation.path) {
        let parameter = ParameterBuilder::new()
            .name(hole)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text()));
        built = built.parameter(parameter.build());
    }
    for (name, meaning) in operation.query {
        let parameter = ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(*meaning))
            .schema(Some(text()));
        built = built.parameter(parameter.build());
    }
    if let Some(body) = &operation.body {
        let body = RequestBodyBuilder::new()
            .required(Some(Required::True))
            .content("application/json", json(reference(body)))
            .build();
        built = built.request_body(Some(body));
    }
    for name in ["bearer", "session"] {
        if access != Access::Public && (name == "bearer" || access != Access::Worker) {
            built = built.security(SecurityRequirement::new(name, [] as [&str; 0]));
        }
    }
    let (status, answer) = answer(operation);
    built = built.response(status, answer);
    for (status, meaning) in errors(operation, access) {
        built = built.response(status, error(operation, meaning));
    }
    PathItem::new(http_method(&operation.method), built)
}

fn http_method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

/// For instance `post_tasks_id_retry`.
fn operation_id(operation: &Operation) -> String {
    let path = operation.path.trim_start_matches("/api/v1");
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let method = operation.method.as_str().to_ascii_lowercase();
    words.fold(method, |id, word| format!("{id}_{word}"))
}

/// The names of the holes in a path; one that takes all the rest begins with `*` there.
fn holes(path: &str) -> impl Iterator<Item = &str> {
    let after_open = path.split('{').skip(1);
    after_open.filter_map(|rest| Some(rest.split_once('}')?.0.trim_start_matches('*')))
}

fn who(access: Access) -> String {
    match access {
        Access::Public => "Open to anybody.".to_owned(),
        Access::Role(role) => format!("Needs the role `{role}`."),
        Access::Worker => "For workers' tokens.".to_owned(),
        Access::Client(role) => format!("Needs the role `{role}`; Basic authorization will do."),
        Access::ClientOrProgram(role) => {
            format!("Needs the role `{role}`, or the token of a run's program for its own run.")
        }
        Access::Metrics => "Needs the role `viewer` or the token for metrics.".to_owned(),
    }
}

fn answer(operation: &Operation) -> (&'static str, Response) {
    let with = |meaning: &str, media_type: &str, content: Content| {
        ResponseBuilder::new()
            .description(meaning)
            .content(media_type, content)
            .build()
    };
    match &operation.answer {
        Answer::Json(shape) => (
            "200",
            with("It is so", "application/json", json(reference(shape))),
        ),
        Answer::Created(shape) => (
            "201",
            with("It was made", "application/json", json(reference(shape))),
        ),
        Answer::Page(shape) => (
            "200",
            with("One page", "application/json", json(page(shape))),
        ),
        Answer::Other(media_type) => ("200", with("It is so", media_type, json(text()))),
        Answer::Nothing => (
            "204",
            ResponseBuilder::new().description("It is done").build(),
        ),
    }
}

fn errors(operation: &Operation, access: Access) -> Vec<(&'static str, &'static str)> {
    let changes = operation.method != Method::GET;
    // Its programs know 400 alone for what is wrong, and name a model in the body.
    let is_afs = afs::is_address(operation.path);
    let malformed = if is_afs {
        "The body is not JSON, or says something wrong"
    } else {
        "The body is not JSON"
    };
    let candidates = [
        (operation.body.is_some(), "400", malformed),
        (access != Access::Public, "401", "No valid token or session"),
        (
            access != Access::Public || changes,
            "403",
            "The role does not include this, or the request comes from another site",
        ),
        (
            holes(operation.path).next().is_some() || (is_afs && changes),
            "404",
            "There is no such thing",
        ),
        (
            changes && !is_afs,
            "409",
            "It does not go with the state of things; for workers, the lease is not current",
        ),
        (operation.body.is_some(), "413", "The body is too large"),
        (
            operation.body.is_some(),
            "415",
            "The body is not `application/json`",
        ),
        (
            (operation.body.is_some() || !operation.query.is_empty()) && !is_afs,
            "422",
            "Fields are wrong, each named",
        ),
        (access != Access::Public, "429", "Too many attempts failed"),
        (true, "503", "Try again later"),
    ];
    let fitting = candidates.into_iter().filter(|(applies, ..)| *applies);
    fitting
        .map(|(_, status, meaning)| (status, meaning))
        .collect()
}

fn error(operation: &Operation, meaning: &str) -> Response {
    let (media_type, shape) = if afs::is_address(operation.path) {
        ("application/json", Shape::of::<ErrorBody>())
    } else {
        ("application/problem+json", Shape::of::<Problem>())
    };
    ResponseBuilder::new()
        .description(meaning)
        .content(media_type, json(reference(&shape)))
        .build()
}

fn reference(shape: &Shape) -> RefOr<Schema> {
    Ref::from_schema_name(shape.name.as_ref()).into()
}

fn json(schema: RefOr<Schema>) -> Content {
    ContentBuilder::new().schema(Some(schema)).build()
}

fn text() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .build()
        .into()
}

fn number() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .build()
        .into()
}

fn page(of: &Shape) -> RefOr<Schema> {
    let items = ArrayBuilder::new().items(reference(of)).build();
    let mut page = ObjectBuilder::new()
        .property("items", Schema::Array(items))
        .required("items");
    for name in ["total", "page", "per_page"] {
        page = page.property(name, number()).required(name);
    }
    page.build().into()
}
