//! A worker's desk over a socket: who may come in, what is shown, what is said to the worker.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use cupola_domain::{field::FieldError, time::Timestamp};
use cupola_protocol::desk::{
    DeskBody, DeskEndedBody, DeskLineBody, DeskTaskBody, LimitsBody, PAUSED, PauseBody, TestBody,
};
use cupola_web::desk::{Desk, Refusal, Show, serve, way_in};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{oneshot, watch},
    task::JoinHandle,
};

const KEY: &str = "secret";
const HOSTILE: &str = "<script>alert(1)</script>\"'";
const PATIENCE: Duration = Duration::from_secs(5);

/// A worker that only remembers.
struct Fake {
    state: Mutex<DeskBody>,
    changes: watch::Sender<u64>,
}

impl Fake {
    fn change(&self, change: impl FnOnce(&mut DeskBody)) {
        change(&mut self.state.lock().unwrap());
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Desk for Fake {
    fn status(&self) -> DeskBody {
        self.state.lock().unwrap().clone()
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn pause(&self, pause: &PauseBody) -> Result<(), Refusal> {
        self.change(|desk| {
            "paused".clone_into(&mut desk.state);
            PAUSED.clone_into(&mut desk.why);
            desk.until = pause.until;
        });
        Ok(())
    }

    fn resume(&self) -> Result<(), Refusal> {
        self.change(|desk| "connected".clone_into(&mut desk.state));
        Ok(())
    }

    fn change(&self, limits: LimitsBody) -> Result<(), Refusal> {
        if limits.cores > 64 {
            return Err(Refusal::Fields(vec![FieldError::new(
                "cores",
                "are too many",
            )]));
        }
        Fake::change(self, |desk| desk.settings = limits);
        Ok(())
    }

    fn test(&self) -> Pin<Box<dyn Future<Output = TestBody> + Send + '_>> {
        Box::pin(async {
            TestBody {
                latency_ms: Some(1.5),
                error: String::new(),
            }
        })
    }
}

fn body(text: &str) -> DeskBody {
    let at = || Timestamp::from_millis(0).into();
    DeskBody {
        state: "working".to_owned(),
        why: String::new(),
        until: None,
        name: text.to_owned(),
        worker_id: Some(text.to_owned()),
        hub: text.to_owned(),
        version: "0".to_owned(),
        measured: None,
        offered: None,
        slots: 1,
        observed: vec![text.to_owned()],
        tasks: vec![DeskTaskBody {
            run_id: "r1".to_owned(),
            task_id: text.to_owned(),
            template: text.to_owned(),
            attempt: 1,
            phase: "running".to_owned(),
            started_at: at(),
            time_budget_secs: 10.0,
            metric_name: text.to_owned(),
            config: vec![text.to_owned()],
            progress: Vec::new(),
        }],
        history: vec![DeskEndedBody {
            run_id: "r0".to_owned(),
            task_id: text.to_owned(),
            template: text.to_owned(),
            status: "failed".to_owned(),
            reason: text.to_owned(),
            metric_name: text.to_owned(),
            value: Some(1.0),
            wall_time_secs: 1.0,
            credits: None,
            ended_at: at(),
        }],
        earned: None,
        log: vec![DeskLineBody {
            at: at(),
            level: "info".to_owned(),
            text: text.to_owned(),
        }],
        settings: LimitsBody {
            hours: vec![text.to_owned()],
            ..LimitsBody::default()
        },
        settings_error: text.to_owned(),
    }
}

struct Server {
    fake: Arc<Fake>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start() -> Self {
        let fake = Arc::new(Fake {
            state: Mutex::new(body("lab")),
            changes: watch::Sender::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let desk = Arc::clone(&fake) as Arc<dyn Desk>;
        let serving = tokio::spawn(async move {
            serve(listener, desk, KEY, async {
                let _ = stopped.await;
            })
            .await
        });
        Self {
            fake,
            address,
            stop,
            serving,
        }
    }

    /// `first` is `GET /`, `more` are headers; the whole answer.
    async fn ask(&self, first: &str, more: &str, body: &str) -> String {
        let (host, length) = (self.address, body.len());
        self.raw(&format!(
            "{first} HTTP/1.1\r\nHost: {host}\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        ))
        .await
    }

    async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
        read.expect("the answer ends").unwrap();
        answer
    }

    /// The cookie that a browser has after the way in.
    async fn cookie(&self) -> String {
        let answer = self.ask(&format!("GET {}", way_in(KEY)), "", "").await;
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let line = answer
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "));
        let line = line.expect("a cookie is set");
        assert!(line.contains("HttpOnly; SameSite=Strict"), "{line}");
        format!("Cookie: {}\r\n", line.split(';').next().unwrap())
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        let ended = tokio::time::timeout(PATIENCE, self.serving).await;
        ended.expect("it stops at once").unwrap().unwrap();
    }
}

const BEARER: &str = "Authorization: Bearer secret\r\n";

#[tokio::test]
async fn nobody_comes_in_without_the_key_or_from_another_page() {
    let server = Server::start().await;
    let cookie = server.cookie().await;
    let check = async |first: &str, headers: &str, status: u16| {
        let answer = server.ask(first, headers, "").await;
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{first} {headers}: {answer}");
    };
    for path in [
        "GET /",
        "GET /parts/now",
        "GET /api/desk",
        "GET /events",
        "POST /pause",
        "POST /api/desk/resume",
    ] {
        check(path, "", if path.starts_with("GET") { 401 } else { 403 }).await;
        check(path, "Authorization: Bearer other\r\n", 401).await;
    }
    check("GET /open?key=other", "", 401).await;
    check("GET /", &cookie, 200).await;
    check("GET /api/desk", BEARER, 200).await;
    check(
        "POST /resume",
        &format!("{cookie}Origin: http://evil.example\r\n"),
        403,
    )
    .await;
    check(
        "POST /resume",
        &format!("{cookie}Sec-Fetch-Site: cross-site\r\n"),
        403,
    )
    .await;
    check(
        "POST /resume",
        &format!("{cookie}Sec-Fetch-Site: same-origin\r\n"),
        303,
    )
    .await;
    check("GET /nowhere", BEARER, 404).await;
    let other = "GET / HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer secret\r\nConnection: close\r\n\r\n";
    assert!(server.raw(other).await.starts_with("HTTP/1.1 421"));
    server.stop().await;
}

#[tokio::test]
async fn an_owner_pauses_resumes_and_changes_settings_by_forms() {
    let server = Server::start().await;
    let own = format!(
        "{}Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n",
        server.cookie().await
    );
    let paused = server
        .ask("POST /pause", &own, "for_hours=8&stop=true")
        .await;
    assert!(paused.starts_with("HTTP/1.1 303"), "{paused}");
    let desk = server.fake.status();
    assert_eq!((desk.state.as_str(), desk.why.as_str()), ("paused", PAUSED));
    assert_eq!(
        desk.until.map(|until| until.0.millis()),
        Some(8 * 3_600_000)
    );
    let page = server.ask("GET /", &own, "").await;
    assert!(
        page.contains("action=\"/resume\"") && !page.contains("action=\"/pause\""),
        "{page}"
    );
    server.ask("POST /resume", &own, "").await;
    assert_eq!(server.fake.status().state, "connected");
    let form = "cores=2&memory_gib=1.5&gpu=false&hours=sat%0D%0Asun&only_on_mains=true";
    server.ask("POST /settings", &own, form).await;
    let settings = server.fake.status().settings;
    assert_eq!(
        (settings.cores, settings.memory_gib, settings.gpu),
        (2, 1.5, false)
    );
    assert_eq!(settings.hours, ["sat", "sun"]);
    let refused = server.ask("POST /settings", &own, "cores=65&slots=x").await;
    assert!(refused.starts_with("HTTP/1.1 422"), "{refused}");
    assert!(refused.contains("write a whole number"), "{refused}");
    let refused = server.ask("POST /settings", &own, "cores=65").await;
    assert!(
        refused.contains("are too many") && refused.contains("value=\"65\""),
        "{refused}"
    );
    assert_eq!(server.fake.status().settings.cores, 2);
    let tested = server.ask("POST /test", &own, "").await;
    assert!(tested.contains("the hub answered after 1.5 ms"), "{tested}");
    server.stop().await;
}

#[tokio::test]
async fn programs_of_the_owner_say_the_same_in_json() {
    let server = Server::start().await;
    let own = format!("{BEARER}Content-Type: application/json\r\n");
    let told = server.ask("POST /api/desk/pause", &own, "{}").await;
    assert!(told.contains("\"state\":\"paused\""), "{told}");
    let told = server
        .ask("PUT /api/desk/settings", &own, "{\"cores\": 3}")
        .await;
    assert!(told.contains("\"cores\":3"), "{told}");
    let refused = server
        .ask("PUT /api/desk/settings", &own, "{\"cores\": 65}")
        .await;
    assert!(
        refused.starts_with("HTTP/1.1 422") && refused.contains("are too many"),
        "{refused}"
    );
    let refused = server
        .ask("PUT /api/desk/settings", &own, "{\"core\": 1}")
        .await;
    assert!(refused.starts_with("HTTP/1.1 422"), "{refused}");
    let tested = server.ask("POST /api/desk/test", &own, "null").await;
    assert!(tested.contains("\"latency_ms\":1.5"), "{tested}");
    server.stop().await;
}

#[tokio::test]
async fn a_page_is_told_of_changes_and_let_go_at_the_end() {
    let server = Server::start().await;
    let host = server.address;
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /events?keys=desk HTTP/1.1\r\nHost: {host}\r\n{BEARER}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = String::new();
    let mut until = async |text: &str| {
        let mut buffer = [0; 4096];
        while !heard.contains(text) {
            let read = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await;
            let count = read.expect("it is told in time").unwrap();
            assert!(count > 0, "the stream ended: {heard}");
            heard += &String::from_utf8_lossy(&buffer[..count]);
        }
    };
    until("event: ready").await;
    server.fake.resume().unwrap();
    until("data: [\"desk\"]").await;
    server.stop().await;
}

#[test]
fn what_others_wrote_stays_text() {
    use askama::Template as _;
    let mut desk = body(HOSTILE);
    for state in ["working", "paused", "disconnected"] {
        desk.state = state.to_owned();
        desk.why = HOSTILE.to_owned();
        let page = Show::new(&desk).render().unwrap();
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!page.contains("/assets/missing"), "{page}");
    }
}
