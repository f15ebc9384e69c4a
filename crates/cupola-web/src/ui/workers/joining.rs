//! `/workers/joining`: how another machine becomes a worker.

mod routes;

use askama::Template;

use crate::ui::{
    components::{Badge, Field, Link, Moment, html_safe},
    frame::Frame,
};

pub(super) use routes::routes;

/// The page. The form posts `name`, `owner`, `team`, `uses`, `hours`.
#[derive(Debug, Clone, Template)]
#[template(path = "workers/joining.html")]
pub struct Joining {
    /// Around it.
    pub frame: Frame,
    /// A join code that was just made: shown this once.
    pub created: Option<CreatedCode>,
    /// Whose machines, how many, and how long.
    pub fields: Vec<Field>,
    /// Part of the page that is not live: the codes that were made.
    pub ways: Ways,
}

/// A join code that was just made.
#[derive(Debug, Clone)]
pub struct CreatedCode {
    /// What a machine runs to join and work.
    pub command: String,
    /// The same, as a service.
    pub service: String,
    /// `one machine of ann`.
    pub whose: String,
    /// Until when.
    pub expires: Moment,
    /// What stands in the way of another machine, or is to be known; empty for nothing.
    pub warning: &'static str,
}

/// A join code without its secret.
#[derive(Debug, Clone)]
pub struct WayRow {
    /// What it is for; empty for nothing in particular.
    pub name: String,
    /// Whose the machines are.
    pub owner: String,
    /// Their team; empty for none.
    pub team: String,
    /// `1 of 5`.
    pub used: String,
    /// `open`, `used up`, `expired` or `revoked`.
    pub badge: Badge,
    /// Who made it.
    pub author: String,
    /// When it ends.
    pub expires: Moment,
    /// Where it is closed; none when it is.
    pub closure: Option<Link>,
}

/// The join codes.
#[derive(Debug, Clone, Template)]
#[template(path = "workers/_ways.html")]
pub struct Ways {
    /// The latest first.
    pub rows: Vec<WayRow>,
}

html_safe!(Ways);
