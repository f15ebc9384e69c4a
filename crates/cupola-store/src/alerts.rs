//! Alerts: what rules found, and what became of it.

pub mod deliveries;
mod items;
pub mod reading;
pub mod rules;
pub mod targets;

use std::{cmp::Reverse, collections::HashMap};

use cupola_domain::{
    alert::{Alert, AlertChange, AlertState, AlertWord, Subject},
    ids::{AlertId, AlertRuleId},
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 5] = [
    ("alerts", ALL),
    ("alerts/deliveries", deliveries::ALL),
    ("alerts/reading", reading::ALL),
    ("alerts/rules", rules::ALL),
    ("alerts/targets", targets::ALL),
];

statements! {
    INSERT = "INSERT INTO alert (id, rule_id, subject, label, text, state, state_at, reason,
                                 opened_at, reopened, is_news)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    SAVE = "UPDATE alert SET label = $2, text = $3, state = $4, state_at = $5, reason = $6,
                             opened_at = $7, reopened = $8, is_news = $9
            WHERE id = $1";
    FIND = "SELECT * FROM alert WHERE id = $1";
    FIND_OF = "SELECT * FROM alert WHERE rule_id = $1 AND subject = $2";
    LIST_UNRESOLVED = "SELECT * FROM alert WHERE state <> 'resolved' ORDER BY opened_at DESC, id DESC
                       LIMIT $1";
    LIST_UNRESOLVED_OF = "SELECT * FROM alert WHERE rule_id = $1 AND state <> 'resolved'
                          ORDER BY opened_at, id LIMIT $2";
    LIST_GONE = "SELECT * FROM alert WHERE rule_id = $1 AND state <> 'resolved'
                 AND SUBSTR(subject, 1, 4) = 'run:' AND NOT EXISTS
                 (SELECT 1 FROM run JOIN experiment ON experiment.id = run.experiment_id
                  WHERE run.id = SUBSTR(alert.subject, 5) AND experiment.deleted_at IS NULL)
                 ORDER BY opened_at, id LIMIT $2";
    LIST = "SELECT * FROM alert ORDER BY opened_at DESC, id DESC LIMIT $1";
    LIST_IN = "SELECT * FROM alert WHERE state = $1 ORDER BY opened_at DESC, id DESC LIMIT $2";
    COUNT_IN = "SELECT COUNT(*) AS n FROM alert WHERE state = $1";
    COUNT_UNRESOLVED = "SELECT rule_id, COUNT(*) AS n FROM alert WHERE state <> 'resolved'
                        GROUP BY rule_id";
    LIST_OPENED = "SELECT alert.* FROM alert WHERE alert.state <> 'resolved' AND alert.state = 'open'
                   AND alert.id IN (SELECT event.subject FROM event WHERE event.seq > $1
                                    AND event.seq <= $2 AND event.kind = 'alert')
                   ORDER BY alert.opened_at, alert.id LIMIT $3";
    COUNT_OPEN = "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM alert
                  WHERE state <> 'resolved' AND state = 'open' LIMIT $1) AS open";
    COUNT_UNRESOLVED_OF = "SELECT COUNT(*) AS n FROM alert WHERE rule_id = $1
                           AND state <> 'resolved'";
    LIST_NEWS = "SELECT * FROM alert WHERE rule_id = $1 AND is_news ORDER BY opened_at, id";
    LIST_RULES_WITH_NEWS = "SELECT DISTINCT rule_id FROM alert WHERE is_news";
    SAVE_TOLD = "UPDATE alert SET is_news = FALSE WHERE rule_id = $1 AND is_news";
    SAVE_RESOLVED_TOLD = "UPDATE alert SET is_news = FALSE
                          WHERE rule_id = $1 AND is_news AND state = 'resolved'";
    INSERT_CHANGE = "INSERT INTO alert_change (number, alert_id, at, word, text)
                     VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM alert_change),
                             $1, $2, $3, $4)";
    LIST_CHANGES = "SELECT alert_id, at, word, text FROM alert_change WHERE alert_id = $1
                    ORDER BY number";
    LIST_HISTORY = "SELECT alert_change.number, alert_change.alert_id, alert_change.at,
                           alert_change.word, alert_change.text, alert.rule_id, alert.subject,
                           alert.label
                    FROM alert_change JOIN alert ON alert.id = alert_change.alert_id
                    WHERE alert_change.number < $1
                    ORDER BY alert_change.number DESC LIMIT $2";
    DELETE_OLD_CHANGES = "DELETE FROM alert_change
                          WHERE number <= (SELECT MAX(number) FROM alert_change) - $1";
    DELETE_FORGOTTEN = "DELETE FROM alert WHERE state = 'resolved' AND NOT is_news
                        AND NOT EXISTS (SELECT 1 FROM alert_change
                                        WHERE alert_change.alert_id = alert.id)";
    DELETE_CHANGES_OF_RULE = "DELETE FROM alert_change WHERE alert_id IN
                              (SELECT id FROM alert WHERE rule_id = $1)";
    DELETE_OF_RULE = "DELETE FROM alert WHERE rule_id = $1";
}

