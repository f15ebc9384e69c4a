//! TLS on a connection, and what is said to who speaks plain HTTP where TLS is spoken.

use std::{fmt, io, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse as _,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{STALL_MAX, impatient::Impatient};

/// Who has not said hello after this long is hung up on.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The first byte of whoever speaks TLS: a record of a handshake.
const HANDSHAKE_RECORD: u8 = 0x16;

/// The hub's side of TLS.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    fingerprint: String,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.fingerprint).finish()
    }
}

impl Tls {
    /// With these certificates, the hub's own first, and their key, both in PEM.
    pub fn new(certificates: &[u8], key: &[u8]) -> anyhow::Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .context("the certificates are not in PEM")?;
        let own = chain.first().context("there is no certificate in PEM")?;
        let fingerprint = cupola_domain::text::hex(&Sha256::digest(own));
        let key = PrivateKeyDer::from_pem_slice(key).context("there is no private key in PEM")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .context("the key is not the certificate's")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            fingerprint,
        })
    }

    /// The SHA-256 of the certificate, as hexadecimal digits: what clients know the hub by.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Agrees with the other end on keys; `None` when it goes, dawdles or cannot.
    pub(super) async fn greet(&self, stream: TcpStream) -> Option<Greeted> {
        let greeting = async {
            if first_byte(&stream).await? != HANDSHAKE_RECORD {
                return Ok(Greeted::Plain(stream));
            }
            let stream = Impatient::new(stream, STALL_MAX);
            Ok::<_, io::Error>(Greeted::Encrypted(Box::new(
                self.acceptor.accept(stream).await?,
            )))
        };
        let greeted = tokio::time::timeout(HANDSHAKE_TIMEOUT, greeting).await;
        greeted.ok()?.ok()
    }
}

/// What the other end speaks.
pub(super) enum Greeted {
    /// TLS. What stalls is seen below it, where bytes leave.
    Encrypted(Box<TlsStream<Impatient<TcpStream>>>),
    /// Something else, HTTP most likely.
    Plain(TcpStream),
}

async fn first_byte(stream: &TcpStream) -> io::Result<u8> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(first[0]),
    }
}

/// What answers who speaks plain HTTP: nothing of what they ask for.
pub(super) fn refusal() -> Router {
    Router::new().fallback(|| async {
        let said = "this port speaks TLS: say https:// instead of http://\n";
        let close = [(header::CONNECTION, "close")];
        (StatusCode::BAD_REQUEST, close, said).into_response()
    })
}
