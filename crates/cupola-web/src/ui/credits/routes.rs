//! What the addresses of credits answer.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    field::FieldError,
    ledger::Kind,
};
use cupola_hub::{Hub, HubError, ledger::StatementQuery};

use cupola_protocol::credits::NewTransfer;

use super::{
    SECTION,
    present::{self, Read, Shown},
};
use crate::{
    api::credits::correction,
    auth::{Access, Operator, Viewer},
    error::PageError,
    params::Params,
    router::Routes,
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, done, html, read},
        components::Link,
        frame::Frame,
        listing::ROWS,
        paths,
        present::may,
    },
};

/// Until somebody chooses.
const DAYS: u32 = 30;

const DAYS_MAX: u32 = 3_660;

/// So many of one's own transfers stand on the first page.
const LATEST: u32 = 10;

pub(crate) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    Routes::new()
        .get(paths::CREDITS, viewer, index)
        .get(paths::CREDITS_VIEW, viewer, view)
        .get(paths::CREDITS_HISTORY, viewer, history)
        .post(paths::CREDITS, operator, transfer)
}

fn asked(params: &mut Params) -> Shown {
    let days = match params.text("days") {
        "all" => None,
        "" => Some(DAYS),
        _ => params.optional("days", 1..=DAYS_MAX),
    };
    Shown {
        days,
        by_team: params.text("by") == "team",
    }
}

fn find(hub: &Hub, who: &Principal, shown: Shown) -> Result<Read, HubError> {
    let own = StatementQuery {
        person: Some(who.owner.clone()),
        limit: LATEST,
        ..StatementQuery::default()
    };
    let people = may(who, Role::Operator).then(|| hub.list_people());
    Ok(Read {
        overview: hub.credits_overview()?,
        own: hub.statement(&own)?,
        leaders: hub.leaders(shown.days, shown.by_team)?,
        people: people.transpose()?,
    })
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let shown = asked(&mut params);
    params.finish()?;
    page(&web, &who, shown, &Fields::default(), &[]).await
}

async fn page(
    web: &Web,
    who: &Principal,
    shown: Shown,
    fields: &Fields,
    errors: &[FieldError],
) -> Rendered {
    let asking = who.clone();
    let (seq, found) = read(web, move |hub| find(hub, &asking, shown)).await?;
    let frame = Frame::new("Credits", SECTION, Some(who.into())).at(seq);
    let form = present::form(fields, errors, who);
    let economy = web.hub().economy();
    html(&present::index(frame, &found, shown, &economy, form))
}

async fn view(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let shown = asked(&mut params);
    params.finish()?;
    let found = hub_call(&web, move |hub| find(hub, &who, shown)).await?;
    html(&present::view(&found, shown, &web.hub().economy()))
}

/// One's own; that of others, and of all together, for operators.
async fn history(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let person = match params.text("person") {
        "" if may(&who, Role::Operator) => None,
        "" => Some(who.owner.clone()),
        person => Some(person.to_owned()),
    };
    if person.as_ref() != Some(&who.owner) && !may(&who, Role::Operator) {
        let message = "what others have is shown to operators";
        return Err(HubError::Forbidden(message.to_owned()).into());
    }
    let query = StatementQuery {
        person,
        kind: params.parsed::<Kind>("kind"),
        before: params.optional("before", 1..=i64::MAX),
        limit: ROWS,
    };
    params.finish()?;
    let asked = query.clone();
    let statement = hub_call(&web, move |hub| hub.statement(&asked)).await?;
    let frame = present::history_frame(&who);
    html(&present::history(frame, &statement, &query))
}

async fn transfer(
    State(web): State<Web>,
    Operator(who): Operator,
    fields: Fields,
) -> Result<Response, PageError> {
    let author = who.name.clone();
    let answer = match correction(asked_for(&fields)) {
        Err(errors) => Err(HubError::Invalid(errors)),
        Ok(correction) => hub_call(&web, move |hub| hub.move_credits(&correction, &author)).await,
    };
    match answer {
        Err(HubError::Invalid(errors)) => {
            let shown = Shown {
                days: Some(DAYS),
                by_team: false,
            };
            let page = page(&web, &who, shown, &fields, &errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        answer => {
            let back = Link::new("Back to the credits", paths::CREDITS);
            done(answer, &who, paths::CREDITS, back)
        }
    }
}

fn asked_for(fields: &Fields) -> NewTransfer {
    let text = |name: &str| fields.text(name).to_owned();
    NewTransfer {
        from: text("from"),
        to: text("to"),
        amount: text("amount"),
        note: text("note"),
        key: String::new(),
    }
}
