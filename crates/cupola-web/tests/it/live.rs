//! The stream of what changed.

use axum::{body::Body, http::Method, response::Response};
use cupola_domain::access::Role;
use tokio_stream::StreamExt as _;

use crate::harness::{Caller, TestHub};

/// A stream that is being read.
struct Stream {
    body: axum::body::BodyDataStream,
    rest: String,
}

/// One event: its name, its number, its data.
#[derive(Debug, PartialEq, Eq)]
struct Heard {
    event: String,
    id: i64,
    data: Vec<String>,
}

impl Stream {
    async fn open(caller: &Caller<'_>, query: &str, last: Option<&str>) -> Self {
        let response = open(caller, query, last).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"));
        Self {
            body: response.into_body().into_data_stream(),
            rest: String::new(),
        }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.rest = rest;
                if !block.starts_with(':') {
                    return Some(parse(&block));
                }
                continue;
            }
            let bytes = self.body.next().await?.expect("the stream is in memory");
            self.rest.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

fn parse(block: &str) -> Heard {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.split_once(": "));
        lines
            .clone()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    };
    Heard {
        event: field("event").unwrap_or_default(),
        id: field("id").unwrap().parse().unwrap(),
        data: serde_json::from_str(&field("data").unwrap()).unwrap(),
    }
}

async fn open(caller: &Caller<'_>, query: &str, last: Option<&str>) -> Response {
    let mut asked = caller.request(Method::GET, &format!("/events?{query}"));
    asked = asked.header("accept-encoding", "gzip");
    if let Some(last) = last {
        asked = asked.header("last-event-id", last);
    }
    caller.hub.open(asked.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_change_is_heard_by_who_asked_for_it_and_by_nobody_else() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let mut briefs = Stream::open(&researcher, "keys=briefs,families", None).await;
    let mut workers = Stream::open(&researcher, "keys=workers", None).await;
    assert_eq!(briefs.next().await.unwrap().event, "ready");
    let ready = workers.next().await.unwrap();
    researcher.submit_brief(1).await;
    let heard = briefs.next().await.unwrap();
    assert_eq!(
        (heard.event.as_str(), &heard.data),
        ("", &vec!["briefs".to_owned(), "families".to_owned()])
    );
    hub.somebody(Role::Worker).join("s1").await;
    let heard = workers.next().await.unwrap();
    assert_eq!(heard.data, ["workers"]);
    assert!(heard.id > ready.id);
}

#[tokio::test]
async fn who_was_away_hears_what_was_missed() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let mut stream = Stream::open(&researcher, "keys=briefs", None).await;
    let ready = stream.next().await.unwrap();
    drop(stream);
    researcher.submit_brief(1).await;
    hub.somebody(Role::Worker).join("s1").await;
    let last = ready.id.to_string();
    for (query, header) in [
        ("keys=briefs".to_owned(), Some(last.as_str())),
        (format!("keys=briefs&after={last}"), None),
    ] {
        let mut stream = Stream::open(&researcher, &query, header).await;
        let heard = stream.next().await.unwrap();
        assert_eq!(
            (heard.event.as_str(), heard.data),
            ("", vec!["briefs".to_owned()])
        );
        assert_eq!(heard.id, hub.hub.last_change().unwrap());
    }
}

#[tokio::test]
async fn who_comes_from_another_database_starts_over() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let mut stream = Stream::open(&viewer, "keys=briefs&after=1000000", None).await;
    let heard = stream.next().await.unwrap();
    assert_eq!(
        (heard.event.as_str(), heard.id),
        ("reset", hub.hub.last_change().unwrap())
    );
}

#[tokio::test]
async fn many_changes_go_together() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    let mut stream = Stream::open(&researcher, "keys=tokens", None).await;
    stream.next().await.unwrap();
    for _ in 0..200 {
        hub.token(Role::Viewer);
    }
    let last = hub.hub.last_change().unwrap();
    let mut messages = 0;
    loop {
        let heard = stream.next().await.unwrap();
        messages += 1;
        assert_eq!(heard.data, ["tokens"]);
        if heard.id == last {
            break;
        }
    }
    assert!(messages < 20, "{messages} messages for 200 changes");
}

#[tokio::test]
async fn a_revocation_ends_the_stream() {
    let hub = TestHub::new();
    let (secret, token) = hub.token_for(Role::Viewer, None);
    let viewer = Caller {
        hub: &hub,
        token: secret,
    };
    let mut stream = Stream::open(&viewer, "keys=briefs", None).await;
    stream.next().await.unwrap();
    hub.hub.revoke_token(token.id).unwrap();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(5), stream.next()).await;
    assert_eq!(ended.expect("it ends within five seconds"), None);
}

#[tokio::test]
async fn a_token_has_so_many_streams() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let mut open_streams = Vec::new();
    for _ in 0..1024 {
        open_streams.push(Stream::open(&viewer, "keys=briefs", None).await);
    }
    assert_eq!(open(&viewer, "keys=briefs", None).await.status(), 429);
    let other = hub.somebody(Role::Viewer);
    Stream::open(&other, "keys=briefs", None).await;
}

#[tokio::test]
async fn a_stream_needs_keys_within_bounds() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let many: Vec<String> = (0..257).map(|n| format!("x{n}")).collect();
    let many = many.join(",");
    for query in [
        "",
        "keys=",
        "keys=,",
        &format!("keys={many}"),
        &format!("keys={}", "x".repeat(101)),
    ] {
        assert_eq!(open(&viewer, query, None).await.status(), 422, "{query}");
    }
}
