//! Brings a database to the newest schema, one transaction for each step.

use super::tx::Tx;
use crate::error::StoreError;

const CREATE: &str = "
    CREATE TABLE IF NOT EXISTS schema_migration (
        version    BIGINT NOT NULL PRIMARY KEY,
        name       TEXT NOT NULL,
        applied_at BIGINT NOT NULL
    );";

const APPLIED: &str = "SELECT version, name FROM schema_migration ORDER BY version";

const INSERT: &str = "
    INSERT INTO schema_migration (version, name, applied_at)
    VALUES ($1, $2, $3)";

/// One step of the schema. Versions count up from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    pub version: i64,
    pub name: &'static str,
    /// Written as [`super::dialect`] says.
    pub sql: &'static str,
}

/// Applies what is missing. Refuses a database that is newer than `known`, or has another history.
///
/// A process killed in between leaves the database at one version or the next.
pub(super) fn migrate(tx: &mut Tx, known: &[Migration], now: i64) -> Result<(), StoreError> {
    let create = tx.dialect().ddl(CREATE);
    in_transaction(tx, |tx| tx.connection.batch(&create))?;
    let applied = tx.query(APPLIED, &[], |row| {
        Ok((row.i64("version")?, row.text("name")?))
    })?;
    check_history(&applied, known)?;
    for migration in &known[applied.len()..] {
        let ddl = tx.dialect().ddl(migration.sql);
        in_transaction(tx, |tx| {
            tx.connection.batch(&ddl)?;
            tx.execute_one(INSERT, &[&migration.version, &migration.name, &now])
        })?;
        tracing::info!(
            version = migration.version,
            name = migration.name,
            "migrated the database"
        );
    }
    Ok(())
}

fn in_transaction(
    tx: &mut Tx,
    work: impl FnOnce(&mut Tx) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    tx.connection.control(&[tx.dialect().begin_write()])?;
    match work(tx) {
        Ok(()) => tx.connection.control(&["COMMIT"]),
        Err(error) => {
            // The error that matters is the first; closing the connection rolls back as well.
            let _ = tx.connection.control(&["ROLLBACK"]);
            Err(error)
        }
    }
}

fn check_history(applied: &[(i64, String)], known: &[Migration]) -> Result<(), StoreError> {
    let newest_known = known.last().map_or(0, |migration| migration.version);
    if let Some((found, _)) = applied.last()
        && *found > newest_known
    {
        return Err(StoreError::SchemaVersion {
            found: *found,
            known: newest_known,
        });
    }
    for (index, (version, name)) in applied.iter().enumerate() {
        let is_known = known
            .get(index)
            .is_some_and(|expected| (expected.version, expected.name) == (*version, name.as_str()));
        if !is_known {
            return Err(StoreError::SchemaHistory(format!(
                "step {} is `{name}` with version {version}",
                index + 1
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Migration] = &[
        Migration {
            version: 1,
            name: "one",
            sql: "",
        },
        Migration {
            version: 2,
            name: "two",
            sql: "",
        },
    ];

    fn check(applied: &[(i64, &str)], expected: &str) {
        let applied: Vec<_> = (applied.iter())
            .map(|(v, n)| (*v, (*n).to_owned()))
            .collect();
        let found = match check_history(&applied, KNOWN) {
            Ok(()) => "accepted",
            Err(StoreError::SchemaVersion { .. }) => "newer",
            Err(StoreError::SchemaHistory(_)) => "other history",
            Err(error) => panic!("{error}"),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn an_empty_database_is_accepted() {
        check(&[], "accepted");
    }

    #[test]
    fn an_older_database_is_accepted() {
        check(&[(1, "one")], "accepted");
    }

    #[test]
    fn a_newer_database_is_refused() {
        check(&[(1, "one"), (2, "two"), (3, "three")], "newer");
    }

    #[test]
    fn an_unknown_step_is_refused() {
        check(&[(1, "uno")], "other history");
    }

    #[test]
    fn a_missing_step_is_refused() {
        check(&[(2, "two")], "other history");
    }
}
