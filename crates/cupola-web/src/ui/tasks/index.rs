//! `/tasks`: every task of every family.

use askama::Template;

use crate::ui::{
    components::{
        Badge, Chips, Column, EmptyState, Id, Link, Measure, Moment, Opt, Pager, html_safe,
    },
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "tasks/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// What is searched for.
    pub search: String,
    /// The state that is chosen; empty for all.
    pub state: String,
    /// The families to choose from, all of them first.
    pub families: Vec<Opt>,
    /// How the list is sorted, to keep it while filtering.
    pub sort: String,
    /// `asc` or `desc`.
    pub order: &'static str,
    /// Part `/tasks/list`.
    pub list: List,
}

/// A task.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// Its id.
    pub id: Id,
    /// Its place in its family, from 0.
    pub number: u32,
    /// `training`.
    pub kind: &'static str,
    /// Its family.
    pub family: Link,
    /// Its state.
    pub badge: Badge,
    /// Higher is leased first.
    pub priority: i64,
    /// Who has or had it.
    pub worker: Option<Link>,
    /// The objective's name, for the value's title.
    pub metric: String,
    /// The objective.
    pub value: Measure,
    /// When it was made.
    pub created: Moment,
    /// When it ended.
    pub completed: Moment,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "tasks/_list.html")]
pub struct List {
    /// Where this very list is, its query included.
    pub src: String,
    /// All, then each state, and how many tasks these are.
    pub chips: Chips,
    /// The headers, in the order of the cells.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<TaskRow>,
    /// Where in the list.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(List);
