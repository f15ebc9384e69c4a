//! Ways in for machines, and machines that come by them.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use cupola_domain::{
    access::{Belonging, Role},
    enrolment,
    ids::EnrolmentId,
};
use cupola_hub::{Hub, HubError, enrolments::NewEnrolment};
use cupola_protocol::{
    joining::{self, CreatedEnrolment, Enrol, Enrolled},
    paths::api,
};

use super::{body::Body, present};
use crate::{
    auth::{Access, Admin, Credential, Peer},
    error::ApiError,
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::Address,
};

pub(super) fn routes() -> Routes {
    let admin = Access::Role(Role::Admin);
    Routes::new()
        .get(api::ENROLMENTS, admin, index)
        .post(api::ENROLMENTS, admin, create)
        .post(api::ENROLMENT_USE, Access::Public, enter)
        .delete(api::ENROLMENT, admin, destroy)
}

async fn index(State(web): State<Web>, _: Admin, mut params: Params) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    params.finish()?;
    let answer = hub_call(&web, |hub: &Hub| Ok((hub.list_enrolments()?, hub.now())));
    let (all, now) = answer.await?;
    let (found, total) = listing.cut(all);
    let shown = found.iter().map(|found| present::enrolment(found, now));
    Ok(listing.answer(shown.collect(), total))
}

async fn create(
    State(web): State<Web>,
    Admin(who): Admin,
    address: Address,
    Body(new): Body<joining::NewEnrolment>,
) -> Result<(StatusCode, Json<CreatedEnrolment>), ApiError> {
    let new = NewEnrolment {
        name: new.name,
        belonging: Belonging {
            owner: new.owner,
            team: new.team,
        },
        uses: new.uses.unwrap_or(1),
        ttl: new.ttl_secs.map_or(enrolment::TTL, Duration::from_secs),
    };
    let answer = hub_call(&web, move |hub| {
        Ok((hub.create_enrolment(new, &who)?, hub.now()))
    });
    let ((secret, made), now) = answer.await?;
    let code = crate::joining::code(&web, &address, secret);
    let created = CreatedEnrolment {
        join_code: code.to_string(),
        enrolment: present::enrolment(&made, now),
        warning: crate::joining::warning(&web, &code).to_owned(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

async fn destroy(
    State(web): State<Web>,
    _: Admin,
    Id(id): Id<EnrolmentId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.revoke_enrolment(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever shows a secret, and where they come from. It is no token: nobody else looks at it.
struct Comer {
    shown: Option<Credential>,
    peer: Option<Peer>,
}

impl FromRequestParts<Web> for Comer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let shown = Credential::find(&parts.headers, web.settings.is_tls);
        Ok(Self {
            shown: shown.ok().flatten(),
            peer: parts.extensions.get().copied(),
        })
    }
}

/// A machine comes in. Guessing is slowed down as it is for tokens.
async fn enter(
    State(web): State<Web>,
    comer: Comer,
    Body(asked): Body<Enrol>,
) -> Result<(StatusCode, Json<Enrolled>), ApiError> {
    if let Some(reason) = joining::skew(asked.protocol) {
        return Err(HubError::Conflict(reason).into());
    }
    let now = web.hub.monotonic();
    web.attempts.check(comer.peer, now)?;
    let Some(Credential::Bearer(secret)) = comer.shown else {
        let message = "the join code's secret comes as a bearer".to_owned();
        return Err(HubError::Unauthorized(message).into());
    };
    let entered = hub_call(&web, move |hub| {
        hub.enrol(&secret, &asked.secret, &asked.name)
    });
    let token = entered.await.inspect_err(|error| {
        if matches!(error, HubError::Unauthorized(_)) {
            web.attempts.note_failure(comer.peer, now);
        }
    })?;
    let enrolled = Enrolled {
        owner: token.owner().to_owned(),
        team: token.belonging.team,
        hub_key: web.hub.public_key(),
    };
    Ok((StatusCode::CREATED, Json(enrolled)))
}
