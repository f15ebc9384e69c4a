//! What a run gave: a list of results, each of which unfolds level by level.
//!
//! A level is fetched when it is opened. Its address is its identity: whoever shows the list again
//! leaves what was fetched in its place, and a level is fetched anew when its result has changed.

mod present;
mod routes;

use askama::Template;

use crate::ui::{
    components::{Badge, CodeBlock, Link, Moment, Pager, html_safe},
    frame::Frame,
};

pub(super) use present::{Listed, OfRun, Order};
pub(super) use routes::{listed, routes};

/// The results of a run.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_results.html")]
pub struct Results {
    /// `run:ID`, and the family's while it waits.
    pub key: String,
    /// `/runs/{id}/results?…`.
    pub src: String,
    /// `/runs/{id}/results`.
    pub route: String,
    /// By what they can be sorted.
    pub sorts: Vec<SortLink>,
    /// One page of them.
    pub rows: Vec<Row>,
    /// Which page.
    pub pager: Pager,
    /// Whether no more will come.
    pub is_complete: bool,
    /// Where the values came from.
    pub provenance: Option<Badge>,
}

/// A way to sort.
#[derive(Debug, Clone)]
pub struct SortLink {
    /// `Key`.
    pub label: &'static str,
    /// The run's page sorted so; the other way round for the current one.
    pub href: String,
    /// `ascending`, `descending`, or empty for the others.
    pub sorted: &'static str,
}

/// A result.
#[derive(Debug, Clone)]
pub struct Row {
    /// Made of its key: it is the same thing wherever it is sorted to.
    pub id: String,
    /// Its key and value.
    pub node: Node,
    /// When it came.
    pub at: Moment,
    /// `1.2 MiB`.
    pub size: String,
    /// Where all of it is.
    pub download: String,
}

/// A key with its value.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_result_node.html")]
pub struct Node {
    /// The key, or the place from 0.
    pub key: String,
    /// `array`: what colours it.
    pub word: &'static str,
    /// `Array(42)`; empty where the value says it.
    pub kind: String,
    /// The value or its beginning.
    pub shown: String,
    /// A text exactly, to be copied.
    pub exact: Option<String>,
    /// Where there is more of it.
    pub place: Option<Place>,
}

/// Where a level is, before it is fetched.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_result_place.html")]
pub struct Place {
    /// Made of its address, without blanks and quotes.
    pub id: String,
    /// Its part: `/runs/{id}/result/level?…`.
    pub src: String,
    /// The same as a page, for who has no script.
    pub page: String,
    /// When the result came, in milliseconds: a level that was made of an older one is fetched anew.
    pub version: i64,
}

/// One level of one result.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_result_level.html")]
pub struct Level {
    /// Where it is.
    pub place: Place,
    /// What it holds.
    pub nodes: Vec<Node>,
    /// The text that it is.
    pub text: Option<CodeBlock>,
    /// What is not shown of it; empty when all is.
    pub note: String,
    /// Where there is more, and in which words: `Show 100 more of 1 234`.
    pub more: Option<(Place, String)>,
}

/// One level of one result as a page.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/result.html")]
pub struct ResultPage {
    /// Around it.
    pub frame: Frame,
    /// The result's key.
    pub key: String,
    /// The way to the level, from the whole result on.
    pub way: Vec<Link>,
    /// `Array(42)`.
    pub kind: String,
    /// When it came.
    pub at: Moment,
    /// Where all of it is.
    pub download: String,
    /// What is there.
    pub level: Level,
}

html_safe!(Results, Node, Place, Level);
