//! Webhooks.

use std::{
    io,
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
};

use cupola_domain::alert::{Message, Sending, TargetKind};
use cupola_notify::{Resolve, Resolved, Sender, Settings, signature};
use serde_json::Value;

use crate::{
    NOW, has_failed, here, is_refused, parcel,
    receiver::{certified, http},
    send,
};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let start = format!("\r\n{name}: ");
    let rest = request
        .split(&start)
        .nth(1)
        .unwrap_or_else(|| panic!("{name}: {request}"));
    rest.split("\r\n").next().unwrap()
}

fn body(request: &str) -> (&str, Value) {
    let body = request.split_once("\r\n\r\n").unwrap().1;
    (body, serde_json::from_str(body).unwrap())
}

#[tokio::test]
async fn a_webhook_is_signed_and_names_its_delivery() {
    let (port, received) = http(OK, None).await;
    let parcel = parcel(
        TargetKind::Webhook,
        &format!("http://127.0.0.1:{port}/hook?x=1"),
    );
    assert_eq!(send(here(), &parcel).await, Sending::Taken);
    let all = received.all();
    let [request] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert!(
        request.starts_with("POST /hook?x=1 HTTP/1.1\r\n"),
        "{request}"
    );
    assert_eq!(header(request, "host"), format!("127.0.0.1:{port}"));
    let (text, body) = body(request);
    let timestamp = header(request, "cupola-timestamp");
    assert_eq!(timestamp, "1795255200");
    let expected = signature("whsec_0123456789abcdef", timestamp, text);
    assert_eq!(
        header(request, "cupola-signature"),
        format!("v1={expected}")
    );
    assert_eq!(
        header(request, "cupola-delivery"),
        parcel.delivery.to_string()
    );
    assert_eq!(body["id"], parcel.delivery.to_string());
    assert_eq!(body["type"], "alerts");
    assert_eq!(body["at"], "2026-11-21T10:00:00Z");
    assert_eq!(body["rule"]["condition"], "metric loss > 10");
    assert_eq!(body["alerts"][0]["state"], "open");
    let url = body["alerts"][0]["url"].as_str().unwrap();
    assert!(url.starts_with("http://hub.lab:7171/runs/"), "{url}");
}

/// As computed by `printf '1700000000.{}' | openssl dgst -sha256 -hmac key`.
#[test]
fn the_signature_is_the_one_that_other_programs_compute() {
    let expected = "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae";
    assert_eq!(signature("key", "1700000000", "{}"), expected);
}

#[tokio::test]
async fn slack_and_discord_get_their_shapes_and_nobody_is_called() {
    for (kind, key, needed) in [
        (
            TargetKind::Slack,
            "text",
            "moons, task 7 &lt;b&gt;¦*>: [ok](https://x) &amp; @everyone",
        ),
        (
            TargetKind::Discord,
            "content",
            r"moons, task 7 \<b\>\|\*: \[ok\]\(https://x\) & @everyone",
        ),
    ] {
        let (port, received) = http(OK, None).await;
        let mut parcel = parcel(kind, &format!("http://127.0.0.1:{port}/s"));
        assert_eq!(send(here(), &parcel).await, Sending::Taken);
        parcel.message = Message::test(parcel.message.id, NOW);
        assert_eq!(send(here(), &parcel).await, Sending::Taken);
        let all = received.all();
        let (_, first) = body(&all[0]);
        assert!(first[key].as_str().unwrap().contains(needed), "{first}");
        let (_, test) = body(&all[1]);
        assert!(
            test[key].as_str().unwrap().contains("arrive here"),
            "{test}"
        );
        if kind == TargetKind::Discord {
            assert_eq!(first["allowed_mentions"]["parse"], serde_json::json!([]));
        }
        assert!(!all[0].contains("whsec_"));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (elsewhere, untouched) = http(OK, None).await;
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{elsewhere}/\r\n\
         content-length: 0\r\n\r\n"
    );
    let (port, received) = http(&answer, None).await;
    let parcel = parcel(TargetKind::Webhook, &format!("http://127.0.0.1:{port}/"));
    is_refused(&send(here(), &parcel).await, "redirects are not followed");
    assert_eq!((received.all().len(), untouched.all().len()), (1, 0));
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_before_anything_is_sent() {
    let (port, received) = http(OK, None).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0",
    ] {
        let parcel = parcel(TargetKind::Webhook, &format!("http://{host}:{port}/"));
        let sending = send(Settings::default(), &parcel).await;
        let is_unknown = matches!(&sending, Sending::Failed(why) if why.contains("find the host"));
        if !is_unknown {
            is_refused(&sending, "is not a public address");
        }
    }
    for address in [
        "169.254.169.254",
        "[fe80::1]",
        "10.0.0.1",
        "[fd00:ec2::254]",
        "[64:ff9b::a9fe:a9fe]",
    ] {
        let parcel = parcel(
            TargetKind::Slack,
            &format!("http://{address}/latest/meta-data"),
        );
        is_refused(&send(here(), &parcel).await, "is not a public address");
    }
    assert_eq!(received.all(), Vec::<String>::new());
}

/// Names that mean something else each time they are asked for.
#[derive(Debug)]
struct Rebinding {
    asked: &'static AtomicUsize,
    answers: Vec<Vec<SocketAddr>>,
}

