//! Ways to services that run on the hub's machine, for whoever may look at the hub.
//!
//! Each service that is looked at has a port of its own, so that it is an origin of its own: what its
//! scripts send to the hub is another site's, and programs that link to `/` work. A gate lets in who
//! is logged in at the hub, passes on what is asked without what let them in, and ends with its
//! service.

mod headers;
mod pass;
mod refusal;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::http::{HeaderMap, header, uri::Authority};
use cupola_workspace::source::Serving;
use tokio::net::TcpListener;

use crate::{
    server,
    state::{self, Web},
};

/// A service that has ended is noticed after so long at most.
const LOOK: Duration = Duration::from_millis(500);

/// Where gates listen, and how they are called.
#[derive(Debug, Clone)]
pub struct Settings {
    /// As the hub itself.
    pub host: IpAddr,
    /// Ports that may be taken; any that is free without them.
    pub ports: Option<RangeInclusive<u16>>,
    /// By which address people open the hub, where that is not the one that a request names.
    pub hub_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            ports: None,
            hub_url: None,
        }
    }
}

/// Those that are open.
#[derive(Debug, Default)]
pub(crate) struct Gates(Mutex<Vec<Gate>>);

#[derive(Debug)]
struct Gate {
    serving: Weak<Serving>,
    port: u16,
}

/// What a gate knows while it lets people through.
#[derive(Clone)]
struct Way {
    web: Web,
    /// As the hub's own, but for the port.
    settings: Arc<state::Settings>,
    serving: Weak<Serving>,
}

/// The port of the gate to a service, which is opened when it is not. Within a runtime.
pub fn open(web: &Web, serving: &Weak<Serving>) -> io::Result<u16> {
    let mut gates = web.gates.0.lock().unwrap_or_else(PoisonError::into_inner);
    gates.retain(|gate| gate.serving.strong_count() > 0);
    if let Some(gate) = gates.iter().find(|gate| gate.serving.ptr_eq(serving)) {
        return Ok(gate.port);
    }
    let listener = listen(&web.settings.gates)?;
    let port = listener.local_addr()?.port();
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let way = Way {
        web: web.clone(),
        settings: Arc::new(named(&web.settings, port)),
        serving: Weak::clone(serving),
    };
    tokio::spawn(way.keep(listener));
    gates.push(Gate {
        serving: Weak::clone(serving),
        port,
    });
    Ok(port)
}

/// The address of a gate for who came to the hub with these headers.
pub fn address(web: &Web, headers: &HeaderMap, port: u16, begin: &str) -> String {
    let scheme = if web.settings.is_tls { "https" } else { "http" };
    let name = name_of(headers).unwrap_or_else(|| "127.0.0.1".to_owned());
    format!("{scheme}://{name}:{port}{begin}")
}

/// By which name a request came.
fn name_of(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let authority: Authority = host.parse().ok()?;
    Some(authority.host().to_owned())
}

fn listen(settings: &Settings) -> io::Result<std::net::TcpListener> {
    let bind = |port| std::net::TcpListener::bind(SocketAddr::new(settings.host, port));
    let Some(ports) = &settings.ports else {
        return bind(0);
    };
    let mut ports = ports.clone();
    let none = || io::Error::new(io::ErrorKind::AddrInUse, "no port is left for it");
    ports.find_map(|port| bind(port).ok()).ok_or_else(none)
}

/// A name that is the hub's for one port is the gate's for its own.
fn named(settings: &state::Settings, port: u16) -> state::Settings {
    let names = settings.hosts.iter().filter_map(|host| {
        let authority: Authority = host.parse().ok()?;
        Some(authority.host().to_owned())
    });
    state::Settings {
        port,
        hosts: names.collect(),
        ..settings.clone()
    }
}

impl Way {
    /// Lets people through until the service or the hub ends.
    async fn keep(self, listener: TcpListener) {
        let app = axum::Router::new()
            .fallback(pass::pass)
            .with_state(self.clone());
        let ended = self.clone();
        let tls = self.settings.tls.clone();
        let accepting = server::accept((listener, tls), app, async move { ended.ended().await });
        if let Err(error) = accepting.await {
            tracing::warn!(%error, "a gate to a service has closed");
        }
    }

    /// Resolves when there is nothing to lead to any more.
    async fn ended(&self) {
        tokio::select! {
            () = self.web.stopped() => {}
            () = async {
                while self.serving.strong_count() > 0 {
                    tokio::time::sleep(LOOK).await;
                }
            } => {}
        }
    }
}
