//! `/settings/tokens`: who may come in.

mod routes;

use askama::Template;

use crate::ui::{
    components::{Badge, Field, Link, Moment, html_safe},
    frame::Frame,
};

pub(crate) use routes::routes;

/// The page. The form posts `name`, `role`, `owner`, `team`, `ttl_days`.
#[derive(Debug, Clone, Template)]
#[template(path = "tokens/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// A token that was just made: shown this once.
    pub created: Option<Created>,
    /// Its name, role and days.
    pub fields: Vec<Field>,
    /// Part of the page that is not live: the tokens.
    pub list: List,
}

/// A token that was just made.
#[derive(Debug, Clone)]
pub struct Created {
    /// What it is called.
    pub name: String,
    /// The secret.
    pub secret: String,
    /// What to do with it: a login link, or the command by which a worker joins.
    pub usage: String,
}

/// A token.
#[derive(Debug, Clone)]
pub struct TokenRow {
    /// What it is called.
    pub name: String,
    /// Whom it belongs to.
    pub owner: String,
    /// Their team; empty for none.
    pub team: String,
    /// What its bearer may do.
    pub role: &'static str,
    /// The first characters of the secret.
    pub prefix: String,
    /// `valid`, `expired` or `revoked`.
    pub badge: Badge,
    /// When it was made.
    pub created: Moment,
    /// When it ends.
    pub expires: Moment,
    /// Where it is revoked; none when it is not valid.
    pub revocation: Option<Link>,
}

/// The tokens.
#[derive(Debug, Clone, Template)]
#[template(path = "tokens/_list.html")]
pub struct List {
    /// The latest first.
    pub rows: Vec<TokenRow>,
}

html_safe!(List);
