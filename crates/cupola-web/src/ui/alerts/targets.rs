//! The form of targets.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_domain::{alert::TargetKind, field::FieldError, ids::AlertTargetId};
use cupola_hub::{
    Hub, HubError,
    alerts::{MadeTarget, NewTarget},
};

use super::{
    Created, TargetForm,
    routes::{finished, page},
};
use crate::{
    auth::Admin,
    error::PageError,
    router::Id,
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, html, read},
        components::{Field, Input, Opt},
        confirmation::Confirmation,
        frame::{Frame, Section},
        paths,
    },
};

/// The page with the secret of the new target, which is shown this once; or with what is wrong.
pub(super) async fn create(
    State(web): State<Web>,
    Admin(who): Admin,
    fields: Fields,
) -> Result<Response, PageError> {
    let (asked, by) = (fields.clone(), who.name.clone());
    let answer = hub_call(&web, move |hub| make(hub, &asked, &by)).await;
    let (status, form, created) = match answer {
        Ok(MadeTarget { target, key }) => {
            let created = key.map(|secret| Created {
                name: target.name,
                secret,
            });
            (StatusCode::OK, form(&Fields::default(), &[]), created)
        }
        Err(HubError::Invalid(errors)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            form(&fields, &errors),
            None,
        ),
        Err(error) => return Err(error.into()),
    };
    let (seq, alerting) = read(&web, Hub::alerting).await?;
    let mut page = page(&alerting, &who, seq, Some(form));
    page.created = created;
    Ok((status, html(&page)?).into_response())
}

fn make(hub: &Hub, fields: &Fields, by: &str) -> Result<MadeTarget, HubError> {
    let kind = fields.text("kind").parse::<TargetKind>();
    let kind = kind.map_err(|message| HubError::Invalid(vec![FieldError::new("kind", message)]))?;
    let secret = fields.text("secret");
    let new = NewTarget {
        name: fields.text("name").to_owned(),
        kind,
        address: fields.text("address").to_owned(),
        key: (!secret.is_empty()).then(|| secret.to_owned()),
    };
    hub.create_alert_target(new, by)
}

pub(super) async fn test(
    State(web): State<Web>,
    Admin(who): Admin,
    Id(id): Id<AlertTargetId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.test_alert_target(id)).await;
    finished(answer, &who)
}

pub(super) async fn ask_deletion(
    State(web): State<Web>,
    Admin(who): Admin,
    Id(id): Id<AlertTargetId>,
) -> Rendered {
    let target = hub_call(&web, move |hub| hub.find_alert_target(id)).await?;
    html(&Confirmation {
        frame: Frame::new("Delete the target", Section::Alerts, Some((&who).into()))
            .under("Alerts", paths::ALERTS),
        question: format!("Delete the target “{}”?", target.name),
        lead: "This goes:",
        consequences: vec![
            "its address and secret".to_owned(),
            "what was still to be told there".to_owned(),
        ],
        remark: "Rules that told it tell the others.".to_owned(),
        verb: "Delete",
        action: paths::alert_target(id, "/deletion"),
        back: paths::ALERTS.to_owned(),
    })
}

pub(super) async fn delete(
    State(web): State<Web>,
    Admin(who): Admin,
    Id(id): Id<AlertTargetId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.delete_alert_target(id)).await;
    finished(answer, &who)
}

/// What was filled in, but for what is secret: that is typed again.
pub(super) fn form(fields: &Fields, errors: &[FieldError]) -> TargetForm {
    let kind = match fields.text("kind") {
        "" => TargetKind::Webhook.as_str(),
        kind => kind,
    };
    let kinds = TargetKind::ALL.map(|one| Opt::new(one.as_str(), one.as_str(), kind));
    let all = [
        Field::new("name", "Name", fields.text("name"))
            .required()
            .hint("What rules call it."),
        Field::new("kind", "Kind", kind).with(Input::Select(kinds.to_vec())),
        Field::new("address", "Address", "")
            .required()
            .hint("A URL, or for mail the recipients with commas between them. Not shown again."),
        Field::new("secret", "Secret", "")
            .with(Input::Password)
            .hint("A webhook’s messages are signed with it; left empty, the hub makes one."),
    ];
    TargetForm {
        fields: all
            .into_iter()
            .map(|field| field.with_error_of(errors))
            .collect(),
    }
}
