//! `/verification`: whose results are checked, what was found, and what is known of owners.

mod present;
mod routes;

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Field, Id, Link, Measure, Moment, Scatter, html_safe},
    costs::Card,
    frame::{Frame, Section},
};

/// Where the pages stand in the navigation.
pub(in crate::ui) const SECTION: Section = Section::Workers;

pub(super) use present::{Read, index, proof, show, standing};
pub(crate) use routes::routes;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "verification/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// Part `/verification/view`.
    pub view: View,
    /// By what they found: each a link, the chosen one without an address.
    pub kinds: Vec<Link>,
    /// What an administrator is asked who bans; none for who may not.
    pub form: Option<Vec<Field>>,
}

/// All that changes.
#[derive(Debug, Clone, Template)]
#[template(path = "verification/_view.html")]
pub struct View {
    /// Where it is read again.
    pub src: String,
    /// The numbers above.
    pub cards: Vec<Card>,
    /// Why checks wait; empty where they need not.
    pub obstacle: String,
    /// The checks, the latest first.
    pub rows: Vec<CheckRow>,
    /// To those before; none at the end.
    pub older: Option<Link>,
    /// Instead of a table.
    pub empty: Option<EmptyState>,
    /// What is known of owners.
    pub owners: Vec<OwnerRow>,
    /// Whether nothing is checked here.
    pub is_off: bool,
    /// Whether bans may be lifted.
    pub may_lift: bool,
}

/// One check.
#[derive(Debug, Clone)]
pub struct CheckRow {
    /// To its page.
    pub link: Link,
    /// What it found, or how far it is.
    pub badge: Badge,
    /// Why it is made.
    pub why: &'static str,
    /// Whose result it is.
    pub owner: String,
    /// What it says.
    pub value: Measure,
    /// Of which task.
    pub task: String,
    /// When it began.
    pub opened: Moment,
}

/// What is known of an owner.
#[derive(Debug, Clone)]
pub struct OwnerRow {
    /// Who.
    pub owner: String,
    /// Where they stand.
    pub badge: Badge,
    /// `0123456789abcdef: 12 in a row`, for each class.
    pub classes: Vec<String>,
    /// How often something was made up.
    pub frauds: u32,
    /// How often a machine went wrong.
    pub faults: u32,
    /// How many of their runs have their earnings in escrow.
    pub in_escrow: String,
    /// What was said of a ban, or of its end.
    pub note: String,
    /// Whether they are banned.
    pub is_banned: bool,
}

/// The page of one check.
#[derive(Debug, Clone, Template)]
#[template(path = "verification/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/verification/{id}/evidence`.
    pub evidence: Evidence,
}

/// All that is known of one check.
#[derive(Debug, Clone, Template)]
#[template(path = "verification/_evidence.html")]
pub struct Evidence {
    /// Where it is read again.
    pub src: String,
    /// What it found, or how far it is.
    pub badge: Badge,
    /// What was found, in words.
    pub note: String,
    /// Why it waits; empty where it need not.
    pub obstacle: String,
    /// Name, value.
    pub facts: Vec<(&'static str, String)>,
    /// The run; none once it is deleted.
    pub run: Option<Id>,
    /// Why there is none.
    pub no_run: &'static str,
    /// Whether what it says is not told yet.
    pub is_veiled: bool,
    /// Both results beside each other, and those that gave nothing.
    pub sides: Vec<SideRow>,
    /// The objective's name.
    pub metric: String,
    /// The curves of everybody who ran it; none where there are none.
    pub plot: Option<Scatter>,
    /// Whose curve has which colour: the colour's class, whose.
    pub legend: Vec<(String, String)>,
}

/// One result of a check.
#[derive(Debug, Clone)]
pub struct SideRow {
    /// As what.
    pub role: &'static str,
    /// Whose; empty before anybody had it.
    pub owner: String,
    /// The device class.
    pub class: String,
    /// The objective.
    pub value: Measure,
    /// Over all that has to be equal inside a class: its beginning, and all of it; none while that is not told.
    pub digest: Option<(String, String)>,
    /// What was found of it.
    pub badge: Badge,
    /// When.
    pub at: Moment,
}

html_safe!(View, Evidence);
