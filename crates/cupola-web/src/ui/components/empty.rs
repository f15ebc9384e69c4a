//! What stands where a list has nothing: what to do about it.

use askama::Template;

use crate::ui::components::Link;

/// An empty list.
#[derive(Debug, Clone, Template)]
#[template(path = "components/empty_state.html")]
pub struct EmptyState {
    /// What is missing.
    pub title: String,
    /// Why, or what would be here.
    pub text: String,
    /// What to do.
    pub action: Option<Link>,
    /// The same in a terminal.
    pub command: Option<String>,
}

super::html_safe!(EmptyState);

impl EmptyState {
    /// Nothing, and why.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            text: text.into(),
            action: None,
            command: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_action(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.action = Some(Link::new(text, href));
        self
    }

    /// Adds what to type.
    #[must_use]
    pub fn with_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }
}
