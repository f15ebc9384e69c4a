//! `/workers`: every machine that joined.

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Id, Link, Moment, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workers/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// Part `/workers/list`.
    pub list: List,
    /// Where another machine is added; none for who may not.
    pub adding: Option<Link>,
}

/// A worker.
#[derive(Debug, Clone)]
pub struct WorkerRow {
    /// Its name.
    pub name: Link,
    /// Its id.
    pub id: Id,
    /// What its heartbeats say.
    pub badge: Badge,
    /// Who it belongs to.
    pub owner: String,
    /// That its owner is banned, and why.
    pub ban: Option<Badge>,
    /// `16 cores`.
    pub cpu: String,
    /// The processor's model, for the title.
    pub cpu_model: String,
    /// `31.4 GiB`.
    pub memory: String,
    /// Each GPU with its memory, or a dash.
    pub gpu: String,
    /// `3.11.7 · torch 2.15.0 (CUDA)`, or a dash.
    pub python: String,
    /// `linux-x86_64`.
    pub platform: String,
    /// `2 / 4`.
    pub slots: String,
    /// The last sign of life.
    pub last_seen: Moment,
    /// Where it is removed; none for who may not.
    pub removal: Option<Link>,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "workers/_list.html")]
pub struct List {
    /// `2 online of 3`.
    pub count: String,
    /// The rows, those online first.
    pub rows: Vec<WorkerRow>,
    /// Copies of workers that were refused, a sentence each.
    pub rivals: Vec<String>,
    /// Instead of an empty table: how a machine joins.
    pub empty: Option<EmptyState>,
}

html_safe!(List);
