//! What the addresses of joining answer.

use std::time::Duration;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_domain::{
    access::{Belonging, Principal, Role},
    enrolment::{self, Closed, Enrolment},
    field::FieldError,
    ids::EnrolmentId,
    time::Timestamp,
};
use cupola_hub::{Hub, HubError, enrolments::NewEnrolment};
use cupola_protocol::joining::JoinCode;

use super::{CreatedCode, Joining, WayRow, Ways};
use crate::{
    auth::{Access, Admin},
    error::PageError,
    joining,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Address, Fields, Rendered, done, html, read},
        components::{Badge, Field, Input, Link, Tone},
        confirmation::Confirmation,
        format,
        frame::{Frame, Section},
        paths,
    },
};

const SECS_PER_HOUR: u64 = 3_600;

pub(crate) fn routes() -> Routes {
    let admin = Access::Role(Role::Admin);
    Routes::new()
        .get(paths::JOINING, admin, index)
        .post(paths::JOINING, admin, create)
        .get("/workers/joining/{id}/closure", admin, ask_closure)
        .post("/workers/joining/{id}/closure", admin, close)
}

async fn index(State(web): State<Web>, Admin(who): Admin) -> Rendered {
    page(&web, &who, None, &Fields::default(), &[]).await
}

/// The page with the new code, which is shown this once; or with what is wrong.
async fn create(
    State(web): State<Web>,
    Admin(who): Admin,
    address: Address,
    fields: Fields,
) -> Result<Response, PageError> {
    let (asked, author) = (fields.clone(), who.clone());
    let answer = hub_call(&web, move |hub| {
        let new = asked_for(&asked).map_err(HubError::Invalid)?;
        hub.create_enrolment(new, &author)
    });
    match answer.await {
        Ok((secret, made)) => {
            let created = shown(&web, &joining::code(&web, &address, secret), &made);
            let page = page(&web, &who, Some(created), &Fields::default(), &[]).await?;
            Ok(page.into_response())
        }
        Err(HubError::Invalid(errors)) => {
            let page = page(&web, &who, None, &fields, &errors).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn asked_for(fields: &Fields) -> Result<NewEnrolment, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut number = |name: &str, usual: u64| {
        let text = fields.text(name).trim();
        if text.is_empty() {
            return usual;
        }
        text.parse().unwrap_or_else(|_| {
            let message = format!("`{text}` is not a whole number");
            errors.push(FieldError::new(name, message));
            usual
        })
    };
    let uses = number("uses", 1);
    let hours = number("hours", enrolment::TTL.as_secs() / SECS_PER_HOUR);
    let uses = u32::try_from(uses).unwrap_or(u32::MAX);
    let ttl = Duration::from_secs(hours.saturating_mul(SECS_PER_HOUR));
    if errors.is_empty() && (ttl.is_zero() || ttl > enrolment::TTL_MAX) {
        let most = enrolment::TTL_MAX.as_secs() / SECS_PER_HOUR;
        errors.push(FieldError::new(
            "hours",
            format!("is {hours}; choose 1 to {most}"),
        ));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(NewEnrolment {
        name: fields.text("name").to_owned(),
        belonging: Belonging {
            owner: fields.text("owner").to_owned(),
            team: fields.text("team").to_owned(),
        },
        uses,
        ttl,
    })
}

fn shown(web: &Web, code: &JoinCode, made: &Enrolment) -> CreatedCode {
    let machines = format::counted(made.uses_max.into(), "machine", "machines");
    CreatedCode {
        command: joining::command(code),
        service: format!("cupola worker install --join {code}"),
        whose: format!("{machines} of {}", made.belonging.owner),
        expires: made.expires_at.into(),
        warning: joining::warning(web, code),
    }
}

async fn page(
    web: &Web,
    who: &Principal,
    created: Option<CreatedCode>,
    fields: &Fields,
    errors: &[FieldError],
) -> Rendered {
    let (seq, (ways, now)) = read(web, |hub: &Hub| Ok((hub.list_enrolments()?, hub.now()))).await?;
    html(&Joining {
        frame: Frame::new("Add a worker", Section::Workers, Some(who.into()))
            .under("Workers", paths::WORKERS)
            .at(seq),
        created,
        fields: form(who, fields, errors),
        ways: Ways {
            rows: ways.iter().map(|way| row(way, now)).collect(),
        },
    })
}

fn form(who: &Principal, fields: &Fields, errors: &[FieldError]) -> Vec<Field> {
    let or = |name: &str, usual: &str| match fields.text(name) {
        "" => usual.to_owned(),
        text => text.to_owned(),
    };
    vec![
        Field::new("owner", "Person", or("owner", &who.owner))
            .hint("Whose the machines are, and who earns what they earn."),
        Field::new("team", "Team", fields.text("team")).hint("Left empty for none."),
        Field::new("uses", "Machines", or("uses", "1"))
            .with(Input::Number)
            .hint("How many may join by it."),
        Field::new("hours", "Hours", or("hours", "1"))
            .with(Input::Number)
            .hint("How long it can be used."),
        Field::new("name", "What it is for", fields.text("name")).hint("For the list below."),
    ]
    .into_iter()
    .map(|field| field.with_error_of(errors))
    .collect()
}

fn row(way: &Enrolment, now: Timestamp) -> WayRow {
    let closed = way.closed(now);
    let badge = match closed {
        None => Badge::word("open", Tone::Good),
        Some(Closed::Revoked) => Badge::word("revoked", Tone::Bad),
        Some(reason) => Badge::word(reason.as_str(), Tone::Quiet),
    };
    let closure = || Link::new("Close", paths::joining(way.id, "/closure"));
    WayRow {
        name: way.name.clone(),
        owner: way.belonging.owner.clone(),
        team: way.belonging.team.clone(),
        used: format!("{} of {}", way.uses, way.uses_max),
        badge,
        author: way.author.clone(),
        expires: way.expires_at.into(),
        closure: closed.is_none().then(closure),
    }
}

async fn ask_closure(
    State(web): State<Web>,
    Admin(who): Admin,
    Id(id): Id<EnrolmentId>,
) -> Rendered {
    let ways = hub_call(&web, Hub::list_enrolments).await?;
    let way = ways.iter().find(|way| way.id == id);
    let way = way.ok_or_else(|| HubError::not_found("join code", id))?;
    let left = u64::from(way.uses_max.saturating_sub(way.uses));
    let left = format::counted(left, "machine that could", "machines that could");
    html(&Confirmation {
        frame: Frame::new("Close the join code", Section::Workers, Some((&who).into()))
            .under("Workers", paths::WORKERS)
            .under("Add a worker", paths::JOINING),
        question: format!("Close the join code of {}?", way.belonging.owner),
        lead: "This happens:",
        consequences: vec![format!("{left} still join by it cannot")],
        remark: "Who came by it stays a worker.".to_owned(),
        verb: "Close",
        action: paths::joining(id, "/closure"),
        back: paths::JOINING.to_owned(),
    })
}

async fn close(
    State(web): State<Web>,
    Admin(who): Admin,
    Id(id): Id<EnrolmentId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.revoke_enrolment(id)).await;
    let back = Link::new("Back to the join codes", paths::JOINING);
    done(answer, &who, paths::JOINING, back)
}
