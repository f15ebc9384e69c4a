//! Takes connections and ends them: slow senders, long headers and too many of either are cut off.

mod impatient;
mod parked;
mod tls;

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::extract::Request;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc, watch},
};
use tower::ServiceExt as _;

pub use self::tls::Tls;
use self::{
    impatient::Impatient,
    parked::{Activity, Answering, Asking, QUIET, Rewound, Watched},
    tls::Greeted,
};
use crate::{auth::Peer, router, state::Web};

/// A client that has not said what it wants after this long is hung up on.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection on which something was asked before is kept for so long until something is asked again: a
/// worker of a large fleet says something every 11 s.
const KEPT: Duration = Duration::from_mins(1);

/// Request line and headers together may not be longer.
const HEADER_BYTES_MAX: usize = 16 << 10;

/// So many connections are open at once, where the process may have so many files; further ones wait to be
/// accepted. A fleet of 10,000 workers has two each.
const CONNECTIONS_MAX: usize = 32_768;

/// But so many files are left for everything else.
const FILES_KEPT: usize = 512;

/// So many of them from one other machine; further ones are hung up on. Behind a proxy, all have one, which is
/// mostly this machine's own.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 2048;

/// Who reads nothing of an answer for so long is hung up on.
const STALL_MAX: Duration = Duration::from_secs(30);

/// When told to stop, what is being answered has this long to end.
const SHUTDOWN_TIME: Duration = Duration::from_secs(8);

/// After a failure to accept (no file descriptors left, say), a moment to recover.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `web` on `listener` until `shutdown` resolves, and then until what is being answered has
/// been, or eight seconds have passed. Live streams and questions for work end at once.
pub async fn serve(
    listener: TcpListener,
    web: Web,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let app = router::router(web.clone());
    serve_app(listener, web, app, shutdown).await
}

/// The same with a router made by [`router::router_of`].
pub async fn serve_app(
    listener: TcpListener,
    web: Web,
    app: axum::Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let tls = web.settings.tls.clone();
    let stopped = {
        let web = web.clone();
        async move {
            shutdown.await;
            // What waits ends at once, what is being answered may end.
            web.stop();
        }
    };
    accept((listener, tls), app, stopped).await
}

/// Takes connections until `shutdown` resolves, and then waits until what is being answered has been.
pub(crate) async fn accept(
    (listener, tls): (TcpListener, Option<Tls>),
    app: axum::Router,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let open = Arc::new(Semaphore::new(connections_max()));
    let addresses = Addresses::default();
    let stopping = watch::Sender::new(false);
    // Every connection holds a sender: nothing is received once all have ended.
    let (open_still, mut all_ended) = mpsc::channel::<()>(1);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = async {
            let permit = Arc::clone(&open).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = addresses.enter(peer.ip()) else {
            continue;
        };
        let (app, stopping) = (app.clone(), stopping.subscribe());
        let connection = meet(stream, tls.clone(), Peer(peer.ip()), app, stopping);
        let open_still = open_still.clone();
        tokio::spawn(async move {
            connection.await;
            drop((permit, place, open_still));
        });
    }
    drop((listener, open_still));
    stopping.send_replace(true);
    let ended = tokio::time::timeout(SHUTDOWN_TIME, all_ended.recv()).await;
    if ended.is_err() {
        tracing::warn!("some answers were cut off by the shutdown");
    }
    Ok(())
}

/// How many connections this process can have.
fn connections_max() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let files = files.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    });
    files
        .saturating_sub(FILES_KEPT)
        .clamp(FILES_KEPT, CONNECTIONS_MAX)
}

/// How many connections each address has.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

impl Addresses {
    /// One more, until what is returned is dropped; `None` when there are too many.
    fn enter(&self, address: IpAddr) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS_MAX && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place {
            addresses: self.clone(),
            address,
        })
    }
}

/// A connection's place among those of its address.
struct Place {
    addresses: Addresses,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .addresses
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// Answers on one connection, by TLS where that is spoken.
async fn meet(
    stream: TcpStream,
    tls: Option<Tls>,
    peer: Peer,
    app: axum::Router,
    mut stopping: watch::Receiver<bool>,
) {
    // Small answers should not wait for more bytes; where this fails they merely do.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return converse(Impatient::new(stream, STALL_MAX), peer, app, stopping).await;
    };
    let greeted = tokio::select! {
        greeted = tls.greet(stream) => greeted,
        _ = stopping.wait_for(|stopping| *stopping) => None,
    };
    match greeted {
        Some(Greeted::Encrypted(stream)) => converse(*stream, peer, app, stopping).await,
        Some(Greeted::Plain(stream)) => {
            let stream = Impatient::new(stream, STALL_MAX);
            converse(stream, peer, tls::refusal(), stopping).await;
        }
        None => {}
    }
}

/// Answers on one connection until it ends, which it is asked to when the server stops. What was
/// switched to another protocol goes on without it. In between requests only the bare stream is kept.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    app: axum::Router,
    mut stopping: watch::Receiver<bool>,
) {
    let mut stream = Rewound::new(stream);
    let mut patience = HEADER_TIMEOUT;
    loop {
        let heard = tokio::select! {
            heard = tokio::time::timeout(patience, stream.wait()) => heard.unwrap_or(false),
            _ = stopping.wait_for(|stopping| *stopping) => false,
        };
        if !heard {
            return;
        }
        // What is large is there only while something is said.
        let spoken = Box::pin(speak(stream, peer, app.clone(), stopping.clone()));
        let Some(quiet) = spoken.await else { return };
        (stream, patience) = (quiet, KEPT);
    }
}

/// Answers requests until the connection ends, or gives it back when nobody says anything for a while.
async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: Rewound<S>,
    peer: Peer,
    app: axum::Router,
    mut stopping: watch::Receiver<bool>,
) -> Option<Rewound<S>> {
    let activity = Arc::new(Activity::default());
    let asked = Arc::clone(&activity);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let (parts, body) = request.into_parts();
        let (body, at_work) = Asking::new(body, &asked);
        let answer = app
            .clone()
            .oneshot(Request::from_parts(parts, axum::body::Body::new(body)));
        async move {
            let answer: Result<axum::response::Response, Infallible> = answer.await;
            answer.map(|answer| answer.map(|body| Answering::new(body, at_work)))
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_header_size(HEADER_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Watched::new(stream, Arc::clone(&activity))),
            service,
        )
        .with_upgrades();
    let is_quiet = tokio::select! {
        // An error here is the client's: it hung up or spoke nonsense.
        _ = &mut connection => return None,
        () = activity.quiet(QUIET) => true,
        _ = stopping.wait_for(|stopping| *stopping) => false,
    };
    if !is_quiet {
        Pin::new(&mut connection).graceful_shutdown();
        let _ = connection.await;
        return None;
    }
    let parts = connection.into_parts()?;
    Some(parts.io.into_inner().into_stream().with(parts.read_buf))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn one_address_has_so_many_connections() {
        let addresses = Addresses::default();
        let (greedy, other) = (
            Ipv4Addr::new(192, 0, 2, 1).into(),
            Ipv4Addr::BROADCAST.into(),
        );
        let mut places: Vec<_> = (0..CONNECTIONS_PER_ADDRESS_MAX)
            .map(|_| addresses.enter(greedy).unwrap())
            .collect();
        assert!(addresses.enter(greedy).is_none());
        assert!(addresses.enter(other).is_some());
        places.pop();
        assert!(addresses.enter(greedy).is_some());
    }
}
