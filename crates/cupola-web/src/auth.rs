//! Who may come in. One layer at the root lets nothing through that is not declared.
//!
//! In order: the `Host` must be one of ours, the route must exist, a request that changes
//! something must come from our own pages or from a program, and the bearer must have the role that
//! the route asks for.

mod attempts;
mod credentials;
mod extract;
mod known;
mod loopback;
mod origin;
pub mod sessions;

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::access::{Principal, Program, Role};
use cupola_hub::HubError;

use crate::{
    error::Refused,
    metrics,
    router::AccessTable,
    state::{Settings, Web, hub_call},
};

pub(crate) use attempts::Attempts;
pub(crate) use credentials::{Credential, cookie_name};
pub use extract::{
    Admin, Client, ClientResearcher, ClientViewer, Operator, Researcher, Viewer, WorkerAuth,
};
pub(crate) use known::Known;
pub(crate) use loopback::PROXIED;
pub(crate) use origin::{check_host, check_site, is_loopback, is_same_host};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// People whose role includes this one.
    Role(Role),
    /// Workers, and nobody else.
    Worker,
    /// Viewers, and the bearer of the token for metrics.
    Metrics,
    /// People whose role includes this one, who may show their token as a password too: their
    /// clients are others'.
    Client(Role),
    /// The same, and the programs of runs. What those may do is up to the handler, which asks
    /// [`Client::check_run`].
    ClientOrProgram(Role),
}

/// Where a request came from; put there by the server. Without it all requests share one address.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Lets a request through, or says why not.
pub(crate) async fn admit(
    State((web, table)): State<(Web, Arc<AccessTable>)>,
    matched: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let found = matched.as_ref().and_then(|path| table.find(path.as_str()));
    let pattern = found.map(|(pattern, _)| pattern);
    let method = parts.method.clone();
    let response = match check(&web, found.map(|(_, methods)| methods), &parts).await {
        Ok(caller) => {
            let principal = caller.and_then(|caller| caller.introduce(&mut parts));
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(principal) = principal {
                response.extensions_mut().insert(principal);
            }
            response
        }
        Err(Denied::Refused(refused)) => {
            let mut response = refused.into_response();
            if let Some(principal) = known(&web, &parts, response.status()).await {
                response.extensions_mut().insert(principal);
            }
            response
        }
        Err(Denied::MethodNotAllowed(allow)) => {
            let mut response = method_not_allowed(&allow);
            if let Some(principal) = known(&web, &parts, response.status()).await {
                response.extensions_mut().insert(principal);
            }
            response
        }
        Err(Denied::LogIn(to)) => Redirect::to(&to).into_response(),
    };
    let status = response.status();
    tracing::debug!(%method, route = pattern, status = status.as_u16(), "answered");
    web.requests.count(&method, pattern, status);
    response
}

/// Who is refused something although they may come in: the page that says so has their navigation.
async fn known(web: &Web, request: &Parts, status: StatusCode) -> Option<Principal> {
    let is_lost = matches!(
        status,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
    );
    if !is_lost {
        return None;
    }
    let credential = shown(web, request).ok()??;
    let peer = request.extensions.get::<Peer>().copied();
    identify(web, &credential, peer).await.ok()
}

/// What a request shows, which may be its place alone.
fn shown(web: &Web, request: &Parts) -> Result<Option<Credential>, Refused> {
    if loopback::is_enough(request, &web.settings) {
        return Ok(Some(Credential::Loopback));
    }
    Credential::find(&request.headers, web.settings.is_tls)
}

/// Who asks.
enum Caller {
    /// The holder of a token or a session.
    Holder(Principal, Credential),
    /// The program of a run.
    Program(Program),
}

impl Caller {
    /// Tells the handler; says whose navigation a page has.
    fn introduce(self, request: &mut Parts) -> Option<Principal> {
        match self {
            Caller::Holder(principal, credential) => {
                request.extensions.insert(principal.clone());
                request.extensions.insert(credential);
                Some(principal)
            }
            Caller::Program(program) => {
                request.extensions.insert(program);
                None
            }
        }
    }
}

/// Who was let through to a service.
pub(crate) struct Pass {
    credential: Credential,
    peer: Option<Peer>,
}

