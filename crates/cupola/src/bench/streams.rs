//! A thousand open streams: what each holds in memory, and what all of them cost whoever works.

use std::{sync::Arc, time::Duration};

use cupola_store::Durability;
use cupola_web::{Settings, Web};
use tokio::{io::AsyncReadExt as _, net::TcpListener, task::JoinSet};

use super::{
    Figure,
    fixture::{BenchHub, Folder},
    protocol,
    server::{SECRET, Server},
    tabs,
};

const STREAMS: usize = 1_000;

/// What the pages of a campaign ask for.
const KEYS: &str = "tasks,families,endings";

/// What has come and gone before the memory is looked at.
const SETTLING: Duration = Duration::from_secs(3);

pub(super) async fn measure(runs: usize) -> anyhow::Result<Vec<Figure>> {
    let mut memory = Vec::new();
    for _ in 0..runs {
        memory.push(kib_per_stream().await?);
    }
    let (with, without) = rates(runs).await?;
    Ok(vec![
        Figure::new(
            format!("memory of each of {STREAMS} streams, KiB"),
            memory,
            "≤ 40",
        ),
        Figure::new(
            format!("lease+heartbeat+result with {STREAMS} streams, pairs/s"),
            with,
            "ratio ≥ 0.9",
        )
        .beside("pairs/s without", without),
    ])
}

/// The growth of a hub of its own process.
async fn kib_per_stream() -> anyhow::Result<f64> {
    let folder = Folder::new("streams")?;
    let server = Server::start(&folder).await?;
    // The first few make what all share.
    let mut open = read_all(&server.url, 20).await?;
    tokio::time::sleep(SETTLING).await;
    let before = server.resident_mib()?;
    let more = read_all(&server.url, STREAMS).await?;
    tokio::time::sleep(SETTLING).await;
    let after = server.resident_mib()?;
    open.abort_all();
    drop(more);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let streams = STREAMS as f64;
    Ok((after - before) * 1024.0 / streams)
}

/// Streams that are read and whose messages are passed over.
async fn read_all(url: &str, count: usize) -> anyhow::Result<JoinSet<()>> {
    let mut readers = JoinSet::new();
    for _ in 0..count {
        let mut stream = tabs::stream(url, KEYS).await?;
        readers.spawn(async move {
            let mut buffer = [0; 256];
            while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
        });
    }
    Ok(readers)
}

/// With the streams and without, one after the other. The streams and who reads them are in this
/// process, so what they cost is more than a hub's share of it.
async fn rates(runs: usize) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
    let folder = Folder::new("streams-rate")?;
    let hub = Arc::new(BenchHub::open(&folder, Durability::Full)?);
    hub.hub.create_first_token(Some(SECRET))?;
    let filled = Arc::clone(&hub);
    tokio::task::spawn_blocking(move || filled.submit(200_000)).await??;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let settings = Settings {
        port,
        ..Settings::default()
    };
    let web = Web::new(Arc::clone(&hub.hub), settings);
    let mut serving = JoinSet::new();
    serving.spawn(cupola_web::serve(listener, web, std::future::pending()));
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for run in 0..runs {
        without.push(slice(&hub, run * 2).await?);
        let readers = read_all(&format!("http://127.0.0.1:{port}"), STREAMS).await?;
        with.push(slice(&hub, run * 2 + 1).await?);
        drop(readers);
        tokio::time::sleep(SETTLING).await;
    }
    Ok((with, without))
}

async fn slice(hub: &Arc<BenchHub>, run: usize) -> anyhow::Result<f64> {
    let hub = Arc::clone(hub);
    tokio::task::spawn_blocking(move || protocol::slice(&hub, run)).await?
}
