//! `/reports`: what is kept, one of them, and what makes them by itself.

mod routes;

use askama::Template;
use cupola_assistant::report::EXPERIMENTS_MAX;
use cupola_domain::{
    access::{Principal, Role},
    ids::ExperimentId,
};
use cupola_report::{Block, Report};

use crate::ui::{
    components::{EmptyState, Field, Link, Moment, html_safe},
    frame::Frame,
    present::may,
};

pub(crate) use routes::{empty, routes};

/// The list.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// Part `/reports/list`.
    pub list: List,
    /// The form for a schedule; none for who may not make one.
    pub form: Option<Vec<Field>>,
}

/// What is kept, and what makes reports by itself.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/_list.html")]
pub struct List {
    /// Where it is read again.
    pub src: String,
    /// The latest first.
    pub rows: Vec<Row>,
    /// What the list leaves out; empty when nothing is.
    pub note: String,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
    /// What makes reports by itself.
    pub schedules: Vec<ScheduleRow>,
}

/// A report in the list.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Its page.
    pub href: String,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub about: Vec<Link>,
    /// When it was made.
    pub made: Moment,
    /// By whom.
    pub author: String,
    /// Whether a schedule made it.
    pub is_scheduled: bool,
}

/// A schedule in the list.
#[derive(Debug, Clone)]
pub struct ScheduleRow {
    /// Its id.
    pub id: String,
    /// What its reports are about.
    pub about: Vec<Link>,
    /// `every day`, or `once, when it has ended`.
    pub when: String,
    /// When it is looked at next.
    pub due: Moment,
    /// What became of it the last time.
    pub note: String,
    /// Who made it.
    pub author: String,
    /// Where it is deleted; none for who may not.
    pub deletion: Option<String>,
}

/// One report.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Its address.
    pub href: String,
    /// Who made it.
    pub author: String,
    /// Whether a schedule made it.
    pub is_scheduled: bool,
    /// What it says.
    pub document: Document,
    /// Where it is deleted; none for who may not.
    pub deletion: Option<Link>,
}

/// What a report says.
#[derive(Debug, Clone, Template)]
#[template(path = "reports/_document.html")]
pub struct Document {
    /// All of it.
    pub report: Report,
    /// Whether it stands in a page about more.
    pub is_part: bool,
}

/// A button that writes a report on what a page shows.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "reports/_offer.html")]
pub struct ReportOffer {
    /// Ids of experiments; none for who may not make one.
    pub subjects: Vec<String>,
}

impl ReportOffer {
    /// The button, for whoever may press it.
    pub(crate) fn on(ids: &[ExperimentId], who: &Principal) -> Self {
        if !may(who, Role::Researcher) || ids.len() > EXPERIMENTS_MAX {
            return Self::default();
        }
        Self {
            subjects: ids.iter().map(ToString::to_string).collect(),
        }
    }
}

html_safe!(Document, List, ReportOffer);
