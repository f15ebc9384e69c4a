//! `/login`: a token for a session.

use askama::Template;

use crate::ui::{components::Field, frame::Frame};

/// The page. The form posts `token` and `next`.
#[derive(Debug, Clone, Template)]
#[template(path = "login.html")]
pub struct Login {
    /// Around it.
    pub frame: Frame,
    /// The token.
    pub token: Field,
    /// The page to go to afterwards: a path of ours.
    pub next: String,
}
