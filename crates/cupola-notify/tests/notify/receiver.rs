//! A server that answers what a test says, and keeps what it was told.

use std::sync::{Arc, Mutex};

use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// What was received, in the order in which it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<String>>>);

impl Received {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn push(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }
}

/// A certificate for `localhost` of its own authority.
pub(crate) struct Certified {
    pub(crate) pem: String,
    pub(crate) server: Arc<ServerConfig>,
}

pub(crate) fn certified() -> Certified {
    let names = vec!["localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    Certified {
        pem: made.cert.pem(),
        server: Arc::new(config),
    }
}

/// Answers each request with `answer`; says at which port, and what came.
pub(crate) async fn http(answer: &str, tls: Option<Arc<ServerConfig>>) -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (received, answer) = (Received::default(), answer.to_owned());
    let kept = received.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (kept, answer) = (kept.clone(), answer.clone());
            match &tls {
                None => serve(stream, kept, &answer).await,
                Some(tls) => {
                    let accepted = TlsAcceptor::from(Arc::clone(tls)).accept(stream).await;
                    if let Ok(stream) = accepted {
                        serve(stream, kept, &answer).await;
                    }
                }
            }
        }
    });
    (port, received)
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, received: Received, answer: &str) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&bytes) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    received.push(String::from_utf8_lossy(&bytes).into_owned());
    // Who has read enough hangs up.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
    if answer.is_empty() {
        std::future::pending::<()>().await;
    }
}

/// Whether the head and as many bytes as it says are there.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.to_lowercase();
    let length = length.split("content-length: ").nth(1).unwrap_or("0");
    let length = length
        .split("\r\n")
        .next()
        .unwrap()
        .parse::<usize>()
        .unwrap();
    body.len() >= length
}

/// How a mail server behaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manners {
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Encrypted from the first byte, and not only when asked.
    pub(crate) is_wrapped: bool,
    /// What it answers to `RCPT`; `250 ok` when empty.
    pub(crate) on_recipient: &'static str,
    /// Whom that is about; everybody when empty.
    pub(crate) about: &'static str,
    /// At which word it falls silent; never when empty. It does not even greet at `greeting`.
    pub(crate) silent_at: &'static str,
}

/// A mail server; keeps each line that it was told, and mails whole.
pub(crate) async fn smtp(manners: Manners) -> (u16, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Received::default();
    let kept = received.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            talk(stream, &manners, &kept).await;
        }
    });
    (port, received)
}

async fn talk(stream: TcpStream, manners: &Manners, received: &Received) {
    let acceptor = manners.tls.clone().map(TlsAcceptor::from);
    if manners.is_wrapped
        && let Some(acceptor) = acceptor
    {
        if let Ok(stream) = acceptor.accept(stream).await {
            converse(stream, manners, received, (true, true)).await;
        }
        return;
    }
    let Some(stream) = converse(stream, manners, received, (true, false)).await else {
        return;
    };
    if let Some(acceptor) = acceptor
        && let Ok(stream) = acceptor.accept(stream).await
    {
        converse(stream, manners, received, (false, true)).await;
    }
}

/// Talks until the other side leaves, or asks to encrypt: then the stream comes back.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    manners: &Manners,
    received: &Received,
    (greets, is_encrypted): (bool, bool),
) -> Option<S> {
    if manners.silent_at == "greeting" {
        std::future::pending::<()>().await;
    }
    if greets {
        stream.write_all(b"220 mail.test ready\r\n").await.ok()?;
    }
    loop {
        let line = line(&mut stream).await?;
        received.push(line.clone());
        let word = line.split(' ').next().unwrap().to_uppercase();
        if word == manners.silent_at {
            std::future::pending::<()>().await;
        }
        let is_meant = !manners.on_recipient.is_empty() && line.contains(manners.about);
        let answer = match word.as_str() {
            "EHLO" if manners.tls.is_some() && !is_encrypted => {
                "250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250 STARTTLS"
            }
            "EHLO" => "250-mail.test\r\n250 AUTH PLAIN LOGIN",
            "STARTTLS" => "220 go on",
            "AUTH" => "235 welcome",
            "RCPT" if is_meant => manners.on_recipient,
            "DATA" => "354 go on",
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .ok()?;
        match word.as_str() {
            "STARTTLS" => return Some(stream),
            "QUIT" => return None,
            "DATA" => {
                let mut mail = Vec::new();
                loop {
                    match self::line(&mut stream).await?.as_str() {
                        "." => break,
                        line => mail.push(line.to_owned()),
                    }
                }
                received.push(mail.join("\n"));
                stream.write_all(b"250 taken\r\n").await.ok()?;
            }
            _ => {}
        }
    }
}

async fn line(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await.ok()? {
            b'\n' => return Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
            byte => line.push(byte),
        }
    }
}
