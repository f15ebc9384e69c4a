//! The forms of rules.

use std::time::Duration;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::{
    access::Principal,
    alert::{REPEAT, Target},
    field::FieldError,
    ids::AlertRuleId,
};
use cupola_hub::{
    Hub, HubError,
    alerts::{NewRule, Rule},
};

use super::{Mute, RuleForm, routes::finished};
use crate::{
    auth::Researcher,
    error::PageError,
    router::Id,
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, html},
        components::{Field, Input},
        confirmation::Confirmation,
        frame::{Frame, Section},
        paths,
    },
};

/// A rule is muted for so many hours, as the form offers them; none says: speak again.
const MUTE_HOURS: [u64; 4] = [0, 1, 8, 168];

pub(super) async fn new(State(web): State<Web>, Researcher(who): Researcher) -> Rendered {
    let targets = hub_call(&web, Hub::list_alert_targets).await?;
    let ticked = targets.iter().map(|target| target.name.clone()).collect();
    let draft = Draft {
        targets: ticked,
        ..Draft::default()
    };
    html(&form(&who, None, &draft, &targets, &[]))
}

pub(super) async fn create(
    State(web): State<Web>,
    Researcher(who): Researcher,
    fields: Fields,
) -> Result<Response, PageError> {
    let draft = Draft::read(&fields);
    let (wanted, by) = (draft.clone(), who.name.clone());
    let answer = hub_call(&web, move |hub| {
        hub.create_alert_rule(wanted.wanted()?, &by)
    })
    .await;
    kept(&web, &who, None, &draft, answer).await
}

pub(super) async fn edit(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertRuleId>,
) -> Rendered {
    let asked = hub_call(&web, move |hub| {
        Ok((
            hub.find_alert_rule(id)?,
            hub.list_alert_targets()?,
            hub.now(),
        ))
    });
    let (mut rule, targets, now) = asked.await?;
    if !rule.is_muted(now) {
        rule.muted_until = None;
    }
    let draft = Draft::of(&rule, &targets);
    html(&form(&who, Some(&rule), &draft, &targets, &[]))
}

pub(super) async fn update(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertRuleId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let draft = Draft::read(&fields);
    let wanted = draft.clone();
    let answer = hub_call(&web, move |hub| hub.edit_alert_rule(id, wanted.wanted()?)).await;
    kept(&web, &who, Some(id), &draft, answer).await
}

pub(super) async fn mute(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertRuleId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let hours = fields.text("hours").parse::<u64>().ok();
    let hours = hours
        .filter(|hours| MUTE_HOURS.contains(hours))
        .ok_or_else(|| {
            let message = "choose one of the buttons of the form";
            HubError::Invalid(vec![FieldError::new("hours", message)])
        })?;
    let span = Duration::from_hours(hours);
    let answer = hub_call(&web, move |hub| hub.mute_alert_rule(id, Some(span))).await;
    finished(answer, &who)
}

pub(super) async fn resolve(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertRuleId>,
) -> Result<Response, PageError> {
    let by = who.name.clone();
    let answer = hub_call(&web, move |hub| hub.resolve_alerts_of(id, &by)).await;
    finished(answer, &who)
}

pub(super) async fn ask_deletion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertRuleId>,
) -> Rendered {
    let rule = hub_call(&web, move |hub| hub.find_alert_rule(id)).await?;
    html(&Confirmation {
        frame: Frame::new("Delete the rule", Section::Alerts, Some((&who).into()))
            .under("Alerts", paths::ALERTS),
        question: format!("Delete the rule “{}”?", rule.name),
        lead: "This goes:",
        consequences: vec!["the rule with its alerts and their history".to_owned()],
        remark: "This cannot be undone. To hear nothing of it for a while, mute it.".to_owned(),
        verb: "Delete",
        action: paths::alert_rule(id, "/deletion"),
        back: paths::alert_rule(id, ""),
    })
}

pub(super) async fn delete(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<AlertRuleId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.delete_alert_rule(id)).await;
    finished(answer, &who)
}

