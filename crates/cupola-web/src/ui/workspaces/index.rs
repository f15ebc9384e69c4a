//! `/workspaces`: those that this hub shows.

use std::sync::Arc;

use askama::Template;
use cupola_protocol::events;
use cupola_workspace::source::Connection;

use super::head;
use crate::{
    state::Web,
    ui::{
        components::{Badge, EmptyState, Link, Tone, html_safe},
        format,
        frame::Frame,
        paths,
        plain::plain,
    },
    workspaces::{Unanswered, Workspace},
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/list`.
    pub list: List,
}

/// A workspace.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: Link,
    /// Where it is.
    pub place: String,
    /// Whether it answers.
    pub badge: Badge,
    /// How many experiments, or a dash while nobody has looked.
    pub experiments: String,
    /// How many of their newest runs go on.
    pub running: String,
    /// Jobs of the newest runs: `7 of 9 done, 1 failed`.
    pub jobs: String,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_list.html")]
pub struct List {
    /// The keys of all of them.
    pub keys: String,
    /// The rows.
    pub rows: Vec<Row>,
    /// Instead of an empty table: how one is added.
    pub empty: Option<EmptyState>,
}

html_safe!(List);

/// How a hub comes to show one.
pub(super) fn how_to_add() -> EmptyState {
    EmptyState::new(
        "No workspaces",
        "A folder of experiments and their jobs, here or on a machine that SSH reaches, is shown \
         once it is named: by [workspaces.NAME] in cupola.toml, or when the hub starts.",
    )
    .with_command("cupola up --workdir FOLDER")
}

impl List {
    /// Blocks: those on this machine are opened, once.
    pub(super) fn of(web: &Web) -> Self {
        let all: Vec<_> = web.settings.workspaces.iter().collect();
        let keys: Vec<_> = all.iter().map(|each| events::workspace(&each.id)).collect();
        Self {
            keys: keys.join(","),
            empty: all.is_empty().then(how_to_add),
            rows: all.into_iter().map(|each| row(web, each)).collect(),
        }
    }
}

fn row(web: &Web, workspace: &Arc<Workspace>) -> Row {
    // Whoever wants to see one that is elsewhere goes there.
    let is_asked = !workspace.is_remote || !workspace.is_closed();
    // What could not be opened is tried again by whoever goes there: what comes of it is told to lists.
    let source = if workspace.is_remote || !workspace.is_closed() {
        workspace.opened_source()
    } else {
        workspace.source(web)
    };
    let found = source.and_then(|source| source.experiments().map_err(Unanswered::Said));
    let mut row = Row {
        name: Link::new(plain(&workspace.id), paths::workspace(&workspace.id, "")),
        place: plain(&workspace.title),
        badge: Badge::word("not opened yet", Tone::Quiet),
        experiments: format::NOTHING.to_owned(),
        running: format::NOTHING.to_owned(),
        jobs: format::NOTHING.to_owned(),
    };
    match found {
        Ok(experiments) => {
            let connection = workspace.connection().unwrap_or(Connection::Live);
            row.badge = head::badge(&connection, workspace.is_remote)
                .unwrap_or_else(|| Badge::word("here", Tone::Good));
            let latest = experiments.iter().filter_map(|known| known.runs.first());
            let latest: Vec<_> = latest.collect();
            let of = |count: fn(&cupola_workspace::model::Counts) -> u64| -> u64 {
                latest.iter().map(|run| count(&run.counts)).sum()
            };
            let counts = cupola_workspace::model::Counts {
                total: of(|counts| counts.total),
                done: of(|counts| counts.done),
                failed: of(|counts| counts.failed),
                running: of(|counts| counts.running),
                gone: of(|counts| counts.gone),
            };
            let running = latest
                .iter()
                .filter(|run| run.status == cupola_workspace::model::RunStatus::Running);
            row.running = format::count(running.count() as u64);
            row.experiments = format::count(experiments.len() as u64);
            row.jobs = super::present::counts(&counts);
        }
        Err(Unanswered::Opening) if is_asked => {
            row.badge = Badge::word("being opened", Tone::Waiting);
        }
        Err(Unanswered::Closed(error) | Unanswered::Said(error)) => {
            row.badge = Badge {
                label: "not open".to_owned(),
                tone: Tone::Bad,
                reason: plain(&error.to_string()),
            };
        }
        Err(Unanswered::Opening | Unanswered::Unknown(_)) => {}
    }
    row
}
