//! `GET /metrics`: the hub's numbers in the text form that Prometheus reads.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::State,
    http::{Method, StatusCode, header},
    response::IntoResponse,
};
use cupola_domain::{counts, worker::Presence};
use cupola_hub::{HubError, overview::Overview, workers::WorkerRow};
use sha2::{Digest as _, Sha256};

use crate::{
    auth::{Access, Credential},
    error::PageError,
    router::Routes,
    state::{Web, hub_call},
};

/// The numbers.
pub const METRICS: &str = "/metrics";

pub(crate) fn routes() -> Routes {
    Routes::new().get(METRICS, Access::Metrics, show)
}

/// How many requests were answered, by method, route and status. Bounded by the routes.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<HashMap<(&'static str, &'static str, u16), u64>>);

impl Requests {
    /// Counts one; a request that met no route counts as `none`.
    pub(crate) fn count(&self, method: &Method, route: Option<&'static str>, status: StatusCode) {
        let key = (word_of(method), route.unwrap_or("none"), status.as_u16());
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(key).or_default() += 1;
    }
}

fn word_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Whether a credential is the token that was configured for these numbers. Digests are compared,
/// so that the time it takes says nothing about the token.
pub(crate) fn is_token(web: &Web, credential: &Credential) -> bool {
    match (&web.settings.metrics_token, credential) {
        (Some(ours), Credential::Bearer(token)) => {
            Sha256::digest(ours.as_bytes()) == Sha256::digest(token.as_bytes())
        }
        _ => false,
    }
}

async fn show(State(web): State<Web>) -> Result<impl IntoResponse, PageError> {
    let (overview, workers, stats) = hub_call(&web, |hub| {
        Ok::<_, HubError>((hub.overview()?, hub.list_workers()?, hub.store_stats()))
    })
    .await?;
    let mut text = Text::default();
    write_tasks(&mut text, &overview);
    write_workers(&mut text, &workers);
    text.family(
        "cupola_store_commits_total",
        "counter",
        "Transactions committed.",
    );
    text.sample("cupola_store_commits_total", &[], stats.commits);
    text.family(
        "cupola_store_writes_total",
        "counter",
        "Commands in those transactions.",
    );
    text.sample("cupola_store_writes_total", &[], stats.writes);
    text.family(
        "cupola_store_rollbacks_total",
        "counter",
        "Commands that were undone.",
    );
    text.sample("cupola_store_rollbacks_total", &[], stats.rollbacks);
    text.family(
        "cupola_store_group_size_max",
        "gauge",
        "Most commands in one transaction.",
    );
    text.sample("cupola_store_group_size_max", &[], stats.group_max);
    text.family("cupola_store_reads_total", "counter", "Queries.");
    text.sample("cupola_store_reads_total", &[], stats.reads);
    text.family(
        "cupola_live_streams",
        "gauge",
        "Open streams of live changes.",
    );
    text.sample("cupola_live_streams", &[], web.streams.count() as u64);
    let (made, shared) = web.parts.counts();
    text.family(
        "cupola_parts_total",
        "counter",
        "Parts of pages that were answered, by whether they were made for it or for somebody else.",
    );
    text.sample("cupola_parts_total", &[("from", "made")], made);
    text.sample("cupola_parts_total", &[("from", "kept")], shared);
    write_requests(&mut text, &web.requests);
    text.family("cupola_build_info", "gauge", "Which program this is.");
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    text.sample("cupola_build_info", &version, 1);
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, media_type)], text.0))
}

fn write_tasks(text: &mut Text, overview: &Overview) {
    text.family("cupola_tasks", "gauge", "Tasks by state.");
    for state in counts::State::ALL {
        let labels = [("state", state.as_str())];
        text.sample("cupola_tasks", &labels, overview.tasks.of(state));
    }
    text.family("cupola_briefs", "gauge", "Briefs.");
    text.sample("cupola_briefs", &[], overview.briefs);
    text.family("cupola_families", "gauge", "Families.");
    text.sample("cupola_families", &[], overview.families);
}

fn write_workers(text: &mut Text, workers: &[WorkerRow]) {
    text.family("cupola_workers", "gauge", "Workers by presence.");
    for presence in [Presence::Online, Presence::Late, Presence::Offline] {
        let count = workers
            .iter()
            .filter(|row| row.presence == presence)
            .count();
        text.sample(
            "cupola_workers",
            &[("presence", presence.as_str())],
            count as u64,
        );
    }
    let leases: usize = workers.iter().map(|row| row.running).sum();
    text.family("cupola_leases", "gauge", "Runs that workers have now.");
    text.sample("cupola_leases", &[], leases as u64);
}

fn write_requests(text: &mut Text, requests: &Requests) {
    let mut counted: Vec<_> = {
        let requests = requests.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().map(|(key, count)| (*key, *count)).collect()
    };
    counted.sort_unstable();
    text.family(
        "cupola_http_requests_total",
        "counter",
        "Requests answered.",
    );
    for ((method, route, status), count) in counted {
        let status = status.to_string();
        let labels = [
            ("method", method),
            ("route", route),
            ("status", status.as_str()),
        ];
        text.sample("cupola_http_requests_total", &labels, count);
    }
}

/// Lines of the exposition format. Label values are words of ours, which need no escaping.
#[derive(Debug, Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        self.0.push_str(name);
        for (at, (label, word)) in labels.iter().enumerate() {
            let opening = if at == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{opening}{label}=\"{word}\"");
        }
        let closing = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{closing} {value}");
    }
}
