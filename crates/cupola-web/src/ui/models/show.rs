//! `/models/{id}`: a model with its versions and what became of it.

use askama::Template;

use crate::ui::{
    components::{Badge, CodeBlock, Drawn, EmptyState, Id, Link, Moment, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "models/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/models/{id}/header`.
    pub header: Header,
    /// Part `/models/{id}/versions`.
    pub versions: Versions,
    /// Part `/models/{id}/history`.
    pub history: History,
}

/// What a model is.
#[derive(Debug, Clone, Template)]
#[template(path = "models/_header.html")]
pub struct Header {
    /// `model:ID`, and that of training.
    pub key: String,
    /// `/models/{id}/header`.
    pub src: String,
    /// Its name.
    pub name: String,
    /// What it is called in training; empty where that is the same or nothing.
    pub title: String,
    /// Its notes.
    pub notes: String,
    /// How it stands with using it.
    pub deployment: Badge,
    /// The numbers: name, value, and what else is said of that.
    pub figures: Vec<(&'static str, String, String)>,
    /// What else is known: name, value.
    pub facts: Vec<(&'static str, String)>,
    /// Its id, whole.
    pub id: String,
    /// Tags: key, value.
    pub tags: Vec<(String, String)>,
    /// Aliases: alias, `v3`.
    pub aliases: Vec<(String, String)>,
    /// When it was registered.
    pub created: Moment,
    /// When anything of it changed last.
    pub updated: Moment,
    /// Files in folders.
    pub data: Vec<DataRow>,
    /// Where the best that there is can be downloaded; none when nothing can.
    pub download: Option<String>,
    /// Where it is changed; none for who may not.
    pub actions: Vec<Link>,
    /// Where it is removed; none for who may not.
    pub deletion: Option<Link>,
}

/// A file in a folder.
#[derive(Debug, Clone)]
pub struct DataRow {
    /// Its name; it leads to its bytes where it has samples.
    pub name: String,
    /// Where its bytes are.
    pub href: Option<String>,
    /// Where it is on the hub's machine.
    pub path: String,
    /// The version that its name says, or a dash.
    pub version: String,
    /// How many samples it has, or its score.
    pub holds: String,
    /// `1.2 MiB`.
    pub size: String,
    /// When it was changed last.
    pub updated: Moment,
    /// What is wrong with it; empty when nothing is.
    pub problem: String,
}

/// A version.
#[derive(Debug, Clone)]
pub struct VersionRow {
    /// Its number.
    pub number: u32,
    /// Whether it stands open at first.
    pub is_open: bool,
    /// Whether it is in use.
    pub stage: Badge,
    /// What stands for it.
    pub aliases: Vec<String>,
    /// Its notes.
    pub notes: String,
    /// Where it came from.
    pub source: String,
    /// Who registered it.
    pub author: String,
    /// When.
    pub created: Moment,
    /// Its files.
    pub files: Vec<FileRow>,
    /// `3 files, 1.2 MiB`.
    pub size: String,
    /// Where all of them are as one archive; none without files.
    pub archive: Option<String>,
    /// The run that made it.
    pub run: Option<Id>,
    /// The hash of the code that it ran: text and where it is kept.
    pub code: Option<Link>,
    /// What it gave: name, value.
    pub metrics: Vec<(String, String)>,
    /// The data that it was made with: name, what else is known.
    pub used: Vec<(String, String)>,
    /// What it was configured with.
    pub config: Option<CodeBlock>,
    /// Where it is changed; none for who may not.
    pub edit: Option<Link>,
    /// Where it is removed; none for who may not.
    pub deletion: Option<Link>,
}

/// A file of a version.
#[derive(Debug, Clone)]
pub struct FileRow {
    /// Its name, which leads to its bytes.
    pub file: Link,
    /// `1.2 MiB`.
    pub size: String,
    /// The SHA-256 of its bytes.
    pub hash: String,
}

/// The versions.
#[derive(Debug, Clone, Template)]
#[template(path = "models/_versions.html")]
pub struct Versions {
    /// `model:ID`.
    pub key: String,
    /// `/models/{id}/versions`.
    pub src: String,
    /// The newest first.
    pub rows: Vec<VersionRow>,
    /// Instead of none.
    pub empty: Option<EmptyState>,
}

/// How a model did once.
#[derive(Debug, Clone)]
pub struct EvaluationRow {
    /// When it was measured.
    pub at: Moment,
    /// The score.
    pub score: String,
    /// What was measured.
    pub metric: String,
    /// `v3`, or a dash.
    pub version: String,
    /// `file`, `manual` or `run`.
    pub origin: Badge,
    /// The file, or what somebody called it.
    pub source: String,
    /// The run that measured it.
    pub run: Option<Id>,
    /// For people.
    pub note: String,
    /// Who noted it.
    pub author: String,
}

/// What was said once of where a model is deployed.
#[derive(Debug, Clone)]
pub struct DeploymentRow {
    /// When.
    pub at: Moment,
    /// How it is since then.
    pub status: Badge,
    /// `v3`, or a dash.
    pub version: String,
    /// Where.
    pub place: String,
    /// For people.
    pub note: String,
    /// Who said so.
    pub author: String,
}

/// How it did and where it was deployed.
#[derive(Debug, Clone, Template)]
#[template(path = "models/_history.html")]
pub struct History {
    /// `model:ID`.
    pub key: String,
    /// `/models/{id}/history`.
    pub src: String,
    /// Scores of the same metric over time; none of fewer than two.
    pub curve: Option<Drawn>,
    /// The latest first, up to a thousand.
    pub evaluations: Vec<EvaluationRow>,
    /// How many there are in all.
    pub evaluated: String,
    /// The latest first, up to a thousand.
    pub deployments: Vec<DeploymentRow>,
    /// How many there are in all.
    pub deployed: String,
}

html_safe!(Header, Versions, History);
