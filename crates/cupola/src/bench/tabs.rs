//! Pages without a browser: each holds a stream and asks for what changed, as the script of a page
//! does.

use std::{collections::HashMap, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    sync::watch,
    task::JoinSet,
};

use super::server::{SECRET, Server};

/// As the script spaces its requests for one part.
const SPACING_MIN: Duration = Duration::from_millis(40);

/// A part of a page: what it depends on, and how it is asked for.
#[derive(Debug, Clone)]
struct Part {
    keys: Vec<String>,
    src: String,
    /// The cursor of a part that appends.
    next: Option<String>,
}

/// Opens so many pages at `path`, which go on until what is returned is dropped.
pub(super) async fn open(server: &Server, path: &str, count: usize) -> anyhow::Result<JoinSet<()>> {
    let request = server.http.get(format!("{}{path}", server.url));
    let html = request.bearer_auth(SECRET).send().await?.text().await?;
    let parts = parts(&html);
    anyhow::ensure!(parts.len() > 2, "{path} has no live parts");
    let mut tabs = JoinSet::new();
    for _ in 0..count {
        tabs.spawn(tab(server.url.clone(), server.http.clone(), parts.clone()));
    }
    Ok(tabs)
}

async fn tab(url: String, http: reqwest::Client, parts: Vec<Part>) {
    let keys: Vec<&str> = parts
        .iter()
        .flat_map(|part| part.keys.iter().map(String::as_str))
        .collect();
    let mut seen: HashMap<String, watch::Sender<u64>> = HashMap::new();
    let mut asking = JoinSet::new();
    for part in &parts {
        let (sender, changed) = watch::channel(0);
        seen.insert(part.src.clone(), sender);
        asking.spawn(follow(url.clone(), http.clone(), part.clone(), changed));
    }
    let Ok(mut lines) = stream(&url, &keys.join(",")).await else {
        return;
    };
    let mut line = String::new();
    while lines.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        for part in parts.iter().filter(|part| {
            let names = |key: &String| line.contains(&format!("\"{key}\""));
            line.starts_with("data:") && part.keys.iter().any(names)
        }) {
            seen[&part.src].send_modify(|count| *count += 1);
        }
        line.clear();
    }
}

/// Asks for a part each time it changed.
async fn follow(
    url: String,
    http: reqwest::Client,
    mut part: Part,
    mut changed: watch::Receiver<u64>,
) {
    while changed.changed().await.is_ok() {
        let started = tokio::time::Instant::now();
        let src = match &part.next {
            Some(next) => format!("{url}{}?from=after:{next}&limit=200", part.src),
            None => format!("{url}{}", part.src),
        };
        let request = http.get(src).bearer_auth(SECRET).header("x-part", "1");
        let Ok(answer) = request.send().await else {
            continue;
        };
        let text = answer.text().await.unwrap_or_default();
        if part.next.is_some() {
            part.next = attribute(&text, "data-to").or(part.next);
        } else {
            tokio::time::sleep(SPACING_MIN.max(started.elapsed() * 2)).await;
        }
    }
}

/// A stream with as little around it as possible.
pub(super) async fn stream(url: &str, keys: &str) -> anyhow::Result<BufReader<TcpStream>> {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await?;
    let request = format!(
        "GET /events?keys={keys} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {SECRET}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut lines = BufReader::with_capacity(512, stream);
    let mut first = String::new();
    lines.read_line(&mut first).await?;
    anyhow::ensure!(first.contains(" 200 "), "a stream was answered {first}");
    Ok(lines)
}

/// What the page declares.
fn parts(html: &str) -> Vec<Part> {
    let tags = html.split('<').filter_map(|tag| tag.split('>').next());
    tags.filter_map(|tag| {
        let keys = attribute(tag, "data-live")?;
        let log = attribute(tag, "data-log");
        let src = attribute(tag, "data-src").or_else(|| log.clone())?;
        Some(Part {
            keys: keys.split(',').map(str::to_owned).collect(),
            src: src.replace("&#38;", "&").replace("&amp;", "&"),
            next: log.and_then(|_| attribute(html, "data-to")),
        })
    })
    .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}
