//! Points through `MLflow`'s interface: what a hub takes over HTTP, beside what the same server takes
//! when it keeps nothing, beside `MLflow`'s own server where its address is given, and beside what the
//! disk allows.

use std::{
    fs::File,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cupola_domain::access::Role;
use cupola_store::Durability;
use cupola_web::Web;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    Figure,
    client::{Connection, Said},
    fixture::{BenchHub, Folder},
    http,
    server::{SECRET, Server},
};

/// How long a rate is measured.
const SLICE: Duration = Duration::from_secs(3);

/// Clients that send at once, where there are many.
const CLIENTS: usize = 8;

/// Bytes that one point adds to the log of the database, about.
const POINT_BYTES: usize = 2048;

/// Where points are sent.
struct Target {
    /// `127.0.0.1:5000`
    address: String,
    token: String,
    experiment: String,
    http: reqwest::Client,
}

pub(super) async fn measure(runs: usize, mlflow: Option<&str>) -> anyhow::Result<Vec<Figure>> {
    let folder = Folder::new("ingest")?;
    let server = Server::start(&folder).await?;
    let ours = Target::open(&server.url, SECRET).await?;
    let nothing = keeping_nothing().await?;
    let theirs = match mlflow {
        Some(url) => Some(Target::open(url, "").await?),
        None => None,
    };
    let mut figures = Vec::new();
    for (clients, points) in [(1, 1_000), (CLIENTS, 1_000), (CLIENTS, 1)] {
        let mut rates = [const { Vec::new() }; 3];
        for _ in 0..runs {
            rates[0].push(ours.rate(clients, points).await?);
            rates[1].push(match points {
                1 => tokio::task::block_in_place(|| grouped_syncs(&folder))?,
                _ => nothing.rate(clients, points).await?,
            });
            if let Some(theirs) = &theirs {
                rates[2].push(theirs.rate(clients, points).await?);
            }
        }
        figures.extend(figures_of(clients, points, rates));
    }
    Ok(figures)
}

fn figures_of(clients: usize, points: usize, rates: [Vec<f64>; 3]) -> Vec<Figure> {
    let what = format!("points/s, {points} a request, {clients} client(s)");
    let [ours, ceiling, theirs] = rates;
    let (name, target) = match points {
        1 => ("grouped fdatasync, points/s", "bounded by it"),
        _ => ("keeping nothing, points/s", "ratio ≥ 0.25"),
    };
    let mut figures = Vec::new();
    if !theirs.is_empty() {
        let target = if points == 1 {
            "ratio ≥ 50"
        } else {
            "ratio ≥ 100"
        };
        let figure = Figure::new(what.clone(), ours.clone(), target);
        figures.push(figure.beside("MLflow, points/s", theirs));
    }
    figures.push(Figure::new(what, ours, target).beside(name, ceiling));
    figures
}

/// The same server with the one route that reads a batch and drops it.
async fn keeping_nothing() -> anyhow::Result<Target> {
    let folder = Folder::new("nothing")?;
    let hub = BenchHub::open(&folder, Durability::Off)?;
    let (secret, _) = hub.hub.create_token("bench", Role::Researcher, None)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let settings = cupola_web::Settings {
        port: address.port(),
        ..cupola_web::Settings::default()
    };
    let web = Web::new(Arc::clone(&hub.hub), settings);
    let app = cupola_web::router_of(web.clone(), cupola_web::batches_dropped());
    tokio::spawn(async move {
        let _kept = folder;
        cupola_web::serve_app(listener, web, app, std::future::pending()).await
    });
    Ok(Target {
        address: address.to_string(),
        token: secret,
        experiment: String::new(),
        http: http(),
    })
}

impl Target {
    /// An experiment for the measurement on the server at `url`.
    async fn open(url: &str, token: &str) -> anyhow::Result<Self> {
        let mut target = Self {
            address: url.trim_start_matches("http://").to_owned(),
            token: token.to_owned(),
            experiment: String::new(),
            http: http(),
        };
        let name = format!("bench-{}", std::process::id());
        let asked = json!({"name": name});
        let made = target.ask("experiments/create", &asked).await?;
        let id = made["experiment_id"].as_str().unwrap_or_default();
        id.clone_into(&mut target.experiment);
        Ok(target)
    }

    async fn ask(&self, call: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("http://{}/api/2.0/mlflow/{call}", self.address);
        let answer = self.http.post(url).bearer_auth(&self.token).json(body);
        let answer = answer.send().await?;
        let (status, body) = (answer.status(), answer.text().await?);
        anyhow::ensure!(status.is_success(), "{call} answers {status}: {body}");
        Ok(serde_json::from_str(&body)?)
    }

    /// A new run; where nothing is kept, any name will do.
    async fn run(&self) -> anyhow::Result<String> {
        if self.experiment.is_empty() {
            return Ok("01900000-0000-7000-8000-000000000000".to_owned());
        }
        let asked = json!({"experiment_id": self.experiment, "start_time": 1_795_000_000_000_i64});
        let made = self.ask("runs/create", &asked).await?;
        Ok(made["run"]["info"]["run_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// Points a second that so many clients send, each to a run of its own.
    async fn rate(&self, clients: usize, points: usize) -> anyhow::Result<f64> {
        let mut runs = Vec::new();
        for _ in 0..clients {
            runs.push(self.run().await?);
        }
        tokio::task::block_in_place(|| self.send(&runs, points))
    }

    fn send(&self, runs: &[String], points: usize) -> anyhow::Result<f64> {
        let stop = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU64::new(0));
        let mut senders = Vec::new();
        for run in runs {
            let mut connection = Connection::open(&self.address, &self.token)?;
            let mut said = Said::new(run, points);
            let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
            senders.push(thread::spawn(move || -> anyhow::Result<()> {
                while !stop.load(Ordering::Relaxed) {
                    connection.post(said.path(), said.next())?;
                    sent.fetch_add(points as u64, Ordering::Relaxed);
                }
                Ok(())
            }));
        }
        let started = Instant::now();
        thread::sleep(SLICE);
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender
                .join()
                .map_err(|_| anyhow::anyhow!("a client panicked"))??;
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let sent = sent.load(Ordering::Relaxed) as f64;
        Ok(sent / started.elapsed().as_secs_f64())
    }
}

/// Points a second if writing were all: one `fdatasync` for a point of each client.
fn grouped_syncs(folder: &Folder) -> anyhow::Result<f64> {
    let mut file = File::create(folder.path().join("ceiling"))?;
    let group = vec![7u8; CLIENTS * POINT_BYTES];
    let started = Instant::now();
    let mut syncs = 0.0;
    while started.elapsed() < SLICE / 3 {
        file.write_all(&group)?;
        file.sync_data()?;
        syncs += 1.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let clients = CLIENTS as f64;
    Ok(syncs * clients / started.elapsed().as_secs_f64())
}
