//! All runs of a family in one picture.

use askama::Template;

use crate::ui::components::{Opt, Scatter, html_safe};

/// The picture, and what it is drawn against.
#[derive(Debug, Clone, Template)]
#[template(path = "families/_plot.html")]
pub struct Plot {
    /// `experiment:ID`.
    pub key: String,
    /// Where this very picture is: `/families/{id}/plot?against=lr`.
    pub src: String,
    /// The page that the choice is sent to for who has no script: the brief's or the family's.
    pub page: String,
    /// What tells the part that it stands on the brief's page: `brief`, or empty.
    pub on: &'static str,
    /// Where the picture is without the choice: `/families/{id}/plot`.
    pub route: String,
    /// `order` and the parameters.
    pub choices: Vec<Opt>,
    /// The picture; none while no task has ended.
    pub scatter: Option<Scatter>,
}

html_safe!(Plot);