/// Lets somebody through to a service: who may look at the hub, on a page of the service or coming
/// from an address bar or the hub. `settings` are those of its gate.
pub(crate) async fn admit_to_service(
    web: &Web,
    settings: &Settings,
    request: &Parts,
) -> Result<Pass, Refused> {
    origin::check_host(request, settings)?;
    let needs_no_token = loopback::is_enough(request, settings);
    origin::check_site(request, settings.is_tls, needs_no_token)?;
    origin::check_upgrade(request)?;
    // A page of a service may send an `Authorization` of its own: who has a session is let in by that.
    let session = Credential::session(&request.headers, settings.is_tls)?;
    let shown = match session {
        Some(session) => Some(session),
        None => shown(web, request)?,
    };
    let credential = shown.ok_or_else(credentials::unauthorized)?;
    let is_for_programs =
        matches!(credential, Credential::Basic(_)) || credential.program_token().is_some();
    if is_for_programs {
        return Err(credentials::unauthorized());
    }
    let peer = request.extensions.get::<Peer>().copied();
    let pass = Pass { credential, peer };
    pass.check(web).await?;
    Ok(pass)
}

impl Pass {
    async fn check(&self, web: &Web) -> Result<(), Refused> {
        // A page that stays open after its session ended asks on: nobody guesses by that.
        let principal = if self.credential.is_session() {
            recognize(web, &self.credential, self.peer).await?
        } else {
            identify(web, &self.credential, self.peer).await?
        };
        check_role(Access::Role(Role::Viewer), &principal)
    }

    /// Whether they may not be there any more.
    pub(crate) async fn is_over(&self, web: &Web) -> bool {
        self.check(web).await.is_err()
    }
}

enum Denied {
    Refused(Refused),
    MethodNotAllowed(String),
    LogIn(String),
}

impl From<Refused> for Denied {
    fn from(refused: Refused) -> Self {
        Denied::Refused(refused)
    }
}

async fn check(
    web: &Web,
    methods: Option<&[(Method, Access)]>,
    request: &Parts,
) -> Result<Option<Caller>, Denied> {
    origin::check_host(request, &web.settings)?;
    let access = find_access(methods, &request.method)?;
    check_encoding(request)?;
    let needs_no_token = loopback::is_enough(request, &web.settings);
    origin::check_site(request, web.settings.is_tls, needs_no_token)?;
    if access == Access::Public {
        return Ok(None);
    }
    let credential = match shown(web, request) {
        Ok(Some(credential)) => credential,
        Ok(None) => return Err(ask_to_log_in(request)),
        Err(refused) => return Err(refused.into()),
    };
    if access == Access::Metrics && metrics::is_token(web, &credential) {
        return Ok(None);
    }
    if let Some(token) = credential.program_token() {
        return Ok(Some(identify_program(web, token, access).await?));
    }
    let takes_passwords = matches!(access, Access::Client(_) | Access::ClientOrProgram(_));
    if matches!(credential, Credential::Basic(_)) && !takes_passwords {
        return Err(credentials::unauthorized().into());
    }
    let peer = request.extensions.get::<Peer>().copied();
    let principal = match identify(web, &credential, peer).await {
        Ok(principal) => principal,
        Err(refused) if refused.0.status == 401 && credential.is_session() => {
            return Err(match ask_to_log_in(request) {
                Denied::LogIn(to) => Denied::LogIn(to),
                _ => refused.into(),
            });
        }
        Err(refused) => return Err(refused.into()),
    };
    check_role(access, &principal)?;
    Ok(Some(Caller::Holder(principal, credential)))
}

fn find_access(methods: Option<&[(Method, Access)]>, method: &Method) -> Result<Access, Denied> {
    let Some(methods) = methods else {
        let title = "there is no such address";
        return Err(Refused::new(StatusCode::NOT_FOUND, "not_found", title).into());
    };
    let asked = if *method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let found = methods.iter().find(|(method, _)| method == asked);
    found.map(|(_, access)| *access).ok_or_else(|| {
        let allowed: Vec<_> = methods.iter().map(|(method, _)| method.as_str()).collect();
        Denied::MethodNotAllowed(allowed.join(", "))
    })
}

