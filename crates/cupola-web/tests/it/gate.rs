//! Gates to services, over sockets, with a service that shows what reaches it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use cupola_domain::access::Role;
use cupola_web::{Settings, gate};
use cupola_workspace::source::Serving;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
};

use crate::harness::TestHub;

/// Nothing here takes so long but what hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than any buffer between the two.
const BIG: usize = 32 << 20;

/// A service and its gate.
struct Open {
    hub: TestHub,
    serving: Arc<Serving>,
    port: u16,
}

impl Open {
    async fn new() -> Self {
        Self::with(Settings {
            port: 7171,
            ..Settings::default()
        })
        .await
    }

    async fn with(settings: Settings) -> Self {
        let hub = TestHub::with_settings(settings);
        let serving = Arc::new(Serving {
            address: service().await,
            begin: "/".to_owned(),
        });
        let port = gate::open(&hub.web, &Arc::downgrade(&serving)).unwrap();
        Self { hub, serving, port }
    }

    fn session(&self, role: Role) -> String {
        let cookie = self.hub.hub.log_in(&self.hub.token(role)).unwrap();
        format!("Cookie: a=b; cupola_session={cookie}\r\n")
    }

    async fn send(&self, path: &str, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let host = if headers.contains("Host: ") {
            String::new()
        } else {
            format!("Host: localhost:{}\r\n", self.port)
        };
        let request = format!("GET {path} HTTP/1.1\r\n{host}{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    /// The whole answer.
    async fn ask(&self, path: &str, headers: &str) -> String {
        let headers = format!("{headers}Connection: close\r\n");
        let mut stream = self.send(path, &headers).await;
        let mut answer = String::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
        read.expect("the answer ends").unwrap();
        answer
    }

    /// Nobody without these headers gets through: the service is not asked.
    async fn refuses(&self, headers: &str, status: &str, words: &str) {
        let answer = self.ask("/echo", headers).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
        assert!(answer.contains(words), "{answer}");
    }
}

/// Says what it is asked; by its path it also redirects, says much, or becomes another protocol.
async fn service() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, address));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, address: SocketAddr) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap();
    let begin = match path {
        "/big" => format!("HTTP/1.1 200 OK\r\ncontent-length: {BIG}\r\n\r\n"),
        "/slow" => "HTTP/1.1 200 OK\r\n\r\nfirst".to_owned(),
        "/socket" => "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\n\
                      upgrade: websocket\r\n\r\n"
            .to_owned(),
        "/away" => format!(
            "HTTP/1.1 302 Found\r\nlocation: http://{address}/echo\r\nset-cookie: a=b\r\n\
             set-cookie: cupola_session=theirs; Path=/\r\ncontent-length: 0\r\n\r\n"
        ),
        _ => format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{head}",
            head.len()
        ),
    };
    stream.write_all(begin.as_bytes()).await.unwrap();
    match path {
        "/big" => {
            for _ in 0..BIG >> 16 {
                stream.write_all(&vec![b'x'; 1 << 16]).await.unwrap();
            }
        }
        "/slow" => {
            // It goes on when it is told to, by whoever read the first word.
            let _ = stream.read_u8().await;
        }
        "/socket" => {
            let (mut read, mut write) = stream.split();
            let _ = copy(&mut read, &mut write).await;
        }
        _ => {}
    }
}

#[tokio::test]
async fn who_is_not_logged_in_is_led_to_the_hub() {
    let open = Open::new().await;
    open.refuses("", "401 Unauthorized", "no valid token").await;
    let link = "<a href=\"http://localhost:7171/login\">";
    open.refuses("Accept: text/html\r\n", "401", link).await;
    open.refuses("Cookie: cupola_session=wrong\r\n", "401", "")
        .await;
    open.refuses("Authorization: Bearer wrong\r\n", "401", "")
        .await;
    let worker = format!("Authorization: Bearer {}\r\n", open.hub.token(Role::Worker));
    open.refuses(&worker, "403", "does not include `viewer`")
        .await;
}

#[tokio::test]
async fn a_viewer_gets_through_and_what_let_them_in_stays() {
    let open = Open::new().await;
    let answer = open.ask("/echo?a=b", &open.session(Role::Viewer)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains("GET /echo?a=b HTTP/1.1\r\n"), "{answer}");
    assert!(answer.contains("cookie: a=b\r\n"), "{answer}");
    assert!(!answer.contains("cupola_session"), "{answer}");
    assert!(
        answer.contains(&format!("host: {}\r\n", open.serving.address)),
        "{answer}"
    );
    assert!(
        answer.contains("x-forwarded-for: 127.0.0.1\r\n"),
        "{answer}"
    );
    let token = open.hub.token(Role::Viewer);
    let answer = open
        .ask("/echo", &format!("Authorization: Bearer {token}\r\n"))
        .await;
    assert!(
        answer.contains("GET /echo") && !answer.contains(&token),
        "{answer}"
    );
    // One gate for one service, however often it is asked for.
    let again = gate::open(&open.hub.web, &Arc::downgrade(&open.serving)).unwrap();
    assert_eq!(again, open.port);
}

