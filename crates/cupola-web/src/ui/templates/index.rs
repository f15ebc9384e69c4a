//! `/templates`: every program that can be run, and those whose manifests cannot be read.

use askama::Template;

use crate::ui::{
    components::{EmptyState, Link, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "templates/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// Part `/templates/-/list`.
    pub list: List,
}

/// A template.
#[derive(Debug, Clone)]
pub struct TemplateRow {
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub title: Link,
    /// What it does.
    pub description: String,
    /// `built in`, or the folder.
    pub source: String,
    /// `val_bpb ↓`, or a dash.
    pub objective: String,
    /// How many experiments and families are of it.
    pub experiments: String,
    /// What can be made of it by who looks.
    pub actions: Vec<Link>,
}

/// A manifest, or a folder, that could not be read.
#[derive(Debug, Clone)]
pub struct BrokenRow {
    /// Its path.
    pub path: String,
    /// What the template is or was called, or nothing.
    pub name: String,
    /// `12`, or nothing, and what is wrong there.
    pub flaws: Vec<(String, String)>,
    /// `and 3 more`, or nothing.
    pub more: String,
}

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "templates/_list.html")]
pub struct List {
    /// `4 templates, 1 cannot be read`.
    pub count: String,
    /// The rows, by name.
    pub rows: Vec<TemplateRow>,
    /// What could not be read.
    pub broken: Vec<BrokenRow>,
    /// A sentence for each template that a later one replaced.
    pub replaced: Vec<String>,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
    /// Where templates are looked for.
    pub dirs: Vec<String>,
}

html_safe!(List);
