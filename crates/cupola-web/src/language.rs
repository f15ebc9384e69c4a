//! Answers with a language model: it is asked, the tools that it calls are called, and what it costs is
//! counted. Whatever goes wrong, there is an answer without it, and a line that says so.

use std::time::Duration;

use cupola_assistant::{
    answer::Answer,
    conversation::Conversation,
    dialogue::{self, Called, Dialogue, Reply, Step},
    tools::Caller,
};
use cupola_hub::{Hub, HubError};
use cupola_language::{Endpoint, Failed, Said};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use crate::state::{Web, hub_call};

/// So many answers are made at the same time; who comes then is answered without a model.
const AT_ONCE: usize = 8;

/// No completion takes more, whatever an endpoint says.
const TOKENS_MAX: u64 = 1 << 32;

/// Bytes of what is asked for a token, until the endpoint has counted.
const BYTES_PER_TOKEN: u64 = 4;

/// How much a model may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Tokens of all questions and answers of a day, in UTC.
    pub tokens_per_day: u64,
    /// The same of one conversation.
    pub tokens_per_conversation: u64,
    /// How long one answer may take in all.
    pub timeout: Duration,
}

/// The language model that a hub asks.
#[derive(Debug)]
pub struct Language {
    endpoint: Endpoint,
    limits: Limits,
    places: Semaphore,
}

/// An answer that a model made.
pub(crate) struct Spoken {
    pub(crate) answer: Answer,
    /// Whether its change is the model's, which nobody has asked for in so many words.
    pub(crate) is_proposed: bool,
}

/// What went to and fro with a model, whether or not an answer came of it.
#[derive(Debug, Default)]
pub(crate) struct Talked {
    pub(crate) calls: Vec<Called>,
    /// How often it answered.
    pub(crate) rounds: u32,
    pub(crate) tokens: u64,
}

/// What a model is asked.
pub(crate) struct Asked<'a> {
    pub(crate) question: &'a str,
    pub(crate) before: &'a Conversation,
    /// The answer without it.
    pub(crate) without: &'a Answer,
    pub(crate) caller: Caller,
    pub(crate) listener: &'a Listener,
}

/// What is heard of an answer while it is made.
#[derive(Debug)]
pub(crate) enum Heard {
    /// More words. What was said before a call is no part of the answer.
    Words(String),
    /// A tool was called.
    Called(Called),
}

/// Who hears of an answer while it is made. An answer that nobody waits for any more is broken off.
#[derive(Debug)]
pub(crate) struct Listener(mpsc::UnboundedSender<Heard>);

impl Listener {
    /// What is told comes out of the other end, which is to be held for as long as the answer is wanted. It
    /// holds no more than a model is let say.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<Heard>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    fn tell(&self, heard: Heard) {
        // Whoever left hears nothing.
        let _ = self.0.send(heard);
    }

    async fn left(&self) {
        self.0.closed().await;
    }
}

