//! What the addresses of tokens answer.

use std::time::Duration;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_domain::{
    access::{Belonging, Principal, Role, Token},
    field::FieldError,
    ids::TokenId,
    time::Timestamp,
};
use cupola_hub::{Hub, HubError};

use super::{Created, Index, List, TokenRow};
use crate::{
    auth::{Access, Admin},
    error::PageError,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Address, Fields, Rendered, done, html, read},
        components::{Badge, Field, Input, Link, Opt, Tone},
        confirmation::Confirmation,
        frame::{Frame, Section},
        paths,
        workers::join_command,
    },
};

/// No token is made for longer: ten years.
const TTL_DAYS_MAX: u64 = 3_650;

pub(crate) fn routes() -> Routes {
    let admin = Access::Role(Role::Admin);
    Routes::new()
        .get(paths::TOKENS, admin, index)
        .post(paths::TOKENS, admin, create)
        .get("/settings/tokens/{id}/revocation", admin, ask_revocation)
        .post("/settings/tokens/{id}/revocation", admin, revoke)
}

async fn index(State(web): State<Web>, Admin(who): Admin) -> Rendered {
    page(&web, &who, None, &Fields::default(), &[]).await
}

/// The page with the secret of the new token, which is shown this once; or with what is wrong.
async fn create(
    State(web): State<Web>,
    Admin(who): Admin,
    address: Address,
    fields: Fields,
) -> Result<Response, PageError> {
    let asked = fields.clone();
    let answer = hub_call(&web, move |hub| make(hub, &asked)).await;
    match answer {
        Ok((secret, token)) => {
            let created = Created {
                usage: usage(&web, &address, &token, &secret),
                name: token.name,
                secret,
            };
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

fn make(hub: &Hub, fields: &Fields) -> Result<(String, Token), HubError> {
    let mut errors = Vec::new();
    let role = fields.text("role").parse::<Role>();
    let role = role.map_err(|message| errors.push(FieldError::new("role", message)));
    let ttl = ttl(fields.text("ttl_days")).map_err(|error| errors.push(error));
    match (role, ttl) {
        (Ok(role), Ok(ttl)) => {
            let belonging = Belonging {
                owner: fields.text("owner").to_owned(),
                team: fields.text("team").to_owned(),
            };
            hub.create_token_of(belonging, (fields.text("name"), role), ttl)
        }
        _ => Err(HubError::Invalid(errors)),
    }
}

fn ttl(text: &str) -> Result<Option<Duration>, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let days = text.parse::<u64>().ok();
    let days = days.filter(|days| (1..=TTL_DAYS_MAX).contains(days));
    let days = days.ok_or_else(|| {
        let message = format!(
            "`{text}` is not a number of days; choose one from 1 to {TTL_DAYS_MAX}, or none"
        );
        FieldError::new("ttl_days", message)
    })?;
    Ok(Some(Duration::from_hours(24 * days)))
}

fn usage(web: &Web, address: &Address, token: &Token, secret: &str) -> String {
    match token.role {
        Role::Worker => {
            let command = join_command(web, address, secret);
            format!("A machine joins with: {command}")
        }
        _ => format!(
            "A person pastes it at {}/login; a program sends it as `Authorization: Bearer …`.",
            address.0
        ),
    }
}

async fn page(
    web: &Web,
    who: &Principal,
    created: Option<Created>,
    fields: &Fields,
    errors: &[FieldError],
) -> Rendered {
    let (seq, (tokens, now)) = read(web, |hub| Ok((hub.list_tokens()?, hub.now()))).await?;
    html(&Index {
        frame: Frame::new("Tokens", Section::Settings, Some(who.into())).at(seq),
        created,
        fields: form(fields, errors),
        list: List {
            rows: tokens.iter().map(|token| row(token, now)).collect(),
        },
    })
}

fn form(fields: &Fields, errors: &[FieldError]) -> Vec<Field> {
    let role = match fields.text("role") {
        "" => Role::Researcher.as_str(),
        role => role,
    };
    let people = Role::ALL.into_iter().filter(|role| *role != Role::Worker);
    let roles = people.chain([Role::Worker]);
    let roles = roles.map(|one| Opt::new(one.as_str(), one.as_str(), role));
    vec![
        Field::new("name", "Name", fields.text("name"))
            .required()
            .hint("Who or what it is for."),
        Field::new("role", "Role", role)
            .with(Input::Select(roles.collect()))
            .hint("Each role includes those before it; a worker stands apart."),
        Field::new("owner", "Person", fields.text("owner"))
            .hint("Whom it belongs to, and whose credits count. Left empty, who is called as the token is."),
        Field::new("team", "Team", fields.text("team")).hint("Left empty for none."),
        Field::new("ttl_days", "Days until it expires", fields.text("ttl_days"))
            .with(Input::Number)
            .hint("Left empty, it does not."),
    ]
    .into_iter()
    .map(|field| field.with_error_of(errors))
    .collect()
}

fn row(token: &Token, now: Timestamp) -> TokenRow {
    let is_valid = token.is_valid(now);
    let badge = match (token.revoked_at, is_valid) {
        (Some(_), _) => Badge::word("revoked", Tone::Bad),
        (None, true) => Badge::word("valid", Tone::Good),
        (None, false) => Badge::word("expired", Tone::Quiet),
    };
    TokenRow {
        name: token.name.clone(),
        owner: token.owner().to_owned(),
        team: token.belonging.team.clone(),
        role: token.role.as_str(),
        prefix: token.prefix.clone(),
        badge,
        created: token.created_at.into(),
        expires: token.expires_at.into(),
        revocation: is_valid.then(|| Link::new("Revoke", paths::token(token.id, "/revocation"))),
    }
}

async fn ask_revocation(
    State(web): State<Web>,
    Admin(who): Admin,
    Id(id): Id<TokenId>,
) -> Rendered {
    let tokens = hub_call(&web, Hub::list_tokens).await?;
    let token = tokens.iter().find(|token| token.id == id);
    let token = token.ok_or_else(|| HubError::not_found("token", id))?;
    let mut consequences = vec![match token.role {
        Role::Worker => "its workers are shut out; their runs wait for others".to_owned(),
        _ => "every browser and program that came in by it is shut out".to_owned(),
    }];
    if token.id == who.token {
        consequences.push("you came in by this one: you will have to log in again".to_owned());
    }
    html(&Confirmation {
        frame: Frame::new("Revoke the token", Section::Settings, Some((&who).into()))
            .under("Tokens", paths::TOKENS),
        question: format!("Revoke the token “{}”?", token.name),
        lead: "This happens:",
        consequences,
        remark: "A revoked token stays revoked; another can be made.".to_owned(),
        verb: "Revoke",
        action: paths::token(id, "/revocation"),
        back: paths::TOKENS.to_owned(),
    })
}

async fn revoke(
    State(web): State<Web>,
    Admin(who): Admin,
    Id(id): Id<TokenId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.revoke_token(id)).await;
    let back = Link::new("Back to the tokens", paths::TOKENS);
    done(answer, &who, paths::TOKENS, back)
}
