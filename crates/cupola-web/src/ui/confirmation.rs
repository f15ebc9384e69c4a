//! One question before something is lost. A page of its own; where there is a script, the link that
//! leads here opens its box in a dialog instead.

use askama::Template;

use crate::ui::frame::Frame;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "confirmation.html")]
pub struct Confirmation {
    /// Around it.
    pub frame: Frame,
    /// `Delete the brief “…”?`
    pub question: String,
    /// What stands before the consequences: `This goes:`.
    pub lead: &'static str,
    /// What goes, one thing a line: `10 tasks with their results`.
    pub consequences: Vec<String>,
    /// `This cannot be undone.`, or what can be.
    pub remark: String,
    /// What the button says.
    pub verb: &'static str,
    /// Where it posts.
    pub action: String,
    /// Where `No` leads.
    pub back: String,
}
