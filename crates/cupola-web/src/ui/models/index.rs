//! `/models`: the registry.

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Link, Moment, Pager, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "models/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// What is searched for.
    pub search: String,
    /// Part `/models/list`.
    pub list: List,
}

/// A model.
#[derive(Debug, Clone)]
pub struct ModelRow {
    /// Its id.
    pub id: String,
    /// Its name, which leads to its page.
    pub name: Link,
    /// What it is called in training; empty where that is the same or nothing.
    pub title: String,
    /// The version that is in use: `v3`, or a dash.
    pub version: String,
    /// Its stage.
    pub stage: Option<Badge>,
    /// `newest v5` where there is a newer one.
    pub newest: String,
    /// `0.85`, or a dash.
    pub score: String,
    /// What that is.
    pub metric: String,
    /// How many samples it is trained with.
    pub samples: String,
    /// What a download has.
    pub size: String,
    /// How it stands with using it.
    pub deployment: Badge,
    /// When anything of it changed last.
    pub updated: Moment,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "models/_list.html")]
pub struct List {
    /// `/models/list` with what is asked for.
    pub src: String,
    /// `3 models`.
    pub count: String,
    /// By name.
    pub rows: Vec<ModelRow>,
    /// Where among them.
    pub pager: Pager,
    /// Folders that cannot be read, and why.
    pub problems: Vec<String>,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(List);
