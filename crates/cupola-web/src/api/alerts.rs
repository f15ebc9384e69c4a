//! Alerts, their rules, and where they are told.

use std::time::Duration;

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{
    access::Role,
    alert::AlertWord,
    field::FieldError,
    ids::{AlertId, AlertRuleId, AlertTargetId},
};
use cupola_hub::{
    Hub, HubError,
    alerts::{NewRule, NewTarget, Rule},
};
use cupola_protocol::{
    alerts::{
        AlertDetailBody, AlertRuleBody, AlertTestBody, CreatedAlertTarget, MuteAlertRule,
        NewAlertRule, NewAlertTarget, ResolvedAlerts,
    },
    paths::api,
};

use super::{body::Body, present};
use crate::{
    auth::{Access, Admin, Researcher, Viewer},
    error::ApiError,
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    let (viewer, admin) = (Access::Role(Role::Viewer), Access::Role(Role::Admin));
    let researcher = Access::Role(Role::Researcher);
    Routes::new()
        .get(api::ALERTS, viewer, index)
        .get(api::ALERT, viewer, show)
        .post(api::ALERT_ACKNOWLEDGEMENT, researcher, acknowledge)
        .post(api::ALERT_RESOLUTION, researcher, resolve)
        .get(api::ALERT_RULES, viewer, rules)
        .post(api::ALERT_RULES, researcher, create_rule)
        .get(api::ALERT_RULE, viewer, show_rule)
        .put(api::ALERT_RULE, researcher, edit_rule)
        .delete(api::ALERT_RULE, researcher, destroy_rule)
        .put(api::ALERT_RULE_MUTE, researcher, mute)
        .post(api::ALERT_RULE_RESOLUTION, researcher, resolve_of_rule)
        .get(api::ALERT_TARGETS, viewer, targets)
        .post(api::ALERT_TARGETS, admin, create_target)
        .delete(api::ALERT_TARGET, admin, destroy_target)
        .post(api::ALERT_TARGET_TEST, admin, test_target)
        .get(api::ALERT_DELIVERIES, viewer, deliveries)
}

type Answer<T> = Result<Json<T>, ApiError>;

async fn index(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    let states: Vec<AlertWord> = params.list("state");
    params.finish()?;
    let part = (listing.offset(), listing.per_page);
    let (found, total) = hub_call(&web, move |hub| hub.list_alerts(states, part)).await?;
    let bodies = found
        .iter()
        .map(|(alert, rule)| present::alert(alert, rule));
    Ok(listing.answer(bodies.collect(), total))
}

async fn show(State(web): State<Web>, _: Viewer, Id(id): Id<AlertId>) -> Answer<AlertDetailBody> {
    let detail = hub_call(&web, move |hub| hub.alert_detail(id)).await?;
    Ok(Json(present::alert_detail(&detail)))
}

async fn acknowledge(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertId>,
) -> Answer<AlertDetailBody> {
    let detail = hub_call(&web, move |hub| {
        hub.acknowledge_alert(id, &who.name)?;
        hub.alert_detail(id)
    });
    Ok(Json(present::alert_detail(&detail.await?)))
}

async fn resolve(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertId>,
) -> Answer<AlertDetailBody> {
    let detail = hub_call(&web, move |hub| {
        hub.resolve_alert(id, &who.name)?;
        hub.alert_detail(id)
    });
    Ok(Json(present::alert_detail(&detail.await?)))
}

async fn rules(State(web): State<Web>, _: Viewer, listing: Listing) -> Result<Response, ApiError> {
    let asked = hub_call(&web, |hub| {
        Ok((hub.list_alert_rules()?, hub.list_alert_targets()?))
    });
    let (rules, targets) = asked.await?;
    let (rules, total) = listing.cut(rules);
    let bodies = rules.iter().map(|rule| present::alert_rule(rule, &targets));
    Ok(listing.answer(bodies.collect(), total))
}

