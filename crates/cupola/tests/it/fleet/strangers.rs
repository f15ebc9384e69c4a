//! Clients from anywhere: slow ones, ones who never read, and ones who send too much. Everybody else is
//! served all the while, and the hub's memory stays where it was.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    endings::peak_kib,
    support::{SECRET, SOON, TestHub},
};

/// How much more memory the hub may take for what it refuses, in KiB.
const GROWTH_KIB_MAX: u64 = 64 << 10;

fn resident_kib(hub: &TestHub) -> u64 {
    peak_kib(hub.process.id())
}

fn address(hub: &TestHub) -> SocketAddr {
    hub.url.trim_start_matches("http://").parse().unwrap()
}

/// Everybody else is served.
async fn answers(hub: &TestHub) {
    let asked = Instant::now();
    hub.client().whoami().await.unwrap();
    assert!(asked.elapsed() < SOON / 6, "{:?}", asked.elapsed());
}

/// Whether the other side has hung up, after whatever it said.
fn has_hung_up(stream: &TcpStream) -> bool {
    let mut said = [0; 1024];
    loop {
        match stream.try_read(&mut said) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

#[tokio::test]
async fn who_sends_a_request_letter_by_letter_is_hung_up_on() {
    let hub = TestHub::start();
    let before = resident_kib(&hub);
    let mut slow = Vec::new();
    for _ in 0..300 {
        slow.push(TcpStream::connect(address(&hub)).await.unwrap());
    }
    let until = Instant::now() + SOON;
    while !slow.is_empty() {
        assert!(Instant::now() < until, "{} are still there", slow.len());
        // A letter of a method without an end; what cannot be sent is seen by reading.
        for stream in &slow {
            let _ = stream.try_write(b"G");
        }
        answers(&hub).await;
        // How slow they are is the fault.
        tokio::time::sleep(Duration::from_millis(500)).await;
        slow.retain(|stream| !has_hung_up(stream));
    }
    answers(&hub).await;
    assert!(resident_kib(&hub) - before < GROWTH_KIB_MAX);
}

#[tokio::test]
async fn a_thousand_streams_that_nobody_reads_are_bounded() {
    // More than one token may have open, fewer than one address may have connections.
    const STREAMS: usize = 1_100;
    const STREAMS_MAX: usize = 1_024;
    let hub = TestHub::start();
    let before = resident_kib(&hub);
    let ask = format!(
        "GET /events?keys=tasks,workers HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {SECRET}\r\n\r\n",
        address(&hub)
    );
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let mut stream = TcpStream::connect(address(&hub)).await.unwrap();
        stream.write_all(ask.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    let mut refused = 0;
    for stream in &mut streams {
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        match &status[9..] {
            b"200" => {}
            b"429" => refused += 1,
            other => panic!("{}", String::from_utf8_lossy(other)),
        }
    }
    assert_eq!(refused, STREAMS - STREAMS_MAX);
    // What changes is offered to all that are open, and read by nobody.
    hub.submit("fine", 50).await;
    answers(&hub).await;
    let growth = resident_kib(&hub) - before;
    assert!(growth < 2 * GROWTH_KIB_MAX, "{growth} KiB more");
}

#[tokio::test]
async fn bodies_that_are_too_much_are_refused_in_bounded_memory() {
    let hub = TestHub::start();
    let before = resident_kib(&hub);
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let keys: Vec<String> = (0..1_000_000).map(|n| format!("\"k{n}\":1")).collect();
    let bodies = [
        ("deep", deep),
        ("many keys", format!("{{{}}}", keys.join(","))),
        (
            "a long text",
            format!("{{\"goal\":\"{}\"}}", "x".repeat(100 << 20)),
        ),
    ];
    for (what, body) in bodies {
        for path in ["/api/v1/briefs", "/api/v1/experiments"] {
            let status = post(&hub, path, &body).await;
            assert!([400, 413, 422].contains(&status), "{what}: {status}");
        }
        answers(&hub).await;
    }
    let growth = resident_kib(&hub) - before;
    assert!(growth < 2 * GROWTH_KIB_MAX, "{growth} KiB more");
}

/// Sends a body as fast as it is taken, and says the status of the answer, which may come before the end.
async fn post(hub: &TestHub, path: &str, body: &str) -> u16 {
    let stream = TcpStream::connect(address(hub)).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {SECRET}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        address(hub),
        body.len()
    );
    let body = body.as_bytes().to_vec();
    let sending = tokio::spawn(async move {
        // Whoever has refused it may hang up before the end.
        let _ = to.write_all(head.as_bytes()).await;
        let _ = to.write_all(&body).await;
        to
    });
    let mut status = [0; 12];
    from.read_exact(&mut status).await.unwrap();
    sending.abort();
    let status = std::str::from_utf8(&status[9..]).unwrap();
    status.parse().unwrap()
}
