//! Questions in people's words, and the tools that answer them.

use std::time::Duration;

use cupola_protocol::{
    assistant::{AnswerBody, NewQuestion, ToolAnswer, ToolCall, ToolsBody},
    paths::api,
};

use crate::{Client, Error, transport::at};

/// A hub gives a language model ten minutes at most.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(620);

impl Client {
    /// Answers a question. Where a language model does, that takes as long as it may.
    pub async fn ask_question(&self, question: &NewQuestion) -> Result<AnswerBody, Error> {
        self.post_within(api::ASSISTANT_ASK, question, ANSWER_TIMEOUT)
            .await
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