async fn create_rule(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Body(new): Body<NewAlertRule>,
) -> Result<(StatusCode, Json<AlertRuleBody>), ApiError> {
    let body = rule_call(&web, move |hub| {
        hub.create_alert_rule(wanted(new), &who.name)
    });
    Ok((StatusCode::CREATED, body.await?))
}

async fn show_rule(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<AlertRuleId>,
) -> Answer<AlertRuleBody> {
    rule_call(&web, move |hub| hub.find_alert_rule(id)).await
}

async fn edit_rule(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<AlertRuleId>,
    Body(new): Body<NewAlertRule>,
) -> Answer<AlertRuleBody> {
    rule_call(&web, move |hub| hub.edit_alert_rule(id, wanted(new))).await
}

async fn mute(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<AlertRuleId>,
    Body(MuteAlertRule { mins }): Body<MuteAlertRule>,
) -> Answer<AlertRuleBody> {
    let span = Duration::from_secs(mins.saturating_mul(60));
    rule_call(&web, move |hub| hub.mute_alert_rule(id, Some(span))).await
}

async fn resolve_of_rule(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertRuleId>,
) -> Answer<ResolvedAlerts> {
    let resolved = hub_call(&web, move |hub| hub.resolve_alerts_of(id, &who.name)).await?;
    Ok(Json(ResolvedAlerts { resolved }))
}

async fn destroy_rule(
    State(web): State<Web>,
    _: Researcher,
    Id(id): Id<AlertRuleId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_alert_rule(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A rule with the names of its targets.
async fn rule_call(
    web: &Web,
    call: impl FnOnce(&Hub) -> Result<Rule, HubError> + Send + 'static,
) -> Answer<AlertRuleBody> {
    let asked = hub_call(web, move |hub| {
        let rule = call(hub)?;
        Ok((rule, hub.list_alert_targets()?))
    });
    let (rule, targets) = asked.await?;
    Ok(Json(present::alert_rule(&rule, &targets)))
}

fn wanted(new: NewAlertRule) -> NewRule {
    NewRule {
        name: new.name,
        condition: new.condition,
        repeat_mins: new.repeat_mins,
        targets: new.targets,
    }
}

async fn targets(
    State(web): State<Web>,
    _: Viewer,
    listing: Listing,
) -> Result<Response, ApiError> {
    let (targets, total) = listing.cut(hub_call(&web, Hub::list_alert_targets).await?);
    Ok(listing.answer(targets.iter().map(present::alert_target).collect(), total))
}

async fn create_target(
    State(web): State<Web>,
    Admin(who): Admin,
    Body(new): Body<NewAlertTarget>,
) -> Result<(StatusCode, Json<CreatedAlertTarget>), ApiError> {
    let kind = new.kind.parse();
    let wanted = NewTarget {
        kind: kind.map_err(|message: String| vec![FieldError::new("kind", message)])?,
        name: new.name,
        address: new.address,
        key: new.secret,
    };
    let made = hub_call(&web, move |hub| hub.create_alert_target(wanted, &who.name)).await?;
    let body = CreatedAlertTarget {
        target: present::alert_target(&made.target),
        secret: made.key,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

async fn destroy_target(
    State(web): State<Web>,
    _: Admin,
    Id(id): Id<AlertTargetId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_alert_target(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn test_target(
    State(web): State<Web>,
    _: Admin,
    Id(id): Id<AlertTargetId>,
) -> Result<(StatusCode, Json<AlertTestBody>), ApiError> {
    let delivery = hub_call(&web, move |hub| hub.test_alert_target(id)).await?;
    let body = AlertTestBody {
        delivery_id: delivery.id.to_string(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

async fn deliveries(
    State(web): State<Web>,
    _: Viewer,
    listing: Listing,
) -> Result<Response, ApiError> {
    let all = hub_call(&web, Hub::list_alert_deliveries).await?;
    let (found, total) = listing.cut(all);
    Ok(listing.answer(found.iter().map(present::alert_delivery).collect(), total))
}
