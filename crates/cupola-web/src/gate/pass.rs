//! One request through a gate.

use std::{io, net::SocketAddr, time::Duration};

use axum::{
    body::{Body, HttpBody as _},
    extract::{Request, State},
    http::{StatusCode, Uri, header, request::Parts, uri::PathAndQuery},
    response::Response,
};
use hyper::{client::conn::http1, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::{io::copy_bidirectional, net::TcpStream, sync::mpsc, time::timeout};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};

use super::{Way, headers, refusal::refuse};
use crate::{
    auth::{Pass, Peer, admit_to_service},
    error::Refused,
};

/// A service on this machine takes a call at once or not at all.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// So often it is asked whether somebody may still be connected.
const RECHECK: Duration = Duration::from_secs(15);

/// Passes a request on, or says why not.
pub(super) async fn pass(State(way): State<Way>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match way.pass(&parts, body).await {
        Ok(response) => response,
        Err(refused) => refuse(&way, &parts.headers, &refused),
    }
}

impl Way {
    async fn pass(&self, parts: &Parts, body: Body) -> Result<Response, Refused> {
        let pass = admit_to_service(&self.web, &self.settings, parts).await?;
        refuse_workers(parts)?;
        let service = self.serving.upgrade().ok_or_else(ended)?.address;
        let peer = parts.extensions.get::<Peer>().copied();
        let mut asked = parts.clone();
        let theirs = asked.extensions.remove::<OnUpgrade>();
        headers::inwards(&mut asked.headers, service, self.settings.is_tls, peer);
        let is_upgrade = asked.headers.contains_key(header::UPGRADE);
        let mut request = Request::new(body);
        *request.method_mut() = asked.method;
        *request.uri_mut() = path_of(&parts.uri);
        *request.headers_mut() = asked.headers;
        let mut answer = send(service, request).await?;
        headers::outwards(answer.headers_mut(), service);
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let theirs = theirs
                .filter(|_| is_upgrade)
                .ok_or_else(|| unfit("it answered what nobody asked"))?;
            let ours = hyper::upgrade::on(&mut answer);
            tokio::spawn(self.clone().connect(pass, theirs, ours));
            return Ok(answer.map(Body::new));
        }
        Ok(answer.map(Body::new).map(|body| {
            if body.is_end_stream() {
                body
            } else {
                self.clone().pour(pass, body)
            }
        }))
    }

    /// Passes on an answer as it is said, for as long as that is allowed.
    fn pour(self, pass: Pass, body: Body) -> Body {
        let (pieces, poured) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut body = body.into_data_stream();
            let pouring = async {
                while let Some(piece) = body.next().await {
                    if pieces.send(piece.map_err(io::Error::other)).await.is_err() {
                        return;
                    }
                }
            };
            tokio::select! {
                () = pouring => return,
                () = pieces.closed() => return,
                () = self.ended() => {}
                () = self.shut_out(&pass) => {}
            }
            // It breaks off, so that nobody takes it for whole.
            let over = io::Error::other("who asked may not be here any more");
            let _ = pieces.send(Err(over)).await;
        });
        Body::from_stream(ReceiverStream::new(poured))
    }

    /// Passes on what both sides say, for as long as that is allowed.
    async fn connect(self, pass: Pass, theirs: OnUpgrade, ours: OnUpgrade) {
        let (Ok(theirs), Ok(ours)) = tokio::join!(theirs, ours) else {
            return;
        };
        let (mut theirs, mut ours) = (TokioIo::new(theirs), TokioIo::new(ours));
        // Whoever hangs up ends it for both.
        tokio::select! {
            _ = copy_bidirectional(&mut theirs, &mut ours) => {}
            () = self.ended() => {}
            () = self.shut_out(&pass) => {}
        }
    }

    /// Resolves when somebody may not be here any more.
    async fn shut_out(&self, pass: &Pass) {
        loop {
            tokio::time::sleep(RECHECK).await;
            if pass.is_over(&self.web).await {
                return;
            }
        }
    }
}

async fn send(
    service: SocketAddr,
    request: Request,
) -> Result<hyper::Response<hyper::body::Incoming>, Refused> {
    let connected = timeout(CONNECT_LIMIT, TcpStream::connect(service)).await;
    let stream = match connected {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(unfit(&format!("the service does not answer: {error}"))),
        Err(_) => return Err(unfit("the service does not answer")),
    };
    // Where this fails small messages merely wait.
    let _ = stream.set_nodelay(true);
    let failed = |error: hyper::Error| unfit(&format!("the service broke off: {error}"));
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(failed)?;
    tokio::spawn(async move {
        // Whoever reads the answer sees that it broke off.
        let _ = connection.with_upgrades().await;
    });
    sender.send_request(request).await.map_err(failed)
}

/// The path alone, as a server is asked.
fn path_of(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned();
    path.unwrap_or_else(|| PathAndQuery::from_static("/"))
        .into()
}

/// A worker of a browser would outlive its service and wait for the next one on its port.
fn refuse_workers(parts: &Parts) -> Result<(), Refused> {
    if !parts.headers.contains_key("service-worker") {
        return Ok(());
    }
    let title = "services may not leave a worker in the browser";
    Err(Refused::new(StatusCode::FORBIDDEN, "forbidden", title))
}

fn ended() -> Refused {
    unfit("the service has ended: start it again on the hub's page")
}

fn unfit(words: &str) -> Refused {
    Refused::new(StatusCode::BAD_GATEWAY, "bad_gateway", words)
}
