//! `/families`: every family and its best.

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Id, Link, Measure, Moment, Pager, StackedBar, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "families/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// What is searched for; empty for all.
    pub search: String,
    /// Part `/families/list`.
    pub list: List,
}

/// A family.
#[derive(Debug, Clone)]
pub struct FamilyRow {
    /// Its id.
    pub id: Id,
    /// `campaign-…`.
    pub name: String,
    /// Its state.
    pub badge: Badge,
    /// The brief that made it, by its title.
    pub brief: Option<Link>,
    /// The objective's name, with which way is better: `val_bpb ↓`.
    pub metric: String,
    /// Its tasks.
    pub bar: StackedBar,
    /// `7 / 10`.
    pub progress: String,
    /// The best so far.
    pub best: Measure,
    /// The value to beat.
    pub baseline: Measure,
    /// When it was made.
    pub created: Moment,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "families/_list.html")]
pub struct List {
    /// `2 families`.
    pub count: String,
    /// Where this very list is.
    pub src: String,
    /// The latest first.
    pub rows: Vec<FamilyRow>,
    /// Where in the list.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(List);
