//! Briefs.

use cupola_domain::{
    brief::{Brief, Wanted},
    credits::Credits,
    ids::BriefId,
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO brief (id, title, goal, constraints, template, budget_micros, hardware,
                                 num_tasks, time_budget_millis, sampler, study_seed, space, author,
                                 created_at, placement, priority)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    FIND = "SELECT * FROM brief WHERE id = $1 AND deleted_at IS NULL";
    FIND_BUDGETED = "SELECT id FROM brief WHERE id = $1 AND budget_micros IS NOT NULL AND deleted_at IS NULL";
    LIST = "SELECT * FROM brief WHERE deleted_at IS NULL
            AND ($1 = '' OR LOWER(title) LIKE $2 ESCAPE '\\' OR LOWER(goal) LIKE $2 ESCAPE '\\'
                 OR id LIKE $2 ESCAPE '\\')
            ORDER BY id DESC LIMIT $3 OFFSET $4";
    COUNT = "SELECT COUNT(*) AS n FROM brief WHERE deleted_at IS NULL
             AND ($1 = '' OR LOWER(title) LIKE $2 ESCAPE '\\' OR LOWER(goal) LIKE $2 ESCAPE '\\'
                  OR id LIKE $2 ESCAPE '\\')";
    SAVE_DELETED = "UPDATE brief SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    SAVE_BUDGET = "UPDATE brief SET budget_micros = $2 WHERE id = $1 AND deleted_at IS NULL";
    DELETE = "DELETE FROM brief WHERE id = $1";
}

/// Adds a brief.
pub fn insert(tx: &mut Tx, brief: &Brief) -> Result<(), StoreError> {
    let wanted = &brief.wanted;
    tx.execute_one(
        INSERT,
        &[
            &brief.id.to_string(),
            &wanted.title,
            &wanted.goal,
            &wanted.constraints,
            &wanted.template,
            &wanted.budget.map(Credits::micros),
            &wanted.hardware,
            &i64::from(wanted.num_tasks),
            &codec::duration_millis(wanted.time_budget),
            &wanted.sampler,
            &wanted.study_seed,
            &codec::object_text(&wanted.space),
            &brief.author,
            &brief.created_at.millis(),
            &wanted.placement.as_str(),
            &wanted.priority,
        ],
    )
}

/// The brief, unless it was deleted.
pub fn find(tx: &mut Tx, id: BriefId) -> Result<Option<Brief>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], brief)
}

/// Whether a brief that was not deleted has a budget.
pub fn has_budget(tx: &mut Tx, id: BriefId) -> Result<bool, StoreError> {
    let found = tx.query_optional(FIND_BUDGETED, &[&id.to_string()], |_| Ok(()))?;
    Ok(found.is_some())
}

/// The latest first; `search` matches title, goal and id.
pub fn list(
    tx: &mut Tx,
    search: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Brief>, u64), StoreError> {
    let pattern = contains_pattern(search);
    let total = tx.query_one(COUNT, &[&search, &pattern], |row| {
        codec::count(row, "brief", "n")
    })?;
    Ok((
        tx.query(LIST, &[&search, &pattern, &limit, &offset], brief)?,
        total,
    ))
}

/// Changes how much may be spent.
pub fn save_budget(tx: &mut Tx, id: BriefId, budget: Credits) -> Result<(), StoreError> {
    tx.execute_one(SAVE_BUDGET, &[&id.to_string(), &budget.micros()])
}

/// Hides a brief; its rows go later.
pub fn save_deleted(tx: &mut Tx, id: BriefId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_DELETED, &[&id.to_string(), &at.millis()])
}

/// Removes the row for good.
pub fn delete(tx: &mut Tx, id: BriefId) -> Result<(), StoreError> {
    tx.execute_one(DELETE, &[&id.to_string()])
}

/// `search` as a LIKE pattern that finds it anywhere, in lower case, its own `%` and `_` taken as they are.
pub(crate) fn contains_pattern(search: &str) -> String {
    let escaped = search
        .to_lowercase()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{escaped}%")
}

fn brief(row: &Row<'_>) -> Result<Brief, StoreError> {
    Ok(Brief {
        id: codec::parsed(row, "brief", "id")?,
        wanted: Wanted {
            title: row.text("title")?,
            goal: row.text("goal")?,
            constraints: row.text("constraints")?,
            template: row.text("template")?,
            budget: row.optional_i64("budget_micros")?.map(Credits::from_micros),
            hardware: row.text("hardware")?,
            placement: codec::parsed(row, "brief", "placement")?,
            num_tasks: codec::count(row, "brief", "num_tasks")?,
            time_budget: codec::millis(row, "brief", "time_budget_millis")?,
            sampler: row.text("sampler")?,
            study_seed: row.i64("study_seed")?,
            priority: row.i64("priority")?,
            space: codec::object(row, "brief", "space")?,
        },
        author: row.text("author")?,
        created_at: codec::time(row, "created_at")?,
    })
}
