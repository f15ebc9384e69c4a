//! `/alerts`: what is wrong now, what was, the rules, and who is told.

mod glance;
mod present;
mod routes;
mod rules;
mod targets;

use askama::Template;
use cupola_domain::field::FieldError;

use crate::ui::{
    components::{Badge, EmptyState, Field, Link, Moment, html_safe},
    frame::Frame,
};

pub(crate) use glance::{Glance, look};
pub(crate) use routes::routes;

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/index.html")]
pub struct Index {
    /// Around it.
    pub frame: Frame,
    /// Part `/alerts/open`.
    pub open: Open,
    /// Part `/alerts/rules`.
    pub rules: Rules,
    /// Part `/alerts/targets`.
    pub targets: Targets,
    /// Part `/alerts/past`.
    pub past: Past,
    /// The form for a target; none for who may not make one.
    pub target_form: Option<TargetForm>,
    /// A target that was just made.
    pub created: Option<Created>,
}

/// The number of open alerts in the head of every page.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/_bell.html")]
pub struct Bell {
    /// `3`, or empty.
    pub count: String,
    /// What the bell says to who does not see it.
    pub label: String,
}

/// What is not resolved.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/_open.html")]
pub struct Open {
    /// `2 open, 1 acknowledged`.
    pub count: String,
    /// The latest first.
    pub rows: Vec<OpenRow>,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

/// An alert that is not resolved.
#[derive(Debug, Clone)]
pub struct OpenRow {
    /// Its id.
    pub id: String,
    /// `open` or `acknowledged`, by whom.
    pub badge: Badge,
    /// What it is about.
    pub subject: Link,
    /// What was found.
    pub text: String,
    /// The name of its rule.
    pub rule: String,
    /// When it was opened.
    pub since: Moment,
    /// `came back 3 times`, or empty.
    pub reopened: String,
    /// Where it is acknowledged; none where it is, or for who may not.
    pub acknowledgement: Option<String>,
    /// Where it is closed; none where it ends by itself, or for who may not.
    pub resolution: Option<String>,
}

/// The rules.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/_rules.html")]
pub struct Rules {
    /// By name.
    pub rows: Vec<RuleRow>,
    /// Whether rules may be made and changed.
    pub may_change: bool,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct RuleRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its condition.
    pub condition: String,
    /// `ops, lab`, or `the page alone`.
    pub targets: String,
    /// `at most one message in 5 min`.
    pub repeat: String,
    /// `on`, or `muted` with until when.
    pub badge: Badge,
    /// When it speaks again.
    pub muted_until: Option<Moment>,
    /// How many of its alerts are not resolved.
    pub unresolved: u64,
    /// Where all of them are closed; none where they end by themselves, or for who may not.
    pub resolution: Option<String>,
    /// Its page.
    pub href: String,
}

/// What became of alerts.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/_past.html")]
pub struct Past {
    /// The latest first.
    pub rows: Vec<PastRow>,
}

/// One move of an alert.
#[derive(Debug, Clone)]
pub struct PastRow {
    /// When.
    pub at: Moment,
    /// What it became.
    pub badge: Badge,
    /// What it is about.
    pub subject: Link,
    /// What was found, by whom, or why.
    pub text: String,
    /// The name of its rule.
    pub rule: String,
}

/// Who is told, and what was sent.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/_targets.html")]
pub struct Targets {
    /// By name.
    pub rows: Vec<TargetRow>,
    /// What was sent and is to be sent, the latest first.
    pub deliveries: Vec<DeliveryRow>,
    /// Instead of an empty table.
    pub empty: Option<EmptyState>,
}

/// A target.
#[derive(Debug, Clone)]
pub struct TargetRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it understands.
    pub kind: &'static str,
    /// What may be seen of its address.
    pub shown: String,
    /// What is wrong with it; empty when nothing is.
    pub problem: String,
    /// Who made it.
    pub author: String,
    /// Where a test is sent; none for who may not.
    pub test: Option<String>,
    /// Where it is deleted; none for who may not, or what is configured.
    pub deletion: Option<String>,
}

/// A message to a target.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// What it is about.
    pub title: String,
    /// To whom.
    pub target: String,
    /// `sent`, `pending` or `given up`.
    pub badge: Badge,
    /// When it is tried next, or when it ended.
    pub at: Moment,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong.
    pub problem: String,
}

/// A target that was just made.
#[derive(Debug, Clone)]
pub struct Created {
    /// What it is called.
    pub name: String,
    /// With what its messages are signed.
    pub secret: String,
}

/// The form for a target.
#[derive(Debug, Clone)]
pub struct TargetForm {
    /// Its name, kind, address and secret.
    pub fields: Vec<Field>,
}

/// The form for a rule: a page of its own.
#[derive(Debug, Clone, Template)]
#[template(path = "alerts/rule.html")]
pub struct RuleForm {
    /// Around it.
    pub frame: Frame,
    /// `New rule`, or its name.
    pub title: String,
    /// Where it posts.
    pub action: String,
    /// `Create rule` or `Save`.
    pub verb: &'static str,
    /// What is wrong with no single field.
    pub errors: Vec<FieldError>,
    /// Its name, condition and pause.
    pub fields: Vec<Field>,
    /// A box for each target: its name and whether it is ticked.
    pub targets: Vec<(String, bool)>,
    /// Whether the rule is muted: then how long from now, in words.
    pub mute: Option<Mute>,
}

/// How a rule that is there is muted.
#[derive(Debug, Clone)]
pub struct Mute {
    /// Where that posts.
    pub action: String,
    /// Until when it is; none when it is not.
    pub until: Option<Moment>,
    /// Where it is deleted.
    pub deletion: String,
}

impl RuleForm {
    /// What can be written, each with an example.
    pub const EXAMPLES: [(&'static str, &'static str); 9] = [
        (
            "metric val_loss > 10 for 5m",
            "a metric of a running run is beyond a bound",
        ),
        ("metric loss is nan", "a metric is no number any more"),
        (
            "change loss +50% in 10m",
            "a metric rose, or fell, within a time",
        ),
        ("no data 15m", "a running run measured nothing"),
        (
            "run failed where tags.model = majora",
            "a run failed; what follows `where` chooses runs",
        ),
        (
            "telemetry gpu.0.celsius > 85 for 2m",
            "what workers measure of their machines",
        ),
        (
            "worker gone 5m",
            "a worker is silent that did not say goodbye",
        ),
        ("budget 90%", "a budget has reached one of its levels"),
        (
            "cost today > 20",
            "money: `cost rate`, `cost today`, `cost total` or `cost run`",
        ),
    ];
}

html_safe!(Bell, Open, Rules, Past, Targets);
