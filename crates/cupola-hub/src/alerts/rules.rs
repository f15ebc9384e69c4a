//! Rules: made, changed, muted and removed by people.

use std::time::Duration;

use cupola_domain::{
    alert::{REPEAT, REPEAT_MAX, check_name},
    event::Event,
    field::FieldError,
    ids::{AlertRuleId, AlertTargetId},
    telemetry::Quantity,
};
use cupola_search::alert::{Condition, Rule, Watched};
use cupola_store::{Tx, alerts, events};

use super::RULES_MAX;
use crate::{Hub, HubError};

/// A rule as somebody wants it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewRule {
    /// What it is called; nobody else's.
    pub name: String,
    /// What its alerts are about, in one line.
    pub condition: String,
    /// At most one message in so many minutes; none for the usual.
    pub repeat_mins: Option<u64>,
    /// Who is told besides the page, by name.
    pub targets: Vec<String>,
}

/// The same, read.
struct Checked {
    name: String,
    condition: Condition,
    repeat: Duration,
}

impl Hub {
    /// Makes a rule. It is looked at within seconds.
    pub fn create_alert_rule(&self, new: NewRule, author: &str) -> Result<Rule, HubError> {
        let checked = check(&new)?;
        let now = self.now();
        let mut rule = Rule {
            id: self.next_id(),
            name: checked.name,
            condition: checked.condition,
            repeat: checked.repeat,
            targets: Vec::new(),
            muted_until: None,
            told_at: None,
            author: author.to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.write(move |tx| {
            if alerts::rules::count(tx)? >= RULES_MAX {
                let message = format!("there are {RULES_MAX} rules already; delete one first");
                return Err(HubError::Conflict(message));
            }
            check_free(tx, &rule)?;
            rule.targets = targets(tx, &new.targets)?;
            alerts::rules::insert(tx, &rule)?;
            events::record(tx, Event::AlertingChanged);
            Ok(rule)
        })
    }

    /// Changes a rule. What it found so far is looked at again where its condition is another.
    pub fn edit_alert_rule(&self, id: AlertRuleId, new: NewRule) -> Result<Rule, HubError> {
        let checked = check(&new)?;
        let now = self.now();
        self.write(move |tx| {
            let mut rule = find(tx, id)?;
            rule.name = checked.name;
            rule.condition = checked.condition;
            rule.repeat = checked.repeat;
            rule.updated_at = now;
            check_free(tx, &rule)?;
            rule.targets = targets(tx, &new.targets)?;
            save(tx, &rule)?;
            Ok(rule)
        })
    }

    /// Nobody is told of a rule for a while; without a span, they are again from now on. Its alerts are
    /// opened and resolved as ever.
    pub fn mute_alert_rule(
        &self,
        id: AlertRuleId,
        span: Option<Duration>,
    ) -> Result<Rule, HubError> {
        let now = self.now();
        self.write(move |tx| {
            let mut rule = find(tx, id)?;
            rule.muted_until = span
                .filter(|span| !span.is_zero())
                .map(|span| now.plus(span));
            save(tx, &rule)?;
            Ok(rule)
        })
    }

    /// Removes a rule with all that it found.
    pub fn delete_alert_rule(&self, id: AlertRuleId) -> Result<(), HubError> {
        self.write(move |tx| {
            find(tx, id)?;
            alerts::rules::delete(tx, id)?;
            events::record(tx, Event::AlertingChanged);
            Ok(())
        })
    }

    /// A rule.
    pub fn find_alert_rule(&self, id: AlertRuleId) -> Result<Rule, HubError> {
        self.read(move |tx| find(tx, id))
    }

    /// All rules, by name.
    pub fn list_alert_rules(&self) -> Result<Vec<Rule>, HubError> {
        self.read(|tx| Ok(alerts::rules::list(tx, RULES_MAX)?))
    }
}

pub(super) fn find(tx: &mut Tx, id: AlertRuleId) -> Result<Rule, HubError> {
    alerts::rules::find(tx, id)?.ok_or_else(|| HubError::not_found("rule", id))
}

fn save(tx: &mut Tx, rule: &Rule) -> Result<(), HubError> {
    alerts::rules::save(tx, rule)?;
    events::record(tx, Event::AlertingChanged);
    Ok(())
}

fn check(new: &NewRule) -> Result<Checked, HubError> {
    let mut wrong = Vec::new();
    let name = check_name("name", &new.name).map_err(|error| wrong.push(error));
    let condition = condition(&new.condition).map_err(|error| wrong.push(error));
    let repeat = repeat(new.repeat_mins).map_err(|error| wrong.push(error));
    match (name, condition, repeat) {
        (Ok(name), Ok(condition), Ok(repeat)) => Ok(Checked {
            name,
            condition,
            repeat,
        }),
        _ => Err(HubError::Invalid(wrong)),
    }
}

/// Telemetry that no worker measures would never be seen, so that nobody would be told of anything.
fn condition(text: &str) -> Result<Condition, FieldError> {
    let wrong = |message| FieldError::new("condition", message);
    let condition = Condition::parse(text).map_err(|error| wrong(error.to_string()))?;
    if let Some(Watched::Telemetry(name)) = condition.watched()
        && let Err(message) = name.parse::<Quantity>()
    {
        return Err(wrong(format!("`{name}` {message}")));
    }
    Ok(condition)
}

fn repeat(mins: Option<u64>) -> Result<Duration, FieldError> {
    let Some(mins) = mins else {
        return Ok(REPEAT);
    };
    let span = mins.checked_mul(60).map(Duration::from_secs);
    span.filter(|span| *span <= REPEAT_MAX).ok_or_else(|| {
        let most = REPEAT_MAX.as_secs() / 60;
        let message = format!("is {mins} minutes; choose 0 to {most}");
        FieldError::new("repeat_mins", message)
    })
}

fn check_free(tx: &mut Tx, rule: &Rule) -> Result<(), HubError> {
    let named = alerts::rules::find_by_name(tx, &rule.name)?;
    if named.is_some_and(|named| named.id != rule.id) {
        let message = format!(
            "`{}` is the name of another rule; choose another",
            rule.name
        );
        return Err(HubError::Invalid(vec![FieldError::new("name", message)]));
    }
    Ok(())
}

fn targets(tx: &mut Tx, names: &[String]) -> Result<Vec<AlertTargetId>, HubError> {
    let mut ids = Vec::new();
    for name in names {
        let Some(target) = alerts::targets::find_by_name(tx, name)? else {
            let message = format!("`{name}` is no target; `cupola alert target list` names them");
            return Err(HubError::Invalid(vec![FieldError::new("targets", message)]));
        };
        ids.push(target.id);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
