//! What the addresses of checks answer.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    field::FieldError,
    ids::{AuditId, RunId},
};
use cupola_hub::{
    Hub, HubError,
    verification::{Filter, Sight},
};

use super::{
    SECTION,
    present::{self, Read},
};
use crate::{
    api::verification::filter,
    auth::{Access, Admin, Operator, Viewer},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, done, html, read},
        components::Link,
        frame::Frame,
        paths,
    },
};

pub(crate) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    let admin = Access::Role(Role::Admin);
    Routes::new()
        .get(paths::VERIFICATION, viewer, index)
        .get(paths::VERIFICATION_VIEW, viewer, view)
        .get("/verification/{id}", viewer, show)
        .get("/verification/{id}/evidence", viewer, evidence)
        .post(paths::BANS, admin, ban)
        .post(paths::BANS_LIFTED, admin, lift)
        .post("/runs/{id}/check", operator, check)
}

fn find(hub: &Hub, filter: Filter, sight: Sight) -> Result<Read, HubError> {
    Ok(Read {
        page: hub.list_audits(filter, sight)?,
        owners: hub.list_standings()?,
    })
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let filter = filter(&mut params);
    params.finish()?;
    page(&web, &who, filter, (&Fields::default(), &[])).await
}

async fn page(
    web: &Web,
    who: &Principal,
    filter: Filter,
    (fields, errors): (&Fields, &[FieldError]),
) -> Rendered {
    let (asked, sight) = (filter.clone(), Sight::of(who.role));
    let (seq, found) = read(web, move |hub| find(hub, asked, sight)).await?;
    let frame = Frame::new("Verification", SECTION, Some(who.into()))
        .under("Workers", paths::WORKERS)
        .at(seq);
    let rules = web.hub().verification();
    let asking = (who, fields, errors);
    html(&present::index(frame, &found, &filter, &rules, asking))
}

async fn view(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let filter = filter(&mut params);
    params.finish()?;
    let (asked, sight) = (filter.clone(), Sight::of(who.role));
    let found = hub_call(&web, move |hub| find(hub, asked, sight)).await?;
    html(&present::view(
        &found,
        &filter,
        &web.hub().verification(),
        &who,
    ))
}

async fn show(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<AuditId>) -> Rendered {
    let sight = Sight::of(who.role);
    let (seq, detail) = read(&web, move |hub| hub.audit_detail(id, sight)).await?;
    html(&present::show(
        present::frame_of(&detail, &who, seq),
        &detail,
    ))
}

async fn evidence(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<AuditId>) -> Rendered {
    let sight = Sight::of(who.role);
    let detail = hub_call(&web, move |hub| hub.audit_detail(id, sight)).await?;
    html(&present::evidence(&detail))
}

async fn check(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<RunId>,
) -> Result<Response, PageError> {
    let author = who.name.clone();
    let answer = hub_call(&web, move |hub| hub.check_run(id, &author)).await;
    let to = match &answer {
        Ok(audit) => paths::check(*audit, ""),
        Err(_) => paths::run(id, ""),
    };
    let back = Link::new("Back to the run", paths::run(id, ""));
    done(answer, &who, &to, back)
}

async fn ban(
    State(web): State<Web>,
    Admin(who): Admin,
    fields: Fields,
) -> Result<Response, PageError> {
    let text = |name: &str| fields.text(name).to_owned();
    let (owner, note, author) = (text("owner"), text("note"), who.name.clone());
    let answer = hub_call(&web, move |hub| hub.ban_owner(&owner, &note, &author)).await;
    answered(&web, &who, &fields, answer).await
}

async fn lift(
    State(web): State<Web>,
    Admin(who): Admin,
    fields: Fields,
) -> Result<Response, PageError> {
    let text = |name: &str| fields.text(name).to_owned();
    let (owner, note, author) = (text("owner"), text("note"), who.name.clone());
    let answer = hub_call(&web, move |hub| hub.lift_ban(&owner, &note, &author)).await;
    answered(&web, &who, &fields, answer).await
}

async fn answered(
    web: &Web,
    who: &Principal,
    fields: &Fields,
    answer: Result<(), HubError>,
) -> Result<Response, PageError> {
    let errors = match answer {
        Err(HubError::Invalid(errors)) => errors,
        Err(HubError::NotFound { kind, id }) => {
            vec![FieldError::new(
                "owner",
                format!("no {kind} is called `{id}`"),
            )]
        }
        answer => {
            let back = Link::new("Back to the checks", paths::VERIFICATION);
            return done(answer, who, paths::VERIFICATION, back);
        }
    };
    let filter = Filter {
        limit: 50,
        ..Filter::default()
    };
    let page = page(web, who, filter, (fields, &errors)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
