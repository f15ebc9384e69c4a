//! `/workspaces/{id}/orphans`: jobs that run astray, and folders that nothing names any more.

use askama::Template;
use cupola_workspace::{
    model::{JobState, Orphan},
    source::{Source, SourceError},
};

use super::{
    action::Asked,
    head::Head,
    looked::Looked,
    present::{job_badge, short_id, short_task},
};
use crate::ui::{
    components::{Badge, EmptyState, Link, Moment, html_safe},
    format,
    frame::Frame,
    plain::plain,
};

/// Rows of the page; what is done to all is done to the others as well.
const ROWS: usize = 500;

const ASTRAY: &str = "Astray: they run, and no newest run names them";
const LEFT: &str = "Left behind: no run names them";

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/orphans.html")]
pub struct OrphansPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/head`.
    pub head: Head,
    /// The list.
    pub list: Orphans,
}

/// A job that is in nobody's way, or should be in nobody's.
#[derive(Debug, Clone)]
pub struct OrphanRow {
    /// Its state.
    pub badge: Badge,
    /// Its page.
    pub task: Link,
    /// What its hash begins with.
    pub id: String,
    /// When its program started.
    pub started: Moment,
    /// Of its files; a dash until they are counted.
    pub size: String,
    /// Its folder.
    pub path: String,
    /// Where it is killed or deleted; none for who may not.
    pub action: Option<Link>,
}

/// Both kinds.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_orphans.html")]
pub struct Orphans {
    /// Those that run though no newest run names them, and those that nothing names; each with what
    /// stands above it.
    pub tables: Vec<(&'static str, Vec<OrphanRow>)>,
    /// `12 folders, 3.4 GiB`.
    pub count: String,
    /// How many are not shown; empty when all are.
    pub left_out: String,
    /// Where their sizes are counted; none where they are.
    pub sizes: Option<String>,
    /// Where all stray ones are killed; none for who may not, or where there are none.
    pub kill_all: Option<String>,
    /// Where all finished ones are deleted.
    pub delete_all: Option<String>,
    /// Where there is nothing.
    pub empty: Option<EmptyState>,
}

html_safe!(Orphans);

impl Orphans {
    pub(super) fn of(
        looked: &Looked,
        source: &dyn Source,
        with_sizes: bool,
    ) -> Result<Self, SourceError> {
        let may_act = looked.may_act() && source.place().can_act;
        let found = source.orphans(with_sizes)?;
        let (stray, left): (Vec<_>, Vec<_>) = found.iter().partition(|orphan| orphan.is_stray);
        let rows = |orphans: &[&Orphan]| -> Vec<OrphanRow> {
            let shown = orphans.iter().take(ROWS);
            shown.map(|orphan| row(looked, orphan, may_act)).collect()
        };
        let hidden = stray.len().saturating_sub(ROWS) + left.len().saturating_sub(ROWS);
        let bytes: u64 = left.iter().filter_map(|orphan| orphan.bytes).sum();
        let folders = format::counted(left.len() as u64, "folder", "folders");
        let empty = || {
            let text =
                "Every folder of a job is named by a run, and what runs is named by a newest one.";
            EmptyState::new("Nothing is astray", text)
        };
        Ok(Self {
            count: if with_sizes {
                format!("{folders}, {}", format::bytes(bytes))
            } else {
                folders
            },
            left_out: match hidden {
                0 => String::new(),
                number => format!("{} more are not shown", format::count(number as u64)),
            },
            sizes: (!with_sizes && !found.is_empty())
                .then(|| looked.address("/orphans?sizes=counted")),
            kill_all: (may_act && !stray.is_empty())
                .then(|| Asked::KillStray(String::new()).address(looked)),
            delete_all: (may_act && !left.is_empty())
                .then(|| Asked::Clean(String::new()).address(looked)),
            tables: [(ASTRAY, rows(&stray)), (LEFT, rows(&left))]
                .into_iter()
                .filter(|(_, rows)| !rows.is_empty())
                .collect(),
            empty: found.is_empty().then(empty),
        })
    }
}

fn row(looked: &Looked, orphan: &Orphan, may_act: bool) -> OrphanRow {
    let job = &orphan.job;
    let asked = if job.state == JobState::Running {
        ("Kill", Asked::kill(&job.key))
    } else {
        ("Delete", Asked::delete(&job.key))
    };
    OrphanRow {
        badge: job_badge(job),
        task: Link::new(short_task(&job.key.task), looked.job_address(&job.key, "")),
        id: short_id(&job.key.id),
        started: job.started_at.into(),
        size: orphan
            .bytes
            .map_or_else(|| format::NOTHING.to_owned(), format::bytes),
        path: plain(&job.path.display().to_string()),
        action: may_act.then(|| Link::new(asked.0, asked.1.address(looked))),
    }
}
