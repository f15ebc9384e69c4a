//! Where alerts are told; what is secret about a target stands in a table of its own.

use cupola_domain::{
    alert::{Address, Target},
    ids::AlertTargetId,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO alert_target (id, name, kind, shown, is_configured, author, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    SAVE = "UPDATE alert_target SET name = $2, kind = $3, shown = $4, is_configured = $5
            WHERE id = $1";
    FIND = "SELECT alert_target.*, alert_secret.address IS NOT NULL AS has_address
            FROM alert_target LEFT JOIN alert_secret ON alert_secret.target_id = alert_target.id
            WHERE alert_target.id = $1";
    FIND_BY_NAME = "SELECT alert_target.*, alert_secret.address IS NOT NULL AS has_address
                    FROM alert_target
                    LEFT JOIN alert_secret ON alert_secret.target_id = alert_target.id
                    WHERE alert_target.name = $1";
    LIST = "SELECT alert_target.*, alert_secret.address IS NOT NULL AS has_address
            FROM alert_target LEFT JOIN alert_secret ON alert_secret.target_id = alert_target.id
            ORDER BY alert_target.name LIMIT $1";
    SAVE_ADDRESS = "INSERT INTO alert_secret (target_id, address, key) VALUES ($1, $2, $3)
                    ON CONFLICT (target_id) DO UPDATE SET address = excluded.address,
                                                          key = excluded.key";
    FIND_ADDRESS = "SELECT address, key FROM alert_secret WHERE target_id = $1";
    DELETE_DELIVERIES = "DELETE FROM alert_delivery WHERE target_id = $1";
    DELETE_OF_RULES = "DELETE FROM alert_rule_target WHERE target_id = $1";
    DELETE_ADDRESS = "DELETE FROM alert_secret WHERE target_id = $1";
    DELETE = "DELETE FROM alert_target WHERE id = $1";
}

/// Adds a target with its address.
pub fn insert(tx: &mut Tx, target: &Target, address: &Address) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &target.id.to_string(),
            &target.name,
            &target.kind.as_str(),
            &target.shown,
            &target.is_configured,
            &target.author,
            &target.created_at.millis(),
        ],
    )?;
    save_address(tx, target.id, address)
}

/// Writes what may change of a target, with its address.
pub fn save(tx: &mut Tx, target: &Target, address: &Address) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &target.id.to_string(),
            &target.name,
            &target.kind.as_str(),
            &target.shown,
            &target.is_configured,
        ],
    )?;
    save_address(tx, target.id, address)
}

/// The target called so by programs.
pub fn find(tx: &mut Tx, id: AlertTargetId) -> Result<Option<Target>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], target)
}

/// The target called so by people.
pub fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<Target>, StoreError> {
    tx.query_optional(FIND_BY_NAME, &[&name], target)
}

/// The targets by name, at most so many.
pub fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Target>, StoreError> {
    tx.query(LIST, &[&limit], target)
}

/// What is secret about a target; a store that was copied does not have it.
pub fn find_address(tx: &mut Tx, id: AlertTargetId) -> Result<Option<Address>, StoreError> {
    tx.query_optional(FIND_ADDRESS, &[&id.to_string()], |row| {
        Ok(Address {
            to: row.text("address")?,
            key: row.optional_text("key")?,
        })
    })
}

/// Removes a target with what was to be told there.
pub fn delete(tx: &mut Tx, id: AlertTargetId) -> Result<(), StoreError> {
    let id = id.to_string();
    tx.execute(DELETE_DELIVERIES, &[&id])?;
    tx.execute(DELETE_OF_RULES, &[&id])?;
    tx.execute(DELETE_ADDRESS, &[&id])?;
    tx.execute_one(DELETE, &[&id])
}

fn save_address(tx: &mut Tx, id: AlertTargetId, address: &Address) -> Result<(), StoreError> {
    tx.execute_one(SAVE_ADDRESS, &[&id.to_string(), &address.to, &address.key])
}

pub(super) fn target(row: &Row<'_>) -> Result<Target, StoreError> {
    Ok(Target {
        id: codec::parsed(row, "alert_target", "id")?,
        name: row.text("name")?,
        kind: codec::parsed(row, "alert_target", "kind")?,
        shown: row.text("shown")?,
        has_address: row.bool("has_address")?,
        is_configured: row.bool("is_configured")?,
        author: row.text("author")?,
        created_at: codec::time(row, "created_at")?,
    })
}
