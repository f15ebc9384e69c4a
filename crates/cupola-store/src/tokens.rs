//! Access tokens and browser sessions.

use std::collections::BTreeMap;

use cupola_domain::{
    access::{Belonging, Token},
    ids::TokenId,
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO token (id, name, role, prefix, digest, created_at, expires_at, revoked_at,
                                 owner, team)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    FIND = "SELECT * FROM token WHERE id = $1";
    FIND_BY_DIGEST = "SELECT * FROM token WHERE digest = $1";
    LIST = "SELECT * FROM token ORDER BY id DESC LIMIT 1000";
    LIST_OF_PEOPLE = "SELECT * FROM token WHERE role <> 'worker' AND revoked_at IS NULL ORDER BY id";
    /// Several tokens may be called the same: what the newest says counts. Nobody acts with a worker's.
    FIND_BY_NAME = "SELECT * FROM token WHERE name = $1 AND role <> 'worker' ORDER BY id DESC LIMIT 1";
    FIND_OWNED = "SELECT id FROM token WHERE owner = $1 LIMIT 1";
    FIND_SELF_OWNED = "SELECT id FROM token WHERE name = $1 AND owner = '' LIMIT 1";
    LIST_TEAMS = "SELECT CASE WHEN owner = '' THEN name ELSE owner END AS person, team
                  FROM token WHERE team <> '' ORDER BY id";
    COUNT = "SELECT COUNT(*) AS n FROM token";
    SAVE_REVOKED = "UPDATE token SET revoked_at = $2 WHERE id = $1";
    DELETE_SESSIONS_OF = "DELETE FROM session WHERE token_id = $1";
    INSERT_SESSION = "INSERT INTO session (digest, token_id, created_at, expires_at)
                      VALUES ($1, $2, $3, $4)";
    FIND_BY_SESSION = "SELECT token.* FROM session JOIN token ON token.id = session.token_id
                       WHERE session.digest = $1 AND session.expires_at > $2";
    DELETE_SESSION = "DELETE FROM session WHERE digest = $1";
    DELETE_EXPIRED_SESSIONS = "DELETE FROM session WHERE expires_at <= $1";
}

/// Adds a token; `digest` is the SHA-256 of its secret in hex.
pub fn insert(tx: &mut Tx, token: &Token, digest: &str) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &token.id.to_string(),
            &token.name,
            &token.role.as_str(),
            &token.prefix,
            &digest,
            &token.created_at.millis(),
            &token.expires_at.map(Timestamp::millis),
            &token.revoked_at.map(Timestamp::millis),
            &token.belonging.owner,
            &token.belonging.team,
        ],
    )
}

/// The token called so.
pub fn find(tx: &mut Tx, id: TokenId) -> Result<Option<Token>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], token)
}

/// The token with this secret.
pub fn find_by_digest(tx: &mut Tx, digest: &str) -> Result<Option<Token>, StoreError> {
    tx.query_optional(FIND_BY_DIGEST, &[&digest], token)
}

/// The latest thousand.
pub fn list(tx: &mut Tx) -> Result<Vec<Token>, StoreError> {
    tx.query(LIST, &[], token)
}

/// All that people have and that were not revoked, the eldest first.
pub fn list_of_people(tx: &mut Tx) -> Result<Vec<Token>, StoreError> {
    tx.query(LIST_OF_PEOPLE, &[], token)
}

/// The newest token of people that is called so.
pub fn find_by_name(tx: &mut Tx, name: &str) -> Result<Option<Token>, StoreError> {
    tx.query_optional(FIND_BY_NAME, &[&name], token)
}

/// The person that somebody who is called so acts for: as the newest token of that name says.
pub fn person_of(tx: &mut Tx, name: &str) -> Result<String, StoreError> {
    let token = find_by_name(tx, name)?;
    Ok(token.map_or_else(|| name.to_owned(), |token| token.owner().to_owned()))
}

/// Whether a token belongs to that person.
pub fn is_owner(tx: &mut Tx, person: &str) -> Result<bool, StoreError> {
    for statement in [FIND_OWNED, FIND_SELF_OWNED] {
        let found = tx.query_optional(statement, &[&person], |row| row.text("id"))?;
        if found.is_some() {
            return Ok(!person.is_empty());
        }
    }
    Ok(false)
}

/// The team of everybody who has one: what their newest token says.
pub fn list_teams(tx: &mut Tx) -> Result<BTreeMap<String, String>, StoreError> {
    let rows = tx.query(LIST_TEAMS, &[], |row| {
        Ok((row.text("person")?, row.text("team")?))
    })?;
    Ok(rows.into_iter().collect())
}

/// How many there are; none means that this is the first start.
pub fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.query_one(COUNT, &[], |row| row.i64("n"))
}

/// Shuts a token out, and every browser that came in with it.
pub fn save_revoked(tx: &mut Tx, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_REVOKED, &[&id.to_string(), &at.millis()])?;
    tx.execute(DELETE_SESSIONS_OF, &[&id.to_string()])?;
    Ok(())
}

/// A browser logs in.
pub fn insert_session(
    tx: &mut Tx,
    digest: &str,
    token: TokenId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let token = token.to_string();
    tx.execute_one(
        INSERT_SESSION,
        &[&digest, &token, &now.millis(), &expires_at.millis()],
    )
}

/// The token that a live session came in with.
pub fn find_by_session(
    tx: &mut Tx,
    digest: &str,
    now: Timestamp,
) -> Result<Option<Token>, StoreError> {
    tx.query_optional(FIND_BY_SESSION, &[&digest, &now.millis()], token)
}

/// A browser logs out.
pub fn delete_session(tx: &mut Tx, digest: &str) -> Result<(), StoreError> {
    tx.execute(DELETE_SESSION, &[&digest]).map(drop)
}

/// Forgets the sessions that have ended; says how many.
pub fn delete_expired_sessions(tx: &mut Tx, now: Timestamp) -> Result<usize, StoreError> {
    tx.execute(DELETE_EXPIRED_SESSIONS, &[&now.millis()])
}

fn token(row: &Row<'_>) -> Result<Token, StoreError> {
    Ok(Token {
        id: codec::parsed(row, "token", "id")?,
        name: row.text("name")?,
        role: codec::parsed(row, "token", "role")?,
        prefix: row.text("prefix")?,
        created_at: codec::time(row, "created_at")?,
        expires_at: codec::optional_time(row, "expires_at")?,
        revoked_at: codec::optional_time(row, "revoked_at")?,
        belonging: Belonging {
            owner: row.text("owner")?,
            team: row.text("team")?,
        },
    })
}
