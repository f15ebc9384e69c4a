//! The one function through which every call goes.

use std::time::Duration;

use cupola_protocol::{paths::api, problem::Problem};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header, redirect};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Address, Error, Pace, Pin, error::UNKNOWN, tls};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a call may take in all.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// A file that goes up more slowly than this (in bytes a second) is given up.
const UPLOAD_BYTES_PER_SEC_MIN: u64 = 64 << 10;

/// So many transfers at once may share a limited pace before one of them is given up as stuck.
const TRANSFERS_MAX: u64 = 32;

/// The largest answer taken: a bundle of 64 MiB in base 64, and some.
const ANSWER_BYTES_MAX: usize = 96 << 20;

/// How much of an answer that is no problem document is quoted.
const QUOTED_CHARS_MAX: usize = 200;

/// A hub, and who one is there. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    address: Address,
    token: String,
    pace: Pace,
}

impl Client {
    /// A client of the hub at `address`, which is read as an [`Address`]. Calls nobody yet.
    /// An empty `token` is not sent.
    pub fn new(address: &str, token: &str) -> Result<Self, Error> {
        let address: Address = address.parse()?;
        Ok(Self {
            http: connections(&address, REQUEST_TIMEOUT)?,
            address,
            token: token.to_owned(),
            pace: Pace::default(),
        })
    }

    /// The same for one who waits for an answer for so long although nothing comes.
    pub fn with_patience(self, silence: Duration) -> Result<Self, Error> {
        Ok(Self {
            http: connections(&self.address, silence)?,
            ..self
        })
    }

    /// How fast files travel to and from the hub by this client and its clones.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The hub's address, without a slash at its end and without the fingerprint.
    pub fn base_url(&self) -> &str {
        self.address.url()
    }

    /// The same as another client is given it.
    pub fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) async fn fetch<R: DeserializeOwned>(&self, path: &str) -> Result<R, Error> {
        self.ask(Method::GET, path, &(), None::<&()>, REQUEST_TIMEOUT)
            .await
    }

    pub(crate) async fn list<Q: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        query: &Q,
    ) -> Result<R, Error> {
        self.ask(Method::GET, path, query, None::<&()>, REQUEST_TIMEOUT)
            .await
    }

    pub(crate) async fn post<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<R, Error> {
        self.post_within(path, body, REQUEST_TIMEOUT).await
    }

    pub(crate) async fn post_within<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        timeout: Duration,
    ) -> Result<R, Error> {
        self.ask(Method::POST, path, &(), Some(body), timeout).await
    }

    pub(crate) async fn put<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<R, Error> {
        self.ask(Method::PUT, path, &(), Some(body), REQUEST_TIMEOUT)
            .await
    }

    pub(crate) async fn patch<B: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<R, Error> {
        self.ask(Method::PATCH, path, &(), Some(body), REQUEST_TIMEOUT)
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        let answer = self
            .send(Method::DELETE, path, &(), None::<&()>, REQUEST_TIMEOUT)
            .await?;
        whole(answer).await.map(drop)
    }

    /// The answer's bytes, whatever they are.
    pub(crate) async fn fetch_bytes(&self, path: &str) -> Result<Vec<u8>, Error> {
        let answer = self
            .send(Method::GET, path, &(), None::<&()>, REQUEST_TIMEOUT)
            .await?;
        whole(answer).await
    }

    /// The answer's bytes as they come, however many. Only a pause is too long, not the whole.
    pub(crate) async fn download(&self, path: &str) -> Result<Download, Error> {
        let request = self.request(Method::GET, path);
        Ok(Download(accepted(request.send().await?).await?))
    }

    /// The same for what is made of a body.
    pub(crate) async fn download_made<B: Serialize>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<Download, Error> {
        let request = self.request(Method::POST, path).json(body);
        Ok(Download(accepted(request.send().await?).await?))
    }

    /// The same for a part of a list.
    pub(crate) async fn download_list<Q: Serialize>(
        &self,
        path: &str,
        query: &Q,
    ) -> Result<Download, Error> {
        let request = self.request(Method::GET, path).query(query);
        Ok(Download(accepted(request.send().await?).await?))
    }

    /// Sends the first `size` bytes of a file.
    pub(crate) async fn upload<Q: Serialize, R: DeserializeOwned>(
        &self,
        path: &str,
        query: &Q,
        file: tokio::fs::File,
        size: u64,
    ) -> Result<R, Error> {
        let request = self.request(Method::PUT, path).query(query);
        let slowest = (self.pace.rate()).map_or(UPLOAD_BYTES_PER_SEC_MIN, |rate| {
            UPLOAD_BYTES_PER_SEC_MIN.min(rate / TRANSFERS_MAX).max(1)
        });
        let answer = request
            .timeout(REQUEST_TIMEOUT + Duration::from_secs(size / slowest))
            .header(header::CONTENT_LENGTH, size)
            .body(self.pace.body(file, size))
            .send()
            .await?;
        understood(path, &whole(accepted(answer).await?).await?)
    }

    /// A large answer, at the pace of files.
    pub(crate) async fn fetch_paced<R: DeserializeOwned>(&self, path: &str) -> Result<R, Error> {
        let mut answer = accepted(self.request(Method::GET, path).send().await?).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = next_of(&mut answer, &mut bytes).await? {
            self.pace.pass(chunk).await;
        }
        understood(path, &bytes)
    }

    async fn ask<Q: Serialize, B: Serialize, R: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &Q,
        body: Option<&B>,
        timeout: Duration,
    ) -> Result<R, Error> {
        let answer = self.send(method, path, query, body, timeout).await?;
        understood(path, &whole(answer).await?)
    }

    async fn send<Q: Serialize, B: Serialize>(
        &self,
        method: Method,
        path: &str,
        query: &Q,
        body: Option<&B>,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let mut request = self.request(method, path).query(query).timeout(timeout);
        if let Some(body) = body {
            request = request.json(body);
        }
        accepted(request.send().await?).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base_url()));
        if self.token.is_empty() {
            return request;
        }
        request.bearer_auth(&self.token)
    }
}

