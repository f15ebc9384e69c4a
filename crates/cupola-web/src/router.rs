//! The whole URL space, and what every request passes on its way.
//!
//! A route cannot be added without saying who may use it: [`Routes`] takes the [`Access`] as an
//! argument, and [`crate::auth`] lets nothing through that is not declared.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts, Request, State},
    handler::Handler,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, delete, get, patch, post, put},
};
use cupola_domain::access::Principal;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    timeout::RequestBodyTimeoutLayer,
};

use crate::{
    api, assets,
    auth::{self, Access},
    compat::{afs, mlflow},
    error::{self, ApiError, Faceless, Refused},
    live, mcp, metrics, openapi, parts,
    state::{Failure, Web},
    ui,
};

/// A body may be this long unless its route says otherwise.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A body that stalls for longer is given up.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Scripts and styles come from here alone, nothing is inline, nobody may frame a page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'";

/// Every route that this crate serves by itself, grouped by who it is for.
pub fn routes() -> Routes {
    Routes::new()
        // anybody: is it up, which one is it, how to log in
        .merge(api::system::routes())
        .merge(auth::sessions::routes())
        .with_router(
            assets::router(),
            &[(Method::GET, "/assets/{file}", Access::Public)],
        )
        // people: pages, their parts and forms
        .merge(ui::routes::routes())
        // people and their programs
        .merge(api::routes())
        .merge(live::routes())
        .merge(openapi::routes())
        // programs that were written for something else
        .merge(mlflow::routes())
        .merge(afs::routes())
        // other people's assistants
        .merge(mcp::routes())
        // monitoring
        .merge(metrics::routes())
}

/// One declared route.
#[derive(Debug, Clone)]
pub struct Route {
    /// `GET` includes `HEAD`.
    pub method: Method,
    /// As axum reads it.
    pub pattern: &'static str,
    /// Who may use it.
    pub access: Access,
}

/// Routes with who may use them.
#[derive(Default)]
pub struct Routes {
    router: Router<Web>,
    declared: Vec<Route>,
}

impl Routes {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// `GET` and `HEAD`.
    #[must_use]
    pub fn get<H: Handler<T, Web>, T: 'static>(
        self,
        pattern: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::GET, pattern, access, get(handler))
    }

    /// `POST`.
    #[must_use]
    pub fn post<H: Handler<T, Web>, T: 'static>(
        self,
        pattern: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::POST, pattern, access, post(handler))
    }

    /// `POST` with a body of up to `bytes_max`.
    #[must_use]
    pub fn post_up_to<H: Handler<T, Web>, T: 'static>(
        self,
        bytes_max: usize,
        pattern: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        let limited = post(handler).layer(DefaultBodyLimit::max(bytes_max));
        self.add(Method::POST, pattern, access, limited)
    }

    /// `PUT`.
    #[must_use]
    pub fn put<H: Handler<T, Web>, T: 'static>(
        self,
        pattern: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::PUT, pattern, access, put(handler))
    }

    /// `PATCH`.
    #[must_use]
    pub fn patch<H: Handler<T, Web>, T: 'static>(
        self,
        pattern: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::PATCH, pattern, access, patch(handler))
    }

    /// `DELETE`.
    #[must_use]
    pub fn delete<H: Handler<T, Web>, T: 'static>(
        self,
        pattern: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::DELETE, pattern, access, delete(handler))
    }

    /// The routes of a router made elsewhere; those not declared here stay shut.
    #[must_use]
    pub fn with_router(
        mut self,
        router: Router<Web>,
        declared: &[(Method, &'static str, Access)],
    ) -> Self {
        self.router = self.router.merge(router);
        let declared = declared.iter().cloned();
        self.declared
            .extend(declared.map(|(method, pattern, access)| Route {
                method,
                pattern,
                access,
            }));
        self
    }

    /// These and those.
    #[must_use]
    pub fn merge(mut self, other: Routes) -> Self {
        self.router = self.router.merge(other.router);
        self.declared.extend(other.declared);
        self
    }

    /// Who may use what.
    pub fn declared(&self) -> &[Route] {
        &self.declared
    }

    fn add(
        mut self,
        method: Method,
        pattern: &'static str,
        access: Access,
        route: MethodRouter<Web>,
    ) -> Self {
        self.router = self.router.route(pattern, route);
        self.declared.push(Route {
            method,
            pattern,
            access,
        });
        self
    }
}

/// Who may use what, by pattern and method.
#[derive(Debug, Default)]
pub(crate) struct AccessTable(HashMap<&'static str, Vec<(Method, Access)>>);

impl AccessTable {
    fn new(declared: Vec<Route>) -> Self {
        let mut table = Self::default();
        for route in declared {
            let methods = table.0.entry(route.pattern).or_default();
            methods.push((route.method, route.access));
        }
        table
    }

    /// The methods of a pattern; the pattern itself comes back as long as the program lives.
    pub(crate) fn find(&self, pattern: &str) -> Option<(&'static str, &[(Method, Access)])> {
        let (pattern, methods) = self.0.get_key_value(pattern)?;
        Some((pattern, methods))
    }
}

/// All of it, ready to serve.
pub fn router(web: Web) -> Router {
    router_of(web, routes())
}

/// The same with exactly these routes.
pub fn router_of(web: Web, routes: Routes) -> Router {
    let table = Arc::new(AccessTable::new(routes.declared));
    // From the innermost to the outermost: what stands last sees a request first.
    routes
        .router
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(middleware::from_fn_with_state(web.clone(), parts::share))
        .layer(middleware::from_fn_with_state(
            (web.clone(), table),
            auth::admit,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(web.clone(), give_face))
        .layer(middleware::from_fn_with_state(
            web.clone(),
            ui::alerts::look,
        ))
        .layer(CompressionLayer::new().compress_when(is_worth_compressing()))
        .layer(middleware::from_fn(add_headers))
        .with_state(web)
}

/// What is kept as it came has a length that is told; everything else may become shorter.
fn is_worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("application/octet-stream"))
}

/// Never reached: what is not declared is refused before.
async fn not_found() -> Refused {
    Refused::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such address",
    )
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    tracing::error!(message, "a handler panicked");
    Refused::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "internal error",
    )
    .into_response()
}

