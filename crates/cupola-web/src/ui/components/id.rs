//! Identifiers and links.

use askama::Template;
use cupola_domain::ids::{BriefId, ExperimentId, RunId, TaskId, WorkerId};

use crate::ui::paths;

/// Text that leads somewhere.
#[derive(Debug, Clone, Template)]
#[template(path = "components/link.html")]
pub struct Link {
    /// What it says.
    pub text: String,
    /// Where it leads.
    pub href: String,
}

/// An identifier: its tail as a link, the whole of it to be copied.
#[derive(Debug, Clone, Template)]
#[template(path = "components/id.html")]
pub struct Id {
    /// What pages show.
    pub short: String,
    /// All of it.
    pub full: String,
    /// Where its page is.
    pub href: String,
    /// Whether a button copies it.
    pub has_copy: bool,
}

super::html_safe!(Link, Id);

impl Link {
    /// Text that leads somewhere.
    pub fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
        }
    }
}

impl Id {
    /// With a button that copies it.
    #[must_use]
    pub fn copyable(mut self) -> Self {
        self.has_copy = true;
        self
    }
}

macro_rules! id_from {
    ($($id:ty => $path:path),+ $(,)?) => {$(
        impl From<$id> for Id {
            fn from(id: $id) -> Self {
                Self { short: id.short(), full: id.to_string(), href: $path(id, ""), has_copy: false }
            }
        }
    )+};
}

id_from! {
    BriefId => paths::brief,
    ExperimentId => paths::family,
    TaskId => paths::task,
    RunId => paths::run,
    WorkerId => paths::worker,
}
