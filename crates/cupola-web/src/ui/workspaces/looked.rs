//! Who looks at which workspace: what every handler of these pages begins with.

use std::{collections::HashMap, sync::Arc};

use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Response},
};
use cupola_domain::access::{Principal, Role};
use cupola_protocol::events;
use cupola_workspace::{
    model::{Job, JobKey, RunKey},
    source::{Connection, Source, SourceError},
};

use super::head::{Head, Tab, Waiting, WaitingPage};
use crate::{
    auth::Viewer,
    error::{PageError, Refused},
    state::{Web, hub_call},
    ui::{
        answer::{Rendered, html},
        frame::{Frame, Section},
        paths,
        plain::plain,
        present::may,
    },
    workspaces::{KeptParameters, Needs, Unanswered, Workspace, ask},
};

/// A page, or why there is none.
pub(super) type Shown = Result<Html<String>, NotShown>;

/// Who looks at which workspace.
#[derive(Clone)]
pub(super) struct Looked {
    web: Web,
    pub(super) who: Principal,
    workspace: Arc<Workspace>,
    holes: Arc<HashMap<String, String>>,
}

/// Why there is no page.
pub(super) enum NotShown {
    /// The workspace is not there yet, and why.
    Waiting(Box<WaitingPage>),
    /// Anything else.
    Page(PageError),
}

impl FromRequestParts<Web> for Looked {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Refused> {
        let Viewer(who) = Viewer::from_request_parts(parts, web).await?;
        let holes = Path::<HashMap<String, String>>::from_request_parts(parts, web).await;
        let Path(holes) = holes.map_err(|_| {
            let title = "there is no such address";
            Refused::new(StatusCode::NOT_FOUND, "not_found", title)
        })?;
        let id = holes.get("id").cloned().unwrap_or_default();
        let found = web.settings.workspaces.find(&id).cloned();
        Ok(Self {
            web: web.clone(),
            who,
            workspace: found.ok_or_else(|| Refused::from(Unanswered::Unknown(id)))?,
            holes: Arc::new(holes),
        })
    }
}

impl Looked {
    pub(super) fn id(&self) -> &str {
        &self.workspace.id
    }

    /// Its name on pages.
    pub(super) fn title(&self) -> String {
        plain(&self.workspace.title)
    }

    pub(super) fn key(&self) -> String {
        events::workspace(self.id())
    }

    /// How it stands to its place.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.workspace.connection()
    }

    /// The job that the address names.
    pub(super) fn job(&self) -> JobKey {
        let hole = |name: &str| self.holes.get(name).cloned().unwrap_or_default();
        JobKey {
            task: hole("task"),
            id: hole("hash"),
        }
    }

    /// Whether who looks may change something here.
    pub(super) fn may_act(&self) -> bool {
        may(&self.who, Role::Operator)
    }

    /// The address of one of its pages.
    pub(super) fn address(&self, part: &str) -> String {
        paths::workspace(self.id(), part)
    }

    /// The address of a page of a job.
    pub(super) fn job_address(&self, key: &JobKey, part: &str) -> String {
        paths::workspace_job(self.id(), key, part)
    }

    /// Asks the workspace.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Self, &dyn Source) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, NotShown> {
        let looked = self.clone();
        let asked = ask(&self.web, self.id(), move |source| call(&looked, source));
        asked.await.map_err(|unanswered| self.not_shown(unanswered))
    }

    /// What its head and something else need, in one go, and the frame around both.
    pub(super) async fn page<T: Send + 'static>(
        &self,
        tab: Tab,
        call: impl FnOnce(&Self, &dyn Source) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<(Frame, Head, T), NotShown> {
        let seq = hub_call(&self.web, cupola_hub::Hub::last_change).await;
        let seq = seq.map_err(PageError::from)?;
        let both = self.ask(move |looked, source| {
            let found = call(looked, source)?;
            Ok((Head::of(looked, source, tab)?, found))
        });
        let (head, found) = both.await?;
        Ok((self.frame(tab.label()).at(seq), head, found))
    }

    /// Which of these jobs of a run need which.
    pub(super) fn dependencies(
        &self,
        source: &dyn Source,
        run: &RunKey,
        jobs: &[Arc<Job>],
    ) -> Result<Arc<Needs>, SourceError> {
        self.workspace.needs.read(source, run, jobs)
    }

    /// Parameters of jobs that were searched by them.
    pub(super) fn parameters(&self) -> &KeptParameters {
        &self.workspace.parameters
    }

    /// Below the list of workspaces, where there are several.
    pub(super) fn frame(&self, title: &str) -> Frame {
        let frame = Frame::new(title, Section::Workspaces, Some((&self.who).into()));
        let frame = frame.under("Workspaces", paths::WORKSPACES);
        frame.under(self.title(), self.address(""))
    }

    /// Why it is not open; none when it is.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        match self.workspace.opened_source() {
            Ok(_) => None,
            Err(unanswered) => Some(Waiting::new(self, &unanswered)),
        }
    }

    fn not_shown(&self, unanswered: Unanswered) -> NotShown {
        if !matches!(unanswered, Unanswered::Opening | Unanswered::Closed(_)) {
            return NotShown::Page(Refused::from(unanswered).into());
        }
        NotShown::Waiting(Box::new(WaitingPage {
            frame: Frame::new(self.title(), Section::Workspaces, Some((&self.who).into()))
                .under("Workspaces", paths::WORKSPACES),
            waiting: Waiting::new(self, &unanswered),
        }))
    }
}

impl From<PageError> for NotShown {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl From<Refused> for NotShown {
    fn from(refused: Refused) -> Self {
        Self::Page(refused.into())
    }
}

impl IntoResponse for NotShown {
    fn into_response(self) -> Response {
        let page = match self {
            NotShown::Page(error) => return error.into_response(),
            NotShown::Waiting(page) => page,
        };
        let page: Rendered = html(&*page);
        (StatusCode::SERVICE_UNAVAILABLE, page).into_response()
    }
}

/// What a place that is away cannot tell is left out: what is known of it stays readable.
pub(super) fn unless_away<T: Default>(found: Result<T, SourceError>) -> Result<T, SourceError> {
    match found {
        Err(SourceError::Away(_)) => Ok(T::default()),
        found => found,
    }
}

/// Renders a page or a part of one.
pub(super) fn shown(page: &impl askama::Template) -> Shown {
    Ok(html(page)?)
}
