//! `/briefs`: every brief and what came of it.

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Id, Link, Measure, Moment, Pager, StackedBar, html_safe},
    frame::Frame,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "briefs/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// What is searched for; empty for all.
    pub search: String,
    /// Part `/briefs/list`.
    pub list: List,
}

/// A brief.
#[derive(Debug, Clone)]
pub struct BriefRow {
    /// Its id.
    pub id: Id,
    /// Its title, whole.
    pub title: String,
    /// Its goal, cut after `GOAL_CHARS_MAX` characters.
    pub goal: String,
    /// Its family's state.
    pub badge: Badge,
    /// Its family's tasks.
    pub bar: StackedBar,
    /// `7 / 10`.
    pub progress: String,
    /// The objective's name, with which way is better.
    pub metric: String,
    /// The best so far.
    pub best: Measure,
    /// How much may be spent.
    pub budget: String,
    /// The class of machine.
    pub hardware: String,
    /// When it was written.
    pub created: Moment,
    /// Where it is deleted; none for who may not.
    pub deletion: Option<Link>,
}

/// A goal in a list is not longer.
pub(super) const GOAL_CHARS_MAX: usize = 120;

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "briefs/_list.html")]
pub struct List {
    /// `2 briefs`.
    pub count: String,
    /// Where this very list is: its route with its query.
    pub src: String,
    /// The latest first.
    pub rows: Vec<BriefRow>,
    /// Where in the list.
    pub pager: Pager,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

html_safe!(List);

impl List {
    /// A goal as a row shows it.
    pub fn shortened(goal: &str) -> String {
        let line = goal.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= GOAL_CHARS_MAX {
            return line;
        }
        line.chars().take(GOAL_CHARS_MAX - 1).chain(['…']).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_goal_is_cut_between_characters() {
        let goal = "ü".repeat(500);
        assert_eq!(List::shortened(&goal).chars().count(), GOAL_CHARS_MAX);
        assert_eq!(List::shortened("one\n  two"), "one two");
    }
}
