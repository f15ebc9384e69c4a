//! `/workspaces/{id}/jobs/{task}/{hash}`: all that is known of a job.

mod needed;
mod present;

use askama::Template;

use super::{head::Head, log::Log};
use crate::ui::{
    components::{Badge, Link, Progress, html_safe},
    frame::Frame,
};

pub(super) use needed::{asks_all, needed};
pub use present::parameters;
pub(super) use present::{details, title};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/job.html")]
pub struct JobPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/head`.
    pub head: Head,
    /// Part `…/details`.
    pub details: Details,
    /// What it was configured with.
    pub parameters: Parameters,
    /// Part `…/needed`.
    pub needed: Needed,
    /// Part `/workspaces/{id}/log/lines`.
    pub log: Log,
}

/// How it is.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_details.html")]
pub struct Details {
    /// `workspace-job:ID:…`.
    pub key: String,
    /// Where this very part is.
    pub src: String,
    /// The last part of its task's name, and what its hash begins with.
    pub title: String,
    /// Its state.
    pub badge: Badge,
    /// What its tags say.
    pub tags: Vec<(String, String)>,
    /// Each level, from the outermost: its bar and what is being done.
    pub levels: Vec<(Progress, String)>,
    /// Whether it runs: how it does then changes by itself.
    pub is_running: bool,
    /// Name and value; times stand apart.
    pub facts: Vec<Fact>,
    /// The runs that name it.
    pub runs: Vec<Link>,
    /// What could not be read of it.
    pub problem: String,
    /// Where it is killed; none for who may not, or when it does not run.
    pub kill: Option<String>,
    /// Where it is deleted; none for who may not, or while it runs.
    pub deletion: Option<String>,
}

/// One thing that is known.
#[derive(Debug, Clone)]
pub struct Fact {
    /// What.
    pub name: &'static str,
    /// In words; markup of a component where it is one.
    pub value: FactValue,
}

/// How a thing is said.
#[derive(Debug, Clone)]
pub enum FactValue {
    /// In words.
    Text(String),
    /// As something to be copied.
    Copied(String),
    /// As a point in time.
    At(crate::ui::components::Moment),
    /// As a span.
    For(crate::ui::components::Lasting),
}

/// One parameter, or what stands below one.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_parameter.html")]
pub struct Parameter {
    /// Its name.
    pub key: String,
    /// Its value; empty for what has some below.
    pub value: String,
    /// `string`, `number`, `boolean`, `null`, `array` or `object`.
    pub word: &'static str,
    /// What stands below it.
    pub below: Vec<Parameter>,
}

/// What it was configured with.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_parameters.html")]
pub struct Parameters {
    /// In the order of the configuration.
    pub all: Vec<Parameter>,
    /// How many are not shown; empty when all are.
    pub left_out: String,
}

/// A job that another one needs.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its page.
    pub link: Link,
    /// The whole name of its task.
    pub task: String,
    /// Its state, where it is known.
    pub badge: Option<Badge>,
}

/// Which jobs it needs, and which need it.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_needed.html")]
pub struct Needed {
    /// `workspace-job:ID:…`.
    pub key: String,
    /// Where this very part is.
    pub src: String,
    /// What it needs.
    pub needs: Vec<Other>,
    /// What needs it; none where that is only told when asked for.
    pub needed_by: Option<Vec<Other>>,
    /// Where it is asked for.
    pub ask: String,
    /// How many more there are than are shown; empty when all are.
    pub left_out: String,
}

html_safe!(Details, Parameter, Parameters, Needed);
