//! Answers with a language model: it is asked, the tools that it calls are called, and what it costs is
//! counted. Whatever goes wrong, there is an answer without it, and a line that says so.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cupola_assistant::{
    answer::Answer,
    conversation::Conversation,
    dialogue::{self, Called, Dialogue, Reply, Step},
    tools::Caller,
};
use cupola_domain::time::Timestamp;
use cupola_hub::HubError;
use cupola_language::{Endpoint, Failed, Said};
use tokio::sync::Semaphore;

use crate::state::{Web, hub_call};

/// So many answers are made at the same time; who comes then is answered without a model.
const AT_ONCE: usize = 8;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// How much a model may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Tokens of all questions and answers of a day, in UTC. Counted from the hub's start on.
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
    spent: Mutex<Spent>,
    places: Semaphore,
}

#[derive(Debug, Default)]
struct Spent {
    day: i64,
    tokens: u64,
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
}

impl Language {
    /// A model within limits.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        Self {
            endpoint,
            limits,
            spent: Mutex::default(),
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
        let spoken = Box::pin(self.talk(web, asked, talked));
        tokio::select! {
            spoken = tokio::time::timeout(limit, spoken) => {
                spoken.unwrap_or_else(|_| Err(Failed::TooSlow(limit).to_string()))
            }
            () = web.stopped() => Err("was not waited for: the hub stops".to_owned()),
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
            self.check_budget(web.hub.now(), asked.before.tokens + talked.tokens)?;
            let offered = if dialogue.may_call() {
                functions.as_slice()
            } else {
                &[]
            };
            let limit = self.limits.timeout;
            let messages = dialogue.messages();
            let said = self.endpoint.complete(messages, offered, limit).await;
            // What failed was read all the same.
            let estimate = || {
                messages
                    .iter()
                    .map(|one| one.to_string().len() as u64)
                    .sum::<u64>()
                    / 4
            };
            let took = said.as_ref().ok().and_then(|said| said.tokens);
            let took = took.unwrap_or_else(estimate);
            talked.tokens += took;
            self.spend(web.hub.now(), took);
            let reply = reply(said.map_err(|failed| failed.to_string())?);
            talked.rounds += 1;
            let (desk, caller) = (web.assistant(), asked.caller.clone());
            let stepped = hub_call(web, move |hub| {
                let step = dialogue.take(hub, &desk.index, &caller, reply);
                Ok::<_, HubError>((dialogue, step))
            });
            let step;
            (dialogue, step) = stepped.await.map_err(|error| error.to_string())?;
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

    fn check_budget(&self, now: Timestamp, of_conversation: u64) -> Result<(), String> {
        let today = now.millis().div_euclid(DAY_MILLIS);
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.day == today && spent.tokens >= self.limits.tokens_per_day {
            return Err("has spent its budget for today".to_owned());
        }
        if of_conversation >= self.limits.tokens_per_conversation {
            return Err("has spent its budget for this conversation; begin another".to_owned());
        }
        Ok(())
    }

    fn spend(&self, now: Timestamp, tokens: u64) {
        let today = now.millis().div_euclid(DAY_MILLIS);
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.day != today {
            *spent = Spent {
                day: today,
                tokens: 0,
            };
        }
        spent.tokens += tokens;
    }
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
