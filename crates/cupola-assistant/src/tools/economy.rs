//! Tools about credits, checks of results, and owners of workers.

use cupola_domain::audit::Finding;
use cupola_hub::verification::{Audit, Filter, OwnerRow, Sight, Status, cause_in_words};
use serde_json::{Value, json};

use super::{
    Desk, Refused,
    answer::{Found, said, time},
    arguments::{Count, arguments},
    workers::Nothing,
};
use crate::{facts, links, numbers::units, people};

/// So many who earned most are told.
const LEADERS_MAX: usize = 20;

arguments! {
    /// Whose credits.
    OfPerson {
        /// The person; your own unless one is named.
        person: Option<String>,
    }
}

arguments! {
    /// Which checks.
    Checks {
        /// Only of results of this owner.
        owner: Option<String>,
        /// So many of the latest.
        limit: Count<1, 200, 50>,
    }
}

pub(super) fn credits(desk: &Desk<'_>, given: &OfPerson) -> Result<Found, Refused> {
    let person = given.person.as_ref().unwrap_or(&desk.caller.owner);
    let statement = facts::statement(desk.hub, desk.caller, person)?;
    if *person != desk.caller.owner && !people::is_known(desk.hub, person)? {
        return Err(cupola_hub::HubError::not_found(
            "person",
            cupola_domain::text::excerpt(person),
        )
        .into());
    }
    let leaders = desk.hub.leaders(None, false)?;
    let rows: Vec<Value> = leaders
        .iter()
        .take(LEADERS_MAX)
        .map(|of| json!({"person": said(&of.name), "runs": of.runs, "earned": units(of.amount)}))
        .collect();
    let total = rows.len() as u64;
    Ok(Found::default()
        .with("person", said(person))
        .with("balance", units(statement.balance.posted))
        .with("held", units(statement.balance.held))
        .with("escrow", units(statement.escrow))
        .with("link", links::CREDITS)
        .rows("earned_most", rows, 0, Some(total)))
}

pub(super) fn checks(desk: &Desk<'_>, given: &Checks) -> Result<Found, Refused> {
    let filter = Filter {
        owner: given.owner.clone().unwrap_or_default(),
        limit: given.limit.0.into(),
        ..Filter::default()
    };
    let page = desk.hub.list_audits(filter, Sight::of(desk.caller.role))?;
    let rows: Vec<Value> = page.audits.iter().map(row_of).collect();
    let total = rows.len() as u64;
    Ok(Found::default()
        .with("open", page.open.0 + page.open.1)
        .with("has_more", page.has_more)
        .with("obstacle", said(&page.obstacle))
        .rows("checks", rows, 0, Some(total)))
}

pub(super) fn owners(desk: &Desk<'_>, _: &Nothing) -> Result<Found, Refused> {
    let owners = desk.hub.list_standings()?;
    let rows: Vec<Value> = owners.iter().map(owner_of).collect();
    let total = rows.len() as u64;
    Ok(Found::default()
        .with("link", links::VERIFICATION)
        .rows("owners", rows, 0, Some(total)))
}

fn row_of(audit: &Audit) -> Value {
    json!({
        "id": audit.id.to_string(),
        "experiment": said(&audit.experiment_name),
        "task": audit.task_number,
        "run": audit.run.to_string(),
        "owner": said(&audit.claim.owner),
        "why": audit.why.as_str(),
        "stage": audit.stage.as_str(),
        "finding": audit.finding.map(Finding::as_str),
        "note": said(&audit.note),
        "link": links::check(audit.id),
    })
}

fn owner_of(row: &OwnerRow) -> Value {
    let standing = &row.standing;
    let classes: Vec<Value> = row
        .classes
        .iter()
        .map(|(trust, status)| {
            json!({
                "class": said(&trust.class),
                "checks_passed": trust.passed,
                "is_trusted": matches!(status, Status::Trusted),
            })
        })
        .collect();
    json!({
        "owner": said(&standing.owner),
        "frauds": standing.frauds,
        "faults": standing.faults,
        "ban": standing.ban.as_deref().map(cause_in_words),
        "ban_note": said(&standing.ban_note),
        "banned_at": standing.banned_at.map(time),
        "classes": classes,
    })
}
