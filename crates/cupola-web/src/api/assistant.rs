//! Questions in people's words, and the tools that answer them.

use axum::{
    Json,
    extract::{Path, State},
};
use cupola_assistant::{
    answer::{self, Answer},
    conversation::Conversation,
    dialogue, question,
    tools::{self, Caller, Mode, Refused},
};
use cupola_domain::{
    access::{Principal, Role},
    field::FieldError,
};
use cupola_hub::HubError;
use cupola_protocol::{
    assistant::{
        AnswerBody, ChangeBody, CurveBody, LinkBody, ModelCallBody, ModelSaidBody, NewQuestion,
        NumberBody, ToolAnswer, ToolBody, ToolCall, ToolsBody,
    },
    paths::api,
};
use serde_json::{Map, Value};

use super::body::Body;
use crate::{
    auth::{Access, Viewer},
    error::ApiError,
    language::{Asked, Language, Talked},
    router::Routes,
    state::{Web, hub_call},
};

/// A conversation's name is never longer.
const NAME_CHARS_MAX: usize = 64;

/// Clocks are this far from UTC at most.
const OFFSET_MINUTES_MAX: i32 = 24 * 60;

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .post(api::ASSISTANT_ASK, viewer, ask)
        .get(api::ASSISTANT_TOOLS, viewer, list)
        // Which role it takes, each tool says.
        .post(api::ASSISTANT_TOOL, viewer, call)
}

async fn ask(
    State(web): State<Web>,
    Viewer(who): Viewer,
    Body(new): Body<NewQuestion>,
) -> Result<Json<AnswerBody>, ApiError> {
    let told = told(&web, &who, new).await?;
    let mut body = said(&told.answer);
    if let Some(change) = &mut body.change {
        change.by_model = told.is_proposed;
    }
    body.model = told.model;
    body.notice = told.notice;
    Ok(Json(body))
}

/// The same as pages show it: which tools a language model called, or why none answered, are lines of it.
pub(crate) async fn answered(
    web: &Web,
    who: &Principal,
    new: NewQuestion,
) -> Result<Answer, ApiError> {
    let told = told(web, who, new).await?;
    let mut answer = told.answer;
    if let Some(model) = &told.model {
        let tools: Vec<_> = model.calls.iter().map(|call| call.tool.as_str()).collect();
        let called = match tools.as_slice() {
            [] => "no tools".to_owned(),
            tools => tools.join(", "),
        };
        let (name, tokens) = (&model.name, model.tokens);
        let what = if told.notice.is_none() {
            "Said by"
        } else {
            "Asked was"
        };
        answer.detail.push(format!(
            "{what} the language model {name} ({tokens} tokens), which called {called}."
        ));
        if told.is_proposed {
            let line = "The change is the model's proposal: look at it before you make it.";
            answer.detail.push(line.to_owned());
        }
    }
    answer.detail.extend(told.notice);
    Ok(answer)
}

/// An answer, and how it came about.
struct Told {
    answer: Answer,
    model: Option<ModelSaidBody>,
    /// Whether its change is what a model proposes.
    is_proposed: bool,
    notice: Option<String>,
}

/// Answers a question, and remembers what it was about.
async fn told(web: &Web, who: &Principal, new: NewQuestion) -> Result<Told, ApiError> {
    check(&new)?;
    let desk = web.assistant();
    let whose = who.token.to_string();
    let name = new.conversation.as_deref();
    let name = name.map(|name| (whose.as_str(), name));
    let before = match name {
        Some(name) if !new.anew => desk.conversations.find(name, web.hub.monotonic()),
        _ => Conversation::default(),
    };
    let (answer, mut conversation) = without_model(web, who, &new, before).await?;
    let is_short = new.question.chars().count() <= question::CHARS_MAX;
    let language = web.settings.language.clone();
    let told = match language.filter(|_| is_short && !new.no_model) {
        Some(language) => {
            let asked = (new.question.as_str(), caller(who));
            by_model(web, &language, asked, &mut conversation, answer).await
        }
        None => Told {
            answer,
            model: None,
            is_proposed: false,
            notice: None,
        },
    };
    if new.makes {
        conversation.make();
    }
    conversation.remember(&new.question, &told.answer.text);
    if let Some(name) = name {
        let now = web.hub.monotonic();
        desk.conversations.keep(name, conversation, now);
    }
    Ok(told)
}

async fn without_model(
    web: &Web,
    who: &Principal,
    new: &NewQuestion,
    mut conversation: Conversation,
) -> Result<(Answer, Conversation), HubError> {
    let (desk, caller) = (web.assistant(), caller(who));
    let (question, offset) = (new.question.clone(), new.utc_offset_minutes);
    let asked = hub_call(web, move |hub| {
        let asked = (question.as_str(), offset);
        let answer = answer::ask(hub, &desk.index, &caller, &mut conversation, asked)?;
        Ok((answer, conversation))
    });
    asked.await
}

/// The language model's answer, or the one without it and why.
async fn by_model(
    web: &Web,
    language: &Language,
    (question, caller): (&str, Caller),
    conversation: &mut Conversation,
    without: Answer,
) -> Told {
    let asked = Asked {
        question,
        before: conversation,
        without: &without,
        caller,
    };
    let mut talked = Talked::default();
    let spoken = language.answer(web, asked, &mut talked).await;
    conversation.tokens += talked.tokens;
    let name = language.model();
    // Also where nothing came of it, it may have been told much.
    let model = (talked.rounds > 0).then(|| model_body(name, &talked));
    match spoken {
        Ok(spoken) => Told {
            model,
            is_proposed: spoken.is_proposed,
            answer: spoken.answer,
            notice: None,
        },
        Err(why) => Told {
            answer: without,
            model,
            is_proposed: false,
            notice: Some(format!(
                "the language model `{name}` {why}; this is the answer without it"
            )),
        },
    }
}

fn model_body(name: &str, talked: &Talked) -> ModelSaidBody {
    let call = |call: &dialogue::Called| ModelCallBody {
        tool: call.tool.clone(),
        arguments: call.arguments.clone(),
        bytes: call.bytes as u64,
        millis: call.took.as_secs_f64() * 1000.0,
        refused: call.refused.clone(),
    };
    ModelSaidBody {
        name: name.to_owned(),
        calls: talked.calls.iter().map(call).collect(),
        rounds: talked.rounds,
        tokens: talked.tokens,
    }
}

fn check(new: &NewQuestion) -> Result<(), HubError> {
    let mut errors = Vec::new();
    let chars = new.conversation.as_ref().map(|name| name.chars().count());
    if chars.is_some_and(|chars| !(1..=NAME_CHARS_MAX).contains(&chars)) {
        let message = format!("is no name; give 1 to {NAME_CHARS_MAX} characters");
        errors.push(FieldError::new("conversation", message));
    }
    if new.utc_offset_minutes.abs() > OFFSET_MINUTES_MAX {
        let message = format!(
            "is {}; give -{OFFSET_MINUTES_MAX} to {OFFSET_MINUTES_MAX}",
            new.utc_offset_minutes
        );
        errors.push(FieldError::new("utc_offset_minutes", message));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(HubError::Invalid(errors))
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

fn said(answer: &Answer) -> AnswerBody {
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
        report: answer.report.clone(),
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
