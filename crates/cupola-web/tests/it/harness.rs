//! `TestHub`: a hub on a fresh store with a clock of its own, its router, and somebody of each role.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use cupola_domain::{
    access::{Role, Token},
    time::{Instant, Timestamp},
};
use cupola_hub::{Hub, world::World};
use cupola_store::{Durability, Location};
use cupola_web::{Settings, Web, auth::Peer, router};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// The name by which tests call the hub.
pub(crate) const HOST: &str = "localhost:7171";

/// 2026-11-21T00:00:00Z.
const BEGINNING_MILLIS: i64 = 1_795_219_200_000;

/// A clock that stands until it is moved, and chance that repeats itself.
struct Fixed {
    millis: AtomicI64,
    drawn: AtomicU64,
}

impl World for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Instant {
        let passed = self.millis.load(Ordering::SeqCst) - BEGINNING_MILLIS;
        Instant::from_origin(Duration::from_millis(u64::try_from(passed).unwrap_or(0)))
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let mut mixed = (drawn + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (mixed >> 32).to_le_bytes()[0];
        }
    }
}

/// The folder with templates for tests.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/templates")
}

/// A hub with its web face.
pub(crate) struct TestHub {
    pub(crate) hub: Arc<Hub>,
    pub(crate) web: Web,
    router: Router,
    world: Arc<Fixed>,
    peers: AtomicU32,
    dir: TempDir,
}

impl TestHub {
    pub(crate) fn new() -> Self {
        Self::with_settings(Settings {
            port: 7171,
            ..Settings::default()
        })
    }

    pub(crate) fn with_settings(settings: Settings) -> Self {
        let dir = TempDir::new().expect("there is room for a test");
        let world = Arc::new(Fixed {
            millis: AtomicI64::new(BEGINNING_MILLIS),
            drawn: AtomicU64::new(0),
        });
        let templates = dir.path().join("templates");
        std::fs::create_dir(&templates).expect("there is room for a folder");
        let hub_settings = cupola_hub::Settings {
            location: Location::Sqlite(dir.path().join("cupola.db")),
            artifacts: dir.path().join("artifacts"),
            runs: None,
            artifact_bytes_max: 4 << 20,
            template_dirs: vec![fixtures(), templates],
            durability: Durability::Off,
            on_fatal: Arc::new(|error| panic!("{error}")),
        };
        let clock: Arc<dyn World> = world.clone();
        let hub = Arc::new(Hub::open(hub_settings, clock).expect("a fresh store opens"));
        let web = Web::new(Arc::clone(&hub), settings);
        Self {
            router: router(web.clone()),
            hub,
            web,
            world,
            peers: AtomicU32::new(1),
            dir,
        }
    }

    /// Writes a file where templates are looked for, and has them read again.
    pub(crate) fn write_template(&self, path: &str, text: &str) {
        let path = self.dir.path().join("templates").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self.hub.rescan_templates().unwrap();
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap();
        self.world.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// A token of this role.
    pub(crate) fn token(&self, role: Role) -> String {
        self.token_for(role, None).0
    }

    pub(crate) fn token_for(&self, role: Role, ttl: Option<Duration>) -> (String, Token) {
        self.hub
            .create_token(role.as_str(), role, ttl)
            .expect("the name is valid")
    }

    /// Somebody with a token of this role.
    pub(crate) fn somebody(&self, role: Role) -> Caller<'_> {
        Caller {
            hub: self,
            token: self.token(role),
        }
    }

    /// Sends a request as it is, from an address that nobody else has.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let peer = Ipv4Addr::from_bits(self.peers.fetch_add(1, Ordering::SeqCst));
        let extensions = request.extensions_mut();
        if extensions.get::<Peer>().is_none() {
            extensions.insert(Peer(IpAddr::V4(peer)));
        }
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("it cannot fail");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .expect("it is in memory");
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes: bytes.to_vec(),
        }
    }

    /// The answer before its body is read: for streams.
    pub(crate) async fn open(&self, request: Request<Body>) -> axum::response::Response {
        self.router
            .clone()
            .oneshot(request)
            .await
            .expect("it cannot fail")
    }
}

/// A request to [`HOST`].
pub(crate) fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, HOST)
}

/// Somebody with a token.
pub(crate) struct Caller<'h> {
    pub(crate) hub: &'h TestHub,
    pub(crate) token: String,
}

impl Caller<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let bearer = format!("Bearer {}", self.token);
        request(method, path).header(header::AUTHORIZATION, bearer)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).body(Body::empty());
        self.hub.send(request.unwrap()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        let request = self.request(Method::DELETE, path).body(Body::empty());
        self.hub.send(request.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_bytes(path, body.to_string().into_bytes()).await
    }

    pub(crate) async fn post_bytes(&self, path: &str, body: Vec<u8>) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body));
        self.hub.send(request.unwrap()).await
    }

    /// Submits a brief of `num_tasks` and says the family's id.
    pub(crate) async fn submit_brief(&self, num_tasks: u32) -> String {
        let brief = json!({
            "goal": "find a small model", "num_tasks": num_tasks, "time_budget": 10,
        });
        let answer = self.post("/api/v1/briefs", &brief).await.expect(201);
        answer["brief"]["family"]["family_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Joins as a worker and says its id.
    pub(crate) async fn join(&self, session: &str) -> String {
        let answer = self
            .post("/api/v1/workers", &registration(session))
            .await
            .expect(201);
        answer["worker_id"].as_str().unwrap().to_owned()
    }
}

/// A machine that can run anything.
pub(crate) fn registration(session: &str) -> Value {
    json!({
        "protocol": cupola_protocol::WORKER_PROTOCOL, "worker_id": null, "name": "box", "session": session, "slots": 4,
        "version": "0.0.0",
        "capabilities": {
            "hostname": "box", "platform": "linux-x86_64", "cpu_model": "test", "cpu_cores": 16,
            "memory_bytes": 64_u64 << 30, "disk_bytes": 500_u64 << 30,
            "gpus": [{"name": "GPU", "memory_bytes": 24_u64 << 30}],
            "python": {"path": "/usr/bin/python3", "version": "3.11.7", "torch": "2.5",
                       "has_cuda": true},
        },
    })
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }

    /// The name of the problem of an answer that must have this status.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        let problem = self.expect(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(problem["status"], status);
        problem["type"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or("?"))
    }
}
