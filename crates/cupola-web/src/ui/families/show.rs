//! `/families/{id}`: what a family is, how far it is, its tasks.

use askama::Template;

use crate::ui::{
    components::{Badge, Column, Id, Link, Measure, Moment, Pager, StackedBar, html_safe},
    families::{Plot, Results},
    frame::Frame,
    reports::ReportOffer,
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "families/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/families/{id}/header`.
    pub header: Header,
    /// Part `/families/{id}/campaign`.
    pub campaign: Campaign,
    /// Part `/families/{id}/results`.
    pub results: Results,
    /// Part `/families/{id}/plot`.
    pub plot: Plot,
    /// Part `/families/{id}/tasks`.
    pub tasks: Tasks,
    /// Where it is deleted; none for who may not.
    pub deletion: Option<Link>,
    /// A button that writes a report on it.
    pub report: ReportOffer,
}

/// What a family is.
#[derive(Debug, Clone, Template)]
#[template(path = "families/_header.html")]
pub struct Header {
    /// `experiment:ID`.
    pub key: String,
    /// `/families/{id}/header`.
    pub src: String,
    /// Its id.
    pub id: Id,
    /// `campaign-…`.
    pub name: String,
    /// Its state.
    pub badge: Badge,
    /// The brief that made it, by its title.
    pub brief: Option<Link>,
    /// The objective's name.
    pub metric: String,
    /// `lower is better`.
    pub direction: &'static str,
    /// The value to beat.
    pub baseline: Measure,
    /// `1 core, 1.0 GiB memory`.
    pub needs: String,
    /// The device class that its tasks keep to; empty while they may run anywhere.
    pub device_class: String,
    /// What its tasks run.
    pub template: String,
    /// The hash of that code, whole.
    pub code_hash: String,
    /// When it was made.
    pub created: Moment,
}

/// The numbers of the results.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The best.
    pub best: Measure,
    /// The mean of those that count.
    pub mean: Measure,
    /// Their population deviation.
    pub std: Measure,
    /// The least.
    pub min: Measure,
    /// The largest.
    pub max: Measure,
    /// The middle one.
    pub median: Measure,
    /// How many count.
    pub counted: String,
    /// What was left out and why: `2 not finite, 1 not measured`; empty for none.
    pub excluded: String,
}

/// How far a family is.
#[derive(Debug, Clone, Template)]
#[template(path = "families/_campaign.html")]
pub struct Campaign {
    /// `experiment:ID`.
    pub key: String,
    /// `/families/{id}/campaign`.
    pub src: String,
    /// `campaign-…`, leading to the family.
    pub family: Link,
    /// Its state.
    pub badge: Badge,
    /// The objective's name.
    pub metric: String,
    /// `lower is better`.
    pub direction: &'static str,
    /// Its tasks.
    pub bar: StackedBar,
    /// The numbers of its results.
    pub summary: Summary,
    /// A better value than the best, which is being checked, for whom may know it, and where; none where there
    /// is none.
    pub claimed: Option<(Option<Measure>, String)>,
    /// Why what waits will not be leased as things are; empty when it will.
    pub obstacle: String,
    /// What it cost so far; empty where nothing ran.
    pub cost: String,
    /// About what its brief would cost; empty where that is not known.
    pub planned: String,
    /// Where what is left is cancelled; none when nothing is left or for who may not.
    pub cancellation: Option<Link>,
}

/// A task of a family.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// From 0.
    pub number: u32,
    /// Its id.
    pub id: Id,
    /// Its state.
    pub badge: Badge,
    /// `[48]`.
    pub seeds: String,
    /// How long it may take.
    pub time_budget: String,
    /// Higher is leased first.
    pub priority: i64,
    /// Who has or had it.
    pub worker: Option<Link>,
    /// The objective.
    pub value: Measure,
    /// Whether it is the best of the family.
    pub is_best: bool,
    /// When it ended.
    pub completed: Moment,
}

/// The tasks of a family.
#[derive(Debug, Clone, Template)]
#[template(path = "families/_tasks.html")]
pub struct Tasks {
    /// `experiment:ID`.
    pub key: String,
    /// Where this very list is, its query included.
    pub src: String,
    /// `10 tasks`.
    pub count: String,
    /// The objective's name.
    pub metric: String,
    /// The headers, in the order of the cells.
    pub columns: Vec<Column>,
    /// The rows.
    pub rows: Vec<TaskRow>,
    /// Where in the list.
    pub pager: Pager,
}

html_safe!(Header, Campaign, Tasks);
