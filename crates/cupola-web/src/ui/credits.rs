//! `/credits`: who has how many credits, and how they came there.

mod present;
mod routes;

use askama::Template;

use crate::ui::{
    components::{Badge, EmptyState, Field, Link, Moment, html_safe},
    costs::Card,
    frame::{Frame, Section},
};

/// Where the pages stand in the navigation.
pub(in crate::ui) const SECTION: Section = Section::Credits;

pub(super) use present::{Read, Shown, brief_budget, history, index};
pub(crate) use routes::routes;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "credits/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// Part `/credits/view`.
    pub view: View,
    /// Of which time the leaders are: each a link, the chosen one without an address.
    pub times: Vec<Link>,
    /// By person or by team, likewise.
    pub kinds: Vec<Link>,
    /// What an operator is asked who moves credits; none for who may not.
    pub form: Option<Vec<Field>>,
}

/// All that changes.
#[derive(Debug, Clone, Template)]
#[template(path = "credits/_view.html")]
pub struct View {
    /// Where it is read again.
    pub src: String,
    /// The numbers above.
    pub cards: Vec<Card>,
    /// What is to be known of the numbers.
    pub remark: String,
    /// `Person` or `Team`.
    pub by: &'static str,
    /// Who earned the most.
    pub leaders: Vec<LeaderRow>,
    /// One's own latest transfers.
    pub latest: Transfers,
    /// What everybody has; none for who may not see it.
    pub people: Option<Vec<PersonRow>>,
}

/// What somebody or a team earned.
#[derive(Debug, Clone)]
pub struct LeaderRow {
    /// Its place, from 1.
    pub place: usize,
    /// Who.
    pub name: String,
    /// By how many runs.
    pub runs: String,
    /// How much.
    pub amount: String,
}

/// What somebody has.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// Who, with their history.
    pub name: Link,
    /// What they have.
    pub balance: String,
    /// How much of it is held.
    pub held: String,
    /// What they can spend.
    pub available: String,
    /// What they earned and were not given yet.
    pub escrow: String,
}

/// One transfer.
#[derive(Debug, Clone)]
pub struct TransferRow {
    /// Its place in the ledger.
    pub number: String,
    /// When.
    pub at: Moment,
    /// What for.
    pub badge: Badge,
    /// The account that it took from.
    pub from: String,
    /// The account that it added to.
    pub to: String,
    /// How much, with its sign where it is seen from one side.
    pub amount: String,
    /// Why, and who did it.
    pub note: String,
    /// The beginning of its receipt.
    pub receipt: String,
}

/// Transfers, the latest first.
#[derive(Debug, Clone, Template)]
#[template(path = "credits/_transfers.html")]
pub struct Transfers {
    /// What the table is called.
    pub caption: String,
    /// The latest first.
    pub rows: Vec<TransferRow>,
    /// To those before; none at the end.
    pub older: Option<Link>,
    /// Instead of a table.
    pub empty: Option<EmptyState>,
}

/// The page of a history.
#[derive(Debug, Clone, Template)]
#[template(path = "credits/history.html")]
pub struct HistoryPage {
    /// Around it.
    pub frame: Frame,
    /// `Credits of ada`
    pub title: String,
    /// What they have.
    pub cards: Vec<Card>,
    /// Of which kind: each a link, the chosen one without an address.
    pub kinds: Vec<Link>,
    /// To the latest; none where they are shown.
    pub latest: Option<Link>,
    /// The transfers.
    pub transfers: Transfers,
}

/// What became of a brief's budget.
#[derive(Debug, Clone, Template)]
#[template(path = "credits/_budget.html")]
pub struct BriefBudget {
    /// `brief:ID` and what tells that its runs moved.
    pub keys: String,
    /// `/briefs/{id}/budget`
    pub src: String,
    /// How far it is spent, from 0 to 1, for the bar.
    pub progress: crate::ui::components::Progress,
    /// Name, amount.
    pub amounts: Vec<(&'static str, String)>,
    /// Why its tasks wait; empty where they do not.
    pub waiting: String,
    /// Where it is raised; none for who may not.
    pub action: Option<String>,
    /// The amount that is asked for.
    pub field: Field,
}

html_safe!(View, Transfers, BriefBudget);
