//! Questions in people's words, and the tools that answer them.

mod asking;

use axum::{
    Json,
    extract::{Path, State},
    response::{Response, sse::Event},
};
use cupola_assistant::{
    answer::{self, Answer},
    report::markdown,
    tools::{self, Caller, Mode, Refused},
};
use cupola_domain::access::{Principal, Role};
use cupola_hub::HubError;
use cupola_protocol::{
    assistant::{
        AnswerBody, ChangeBody, CurveBody, LinkBody, NewQuestion, NumberBody, ToolAnswer, ToolBody,
        ToolCall, ToolsBody, stream,
    },
    paths::api,
};
use serde_json::{Map, Value};

pub(crate) use asking::{Kept, Making, Told, problem_event};

use super::body::Body;
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    router::Routes,
    state::{Web, hub_call},
    ui::answer::Address,
};

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .post(api::ASSISTANT_ASK, viewer, ask)
        .post(api::ASSISTANT_STREAM, viewer, ask_live)
        .get(api::ASSISTANT_TOOLS, viewer, list)
        // Which role it takes, each tool says.
        .post(api::ASSISTANT_TOOL, viewer, call)
}

async fn ask(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Address(base): Address,
    Body(new): Body<NewQuestion>,
) -> Result<Json<AnswerBody>, ApiError> {
    let told = Making::begin(&web, &who, new)?.told().await?;
    Ok(Json(body(told, &base)))
}

async fn ask_live(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Address(base): Address,
    Body(new): Body<NewQuestion>,
) -> Result<Response, ApiError> {
    let making = Making::begin(&web, &who, new)?;
    Ok(making.live(Kept::WhileHeard, move |told| match told {
        Ok(told) => {
            let event = Event::default().event(stream::ANSWER);
            event.json_data(body(told, &base)).unwrap_or_default()
        }
        Err(error) => problem_event(&error),
    }))
}

/// As programs get it; what leads to pages from a report is at `base`.
fn body(told: Told, base: &str) -> AnswerBody {
    let mut body = said(&told.answer, base);
    if let Some(change) = &mut body.change {
        change.by_model = told.is_proposed;
    }
    body.model = told.model;
    body.notice = told.notice;
    body
}

/// Who asks, as tools know them.
pub(crate) fn caller(who: &Principal) -> Caller {
    Caller {
        name: who.name.clone(),
        owner: who.owner.clone(),
        role: who.role,
    }
}

async fn list(Viewer(who): Viewer) -> Json<ToolsBody> {
    Json(ToolsBody {
        items: tools_for(who.role),
    })
}

/// Every tool, as one with this role has it.
pub(crate) fn tools_for(role: Role) -> Vec<ToolBody> {
    let aliases: Vec<_> = tools::aliases().collect();
    let body = |tool: &tools::Tool| ToolBody {
        name: tool.name.to_owned(),
        aliases: (aliases.iter())
            .filter(|(_, of)| of.name == tool.name)
            .map(|(alias, _)| (*alias).to_owned())
            .collect(),
        about: tool.about.to_owned(),
        role: tool.role.as_str().to_owned(),
        is_allowed: role.includes(tool.role),
        is_change: tool.is_change,
        is_destructive: tool.is_destructive,
        schema: tool.schema(),
    };
    tools::TOOLS.iter().map(body).collect()
}

async fn call(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Path(name): Path<String>,
    Body(call): Body<ToolCall>,
) -> Result<Json<ToolAnswer>, ApiError> {
    let called = called(&web, &who, name, call.arguments).await;
    let result = called.map_err(refused)?;
    Ok(Json(ToolAnswer { result }))
}

/// What a tool answers to one caller.
pub(crate) async fn called(
    web: &Web,
    who: &Principal,
    name: String,
    arguments: Map<String, Value>,
) -> Result<Value, Refused> {
    let (desk, caller) = (web.assistant(), caller(who));
    let result = hub_call(web, move |hub| {
        let asked = (name.as_str(), &arguments);
        Ok(tools::call(hub, &desk.index, &caller, asked, Mode::AsAsked))
    });
    result.await?
}

pub(super) fn refused(refused: Refused) -> HubError {
    match refused {
        Refused::Hub(error) => error,
        Refused::Arguments(errors) => HubError::Invalid(errors),
        Refused::Role { .. } => HubError::Forbidden(refused.to_string()),
        Refused::NoTool(name, nearest) => {
            // The message has the name between backquotes.
            let name = nearest.map_or(name.clone(), |nearest| {
                format!("{name}`; did you mean `{nearest}")
            });
            HubError::not_found("tool", name)
        }
    }
}

fn said(answer: &Answer, base: &str) -> AnswerBody {
    let number = |number: &answer::Number| NumberBody {
        name: number.name.clone(),
        value: number.value,
        unit: number.unit.clone(),
        source: number.source.clone(),
    };
    let link = |link: &answer::Link| LinkBody {
        title: link.title.clone(),
        href: link.href.clone(),
    };
    let numbers = answer.numbers.iter();
    AnswerBody {
        outcome: answer.outcome.as_str().to_owned(),
        answer: answer.text.clone(),
        detail: answer.detail.clone(),
        // JSON has no others.
        numbers: numbers
            .filter(|of| of.value.is_finite())
            .map(number)
            .collect(),
        links: answer.links.iter().map(link).collect(),
        chart: answer.chart.as_ref().map(|chart| CurveBody {
            metric: chart.metric.clone(),
            source: chart.source.clone(),
            points: (chart.points.iter())
                .filter(|(_, value)| value.is_finite())
                .copied()
                .collect(),
        }),
        quoted: answer.quoted.clone(),
        report: (answer.report.as_ref()).map(|report| markdown(report, base)),
        suggestions: answer.suggestions.clone(),
        asks_back: answer.asks_back.clone(),
        change: answer.change.as_ref().map(|change| ChangeBody {
            tool: change.tool.to_owned(),
            arguments: change.arguments.clone(),
            by_model: false,
        }),
        model: None,
        notice: None,
    }
}
