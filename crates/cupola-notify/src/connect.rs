//! A connection to an address that may be connected to.
//!
//! The name is resolved once, every address that it has is checked, and the connection goes to one of
//! those: a name that means something else a moment later leads nowhere else.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use cupola_domain::alert::Hook;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::{allowed::Allowed, resolve::Resolve};

/// Bytes both ways, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum NoConnection {
    /// It may not be connected to.
    Forbidden(IpAddr),
    /// It may work later.
    Failed(String),
}

/// Connects to a webhook.
pub(crate) async fn connect(
    hook: &Hook,
    allowed: &Allowed,
    resolver: &dyn Resolve,
    tls: &Arc<ClientConfig>,
) -> Result<Box<dyn Stream>, NoConnection> {
    let addresses = addresses(hook, resolver).await?;
    if let Some(forbidden) = addresses
        .iter()
        .find(|address| !allowed.takes(address.ip()))
    {
        return Err(NoConnection::Forbidden(forbidden.ip()));
    }
    let stream = reach(&addresses)
        .await
        .map_err(|error| failed("connect", &error))?;
    if !hook.is_tls {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(hook.host.clone());
    let name = name.map_err(|error| failed("check the certificate", &error))?;
    let connector = TlsConnector::from(Arc::clone(tls));
    let stream = connector.connect(name, stream).await;
    Ok(Box::new(stream.map_err(|error| failed("encrypt", &error))?))
}

async fn addresses(hook: &Hook, resolver: &dyn Resolve) -> Result<Vec<SocketAddr>, NoConnection> {
    if let Ok(address) = hook.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, hook.port)]);
    }
    let found = resolver.resolve(&hook.host, hook.port).await;
    let found = found.map_err(|error| failed("find the host", &error))?;
    if found.is_empty() {
        return Err(NoConnection::Failed(
            "failed to find the host: it has no address".to_owned(),
        ));
    }
    Ok(found)
}

async fn reach(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn failed(what: &str, why: &dyn std::fmt::Display) -> NoConnection {
    NoConnection::Failed(format!("failed to {what}: {why}"))
}