/// A change with whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Its place in the history.
    pub number: i64,
    /// What happened.
    pub change: AlertChange,
    /// By which rule.
    pub rule: AlertRuleId,
    /// What the alert is about.
    pub subject: Subject,
    /// What that is called.
    pub label: String,
}

/// Adds an alert.
pub fn insert(tx: &mut Tx, alert: &Alert) -> Result<(), StoreError> {
    let (word, at, reason) = state_parts(alert);
    tx.execute_one(
        INSERT,
        &[
            &alert.id.to_string(),
            &alert.rule.to_string(),
            &alert.subject.to_string(),
            &alert.label,
            &alert.text,
            &word,
            &at,
            &reason,
            &alert.opened_at.millis(),
            &i64::from(alert.reopened),
            &alert.is_news,
        ],
    )
}

/// Writes what changes of an alert.
pub fn save(tx: &mut Tx, alert: &Alert) -> Result<(), StoreError> {
    let (word, at, reason) = state_parts(alert);
    tx.execute_one(
        SAVE,
        &[
            &alert.id.to_string(),
            &alert.label,
            &alert.text,
            &word,
            &at,
            &reason,
            &alert.opened_at.millis(),
            &i64::from(alert.reopened),
            &alert.is_news,
        ],
    )
}

/// The alert called so.
pub fn find(tx: &mut Tx, id: AlertId) -> Result<Option<Alert>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], alert)
}

/// The alert of a rule about a subject.
pub fn find_of(
    tx: &mut Tx,
    rule: AlertRuleId,
    subject: &Subject,
) -> Result<Option<Alert>, StoreError> {
    tx.query_optional(FIND_OF, &[&rule.to_string(), &subject.to_string()], alert)
}

/// Those that are not resolved, the latest first.
pub fn list_unresolved(tx: &mut Tx, limit: i64) -> Result<Vec<Alert>, StoreError> {
    tx.query(LIST_UNRESOLVED, &[&limit], alert)
}

/// Those of a rule that are not resolved, the oldest first.
pub fn list_unresolved_of(
    tx: &mut Tx,
    rule: AlertRuleId,
    limit: i64,
) -> Result<Vec<Alert>, StoreError> {
    tx.query(LIST_UNRESOLVED_OF, &[&rule.to_string(), &limit], alert)
}

/// Those of a rule that are not resolved and whose run is gone, the oldest first.
pub fn list_gone(tx: &mut Tx, rule: AlertRuleId, limit: i64) -> Result<Vec<Alert>, StoreError> {
    tx.query(LIST_GONE, &[&rule.to_string(), &limit], alert)
}

/// Those in some states, or all where none is named; those opened last first.
pub fn list(tx: &mut Tx, states: &[AlertWord], limit: i64) -> Result<Vec<Alert>, StoreError> {
    if states.is_empty() {
        return tx.query(LIST, &[&limit], alert);
    }
    let mut found = Vec::new();
    for state in each_once(states) {
        found.extend(tx.query(LIST_IN, &[&state.as_str(), &limit], alert)?);
    }
    found.sort_unstable_by_key(|alert| Reverse((alert.opened_at, alert.id)));
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// How many are in some states, or in any where none is named.
pub fn count(tx: &mut Tx, states: &[AlertWord]) -> Result<u64, StoreError> {
    let states = if states.is_empty() {
        &AlertWord::ALL
    } else {
        states
    };
    let mut sum = 0;
    for state in each_once(states) {
        let n = tx.query_one(COUNT_IN, &[&state.as_str()], |row| row.i64("n"))?;
        sum += u64::try_from(n).unwrap_or(0);
    }
    Ok(sum)
}

/// How many of each rule's are not resolved; rules without any are left out.
pub fn count_unresolved_by_rule(tx: &mut Tx) -> Result<HashMap<AlertRuleId, u64>, StoreError> {
    let counts = tx.query(COUNT_UNRESOLVED, &[], |row| {
        let rule = codec::parsed(row, "alert", "rule_id")?;
        Ok((rule, u64::try_from(row.i64("n")?).unwrap_or(0)))
    })?;
    Ok(counts.into_iter().collect())
}

/// Those that changed between two changes and are open, in the order in which they were opened.
pub fn list_opened(
    tx: &mut Tx,
    (after, to): (i64, i64),
    limit: i64,
) -> Result<Vec<Alert>, StoreError> {
    tx.query(LIST_OPENED, &[&after, &to, &limit], alert)
}

/// How many are open, counted up to a bound.
pub fn count_open(tx: &mut Tx, bound: i64) -> Result<i64, StoreError> {
    tx.query_one(COUNT_OPEN, &[&bound], |row| row.i64("n"))
}

/// How many of a rule's are not resolved.
pub fn count_unresolved(tx: &mut Tx, rule: AlertRuleId) -> Result<u32, StoreError> {
    tx.query_one(COUNT_UNRESOLVED_OF, &[&rule.to_string()], |row| {
        codec::count(row, "alert", "n")
    })
}

/// The rules of which somebody is to be told something.
pub fn list_rules_with_news(tx: &mut Tx) -> Result<Vec<AlertRuleId>, StoreError> {
    tx.query(LIST_RULES_WITH_NEWS, &[], |row| {
        codec::parsed(row, "alert", "rule_id")
    })
}

/// What is to be told of a rule, in the order in which it was opened.
pub fn list_news(tx: &mut Tx, rule: AlertRuleId) -> Result<Vec<Alert>, StoreError> {
    tx.query(LIST_NEWS, &[&rule.to_string()], alert)
}

/// All news of a rule were told.
pub fn save_told(tx: &mut Tx, rule: AlertRuleId) -> Result<(), StoreError> {
    tx.execute(SAVE_TOLD, &[&rule.to_string()]).map(drop)
}

/// Nobody is told of what a rule found that is over already.
pub fn save_resolved_told(tx: &mut Tx, rule: AlertRuleId) -> Result<(), StoreError> {
    tx.execute(SAVE_RESOLVED_TOLD, &[&rule.to_string()])
        .map(drop)
}

/// Adds to the history.
pub fn insert_change(tx: &mut Tx, change: &AlertChange) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT_CHANGE,
        &[
            &change.alert.to_string(),
            &change.at.millis(),
            &change.word.as_str(),
            &change.text,
        ],
    )
}

