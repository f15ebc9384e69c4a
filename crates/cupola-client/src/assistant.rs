//! Questions in people's words, and the tools that answer them.

use cupola_protocol::{
    assistant::{AnswerBody, NewQuestion, ToolAnswer, ToolCall, ToolsBody},
    paths::api,
};

use crate::{Client, Error, transport::at};

impl Client {
    /// Answers a question.
    pub async fn ask_question(&self, question: &NewQuestion) -> Result<AnswerBody, Error> {
        self.post(api::ASSISTANT_ASK, question).await
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
