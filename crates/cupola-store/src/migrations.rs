//! The schema as a list of steps. A step that was released is never edited: the next change is a new step.

use crate::engine::Migration;

/// Every step, in order; [`crate::engine::dialect`] says how their texts are written.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "initial",
    sql: include_str!("migrations/0001_initial.sql"),
}];
