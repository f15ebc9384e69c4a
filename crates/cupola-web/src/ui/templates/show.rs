//! `/templates/{name}`: what a template says.

use askama::Template;

use super::FileView;
use crate::ui::{
    components::{CodeBlock, Link, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "templates/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/templates/{name}/details`.
    pub details: Details,
}

/// A field of its schema.
#[derive(Debug, Clone)]
pub struct FieldRow {
    /// The names above it, each with what follows it: `layers[].`.
    pub above: String,
    /// Its own; an item of a list of plain values has none.
    pub name: String,
    /// What a form calls it.
    pub label: String,
    /// What it is for.
    pub description: String,
    /// `integer`, `list of groups`.
    pub kind: String,
    /// What it allows: `from 1 to 48`.
    pub allowed: String,
    /// Its default as JSON, or nothing.
    pub default: String,
    /// Whether a configuration without it is refused.
    pub is_required: bool,
}

/// All of it.
#[derive(Debug, Clone, Template)]
#[template(path = "templates/_details.html")]
pub struct Details {
    /// `/templates/{name}/details`.
    pub src: String,
    /// Its name for programs.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it does.
    pub description: String,
    /// What can be made of it by who looks.
    pub actions: Vec<Link>,
    /// Name, value.
    pub facts: Vec<(&'static str, String)>,
    /// The code as it is now.
    pub code: Link,
    /// What is run.
    pub command: CodeBlock,
    /// Its schema, each field above those in it.
    pub fields: Vec<FieldRow>,
    /// The same for programs: in which form, where.
    pub schemas: Vec<Link>,
    /// What a new brief searches: parameter, expression.
    pub space: Vec<(String, String)>,
    /// What travels to a worker.
    pub files: Vec<FileView>,
}

html_safe!(Details);
