//! What handlers of pages share: reading, rendering, and what a command is answered with.

use askama::Template;
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use cupola_domain::access::Principal;
use cupola_hub::{Hub, HubError};

use crate::{
    error::{PageError, Refused, problem_of},
    state::{Web, hub_call},
    ui::{components::Link, error_page::ErrorPage},
};

/// A page or a part of one.
pub(crate) type Rendered = Result<Html<String>, PageError>;

/// Renders a page or a part of one.
pub(crate) fn html(page: &impl Template) -> Rendered {
    let rendered = page.render().map(Html);
    rendered.map_err(|error| HubError::Internal(error.into()).into())
}

/// What a page shows, and the last change before it was read: the live stream goes on from there.
pub(crate) async fn read<T: Send + 'static>(
    web: &Web,
    ask: impl FnOnce(&Hub) -> Result<T, HubError> + Send + 'static,
) -> Result<(i64, T), PageError> {
    let answer = hub_call(web, move |hub| {
        let seq = hub.last_change()?;
        Ok((seq, ask(hub)?))
    });
    Ok(answer.await?)
}

/// The answer to a command: on to `to`, or a page that says why it was not carried out and leads
/// back to what it was about.
pub(crate) fn done<T>(
    answer: Result<T, HubError>,
    who: &Principal,
    to: &str,
    back: Link,
) -> Result<Response, PageError> {
    match answer {
        Ok(_) => Ok(Redirect::to(to).into_response()),
        Err(error @ (HubError::Conflict(_) | HubError::Taken(_))) => {
            let problem = problem_of(&error);
            let page = ErrorPage::new(problem.status, &problem.title, Some(who.into()));
            let page = html(&page.leading_back(back))?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// The fields of a form in their order: the query of a `GET`, the body of a `POST`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl FromRequest<Web> for Fields {
    type Rejection = Refused;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Refused> {
        let form = axum::Form::<Vec<(String, String)>>::from_request(request, web).await;
        form.map(|form| Self(form.0)).map_err(|rejection| {
            let title = rejection.body_text().to_lowercase();
            Refused::new(rejection.status(), "bad_request", title)
        })
    }
}

impl Fields {
    /// The value of `name`; empty when it is absent.
    pub(crate) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of `name` in their order.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let found = self.0.iter().filter(move |(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The address by which the hub was called: `http://127.0.0.1:7171`.
pub(crate) struct Address(pub(crate) String);

impl FromRequestParts<Web> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Self::Rejection> {
        // The layer at the root has let only names of ours through.
        let host = parts.headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or("HUB");
        let scheme = if web.settings.is_tls { "https" } else { "http" };
        Ok(Self(format!("{scheme}://{host}")))
    }
}
