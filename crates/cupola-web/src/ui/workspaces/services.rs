//! `/workspaces/{id}/services`: what experiments offer beside their jobs.

use askama::Template;
use cupola_workspace::{
    model::{Service, ServiceState},
    source::{Source, SourceError},
};

use super::{action::Asked, head::Head, looked::Looked};
use crate::ui::{
    components::{Badge, EmptyState, Tone, html_safe},
    frame::Frame,
    listing::query,
    plain::plain,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/services.html")]
pub struct ServicesPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/head`.
    pub head: Head,
    /// Part `/workspaces/{id}/services/list`.
    pub list: Services,
}

/// A service.
#[derive(Debug, Clone)]
pub struct ServiceRow {
    /// Its state, with what is wrong.
    pub badge: Badge,
    /// Its name.
    pub id: String,
    /// In a few words.
    pub description: String,
    /// Its experiment and run; empty for one of the whole workspace.
    pub of: String,
    /// Where it is opened through its gate; none for what was not started from here.
    pub gate: Option<String>,
    /// Where it says that it answers; empty while it does not.
    pub url: String,
    /// Where it is started; none while it runs, or for who may not.
    pub start: Option<String>,
    /// Where it is stopped; none while it does not run, or for who may not.
    pub stop: Option<String>,
    /// Its log.
    pub log: String,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_services.html")]
pub struct Services {
    /// `workspace:ID`.
    pub key: String,
    /// `/workspaces/{id}/services/list`.
    pub src: String,
    /// The rows.
    pub rows: Vec<ServiceRow>,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(Services);

impl Services {
    pub(super) fn of(looked: &Looked, source: &dyn Source) -> Result<Self, SourceError> {
        let may_act = looked.may_act() && source.place().can_act;
        let found = source.services(None)?;
        let empty = || {
            let text = "What experiments offer beside their jobs appears here, a TensorBoard for instance.";
            EmptyState::new("No services", text)
        };
        Ok(Self {
            key: looked.key(),
            src: looked.address("/services/list"),
            empty: found.is_empty().then(empty),
            rows: found
                .iter()
                .map(|service| {
                    let is_served = source.serving(&service.run, &service.id).is_some();
                    row(looked, service, may_act, is_served)
                })
                .collect(),
        })
    }
}

fn row(looked: &Looked, service: &Service, may_act: bool, is_served: bool) -> ServiceRow {
    let is_off = matches!(
        service.state,
        ServiceState::Unknown | ServiceState::Stopped | ServiceState::Error
    );
    let of_it = query(&[
        ("experiment", &service.run.experiment),
        ("run", &service.run.run),
        ("service", &service.id),
    ]);
    let of = match service.run.experiment.as_str() {
        "" => String::new(),
        experiment => format!("{} · {}", plain(experiment), plain(&service.run.run)),
    };
    ServiceRow {
        badge: badge(service),
        id: plain(&service.id),
        description: plain(&service.description),
        of,
        url: web_address(service.url.as_deref()),
        start: (may_act && is_off).then(|| Asked::start(&service.run, &service.id).address(looked)),
        stop: (may_act && !is_off).then(|| Asked::stop(&service.run, &service.id).address(looked)),
        gate: is_served.then(|| looked.address(&format!("/services/open?{of_it}"))),
        log: looked.address(&format!("/log?{of_it}")),
    }
}

fn badge(service: &Service) -> Badge {
    let (word, tone) = match service.state {
        ServiceState::Unknown => ("unknown", Tone::Quiet),
        ServiceState::Stopped => ("stopped", Tone::Quiet),
        ServiceState::Starting => ("starting", Tone::Waiting),
        ServiceState::Running => ("running", Tone::Glowing),
        ServiceState::Stopping => ("stopping", Tone::Waiting),
        ServiceState::Error => ("error", Tone::Bad),
    };
    Badge {
        reason: service.error.as_deref().map(plain).unwrap_or_default(),
        ..Badge::word(word, tone)
    }
}

/// What files say may be anything: only what a browser opens as a page is a link.
fn web_address(url: Option<&str>) -> String {
    let is_web = |url: &&str| url.starts_with("http://") || url.starts_with("https://");
    url.filter(is_web).map(plain).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_are_links() {
        let check = |url, expected| assert_eq!(web_address(url), expected);
        check(Some("http://127.0.0.1:6006/"), "http://127.0.0.1:6006/");
        check(Some("javascript:alert(1)"), "");
        check(None, "");
    }
}