fn method_not_allowed(allow: &str) -> Response {
    let title = format!("this address takes {allow}");
    let refused = Refused::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title);
    let mut response = refused.into_response();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

/// A compressed body could grow without bound.
fn check_encoding(request: &Parts) -> Result<(), Refused> {
    match request.headers.get(header::CONTENT_ENCODING) {
        Some(encoding) if encoding != "identity" => Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "bodies are taken as they are, not compressed",
        )),
        _ => Ok(()),
    }
}

/// A browser that opens a page is shown the way in; whoever else is told.
fn ask_to_log_in(request: &Parts) -> Denied {
    let uri = &request.uri;
    let header = |name: &str| request.headers.get(name).and_then(|v| v.to_str().ok());
    let opens_page = matches!(request.method, Method::GET | Method::HEAD)
        && !uri.path().starts_with("/api/")
        && header("accept").is_some_and(|accept| accept.contains("text/html"))
        && header("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
        && header("x-part").is_none();
    if opens_page {
        let here = uri.path_and_query().map_or("/", |path| path.as_str());
        return Denied::LogIn(sessions::login_address(here));
    }
    credentials::unauthorized().into()
}

fn check_role(access: Access, principal: &Principal) -> Result<(), Refused> {
    let needed = match access {
        Access::Public => return Ok(()),
        Access::Role(role) => role,
        Access::Worker => Role::Worker,
        Access::Metrics => Role::Viewer,
        Access::Client(role) | Access::ClientOrProgram(role) => role,
    };
    if principal.role.includes(needed) {
        return Ok(());
    }
    let message = match needed {
        Role::Worker => "this address is for workers' tokens".to_owned(),
        needed => format!(
            "the role `{}` does not include `{needed}`, which this needs",
            principal.role
        ),
    };
    Err(HubError::Forbidden(message).into())
}

/// The program of a run, where programs may come at all. A failure counts against nobody: the code in
/// such a token cannot be guessed, and one machine has many programs whose tokens end.
async fn identify_program(web: &Web, token: &str, access: Access) -> Result<Caller, Refused> {
    let token = token.to_owned();
    let program = hub_call(web, move |hub| hub.authenticate_program(&token)).await?;
    if !matches!(access, Access::ClientOrProgram(_)) {
        let message = "this address is not for the programs of runs".to_owned();
        return Err(HubError::Forbidden(message).into());
    }
    Ok(Caller::Program(program))
}

/// Who the bearer of a credential is. That nobody is counts against the address.
pub(crate) async fn identify(
    web: &Web,
    credential: &Credential,
    peer: Option<Peer>,
) -> Result<Principal, Refused> {
    let found = recognize(web, credential, peer).await;
    if matches!(&found, Err(refused) if refused.0.status == 401) {
        web.attempts.note_failure(peer, web.hub.monotonic());
    }
    found
}

/// The same for who guesses nothing. Remembered for a moment, but never past a revocation.
async fn recognize(
    web: &Web,
    credential: &Credential,
    peer: Option<Peer>,
) -> Result<Principal, Refused> {
    let digest = credential.digest();
    let (epoch, now) = (web.hub.access_epoch(), web.hub.monotonic());
    let was_known = match web.known.find(&digest, epoch, now) {
        known::Found::Fresh(principal) => return Ok(principal),
        known::Found::Stale => true,
        known::Found::Unknown => false,
    };
    if !was_known {
        web.attempts.check(peer, now)?;
    }
    let asked = credential.clone();
    let on_loopback = web.settings.loopback_role.map(Principal::on_loopback);
    let answer = hub_call(web, move |hub| match &asked {
        Credential::Bearer(token) | Credential::Basic(token) => hub.authenticate(token),
        Credential::Session(cookie) => hub.authenticate_session(cookie),
        Credential::Loopback => on_loopback.ok_or_else(credentials::none_came),
    });
    match answer.await {
        Ok(principal) => {
            web.known.put(digest, principal.clone(), epoch, now);
            Ok(principal)
        }
        Err(error) => {
            web.known.forget(&digest);
            Err(error.into())
        }
    }
}