impl Resolve for Rebinding {
    fn resolve<'a>(&'a self, _: &'a str, port: u16) -> Resolved<'a> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self
            .answers
            .get(turn)
            .cloned()
            .ok_or_else(|| io::Error::other("asked again"));
        let at_port = move |mut address: SocketAddr| {
            address.set_port(port);
            address
        };
        Box::pin(async move { Ok(found?.into_iter().map(at_port).collect()) })
    }
}

fn rebinding(asked: &'static AtomicUsize, answers: &[&[&str]]) -> Sender {
    let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
    let answers = answers
        .iter()
        .map(|some| some.iter().map(address).collect());
    let resolver = Rebinding {
        asked,
        answers: answers.collect(),
    };
    Sender::with_resolver(here(), Box::new(resolver)).unwrap()
}

#[tokio::test]
async fn a_name_that_means_something_else_a_moment_later_leads_nowhere_else() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let (port, received) = http(OK, None).await;
    // 127.0.0.1 is allowed; the second answer would be a place that is not.
    let sender = rebinding(&ASKED, &[&["127.0.0.1"], &["127.0.0.2"]]);
    let parcel = parcel(
        TargetKind::Webhook,
        &format!("http://rebinding.example:{port}/"),
    );
    assert_eq!(sender.send(&parcel, NOW).await, Sending::Taken);
    assert_eq!((ASKED.load(Ordering::SeqCst), received.all().len()), (1, 1));
    is_refused(
        &sender.send(&parcel, NOW).await,
        "127.0.0.2 is not a public address",
    );
    assert_eq!(received.all().len(), 1);
}

#[tokio::test]
async fn a_name_with_one_address_that_is_not_public_is_refused_whole() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let (port, received) = http(OK, None).await;
    let answers: &[&[&str]] = &[
        &["127.0.0.1", "10.0.0.1"],
        &["::1"],
        &["::ffff:169.254.169.254"],
        &[],
    ];
    let sender = rebinding(&ASKED, answers);
    let parcel = parcel(
        TargetKind::Webhook,
        &format!("http://mixed.example:{port}/"),
    );
    is_refused(&sender.send(&parcel, NOW).await, "10.0.0.1 is not");
    is_refused(&sender.send(&parcel, NOW).await, "::1 is not");
    is_refused(&sender.send(&parcel, NOW).await, "169.254.169.254 is not");
    has_failed(&sender.send(&parcel, NOW).await, "it has no address");
    has_failed(&sender.send(&parcel, NOW).await, "asked again");
    assert_eq!(received.all(), Vec::<String>::new());
}

#[tokio::test]
async fn of_an_answer_only_the_head_is_read_and_not_much_of_that() {
    let endless = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}",
        1_u64 << 40,
        "x".repeat(1 << 20)
    );
    let (port, _) = http(&endless, None).await;
    let parcel = |port| parcel(TargetKind::Webhook, &format!("http://127.0.0.1:{port}/"));
    assert_eq!(send(here(), &parcel(port)).await, Sending::Taken);
    let head = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1 << 20));
    let (port, _) = http(&head, None).await;
    has_failed(&send(here(), &parcel(port)).await, "failed to send");
    let (port, _) = http("nonsense\r\n\r\n", None).await;
    has_failed(&send(here(), &parcel(port)).await, "failed to send");
    for (status, is_final) in [
        ("404 Not Found", true),
        ("429 Too Many Requests", false),
        ("503 Away", false),
    ] {
        let (port, _) = http(
            &format!("HTTP/1.1 {status}\r\ncontent-length: 6\r\n\r\nSECRET"),
            None,
        )
        .await;
        let sending = send(here(), &parcel(port)).await;
        let words = format!("answered {}", &status[..3]);
        if is_final {
            is_refused(&sending, &words);
        } else {
            has_failed(&sending, &words);
        }
        assert!(!format!("{sending:?}").contains("SECRET"));
    }
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for_long() {
    let (port, received) = http("", None).await;
    let parcel = parcel(TargetKind::Webhook, &format!("http://127.0.0.1:{port}/"));
    let started = std::time::Instant::now();
    has_failed(&send(here(), &parcel).await, "no answer within 10 s");
    assert!(started.elapsed() < std::time::Duration::from_secs(15));
    assert_eq!(received.all().len(), 1);
}

#[tokio::test]
async fn nobody_listens() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let parcel = parcel(TargetKind::Webhook, &format!("http://127.0.0.1:{port}/"));
    has_failed(&send(here(), &parcel).await, "failed to connect");
}

#[tokio::test]
async fn a_certificate_is_checked() {
    let certified = certified();
    let (port, received) = http(OK, Some(certified.server)).await;
    let parcel = parcel(TargetKind::Webhook, &format!("https://localhost:{port}/"));
    let trusting = |pem: Option<String>| Settings {
        roots_pem: pem,
        allowed: cupola_notify::Allowed(vec!["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()]),
        ..here()
    };
    has_failed(&send(trusting(None), &parcel).await, "failed to encrypt");
    assert_eq!(received.all(), Vec::<String>::new());
    assert_eq!(
        send(trusting(Some(certified.pem)), &parcel).await,
        Sending::Taken
    );
    assert_eq!(received.all().len(), 1);
    let unusable = Sender::new(trusting(Some("nothing".to_owned()))).unwrap_err();
    assert!(
        unusable.to_string().contains("there is none in the file"),
        "{unusable}"
    );
}