/// What became of an alert, in order.
pub fn list_changes(tx: &mut Tx, id: AlertId) -> Result<Vec<AlertChange>, StoreError> {
    tx.query(LIST_CHANGES, &[&id.to_string()], change)
}

/// What became of all alerts before a place in the history, the latest first.
pub fn list_history(tx: &mut Tx, before: i64, limit: i64) -> Result<Vec<Past>, StoreError> {
    tx.query(LIST_HISTORY, &[&before, &limit], |row| {
        Ok(Past {
            number: row.i64("number")?,
            change: change(row)?,
            rule: codec::parsed(row, "alert", "rule_id")?,
            subject: codec::parsed(row, "alert", "subject")?,
            label: row.text("label")?,
        })
    })
}

/// Forgets all but the latest `kept` changes, and the resolved alerts that have none left; says how many.
pub fn delete_old(tx: &mut Tx, kept: i64) -> Result<usize, StoreError> {
    let changes = tx.execute(DELETE_OLD_CHANGES, &[&kept.max(1)])?;
    if changes == 0 {
        return Ok(0);
    }
    Ok(changes + tx.execute(DELETE_FORGOTTEN, &[])?)
}

/// Removes all that a rule found.
fn delete_of_rule(tx: &mut Tx, rule: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_CHANGES_OF_RULE, &[&rule])?;
    tx.execute(DELETE_OF_RULE, &[&rule]).map(drop)
}

fn each_once(states: &[AlertWord]) -> impl Iterator<Item = AlertWord> + '_ {
    let named = AlertWord::ALL.into_iter();
    named.filter(|state| states.contains(state))
}

/// The word of the state, since when, and what there is to say of it.
fn state_parts(alert: &Alert) -> (&'static str, i64, &str) {
    let word = alert.state.word().as_str();
    match &alert.state {
        AlertState::Open => (word, alert.opened_at.millis(), ""),
        AlertState::Acknowledged { by, at } => (word, at.millis(), by),
        AlertState::Resolved { at, why } => (word, at.millis(), why),
    }
}

fn alert(row: &Row<'_>) -> Result<Alert, StoreError> {
    let at: Timestamp = codec::time(row, "state_at")?;
    let reason = row.text("reason")?;
    let state = match codec::parsed(row, "alert", "state")? {
        AlertWord::Open => AlertState::Open,
        AlertWord::Acknowledged => AlertState::Acknowledged { by: reason, at },
        AlertWord::Resolved => AlertState::Resolved { at, why: reason },
    };
    Ok(Alert {
        id: codec::parsed(row, "alert", "id")?,
        rule: codec::parsed(row, "alert", "rule_id")?,
        subject: codec::parsed(row, "alert", "subject")?,
        label: row.text("label")?,
        text: row.text("text")?,
        state,
        opened_at: codec::time(row, "opened_at")?,
        reopened: codec::count(row, "alert", "reopened")?,
        is_news: row.bool("is_news")?,
    })
}

fn change(row: &Row<'_>) -> Result<AlertChange, StoreError> {
    Ok(AlertChange {
        alert: codec::parsed(row, "alert_change", "alert_id")?,
        at: codec::time(row, "at")?,
        word: codec::parsed(row, "alert_change", "word")?,
        text: row.text("text")?,
    })
}
