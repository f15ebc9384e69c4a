//! Tokens.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{
    access::{Belonging, Role},
    field::FieldError,
    ids::TokenId,
};
use cupola_hub::Hub;
use cupola_protocol::{
    access::{CreatedToken, NewToken},
    paths::api,
};

use super::{body::Body, present};
use crate::{
    auth::{Access, Admin},
    error::ApiError,
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let admin = Access::Role(Role::Admin);
    Routes::new()
        .get(api::TOKENS, admin, index)
        .post(api::TOKENS, admin, create)
        .delete(api::TOKEN, admin, destroy)
}

async fn index(State(web): State<Web>, _: Admin, mut params: Params) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    params.finish()?;
    let (tokens, total) = listing.cut(hub_call(&web, Hub::list_tokens).await?);
    Ok(listing.answer(tokens.iter().map(present::token).collect(), total))
}

async fn create(
    State(web): State<Web>,
    _: Admin,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let role: Role = new
        .role
        .parse()
        .map_err(|message: String| vec![FieldError::new("role", message)])?;
    let ttl = new.ttl_secs.map(Duration::from_secs);
    let belonging = Belonging {
        owner: new.owner,
        team: new.team,
    };
    let created = hub_call(&web, move |hub| {
        hub.create_token_of(belonging, (&new.name, role), ttl)
    })
    .await?;
    let (secret, token) = created;
    let token = present::token(&token);
    Ok((StatusCode::CREATED, Json(CreatedToken { secret, token })))
}

async fn destroy(
    State(web): State<Web>,
    _: Admin,
    Id(id): Id<TokenId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.revoke_token(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
