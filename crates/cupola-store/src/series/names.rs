//! The names of somebody's series: how many a run may have, and which of them match.

use cupola_domain::ids::RunId;

use super::Owner;
use crate::{StoreError, Tx, codec, statement::statements};

statements! {
    ADMIT = "INSERT INTO series_of_run (run_id, names) VALUES ($1, 1)
             ON CONFLICT (run_id) DO UPDATE SET names = series_of_run.names + 1
             RETURNING names";
    REFUSE = "UPDATE series_of_run SET names = names - 1, refused_points = refused_points + $2
              WHERE run_id = $1";
    FIND = "SELECT names, refused_points FROM series_of_run WHERE run_id = $1";
    COUNT = "SELECT COUNT(*) AS names FROM series WHERE owner = $1";
    LIST = "SELECT name FROM series WHERE owner = $1 ORDER BY name";
    DELETE_OF_RUN = "DELETE FROM series_of_run WHERE run_id = $1";
}

/// A run has at most so many series.
pub const NAMES_MAX: i64 = 100_000;

/// How many names somebody's series have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Names {
    /// Those that there are.
    pub count: u64,
    /// Points that came for further names and were not taken.
    pub refused_points: u64,
}

/// Counts a name that is new; says whether the run may have it. Where not, its `points` are counted.
pub(super) fn admit(tx: &mut Tx, run: RunId, points: i64) -> Result<bool, StoreError> {
    let run = run.to_string();
    let names = tx.query_one(ADMIT, &[&run], |row| row.i64("names"))?;
    if names <= NAMES_MAX {
        return Ok(true);
    }
    tx.execute_one(REFUSE, &[&run, &points]).map(|()| false)
}

pub(super) fn find(tx: &mut Tx, owner: Owner) -> Result<Names, StoreError> {
    let Some(run) = owner.run() else {
        // A worker has few; nobody refuses it any.
        return tx.query_one(COUNT, &[&owner.to_string()], |row| {
            Ok(Names {
                count: codec::count(row, "series", "names")?,
                refused_points: 0,
            })
        });
    };
    let found = tx.query_optional(FIND, &[&run.to_string()], |row| {
        Ok(Names {
            count: codec::count(row, "series_of_run", "names")?,
            refused_points: codec::count(row, "series_of_run", "refused_points")?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

pub(super) fn search(
    tx: &mut Tx,
    owner: Owner,
    is_wanted: &dyn Fn(&str) -> bool,
    (offset, limit): (u64, usize),
) -> Result<(Vec<String>, u64), StoreError> {
    let (mut found, mut matching) = (Vec::new(), 0);
    tx.query(LIST, &[&owner.to_string()], |row| {
        let name = row.text("name")?;
        if is_wanted(&name) {
            if matching >= offset && found.len() < limit {
                found.push(name);
            }
            matching += 1;
        }
        Ok(())
    })?;
    Ok((found, matching))
}

pub(super) fn delete_of_run(tx: &mut Tx, run: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_OF_RUN, &[&run]).map(drop)
}
