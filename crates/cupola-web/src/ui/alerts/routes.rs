//! What the addresses of alerts answer.

use axum::{extract::State, response::Response};
use cupola_domain::{access::Role, ids::AlertId};
use cupola_hub::{Hub, HubError, alerts::Alerting};

use super::{Index, TargetForm, present, rules, targets};
use crate::{
    auth::{Access, Researcher, Viewer},
    error::PageError,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, done, html, read},
        components::Link,
        frame::{Frame, Section},
        paths,
        present::may,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, admin) = (Access::Role(Role::Viewer), Access::Role(Role::Admin));
    let researcher = Access::Role(Role::Researcher);
    Routes::new()
        .get(paths::ALERTS, viewer, index)
        .get(paths::ALERT_BELL, viewer, bell)
        .get("/alerts/open", viewer, open)
        .get("/alerts/past", viewer, past)
        .post("/alerts/{id}/acknowledgement", researcher, acknowledge)
        .post("/alerts/{id}/resolution", researcher, resolve)
        .get(paths::ALERT_RULES, viewer, rules_part)
        .post(paths::ALERT_RULES, researcher, rules::create)
        .get(paths::NEW_ALERT_RULE, researcher, rules::new)
        .get("/alerts/rules/{id}", researcher, rules::edit)
        .post("/alerts/rules/{id}", researcher, rules::update)
        .post("/alerts/rules/{id}/mute", researcher, rules::mute)
        .post("/alerts/rules/{id}/resolution", researcher, rules::resolve)
        .get(
            "/alerts/rules/{id}/deletion",
            researcher,
            rules::ask_deletion,
        )
        .post("/alerts/rules/{id}/deletion", researcher, rules::delete)
        .get(paths::ALERT_TARGETS, viewer, targets_part)
        .post(paths::ALERT_TARGETS, admin, targets::create)
        .post("/alerts/targets/{id}/test", admin, targets::test)
        .get(
            "/alerts/targets/{id}/deletion",
            admin,
            targets::ask_deletion,
        )
        .post("/alerts/targets/{id}/deletion", admin, targets::delete)
}

async fn index(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let (seq, alerting) = read(&web, Hub::alerting).await?;
    let form = may(&who, Role::Admin).then(|| targets::form(&Fields::default(), &[]));
    html(&page(&alerting, &who, seq, form))
}

/// The page, with the form for a target as it was filled in.
pub(super) fn page(
    alerting: &Alerting,
    who: &cupola_domain::access::Principal,
    seq: i64,
    target_form: Option<TargetForm>,
) -> Index {
    Index {
        frame: Frame::new("Alerts", Section::Alerts, Some(who.into())).at(seq),
        open: present::open(alerting, who),
        rules: present::rules(alerting, who),
        targets: present::targets(alerting, who),
        past: present::past(alerting),
        target_form,
        created: None,
    }
}

async fn bell(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&present::bell(
        hub_call(&web, Hub::count_open_alerts).await?,
    ))
}

async fn open(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    html(&present::open(&hub_call(&web, Hub::alerting).await?, &who))
}

async fn rules_part(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    html(&present::rules(&hub_call(&web, Hub::alerting).await?, &who))
}

async fn past(State(web): State<Web>, _: Viewer) -> Rendered {
    html(&present::past(&hub_call(&web, Hub::alerting).await?))
}

async fn targets_part(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    html(&present::targets(
        &hub_call(&web, Hub::alerting).await?,
        &who,
    ))
}

async fn acknowledge(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertId>,
) -> Result<Response, PageError> {
    let by = who.name.clone();
    let answer = hub_call(&web, move |hub| hub.acknowledge_alert(id, &by)).await;
    finished(answer, &who)
}

async fn resolve(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertId>,
) -> Result<Response, PageError> {
    let by = who.name.clone();
    let answer = hub_call(&web, move |hub| hub.resolve_alert(id, &by)).await;
    finished(answer, &who)
}

/// Back to the page.
pub(super) fn finished<T>(
    answer: Result<T, HubError>,
    who: &cupola_domain::access::Principal,
) -> Result<Response, PageError> {
    done(
        answer,
        who,
        paths::ALERTS,
        Link::new("Back to the alerts", paths::ALERTS),
    )
}
