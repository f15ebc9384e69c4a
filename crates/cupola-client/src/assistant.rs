//! Questions in people's words, and the tools that answer them.

use std::time::Duration;

use cupola_protocol::{
    assistant::{
        AnswerBody, ModelCallBody, NewQuestion, ToolAnswer, ToolCall, ToolsBody, WordsBody, stream,
    },
    paths::api,
    problem::Problem,
};
use serde::de::DeserializeOwned;

use crate::{Client, Error, messages::Messages, transport::at};

/// A hub gives a language model ten minutes at most.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(620);

/// An answer is never longer.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// What is heard of an answer while it is made.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// More words of a language model.
    Words(String),
    /// A tool that it called. What it said before is no part of the answer.
    Call(ModelCallBody),
}

impl Client {
    /// Answers a question. Where a language model does, that takes as long as it may.
    pub async fn ask_question(&self, question: &NewQuestion) -> Result<AnswerBody, Error> {
        self.post_within(api::ASSISTANT_ASK, question, ANSWER_TIMEOUT)
            .await
    }

    /// The same; `hear` is told what a language model says and does while it answers.
    pub async fn ask_question_live(
        &self,
        question: &NewQuestion,
        mut hear: impl FnMut(Heard),
    ) -> Result<AnswerBody, Error> {
        let answer = self.download_made(api::ASSISTANT_STREAM, question).await?;
        let mut messages = Messages::new(answer, ANSWER_BYTES_MAX);
        while let Some(message) = messages.next().await? {
            match message.kind.as_str() {
                stream::WORDS => {
                    let words: WordsBody = read(&message.data)?;
                    hear(Heard::Words(words.text));
                }
                stream::CALL => hear(Heard::Call(read(&message.data)?)),
                stream::ANSWER => return read(&message.data),
                stream::PROBLEM => {
                    let problem: Problem = read(&message.data)?;
                    let status = problem.status;
                    return Err(Error::Refused { status, problem });
                }
                // Comments, and what later hubs say.
                _ => {}
            }
        }
        let broken = "the stream ended without an answer";
        Err(Error::NotUnderstood(broken.to_owned()))
    }

    /// The tools.
    pub async fn tools(&self) -> Result<ToolsBody, Error> {
        self.fetch(api::ASSISTANT_TOOLS).await
    }

    /// Calls a tool.
    pub async fn call_tool(&self, name: &str, call: &ToolCall) -> Result<ToolAnswer, Error> {
        self.post(&at(api::ASSISTANT_TOOL, name), call).await
    }
}

fn read<T: DeserializeOwned>(data: &str) -> Result<T, Error> {
    serde_json::from_str(data)
        .map_err(|error| Error::NotUnderstood(format!("{}: {error}", api::ASSISTANT_STREAM)))
}
