//! `/briefs/{id}`: from the goal to the results.

use askama::Template;

use crate::ui::{
    components::{Id, Link, Moment},
    credits::BriefBudget,
    families::{Campaign, Plot, Results, Tasks},
    frame::Frame,
    reports::ReportOffer,
};

/// What the brief says.
#[derive(Debug, Clone)]
pub struct Details {
    /// Its id.
    pub id: Id,
    /// The goal, whole, its lines kept.
    pub goal: String,
    /// What may not happen; empty for none.
    pub constraints: String,
    /// How much may be spent.
    pub budget: String,
    /// The class of machine.
    pub hardware: String,
    /// What its tasks run.
    pub template: String,
    /// How long each may take.
    pub time_budget: String,
    /// The sampler and the study seed: `random, study seed 0`.
    pub sampler: String,
    /// Parameter, expression.
    pub space: Vec<(String, String)>,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub created: Moment,
}

/// The page. All that changes is its family's: see [`crate::ui::families`].
#[derive(Debug, Clone, Template)]
#[template(path = "briefs/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Its title.
    pub title: String,
    /// What it says.
    pub details: Details,
    /// Part `/families/{id}/campaign`.
    pub campaign: Campaign,
    /// Part `/families/{id}/results`.
    pub results: Results,
    /// Part `/families/{id}/plot`.
    pub plot: Plot,
    /// Part `/families/{id}/tasks`.
    pub tasks: Tasks,
    /// Part `/briefs/{id}/budget`; none of a brief without one.
    pub budget: Option<BriefBudget>,
    /// Where it is deleted; none for who may not.
    pub deletion: Option<Link>,
    /// A button that writes a report on what came of it.
    pub report: ReportOffer,
}