/// What stands in the form.
#[derive(Debug, Clone, Default)]
struct Draft {
    name: String,
    condition: String,
    repeat_mins: String,
    targets: Vec<String>,
}

impl Draft {
    fn read(fields: &Fields) -> Self {
        Self {
            name: fields.text("name").to_owned(),
            condition: fields.text("condition").to_owned(),
            repeat_mins: fields.text("repeat_mins").to_owned(),
            targets: fields.all("target").map(str::to_owned).collect(),
        }
    }

    fn of(rule: &Rule, targets: &[Target]) -> Self {
        let own = targets
            .iter()
            .filter(|target| rule.targets.contains(&target.id));
        Self {
            name: rule.name.clone(),
            condition: rule.condition.to_string(),
            repeat_mins: (rule.repeat.as_secs() / 60).to_string(),
            targets: own.map(|target| target.name.clone()).collect(),
        }
    }

    fn wanted(self) -> Result<NewRule, HubError> {
        let repeat_mins = match self.repeat_mins.trim() {
            "" => None,
            text => Some(text.parse().map_err(|_| {
                let message = format!("`{text}` is not a number of minutes");
                HubError::Invalid(vec![FieldError::new("repeat_mins", message)])
            })?),
        };
        Ok(NewRule {
            name: self.name,
            condition: self.condition,
            repeat_mins,
            targets: self.targets,
        })
    }
}

/// On to the page, or the form again with what is wrong.
async fn kept(
    web: &Web,
    who: &Principal,
    id: Option<AlertRuleId>,
    draft: &Draft,
    answer: Result<Rule, HubError>,
) -> Result<Response, PageError> {
    match answer {
        Ok(_) => Ok(Redirect::to(paths::ALERTS).into_response()),
        Err(HubError::Invalid(errors)) => {
            let asked = hub_call(web, move |hub| {
                let rule = id.map(|id| hub.find_alert_rule(id)).transpose()?;
                Ok((rule, hub.list_alert_targets()?))
            });
            let (rule, targets) = asked.await?;
            let page = html(&form(who, rule.as_ref(), draft, &targets, &errors))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn form(
    who: &Principal,
    rule: Option<&Rule>,
    draft: &Draft,
    targets: &[Target],
    errors: &[FieldError],
) -> RuleForm {
    let title = rule.map_or_else(|| "New rule".to_owned(), |rule| rule.name.clone());
    let known = ["name", "condition", "repeat_mins"];
    let others = errors
        .iter()
        .filter(|error| !known.contains(&error.field.as_str()));
    RuleForm {
        frame: Frame::new(&title, Section::Alerts, Some(who.into())).under("Alerts", paths::ALERTS),
        title,
        action: match rule {
            Some(rule) => paths::alert_rule(rule.id, ""),
            None => paths::ALERT_RULES.to_owned(),
        },
        verb: if rule.is_some() {
            "Save"
        } else {
            "Create rule"
        },
        errors: others.cloned().collect(),
        fields: fields(draft, errors),
        targets: (targets.iter())
            .map(|target| (target.name.clone(), draft.targets.contains(&target.name)))
            .collect(),
        mute: rule.map(|rule| Mute {
            action: paths::alert_rule(rule.id, "/mute"),
            until: rule.muted_until.map(Into::into),
            deletion: paths::alert_rule(rule.id, "/deletion"),
        }),
    }
}

fn fields(draft: &Draft, errors: &[FieldError]) -> Vec<Field> {
    let usual = REPEAT.as_secs() / 60;
    let all = [
        Field::new("name", "Name", &draft.name)
            .required()
            .hint("What messages and lists call it."),
        Field::new("condition", "Condition", &draft.condition)
            .with(Input::Code { rows: 2 })
            .required()
            .placeholder("metric val_loss > 10 for 5m")
            .hint("One line; the examples below say what can be written."),
        Field::new(
            "repeat_mins",
            "At most one message in so many minutes",
            &draft.repeat_mins,
        )
        .with(Input::Number)
        .placeholder(usual.to_string())
        .hint("What is new meanwhile waits and comes together."),
    ];
    all.into_iter()
        .map(|field| field.with_error_of(errors))
        .collect()
}