/// A redirect could carry the token to another host, and a proxy from the environment could stand between a
/// worker and the hub on its own machine.
fn connections(address: &Address, silence: Duration) -> Result<reqwest::Client, Error> {
    let made = http_builder(address.pin())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(silence)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build();
    Ok(made?)
}

/// Connections as clients of a hub make them, for whoever speaks plain requests: with `pin` to that
/// certificate alone, otherwise to those whom browsers trust.
pub fn http_builder(pin: Option<Pin>) -> reqwest::ClientBuilder {
    reqwest::Client::builder().tls_backend_preconfigured(tls::config(pin))
}

/// Bytes on their way here.
#[derive(Debug)]
pub struct Download(Response);

impl Download {
    /// How many bytes come in all, if the hub says so.
    pub fn size(&self) -> Option<u64> {
        self.0.content_length()
    }

    /// The next bytes; none when all have come.
    pub async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Error> {
        Ok(self.0.chunk().await?)
    }
}

async fn accepted(answer: Response) -> Result<Response, Error> {
    if answer.status().is_success() {
        return Ok(answer);
    }
    Err(refusal(answer.status(), &whole(answer).await?))
}

fn understood<R: DeserializeOwned>(path: &str, bytes: &[u8]) -> Result<R, Error> {
    // "No content" is how a hub says that there is nothing more to say.
    let json: &[u8] = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(json).map_err(|error| Error::NotUnderstood(format!("{path}: {error}")))
}

/// The address `pattern` with `id` in its hole. An id may come from a person: whatever it holds, it
/// stays one part of the path.
pub(crate) fn at(pattern: &str, id: &str) -> String {
    api::with(pattern, &escaped(id))
}

/// The address of a file of a run.
pub(crate) fn at_file(run_id: &str, name: &str) -> String {
    let parts: Vec<_> = name.split('/').map(escaped).collect();
    api::with(&at(api::RUN_ARTIFACT, run_id), &parts.join("/"))
}

/// One part of a path.
pub(crate) fn escaped(id: &str) -> String {
    use std::fmt::Write as _;
    let mut part = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            part.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(part, "%{byte:02X}");
        }
    }
    part
}

/// The whole body, as long as it is of a size that a hub sends.
async fn whole(mut answer: Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while next_of(&mut answer, &mut bytes).await?.is_some() {}
    Ok(bytes)
}

/// Adds the next bytes of an answer, and says how many; none when all have come.
async fn next_of(answer: &mut Response, bytes: &mut Vec<u8>) -> Result<Option<usize>, Error> {
    let Some(chunk) = answer.chunk().await? else {
        return Ok(None);
    };
    if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
        return Err(Error::NotUnderstood(format!(
            "more than {ANSWER_BYTES_MAX} bytes"
        )));
    }
    bytes.extend_from_slice(&chunk);
    Ok(Some(chunk.len()))
}

fn refusal(status: StatusCode, body: &[u8]) -> Error {
    let problem = serde_json::from_slice(body).unwrap_or_else(|_| Problem {
        r#type: UNKNOWN.to_owned(),
        status: status.as_u16(),
        title: quoted(status, body),
        errors: Vec::new(),
    });
    Error::Refused {
        status: status.as_u16(),
        problem,
    }
}

/// What a refusal that is no problem document says, or else its status in words.
fn quoted(status: StatusCode, body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body)
        .chars()
        .filter(|c| !c.is_control())
        .take(QUOTED_CHARS_MAX)
        .collect();
    if text.trim().is_empty() {
        status.canonical_reason().unwrap_or("refused").to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_of_the_address_does_not_matter() {
        assert_eq!(
            Client::new("http://hub/", "").unwrap().base_url(),
            "http://hub"
        );
    }

    #[test]
    fn an_id_stays_one_part_of_the_path() {
        assert_eq!(at(api::RUN_LOG, "0192-f"), "/api/v1/runs/0192-f/log");
        assert_eq!(at(api::RUN, "../x?y"), "/api/v1/runs/%2E%2E%2Fx%3Fy");
        assert_eq!(at_file("x", "a/<b>"), "/api/v1/runs/x/artifacts/a/%3Cb%3E");
    }

    #[test]
    fn a_refusal_that_is_no_problem_document_is_quoted() {
        let error = refusal(StatusCode::BAD_GATEWAY, b"upstream\x1b is gone");
        assert_eq!(error.to_string(), "the hub refused: upstream is gone (502)");
        let error = refusal(StatusCode::NOT_FOUND, b"");
        assert_eq!(error.to_string(), "the hub refused: Not Found (404)");
    }
}
