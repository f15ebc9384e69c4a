//! Answers while they are made: begun, heard, and told at the end.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse as _, Response,
    sse::{Event, KeepAlive, Sse},
};
use cupola_assistant::{
    answer::{self, Answer},
    conversation::Conversation,
    dialogue, question,
    tools::Caller,
};
use cupola_domain::{access::Principal, field::FieldError};
use cupola_hub::HubError;
use cupola_protocol::assistant::{ModelCallBody, ModelSaidBody, NewQuestion, WordsBody, stream};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::JoinHandle,
};
use tokio_stream::wrappers::ReceiverStream;

use super::caller;
use crate::{
    error::ApiError,
    language::{Asked, Heard, Language, Listener, Talked},
    live,
    state::{Web, hub_call},
};

/// A conversation's name is never longer.
const NAME_CHARS_MAX: usize = 64;

/// Clocks are this far from UTC at most.
const OFFSET_MINUTES_MAX: i32 = 24 * 60;

/// Events on their way to somebody who reads slowly.
const EVENTS_MAX: usize = 64;

/// While a model thinks, its silence is broken so often.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An answer that is being made.
pub(crate) struct Making {
    heard: UnboundedReceiver<Heard>,
    told: JoinHandle<Result<Told, ApiError>>,
}

/// An answer, and how it came about.
pub(crate) struct Told {
    pub(crate) answer: Answer,
    pub(crate) model: Option<ModelSaidBody>,
    /// Whether its change is what a model proposes.
    pub(crate) is_proposed: bool,
    pub(crate) notice: Option<String>,
}

/// How long an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Until whoever hears it leaves.
    WhileHeard,
    /// Also after that: it will be looked at.
    ForLater,
}

impl Making {
    /// Begins to answer. What that takes is counted, and what it was about remembered, also where nobody waits
    /// for it any more.
    pub(crate) fn begin(web: &Web, who: &Principal, new: NewQuestion) -> Result<Self, ApiError> {
        check(&new)?;
        let (listener, heard) = Listener::new();
        let (web, who) = (web.clone(), who.clone());
        let told = tokio::spawn(async move { told(&web, &who, new, &listener).await });
        Ok(Self { heard, told })
    }

    /// The answer.
    pub(crate) async fn told(self) -> Result<Told, ApiError> {
        let told = self.told.await;
        let panicked = |why| HubError::Internal(anyhow::anyhow!("an answer did not end: {why}"));
        told.map_err(|why| ApiError::from(panicked(why)))?
    }

    /// A stream of what is heard of it, which ends with what is made of the answer.
    pub(crate) fn live(
        mut self,
        kept: Kept,
        ended: impl FnOnce(Result<Told, ApiError>) -> Event + Send + 'static,
    ) -> Response {
        let (events, stream) = mpsc::channel(EVENTS_MAX);
        tokio::spawn(async move {
            while let Some(heard) = self.heard.recv().await {
                let has_left = events
                    .send(Ok::<_, Infallible>(event(heard)))
                    .await
                    .is_err();
                if has_left && kept == Kept::WhileHeard {
                    return;
                }
            }
            // Whoever left sees it later, or never.
            let _ = events.send(Ok(ended(self.told().await))).await;
        });
        let alive = KeepAlive::new().interval(HEARTBEAT);
        let answer = Sse::new(ReceiverStream::new(stream)).keep_alive(alive);
        live::unbuffered(answer.into_response())
    }
}

impl Told {
    /// As pages show it: which tools a language model called, or why none answered, are lines of it.
    pub(crate) fn into_shown(self) -> Answer {
        let mut answer = self.answer;
        if let Some(model) = &self.model {
            let tools: Vec<_> = model.calls.iter().map(|call| call.tool.as_str()).collect();
            let called = match tools.as_slice() {
                [] => "no tools".to_owned(),
                tools => tools.join(", "),
            };
            let (name, tokens) = (&model.name, model.tokens);
            let what = if self.notice.is_none() {
                "Said by"
            } else {
                "Asked was"
            };
            answer.detail.push(format!(
                "{what} the language model {name} ({tokens} tokens), which called {called}."
            ));
            if self.is_proposed {
                let line = "The change is the model's proposal: look at it before you make it.";
                answer.detail.push(line.to_owned());
            }
        }
        answer.detail.extend(self.notice);
        answer
    }
}

fn event(heard: Heard) -> Event {
    let event = match heard {
        Heard::Words(text) => Event::default()
            .event(stream::WORDS)
            .json_data(WordsBody { text }),
        Heard::Called(called) => Event::default()
            .event(stream::CALL)
            .json_data(call_body(&called)),
    };
    event.unwrap_or_default()
}

/// What went wrong, once an answer has begun.
pub(crate) fn problem_event(ApiError(problem): &ApiError) -> Event {
    let event = Event::default().event(stream::PROBLEM);
    event.json_data(problem).unwrap_or_default()
}

/// Answers a question, and remembers what it was about.
async fn told(
    web: &Web,
    who: &Principal,
    new: NewQuestion,
    listener: &Listener,
) -> Result<Told, ApiError> {
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
            let asked = (new.question.as_str(), caller(who), listener);
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
    (question, caller, listener): (&str, Caller, &Listener),
    conversation: &mut Conversation,
    without: Answer,
) -> Told {
    let asked = Asked {
        question,
        before: conversation,
        without: &without,
        caller,
        listener,
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
    ModelSaidBody {
        name: name.to_owned(),
        calls: talked.calls.iter().map(call_body).collect(),
        rounds: talked.rounds,
        tokens: talked.tokens,
    }
}

fn call_body(call: &dialogue::Called) -> ModelCallBody {
    ModelCallBody {
        tool: call.tool.clone(),
        arguments: call.arguments.clone(),
        bytes: call.bytes as u64,
        millis: call.took.as_secs_f64() * 1000.0,
        refused: call.refused.clone(),
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
