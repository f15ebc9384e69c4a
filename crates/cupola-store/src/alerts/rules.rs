//! Rules, each with the targets that it tells.

use std::collections::HashMap;

use cupola_domain::{
    ids::{AlertRuleId, AlertTargetId},
    time::Timestamp,
};
use cupola_search::alert::{Condition, Rule};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO alert_rule (id, name, condition, repeat_millis, muted_until, told_at,
                                      author, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    SAVE = "UPDATE alert_rule SET name = $2, condition = $3, repeat_millis = $4, muted_until = $5,
                                  told_at = $6, updated_at = $7
            WHERE id = $1";
    FIND = "SELECT * FROM alert_rule WHERE id = $1";
    FIND_BY_NAME = "SELECT * FROM alert_rule WHERE name = $1";
    LIST = "SELECT * FROM alert_rule ORDER BY name LIMIT $1";
    COUNT = "SELECT COUNT(*) AS n FROM alert_rule";
    DELETE = "DELETE FROM alert_rule WHERE id = $1";
    SAVE_TOLD = "UPDATE alert_rule SET told_at = $2 WHERE id = $1";
    INSERT_TARGET = "INSERT INTO alert_rule_target (rule_id, target_id) VALUES ($1, $2)
                     ON CONFLICT (rule_id, target_id) DO NOTHING";
    DELETE_TARGETS = "DELETE FROM alert_rule_target WHERE rule_id = $1";
    LIST_TARGETS = "SELECT target_id FROM alert_rule_target WHERE rule_id = $1 ORDER BY target_id";
    LIST_ALL_TARGETS = "SELECT rule_id, target_id FROM alert_rule_target ORDER BY target_id";
}

/// Adds a rule.
pub fn insert(tx: &mut Tx, rule: &Rule) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &rule.id.to_string(),
            &rule.name,
            &rule.condition.to_string(),
            &codec::duration_millis(rule.repeat),
            &rule.muted_until.map(Timestamp::millis),
            &rule.told_at.map(Timestamp::millis),
            &rule.author,
            &rule.created_at.millis(),
            &rule.updated_at.millis(),
        ],
    )?;
    save_targets(tx, rule)
}

/// Writes what may change of a rule.
pub fn save(tx: &mut Tx, rule: &Rule) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &rule.id.to_string(),
            &rule.name,
            &rule.condition.to_string(),
            &codec::duration_millis(rule.repeat),
            &rule.muted_until.map(Timestamp::millis),
            &rule.told_at.map(Timestamp::millis),
            &rule.updated_at.millis(),
        ],
    )?;
    tx.execute(DELETE_TARGETS, &[&rule.id.to_string()])?;
    save_targets(tx, rule)
}

/// A message of the rule was put together.
pub fn save_told(tx: &mut Tx, id: AlertRuleId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_TOLD, &[&id.to_string(), &at.millis()])
}

/// The rule called so by programs.
pub fn find(tx: &mut Tx, id: AlertRuleId) -> Result<Option<Rule>, StoreError> {
    let found = tx.query_optional(FIND, &[&id.to_string()], rule)?;
    with_targets(tx, found)
}

/// The rule called so by people.
pub fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<Rule>, StoreError> {
    let found = tx.query_optional(FIND_BY_NAME, &[&name], rule)?;
    with_targets(tx, found)
}

/// The rules by name, at most so many.
pub fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Rule>, StoreError> {
    let mut rules = tx.query(LIST, &[&limit], rule)?;
    let mut targets: HashMap<String, Vec<AlertTargetId>> = HashMap::new();
    let pairs = tx.query(LIST_ALL_TARGETS, &[], |row| {
        Ok((row.text("rule_id")?, target(row)?))
    })?;
    for (rule, target) in pairs {
        targets.entry(rule).or_default().push(target);
    }
    for rule in &mut rules {
        rule.targets = targets.remove(&rule.id.to_string()).unwrap_or_default();
    }
    Ok(rules)
}

/// How many there are.
pub fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[], |row| row.i64("n"))
}

/// Removes a rule with all that it found. Messages stay.
pub fn delete(tx: &mut Tx, id: AlertRuleId) -> Result<(), StoreError> {
    let id = id.to_string();
    super::delete_of_rule(tx, &id)?;
    tx.execute(DELETE_TARGETS, &[&id])?;
    tx.execute_one(DELETE, &[&id])
}

fn save_targets(tx: &mut Tx, rule: &Rule) -> Result<(), StoreError> {
    let id = rule.id.to_string();
    for target in &rule.targets {
        tx.execute(INSERT_TARGET, &[&id, &target.to_string()])?;
    }
    Ok(())
}

fn with_targets(tx: &mut Tx, found: Option<Rule>) -> Result<Option<Rule>, StoreError> {
    let Some(mut rule) = found else {
        return Ok(None);
    };
    rule.targets = tx.query(LIST_TARGETS, &[&rule.id.to_string()], target)?;
    Ok(Some(rule))
}

fn target(row: &Row<'_>) -> Result<AlertTargetId, StoreError> {
    codec::parsed(row, "alert_rule_target", "target_id")
}

fn rule(row: &Row<'_>) -> Result<Rule, StoreError> {
    let condition = Condition::parse(&row.text("condition")?)
        .map_err(|_| codec::inconsistent("alert_rule", "condition", row))?;
    Ok(Rule {
        id: codec::parsed(row, "alert_rule", "id")?,
        name: row.text("name")?,
        condition,
        repeat: codec::millis(row, "alert_rule", "repeat_millis")?,
        targets: Vec::new(),
        muted_until: codec::optional_time(row, "muted_until")?,
        told_at: codec::optional_time(row, "told_at")?,
        author: row.text("author")?,
        created_at: codec::time(row, "created_at")?,
        updated_at: codec::time(row, "updated_at")?,
    })
}
