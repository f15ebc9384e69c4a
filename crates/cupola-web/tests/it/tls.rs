//! Over a socket with TLS: what is encrypted, what is refused, and whom nobody waits for.

use std::{sync::Arc, time::Duration};

use cupola_web::{Settings, Tls, Web, serve};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::harness::TestHub;

/// Dawdling is cut off after ten seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// A hub that encrypts, on a port of its own.
struct Encrypted {
    port: u16,
    trusted: Arc<ClientConfig>,
}

fn pem() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.self_signed(&key).unwrap();
    format!("{}{}", certificate.pem(), key.serialize_pem())
}

impl Encrypted {
    async fn start(hub: &TestHub) -> Self {
        let pem = pem();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let settings = Settings {
            port,
            is_tls: true,
            tls: Some(Tls::new(pem.as_bytes(), pem.as_bytes()).unwrap()),
            ..Settings::default()
        };
        let web = Web::new(Arc::clone(&hub.hub), settings);
        tokio::spawn(serve(listener, web, std::future::pending()));
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trusted = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            port,
            trusted: Arc::new(trusted),
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    async fn connect_by_tls(&self) -> TlsStream<TcpStream> {
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::clone(&self.trusted));
        connector.connect(name, self.connect().await).await.unwrap()
    }

    fn request(&self) -> String {
        let port = self.port;
        format!("GET /health HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n")
    }
}

/// All that still comes; whether the other end says goodbye or just goes makes no difference.
async fn rest(mut stream: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the connection ends");
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_hub_answers_by_tls() {
    let hub = TestHub::new();
    let server = Encrypted::start(&hub).await;
    let mut stream = server.connect_by_tls().await;
    stream.write_all(server.request().as_bytes()).await.unwrap();
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn who_speaks_plain_http_to_it_is_told_so() {
    let hub = TestHub::new();
    let server = Encrypted::start(&hub).await;
    let mut stream = server.connect().await;
    stream.write_all(server.request().as_bytes()).await.unwrap();
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(
        answer.contains("https://") && !answer.contains("ok"),
        "{answer}"
    );
}

#[tokio::test]
async fn nobody_waits_for_who_dawdles() {
    let hub = TestHub::new();
    let server = Encrypted::start(&hub).await;
    let silent = server.connect().await;
    let mut half = server.connect().await;
    half.write_all(&[0x16, 3, 1]).await.unwrap();
    let mut greeted = server.connect_by_tls().await;
    greeted.write_all(b"GET /hea").await.unwrap();
    let ends = tokio::join!(rest(silent), rest(half), rest(greeted));
    assert_eq!((ends.0.as_str(), ends.1.as_str()), ("", ""));
    assert!(!ends.2.contains("200"), "{}", ends.2);
}

#[tokio::test]
async fn nonsense_ends_the_connection_and_nothing_else() {
    let hub = TestHub::new();
    let server = Encrypted::start(&hub).await;
    let mut stream = server.connect().await;
    stream.write_all(&[0x16; 64]).await.unwrap();
    rest(stream).await;
    let mut stream = server.connect_by_tls().await;
    stream.write_all(server.request().as_bytes()).await.unwrap();
    assert!(rest(stream).await.contains("200 OK"));
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let error = Tls::new(pem().as_bytes(), pem().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "the key is not the certificate's");
}
