//! One POST. Redirects are not followed, of the answer only the head is read, and of that not more than
//! a few KiB; nothing waits for longer than [`WAIT`].

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use cupola_domain::alert::{Hook, Sending};
use http_body_util::Full;
use hyper::{Request, StatusCode, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;

use crate::{
    allowed::Allowed,
    connect::{NoConnection, Stream, connect},
    resolve::Resolve,
};

/// From the question for the name to the answer's head.
const WAIT: Duration = Duration::from_secs(10);

/// The head of an answer may have so many bytes; the least that the client takes.
const HEAD_BYTES_MAX: usize = 8 << 10;

/// Headers besides the usual ones.
pub(crate) type Headers = [(&'static str, String)];

/// Sends bodies to webhooks.
#[derive(Debug)]
pub(crate) struct Post {
    tls: Arc<ClientConfig>,
    allowed: Allowed,
    resolver: Box<dyn Resolve>,
}

impl Post {
    pub(crate) fn new(
        tls: Arc<ClientConfig>,
        allowed: Allowed,
        resolver: Box<dyn Resolve>,
    ) -> Self {
        Self {
            tls,
            allowed,
            resolver,
        }
    }

    /// Sends a body of JSON to a URL.
    pub(crate) async fn send(&self, url: &str, headers: &Headers, body: String) -> Sending {
        let Some(hook) = Hook::parse(url) else {
            return Sending::Refused("its address is no URL of a webhook".to_owned());
        };
        match tokio::time::timeout(WAIT, self.exchange(&hook, headers, body)).await {
            Ok(sending) => sending,
            Err(_) => Sending::Failed(format!("no answer within {} s", WAIT.as_secs())),
        }
    }

    async fn exchange(&self, hook: &Hook, headers: &Headers, body: String) -> Sending {
        let connected = connect(hook, &self.allowed, self.resolver.as_ref(), &self.tls).await;
        let stream = match connected {
            Ok(stream) => stream,
            Err(NoConnection::Failed(why)) => return Sending::Failed(why),
            Err(NoConnection::Forbidden(address)) => {
                return Sending::Refused(format!(
                    "{address} is not a public address; if it is meant, add it to \
                     `allow_private` in the section `[webhooks]` of the hub's configuration"
                ));
            }
        };
        match answer(stream, request(hook, headers, body)).await {
            Ok(status) => judge(status),
            Err(error) => Sending::Failed(format!("failed to send: {error}")),
        }
    }
}

fn request(
    hook: &Hook,
    headers: &Headers,
    body: String,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = Request::post(&hook.path)
        .header(header::HOST, &hook.authority)
        .header(
            header::USER_AGENT,
            concat!("Cupola/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    request.body(Full::new(Bytes::from(body)))
}

/// Sends the request and reads the head of the answer.
async fn answer(
    stream: Box<dyn Stream>,
    request: Result<Request<Full<Bytes>>, hyper::http::Error>,
) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
    let request = request?;
    let handshake = http1::Builder::new()
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await?;
    // The connection ends with this function, whatever of the answer is left.
    let mut connection = Box::pin(connection);
    let mut answered = std::pin::pin!(sender.send_request(request));
    let ended = tokio::select! {
        response = &mut answered => return Ok(response?.status()),
        ended = &mut connection => ended,
    };
    // Who hangs up right behind the answer has answered.
    drop(connection);
    match (answered.await, ended) {
        (Ok(response), _) => Ok(response.status()),
        (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error.into()),
    }
}

/// What a status says of trying again.
fn judge(status: StatusCode) -> Sending {
    match status.as_u16() {
        200..300 => Sending::Taken,
        300..400 => Sending::Refused(format!(
            "answered {status}: redirects are not followed; give the address that it leads to"
        )),
        408 | 425 | 429 | 500.. => Sending::Failed(format!("answered {status}")),
        _ => Sending::Refused(format!("answered {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_to_try_again() {
        let check = |status: u16, expected: &str| {
            let word = match judge(StatusCode::from_u16(status).unwrap()) {
                Sending::Taken => "taken",
                Sending::Failed(_) => "failed",
                Sending::Refused(_) => "refused",
            };
            assert_eq!(word, expected, "{status}");
        };
        for (statuses, word) in [
            (&[200, 201, 204][..], "taken"),
            (&[301, 302, 304, 307, 308], "refused"),
            (&[400, 401, 403, 404, 410], "refused"),
            (&[408, 425, 429, 500, 502, 503], "failed"),
        ] {
            for status in statuses {
                check(*status, word);
            }
        }
    }
}
