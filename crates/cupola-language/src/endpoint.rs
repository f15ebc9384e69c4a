//! The endpoint itself, over HTTP.

use std::time::Duration;

use reqwest::{Response, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::stream::{More, Pieces, Said, shown};

/// The largest completion that is taken where it does not come in pieces.
const WHOLE_BYTES_MAX: usize = 1 << 20;

/// So many bytes are taken of a stream, whatever is in it.
const STREAM_BYTES_MAX: usize = 8 << 20;

/// Bytes for a token, where the endpoint counts none.
const BYTES_PER_TOKEN: usize = 4;

/// Where a model is reached.
#[derive(Clone, Default)]
pub struct Address {
    /// Without `/chat/completions`, such as `http://127.0.0.1:11434/v1`.
    pub endpoint: String,
    /// The model's name there.
    pub model: String,
    /// What is sent as the bearer's token; nothing where it is empty.
    pub key: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.model, self.endpoint)
    }
}

/// A model that can be asked.
#[derive(Debug)]
pub struct Endpoint {
    http: reqwest::Client,
    address: Address,
}

/// Hears the words of a completion as they come.
pub type Hear<'a> = &'a mut (dyn FnMut(&str) + Send);

/// Why there is no completion; fits after "the language model".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// Nobody is there.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// It did not come in time.
    #[error("did not answer within {} s", .0.as_secs_f64())]
    TooSlow(Duration),
    /// It came with this status.
    #[error("answered {0}: `{1}`")]
    Refused(u16, String),
    /// It is no completion.
    #[error("answered what is no completion: {0}")]
    Nonsense(String),
}

impl Endpoint {
    /// Calls nobody yet.
    pub fn new(http: reqwest::Client, address: Address) -> Self {
        Self { http, address }
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.address.model
    }

    /// One completion of a conversation; `functions` are the tools that it may ask to be called, and `hear` is
    /// told its words as they come.
    pub async fn complete(
        &self,
        messages: &[Value],
        functions: &[Value],
        within: Duration,
        hear: Hear<'_>,
    ) -> Result<Said, Failed> {
        let body = self.body(messages, functions);
        let asked = body.len();
        let completed = tokio::time::timeout(within, self.completed(body, hear));
        let mut said = completed.await.map_err(|_| Failed::TooSlow(within))??;
        let calls = said.calls.iter();
        let told: usize = calls.map(|call| call.arguments.len()).sum();
        let estimate = (asked + said.text.len() + told) / BYTES_PER_TOKEN;
        said.tokens = said.tokens.or(Some(estimate as u64));
        Ok(said)
    }

    fn body(&self, messages: &[Value], functions: &[Value]) -> String {
        let mut body = Map::new();
        body.insert("model".to_owned(), self.address.model.as_str().into());
        body.insert("messages".to_owned(), messages.into());
        if !functions.is_empty() {
            body.insert("tools".to_owned(), functions.into());
        }
        body.insert("stream".to_owned(), true.into());
        body.insert("stream_options".to_owned(), json!({"include_usage": true}));
        Value::Object(body).to_string()
    }

    async fn completed(&self, body: String, hear: Hear<'_>) -> Result<Said, Failed> {
        let endpoint = self.address.endpoint.trim_end_matches('/');
        let mut request = self
            .http
            .post(format!("{endpoint}/chat/completions"))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream, application/json")
            .body(body);
        if !self.address.key.is_empty() {
            request = request.bearer_auth(&self.address.key);
        }
        let answer = request.send().await.map_err(|why| unreachable_by(&why))?;
        if answer.status() != StatusCode::OK {
            let status = answer.status().as_u16();
            let body = whole(answer).await?;
            return Err(Failed::Refused(status, shown(&body)));
        }
        let media_type = answer.headers().get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        if media_type.is_some_and(|name| name.starts_with("application/json")) {
            let body = whole(answer).await?;
            return Pieces::default().whole(&body).map_err(Failed::Nonsense);
        }
        streamed(answer, hear).await
    }
}

async fn streamed(mut answer: Response, hear: Hear<'_>) -> Result<Said, Failed> {
    let mut pieces = Pieces::default();
    let mut taken = 0;
    while let Some(bytes) = answer.chunk().await.map_err(|why| unreachable_by(&why))? {
        taken += bytes.len();
        if taken > STREAM_BYTES_MAX {
            return Err(Failed::Nonsense("a stream without an end".to_owned()));
        }
        let more = pieces.take(&bytes).map_err(Failed::Nonsense)?;
        let words = pieces.new_words();
        if !words.is_empty() {
            hear(words);
        }
        if more == More::No {
            break;
        }
    }
    pieces.end().map_err(Failed::Nonsense)
}

async fn whole(mut answer: Response) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while let Some(bytes) = answer.chunk().await.map_err(|why| unreachable_by(&why))? {
        let room = WHOLE_BYTES_MAX - body.len();
        body.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            break;
        }
    }
    Ok(body)
}

/// The transport's own message leaves the cause out, and names the address, which may be secret.
fn unreachable_by(error: &reqwest::Error) -> Failed {
    let mut cause = std::error::Error::source(error);
    let mut text = None;
    while let Some(deeper) = cause {
        text = Some(deeper.to_string());
        cause = deeper.source();
    }
    Failed::Unreachable(text.unwrap_or_else(|| "the connection broke".to_owned()))
}