#[tokio::test]
async fn a_page_of_a_service_may_send_a_token_of_its_own() {
    let open = Open::new().await;
    let session = open.session(Role::Viewer);
    for own in ["Bearer theirs", "token theirs", "Basic YTpi"] {
        let headers = format!("{session}Authorization: {own}\r\n");
        let answer = open.ask("/echo", &headers).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{own}: {answer}");
        assert!(!answer.contains("theirs"), "{answer}");
    }
    // What is left of a session that ended asks on, and keeps nobody else from coming in.
    let ended = "Cookie: cupola_session=ended\r\nAuthorization: Bearer theirs\r\n";
    for _ in 0..30 {
        open.refuses(ended, "401", "").await;
    }
    let answer = open.ask("/echo", &open.session(Role::Viewer)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn other_names_and_other_pages_do_not_get_through() {
    let open = Open::new().await;
    let session = open.session(Role::Admin);
    let with = |headers: &str| format!("{session}{headers}");
    open.refuses(&with("Host: evil.example\r\n"), "421", "")
        .await;
    open.refuses(&with("Host: localhost:7171\r\n"), "421", "")
        .await;
    let same_site = "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: ";
    open.refuses(&with(&format!("{same_site}cors\r\n")), "403", "")
        .await;
    let led = open
        .ask("/echo", &with(&format!("{same_site}navigate\r\n")))
        .await;
    assert!(led.starts_with("HTTP/1.1 200 OK"), "{led}");
    let socket = "Connection: upgrade\r\nUpgrade: websocket\r\nOrigin: http://localhost:1\r\n";
    let answer = open.ask("/socket", &with(socket)).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    open.refuses(&with("Service-Worker: script\r\n"), "403", "worker")
        .await;
}

#[tokio::test]
async fn names_of_the_hub_are_the_gates_for_its_own_port() {
    let open = Open::with(Settings {
        port: 7171,
        hosts: vec!["hub.lab:7171".to_owned()],
        ..Settings::default()
    })
    .await;
    let host = format!(
        "{}Host: hub.lab:{}\r\n",
        open.session(Role::Viewer),
        open.port
    );
    let answer = open.ask("/echo", &host).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn where_the_machine_is_enough_the_gate_is_open() {
    let open = Open::with(Settings {
        port: 7171,
        loopback_role: Some(Role::Viewer),
        ..Settings::default()
    })
    .await;
    let answer = open.ask("/echo", "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    open.refuses("X-Forwarded-For: 10.0.0.1\r\n", "401", "")
        .await;
}

#[tokio::test]
async fn redirects_lead_back_and_no_cookie_of_ours_is_set() {
    let open = Open::new().await;
    let answer = open.ask("/away", &open.session(Role::Viewer)).await;
    assert!(answer.contains("location: /echo\r\n"), "{answer}");
    assert!(answer.contains("set-cookie: a=b\r\n"), "{answer}");
    assert!(!answer.contains("theirs"), "{answer}");
}

#[tokio::test]
async fn long_answers_come_as_they_are_said() {
    let open = Open::new().await;
    let session = open.session(Role::Viewer);
    let answer = open.ask("/big", &session).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), BIG);
    let mut stream = open.send("/slow", &session).await;
    until_read(&mut stream, "first").await;
    // One that goes on ends with its service, and is not taken for whole.
    let Open { serving, .. } = open;
    drop(serving);
    let mut rest = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    read.expect("it ends").ok();
    assert!(!rest.ends_with(b"0\r\n\r\n"), "it seems whole");
}

async fn until_read(stream: &mut TcpStream, words: &str) {
    let mut read = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&read).contains(words) {
            read.push(stream.read_u8().await.unwrap());
        }
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.unwrap_or_else(|_| panic!("`{words}` never came"));
}

#[tokio::test]
async fn a_socket_passes_both_ways_and_ends_with_its_service() {
    let open = Open::new().await;
    let origin = format!("Origin: http://localhost:{}\r\n", open.port);
    let headers = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    let headers = format!("{}{origin}{headers}", open.session(Role::Viewer));
    let mut stream = open.send("/socket", &headers).await;
    until_read(&mut stream, "\r\n\r\n").await;
    for words in ["hello", "and back"] {
        stream.write_all(words.as_bytes()).await.unwrap();
        until_read(&mut stream, words).await;
    }
    let Open { serving, .. } = open;
    drop(serving);
    let ended = tokio::time::timeout(PATIENCE, stream.read_u8()).await;
    assert!(ended.expect("it ends").is_err());
}

#[tokio::test]
async fn a_service_that_is_gone_is_told_of_and_its_gate_closes() {
    let mut open = Open::new().await;
    let session = open.session(Role::Viewer);
    // It has the port still, and nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let serving = Arc::new(Serving {
        address: nobody,
        begin: "/".to_owned(),
    });
    open.port = gate::open(&open.hub.web, &Arc::downgrade(&serving)).unwrap();
    open.refuses(&session, "502", "the service does not answer")
        .await;
    // A connection that is open still says why; no other is taken.
    let port = open.port;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let request = format!("GET /echo HTTP/1.1\r\nHost: localhost:{port}\r\n{session}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    until_read(&mut stream, "502 Bad Gateway").await;
    drop(serving);
    let closed = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, closed)
        .await
        .expect("it closes");
}
