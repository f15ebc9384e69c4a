//! Alerts, their rules, and where they are told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time::Time;

/// A rule as somebody wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlertRule {
    /// What it is called; nobody else's.
    pub name: String,
    /// What its alerts are about, in one line: `metric loss > 10 for 5m where tags.team = a`.
    pub condition: String,
    /// At most one message in so many minutes; 5 unless said.
    #[serde(default)]
    pub repeat_mins: Option<u64>,
    /// Who is told besides the page, by name.
    #[serde(default)]
    pub targets: Vec<String>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertRuleBody {
    /// Its id.
    pub rule_id: String,
    /// What it is called.
    pub name: String,
    /// What its alerts are about.
    pub condition: String,
    /// At most one message in so many minutes.
    pub repeat_mins: u64,
    /// Who is told besides the page, by name.
    pub targets: Vec<String>,
    /// Until then nobody is told.
    pub muted_until: Option<Time>,
    /// When the last message was put together.
    pub told_at: Option<Time>,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Time,
    /// When it was changed the last time.
    pub updated_at: Time,
}

/// For how long nobody is told of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MuteAlertRule {
    /// Minutes from now; 0 for no longer.
    pub mins: u64,
}

/// What became of a rule's alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResolvedAlerts {
    /// How many were resolved.
    pub resolved: u64,
}

/// What a rule found about one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertBody {
    /// Its id.
    pub alert_id: String,
    /// Its rule's id.
    pub rule_id: String,
    /// Its rule's name.
    pub rule: String,
    /// `run:ID`, `worker:ID`, `budget:ID:LEVEL` or `all`.
    pub subject: String,
    /// What that is called.
    pub label: String,
    /// What was found.
    pub text: String,
    /// `open`, `acknowledged` or `resolved`.
    pub state: String,
    /// Who acknowledged it, or why it is over.
    pub reason: String,
    /// When it was opened the last time.
    pub opened_at: Time,
    /// How often it came back after it was resolved.
    pub reopened: u32,
}

/// One move of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertChangeBody {
    /// When.
    pub at: Time,
    /// What it became.
    pub state: String,
    /// What was found, by whom, or why.
    pub text: String,
}

/// An alert with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertDetailBody {
    /// The alert.
    #[serde(flatten)]
    pub alert: AlertBody,
    /// What became of it, in order.
    pub history: Vec<AlertChangeBody>,
}

/// A target as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlertTarget {
    /// What it is called; nobody else's.
    pub name: String,
    /// `webhook`, `slack`, `discord` or `mail`.
    pub kind: String,
    /// Its URL, or recipients of mail with commas between them. Never shown again.
    pub address: String,
    /// With what a webhook's messages are signed; the hub makes one where there is none.
    #[serde(default)]
    pub secret: Option<String>,
}

/// A target without what is secret about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertTargetBody {
    /// Its id.
    pub target_id: String,
    /// What it is called.
    pub name: String,
    /// `webhook`, `slack`, `discord` or `mail`.
    pub kind: String,
    /// What may be seen of its address.
    pub shown: String,
    /// Whether its address is there; a copy of a store does not have it.
    pub has_address: bool,
    /// Whether the hub's configuration names it.
    pub is_configured: bool,
    /// Who made it.
    pub author: String,
    /// When.
    pub created_at: Time,
}

/// A target that was just made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedAlertTarget {
    /// The target.
    pub target: AlertTargetBody,
    /// With what its messages are signed, where the hub made that up: shown this once.
    pub secret: Option<String>,
}

/// One message to one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertDeliveryBody {
    /// Its id, which the receiver is told at every attempt.
    pub delivery_id: String,
    /// The target's name.
    pub target: String,
    /// What it is about.
    pub title: String,
    /// `pending`, `sent` or `given up`.
    pub state: String,
    /// When it is tried next, or when it ended.
    pub state_at: Time,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong at the last attempt; empty when nothing did.
    pub problem: String,
    /// When it was decided.
    pub created_at: Time,
}

/// What was asked of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertTestBody {
    /// The delivery of the test; the list of deliveries says what became of it.
    pub delivery_id: String,
}