/// Makes a page or a problem document of an error that has no face yet.
async fn give_face(State(web): State<Web>, request: Request, next: Next) -> Response {
    let is_part = request.headers().contains_key("x-part");
    let wants_page = wants_page(&request, is_part);
    let path = request.uri().path();
    let (is_mlflow, is_afs) = (mlflow::is_address(path), afs::is_address(path));
    let mut response = next.run(request).await;
    let Some(faceless) = response.extensions_mut().remove::<Faceless>() else {
        return response;
    };
    let problem = match faceless {
        Faceless::ByRequest(problem) if !wants_page => {
            let allow = response.headers_mut().remove(header::ALLOW);
            let mut answer = if is_mlflow {
                mlflow::Error::from(problem).into_response()
            } else if is_afs {
                afs::Error::from(problem).into_response()
            } else {
                ApiError(problem).into_response()
            };
            if let Some(allow) = allow {
                answer.headers_mut().insert(header::ALLOW, allow);
            }
            return answer;
        }
        Faceless::ByRequest(problem) | Faceless::Page(problem) => problem,
    };
    let failure = Failure {
        who: response.extensions_mut().remove::<Principal>(),
        problem,
        is_part,
    };
    let mut page = (web.faces.error)(&failure);
    error::complete(&mut page, &failure.problem);
    for (name, value) in response.headers() {
        if *name == header::ALLOW || *name == header::SET_COOKIE {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// A browser that opens a page or fetches a part of one; whoever else reads problem documents.
fn wants_page(request: &Request, is_part: bool) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let takes_html = accept.is_some_and(|accept| {
        let accept = accept.to_str().unwrap_or_default();
        accept.contains("text/html")
    });
    !request.uri().path().starts_with("/api/") && (is_part || takes_html)
}

/// Every answer forbids framing, sniffing, referring and, unless it says otherwise, keeping.
pub(crate) async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let always = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_said = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in unless_said {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// An id in a path. One that is none names nothing: 404.
pub struct Id<T>(pub T);

impl<T> FromRequestParts<Web> for Id<T>
where
    T: std::str::FromStr<Err = cupola_domain::ids::InvalidId>,
{
    type Rejection = Refused;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        web: &Web,
    ) -> Result<Self, Refused> {
        let found = axum::extract::Path::<String>::from_request_parts(parts, web).await;
        let text = found.map(|path| path.0).unwrap_or_default();
        text.parse()
            .map(Self)
            .map_err(|invalid: cupola_domain::ids::InvalidId| {
                cupola_hub::HubError::not_found(invalid.kind, invalid.text).into()
            })
    }
}
