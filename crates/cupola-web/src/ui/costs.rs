//! `/training/costs`: what runs cost, and budgets.

mod form;
mod present;
mod routes;

use askama::Template;

use crate::ui::{
    components::{Badge, Doughnut, Drawn, EmptyState, Field, Link, Progress, html_safe},
    frame::{Frame, Section},
    training::Tabs,
};

/// Where the page stands in the navigation.
pub(in crate::ui) const SECTION: Section = Section::Training;

pub(super) use form::new as new_form;
pub(super) use present::index;
pub(crate) use routes::routes;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "costs/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// The way to the other pages of training.
    pub tabs: Tabs,
    /// What the costs are told apart by: each a link, the chosen one without an address.
    pub kinds: Vec<Link>,
    /// Of which time, likewise.
    pub times: Vec<Link>,
    /// Part `/training/costs/view`.
    pub view: View,
    /// Part `/training/costs/budgets`.
    pub budgets: Budgets,
    /// Where the table is taken along, by format.
    pub exports: Vec<Link>,
}

/// One number.
#[derive(Debug, Clone)]
pub struct Card {
    /// What it is.
    pub label: &'static str,
    /// The number.
    pub value: String,
    /// What goes with it.
    pub detail: String,
}

/// What one model, experiment, brief or person cost.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is called; without an address where it has no page.
    pub name: Link,
    /// How many of its runs go on; empty for none.
    pub running: String,
    /// `4.00`
    pub hours: String,
    /// On average.
    pub hourly: String,
    /// What it cost.
    pub cost: String,
    /// `1.20 kWh`
    pub energy: String,
}

/// All that depends on what runs cost.
#[derive(Debug, Clone, Template)]
#[template(path = "costs/_view.html")]
pub struct View {
    /// Where it is read again.
    pub src: String,
    /// The numbers above.
    pub cards: Vec<Card>,
    /// `Model`
    pub kind: &'static str,
    /// By subject.
    pub shares: Doughnut,
    /// By day.
    pub curve: Drawn,
    /// The dearest first.
    pub rows: Vec<Row>,
    /// Their sum.
    pub total: Row,
    /// What is to be known of the numbers.
    pub remark: String,
    /// Instead of all of it.
    pub empty: Option<EmptyState>,
}

/// A budget.
#[derive(Debug, Clone)]
pub struct BudgetRow {
    /// Its name.
    pub name: String,
    /// `model majora`
    pub scope: String,
    /// `of 20.0000 USD a month`
    pub limit: String,
    /// What was spent.
    pub spent: String,
    /// How far.
    pub progress: Progress,
    /// The level, or that it stops things.
    pub badge: Badge,
    /// Whether it is a hard one.
    pub is_hard: bool,
    /// Where it is changed and deleted; none for who may not.
    pub actions: Option<(String, String)>,
}

/// The budgets.
#[derive(Debug, Clone, Template)]
#[template(path = "costs/_budgets.html")]
pub struct Budgets {
    /// The oldest first.
    pub rows: Vec<BudgetRow>,
    /// Where one is made; none for who may not.
    pub new: Option<&'static str>,
}

/// The form for a budget.
#[derive(Debug, Clone, Template)]
#[template(path = "costs/form.html")]
pub struct Form {
    /// Around it.
    pub frame: Frame,
    /// `New budget`
    pub title: String,
    /// Where it posts.
    pub action: String,
    /// What the button says.
    pub verb: &'static str,
    /// What is asked.
    pub fields: Vec<Field>,
}

html_safe!(View, Budgets);
