//! Over a socket: starting, stopping, long headers.

use std::{net::SocketAddr, time::Duration};

use cupola_domain::access::Role;
use cupola_web::serve;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use crate::harness::TestHub;

/// Stopping may take this long at most, and does so only when it hangs.
const PATIENCE: Duration = Duration::from_secs(5);

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start(hub: &TestHub) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(serve(listener, hub.web.clone(), async {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            serving,
        }
    }

    async fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.serving).await;
        ended.expect("it stops at once").unwrap().unwrap();
    }
}

async fn rest(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("the answer ends").unwrap();
    answer
}

#[tokio::test]
async fn a_server_answers_and_stops() {
    let hub = TestHub::new();
    let server = Server::start(&hub).await;
    let request = "GET /health HTTP/1.1\r\nHost: localhost:7171\r\nConnection: close\r\n\r\n";
    let answer = rest(server.send(request).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_stopping_server_ends_live_streams() {
    let hub = TestHub::new();
    let server = Server::start(&hub).await;
    let token = hub.token(Role::Viewer);
    let request = format!(
        "GET /events?keys=briefs HTTP/1.1\r\nHost: localhost:7171\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    let mut stream = server.send(&request).await;
    let mut heard = String::new();
    while !heard.contains("event: ready") {
        let mut bytes = [0; 1024];
        let read = stream.read(&mut bytes).await.unwrap();
        heard.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    server.stop().await;
    rest(stream).await;
}

#[tokio::test]
async fn long_headers_are_refused() {
    let hub = TestHub::new();
    let server = Server::start(&hub).await;
    let long = "x".repeat(17 << 10);
    let request = format!("GET /health HTTP/1.1\r\nHost: localhost:7171\r\nX-Long: {long}\r\n\r\n");
    let answer = rest(server.send(&request).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_body_with_two_lengths_smuggles_no_second_request() {
    let hub = TestHub::new();
    let server = Server::start(&hub).await;
    let request = "POST /login HTTP/1.1\r\nHost: localhost:7171\r\nContent-Length: 5\r\n\
                   Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\n\r\n";
    let answer = rest(server.send(request).await).await;
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    server.stop().await;
}
