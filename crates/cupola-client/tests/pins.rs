//! Which certificates are trusted, against a small server of our own.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use std::sync::Arc;

use cupola_client::{Client, Error, Pin};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 62\r\nConnection: close\r\n\r\n\
    {\"name\":\"cupola\",\"version\":\"1\",\"worker_protocol\":2,\"x\":\"abcd\"}";

/// A server that says which hub it is to whoever trusts it; its port and its certificate's fingerprint.
async fn server() -> (u16, Pin) {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(vec!["elsewhere".to_owned()]).unwrap();
    let certificate = made.self_signed(&key).unwrap().der().clone();
    let pin = Pin::of(&certificate);
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(ANSWER.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, pin)
}

async fn ask(address: &str) -> Result<String, Error> {
    let client = Client::new(address, "").unwrap();
    client.version().await.map(|version| version.name)
}

#[tokio::test]
async fn the_certificate_with_the_fingerprint_is_trusted_whatever_it_is_for() {
    let (port, pin) = server().await;
    let name = ask(&format!("https://127.0.0.1:{port}#sha256={pin}")).await;
    assert_eq!(name.unwrap(), "cupola");
}

#[tokio::test]
async fn another_certificate_is_refused_and_both_fingerprints_are_named() {
    let (port, pin) = server().await;
    let other = Pin::of(b"another");
    let address = format!("https://127.0.0.1:{port}#sha256={other}");
    let error = ask(&address).await.unwrap_err().to_string();
    for expected in [other.to_string(), pin.to_string()] {
        assert!(error.contains(&expected), "{error}");
    }
}

#[tokio::test]
async fn without_a_fingerprint_a_hubs_own_certificate_is_refused_with_the_remedy() {
    let (port, _) = server().await;
    let error = ask(&format!("https://127.0.0.1:{port}")).await.unwrap_err();
    assert!(error.to_string().contains("#sha256="), "{error}");
    assert!(error.is_retryable(), "the hub may be back with another");
}
