//! Ways in for machines, and whose tokens and places came of them.

use std::collections::HashMap;

use cupola_domain::{
    access::Belonging,
    enrolment::Enrolment,
    ids::{EnrolmentId, TokenId, WorkerId},
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, codec, statement::statements};

statements! {
    INSERT = "INSERT INTO enrolment (id, name, owner, team, prefix, digest, uses_max, uses, author,
                                     created_at, expires_at, revoked_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    FIND = "SELECT * FROM enrolment WHERE id = $1";
    FIND_BY_DIGEST = "SELECT * FROM enrolment WHERE digest = $1";
    LIST = "SELECT * FROM enrolment ORDER BY id DESC LIMIT 1000";
    SAVE_USE = "UPDATE enrolment SET uses = uses + 1 WHERE id = $1 AND uses < uses_max";
    SAVE_REVOKED = "UPDATE enrolment SET revoked_at = $2 WHERE id = $1";
    INSERT_TOKEN = "INSERT INTO enrolled_token (token_id, enrolment_id) VALUES ($1, $2)";
    FIND_OF_TOKEN = "SELECT enrolment_id FROM enrolled_token WHERE token_id = $1";
    FIND_WORKER = "SELECT id FROM worker WHERE token_id = $1 ORDER BY id DESC LIMIT 1";
    SAVE_PLACE = "INSERT INTO worker_place (worker_id, place) VALUES ($1, $2)
                  ON CONFLICT (worker_id) DO UPDATE SET place = excluded.place";
    FIND_PLACE = "SELECT place FROM worker_place WHERE worker_id = $1";
    SAVE_RIVAL = "UPDATE worker_place SET rival = $2, rival_at = $3 WHERE worker_id = $1";
    LIST_RIVALS = "SELECT worker_id, rival, rival_at FROM worker_place WHERE rival_at > $1";
}

/// An agent that said that it was a worker which another one was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rival {
    /// What its machine is called.
    pub hostname: String,
    /// When it came last.
    pub at: Timestamp,
}

/// Adds a way in; `digest` is the SHA-256 of its secret in hex.
pub fn insert(tx: &mut Tx, enrolment: &Enrolment, digest: &str) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &enrolment.id.to_string(),
            &enrolment.name,
            &enrolment.belonging.owner,
            &enrolment.belonging.team,
            &enrolment.prefix,
            &digest,
            &i64::from(enrolment.uses_max),
            &i64::from(enrolment.uses),
            &enrolment.author,
            &enrolment.created_at.millis(),
            &enrolment.expires_at.millis(),
            &enrolment.revoked_at.map(Timestamp::millis),
        ],
    )
}

/// The way in called so.
pub fn find(tx: &mut Tx, id: EnrolmentId) -> Result<Option<Enrolment>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], enrolment)
}

/// The way in with this secret.
pub fn find_by_digest(tx: &mut Tx, digest: &str) -> Result<Option<Enrolment>, StoreError> {
    tx.query_optional(FIND_BY_DIGEST, &[&digest], enrolment)
}

/// The latest thousand.
pub fn list(tx: &mut Tx) -> Result<Vec<Enrolment>, StoreError> {
    tx.query(LIST, &[], enrolment)
}

/// A machine came in with this token, which is its own from now on. Says whether it still could.
pub fn save_use(tx: &mut Tx, id: EnrolmentId, token: TokenId) -> Result<bool, StoreError> {
    if tx.execute(SAVE_USE, &[&id.to_string()])? == 0 {
        return Ok(false);
    }
    tx.execute_one(INSERT_TOKEN, &[&token.to_string(), &id.to_string()])?;
    Ok(true)
}

/// Nobody else comes in; who did stays.
pub fn save_revoked(tx: &mut Tx, id: EnrolmentId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(SAVE_REVOKED, &[&id.to_string(), &at.millis()])
}

/// The way in by which the one worker of a token came; none for tokens that people made.
pub fn find_of_token(tx: &mut Tx, token: TokenId) -> Result<Option<EnrolmentId>, StoreError> {
    tx.query_optional(FIND_OF_TOKEN, &[&token.to_string()], |row| {
        codec::parsed(row, "enrolled_token", "enrolment_id")
    })
}

/// The worker that joined with a token last, one that was removed too.
pub fn find_worker(tx: &mut Tx, token: TokenId) -> Result<Option<WorkerId>, StoreError> {
    tx.query_optional(FIND_WORKER, &[&token.to_string()], |row| {
        codec::parsed(row, "worker", "id")
    })
}

/// Notes where a worker's agent runs.
pub fn save_place(tx: &mut Tx, worker: WorkerId, place: &str) -> Result<(), StoreError> {
    tx.execute_one(SAVE_PLACE, &[&worker.to_string(), &place])
}

/// Where it ran last; empty where that is not known.
pub fn find_place(tx: &mut Tx, worker: WorkerId) -> Result<String, StoreError> {
    let found = tx.query_optional(FIND_PLACE, &[&worker.to_string()], |row| row.text("place"))?;
    Ok(found.unwrap_or_default())
}

/// Notes that another agent said that it was this worker.
pub fn save_rival(tx: &mut Tx, worker: WorkerId, rival: &Rival) -> Result<(), StoreError> {
    let (worker, at) = (worker.to_string(), rival.at.millis());
    tx.execute(SAVE_RIVAL, &[&worker, &rival.hostname, &at])
        .map(drop)
}

/// Those that came after `since`, by the worker that they said they were.
pub fn list_rivals(tx: &mut Tx, since: Timestamp) -> Result<HashMap<WorkerId, Rival>, StoreError> {
    let rows = tx.query(LIST_RIVALS, &[&since.millis()], |row| {
        let rival = Rival {
            hostname: row.text("rival")?,
            at: codec::time(row, "rival_at")?,
        };
        Ok((codec::parsed(row, "worker_place", "worker_id")?, rival))
    })?;
    Ok(rows.into_iter().collect())
}

fn enrolment(row: &Row<'_>) -> Result<Enrolment, StoreError> {
    Ok(Enrolment {
        id: codec::parsed(row, "enrolment", "id")?,
        name: row.text("name")?,
        belonging: Belonging {
            owner: row.text("owner")?,
            team: row.text("team")?,
        },
        prefix: row.text("prefix")?,
        uses_max: codec::count(row, "enrolment", "uses_max")?,
        uses: codec::count(row, "enrolment", "uses")?,
        author: row.text("author")?,
        created_at: codec::time(row, "created_at")?,
        expires_at: codec::time(row, "expires_at")?,
        revoked_at: codec::optional_time(row, "revoked_at")?,
    })
}
