//! What went wrong, as a page.

use askama::Template;

use crate::ui::{
    components::Link,
    frame::{Frame, Section, Who},
    paths,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// Around it.
    pub frame: Frame,
    /// The HTTP status.
    pub status: u16,
    /// What that means.
    pub title: &'static str,
    /// What happened here.
    pub message: String,
    /// What to do about it.
    pub hint: &'static str,
    /// Where to go on.
    pub back: Link,
}

impl ErrorPage {
    /// A page for `status`; `message` says what was refused.
    pub fn new(status: u16, message: &str, who: Option<Who>) -> Self {
        let (title, hint) = words(status);
        let back = match status {
            401 => Link::new("Log in", paths::LOGIN),
            _ => Link::new("Overview", paths::OVERVIEW),
        };
        Self {
            frame: Frame::new(title, Section::Outside, who),
            status,
            title,
            message: sentence(message),
            hint,
            back,
        }
    }

    /// Leads back to what was acted upon.
    #[must_use]
    pub fn leading_back(mut self, back: Link) -> Self {
        self.back = back;
        self
    }
}

/// Messages are written to stand within sentences; here one stands alone.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let Some(first) = chars.next() else {
        return String::new();
    };
    let stop = if message.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    first
        .to_uppercase()
        .chain(chars)
        .chain(stop.chars())
        .collect()
}

const fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        400 | 422 => (
            "Not understood",
            "Go back, correct what is named above, and send it again.",
        ),
        401 => ("Not logged in", "Log in with a token."),
        403 => (
            "Not allowed",
            "Your role does not include this. An administrator can make a token whose role does.",
        ),
        404 => (
            "Not found",
            "It may have been deleted, or the address is incomplete.",
        ),
        405 => (
            "Not possible here",
            "This address exists, but not for what was asked of it.",
        ),
        409 => (
            "Not possible now",
            "Look at how it stands now, then try again.",
        ),
        413 => ("Too large", "Send less at once."),
        421 => (
            "Unknown host name",
            "The hub answers only to names that its configuration lists.",
        ),
        429 | 503 => ("Busy", "Try again in a moment."),
        _ => (
            "Something broke",
            "The hub has logged what happened. Nothing that was acknowledged is lost.",
        ),
    }
}