impl Language {
    /// A model within limits.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        Self {
            endpoint,
            limits,
            places: Semaphore::new(AT_ONCE),
        }
    }

    /// The model's name.
    pub(crate) fn model(&self) -> &str {
        self.endpoint.model()
    }

    /// The model's answer, or why there is none; `talked` is what it took either way.
    pub(crate) async fn answer(
        &self,
        web: &Web,
        asked: Asked<'_>,
        talked: &mut Talked,
    ) -> Result<Spoken, String> {
        let Ok(_place) = self.places.try_acquire() else {
            return Err("has too many questions at once".to_owned());
        };
        let limit = self.limits.timeout;
        let listener = asked.listener;
        let spoken = Box::pin(self.talk(web, asked, talked));
        tokio::select! {
            spoken = tokio::time::timeout(limit, spoken) => {
                spoken.unwrap_or_else(|_| Err(Failed::TooSlow(limit).to_string()))
            }
            () = web.stopped() => Err("was not waited for: the hub stops".to_owned()),
            () = listener.left() => Err("was not waited for: who asked has left".to_owned()),
        }
    }

    async fn talk(
        &self,
        web: &Web,
        asked: Asked<'_>,
        talked: &mut Talked,
    ) -> Result<Spoken, String> {
        let functions = dialogue::functions(asked.caller.role);
        let mut dialogue = Dialogue::new(asked.question, &asked.before.said, asked.without);
        loop {
            self.check_budget(web, asked.before.tokens + talked.tokens)
                .await?;
            let offered = if dialogue.may_call() {
                functions.as_slice()
            } else {
                &[]
            };
            let said = self.said(web, dialogue.messages(), (offered, asked.listener), talked);
            let reply = reply(said.await?);
            talked.rounds += 1;
            let (desk, caller) = (web.assistant(), asked.caller.clone());
            let stepped = hub_call(web, move |hub| {
                let step = dialogue.take(hub, &desk.index, &caller, reply);
                Ok::<_, HubError>((dialogue, step))
            });
            let step;
            (dialogue, step) = stepped.await.map_err(|error| error.to_string())?;
            for call in &dialogue.calls()[talked.calls.len()..] {
                asked.listener.tell(Heard::Called(call.clone()));
            }
            talked.calls = dialogue.calls().to_vec();
            match step {
                Step::Again => {}
                Step::Said(text) => {
                    let mut answer = dialogue.answer(text, asked.without.clone());
                    // What the person asks for goes before what a model makes of it.
                    let proposed = dialogue.proposed().cloned();
                    let is_proposed = answer.change.is_none() && proposed.is_some();
                    answer.change = answer.change.or(proposed);
                    return Ok(Spoken {
                        answer,
                        is_proposed,
                    });
                }
                Step::GaveUp(why) => return Err(why.to_owned()),
            }
        }
    }

    /// Asks once. What that takes is counted before it is known, by an estimate: also what fails or is broken off
    /// was read.
    async fn said(
        &self,
        web: &Web,
        messages: &[Value],
        (offered, listener): (&[Value], &Listener),
        talked: &mut Talked,
    ) -> Result<Said, String> {
        let length = |one: &Value| one.to_string().len() as u64;
        let estimate = messages.iter().map(length).sum::<u64>() / BYTES_PER_TOKEN;
        let before = talked.tokens;
        talked.tokens += estimate;
        spend(web, estimate.cast_signed()).await?;
        let hear = &mut |words: &str| listener.tell(Heard::Words(words.to_owned()));
        let limit = self.limits.timeout;
        let said = self.endpoint.complete(messages, offered, limit, hear).await;
        let said = said.map_err(|failed| failed.to_string())?;
        if let Some(tokens) = said.tokens.map(|tokens| tokens.min(TOKENS_MAX)) {
            talked.tokens = before + tokens;
            spend(web, tokens.cast_signed() - estimate.cast_signed()).await?;
        }
        Ok(said)
    }

    async fn check_budget(&self, web: &Web, of_conversation: u64) -> Result<(), String> {
        let today = hub_call(web, Hub::language_tokens_today).await;
        if today.map_err(|error| error.to_string())? >= self.limits.tokens_per_day {
            return Err("has spent its budget for today".to_owned());
        }
        if of_conversation >= self.limits.tokens_per_conversation {
            return Err("has spent its budget for this conversation; begin another".to_owned());
        }
        Ok(())
    }
}

async fn spend(web: &Web, tokens: i64) -> Result<(), String> {
    let counted = hub_call(web, move |hub| hub.count_language_tokens(tokens)).await;
    counted.map_err(|error| error.to_string())
}

fn reply(said: Said) -> Reply {
    let calls = said.calls.into_iter().zip(1..);
    Reply {
        text: said.text,
        // Some give their calls no ids.
        calls: calls
            .map(|(call, number)| {
                let id = match call.id.as_str() {
                    "" => format!("call-{number}"),
                    _ => call.id,
                };
                (id, call.name, call.arguments)
            })
            .collect(),
        is_cut: said.is_cut,
    }
}
