//! What a list can be narrowed to.

use askama::Template;

use super::Tone;

/// The states that a list can be narrowed to, and how many things it shows.
#[derive(Debug, Clone, Template)]
#[template(path = "components/chips.html")]
pub struct Chips {
    /// All, then each state.
    pub chips: Vec<Chip>,
    /// `68 tasks`.
    pub count: String,
}

super::html_safe!(Chips);

/// A state that a list can be narrowed to.
#[derive(Debug, Clone)]
pub struct Chip {
    /// The state, or `all`.
    pub word: &'static str,
    /// Its colour.
    pub tone: Tone,
    /// How many there are under the other filters.
    pub count: String,
    /// Where that list is.
    pub href: String,
    /// Whether it is chosen.
    pub is_current: bool,
}
